"""Another passphrase: every key is sealed anew, and a new recovery code replaces the old."""

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from arka_tui.controller import Controller
from arka_tui.errors import ArkaError, Superseded
from arka_tui.secret import Secret
from arka_tui.slot_deeds import ALWAYS_THERE
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.new_passphrase import NewPassphrase

OLD_STAYS = " Nothing was changed: the passphrase and the recovery code are the ones of before."


class PassphraseScreen(ArkaModal[None]):
    BINDINGS = [
        Binding("escape", "leave", "Keep the old one", key_display="Esc", id="passphrase.cancel"),
        Binding("ctrl+s", "submit", "Change", id="passphrase.change"),
    ]

    def __init__(self, controller: Controller, *, forgotten: bool = False) -> None:
        super().__init__()
        self._controller = controller
        self._forgotten = forgotten
        self._saving = False
        self._busy = False
        self._kept: frozenset[str] | None = None
        """The slots that were said to stay, once that is known."""

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
        yield KeyFooter()

    @work(description="look at slots", exclusive=True, group="slots")
    async def _tell_what_is_lost(self) -> None:
        views = await asyncio.to_thread(self._controller.slots.views)
        self._kept = frozenset(view.id for view in views if view.here and view.kind not in ALWAYS_THERE)
        lost = ", ".join(view.name for view in views if not view.here)
        if lost:
            label = self.query_one("#lost", Static)
            label.update(onscreen.plain(f"Removed with the old passphrase, because not within reach now: {lost}."))
            label.remove_class("hidden")

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        if not self._saving:  # what is being saved can no longer be called off
            self.workers.cancel_node(self)
            self.dismiss(None)

    @on(Button.Pressed, "#change")
    def action_submit(self) -> None:
        if not self._busy:
            self.query_one(NewPassphrase).submit()

    @on(NewPassphrase.Chosen)
    def _chosen(self, event: NewPassphrase.Chosen) -> None:
        if self._kept is None:
            self.query_one("#status", Static).update("One moment: your ssh-agent has not answered yet.")
        elif not self._busy:
            self._change(event.passphrase)

    @work(description="change the passphrase", exclusive=True)
    async def _change(self, passphrase: Secret) -> None:
        code = self._controller.new_recovery_code()
        if not await self.app.push_screen_wait(RecoveryCodeScreen(code)):
            return
        status = self.query_one("#status", Static)
        asks = "your ssh-agent may ask you, four times for each key" if self._kept else "this takes a few seconds"
        status.update(f"Sealing every key anew … {asks}.")
        self._busy = True
        try:
            save = await asyncio.to_thread(
                self._controller.slots.prepare_change, passphrase, code, keep=self._kept or frozenset()
            )
            self._saving = True
            with self.arka.saving():
                saved = await asyncio.to_thread(save)
        except ArkaError as failure:
            status.add_class("error")
            status.update(
                onscreen.plain(words.problem(failure) + ("" if isinstance(failure, Superseded) else OLD_STAYS))
            )
            return
        finally:
            self._busy = self._saving = False
        if saved.incomplete:
            self.arka.tell(f"Passphrase changed, but {saved.incomplete}.", severity="warning")
        else:
            self.arka.tell("Passphrase changed. The old recovery code is void.")
        self.dismiss(None)
