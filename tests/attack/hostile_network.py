"""Whoever stands between the program and its provider: broken TLS, and an environment that leads elsewhere.

No byte of a request may arrive but at the server that the key belongs to, vouched for by whom the settings say.
"""

import asyncio
import os
import socket
import ssl
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self
from unittest.mock import patch

from arka_tui.check import Verdict
from arka_tui.credential import Draft
from arka_tui.providers import transport
from arka_tui.providers.catalog import load_catalog
from arka_tui.providers.checker import Checker
from arka_tui.secret import Secret
from tests.attack.certificates import Authority, authority_for
from tests.attack.decoy import Decoy
from tests.attack.figures import Figures, Sweep
from tests.e2e.canary import Canary
from tests.e2e.home import Home, unlock
from tests.e2e.terminal import Terminal

CONTROL = "nothing broken"
"""Shows that a request does arrive where all is well."""
CONNECT_S = 0.3
"""In place of 5 s."""
MODELS = b'{"object": "list", "data": []}'
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(MODELS) + MODELS

Talk = Callable[[socket.socket, "Host"], None]


class Host:
    """A server that does with each connection what `talk` says, and keeps what it could read as a request."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.closing = Event()
        self.heard = bytearray()
        """Decrypted, where it was encrypted."""
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [Thread(target=self._serve, daemon=True)]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # shut down
                return
            self.connections += 1
            thread = Thread(target=self._one, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _one(self, connection: socket.socket) -> None:
        connection.settimeout(2)
        with connection, suppress(OSError):
            self._talk(connection, self)


def _answer(connection: socket.socket, host: Host) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(65536)
        if not data:
            return
        request += data
        host.heard += data
    connection.sendall(FINE)


def over(context: ssl.SSLContext) -> Talk:
    def talk(connection: socket.socket, host: Host) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            _answer(safe, host)

    return talk


# ---------------------------------------------------------------------- TLS


@dataclass(frozen=True, slots=True)
class BrokenTls:
    talk: Talk
    verdict: Verdict = Verdict.UNREACHABLE
    ca_bundle: str = ""
    scheme: str = "https"


def _bytes(*pieces: bytes, reset: bool = False) -> Talk:
    """Whatever is asked."""

    def talk(connection: socket.socket, host: Host) -> None:
        connection.recv(65536)
        for piece in pieces:
            connection.sendall(piece)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return talk


def _dripping(again: bytes, pause_s: float) -> Talk:
    def talk(connection: socket.socket, host: Host) -> None:
        connection.recv(65536)
        while not host.closing.wait(pause_s):
            connection.sendall(again)

    return talk


def _cut(good: ssl.SSLContext, at: int, flip: bool) -> Talk:
    """A good handshake of which only the first `at` bytes come through; `flip`: the next one comes, but changed."""

    def talk(connection: socket.socket, host: Host) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = good.wrap_bio(incoming, outgoing, server_side=True)
        sent = 0
        while data := connection.recv(65536):
            incoming.write(data)
            with suppress(ssl.SSLError):
                server.do_handshake()
                host.heard += server.read()
            said = outgoing.read()
            connection.sendall(said[: at - sent])
            if sent + len(said) > at:
                if flip:
                    connection.sendall(bytes([said[at - sent] ^ 1]) + said[at - sent + 1 :])
                    continue
                return
            sent += len(said)

    return talk


def _server_context(authority: Authority, ciphers: str, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> Talk:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.certificate.with_name("key.pem"))
    context.set_ciphers(ciphers)
    with suppress(ValueError):
        context.minimum_version = version
    context.maximum_version = version
    return over(context)


def _broken_tls(folder: Path) -> Iterator[tuple[str, BrokenTls]]:
    def made(name: str, host: str = "provider.test", first_year: int = 2020, years: int = 100) -> Authority:
        (folder / name).mkdir()
        return authority_for(folder / name, host, first_year=first_year, years=years)

    good = made("good")
    trusted = str(good.certificate)
    yield "self-signed", BrokenTls(over(good.context))
    for name, authority in {
        "for another host": made("other", "other.test"),
        "for a host that begins alike": made("alike", "127.0.0.1.evil.test"),
        "for a name that is an address": made("named", "127.0.0.1"),
        "expired": made("expired", years=1),
        "not yet valid": made("early", first_year=2100, years=9),
    }.items():
        yield name, BrokenTls(over(authority.context), ca_bundle=str(authority.certificate))
    yield "another's certificate", BrokenTls(over(made("stranger").context), ca_bundle=trusted)
    old = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    for version in old:
        yield (
            f"{version.name} only",
            BrokenTls(_server_context(good, "ALL:@SECLEVEL=0", version), ca_bundle=trusted),
        )
    for suites in ("eNULL", "aNULL", "AECDH", "NULL-SHA256", "RC4:DES:3DES:EXPORT:AES128-SHA"):
        with suppress(ssl.SSLError):  # not in this OpenSSL
            yield f"only {suites}", BrokenTls(_server_context(good, f"{suites}:@SECLEVEL=0"), ca_bundle=trusted)
    record = b"\x16\x03\x03"
    pieces = {
        "HTTP in clear": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "an answer in clear": FINE,
        "nothing": b"",
        "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
        "1,000 warnings": b"\x15\x03\x03\x00\x02\x01\x00" * 1000,
        "zeros": bytes(20000),
        "noise": bytes(n * n * 31 % 251 for n in range(20000)),
        "a record of 64 KiB": record + b"\xff\xff" + bytes(65535),
        "an empty record": record + b"\x00\x00",
        "empty records": (record + b"\x00\x00") * 1000,
        "a hello of 16 MiB": record + b"\x40\x00\x02\xff\xff\xff" + bytes(16380),
        "application data": b"\x17\x03\x03\x00\x10" + bytes(16),
        "its own hello back": record + b"\x00\x04\x01\x00\x00\x00",
        "SSL 3": b"\x16\x03\x00\x00\x04\x02\x00\x00\x00",
    }
    for name, piece in pieces.items():
        yield f"says {name}", BrokenTls(_bytes(piece), ca_bundle=trusted)
    yield "reset", BrokenTls(_bytes(b"", reset=True), ca_bundle=trusted)
    yield "a handshake that never begins", BrokenTls(_dripping(b"", 0.05), ca_bundle=trusted)
    yield "a handshake that drips", BrokenTls(_dripping(b"\x15\x03\x03\x00\x02\x01\x00", 0.02), ca_bundle=trusted)
    for at in range(0, 700, 25):
        yield f"cut at byte {at}", BrokenTls(_cut(good.context, at, flip=False), ca_bundle=trusted)
        yield f"changed at byte {at}", BrokenTls(_cut(good.context, at, flip=True), ca_bundle=trusted)
    # http on this machine is meant to be in clear: the request arrives, the answer is none
    yield "TLS on a port for clear text", BrokenTls(over(good.context), Verdict.UNKNOWN, scheme="http")


def tls(folder: Path) -> Figures:
    broken: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 and 1.1, as they deserve
        attacks = dict(_broken_tls(folder))
    attacks[CONTROL] = BrokenTls(
        attacks["self-signed"].talk, Verdict.NOT_VERIFIABLE, str(folder / "good" / "certificate.pem")
    )
    with patch.object(transport, "CONNECT_S", CONNECT_S):
        for name, attack in attacks.items():
            canary = Canary()
            with Host(attack.talk) as host:
                verdict = asyncio.run(_check(f"{attack.scheme}://{host.address}/v1", canary.key, attack.ca_bundle))
            if verdict is not attack.verdict:
                broken.append(f"{name}: told {verdict}")
            if bool(host.heard) is not (name == CONTROL):
                broken.append(f"{name}: {len(host.heard)} bytes of the request arrived")
    return Figures(len(attacks), tuple(broken), "0 bytes of a request arrived" if not broken else "")


async def _check(url: str, key: str, ca_bundle: str) -> Verdict:
    way = transport.Transport(ca_bundle=ca_bundle)
    try:
        checker = Checker(load_catalog(), way)
        return (await checker.check(Draft("openai", "w", url), "id", lambda: Secret(key), paid=True)).verdict
    finally:
        await way.close()


# ---------------------------------------------------------------------- the environment


def tunnelling(target: str) -> Talk:
    """A proxy that opens every tunnel to `target`, whatever host it was asked for."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def talk(connection: socket.socket, host: Host) -> None:
        head = connection.recv(65536)
        host.heard += head
        name, _, port = target.rpartition(":")
        with socket.create_connection((name, int(port))) as far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = Thread(target=pump, args=(far, connection), daemon=True)
            back.start()
            pump(connection, far)
            back.join()

    return talk


