"""Reads files of anybody's making: regular ones only, of bounded size, and whatever is in them it raises nothing."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from arka_tui.plaintext.places import Kind, Place
from arka_tui.secret import Secret

MOST_BYTES = 1 << 20
MOST_HISTORY_BYTES = 16 << 20
"""A history grows for years, and is where most keys are left behind."""
_LOOKED_AT_BYTES = 8192
"""In so much of its beginning a binary file has a zero byte; git judges the same way."""
_MOST_CHARS = 4096
_MOST_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Text:
    place: Place
    raw: bytes = field(repr=False)
    info: os.stat_result = field(repr=False)

    @property
    def path(self) -> Path:
        return self.place.path

    @property
    def identity(self) -> tuple[int, int]:
        """The same for two names of one file."""
        return self.info.st_dev, self.info.st_ino

    def text(self) -> str:
        """Byte for byte: what is no UTF-8 survives a way back."""
        return self.raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Unread:
    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A name and what a file or the environment says it is: a key, or anything else."""

    place: Place | None
    """None is the environment."""
    line: int
    variable: str
    """With the names around it where there are some: `openai.key`."""
    value: Secret
    span: tuple[int, int] = (0, 0)
    """Where the value is in the file's text."""


def read(place: Place) -> Text | Unread | None:
    """None where there is no such file."""
    path = place.path
    try:
        # Looked at before it is opened: to open a device can already do something.
        if trouble := _trouble(path.stat(), place.kind):
            return Unread(path, trouble)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return Unread(path, _reason(error))
    try:
        with os.fdopen(fd, "rb") as file:
            info = os.fstat(fd)
            if trouble := _trouble(info, place.kind):
                return Unread(path, trouble)
            raw = file.read(_most(place.kind) + 1)
    except OSError as error:
        return Unread(path, _reason(error))
    if len(raw) > _most(place.kind):
        return Unread(path, _too_large(place.kind))
    if b"\0" in raw[:_LOOKED_AT_BYTES]:
        return Unread(path, "binary")
    if path.name == "fish_variables":
        raw = _FISH_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw)
    return Text(place, raw, info)


def assignments(read: Text) -> Iterator[Assignment]:
    """What is written as a name and its value: dotenv, shell, fish, JSON, YAML and TOML. Comments are left alone."""
    text, name = read.text(), read.path.name
    if text.startswith("\ufeff"):
        text = " " + text[1:]  # of the same length: what is found is found in the text as it is
    if name.endswith((".json", ".jsonc")):
        found = _in_json(text)
    elif name.endswith((".yml", ".yaml")):
        found = _in_lines(text, (_YAML, _IN_YAML_LIST))
    elif name.endswith(".toml"):
        found = _in_toml(text)
    elif read.place.kind is Kind.DOTENV:
        found = _in_lines(text, (_DOTENV,))
    else:
        found = _in_lines(text, (_SHELL, _FISH))
    lines = _Lines(text)
    for variable, start, end in found:
        value = text[start:end]
        if 0 < len(value) <= _MOST_CHARS:
            yield Assignment(read.place, lines.of(start), variable, Secret(value), (start, end))


def unclear(read: Text) -> Iterator[Assignment]:
    """Lines of a .env file whose value is not plainly one, so that it is no assignment; the value is all that follows.

    An escape is in it, or something after its end.
    """
    if read.place.kind is not Kind.DOTENV:
        return
    text = read.text()
    clear = {match.start("name") for match in _DOTENV.finditer(text)}
    lines = _Lines(text)
    for match in _DOTENV_LINE.finditer(text):
        if match.start("name") not in clear and match["value"] not in ('""', "''"):
            yield Assignment(
                read.place, lines.of(match.start("name")), match["name"], Secret(match["value"]), match.span("value")
            )


def is_reference(value: Secret) -> bool:
    """It says where the key is, and is none: `arka://…`, `op://…`, `$NAME`, `$(command)`."""
    return bool(re.match(r"[a-z]+://|\$|`", value.reveal()))


def is_placeholder(value: Secret) -> bool:
    """What examples have in a key's place."""
    return bool(_PLACEHOLDER.search(value.reveal()))


_PLACEHOLDER = re.compile(
    r"^<|>$|^\[|\.\.\.|…|\bxxx|^x+$|\*{3}|•|your|change.?me|replace|placeholder|example|dummy|insert|put.?here|todo",
    re.IGNORECASE,
)

