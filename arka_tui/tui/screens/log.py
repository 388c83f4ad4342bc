"""The test-status log: what every test found, stage by stage. It is sealed on disk and survives a restart."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from arka_tui.check import Check
from arka_tui.controller import Controller
from arka_tui.store.journal import History
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import FilteredScreen
from arka_tui.tui.screens.detail import told
from arka_tui.tui.widgets.field import FilterField
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.line_list import LineList
from arka_tui.tui.widgets.log_list import LogList

LOOK_EVERY_S = 1.0

NO_TESTS = """No tests yet.

{log.back} goes back to the keys: {keys.test} tests the one at the cursor."""
NOTHING_MATCHES = """No test matches.

{log.back} clears the filter."""


class LogScreen(FilteredScreen[None]):
    BINDINGS = [
        Binding("f", "only", "Only this key", id="log.only", tooltip="Tests of the key at the cursor, or of all keys"),
        Binding("slash", "filter", "Filter", key_display="/", id="log.filter", tooltip="Part of a name or verdict"),
        Binding("escape,l,q", "back", "Back", key_display="Esc", id="log.back"),
    ]

    def __init__(self, controller: Controller, only: str = "") -> None:
        super().__init__()
        self._controller = controller
        self._listed: History | None = None
        self._told: Check | None = None
        """What the entry below the list is about."""
        self._told_ago = ""
        self._opened_for = only
        self._only = only
        """The id of the one credential whose tests are shown; empty for all."""

    def compose(self) -> ComposeResult:
        yield Static("", id="title")
        yield FilterField(self.said("part of a name or verdict; {filter.clear} clears"))
        with Container(classes="desk turns"):
            yield LogList(id="log")
            yield Static("", id="empty", classes="hidden")
            with VerticalScroll(id="entry", can_focus=False):
                yield Static("", id="entry-text")
        yield KeyFooter()

    def on_mount(self) -> None:
        if not self.is_attached:
            return
        self._show()
        self.query_one(LogList).focus()
        self.set_interval(LOOK_EVERY_S, self._look_again)

    def _look_again(self) -> None:
        """While tests run, and after other sessions' tests."""
        if self._controller.unlocked and self._controller.history != self._listed:
            self._show()

    def _show(self) -> None:
        needles = self.query_one("#filter", Input).value.casefold().split()
        history = self._listed = self._controller.history
        checks = [
            check
            for check in history.checks
            if (not self._only or check.credential_id == self._only)
            and all(needle in f"{check.name} {check.verdict.meaning.word}".casefold() for needle in needles)
        ]
        self.query_one(LogList).show(checks)
        self.query_one(LogList).set_class(not checks, "empty")
        self.query_one("#entry").set_class(not checks, "hidden")
        empty = self.query_one("#empty", Static)
        empty.set_class(bool(checks), "hidden")
        empty.update(Content(self.said(NOTHING_MATCHES if needles else NO_TESTS)))
        count = words.counted(len(checks), "test")
        parts = [
            count,
            history.trouble,
            f"{history.unreadable} unreadable lines" if history.unreadable and not history.trouble else "",
            f"only {checks[-1].name}" if self._only and checks else "",
            "times in UTC",
        ]
        told_parts = onscreen.plain(onscreen.fitting(parts, (self.size.width or 80) - 2 - len("Test log  ")))
        self.query_one("#title", Static).update(Content.assemble(("Test log", "bold"), "  ", told_parts))

    def refresh_ages(self) -> None:
        if self._told and words.ago(self._told.at, self._controller.now()) != self._told_ago:
            self._told = None
            self._moved()

    @on(LineList.Moved)
    def _moved(self) -> None:
        check = self.query_one(LogList).current
        if check is not None and check == self._told:
            return
        self._told = check
        entry = self.query_one("#entry", VerticalScroll)
        entry.remove_children()
        if check is None:
            return
        provider = self._controller.provider(check.name.split("/", 1)[0])
        name = provider.name if provider else "the provider"
        self._told_ago = words.ago(check.at, self._controller.now())
        entry.mount(*told(check, name, provider.base_url if provider else "", self._controller.now()))

    def action_only(self) -> None:
        check = self.query_one(LogList).current
        self._only = "" if self._only or check is None else check.credential_id
        self._show()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._show()

    def action_back(self) -> None:
        """Clears the filter, else shows all keys again, else leaves; what it was opened for stays as it is."""
        if self.clear_filter():
            return
        if self._only != self._opened_for:
            self._only = self._opened_for
            self._show()
        else:
            self.dismiss(None)
