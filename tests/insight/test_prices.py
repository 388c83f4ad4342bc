"""The shipped snapshot, and how it completes what a provider says of a model."""

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.insight.prices import CHAT_MODES, Snapshot, load_snapshot, parse_snapshot
from arka_tui.model import Model, Price

DAY = date(2026, 11, 20)
MODELS = {
    "openai": {
        "gpt-x": {
            "mode": "chat",
            "context": 1000,
            "max_output": 100,
            "in": "0.25",
            "out": "1.5",
            "retires": "2027-01-14",
            "can": ["reasoning", "tools"],
            "inputs": ["text", "image"],
        },
        "gpt-free": {"mode": "chat", "in": "0", "out": "0"},
        "gpt-varies": {"mode": "chat", "in": "-1", "out": "-1"},
        "gpt-dated-2026-01-02": {"mode": "chat", "in": "3", "out": "4", "retires": "2026-12-31"},
        "ft:gpt-x": {"mode": "chat", "in": "9", "out": "9"},
        "embed": {"mode": "embedding", "in": "0.02", "out": "0"},
        "unpriced": {"mode": "chat", "context": 5},
    }
}
SNAPSHOT = parse_snapshot(
    json.dumps({"source": "s", "version": "1", "generated": DAY.isoformat(), "licence": "MIT", "models": MODELS})
)
LISTED = Price(Decimal("0.25"), Decimal("1.5"), as_of=DAY)


def test_importing_it_reads_no_data() -> None:
    program = "import sys, arka_tui.insight.prices as p; sys.exit(p.load_snapshot.cache_info().currsize)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_shipped_snapshot_says_where_it_is_from_and_under_which_licence() -> None:
    shipped = load_snapshot()

    assert shipped.source.startswith("litellm 1.")
    assert shipped.as_of >= date(2026, 11, 23)
    assert "MIT License" in shipped.licence and "Copyright (c) 2023 Berri AI" in shipped.licence


@pytest.mark.parametrize(
    ("provider_id", "model_id", "amount_in", "amount_out"),
    [
        ("openai", "gpt-4o-mini", "0.15", "0.6"),
        ("openai", "gpt-4.1-mini", "0.4", "1.6"),
        ("anthropic", "claude-haiku-4-5", "1", "5"),
        ("gemini", "gemini-2.5-flash-lite", "0.1", "0.4"),
        ("groq", "openai/gpt-oss-120b", "0.15", "0.6"),
        ("together", "deepseek-ai/DeepSeek-V4.1-Flash", "0.3", "1.2"),
        ("fireworks", "accounts/fireworks/models/glm-5p3", "1.4", "4.4"),
        ("cohere", "command-r7b-12-2024", "0.0375", "0.15"),
        ("zai", "glm-4.7-flash", "0", "0"),
    ],
)
def test_the_shipped_prices_are_exact_and_under_the_providers_own_names(
    provider_id: str, model_id: str, amount_in: str, amount_out: str
) -> None:
    listed = load_snapshot().lookup(provider_id, model_id)

    assert listed is not None
    assert (listed.price.input, listed.price.output) == (Decimal(amount_in), Decimal(amount_out))
    assert listed.price.as_of == load_snapshot().as_of
    assert listed.chats is True


def test_every_shipped_entry_can_be_read_and_none_costs_less_than_nothing() -> None:
    shipped = load_snapshot()
    listed = [(name, each) for name in shipped.models for each in shipped.models[name]]

    assert len(listed) > 1000
    for provider_id, model_id in listed:
        found = shipped.lookup(provider_id, model_id)
        assert found is not None and found.mode
        for amount in (found.price.input, found.price.output):
            assert amount is None or 0 <= amount < 2000
            assert amount is None or len(amount.as_tuple().digits) <= 8, f"{model_id}: noise of a float"


