"""`arka-tui restore FILE`."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from arka_tui.cli.arguments import Command, Parser, Ways, file
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import Terminal, open_with
from arka_tui.errors import TerminalUnfit
from arka_tui.store import backup
from arka_tui.store.backup import Present, Restored
from arka_tui.store.glance import Condition, Glance, count
from arka_tui.store.state import State


@dataclass(frozen=True, slots=True)
class Options:
    file: Path
    yes: bool
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "restore",
        "[--yes] FILE",
        "Puts the backup FILE in the vault's place. First it opens all of it; then it tells what is there now and what "
        "will be, and asks.",
        "What was there is kept beside it, under a name that it tells. Afterwards the vault opens with the passphrase "
        "of the backup. Sessions that have the vault open notice, and lock.\n\n"
        "Where it is not restored, nothing has changed.",
        (Exit.FAILED, Exit.WRONG_PASSPHRASE, Exit.CONFLICT, Exit.DAMAGED, Exit.NO_TERMINAL, Exit.NOT_SAVED),
    )
    parser.add_argument("file", metavar="FILE", type=file, help="a backup, or a copy of a vault")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to replace what is there")
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Exit code: 0 restored, 1 not. Raises: as the deeds of `store/backup.py`, and TerminalUnfit."""
    paths, output = desk.paths, Output.nowhere() if options.json else desk.output
    seen = backup.read(options.file)
    here = backup.present(paths)
    state = open_with(lambda way: backup.verify(seen, way), options.ways, why=" of the backup", needed=True)
    if state is None:
        output.say("Nothing was changed: without it the backup cannot be verified.")
        return 1
    if here.main.raw == here.mirror.raw == seen.raw:
        output.tell(Sign.GOOD, "the vault holds just this already; nothing was changed")
        if options.json:
            desk.output.json(_record(state, None))
        return 0
    output.row(Sign.NOTE, "now", _told(here, state))
    output.row(Sign.GOOD, "then", f"generation {state.generation}, {count(len(state.entries), 'key')}; each opens")
    if not here.nothing and not options.yes:
        output.say("What is there now will be kept beside it.")
        output.flush()
        if not _agreed():
            output.say("Nothing was changed.")
            return 1
    done = backup.restore(paths, state, here)
    if options.json:
        desk.output.json(_record(state, done))
    return _tell(done, here, output)


def _record(state: State, done: Restored | None) -> dict[str, object]:
    kept = [str(path) for path in done.kept] if done else []
    return {"restored": done is not None, "generation": state.generation, "keys": len(state.entries), "kept": kept}


def _told(here: Present, state: State) -> str:
    newest: Glance | None = here.newest
    if here.nothing:
        return "no vault"
    if newest is None or newest.document is None:
        harmed = here.main if here.main.condition is not Condition.MISSING else here.mirror
        return f"{harmed.path}, {harmed.condition.value}"
    same = newest.document.store_id == state.store_id
    kind = "the same vault" if same else "another vault"
    return f"{kind}, generation {newest.generation}, {count(len(newest.document.records), 'key')}"


def _agreed() -> bool:
    terminal = Terminal.find()
    if terminal is None:
        raise TerminalUnfit("there is no terminal to ask on whether to replace the vault", "--yes does not ask")
    try:
        return terminal.ask("Replace it? Type yes: ").lower() == "yes"
    finally:
        terminal.close()


def _tell(done: Restored, here: Present, output: Output) -> int:
    output.tell(Sign.GOOD, f"restored: {here.main.path}")
    output.say("It opens with the passphrase of the backup.", 2)
    for path in done.kept:
        output.tell(Sign.NOTE, f"kept: {path}")
    if done.kept:
        output.say("What was there, sealed as it was. When you are sure that you do not need it:", 2)
        output.say("rm " + " ".join(shlex.quote(str(path)) for path in done.kept), 2)
    if done.incomplete:
        output.tell(Sign.BAD, f"{done.incomplete}; arka-tui doctor tells more")
    return Exit.NOT_SAVED if done.incomplete else Exit.DONE


RESTORE = Command(_parser, Options, _run)
