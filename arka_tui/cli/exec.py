"""`arka-tui exec`: run a command with keys in its environment, and nowhere else."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from arka_tui.cli import child, env_file
from arka_tui.cli.arguments import Command, Parser, Ways, file
from arka_tui.cli.desk import Desk
from arka_tui.cli.environment import MARKER, Environment
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.fitness import Demand, fit
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Sign
from arka_tui.errors import UsageError
from arka_tui.providers.variables import NAME
from arka_tui.secret import KEYLESS


@dataclass(frozen=True, slots=True)
class Renamed:
    variable: str
    name: str
    """Of the key."""


@dataclass(frozen=True, slots=True)
class ExecOptions:
    names: Sequence[str]
    renamed: Sequence[Renamed]
    env_file: Path | None
    dialect: str | None
    require_ok: bool
    min_credit: Decimal | None
    masking: bool
    nested: bool
    command: Sequence[str]
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "exec",
        "-k KEY [options] [-- COMMAND …]",
        "Runs a command with keys in its environment, in the variables where programs of their provider look; other "
        "values of these are cleared away. Without a command it starts $SHELL. The keys are on no command line and "
        "in no file, and gone when the command ends; until then it, whatever it starts, you and root can read them. "
        "To the command the vault is locked, whatever arka-tui unlock opened.",
        "KEY is provider/label. A provider alone means its only key, or the one labelled main.\n\n"
        "    arka-tui exec -k openai/work -- python app.py\n"
        "    arka-tui exec -k anthropic -k groq/ci -- npm test\n"
        "    arka-tui exec -k groq --as openai -- ./made-for-openai\n"
        "    arka-tui exec --env LLM_KEY=openai/work -- ./job\n"
        "    arka-tui exec -k openrouter --min-credit 2 -- ./nightly\n\n"
        "A file for --env-file holds no secret, so it can be committed:\n\n"
        "    OPENAI_API_KEY=arka://openai/work\n"
        "    LOG_LEVEL=debug\n\n"
        "Output that goes to a file or a pipe is passed on with every key in it masked; it must stand there as it is, "
        "not encoded. A terminal gets it unchanged. What the command leaves in the background is waited for as long as "
        "it can still write there; with --no-masking it is not.\n\n"
        "Where the command ran, the exit code is the command's, or 128+n when signal n ended it.",
        (Exit.FAILED, *OPENING, Exit.NETWORK, Exit.REFUSED, Exit.NOT_STARTED, Exit.NO_COMMAND),
    )
    parser.add_argument(
        "-k", "--key", dest="names", metavar="KEY", action="append", default=[], help="a key; may be repeated"
    )
    parser.add_argument(
        "--env",
        dest="renamed",
        metavar="NAME=KEY",
        action="append",
        type=_renamed,
        default=[],
        help="a key in a variable of your choice, and nothing beside; may be repeated",
    )
    parser.add_argument(
        "--env-file", metavar="FILE", type=file, help="lines of NAME=value; arka://KEY as a value stands for the key"
    )
    parser.add_argument(
        "--as",
        dest="dialect",
        choices=("openai",),
        help="give the keys of -k to programs made for OpenAI, with the address of their provider",
    )
    parser.add_argument(
        "--require-ok",
        action="store_true",
        help="refuse if the last test, or one now if that is an hour old, says that a key does not work, is out of "
        "credit, or ends within a day",
    )
    parser.add_argument(
        "--min-credit",
        metavar="USD",
        type=_amount,
        help="refuse unless the provider says that a key has so much left; tests as --require-ok",
    )
    parser.add_argument("--no-masking", dest="masking", action="store_false", help="pass all output on as it is")
    parser.add_argument(
        "--nested", action="store_true", help="also within another exec; and the command reaches what unlock opened"
    )
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER, help="and its arguments, after --")
    parser.add_ways()
    return parser


def _exec(options: ExecOptions, desk: Desk) -> int:
    """Does not return where the command takes this process's place. Raises: ArkaError."""
    if (outer := desk.environ.get(MARKER)) and not options.nested:
        raise UsageError(f"this runs under arka-tui exec already, with {outer}", "--nested does it all the same")
    if not (options.names or options.renamed or options.env_file):
        raise UsageError("no key is named", "-k openai/work, or --env NAME=openai/work, or --env-file FILE")
    if options.dialect and not options.names:
        raise UsageError("--as says where keys of -k go, and there is no -k")
    if [*options.command] in (["--"], [""], ["--", ""]):
        raise UsageError("nothing follows --", "without -- it starts $SHELL")  # a variable that was empty
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command and not sys.stdin.isatty():
        raise UsageError("no command is named, and there is no terminal for a shell", "arka-tui exec -k KEY -- COMMAND")
    lines = env_file.read(options.env_file) if options.env_file else ()
    vault = open_vault(desk, options.ways)
    try:
        wanted = Environment(vault, desk.paths.providers)
        for line in lines:
            wanted.add_line(line)
        for name in options.names:
            wanted.add_key(name, as_openai=options.dialect == "openai")
        for each in options.renamed:
            wanted.add_renamed(each.variable, each.name)
        for warning in wanted.astray():
            desk.notes.tell(Sign.NOTE, warning)
        with fit(desk, vault, list(wanted.keys.values()), Demand(options.require_ok, options.min_credit)):
            # Here keys leave their wrapper: an environment is made of plain strings.
            keys = {variable: vault.secret(key.name).reveal() for variable, key in wanted.keys.items()}
    finally:
        vault.lock()
    environ = {**wanted.plain(desk.environ), **keys}
    if not command:
        command = [desk.environ.get("SHELL") or "/bin/sh"]
        if desk.notes.watched:
            desk.notes.tell(Sign.GOOD, f"a shell with {environ[MARKER]}; exit leaves it")
    desk.notes.flush()
    secret = [key.encode() for key in keys.values() if key != KEYLESS.reveal()]

    def masked() -> None:
        desk.notes.tell(Sign.NOTE, "a key in the output was masked; --no-masking passes it on")

    return child.start(command, environ, secret if options.masking else [], masked, keeps_session=options.nested)


def _renamed(text: str) -> Renamed:
    variable, equals, name = text.partition("=")
    if not equals or not name or not NAME.fullmatch(variable):
        raise argparse.ArgumentTypeError("it looks like NAME=provider/label")
    return Renamed(variable, name)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError("this is no amount such as 5 or 0.50")
    return amount


EXEC = Command(_parser, ExecOptions, _exec)
