"""The main screen: the keys, what is known of each, and all deeds on them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from arka_tui.check import Check, Mood
from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.errors import ArkaError, NotSaved, VaultLocked
from arka_tui.providers.provider import Provider
from arka_tui.telling import words
from arka_tui.telling.revocation import revocation, still_used
from arka_tui.tui import onscreen
from arka_tui.tui.messages import Cautioned, Checked, ChecksDone, CheckStarted, CheckWaits
from arka_tui.tui.screens.arka_screen import FilteredScreen
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.detail import DetailScreen, copy_page, known_of
from arka_tui.tui.screens.help import HelpScreen
from arka_tui.tui.screens.key_form import FormResult, KeyForm
from arka_tui.tui.screens.log import LogScreen
from arka_tui.tui.widgets.field import FilterField
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.key_list import SORTS, KeyList, Row, columns
from arka_tui.tui.widgets.line_list import LineList
from arka_tui.tui.widgets.lines import Lines
from arka_tui.tui.widgets.side import Side

LOOK_EVERY_S = 2.0
"""How often other sessions' changes are looked for: two stat calls."""
PROGRESS_EVERY_S = 0.25
"""How often it is told how far a test of many keys is: each time costs a line."""
TICK_S = 60.0
"""How often it is looked whether there is something to beware of, and whether a test is due."""
SHORT = 18
"""Screens with fewer lines tell of the key at the cursor in one line."""
NARROW = 60
"""Screens with fewer columns say less at the top."""

EMPTY = """No keys yet.

Press {keys.add} to add one: choose the provider, paste the key, save.
It is sealed before it touches the disk, then tested."""


