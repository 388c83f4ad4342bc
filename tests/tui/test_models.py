"""The models screen: what it asks, what it says while it waits, and what its rows, orders and filter do."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from rich.cells import cell_len
from textual.binding import Binding
from textual.widgets import Input

from arka_tui.controller import Controller
from arka_tui.insight.offers import Offer, grouped
from arka_tui.model import Model, ModelsReached, Price
from arka_tui.simulator import Simulator
from arka_tui.telling import model_rows
from arka_tui.telling.model_rows import SORTS, Book, Heading, Row, View
from arka_tui.tui.screens import listing_screen, model_detail
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.model_detail import ModelDetail
from arka_tui.tui.screens.models import ModelsScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from arka_tui.tui.widgets.model_list import ModelList, columns, heads
from tests.conftest import PASSPHRASE
from tests.insight.given import TODAY, offer, price
from tests.tui.conftest import Driven, drive

Add = Callable[..., str]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_screen, "GATHER_EVERY_S", 0.01)


def _names(book: Book, view: View = View.BY_MODEL, sort: str = "name", filter_text: str = "") -> list[str]:
    return [each.text if isinstance(each, Heading) else each.name for each in book.lines(view, sort, filter_text)]


def _row(*offers: Offer, view: View = View.BY_MODEL) -> Row:
    return next(each for each in Book(offers).lines(view, "name", "") if isinstance(each, Row))


# ---------------------------------------------------------------------- the screen


def test_m_lists_what_the_keys_reach_and_enter_tells_which_of_them_run_it(
    controller: Controller, add: Add, simulator: Simulator
) -> None:
    add("openai/work")
    add("openai/ci")
    add("openrouter/main", "down")

    async def script(driven: Driven) -> None:
        await driven.press("t", "m")
        await driven.on(ModelsScreen)
        await driven.sees("gpt-4o-mini", "no list of openrouter/main", "prices marked * are of")
        await driven.until(lambda: "asking" not in driven.text, "all were asked")
        asked = len(simulator.requests)
        await driven.press("r")
        await driven.until(lambda: len(simulator.requests) >= asked + 3, "all are asked again")
        await driven.press("slash")
        await driven.paste("mini")
        await driven.sees("2 of 11 models")
        await driven.press("enter", "enter")
        await driven.on(ModelDetail)
        await driven.sees("gpt-4.1-mini", "openai/ci · OpenAI", "$0.40 in, $1.60 out per 1M*", "1 more not verified")
        await driven.press("escape")
        await driven.on(ModelsScreen)
        await driven.press("escape")
        await driven.until(lambda: " of " not in driven.text.splitlines()[0], "the filter is gone")
        await driven.press("escape")
        await driven.on(KeysScreen)

    drive(controller, script)


def test_what_a_test_finds_meanwhile_is_shown(
    controller: Controller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_screen, "LOOK_EVERY_S", 0.05)
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("m")
        await driven.sees("no key verified yet", "gpt-4o-mini")
        async for _ in controller.check(["openai/work"]):
            pass
        await driven.until(lambda: "no key verified yet" not in driven.text, "it is verified now")

    drive(controller, script)


def test_while_keys_are_asked_r_waits_and_a_lock_leaves_nothing_of_the_models(
    controller: Controller, add: Add, simulator: Simulator
) -> None:
    add("openai/quick")
    add("openai/slow", "slow")

    async def script(driven: Driven) -> None:
        await driven.press("m")
        await driven.sees("asking 1/2 keys", "gpt-4o")
        asked = len(simulator.requests)
        await driven.press("r")
        assert (len(simulator.requests), driven.app.screen.query_one(ModelList).shown) == (asked, 11)
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        assert controller.insight._listed == {}

    drive(controller, script)


def test_without_keys_or_lists_or_matches_it_says_what_to_do(controller: Controller, add: Add) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("m")
        await driven.sees("No keys yet", "a adds one")
        await driven.press("escape")
        add("openrouter/main", "down")
        await driven.press("m")
        await driven.sees("not one key gave a list", "T tests them all")
        [credential] = controller.credentials()
        controller.insight.remember(credential, ModelsReached((Model("m[b]"), Model("n")), complete=False))
        screen = driven.app.screen
        assert isinstance(screen, ModelsScreen)
        screen.look_again()
        await driven.sees("m[b]", "incomplete: openrouter/main", "no key verified yet", "not verified")
        await driven.press("slash")
        await driven.paste("zzz")
        await driven.sees("No model matches “zzz”", "0 of 2 models")

    drive(controller, script)


def test_every_key_of_the_keyboard_is_told_in_the_help() -> None:
    for binding in ModelsScreen.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id
        assert binding.tooltip


# ---------------------------------------------------------------------- order and filter

CHEAP = offer("cheap", "groq/k", price("0.1", "0.2"), context=8_000)
FREE = offer("free-one", "openrouter/k", price("0", "0"), context=32_000, retires=TODAY + timedelta(days=9))
DEAR = offer("dear", "openai/k", price("5", "25"), context=1_000_000, retires=TODAY + timedelta(days=200))
VARIES = offer("varies", "openrouter/k", Price(variable=True))
UNKNOWN = offer("a-mystery", "openai/k")
DOUBTED = offer("doubted", "xai/k", price("0", "0"), verified=False)
ALL = (UNKNOWN, VARIES, DEAR, FREE, CHEAP, DOUBTED)


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "a-mystery", "varies"),
        ("cheapest first", "free-one", "doubted"),
        ("longest context", "dear", "varies"),
        ("retiring soonest", "free-one", "varies"),
    ],
)
def test_in_every_order_what_is_not_known_comes_last(sort: str, first: str, last: str) -> None:
    names = _names(Book(ALL), sort=sort)

    assert (names[0], names[-1]) == (first, last)
    if sort == "cheapest first":
        assert names == ["free-one", "cheap", "dear", "varies", "a-mystery", "doubted"]


def test_every_order_holds_in_both_views_with_any_values() -> None:
    odd = [offer("odd", "x/k", price("NaN", "1")), offer("odd2", "x/k", price("1E+999", "1"), context=-3)]

    assert {len(_names(Book([*ALL, *odd]), view, sort)) for view in View for sort in SORTS} == {8, 8 + 5}


def test_by_provider_each_model_has_a_row_under_the_name_of_its_provider() -> None:
    book = Book([offer("gpt-4o", "openai/b"), offer("gpt-4o", "openai/a"), offer("openai/gpt-4o", "openrouter/k")])

    assert _names(book, View.BY_PROVIDER) == [
        "Openai  1 model, 2 keys",
        "gpt-4o",
        "Openrouter  1 model, 1 key",
        "openai/gpt-4o",
    ]
    assert _names(book) == ["gpt-4o"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FREE", ["doubted", "free-one"]),
        ("openai", ["a-mystery", "dear"]),
        ("openai/k dear", ["dear"]),
        ("openai free", []),
        ("tools IMAGE", ["seeing"]),
        ("pretty", ["seeing"]),
        ("  ", ["a-mystery", "cheap", "dear", "doubted", "free-one", "seeing", "varies"]),
    ],
)
def test_a_filter_leaves_models_of_which_one_offer_has_all_its_words(text: str, found: list[str]) -> None:
    plain = offer("seeing", "groq/k", price("1", "1"), capabilities=frozenset({"tools"}))
    seeing = replace(plain, model=replace(plain.model, name="Pretty Name", inputs=("text", "image")))

    assert _names(Book([*ALL, seeing]), filter_text=text) == found


def test_words_of_two_offers_of_one_model_do_not_add_up() -> None:
    book = Book([offer("m", "openai/k", price("1", "1")), offer("m", "groq/k", price("0", "0"))])

    assert (_names(book, filter_text="groq free"), _names(book, filter_text="openai free")) == (["m"], [])


# ---------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("said", "columns_say", "told"),
    [
        (price("0.25", "2"), ("$0.25", "$2.00"), "$0.25 in, $2.00 out per 1M"),
        (price("0", "0"), ("free", "free"), "free"),
        (price("0.1", "0"), ("$0.10", "$0"), "$0.10 in, $0 out per 1M"),
        (price("0.1", None), ("$0.10", "–"), "$0.10 in, – out per 1M"),
        (Price(), ("–", "–"), "price unknown"),
        (price("NaN", "Infinity"), ("–", "–"), "price unknown"),
        (price("1E+999999", None), ("–", "–"), "price unknown"),
        (price("-1", "-1"), ("variable", "variable"), "price varies"),
        (price("0.00000001", "1"), ("<$0.0001", "$1.00"), "<$0.0001 in, $1.00 out per 1M"),
        (Price(Decimal(1), Decimal(2), as_of=TODAY), ("$1.00", "$2.00"), "$1.00 in, $2.00 out per 1M*"),
    ],
)
def test_a_price_that_is_not_known_is_never_zero(said: Price, columns_say: tuple[str, str], told: str) -> None:
    assert (model_rows.amounts(said), model_rows.price_told(said)) == (columns_say, told)


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        ((), (), "–"),
        (("text", "image"), ("text",), "text·image"),
        (("text",), ("image",), "text → image"),
        ((), ("embeddings",), "→ embeddings"),
        (("te\x1b]0;xt",), (), "te␛]0;xt"),
    ],
)
def test_modalities_are_told_short(inputs: tuple[str, ...], outputs: tuple[str, ...], told: str) -> None:
    assert model_rows.modalities(Model("m", inputs=inputs, outputs=outputs)) == told


@pytest.mark.parametrize(
    ("days", "told", "brief", "care"),
    [
        (None, "–", "–", False),
        (-1, "! past", "! past", True),
        (0, "! past", "! past", True),
        (1, "! 2026-11-24", "! 2026-11", True),
        (90, "! 2027-02-21", "! 2027-02", True),
        (91, "2027-02-22", "2027-02", False),
    ],
)
def test_a_near_retirement_has_a_sign_beside_its_colour(days: int | None, told: str, brief: str, care: bool) -> None:
    day = None if days is None else TODAY + timedelta(days=days)

    assert model_rows.retirement(day, TODAY) == (told, care)
    assert model_rows.retirement(day, TODAY, brief=True) == (brief, care)


def test_a_model_that_is_listed_after_its_day_is_not_called_retired() -> None:
    assert model_rows.retirement_told(TODAY, TODAY) == "! was to retire on 2026-11-23, but is still listed"
    assert model_rows.retirement_told(date(2027, 11, 23), TODAY) == "retires 2027-11-23"


def test_a_row_says_how_many_keys_reach_it_and_the_name_of_the_provider_of_a_single_one() -> None:
    many = _row(offer("m", "openai/a"), offer("m", "openai/b"), offer("m", "groq/c", verified=False))
    single = _row(offer("m", "openai/a"), offer("m", "groq/c", verified=False))
    doubted = _row(offer("m", "groq/c", verified=False))
    of_provider = _row(offer("m", "groq/c", verified=False), view=View.BY_PROVIDER)

    assert [model_rows.reach(row, View.BY_MODEL, wide=False) for row in (many, single, doubted)] == [
        "2 keys",
        "Openai",
        "not verified",
    ]
    assert model_rows.reach(doubted, View.BY_MODEL, wide=True) == "Groq, not verified"
    assert model_rows.reach(of_provider, View.BY_PROVIDER, wide=False) == "c"
    assert (model_rows.sign(many), model_rows.sign(of_provider)) == (" ", "?")


def test_below_the_list_stand_the_cheapest_the_other_keys_and_what_the_model_can() -> None:
    best = offer("m", "groq/a", price("0.1", "0.2"), context=400_000, capabilities=frozenset({"tools", "reasoning"}))
    row = _row(best, offer("m", "openai/b", price("1", "2")), offer("m", "xai/c", price("3", "4"), verified=False))

    assert model_rows.told(row, View.BY_MODEL, TODAY) == [
        ["cheapest: groq/a", "$0.10 in, $0.20 out per 1M"],
        ["2 other keys", "openai/b $1.00 in, $2.00 out", "xai/c $3.00 in, $4.00 out (not verified)"],
        ["reasoning, tools", "400k context"],
    ]
    assert model_rows.told_briefly(row, TODAY)[0] == "groq/a +2"


def test_nothing_is_called_the_cheapest_where_that_is_not_known() -> None:
    row = _row(offer("m", "groq/a"), offer("m", "openai/b"))
    doubted = _row(offer("m", "groq/a", price("5", "5")), offer("m", "openai/b", price("1", "1"), verified=False))

    for each in (row, doubted):
        assert model_rows.told(each, View.BY_MODEL, TODAY)[0][0] == "groq/a"
        assert "cheapest" not in model_detail.heading(each.group)


def test_a_row_retires_with_the_first_of_its_keys() -> None:
    soon, late = TODAY + timedelta(days=9), TODAY + timedelta(days=400)
    cheap = offer("m", "azure/a", price("1", "1"), retires=late)
    row = _row(cheap, offer("m", "openai/b", price("2", "2"), retires=soon))

    assert row.offer == cheap
    assert row.retires == soon
    assert model_rows.sign_of_all(row, TODAY) == ("!", True)
    assert model_rows.told(row, View.BY_MODEL, TODAY)[2][0] == f"! retires {soon}"
    book = Book([*row.offers, offer("other", "openai/b", retires=TODAY + timedelta(days=50))])
    assert _names(book, sort="retiring soonest") == ["m", "other"]


def test_by_provider_a_model_is_one_line_however_many_keys_reach_it() -> None:
    book = Book([offer("m", f"openai/{n}") for n in range(20)] + [offer("n", "openai/3")])

    assert _names(book, View.BY_PROVIDER) == ["Openai  2 models, 20 keys", "m", "n"]
    rows = [each for each in book.lines(View.BY_PROVIDER, "name", "") if isinstance(each, Row)]
    assert [model_rows.reach(row, View.BY_PROVIDER, wide=False) for row in rows] == ["20 keys", "3"]


def test_keys_of_one_provider_are_told_together() -> None:
    [group] = grouped([offer("m", f"openai/{n}", price("1", "2")) for n in range(5)])
    [alike] = model_rows.alike(group.offers)

    assert model_detail.keys_of(alike) == "openai/0, openai/1, openai/2 and 2 more"


def test_below_the_list_a_key_alone_and_in_doubt_is_said_to_be_so() -> None:
    row = _row(offer("m", "groq/a", verified=False, retires=TODAY + timedelta(days=3)))

    assert model_rows.told(row, View.BY_MODEL, TODAY) == [
        ["groq/a", "not verified: test the key", "price unknown"],
        ["no other key of yours reaches it"],
        ["! retires 2026-11-26"],
    ]


def test_details_tell_dated_names_of_one_key_together_and_nothing_that_was_not_said() -> None:
    dated = [offer(name, "openai/a", price("1", "2")) for name in ("gpt-4o", "gpt-4o-2024-08-06")]
    [group] = grouped([*dated, offer("openai/gpt-4o", "openrouter/b", verified=False)])

    told = [model_detail.told(each, TODAY) for each in model_rows.alike(group.offers)]

    assert told == [
        [("id", "gpt-4o, gpt-4o-2024-08-06"), ("price", "$1.00 in, $2.00 out per 1M")],
        [("id", "openai/gpt-4o"), ("price", "unknown")],
    ]
    assert model_detail.heading(group) == "1 of your keys runs it; 1 more not verified"


@pytest.mark.parametrize(
    "turns", [0, 1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def test_what_is_typed_just_before_a_lock_does_no_harm(controller: Controller, add: Add, turns: int) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("m")
        await driven.on(ModelsScreen)
        await driven.press("slash")
        field = driven.app.screen.query_one("#filter", Input)
        await driven.until(lambda: field.has_focus, "the filter")
        field.value = "g"
        for _ in range(turns):
            await asyncio.sleep(0)
        driven.app.lock("Locked.")
        await driven.on(UnlockScreen)
        await driven.sees("Locked.")

    drive(controller, script)


@pytest.mark.parametrize(
    "key", ["m", "e", *(pytest.param(each, marks=pytest.mark.slow) for each in ("p", "enter", "l", "a"))]
)
def test_a_lock_while_a_screen_opens_does_no_harm(controller: Controller, add: Add, key: str) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        for turns in range(0, 24, 3):
            await driven.on(KeysScreen)
            driven.app.simulate_key(key)
            for _ in range(turns):
                await asyncio.sleep(0)
            driven.app.lock("Locked.")
            await driven.on(UnlockScreen)
            await driven.sees("Locked.")
            controller.unlock(PASSPHRASE)
            driven.app.enter()

    drive(controller, script)


# ---------------------------------------------------------------------- the list


@pytest.mark.parametrize("width", [1, 10, 39, 40, 63, 64, 79, 80, 123, 124, 300])
@pytest.mark.parametrize("view", View)
def test_columns_and_their_heads_fill_the_line(width: int, view: View) -> None:
    total = sum(size for _, size in columns(width))

    assert total == max(width, 18)
    assert cell_len(heads(width, view)) == total


def test_the_cursor_passes_over_the_names_of_providers_and_keeps_its_model_in_the_other_view(
    controller: Controller,
) -> None:
    async def script(driven: Driven) -> None:
        shown = ModelList(lambda: date(2026, 11, 23))
        await driven.app.screen.mount(shown)
        shown.show(Book([offer("a", "groq/k"), offer("b", "groq/k"), offer("b", "openai/k")]))
        shown.action_edge(1)
        shown.set_view(View.BY_PROVIDER)
        seen = [shown.cursor]
        for move in (1, -5, -1, 1, 1):
            shown.action_move(move)
            seen.append(shown.cursor)
        assert isinstance(shown.lines[0], Heading)
        assert isinstance(shown.lines[3], Heading)
        assert seen == [2, 4, 1, 1, 2, 4]

    drive(controller, script)
