"""The one wrapper for strings that must never be shown, and the one way to take them out of other text."""

import hmac
import re
import unicodedata
from typing import NoReturn

MASK = "••••"
SECRET_MIN_CHARS = 8
SECRET_MAX_CHARS = 4096
HINT_CHARS = 4
HINT_NEEDS_CHARS = 20
"""A secret shorter than this shows no hint: four of its characters would be too large a part of it."""
PIECE_CHARS = 8
"""A run of this many characters of a secret counts as a leak (providers echo parts of keys in error bodies)."""

_INVISIBLE = frozenset("\u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_VARIABLE = re.compile(r"^(?:export\s+)?[A-Z][A-Z0-9_]*\s*=\s*(?=\S)")
_BEARER = re.compile(r"^(?:authorization:\s*)?bearer\s+", re.IGNORECASE)
_KEY_LIKE = re.compile(
    r"\b(?:sk|xai|gsk|pplx|csk|hf|fw|tgp)[-_][A-Za-z0-9_\-*.]{5,}[A-Za-z0-9_\-*]|AIza[\w-]{10,}|\beyJ[\w-]{10,}\.[\w.-]+"
)
_PRINTABLE_ASCII = re.compile(r"[!-~]+")


class Secret:
    """A string that prints as dots. `reveal()` is the only way out, and the one word to grep for."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __rich_repr__(self) -> "list[str]":
        return [MASK]

    def __len__(self) -> int:
        return len(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(*(_bytes(each) for each in (self, other)))

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret cannot be hashed: it would be compared by other means than compare_digest")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    @property
    def hint(self) -> str:
        """The last four characters, or nothing where the secret is too short to spare them."""
        return self._value[-HINT_CHARS:] if len(self._value) >= HINT_NEEDS_CHARS else ""

    @property
    def problem(self) -> str:
        """Why this cannot be an API key, or nothing. Such a key is never sent: HTTP libraries quote it in errors."""
        if len(self._value) < SECRET_MIN_CHARS:
            return f"a key has at least {SECRET_MIN_CHARS} characters"
        if len(self._value) > SECRET_MAX_CHARS:
            return f"a key has at most {SECRET_MAX_CHARS:,} characters"
        if not _PRINTABLE_ASCII.fullmatch(self._value):
            return "a key has only printable ASCII characters and no spaces"
        return ""


KEYLESS = Secret("not-needed")
"""Kept for a server of one's own that asks for no key: something has to stand in the header. No secret."""


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


def tidy_paste(pasted: str) -> tuple[Secret, list[str]]:
    """The key in a pasted text, and what was removed to get it, in words for the user.

    Takes `NAME=value` and `export NAME="value"` lines, quotes, a `Bearer ` prefix, colour codes, invisible
    characters and surrounding white space. Of several lines the first that is not empty counts. What cannot be
    repaired stays, for `Secret.problem` to name.
    """
    removed: list[str] = []
    text = _ANSI.sub("", pasted)
    if text != pasted:
        removed.append("colour codes")
    shown = "".join(c for c in text if c in "\r\n\t" or (c not in _INVISIBLE and unicodedata.category(c) != "Cc"))
    if shown != text:
        removed.append("invisible characters")
    if shown.strip() != shown:
        removed.append("white space")
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    value = lines[0] if lines else ""
    if len(lines) > 1:
        removed.append("1 further line" if len(lines) == 2 else f"{len(lines) - 1} further lines")
    for pattern, what in ((_VARIABLE, "the variable name"), (_BEARER, "“Bearer”")):
        bare = pattern.sub("", value)
        if bare != value:
            removed.append(what)
            value = bare
    if value.endswith((",", ";")):
        value = value.rstrip(",; ")
        removed.append("punctuation")
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"`":
        value = value[1:-1]
        removed.append("quotes")
    return Secret(value), removed


def redact(text: str, *secrets: Secret) -> str:
    """`text` with each secret, and each run of 8 or more of its characters, turned into dots.

    The runs matter: OpenAI, DeepSeek and xAI quote a part of the key in their error bodies. Also masks what looks
    like a key of a known kind, so that somebody else's key in a hostile body is not shown either.
    """
    # All are looked for in the text as it came: a piece that is masked first could hide the rest from what follows.
    spans = [found.span() for found in _KEY_LIKE.finditer(text)]
    for value in filter(None, (secret.reveal() for secret in secrets)):
        size = min(len(value), PIECE_CHARS)
        pieces = {value[i : i + size] for i in range(len(value) - size + 1)}
        spans += [(i, i + size) for i in range(len(text) - size + 1) if text[i : i + size] in pieces]
    hit = [False] * len(text)
    for start, end in spans:
        hit[start:end] = [True] * (end - start)
    return re.sub("\0+", MASK, "".join("\0" if marked else c for c, marked in zip(text, hit, strict=True)))
