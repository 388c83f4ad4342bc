"""The picks: the tasks on the left, and for the chosen one the models in reach, best first."""

from collections.abc import Sequence

from rich.segment import Segment

from arka_tui.insight.picks import Pick, TaskPicks
from arka_tui.telling import model_rows
from arka_tui.telling.words import NOTHING
from arka_tui.text import safe
from arka_tui.tui.widgets.line_list import LineList, cell, head

WIDE, MEDIUM = 96, 52
TO_THE_RIGHT = {"rank", "points", "price"}
_HEADS = {"rank": "", "points": "POINTS", "name": "MODEL", "key": "KEY TO USE", "price": "IN/OUT PER 1M ", "why": "WHY"}


class TaskList(LineList):
    COMPONENT_CLASSES = {"keys--cursor", "keys--dim"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._tasks: Sequence[TaskPicks] = ()

    def show(self, tasks: Sequence[TaskPicks]) -> None:
        """The cursor stays on its task."""
        kept = self.current.id if self.current else ""
        self._tasks = tasks
        at = next((at for at, task in enumerate(tasks) if task.id == kept), 0)
        self.set_reactive(TaskList.cursor, at)
        self.rows_changed()

    @property
    def current(self) -> TaskPicks | None:
        return self._tasks[self.cursor] if self.cursor < len(self._tasks) else None

    def turn(self, by: int) -> None:
        """To the next or the one before; after the last comes the first."""
        if self._tasks:
            self.cursor = (self.cursor + by) % len(self._tasks)

    def row_count(self) -> int:
        return len(self._tasks)

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        task = self._tasks[row]
        base = self.get_component_rich_style("keys--cursor") if at_cursor else self.rich_style
        dim = base if at_cursor else self.get_component_rich_style("keys--dim")
        count = f"{len(task.picks):,}" if task.picks else NOTHING
        return [
            cell("›" if at_cursor else "", 2, base),
            cell(safe(task.title, 60), width - 7, base if task.picks else dim),
            cell(f"{count:>4}", 5, dim),
        ]


def columns(width: int) -> list[tuple[str, int]]:
    """Names and widths that fill `width` cells."""
    if width >= WIDE:
        fixed = [("points", 8), ("key", 18), ("price", 17), ("why", max(20, width - 75))]
    elif width >= MEDIUM:
        fixed = [("key", 18), ("price", 15)]
    else:
        fixed = [("price", 15)]
    return [("rank", 4), ("name", max(1, width - 4 - sum(size for _, size in fixed))), *fixed]


def heads(width: int) -> str:
    """The line above the list."""
    return "".join(head(_HEADS[name], size, right=name in TO_THE_RIGHT) for name, size in columns(width))


class PickList(LineList):
    COMPONENT_CLASSES = {"keys--cursor", "keys--dim"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._picks: Sequence[Pick] = ()
        self._shown_task = ""

    def show(self, task: TaskPicks | None) -> None:
        """The cursor stays on its model; for another task it goes to the best."""
        kept = self.current.name if self.current and task and task.id == self._shown_task else ""
        self._shown_task, self._picks = (task.id, task.picks) if task else ("", ())
        at = next((at for at, pick in enumerate(self._picks) if pick.name == kept), 0) if kept else 0
        self.set_reactive(PickList.cursor, at)
        self.rows_changed()

    @property
    def current(self) -> Pick | None:
        return self._picks[self.cursor] if self.cursor < len(self._picks) else None

    def row_count(self) -> int:
        return len(self._picks)

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        pick = self._picks[row]
        base = self.get_component_rich_style("keys--cursor") if at_cursor else self.rich_style
        dim = base if at_cursor else self.get_component_rich_style("keys--dim")
        price = model_rows.price_cell(pick.offer.model.price)
        texts = {
            "rank": f"{row + 1}",
            "points": f"{pick.points:f}",
            "name": safe(pick.name, 120),
            "key": safe(pick.offer.key_name, 120),
            "price": price if price.endswith("*") else f"{price} ",
            "why": safe("; ".join(pick.why)),
        }
        cells = [
            cell(texts[name], size, base if name in ("name", "price") else dim, right=name in TO_THE_RIGHT)
            for name, size in columns(width)
        ]
        return list(Segment.simplify(cells))  # each change of style costs 40 bytes
