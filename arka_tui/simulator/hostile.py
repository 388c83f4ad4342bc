"""What a hostile provider, or whoever stands in its place, may answer: bytes on the wire, verbatim.

    PAYLOADS    texts that steer a terminal, pose as markup, hide, or flood
    FIELDS      the places of an answer whose text is shown
    attacks()   every attack by name: redirects, echoes of the key, bombs, cuts, drips, broken HTTP and JSON

`Simulator.issue("openai", "gzip bomb")` gives a key that is attacked at every request, `"paid gzip bomb"` one whose
free requests are answered as a valid key's. Attacks on TLS need certificates, so they live with the tests.
"""

import gzip
import html
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import chain, cycle, repeat
from urllib.parse import quote

from arka_tui.simulator.situations import End, Pause, RawBody, Reply, Request, Situation, Wire, everywhere

PAID = "paid "
"""Before an attack's name: only the paid requests are attacked."""


class Says(Enum):
    """What an honest reader takes from the answer, hostile as it is."""

    NOTHING = auto()
    INVALID = auto()
    """It is whole, and refuses the key as documented."""
    DOWN = auto()
    """Its status is a server's own trouble."""
    RAN = auto()
    """To a paid request it is a success; to a free one it says nothing that is sure."""


@dataclass(frozen=True, slots=True)
class Attack:
    answer: Callable[[Request], Reply]
    says: Says = Says.NOTHING


# ---------------------------------------------------------------------- texts

PAYLOADS: Mapping[str, str] = {
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "clipboard, ended by ST": "\x1b]52;c;b3duZWQ=\x1b\\",
    "clipboard in C1": "\x9d52;c;b3duZWQ=\x9c",
    "clipboard asked for": "\x1b]52;c;?\x07",
    "title": "\x1b]0;owned\x07",
    "title told back": "\x1b[21t",
    "icon": "\x1b]1;owned\x1b\\",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\look\x1b]8;;\x1b\\",
    "notification": "\x1b]9;owned\x07\x1b]777;notify;a;b\x07",
    "image": "\x1b]1337;File=inline=1:AAAA\x07\x1b_Gf=24;AAAA\x1b\\\x1bPq#0~\x1b\\",
    "colours of the terminal": "\x1b]4;1;#000000\x07\x1b]10;#000\x07\x1b]11;#000\x07",
    "string without end": "\x1b]0;owned",
    "device control": "\x1bP$qm\x1b\\\x1bP+q544e\x1b\\",
    "application and privacy strings": "\x1b_owned\x1b\\\x1b^owned\x1b\\\x1bXowned\x1b\\",
    "clear": "\x1b[2J\x1b[H\x1b[3J",
    "hard reset": "\x1bc\x1b[!p",
    "cursor": "\x1b[7777;7777H\x1b[1A\x1b[6n",
    "screen switch": "\x1b[?1049l\x1b[?1049h",
    "hidden text": "\x1b[8mhidden\x1b[28m\x1b[5;31mloud",
    "modes": "\x1b[?2004l\x1b[?1000h\x1b[?25l\x1b[4h\x1b[20h",
    "answers to questions": "\x1b[c\x1b[5n\x1b[?6n\x1b[>q\x05",
    "character sets": "\x1b(0lqk\x1b(B\x0e\x0f",
    "tmux": "\x1bPtmux;\x1b\x1b]52;c;b3duZWQ=\x07\x1b\\\x1bkowned\x1b\\",
    "C1": "\x9b2J\x9b31m\x90q\x9c\x85\x8d\x84",
    "NUL, BEL, BS, DEL": "a\x00b\x07c\x08d\x7fe\x1a",
    "line ends": "one\r\ntwo\rthree\nfour\x0bfive\x0csix\x85seven\u2028eight\u2029nine",
    "overwritten by CR": "the key is fine\rthe key is gone",
    "tabs": "a\tb\t\t\tc",
    "closing tag": "[/x] [/] [/bold]",
    "click": "[@click=app.quit]click[/]",
    "click that types": "[@click=app.simulate_key('d')]click[/]",
    "link": "[link=https://evil.example]click[/link] [link='x']",
    "style": "[bold red on white]loud[/] [blink]b[/blink] [not a style]",
    "half a tag": "[bold [[ \\[ [/ [b",
    "escaped markup": "\\[bold] \\\\[/x] $v {x} %s {{0}}",
    "Rich emoji and variables": ":skull: $primary [$error]x[/]",
    "Markdown and HTML": "**b** `c` [a](https://evil.example) <b>x</b> <script>x</script>",
    "right to left": "\u202egnp.exe\u202c \u2067a\u2069 \u200fb \u061cc",
    "right-to-left letters": "\u05d0\u05d1\u05d2 abc \u0627\u0644\u0639",
    "zero width": "ze\u200bro\u200c\u200d\u2060\ufeff wi\u00addth\u180e",
    "invisible letters": "a\u3164b\u115fc\u1160d\uffa0e\u2800f\u034fg\u17b4h\ufe0fi",
    "tags and variations": "x\U000e0041\U000e007f\U000e0100\ufe0e",
    "marks without end": "Z" + "\u0301\u0334\u0489" * 400,
    "private and unassigned": "\ue000\U000f0000\ufffe\U0010ffff\ufdd0",
    "surrogates": "\ud800\udfff \udc1b[2J x",
    "wide": "\u6f22\U0001f9d1\u200d\U0001f680\U0001f1e9\U0001f1ea" * 60,
    "long": "x" * 5000,
    "blank": " \u00a0\u2003\u3000\t ",
    "empty": "",
    "naughty strings": "undefined null NaN -1 1e309 ../../etc/passwd $(id) `id` %00 ${HOME} '; DROP TABLE x;--",
    "escapes in letters": "\\u001b]0;owned\\u0007 \\033[2J ^[[2J &#27;[2J %1b[2J",
}

