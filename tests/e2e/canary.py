"""Texts that exist nowhere else, and the search for any part of them in any dress."""

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from arka_tui.secret import HINT_CHARS, PIECE_CHARS
from tests.e2e.terminal import without_sequences


def _base64_at(alignment: int, alphabet: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """What a piece of text looks like within a longer text that is base64, whatever stands around it."""

    def dress(piece: bytes) -> bytes:
        encoded = alphabet(bytes(alignment) + piece)
        return encoded[-(-alignment * 8 // 6) : (alignment + len(piece)) * 8 // 6]

    return dress


def _escaped(before: bytes) -> Callable[[bytes], bytes]:
    return lambda piece: b"".join(before + b"%02x" % byte for byte in piece)


DRESSES: Mapping[str, Callable[[bytes], bytes]] = {
    "raw": lambda piece: piece,
    "lower case": bytes.lower,
    "reversed": lambda piece: piece[::-1],
    "hex": binascii.hexlify,
    "upper-case hex": lambda piece: binascii.hexlify(piece).upper(),
    "URL": lambda piece: _escaped(b"%")(piece).upper(),
    "lower-case URL": _escaped(b"%"),
    "\\x": _escaped(rb"\x"),
    "\\u": _escaped(rb"\u00"),
    "UTF-16": lambda piece: b"".join(bytes([byte, 0]) for byte in piece),
    "decimal": lambda piece: b"".join(b"%d" % byte for byte in piece),
    **{f"base64, {n} on": _base64_at(n, base64.b64encode) for n in range(3)},
    **{f"URL-safe base64, {n} on": _base64_at(n, base64.urlsafe_b64encode) for n in range(3)},
}
_BLOCK_BYTES = 1 << 19


class Search:
    """Looks for many texts in one pass. `texts` maps the name under which one is told to all its spellings."""

    def __init__(self, texts: Mapping[str, Iterable[str | bytes]]) -> None:
        self._needles: dict[bytes, set[tuple[str, bytes]]] = {}
        for name, spellings in texts.items():
            for spelling in spellings:
                raw = spelling.encode() if isinstance(spelling, str) else spelling
                for at in range(len(raw) - PIECE_CHARS + 1):
                    self._add(name, raw[at : at + PIECE_CHARS])
        self._longest = max((len(needle) for kin in self._needles.values() for _, needle in kin), default=0)

    def _add(self, name: str, piece: bytes) -> None:
        for dress, dressed in DRESSES.items():
            needle = dressed(piece)
            self._needles.setdefault(needle[:PIECE_CHARS], set()).add((f"{name}{dress}", needle))

    def found_in(self, place: str, hay: bytes) -> list[str]:
        """Where any eight characters of any of them are, each dress once. Looks also between escapes and blanks."""
        bare = without_sequences(hay)
        return sorted(
            {
                f"{place}: {name}"
                for stack in {hay, bare, re.sub(rb"[^A-Za-z0-9_-]", b"", bare)}
                for at in range(0, len(stack), _BLOCK_BYTES)
                for name in self._in_block(stack[at : at + _BLOCK_BYTES + self._longest])
            }
        )

    def _in_block(self, block: bytes) -> Iterable[str]:
        starts = {block[at : at + PIECE_CHARS] for at in range(len(block) - PIECE_CHARS + 1)}
        return [name for start in starts & self._needles.keys() for name, n in self._needles[start] if n in block]

    def found_in_files(self, paths: Iterable[Path]) -> list[str]:
        """Contents and names."""
        found = [
            self.found_in(str(path), str(path).encode() + b"\n" + path.read_bytes()) for path in paths if path.is_file()
        ]
        return [place for places in found for place in places]

    def found_in_process(self, pid: int) -> list[str]:
        """Arguments and environment, of its children too; what the kernel withholds from us, it withholds from all."""
        found: list[str] = []
        for each in family(pid):
            for name in ("cmdline", "environ", "comm"):
                try:
                    found += self.found_in(f"{name} of {each}", Path(f"/proc/{each}/{name}").read_bytes())
                except (PermissionError, FileNotFoundError, ProcessLookupError):
                    continue
        return found


class Canary(Search):
    """A key, shaped as one of OpenAI. Its last four characters are what may be shown."""

    def __init__(self, prefix: str = "sk-proj-") -> None:
        self.random = secrets.token_urlsafe(36)
        self.key = prefix + self.random
        super().__init__({"": [self.random]})

    @property
    def hint(self) -> str:
        return self.key[-HINT_CHARS:]


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members
