"""What may be typed after a command's name, and the page that --help shows of it."""

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from arka_tui.cli.exits import SAID, Exit
from arka_tui.errors import UsageError

if TYPE_CHECKING:
    from arka_tui.cli.desk import Desk

_WIDEST = 88
_KEY_SIZED = re.compile(r"[A-Za-z0-9_-]{20,}")
"""What was typed in the wrong place may be a key of any shape."""

OptionsT = TypeVar("OptionsT")


@dataclass(frozen=True, slots=True)
class Command(Generic[OptionsT]):
    """One word after `arka-tui`."""

    parser: "Callable[[], Parser]"
    options: type[OptionsT]
    """A frozen dataclass with a field for each argument of `parser`."""
    deed: "Callable[[OptionsT, Desk], int]"
    """Returns the exit code. Raises: ArkaError."""

    def run(self, argv: Sequence[str], desk: "Desk") -> int:
        """Ends the program, with 0 after --help, with 2 where it makes no sense of `argv`. Raises: ArkaError."""
        return self.deed(self.parse(argv), desk)

    def parse(self, argv: Sequence[str]) -> OptionsT:
        return self.options(**vars(self.parser().parse_args(argv)))


@dataclass(frozen=True, slots=True)
class Ways:
    """How to open the vault, where it is not to be asked for."""

    recovery: bool = False
    key_file: Path | None = None
    passphrase_fd: int | None = None


class Parser(argparse.ArgumentParser):
    def __init__(
        self, command: str, usage: str, description: str, epilog: str = "", exits: Sequence[Exit] = ()
    ) -> None:
        """`usage` is what follows the command's name. `exits` are told on the page, beside 0 and 2."""
        codes = sorted({Exit.DONE, Exit.USAGE, *exits})
        told = "\n".join(_entry(str(code.value), SAID[code]) for code in codes)
        super().__init__(
            prog=f"arka-tui {command}",
            usage=textwrap.fill(
                f"usage: arka-tui {command} {usage}".rstrip(), page_width(), subsequent_indent=" " * 9
            ).removeprefix("usage: "),
            description=description,
            epilog="\n\n".join(filter(None, [epilog, f"exit codes:\n{told}"])),
            formatter_class=Page,
            allow_abbrev=False,
            add_help=False,
        )
        self.add_argument("-h", "--help", action="help", help="this page")

    def add_json(self) -> None:
        self.add_argument("--json", action="store_true", help="JSON, with the same members in every release")

    def add_ways(self) -> None:
        """Gives `ways` among the options, a `Ways`."""
        self.set_defaults(ways=Ways())
        group = self.add_argument_group("opening the vault").add_mutually_exclusive_group()
        unset = argparse.SUPPRESS
        group.add_argument(
            "--recovery", action=_Way, nargs=0, default=unset, help="ask for the recovery code, not the passphrase"
        )
        group.add_argument(
            "--key-file", metavar="PATH", action=_Way, default=unset, type=file, help="a key file, and ask nothing"
        )
        group.add_argument(
            "--passphrase-fd",
            metavar="N",
            action=_Way,
            default=unset,
            type=descriptor,
            help="the first line of this file descriptor",
        )

    def error(self, message: str) -> NoReturn:
        from arka_tui.cli.output import complain
        from arka_tui.secret import MASK

        complain(_KEY_SIZED.sub(MASK, message), f"{self.prog} --help")
        sys.exit(Exit.USAGE)


class _Way(argparse.Action):
    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        given: dict[str, Any] = {self.dest: True if self.nargs == 0 else values}
        namespace.ways = Ways(**given)


class Page(argparse.HelpFormatter):
    """Paragraphs stay apart, an indented line stays as it is, and all fits the terminal."""

    def __init__(self, prog: str) -> None:
        width = page_width()
        super().__init__(prog, max_help_position=26 if width > 50 else 6, width=width)

    def start_section(self, heading: str | None) -> None:
        super().start_section({"positional arguments": None, "options": None}.get(heading or "", heading))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            each if _is_laid_out(each) else textwrap.fill(each, width, break_on_hyphens=False)
            for each in text.split("\n\n")
        )


def _is_laid_out(paragraph: str) -> bool:
    """Something to type, or a list."""
    return paragraph.startswith("    ") or "\n  " in paragraph


def _entry(name: str, told: str) -> str:
    return textwrap.fill(told, page_width(), initial_indent=f"  {name:<5}", subsequent_indent=" " * 7)


def page_width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST) - 1


def file(text: str) -> Path:
    """An argument's type. Made absolute, never opened."""
    if text == "-":
        raise argparse.ArgumentTypeError("standard input and output are not supported: name a file")
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("this is no name of a file")
    return Path(text).expanduser().absolute()


def seconds(text: str) -> int:
    """An argument's type: 90, 90s, 10m, 8h or 7d."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) * unit <= 31_536_000:
        raise argparse.ArgumentTypeError("must be a time such as 90s, 10m or 8h")
    return int(number) * unit


def whole(text: str) -> int:
    """An argument's type: a count."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError("must be a whole number below 1,000,000")
    return int(text)


def descriptor(text: str) -> int:
    """An argument's type: the number of a file descriptor."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError("this is no number of a file descriptor")
    return int(text)


def at_most_one(**given: bool) -> None:
    """For what argparse's groups cannot say. Raises: UsageError."""
    names = [f"--{name.replace('_', '-')}" for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise UsageError(f"{names[0]} and {names[1]} do not go together")
