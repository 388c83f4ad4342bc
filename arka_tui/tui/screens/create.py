"""First start: a new vault. Nothing is written before the recovery code is confirmed."""

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from arka_tui.controller import Controller
from arka_tui.errors import ArkaError
from arka_tui.secret import Secret
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.new_passphrase import NewPassphrase


class CreateScreen(ArkaScreen[None]):
    BINDINGS = [
        Binding("ctrl+s", "next", "Create", id="create.next"),
    ]

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._saving = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="door"):
            yield Static("Welcome to arka-tui", classes="title")
            yield Static(
                "Your API keys are kept in one file on this machine, sealed with AES-256-GCM. "
                "A passphrase opens it; nobody can reset it."
            )
            yield Static(onscreen.plain(f"vault: {self._controller.vault_path}"), classes="dim paragraph")
            yield NewPassphrase()
            with Horizontal(classes="buttons"):
                yield Button("Create the vault", id="create", variant="primary")
            yield Static("", id="status")
        yield KeyFooter()

    @on(Button.Pressed, "#create")
    def action_next(self) -> None:
        self.query_one(NewPassphrase).submit()

    @on(NewPassphrase.Chosen)
    def _chosen(self, event: NewPassphrase.Chosen) -> None:
        if not self._saving:
            self._create(event.passphrase)

    @work(description="create the vault", exclusive=True)
    async def _create(self, passphrase: Secret) -> None:
        code = self._controller.new_recovery_code()
        if not await self.app.push_screen_wait(RecoveryCodeScreen(code)):
            return
        self._say("Creating the vault …")
        self._saving = True
        try:
            with self.arka.saving():
                saved = await asyncio.to_thread(self._controller.create, passphrase, code)
        except ArkaError as failure:
            self._say(words.problem(failure), error=True)
            return
        finally:
            self._saving = False
        self.arka.enter([f"Created, but {saved.incomplete}."] if saved.incomplete else [])

    def _say(self, text: str, *, error: bool = False) -> None:
        status = self.query_one("#status", Static)
        status.set_class(error, "error")
        status.update(onscreen.plain(text))
