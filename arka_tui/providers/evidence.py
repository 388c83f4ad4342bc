"""A provider's own words, made fit to be shown: harmless to a terminal, short, and without the key in any dress.

`redact` takes out the key as it is. Whoever wants it on the screen, or in the journal, writes it otherwise: backwards,
spaced out, in base64. Nobody can list all ways to write a key; these are the ones that a person or a tool undoes at
sight.
"""

import codecs
import re
import unicodedata
from base64 import b32encode, b64encode
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from arka_tui.secret import MASK, PIECE_CHARS, Secret, redact
from arka_tui.text import safe

EVIDENCE_CHARS = 300

_SEQUENCE = re.compile(r"␛\[[0-?]*[ -/]*[@-~]")
"""As `safe` leaves it: its letters and digits would stand between the key's."""
_SHORT_CHARS = 200
"""Most texts are shorter, and read sooner than a set of all pieces is made."""
_NO_LETTER = re.compile(r"[^a-z0-9]+")
"""In ASCII text in lower case."""


class Cleaner:
    """Made once for a check. Holds the key in its dresses as long as it lives."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._dresses: dict[int, list[str]] = defaultdict(list)
        """By how long a piece is that counts."""
        for dressed, size in _dressed(secret.reveal()):
            self._dresses[size].append(_line(dressed))

    def __call__(self, text: str) -> str:
        """One line of at most `EVIDENCE_CHARS`: first made harmless, then rid of the key, then harmless still."""
        harmless = safe(text, 4 * EVIDENCE_CHARS)
        return safe(redact(self._undisguised(harmless), self._secret), EVIDENCE_CHARS)

    def finds_key(self, text: str) -> bool:
        """In any dress."""
        return next(self._hits(_line(text)), None) is not None

    def _hits(self, line: str) -> Iterator[tuple[int, int]]:
        """Where pieces of the key are among the letters, first to last."""
        for size, dresses in self._dresses.items():
            pieces = "\n".join(dresses) if len(line) < _SHORT_CHARS else self._pieces[size]
            for at in range(len(line) - size + 1):
                if line[at : at + size] in pieces:
                    yield at, at + size - 1

    @cached_property
    def _pieces(self) -> dict[int, set[str]]:
        return {
            size: {line[at : at + size] for line in dresses for at in range(len(line) - size + 1)}
            for size, dresses in self._dresses.items()
        }

    def _undisguised(self, text: str) -> str:
        letters = _letters(_SEQUENCE.sub(lambda found: " " * len(found[0]), text))
        hit = [False] * len(text)
        for at, end in self._hits("".join(letter for _, letter in letters)):
            first, last = letters[at][0], letters[end][0]
            hit[first : last + 1] = [True] * (last + 1 - first)
        return re.sub("\0+", MASK, "".join("\0" if marked else char for char, marked in zip(text, hit, strict=True)))


def _dressed(value: str) -> Iterator[tuple[str, int]]:
    """The whole in each dress, and how long a run of letters and digits eight characters of it make there."""
    plain = value.encode("utf-8", "surrogatepass")
    yield value, PIECE_CHARS
    yield value[::-1], PIECE_CHARS
    yield codecs.encode(value, "rot13"), PIECE_CHARS
    yield plain.hex(), 2 * PIECE_CHARS
    yield "".join(f"x{byte:02x}" for byte in plain), 3 * PIECE_CHARS  # \x73, &#x73;
    yield "".join(f"u{byte:04x}" for byte in plain), 5 * PIECE_CHARS
    yield "".join(str(byte) for byte in plain), 5 * PIECE_CHARS // 2  # &#115;
    for before in range(3):  # what stands before it decides how its bits fall
        yield b64encode(bytes(before) + plain).decode(), 4 * PIECE_CHARS // 3
    for before in range(5):
        yield b32encode(bytes(before) + plain).decode(), 8 * PIECE_CHARS // 5


def _line(text: str) -> str:
    """The letters of `_letters`."""
    return _NO_LETTER.sub("", text.lower()) if text.isascii() else "".join(letter for _, letter in _letters(text))


def _letters(text: str) -> list[tuple[int, str]]:
    """Letters and digits with their places: what stays of a text whatever stands between them, in any case or width."""
    if text.isascii():
        return [(at, char.lower()) for at, char in enumerate(text) if char.isalnum()]
    folded = ((at, unicodedata.normalize("NFKC", char).casefold()) for at, char in enumerate(text))
    return [(at, letter) for at, many in folded for letter in many if letter.isalnum()]
