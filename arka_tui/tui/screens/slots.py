"""The ways to open the vault: what they are, one more, one less."""

import asyncio
from collections.abc import Callable
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from arka_tui.controller import Controller
from arka_tui.errors import ArkaError, NotSaved
from arka_tui.slot_deeds import ALWAYS_THERE, SlotView, key_file_path
from arka_tui.store.slots import KEY_FILE, PASSPHRASE, RECOVERY, SSH_AGENT
from arka_tui.store.ssh_agent import PublicKey
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.agent_keys import AgentKeysScreen
from arka_tui.tui.screens.arka_screen import ArkaScreen
from arka_tui.tui.screens.authorize import Authorize
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.widgets.choice_list import Choice, ChoiceList
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.line_list import LineList

_ABOUT = {
    PASSPHRASE: "Typed by you. Always there; {slots.passphrase} changes it.",
    RECOVERY: "For the day when the passphrase is forgotten. Always there; {slots.passphrase} makes a new one.",
    KEY_FILE: "Whoever has this file and the vault opens it without a passphrase. On the same disk as the vault it "
    "protects only where the vault alone gets away, as in a backup or a repository.",
    SSH_AGENT: "Whoever reaches your ssh-agent, also a forwarded one, and has the vault opens it without a passphrase. "
    "ssh-add -c makes the agent ask you each time.",
}


class SlotsScreen(ArkaScreen[None]):
    BINDINGS = [
        Binding("f", "add_key_file", "Add key file", id="slots.key_file", tooltip="A file that opens the vault too"),
        Binding("s", "add_agent_key", "Add ssh key", id="slots.agent", tooltip="A key of your ssh-agent opens it too"),
        Binding("d,delete", "remove", "Remove", id="slots.remove", tooltip="Seal all anew without this one"),
        Binding("c", "app.change_passphrase", "Change passphrase", id="slots.passphrase"),
        Binding("escape,q", "dismiss(None)", "Back", key_display="Esc", id="slots.back"),
    ]

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._views: tuple[SlotView, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static("", id="title")
        with Container(classes="desk turns"):
            yield ChoiceList(id="slots")
            yield Static("", id="slot-about")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#title", Static).update(Content.assemble(("Ways to open the vault", "bold")))
        self.query_one(ChoiceList).focus()
        self._load()

    def on_screen_resume(self) -> None:
        if self._controller.unlocked:
            self._load()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("add_key_file", "add_agent_key", "remove") and self._controller.read_only:
            return None
        if action == "remove":
            current = self._current
            return True if current and current.kind not in ALWAYS_THERE else None
        return True

    @property
    def _current(self) -> SlotView | None:
        at = self.query_one(ChoiceList).cursor if self.is_mounted else 0
        return self._views[at] if at < len(self._views) else None

    @work(description="look at slots", exclusive=True, group="slots")
    async def _load(self) -> None:
        try:
            self._views = await asyncio.to_thread(self._controller.slots.views)
        except ArkaError as failure:
            self.arka.tell_error(failure)
            return
        self.query_one(ChoiceList).show([Choice(view.name, view.told, view.here) for view in self._views])

    @on(LineList.Moved)
    def _moved(self) -> None:
        view = self._current
        about = self.said(_ABOUT.get(view.kind, "")) if view else ""
        self.query_one("#slot-about", Static).update(onscreen.plain(about, 600))
        self.refresh_bindings()

    # ------------------------------------------------------------------ one more

    @work(description="add a key file", exclusive=True, group="ask")
    async def action_add_key_file(self) -> None:
        slots = self._controller.slots
        told: list[str] = []

        def add(path: str) -> None:
            saved, made = slots.add_key_file(path)
            told.append("The new key file opens the vault. " if made else "That key file opens the vault. ")
            told.append(f"But {saved.incomplete}." if saved.incomplete else "Keep a copy of it in a safe place.")
            if not slots.usual_key_file:
                try:
                    self._controller.change_setting(key_file=str(key_file_path(path)))
                except NotSaved as failure:
                    told.append(" " + words.problem(failure))

        lines = [_ABOUT[KEY_FILE], "Where there is no such file yet, it is made; one that was made before is used."]
        gate = Authorize(
            self._controller,
            "A key file opens the vault too",
            lines,
            yes="Add it",
            deed=lambda path: partial(add, path),
            path="",
        )
        if await self.app.push_screen_wait(gate):
            self.arka.tell("".join(told))

    @work(description="add an ssh-agent key", exclusive=True, group="ask")
    async def action_add_agent_key(self) -> None:
        try:
            keys = await asyncio.to_thread(self._controller.slots.agent_keys)
        except ArkaError as failure:
            self.arka.tell_error(failure)
            return
        if not keys:
            self.arka.tell("Your ssh-agent holds no keys. ssh-add adds one.", severity="warning")
            return
        key = await self.app.push_screen_wait(AgentKeysScreen(keys))
        if key is not None:
            await self._add(key)

    async def _add(self, key: PublicKey) -> None:
        told: list[str] = []

        def add(_: str) -> Callable[[], None]:
            save = self._controller.slots.prepare_agent_key(key)

            def finish() -> None:
                saved = save()
                told.append(f"But {saved.incomplete}." if saved.incomplete else "")

            return finish

        lines = [f"{key.comment}  {key.fingerprint}", _ABOUT[SSH_AGENT], "It is asked to sign four times now."]
        title = "This ssh key opens the vault too"
        busy = "Asking the ssh-agent … it may ask you."
        if await self.app.push_screen_wait(
            Authorize(self._controller, title, lines, yes="Add it", deed=add, busy=busy)
        ):
            opens = self.said("Your ssh-agent opens the vault now: {unlock.agent} at the passphrase.")
            self.arka.tell(f"{opens} {''.join(told)}")

    # ------------------------------------------------------------------ one less

    @work(description="remove a slot", exclusive=True, group="ask")
    async def action_remove(self) -> None:
        view = self._current
        if view is None or view.kind in ALWAYS_THERE:
            return
        kept = frozenset(o.id for o in self._views if o.here and o.kind not in ALWAYS_THERE and o.id != view.id)
        lost = [other for other in self._views if not other.here and other.id != view.id]
        lines = [
            view.told if view.here else words.sentence(view.told),
            "Every key is sealed anew, so that what this opened is of no use any more; you get a new recovery code.",
            "Copies of the old file still open with it.",
        ]
        if lost:
            names = ", ".join(other.name for other in lost)
            lines.insert(2, f"Removed too, because they are not within reach now: {names}.")
        title = f"Remove this {view.name}?"
        passphrase = await self.app.push_screen_wait(Authorize(self._controller, title, lines, yes="Go on"))
        if passphrase is None:
            return
        code = self._controller.new_recovery_code()
        if not await self.app.push_screen_wait(RecoveryCodeScreen(code)):
            return
        try:
            if kept:
                self.arka.tell("Your ssh-agent may ask you, four times for each key that stays.")
            save = await asyncio.to_thread(
                self._controller.slots.prepare_change, passphrase, code, without=view.id, keep=kept
            )
            with self.arka.saving():
                saved = await asyncio.to_thread(save)
        except ArkaError as failure:
            self.arka.tell_error(failure)
            self.arka.tell("Nothing was removed: the new recovery code is void, the old one stays.", severity="warning")
            return
        told = f"Removed, but {saved.incomplete}." if saved.incomplete else "Removed. The old recovery code is void."
        self.arka.tell(told)
        self._load()
