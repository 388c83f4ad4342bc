"""Which of one's keys runs a model, and where it is cheapest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from arka_tui.insight.names import canonical
from arka_tui.model import Model, Price

_NOTHING = Decimal(0)
SENSIBLE = Decimal(10) ** 9
"""USD per 1M tokens. What is said to cost more is a mistake, not a price."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One model that one key reaches."""

    credential_id: str
    key_name: str
    """provider/label"""
    provider_id: str
    provider_name: str
    verified: bool
    """The key's last test proved that its provider knows it."""
    model: Model


@dataclass(frozen=True, slots=True)
class ModelGroup:
    name: str
    """Canonical, see `names.canonical`; `:free` and other variants are groups of their own."""
    offers: tuple[Offer, ...]
    """Cheapest first: free, then by price, then those whose price varies, then those of unknown price. But those of
    keys that are not verified come after all others.
    """

    @property
    def cheapest(self) -> Offer | None:
        """Where one is certainly cheaper than another, and none is known to be cheaper than it, verified or not."""
        priced = [(blended(offer.model.price), offer) for offer in self.offers]
        known = [(amount, offer) for (kind, amount), offer in priced if kind is PriceKind.KNOWN]
        if not known or known[0][1] is not self.offers[0]:
            return None
        least, first = known[0]
        amounts = [amount for amount, _ in known]
        return first if min(amounts) == least < max(amounts) else None


class PriceKind(IntEnum):
    """In the order in which offers stand."""

    KNOWN = 0
    VARIABLE = 1
    UNKNOWN = 2


def blended(price: Price) -> tuple[PriceKind, Decimal]:
    """What sorts prices: of a known one three parts in to one part out, in USD per 1M tokens; else 0.

    What cannot be a price is unknown, and a negative amount is a price that varies.
    """
    into, out = price.input, price.output
    if price.variable or _is_negative(into) or _is_negative(out):
        return PriceKind.VARIABLE, _NOTHING
    if into is None or out is None or not _can_be_price(into) or not _can_be_price(out):
        return PriceKind.UNKNOWN, _NOTHING
    return PriceKind.KNOWN, (3 * into + out) / 4


def sensible(amount: Decimal | None) -> Decimal | None:
    """An amount as it is; None where none was said, or none that can be a price."""
    return amount if amount is not None and not _is_negative(amount) and _can_be_price(amount) else None


def cheapest_first(offers: Iterable[Offer]) -> list[Offer]:
    """Those of verified keys, then the others. Of equal prices: by provider's name, key's name, and what else tells
    two offers apart.
    """
    return sorted(offers, key=_order)


def grouped(offers: Sequence[Offer]) -> list[ModelGroup]:
    """By name. Each offer is in one group; the same model of two keys of one account is two offers, side by side."""
    of: defaultdict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        of[canonical(offer.model.id)].append(offer)
    return [ModelGroup(name, tuple(cheapest_first(of[name]))) for name in sorted(of)]


def _is_negative(amount: Decimal | None) -> bool:
    return amount is not None and amount.is_finite() and amount < 0


def _can_be_price(amount: Decimal) -> bool:
    return amount.is_finite() and amount < SENSIBLE


def _order(offer: Offer) -> tuple[bool, PriceKind, Decimal, str, str, str, str]:
    return (
        not offer.verified,
        *blended(offer.model.price),
        offer.provider_name.lower(),
        offer.key_name,
        offer.credential_id,
        offer.model.id,
    )
