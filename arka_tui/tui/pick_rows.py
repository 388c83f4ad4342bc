"""What the picks screen says: rows, reasons and notes. No widget in here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

from arka_tui.insight.offers import Offer
from arka_tui.insight.picks import Pick, TaskPicks, count_words, price_words, usd
from arka_tui.insight.rules import Condition, Rank, Rules
from arka_tui.telling import model_rows, words
from arka_tui.text import safe

SILENT = "a rule that says nothing"


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


def rule_told(rank: Rank, classes: Mapping[str, Sequence[str]]) -> str:
    """What a rule says, of no model in particular, and when: "a fair price: over $0.50, at most $7 per 1M"."""
    reason = re.sub(r"\{\w+\}", "…", re.sub(r" \(\{\w+\}\)", "", rank.reason))
    when = "; ".join(conditions(rank.when, classes))
    return f"{reason or SILENT}: {when or 'always'}"


def conditions(wanted: Condition, classes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if words_wanted := wanted.name_has or classes.get(wanted.of_class, ()):
        yield f"named {words.named(words_wanted, 6)}"
    elif wanted.of_class:
        yield f"of class {wanted.of_class}"
    over, most = wanted.price_above, wanted.price_at_most
    if over is not None or most is not None:
        limits = [f"over {usd(over)}" if over is not None else "", f"at most {usd(most)}" if most is not None else ""]
        yield f"{', '.join(filter(None, limits))} per 1M"
    if wanted.free:
        yield "free"
    if wanted.context_at_least:
        yield f"a context of at least {count_words(wanted.context_at_least)}"
    if wanted.output_at_least:
        yield f"answers of at least {count_words(wanted.output_at_least)}"
    if wanted.can:
        yield f"can {', '.join(sorted(wanted.can))}"
    if wanted.reads:
        yield f"takes {', '.join(wanted.reads)}"
    if wanted.newest:
        yield "no newer one within reach"


def signed(points: Decimal) -> str:
    """+30, -10, or nothing for what only says something."""
    return f"{points:+f}" if points else ""


def total(points: Decimal) -> str:
    return f"{points:f} point" + ("" if points == 1 else "s")


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
    reasons = safe(f"{total(pick.points)}: {'; '.join(pick.why) or 'no rule says anything of it'}", 400)
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
        "{picks.back}, then {keys.test_all} tests all",
    ]
