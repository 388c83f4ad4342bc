"""How the models screen looks. After a change, look at each picture before it is accepted: pytest --snapshot-update."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot

from arka_tui.controller import Controller
from arka_tui.insight.offers import Offer
from arka_tui.model import Model, Price
from arka_tui.tui.app import ArkaApp
from arka_tui.tui.screens.models import ModelsScreen
from tests.conftest import NOW
from tests.tui.test_snapshots import SMALL, USUAL, SnapCompare, empty, no_controller

__all__ = ["empty", "no_controller"]

TODAY = NOW.date()
SNAPSHOT = date(2026, 11, 20)
TEXT, SEES = ("text",), ("text", "image")
TOOLS, ALL = frozenset({"tools"}), frozenset({"tools", "reasoning", "structured"})
SOON, LATER, GONE = TODAY + timedelta(days=38), TODAY + timedelta(days=400), TODAY - timedelta(days=3)


def _price(into: str, out: str, *, dated: bool = False) -> Price:
    return Price(Decimal(into), Decimal(out), as_of=SNAPSHOT if dated else None)


def _offers() -> list[Offer]:
    def at(key: str, name: str, verified: bool, *models: Model) -> list[Offer]:
        return [Offer(key, key, key.partition("/")[0], name, verified, model) for model in models]

    return [
        *at(
            "openai/work",
            "OpenAI",
            True,
            Model("gpt-5.4-mini", "", 400_000, 128_000, _price("0.25", "2", dated=True), SEES, TEXT, ALL),
            Model("gpt-5.4-mini-2026-03-05", "", 400_000, 128_000, _price("0.25", "2", dated=True), SEES, TEXT, ALL),
            Model("gpt-4o", "", 128_000, 16_384, _price("2.50", "10", dated=True), SEES, TEXT, TOOLS, retires=SOON),
            Model("gpt-image-2", inputs=SEES, outputs=("image",), retires=LATER),
        ),
        *at(
            "openrouter/main",
            "OpenRouter",
            True,
            Model("openai/gpt-5.4-mini", "", 400_000, 128_000, _price("0.2625", "2.10"), SEES, TEXT, ALL),
            Model("openrouter/auto", "", 2_000_000, None, Price(variable=True), TEXT, TEXT),
            Model("meta-llama/llama-3.3-70b-instruct:free", "", 131_072, None, _price("0", "0"), TEXT, TEXT, TOOLS),
        ),
        *at(
            "groq/laptop",
            "Groq",
            True,
            Model(
                "llama-3.1-8b-instant", "", 131_072, 131_072, _price("0.05", "0.08"), TEXT, TEXT, TOOLS, retires=GONE
            ),
            Model("whisper-large-v3"),
        ),
        *at(
            "mistral/trial",
            "Mistral AI",
            False,
            Model("gpt-5.4-mini", "", 400_000, None, _price("0", "0")),
            Model("mistral-large-2512", "", 262_144, None, _price("0.5", "1.5"), SEES, TEXT, TOOLS),
        ),
    ]


@pytest.fixture
def known(empty: Controller, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """Models of four keys, and a snapshot of prices that does not change with the program."""
    insight = type(empty.insight)
    monkeypatch.setattr(insight, "offers", lambda self: _offers())
    monkeypatch.setattr(insight, "prices_of", "prices marked * are of 2026-11-20, from litellm 1.109.1")
    return empty


async def _open(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.pause()
    await pilot.press("m")
    while not isinstance(screen := pilot.app.screen, ModelsScreen) or not screen._models.lines:
        await pilot.pause(0.01)
    for key in keys:
        await pilot.press(key)
        screen._paint_detail()  # at once, not when the cursor rests
    await pilot.pause()


def test_models(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=USUAL, run_before=_open)


def test_models_narrow(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=SMALL, run_before=_open)


@pytest.mark.slow
def test_models_by_provider(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(
        ArkaApp(known), terminal_size=(120, 40), run_before=lambda pilot: _open(pilot, "v", "s", "down")
    )


def test_model_detail(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=USUAL, run_before=lambda pilot: _open(pilot, "down", "enter"))
