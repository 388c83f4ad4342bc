"""How the picks screen looks. After a change, look at each picture before it is accepted: pytest --snapshot-update."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from arka_tui.controller import Controller
from arka_tui.insight.offers import Offer
from arka_tui.model import Model, Price
from arka_tui.tui.app import ArkaApp
from arka_tui.tui.screens.picks import PicksScreen
from tests.tui.test_snapshots import LARGE, SMALL, USUAL, SnapCompare, empty, full, no_controller

__all__ = ["empty", "full", "no_controller"]

SNAPSHOT = date(2026, 11, 20)
TEXT, SEES, READS = ("text",), ("text", "image"), ("text", "image", "file")
TOOLS, ALL = frozenset({"tools"}), frozenset({"tools", "reasoning", "structured"})


def _price(into: str, out: str, *, dated: bool = False) -> Price:
    return Price(Decimal(into), Decimal(out), as_of=SNAPSHOT if dated else None)


def _offers() -> list[Offer]:
    def at(key: str, name: str, verified: bool, *models: Model) -> list[Offer]:
        return [Offer(key, key, key.partition("/")[0], name, verified, model) for model in models]

    million = 1_048_576
    router = (
        Model("anthropic/claude-opus-5.5", "", 1_000_000, 128_000, _price("4", "20"), READS, TEXT, ALL),
        Model("anthropic/claude-sonnet-5.5", "", 1_000_000, 128_000, _price("2", "10"), READS, TEXT, ALL),
        Model("google/gemini-3.1-pro-preview", "", million, 65_536, _price("2", "12"), READS, TEXT, ALL),
        Model("google/gemini-3.8-flash", "", million, 65_536, _price("0.75", "3.75"), READS, TEXT, ALL),
        Model("openai/gpt-6.1-sol", "", 1_050_000, 128_000, _price("2.10", "10.50"), READS, TEXT, ALL),
        Model("moonshotai/kimi-k2.7-code", "", 262_144, 262_144, _price("0.95", "4"), TEXT, TEXT, ALL),
        Model("z-ai/glm-5.3-flash", "", 1_300_000, None, _price("0.15", "0.50"), TEXT, TEXT, ALL),
        Model("meta-llama/llama-3.3-70b-instruct:free", "", 131_072, None, _price("0", "0"), TEXT, TEXT, TOOLS),
        Model("black-forest-labs/flux-2-pro", "", None, None, _price("1", "1"), TEXT, ("image",)),
        Model("openrouter/auto", "", 2_000_000, None, Price(variable=True), TEXT, TEXT),
        Model("mistralai/mistral-next", "", 262_144, None, Price(variable=True), TEXT, TEXT, TOOLS),
    )
    return [
        *at(
            "openai/work",
            "OpenAI",
            True,
            Model("gpt-6.1-sol", "", 922_000, 128_000, _price("2", "10", dated=True), READS, TEXT, ALL),
            Model("gpt-5.3-codex", "", 272_000, 128_000, _price("1.75", "14", dated=True), SEES, TEXT, ALL),
            Model("gpt-6-luna", "", 922_000, 128_000, _price("0.10", "0.50", dated=True), READS, TEXT, ALL),
            Model("gpt-4o", "", 128_000, 16_384, _price("2.50", "10", dated=True), SEES, TEXT, TOOLS),
            Model("gpt-7-preview", chats=True),
            Model("text-embedding-3-small", chats=False),
        ),
        *at("openrouter/main", "OpenRouter", True, *router),
        *at("openrouter/trial", "OpenRouter", True, *router[:5]),
        *at("openai/laptop", "OpenAI", False, Model("gpt-8", "", 9_000_000, None, _price("0", "0"), READS, TEXT, ALL)),
    ]


@pytest.fixture
def known(full: Controller, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """Nine keys, of which three count; their models, and a snapshot of prices that does not change with the program."""
    insight = type(full.insight)
    monkeypatch.setattr(insight, "offers", lambda self: _offers())
    monkeypatch.setattr(insight, "unlisted", lambda self, again=False: ())
    monkeypatch.setattr(insight, "prices_of", "prices marked * are of 2026-11-20, from litellm 1.109.1")
    monkeypatch.setenv("HOME", "/home/ada")
    full.insight.rules_file = Path("/home/ada/.config/arka-tui/picks.toml")
    return full


async def _open(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.pause()
    await pilot.press("p")
    while not isinstance(screen := pilot.app.screen, PicksScreen) or not screen._picks.row_count():
        await pilot.pause(0.01)
    while not str(screen.query_one("#columns", Static).content):  # the heads wait for the list to have its place
        await pilot.pause(0.01)
    for key in keys:
        await pilot.press(key)
        screen._paint_pick()  # at once, not when the cursor rests
    await pilot.pause()


def test_picks(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=USUAL, run_before=_open)


@pytest.mark.slow
def test_picks_narrow(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=SMALL, run_before=lambda pilot: _open(pilot, "right"))


@pytest.mark.slow
def test_picks_large(known: Controller, snap_compare: SnapCompare) -> None:
    keys = ("right", "down")
    assert snap_compare(ArkaApp(known), terminal_size=LARGE, run_before=lambda pilot: _open(pilot, *keys))


@pytest.mark.slow
def test_pick_detail(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=USUAL, run_before=lambda pilot: _open(pilot, "enter"))
