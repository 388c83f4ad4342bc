"""A list that paints lines: 10,000 rows cost what 10 do, and a key press repaints two lines.

DataTable and OptionList build or repaint everything; over SSH that is 2 to 15 times the bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

REST_S = 0.15
"""What stands beside a list follows the cursor when it rests, so that holding an arrow costs the list's bytes only."""


class LineList(ScrollView, can_focus=True, inherit_bindings=False):
    """Subclasses say how many rows there are and how one is painted."""

    BINDINGS = [
        Binding("up,k", "move(-1)", "One up", show=False, id="list.up"),
        Binding("down,j", "move(1)", "One down", show=False, id="list.down"),
        Binding("pageup,ctrl+b", "page(-1)", "A page up", show=False, id="list.page_up"),
        Binding("pagedown,ctrl+f", "page(1)", "A page down", show=False, id="list.page_down"),
        Binding("home,g", "edge(-1)", "To the first", show=False, id="list.first"),
        Binding("end,G", "edge(1)", "To the last", show=False, id="list.last"),
        Binding(
            "enter",
            "open",
            "Details",
            show=False,
            key_display="Enter",
            id="list.open",
            tooltip="All that is known of it",
        ),
    ]

    cursor = reactive(0, repaint=False, init=False)

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        line_list: "LineList"

        @property
        def control(self) -> "LineList":
            return self.line_list

    @dataclass
    class Rested(Message):
        """The cursor has been on its row for a moment."""

        line_list: "LineList"

        @property
        def control(self) -> "LineList":
            return self.line_list

    @dataclass
    class Opened(Message):
        """Enter, or a double click."""

        line_list: "LineList"

        @property
        def control(self) -> "LineList":
            return self.line_list

    _resting: Timer | None = None

    def row_count(self) -> int:
        return 0

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        """Segments of `width` cells together."""
        return []

    def rows_changed(self) -> None:
        """After rows came, went or moved."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.row_count())
        self.set_reactive(LineList.cursor, max(0, min(self.cursor, self.row_count() - 1)))
        self._show_cursor()
        self.refresh()

    def refresh_row(self, row: int) -> None:
        """If it is in sight; and not the scroll bar beside it."""
        if row in self.rows_in_sight:
            self.refresh(Region(0, row - self.rows_in_sight.start, self.scrollable_content_region.width, 1))

    @property
    def rows_in_sight(self) -> range:
        top = round(self.scroll_offset.y)
        return range(top, min(top + self.size.height, self.row_count()))

    def render_line(self, y: int) -> Strip:
        row, width = round(self.scroll_offset.y) + y, self.size.width
        if row >= self.row_count():
            return Strip.blank(width, self.rich_style)
        return Strip(thrifty(self.paint_row(row, width, at_cursor=row == self.cursor)), width)

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_row(old)
        self.refresh_row(new)
        self._show_cursor()
        self.tell_moved()

    def tell_moved(self) -> None:
        """Now, and again when the cursor rests."""
        self.post_message(self.Moved(self))
        if self._resting:
            self._resting.stop()
        if self.is_attached:
            self._resting = self.set_timer(REST_S, lambda: self.post_message(self.Rested(self)))

    def action_move(self, by: int) -> None:
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * max(1, self.size.height - 1))

    def action_edge(self, end: int) -> None:
        self._go(self.row_count() if end > 0 else 0)

    def action_open(self) -> None:
        if self.row_count():
            self.post_message(self.Opened(self))

    def on_resize(self) -> None:
        self.rows_changed()

    def on_click(self, event: events.Click) -> None:
        row = round(self.scroll_offset.y) + event.y
        if row < self.row_count():
            self._go(row)
            if event.chain == 2:
                self.action_open()

    def _go(self, row: int) -> None:
        if self.row_count():
            self.cursor = max(0, min(row, self.row_count() - 1))

    def _show_cursor(self) -> None:
        """At an edge it jumps two thirds of a page: one repaint for many key presses, and some rows stay."""
        top, height = round(self.scroll_offset.y), self.size.height
        if height and not top <= self.cursor < top + height:
            if abs(self.cursor - top) <= height + 1:
                kept = height // 3
                jump = self.cursor - kept if self.cursor > top else self.cursor - height + 1 + kept
            else:
                jump = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=max(0, jump), animate=False, force=True, immediate=True)


def thrifty(segments: Sequence[Segment]) -> list[Segment]:
    """Blanks in the colours of what follows them: each change of colours costs 40 bytes."""
    saved: list[Segment] = []
    for segment in reversed(segments):
        after = saved[-1].style if saved else None
        if after and segment.style and segment.text.isspace() and _looks_the_same_blank(segment.style, after):
            segment = Segment(segment.text, after)
        saved.append(segment)
    return list(Segment.simplify(reversed(saved)))


def _looks_the_same_blank(one: Style, other: Style) -> bool:
    lines = ("underline", "reverse", "strike", "overline")
    return one.bgcolor == other.bgcolor and all(getattr(one, line) == getattr(other, line) for line in lines)


def head(text: str, width: int, *, right: bool = False) -> str:
    """Above a column of such cells."""
    return f"{f'{text:>{width - 1}}' if right else text:<{width}}"[:width]


def cell(text: str, width: int, style: Style, *, right: bool = False) -> Segment:
    """`text` padded or cut to `width` cells, the last one free; numbers stand at the right. It must be safe already."""
    if right:
        text = f"{text:>{width - 1}}"
    if cell_len(text) < width:
        return Segment(set_cell_size(text, width), style)
    return Segment(set_cell_size(text, max(0, width - 2)) + "… "[: max(0, width)], style)
