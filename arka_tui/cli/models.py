"""`arka-tui models`: what the keys reach, which of them runs a model, and where it is cheapest."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date

from arka_tui.cli.arguments import Command, Parser, Ways
from arka_tui.cli.control import asking, controlled
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Sign
from arka_tui.controller import Controller
from arka_tui.secret import redact
from arka_tui.telling import model_rows, records, words
from arka_tui.telling.model_rows import Book, Row, View, one_a_key

_SORTS = {
    "name": "name",
    "price": "cheapest first",
    "context": "longest context",
    "retires": "retiring soonest",
}
"""Those of the screens, in a word."""


@dataclass(frozen=True, slots=True)
class Options:
    parts: Sequence[str]
    provider: str
    sort: str
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "models",
        "[--provider ID] [--sort BY] [--json] [PART…]",
        "Asks every key which models it reaches, by free requests, and lists them: which keys run each, and what a "
        "million tokens in and out cost with the cheapest of them. Keys whose last test failed are not asked.",
        "A price is the provider's own where it names one; marked * it is of a dated list that comes with arka-tui. An "
        "unknown price is –, never zero. A key that no test has proved good comes with a ?, and is never called "
        "cheap.\n\n"
        "In a pipe each model is a line of name, keys, price in, price out, context, and the day it retires, separated "
        "by tabs:\n\n"
        "    arka-tui models --sort price tools | head",
        (Exit.NETWORK, *OPENING),
    )
    parser.add_argument(
        "parts", metavar="PART", nargs="*", help="only models with all of these in name, keys, provider or abilities"
    )
    parser.add_argument("--provider", metavar="ID", default="", help="ask the keys of this one only")
    parser.add_argument(
        "--sort",
        metavar="BY",
        choices=tuple(_SORTS),
        default="name",
        help="name, price, context or retires; default: name",
    )
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: as `open_vault`; UsageError for an unknown provider."""
    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        if options.provider:
            controller.catalog[options.provider]
        try:
            answered, without = asking(controller, _ask(controller, options.provider, desk))
        finally:
            desk.notes.passing()
        book = Book([each for each in controller.insight.offers() if options.provider in ("", each.provider_id)])
        rows = [
            line
            for line in book.lines(View.BY_MODEL, _SORTS[options.sort], " ".join(options.parts))
            if isinstance(line, Row)
        ]
        if options.json:
            told = [{"name": row.name, "offers": [records.offer_record(each) for each in row.offers]} for row in rows]
            desk.output.json({"models": told, "without_list": sorted(without)})
        elif rows:
            _table(rows, desk)
        if book.models and not rows:
            desk.notes.say(f"No model matches {redact(' '.join(options.parts))}.")
        _notes(book, rows, sorted(without), controller, desk)
    return Exit.NETWORK if without and not answered else Exit.DONE


async def _ask(controller: Controller, provider_id: str, desk: Desk) -> tuple[int, list[str]]:
    """How many keys gave a list, and the names of those that gave none."""
    answered, without = 0, list[str]()
    total = len(controller.insight.unlisted(provider_id=provider_id))
    desk.notes.passing(f"asking {words.counted(total, 'key')} …")
    async with aclosing(controller.insight.list_models(provider_id=provider_id)) as lists:
        async for key, listed in lists:
            if listed:
                answered += 1
            else:
                without.append(key.name)
            desk.notes.passing(f"asked {answered + len(without)}/{total} …")
    return answered, without


def _table(rows: Sequence[Row], desk: Desk) -> None:
    today, brief = desk.now().date(), desk.output.watched
    heads = ("MODEL", "KEYS", "IN/1M", "OUT/1M", "CONTEXT", "RETIRES")
    desk.output.table(heads, [_cells(row, today, brief=brief) for row in rows])


def _cells(row: Row, today: date, *, brief: bool) -> tuple[str, ...]:
    """Price and context are those of the first key."""
    model = row.offer.model
    keys = [f"{each.key_name}{'' if each.verified else '?'}" for each in one_a_key(row.offers)]
    amounts = model_rows.amounts(model.price)
    into, out = (each if each == words.NOTHING else each + model_rows.star(model.price) for each in amounts)
    return (
        row.name,
        words.named(keys, 2 if brief else len(keys)),
        into,
        out,
        model_rows.context(model.context),
        model_rows.retirement(row.retires, today)[0] if brief else str(row.retires or words.NOTHING),
    )


def _notes(book: Book, rows: Sequence[Row], without: Sequence[str], controller: Controller, desk: Desk) -> None:
    if not controller.credentials():
        desk.notes.say("No keys yet. arka-tui add stores one.")
    elif not book.models:
        desk.notes.say("No models: not one key gave a list.")
    if without:
        desk.notes.tell(Sign.NOTE, f"no list of {words.named(without)}; arka-tui test tells why")
    if broken := controller.insight.incomplete_lists():
        desk.notes.tell(Sign.NOTE, f"incomplete: {words.named(broken)}")
    if any(row.offer.model.price.as_of for row in rows):
        desk.notes.say(words.sentence(controller.insight.prices_of))


MODELS = Command(_parser, Options, _run)