def leading_elsewhere(folder: Path, elsewhere: str, authority: Authority) -> dict[str, dict[str, str]]:
    """All variables by which HTTP and TLS libraries can be led, each set to do harm, in groups."""
    config, netrc = folder / "openssl.cnf", folder / "netrc"
    config.write_text(
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1\nVerifyMode = None\n"
        f"CipherString = ALL:eNULL:aNULL:@SECLEVEL=0\nVerifyCAFile = {authority.certificate}\n"
        "Options = UnsafeLegacyRenegotiation,UnsafeLegacyServerConnect\n"
    )
    netrc.write_text("default login somebody password else\n")
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "FTP_PROXY", "SOCKS_PROXY")
    files = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE", "PIP_CERT")
    bases = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENROUTER_BASE_URL")
    return {
        "proxies": dict.fromkeys(proxies, f"http://{elsewhere}") | {"NO_PROXY": ""},
        "proxies in lower case": dict.fromkeys(map(str.lower, proxies), f"http://{elsewhere}"),
        "a SOCKS proxy": {"ALL_PROXY": f"socks5://{elsewhere}", "all_proxy": f"socks5h://{elsewhere}"},
        "SSL_CERT_FILE": {"SSL_CERT_FILE": str(authority.certificate)},
        "SSL_CERT_DIR": {"SSL_CERT_DIR": str(authority.certificate.parent)},
        "CA files of others": dict.fromkeys(files, str(authority.certificate)),
        "SSLKEYLOGFILE": {"SSLKEYLOGFILE": str(folder / "keylog")},
        "OPENSSL_CONF": {"OPENSSL_CONF": str(config)},
        "the rest": {"NETRC": str(netrc), "PYTHONHTTPSVERIFY": "0", "HTTPX_LOG_LEVEL": "trace"}
        | dict.fromkeys(bases, f"http://{elsewhere}/v1"),
    }


