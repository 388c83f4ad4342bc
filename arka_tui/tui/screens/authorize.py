"""A deed that only who knows the passphrase may do: an open vault at an unattended terminal is not enough."""

import asyncio
from collections.abc import Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Static

from arka_tui.controller import Controller
from arka_tui.errors import ArkaError
from arka_tui.secret import Secret
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.widgets.field import PathField
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.secret_input import SecretInput

FORGOTTEN = "If it is forgotten: lock, then open the vault with the recovery code."


class Authorize(ArkaModal[Secret | None]):
    """Dismisses with the passphrase once it was right and `deed` has succeeded; with None where the user goes back.

    `deed` blocks and is given what was typed as `path`; where it fails, all stays typed and the reason is said.
    """

    BINDINGS = [
        Binding("escape", "leave", "Back", key_display="Esc", id="authorize.back"),
        Binding("ctrl+s", "submit", "Go on", id="authorize.go"),
    ]

    def __init__(
        self,
        controller: Controller,
        title: str,
        lines: Sequence[str],
        *,
        yes: str,
        deed: Callable[[str], Callable[[], None]] | None = None,
        path: str | None = None,
        busy: str = "Checking the passphrase …",
    ) -> None:
        """`path` proposes one and asks for it; None asks for none."""
        super().__init__()
        self._controller = controller
        self._title = title
        self._lines = lines
        self._yes = yes
        self._deed = deed
        self._path = path
        self._busy_text = busy
        self._busy = self._saving = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(onscreen.plain(self._title), classes="title")
            for line in self._lines:
                yield Static(onscreen.plain(line, 600), classes="paragraph")
            if self._path is not None:
                yield Static("Key file")
                yield PathField(self._path, placeholder="for example /media/stick/arka.key", id="path")
            yield Static("Present passphrase")
            yield SecretInput("type it, then Enter", id="passphrase")
            yield Static("", id="status")
            with Horizontal(classes="buttons"):
                yield Button("Back", id="back")
                yield Button(onscreen.plain(self._yes), id="go", variant="primary")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.app.clear_notifications()  # they would cover the buttons
        self.query_one("#path" if self._path == "" else "#passphrase").focus()

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        if not self._saving:  # what is being saved can no longer be called off
            self.workers.cancel_node(self)
            self.dismiss(None)

    @on(Button.Pressed, "#go")
    @on(SecretInput.Submitted)
    def action_submit(self) -> None:
        passphrase = self.query_one(SecretInput)
        if self._busy:
            return
        if passphrase.blank:
            self._say("Type the passphrase first.", error=True)
            passphrase.focus()
            return
        self._busy = True
        self._say(self._busy_text)
        self._go(passphrase.secret)

    @work(description="authorize", exclusive=True)
    async def _go(self, passphrase: Secret) -> None:
        path = self.query_one("#path", Input).value if self._path is not None else ""
        try:
            if not await asyncio.to_thread(self._controller.slots.is_passphrase, passphrase):
                self._say(f"This is not the passphrase of this vault. {FORGOTTEN}", error=True)
                self.query_one(SecretInput).replace_on_type = True
                self.query_one(SecretInput).focus()
                return
            if self._deed:
                save = await asyncio.to_thread(self._deed, path)
                self._saving = True
                with self.arka.saving():
                    await asyncio.to_thread(save)
        except ArkaError as failure:
            self._say(words.problem(failure), error=True)
            return
        finally:
            self._busy = self._saving = False
        self.dismiss(passphrase)

    def _say(self, text: str, *, error: bool = False) -> None:
        status = self.query_one("#status", Static)
        status.set_class(error, "error")
        status.update(onscreen.plain(text))
