"""The picks screen: what it picks from, what it says of a pick and of what is missing, and its way around."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.binding import Binding

from arka_tui.controller import Controller
from arka_tui.insight.offers import Offer
from arka_tui.insight.picks import Pick, Step, picks
from arka_tui.insight.rules import Condition, Rank, Rules, Task, load_rules
from arka_tui.model import Model, ModelsReached, Price
from arka_tui.simulator import Simulator
from arka_tui.telling import model_rows
from arka_tui.tui import pick_rows
from arka_tui.tui.pick_rows import Findings
from arka_tui.tui.screens import listing_screen
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.pick_detail import PickDetail, RulesScreen
from arka_tui.tui.screens.picks import PicksScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from arka_tui.tui.widgets.pick_list import PickList, TaskList, columns, heads
from tests.insight.given import TODAY, offer, price
from tests.tui.conftest import Driven, drive

Add = Callable[..., str]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_screen, "GATHER_EVERY_S", 0.01)
    monkeypatch.setattr(listing_screen, "LOOK_EVERY_S", 0.05)


# ---------------------------------------------------------------------- the screen


def test_p_picks_from_the_keys_whose_test_was_good_and_enter_tells_why(
    controller: Controller, add: Add, simulator: Simulator
) -> None:
    add("openai/work")
    add("openrouter/main")

    async def script(driven: Driven) -> None:
        await driven.press("p")
        await driven.on(PicksScreen)
        await driven.sees("No key counts yet", "Esc, then T tests them all")
        await driven.press("escape", "t")
        await driven.sees("✓ works")
        await driven.press("p")
        await driven.sees("General: 6 picks", "› General", "65 points: the newest of its line", "good count: 1 of 2")
        await driven.sees("→ use openai/work", "prices marked * are of")
        await driven.press("right")
        await driven.sees("Coding: ", "› Coding")
        await driven.press("h", "enter")
        await driven.on(PickDetail)
        await driven.sees("General: number 1 of 6, 65 points", "+30 the newest of its line", "-10 its maker's small")
        await driven.sees("Use openai/work · OpenAI")
        await driven.press("escape")
        await driven.until(lambda: "asking" not in driven.text, "all were asked")
        asked = len(simulator.requests)
        await driven.press("r")
        await driven.until(lambda: len(simulator.requests) >= asked + 2, "all are asked again")
        await driven.press("p")
        await driven.on(KeysScreen)

    drive(controller, script)


def test_while_keys_are_asked_and_tested_picks_come_and_a_lock_leaves_none(controller: Controller, add: Add) -> None:
    add("openai/quick")
    add("openai/slow", "slow")

    async def script(driven: Driven) -> None:
        await driven.press("p")
        await driven.sees("asking 1/2 keys", "No key counts yet")
        async for _ in controller.check(["openai/quick"], on_start=lambda name: None):
            pass
        await driven.sees("General: 6 picks", "asking 1/2 keys")
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        assert controller.insight._listed == {}

    drive(controller, script)


@pytest.mark.slow
def test_a_narrow_screen_shows_one_task_at_a_time(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("t", "p")
        await driven.sees("‹ General 1/6 ›", "65 points: the newest")
        await driven.press("left")
        await driven.sees("‹ Budget 6/6 ›")
        await driven.pilot.resize_terminal(80, 24)
        await driven.sees("› Budget", "KEY TO USE")
        await driven.press("tab", "up")
        await driven.sees("› Long context")
        await driven.pilot.resize_terminal(40, 12)
        await driven.sees("‹ Long context 5/6 ›")
        assert driven.app.screen.query_one(PickList).has_focus

    drive(controller, script, size=(40, 12))


@pytest.mark.slow
def test_mistakes_in_ones_own_rules_are_told_and_the_rest_of_them_holds(controller: Controller, add: Add) -> None:
    own = controller.insight.rules_file
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        '[tasks.mine]\ntitle = "[b]Mine"\nsentence = "For me."\nrequire = { free = true }\n'
        'rank = [{ points = 1, reason = "a { brace" }]\n'
        '[tasks.other]\ntitle = "Other"\n[classes]\nsmall = 3\n'
    )
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("t", "p")
        await driven.sees("1 more: i", "✗ picks.toml: classes.small must be a list of words.", "General: ")
        await driven.press("left")
        await driven.sees("[b]Mine: 0 picks", "None of your models fits this task")
        await driven.press("i")
        await driven.on(RulesScreen)
        await driven.sees("✗ picks.toml: tasks.other.sentence is missing.", "all the rest holds", "a { brace")
        await driven.press("end")
        await driven.sees("Read from here")

    drive(controller, script)


@pytest.mark.slow
def test_without_keys_or_lists_it_says_what_to_do(controller: Controller, add: Add) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("p")
        await driven.sees("No keys yet", "a adds one")
        assert "asking" not in driven.text
        await driven.press("escape")
        add("openai/work")
        await driven.press("escape")
        async for _ in controller.check(["openai/work"], on_start=lambda name: None):
            pass
        [credential] = controller.credentials()
        controller.insight.remember(credential, ModelsReached(()))
        await driven.press("p")
        await driven.sees("No models: no verified key gave a list", "r asks again")
        controller.insight.remember(credential, ModelsReached((Model("m[b]\x1b]0;x", chats=True),)))
        screen = driven.app.screen
        assert isinstance(screen, PicksScreen)
        screen.look_again()
        await driven.sees("m[b]␛]0;x", "General: 1 pick")
        await driven.press("i")
        await driven.sees("+30 the newest of its line")
        await driven.press("end")
        await driven.sees("Put a file here", "picks.toml")

    drive(controller, script)


def test_every_key_of_the_keyboard_is_told_in_the_help() -> None:
    for binding in PicksScreen.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id
        assert binding.tooltip


# ---------------------------------------------------------------------- lists


def _picks(*offers: Offer, rules: Rules | None = None) -> tuple[Pick, ...]:
    """Of the first task."""
    return picks(rules or load_rules(Path("/nonexistent/picks.toml")), offers, TODAY)[0].picks


@pytest.mark.parametrize("width", [20, 40, 51, 52, 60, 91, 92, 140])
def test_the_columns_of_picks_fill_the_width(width: int) -> None:
    assert sum(size for _, size in columns(width)) == max(width, 20)
    assert len(heads(width)) == max(width, 20)


def test_the_cursor_stays_on_its_model_and_its_task() -> None:
    rules = load_rules(Path("/nonexistent/picks.toml"))
    before = picks(rules, [offer("a"), offer("b")], TODAY)
    after = picks(rules, [offer("a"), offer("b"), offer("gpt-9-pro", cost=price("1", "2"))], TODAY)
    listed, tasks = PickList(), TaskList()
    listed.show(before[0])
    tasks.show(before)
    listed.set_reactive(PickList.cursor, 1)
    tasks.set_reactive(TaskList.cursor, 3)

    listed.show(after[0])
    tasks.show(after[1:])

    assert (listed.cursor, listed.current and listed.current.name) == (2, "b")
    assert (tasks.cursor, tasks.current and tasks.current.id) == (2, "writing")
    listed.show(after[3])
    assert listed.cursor == 0


# ---------------------------------------------------------------------- words


def test_a_rule_that_says_nothing_counts_but_is_no_reason() -> None:
    quiet = Rank(Decimal(5), Condition(), "")
    loud = Rank(Decimal("0.5"), Condition(), "loud; {price}")
    last = Rank(Decimal(0), Condition(), "{price}")
    (pick,) = _picks(offer("m", cost=price("0", "0")), rules=Rules((Task("t", "T", "S.", rank=(quiet, loud, last)),)))

    assert pick.steps == (Step(Decimal(5), ""), Step(Decimal("0.5"), "loud; free"), Step(Decimal(0), "free"))
    assert sum(step.points for step in pick.steps) == pick.points
    assert pick.why == ["loud; free"]
    assert pick_rows.points_and_why(pick) == [("+5", pick_rows.SILENT), ("+0.5", "loud; free")]
    assert (pick_rows.total(pick.points), pick_rows.total(Decimal(1))) == ("5.5 points", "1 point")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (price("0.25", "2"), "$0.25/$2.00"),
        (price("0", "0"), "free"),
        (price("0.1", "0"), "$0.10/$0"),
        (Price(), "–"),
        (price("1", None), "$1.00/–"),
        (Price(variable=True), "variable"),
        (Price(Decimal(1), Decimal(1), as_of=TODAY), "$1.00/$1.00*"),
    ],
)
def test_a_price_that_is_not_known_is_no_zero(said: Price, told: str) -> None:
    assert model_rows.price_cell(said) == told


def test_a_pick_tells_its_key_its_reasons_and_who_else_reaches_it() -> None:
    (alone,) = _picks(offer("m", cost=price("1", "2")))
    (shared,) = _picks(
        offer("m", "groq/a", price("1", "2")),
        offer("x/m", "openrouter/b", price("3", "3")),
        offer("y/m", "openrouter/b", price("4", "3")),
        offer("m", "openai/c"),
        offer("m", "xai/d", verified=False),
    )

    assert pick_rows.told(alone, 80, 4) == [
        ["→ use openai/work", "$1.00 in, $2.00 out per 1M", ""],
        ["15 points: a fair price"],
        ["no other verified key reaches it"],
    ]
    assert pick_rows.told(shared, 80, 4)[2] == [
        "2 other keys: openrouter/b $3.00 in, $3.00 out",
        "openai/c price unknown",
    ]
    assert pick_rows.told(shared, 80, 3)[0] == ["→ use groq/a", "or 2 other keys", ""]


@pytest.mark.parametrize("lines", [3, 4])
def test_what_is_told_of_a_pick_fits_the_lines_and_is_cut_with_a_sign(lines: int) -> None:
    long = Rank(Decimal(1), Condition(), "word " * 60)
    (pick,) = _picks(offer("m"), rules=Rules((Task("t", "T", "S.", rank=(long,)),)))

    told = pick_rows.told(pick, 38, lines)

    assert len(told) == lines
    reasons = [line for [line] in told[1:3]]
    assert all(cell_len(line) <= 38 for line in reasons)
    assert reasons[-1].endswith("…")


@pytest.mark.parametrize(
    ("text", "lines", "filled"),
    [
        ("one two three", 2, ["one two", "three"]),
        ("one two three four", 2, ["one two", "three f…"]),
        ("onetwothree", 2, ["onetwot…"]),
        ("", 2, [""]),
        ("日本 語", 1, ["日本 語"]),
    ],
)
def test_reasons_are_wrapped_between_words(text: str, lines: int, filled: list[str]) -> None:
    assert pick_rows.filled(text, 8, lines) == filled


def test_keys_that_do_not_count_are_told_of_as_long_as_there_are_some() -> None:
    some = Findings(keys=8, verified=frozenset({"a/b", "c/d"}))

    assert pick_rows.counted(some, narrow=False)[0] == "only keys whose last test was good count: 2 of 8"
    assert pick_rows.counted(some, narrow=True) == ["2/8 keys count: last test was good"]
    assert pick_rows.counted(replace(some, keys=2), narrow=False) == []


@pytest.mark.parametrize(
    ("when", "reason", "told"),
    [
        (Condition(newest=True), "the newest", "the newest: no newer one within reach"),
        (
            Condition(price_above=Decimal("0.5"), price_at_most=Decimal(7)),
            "fair",
            "fair: over $0.50, at most $7 per 1M",
        ),
        (Condition(of_class="large"), "upper class ({word})", "upper class: named opus, pro"),
        (
            Condition(context_at_least=200_000),
            "room for {context} tokens",
            "room for … tokens: a context of at least 200k",
        ),
        (Condition(can=frozenset({"tools"}), reads=("image",)), "able", "able: can tools; takes image"),
        (Condition(free=True, output_at_least=32_000), "", "a rule that says nothing: free; answers of at least 32k"),
        (Condition(), "{price}", "…: always"),
    ],
)
def test_a_rule_is_told_with_its_thresholds(when: Condition, reason: str, told: str) -> None:
    assert pick_rows.rule_told(Rank(Decimal(1), when, reason), {"large": ("opus", "pro")}) == told


def test_the_rules_can_be_read_before_any_key_counts(controller: Controller, add: Add) -> None:
    add("openai/work")
    controller.insight.rules_file.parent.mkdir(parents=True)
    controller.insight.rules_file.write_text("[classes]\nsmall = 1\nlarge = 2\n")

    async def script(driven: Driven) -> None:
        await driven.press("p")
        await driven.sees("No key counts yet", "1 more: i")
        await driven.press("i")
        await driven.on(RulesScreen)
        await driven.sees("classes.small must be", "classes.large must be", "named")

    drive(controller, script)