def at_once(groups: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {name: value for group in groups.values() for name, value in group.items()}


def variables(folder: Path) -> Figures:
    """Each group alone, and all at once, in a process of its own that asks a server with and without its CA."""
    broken: list[str] = []
    authority = authority_for(folder)
    with Decoy() as decoy, Host(over(authority.context)) as host:
        harm = leading_elsewhere(folder, decoy.address, authority)
        for name, each in (tries := {"no variable": {}, **harm, "all at once": at_once(harm)}).items():
            key, before = Canary().key, len(host.heard)
            done = subprocess.run(
                [sys.executable, "-m", "tests.attack.hostile_network", f"https://{host.address}/v1"],
                input=f"{key}\n{authority.certificate}",
                capture_output=True,
                text=True,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), **each},
            )
            if done.stdout.split() != [Verdict.UNREACHABLE, Verdict.NOT_VERIFIABLE]:
                broken.append(f"{name}: without the CA and with it: {done.stdout.split()}, exit code {done.returncode}")
            if host.heard[before:].count(key.encode()) != 1:
                broken.append(f"{name}: the key arrived {host.heard[before:].count(key.encode())} times")
            if (folder / "keylog").exists():
                broken.append(f"{name}: session keys were written")
        if decoy.connections:
            broken.append(f"{decoy.connections} connections and {decoy.bytes} bytes went elsewhere")
    return Figures(len(tries), tuple(broken), f"{decoy.connections} connections elsewhere")


