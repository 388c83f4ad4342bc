"""The models that one's keys reach: one line a model, or one an offer under the name of its provider."""

from collections.abc import Callable
from datetime import date

from rich.segment import Segment
from rich.style import Style

from arka_tui.telling import model_rows
from arka_tui.telling.model_rows import Book, Heading, Line, Row, View
from arka_tui.telling.words import NOTHING
from arka_tui.text import safe
from arka_tui.tui.widgets.line_list import LineList, cell, head

WIDE, MEDIUM = 124, 64
_BOLD = Style(bold=True)
TO_THE_RIGHT = {"context", "in", "out", "price"}


def columns(width: int) -> list[tuple[str, int]]:
    """Names and widths that fill `width` cells."""
    if width >= WIDE:
        fixed = [("reach", 25), ("context", 8), ("in", 10), ("out", 11), ("modalities", 17), ("retires", 13)]
    elif width >= MEDIUM:
        fixed = [("reach", 13), ("context", 8), ("in", 9), ("out", 10), ("retires", 10)]
    else:
        fixed = [("price", 15)]
    return [("sign", 2), ("name", max(1, width - 2 - sum(size for _, size in fixed))), *fixed]


def heads(width: int, view: View) -> str:
    """The line above the list."""
    named = {"sign": "", "name": "MODEL", "reach": "KEYS", "price": "IN/OUT PER 1M"}
    named |= {"in": "IN", "out": "OUT/1M ", "modalities": "TAKES", "retires": "  RETIRES"}
    return "".join(
        head(named.get(name, name.upper()), size, right=name in TO_THE_RIGHT) for name, size in columns(width)
    )


class ModelList(LineList):
    COMPONENT_CLASSES = {"keys--cursor", "keys--care", "keys--dim"}

    def __init__(self, today: Callable[[], date], *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._today = today
        self._lines: list[Line] = []
        self.book = Book()
        self.view = View.BY_MODEL
        self.sort_name = "name"
        self.filter_text = ""

    # ------------------------------------------------------------------ what is shown

    def show(self, book: Book) -> None:
        """All there is. The cursor stays on its model."""
        self.book = book
        self._arrange()

    def set_filter(self, text: str) -> None:
        self.filter_text = text
        self._arrange()

    def set_sort(self, name: str) -> None:
        """Who asks for the cheapest wants to see it: the cursor goes to the top."""
        self.sort_name = name
        self._arrange(at_top=True)

    def set_view(self, view: View) -> None:
        self.view = view
        self._arrange()

    @property
    def current(self) -> Row | None:
        line = self._lines[self.cursor] if self.cursor < len(self._lines) else None
        return line if isinstance(line, Row) else None

    @property
    def lines(self) -> list[Line]:
        return self._lines

    @property
    def shown(self) -> int:
        """How many models are shown, each once."""
        if self.view is View.BY_MODEL:
            return len(self._lines)
        return len({line.group.name for line in self._lines if isinstance(line, Row)})

    def _arrange(self, *, at_top: bool = False) -> None:
        kept = None if at_top else self.current
        self._lines = self.book.lines(self.view, self.sort_name, self.filter_text)
        at = _place_of(kept, self._lines) if kept else 0
        self.set_reactive(ModelList.cursor, self._off_heading(at, 1))
        self.rows_changed()
        self.tell_moved()

    # ------------------------------------------------------------------ moving

    def _go(self, row: int) -> None:
        """Never to a heading: there is always a row below it."""
        if self._lines:
            row = max(0, min(row, len(self._lines) - 1))
            self.cursor = self._off_heading(row, -1 if row < self.cursor else 1)

    def _off_heading(self, row: int, by: int) -> int:
        if row < len(self._lines) and isinstance(self._lines[row], Heading):
            return row + by if row + by >= 0 else row + 1
        return row

    def _show_cursor(self) -> None:
        """With the heading above it, where that would be just out of sight."""
        super()._show_cursor()
        above = self.cursor - 1
        if round(self.scroll_offset.y) > above >= 0 and isinstance(self._lines[above], Heading):
            self.scroll_to(y=above, animate=False, force=True, immediate=True)

    # ------------------------------------------------------------------ painting

    def row_count(self) -> int:
        return len(self._lines)

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        line = self._lines[row]
        if isinstance(line, Heading):
            return [cell(line.text, width, self.rich_style + _BOLD)]
        base = self.get_component_rich_style("keys--cursor") if at_cursor else self.rich_style
        dim = base if at_cursor else self.get_component_rich_style("keys--dim")
        plain = base if line.offer.verified else dim
        texts, wanted = self._texts(line, width), columns(width)
        cells = []
        for name, size in wanted:
            text, care = texts[name]
            quiet = dim if name in ("reach", "context", "modalities", "retires") or text.strip() == NOTHING else plain
            style = quiet if not care or at_cursor else self._careful
            cells.append(cell(text, size, style, right=name in TO_THE_RIGHT))
        return list(Segment.simplify(cells))  # each change of style costs 40 bytes

    @property
    def _careful(self) -> Style:
        return self.rich_style + self.get_component_rich_style("keys--care", partial=True)

    def _texts(self, row: Row, width: int) -> dict[str, tuple[str, bool]]:
        """What each column says, and whether it needs care."""
        model, today, wide, narrow = row.offer.model, self._today(), width >= WIDE, width < MEDIUM
        into, out = model_rows.amounts(model.price)
        mark = model_rows.star(model.price) or " "
        day, care = model_rows.retirement(row.retires, today, brief=not wide)
        return {
            "sign": model_rows.sign_of_all(row, today) if narrow else (model_rows.sign(row), False),
            "name": (safe(row.name, 120), False),
            "reach": (model_rows.reach(row, self.view, wide=wide), False),
            "context": (model_rows.context(model.context), False),
            "in": (into, False),
            "out": (out + mark, False),
            "price": (model_rows.price_cell(model.price) + ("" if model.price.as_of else " "), False),
            "modalities": (model_rows.modalities(model), False),
            "retires": (day if care else f"  {day}", care),
        }


def _place_of(kept: Row, lines: list[Line]) -> int:
    """Of the same row, else of another of the same model, else the top."""
    same_model = 0
    for at, line in enumerate(lines):
        if isinstance(line, Row) and line.group.name == kept.group.name:
            if line.name == kept.name and line.offer.credential_id == kept.offer.credential_id:
                return at
            same_model = same_model or at
    return same_model
