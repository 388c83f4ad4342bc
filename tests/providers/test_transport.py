"""The one way out, against servers that are slow, broken, hostile or not servers at all. All on loopback."""

import asyncio
import json
import logging
import os
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import pytest

from arka_tui.providers import transport
from arka_tui.providers.adapters import Request, Response
from arka_tui.providers.transport import Failure, Transport
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from tests.attack.certificates import Authority, authority_for

KEY = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2"
RANDOM_PART = KEY.removeprefix("sk-proj-")
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

ResultT = TypeVar("ResultT")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def ask(url: str, key: str = KEY, method: str = "GET", body: bytes | None = None) -> Request:
    headers = (("Accept", "application/json"),)
    return Request(method, url, headers, ("Authorization", Secret(f"Bearer {key}")), body)


def run(script: Awaitable[ResultT]) -> ResultT:
    async def main() -> ResultT:
        return await script

    return asyncio.run(main())


@dataclass
class Heard:
    """What a server was told: the head of each request, and how many connections there were."""

    heads: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def paths(self) -> list[str]:
        return [head.split(b" ")[1].decode() for head in self.heads]


@asynccontextmanager
async def listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The host and port of a server that talks as `handler` does."""

    talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks[asyncio.create_task(talk(reader, writer))] = writer

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in talks.values():
            writer.transport.abort()
        await asyncio.gather(*talks)
        await server.wait_closed()


def answering(heard: Heard, *answers: bytes) -> Handler:
    """Each request gets the next answer, in the same connection; then the connection ends."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.connections += 1
        for answer in answers:
            heard.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()

    return handler


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def sending(proxy: str = "", ca_bundle: str = "") -> AsyncIterator[Transport]:
    way = Transport(proxy, ca_bundle)
    try:
        yield way
    finally:
        await way.close()


async def told(answer: bytes, request: Callable[[str], Request] = ask) -> Response | Failure:
    """What comes of a server that gives this answer to one request, and hangs up."""
    async with listening(answering(Heard(), answer)) as host, sending() as way:
        return await way.send(request(f"http://{host}/v1/key"))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=0.01) as simulator:
        yield simulator


# ---------------------------------------------------------------------- answers


def test_an_answer_comes_back_whole_with_its_headers_in_lower_case() -> None:
    answer = run(told(b"HTTP/1.1 429 Slow\r\nRetry-After: 20\r\nX-Bin: \xff\xfe\r\nContent-Length: 3\r\n\r\n\xff{}"))
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (429, b"\xff{}")
    assert answer.headers["retry-after"] == "20"
    assert "x-bin" in answer.headers
    assert 0 <= answer.latency_ms < 20_000


def test_what_was_prepared_is_not_made_again_for_the_first_request(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script() -> Response | Failure:
        async with sending() as way:
            await way.prepare()
            monkeypatch.setattr(Transport, "_make_client", lambda _: Failure.CA_BUNDLE)
            return await way.send(ask(f"{simulator.base_url('openai')}/models"))

    assert isinstance(run(script()), Response)


def test_a_body_is_sent_as_it_was_built(simulator: Simulator) -> None:
    body = {"model": "text-embedding-3-small", "input": "a"}

    async def script() -> Response | Failure:
        async with sending() as way:
            url = f"{simulator.base_url('openai')}/embeddings"
            key = simulator.issue("openai", "valid")
            return await way.send(ask(url, key, "POST", json.dumps(body).encode()))

    answer = run(script())
    assert isinstance(answer, Response)
    assert answer.status == 200
    (seen,) = simulator.requests
    assert (seen.method, seen.body, seen.situation) == ("POST", body, "valid")


def test_a_request_says_no_more_about_us_than_it_must() -> None:
    heard = Heard()

    async def script() -> None:
        async with listening(answering(heard, FINE)) as host, sending() as way:
            await way.send(ask(f"http://{host}/v1/key"))

    run(script())
    lines = heard.heads[0].decode().split("\r\n")
    assert lines[0] == "GET /v1/key HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:] if line}
    assert names == {"host", "connection", "user-agent", "accept", "accept-encoding", "authorization"}
    assert "User-Agent: arka-tui" in lines
    assert "Accept-Encoding: identity" in lines
    assert f"Authorization: Bearer {KEY}" in lines


def test_every_request_has_a_connection_of_its_own_and_no_cookie_of_another() -> None:
    heard = Heard()
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1; Path=/\r\nContent-Length: 2\r\n\r\n{}"

    async def script() -> None:
        async with listening(answering(heard, cookie, cookie, cookie)) as host, sending() as way:
            for n in range(3):
                await way.send(ask(f"http://{host}/v1/key", f"{KEY}{n}"))

    run(script())
    assert (heard.connections, len(heard.heads)) == (3, 3)
    assert not any(b"cookie" in head.lower() for head in heard.heads)


def test_a_second_answer_is_not_read_as_the_answer_to_the_next_key() -> None:
    refusal = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}"

    async def script() -> list[Response | Failure]:
        async with listening(answering(Heard(), FINE + refusal, FINE)) as host, sending() as way:
            return [await way.send(ask(f"http://{host}/v1/key", f"{KEY}{n}")) for n in range(2)]

    assert [answer.status for answer in run(script()) if isinstance(answer, Response)] == [200, 200]


