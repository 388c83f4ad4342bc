"""What the commands print: few lines, clean of escapes, in colour only where somebody looks."""

import io
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TextIO

from arka_tui.links import linked
from arka_tui.secret import MASK, redact
from arka_tui.text import ASCII_SIGNS, safe

_LONGEST = 8000
_WIDEST = 100
_NARROW = 60
_NAME_COLUMNS = 12
_GAP = "  "
_LEAST_CELL = 22
"""A wider column gives way down to this."""
_LEAST_LAST = 10
"""And the last one down to this, before it goes."""
_QUOTED = re.compile(r"'[^']*'")
_KEY_SIZED = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}")


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
        self._pages: frozenset[str] = frozenset()

    @classmethod
    def nowhere(cls) -> "Output":
        """For the lines of a command that answers in JSON."""
        return cls(io.StringIO(), {})

    def link(self, pages: frozenset[str]) -> None:
        """What may be a link from now on, on a terminal; for one that knows links."""
        self._pages = pages if self._columns else frozenset()

    def say(self, text: str = "", indent: int = 0, *, pages: Sequence[str] = ()) -> None:
        """`pages` of the text become links."""
        self._write("", text, " " * indent, " " * indent, pages=pages)

    def tell(self, sign: Sign, text: str, *, pages: Sequence[str] = ()) -> None:
        self._write(sign.value[0], text, " ", "  ", sign, pages)

    def mark(self, mark: str, text: str, sign: Sign | None) -> None:
        """As `tell`, with a mark of its own."""
        self._write(mark, text, " ", "  ", sign)

    def labelled(self, label: str, text: str) -> None:
        self._write(label, safe(text, 500), "", "  ")

    def row(self, sign: Sign, name: str, text: str, remedy: str = "") -> None:
        """A named line of a table, and under it what to do."""
        if self._columns and self._columns < _NARROW:
            first, rest = f" {name}: ", "    "
        else:
            first, rest = f" {name:<{_NAME_COLUMNS}} ", " " * (_NAME_COLUMNS + 3)
        self._write(sign.value[0], text, first, rest, sign)
        if remedy:
            self._write("", remedy, rest, rest)

    def pairs(self, pairs: Sequence[tuple[str, str]], indent: int = 2, *, pages: Sequence[str] = ()) -> None:
        """Names and values, the values below each other. `pages` among the values become links."""
        wide = max((columns_of(name) for name, _ in pairs), default=0) + 2
        for name, value in pairs:
            self._write(" " * indent + fitted(safe(name), wide), value, "", " " * (indent + wide), pages=pages)

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        signs: Sequence[Sign | None] = (),
        *,
        marks: Sequence[str] = (),
        cut_left: Collection[str] = (),
    ) -> None:
        """On a terminal aligned, under `heads`; where that is too narrow, the widest column gives way, then the last.
        Else one line a row, its cells separated by tabs, for `cut` and `awk`.

        On a terminal a row begins with its mark, and `signs` colour the first character of it. A column whose head is
        in `cut_left` keeps its end, as the name of a file does.
        """
        clean = [[safe(cell, _LONGEST).replace("\t", " ") for cell in row] for row in rows]
        if not self._columns:
            for row in clean:
                self._line("\t".join(row))
            return
        for row, mark in zip(clean, marks, strict=False):
            row[0] = f"{mark} {row[0]}"
        wanted = [max(map(columns_of, cells)) for cells in zip(heads, *clean, strict=True)]
        columns = _columns_within(wanted, self._columns - 1)
        for number, row in enumerate([list(heads), *clean]):
            cells = zip(heads, row, columns, strict=False)
            line = _GAP.join(fitted(cell, wide, left=head in cut_left) for head, cell, wide in cells).rstrip()
            self._line(line, signs[number - 1] if number and signs else None, bold=not number)

    def verbatim(self, text: str) -> None:
        """As it is: a text that is ours from end to end."""
        self._stream.write(self._encodable(text))

    def json(self, value: object) -> None:
        """One document, for programs: moments in UTC as ISO 8601, amounts as numbers. ASCII, whatever the terminal."""
        import json

        self._stream.write(json.dumps(value, default=_plain, indent=2 if self._columns else None) + "\n")

    def passing(self, text: str = "") -> None:
        """A line that the next one takes the place of: how far it is. Without a text it is gone. In a pipe nothing."""
        if self._columns:
            self._stream.write(f"\r{self._encodable(fitted(safe(text), self._columns - 1))}\r")
            self._stream.flush()

    @property
    def watched(self) -> bool:
        """Whether somebody looks: it is a terminal."""
        return self._columns > 0

    def flush(self) -> None:
        self._stream.flush()

    def _write(
        self, mark: str, text: str, first: str, rest: str, sign: Sign | None = None, pages: Sequence[str] = ()
    ) -> None:
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
        for page in self._pages.intersection(pages):
            line = linked(line, page)
        self._line(line, sign)

    def _line(self, line: str, sign: Sign | None = None, *, bold: bool = False) -> None:
        line = self._encodable(line)
        if sign and self._colour and line:
            line = f"\x1b[{sign.value[1]}m{line[0]}\x1b[0m{line[1:]}"
        if bold and self._colour:
            line = f"\x1b[1m{line}\x1b[0m"
        self._stream.write(line.rstrip() + "\n")

    def _encodable(self, line: str) -> str:
        if not self._plain:
            return line
        return line.translate(ASCII_SIGNS).encode(self._encoding, "replace").decode(self._encoding)


def _columns_within(wanted: Sequence[int], room: int) -> list[int]:
    """How wide each column is; of the last ones there may be none."""
    for count in range(len(wanted), 1, -1):
        columns = list(wanted[:count])
        while (over := sum(columns) + len(_GAP) * (count - 1) - room) > 0:
            widest = max(columns)
            if widest > _LEAST_CELL:
                columns[columns.index(widest)] -= 1
            elif columns[-1] - over >= _LEAST_LAST:
                columns[-1] -= over
            else:
                break
        else:
            return columns
    return [min(wanted[0], room)]


def columns_of(text: str) -> int:
    """How many a terminal gives it."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def fitted(text: str, columns: int, *, left: bool = False) -> str:
    """Filled up with spaces, or cut, with a sign of that; `left`: its end stays."""
    if columns_of(text) <= columns:
        return text + " " * (columns - columns_of(text))
    while text and columns_of(text) >= columns:
        text = text[1:] if left else text[:-1]
    cut = f"…{text}" if left else f"{text}…"
    return cut + " " * (columns - columns_of(cut))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError


def complain(error: str, hint: str) -> None:
    """The two lines of an error, on standard error. What they quote was typed, and somebody may have typed a key."""
    stream = Output(sys.stderr or io.StringIO(), os.environ)
    stream.labelled("arka-tui: error: ", _without_keys(error))
    if hint:
        stream.labelled("arka-tui: hint: ", _without_keys(hint))


def _without_keys(text: str) -> str:
    """Keys of a known shape are masked anywhere; within quotes also a long word of letters and digits."""
    return _QUOTED.sub(lambda quoted: _KEY_SIZED.sub(MASK, quoted[0]), redact(text))
