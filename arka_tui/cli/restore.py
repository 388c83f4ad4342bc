"""`arka-tui restore FILE`."""

import shlex

from arka_tui.cli.arguments import Options
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import Terminal, open_with
from arka_tui.errors import TerminalUnfit
from arka_tui.paths import Paths
from arka_tui.store import backup
from arka_tui.store.backup import Present, Restored
from arka_tui.store.glance import Condition, Glance, count
from arka_tui.store.state import State


def run(options: Options, paths: Paths, output: Output) -> int:
    """Exit code: 0 restored, 1 not. Raises: as the deeds of `store/backup.py`, and TerminalUnfit."""
    assert options.file  # noqa: S101  # the parser wants one
    seen = backup.read(options.file)
    here = backup.present(paths)
    state = open_with(lambda way: backup.verify(seen, way), options, why=" of the backup", needed=True)
    if state is None:
        output.say("Nothing was changed: without it the backup cannot be verified.")
        return 1
    if here.main.raw == here.mirror.raw == seen.raw:
        output.tell(Sign.GOOD, "the vault holds just this already; nothing was changed")
        return 0
    output.row(Sign.NOTE, "now", _told(here, state))
    output.row(Sign.GOOD, "then", f"generation {state.generation}, {count(len(state.entries), 'key')}; each opens")
    if not here.nothing and not options.yes:
        output.say("What is there now will be kept beside it.")
        output.flush()
        if not _agreed():
            output.say("Nothing was changed.")
            return 1
    return _tell(backup.restore(paths, state, here), here, output)


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
    return 1 if done.incomplete else 0
