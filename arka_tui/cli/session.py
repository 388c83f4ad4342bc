"""`arka-tui unlock`, `lock` and `status`: the vault, open for one login."""

from dataclasses import dataclass
from datetime import datetime

from arka_tui.check import Check, Mood
from arka_tui.cli import brief
from arka_tui.cli.arguments import Command, Parser, Ways, seconds
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.keys import table
from arka_tui.cli.opening import ask, refuse_older_copy, vault_of
from arka_tui.cli.output import Sign
from arka_tui.credential import last_checks
from arka_tui.errors import CommandFailed, SessionFailed
from arka_tui.store.session import KernelKeyring
from arka_tui.store.vault import Vault
from arka_tui.telling import records, words

USUAL_S = 600


# ---------------------------------------------------------------------- unlock


@dataclass(frozen=True, slots=True)
class UnlockOptions:
    lifetime_s: int
    shell: bool
    json: bool
    ways: Ways


def _unlock_parser() -> Parser:
    parser = Parser(
        "unlock",
        "[--for TIME] [--shell]",
        "Opens the vault for this login, so that the other commands do not ask. The key that opens it is kept by the "
        "Linux kernel, in the session keyring: not on disk, not in the environment, not in a process, and out of reach "
        "of your other logins. It is gone when the time is over, at arka-tui lock, and when you log out.",
        "Where the kernel has no such place (most containers, macOS), this says why, and the other commands ask each "
        "time. --shell helps where only the login has none: it starts a shell that has one, and ends with it.",
        (Exit.FAILED, *OPENING),
    )
    parser.add_argument(
        "--for",
        dest="lifetime_s",
        metavar="TIME",
        type=seconds,
        default=USUAL_S,
        help="how long, such as 45m or 8h; default: 10m",
    )
    parser.add_argument("--shell", action="store_true", help="start $SHELL in a session of its own")
    parser.add_json()
    parser.add_ways()
    return parser


def _unlock(options: UnlockOptions, desk: Desk) -> int:
    """Raises: as `ask`, and SessionFailed, before anything is asked where it can be known."""
    keyring = desk.keyring
    if options.shell:
        assert isinstance(keyring, KernelKeyring)  # noqa: S101  # tests start shells by the real program only
        keyring.join_new()
    elif trouble := keyring.trouble():
        raise SessionFailed(f"the vault cannot be kept open: {trouble}")
    vault = vault_of(desk)
    refuse_older_copy(ask(desk, vault, options.ways))
    vault.keep_open(keyring, options.lifetime_s)
    until = vault.kept_until(keyring)
    vault.lock()
    if until:
        desk.notes.tell(Sign.GOOD, f"open for this {'shell' if options.shell else 'login'} until {_clock(until)}")
    if options.json:
        desk.output.json({"open": until is not None, "until": until})
    if options.shell:
        _become_shell(desk)
    return Exit.DONE


def _become_shell(desk: Desk) -> None:
    shell = desk.environ.get("SHELL") or "/bin/sh"
    for stream in (desk.output, desk.notes):
        stream.flush()
    from arka_tui.cli import child

    try:
        child.become([shell], desk.environ)
    except CommandFailed:
        raise SessionFailed(f"the shell {shell} cannot be started", "SHELL names it") from None


UNLOCK = Command(_unlock_parser, UnlockOptions, _unlock)


# ---------------------------------------------------------------------- lock


@dataclass(frozen=True, slots=True)
class LockOptions:
    json: bool


def _lock_parser() -> Parser:
    parser = Parser(
        "lock",
        "[--json]",
        "Ends at once what arka-tui unlock began. Screens that are open in other windows lock themselves on their own.",
        exits=(Exit.FAILED,),
    )
    parser.add_json()
    return parser


def _lock(options: LockOptions, desk: Desk) -> int:
    ended = Vault(desk.paths).end_session(desk.keyring)
    if options.json:
        desk.output.json({"ended": ended})
    else:
        desk.notes.say("Locked." if ended else "It was not open.")
    return Exit.DONE


