"""One pick: why it stands where it does, and every verified key that reaches it. And the rules it was ranked by."""

from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from arka_tui.controller import Controller
from arka_tui.insight.picks import Pick, TaskPicks
from arka_tui.insight.rules import Rules, Task
from arka_tui.telling import model_rows, words
from arka_tui.tui import onscreen, pick_rows
from arka_tui.tui.screens.arka_screen import ReadModal
from arka_tui.tui.screens.model_detail import copy_name, keys_of, told
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.pairs import Pairs

MOST = 40
"""More offers of one model are counted, not told."""


class PickDetail(ReadModal[None]):
    BINDINGS = [
        Binding("escape,q,enter", "dismiss(None)", "Close", key_display="Esc", id="pick.close"),
        Binding("y", "copy", "Copy name", id="pick.copy", tooltip="The model's name to your terminal's clipboard"),
    ]

    def __init__(self, controller: Controller, task: TaskPicks, pick: Pick) -> None:
        super().__init__()
        self._controller = controller
        self._of = task
        self._pick = pick

    def compose(self) -> ComposeResult:
        controller = self._controller
        with VerticalScroll(classes="dialog", can_focus=False):
            yield from known_of(self._of, self._pick, controller.now().date(), controller.insight.prices_of)
        yield KeyFooter()

    def action_copy(self) -> None:
        copy_name(self.arka, self._controller, self._pick.offer.model.id)


def known_of(task: TaskPicks, pick: Pick, today: date, price_note: str) -> Iterator[Widget]:
    offers = model_rows.alike([pick.offer, *pick.others])
    rank = next(at for at, each in enumerate(task.picks, 1) if each is pick)
    place = f"{task.title}: number {rank:,} of {len(task.picks):,}, {pick_rows.total(pick.points)}"
    yield Static(Content("\n").join([onscreen.plain(pick.name).stylize("bold"), onscreen.plain(place)]))
    yield Static(onscreen.plain(task.sentence), classes="dim")
    yield Static("Why", classes="section")
    yield Pairs(pick_rows.points_and_why(pick))
    for at, alike in enumerate(offers[:MOST]):
        use = "Use " if at == 0 else "or " if at == 1 else ""
        yield Static(onscreen.plain(f"{use}{keys_of(alike)} · {alike[0].provider_name}"), classes="section")
        yield Pairs(told(alike, today))
    if len(offers) > MOST:
        yield Static(onscreen.plain(f"and {len(offers) - MOST:,} more"), classes="section")
    if any(alike[0].model.price.as_of for alike in offers):
        yield Static(onscreen.plain(words.sentence(price_note)), classes="dim foot")


class RulesScreen(ReadModal[None]):
    """How the picks of a task are ranked, and where that can be changed."""

    BINDINGS = [Binding("escape,q,i", "dismiss(None)", "Close", key_display="Esc", id="rules.close")]

    def __init__(self, rules: Rules, task_id: str, own_file: Path) -> None:
        super().__init__()
        self._rules = rules
        self._task_id = task_id
        self._own_file = own_file

    def compose(self) -> ComposeResult:
        shipped = resources.files("arka_tui.insight").joinpath("picks.toml")
        task = next((each for each in self._rules.tasks if each.id == self._task_id), None)
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static("How picks are ranked", classes="title")
            for mistake in self._rules.mistakes:
                yield Static(onscreen.plain(f"✗ {self._own_file.name}: {words.sentence(mistake)}"), classes="error")
            if self._rules.mistakes:
                yield Static("What is wrong is left out; all the rest holds.", classes="paragraph")
            yield Static("Every rule that a model meets adds its points, or takes them. Most points come first.")
            if task:
                yield Static(onscreen.plain(task.title), classes="section")
                yield Pairs(_rules_of(task, self._rules))
            yield Static("To change it", classes="section")
            state = "Read from here" if self._own_file.exists() else "Put a file here"
            how = self.said("what it has replaces what has the same name, then {picks.ask_again} reads it:")
            yield Static(onscreen.plain(f"{state}; {how}"))
            yield Static(onscreen.plain(str(self._own_file)))
            yield Static("How to write it, and all rules there are:")
            yield Static(onscreen.plain(str(shipped)))
        yield KeyFooter()


def _rules_of(task: Task, rules: Rules) -> list[tuple[str, str]]:
    """Those that give or take points, and what keeps a model out."""
    found = [(pick_rows.signed(r.points), pick_rows.rule_told(r, rules.classes)) for r in task.rank if r.points]
    if must := list(pick_rows.conditions(task.require, rules.classes)):
        found.append(("", f"no pick without: {'; '.join(must)}"))
    if task.least_points is not None:
        found.append(("", f"no pick with fewer than {pick_rows.total(task.least_points)}"))
    return found
