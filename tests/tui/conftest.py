"""An application on a small vault, driven by keys; the simulator in the providers' place."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import pytest
from textual import events
from textual.pilot import Pilot

from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.tui.app import ArkaApp
from arka_tui.tui.loading import Loading
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, open_vault

ResultT = TypeVar("ResultT")
LOOK_EVERY_S = 0.01
PATIENCE = 6_000
"""Looks."""


class Driven:
    """The application under test, and what a person at it can do and see."""

    def __init__(self, app: ArkaApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """What the active screen shows, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    @property
    def flat(self) -> str:
        """The same with wrapped lines joined, without borders; and the toasts, which wrap beside other text."""
        return self._flat(self.text)

    def _flat(self, text: str) -> str:
        toasts = " ".join(notification.message for notification in self.app._notifications)
        return re.sub(r"[\s│▌▐▏▕]+", " ", text) + toasts

    def shows(self, sought: str) -> bool:
        text = self.text
        return sought in text or sought in self._flat(text)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        await self.pilot.press(*("space" if char == " " else char for char in text))

    async def paste(self, text: str) -> None:
        assert self.app.focused is not None
        self.app.focused.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        for _ in range(PATIENCE):
            if true():
                return
            await self.pilot.pause(LOOK_EVERY_S)
        raise AssertionError(f"it never happened: {what}\n{self.text}")

    async def sees(self, *texts: str) -> None:
        for text in texts:
            await self.until(partial(self.shows, text), text)

    async def on(self, screen: type[object]) -> None:
        await self.until(lambda: isinstance(self.app.screen, screen) and self.app.screen.is_mounted, screen.__name__)
        await self.pilot.pause()


def drive(
    controller: Controller | Loading, script: Callable[[Driven], Awaitable[ResultT]], size: tuple[int, int] = (80, 24)
) -> ResultT:
    async def run() -> ResultT:
        app = ArkaApp(controller)
        async with app.run_test(size=size, notifications=True) as pilot:
            return await script(Driven(app, pilot))

    return asyncio.run(run())


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=60) as simulator:
        yield simulator


@pytest.fixture
def make_controller(paths: Paths, simulator: Simulator) -> Callable[[], Controller]:
    """Each call is another session on the same vault; nothing is created or unlocked."""
    catalog = load_catalog()
    moved = catalog.with_base_urls(simulator.addresses)

    def make() -> Controller:
        return Controller(paths, open_vault(paths), moved, Config(), clock=lambda: NOW)

    return make


@pytest.fixture
def controller(make_controller: Callable[[], Controller]) -> Controller:
    """On a new, unlocked, empty vault."""
    controller = make_controller()
    controller.create(PASSPHRASE, RECOVERY_CODE)
    return controller


@pytest.fixture
def add(controller: Controller, simulator: Simulator) -> Callable[..., str]:
    """Stores a key that the simulator answers as `situation` says, and returns it."""

    def add(name: str = "openai/work", situation: str = "valid", *, key: str = "") -> str:
        provider, label = name.split("/", 1)
        secret = key or simulator.issue(provider, situation, label)
        controller.add(Draft(provider, label, controller.catalog[provider].base_url, (), Secret(secret)))
        return secret

    return add
