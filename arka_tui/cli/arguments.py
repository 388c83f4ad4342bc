"""What may be typed after `arka-tui`, and the pages that --help shows."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

USAGE = 2
_WIDEST = 88


@dataclass(frozen=True, slots=True)
class Options:
    command: str | None = None
    file: Path | None = None
    repair: bool = False
    force: bool = False
    yes: bool = False
    recovery: bool = False
    key_file: Path | None = None


def parse(argv: Sequence[str] | None = None) -> Options:
    """Ends the program, with 0 after --help and --version, with 2 where it makes no sense of `argv`."""
    return Options(**vars(_parser().parse_args(argv)))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="arka-tui",
        usage="arka-tui [command]",
        description="Keep, test and use the API keys of your AI providers, in a terminal, over SSH.\n\n"
        "Without a command it opens your vault.",
        epilog="arka-tui COMMAND --help tells more of each. ARKA_HOME=FOLDER keeps everything in FOLDER.",
    )
    commands = parser.add_subparsers(dest="command", metavar="command", prog="arka-tui", parser_class=_Parser)
    commands.add_parser(
        "demo",
        help="try it without a key: a throw-away vault against a built-in simulator",
        usage="arka-tui demo",
        description="A throw-away vault with keys in every state, against a simulator on this machine. "
        "Nothing is sent anywhere, and nothing is kept.",
    )
    _add_doctor(commands.add_parser("doctor", help="tell what state the vault or a backup is in, and repair"))
    _add_backup(commands.add_parser("backup", help="copy the vault to a file, encrypted as it is"))
    _add_restore(commands.add_parser("restore", help="put a backup in the vault's place"))
    parser.add_argument("--version", action="version", version=f"arka-tui {version('arka-tui')}", help="its version")
    return parser


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.usage = "arka-tui doctor [--repair | FILE]"
    parser.description = (
        "Tells what state the vault is in, and all that belongs to it: its second copy, lock, test log, settings, and "
        "who may read and write them. With the passphrase it opens every key, to see that it opens, and shows none. "
        "Without --repair it changes nothing.\n\n"
        "With FILE, it verifies that backup, or any vault file, by decrypting all of it."
    )
    parser.epilog = (
        "The passphrase is asked for on the terminal; Enter skips it. Without a terminal it tells what can be seen "
        "without the passphrase, and says so.\n\n"
        "--repair does what loses nothing: file modes, left-overs of saves that were cut off, and a copy that is "
        "missing, damaged or outdated, from the other one, which the passphrase must prove good. A damaged vault is "
        "kept beside the new one.\n\n"
        "Exit code: 0 nothing is wrong, 1 something is, or the passphrase was, 2 used wrongly."
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("file", metavar="FILE", type=_file, nargs="?", help="a backup, or any vault file")
    either.add_argument("--repair", action="store_true", help="mend what can be mended without losing anything")
    _add_ways(parser)


def _add_backup(parser: argparse.ArgumentParser) -> None:
    parser.usage = "arka-tui backup [--force] FILE"
    parser.description = (
        "Copies the vault to FILE, encrypted as it is, byte for byte. In a folder it makes a file that is named by "
        "date and generation."
    )
    parser.epilog = (
        "A backup opens with the passphrase and the recovery code of the day it was made, also after you change "
        "them. A key that you delete later lives on in it.\n\n"
        "On a terminal it asks for the passphrase, and verifies the backup by opening every key in it; Enter skips "
        "that. Without a terminal it asks nothing, so it works from cron:\n\n"
        "    arka-tui backup --force /mnt/backup/arka.toml\n\n"
        "arka-tui doctor FILE verifies a backup at any time; arka-tui restore FILE puts it back.\n\n"
        "Exit code: 0 the backup is there, 1 it is not, or does not verify, 2 used wrongly."
    )
    parser.add_argument("file", metavar="FILE", type=_file, help="a file that is not there yet, or a folder")
    parser.add_argument("--force", action="store_true", help="replace FILE, if it is an older backup of this vault")
    _add_ways(parser)


def _add_restore(parser: argparse.ArgumentParser) -> None:
    parser.usage = "arka-tui restore [--yes] FILE"
    parser.description = (
        "Puts the backup FILE in the vault's place. First it opens all of it; then it tells what is there now and what "
        "will be, and asks."
    )
    parser.epilog = (
        "What was there is kept beside it, under a name that it tells. Afterwards the vault opens with the passphrase "
        "of the backup. Sessions that have the vault open notice, and lock.\n\n"
        "Exit code: 0 restored, 1 not restored, and nothing has changed, 2 used wrongly, or no terminal to ask on."
    )
    parser.add_argument("file", metavar="FILE", type=_file, help="a backup, or a copy of a vault")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to replace what is there")
    _add_ways(parser)


def _add_ways(parser: argparse.ArgumentParser) -> None:
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--recovery", action="store_true", help="ask for the recovery code, not the passphrase")
    ways.add_argument("--key-file", metavar="PATH", type=_file, help="open it with this key file, and ask nothing")


def _file(text: str) -> Path:
    if text == "-":
        raise argparse.ArgumentTypeError("standard input and output are not supported: name a file")
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("this is no name of a file")
    return Path(text).absolute()


class _Parser(argparse.ArgumentParser):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, formatter_class=_Page, allow_abbrev=False, add_help=False)
        self.add_argument("-h", "--help", action="help", help="this page")

    def error(self, message: str) -> NoReturn:
        from arka_tui.secret import redact
        from arka_tui.text import safe

        # The message quotes what was typed, and somebody may have typed a key.
        sys.stderr.write(f"arka-tui: error: {safe(redact(message), 500)}\narka-tui: hint: {self.prog} --help\n")
        sys.exit(USAGE)


class _Page(argparse.HelpFormatter):
    """Paragraphs stay apart, an indented line stays as it is, and all fits the terminal."""

    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size().columns, _WIDEST) - 1
        super().__init__(prog, max_help_position=20 if width > 50 else 6, width=width)

    def start_section(self, heading: str | None) -> None:
        super().start_section({"positional arguments": None, "options": None}.get(heading or "", heading))

    def _format_action(self, action: argparse.Action) -> str:
        commands = list(self._iter_indented_subactions(action))
        return "".join(map(self._format_action, commands)) or super()._format_action(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(each if each.startswith("    ") else textwrap.fill(each, width) for each in paragraphs)
