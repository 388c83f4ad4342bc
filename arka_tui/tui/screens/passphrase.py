"""Another passphrase: every key is sealed anew, and a new recovery code replaces the old."""

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from arka_tui.controller import Controller
from arka_tui.errors import ArkaError, NotSaved
from arka_tui.secret import Secret
from arka_tui.tui import words
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.widgets.new_passphrase import NewPassphrase

OLD_STAYS = " The old passphrase is still the one."


class PassphraseScreen(ArkaModal[None]):
    BINDINGS = [
        Binding("escape", "leave", "Keep the old one", id="passphrase.cancel"),
        Binding("ctrl+s", "submit", "Change", id="passphrase.change"),
    ]

    def __init__(self, controller: Controller, *, forgotten: bool = False) -> None:
        super().__init__()
        self._controller = controller
        self._forgotten = forgotten
        self._saving = False

    def on_mount(self) -> None:
        self._tell_what_is_lost()

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static("Set a new passphrase" if self._forgotten else "Change the passphrase", classes="title")
            yield Static(
                "Every key is sealed anew, and you get a new recovery code. "
                "Copies of the old file still open with the old passphrase.",
                classes="dim",
            )
            yield Static("", id="lost", classes="hidden")
            yield NewPassphrase()
            with Horizontal(classes="buttons"):
                yield Button("Keep the old one", id="cancel")
                yield Button("Change", id="change", variant="primary")
            yield Static("", id="status")

    @work(description="look at slots", exclusive=True, group="slots")
    async def _tell_what_is_lost(self) -> None:
        views = await asyncio.to_thread(self._controller.slots.views)
        lost = ", ".join(view.name for view in views if not view.here)
        if lost:
            label = self.query_one("#lost", Static)
            label.update(words.plain(f"Removed with the old passphrase, because not within reach now: {lost}."))
            label.remove_class("hidden")

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        if not self._saving:  # what is being saved can no longer be called off
            self.dismiss(None)

    @on(Button.Pressed, "#change")
    def action_submit(self) -> None:
        if not self._saving:
            self.query_one(NewPassphrase).submit()

    @on(NewPassphrase.Chosen)
    def _chosen(self, event: NewPassphrase.Chosen) -> None:
        if not self._saving:
            self._change(event.passphrase)

    @work(description="change the passphrase", exclusive=True)
    async def _change(self, passphrase: Secret) -> None:
        code = self._controller.new_recovery_code()
        if not await self.app.push_screen_wait(RecoveryCodeScreen(code)):
            return
        status = self.query_one("#status", Static)
        status.update("Sealing every key anew …")
        self._saving = True
        try:
            with self.arka.saving():
                saved = await asyncio.to_thread(self._controller.slots.change_passphrase, passphrase, code)
        except ArkaError as failure:
            status.add_class("error")
            status.update(words.plain(words.problem(failure) + (OLD_STAYS if isinstance(failure, NotSaved) else "")))
            return
        finally:
            self._saving = False
        if saved.incomplete:
            self.arka.tell(f"Passphrase changed, but {saved.incomplete}.", severity="warning")
        else:
            self.arka.tell("Passphrase changed. The old recovery code is void.")
        self.dismiss(None)
