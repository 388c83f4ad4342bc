"""What all our screens share: the way to the application, typed."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import events, on
from textual.binding import Binding
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from arka_tui.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from arka_tui.tui.app import ArkaApp

ResultT = TypeVar("ResultT")


def _too_late(screen: Screen[ResultT], event: events.Event) -> bool:
    """A lock or the end may remove a screen while it is being made. Its parts go first, and it must do no more then."""
    return screen._pruning and isinstance(event, events.Mount | events.Resize | events.ScreenResume)


def is_whole(screen: Screen[Any]) -> bool:
    """Whether its parts are there."""
    return screen.is_mounted and not screen._pruning


class ArkaScreen(Screen[ResultT]):
    @property
    def arka(self) -> "ArkaApp":
        return cast("ArkaApp", self.app)

    def said(self, text: str) -> str:
        """With the key that does it in the place of each `{keys.add}`."""
        return self.arka.keymap.said(text)

    def commands(self) -> Iterable[tuple[str, str, Callable[[], None]]]:
        """Titles, what they do, and the deeds, for the command palette of an open vault."""
        return ()

    def refresh_ages(self) -> None:
        """Paints anew what tells how long ago something was, where it reads otherwise by now."""

    def _screen_resized(self, size: Size) -> None:
        """To the size that the terminal has now: where two sizes came at once, Textual goes from one to the other and
        back for ever.
        """
        super()._screen_resized(self.app.size)

    async def on_event(self, event: events.Event) -> None:
        if not _too_late(self, event):
            await super().on_event(event)


class FilteredScreen(ArkaScreen[ResultT]):
    """A list, and above it a field that filters it, `#filter`, shown while it is used."""

    def action_filter(self) -> None:
        """The field has the focus when this returns; `focus` would give it later."""
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)

    @on(Input.Submitted, "#filter")
    def _back_to_the_list(self, event: Input.Submitted) -> None:
        event.input.display = bool(event.value)
        self.query_one(LineList).focus()

    def clear_filter(self) -> bool:
        """Whether there was one to clear."""
        field = self.query_one("#filter", Input)
        if not (field.has_focus or field.value):
            return False
        field.value = ""
        field.display = False
        self.query_one(LineList).focus()
        return True


class ArkaModal(ModalScreen[ResultT]):
    BINDINGS = [
        Binding("left,up", "app.focus_previous", "The one before", show=False, id="dialog.before"),
        Binding("right,down", "app.focus_next", "The next one", show=False, id="dialog.next"),
        Binding("ctrl+c", "app.say_quit", "Quit", show=False, system=True),
    ]

    @property
    def arka(self) -> "ArkaApp":
        return cast("ArkaApp", self.app)

    def said(self, text: str) -> str:
        """As `ArkaScreen` does."""
        return self.arka.keymap.said(text)

    def refresh_ages(self) -> None:
        """As `ArkaScreen` has it."""

    @property
    def unsaved(self) -> bool:
        """Whether something was typed that leaving would throw away."""
        return False

    def _screen_resized(self, size: Size) -> None:
        """As `ArkaScreen` does."""
        super()._screen_resized(self.app.size)

    async def on_event(self, event: events.Event) -> None:
        if not _too_late(self, event):
            await super().on_event(event)


class ReadModal(ArkaModal[ResultT]):
    """A dialog that is read. The keys of the lists scroll its `.dialog`, which must not take the focus from them."""

    BINDINGS = [
        Binding("up,k", "scroll_by(-1)", "One line up", show=False, id="read.up"),
        Binding("down,j", "scroll_by(1)", "One line down", show=False, id="read.down"),
        Binding("pageup,ctrl+b", "scroll_page(-1)", "A page up", show=False, id="read.page_up"),
        Binding("pagedown,ctrl+f,space", "scroll_page(1)", "A page down", show=False, id="read.page_down"),
        Binding("home,g", "scroll_edge(-1)", "To the top", show=False, id="read.top"),
        Binding("end,G", "scroll_edge(1)", "To the bottom", show=False, id="read.bottom"),
    ]

    def action_scroll_by(self, lines: int) -> None:
        self.query_one(".dialog").scroll_relative(y=lines, animate=False)

    def action_scroll_page(self, pages: int) -> None:
        dialog = self.query_one(".dialog")
        dialog.scroll_relative(y=pages * max(1, dialog.scrollable_content_region.height - 1), animate=False)

    def action_scroll_edge(self, end: int) -> None:
        dialog = self.query_one(".dialog")
        dialog.scroll_to(y=dialog.max_scroll_y if end > 0 else 0, animate=False)
