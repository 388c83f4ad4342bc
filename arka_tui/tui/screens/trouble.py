"""The vault's file cannot be used: what is wrong, what to do, and nothing touched."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from arka_tui.controller import Controller
from arka_tui.errors import VaultError
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaScreen
from arka_tui.tui.widgets.key_footer import KeyFooter


class TroubleScreen(ArkaScreen[None]):
    BINDINGS = [
        Binding("r", "retry", "Look again", id="trouble.retry"),
        Binding("q", "app.quit", "Quit", id="trouble.quit"),
    ]

    def __init__(self, controller: Controller, trouble: VaultError) -> None:
        super().__init__()
        self._controller = controller
        self._trouble = trouble

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="door"):
            yield Static("The vault cannot be opened", classes="title")
            yield Static(onscreen.plain(words.sentence(str(self._trouble))), classes="error", id="what")
            if self._trouble.hint:
                yield Static(onscreen.plain(words.sentence(self._trouble.hint)), id="hint")
            yield Static("Nothing was changed or written over. arka-tui doctor tells more.", classes="dim")
        yield KeyFooter()

    def action_retry(self) -> None:
        self.arka.show_door()
