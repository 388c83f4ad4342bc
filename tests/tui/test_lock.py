"""What locks an open vault without being asked: idle time, sleep, suspension; and what that must not cut off."""

import asyncio

import pytest

from arka_tui.controller import Controller
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from tests.conftest import PASSPHRASE
from tests.tui.conftest import Driven, drive


class Clocks:
    """Boot time, which counts while the machine sleeps, and how much of it was slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.slept = 0.0
        monkeypatch.setattr("arka_tui.tui.app._now", lambda: self.now)
        monkeypatch.setattr("arka_tui.tui.app._slept", lambda: self.slept)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_a_vault_that_was_open_when_the_machine_slept_is_locked_when_it_wakes(
    controller: Controller, clocks: Clocks
) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        clocks.sleep(30)
        driven.app._look_at_clocks()
        await driven.sees("Locked: the machine was asleep")
        assert not controller.unlocked

    drive(controller, script)


def test_idle_time_counts_while_the_machine_sleeps(controller: Controller, clocks: Clocks) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        driven.app._slept = clocks.slept = 600.0  # the sleep itself went unnoticed
        clocks.now = 601
        driven.app._look_at_clocks()
        await driven.sees("Locked after 10 idle minutes")

    drive(controller, script)


def test_a_moment_between_two_readings_of_the_clocks_is_no_sleep(controller: Controller, clocks: Clocks) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        clocks.sleep(1.5)
        driven.app._look_at_clocks()
        await driven.pilot.pause()
        assert controller.unlocked

    drive(controller, script)


def test_what_was_suspended_comes_back_locked_and_the_passphrase_opens_it(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        driven.app._continued()
        assert not controller.unlocked
        await driven.on(UnlockScreen)
        await driven.sees("Locked: arka-tui was suspended")
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(controller, script)


def test_what_is_being_saved_is_saved_before_the_vault_locks(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        with driven.app.saving():
            driven.app._continued()
            await driven.pilot.pause()
            assert controller.unlocked
        await driven.on(UnlockScreen)
        assert not controller.unlocked

    drive(controller, script)


@pytest.mark.slow
def test_a_locked_vault_is_not_disturbed(controller: Controller, clocks: Clocks) -> None:
    controller.lock()

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.write("half of a passphrase")
        screen = driven.app.screen
        driven.app._continued()
        clocks.sleep(3600)
        driven.app._look_at_clocks()
        await driven.pilot.pause()
        assert driven.app.screen is screen
        assert "•" in driven.text

    drive(controller, script)


def test_locking_does_not_wait_for_workers(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        begun, never = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            begun.set()
            await never.wait()

        worker = driven.app.run_worker(wait(), description="waits for ever")
        await driven.until(begun.is_set)
        driven.app.lock("Locked.")
        await driven.on(UnlockScreen)
        await driven.until(lambda: worker.is_cancelled)

    drive(controller, script)
