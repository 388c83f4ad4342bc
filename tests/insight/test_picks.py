"""Which model for which task, out of those that verified keys reach."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.insight.names import canonical
from arka_tui.insight.offers import Offer, PriceKind, blended
from arka_tui.insight.picks import Pick, TaskPicks, count_words, picks, price_words, usd
from arka_tui.insight.prices import load_snapshot
from arka_tui.insight.rules import Condition, PassedOver, Rank, Rules, Task, load_rules
from arka_tui.model import Model, Price
from tests.insight.given import TODAY, offer, price
from tests.insight.test_offers import OFFERS

SHIPPED = load_rules(Path("/nonexistent/picks.toml"))
CLASSES = {"small": ("mini",), "large": ("pro",)}


def rank(points: int, reason: str = "", when: Condition | None = None) -> Rank:
    return Rank(Decimal(points), when or Condition(), reason)


def run(offers: Sequence[Offer], *ranks: Rank, require: Condition | None = None, **task: object) -> tuple[Pick, ...]:
    made = Task("t", "Title", "Sentence.", require or Condition(), rank=ranks, **task)  # type: ignore[arg-type]  # a test says its fields
    (found,) = picks(Rules((made,), PassedOver(("embed",), 14), CLASSES), offers, TODAY)
    return found.picks


def names(found: Sequence[Pick]) -> list[str]:
    return [each.name for each in found]


def test_models_come_by_points_each_with_the_reasons_of_its_rank() -> None:
    offers = [
        offer("plain", cost=price("1", "1")),
        offer("coder-x", cost=price("0.25", "1.5"), context=400_000),
        offer("gpt-pro", cost=price("0", "0"), context=1_048_576),
    ]

    found = run(
        offers,
        rank(20, "made for code", Condition(name_has=("coder", "codex"))),
        rank(10, "the {word} one", Condition(of_class="large")),
        rank(0, "{price}; {context} context"),
    )

    assert [(each.name, each.points, each.why) for each in found] == [
        ("coder-x", Decimal(20), ["made for code", "$0.25 in, $1.50 out per 1M; 400k context"]),
        ("gpt-pro", Decimal(10), ["the pro one", "free; 1M context"]),
        ("plain", Decimal(0), ["$1 in, $1 out per 1M; unknown context"]),
    ]


def test_a_model_is_picked_once_with_its_cheapest_key_and_the_others_beside_it() -> None:
    offers = [
        offer("anthropic/claude-opus-5", "openrouter/work", price("6", "30")),
        offer("claude-opus-5", "anthropic/work", price("5", "25")),
        offer("claude-opus-5", "anthropic/ci", price("5", "25")),
    ]

    (pick,) = run(offers)

    assert pick.offer.key_name == "anthropic/ci"
    assert [each.key_name for each in pick.others] == ["anthropic/work", "openrouter/work"]


def test_unverified_keys_do_not_count() -> None:
    offers = [
        offer("a", "openai/dead", price("0", "0"), verified=False),
        offer("a", "openai/live", price("1", "1")),
        offer("b", "openai/dead", verified=False),
    ]

    (pick,) = run(offers)

    assert (pick.name, pick.offer.key_name, pick.others) == ("a", "openai/live", ())


@pytest.mark.parametrize(("days", "picked"), [(-1, False), (0, False), (14, False), (15, True)])
def test_models_that_are_gone_in_two_weeks_are_passed_over(days: int, picked: bool) -> None:
    assert bool(run([offer("a", retires=TODAY + timedelta(days=days))])) is picked


def test_names_of_other_trades_are_passed_over() -> None:
    assert names(run([offer("text-embed-3"), offer("embedded-x")])) == ["embedded-x"]


@pytest.mark.parametrize(
    ("chats", "outputs", "picked"),
    [(True, (), True), (False, (), False), (None, (), True), (None, ("image",), False), (None, ("text", "x"), True)],
)
def test_only_models_that_may_answer_with_text_are_picked(
    chats: bool | None, outputs: tuple[str, ...], picked: bool
) -> None:
    assert bool(run([offer("a", chats=chats, outputs=outputs)])) is picked


@pytest.mark.parametrize(
    "cost", [Price(), Price(variable=True), price("1", None), price("-1", "-1"), price("NaN", "1")]
)
def test_an_unknown_price_is_never_cheap_nor_dear_nor_free(cost: Price) -> None:
    conditions = (Condition(price_at_most=Decimal(1000)), Condition(price_above=Decimal(0)), Condition(free=True))

    for condition in conditions:
        (pick,) = run([offer("a", cost=cost)], rank(1, "counted", condition))
        assert pick.points == 0
        assert run([offer("a", cost=cost)], require=condition) == ()


@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        (Condition(price_at_most=Decimal(4)), True),
        (Condition(price_at_most=Decimal("3.99")), False),
        (Condition(price_above=Decimal("3.99"), price_at_most=Decimal(5)), True),
        (Condition(price_above=Decimal(4)), False),
        (Condition(free=True), False),
        (Condition(context_at_least=1000), True),
        (Condition(context_at_least=1001), False),
        (Condition(output_at_least=1), False),
        (Condition(can=frozenset({"tools"})), True),
        (Condition(can=frozenset({"tools", "reasoning"})), False),
        (Condition(reads=("image",)), False),
        (Condition(name_has=("x", "pro")), True),
        (Condition(name_has=("pr",)), False),
        (Condition(name_has=("gpt-5",)), True),
        (Condition(of_class="large"), True),
        (Condition(of_class="small"), False),
        (Condition(of_class="large", free=True), False),
    ],
)
def test_a_condition_holds_where_all_of_it_is_known_to_hold(condition: Condition, meets: bool) -> None:
    offers = [offer("gpt-5-pro", cost=price("2", "10"), context=1000, capabilities=frozenset({"tools"}))]

    assert bool(run(offers, require=condition)) is meets


def test_a_model_is_of_the_first_class_that_has_a_word_of_its_name() -> None:
    (pick,) = run([offer("pro-mini")], rank(1, "small", Condition(of_class="small")), rank(1, "large"))

    assert pick.why == ["small", "large"]
    assert run([offer("pro-mini")], require=Condition(of_class="large")) == ()


def test_only_the_newest_of_a_line_that_is_in_reach_is_called_newest() -> None:
    offers = [
        offer("gpt-5.4-mini"),
        offer("openai/gpt-5-mini", "openrouter/work"),
        offer("gpt-6-mini", verified=False),
        offer("gpt-7-mini", retires=TODAY),
        offer("gpt-4"),
        offer("unnumbered"),
    ]

    assert names(run(offers, require=Condition(newest=True))) == ["gpt-4", "gpt-5.4-mini"]


def test_the_cheapest_key_that_meets_what_is_required_is_the_one_picked_and_beside_it_stand_only_such() -> None:
    offers = [
        offer("a", "cheap/k", price("1", "1"), context=1000),
        offer("a", "dear/k", price("2", "2"), context=9000),
        offer("a", "dearer/k", price("3", "3"), context=9000),
    ]

    (pick,) = run(offers, require=Condition(context_at_least=5000))

    assert (pick.offer.key_name, [each.key_name for each in pick.others]) == ("dear/k", ["dearer/k"])


@pytest.mark.parametrize(
    ("tie_break", "order"), [(("price", "context"), ["b", "a", "c"]), (("context", "price"), ["a", "b", "c"])]
)
def test_equal_points_are_told_apart_by_price_or_by_context(tie_break: tuple[str, ...], order: list[str]) -> None:
    offers = [
        offer("c"),
        offer("a", cost=price("2", "2"), context=9),
        offer("b", cost=price("1", "1"), context=5),
    ]

    assert names(run(offers, tie_break=tie_break)) == order


def test_a_model_with_fewer_than_the_least_points_is_no_pick() -> None:
    ranks = [rank(5, "", Condition(name_has=("a",))), rank(-5, "", Condition(name_has=("b",)))]

    assert names(run([offer("a"), offer("b")], *ranks)) == ["a", "b"]
    assert names(run([offer("a"), offer("b")], *ranks, least_points=Decimal(0))) == ["a"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (price("0.25", "1.5"), "$0.25 in, $1.50 out per 1M"),
        (price("0.0375", "0.15"), "$0.0375 in, $0.15 out per 1M"),
        (price("10", "1200"), "$10 in, $1,200 out per 1M"),
        (price("0", "0"), "free"),
        (price("0.00001", "0"), "under $0.0001 in, $0 out per 1M"),
        (Price(), "price unknown"),
        (price("1", None), "price unknown"),
        (Price(variable=True), "price varies"),
    ],
)
def test_prices_are_told_in_words(said: Price, words: str) -> None:
    assert price_words(said) == words


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (512, "512"),
        (8_192, "8k"),
        (131_072, "131k"),
        (922_000, "922k"),
        (1_048_576, "1M"),
        (1_500_000, "1.5M"),
        (None, "unknown"),
        (0, "unknown"),
        pytest.param(10**5000, "unknown", id="huge"),
    ],
)
def test_tokens_are_told_in_words(tokens: int | None, words: str) -> None:
    assert count_words(tokens) == words


@settings(max_examples=50)
@given(st.decimals(0, 10**9))
def test_what_costs_something_is_never_told_as_nothing(amount: Decimal) -> None:
    assert amount == 0 or usd(amount) not in ("$0", "$0.00")


@settings(max_examples=40)
@given(
    st.lists(OFFERS, max_size=10),
    st.lists(
        st.builds(
            Offer,
            *(st.just("c"), st.just("k"), st.just("p"), st.just("P"), st.booleans()),
            st.builds(
                Model,
                st.text(max_size=200),
                context=st.none() | st.integers(),
                max_output=st.none() | st.integers(),
                price=st.builds(Price, st.none() | st.decimals(), st.none() | st.decimals()),
                retires=st.none() | st.dates(),
                chats=st.none() | st.booleans(),
            ),
        ),
        max_size=5,
    ),
)
def test_whatever_providers_say_only_verified_keys_are_picked_and_each_model_once(
    some: list[Offer], others: list[Offer]
) -> None:
    for task in picks(SHIPPED, some + others, TODAY):
        assert len(set(names(task.picks))) == len(task.picks)
        assert [each.points for each in task.picks] == sorted((each.points for each in task.picks), reverse=True)
        for pick in task.picks:
            assert all(each.verified and canonical(each.model.id) == pick.name for each in (pick.offer, *pick.others))
            if task.id == "budget":
                assert blended(pick.offer.model.price)[0] is PriceKind.KNOWN


OPENROUTER = [
    # as OpenRouter lists them in November 2026: id, USD per 1M in and out, context
    ("anthropic/claude-opus-5.5", "4", "20", 1_000_000),
    ("anthropic/claude-sonnet-5.5", "2", "10", 1_000_000),
    ("anthropic/claude-haiku-5.5", "0.1", "0.5", 1_000_000),
    ("google/gemini-3.8-flash", "0.75", "3.75", 1_048_576),
    ("google/gemini-3.1-pro-preview", "2", "12", 1_048_576),
    ("openai/gpt-6.1-sol", "2", "10", 1_050_000),
    ("openai/gpt-5.3-codex", "1.75", "14", 400_000),
    ("moonshotai/kimi-k2.7-code", "0.95", "4", 262_144),
    ("deepseek/deepseek-v4.1-flash", "0.21", "0.84", 1_048_576),
    ("z-ai/glm-5.3-flash", "0.15", "0.5", 1_300_000),
    ("meta-llama/llama-3.2-1b-instruct", "0.005", "0.01", 60_000),
    ("meta-llama/llama-3.3-70b-instruct:free", "0", "0", 65_536),
    ("openrouter/auto", "-1", "-1", 2_000_000),
    ("black-forest-labs/flux-2-pro", "1", "1", 40_000),
]


def reached(provider_id: str) -> list[Offer]:
    """All that the snapshot knows of a provider, as a key would reach it."""
    snapshot = load_snapshot()
    completed = [snapshot.completed(provider_id, Model(each)) for each in snapshot.models[provider_id]]
    return [Offer(provider_id, f"{provider_id}/work", provider_id, provider_id, True, model) for model in completed]


def at_openrouter() -> list[Offer]:
    both = frozenset({"tools", "reasoning"})
    return [
        offer(
            model_id,
            "openrouter/work",
            price(amount_in, amount_out),
            context=context,
            capabilities=both if context > 100_000 else frozenset(),
            chats=None,
            outputs=("image",) if "flux" in model_id else ("text",),
        )
        for model_id, amount_in, amount_out, context in OPENROUTER
    ]


@pytest.fixture(scope="module")
def of_all() -> dict[str, TaskPicks]:
    offers = [*reached("openai"), *reached("anthropic"), *reached("gemini"), *reached("xai"), *at_openrouter()]
    return {task.id: task for task in picks(SHIPPED, offers, date(2026, 11, 24))}


@pytest.mark.parametrize(
    ("task_id", "among_the_first", "first"),
    [
        ("general", {"gpt-6.1-sol", "gemini-3.1-pro-preview", "claude-sonnet-5.5"}, 8),
        ("coding", {"claude-opus-5.5", "gpt-6.1-sol", "gpt-5.3-codex", "kimi-k2.7-code"}, 10),
        ("reasoning", {"claude-opus-5.5", "gpt-6.1-sol", "gemini-3.1-pro-preview"}, 6),
        ("writing", {"claude-opus-5.5", "claude-sonnet-5.5"}, 2),
        ("long-context", {"gemini-4-argon", "gpt-6.1-sol", "claude-sonnet-5.5"}, 8),
        ("budget", {"claude-haiku-5.5", "gpt-6-luna", "glm-5.3-flash", "deepseek-v4.1-flash"}, 10),
    ],
)
def test_the_shipped_rules_pick_what_one_would_expect(
    of_all: dict[str, TaskPicks], task_id: str, among_the_first: set[str], first: int
) -> None:
    assert among_the_first <= set(names(of_all[task_id].picks)[:first])


@pytest.mark.parametrize("task_id", [task.id for task in SHIPPED.tasks])
def test_the_shipped_rules_never_pick_what_would_surprise(of_all: dict[str, TaskPicks], task_id: str) -> None:
    picked = names(of_all[task_id].picks)

    assert not {"openrouter/auto", "flux-2-pro", "gpt-audio", "whisper-1", "text-embedding-3-small"} & set(picked)
    assert not {"gpt-4", "gpt-3.5-turbo", "o1"} & set(picked), "retired"
    assert "llama-3.2-1b-instruct" not in picked[:20]


def test_keys_of_more_providers_are_picked_across(of_all: dict[str, TaskPicks]) -> None:
    assert {each.offer.provider_id for each in of_all["coding"].picks[:10]} >= {"openai", "anthropic", "gemini"}
    haiku = next(each for each in of_all["budget"].picks if each.name == "claude-haiku-5.5")
    assert {each.provider_id for each in (haiku.offer, *haiku.others)} == {"anthropic", "openrouter"}


def test_a_server_that_says_only_names_has_picks_too() -> None:
    offers = [
        offer(each, "ollama/home", chats=None) for each in ("llama3.1:8b", "qwen2.5-coder:32b", "nomic-embed-text")
    ]

    found = {task.id: names(task.picks) for task in picks(SHIPPED, offers, TODAY)}

    assert set(found["general"]) == {"llama-3.1-8b", "qwen-2.5-coder-32b"}
    assert found["coding"] == ["qwen-2.5-coder-32b"]
    assert found["budget"] == []
