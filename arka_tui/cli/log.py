"""`arka-tui log`: what every test found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from arka_tui.check import Check
from arka_tui.cli.arguments import Command, Parser, Ways, whole
from arka_tui.cli.chosen import chosen
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.keys import SIGNS
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Sign
from arka_tui.telling import records, words

USUAL = 50


@dataclass(frozen=True, slots=True)
class Options:
    names: Sequence[str]
    limit: int
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "log",
        "[--limit N] [--json] [NAME…]",
        "The test-status log: when each key was tested, and what came of it, newest first. It is sealed as the vault "
        "is, keeps about the newest thousand tests and the last one of each key, and forgets a key that is deleted. "
        "Sends nothing.",
        "In a pipe each test is a line of verdict, moment in UTC, name as it was then, what the provider answered, "
        "latency in milliseconds, and hint, separated by tabs. --json tells of each all that it learnt.",
        OPENING,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="only of provider/label, or of a provider's keys")
    parser.add_argument(
        "--limit", metavar="N", type=whole, default=USUAL, help=f"at most so many, 0 for all; default: {USUAL}"
    )
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: as `open_vault`; CredentialNotFound."""
    vault = open_vault(desk, options.ways)
    wanted = {each.id for each in chosen(vault, options.names)}
    history = vault.history
    found = [each for each in reversed(history.checks) if not options.names or each.credential_id in wanted]
    shown = found[: options.limit or None]
    if history.trouble:
        desk.notes.tell(Sign.NOTE, history.trouble)
    elif history.unreadable:
        desk.notes.tell(Sign.NOTE, f"{words.counted(history.unreadable, 'line')} of the log cannot be read")
    if options.json:
        desk.output.json({"checks": [records.check_record(each) for each in shown]})
    elif shown:
        _table(shown, desk)
    else:
        desk.notes.say("No tests yet. arka-tui test asks a provider about a key.")
    return Exit.DONE


def _table(shown: Sequence[Check], desk: Desk) -> None:
    this_year = all(each.at.astimezone(UTC).year == desk.now().year for each in shown)
    moment = "%m-%d %H:%M:%S" if this_year else "%Y-%m-%d %H:%M:%S"
    desk.output.table(
        ("VERDICT", "WHEN (UTC)", "KEY", "ANSWER", "LATENCY", "HINT"),
        [_row(each, moment if desk.output.watched else "") for each in shown],
        [SIGNS[each.verdict.meaning.mood] for each in shown],
        marks=[each.verdict.meaning.sign for each in shown],
    )


def _row(check: Check, moment: str) -> tuple[str, ...]:
    """`moment` is how a person reads it; without one the row is for a program."""
    at = check.at.astimezone(UTC)
    milliseconds = words.NOTHING if check.latency_ms is None else str(check.latency_ms)
    return (
        check.verdict.meaning.word,
        f"{at:{moment}}" if moment else at.isoformat(timespec="seconds"),
        check.name,
        ", ".join(f"{stage.name} {stage.status}" for stage in check.stages if stage.status is not None),
        words.latency(check.latency_ms) if moment else milliseconds,
        f"…{check.hint}" if check.hint else "",
    )


LOG = Command(_parser, Options, _run)
