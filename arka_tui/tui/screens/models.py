"""Every model that any key reaches, live: which keys can run it, and where it is cheapest."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from arka_tui.controller import Controller
from arka_tui.telling import model_rows, words
from arka_tui.telling.model_rows import SORTS, Book, View
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import FilteredScreen
from arka_tui.tui.screens.help import HelpScreen
from arka_tui.tui.screens.listing_screen import ListingScreen
from arka_tui.tui.screens.model_detail import ModelDetail, copy_name, known_of
from arka_tui.tui.widgets.field import FilterField
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.line_list import LineList
from arka_tui.tui.widgets.lines import Lines
from arka_tui.tui.widgets.model_list import ModelList, heads
from arka_tui.tui.widgets.side import Side

SHORT = 18
"""Screens with fewer lines tell of the model at the cursor in one line."""

NO_KEYS = """No keys yet.

{models.back}, then {keys.add} adds one: its models are listed here."""
ASKING = """Asking your keys which models they reach.

The requests are free. Each list is shown as it comes."""
NOT_ONE_ASKED = """No key could be asked.

The last test of each said that it does not work,
or its provider is not in the catalog.
{models.back} goes back to the keys: replace one, or test it again with {keys.test}.
Then {models.ask_again} asks here."""
NO_LISTS = """No models: not one key gave a list of them.

