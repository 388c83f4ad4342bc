"""The test-status log as lines: one a check, newest first."""

from collections.abc import Sequence

from rich.segment import Segment

from arka_tui.check import Check, Mood
from arka_tui.telling import words
from arka_tui.text import safe
from arka_tui.tui.widgets.line_list import LineList, cell


class LogList(LineList):
    COMPONENT_CLASSES = {"keys--cursor", "keys--good", "keys--care", "keys--bad", "keys--unsure", "keys--dim"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._checks: list[Check] = []

    def show(self, checks: Sequence[Check]) -> None:
        """Oldest first, as the journal has them. The cursor stays on its check."""
        kept = self.current
        self._checks = list(reversed(checks))
        self.set_reactive(LogList.cursor, self._checks.index(kept) if kept in self._checks else 0)
        self.rows_changed()
        self.tell_moved()

    @property
    def current(self) -> Check | None:
        return self._checks[self.cursor] if self.cursor < len(self._checks) else None

    def row_count(self) -> int:
        return len(self._checks)

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        check = self._checks[row]
        meaning = check.verdict.meaning
        base = self.get_component_rich_style("keys--cursor") if at_cursor else self.rich_style
        dim = base if at_cursor else self.get_component_rich_style("keys--dim")
        colour = self.get_component_rich_style(f"keys--{meaning.mood.value}", partial=True)
        lively = base if at_cursor else dim if meaning.mood is Mood.UNSURE else base + colour
        narrow = width < 60
        when = f"{check.at:%H:%M}" if narrow else f"{check.at:%m-%d %H:%M:%S}"
        stages = ", ".join(f"{stage.name} {stage.status}" for stage in check.stages if stage.status is not None)
        parts = [
            (when, 6 if narrow else 16, dim),
            (meaning.sign if narrow else f"{meaning.sign} {meaning.word}", 2 if narrow else 18, lively),
        ]
        rest = width - sum(size for _, size, _ in parts)
        name = safe(check.name, 120)
        if narrow:
            parts.append((name, rest, base))
        else:
            tail = [
                (f"…{safe(check.hint, 4)}" if check.hint else "", 7, dim),
                (words.latency(check.latency_ms), 9, dim),
            ]
            tail += [(stages, 28, dim)] if width >= 100 else []
            parts += [(name, rest - sum(size for _, size, _ in tail), base), *tail]
        return [cell(text, size, style) for text, size, style in parts]
