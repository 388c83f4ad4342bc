"""Which of the models in reach fits a task, ranked by rules that a person can read, with the reason in plain words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from arka_tui.insight.names import line_and_version, words_of
from arka_tui.insight.offers import ModelGroup, Offer, PriceKind, blended, grouped
from arka_tui.insight.rules import Condition, Rank, Rules, Task
from arka_tui.model import Model, Price

_UNKNOWN = "unknown"
_NO_COUNT = 10**12
"""Tokens. What is said to be as long is a mistake, and past what Python prints without asking."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule of the rank gave a model."""

    points: Decimal
    reason: str
    """In words: "made for code", "room for 400k tokens"; or empty, where the rule says nothing."""


@dataclass(frozen=True, slots=True)
class Pick:
    name: str
    """Canonical: the provider's text, to be cleaned before it is shown."""
    offer: Offer
    """The cheapest that meets what the task requires."""
    others: tuple[Offer, ...]
    """Of the other verified keys that reach the model, those that meet it too, cheapest first."""
    points: Decimal
    steps: tuple[Step, ...]
    """Of the rules that counted, in their order."""

    @property
    def why(self) -> list[str]:
        """The reasons, but for the price, which stands beside them."""
        price = price_words(self.offer.model.price)
        return [step.reason for step in self.steps if step.reason not in ("", price)]


@dataclass(frozen=True, slots=True)
class TaskPicks:
    id: str
    title: str
    sentence: str
    picks: tuple[Pick, ...]
    """Best first; each canonical model once. Empty where no verified key reaches a model that fits."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    group: ModelGroup
    words: str
    """Of its name, as `words_of` gives them."""
    of_class: str
    newest: bool


def picks(rules: Rules, offers: Sequence[Offer], today: date) -> list[TaskPicks]:
    """For each task of the rules, in their order. Offers of keys that are not verified do not count."""
    candidates = _candidates(rules, offers, today)
    return [TaskPicks(task.id, task.title, task.sentence, _ranked(task, rules, candidates)) for task in rules.tasks]


def price_words(price: Price) -> str:
    """ "$0.25 in, $1.50 out per 1M", "free", "price varies" or "price unknown"."""
    kind, amount = blended(price)
    if kind is not PriceKind.KNOWN or price.input is None or price.output is None:
        return "price varies" if kind is PriceKind.VARIABLE else f"price {_UNKNOWN}"
    return f"{usd(price.input)} in, {usd(price.output)} out per 1M" if amount else "free"


def count_words(tokens: int | None) -> str:
    """400k, 1M, 1.5M; "unknown" where it is not known."""
    if tokens is None or not 0 < tokens < _NO_COUNT:
        return _UNKNOWN
    if tokens < 1_000:
        return str(tokens)
    if tokens < 1_000_000:
        return f"{tokens // 1_000}k"
    tenths = tokens // 100_000
    return f"{tenths // 10}M" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}M"


def usd(amount: Decimal) -> str:
    """$0.25, $0.0375, $1,200; at most four digits behind the point, but never $0 for what costs something."""
    if amount == amount.to_integral_value():
        return f"${amount:,.0f}"
    if amount < Decimal("0.0001"):
        return "under $0.0001"
    whole, _, cents = f"{amount:,.4f}".rstrip("0").partition(".")
    return f"${whole}.{cents:0<2}"


def _candidates(rules: Rules, offers: Sequence[Offer], today: date) -> list[_Candidate]:
    over = rules.passed_over
    last_day = today + timedelta(days=over.retires_within_days)
    within = [offer for offer in offers if offer.verified and _answers(offer.model, last_day)]
    groups = [(group, words_of(group.name)) for group in grouped(within)]
    groups = [(group, words) for group, words in groups if not _word_in(words, over.name_has)]
    newest: dict[str, Decimal] = {}
    for group, _ in groups:
        line, version = line_and_version(group.name)
        if version is not None:
            newest[line] = max(version, newest.get(line, version))
    return [
        _Candidate(group, words, _class_of(words, rules.classes), _is_newest(group.name, newest))
        for group, words in groups
    ]


def _class_of(words: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    return next((name for name, marks in classes.items() if _word_in(words, marks)), "")


def _is_newest(name: str, newest: Mapping[str, Decimal]) -> bool:
    line, version = line_and_version(name)
    return version is not None and newest[line] == version


def _answers(model: Model, last_day: date) -> bool:
    """Text with text, and for a while yet."""
    if model.retires is not None and model.retires <= last_day:
        return False
    return model.chats or (model.chats is None and (not model.outputs or "text" in model.outputs))


def _ranked(task: Task, rules: Rules, candidates: Sequence[_Candidate]) -> tuple[Pick, ...]:
    found = [pick for candidate in candidates if (pick := _pick(task, candidate, rules.classes))]
    return tuple(sorted(found, key=lambda pick: _order(task, pick)))


def _pick(task: Task, candidate: _Candidate, classes: Mapping[str, tuple[str, ...]]) -> Pick | None:
    offers = [each for each in candidate.group.offers if _meets(task.require, each.model, candidate)]
    if not offers:
        return None
    offer, *others = offers
    counted = [rank for rank in task.rank if _meets(rank.when, offer.model, candidate)]
    points = sum((rank.points for rank in counted), Decimal(0))
    if task.least_points is not None and points < task.least_points:
        return None
    steps = tuple(Step(rank.points, _reason(rank, offer.model, candidate.words, classes)) for rank in counted)
    return Pick(candidate.group.name, offer, tuple(others), points, steps)


def _meets(wanted: Condition, model: Model, candidate: _Candidate) -> bool:
    if (wanted.newest and not candidate.newest) or (wanted.of_class and wanted.of_class != candidate.of_class):
        return False
    if wanted.name_has and not _word_in(candidate.words, wanted.name_has):
        return False
    if not wanted.can <= model.capabilities or not all(each in model.inputs for each in wanted.reads):
        return False
    if not _reaches(model.context, wanted.context_at_least) or not _reaches(model.max_output, wanted.output_at_least):
        return False
    return _costs_as(wanted, model.price)


def _reaches(said: int | None, least: int | None) -> bool:
    return least is None or (said is not None and said >= least)


def _costs_as(wanted: Condition, price: Price) -> bool:
    """A price that is not known is neither low nor high."""
    if wanted.price_at_most is None and wanted.price_above is None and not wanted.free:
        return True
    kind, amount = blended(price)
    if kind is not PriceKind.KNOWN or (wanted.free and amount):
        return False
    low, high = wanted.price_above, wanted.price_at_most
    return (low is None or amount > low) and (high is None or amount <= high)


def _word_in(words: str, wanted: Sequence[str]) -> str:
    """The first of `wanted` that stands in `words`, or nothing."""
    return next((each for each in wanted if f"-{each}-" in words), "")


def _reason(rank: Rank, model: Model, words: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    if "{" not in rank.reason:
        return rank.reason
    said = {
        "price": price_words(model.price),
        "context": count_words(model.context),
        "output": count_words(model.max_output),
        "word": _word_in(words, rank.when.name_has or classes.get(rank.when.of_class, ())),
    }
    return re.sub(r"\{(\w+)\}", lambda placeholder: said[placeholder[1]], rank.reason)


def _order(task: Task, pick: Pick) -> tuple[object, ...]:
    kind, amount = blended(pick.offer.model.price)
    keys = {"price": (kind, amount), "context": (-(pick.offer.model.context or 0),)}
    return (-pick.points, *(keys[each] for each in task.tie_break), pick.name)
