"""`arka-tui list` and `arka-tui show`: what is known of the keys, and never a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arka_tui.check import Check, Mood, Verdict
from arka_tui.cli.arguments import Command, Parser, Ways
from arka_tui.cli.chosen import one
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Output, Sign
from arka_tui.credential import Credential, last_checks
from arka_tui.providers.provider import Provider
from arka_tui.telling import records, words

SIGNS = {Mood.GOOD: Sign.GOOD, Mood.CARE: Sign.NOTE, Mood.BAD: Sign.BAD, Mood.UNSURE: None}


# ---------------------------------------------------------------------- list


@dataclass(frozen=True, slots=True)
class ListOptions:
    parts: Sequence[str]
    json: bool
    ways: Ways


def _list_parser() -> Parser:
    parser = Parser(
        "list",
        "[--json] [PART…]",
        "All keys, and how each fared in its last test. Sends nothing.",
        "On a terminal it is a table; in a pipe each key is a line of verdict, name, what is left, when it was tested, "
        "hint and milliseconds, separated by tabs:\n\n"
        "    arka-tui list | cut -f2\n\n"
        "    arka-tui list --json | jq -r '.keys[] | select(.check.mood != \"good\") | .name'",
        OPENING,
    )
    parser.add_argument("parts", metavar="PART", nargs="*", help="only keys with all of these in their name")
    parser.add_json()
    parser.add_ways()
    return parser


def _list(options: ListOptions, desk: Desk) -> int:
    vault = open_vault(desk, options.ways)
    wanted = [part.casefold() for part in options.parts]
    keys = [each for each in vault.list() if all(part in each.name.casefold() for part in wanted)]
    keys.sort(key=lambda each: each.name.casefold())
    last = last_checks(keys, vault.history.checks)
    if options.json:
        desk.output.json({"keys": [records.key_record(each, last.get(each.id)) for each in keys]})
    elif keys:
        table(desk, keys, last)
    elif options.parts:
        desk.notes.say("No key has all of this in its name.")
    else:
        desk.notes.say("No keys yet. arka-tui add stores one.")
    return Exit.DONE


def table(desk: Desk, keys: Sequence[Credential], last: Mapping[str, Check]) -> None:
    """`last` is by credential id."""
    if not desk.output.watched:
        desk.output.table((), [_cells(each, last.get(each.id)) for each in keys])
        return
    now = desk.now()
    rows, signs = [], []
    for each in keys:
        check = last.get(each.id)
        meaning = check.verdict.meaning if check else None
        rows.append(
            (
                f"{meaning.sign} {meaning.word}" if meaning else "· not tested",
                each.name,
                words.left(check.learnt, now) if check else words.NOTHING,
                words.ago(check.at, now) if check else "never",
                f"…{each.hint}" if each.hint else "",
                words.latency(check.latency_ms) if check else words.NOTHING,
            )
        )
        signs.append(SIGNS[meaning.mood] if meaning else None)
    desk.output.table(("VERDICT", "KEY", "LEFT", "TESTED", "HINT", "LATENCY"), rows, signs)


def _cells(key: Credential, check: Check | None) -> tuple[str, ...]:
    """For programs: a verdict as in JSON, a moment as ISO 8601, milliseconds as a number; empty is not known."""
    if check is None:
        return ("", key.name, "", "", key.hint, "")
    learnt = check.learnt
    left = learnt.remaining if learnt.remaining is not None else learnt.balance
    return (
        check.verdict.value,
        key.name,
        "" if left is None else f"{left:f}",
        f"{check.at:%Y-%m-%dT%H:%M:%SZ}",
        key.hint,
        "" if check.latency_ms is None else str(check.latency_ms),
    )


def tell_why(output: Output, check: Check, provider: Provider | None, key: Credential) -> None:
    """What the verdict means, the provider's own words, and what to do."""
    output.say(words.said_of(check.verdict, provider, key), 2)
    if check.evidence:
        output.say(f"“{check.evidence}”", 2)
    if check.next_step and check.verdict is not Verdict.OK:
        output.say(f"→ {words.sentence(check.next_step)} {check.page}".rstrip(), 2, pages=[check.page])


LIST = Command(_list_parser, ListOptions, _list)


# ---------------------------------------------------------------------- show


@dataclass(frozen=True, slots=True)
class ShowOptions:
    name: str
    json: bool
    ways: Ways


def _show_parser() -> Parser:
    parser = Parser(
        "show",
        "[--json] NAME",
        "All that is known of one key: its verdict, what to beware of, whose it is, money, limits, where it is sent. "
        "Never the key itself. Sends nothing.",
        exits=OPENING,
    )
    parser.add_argument("name", metavar="NAME", help="provider/label")
    parser.add_json()
    parser.add_ways()
    return parser


def _show(options: ShowOptions, desk: Desk) -> int:
    from arka_tui.cli.control import controlled

    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        shown = one(vault, options.name)
        checks = controller.insight.checks_of(shown)
        cautions = [each.text for each in controller.insight.warnings().get(shown.id, ())]
        if options.json:
            record = records.key_record(shown, checks[-1] if checks else None)
            desk.output.json(
                {**record, "warnings": cautions, "checks": [records.check_record(each) for each in checks]}
            )
            return Exit.DONE
        from arka_tui.telling.key_sections import console_section, kept_section, learnt_sections

        provider, output, now = controller.provider(shown.provider), desk.output, desk.now()
        output.say(shown.name)
        if checks:
            told = checks[-1]
            meaning = told.verdict.meaning
            output.mark(meaning.sign, f"{meaning.word}, tested {words.ago(told.at, now)}", SIGNS[meaning.mood])
            tell_why(output, told, provider, shown)
        else:
            output.say("? never tested")
        for caution in cautions:
            output.tell(Sign.NOTE, words.sentence(caution))
        sections = [*learnt_sections(controller, shown, checks), kept_section(shown, provider)]
        pages: list[str] = []
        if provider and provider.is_home(shown.base_url):
            sections += console_section(provider)
            pages += provider.console.values()
        for section in sections:
            output.say()
            output.say(section.title)
            for when, pairs in section.blocks:
                if when:
                    output.say(when, 2)
                output.pairs(pairs, pages=pages)
    return Exit.DONE


SHOW = Command(_show_parser, ShowOptions, _show)
