"""The HTTP server of the simulator, the keys it has issued and the requests it has seen."""

import gzip
import json
import os
import socket
import socketserver
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl
from weakref import WeakSet

from arka_tui.simulator import hostile
from arka_tui.simulator.alike_hosted import CEREBRAS, DEEPSEEK, FIREWORKS, GROQ, MISTRAL, MOONSHOT, TOGETHER, XAI, ZAI
from arka_tui.simulator.alike_local import COMPATIBLE, LMSTUDIO, OLLAMA, VLLM
from arka_tui.simulator.anthropic import ANTHROPIC
from arka_tui.simulator.azure import AZURE
from arka_tui.simulator.cohere import COHERE
from arka_tui.simulator.gemini import GEMINI
from arka_tui.simulator.huggingface import HUGGINGFACE
from arka_tui.simulator.openai import OPENAI
from arka_tui.simulator.openrouter import OPENROUTER
from arka_tui.simulator.perplexity import PERPLEXITY
from arka_tui.simulator.situations import End, Manner, Pause, Provider, RawBody, Reply, Request, Situation, Wire

_PROVIDERS: dict[str, Provider] = {
    "openai": OPENAI,
    "openrouter": OPENROUTER,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    "groq": GROQ,
    "mistral": MISTRAL,
    "deepseek": DEEPSEEK,
    "xai": XAI,
    "together": TOGETHER,
    "fireworks": FIREWORKS,
    "cohere": COHERE,
    "perplexity": PERPLEXITY,
    "cerebras": CEREBRAS,
    "huggingface": HUGGINGFACE,
    "azure": AZURE,
    "moonshot": MOONSHOT,
    "zai": ZAI,
    "ollama": OLLAMA,
    "lmstudio": LMSTUDIO,
    "vllm": VLLM,
    "compatible": COMPATIBLE,
}
_KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
_ACCOUNT = "/account"
"""Before the path of a question about a key's account, at a provider that has a second address for these."""
_WITH_ACCOUNT = ("huggingface", "together")

SITUATIONS: dict[str, tuple[str, ...]] = {name: tuple(provider.situations) for name, provider in _PROVIDERS.items()}

_OPEN = "/open/v1"
"""A server of one's own that speaks OpenAI's dialect and looks at no key."""
_GATEWAY = "/gateway/v1"
"""Another, which looks at keys and has a model that nobody else has."""

_DRIP_S = 0.02


@dataclass(frozen=True, slots=True)
class SeenRequest:
    method: str
    path: str
    """As sent, with the query."""
    provider: str
    """Empty where the path is no provider's."""
    body: object
    """As parsed from JSON; None where there was none, or no JSON."""
    situation: str | None
    """None where the key is unknown or missing."""
    headers: Mapping[str, str]
    """Names in lower case. Authorization, where it was sent, has no value."""


class Simulator:
    """Issue keys, point a client at `base_url`, look at `requests`. May be started again after it was closed.

    `slow_s`: how long the slow situation waits, unless closed before. `elsewhere`: the address of the server to which
    hostile answers lead.
    """

    def __init__(self, slow_s: float = 3.0, elsewhere: str = "http://127.0.0.1:1") -> None:
        self.slow_s = slow_s
        self.elsewhere = elsewhere
        self._lock = Lock()
        self._issued: dict[str, tuple[str, str]] = {}
        self._seen: list[SeenRequest] = []
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        if self._server is None:
            self._server = _Server(self)

    def close(self) -> None:
        """Ends every answer under way. Raises the first fault of the simulator's own, which no client has to see."""
        server, self._server = self._server, None
        if server is not None:
            server.end()
            if server.faults:
                raise server.faults[0]

    def base_url(self, provider: str) -> str:
        if self._server is None:
            raise RuntimeError("the simulator is not running")
        return f"http://127.0.0.1:{self._server.server_port}{_PROVIDERS[provider].base}"

    @property
    def addresses(self) -> dict[str, str]:
        """By provider id, and by `id/account` for a second address: what `Catalog.with_base_urls` takes.

        Raises: RuntimeError where the simulator is not running.
        """
        account = f"{self.base_url('openai').removesuffix(OPENAI.base)}{_ACCOUNT}"
        return {provider: self.base_url(provider) for provider in _PROVIDERS} | {
            f"{provider}{_ACCOUNT}": f"{account}{_PROVIDERS[provider].base}" for provider in _WITH_ACCOUNT
        }

    @property
    def open_url(self) -> str:
        """Where any key will do. Raises: RuntimeError where the simulator is not running."""
        return self.base_url("openai").replace(OPENAI.base, _OPEN)

    @property
    def gateway_url(self) -> str:
        """Where any issued key will do. Raises: as `open_url`."""
        return self.base_url("openai").replace(OPENAI.base, _GATEWAY)

    def issue(self, provider: str, situation: str, label: str = "demo") -> str:
        """The same key each time. Raises: KeyError where there is no such provider, situation or attack."""
        _situation(provider, situation)
        key = _PROVIDERS[provider].make_key(f"{provider}/{situation}/{label}", situation)
        self.accept(provider, situation, key)
        return key

    def accept(self, provider: str, situation: str, key: str) -> None:
        """Knows a key that somebody else thought of. Raises: as `issue`."""
        _situation(provider, situation)
        with self._lock:
            self._issued[key] = (provider, situation)

    def revoke(self, key: str) -> None:
        """From now on the key is unknown."""
        with self._lock:
            del self._issued[key]

    def change(self, key: str, situation: str) -> None:
        with self._lock:
            provider, _ = self._issued[key]
            _situation(provider, situation)
            self._issued[key] = (provider, situation)

    @property
    def requests(self) -> list[SeenRequest]:
        """A copy, oldest first."""
        with self._lock:
            return list(self._seen)

    def _reply_to(self, method: str, path: str, sent_headers: Mapping[str, str], body: object) -> Reply:
        bare, _, query = path.partition("?")
        bare = bare.removeprefix(_ACCOUNT)
        name = next((name for name, provider in _PROVIDERS.items() if bare.startswith(f"{provider.base}/")), "")
        headers = {header.lower(): value for header, value in sent_headers.items()}
        sent = next((headers[header] for header in _KEY_HEADERS if header in headers), "")
        scheme, _, key = sent.partition(" ") if "authorization" in headers else ("bearer", "", sent)
        headers |= dict.fromkeys(headers.keys() & set(_KEY_HEADERS), "")
        with self._lock:
            owner, issued_for = self._issued.get(key, ("", ""))
            situation = issued_for if owner and owner == name else None
            self._seen.append(SeenRequest(method, path, name, body, situation, headers))
        if bare.startswith((_OPEN, _GATEWAY)):
            known = OPENAI.situations["valid"] if owner or bare.startswith(_OPEN) else None
            if known and bare == f"{_GATEWAY}/models":
                return Reply(200, {"object": "list", "data": [{"id": "house-model", "object": "model"}]})
            return OPENAI.answer(Request(method, bare[bare.index("/v1") + 3 :], headers, key or "anybody", body), known)
        if not name:
            return Reply(404, {"error": {"message": "no provider is simulated here"}})
        provider = _PROVIDERS[name]
        below, key_or_none = bare.removeprefix(provider.base), key if scheme.lower() == "bearer" and key else None
        request = Request(method, below, headers, key_or_none, body, self.elsewhere, dict(parse_qsl(query)))
        return provider.answer(request, _situation(name, situation) if situation else None)


