"""Finds the vault's own keys in a text, by their fingerprints: the keys themselves stay sealed."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from arka_tui.secret import HINT_CHARS, HINT_NEEDS_CHARS, MASK, SECRET_MAX_CHARS, SECRET_MIN_CHARS, Secret

MOST_TRIES = 20_000
"""In one file. An ordinary one needs a few; one that was made to keep us busy is given up."""
_MOST_STARTS = 24
"""For one likely end of a key."""
_FEW = 48
_MOST_REMEMBERED = 200_000
_START = re.compile(rb"\\[nrt]|%[0-9A-Fa-f]{2}|[^0-9A-Za-z._~+-]")
"""After this a key may begin: after a quote, an equals sign, an escaped line end."""
_PARTED_BY = [
    bytes(32 if re.match(separators, bytes([byte])) else byte for byte in range(256))
    for separators in (rb"[^!-~]", rb"[^!-~]|[\"'=`]", rb"[^0-9A-Za-z._~+/-]")
]
"""What stands around a short key: white space; also quotes and equals signs; all that is seldom in a key."""
_RUN = re.compile(rb"(?<![!-~])[!-~]{%d,}+" % HINT_NEEDS_CHARS)
"""So long, and of what a key is made, is the least in which there is one that shows a hint."""


@dataclass(frozen=True, slots=True)
class Match:
    start: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    found: list[Match]
    """In no order."""
    complete: bool = True
    """False where so much looked like a key that the rest was not tried: it was made for that, or is no text."""


class Matcher:
    """Cheap first: only what ends as one of the keys does has its fingerprint made."""

    def __init__(self, keys: Sequence[tuple[str, str, str]], fingerprint: Callable[[Secret], str]) -> None:
        """`keys` are name, hint and fingerprint of each. A key with no hint is a short one."""
        self._names: dict[str, tuple[str, ...]] = {}
        for name, _, mark in keys:
            self._names[mark] = (*self._names.get(mark, ()), name)
        self._hints = {hint.encode() for _, hint, _ in keys if hint}
        last = b"".join(sorted({re.escape(hint[-1:]) for hint in self._hints}))
        self._last = re.compile(b"[%s](?![0-9A-Za-z])" % last) if last else None
        """Where a key may end: within a word none does."""
        few = b"|".join(map(re.escape, self._hints)) if len(self._hints) <= _FEW else b""
        self._few = re.compile(b"[%s](?![0-9A-Za-z])(?<=%s)" % (last, few)) if few else None
        """Where one of them does, as long as that is quicker than to look each end up."""
        self._short = any(not hint for _, hint, _ in keys)
        self._fingerprint = fingerprint
        self._strangers: set[bytes] = set()
        """Short words that are none of the keys: the same ones come again and again."""

    def matches(self, raw: bytes) -> "Matches":
        found = self._by_length(raw) if self._short else []
        tries = 0
        for end in self._ends(raw):
            for start in _starts(raw, end):
                if names := self._holders(raw[start:end]):
                    found.append(Match(start, end, names))
                    break
                tries += 1
            if tries > MOST_TRIES:
                return Matches(found, complete=False)
        return Matches(found)

    def _ends(self, raw: bytes) -> Iterator[int]:
        """Where it ends as one of the keys does, from the beginning on: in one pass, however many keys there are."""
        if self._few:
            yield from (found.end() for found in self._few.finditer(raw))
        elif self._last:
            for run in _RUN.finditer(raw):
                for last in self._last.finditer(raw, *run.span()):
                    if raw[last.end() - HINT_CHARS : last.end()] in self._hints:
                        yield last.end()

    def masked(self, text: str) -> str:
        """Without any of the keys: for what is told, such as the name of a file."""
        raw = text.encode("utf-8", "surrogateescape")
        for key in [raw[match.start : match.end] for match in self.matches(raw).found]:
            raw = raw.replace(key, MASK.encode())
        return raw.decode("utf-8", "surrogateescape")

    def _by_length(self, raw: bytes) -> list[Match]:
        words = set().union(*(raw.translate(table).split() for table in _PARTED_BY)) - self._strangers
        words = {word for word in words if SECRET_MIN_CHARS <= len(word) < HINT_NEEDS_CHARS}
        ours = {word: names for word in words if (names := self._holders(word))}
        if len(self._strangers) > _MOST_REMEMBERED:
            self._strangers.clear()
        self._strangers |= words - ours.keys()
        spans = [(found.span(), names) for word, names in ours.items() for found in re.finditer(re.escape(word), raw)]
        return [Match(*span, names) for span, names in spans]

    def _holders(self, word: bytes) -> tuple[str, ...]:
        return self._names.get(self._fingerprint(Secret(word.decode("ascii", "replace"))), ())


def _starts(raw: bytes, end: int) -> list[int]:
    """Where a key that ends here may begin: after the last white space, and after what parts words, from the end."""
    run = end - len(raw[max(0, end - SECRET_MAX_CHARS) : end].rsplit(None, 1)[-1])
    nearest = [match.end() for match in _START.finditer(raw, run, end)][: -_MOST_STARTS - 1 : -1]
    return [start for start in dict.fromkeys([*nearest, run]) if end - start >= HINT_NEEDS_CHARS]