_RATE_HEADERS = [
    f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens")
]
_RUN = b'{"object": "list", "data": [{"embedding": [0.1]}], "choices": [{"message": {"content": "hi"}}]}'
_REFUSAL = json.dumps({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}).encode()
"""What must never be read out of half an answer, or out of an answer to somebody else."""

FIELDS: Mapping[str, Callable[[str], Reply]] = {
    "message": lambda text: Reply(401, {"error": {"message": text, "type": text, "code": "?", "param": text}}),
    "code": lambda text: Reply(401, {"error": {"message": "", "code": text, "type": text, "status": text}}),
    "detail": lambda text: Reply(422, {"detail": [text, text]}),
    "bare error": lambda text: Reply(500, {"error": text}),
    "title of a page": lambda text: Reply(502, _page(f"<html><title>{text}</title>"), {"Content-Type": "text/html"}),
    "page": lambda text: Reply(200, _page(f"<h1>{text}</h1>")),
    "model": lambda text: Reply(200, {"data": [{"id": f"gpt-5-nano{text}", "name": text}, {"id": text}]}),
    "facts": lambda text: Reply(200, {"data": {"limit": 5, "limit_reset": text, "expires_at": text, "label": text}}),
    "limits": lambda text: _raw(b"200 OK", _RUN, dict.fromkeys(_RATE_HEADERS, text)),
    "reason and headers": lambda text: _raw(
        b"429 " + _line(text), b"{}", {"Retry-After": text, "X-Request-Id": text, "Content-Type": text}
    ),
}
"""A reply that has the text in one kind of place."""
_SAID_IN = {
    **dict.fromkeys(("message", "code"), Says.INVALID),
    **dict.fromkeys(("bare error", "title of a page"), Says.DOWN),
    **dict.fromkeys(("model", "limits"), Says.RAN),
}


