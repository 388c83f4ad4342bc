"""The rows of the models: what they say, their order, and which of them a filter leaves. No widget in here."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum

from arka_tui.insight.offers import ModelGroup, Offer, PriceKind, blended, grouped, sensible
from arka_tui.insight.picks import count_words, usd
from arka_tui.model import Model, Price
from arka_tui.telling.words import NOTHING, counted
from arka_tui.text import safe

RETIRES_SOON = timedelta(days=90)


class View(Enum):
    BY_MODEL = "by model"
    BY_PROVIDER = "by provider"


@dataclass(frozen=True, slots=True)
class Row:
    """A model of all keys that reach it, or of one of them."""

    name: str
    """Canonical by model, by provider the id as a request names it. The provider's text, to be cleaned."""
    offers: tuple[Offer, ...]
    """Cheapest first; in the view by provider those of one provider."""
    group: ModelGroup
    """All offers of this model."""
    haystacks: tuple[str, ...]
    """What a filter looks through, one an offer."""

    @property
    def offer(self) -> Offer:
        """The one whose price and facts the row tells."""
        return self.offers[0]

    @property
    def retires(self) -> date | None:
        """With the first of the keys that lose it."""
        return min((offer.model.retires for offer in self.offers if offer.model.retires), default=None)

    def matches(self, needles: Sequence[str]) -> bool:
        return any(all(needle in haystack for needle in needles) for haystack in self.haystacks)


@dataclass(frozen=True, slots=True)
class Heading:
    """Stands above the rows of a provider."""

    provider_name: str
    models: int
    keys: int

    @property
    def text(self) -> str:
        return f"{safe(self.provider_name, 60)}  {counted(self.models, 'model')}, {counted(self.keys, 'key')}"


Line = Row | Heading


# ---------------------------------------------------------------------- order


def _by_name(row: Row) -> tuple[object, ...]:
    return ()


def _by_price(row: Row) -> tuple[object, ...]:
    return (not row.offer.verified, *blended(row.offer.model.price))


def _by_context(row: Row) -> tuple[object, ...]:
    return (-(row.offer.model.context or 0),)


def _by_retirement(row: Row) -> tuple[object, ...]:
    return (row.retires or date.max,)


SORTS: Mapping[str, Callable[[Row], tuple[object, ...]]] = {
    "name": _by_name,
    "cheapest first": _by_price,
    "longest context": _by_context,
    "retiring soonest": _by_retirement,
}
"""What is not known comes last in each; of equals, by name. Keys that are not verified are not cheap."""


class Book:
    """All rows there are, in every order that was asked for. Made once, then only read."""

    def __init__(self, offers: Sequence[Offer] = ()) -> None:
        groups = grouped(offers)
        self._rows: dict[View, list[Row]] = {View.BY_MODEL: [], View.BY_PROVIDER: []}
        for group in groups:
            haystacks = {offer: _haystack(offer, group.name) for offer in group.offers}
            self._rows[View.BY_MODEL].append(Row(group.name, group.offers, group, tuple(haystacks.values())))
            of: defaultdict[tuple[str, str], list[Offer]] = defaultdict(list)
            for offer in group.offers:
                of[offer.provider_id, offer.model.id].append(offer)
            self._rows[View.BY_PROVIDER] += [
                Row(model_id, tuple(each), group, tuple(haystacks[offer] for offer in each))
                for (_, model_id), each in of.items()
            ]
        self._ordered: dict[tuple[View, str], list[Row]] = {}
        self.models = len(groups)
        self.dated = any(offer.model.price.as_of for offer in offers)
        """Some price is of the snapshot."""
        self.verified = any(offer.verified for offer in offers)

    def ordered(self, view: View, sort: str) -> list[Row]:
        found = self._ordered.get((view, sort))
        if found is None:
            first, order = _by_provider if view is View.BY_PROVIDER else _by_name, SORTS[sort]
            found = sorted(self._rows[view], key=lambda row: (*first(row), *order(row), row.name.casefold(), row.name))
            self._ordered[view, sort] = found
        return found

    def lines(self, view: View, sort: str, filter_text: str) -> list[Line]:
        needles = filter_text.casefold().split()
        rows = self.ordered(view, sort)
        found = [row for row in rows if row.matches(needles)] if needles else rows
        return _under_headings(found) if view is View.BY_PROVIDER else list(found)


