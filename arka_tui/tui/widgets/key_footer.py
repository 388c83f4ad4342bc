"""The line of keys at the bottom of a screen."""

from collections.abc import Iterable
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

    def compose(self) -> ComposeResult:
        keys = [child for child in super().compose() if isinstance(child, FooterKey)]
        _show_what_fits(keys, self.app.size.width)
        yield from keys

    def on_resize(self, event: events.Resize) -> None:
        _show_what_fits(self.query(FooterKey), event.size.width)


def _show_what_fits(keys: Iterable[FooterKey], width: int) -> None:
    keys = list(keys)
    lengths = (cell_len(f"{key.key_display} {key.description}") + 1 for key in keys)
    for key, end in zip(keys, accumulate(lengths), strict=True):
        key.display = end - 1 <= width
