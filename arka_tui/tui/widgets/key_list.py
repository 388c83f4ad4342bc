"""The key list: one line a credential, painted straight from what the controller holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from rich.segment import Segment
from textual.binding import Binding
from textual.message import Message

from arka_tui.check import Check, Learnt, Mood, Verdict
from arka_tui.credential import Credential
from arka_tui.insight.money import is_sensible
from arka_tui.insight.warnings import Warning as Caution
from arka_tui.telling import words
from arka_tui.text import safe
from arka_tui.tui.widgets.line_list import LineList, cell

UNTESTED = "not tested"
WIDE, MEDIUM = 100, 72
_ORDER = {verdict: place for place, verdict in enumerate(Verdict)}
_TROUBLE = {Mood.BAD: 0, Mood.CARE: 1, Mood.UNSURE: 2, None: 3, Mood.GOOD: 4}
"""The worst first; None is a key that was never tested."""


@dataclass(frozen=True, slots=True)
class Row:
    credential: Credential
    check: Check | None
    cautions: tuple[Caution, ...] = ()
    """Worst first; none of a key that was never tested, for its row says so."""

    @property
    def word(self) -> str:
        return self.check.verdict.meaning.word if self.check else UNTESTED

    @property
    def haystack(self) -> str:
        shown = self.credential
        told = " ".join(["warning", *(caution.text for caution in self.cautions)]) if self.cautions else ""
        return f"{shown.name} {shown.hint} {self.word} {shown.origin} {told}".casefold()


def _by_name(row: Row) -> tuple[object, ...]:
    return (row.credential.name.casefold(),)


def _by_trouble(row: Row) -> tuple[object, ...]:
    verdict = row.check.verdict if row.check else None
    trouble = _TROUBLE[verdict.meaning.mood if verdict else None]
    if row.cautions:
        trouble = min(trouble, _TROUBLE[Mood.CARE])
    return (trouble, -_ORDER[verdict] if verdict else 0, *_by_name(row))


def _by_left(row: Row) -> tuple[object, ...]:
    """Other currencies after dollars: nobody said what they are worth."""
    learnt = row.check.learnt if row.check else Learnt()
    left = learnt.remaining if learnt.remaining is not None else learnt.balance
    if left is None or not is_sensible(left):
        return (2, Decimal(0), *_by_name(row))
    return (int((learnt.currency or "USD") != "USD"), left, *_by_name(row))


def _by_age(row: Row) -> tuple[object, ...]:
    return (row.check is not None, row.check.at.timestamp() if row.check else 0, *_by_name(row))


def _by_added(row: Row) -> tuple[object, ...]:
    return (row.credential.created_at.timestamp(),)


SORTS: Mapping[str, Callable[[Row], tuple[object, ...]]] = {
    "name": _by_name,
    "trouble first": _by_trouble,
    "least money left": _by_left,
    "oldest test": _by_age,
    "added": _by_added,
}


def columns(width: int) -> list[tuple[str, int]]:
    """Names and widths that fill `width` cells."""
    if width >= WIDE:
        fixed = [("verdict", 18), ("provider", 13), ("hint", 7), ("left", 15), ("tested", 12), ("latency", 10)]
    elif width >= MEDIUM:
        fixed = [("verdict", 18), ("hint", 7), ("left", 14), ("tested", 11), ("latency", 8)]
    else:
        fixed = [("sign", 2), ("hint", 7)]
    rest = max(1, width - 2 - sum(size for _, size in fixed))
    at = 2 if width >= WIDE else 1
    return [("mark", 1), ("caution", 1), *fixed[:at], ("label" if width >= WIDE else "key", rest), *fixed[at:]]


class KeyList(LineList):
    BINDINGS = [
        Binding("space", "mark", "Select or unselect", show=False, id="keys.mark"),
        Binding("asterisk", "mark_all", "Select all that are shown", show=False, id="keys.mark_all"),
    ]
    COMPONENT_CLASSES = {
        "keys--cursor",
        "keys--good",
        "keys--care",
        "keys--bad",
        "keys--unsure",
        "keys--dim",
        "keys--mark",
    }

    class Marked(Message):
        """The selection changed."""

    def __init__(self, clock: Callable[[], datetime], *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._clock = clock
        self._all: list[Row] = []
        self._rows: list[Row] = []
        self._all_at: dict[str, int] = {}
        self._row_at: dict[str, int] = {}
        """Where a credential's row is, by id."""
        self._busy: dict[str, str] = {}
        self.marked: set[str] = set()
        """Ids of selected credentials."""
        self.filter_text = ""
        self.sort_name = "name"
        self._times: dict[int, list[str]] = {}
        """What was painted that changes by itself, by row."""

    # ------------------------------------------------------------------ what is shown

    def show(self, credentials: Sequence[Credential], checks: Mapping[str, Check]) -> None:
        """All there is. The cursor stays on its credential; marks of what is gone go."""
        kept = self.current
        cautions = {row.credential.id: row.cautions for row in self._all}
        self._all = [
            Row(credential, checks.get(credential.id), cautions.get(credential.id, ())) for credential in credentials
        ]
        self._all_at = {credential.id: at for at, credential in enumerate(credentials)}
        self.marked &= {credential.id for credential in credentials}
        self._arrange(kept)

    def show_check(self, check: Check) -> None:
        """One new result, in its row; the order stays as it is until it is asked for again."""
        if (at := self._all_at.get(check.credential_id)) is None:
            return
        row = replace(self._all[at], check=check)
        self._all[at] = row
        if (shown_at := self._row_at.get(check.credential_id)) is not None:
            self._rows[shown_at] = row
            self.refresh_row(shown_at)

    def show_cautions(self, cautions: Mapping[str, tuple[Caution, ...]]) -> bool:
        """By credential id. Whether that changed anything."""
        changed = False
        for at, row in enumerate(self._all):
            told = cautions.get(row.credential.id, ()) if row.check else ()
            if told != row.cautions:
                self._all[at] = replace(row, cautions=told)
                changed = True
        if not changed:
            return False
        self._arrange(self.current)
        return True

    def set_busy(self, names: Iterable[str], word: str) -> None:
        """`word` in place of their verdicts; empty ends it."""
        for name in names:
            if self._busy.get(name, "") == word:
                continue
            if word:
                self._busy[name] = word
            else:
                del self._busy[name]
            self._refresh_named(name)

    def _refresh_named(self, name: str) -> None:
        for row in self.rows_in_sight:
            if self._rows[row].credential.name == name:
                self.refresh_row(row)

    def set_filter(self, text: str) -> None:
        self.filter_text = text
        self._arrange(self.current)

    def set_sort(self, name: str) -> None:
        """Who asks for the worst wants to see it: the cursor goes to the top."""
        self.sort_name = name
        self._arrange(None)
        self.cursor = 0

    def move_to(self, credential_id: str) -> None:
        if (at := self._row_at.get(credential_id)) is not None:
            self.cursor = at

    @property
    def current(self) -> Row | None:
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def chosen(self) -> list[Credential]:
        """The marked ones that are shown, else the one at the cursor."""
        marked = [row.credential for row in self._rows if row.credential.id in self.marked]
        return marked or ([self.current.credential] if self.current else [])

    @property
    def shown(self) -> list[Credential]:
        return [row.credential for row in self._rows]

    @property
    def total(self) -> int:
        return len(self._all)

    @property
    def cautioned(self) -> int:
        return sum(bool(row.cautions) for row in self._all)

    @property
    def selected(self) -> int:
        """The marked ones that are shown: what a deed is about."""
        return sum(row.credential.id in self.marked for row in self._rows)

    def _arrange(self, keep: Row | None) -> None:
        needles = self.filter_text.casefold().split()
        found = (
            [row for row in self._all if all(needle in row.haystack for needle in needles)] if needles else self._all
        )
        self._rows = sorted(found, key=SORTS[self.sort_name])
        self._row_at = {row.credential.id: at for at, row in enumerate(self._rows)}
        at = self._row_at.get(keep.credential.id) if keep else None
        self.set_reactive(KeyList.cursor, at if at is not None else min(self.cursor, max(0, len(self._rows) - 1)))
        self.rows_changed()
        self.tell_moved()

    # ------------------------------------------------------------------ selection

    def action_mark(self) -> None:
        if self.current:
            self.marked ^= {self.current.credential.id}
            self.refresh_row(self.cursor)
            self.post_message(self.Marked())
            self.action_move(1)

    def action_mark_all(self) -> None:
        shown = {row.credential.id for row in self._rows}
        self.marked = self.marked - shown if shown <= self.marked else self.marked | shown
        self.refresh()
        self.post_message(self.Marked())

    def unmark(self) -> None:
        self.marked = set()
        self.refresh()
        self.post_message(self.Marked())

    # ------------------------------------------------------------------ painting

    def repaint_times(self) -> None:
        """Those rows in sight whose age or rest reads otherwise by now, and nothing else."""
        wanted = columns(self.size.width)
        for row in self.rows_in_sight:
            if self._times.get(row) != self._times_of(row, wanted):
                self.refresh_row(row)

    def _times_of(self, row: int, wanted: list[tuple[str, int]]) -> list[str]:
        check, now = self._rows[row].check, self._clock()
        texts = {"left": words.left(check.learnt, now), "tested": words.ago(check.at, now)} if check else {}
        return [texts[name] for name, _ in wanted if name in texts]

    def row_count(self) -> int:
        return len(self._rows)

    def paint_row(self, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
        item = self._rows[row]
        shown, check = item.credential, item.check
        base = self.get_component_rich_style("keys--cursor") if at_cursor else self.rich_style
        dim = base if at_cursor else self.get_component_rich_style("keys--dim")
        busy = self._busy.get(shown.name, "")
        mood = check.verdict.meaning.mood if check and not busy else None
        colour = self.get_component_rich_style(f"keys--{mood.value}", partial=True) if mood else None
        lively = base + colour if colour and not at_cursor else dim if mood in (None, Mood.UNSURE) else base
        marked = shown.id in self.marked
        marking = base + self.get_component_rich_style("keys--mark", partial=True) if marked and not at_cursor else base
        careful = base if at_cursor else base + self.get_component_rich_style("keys--care", partial=True)
        sign = "…" if busy else check.verdict.meaning.sign if check else "·"
        now = self._clock()
        left = words.left(check.learnt, now) if check else words.NOTHING
        texts = {
            "mark": ("●" if marked else " ", marking),
            "caution": ("▲" if item.cautions else " ", careful),
            "sign": (sign, lively),
            "verdict": (f"{sign} {busy or item.word}", lively),
            "provider": (safe(shown.provider, 40), dim),
            "label": (safe(shown.label, 80), base),
            "key": (safe(shown.name, 120), base),
            "hint": (f"…{safe(shown.hint, 4)}" if shown.hint else words.NOTHING, dim),
            "left": (left, dim if left == words.NOTHING else base),
            "tested": (words.ago(check.at, now) if check else "never", dim),
            "latency": (words.latency(check.latency_ms if check else None), dim),
        }
        wanted = columns(width)
        self._times[row] = self._times_of(row, wanted)
        return [
            Segment(*texts[name]) if size == 1 else cell(texts[name][0], size, texts[name][1]) for name, size in wanted
        ]
