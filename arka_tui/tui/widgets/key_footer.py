"""The line of keys at the bottom of a screen."""

from itertools import accumulate

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey


class KeyFooter(Footer):
    """What works now, as many as fit whole, in the order of the bindings: half a word tells nothing."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._ends: list[int] = []
        """Where each key would end, in cells from the left."""
        self._shown = 0

    def compose(self) -> ComposeResult:
        keys = [child for child in super().compose() if isinstance(child, FooterKey)]
        lengths = [cell_len(f"{key.key_display} {key.description}") + 1 for key in keys]
        self._ends = [end - 1 for end in accumulate(lengths)]
        self._shown = self._fitting(self.app.size.width)
        yield from keys[: self._shown]

    def on_resize(self, event: events.Resize) -> None:
        if self._fitting(event.size.width) != self._shown:
            self.refresh(recompose=True)

    def _fitting(self, width: int) -> int:
        return sum(end <= width for end in self._ends)
