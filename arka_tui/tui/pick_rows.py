"""What the picks screen says: rows, reasons and notes. No widget in here."""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

from arka_tui.insight.offers import Offer
from arka_tui.insight.picks import Pick, TaskPicks, price_words
from arka_tui.insight.rules import Rules
from arka_tui.model import Price
from arka_tui.text import safe
from arka_tui.tui import model_rows

SILENT = "a rule that says nothing"
_OF_ANY = {"price": "the price", "context": "…", "output": "…", "word": "…"}


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the screen shows; made in a thread."""

    tasks: tuple[TaskPicks, ...] = ()
    rules: Rules = field(default_factory=lambda: Rules(()))
    """As they were read."""
    own_rules: bool = False
    """The user has a file of them."""
    keys: int = 0
    verified: frozenset[str] = frozenset()
    """Names of the keys whose last test was good."""
    in_reach: bool = False
    """A verified key has a list with a model in it."""
    dated: bool = False
    """A price of a pick is of the snapshot."""


def points_and_why(pick: Pick) -> list[tuple[str, str]]:
    """All of it, but for what only tells the price."""
    price = price_words(pick.offer.model.price)
    return [(signed(each.points), each.reason or SILENT) for each in pick.steps if each.points or each.reason != price]


def of_any(reason: str) -> str:
    """As a rule says it of no model in particular."""
    return re.sub(r"\{(\w+)\}", lambda placeholder: _OF_ANY.get(placeholder[1], "…"), reason)


def signed(points: Decimal) -> str:
    """+30, -10, or nothing for what only says something."""
    return f"{points:+f}" if points else ""


def total(points: Decimal) -> str:
    return f"{points:f} point" + ("" if points == 1 else "s")


def price_cell(price: Price) -> str:
    """ "$0.25/$2.00*", "free", "variable" or –."""
    into, out = model_rows.amounts(price)
    alike = into == out and not into.startswith("$")
    return (into if alike else f"{into}/{out}") + model_rows.star(price)


def others(pick: Pick) -> list[Offer]:
    """The cheapest of each other key that reaches it."""
    return [each for each in model_rows.one_a_key(pick.others) if each.credential_id != pick.offer.credential_id]


def told(pick: Pick, cells: int, lines: int) -> list[list[str]]:
    """About the pick at the cursor, in at most `lines` lines, 3 or more: which key and price; why; who else.

    Each line as parts of which as many are shown as fit.
    """
    offer, beside = pick.offer, others(pick)
    as_id = f"as {offer.model.id}" if offer.model.id != pick.name else ""
    first = [f"→ use {offer.key_name}", model_rows.price_told(offer.model.price), as_id]
    count = "" if not beside else "1 other key" if len(beside) == 1 else f"{len(beside)} other keys"
    last = ["no other verified key reaches it"]
    if beside:
        last = [f"{count}: {_beside(beside[0])}", *map(_beside, beside[1:8])]
    if lines < 4:  # the price is in its row
        first = [first[0], f"or {count}" if beside else "", as_id]
    reasons = safe(f"why: {'; '.join(pick.why) or 'no rule says anything of it'}", 400)
    room = lines - 1 if lines < 4 else lines - 2
    return [first, *([line] for line in filled(reasons, cells, room)), *([last] if lines >= 4 else [])]


def _beside(offer: Offer) -> str:
    return f"{offer.key_name} {model_rows.price_told(offer.model.price).removesuffix(' per 1M')}"


def filled(text: str, cells: int, lines: int) -> list[str]:
    """Wrapped between words, on at most so many lines; what is left over is told by "…"."""
    found = [""]
    for word in text.split():
        longer = f"{found[-1]} {word}".strip()
        if cell_len(longer) <= cells or len(found) == lines or not found[-1]:
            found[-1] = longer
        else:
            found.append(word)
    return [_cut(line, cells) for line in found]


def _cut(text: str, cells: int) -> str:
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"


def counted(found: Findings, *, narrow: bool) -> list[str]:
    """Which keys count, and how more of them would; nothing where all do."""
    count = len(found.verified)
    if count == found.keys:
        return []
    if narrow:
        return [f"{count}/{found.keys} keys count: last test was good"]
    return [
        f"only keys whose last test was good count: {count:,} of {found.keys:,}",
        "Esc, then T tests all",
    ]