def test_what_is_paid_by_image_or_question_has_no_price_by_token() -> None:
    shipped = load_snapshot()
    others = [
        (provider_id, model_id)
        for provider_id, models in shipped.models.items()
        for model_id, entry in models.items()
        if entry["mode"] in ("image_generation", "video_generation", "rerank", "ocr", "search", "audio_speech")
    ]

    assert others
    assert all(
        (listed := shipped.lookup(*each)) and listed.price == Price() and listed.chats is False for each in others
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("gpt-x", LISTED),
        ("gpt-x-2026-05-06", LISTED),
        ("gpt-x-latest", LISTED),
        ("ft:gpt-x:acme:name:id", Price(Decimal(9), Decimal(9), as_of=DAY)),
        ("gpt-free", Price(Decimal(0), Decimal(0), as_of=DAY)),
        ("gpt-varies", Price(variable=True, as_of=DAY)),
        ("unpriced", Price()),
    ],
)
def test_a_model_is_found_by_its_name_or_the_name_without_its_date(asked: str, found: Price) -> None:
    listed = SNAPSHOT.lookup("openai", asked)

    assert listed is not None and listed.price == found


@pytest.mark.parametrize(
    ("provider_id", "asked"),
    [("openai", "gpt-y"), ("openai", "gpt-x-0613"), ("openai", "gpt-dated"), ("openai", "GPT-X"), ("groq", "gpt-x")],
)
def test_what_the_snapshot_does_not_name_is_not_guessed(provider_id: str, asked: str) -> None:
    assert SNAPSHOT.lookup(provider_id, asked) is None
    assert SNAPSHOT.completed(provider_id, Model(asked)) == Model(asked)


def test_a_retirement_is_that_of_the_very_name() -> None:
    exact, dated = SNAPSHOT.lookup("openai", "gpt-x"), SNAPSHOT.lookup("openai", "gpt-x-2026-05-06")

    assert exact is not None and exact.retires == date(2027, 1, 14)
    assert dated is not None and dated.retires is None


def test_what_the_provider_did_not_say_is_completed() -> None:
    assert SNAPSHOT.completed("openai", Model("gpt-x")) == Model(
        "gpt-x",
        context=1000,
        max_output=100,
        price=LISTED,
        inputs=("text", "image"),
        outputs=("text",),
        capabilities=frozenset({"tools", "reasoning"}),
        retires=date(2027, 1, 14),
        chats=True,
    )
    assert SNAPSHOT.completed("openai", Model("embed")).chats is False


def test_what_the_provider_said_stays() -> None:
    said = Model(
        "gpt-x",
        "Name",
        context=7,
        max_output=8,
        price=Price(Decimal(0), Decimal(0)),
        inputs=("audio",),
        outputs=("image",),
        capabilities=frozenset({"structured"}),
        retires=date(2030, 1, 1),
        chats=False,
    )

    assert SNAPSHOT.completed("openai", said) == said


@pytest.mark.parametrize(
    ("said", "completed"),
    [
        (Price(), LISTED),
        (Price(Decimal(1)), LISTED),
        (Price(variable=True), Price(variable=True)),
        (Price(Decimal(0), Decimal(0)), Price(Decimal(0), Decimal(0))),
        (Price(Decimal(1), Decimal(2)), Price(Decimal(1), Decimal(2))),
    ],
)
def test_a_price_is_taken_whole_and_only_where_the_provider_named_none(said: Price, completed: Price) -> None:
    assert SNAPSHOT.completed("openai", Model("gpt-x", price=said)).price == completed


def test_an_unknown_price_stays_unknown() -> None:
    assert SNAPSHOT.completed("openai", Model("unpriced")).price == Price()
    assert SNAPSHOT.completed("openai", Model("unpriced", price=Price(Decimal(1)))).price == Price(Decimal(1))


@given(st.sampled_from(sorted(load_snapshot().models)), st.text(max_size=60))
def test_any_name_can_be_asked_for(provider_id: str, model_id: str) -> None:
    load_snapshot().completed(provider_id, Model(model_id))


@pytest.mark.parametrize(("mode", "chats"), [*((mode, True) for mode in sorted(CHAT_MODES)), ("realtime", False)])
def test_the_mode_says_whether_a_model_chats(mode: str, chats: bool) -> None:
    listed = Snapshot(DAY, "s", "l", {"p": {"m": {"mode": mode}}}).lookup("p", "m")

    assert listed is not None and listed.chats is chats
