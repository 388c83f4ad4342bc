"""A key that exists nowhere else, and the search for any part of it in any dress."""

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


DRESSES: Mapping[str, Callable[[bytes], bytes]] = {
    "raw": lambda piece: piece,
    "lower case": bytes.lower,
    "reversed": lambda piece: piece[::-1],
    "hex": binascii.hexlify,
    "upper-case hex": lambda piece: binascii.hexlify(piece).upper(),
    "URL": lambda piece: re.sub(rb"..", rb"%\g<0>", binascii.hexlify(piece).upper()),
    "\\x": lambda piece: re.sub(rb"..", rb"\\x\g<0>", binascii.hexlify(piece)),
    "UTF-16": lambda piece: piece.decode().encode("utf-16-le"),
    **{f"base64, {n} on": _base64_at(n, base64.b64encode) for n in range(3)},
    **{f"URL-safe base64, {n} on": _base64_at(n, base64.urlsafe_b64encode) for n in range(3)},
}


class Canary:
    """Shaped as a key of OpenAI. Its last four characters are what may be shown."""

    def __init__(self) -> None:
        self.key = f"sk-proj-{secrets.token_urlsafe(36)}"
        random = self.key.removeprefix("sk-proj-").encode()
        pieces = [random[at : at + PIECE_CHARS] for at in range(len(random) - PIECE_CHARS + 1)]
        self._needles = {(name, dress(piece)) for name, dress in DRESSES.items() for piece in pieces}

    @property
    def hint(self) -> str:
        return self.key[-HINT_CHARS:]

    def found_in(self, place: str, hay: bytes) -> list[str]:
        """Where any eight characters of it are, each dress once. Looks also between escapes, blanks and dots."""
        stacks = {hay, without_sequences(hay), re.sub(rb"[^A-Za-z0-9_-]", b"", without_sequences(hay))}
        return sorted(
            {f"{place}: {name}" for name, needle in self._needles if any(needle in stack for stack in stacks)}
        )

    def found_in_files(self, paths: Iterable[Path]) -> list[str]:
        """Contents and names."""
        found = [self.found_in(str(path), str(path).encode() + path.read_bytes()) for path in paths if path.is_file()]
        return [place for places in found for place in places]

    def found_in_process(self, pid: int) -> list[str]:
        """Arguments and environment, of its children too; what the kernel withholds from us, it withholds from all."""
        found: list[str] = []
        for each in _family(pid):
            for name in ("cmdline", "environ"):
                try:
                    found += self.found_in(f"{name} of {each}", Path(f"/proc/{each}/{name}").read_bytes())
                except PermissionError:
                    continue
        return found


def _family(pid: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family