def program(folder: Path) -> Figures:
    """The real program, first with all variables set, then with a proxy and a CA of its own settings."""
    broken: list[str] = []
    for name in ("tls", "ignored", "settings"):
        (folder / name).mkdir()
    authority = authority_for(folder / "tls")
    with ExitStack() as stack:
        decoy, host = stack.enter_context(Decoy()), stack.enter_context(Host(over(authority.context)))
        proxy = stack.enter_context(Host(tunnelling(host.address)))
        harm = at_once(leading_elsewhere(folder, decoy.address, authority))

        home = Home(folder / "ignored")
        home.env |= harm
        canary = Canary()
        with _with_one_key(home, host, canary, columns=200) as terminal:
            terminal.wait_for("in the environment")
            terminal.press("t")
            terminal.wait_for("unreachable")
            broken += [f"not told at start: {name}" for name in _not_told(terminal.text, harm)]
            broken += _left(terminal, home, canary)
        if host.heard:
            broken.append(f"{len(host.heard)} bytes reached a server that only the environment vouches for")

        home = Home(folder / "settings")
        home.env |= harm
        home.paths.config.mkdir(parents=True, mode=0o700)
        settings = f"proxy = 'http://somebody:pr0xy-w0rd@{proxy.address}'\nca_bundle = '{authority.certificate}'\n"
        home.paths.settings.write_text(settings)
        with _with_one_key(home, host, canary, columns=200) as terminal:
            terminal.wait_for(f"proxy http://{proxy.address}")
            terminal.wait_for(f"own CA {authority.certificate}")
            terminal.press("t")
            terminal.wait_for("not verifiable")
            broken += _left(terminal, home, canary)
            if b"pr0xy-w0rd" in terminal.raw:
                broken.append("the proxy's password was on the screen")
        if canary.key.encode() not in host.heard or not proxy.heard.startswith(b"CONNECT "):
            broken.append("the proxy of the settings was not used")
        broken += canary.found_in("what the proxy saw", bytes(proxy.heard))
        if decoy.connections:
            broken.append(f"{decoy.connections} connections and {decoy.bytes} bytes went elsewhere")
        if (folder / "keylog").exists():
            broken.append("session keys were written")
    return Figures(2, tuple(broken), f"{decoy.connections} connections elsewhere, {proxy.connections} tunnels")


def _with_one_key(home: Home, host: Host, canary: Canary, columns: int) -> Terminal:
    vault = home.new_vault()
    vault.add(Draft("openai", "work", f"https://{host.address}/v1", (), Secret(canary.key)))
    vault.lock()
    terminal = Terminal(home.command, home.env, columns=columns, lines=30)
    try:
        unlock(terminal)
    except BaseException:
        terminal.close()
        raise
    return terminal


def _left(terminal: Terminal, home: Home, canary: Canary) -> list[str]:
    terminal.press("q")
    code = terminal.wait_exit()
    wrong = [] if code == 0 else [f"left with {code}"]
    return wrong + canary.found_in("the terminal", terminal.raw) + canary.found_in_files(home.files())


TOLD = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE")
"""Whoever sets these may expect them to count."""


def _not_told(text: str, harm: Mapping[str, str]) -> list[str]:
    return [name for name in TOLD if name in harm and name not in text]


SWEEPS = (
    Sweep(3, "TLS broken in every way", tls),
    Sweep(3, "every variable of the environment that could matter", variables),
    Sweep(3, "the real program, and a proxy and CA of its settings", program),
)


if __name__ == "__main__":
    url, (secret, certificate) = sys.argv[1], sys.stdin.read().split("\n")
    for ca_bundle in ("", certificate):
        sys.stdout.write(f"{asyncio.run(_check(url, secret, ca_bundle))}\n")
