"""The locked door: passphrase, or recovery code."""

import asyncio
from collections.abc import Callable

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Footer, Input, Static

from arka_tui.controller import Controller
from arka_tui.errors import ArkaError
from arka_tui.secret import Secret
from arka_tui.store.vault import Opened
from arka_tui.tui import words
from arka_tui.tui.screens.arka_screen import ArkaScreen
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.widgets.field import Field
from arka_tui.tui.widgets.secret_input import SecretInput


class UnlockScreen(ArkaScreen[None]):
    AUTO_FOCUS = "#passphrase"
    BINDINGS = [
        Binding("ctrl+r", "recovery", "Recovery code", id="unlock.recovery", tooltip="Open with the recovery code"),
    ]

    def __init__(self, controller: Controller, reason: str = "") -> None:
        super().__init__()
        self._controller = controller
        self._reason = reason
        self._recovering = False
        self._busy = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="door"):
            yield Static("arka-tui", classes="title")
            yield Static(words.plain(f"vault: {self._controller.vault_path}"), classes="dim")
            yield Static("Passphrase", id="asked")
            yield SecretInput("type it, then Enter", id="passphrase")
            yield Field(placeholder="eight groups of four", id="code", classes="hidden")
            yield Static(words.plain(self._reason), id="status")
            if self._controller.demo:
                yield Static("Demo: the passphrase is demo", classes="dim")
        yield Footer(compact=True, show_command_palette=False)

    def action_recovery(self) -> None:
        if self._busy:
            return
        self._recovering = not self._recovering
        self.query_one("#passphrase").set_class(self._recovering, "hidden")
        self.query_one("#code").set_class(not self._recovering, "hidden")
        self.query_one("#asked", Static).update("Recovery code" if self._recovering else "Passphrase")
        self.query_one("#code" if self._recovering else "#passphrase").focus()
        self._say("ctrl+r goes back to the passphrase." if self._recovering else "")

    @on(SecretInput.Submitted, "#passphrase")
    def _passphrase_entered(self, event: SecretInput.Submitted) -> None:
        if event.field.blank:
            self._say("Type the passphrase first.", error=True)
        else:
            self._try(event.field.secret)

    @on(Input.Submitted, "#code")
    def _code_entered(self, event: Input.Submitted) -> None:
        self._try(Secret(event.value))

    def _try(self, secret: Secret) -> None:
        if not self._busy:
            self._busy = True
            self._say("Deriving the key … this takes about a second, on purpose.")
            deed = self._controller.unlock_with_recovery_code if self._recovering else self._controller.unlock
            self._unlock(deed, secret)

    @work(description="unlock", exclusive=True)
    async def _unlock(self, deed: Callable[[Secret], Opened], secret: Secret) -> None:
        try:
            opened = await asyncio.to_thread(deed, secret)
        except ArkaError as failure:
            self._say(words.problem(failure), error=True)
            self.query_one(SecretInput).replace_on_type = True
            return
        finally:
            self._busy = False
        if opened.older_copy and not await self.app.push_screen_wait(_older_copy(opened.older_copy)):
            self._controller.lock()
            self._say("Locked again; nothing was changed.")
            return
        if opened.older_copy:
            await asyncio.to_thread(self._controller.accept_older_copy)
        self.arka.enter(opened.notes, recovered=self._recovering)

    def _say(self, text: str, *, error: bool = False) -> None:
        status = self.query_one("#status", Static)
        status.set_class(error, "error")
        status.update(words.plain(text))


def _older_copy(why: str) -> Confirm:
    return Confirm(
        "Use this older copy?",
        [
            words.sentence(why),
            "Keys added, changed or deleted since are not as you left them. "
            "If you did not put it there, somebody else did.",
        ],
        yes="Use it",
        no="Lock again",
    )
