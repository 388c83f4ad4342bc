"""`arka-tui test`: asks providers about keys, for a person, for cron and for CI."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from arka_tui.check import Check, Mood, Verdict
from arka_tui.cli.arguments import Command, Parser, Ways
from arka_tui.cli.chosen import chosen, refuse_no_choice
from arka_tui.cli.control import asking, controlled
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.keys import SIGNS, table, tell_why
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Sign
from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.telling import records, words

_FAILED = (Mood.CARE, Mood.BAD)
_GRAVEST_FIRST = (Mood.BAD, Mood.CARE, Mood.UNSURE, Mood.GOOD)


@dataclass(frozen=True, slots=True)
class Options:
    names: Sequence[str]
    all: bool
    free: bool
    patient: bool
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "test",
        "[--free] [--patient] [--json] (NAME… | --all)",
        "Asks providers whether keys work, what they may do and what is left of them. A test sends free requests, and, "
        "unless the settings say otherwise, the smallest paid one, for a fraction of a cent: only that shows missing "
        "credit. What was found goes into the test log.",
        "On a terminal what needs you comes first, and under the table is what to do. In a pipe each key is a line, as "
        "from arka-tui list.\n\n"
        "From cron, with a key file, and a mail only where something is wrong:\n\n"
        '    told=$(arka-tui test --all --key-file ~/arka.key) || echo "$told"\n\n'
        "The exit code is 0 only if every key passed. It is 6 as soon as one key is refused or needs you, out of "
        "credit or at a limit, say. It is 10 where none failed, but of some key nothing was found out, for its "
        "provider is down or was not reached: where the network is shaky, take that for no alarm. A server of your "
        "own that looks at no key is not counted against you.",
        (Exit.FAILED, Exit.TEST_FAILED, Exit.NETWORK, *OPENING),
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="provider/label, or a provider for all keys of it")
    parser.add_argument("--all", action="store_true", help="every key in the vault")
    parser.add_argument("--free", action="store_true", help="send no paid request; credit stays unknown")
    parser.add_argument(
        "--patient",
        action="store_true",
        help="where a provider is down or asks to slow down, wait, a minute at most, and try again, twice at most",
    )
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: as `open_vault`; UsageError, CredentialNotFound, before anything is sent."""
    refuse_no_choice(options.names, every=options.all)
    vault = open_vault(desk, options.ways)
    keys = chosen(vault, options.names, every=options.all)
    with controlled(desk, vault) as controller:
        if options.free:
            controller.config = replace(controller.config, paid_test=False)
        try:
            last = asking(controller, _checks(controller, keys, desk, patient=options.patient))
        finally:
            desk.notes.passing()
        if trouble := controller.log_trouble():
            desk.notes.tell(Sign.NOTE, trouble)
        return _tell(keys, last, controller, desk, json=options.json)


async def _checks(
    controller: Controller, keys: Sequence[Credential], desk: Desk, *, patient: bool
) -> Mapping[str, Check]:
    """The last one of each, by credential id."""
    last: dict[str, Check] = {}
    desk.notes.passing(f"testing {words.counted(len(keys), 'key')} …")

    def waits(name: str, seconds: int) -> None:
        desk.notes.passing(f"tested {len(last)}/{len(keys)}, waiting {seconds} s for {name} …")

    async with aclosing(controller.check([each.name for each in keys], patient=patient, on_wait=waits)) as checks:
        async for check in checks:
            last[check.credential_id] = check
            desk.notes.passing(f"tested {len(last)}/{len(keys)} …")
    return last


def _tell(
    keys: Sequence[Credential], last: Mapping[str, Check], controller: Controller, desk: Desk, *, json: bool
) -> int:
    checks = [last[each.id] for each in keys if each.id in last]
    untested = [each for each in keys if each.id not in last]
    moods = [check.verdict.meaning.mood for check in checks]
    if json:
        desk.output.json(
            {
                "checks": [records.check_record(check) for check in checks],
                "passed": moods.count(Mood.GOOD),
                "failed": sum(mood in _FAILED for mood in moods),
                "unsure": moods.count(Mood.UNSURE),
                "untested": [each.name for each in untested],
            }
        )
    elif keys:
        tested = [each for each in keys if each.id in last]
        if desk.output.watched:
            tested.sort(key=lambda each: _GRAVEST_FIRST.index(last[each.id].verdict.meaning.mood))
        table(desk, tested, last)
        if desk.output.watched:
            for each in tested:
                _tell_what_to_do(each, last[each.id], controller, desk)
    else:
        desk.notes.say("No keys yet. arka-tui add stores one.")
    for each in untested:
        desk.notes.tell(Sign.BAD, f"{each.name} was not tested: it was changed meanwhile, or does not open")
    if not json and desk.notes.watched and len(keys) > 1:
        desk.output.flush()
        desk.notes.say(_summary(moods, len(keys)))
    return code_of(checks, untested)


def _summary(moods: Sequence[Mood], total: int) -> str:
    good, failed = moods.count(Mood.GOOD), sum(mood in _FAILED for mood in moods)
    told = [f"{good} of {total} keys {'works' if good == 1 else 'work'}"]
    if failed:
        told.append(f"{failed} {'needs' if failed == 1 else 'need'} you")
    if rest := total - good - failed:
        told.append(f"{rest} {'is' if rest == 1 else 'are'} unsure")
    return words.sentence(", ".join(told))


def _tell_what_to_do(key: Credential, check: Check, controller: Controller, desk: Desk) -> None:
    meaning = check.verdict.meaning
    if meaning.mood is Mood.GOOD or check.verdict is Verdict.NOT_VERIFIABLE:
        return
    desk.output.say()
    desk.output.mark(meaning.sign, key.name, SIGNS[meaning.mood])
    tell_why(desk.output, check, controller.provider(key.provider), key)


def code_of(checks: Sequence[Check], untested: Sequence[Credential]) -> Exit:
    if any(check.verdict.meaning.mood in _FAILED for check in checks):
        return Exit.TEST_FAILED
    if untested:
        return Exit.FAILED
    unsure = [check for check in checks if check.verdict.meaning.mood is Mood.UNSURE]
    return Exit.NETWORK if any(check.verdict is not Verdict.NOT_VERIFIABLE for check in unsure) else Exit.DONE


TEST = Command(_parser, Options, _run)
