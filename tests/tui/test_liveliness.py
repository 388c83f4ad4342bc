"""What moves on screen by itself: as much as the settings say, and ages that nobody is deceived by."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from arka_tui.check import Check, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.overrides import in_force
from arka_tui.tui import app as app_module
from arka_tui.tui.app import AGES_S
from arka_tui.tui.screens.detail import DetailScreen
from arka_tui.tui.screens.key_form import KeyForm
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.log import LogScreen
from tests.conftest import NOW, draft
from tests.tui.conftest import Driven, drive

LOCAL, FAR = in_force(Config(), {}), in_force(Config(), {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"})


class Hours:
    """Both clocks: the one that ages are told by, and the one that runs since the machine started."""

    def __init__(self, controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = timedelta()
        started = app_module._now()
        monkeypatch.setattr(controller, "now", lambda: NOW + self.passed)
        monkeypatch.setattr(app_module, "_now", lambda: started + self.passed.total_seconds())


@pytest.fixture
def tested(controller: Controller) -> Controller:
    """With a key that was tested 3 minutes ago; it never locks itself."""
    credential, _ = controller.add(draft("openai/work"))
    at = NOW - timedelta(minutes=3)
    controller.record(Check(credential.id, credential.name, credential.hint, at, Verdict.OK))
    controller.config = replace(FAR, lock_after_minutes=0)
    return controller


@pytest.fixture
def hours(tested: Controller, monkeypatch: pytest.MonkeyPatch) -> Hours:
    return Hours(tested, monkeypatch)


@pytest.mark.parametrize(("config", "blinks"), [(FAR, False), (LOCAL, True), (replace(FAR, cursor_blink=True), True)])
def test_the_cursor_blinks_in_every_field_as_the_settings_say(
    controller: Controller, config: Config, blinks: bool
) -> None:
    controller.config = config

    async def script(driven: Driven) -> None:
        assert {field.cursor_blink for field in driven.app.screen.query(Input)} == {blinks}
        await driven.press("a")
        await driven.on(KeyForm)
        assert {field.cursor_blink for field in driven.app.screen.query(Input)} == {blinks}
        await driven.press("escape", "ctrl+p")
        await driven.on(CommandPalette)
        assert {field.cursor_blink for field in driven.app.screen.query(Input)} == {blinks}

    drive(controller, script)


@pytest.mark.parametrize(
    ("config", "level"), [(FAR, "none"), (LOCAL, "basic"), (replace(LOCAL, animations=False), "none")]
)
def test_things_are_animated_as_the_settings_say(controller: Controller, config: Config, level: str) -> None:
    controller.config = config

    async def script(driven: Driven) -> None:
        assert driven.app.animation_level == level

    drive(controller, script)


def test_without_a_clock_ages_stand_still_until_the_next_key(tested: Controller, hours: Hours) -> None:
    async def script(driven: Driven) -> None:
        await driven.sees("3 min ago")
        hours.passed = timedelta(hours=2)
        await driven.pilot.pause()
        assert "3 min ago" in driven.text
        await driven.press("f12")
        await driven.sees("2 h ago")
        assert "3 min ago" not in driven.text

    drive(tested, script)


def test_within_a_minute_no_key_looks_at_ages(
    tested: Controller, hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[timedelta] = []
    monkeypatch.setattr(KeysScreen, "refresh_ages", lambda _: looked.append(hours.passed))

    async def script(driven: Driven) -> None:
        for seconds in (AGES_S - 1, AGES_S, 2 * AGES_S - 1, 5 * AGES_S):
            hours.passed = timedelta(seconds=seconds)
            await driven.press("f12")

    drive(tested, script)
    assert [passed.total_seconds() for passed in looked] == [AGES_S, 5 * AGES_S]


def test_ages_in_details_and_below_them_are_brought_up_to_date(tested: Controller, hours: Hours) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("enter")
        await driven.on(DetailScreen)
        await driven.sees("tested 3 min ago")
        hours.passed = timedelta(hours=2)
        await driven.press("f12")
        await driven.sees("tested 2 h ago")
        hours.passed = timedelta(hours=5)
        await driven.press("escape")
        await driven.on(KeysScreen)
        await driven.sees("5 h ago")
        assert "2 h ago" not in driven.text

    drive(tested, script)


def test_the_age_of_a_test_in_the_log_is_brought_up_to_date(tested: Controller, hours: Hours) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("l")
        await driven.on(LogScreen)
        await driven.sees("UTC, 3 min ago")
        hours.passed = timedelta(hours=2)
        await driven.press("f12")
        await driven.sees("UTC, 2 h ago")

    drive(tested, script)


def test_with_a_clock_ages_count_on_by_themselves(
    tested: Controller, hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "AGES_S", 0.01)
    tested.config = replace(tested.config, clock=True)

    async def script(driven: Driven) -> None:
        await driven.sees("3 min ago")
        hours.passed = timedelta(hours=2)
        await driven.sees("2 h ago")

    drive(tested, script)


PROGRAM = """
import asyncio, os, sys
from unittest.mock import patch
from arka_tui import __main__ as program

def run(controller, notices=()):
    from textual import constants
    from arka_tui.tui.app import ArkaApp
    async def look():
        app = ArkaApp(controller, notices)
        async with app.run_test() as pilot:
            await pilot.pause()
            timer = app.screen._update_timer
            print(round(1 / timer._interval), constants.MAX_FPS, constants.SMOOTH_SCROLL, constants.DEBUG, app.theme)
    asyncio.run(look())
    return 0

with patch.object(program, "_refuse_unfit_terminal"):
    assert "textual" not in sys.modules
    import arka_tui.hygiene
    arka_tui.hygiene.harden_process = lambda **_: None
    original = program._tell_textual
    def told(settings):
        original(settings)
        import arka_tui.tui.app
        arka_tui.tui.app.run = run
    program._tell_textual = told
    sys.exit(program.main([*sys.argv[1:]]))
"""


def started(home: Path, *argv: str, **environ: str) -> list[str]:
    """What the real program made of its environment: frames (twice), smooth scrolling, debug, theme."""
    ours = {"PATH": os.environ["PATH"], "HOME": str(home), "ARKA_HOME": str(home), "TEXTUAL_DEBUG": "1"} | environ
    ours |= {"TEXTUAL_FPS": "7", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *argv], env=ours, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split()


SSH = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, "60 60 True False arka"),
        (SSH, "15 15 False False arka"),
        (SSH | {"ARKA_FRAMES_PER_SECOND": "30", "ARKA_THEME": "nord"}, "30 30 False False nord"),
    ],
)
def test_screens_are_painted_as_often_as_was_chosen(tmp_path: Path, environ: dict[str, str], shown: str) -> None:
    assert started(tmp_path, **environ) == shown.split()


def test_the_file_chooses_too(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('frames_per_second = 20\nanimations = true\ntheme = "nord"\n')
    assert started(tmp_path, **SSH) == ["20", "20", "True", "False", "nord"]


def test_the_demo_is_as_calm_over_ssh(tmp_path: Path) -> None:
    assert started(tmp_path, "demo", **SSH)[:2] == ["15", "15"]
