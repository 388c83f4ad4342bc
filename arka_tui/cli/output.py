"""What the commands print: few lines, clean of escapes, in colour only where somebody looks."""

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

from arka_tui.text import safe

_LONGEST = 8000
_WIDEST = 100
_NARROW = 60
_NAME_COLUMNS = 12
_ASCII = str.maketrans({"✓": "+", "✗": "x", "…": ".", "·": ".", "–": "-", "’": "'", "“": '"', "”": '"'})


class Sign(Enum):
    """The sign and its colour."""

    GOOD = ("✓", "32")
    NOTE = ("!", "33")
    BAD = ("✗", "31")


class Output:
    """All text passes `safe`, so a path or a key's name cannot steer the terminal. Not for secrets: nothing is."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        watched = stream.isatty()
        self._columns = min(shutil.get_terminal_size().columns, _WIDEST) if watched else 0
        self._colour = watched and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self._encoding = stream.encoding or "ascii"
        self._plain = self._encoding.lower().replace("-", "") != "utf8"

    @classmethod
    def standard(cls) -> "Output":
        return cls(sys.stdout, os.environ)

    def say(self, text: str = "", indent: int = 0) -> None:
        self._write("", text, " " * indent, " " * indent)

    def tell(self, sign: Sign, text: str) -> None:
        self._write(sign.value[0], text, " ", "  ", sign)

    def row(self, sign: Sign, name: str, text: str, remedy: str = "") -> None:
        """A named line of a table, and under it what to do."""
        if self._columns and self._columns < _NARROW:
            first, rest = f" {name}: ", "    "
        else:
            first, rest = f" {name:<{_NAME_COLUMNS}} ", " " * (_NAME_COLUMNS + 3)
        self._write(sign.value[0], text, first, rest, sign)
        if remedy:
            self._write("", remedy, rest, rest)

    def flush(self) -> None:
        self._stream.flush()

    def _write(self, mark: str, text: str, first: str, rest: str, sign: Sign | None = None) -> None:
        line = mark + first + safe(text, _LONGEST)
        if self._columns:
            # Neither words nor paths are cut: what is to be copied stays whole.
            wrapped = textwrap.wrap(
                line,
                self._columns - 1,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
                drop_whitespace=True,
            )
            line = "\n".join(wrapped)
        if self._plain:
            line = line.translate(_ASCII).encode(self._encoding, "replace").decode(self._encoding)
        if sign and self._colour:
            line = f"\x1b[{sign.value[1]}m{line[0]}\x1b[0m{line[1:]}"
        self._stream.write(line.rstrip() + "\n")
