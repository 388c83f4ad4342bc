"""How the screens look at the ends of their range. Look at each picture before it is accepted."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from arka_tui.check import Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.errors import VaultCorrupt
from arka_tui.tui import app
from arka_tui.tui.app import ArkaApp
from arka_tui.tui.screens import detail
from arka_tui.tui.screens.key_form import KeyForm
from arka_tui.tui.screens.keys import KeysScreen
from tests.tui.test_picks_snapshots import _open as open_picks
from tests.tui.test_picks_snapshots import empty, full, known, no_controller
from tests.tui.test_snapshots import LARGE, SMALL, USUAL, SnapCompare, _press

__all__ = ["empty", "full", "known", "no_controller"]

HUGE = (200, 60)


@pytest.fixture
def ascii_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour either: what a terminal of the last century shows."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(app, "speaks_utf8", lambda: False)
    monkeypatch.setattr(detail, "speaks_utf8", lambda: False)


async def _busy(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, KeysScreen)
    screen._testing.update(["openai/work", "openai/ci", "openrouter/main"])
    screen._progress = (3, 6)
    screen._keys.set_busy(["openai/work", "openai/ci"], "testing")
    screen._keys.set_busy(["openrouter/main"], "again in 12 s")
    screen._paint_title()
    await pilot.pause(0.2)


async def _failed(pilot: Pilot[Any]) -> None:
    await _press("e")(pilot)
    form, controller = pilot.app.screen, pilot.app.controller  # type: ignore[attr-defined]
    assert isinstance(form, KeyForm)
    form._result_of(next(each for each in controller.last_checks().values() if each.verdict is Verdict.INVALID_KEY))
    form._offer("Replace the key", "Delete it")
    await pilot.pause(0.2)


def test_list_beside_its_details(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=HUGE, run_before=_press("down"))


def test_list_in_ascii(full: Controller, snap_compare: SnapCompare, ascii_only: None) -> None:
    full.config = Config(theme="ansi-dark")
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_busy)


def test_list_narrow_in_ascii(full: Controller, snap_compare: SnapCompare, ascii_only: None) -> None:
    full.config = Config(theme="ansi-dark")
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_busy)


def test_read_only_narrow(full: Controller, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Controller, "read_only", True)
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_press("down"))


def test_failed_form_narrow(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_failed)


def test_help_narrow(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_press("question_mark"))


def test_log_without_a_test(empty: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(empty), terminal_size=SMALL, run_before=_press("l"))


def test_trouble(empty: Controller, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(self: Controller) -> bool:
        raise VaultCorrupt("the vault is damaged", "arka-tui doctor tells what can be mended")

    empty.lock()
    monkeypatch.setattr(Controller, "vault_exists", damaged)
    assert snap_compare(ArkaApp(empty), terminal_size=LARGE)


def test_toast_narrow(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_press("y"))


@pytest.mark.slow
def test_picks_without_colour(known: Controller, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lists, and it is seen which has the focus."""
    monkeypatch.setenv("NO_COLOR", "1")
    known.config = Config(theme="ansi-dark")
    known.insight.rules_file = Path("/home/ada/.config/arka-tui/picks.toml")
    assert snap_compare(ArkaApp(known), terminal_size=USUAL, run_before=lambda pilot: open_picks(pilot, "tab"))


@pytest.mark.slow
def test_picks_beside_their_reasons(known: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(known), terminal_size=HUGE, run_before=open_picks)


@pytest.mark.slow
def test_log_beside_its_entry(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=HUGE, run_before=_press("l", "down"))


@pytest.mark.slow
def test_help_in_two_columns(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=HUGE, run_before=_press("question_mark"))


@pytest.mark.slow
def test_unlock_in_the_middle(empty: Controller, snap_compare: SnapCompare) -> None:
    empty.lock()
    assert snap_compare(ArkaApp(empty), terminal_size=HUGE)
