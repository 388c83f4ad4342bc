"""The recovery code, shown once and confirmed: what opens the vault when the passphrase is forgotten."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Static

from arka_tui.secret import Secret
from arka_tui.store.slots import recovery_groups, tidy_recovery_code
from arka_tui.tui import words
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.widgets.field import Field

ASKED = (3, 6)
"""Numbers of the groups that are typed as proof that the code was written down."""


class RecoveryCodeScreen(ArkaModal[bool]):
    """Dismisses with True once confirmed, with False where the user goes back: then nothing has been saved."""

    AUTO_FOCUS = "#proof"
    BINDINGS = [Binding("escape", "dismiss(False)", "Back", id="recovery.back")]

    def __init__(self, code: Secret) -> None:
        super().__init__()
        self._groups = recovery_groups(code.reveal())

    def compose(self) -> ComposeResult:
        first, second = " ".join(self._groups[:4]), " ".join(self._groups[4:])
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static("Recovery code", classes="title")
            yield Static("Write it down now and keep it apart from this machine. It is shown only this once.")
            yield Static(words.plain(first), classes="code")
            yield Static(words.plain(second), classes="code")
            yield Static(
                "It opens the vault when the passphrase is forgotten. Without both, nobody can.", classes="dim"
            )
            yield Static(f"To confirm, type groups {ASKED[0]} and {ASKED[1]}:")
            yield Field(placeholder="8 characters", id="proof")
            yield Static("", id="wrong", classes="error")
            with Horizontal(classes="buttons"):
                yield Button("Back", id="back")
                yield Button("Confirm", id="confirm", variant="primary")

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#confirm")
    @on(Input.Submitted, "#proof")
    def _confirm(self) -> None:
        typed = tidy_recovery_code(self.query_one("#proof", Input).value)
        if typed == "".join(self._groups[number - 1] for number in ASKED):
            self.dismiss(True)
        else:
            self.query_one("#wrong", Static).update(f"That is not groups {ASKED[0]} and {ASKED[1]} of the code above.")
            self.query_one("#proof").focus()
