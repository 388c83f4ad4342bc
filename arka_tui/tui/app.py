"""The application: which screen is shown, the lock, and the traps of the toolkit closed."""

import asyncio
import gc
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.segment import Segments
from textual import events, work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import Input

from arka_tui import links
from arka_tui.errors import ArkaError, NotSaved, VaultError
from arka_tui.text import safe
from arka_tui.tui import onscreen
from arka_tui.tui.driver import PatientDriver
from arka_tui.tui.guard import (
    AsciiFilter,
    ControlFilter,
    ForgetfulWorkers,
    LinkFilter,
    crash_report,
    speaks_utf8,
    tolerate_bytes_that_are_no_text,
)
from arka_tui.tui.keymap import Keymap
from arka_tui.tui.lifeline import Lifeline
from arka_tui.tui.loading import Loading
from arka_tui.tui.screens.arka_screen import ArkaModal, ArkaScreen, FilteredScreen, is_whole
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.unlock import UnlockScreen
from arka_tui.tui.widgets.field import PathField
from arka_tui.tui.widgets.line_list import LineList
from arka_tui.tui.widgets.secret_input import Burst, SecretInput

if TYPE_CHECKING:
    from arka_tui.config import Config
    from arka_tui.controller import Controller
    from arka_tui.tui.clipboard import Public

IDLE_LOOK_S = 5.0
AGES_S = 60.0
"""How often ages on screen are looked at: they are told in minutes."""
READ_PER_S = 12
"""Characters of a toast, with an address to be copied among them."""
ASLEEP_S = 2.0
"""The two clocks are read one after the other: less than this is no sleep."""

ARKA_THEME = Theme(
    name="arka",
    primary="#7aa2c8",
    secondary="#8fb573",
    accent="#d7a65f",
    foreground="#d8dade",
    background="#16181d",
    surface="#1d2026",
    panel="#262a32",
    success="#8fb573",
    warning="#d7a65f",
    error="#d0707a",
    dark=True,
)


