"""Which key runs a model, and where it is cheapest."""

import time
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.insight.offers import Offer, PriceKind, blended, cheapest_first, grouped
from arka_tui.model import Model, Price
from tests.insight.given import offer, price

PRICES = st.builds(
    Price,
    st.none() | st.decimals(allow_nan=True, allow_infinity=True),
    st.none() | st.decimals(allow_nan=True, allow_infinity=True),
    st.booleans(),
)
OFFERS = st.builds(
    Offer,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["openai/work", "openrouter/work"]),
    st.just("openai"),
    st.sampled_from(["OpenAI", "OpenRouter"]),
    st.booleans(),
    st.builds(Model, st.text(max_size=30), price=PRICES),
)


def test_offers_of_one_model_are_one_group_whatever_its_providers_call_it() -> None:
    offers = [
        offer("claude-sonnet-4-5-20250929", "anthropic/work"),
        offer("anthropic/claude-sonnet-4.5", "openrouter/work"),
        offer("gpt-4o", "openai/work"),
    ]

    assert [(group.name, len(group.offers)) for group in grouped(offers)] == [("claude-sonnet-4.5", 2), ("gpt-4o", 1)]


def test_two_keys_of_one_account_stand_side_by_side() -> None:
    offers = [offer("gpt-4o", "openai/work"), offer("gpt-4o", "openai/ci")]

    (group,) = grouped(offers)

    assert [each.key_name for each in group.offers] == ["openai/ci", "openai/work"]


def test_the_cheapest_comes_first_and_what_is_not_known_last() -> None:
    wanted = [
        price("0", "0"),
        price("0.1", "0.4"),
        price("0.3", "0.1"),
        price("2", "8"),
        Price(variable=True),
        Price(),
    ]
    offers = [offer("m", f"p{i}/k", each) for i, each in enumerate(wanted)]

    (group,) = grouped(offers[::-1])

    assert [each.model.price for each in group.offers] == wanted
    assert group.cheapest is group.offers[0]


def test_an_offer_of_a_key_that_is_not_verified_is_not_the_cheapest_where_a_verified_one_exists() -> None:
    free_but_unverified = offer("m", "groq/new", price("0", "0"), verified=False)
    dear, unpriced = offer("m", "openai/work", price("2", "8")), offer("m", "azure/work")

    (group,) = grouped([free_but_unverified, unpriced, dear])
    (alone,) = grouped([free_but_unverified])

    assert group.offers == (dear, unpriced, free_but_unverified)
    assert group.cheapest is None, "a key that is not verified may be cheaper"
    assert alone.cheapest is None, "there is nothing to compare it with"


@pytest.mark.parametrize(
    ("prices", "cheapest"),
    [
        (((1, 2), (3, 4)), True),
        (((1, 2), None), False),
        ((None, None), False),
        (((1, 2), (1, 2)), False),
        (((1, 2), (1, 2), (5, 5)), True),
    ],
)
def test_the_first_is_called_the_cheapest_only_where_another_is_known_to_be_dearer(
    prices: tuple[tuple[int, int] | None, ...], cheapest: bool
) -> None:
    offers = [offer("m", f"openai/{n}", price(*map(str, each)) if each else Price()) for n, each in enumerate(prices)]

    (group,) = grouped(offers)

    assert (group.cheapest is group.offers[0]) is cheapest


def test_a_free_variant_is_a_group_of_its_own() -> None:
    offers = [offer("meta/llama-3.3-70b-instruct"), offer("meta/llama-3.3-70b-instruct:free")]

    assert [group.name for group in grouped(offers)] == ["llama-3.3-70b-instruct", "llama-3.3-70b-instruct:free"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (price("1", "2"), PriceKind.KNOWN),
        (price("0", "0"), PriceKind.KNOWN),
        (price("1", None), PriceKind.UNKNOWN),
        (Price(), PriceKind.UNKNOWN),
        (Price(variable=True), PriceKind.VARIABLE),
        (price("-1", "-1"), PriceKind.VARIABLE),
        (price("NaN", "1"), PriceKind.UNKNOWN),
        (price("sNaN", "1"), PriceKind.UNKNOWN),
        (price("Infinity", "1"), PriceKind.UNKNOWN),
        (price("1E+999999", "1"), PriceKind.UNKNOWN),
    ],
)
def test_only_what_can_be_a_price_is_known(said: Price, kind: PriceKind) -> None:
    assert blended(said)[0] is kind


def test_one_number_says_three_parts_in_and_one_out() -> None:
    assert blended(price("2", "10")) == (PriceKind.KNOWN, Decimal(4))


def _told_apart(each: Offer) -> tuple[str, ...]:
    return (each.credential_id, each.key_name, each.provider_name, each.model.id)


@settings(max_examples=40)
@given(st.lists(OFFERS, max_size=8, unique_by=_told_apart), st.randoms())
def test_the_order_is_the_same_in_whatever_order_offers_come(offers: list[Offer], chance: Random) -> None:
    other = list(offers)
    chance.shuffle(other)

    assert [id(each) for each in cheapest_first(offers)] == [id(each) for each in cheapest_first(other)]


@settings(max_examples=40)
@given(st.lists(OFFERS, max_size=12))
def test_every_offer_is_in_one_group_and_no_known_price_follows_an_unknown_one(offers: list[Offer]) -> None:
    groups = grouped(offers)

    assert sorted(map(id, offers)) == sorted(id(each) for group in groups for each in group.offers)
    for group in groups:
        kinds = [(not each.verified, *blended(each.model.price)) for each in group.offers]
        assert kinds == sorted(kinds)


@pytest.mark.slow
def test_ten_keys_of_five_thousand_models_are_grouped_in_half_a_second() -> None:
    offers = [
        offer(f"maker{n % 97}/model{n}-{n % 9}-70b-instruct-2025-08-07", f"p{key}/k", price(str(n % 50), "1"))
        for key in range(10)
        for n in range(5_000)
    ]
    started = time.process_time()

    groups = grouped(offers)

    assert time.process_time() - started < 0.5
    assert len(groups) == 5_000
