"""`arka-tui passphrase`: another one, and another recovery code, as the screens change them."""

from dataclasses import dataclass, replace

from arka_tui.cli.arguments import Command, Parser, Ways
from arka_tui.cli.choosing import at_the_terminal, new_passphrase, written_down
from arka_tui.cli.control import controlled
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.opening import ask, refuse_older_copy, vault_of
from arka_tui.cli.output import Sign
from arka_tui.cli.prompt import Terminal
from arka_tui.controller import Controller
from arka_tui.errors import ArkaError, SessionFailed, Superseded
from arka_tui.slot_deeds import ALWAYS_THERE
from arka_tui.store import Saved


@dataclass(frozen=True, slots=True)
class Options:
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "passphrase",
        "",
        "Changes the passphrase: asks for the old one, whatever session is open, and for the new one twice. Every key "
        "is sealed anew, and you get a new recovery code, shown once, of which you type two groups back. Before that "
        "nothing is changed.",
        "Where the old one is forgotten, --recovery asks for the recovery code instead.\n\n"
        "A key file and ssh-agent keys stay where they are at hand: the key file that the settings or --key-file name, "
        "and the keys that the agent holds now. What is not at hand is named, and removed.\n\n"
        "Copies of the old file, backups too, still open with the old passphrase. Sessions that arka-tui unlock began "
        "are of no use afterwards.",
        (Exit.FAILED, Exit.NO_TERMINAL, Exit.NOT_SAVED, Exit.CONFLICT, *OPENING),
    )
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: TerminalUnfit; as `ask` and `SlotDeeds.prepare_change`."""
    vault = vault_of(desk)
    with at_the_terminal("ask for the new passphrase") as terminal:
        refuse_older_copy(ask(desk, vault, options.ways))
        with controlled(desk, vault) as controller:
            if options.ways.key_file:
                controller.config = replace(controller.config, key_file=str(options.ways.key_file))
            saved = _change(controller, terminal, desk)
    if saved is None:
        desk.notes.say("Nothing was changed: the passphrase and the recovery code are the ones of before.")
        return Exit.FAILED
    try:
        vault.end_session(desk.keyring)
    except SessionFailed as failure:  # what is kept opens nothing any more
        desk.notes.tell(Sign.NOTE, str(failure))
    desk.notes.tell(Sign.GOOD, "the passphrase is changed; the old recovery code is void")
    if saved.incomplete:
        desk.notes.tell(Sign.BAD, saved.incomplete)
    return Exit.NOT_SAVED if saved.incomplete else Exit.DONE


def _change(controller: Controller, terminal: Terminal, desk: Desk) -> Saved | None:
    """None where the person let it be."""
    views = controller.slots.views()
    kept = frozenset(view.id for view in views if view.here and view.kind not in ALWAYS_THERE)
    lost = [view.name for view in views if not view.here]
    if lost:
        terminal.say(f"Will be removed, because not at hand now: {', '.join(lost)}.")
        terminal.say("Enter keeps the old passphrase.")
    passphrase = new_passphrase(terminal)
    if passphrase is None:
        return None
    code = controller.new_recovery_code()
    if not written_down(terminal, code):
        return None
    terminal.say("Sealing every key anew …" + (" your ssh-agent may ask you, four times for each key" if kept else ""))
    try:
        return controller.slots.prepare_change(passphrase, code, keep=kept)()
    except Superseded:
        raise
    except ArkaError:
        desk.notes.tell(Sign.BAD, "nothing was changed: the new passphrase and the new recovery code are void")
        raise


PASSPHRASE = Command(_parser, Options, _run)