{models.back} goes back to the keys: {keys.test_all} tests them all and says what is wrong.
Then {models.ask_again} asks here again."""
READING = "One moment …"


class ModelsScreen(ListingScreen, FilteredScreen[None]):
    BINDINGS = [
        Binding("question_mark", "help", "Help", key_display="?", id="models.help", tooltip="All keys of the keyboard"),
        Binding(
            "slash", "filter", "Filter", key_display="/", id="models.filter", tooltip="Part of a model or key; free"
        ),
        Binding("s", "sort", "Sort", id="models.sort", tooltip="Next order: name, price, context, retirement"),
        Binding("v", "view('BY_PROVIDER')", "By provider", id="models.view", tooltip="Each key's models"),
        Binding("v", "view('BY_MODEL')", "By model", id="models.view", tooltip="Each model once, of all keys"),
        Binding("r", "ask_again", "Ask again", id="models.ask_again", tooltip="Ask all keys for their models again"),
        Binding("y", "copy", "Copy name", id="models.copy", tooltip="The model's name to your terminal's clipboard"),
        Binding(
            "escape,m,q", "back", "Back", key_display="Esc", id="models.back", tooltip="Clear the filter, else back"
        ),
    ]

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._book: Book | None = None
        """What is known, as rows, once it was looked at."""

    def compose(self) -> ComposeResult:
        yield Static("", id="title")
        yield FilterField(self.said("model, key, provider, tools, image, free; {filter.clear} clears"))
        with Horizontal(classes="desk"):
            with Vertical():
                yield Static("", id="columns")
                yield ModelList(lambda: self._controller.now().date(), id="models")
                yield Static("", id="empty", classes="hidden")
            yield Side()
        yield Lines(3, id="detail")
        yield Static("", id="notes", classes="hidden")
        yield KeyFooter()

    def on_mount(self) -> None:
        if self.is_attached and self._controller.unlocked:
            self._models.focus()
            self.begin()

    @property
    def _models(self) -> ModelList:
        return self.query_one(ModelList)

    def gather(self) -> None:
        models = self._models
        book = Book(self._controller.insight.offers())
        book.ordered(models.view, models.sort_name)
        self._book = book

    # ------------------------------------------------------------------ painting

    def paint(self) -> None:
        models = self._models
        if self._book and models.book is not self._book:
            models.show(self._book)
        nothing = not models.lines
        empty = self.query_one("#empty", Static)
        empty.set_class(not nothing, "hidden")
        self.query_one("#columns").set_class(nothing, "hidden")
        models.set_class(nothing, "empty")
        if nothing:
            empty.update(Content("\n").join(onscreen.plain(line) for line in self._why_nothing().split("\n")))
        self._paint_heads()
        self.call_after_refresh(self._paint_heads)  # when the list has got its place
        self._paint_title()
        self._paint_detail()
        self._paint_notes()
        self.refresh_bindings()

    def _paint_heads(self) -> None:
        for models in self.query(ModelList):  # none, where a lock came between
            self.query_one("#columns", Static).update(Content(heads(models.size.width or 80, models.view)))

    def _why_nothing(self) -> str:
        if self._models.book.models:
            return f"No model matches “{self._models.filter_text}”.\n\n" + self.said("{models.back} clears the filter.")
        if not self._controller.credentials():
            return self.said(NO_KEYS)
        if self.asking:
            return ASKING
        if not self._book:
            return READING
        return self.said(NO_LISTS if self._controller.insight.unlisted(again=True) else NOT_ONE_ASKED)

    def _paint_title(self) -> None:
        """What matters most comes first: a narrow screen has room for little."""
        models = self._models
        total = models.book.models
        count = words.counted(total, "model")
        if models.filter_text:
            count = f"{models.shown:,} of {count}"
        parts = [
            count,
            self.progress,
            "by provider" if models.view is View.BY_PROVIDER else "",
            "" if models.sort_name == "name" else models.sort_name,
        ]
        told = onscreen.plain(onscreen.fitting(parts, (self.size.width or 80) - 2 - len("Models  ")))
        self.query_one("#title", Static).update(Content.assemble(("Models", "bold"), "  ", told))

    @on(LineList.Rested)
    def _paint_detail(self) -> None:
        models, today = self._models, self._controller.now().date()
        row = models.current
        detail = self.query_one(Lines)
        detail.set_class(row is None, "hidden")
        self.call_after_refresh(self._paint_side)
        if row is None:
            return
        short = self.size.height < SHORT
        lines = [model_rows.told_briefly(row, today)] if short else model_rows.told(row, models.view, today)
        room = (self.size.width or 80) - 2
        detail.tell([onscreen.plain(onscreen.fitting(parts, room)) for parts in lines])

    def _paint_side(self) -> None:
        """When it is known whether there is one, and unless a lock came between: all that Enter would show."""
        for side in self.query(Side):
            today, note = self._controller.now().date(), self._controller.insight.prices_of
            if row := self._models.current:
                side.show((row.group, today), partial(known_of, row.group, today, note))
            else:
                side.show(None, tuple)

    def _paint_notes(self) -> None:
        """Whose list is missing or has no end, that nothing is verified, and what the star of a price means."""
        notes, book = self.query_one("#notes", Static), self._models.book
        broken = self._controller.insight.incomplete_lists()
        told = [
            "no key verified yet" if book.models and not book.verified else "",
            f"no list of {words.named(self.without)}" if self.without and not self.asking else "",
            f"incomplete: {words.named(broken)}" if broken else "",
        ]
        price = self._controller.insight.prices_of if book.dated else ""
        room = (self.size.width or 80) - 2
        lines = [line for line in (onscreen.fitting(told, room), onscreen.fitting([price], room)) if line]
        if self.size.height < SHORT:
            lines = lines[:1]
        notes.set_class(not lines, "hidden")
        notes.update(Content("\n").join(onscreen.plain(line) for line in lines))

    # ------------------------------------------------------------------ deeds

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        if action == "ask_again":
            return None if self.asking else True
        if action == "view" and parameters == (self._models.view.name,):
            return False
        if action == "filter" and self.awaiting:
            return True  # typed ahead of the answers
        return self._models.book.models > 0 or action not in ("filter", "sort", "view", "copy")

    @on(LineList.Opened)
    def action_details(self) -> None:
        row = self._models.current
        if row and self.is_current and self._controller.unlocked:
            self.app.push_screen(ModelDetail(self._controller, row.group, row.offer))

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._models.set_filter(event.value)
        self.paint_unless_locked()

    def action_copy(self) -> None:
        if row := self._models.current:
            copy_name(self.arka, self._controller, row.offer.model.id)

    def action_sort(self) -> None:
        names = list(SORTS)
        self._models.set_sort(names[(names.index(self._models.sort_name) + 1) % len(names)])
        self.paint()

    def action_view(self, name: str) -> None:
        self._models.set_view(View[name])
        self.paint()

    def action_ask_again(self) -> None:
        self.ask(again=True)
        self.paint()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.active_bindings))

    def action_back(self) -> None:
        if not self.clear_filter():
            self.dismiss(None)
