"""`arka-tui export FILE`: chosen keys, for another vault or another machine."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from arka_tui.cli.arguments import Command, Parser, Ways, descriptor, file
from arka_tui.cli.choosing import at_the_terminal, new_passphrase, strength_of
from arka_tui.cli.chosen import chosen, refuse_no_choice
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import read_passphrase
from arka_tui.errors import UsageError
from arka_tui.secret import Secret
from arka_tui.store import bundle
from arka_tui.store.slots import kdf_cost
from arka_tui.telling import words


@dataclass(frozen=True, slots=True)
class Options:
    file: Path
    names: Sequence[str]
    all: bool
    force: bool
    bundle_passphrase_fd: int | None
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "export",
        "[--force] FILE (NAME… | --all)",
        "Puts chosen keys into FILE, each sealed anew, for another vault, another machine or a colleague. FILE is a "
        "small vault of the same format, with a passphrase of its own, which is asked for twice, and without a "
        "recovery code. Your own passphrase does not open it, and nothing in it, as it lies there, tells which vault "
        "it is from. The vault is not changed.",
        "Whoever has FILE and its passphrase has these keys: tell the passphrase by another way than the one the file "
        "takes, and delete the file when it has arrived. Changing a key at its provider is what takes it back.\n\n"
        "On the other side:\n\n"
        "    arka-tui import FILE\n\n"
        "arka-tui doctor FILE verifies it at any time. To keep all you have safe, arka-tui backup is the better "
        "command.",
        (Exit.NO_TERMINAL, Exit.NOT_SAVED, *OPENING),
    )
    parser.add_argument("file", metavar="FILE", type=file, help="a file that is not there yet")
    parser.add_argument("names", metavar="NAME", nargs="*", help="provider/label, or a provider for all keys of it")
    parser.add_argument("--all", action="store_true", help="every key in the vault")
    parser.add_argument("--force", action="store_true", help="replace FILE, if that has exported keys")
    parser.add_argument(
        "--bundle-passphrase-fd",
        metavar="N",
        type=descriptor,
        help="FILE's passphrase is the first line of this file descriptor, and is not asked for",
    )
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: as `open_vault` and `bundle.write`; CredentialNotFound, TerminalUnfit."""
    refuse_no_choice(options.names, every=options.all)
    bundle.look_ahead(desk.paths, options.file, force=options.force)
    with ExitStack() as stack:
        terminal = None
        if options.bundle_passphrase_fd is None:
            terminal = stack.enter_context(at_the_terminal("ask for the passphrase of the file"))
        vault = open_vault(desk, options.ways)
        keys = chosen(vault, options.names, every=options.all)
        if not keys:
            raise UsageError("there is no key to export", "arka-tui add stores one")
        if terminal:
            passphrase = new_passphrase(terminal, f" of {options.file.name}")
        else:
            passphrase = _read(options.bundle_passphrase_fd or 0)
    if passphrase is None:
        desk.notes.say("Nothing was exported.")
        return Exit.FAILED
    incomplete = bundle.write(vault, desk.paths, keys, passphrase, options.file, kdf_cost(), force=options.force)
    if options.json:
        desk.output.json({"file": str(options.file), "keys": [each.name for each in keys]})
    output = Output.nowhere() if options.json else desk.output
    output.tell(Sign.GOOD, str(options.file))
    output.say(f"{words.counted(len(keys), 'key')}: {words.named([each.name for each in keys], 10)}.", 2)
    output.say("Whoever has this file and its passphrase has these keys.", 2)
    output.say("arka-tui import FILE puts them into another vault.", 2)
    if incomplete:
        desk.notes.tell(Sign.BAD, incomplete)
    return Exit.NOT_SAVED if incomplete else Exit.DONE


def _read(fd: int) -> Secret:
    passphrase = read_passphrase(fd)
    strength_of(passphrase)
    return passphrase


EXPORT = Command(_parser, Options, _run)
