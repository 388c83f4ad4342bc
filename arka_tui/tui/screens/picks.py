"""Which model for which task: of those that verified keys reach, ranked, each with its reasons and the key to use."""

from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from arka_tui.check import Mood
from arka_tui.controller import Controller
from arka_tui.insight import picks
from arka_tui.insight.picks import TaskPicks
from arka_tui.telling import words
from arka_tui.tui import onscreen, pick_rows
from arka_tui.tui.pick_rows import Findings
from arka_tui.tui.screens.help import HelpScreen
from arka_tui.tui.screens.listing_screen import ListingScreen
from arka_tui.tui.screens.model_detail import copy_name
from arka_tui.tui.screens.pick_detail import PickDetail, RulesScreen, known_of
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.line_list import LineList
from arka_tui.tui.widgets.pick_list import PickList, TaskList, heads
from arka_tui.tui.widgets.side import Side

NARROW = 72
"""Screens with fewer columns show one task at a time."""
SHORT = 18
"""Screens with fewer lines tell less of the pick at the cursor."""

NO_KEYS = """No keys yet.

{picks.back}, then {keys.add} adds one: what it is good for is told here."""
NONE_COUNTS = """No key counts yet.

Only keys whose last test was good are picked from.
{picks.back}, then {keys.test_all} tests them all."""
ASKING = """Asking your keys which models they reach.

The requests are free. Picks are shown as lists come."""
NO_LISTS = """No models: no verified key gave a list of them.

{picks.ask_again} asks again. {picks.back} goes back to the keys: {keys.test_all} tests them all
and says what is wrong."""
NOTHING_FITS = """None of your models fits this task.

{picks.rules} shows what counts for it. A key of another provider
may reach one that does."""
OWN_RULES = "put your own there; {picks.rules} tells how"
READING = "One moment …"


