"""Names and values, the values below each other: what wraps goes on where it began."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from arka_tui.text import drop_unsafe
from arka_tui.tui import onscreen

GAP = 2
FEWEST_CELLS = 18
"""With less room than this a value that does not fit stands below its name; so does one with a word that does not."""


class Pairs(Widget):
    """Outside text is welcome: it is cleaned. Blanks of a name stay, they indent it. `pages` become links."""

    DEFAULT_CSS = "Pairs { height: auto; }"

    def __init__(self, pairs: Sequence[tuple[str, str]], pages: Collection[str] = ()) -> None:
        super().__init__()
        self._pairs = [(drop_unsafe(name), onscreen.linked(value, pages)) for name, value in pairs]

    def say_as(self, other: "Pairs") -> None:
        """What `other` would."""
        if self._pairs != other._pairs:
            self._pairs = other._pairs
            self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        column = max((cell_len(name) for name, _ in self._pairs), default=0) + GAP
        lines: list[Content] = []
        for name, value in self._pairs:
            room = width - column
            longest = max(map(cell_len, value.plain.split()), default=0)
            below = value.cell_length > room and (room < FEWEST_CELLS or longest > room)
            at = GAP if below else column
            head = Content.styled(name if below else set_cell_size(name, column), "dim")
            first, *more = value.wrap(max(1, width - at)) or [Content("")]
            indent = Content(" " * at)
            lines += [head, indent + first] if below else [head + first]
            lines += [indent + line for line in more]
        return lines
