"""The words in which a provider's answers are written down, and what any server can do wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TypeAlias


class Manner(Enum):
    """How a reply goes out."""

    PLAIN = auto()
    SLOW = auto()
    """Late, but whole."""
    GZIP = auto()
    DRIP = auto()
    """Its body byte by byte, then blanks without end."""
    CUT = auto()
    """Half of the promised bytes, then the connection ends."""


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


class End(Enum):
    RESET = auto()
    """The connection is thrown away, not closed."""


Wire: TypeAlias = Iterable[bytes | Pause | End]


@dataclass(frozen=True, slots=True)
class RawBody:
    """All that goes over the wire, status line and headers too, piece by piece."""

    wire: Wire
    kept: bool = False
    """The connection stays open for the next request."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Below the provider's base, without the query: "/models"."""
    headers: Mapping[str, str]
    """Names in lower case; what holds the key has no value."""
    key: str | None = field(repr=False)
    body: object
    """As parsed from JSON; None where there was none, or no JSON."""
    elsewhere: str = ""
    """A server to which a hostile one may want to lead its clients."""
    query: Mapping[str, str] = field(default_factory=dict)

    def param(self, name: str) -> object:
        return self.body.get(name) if isinstance(self.body, dict) else None


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: object
    """Bytes go out as they are, anything else as JSON; a `RawBody` is a whole answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.PLAIN


Answer: TypeAlias = Reply | Callable[[Request], Reply | None] | None
"""None: as a valid key is answered."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is the matter with a key, its account or its provider."""

    free: Answer = None
    """To requests that cost nothing."""
    paid: Answer = None
    """To requests that run a model."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """Where the provider's account of the key differs from a valid one's."""
    manner: Manner = Manner.PLAIN

    def reply(self, request: Request, as_valid: Callable[[Request], Reply]) -> Reply:
        answer = self.paid if request.method == "POST" else self.free
        reply = answer if answer is None or isinstance(answer, Reply) else answer(request)
        return replace(reply or as_valid(request), manner=self.manner)


def everywhere(answer: Answer) -> Situation:
    return Situation(free=answer, paid=answer)


@dataclass(frozen=True, slots=True)
class Provider:
    base: str
    situations: Mapping[str, Situation]
    make_key: Callable[[str, str], str]
    """(seed, situation) to a key of the provider's shape; the same each time."""
    answer: Callable[[Request, Situation | None], Reply]
    """The situation is None where the key is unknown."""


ESCAPES = (
    "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b[H\x9b31m\x00\x7f \u202egnp.exe\u202c ze\u200bro\ufeff "
    "[/x] [@click=app.quit]x[/] [bold red]\r\nforged line\ttab e" + "\u0301" * 40 + " \ud800 "
)
"""Title, clipboard, clear, C1, NUL, DEL, bidi, zero-width, markup, new lines, combining marks, a lone surrogate."""


def hostile(key: str) -> str:
    """`ESCAPES`, and the key so often that a text cut before it is redacted ends within a key."""
    return f"bad key {key} {chr(0x200B).join(key)} {ESCAPES}" + f"{key} " * 100


HOSTILE_HEADER = "\x1b]0;owned\x07\x9b31m[/x][@click=app.quit]x[/]"

_WRONG: tuple[object, ...] = (None, 7, True, [], {})


def hostile_models(key: str) -> list[object]:
    return [
        *(
            {"id": text, "name": text, "shutdown_date": text, "pricing": {"prompt": text}}
            for text in ESCAPES.split(" ")
        ),
        {"id": hostile(key), "name": "long" * 5000},
        *({"id": wrong, "created": "noon", "shutdown_date": wrong, "pricing": wrong} for wrong in _WRONG),
        {"id": "costly", "pricing": {"prompt": "NaN", "completion": "1e999999999"}, "architecture": "text->text"},
        *({}, [], None, "not an object"),
    ]


_WRONG_TYPES = {
    **{"label": 7, "limit": "much", "limit_remaining": [], "limit_reset": {}, "expires_at": 12},
    **{"usage": float("nan"), "usage_daily": float("inf"), "usage_weekly": True, "usage_monthly": {"a": 1}},
    **{"is_free_tier": "no", "is_management_key": [], "budgets": "none", "effective_budget": [7]},
}
_WRONG_ERROR = {"message": ["a"], "type": 7, "param": {}, "code": {"a": 1}, "metadata": "none"}
_HTML = {"Content-Type": "text/html"}

ANY_SERVER: dict[str, Situation] = {
    "slow": Situation(manner=Manner.SLOW),
    "gzip": Situation(manner=Manner.GZIP),
    "drip": Situation(manner=Manner.DRIP),
    "cut": Situation(manner=Manner.CUT),
    "huge": everywhere(lambda _: Reply(200, {"object": "list", "data": [], "padding": "x" * (8 << 20)})),
    "redirect": everywhere(Reply(302, b"", {"Location": "/elsewhere"})),
    "error_500_html": everywhere(Reply(500, b"<html><body><h1>500 Internal Server Error</h1></body></html>", _HTML)),
    "not_json": everywhere(Reply(200, b"<html><body>Welcome to the hotel's Wi-Fi</body></html>", _HTML)),
    "deep_json": everywhere(Reply(200, b"[" * 100_000 + b"]" * 100_000)),
    "wrong_types": Situation(
        free=Reply(200, {"object": 7, "data": _WRONG_TYPES}), paid=Reply(400, {"error": _WRONG_ERROR})
    ),
    "teapot": everywhere(Reply(418, {"teapot": {"short": True, "stout": True}})),
}