class PicksScreen(ListingScreen):
    BINDINGS = [
        Binding("question_mark", "help", "Help", key_display="?", id="picks.help", tooltip="All keys of the keyboard"),
        Binding("left,h", "turn(-1)", "Task before", show=False, id="picks.before", tooltip="The task before"),
        Binding("right,l", "turn(1)", "Task", id="picks.next", tooltip="The next task"),
        Binding("i", "rules", "Rules", id="picks.rules", tooltip="How it is ranked, and where to change that"),
        Binding("escape,p,q", "dismiss(None)", "Back", key_display="Esc", id="picks.back", tooltip="Back to the keys"),
        Binding("y", "copy", "Copy name", id="picks.copy", tooltip="The model's name to your terminal's clipboard"),
        Binding("r", "ask_again", "Ask again", id="picks.ask_again", tooltip="Ask all keys for their models again"),
    ]

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._found: Findings | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="title")
        with Horizontal(classes="desk"):
            yield TaskList(id="tasks")
            with Vertical():
                yield Static("", id="sentence")
                yield Static("", id="columns")
                yield PickList(id="picks")
                yield Static("", id="empty", classes="hidden")
            yield Side()
        yield Static("", id="pick")
        yield Static("", id="mistakes", classes="error")
        yield Static("", id="notes")
        yield KeyFooter()

    def on_mount(self) -> None:
        if self.is_attached and self._controller.unlocked:
            self._picks.focus()
            self.begin()

    def on_screen_resume(self) -> None:
        """It may have another size now than when something came over it."""
        self.call_after_refresh(self.on_resize)

    @property
    def _tasks(self) -> TaskList:
        return self.query_one(TaskList)

    @property
    def _picks(self) -> PickList:
        return self.query_one(PickList)

    # ------------------------------------------------------------------ finding

    def gather(self) -> None:
        insight = self._controller.insight
        rules, offers = insight.rules(), insight.offers()
        tasks = picks.picks(rules, offers, self._controller.now().date())
        last, keys = insight.last_checks(), self._controller.credentials()
        good = {key for key, check in last.items() if check.verdict.meaning.mood is Mood.GOOD}
        self._found = Findings(
            tasks=tuple(tasks),
            rules=rules,
            own_rules=insight.rules_file.exists(),
            keys=len(keys),
            verified=frozenset(key.name for key in keys if key.id in good),
            in_reach=any(offer.verified for offer in offers),
            dated=any(pick.offer.model.price.as_of for task in tasks for pick in task.picks),
        )

    # ------------------------------------------------------------------ painting

    def paint(self) -> None:
        found = self._found
        self._tasks.show(found.tasks if found else ())
        self._paint_task()
        self._paint_notes()
        self.refresh_bindings()

    def _paint_task(self) -> None:
        """Of the chosen task, all but the notes."""
        found, task = self._found, self._tasks.current
        nothing = not (task and task.picks)
        alone = not found or not found.in_reach
        narrow = self._width < NARROW
        self._tasks.set_class(alone or narrow, "hidden")
        self.query_one("#sentence").set_class(alone or narrow or self.size.height < SHORT, "hidden")
        self.query_one("#columns").set_class(nothing, "hidden")
        self.query_one("#empty").set_class(not nothing, "hidden")
        self._picks.set_class(nothing, "empty")
        self._picks.show(task)
        if nothing:
            self.query_one("#empty", Static).update(Content(self.said(self._why_nothing())))
        if task:
            self.query_one("#sentence", Static).update(onscreen.plain(task.sentence))
        if narrow and not self._picks.has_focus:
            self._picks.focus()
        self._paint_title(task)
        self._paint_pick()
        self.call_after_refresh(self._paint_heads)

    def _paint_heads(self) -> None:
        """When the list has got its place."""
        self.query_one("#columns", Static).update(Content(heads(self._picks.size.width)))

    @property
    def _width(self) -> int:
        return self.size.width or 80

    def _why_nothing(self) -> str:
        found = self._found
        if not found:
            return READING
        if not found.keys:
            return NO_KEYS
        if not found.verified:
            return NONE_COUNTS
        if not found.in_reach:
            return ASKING if self.asking else NO_LISTS
        return NOTHING_FITS

    def _paint_title(self, task: TaskPicks | None) -> None:
        """What matters most comes first: a narrow screen has room for little."""
        of_task = ""
        if task and self._found and self._found.in_reach:
            count = words.counted(len(task.picks), "pick")
            turn = f"‹ {task.title} {self._tasks.cursor + 1}/{self._tasks.row_count()} ›"
            of_task = turn if self._width < NARROW else f"{task.title}: {count}"
        progress = self.progress.removesuffix(" keys") if self._width < NARROW else self.progress
        told = onscreen.plain(onscreen.fitting([of_task, progress], self._width - 2 - len("Picks  ")))
        self.query_one("#title", Static).update(Content.assemble(("Picks", "bold"), "  ", told))

    @on(LineList.Rested, "#picks")
    def _paint_pick(self) -> None:
        pick, below = self._picks.current, self.query_one("#pick", Static)
        below.set_class(pick is None, "hidden")
        self.call_after_refresh(self._paint_side)
        if pick is None:
            return
        room = self._width - 2
        lines = pick_rows.told(pick, room, 3 if self.size.height < SHORT else 4)
        below.update(Content("\n").join(onscreen.plain(onscreen.fitting(parts, room)) for parts in lines))

    def _paint_side(self) -> None:
        """When it is known whether there is one, and unless a lock came between: all that Enter would show."""
        for side in self.query(Side):
            task, pick = self._tasks.current, self._picks.current
            today, note = self._controller.now().date(), self._controller.insight.prices_of
            if task and pick in task.picks:
                side.show((task, pick, today), partial(known_of, task, pick, today, note))
            else:
                side.show(None, tuple)

    def _paint_notes(self) -> None:
        """What is wrong in the user's rules, which keys count, whose list is missing, and what a star means."""
        found = self._found or Findings()
        short, room = self.size.height < SHORT, self._width - 2
        own, wrong = self._controller.insight.rules_file, found.rules.mistakes
        lines = [f"✗ {own.name}: {words.sentence(each)}" for each in wrong[:1]]
        rest = f"{len(wrong) - 1} more: " if len(wrong) > 1 else ""
        more = self.said(rest + "{picks.rules}" if rest else "{picks.rules} tells more") if wrong else ""
        self._put("#mistakes", [onscreen.fitting([more, *lines], room)] if lines else [])
        counts = [*map(self.said, pick_rows.counted(found, narrow=self._width < NARROW))] if found.keys else []
        without = [] if self.asking else [name for name in self.without if name in found.verified]
        missing = f"no list of {words.named(without)}" if without else ""
        told = [
            onscreen.fitting(counts, room),
            onscreen.fitting([missing, self._controller.insight.prices_of if found.dated else ""], room),
            onscreen.fitting([f"rules: {_short(own)}", "" if found.own_rules else self.said(OWN_RULES)], room),
        ]
        if not found.in_reach:
            told = told[:2]
        self._put("#notes", [line for line in told if line][: 1 if short else 3])

    def _put(self, where: str, lines: list[str]) -> None:
        note = self.query_one(where, Static)
        note.set_class(not lines, "hidden")
        note.update(Content("\n").join(onscreen.plain(line) for line in lines))

    # ------------------------------------------------------------------ deeds

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        if action == "ask_again":
            return None if self.asking else True
        if action == "rules":
            return self._found is not None
        if action == "copy":
            return self._picks.current is not None
        return action != "turn" or bool(self._found and self._found.in_reach)

    @on(LineList.Moved, "#tasks")
    def _turned(self) -> None:
        if self._controller.unlocked:
            self._paint_task()

    @on(LineList.Opened, "#tasks")
    def _to_its_picks(self) -> None:
        self._picks.focus()

    @on(LineList.Opened, "#picks")
    def _open(self) -> None:
        task, pick = self._tasks.current, self._picks.current
        if task and pick and self.is_current and self._controller.unlocked:
            self.app.push_screen(PickDetail(self._controller, task, pick))

    def action_copy(self) -> None:
        if (pick := self._picks.current) and self._controller.unlocked:
            copy_name(self.arka, self._controller, pick.offer.model.id)

    def action_turn(self, by: int) -> None:
        self._tasks.turn(by)

    def action_rules(self) -> None:
        task = self._tasks.current
        if self._found and task:
            self.app.push_screen(RulesScreen(self._found.rules, task.id, self._controller.insight.rules_file))

    def action_ask_again(self) -> None:
        self.ask(again=True)
        self.paint()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.active_bindings))


def _short(path: Path) -> str:
    """With ~ for the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
