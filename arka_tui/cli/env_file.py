"""Files of `NAME=value` lines, as dotenv reads them. A value may refer to a key of the vault: arka://openai/work."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arka_tui.errors import UsageError
from arka_tui.providers.variables import NAME
from arka_tui.store.disk import reason

_MAX_BYTES = 1_048_576
_REFERENCE = "arka://"
_LINE = re.compile(rf"\s*(?:export\s+)?({NAME.pattern})\s*=\s*(.*?)\s*")
_QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
_ESCAPED = {r"\n": "\n", r"\r": "\r", r"\t": "\t"}


@dataclass(frozen=True, slots=True)
class Line:
    place: str
    """File and line, for errors. The value is in none: it may be a key."""
    name: str
    value: str
    number: int = 0

    @property
    def reference(self) -> str:
        """The key that is meant, or nothing."""
        return self.value.removeprefix(_REFERENCE) if self.value.startswith(_REFERENCE) else ""


def read(file: Path) -> tuple[Line, ...]:
    """Raises: UsageError."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {file}") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from None
    if len(raw) > _MAX_BYTES:
        raise UsageError(f"{file} is larger than {_MAX_BYTES // 1_048_576} MiB")
    return parse(file, raw)


def parse(file: Path, raw: bytes) -> tuple[Line, ...]:
    """What `read` makes of a file with this in it. Raises: UsageError."""
    try:
        return tuple(_lines(file, raw.decode()))
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8") from None


def _lines(file: Path, text: str) -> Iterator[Line]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place = f"{file}, line {number}"
        found = _LINE.fullmatch(line)
        value = _value(found[2]) if found else None
        if found is None or value is None or "\0" in value:
            raise UsageError(f"{place}: this is no NAME=value", "quotes end on the line on which they begin")
        yield Line(place, found[1], value, number)


def _value(text: str) -> str | None:
    """Without its quotes, or a comment after it; None where a quote has no end."""
    if not text.startswith(("'", '"')):
        return re.split(r"(?:^|\s+)#", text, maxsplit=1)[0]
    quoted = _QUOTED.match(text)
    if quoted is None or not re.fullmatch(r"\s*(#.*)?", text[quoted.end() :]):
        return None
    if quoted[1] is not None:
        return quoted[1]
    return re.sub(r"\\.", lambda escape: _ESCAPED.get(escape[0], escape[0][1]), quoted[2])