def _page(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _line(text: str) -> bytes:
    """As much of a text as HTTP carries in one line."""
    return text.encode("utf-8", "replace").replace(b"\r", b" ").replace(b"\n", b" ").replace(b"\0", b" ")


# ---------------------------------------------------------------------- the wire


def _raw(status: bytes, body: bytes = b"{}", headers: Mapping[str, str] | None = None, *, length: bool = True) -> Reply:
    """A whole answer whose status line and headers are taken as they are."""
    lines = [b"HTTP/1.1 " + status, *(name.encode() + b": " + _line(value) for name, value in (headers or {}).items())]
    lines += [b"Content-Length: %d" % len(body)] if length else []
    return wire([b"\r\n".join(lines) + b"\r\n\r\n" + body])


def wire(pieces: Wire, *, kept: bool = False) -> Reply:
    return Reply(0, RawBody(pieces, kept))


def _always(reply: Reply, says: Says = Says.NOTHING) -> Attack:
    return Attack(lambda _: reply, says)


def _bytes(*pieces: bytes, says: Says = Says.NOTHING) -> Attack:
    return _always(wire(pieces), says)


def _json(text: bytes, status: bytes = b"200 OK", says: Says = Says.NOTHING) -> Attack:
    return _always(_raw(status, text), Says.DOWN if status.startswith(b"5") else says)


def _endless(first: bytes, again: bytes, pause_s: float = 0) -> Attack:
    """Without a pause: as fast as the client reads."""

    def pieces() -> Iterator[bytes | Pause | End]:
        yield first
        while True:
            yield again
            if pause_s:
                yield Pause(pause_s)

    return Attack(lambda _: wire(pieces()))


_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_DRIP_S = 0.01


def _redirects() -> Iterator[tuple[str, Attack]]:
    def to(status: int, place: Callable[[Request], str]) -> Attack:
        return Attack(lambda request: _raw(b"%d Moved" % status, b"", {"Location": place(request)}))

    places: dict[str, Callable[[Request], str]] = {
        "the same host": lambda r: "/elsewhere",
        "another host": lambda r: f"{r.elsewhere}/stolen",
        "another host with the key": lambda r: f"{r.elsewhere}/stolen?key={r.key}",
        "another host, scheme left out": lambda r: f"//{r.elsewhere.partition('//')[2]}/stolen",
        "another host as https": lambda r: f"https://{r.elsewhere.partition('//')[2]}/stolen",
        "a host with the key as its name": lambda r: f"http://{r.key}.example/",
        "a user": lambda r: f"http://user:{r.key}@{r.elsewhere.partition('//')[2]}/",
        "a file": lambda r: "file:///etc/passwd",
        "script": lambda r: "javascript:alert(1)",
        "itself": lambda r: r.path,
        "nowhere": lambda r: "",
        "no address": lambda r: "http://[::\x1b]0;owned\x07",
        "an address of bytes": lambda r: "http://\udcff\u202e/",
    }
    for status in (300, 301, 302, 303, 304, 305, 307, 308, 399):
        for name, place in places.items():
            yield f"redirect {status} to {name}", to(status, place)
    for header in ("Refresh", "Content-Location", "Link", "Alt-Svc", "X-Accel-Redirect"):
        yield f"{header} to another host", _hint(header)


def _hint(header: str) -> Attack:
    """A header that leads elsewhere without being a redirect."""
    return Attack(lambda r: _raw(b"200 OK", b"{}", {header: f'h2="{r.elsewhere}"; 0;url={r.elsewhere}/stolen'}))


def dressed(key: str) -> dict[str, str]:
    """A key as a server may write it to get it past whoever looks for it."""
    plain = key.encode()
    return {
        "plain": key,
        "a half": key[: len(key) // 2],
        "pieces of ten": " ".join(key[i : i + 10] for i in range(0, len(key), 10)),
        "spaced": " ".join(key),
        "dotted": ".".join(key),
        "zero-width": "\u200b".join(key),
        "escaped": "\x1b[0m".join(key),
        "lines": "\r\n".join(key),
        "reversed": key[::-1],
        "upper case": key.upper(),
        "swapped case": key.swapcase(),
        "base64": b64encode(plain).decode(),
        "base64, 1 on": b64encode(b"x" + plain).decode(),
        "base64, 2 on": b64encode(b"xx" + plain).decode(),
        "base64 for URLs": b64encode(plain, b"-_").decode().rstrip("="),
        "hex": plain.hex(),
        "upper-case hex": plain.hex().upper(),
        "hex with colons": plain.hex(":"),
        "URL": "".join(f"%{byte:02X}" for byte in plain),
        "URL, plain": quote(key),
        "backslashes": "".join(f"\\x{byte:02x}" for byte in plain),
        "Unicode escapes": "".join(f"\\u{byte:04x}" for byte in plain),
        "HTML": "".join(f"&#{byte};" for byte in plain),
        "HTML in hex": "".join(f"&#x{byte:x};" for byte in plain),
        "HTML, plain": html.escape(key),
        "full width": "".join(chr(byte + 0xFEE0) for byte in plain),
        "numbers": " ".join(str(byte) for byte in plain),
        "many": f"{key} " * 200,
    }


def _echoes() -> Iterator[tuple[str, Attack]]:
    def said(status: int, dress: str) -> Attack:
        def answer(request: Request) -> Reply:
            text = dressed(request.key or "")[dress]
            return Reply(status, {"error": {"message": f"no such key: {text} (look it up)", "type": text}})

        return Attack(answer, {200: Says.NOTHING, 401: Says.INVALID, 500: Says.DOWN}[status])

    for dress in dressed("x"):
        for status in (200, 401, 500):
            yield f"echo, {dress}, with {status}", said(status, dress)
    places: dict[str, Callable[[bytes], Wire]] = {
        "reason": lambda key: [b"HTTP/1.1 401 " + key + b"\r\nContent-Length: 0\r\n\r\n"],
        "status line": lambda key: [key + b"\r\n\r\n"],
        "header": lambda key: [_HEAD + b"X-Key: " + key + b"\r\nContent-Length: 2\r\n\r\n{}"],
        "header name": lambda key: [_HEAD + key + b": x\r\nContent-Length: 2\r\n\r\n{}"],
        "header without a colon": lambda key: [_HEAD + key + b"\r\n\r\n"],
        "length": lambda key: [_HEAD + b"Content-Length: " + key + b"\r\n\r\n{}"],
        "coding": lambda key: [_HEAD + b"Content-Encoding: " + key + b"\r\nContent-Length: 2\r\n\r\n{}"],
        "transfer coding": lambda key: [_HEAD + b"Transfer-Encoding: " + key + b"\r\n\r\n{}"],
        "type": lambda key: [_HEAD + b"Content-Type: text/" + key + b"\r\nContent-Length: 2\r\n\r\n{}"],
        "cookie": lambda key: [_HEAD + b"Set-Cookie: " + key + b"=" + key + b"\r\nContent-Length: 2\r\n\r\n{}"],
        "chunk length": lambda key: [_CHUNKED + key + b"\r\n{}\r\n0\r\n\r\n"],
        "chunk extension": lambda key: [_CHUNKED + b"2;a=" + key + b"\r\n{}\r\n0\r\n\r\n"],
        "trailer": lambda key: [_CHUNKED + b"2\r\n{}\r\n0\r\nX-Key: " + key + b"\r\n\r\n"],
        "interim answer": lambda key: [
            b"HTTP/1.1 103 " + key + b"\r\nX-Key: " + key + b"\r\n\r\n" + _HEAD + b"Content-Length: 2\r\n\r\n{}"
        ],
        "title": lambda key: [b"HTTP/1.1 502 x\r\nContent-Length: %d\r\n\r\n<title>" % (len(key) + 7) + key],
        "limits": lambda key: [
            _HEAD
            + b"".join(name.encode() + b": " + key + b"\r\n" for name in _RATE_HEADERS)
            + b"Content-Length: %d\r\n\r\n" % len(_RUN)
            + _RUN
        ],
        "wait": lambda key: [b"HTTP/1.1 429 x\r\nRetry-After: " + key + b"\r\nContent-Length: 2\r\n\r\n{}"],
    }

    def echo(pieces: Callable[[bytes], Wire], says: Says) -> Attack:
        return Attack(lambda request: wire(pieces((request.key or "").encode())), says)

    for place, pieces in places.items():
        yield f"echo in the {place}", echo(pieces, {"title": Says.DOWN, "limits": Says.RAN}.get(place, Says.NOTHING))
    model = '{"data": [{"id": "%s", "pricing": {"prompt": "0.00000001", "completion": "0.00000001"}}]}'
    yield "echo as a model", Attack(lambda r: _raw(b"200 OK", (model % r.key).encode()), Says.RAN)
    facts = '{"data": {"limit": "%s", "limit_reset": "%s", "usage": 1}}'
    yield "echo as a fact", Attack(lambda r: _raw(b"200 OK", (facts % (r.key, r.key)).encode()))


@cache
def _bomb() -> bytes:
    """64 KiB that unfold to 64 MiB."""
    return gzip.compress(b"[" * (64 << 20), 6)


def _bombs() -> Iterator[tuple[str, Attack]]:
    for coding in ("gzip", "br", "deflate", "zstd", "x-gzip", "GZIP", "compress", "identity, gzip", "gzip, gzip", "?"):
        yield (
            f"{coding} bomb",
            _always(_raw(b"200 OK", _bomb(), {"Content-Encoding": coding})),
        )
    yield "gzip that nobody announced", _json(gzip.compress(b"{}"))
    yield "deflate that nobody announced", _json(zlib.compress(b"{}"))
    yield "gzip as transfer coding", _bytes(_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + _bomb())
    block = b" " * 65536
    yield "body without end", _endless(_HEAD + b"\r\n", block)
    yield "body without end, 10^18 promised", _endless(_HEAD + b"Content-Length: %d\r\n\r\n" % 10**18, block)
    yield "body just beyond the limit", _bytes(_HEAD + b"Content-Length: %d\r\n\r\n" % ((2 << 20) + 1), block * 33)
    yield "chunks without end", _endless(_CHUNKED, b"10000\r\n" + block + b"\r\n")
    yield "chunk of 16 TiB", _endless(_CHUNKED + b"fffffffffff\r\n", block)
    yield "chunk length of 1,000 digits", _bytes(_CHUNKED + b"f" * 1000 + b"\r\n{}\r\n")
    yield "chunks of one byte without end", _endless(_CHUNKED, b"1\r\n \r\n" * 4096)
    yield "chunk extensions without end", _endless(_CHUNKED + b"1;", b"x" * 65536)
    yield "large chunk extensions without end", _endless(_CHUNKED, b"1;" + b"x" * 60000 + b"\r\n \r\n")
    yield "trailers without end", _endless(_CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Trailer: x\r\n" * 1000)
    yield "header without end", _endless(_HEAD + b"X-Pad: ", b"x" * 65536)
    yield "headers without end", _endless(_HEAD, b"X-Pad: x\r\n" * 6000)
    yield "folded header without end", _endless(_HEAD + b"X-Pad: x\r\n", b" x\r\n" * 10000)
    yield "status line without end", _endless(b"HTTP/1.1 200 ", b"x" * 65536)
    yield "bytes without line end", _endless(b"", b"\xff" * 65536)
    yield "interim answers without end", _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)
    yield "large interim answers without end", _endless(b"", b"HTTP/1.1 103 x\r\nX: " + b"x" * 60000 + b"\r\n\r\n")
    yield (
        "8,000 interim answers",
        _bytes(b"HTTP/1.1 102 x\r\n\r\n" * 8000 + _HEAD + b"Content-Length: 2\r\n\r\n{}"),
    )
    yield "2,000 cookies", _bytes(_HEAD + b"Set-Cookie: a=b\r\n" * 2000 + b"Content-Length: 2\r\n\r\n{}")
    yield "2,000 headers", _bytes(_HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(2000)) + b"\r\n")


def _drips() -> Iterator[tuple[str, Attack]]:
    def drip(text: bytes) -> Attack:
        """Byte by byte, then its last byte for ever."""

        def pieces() -> Iterator[bytes | Pause | End]:
            for byte in chain(text, repeat(text[-1])):
                yield bytes([byte])
                yield Pause(_DRIP_S)

        return Attack(lambda _: wire(pieces()))

    yield "nothing at all", _endless(b"", b"", 1)
    yield "dripping status line", drip(b"HTTP/1.1 200 OK")
    yield "dripping header", drip(_HEAD + b"X-Pad: x")
    yield "dripping headers", _endless(_HEAD, b"X-Pad: x\r\n", _DRIP_S)
    yield "dripping body", _endless(_HEAD + b"Content-Length: 100000\r\n\r\n", b" ", _DRIP_S)
    yield "dripping chunks", _endless(_CHUNKED, b"1\r\n \r\n", _DRIP_S)
    yield "dripping chunk length", _endless(_CHUNKED, b"0", _DRIP_S)
    yield "dripping interim answers", _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", _DRIP_S)
    yield "silence within the headers", _endless(_HEAD + b"Content-", b"", 1)
    yield "silence within the body", _endless(_HEAD + b"Content-Length: 9\r\n\r\n{", b"", 1)
    yield "silence before the last chunk", _endless(_CHUNKED + b"2\r\n{}\r\n", b"", 1)


def _cuts() -> Iterator[tuple[str, Attack]]:
    """At every byte of a refusal: half of one proves nothing."""
    refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
    whole = {
        "": refused + b"Content-Length: %d\r\n\r\n" % len(_REFUSAL) + _REFUSAL,
        " of chunks": refused
        + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(_REFUSAL)
        + _REFUSAL
        + b"\r\n0\r\n\r\n",
    }
    for kind, answer in whole.items():
        for at in range(len(answer)):
            yield f"cut{kind} at byte {at}", _bytes(answer[:at])
        for at in range(0, len(answer), 20):
            yield f"reset{kind} at byte {at}", _always(wire([answer[:at], End.RESET]))


def _broken_http() -> Iterator[tuple[str, Attack]]:
    whole = b"Content-Length: %d\r\n\r\n" % len(_REFUSAL) + _REFUSAL
    refused = b"HTTP/1.1 401 Unauthorized\r\n"
    for status in (
        b"200",
        b"204",
        b"205",
        b"206",
        b"226",
        b"299",
        b"304",
        b"418",
        b"451",
        b"499",
        b"599",
        b"600",
        b"999",
    ):
        says = Says.DOWN if status.startswith(b"5") else Says.NOTHING
        yield f"bare {status.decode()}", _bytes(b"HTTP/1.1 " + status + b" x\r\nContent-Length: 0\r\n\r\n", says=says)
        yield f"{status.decode()} with a page", _json(b"<html>", status + b" x")
    for status in (b"000", b"099", b"42", b"1000", b"-01", b"4O1", b"", b"\xd9\xa4\xd9\xa0\xd9\xa1"):
        yield f"status {status!r}", _bytes(b"HTTP/1.1 " + status + b" x\r\n" + whole)
    yield "upgrade", _bytes(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n" + refused + whole)
    for line in (
        b"HTTP/0.9 401",
        b"HTTP/2 401",
        b"HTTP/2.0 401 x",
        b"HTTP/1.15 401 x",
        b"http/1.1 401 x",
        b"ICY 401 x",
    ):
        whole_all_the_same = line in (b"HTTP/0.9 401", b"HTTP/2.0 401 x")
        says = Says.INVALID if whole_all_the_same else Says.NOTHING
        yield f"status line {line.decode()}", _bytes(line + b"\r\n" + whole, says=says)
    yield "HTTP/0.9", _bytes(_REFUSAL)
    yield "preface of HTTP/2", _bytes(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    yield "settings of HTTP/2", _bytes(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    yield "greeting of SSH", _bytes(b"SSH-2.0-OpenSSH_9.2\r\n")
    yield "greeting of SMTP", _bytes(b"220 mail ESMTP\r\n")
    yield "record of TLS", _bytes(b"\x15\x03\x01\x00\x02\x02\x28")
    yield "zeros", _bytes(bytes(1000))
    yield "noise", _bytes(bytes(n * n * 31 % 251 for n in range(4000)) + b"\r\n\r\n")
    yield "request", _bytes(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    lines = {
        "without a colon": b"no colon\r\n",
        "with a blank name": b": x\r\n",
        "with a blank before the colon": b"Content-Type : x\r\n",
        "with NUL": b"X: a\0b\r\n",
        "with CR": b"X: a\rSet-Cookie: b\r\n",
        "folded first": b" folded\r\n",
        "with bytes as its name": b"\xff\xfe: x\r\n",
    }
    for name, line in lines.items():
        yield f"header {name}", _bytes(_HEAD + line + b"Content-Length: 2\r\n\r\n{}")
    lengths = (
        b"-1",
        b"+5",
        b"5, 6",
        b"0x5",
        b"1e2",
        b"",
        b"5 5",
        b"9" * 30,
        b"\xd9\xa5",
        b"5\r\nContent-Length: 6",
        b"1.0",
    )
    for length in lengths:
        yield f"length {length!r}", _bytes(refused + b"Content-Length: " + length + b"\r\n\r\n" + _REFUSAL)
    yield "length too small", _bytes(refused + b"Content-Length: 9\r\n\r\n" + _REFUSAL)
    yield "length too large", _bytes(refused + b"Content-Length: 9999\r\n\r\n" + _REFUSAL)
    for coding in (
        b"identity",
        b"chunked, chunked",
        b"xchunked",
        b"chunked\r\nTransfer-Encoding: chunked",
        b"\x0bchunked",
    ):
        yield f"transfer coding {coding!r}", _bytes(refused + b"Transfer-Encoding: " + coding + b"\r\n" + whole)
    for chunk in (b"-5", b"zz", b"0x5", b" 5", b"5 5", b"", b"5;\0"):
        yield f"chunk of {chunk!r}", _bytes(_CHUNKED + chunk + b"\r\n12345\r\n0\r\n\r\n")
    yield "chunk without its line end", _bytes(_CHUNKED + b"2\r\n{}0\r\n\r\n")
    both = b"Transfer-Encoding: chunked\r\n" + b"Content-Length: 5\r\n\r\n"
    yield "length and chunks", _bytes(_HEAD + both + b"2\r\n{}\r\n0\r\n\r\n")
    yield (
        "interim answer that refuses",
        _bytes(b"HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\n" + _HEAD + b"Content-Length: 2\r\n\r\n{}"),
    )


def _waits() -> Iterator[tuple[str, Attack]]:
    waits = ("-1", "0x10", "1e9", "99999999999999999999", "inf", "NaN", "20; x", "\uff11\uff12", " ", "7" * 5000)
    for wait in (*waits, "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "\x1b[2J20", "20, 30"):
        body = json.dumps({"error": {"message": f"slow down, try again in {wait}s", "code": "slow_down"}}).encode()
        yield (
            f"wait of {wait[:30]!r}",
            _always(_raw(b"429 x", body, {"Retry-After": wait})),
        )


def _broken_json() -> Iterator[tuple[str, Attack]]:
    value = b'{"x": %s}'
    values = {
        "NaN": b"NaN",
        "infinities": b"[Infinity, -Infinity]",
        "1e999999": b"[1e999999, -1e999999, 1e-999999]",
        "an exponent of 5,000 digits": b"1e" + b"9" * 5000,
        "an integer of 5,000 digits": b"9" * 5000,
        "an integer of a million digits": b"9" * 1_000_000,
        "a fraction of a million digits": b"0." + b"9" * 1_000_000,
        "a string of a million letters": b'"' + b"x" * 1_000_000 + b'"',
        "arrays within arrays": b"[" * 1_000_000 + b"]" * 1_000_000,
        "objects within objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        "900 arrays": b"[" * 900 + b"]" * 900,
        "100,000 objects": b"[" + b'{"a":1},' * 100_000 + b"1]",
        "600,000 arrays": b"[" + b"[]," * 600_000 + b"1]",
        "100,000 names": b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b"}",
        "lone surrogates": b'"\\ud800 \\udfff \\ud800\\ud800"',
        "NUL": b'"\\u0000"',
        "bad escapes": b'"\\x1b"',
        "raw controls": b'"\x1b[2J"',
        "invalid UTF-8": b'"\xff\xfe\xc0\x80\xed\xa0\x80"',
    }
    for name, text in values.items():
        yield f"JSON with {name}", _json(value % text)
    error = '{"error": {"message": "x"}}'
    encodings = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig")
    for encoding in encodings:
        yield f"JSON in {encoding}", _json(error.encode(encoding))
    for name, text in {
        "nothing": b"",
        "blanks": b" \r\n\t",
        "null": b"null",
        "a number": b"7",
        "a string": b'"ok"',
        "an empty list": b"[[]]",
        "two documents": b"{}{}",
        "single quotes": b"{'error': 1}",
        "a comment": b"/* */ {}",
        "half a document": b'{"error": {"mess',
        "a prefix": b")]}',\n{}",
        "events": b"data: {}\n\ndata: [DONE]\n\n",
        "an error and its opposite": b'{"error": {"code": "invalid_api_key"}, "error": null}',
    }.items():
        yield f"JSON of {name}", _json(text)
    wrong: tuple[object, ...] = (None, True, 0, -1, 1.5, "", "x", [], [[]], {}, {"a": {}}, [None], ["x", 1, {}], 10**30)
    for at in ("message", "type", "code", "param", "metadata", "status", "availability", "error_type", "detail"):
        for kind, each in enumerate(wrong):
            body = json.dumps({"error": {"message": "x", "code": "?", at: each}}).encode()
            yield f"error of 200 whose {at} is wrong, {kind}", _json(body)
    for kind, each in enumerate(wrong[3:]):  # the first three are no error
        yield f"error that is wrong, {kind}", _json(json.dumps({"error": each, "x": 1}).encode(), b"400 x")
        yield f"choices that are wrong, {kind}", _json(json.dumps({"choices": each and {"0": each}}).encode())
    limits = ("limit", "limit_remaining", "usage", "is_free_tier", "is_management_key", "expires_at", "budgets")
    for at in limits:
        for kind, each in enumerate(({}, [[]], "x" * 9999, True, -1, 10**30, "1e999999", "NaN", {"a": 1})):
            yield f"{at} that is wrong, {kind}", _json(json.dumps({"data": {at: each}}).encode(), b"203 x")
    yield "error of 200 as documented", _json(b'{"error": {"message": "no such key", "code": 401}}', says=Says.INVALID)


def _poison() -> Iterator[tuple[str, Attack]]:
    """One request, two answers: the second must never be taken for the answer to the next key's request."""
    fine = _HEAD + b"Content-Length: 2\r\n\r\n{}"
    second = b"HTTP/1.1 401 x\r\nContent-Length: %d\r\n\r\n" % len(_REFUSAL) + _REFUSAL
    for name, first in {
        "": fine,
        " after chunks": _CHUNKED + b"2\r\n{}\r\n0\r\n\r\n",
        " after 204": b"HTTP/1.1 204 x\r\n\r\n",
        " after 304": b"HTTP/1.1 304 x\r\n\r\n",
    }.items():
        yield f"second answer{name}", _always(wire([first + second], kept=True))
        yield (
            f"second answer{name}, later",
            _always(wire([first, Pause(_DRIP_S), second], kept=True)),
        )
    cookies = b'Set-Cookie: id=1; Path=/\r\nSet-Cookie: id2=2; Domain=127.0.0.1\r\nAlt-Svc: h2=":1"\r\n'
    cookies += b'Strict-Transport-Security: max-age=9\r\nClear-Site-Data: "*"\r\nKeep-Alive: timeout=99\r\n'
    yield "cookies", _always(wire([_HEAD + cookies + b"Content-Length: 2\r\n\r\n{}"], kept=True))
    for name, header in {
        "basic": "WWW-Authenticate: Basic realm=x",
        "digest": 'WWW-Authenticate: Digest realm="x", nonce="x"',
        "proxy": "Proxy-Authenticate: Basic realm=x",
    }.items():
        status = b"407 x" if name == "proxy" else b"401 x"
        yield (
            f"challenge, {name}",
            _always(_raw(status, b"{}", {header.partition(": ")[0]: header.partition(": ")[2]})),
        )


def _texts() -> Iterator[tuple[str, Attack]]:
    """Not all times all, which says no more: every payload as a message, and through the other places in turn."""
    for payload, text in PAYLOADS.items():
        yield f"{payload} as message", _always(FIELDS["message"](text), Says.INVALID)
    others = cycle(field for field in FIELDS if field != "message")
    for payload, text in PAYLOADS.items():
        for _, field in zip(range(3), others, strict=False):
            yield f"{payload} as {field}", _always(FIELDS[field](text), _SAID_IN.get(field, Says.NOTHING))


@cache
def attacks() -> Mapping[str, Mapping[str, Attack]]:
    """By kind, then by name."""
    return {
        "redirects": dict(_redirects()),
        "echoes": dict(_echoes()),
        "bombs": dict(_bombs()),
        "drips": dict(_drips()),
        "cuts": dict(_cuts()),
        "broken HTTP": dict(_broken_http()),
        "waits": dict(_waits()),
        "broken JSON": dict(_broken_json()),
        "poison": dict(_poison()),
        "texts": dict(_texts()),
    }


def situation(name: str) -> Situation | None:
    """None where there is no such attack."""
    wanted = name.removeprefix(PAID)
    attack = next((kind[wanted] for kind in attacks().values() if wanted in kind), None)
    if attack is None:
        return None
    return Situation(paid=attack.answer) if name.startswith(PAID) else everywhere(attack.answer)
