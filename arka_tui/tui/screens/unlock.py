"""The locked door: passphrase, recovery code, key file or ssh-agent."""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from arka_tui.errors import ArkaError
from arka_tui.tui import onscreen
from arka_tui.tui.loading import Door
from arka_tui.tui.screens.arka_screen import ArkaScreen
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.widgets.field import Field
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.secret_input import SecretInput

if TYPE_CHECKING:
    from arka_tui.controller import Controller
    from arka_tui.store.vault import Opened


class _Mode(Enum):
    """With what the vault is to be opened; the value is what is asked for."""

    PASSPHRASE = "Passphrase"  # noqa: S105  # what is asked for, not one
    RECOVERY = "Recovery code"
    KEY_FILE = "Key file"


class UnlockScreen(ArkaScreen[None]):
    AUTO_FOCUS = "#passphrase"
    BINDINGS = [
        Binding(
            "ctrl+r", "mode('RECOVERY')", "Recovery code", id="unlock.recovery", tooltip="Open with the recovery code"
        ),
        Binding("ctrl+f", "mode('KEY_FILE')", "Key file", id="unlock.key_file", tooltip="Open with a key file"),
        Binding("escape", "stop_waiting", "Stop waiting", show=False, id="unlock.stop"),
        Binding("ctrl+g", "agent", "ssh-agent", id="unlock.agent", tooltip="Open with a key of your ssh-agent"),
    ]

    def __init__(self, door: Door, reason: str = "") -> None:
        super().__init__()
        self._door = door
        self._reason = reason
        self._mode = _Mode.PASSPHRASE
        self._offered: frozenset[str] = frozenset()
        self._busy = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="door"):
            yield Static("arka-tui", classes="title")
            yield Static(onscreen.plain(f"vault: {self._door.vault_path}"), classes="dim")
            yield Static("Passphrase", id="asked")
            yield SecretInput("type it, then Enter", id="passphrase")
            yield SecretInput("eight groups of four", id="code")
            yield Field(self._door.config.key_file, placeholder="where it is, then Enter", id="key-file")
            yield Static(onscreen.plain(self._reason), id="status")
            if self._door.demo:
                yield Static("Demo: the passphrase is demo", classes="dim")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._show_mode()
        self._find_out_what_opens_it()

    @work(description="what opens it", exclusive=True, group="offered")
    async def _find_out_what_opens_it(self) -> None:
        controller = await self.arka.loaded()
        self._offered = await asyncio.to_thread(controller.slots.offered)
        self.refresh_bindings()
        await asyncio.to_thread(controller.look_ahead)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self._offered:
            return action != "agent" and parameters != ("KEY_FILE",)
        from arka_tui.store.slots import KEY_FILE, SSH_AGENT

        needs = SSH_AGENT if action == "agent" else KEY_FILE if parameters == ("KEY_FILE",) else ""
        return not needs or needs in self._offered

    def action_mode(self, name: str) -> None:
        """The same key goes back to the passphrase."""
        if not self._busy:
            self._mode = _Mode.PASSPHRASE if self._mode is _Mode[name] else _Mode[name]
            self._show_mode()
            back = {_Mode.RECOVERY: "{unlock.recovery}", _Mode.KEY_FILE: "{unlock.key_file}"}.get(self._mode)
            self._say(self.said(f"{back} goes back to the passphrase.") if back else "")

    def _show_mode(self) -> None:
        fields = {_Mode.PASSPHRASE: "#passphrase", _Mode.RECOVERY: "#code", _Mode.KEY_FILE: "#key-file"}
        for mode, field in fields.items():
            self.query_one(field).set_class(mode is not self._mode, "hidden")
        self.query_one("#asked", Static).update(self._mode.value)
        self.query_one(fields[self._mode]).focus()

    def action_agent(self) -> None:
        if not self._busy:
            self._mode = _Mode.PASSPHRASE
            self._show_mode()
        told = self.said("Asking your ssh-agent … it may ask you. {unlock.stop} stops waiting.")
        self._try(lambda controller: controller.slots.unlock_with_agent(), told)

    def action_stop_waiting(self) -> None:
        if self._busy:
            self.workers.cancel_group(self, "unlock")
            self._busy = False
            if self.arka.has_loaded:
                self.arka.controller.lock()  # what is still on its way opens nothing
            self._say("Stopped.")

    @on(SecretInput.Submitted, "#passphrase")
    def _passphrase_entered(self, event: SecretInput.Submitted) -> None:
        if event.field.blank:
            self._say("Type the passphrase first.", error=True)
        else:
            passphrase = event.field.secret
            told = "Deriving the key … this takes about a second, on purpose."
            self._try(lambda controller: controller.unlock(passphrase), told)

    @on(SecretInput.Edited, "#code")
    def _code_edited(self, event: SecretInput.Edited) -> None:
        """What is not shown can at least be counted."""
        if not event.field.blank:
            from arka_tui.store.slots import RECOVERY_CHARS, tidy_recovery_code

            self._say(f"{len(tidy_recovery_code(event.field.secret.reveal()))} of {RECOVERY_CHARS} characters")

    @on(SecretInput.Submitted, "#code")
    def _code_entered(self, event: SecretInput.Submitted) -> None:
        code = event.field.secret
        self._try(lambda controller: controller.unlock_with_recovery_code(code), "Opening …")

    @on(Input.Submitted, "#key-file")
    def _key_file_entered(self, event: Input.Submitted) -> None:
        self._try(lambda controller: controller.slots.unlock_with_key_file(event.value), "Opening …")

    def _try(self, deed: Callable[["Controller"], "Opened"], told: str) -> None:
        if not self._busy:
            self._busy = True
            self._say(told)
            self._unlock(deed)

    @work(description="unlock", exclusive=True, group="unlock")
    async def _unlock(self, deed: Callable[["Controller"], "Opened"]) -> None:
        self.arka.left_alone = ""
        controller = await self.arka.loaded()
        try:
            opened = await asyncio.to_thread(deed, controller)
        except ArkaError as failure:
            from arka_tui.telling import words

            self._say(words.problem(failure), error=True)
            self.query_one("#passphrase", SecretInput).replace_on_type = True
            return
        finally:
            self._busy = False
        if self.arka.left_alone:
            controller.lock()
            self._say(self.arka.left_alone)
            return
        if opened.older_copy and not await self.app.push_screen_wait(_older_copy(opened.older_copy)):
            controller.lock()
            self._say("Locked again; nothing was changed.")
            return
        if opened.older_copy:
            await asyncio.to_thread(controller.accept_older_copy)
        self.arka.enter(opened.notes, recovered=self._mode is _Mode.RECOVERY)

    def _say(self, text: str, *, error: bool = False) -> None:
        status = self.query_one("#status", Static)
        status.set_class(error, "error")
        status.update(onscreen.plain(text))


def _older_copy(why: str) -> Confirm:
    from arka_tui.telling import words

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