class ArkaApp(App[None]):
    CSS_PATH = "arka.tcss"
    TITLE = "arka-tui"
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-medium"), (100, "-wide"), (onscreen.BROAD, "-broad")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall"), (30, "-roomy")]
    BINDINGS = [
        Binding("ctrl+l", "lock", "Lock", show=False, priority=True, id="app.lock", tooltip="Lock the vault"),
        Binding(
            "ctrl+z",
            "suspend_process",
            "Suspend",
            show=False,
            priority=True,
            id="app.suspend",
            tooltip="Suspend; fg comes back",
        ),
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit", tooltip="Leave arka-tui"),
        Binding("ctrl+c", "say_quit", "Quit", show=False, system=True),
        Binding(
            "ctrl+p",
            "command_palette",
            "Palette",
            show=False,
            priority=True,
            id="app.palette",
            tooltip="All commands, by name; also what has no key of its own",
        ),
    ]

    def __init__(self, controller: "Controller | Loading", notices: Sequence[str] = ()) -> None:
        """Raises: ConfigError, where keys of the keyboard are wrongly chosen."""
        # With NO_COLOR Textual would send greys; in the terminal's own palette it can send none at all.
        super().__init__(PatientDriver, ansi_color=True if "NO_COLOR" in os.environ else None)
        self._workers = ForgetfulWorkers(self)
        self._door = controller
        self._controller = None if isinstance(controller, Loading) else controller
        self._loaded = asyncio.Event()
        self.keymap = Keymap(controller.config.keys)
        self._bindings = self.keymap.fit(self._bindings)
        self._notices = notices
        """What `__main__` found worth telling."""
        self._last_input = self._aged = _now()
        self._slept = _slept()
        self.burst = Burst()
        self._saves = 0
        self.left_alone = ""
        """Why it would have locked, had it been open: what is being opened then is locked again."""
        self._lock_due = ""
        """Why it must lock as soon as nothing is being saved any more, or nothing."""
        self._lifeline: Lifeline | None = None
        self._guards: list[LineFilter] = [ControlFilter(), *([] if speaks_utf8() else [AsciiFilter()])]
        self._links = LinkFilter()
        self._guards.append(self._links)
        self.register_theme(ARKA_THEME)
        if self._fitting_theme() == ARKA_THEME.name:
            self._begin_in_our_theme()
        self.animation_level = "basic" if controller.config.animations else "none"

    # ------------------------------------------------------------------ life

    @property
    def controller(self) -> "Controller":
        """Not before it is loaded: see `loaded`."""
        assert self._controller is not None  # noqa: S101  # what needs it is behind the door
        return self._controller

    @property
    def has_loaded(self) -> bool:
        return self._loaded.is_set()

    async def loaded(self) -> "Controller":
        await self._loaded.wait()
        return self.controller

    @property
    def config(self) -> "Config":
        return (self._controller or self._door).config

    @property
    def unlocked(self) -> bool:
        return self._controller is not None and self._controller.unlocked

    def _begin_in_our_theme(self) -> None:
        """What assigning it does, before any style sheet is read: they would all be read a second time."""
        self.set_reactive(App.theme, ARKA_THEME.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.update_classes({f"-theme-{ARKA_THEME.name}": True, "-dark-mode": ARKA_THEME.dark}, update=False)

    def on_mount(self) -> None:
        self.theme = self._fitting_theme()
        if not self.is_headless:
            self._lifeline = Lifeline(
                lambda code: self.exit(return_code=code), lambda: self.call_later(self._continued)
            )
            self._lifeline.hold()
        self.set_interval(IDLE_LOOK_S, self._look_at_clocks)
        if self.config.clock:
            self.set_interval(AGES_S, self._refresh_ages)
        if isinstance(self._door, Loading):
            self._start_with(UnlockScreen(self._door))
            self.call_after_refresh(self._load, self._door)
        else:
            self._have(self._door)
            self.show_door()
            self._tell_troubles()
        for notice in [*self._notices, *self._unknown_theme()]:
            self.tell(notice, severity="warning")

    @work(description="load what is behind the door", group="load")
    async def _load(self, loading: Loading) -> None:
        controller = await asyncio.to_thread(loading.load)
        if not self.is_headless:
            gc.freeze()  # what is loaded now stays: else each full collection looks at all of it, for 60 ms
        self._have(controller)
        try:
            as_it_seemed = controller.vault_exists()
        except VaultError:
            as_it_seemed = False
        if not as_it_seemed:
            self.show_door()
        self._tell_troubles()

    def _tell_troubles(self) -> None:
        for trouble in self.controller.catalog.troubles:
            self.tell(trouble, severity="warning")

    def _have(self, controller: "Controller") -> None:
        self._controller = controller
        if links.wanted(self.config.links, os.environ):
            self._links.pages = controller.catalog.pages
        self._loaded.set()
        self.watch_theme(self.theme)  # it may have been picked meanwhile

    def _fitting_theme(self) -> str:
        """The one of the settings; where none is chosen, the terminal's own palette if ours would be washed out."""
        wanted = self.config.theme
        if wanted != ARKA_THEME.name and wanted in self.available_themes:
            return wanted
        few_colours = self.no_color or self.console.color_system in (None, "standard")
        return "ansi-dark" if few_colours and not self.is_headless else ARKA_THEME.name

    def _unknown_theme(self) -> list[str]:
        wanted = self.config.theme
        return [] if wanted in self.available_themes else [f"The settings name a theme {wanted!r}, which there is not."]

    async def on_unmount(self) -> None:
        if self._controller:
            self._controller.lock()
            await self._controller.close()
        if self._lifeline:
            self._lifeline.let_go(self.return_code or 0)

    def show_door(self, reason: str = "") -> None:
        """Whatever stands before the keys: unlock, create, or what is wrong with the file."""
        from arka_tui.tui import rooms

        try:
            exists = self.controller.vault_exists()
        except VaultError as trouble:
            self._start_with(rooms.TroubleScreen(self.controller, trouble))
            return
        if self.controller.unlocked:
            self.enter()
        elif exists:
            self._start_with(UnlockScreen(self.controller, reason))
        else:
            self._start_with(rooms.CreateScreen(self.controller))

    def enter(self, notes: Sequence[str] = (), *, recovered: bool = False) -> None:
        """The vault is open: show the keys."""
        from arka_tui.tui import rooms

        self._last_input = _now()
        self._start_with(rooms.KeysScreen(self.controller))
        for note in notes:
            self.tell(note, severity="warning")
        if recovered:
            self.push_screen(rooms.PassphraseScreen(self.controller, forgotten=True))

    def lock(self, reason: str = "") -> None:
        self.workers.cancel_all()
        self.controller.lock()
        self.clear_notifications()
        self.show_door(reason)

    def _start_with(self, screen: Screen[Any]) -> None:
        """`screen` alone, whatever was open; at the bottom of the stack stays Textual's own blank one."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.push_screen(screen)

    # ------------------------------------------------------------------ the lock

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste | events.MouseDown | events.MouseScrollDown):
            self._last_input = _now()
            if self._last_input - self._aged >= AGES_S:
                self._refresh_ages()
        if isinstance(event, events.Key) and not event.is_forwarded:  # bubbling brings it here a second time
            self.burst.feed(event)
            moves = event.key in ("tab", "shift+tab") or (event.key == "enter" and isinstance(self.focused, PathField))
            if moves and self._move_focus(event):
                return
            if await self._begin_filter(event.key):
                return
        await super().on_event(event)

    def _move_focus(self, event: events.Key) -> bool:
        """At once, not as a binding that acts later: what is pasted right after goes to the field that was meant.

        Not where it came with a paste: a secret field then drops the rest.
        """
        if self.burst.is_paste and isinstance(self.focused, SecretInput):
            return False
        if event.key == "shift+tab":
            self.screen.focus_previous()
        else:
            self.screen.focus_next()
        return True

    async def _begin_filter(self, key: str) -> bool:
        """At once too: a slow link brings several keys together, and the d of a name would ask to delete a key."""
        if not isinstance(self.screen, FilteredScreen) or not isinstance(self.focused, LineList):
            return False
        if all(binding.action != "filter" for binding in self.screen._bindings.key_to_bindings.get(key, ())):
            return False
        return await self.run_action("filter", self.screen)

    def _look_at_clocks(self) -> None:
        minutes = self.config.lock_after_minutes
        slept, self._slept = _slept() - self._slept, _slept()
        if slept >= ASLEEP_S:
            self.lock_soon("Locked: the machine was asleep.")
        elif minutes and _now() - self._last_input >= 60 * minutes:
            self.lock_soon(f"Locked after {minutes} idle minutes.")

    def _continued(self) -> None:
        """After it was suspended or stopped, by whomever: nobody knows who is at the keyboard now."""
        self.lock_soon("Locked: arka-tui was suspended.")
        self.refresh(layout=True)

    def lock_soon(self, reason: str) -> None:
        """At once, or as soon as what is being saved is saved."""
        self.left_alone = reason
        if self._saves:
            self._lock_due = reason
        elif self.unlocked:
            self.lock(reason)

    def _refresh_ages(self) -> None:
        """By the clock, or with the first input after a while: nobody shall take a stale age for the truth."""
        self._aged = _now()
        for screen in self.screen_stack:
            if isinstance(screen, ArkaScreen | ArkaModal) and is_whole(screen):
                screen.refresh_ages()

    # ------------------------------------------------------------------ deeds

    def tell(self, text: str, *, severity: str = "information", title: str = "") -> None:
        """A toast, as long as reading takes. Outside text is welcome: it is cleaned, and never read as markup."""
        level = severity if severity in ("information", "warning", "error") else "information"
        timeout = max(5 if level == "information" else 10, len(text) / READ_PER_S)
        self.notify(safe(text, 400), title=safe(title, 60), severity=level, timeout=timeout, markup=False)  # type: ignore[arg-type]

    def tell_error(self, error: ArkaError) -> None:
        from arka_tui.tui import rooms

        self.tell(rooms.words.problem(error), severity="error")

    def tell_notice(self, notice: str) -> None:
        """Where there is one."""
        if notice:
            self.tell(notice, severity="warning")

    def send_to_terminal(self, public: "Public | None", *, instead: str) -> None:
        """For the clipboard, because the user asked for it. `instead` is said where there is nothing to send."""
        if public is None or self._driver is None:
            self.tell(instead, severity="warning")
            return
        from arka_tui.tui import clipboard

        self._driver.write(public.sequence)
        self.clear_notifications()
        self.tell(clipboard.told(public, os.environ))

    def action_lock(self) -> None:
        if self.unlocked and not self._wait_for_save():
            self.lock("Locked.")

    def action_say_quit(self) -> None:
        self.tell(self.keymap.said("{app.quit} quits."))

    async def action_quit(self) -> None:
        if not self._wait_for_save() and not isinstance(self.screen, Confirm):
            self._quit()

    @work(description="quit", exclusive=True, group="quit")
    async def _quit(self) -> None:
        if any(isinstance(each, ArkaModal) and each.unsaved for each in self.screen_stack):
            from arka_tui.tui import rooms

            if not await self.push_screen_wait(rooms.throw_away()):
                return
        self.exit()

    @contextmanager
    def saving(self) -> Iterator[None]:
        """While it lasts nothing locks or quits: what becomes of a save is told to who made it."""
        self._saves += 1
        try:
            yield
        finally:
            self._saves -= 1
            if self._lock_due and not self._saves:
                reason, self._lock_due = self._lock_due, ""
                self.call_later(self.lock_soon, reason)

    def _wait_for_save(self) -> bool:
        if self._saves:
            self.tell("Something is being saved; one moment.")
        return self._saves > 0

    @work(description="change the passphrase", exclusive=True, group="ask")
    async def action_change_passphrase(self) -> None:
        from arka_tui.tui import rooms

        gate = rooms.Authorize(self.controller, "Change the passphrase", ["First the one of today."], yes="Go on")
        if await self.push_screen_wait(gate):
            self.push_screen(rooms.PassphraseScreen(self.controller))

    def action_command_palette(self) -> None:
        """Not over a question: it is answered when its deed is done, and must be on top then."""
        if not self.screen.is_modal:
            super().action_command_palette()

    def action_slots(self) -> None:
        from arka_tui.tui import rooms

        self.push_screen(rooms.SlotsScreen(self.controller))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """No screenshot: it would write what is on screen to a file that others may read."""
        yield SystemCommand("Theme", "Change the colours; ansi themes are the terminal's own", self.action_change_theme)
        if self.unlocked and isinstance(screen, ArkaScreen) and (commands := screen.commands()):
            for title, help_text, deed in commands:
                yield SystemCommand(title, help_text, deed)
            yield SystemCommand(
                "Change passphrase", "A new one, and a new recovery code", self.action_change_passphrase
            )
            yield SystemCommand(
                "Ways to open the vault", "Key files and ssh-agent keys beside the passphrase", self.action_slots
            )
            yield SystemCommand("Lock", "Close the vault; the passphrase opens it again", self.action_lock)
        yield SystemCommand("Quit", "Leave arka-tui", self.action_quit)

    def watch_theme(self, theme: str) -> None:
        """A theme that the user picks is kept."""
        if self.is_running and self._controller and theme != self._fitting_theme():
            try:
                notice = self._controller.change_setting(theme=theme)
            except NotSaved as failure:
                self.tell_error(failure)
            else:
                self.tell_notice(notice)

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        """Private in Textual: here each widget comes by, before it gets a key. It gets what the settings say of it."""
        child._bindings = self.keymap.fit(child._bindings)
        if isinstance(child, Input):
            child.cursor_blink = bool(self.config.cursor_blink)
        super()._register_child(parent, child, before, after)

    # ------------------------------------------------------------------ traps of the toolkit, closed

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._guards]

    def _fatal_error(self) -> None:
        """Private in Textual, where it prints the local variables: a test holds that this one is called."""
        self.bell()
        error = self._exception
        if error is not None and not self._exit_renderables:
            self._exit_renderables.append(Segments(self.console.render(crash_report(error), self.console.options)))
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        self._return_code = 1
        self._fatal_error()

    def copy_to_clipboard(self, text: str) -> None:
        """No widget of the toolkit copies: it would copy whatever is in it. `send_to_terminal` is the one way."""
        self.bell()

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        self.bell()

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Addresses are shown as text: a browser would open on the remote machine."""


_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _now() -> float:
    """Seconds that also pass while the machine sleeps."""
    return time.clock_gettime(_BOOTTIME)


def _slept() -> float:
    """Seconds that the machine has slept since it started."""
    return time.clock_gettime(_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def run(controller: "Controller | Loading", notices: Sequence[str] = ()) -> int:
    """Until the user leaves. Returns the exit code."""
    tolerate_bytes_that_are_no_text()
    app = ArkaApp(controller, notices)
    app.run()
    return app.return_code or 0
