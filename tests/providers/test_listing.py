"""What is read of a list of models, in each provider's way of writing it; what is not said stays unknown."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.model import Model, Price
from arka_tui.providers.catalog import load_catalog
from arka_tui.providers.listing import alive, page_of, pick_model
from arka_tui.providers.provider import ModelsList, PaidProbe, PriceUnit

PLAIN = load_catalog()["openai"].models_list
PRICED = replace(PLAIN, price_in="pricing.in", price_out="pricing.out")
PROBE = PaidProbe("/chat", "{}", ("small", "tiny"), "", False, Decimal("0.001"))


def listed(shape: ModelsList, *entries: dict[str, Any]) -> tuple[Model, ...]:
    page = page_of(shape, {"data": list(entries)})
    assert page is not None
    return page.models


def one(shape: ModelsList, **entry: object) -> Model:
    (model,) = listed(shape, {"id": "m", **entry})
    return model


def test_of_a_bare_entry_nothing_but_its_name_is_known() -> None:
    assert one(PLAIN) == Model("m")


@pytest.mark.parametrize(
    ("unit", "said", "usd_per_million"),
    [
        (PriceUnit.EACH, ("0.00000005", "0.0000004"), ("0.05", "0.4")),
        (PriceUnit.MILLION, (Decimal("0.05"), "0.4"), ("0.05", "0.4")),
        (PriceUnit.CENTS_PER_100M, (12500, 50000), ("1.25", "5")),
        (PriceUnit.EACH, ("0", "0"), ("0", "0")),
    ],
)
def test_prices_are_told_per_million_tokens_whatever_the_unit(
    unit: PriceUnit, said: tuple[object, object], usd_per_million: tuple[str, str]
) -> None:
    model = one(replace(PRICED, price_unit=unit), pricing={"in": said[0], "out": said[1]})
    assert (model.price.input, model.price.output) == tuple(map(Decimal, usd_per_million))
    assert model.price.as_of is None


def test_no_price_per_token_of_a_model_that_does_not_chat_is_no_price_of_zero() -> None:
    """An image is paid by the piece; the list says 0 a token of it."""
    shape = replace(PRICED, chat_field="type", chat_value="chat")
    free = {"in": "0", "out": "0"}
    assert one(shape, pricing=free, type="image").price == Price()
    assert one(shape, pricing=free, type="chat").price == Price(Decimal(0), Decimal(0))
    assert one(shape, pricing={"in": "0.02", "out": "0"}, type="embedding").price.input == Decimal(20000)


@pytest.mark.parametrize("pricing", [{"in": "-1", "out": "-1"}, {"in": "0.1", "out": "-1"}, {"in": -1, "out": 0}])
def test_a_negative_price_is_one_that_depends(pricing: object) -> None:
    assert one(PRICED, pricing=pricing).price == Price(variable=True)


@pytest.mark.parametrize(
    "pricing", [None, {}, {"in": "0.1"}, {"out": "0.1"}, {"in": "", "out": "1"}, {"in": True, "out": 1}, "free", [1, 2]]
)
def test_a_price_that_is_not_said_in_full_is_unknown_and_never_zero(pricing: object) -> None:
    price = one(PRICED, pricing=pricing).price
    assert price == Price()
    assert not price.known


def test_of_many_offers_of_one_model_the_cheapest_counts_and_the_longest_context() -> None:
    shape = replace(
        PLAIN,
        price_in="providers.*.price.in",
        price_out="providers.*.price.out",
        price_unit=PriceUnit.MILLION,
        context="providers.*.context",
    )
    offers = [{"price": {"in": 3, "out": 4}, "context": 8000}, {"price": {"in": 1, "out": 5}, "context": 4000}]
    model = one(shape, providers=offers)
    assert (model.price.input, model.price.output, model.context) == (Decimal(1), Decimal(5), 8000)


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (["tools", "temperature", "reasoning"], {"tools", "reasoning"}),
        ({"function_calling": True, "vision": True, "thinking": False}, {"tools"}),
        ({"structured_outputs": {"supported": True}, "thinking": {"supported": False}}, {"structured"}),
        (None, set()),
        ("tools", {"tools"}),
        ([["tools"]], set()),
    ],
)
def test_capabilities_are_read_from_lists_and_flags(said: object, known: set[str]) -> None:
    assert one(replace(PLAIN, capabilities="can"), can=said).capabilities == known


@pytest.mark.parametrize(
    ("said", "chats"),
    [(["generateContent"], True), (["embedContent"], False), ([], False), (True, True), (False, False), (None, None)],
)
def test_whether_a_model_chats_is_known_where_the_list_says_so(said: object, chats: bool | None) -> None:
    assert one(replace(PLAIN, chat_field="does", chat_value="generateContent"), does=said).chats is chats


def test_names_are_rid_of_what_requests_do_not_want() -> None:
    shape = replace(PLAIN, id="name", strip="models/")
    assert [model.id for model in listed(shape, {"name": "models/gemini-x"}, {"name": "models"})] == [
        "gemini-x",
        "models",
    ]


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-12-11", date(2026, 12, 11)),
        ("2026-12-11T10:00:00Z", date(2026, 12, 11)),
        (1796947200, date(2026, 12, 11)),
        *(("soon", None), (None, None), (-1, None), (10**30, None), (True, None)),
    ],
)
def test_a_day_of_retirement_is_read_as_a_date_a_moment_or_seconds(said: object, day: date | None) -> None:
    assert one(replace(PLAIN, retires="gone"), gone=said).retires == day


def test_what_is_retired_is_not_alive() -> None:
    models = [Model("old", retires=date(2026, 11, 23)), Model("new", retires=date(2026, 11, 24)), Model("ever")]
    assert [model.id for model in alive(models, date(2026, 11, 23))] == ["new", "ever"]


@pytest.mark.parametrize(
    ("models", "picked"),
    [
        ([Model("tiny"), Model("small")], "small"),
        ([Model("tiny"), Model("small", chats=False)], "tiny"),
        ([Model("tiny", outputs=("image",))], None),
        ([Model("large")], None),
        ([], None),
        (None, "small"),
    ],
)
def test_the_paid_request_uses_a_preferred_model_that_is_reached_and_writes(
    models: list[Model] | None, picked: str | None
) -> None:
    assert pick_model(PROBE, models, set(), {}) == picked


def test_where_a_setting_names_the_model_no_other_is_used() -> None:
    probe = replace(PROBE, model_setting="deployment")
    assert pick_model(probe, [Model("small")], set(), {"deployment": "mine"}) == "mine"
    assert pick_model(probe, [Model("small")], {"mine"}, {"deployment": "mine"}) is None
    assert pick_model(probe, [Model("small")], set(), {}) is None


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "data", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json)
def test_no_list_raises_and_all_that_is_read_is_of_its_type(tree: object) -> None:
    shape = replace(
        PRICED, name="a", context="a", price_in="a", price_out="b", inputs="b", capabilities="a", retires="b"
    )
    page = page_of(shape, tree)
    for model in page.models if page else ():
        assert model.context is None or model.context > 0
        assert all(isinstance(text, str) for text in (*model.inputs, model.name))
        assert model.price.input is None or model.price.input >= 0
