"""A question with two answers; the safe one has the focus."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from arka_tui.tui import words
from arka_tui.tui.screens.arka_screen import ArkaModal


class Confirm(ArkaModal[bool]):
    """`yes` and `no` are our own words; `lines` may hold text from outside."""

    AUTO_FOCUS = "#no"
    BINDINGS = [
        Binding("escape,n", "answer(False)", "No", id="confirm.no"),
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
    ]

    def __init__(self, question: str, lines: Sequence[str], *, yes: str, no: str) -> None:
        super().__init__()
        self._question = question
        self._lines = lines
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(words.plain(self._question), classes="title")
            for line in self._lines:
                yield Static(words.plain(line, 600), classes="paragraph")
            with Horizontal(classes="buttons"):
                yield Button(words.plain(f"{self._no} (n)"), id="no")
                yield Button(words.plain(f"{self._yes} (y)"), id="yes", variant="error")

    def on_mount(self) -> None:
        self.app.clear_notifications()  # they would cover the answers

    def action_answer(self, answer: bool) -> None:
        if answer and self.arka.burst.length:
            self.arka.bell()  # a paste into the list may hold d and y; no hand types them so fast
            return
        self.dismiss(answer)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
