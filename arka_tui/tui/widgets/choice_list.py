"""A short list of two columns: what it is, and what is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment

from arka_tui.text import safe
from arka_tui.tui.widgets.line_list import LineList, cell

NAME_CELLS = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """Outside text is welcome: it is cleaned when painted."""

    name: str
    told: str
    fit: bool = True
    """One that cannot be used now is dim."""


class ChoiceList(LineList):
    COMPONENT_CLASSES = {"keys--cursor", "keys--dim"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._choices: Sequence[Choice] = ()

    def show(self, choices: Sequence[Choice]) -> None:
        self._choices = choices
        self.rows_changed()
        self.tell_moved()

    def row_count(self) -> int:
        return len(self._choices)

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        choice = self._choices[row]
        base = self.get_component_rich_style("keys--cursor") if at_cursor else self.rich_style
        dim = base if at_cursor else self.get_component_rich_style("keys--dim")
        parts = [
            ("", 1, base),
            (safe(choice.name, 60), NAME_CELLS, base if choice.fit else dim),
            (safe(choice.told, 200), width - NAME_CELLS - 1, dim),
        ]
        return [cell(text, size, style) for text, size, style in parts]
