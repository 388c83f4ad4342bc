"""What the screens about models share: keys are asked for their models, and what comes of it is shown meanwhile."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass

from textual import on, work
from textual.message import Message

from arka_tui.controller import Controller
from arka_tui.errors import VaultLocked
from arka_tui.store.journal import History
from arka_tui.tui.screens.arka_screen import ArkaScreen

LOOK_EVERY_S = 1.0
"""How often it is looked whether a test has ended."""
GATHER_EVERY_S = 0.4
"""While lists arrive, what is shown of them is made anew no more often."""


class ListingScreen(ArkaScreen[None]):
    """Subclasses say what is made of the lists, in `gather`, and show it and the progress, in `paint`."""

    @dataclass
    class Listed(Message):
        """A key was asked for its models."""

        name: str
        has_list: bool

    class ListingDone(Message):
        """All were asked."""

    class Gathered(Message):
        """There is something new to paint."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.asking = False
        self.asked = 0
        self.answered = 0
        self.without: list[str] = []
        """Names of the keys whose list could not be had, of those asked last."""
        self._stale = False
        self._gathering = False
        self._history: History | None = None
        """As it was when last looked at."""

    def gather(self) -> None:
        """Makes and keeps what is shown. In a thread: it may look at widgets, and changes none.

        Raises: VaultLocked.
        """
        raise NotImplementedError

    def paint(self) -> None:
        """After every change, of what was gathered or of the progress."""
        raise NotImplementedError

    def begin(self) -> None:
        """At mount, when its widgets are there."""
        self._history = self._controller.history
        self.ask()
        self.set_interval(LOOK_EVERY_S, self._look_at_tests)
        self.paint_unless_locked()

    def on_resize(self) -> None:
        if self.is_mounted:
            self.paint_unless_locked()

    def _look_at_tests(self) -> None:
        """They may run meanwhile, and in other sessions: what was not verified may be now, or the other way round."""
        if self._controller.unlocked and self._controller.history != self._history:
            self._history = self._controller.history
            self.look_again()

    @property
    def progress(self) -> str:
        """ "asking 3/12 keys", or nothing."""
        return f"asking {self.answered}/{self.asked} keys" if self.asking else ""

    @property
    def awaiting(self) -> bool:
        """Whether answers are still to come, or to be looked at."""
        return self.asking or self._gathering

    def ask(self, *, again: bool = False) -> None:
        """For the lists that are not known, or for all; then, and once before, `gather`. Not while it asks already."""
        if self.asking:
            return
        self.asked, self.answered = len(self._controller.insight.unlisted(again=again)), 0
        self.without = []
        self.asking = self.asked > 0
        self.look_again()
        if self.asking:
            self._list_models(again=again)

    def look_again(self) -> None:
        """What is known may have changed."""
        self._stale = True
        if not self._gathering:
            self._gathering = True
            self._gather()

    @work(group="list", exclusive=True, description="ask keys for their models")
    async def _list_models(self, *, again: bool) -> None:
        try:
            listing = self._controller.insight.list_models(again=again)
            async with aclosing(listing):
                async for credential, has_list in listing:
                    self.post_message(self.Listed(credential.name, has_list))
        except VaultLocked:
            return
        self.post_message(self.ListingDone())

    @on(Listed)
    def _one_listed(self, event: Listed) -> None:
        self.answered += 1
        if event.has_list:
            self.look_again()
        else:
            self.without.append(event.name)
        self.paint_unless_locked()

    @on(ListingDone)
    def _all_listed(self) -> None:
        self.asking = False
        self.look_again()
        self.paint_unless_locked()

    @work(group="gather", description="look at the lists of models")
    async def _gather(self) -> None:
        """For at most half the time: 50,000 models take a second."""
        while self._stale:
            self._stale = False
            started = time.monotonic()
            try:
                await asyncio.to_thread(self.gather)
            except VaultLocked:
                return
            self.post_message(self.Gathered())
            await asyncio.sleep(max(GATHER_EVERY_S, time.monotonic() - started))
        self._gathering = False

    @on(Gathered)
    def paint_unless_locked(self) -> None:
        """What was typed before a lock may arrive after it."""
        if self._controller.unlocked:
            self.paint()
