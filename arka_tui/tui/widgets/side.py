"""What stands beside a list on broad screens: all that Enter would open of the row at the cursor."""

from collections.abc import Callable, Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget


class Side(VerticalScroll, can_focus=False):
    """Hidden by the style sheet where the screen is not broad. Nothing in it takes the focus: Enter opens the same."""

    def __init__(self) -> None:
        super().__init__(id="side")
        self._shown: object = None

    def show(self, state: object, widgets: Callable[[], Iterable[Widget]]) -> None:
        """Made anew where `state` is another than before, and in sight; None is nothing."""
        if not self.display or state == self._shown:
            return
        self._shown = state
        self.remove_children()
        self.scroll_home(animate=False)
        if state is not None:
            self.mount(*widgets())