# Possessive (`*+`): what was taken is not given back, so no text makes these slow.
_VALUE = r"""(?:"(?P<double>[^"\n]*+)"|'(?P<single>[^'\n]*+)'|(?P<bare>[^\s"'`;&|<>()]++))"""
# As dotenv has it, and to the end of the line: a part of a value must never pass for the whole. A double-quoted one
# with a backslash stands for something else than it says.
_DOTENV_VALUE = (
    r"""(?:"(?P<double>[^"\\\n]*+)"|'(?P<single>[^'\n]*+)'|(?P<bare>[^\s"'#]\S*+))(?=[ \t]*+(?:#.*+|\r)?$)"""
)
_DOTENV = re.compile(
    rf"^[ \t]*+(?:export[ \t]++)?(?P<name>[A-Za-z_][\w.-]*+)[ \t]*+=[ \t]*+{_DOTENV_VALUE}", re.MULTILINE
)
_DOTENV_LINE = re.compile(
    r"^\ufeff?[ \t]*+(?:export[ \t]++)?(?P<name>[A-Za-z_][\w.-]*+)[ \t]*+=[ \t]*+(?P<value>[^\s#].*+)$", re.MULTILINE
)
_SHELL = re.compile(rf"(?<![\w$.-])(?P<name>[A-Za-z_]\w*+)[ \t]*+=[ \t]*+{_VALUE}")
_FISH = re.compile(
    rf"(?<![\w-])(?:set(?:[ \t]++-{{1,2}}[\w-]++)*+|setenv|SETUVAR(?:[ \t]++--export)?+)[ \t]++"
    rf"(?P<name>[A-Za-z_]\w*+)[ \t:]++{_VALUE}"
)
_YAML = re.compile(
    rf"""^[ \t]*+(?:-[ \t]++)?["']?(?P<name>[A-Za-z_][\w.-]*+)["']?[ \t]*+:[ \t]++{_VALUE}""", re.MULTILINE
)
_IN_YAML_LIST = re.compile(rf"""^[ \t]*+-[ \t]++["']?(?P<name>[A-Za-z_][\w.-]*+)={_VALUE}""", re.MULTILINE)
_TOML = re.compile(
    rf"""^[ \t]*+(?:\[++(?P<section>[^\]\n]*+)\]|["']?(?P<name>[A-Za-z_][\w.-]*+)["']?[ \t]*+=[ \t]*+{_VALUE})""",
    re.MULTILINE,
)
_JSON_TOKEN = re.compile(r'"(?P<string>(?:[^"\\\n]|\\.)*+)(?P<closed>"?)|(?P<mark>[{}\[\],:])')
"""A string without an end is taken to the end of its line: else each quote in it would be tried anew."""
_FISH_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
"""fish keeps its universal variables so: a hyphen is \\x2d."""
_COMMENT = re.compile(r"[ \t]*+(?:#|//)")

_Found = Iterator[tuple[str, int, int]]
"""Name, and where the value begins and ends."""


def _in_lines(text: str, patterns: tuple[re.Pattern[str], ...]) -> _Found:
    for pattern in patterns:
        line = before = 0
        for match in pattern.finditer(text):
            # Looked for from the last match only: a line of a mebibyte may hold many.
            line, before = text.rfind("\n", before, match.start("name")) + 1 or line, match.start("name")
            if not _COMMENT.match(text, line):
                yield match["name"], *match.span(match.lastgroup or 0)


def _in_toml(text: str) -> _Found:
    section = ""
    for match in _TOML.finditer(text):
        if match["section"] is not None:
            section = match["section"].strip() + "."
        else:
            yield section + match["name"], *match.span(match.lastgroup or 0)


def _in_json(text: str) -> _Found:
    """Its strings, with the names they are under; by its marks alone: a broken file is read as far as it goes."""
    names: list[str] = []
    name, last, after_colon = "", (0, 0), False
    for match in _JSON_TOKEN.finditer(text):
        if match["mark"] is None:
            last = match.span("string")
            if after_colon and match["closed"]:
                yield ".".join(filter(None, [*names, name])), *last
                after_colon = False
        elif match["mark"] == ":":
            name, after_colon = text[slice(*last)], True
        elif match["mark"] in "{[":
            if len(names) >= _MOST_DEPTH:
                return
            names.append(name)
            name, after_colon = "", False
        else:
            after_colon = False
            if match["mark"] in "}]" and names:
                names.pop()
                name = ""


class _Lines:
    """Numbers of lines, counted from where the last one was asked for: patterns go through a text in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line = 0, 1

    def of(self, start: int) -> int:
        if start < self._at:
            self._at, self._line = 0, 1
        self._line += self._text.count("\n", self._at, start)
        self._at = start
        return self._line


def _most(kind: Kind) -> int:
    return MOST_HISTORY_BYTES if kind is Kind.HISTORY else MOST_BYTES


def _too_large(kind: Kind) -> str:
    return f"larger than {_most(kind) >> 20} MiB"


def _trouble(info: os.stat_result, kind: Kind) -> str:
    if not stat.S_ISREG(info.st_mode):
        return "a folder" if stat.S_ISDIR(info.st_mode) else "not a regular file"
    return _too_large(kind) if info.st_size > _most(kind) else ""


def _reason(error: OSError | ValueError) -> str:
    """In the system's words for its number, and never in Python's: they repeat the path."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number).lower() if number else "cannot be read"