def _by_provider(row: Row) -> tuple[object, ...]:
    return (row.offer.provider_name.casefold(), row.offer.provider_id)


def _under_headings(rows: Iterable[Row]) -> list[Line]:
    of: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of[row.offer.provider_id].append(row)
    lines: list[Line] = []
    for each in of.values():
        models, keys = {row.name for row in each}, {offer.credential_id for row in each for offer in row.offers}
        lines += [Heading(each[0].offer.provider_name, len(models), len(keys)), *each]
    return lines


def _haystack(offer: Offer, group_name: str) -> str:
    model = offer.model
    free = "free" if _is_free(model.price) else ""
    said = (model.id, model.name, group_name, offer.provider_name, offer.key_name, free)
    return " ".join((*said, *model.inputs, *model.outputs, *model.capabilities)).casefold()


# ---------------------------------------------------------------------- words


def amounts(price: Price) -> tuple[str, str]:
    """In and out for 1M tokens: "$0.25", "free", "variable", or – where it is not known."""
    if blended(price)[0] is PriceKind.VARIABLE:
        return ("variable", "variable")
    return ("free", "free") if _is_free(price) else (_amount(price.input), _amount(price.output))


def star(price: Price) -> str:
    """Marks a price that is not the provider's own word of today."""
    return "*" if price.as_of else ""


def price_cell(price: Price) -> str:
    """ "$0.25/$2.00*", "free", "variable" or –."""
    into, out = amounts(price)
    alike = into == out and not into.startswith("$")
    return (into if alike else f"{into}/{out}") + star(price)


def price_told(price: Price) -> str:
    """ "$0.25 in, $2.00 out per 1M*", "free", "price varies" or "price unknown"."""
    into, out = amounts(price)
    if into == out == NOTHING:
        return "price unknown"
    if into == out and into in ("free", "variable"):
        return ("free" if into == "free" else "price varies") + star(price)
    return f"{into} in, {out} out per 1M{star(price)}"


def modalities(model: Model) -> str:
    """ "text·image", "text·image → image"; what only answers with text does not say so; – where nothing is said."""
    into, out = "·".join(model.inputs), "·".join(model.outputs)
    if not into:
        return safe(f"→ {out}" if out else NOTHING, 60)
    return safe(into if out in ("", "text") else f"{into} → {out}", 60)


def context(tokens: int | None) -> str:
    """400k, 1M, or –."""
    words = count_words(tokens)
    return NOTHING if words == "unknown" else words


def retirement(day: date | None, today: date, *, brief: bool = False) -> tuple[str, bool]:
    """The day, or `brief` its month, and whether it needs care, for it is near or past."""
    if day is None:
        return (NOTHING, False)
    if day <= today:
        return ("! past", True)
    told, soon = f"{day:%Y-%m}" if brief else f"{day}", day - today <= RETIRES_SOON
    return (f"! {told}" if soon else told, soon)


def retirement_told(day: date, today: date) -> str:
    """What a provider itself says is retired is not listed at all: a day that is past comes from the snapshot."""
    told = f"retires {day}" if day > today else f"was to retire on {day}, but is still listed"
    return f"! {told}" if retirement(day, today)[1] else told


def sign(row: Row) -> str:
    return " " if row.offer.verified else "?"


def sign_of_all(row: Row, today: date) -> tuple[str, bool]:
    """Where there is no room for a date."""
    text, care = retirement(row.retires, today)
    return (text[0], True) if care else (sign(row), False)