class KeysScreen(FilteredScreen[None]):
    BINDINGS = [
        Binding("question_mark", "help", "Help", key_display="?", id="keys.help", tooltip="All keys of the keyboard"),
        Binding("a", "add", "Add", id="keys.add", tooltip="Add a key"),
        Binding("e", "edit", "Edit", id="keys.edit", tooltip="Replace the key, rename it, change its settings"),
        Binding(
            "d,delete", "delete", "Delete", id="keys.delete", tooltip="Delete the key at the cursor, or all selected"
        ),
        Binding("t", "check", "Test", id="keys.test", tooltip="Test the key at the cursor, or all selected"),
        Binding("T", "check_all", "Test all", id="keys.test_all", tooltip="Test all keys that are shown"),
        Binding("slash", "filter", "Filter", key_display="/", id="keys.filter", tooltip="Show only keys that match"),
        Binding("l", "log", "Log", id="keys.log", tooltip="Past tests, of all keys"),
        Binding("m", "models", "Models", id="keys.models", tooltip="All models that your keys reach, and their prices"),
        Binding("p", "picks", "Picks", id="keys.picks", tooltip="Which model for which task, and with which key"),
        Binding(
            "y",
            "copy",
            "Copy page",
            id="keys.copy",
            tooltip="Send its page's address to your terminal's clipboard",
        ),
        Binding(
            "w",
            "app.slots",
            "Ways to open",
            show=False,
            id="keys.slots",
            tooltip="Ways to open the vault: key files, ssh-agent",
        ),
        Binding("s", "sort", "Sort", show=False, id="keys.sort", tooltip="Next order"),
        Binding(
            "dollar_sign",
            "paid",
            "Paid test",
            key_display="$",
            show=False,
            id="keys.paid",
            tooltip="Paid request on or off",
        ),
        Binding(
            "escape",
            "back",
            "Back",
            show=False,
            id="keys.back",
            tooltip="Stop tests, else clear selection, else filter",
        ),
        Binding("q", "app.quit", "Quit", show=False, id="keys.quit", tooltip="Leave arka-tui"),
    ]

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._testing: set[str] = set()
        self._repeats: Counter[str] = Counter()
        """How many more results of a key are not its last."""
        self._runs = 0
        """Under way; one that has tested all its keys still writes the log."""
        self._progress = (0, 0)
        self._progress_due: Timer | None = None

    # ------------------------------------------------------------------ painting

    def compose(self) -> ComposeResult:
        yield Static("", id="title")
        yield FilterField(self.said("part of a name, verdict, warning or address; {filter.clear} clears"))
        with Horizontal(classes="desk"):
            with Vertical():
                yield Static("", id="columns")
                yield KeyList(clock=self._controller.now, id="keys")
                yield Static("", id="empty", classes="hidden")
            yield Side()
        yield Lines(3, id="detail")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._keys.focus()
        self._reload()
        self.set_interval(LOOK_EVERY_S, self._look_around)
        self.set_interval(TICK_S, self._look_for_cautions)
        self.set_interval(TICK_S, self._test_what_is_due)
        if self._controller.demo and not self._controller.history.checks:
            self._start_checks(self._keys.shown)

    def on_resize(self) -> None:
        self._paint_title()
        self._paint_detail()
        self.call_after_refresh(self._paint_columns)  # when the list has got its place

    def refresh_ages(self) -> None:
        self._keys.repaint_times()
        self._paint_detail()

    @property
    def _keys(self) -> KeyList:
        return self.query_one(KeyList)

    def _reload(self, move_to: str = "") -> None:
        self._keys.show(self._controller.credentials(), self._controller.last_checks())
        if move_to:
            self._keys.move_to(move_to)
        self._paint()
        self._look_for_cautions()

    @work(thread=True, exclusive=True, group="cautions", exit_on_error=False, description="look for warnings")
    def _look_for_cautions(self) -> None:
        with suppress(VaultLocked):
            self.post_message(Cautioned(self._controller.insight.warnings()))

    @on(Cautioned)
    def _cautioned(self, event: Cautioned) -> None:
        if self._controller.unlocked and self._keys.show_cautions(event.cautions):
            self._paint()

    def _paint(self) -> None:
        keys = self._keys
        nothing = not keys.shown
        self.query_one("#empty").set_class(not nothing, "hidden")
        self.query_one("#columns").set_class(nothing, "hidden")
        keys.set_class(nothing, "empty")
        if nothing:
            filtered = f"No key matches “{keys.filter_text}”.\n\n" + self.said("{keys.back} clears the filter.")
            self.query_one("#empty", Static).update(Content(filtered if keys.total else self.said(EMPTY)))
        self._paint_title()
        self._paint_columns()
        self._paint_detail()
        self.refresh_bindings()

    def _paint_title(self) -> None:
        """What matters most comes first: a narrow screen has room for little."""
        keys, controller = self._keys, self._controller
        width = self.size.width or 80
        narrow = width < NARROW
        count = words.counted(keys.total, "key")
        if keys.filter_text:
            count = f"{len(keys.shown):,} of {count}"
        done, asked = self._progress
        parts = [
            count,
            "READ-ONLY" if controller.read_only else "",
            f"testing {done}/{asked}" + ("" if narrow else self.said(", {keys.back} stops")) if self._testing else "",
            f"{keys.selected} selected" if keys.selected else "",
            ("" if narrow else "paid test on") if controller.paid else "paid test off",
            "" if keys.sort_name == "name" else keys.sort_name,
            f"▲ {keys.cautioned}" + ("" if narrow else " with warnings") if keys.cautioned else "",
            controller.config.network_notice,
        ]
        head = Content("") if narrow and controller.demo else Content.styled("arka-tui", "bold") + "  "
        if controller.demo:
            head += Content.styled(" DEMO ", "reverse bold") + "  "
        told = onscreen.fitting(parts, width - 2 - head.cell_length)
        self.query_one("#title", Static).update(head + Content(told))

    def _paint_columns(self) -> None:
        if not self.query(KeyList):  # a lock came between
            return
        heads = {"mark": "", "caution": "", "sign": ""}
        line = "".join(
            heads.get(name, name.upper()).ljust(size)[:size] for name, size in columns(self._keys.size.width or 80)
        )
        self.query_one("#columns", Static).update(Content(line))

    @on(LineList.Rested)
    def _paint_detail(self) -> None:
        row = self._keys.current
        detail = self.query_one(Lines)
        detail.set_class(row is None, "hidden")
        self.call_after_refresh(self._paint_side)
        if row is None:
            return
        shown, check = row.credential, row.check
        provider = self._controller.provider(shown.provider)
        if check is None:
            cost = self._cost([shown])
            lines = [f"{shown.name} was never tested.", self.said("Press {keys.test} to test it") + f"{cost}."]
        else:
            lines = self._told_of(row, check, provider)
        pages = [check.page] if check else []
        detail.tell([onscreen.linked(line, pages if line in pages else ()) for line in lines])

    def _paint_side(self) -> None:
        """When it is known whether there is one, and unless a lock came between: all that Enter would show."""
        for side in self.query(Side):
            if self._controller.unlocked and (row := self._keys.current):
                advice = self.said("→ Press {keys.test} to test it.")
                age = words.ago(row.check.at, self._controller.now()) if row.check else ""
                side.show((row, age), partial(known_of, self._controller, row.credential, advice))
            else:
                side.show(None, tuple)

    def _told_of(self, row: Row, check: Check, provider: Provider | None) -> list[str]:
        """The verdict, the next step, what to beware of, and more; in as many lines as there are."""
        meaning = check.verdict.meaning
        beware = f"▲ {'; '.join(caution.text for caution in row.cautions)}" if row.cautions else ""
        if self.size.height < SHORT:
            if meaning.mood is Mood.GOOD and beware:
                return [beware]
            return [f"{meaning.sign} {meaning.word}" + ("" if meaning.mood is Mood.GOOD else f" → {check.next_step}")]
        wait = f", in {check.retry_after_s} s" if check.retry_after_s is not None else ""
        needed = meaning.mood is not Mood.GOOD and check.next_step
        step = f"→ {words.sentence(check.next_step + wait)}" if needed else ""
        learnt = " · ".join(f"{name} {value}" for name, value in words.facts(check, self._controller.now())[:5])
        said = words.said_of(check.verdict, provider, row.credential)
        return [line for line in (said, step, beware, check.page, learnt) if line][:3]

    def _cost(self, credentials: Sequence[Credential]) -> str:
        cost = self._controller.cost_usd(credential.provider for credential in credentials)
        return f"; costs about {words.dollars(cost)}" if cost else ", for free"

    # ------------------------------------------------------------------ what works now

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        if action in ("add", "edit", "delete") and self._controller.read_only:
            return None
        needs_a_key = action in ("edit", "delete", "check", "check_all", "filter", "sort", "copy")
        return not needs_a_key or self._keys.total > 0

    def commands(self) -> Iterable[tuple[str, str, Callable[[], None]]]:
        """For the command palette."""
        yield "Add a key", "Choose the provider, paste the key, save", self.action_add
        if self._keys.current:
            yield "Edit", "Replace or rename the key at the cursor", self.action_edit
            yield "Delete", "Remove the key at the cursor, or all selected", self.action_delete
            yield "Test", "Test the key at the cursor, or all selected", self.action_check
            yield "Test all", "Test all keys that are shown", self.action_check_all
        if self._keys.current:
            yield "Copy page", "Send the address that matters now to your terminal's clipboard", self.action_copy
        yield "Test log", "What past tests found, stage by stage", self.action_log
        yield "Models", "All models that your keys reach, and where each is cheapest", self.action_models
        yield "Picks", "Which model for which task, and with which key", self.action_picks
        switch = "off" if self._controller.paid else "on"
        yield f"Paid test {switch}", "The smallest paid request; only that shows missing credit", self.action_paid
        yield "Help", "All keys of the keyboard", self.action_help

    # ------------------------------------------------------------------ moving about

    @on(KeyList.Marked)
    def _marked(self) -> None:
        self._paint_title()

    @on(LineList.Opened)
    def action_details(self) -> None:
        row = self._keys.current
        if row and self.is_current:
            self.app.push_screen(DetailScreen(self._controller, row.credential), self._after_detail)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._keys.set_filter(event.value)
        self._paint()

    def action_back(self) -> None:
        if self.clear_filter():
            return
        if self._testing:
            self.workers.cancel_group(self, "check")
            done, asked = self._progress
            self.arka.tell(f"Stopped: {done} of {asked} were tested; what they found is kept.")
        elif self._keys.marked:
            self._keys.unmark()

    def action_sort(self) -> None:
        names = list(SORTS)
        self._keys.set_sort(names[(names.index(self._keys.sort_name) + 1) % len(names)])
        self._paint_title()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.active_bindings))

    def action_copy(self) -> None:
        if row := self._keys.current:
            copy_page(self.arka, self._controller, row.credential)

    def action_log(self) -> None:
        self.app.push_screen(LogScreen(self._controller))

    def action_models(self) -> None:
        from arka_tui.tui.screens.models import ModelsScreen  # what it needs takes 10 ms to import

        self.app.push_screen(ModelsScreen(self._controller))

    def action_picks(self) -> None:
        from arka_tui.tui.screens.picks import PicksScreen  # as heavy as the models

        self.app.push_screen(PicksScreen(self._controller))

    def action_paid(self) -> None:
        notice = ""
        try:
            notice = self._controller.change_setting(paid_test=not self._controller.paid)
        except NotSaved as failure:
            self.arka.tell_error(failure)
        self.arka.clear_notifications()
        if self._controller.paid:
            self.arka.tell("Tests send the smallest paid request again; only that shows missing credit.")
        else:
            self.arka.tell("Tests are free now; a key without credit will look accepted.")
        self.arka.tell_notice(notice)
        self._paint_title()
        self._paint_detail()

    # ------------------------------------------------------------------ add, edit, delete

    def action_add(self) -> None:
        self._expect_checks()
        self.app.push_screen(KeyForm(self._controller), self._after_form)

    def action_edit(self) -> None:
        row = self._keys.current
        if row and self.is_current:
            self.app.push_screen(KeyForm(self._controller, row.credential), self._after_form)

    def _after_form(self, result: FormResult | None) -> None:
        if not self._controller.unlocked:
            return
        self._reload(move_to=result.credential_id if result else "")
        credential = self._find(result.credential_id) if result else None
        if result and credential and result.delete:
            self._delete([credential])
        elif result and credential and result.test_due:
            self._start_checks([credential])

    def _after_detail(self, answer: tuple[str, str] | None) -> None:
        """On the key that was looked at, whatever is selected or filtered meanwhile."""
        if answer is None or not self._controller.unlocked or not (credential := self._find(answer[1])):
            return
        match answer[0]:
            case "edit":
                self.app.push_screen(KeyForm(self._controller, credential), self._after_form)
            case "delete":
                self._delete([credential])
            case "log":
                self.app.push_screen(LogScreen(self._controller, only=credential.id))
            case _:
                self._start_checks([credential])

    def _find(self, credential_id: str) -> Credential | None:
        return next((each for each in self._controller.credentials() if each.id == credential_id), None)

    def action_delete(self) -> None:
        self._delete(self._keys.chosen)

    @work(description="delete keys", exclusive=True, group="ask")
    async def _delete(self, chosen: list[Credential]) -> None:
        if not chosen or not self.is_current:
            return
        what = chosen[0].name if len(chosen) == 1 else f"{len(chosen)} keys"
        names = ", ".join(credential.name for credential in chosen[:8]) + (" …" if len(chosen) > 8 else "")
        lines = [names] if len(chosen) > 1 else []
        revoked = revocation(self._controller, chosen)
        lines += ["Removed at once from the vault and its second copy. This cannot be undone.", *still_used(revoked)]
        if revoked.pages:
            lines += ["It does not delete anything at the provider. Revoke there too what you no longer need:"]
            lines += revoked.pages
        question = Confirm(f"Delete {what}?", lines, yes="Delete", no="Keep", pages=revoked.addresses)
        if not await self.app.push_screen_wait(question):
            return
        try:
            with self.arka.saving():
                saved = await asyncio.to_thread(self._controller.remove, chosen)
        except ArkaError as failure:
            self.arka.tell_error(failure)
            if not isinstance(failure, NotSaved):
                await self._look_around()
            return
        self._keys.marked -= {credential.id for credential in chosen}
        self._reload()
        if saved.incomplete:
            self.arka.tell(f"Deleted {what}, but {saved.incomplete}.", severity="warning")
            return
        told = [f"Deleted {what} from this vault. Copies in backups are still sealed.", *still_used(revoked)]
        told += [f"Now revoke it: {' '.join(revoked.pages)}"] if revoked.pages else []
        self.arka.tell(" ".join(told))

    # ------------------------------------------------------------------ test

    def action_check(self) -> None:
        self._start_checks(self._keys.chosen)

    def action_check_all(self) -> None:
        self._check_all(self._keys.shown)

    @work(description="ask, then test all", exclusive=True, group="ask")
    async def _check_all(self, shown: list[Credential]) -> None:
        if not self.is_current:
            return
        self._expect_checks()
        if len(shown) > 1:
            lines = [
                f"{len(shown):,} keys, at most 20 at a time{self._cost(shown)}.",
                self.said("{keys.back} stops it; {keys.paid} switches the paid request."),
            ]
            if not await self.app.push_screen_wait(Confirm("Test all?", lines, yes="Test", no="Cancel")):
                return
        self._start_checks(shown, patient=True)

    @work(description="get ready for tests", exclusive=True, group="ready")
    async def _expect_checks(self) -> None:
        """While the user reads, or pastes."""
        await self._controller.expect_checks()

    def _start_checks(self, credentials: Sequence[Credential], *, patient: bool = False) -> None:
        """`patient`: whoever asks to slow down is asked again when that said."""
        names = [credential.name for credential in credentials if credential.name not in self._testing]
        if names:
            done, asked = self._progress if self._testing else (0, 0)
            self._progress = (done, asked + len(names))
            self._testing.update(names)
            self._runs += 1
            self._keys.set_busy(names, "waiting")
            self._paint_title()
            self._run_checks(names, patient=patient)

    def _test_what_is_due(self) -> None:
        """On the schedule of the settings, and never beside a test that somebody asked for."""
        if not self._runs and (due := set(self._controller.due())):
            self._start_checks([each for each in self._controller.credentials() if each.name in due], patient=True)

    @work(group="check", description="test keys")
    async def _run_checks(self, names: list[str], *, patient: bool) -> None:
        finished = set(names)
        try:
            checks = self._controller.check(
                names,
                on_start=self._tell_start,
                patient=patient,
                on_wait=self._tell_wait,
            )
            async with aclosing(checks):
                async for check in checks:
                    self.post_message(Checked(check))
        finally:
            self.post_message(ChecksDone(finished))

    def _tell_start(self, name: str) -> None:
        self.post_message(CheckStarted(name))

    def _tell_wait(self, name: str, seconds: int) -> None:
        self.post_message(CheckWaits(name, seconds))

    @on(CheckStarted)
    def _check_started(self, event: CheckStarted) -> None:
        self._keys.set_busy([event.name], "testing")

    @on(CheckWaits)
    def _check_waits(self, event: CheckWaits) -> None:
        self._repeats[event.name] += 1
        self._keys.set_busy([event.name], f"again in {event.seconds} s")

    @on(Checked)
    def _checked(self, event: Checked) -> None:
        name = event.check.name
        self._keys.show_check(event.check)
        if self._repeats[name]:
            self._repeats[name] -= 1
        else:
            self._keys.set_busy([name], "")
            self._testing.discard(name)
            self._progress = (self._progress[0] + 1, self._progress[1])
        if self._progress_due is None:
            self._progress_due = self.set_timer(PROGRESS_EVERY_S, self._paint_progress)
        row = self._keys.current
        if row and row.credential.id == event.check.credential_id:
            self._paint_detail()

    def _paint_progress(self) -> None:
        self._progress_due = None
        self._paint_title()

    @on(ChecksDone)
    def _checks_done(self, event: ChecksDone) -> None:
        self._runs -= 1
        self._testing -= event.names
        for name in event.names:
            del self._repeats[name]
        self._keys.set_busy(event.names, "")
        if self._controller.unlocked:
            self._reload()  # of a stopped run some were logged that were never painted
        if trouble := self._controller.log_trouble():
            self.arka.tell(words.sentence(trouble), severity="warning")

    # ------------------------------------------------------------------ other sessions

    async def _look_around(self) -> None:
        if not self._controller.unlocked:
            return
        try:
            if await asyncio.to_thread(self._controller.refresh):
                self._reload()
        except VaultLocked:
            return
        except ArkaError as failure:  # above all Superseded: what is on screen is no longer true
            self.arka.lock_soon(words.problem(failure))
