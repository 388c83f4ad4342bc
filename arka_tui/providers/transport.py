"""The one module that speaks HTTP. A key leaves the program here and nowhere else.

Own TLS context, no redirects, no environment proxies, deadlines, a cap on bodies, no content encodings. `send` returns
a result and raises nothing: exceptions of HTTP libraries can quote the key.
"""

import asyncio
import logging
import re
import socket
import ssl
import time
from enum import Enum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from arka_tui.providers.adapters import Request, Response

if TYPE_CHECKING:
    import httpx

DEADLINE_S = 20.0
CONNECT_S = 5.0
MAX_BODY_BYTES = 4 * 1024 * 1024
CONNECTIONS = 20


_CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""Python's own choice, which some builds of it leave to the system."""
_UNSAFE_OPTIONS = ssl.Options(0x0000_0004 | 0x0004_0000)
"""OpenSSL's LEGACY_SERVER_CONNECT and ALLOW_UNSAFE_LEGACY_RENEGOTIATION; Python 3.11 has no names for them."""


class Failure(Enum):
    """Why there is no answer. The value is our sentence for it."""

    UNSENDABLE = "the key has characters that no header may have"
    NO_SUCH_HOST = "the host name is not known"
    NO_CONNECTION = "no connection: refused, or no route"
    CONNECT_TIMEOUT = "no connection within 5 s"
    TLS = "the server's TLS certificate is not trusted, or TLS failed"
    CA_BUNDLE = "the CA file of the settings cannot be read"
    PROXY = "the proxy of the settings refused or failed"
    TIMEOUT = "no answer within 20 s"
    CUT = "the connection ended in the middle of the answer"
    REDIRECT = "the server wanted to redirect; a key never follows a redirect"
    TOO_LARGE = "the answer is larger than 4 MiB"
    ENCODED = "the answer is compressed although that was not asked for"
    NOT_HTTP = "the answer is not HTTP"

    @property
    def never_arrived(self) -> bool:
        """The request cannot have reached the provider."""
        return self in _NEVER_ARRIVED


_VISIBLE = re.compile(r"[ -~]*")
_NEVER_ARRIVED = frozenset(
    {
        Failure.UNSENDABLE,
        Failure.NO_SUCH_HOST,
        Failure.NO_CONNECTION,
        Failure.CONNECT_TIMEOUT,
        Failure.TLS,
        Failure.CA_BUNDLE,
        Failure.PROXY,
    }
)


class Transport:
    """`proxy` and `ca_bundle` are the user's settings; empty is none. One client is shared by all requests."""

    def __init__(self, proxy: str = "", ca_bundle: str = "") -> None:
        self._proxy = proxy
        self._ca_bundle = ca_bundle
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    async def send(self, request: Request) -> Response | Failure:
        if not _VISIBLE.fullmatch(request.secret_header[1].reveal()):
            return Failure.UNSENDABLE  # h11 would refuse it too, and quote it in its log
        client = await self.prepare()
        if isinstance(client, Failure):
            return client
        started = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._exchange(client, request, started)
        except TimeoutError:
            return Failure.TIMEOUT

    async def prepare(self) -> "httpx.AsyncClient | Failure":
        """httpx takes 50 ms to import, TLS as long to set up: not on the event loop, and best while a person reads."""
        async with self._making:
            if self._client is None:
                made = await asyncio.to_thread(self._make_client)
                if isinstance(made, Failure):
                    return made
                self._client = made
            return self._client

    async def close(self) -> None:
        client, self._client, self._making = self._client, None, asyncio.Lock()
        if client is not None:
            await client.aclose()

    def _make_client(self) -> "httpx.AsyncClient | Failure":
        import httpx

        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)  # below it they log headers, which may echo a key
        context = _tls_context(self._ca_bundle)
        if context is None:
            return Failure.CA_BUNDLE
        try:
            proxy = httpx.Proxy(self._proxy) if self._proxy else None
            if proxy is not None and proxy.url.scheme == "https":
                proxy.ssl_context = context  # httpcore's own would heed SSLKEYLOGFILE and SSL_CERT_FILE
            return httpx.AsyncClient(
                verify=context,
                trust_env=False,
                proxy=proxy,
                mounts={"http://": None},  # http is for this machine only: a proxy would get the key in clear
                follow_redirects=False,
                timeout=httpx.Timeout(DEADLINE_S, connect=CONNECT_S, pool=None),
                # no connection serves twice: a second answer that nobody asked for would be read as the next key's
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0),
                headers={"User-Agent": "arka-tui", "Accept-Encoding": "identity", "Connection": "close"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # they would tie one key to the next
                event_hooks={"response": [_forget_location]},
            )
        except (httpx.InvalidURL, ValueError):
            return Failure.PROXY

    async def _exchange(self, client: "httpx.AsyncClient", request: Request, started: float) -> Response | Failure:
        import httpx

        name, value = request.secret_header
        answered = False
        try:
            async with client.stream(
                request.method,
                request.url,
                headers=[*request.headers, (name, value.reveal())],
                content=request.body,
            ) as response:
                answered = True
                if response.is_redirect:
                    return Failure.REDIRECT
                if response.headers.get("content-encoding", "identity") != "identity":
                    return Failure.ENCODED
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    await asyncio.sleep(0)  # else chunks of a byte each keep the screen still
                    if len(body) > MAX_BODY_BYTES:
                        return Failure.TOO_LARGE
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status_code, headers, bytes(body), round(1000 * (time.monotonic() - started)))
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            failure = _failure(error)
        if answered and failure in (Failure.NOT_HTTP, Failure.TLS):
            return Failure.CUT  # h11 has one exception for garbage and for half an answer
        proxied = self._proxy and request.url.startswith("https:")
        return Failure.PROXY if proxied and failure in (Failure.NO_SUCH_HOST, Failure.NO_CONNECTION) else failure


async def _forget_location(response: "httpx.Response") -> None:
    """httpx reads where a redirect leads even though it must not go there, and stumbles over a bad address."""
    response.headers.pop("location", None)


def _failure(error: Exception) -> Failure:
    """By the types in the chain, never by a text: texts can hold the key."""
    import h11
    import httpx

    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(chain) < 10:
        chain.append(link)
        link = link.__cause__ or link.__context__
    kinds: list[tuple[type[BaseException] | tuple[type[BaseException], ...], Failure]] = [
        # before TLS: what is late in a handshake has an SSLWantReadError among its causes
        ((httpx.ConnectTimeout, httpx.PoolTimeout), Failure.CONNECT_TIMEOUT),
        (httpx.TimeoutException, Failure.TIMEOUT),
        (httpx.ProxyError, Failure.PROXY),
        (ssl.SSLError, Failure.TLS),
        (socket.gaierror, Failure.NO_SUCH_HOST),
        (httpx.ConnectError, Failure.NO_CONNECTION),
        (h11.RemoteProtocolError, Failure.NOT_HTTP),
        ((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError), Failure.CUT),
    ]
    return next((kind for types, kind in kinds if any(isinstance(each, types) for each in chain)), Failure.NOT_HTTP)


def _tls_context(ca_bundle: str) -> ssl.SSLContext | None:
    """Our own: `ssl.create_default_context` would write session keys to SSLKEYLOGFILE, and trust SSL_CERT_FILE.

    What the file at OPENSSL_CONF may say to every context is said anew: with Debian's Python it could otherwise bring
    back suites without encryption and without certificates.
    """
    import certifi

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options &= ~_UNSAFE_OPTIONS
    try:
        context.load_verify_locations(ca_bundle or certifi.where())
    except (OSError, ValueError):
        return None
    return context