def reach(row: Row, view: View, *, wide: bool) -> str:
    """How many keys reach it; of one alone by model whose it is, by provider its label."""
    tail = "" if row.offer.verified else ", not verified"
    if tail and not wide and view is View.BY_MODEL:
        return "not verified"
    keys = len({offer.credential_id for offer in row.offers if offer.verified is row.offer.verified})
    label = row.offer.key_name.partition("/")[2] if view is View.BY_PROVIDER else row.offer.provider_name
    return (safe(label or row.offer.key_name, 60) if keys == 1 else f"{keys} keys") + (tail if wide else "")


def capabilities(model: Model) -> str:
    """ "reasoning, structured output, tools"."""
    return ", ".join(sorted("structured output" if each == "structured" else each for each in model.capabilities))


def facts(row: Row, today: date) -> list[str]:
    """What is known of it beside its price, each a few words."""
    model = row.offer.model
    retires = retirement_told(row.retires, today) if row.retires else ""
    inout, care = modalities(model), retires.startswith("!")
    return [
        retires if care else "",
        inout if inout != NOTHING else "",
        capabilities(model),
        f"{context(model.context)} context" if context(model.context) != NOTHING else "",
        f"{context(model.max_output)} out" if context(model.max_output) != NOTHING else "",
        "" if care else retires,
    ]


def one_a_key(offers: Iterable[Offer]) -> list[Offer]:
    """The first of each key."""
    found: dict[str, Offer] = {}
    for offer in offers:
        found.setdefault(offer.credential_id, offer)
    return list(found.values())


def alike(offers: Iterable[Offer]) -> list[tuple[Offer, ...]]:
    """Those that are the same to a user, as one: keys of one provider, and dated names of the same model."""
    found: dict[tuple[str, bool, Model], list[Offer]] = {}
    for offer in offers:
        same = (offer.provider_id, offer.verified, replace(offer.model, id="", name=""))
        found.setdefault(same, []).append(offer)
    return list(map(tuple, found.values()))


def told(row: Row, view: View, today: date) -> list[list[str]]:
    """Three lines about a row, each as parts of which as many are shown as fit."""
    offer, keys = row.offer, one_a_key(row.group.offers)
    others = [each for each in keys if each.credential_id != offer.credential_id]
    doubt = "" if offer.verified else "not verified: test the key"
    price = price_told(offer.model.price)
    cheapest = "cheapest: " if others and row.group.cheapest is offer else ""
    model_id = offer.model.id if offer.model.id != row.name or view is View.BY_PROVIDER else ""
    first = [part for part in (f"{cheapest}{offer.key_name}", doubt, price, model_id) if part]
    second = ["no other key of yours reaches it"]
    if others:
        second = [counted(len(others), "other key"), *(f"{each.key_name} {_beside(each)}" for each in others[:8])]
    known = [each for each in facts(row, today) if each]
    return [[safe(part, 200) for part in parts] for parts in (first, second, known or ["nothing else is known of it"])]


def told_briefly(row: Row, today: date) -> list[str]:
    """The same in one line, for a screen of few lines."""
    others = len(one_a_key(row.group.offers)) - 1
    doubt = "" if row.offer.verified else "not verified"
    first = safe(row.offer.key_name, 60) + (f" +{others}" if others else "")
    warning, inout, *rest = facts(row, today)
    return [first, doubt, warning, *rest, inout]


def _beside(offer: Offer) -> str:
    price = price_told(offer.model.price).replace(" per 1M", "")
    return price if offer.verified else f"{price} (not verified)"


def _is_free(price: Price) -> bool:
    kind, amount = blended(price)
    return kind is PriceKind.KNOWN and amount == 0


def _amount(amount: Decimal | None) -> str:
    amount = sensible(amount)
    if amount is None:
        return NOTHING
    text = usd(amount).replace("under ", "<")
    return text if "." in text or not amount else f"{text}.00"  # so that points stand below points