def _situation(provider: str, name: str) -> Situation:
    """Raises: KeyError."""
    found = _PROVIDERS[provider].situations.get(name) or hostile.situation(name)
    if found is None:
        raise KeyError(name)
    return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator
        self.closing = Event()
        self.faults: list[BaseException] = []
        self._connections: WeakSet[socket.socket] = WeakSet()
        self._talks: list[Thread] = []
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of a host name, which may ask the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def _accept(self) -> None:
        """In place of serve_forever, which looks only every half second whether it should end."""
        while not self.closing.is_set():
            self.handle_request()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def process_request(self, request: object, client_address: object) -> None:
        """As ThreadingMixIn does, but a daemon thread is kept too, so that `end` can wait for it."""
        talk = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._talks = [*(talk for talk in self._talks if talk.is_alive()), talk]
        talk.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Silent, as all here. A client that leaves is no fault; anything else is one of ours."""
        if (fault := sys.exception()) is not None and not isinstance(fault, OSError):
            self.faults.append(fault)

    def end(self) -> None:
        self.closing.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_port)).close()  # wakes `_accept`
        self._accepting.join()
        self.server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for talk in self._talks:
            talk.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Never: a request line or a header could hold a key."""

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        sent = self.rfile.read(int(length) if length.isdecimal() else 0)
        reply = self.server.simulator._reply_to(self.command, self.path, dict(self.headers.items()), _parsed(sent))
        if isinstance(reply.body, RawBody):
            self.close_connection = not reply.body.kept
            self._send_raw(reply.body.wire)
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        headers = {"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(body))}
        match reply.manner:
            case Manner.SLOW:
                if self.server.closing.wait(self.server.simulator.slow_s):
                    self.close_connection = True
                    return
            case Manner.GZIP:
                body = gzip.compress(body)
                headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
            case Manner.CUT:
                body = body[: len(body) // 2]
                headers |= {"Connection": "close"}
            case Manner.DRIP:
                del headers["Content-Length"]
                headers |= {"Transfer-Encoding": "chunked", "Connection": "close"}
        self.send_response_only(reply.status)  # without a date: who tests with another clock would be told so
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.manner is Manner.DRIP:
            self._drip(body)
        else:
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names that http.server looks for

    def _send_raw(self, wire: Wire) -> None:
        for piece in wire:
            match piece:
                case bytes():
                    self.wfile.write(piece)
                case Pause():
                    self.server.closing.wait(piece.seconds)
                case End.RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    os.close(self.connection.detach())  # a socket that is shut down first says a polite end
                    self.close_connection = True
                    return
            if self.server.closing.is_set():
                return

    def _drip(self, body: bytes) -> None:
        sent = 0
        while not self.server.closing.wait(_DRIP_S):
            self.wfile.write(b"1\r\n%b\r\n" % (body[sent : sent + 1] or b" "))
            sent += 1


def _parsed(sent: bytes) -> object:
    try:
        return json.loads(sent)
    except (ValueError, RecursionError):
        return None


def unreachable_url() -> str:
    """An address on this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}/v1"
