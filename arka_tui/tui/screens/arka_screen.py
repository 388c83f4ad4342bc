"""What all our screens share: the way to the application, typed."""

from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import ModalScreen, Screen

if TYPE_CHECKING:
    from arka_tui.tui.app import ArkaApp

ResultT = TypeVar("ResultT")


class ArkaScreen(Screen[ResultT]):
    @property
    def arka(self) -> "ArkaApp":
        return cast("ArkaApp", self.app)


class ArkaModal(ModalScreen[ResultT]):
    @property
    def arka(self) -> "ArkaApp":
        return cast("ArkaApp", self.app)
