"""A question with two answers; the safe one has the focus."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from arka_tui.key_names import shown
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.widgets.key_footer import KeyFooter

ROOM_FOR_KEYS = 8
"""With fewer lines the answers, which name their keys too, are shown without the line of keys."""


class Confirm(ArkaModal[bool]):
    """`yes` and `no` are our own words; `lines` may hold text from outside, and `pages`, which become links."""

    AUTO_FOCUS = "#no"
    BINDINGS = [
        Binding("escape,n", "answer(False)", "No", key_display="Esc n", id="confirm.no"),
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
        Binding("up,pageup", "read(-1)", "Text up", show=False, id="confirm.up"),
        Binding("down,pagedown", "read(1)", "Text down", show=False, id="confirm.down"),
    ]

    def __init__(self, question: str, lines: Sequence[str], *, yes: str, no: str, pages: Sequence[str] = ()) -> None:
        super().__init__()
        self._pages = pages
        self._question = question
        self._lines = lines
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog question", can_focus=False):
            yield Static(onscreen.plain(self._question), classes="title")
            with VerticalScroll(id="lines", can_focus=False):
                for line in self._lines:
                    yield Static(onscreen.linked(line, self._pages, 600), classes="paragraph")
            with Horizontal(classes="buttons"):
                no, yes = (shown(self.arka.keymap.keys(name)[-1]) for name in ("confirm.no", "confirm.yes"))
                yield Button(onscreen.plain(f"{self._no} ({no})"), id="no")
                yield Button(onscreen.plain(f"{self._yes} ({yes})"), id="yes", variant="error")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.app.clear_notifications()  # they would cover the answers

    def on_resize(self) -> None:
        self.query_one(KeyFooter).display = self.size.height >= ROOM_FOR_KEYS
        self.query_one(".question").remove_class("full")
        self.call_after_refresh(self.call_after_refresh, self._fit)  # the first is before the new layout

    def _fit(self) -> None:
        """Where not all lines have room, they scroll between question and answers."""
        for dialog in self.query(".question"):  # none, where it was answered meanwhile
            dialog.set_class(dialog.max_scroll_y > 0, "full")
        for answer in self.query("#no"):
            self.call_after_refresh(answer.scroll_visible, animate=False)  # where even that is too much

    def action_answer(self, answer: bool) -> None:
        if answer and self.arka.burst.length:
            self.arka.bell()  # a paste into the list may hold d and y; no hand types them so fast
            return
        self.dismiss(answer)

    def action_read(self, by: int) -> None:
        """The question and its answers stay in sight; what is between them scrolls where the screen is small."""
        self.query_one("#lines").scroll_relative(y=3 * by, animate=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
