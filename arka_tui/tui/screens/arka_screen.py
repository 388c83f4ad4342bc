"""What all our screens share: the way to the application, typed."""

from typing import TYPE_CHECKING, TypeVar, cast

from textual.binding import Binding
from textual.screen import ModalScreen, Screen

if TYPE_CHECKING:
    from arka_tui.tui.app import ArkaApp

ResultT = TypeVar("ResultT")


class ArkaScreen(Screen[ResultT]):
    @property
    def arka(self) -> "ArkaApp":
        return cast("ArkaApp", self.app)


class ArkaModal(ModalScreen[ResultT]):
    BINDINGS = [
        Binding("left,up", "app.focus_previous", "The one before", show=False),
        Binding("right,down", "app.focus_next", "The next one", show=False),
    ]

    @property
    def arka(self) -> "ArkaApp":
        return cast("ArkaApp", self.app)