LOCK = Command(_lock_parser, LockOptions, _lock)


# ---------------------------------------------------------------------- status


@dataclass(frozen=True, slots=True)
class StatusOptions:
    brief: bool
    json: bool


def _status_parser() -> Parser:
    parser = Parser(
        "status",
        "[--brief] [--json]",
        "Whether the vault is open for this login, and, where it is, which keys need you. Asks and sends nothing.",
        "--brief is for a prompt, a motd or the bar of tmux. Locked or open, it tells in one line what was so when the "
        "vault was last open, from a summary that arka-tui keeps where the settings say status_cache = true. That file "
        "lies in plaintext, and holds how many keys fare how, the day on which the next one expires, and when they "
        "were tested; no name, no provider, no amount.\n\n"
        "    arka: 1 bad, 2 need you of 12, tested 3 h ago\n\n"
        "With --brief the exit code is 0 whatever the line says, also where there is no vault, and nothing is printed; "
        "1 where there is no summary, and a hint on standard error says why.",
        exits=(Exit.FAILED, Exit.LOCKED, Exit.NOT_FOUND, Exit.DAMAGED),
    )
    parser.add_argument("--brief", action="store_true", help="one line from the summary; opens nothing")
    parser.add_json()
    return parser


def _status(options: StatusOptions, desk: Desk) -> int:
    """Exit code: 0 open, 3 locked, 5 no vault. Raises: VaultError."""
    if options.brief:
        return _brief(options, desk)
    vault = vault_of(desk)
    exists = vault.exists()
    opened = vault.unlock_kept(desk.keyring) if exists else None
    if opened:
        refuse_older_copy(opened)
    until = vault.kept_until(desk.keyring) if opened else None
    trouble = desk.keyring.trouble()
    keys = vault.list() if opened else ()
    last = last_checks(keys, vault.history.checks)
    needy = sorted(
        (each for each in keys if _gravity(last.get(each.id)) < len(_GRAVEST)),
        key=lambda each: (_gravity(last.get(each.id)), each.name.casefold()),
    )
    code = Exit.DONE if opened else Exit.LOCKED if exists else Exit.NOT_FOUND
    if options.json:
        desk.output.json(
            {
                "vault": str(vault.path),
                "exists": exists,
                "open": opened is not None,
                "until": until,
                "session_trouble": trouble,
                "keys": len(keys) if opened else None,
                "needing_you": [records.key_record(each, last.get(each.id)) for each in needy] if opened else None,
            }
        )
        return code
    if not exists:
        desk.output.say(f"There is no vault at {vault.path}. arka-tui makes one.")
    elif opened is None:
        why = f"It cannot be kept open: {trouble}." if trouble else "arka-tui unlock opens it for this login."
        desk.output.say(f"Locked: {vault.path}. {why}")
    else:
        needing = f", {len(needy)} {'needs' if len(needy) == 1 else 'need'} you:" if needy else "."
        desk.output.say(f"Open until {_clock(until) if until else 'now'}. {words.counted(len(keys), 'key')}{needing}")
        if needy:
            table(desk, needy, last)
    return code


def _brief(options: StatusOptions, desk: Desk) -> int:
    """Raises: as `brief.found`."""
    if not options.json:
        return brief.tell(desk.paths, desk.now())
    desk.output.json(brief.record(desk.paths, desk.now()))
    return Exit.DONE


_GRAVEST = (Mood.BAD, Mood.CARE, Mood.UNSURE, None)


def _gravity(check: Check | None) -> int:
    """Of what needs a person, worst first; a key that was never tested does too."""
    mood = check.verdict.meaning.mood if check else None
    return _GRAVEST.index(mood) if mood in _GRAVEST else len(_GRAVEST)


def _clock(moment: datetime) -> str:
    """As the machine's clock shows it; with the day where that is another."""
    local, today = moment.astimezone(), datetime.now().astimezone()
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"


STATUS = Command(_status_parser, StatusOptions, _status)
