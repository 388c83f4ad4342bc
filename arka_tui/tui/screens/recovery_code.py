"""The recovery code, shown once and confirmed: what opens the vault when the passphrase is forgotten."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from arka_tui.secret import Secret
from arka_tui.store.slots import recovery_groups, tidy_recovery_code, two_groups
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.widgets.field import Field
from arka_tui.tui.widgets.key_footer import KeyFooter

IN_A_ROW = 4


class RecoveryCodeScreen(ArkaModal[bool]):
    """Dismisses with True once confirmed, with False where the user goes back: then nothing has been saved."""

    AUTO_FOCUS = "#proof"
    BINDINGS = [Binding("escape", "dismiss(False)", "Back", key_display="Esc", id="recovery.back")]

    def __init__(self, code: Secret) -> None:
        super().__init__()
        self._groups = recovery_groups(code.reveal())
        self._asked = two_groups(len(self._groups))

    @property
    def asked_groups(self) -> tuple[str, str]:
        """What has to be typed."""
        first, second = self._asked
        return self._groups[first - 1], self._groups[second - 1]

    def compose(self) -> ComposeResult:
        first, second = self._asked
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static("Recovery code", classes="title")
            yield Static("Write it down now and keep it apart from this machine. It is shown only this once.")
            rows = [Content.assemble(*self._row(at)) for at in range(0, len(self._groups), IN_A_ROW)]
            yield Static(Content("\n").join(rows), classes="code")
            yield Static(
                "It opens the vault when the passphrase is forgotten. Without both, nobody can.", classes="dim"
            )
            yield Static(onscreen.plain(f"To confirm, type groups {first} and {second}:"))
            yield Field(placeholder="8 characters", id="proof")
            yield Static("", id="wrong", classes="error")
            with Horizontal(classes="buttons"):
                yield Button("Back", id="back")
                yield Button("Confirm", id="confirm", variant="primary")
        yield KeyFooter()

    def _row(self, at: int) -> list[str | tuple[str, str]]:
        parts: list[str | tuple[str, str]] = []
        for number, group in enumerate(self._groups[at : at + IN_A_ROW], at + 1):
            parts += ["   " if parts else "", (f"{number} ", "not bold dim"), group]
        return parts

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#confirm")
    @on(Input.Submitted, "#proof")
    def _confirm(self) -> None:
        typed = tidy_recovery_code(self.query_one("#proof", Input).value)
        if typed == "".join(self.asked_groups):
            self.dismiss(True)
        else:
            first, second = self._asked
            self.query_one("#wrong", Static).update(f"That is not groups {first} and {second} of the code above.")
            self.query_one("#proof").focus()