def test_a_redirect_is_refused_and_its_target_never_asked() -> None:
    heard = Heard()

    async def script() -> list[Response | Failure]:
        async with listening(answering(heard, FINE)) as other, sending() as way:
            found: list[Response | Failure] = []
            for status in (301, 302, 303, 307, 308):
                for target in ("/second", f"http://{other}/second", f"//{other}/second", "http://[::", "\xff", ""):
                    head = f"HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
                    first = answering(heard, head.encode("latin-1"), FINE)
                    async with listening(first) as host:
                        found.append(await way.send(ask(f"http://{host}/first")))
            return found

    assert set(run(script())) == {Failure.REDIRECT}
    assert set(heard.paths) == {"/first"}


@pytest.mark.parametrize("situation", ["redirect", "gzip", "huge", "cut"])
def test_what_a_simulated_server_does_wrong_has_its_name(simulator: Simulator, situation: str) -> None:
    async def script() -> Response | Failure:
        async with sending() as way:
            return await way.send(ask(f"{simulator.base_url('openai')}/models", simulator.issue("openai", situation)))

    failures = {"gzip": Failure.ENCODED, "huge": Failure.TOO_LARGE, "cut": Failure.CUT, "redirect": Failure.REDIRECT}
    assert run(script()) is failures[situation]
    assert [request.path for request in simulator.requests] == ["/openai/v1/models"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x"])
def test_an_answer_in_any_coding_is_refused_unread(coding: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 5\r\n\r\n"
    assert run(told(head.encode() + b"\x1f\x8b\x08\x00\x00")) is Failure.ENCODED


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    most = transport.MAX_BODY_BYTES
    answer = run(told(head % most + b" " * most))
    assert isinstance(answer, Response)
    assert len(answer.body) == most
    assert run(told(head % (most + 1) + b" " * (most + 1))) is Failure.TOO_LARGE


def test_a_body_without_end_is_left_soon_after_the_limit() -> None:
    written = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED)
        while True:
            writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            await writer.drain()
            written += 65536

    async def script() -> Response | Failure:
        async with listening(handler) as host, sending() as way:
            return await way.send(ask(f"http://{host}/v1/key"))

    assert run(script()) is Failure.TOO_LARGE
    assert written < 8 * transport.MAX_BODY_BYTES  # the rest is what the kernel had in its buffers


def test_headers_without_end_are_not_read() -> None:
    assert run(told(b"HTTP/1.1 200 OK\r\nX-Pad: " + b"a" * 300_000)) is Failure.NOT_HTTP


NOT_HTTP = [b"\x00\x01\x02\r\n\r\n", b"220 smtp.example ESMTP\r\n\r\n", b"HTTP/9.9 x\r\n\r\n", b"\xff\xfe: x\r\n\r\n"]
NOT_HTTP += [b"HTTP/1.1 200 OK\r\n\xff\xfe: x\r\n\r\n", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"]


@pytest.mark.parametrize("answer", NOT_HTTP)
def test_what_is_not_http_is_called_so(answer: bytes) -> None:
    assert run(told(answer)) is Failure.NOT_HTTP


CUT = {
    "before the answer": b"",
    "within the status line": b"HTTP/1.1 20",
    "within the headers": b"HTTP/1.1 200 OK\r\nContent-",
    "within a body of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "within a chunk": CHUNKED + b"64\r\n{",
    "between chunks": CHUNKED + b"1\r\n{\r\n",
    "by a chunk that is none": CHUNKED + b"zz\r\n",
}


@pytest.mark.parametrize("where", CUT)
def test_an_answer_that_ends_too_soon_is_called_cut(where: str) -> None:
    assert run(told(CUT[where])) is Failure.CUT


def test_a_connection_that_is_reset_is_called_cut() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()

    async def script() -> Response | Failure:
        async with listening(handler) as host, sending() as way:
            return await way.send(ask(f"http://{host}/v1/key"))

    assert run(script()) is Failure.CUT


def test_after_any_failure_the_next_request_is_answered() -> None:
    async def script() -> list[object]:
        found: list[object] = []
        async with sending() as way:
            for answer in (b"", *NOT_HTTP, *CUT.values(), CHUNKED + b"1\r\n{\r\n0\r\n\r\n"):
                async with listening(answering(Heard(), answer)) as host:
                    await way.send(ask(f"http://{host}/v1/key"))
                async with listening(answering(Heard(), FINE)) as host:
                    found.append(await way.send(ask(f"http://{host}/v1/key")))
        return found

    assert all(isinstance(answer, Response) for answer in run(script()))


# ---------------------------------------------------------------------- time


def test_a_server_that_drips_is_ended_by_the_deadline(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "DEADLINE_S", 0.3)

    async def script() -> Response | Failure:
        async with sending() as way:
            return await way.send(ask(f"{simulator.base_url('openai')}/models", simulator.issue("openai", "drip")))

    assert run(script()) is Failure.TIMEOUT


async def _interims(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0)


async def _endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nX-Pad: ")
    while not reader.at_eof():
        writer.write(b"a")
        await writer.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.02)


@pytest.mark.parametrize("handler", [silent, _interims, _endless_header])
def test_no_server_can_hold_a_request_longer_than_the_deadline(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DEADLINE_S", 0.2)

    async def script() -> Response | Failure:
        async with listening(handler) as host, sending() as way:
            return await way.send(ask(f"http://{host}/v1/key"))

    assert run(script()) is Failure.TIMEOUT


def test_a_server_that_never_finishes_tls_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_S", 0.1)

    async def script() -> Response | Failure:
        async with listening(silent) as host, sending() as way:
            return await way.send(ask(f"https://{host}/v1/key"))

    assert run(script()) is Failure.CONNECT_TIMEOUT


def test_a_request_that_is_cancelled_ends_at_once_and_the_next_one_is_answered() -> None:
    heard = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        heard.set()
        await reader.read()

    async def script() -> Response | Failure:
        async with sending() as way:
            async with listening(mute) as host:
                task = asyncio.create_task(way.send(ask(f"http://{host}/v1/key")))
                await heard.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            async with listening(answering(Heard(), FINE)) as host:
                return await way.send(ask(f"http://{host}/v1/key"))

    assert isinstance(run(script()), Response)


def test_closing_ends_a_request_under_way_without_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "DEADLINE_S", 5)
    heard = asyncio.Event()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        heard.set()
        await reader.read()

    async def script() -> Response | Failure:
        async with listening(half) as host, sending() as way:
            task = asyncio.create_task(way.send(ask(f"http://{host}/v1/key")))
            await heard.wait()
            await way.close()
            return await task

    assert run(script()) is Failure.CUT


def test_closing_twice_or_before_the_first_request_is_no_mistake() -> None:
    async def script() -> None:
        async with sending() as way:
            await way.close()
            await way.close()

    run(script())


# ---------------------------------------------------------------------- no connection


def test_a_port_where_nothing_listens_is_no_connection() -> None:
    async def script() -> Response | Failure:
        async with sending() as way:
            return await way.send(ask(unreachable_url()))

    assert run(script()) is Failure.NO_CONNECTION


def test_a_host_that_nobody_knows_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    async def script() -> Response | Failure:
        async with sending() as way:
            return await way.send(ask("https://nobody.invalid/v1/key"))

    assert run(script()) is Failure.NO_SUCH_HOST


@pytest.mark.parametrize(
    "url", ["https://", "https://" + "a" * 64 + ".example/", "ftp://127.0.0.1/", "/v1", "http://["]
)
def test_an_address_that_is_none_is_a_failure_and_no_exception(url: str) -> None:
    async def script() -> Response | Failure:
        async with sending() as way:
            return await way.send(ask(url))

    assert isinstance(run(script()), Failure)


# ---------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority_for(tmp_path_factory.mktemp("tls"), "provider.test")


def over_tls(authority: Authority, ca_bundle: str, *, proxy: str = "", answer: bytes = FINE) -> Response | Failure:
    async def script() -> Response | Failure:
        async with listening(answering(Heard(), answer), authority.context) as host, sending(proxy, ca_bundle) as way:
            return await way.send(ask(f"https://{host}/v1/key"))

    return run(script())


def test_a_server_that_the_ca_file_of_the_settings_vouches_for_is_spoken_to(authority: Authority) -> None:
    assert isinstance(over_tls(authority, str(authority.certificate)), Response)


def test_a_self_signed_server_gets_nothing(authority: Authority) -> None:
    heard = Heard()

    async def script() -> Response | Failure:
        async with listening(answering(heard, FINE), authority.context) as host, sending() as way:
            return await way.send(ask(f"https://{host}/v1/key"))

    assert run(script()) is Failure.TLS
    assert heard.heads == []


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    other = authority_for(tmp_path, "other.test")
    assert over_tls(other, str(other.certificate)) is Failure.TLS


def test_a_certificate_that_has_expired_is_not_trusted(tmp_path: Path) -> None:
    expired = authority_for(tmp_path, "provider.test", years=1)
    assert over_tls(expired, str(expired.certificate)) is Failure.TLS


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_not_spoken(authority: Authority, tmp_path: Path) -> None:
    old = authority_for(tmp_path, "provider.test")
    old.context.minimum_version = ssl.TLSVersion.TLSv1
    old.context.maximum_version = ssl.TLSVersion.TLSv1_1
    old.context.set_ciphers("ALL:@SECLEVEL=0")
    assert over_tls(old, str(old.certificate)) is Failure.TLS


def test_a_server_that_speaks_no_tls_is_a_tls_failure() -> None:
    async def blunt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def script() -> Response | Failure:
        async with listening(blunt) as host, sending() as way:
            return await way.send(ask(f"https://{host}/v1/key"))

    assert run(script()) is Failure.TLS


def test_a_cut_within_tls_is_called_cut(authority: Authority) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    assert over_tls(authority, str(authority.certificate), answer=answer) is Failure.CUT


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_a_reset_within_tls_is_no_matter_of_certificates(authority: Authority, answer: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        naked = writer.get_extra_info("socket")
        naked.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def script() -> Response | Failure:
        async with (
            listening(handler, authority.context) as host,
            sending(ca_bundle=str(authority.certificate)) as way,
        ):
            return await way.send(ask(f"https://{host}/v1/key"))

    assert run(script()) is Failure.CUT


def test_garbage_amid_an_answer_within_tls_is_called_cut_for_the_request_had_arrived(authority: Authority) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        naked = writer.get_extra_info("socket")
        os.write(naked.fileno(), b"no TLS record at all")
        await reader.read()

    async def script() -> Response | Failure:
        async with (
            listening(handler, authority.context) as host,
            sending(ca_bundle=str(authority.certificate)) as way,
        ):
            return await way.send(ask(f"https://{host}/v1/key"))

    assert run(script()) is Failure.CUT


@pytest.mark.parametrize(
    "content", [None, b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\n", "a folder", "\0"]
)
def test_a_ca_file_that_cannot_be_read_is_named_as_the_reason(content: bytes | str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "a folder":
        path.mkdir()
    name = "a\0b" if content == "\0" else str(path)

    async def script() -> list[Response | Failure]:
        async with sending(ca_bundle=name) as way:
            return [await way.send(ask(unreachable_url())) for _ in range(2)]

    assert run(script()) == [Failure.CA_BUNDLE, Failure.CA_BUNDLE]


def test_a_ca_file_that_was_mended_is_read_anew(tmp_path: Path, authority: Authority) -> None:
    path = tmp_path / "ca.pem"

    async def script() -> None:
        async with listening(answering(Heard(), FINE), authority.context) as host, sending("", str(path)) as way:
            assert await way.send(ask(f"https://{host}/v1")) is Failure.CA_BUNDLE
            path.write_bytes(authority.certificate.read_bytes())
            assert isinstance(await way.send(ask(f"https://{host}/v1")), Response)

    run(script())


# ---------------------------------------------------------------------- the environment


def test_nothing_in_the_environment_changes_where_a_key_goes_or_whom_it_trusts(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Heard()
    key_log, netrc = tmp_path / "keylog", tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")

    async def script() -> list[object]:
        heard = Heard()
        server = answering(heard, FINE)
        async with listening(answering(spy, FINE)) as proxy:
            for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
                for spelling in (name, name.lower()):
                    monkeypatch.setenv(spelling, f"http://{proxy}")
            monkeypatch.setenv("SSLKEYLOGFILE", str(key_log))
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
            monkeypatch.setenv("SSL_CERT_DIR", str(authority.certificate.parent))
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
            monkeypatch.setenv("NETRC", str(netrc))
            async with listening(server, authority.context) as safe, listening(server) as plain:
                async with sending() as way:
                    found: list[object] = [await way.send(ask(f"https://{safe}/v1/key"))]
                    found.append(await way.send(ask(f"http://{plain}/v1/key")))
                async with sending(ca_bundle=str(authority.certificate)) as way:
                    found.append(await way.send(ask(f"https://{safe}/v1/key")))
        assert all(f"Bearer {KEY}".encode() in head for head in heard.heads)
        return found

    untrusted, plain, trusted = run(script())
    assert untrusted is Failure.TLS
    assert isinstance(plain, Response)
    assert isinstance(trusted, Response)
    assert (spy.connections, spy.heads) == (0, [])
    assert not key_log.exists()


def test_no_suite_without_encryption_or_certificate_comes_back_by_a_default_of_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What OPENSSL_CONF does to each new context where Python is built as Debian's is."""

    def weakened(protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.set_ciphers("ALL:eNULL:aNULL:@SECLEVEL=0")
        context.options |= 0x4 | 0x40000
        return context

    strong = transport._tls_context("")
    monkeypatch.setattr(transport, "ssl", SimpleNamespace(**{**vars(ssl), "SSLContext": weakened}))
    weak = transport._tls_context("")
    assert weak is not None
    assert strong is not None
    assert weak.get_ciphers() == strong.get_ciphers()
    assert min(cipher["strength_bits"] for cipher in weak.get_ciphers()) >= 128
    assert not weak.options & (0x4 | 0x40000)
    assert (weak.verify_mode, weak.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_socks_proxy_in_the_environment_is_no_crash(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    async def script() -> Response | Failure:
        async with sending() as way:
            return await way.send(ask(f"{simulator.base_url('openai')}/models", simulator.issue("openai", "valid")))

    assert isinstance(run(script()), Response)


# ---------------------------------------------------------------------- the proxy of the settings


def tunnelling(heard: Heard, target: str) -> Handler:
    """A proxy that opens every tunnel to `target`, whatever host it was asked for."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.connections += 1
        heard.heads.append(await reader.readuntil(b"\r\n\r\n"))
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        with suppress(OSError):
            await far_writer.wait_closed()

    return handler


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_proxy_of_the_settings_is_asked_for_a_tunnel_and_never_sees_the_key(
    authority: Authority, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, served = Heard(), Heard()
    key_log = tmp_path / "keylog"
    monkeypatch.setenv("SSLKEYLOGFILE", str(key_log))

    async def script() -> Response | Failure:
        async with (
            listening(answering(served, FINE), authority.context) as target,
            listening(tunnelling(heard, target), authority.context if scheme == "https" else None) as proxy,
            sending(f"{scheme}://{proxy}", str(authority.certificate)) as way,
        ):
            return await way.send(ask("https://provider.test/v1/key"))

    assert isinstance(run(script()), Response)
    assert heard.heads[0].startswith(b"CONNECT provider.test:443 HTTP/1.1\r\n")
    assert RANDOM_PART.encode() not in b"".join(heard.heads)
    assert served.paths == ["/v1/key"]
    assert not key_log.exists()


def test_a_proxy_whose_certificate_is_not_trusted_gets_nothing(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = authority_for(tmp_path, "provider.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger.certificate))
    heard = Heard()

    async def script() -> Response | Failure:
        async with (
            listening(answering(heard, FINE), stranger.context) as proxy,
            sending(f"https://{proxy}", str(authority.certificate)) as way,
        ):
            return await way.send(ask("https://provider.test/v1/key"))

    assert run(script()) is Failure.TLS
    assert heard.heads == []


def test_a_key_for_this_machine_does_not_go_through_the_proxy_in_clear() -> None:
    proxied, direct = Heard(), Heard()

    async def script() -> Response | Failure:
        async with (
            listening(answering(proxied, FINE)) as proxy,
            listening(answering(direct, FINE)) as host,
            sending(f"http://{proxy}") as way,
        ):
            return await way.send(ask(f"http://{host}/v1/key"))

    assert isinstance(run(script()), Response)
    assert (proxied.connections, direct.paths) == (0, ["/v1/key"])


REFUSALS = [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"]
REFUSALS += [b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n"]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_proxy_that_refuses_is_named_as_the_reason(refusal: bytes) -> None:
    async def script() -> Response | Failure:
        async with listening(answering(Heard(), refusal)) as proxy, sending(f"http://{proxy}") as way:
            return await way.send(ask("https://provider.test/v1/key"))

    assert run(script()) is Failure.PROXY


def test_a_proxy_that_is_not_there_is_named_as_the_reason() -> None:
    async def script() -> Response | Failure:
        async with sending(unreachable_url().removesuffix("/v1")) as way:
            return await way.send(ask("https://provider.test/v1/key"))

    assert run(script()) is Failure.PROXY


@pytest.mark.parametrize(
    "proxy",
    [
        "http://a b",
        "http://127.0.0.1:x",
        "http://[::1",
        "socks9://x",
        "nonsense",
        "http://\0",
    ],
)
def test_a_proxy_address_that_is_none_is_named_as_the_reason(proxy: str) -> None:
    async def script() -> Response | Failure:
        async with sending(proxy) as way:
            return await way.send(ask("https://127.0.0.1:1/v1/key"))

    assert run(script()) is Failure.PROXY


# ---------------------------------------------------------------------- the key stays in

UNSENDABLE = [
    f"{KEY}\n",
    f"{KEY}\r\nX-Injected: yes",
    f"{KEY}\0",
    f"{KEY}ä",
    f"{KEY}\x7f",
    f"\x1b[0m{KEY}",
    f"{KEY}\ud800",
]


def leaks(text: str) -> list[str]:
    return [piece for i in range(len(RANDOM_PART) - 7) if (piece := RANDOM_PART[i : i + 8]) in text]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that was logged, at every level."""
    caplog.set_level(logging.DEBUG)

    def text() -> str:
        return caplog.text + "".join(f"{record.__dict__}" for record in caplog.records)

    return text


@pytest.mark.parametrize("key", UNSENDABLE)
def test_a_key_that_no_header_may_hold_opens_no_connection_and_is_quoted_nowhere(
    key: str, logged: Callable[[], str]
) -> None:
    heard = Heard()

    async def script() -> Response | Failure:
        async with listening(answering(heard, FINE)) as host, sending() as way:
            return await way.send(ask(f"http://{host}/v1/key", key))

    assert run(script()) is Failure.UNSENDABLE
    assert heard.connections == 0
    assert not leaks(logged())


def echoing(reply: Callable[[bytes], bytes]) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(KEY.encode()))
        await writer.drain()

    return handler


ECHOES: list[Callable[[bytes], bytes]] = [
    lambda key: b"HTTP/1.1 401 " + key + b"\r\nX-Echo: " + key + b"\r\nContent-Length: %d\r\n\r\n" % len(key) + key,
    lambda key: b"HTTP/1.1 302 Found\r\nLocation: http://[" + key + b"\r\nContent-Length: 0\r\n\r\n",
    lambda key: key + b"\r\n\r\n",
    lambda key: b"HTTP/1.1 200 OK\r\n" + key + b"\r\n\r\n",
    lambda key: CHUNKED + key + b"\r\n",
    lambda key: b"HTTP/1.1 200 OK\r\nContent-Length: " + key + b"\r\n\r\n",
    lambda key: b"HTTP/1.1 200 OK\r\nContent-Encoding: " + key + b"\r\nContent-Length: 0\r\n\r\n",
    lambda key: b"HTTP/1.1 200 OK\r\nSet-Cookie: " + key + b"=x; Expires=" + key + b"\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("reply", ECHOES)
def test_a_server_that_echoes_the_key_brings_it_into_no_log_and_no_exception(
    reply: Callable[[bytes], bytes], logged: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    async def script() -> Response | Failure:
        async with listening(echoing(reply)) as host, sending() as way:
            return await way.send(ask(f"http://{host}/v1/key"))

    answer = run(script())
    assert isinstance(answer, Response | Failure)
    assert not leaks(logged() + "".join(capfd.readouterr()))


def test_no_failure_leaves_the_key_in_a_log(
    authority: Authority, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DEADLINE_S", 0.4)
    monkeypatch.setattr(transport, "CONNECT_S", 0.1)

    async def script() -> set[object]:
        found: set[object] = set()
        async with sending() as way, sending(unreachable_url()) as proxied, sending(ca_bundle="/nowhere") as blind:
            found.add(await blind.send(ask(unreachable_url())))
            found.add(await proxied.send(ask("https://provider.test/")))
            found.add(await way.send(ask(unreachable_url())))
            async with listening(silent) as host:
                found.add(await way.send(ask(f"http://{host}/")))
                found.add(await way.send(ask(f"https://{host}/")))
            async with listening(answering(Heard(), FINE), authority.context) as host:
                found.add(await way.send(ask(f"https://{host}/")))
            for answer in (*NOT_HTTP, *CUT.values(), REFUSALS[0]):
                async with listening(answering(Heard(), answer)) as host:
                    answered = await way.send(ask(f"http://{host}/"))
                    found.add(answered if isinstance(answered, Failure) else answered.status)
        return found

    assert run(script()) == {
        *(Failure.CA_BUNDLE, Failure.PROXY, Failure.NO_CONNECTION, Failure.TIMEOUT, Failure.CONNECT_TIMEOUT),
        *(Failure.TLS, Failure.NOT_HTTP, Failure.CUT, 407),
    }
    assert not leaks(logged())


# ---------------------------------------------------------------------- words


def test_every_failure_has_a_sentence_of_its_own_that_says_our_limits_rightly() -> None:
    texts = [failure.value for failure in Failure]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert re.fullmatch(r"[a-z][^.!\n]+[^.!\s]", text)
    assert f"within {transport.CONNECT_S:.0f} s" in Failure.CONNECT_TIMEOUT.value
    assert f"within {transport.DEADLINE_S:.0f} s" in Failure.TIMEOUT.value
    assert f"{transport.MAX_BODY_BYTES >> 20} MiB" in Failure.TOO_LARGE.value


ARRIVED = {Failure.TIMEOUT, Failure.CUT, Failure.REDIRECT, Failure.TOO_LARGE, Failure.ENCODED, Failure.NOT_HTTP}


def test_only_a_failure_before_the_request_was_sent_is_said_to_have_kept_it_here() -> None:
    assert {failure for failure in Failure if not failure.never_arrived} == ARRIVED
