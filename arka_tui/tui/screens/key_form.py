"""Add or edit a key: provider, label, the key itself, and the live result of its test.

A new key is sealed and saved, then tested. A replacement is tested first and takes the old one's place only on
success, or when the user says so.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Select, Static

from arka_tui.check import Check, Mood, Stage
from arka_tui.controller import Controller, FieldError
from arka_tui.credential import Credential, Draft
from arka_tui.errors import ArkaError, UsageError
from arka_tui.providers.provider import RESERVED_NAMES, Setting
from arka_tui.secret import Secret
from arka_tui.store import Saved
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.widgets.field import Field
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.provider_select import ProviderSelect
from arka_tui.tui.widgets.secret_input import SecretInput

USE_ADDRESS = "Save that address"
DEMO_HINT = "Demo: type demo-{provider}-that-works or demo-{provider}-no-credit."


@dataclass(frozen=True, slots=True)
class FormResult:
    """What became of it. `test_due`: it was closed before its test was done. `delete`: the user wants it gone."""

    credential_id: str
    test_due: bool = False
    delete: bool = False


class Phase(Enum):
    """What the form is about: how it takes Save, Escape, and what is typed. An edit leads back to EDITING."""

    EDITING = "editing"
    SAVING = "saving"
    """Cannot be stopped half-way, nor called unsaved."""
    TRYING = "trying"
    """A replacement is tested; the stored key is untouched."""
    TESTING = "testing"
    """What is saved is tested; the list can finish that."""
    RESULT = "result"
    """Of a test, with two ways on."""


NOT_NOW = {
    Phase.SAVING: "It is being saved; one moment.",
    Phase.TRYING: "The new key is being tested; {form.leave} stops that.",
    Phase.TESTING: "It is saved, and being tested; {form.leave} leaves the test to the list.",
    Phase.RESULT: "Nothing has changed since. Choose one of the two answers, or edit a field.",
}
"""Why there is nothing to save."""

STOPPED = {
    Phase.TRYING: "The test was stopped, for you changed something. The old key is still the one.",
    Phase.TESTING: "The test was stopped, for you changed something. What was saved stays saved.",
}


@dataclass(frozen=True, slots=True)
class _Typed:
    """All fields but the key."""

    provider: str
    label: str
    base_url: str
    settings: tuple[tuple[str, str], ...]


class KeyForm(ArkaModal[FormResult | None]):
    BINDINGS = [
        Binding("escape", "leave", "Close", key_display="Esc", id="form.leave"),
        Binding("ctrl+s", "save", "Save", id="form.save"),
    ]

    def __init__(self, controller: Controller, editing: Credential | None = None) -> None:
        super().__init__()
        self._controller = controller
        self._editing = editing
        self._as_opened: _Typed | None = None
        self._phase = Phase.EDITING
        self._before: tuple[_Typed, Secret | None] | None = None
        """What was in the fields when the phase began."""
        self._saved_untested = False
        self._tried: tuple[Draft, Check] | None = None
        self._provider_chosen = editing is not None
        self._provider_followed = editing.provider if editing else next(iter(controller.catalog.providers))
        """The provider that the form set by itself; another one in the field was chosen by the user."""
        self._label_typed = editing is not None
        self._stages: list[Stage] = []
        self._answers_at = ""
        """Where the server answered the last test, if not at the address that was typed."""
        self._removed: list[str] = []
        """What the last paste was rid of, in words."""

    # ------------------------------------------------------------------ painting

    def compose(self) -> ComposeResult:
        editing, catalog = self._editing, self._controller.catalog
        provider_id = editing.provider if editing else next(iter(catalog.providers))
        named = [(provider.name, provider.id) for provider in catalog.providers.values()]
        if editing and editing.provider not in catalog.providers:
            named.append((editing.provider, editing.provider))
        settings = dict(editing.settings) if editing else {}
        with VerticalScroll(classes="dialog", id="form", can_focus=False):
            yield Static(
                onscreen.plain(f"Edit {editing.name}" if editing else "Add a key"), classes="title", id="form-title"
            )
            with Horizontal(classes="field"):
                yield Static("Provider", classes="name")
                yield ProviderSelect(named, provider_id, id="provider")
            with Horizontal(classes="field"):
                yield Static("Key", classes="name")
                yield SecretInput(_kept(editing) if editing else "paste it here", tidies=True, id="secret")
            yield Static("", id="secret-note", classes="note blank")
            with Horizontal(classes="field"):
                yield Static("Label", classes="name")
                yield Field(editing.label if editing else "", placeholder="work, ci, laptop …", id="label")
            yield Static("", id="label-note", classes="note blank")
            for name in self._setting_names:
                with Horizontal(classes="field hidden", id=f"field-{name}"):
                    yield Static("", classes="name")
                    yield Field(settings.get(name, ""), id=_setting_field(name), classes="setting")
                yield Static("", id=f"{_setting_field(name)}-note", classes="note blank")
            with Horizontal(classes="field"):
                yield Static("Address", classes="name")
                yield Field(editing.base_url if editing else "", id="base_url")
            yield Static("", id="base_url-note", classes="note blank")
            yield Static("", id="about", classes="dim")
            yield Static("", id="result")
            with Horizontal(classes="buttons", id="form-buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("Save and test", id="save", variant="primary")
            with Horizontal(classes="buttons hidden", id="after-buttons"):
                yield Button("", id="second")
                yield Button("", id="first", variant="primary")
        yield KeyFooter()

    def on_mount(self) -> None:
        if not (self.is_attached and self._controller.unlocked):
            return
        self._follow_provider()
        self._as_opened = self._typed
        self._go(Phase.EDITING)
        self.query_one("#secret").focus()

    @property
    def _setting_names(self) -> list[str]:
        """Of all providers: those of one name share a field, and what is typed into it."""
        providers = self._controller.catalog.providers.values()
        return list(dict.fromkeys(each.name for provider in providers for each in provider.settings))

    @property
    def _typed(self) -> _Typed:
        provider = self.query_one("#provider", Select).value
        return _Typed(
            str(provider),
            self.query_one("#label", Input).value,
            self.query_one("#base_url", Input).value,
            tuple((name, self.query_one(f"#{_setting_field(name)}", Input).value) for name in self._setting_names),
        )

    @property
    def _secret(self) -> Secret | None:
        field = self.query_one(SecretInput)
        return None if field.blank else field.secret

    def _follow_provider(self) -> None:
        """What of the form depends on the provider."""
        provider = self._controller.provider(self._typed.provider)
        if provider is None:
            return
        asked = {setting.name: setting for setting in provider.settings}
        for name in self._setting_names:
            self._follow_setting(name, asked.get(name))
        self.query_one("#base_url", Input).placeholder = provider.base_url or provider.address_example
        if not self._label_typed:
            with self.prevent(Input.Changed):
                self.query_one("#label", Input).value = self._controller.suggested_label(provider.id)
        cost = self._controller.cost_usd([provider.id])
        price = f"a free request, then one that costs about {words.dollars(cost)}" if cost else "free requests only"
        if provider.paid_probes and not provider.unasked_probes:
            price += ", for its smallest paid one is dear; its credit stays unknown"
        where = f"Get a key: {provider.console['keys']}" if "keys" in provider.console else ""
        about = f"{provider.models}: {provider.best_for}." if provider.models else ""
        lines = [
            *(line for line in (about, where) if line),
            "A key is optional here." if provider.local else "",
            f"Save tests it: {price}.",
        ]
        lines = [line for line in lines if line]
        if self._controller.demo:
            lines.append(DEMO_HINT.format(provider=provider.id))
        pages = [provider.console.get("keys", "")]
        self.query_one("#about", Static).update(Content("\n").join(onscreen.linked(line, pages) for line in lines))

    def _follow_setting(self, name: str, asked: Setting | None) -> None:
        row = self.query_one(f"#field-{name}")
        for widget in (row, self.query_one(f"#{_setting_field(name)}-note")):
            widget.set_class(asked is None, "hidden")
        if asked:
            what = "optional" if asked.header else "for the paid test"
            row.query_one(".name", Static).update(onscreen.plain(asked.title))
            row.query_one(Input).placeholder = f"{what}: {asked.example}" if asked.example else what

    # ------------------------------------------------------------------ phases

    @property
    def unsaved(self) -> bool:
        """Whether something was typed that leaving would throw away."""
        return self._secret is not None or self._typed != self._as_opened

    @property
    def _content(self) -> tuple[_Typed, Secret | None]:
        return self._typed, self._secret

    def _go(self, phase: Phase) -> None:
        self._phase, self._before = phase, self._content
        self.query_one("#form-buttons").set_class(phase is Phase.RESULT, "hidden")
        self.query_one("#after-buttons").set_class(phase is not Phase.RESULT, "hidden")

    @on(Input.Changed)
    @on(SecretInput.Edited)
    @on(Select.Changed)
    def _edited(self) -> None:
        """What is typed while a test runs, or beside its result, is a new edit: the test was of something else."""
        if self._phase not in (Phase.EDITING, Phase.SAVING) and self._content != self._before:
            self._edit_again(STOPPED.get(self._phase, ""))

    def _edit_again(self, told: str = "") -> None:
        self.workers.cancel_group(self, "form")
        self._tried = None
        self._go(Phase.EDITING)
        self._result(told, "")

    # ------------------------------------------------------------------ typing

    def on_paste(self, event: events.Paste) -> None:
        """Where nothing else takes it, on a button or before a field has the focus: a key goes where keys go."""
        event.stop()
        field = self.query_one(SecretInput)
        field.focus()
        field.post_message(events.Paste(event.text))

    @on(Select.Changed, "#provider")
    def _provider_changed(self, event: Select.Changed) -> None:
        self._provider_chosen |= event.value != self._provider_followed
        self._follow_provider()
        self._note_owner()

    @on(Input.Changed, "#label")
    def _label_changed(self) -> None:
        self._label_typed = True
        self._note("label", "")

    @on(Input.Changed)
    def _input_changed(self, event: Input.Changed) -> None:
        if event.input.id not in ("label", None):
            self._note(str(event.input.id), "")

    @on(SecretInput.Edited)
    def _secret_edited(self, event: SecretInput.Edited) -> None:
        owner = None if event.field.blank else self._controller.owner(event.field.secret)
        if owner and owner.provider_id and not self._provider_chosen:
            self._provider_followed = owner.provider_id
            self.query_one("#provider", Select).value = owner.provider_id
            self._follow_provider()
        self._removed = event.removed
        self._note_owner()

    def _note_owner(self) -> None:
        secret = self._secret
        parts: list[str] = []
        wrong = False
        if secret:
            owner = self._controller.owner(secret, self._typed.provider)
            provider = self._controller.provider(self._typed.provider)
            parts = [f"ends in …{secret.hint}" if secret.hint else "short for a key"]
            if owner:
                other = owner.provider_id != self._typed.provider
                wrong = other and owner.sure
                kind = "a management key of" if owner.management else "a key of"
                parts.append(
                    f"{'looks' if owner.sure else 'may'} {'like' if owner.sure else 'be'} {kind} {owner.name}"
                    + (f", not {provider.name}" if wrong and provider else "")
                )
            parts += self._told_of_holders(secret)
            if secret.problem:
                parts, wrong = [secret.problem], True
        if self._removed:
            parts.append(f"removed {', '.join(self._removed)}")
        self._note("secret", " · ".join(parts), error=wrong)

    def _told_of_holders(self, secret: Secret) -> list[str]:
        """Where this very key is stored already."""
        names = self._controller.insight.holders(secret)
        if self._editing and self._editing.name in names:
            return ["it is the one that is stored here"]
        return [f"already stored as {words.named(names, 2)}"] if names else []

    @on(Input.Submitted)
    @on(SecretInput.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    # ------------------------------------------------------------------ saving

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        if self._phase is not Phase.EDITING:
            self.arka.tell(self.said(NOT_NOW[self._phase]))
            return
        self._clear_notes()
        typed = self._typed
        try:
            draft = self._controller.draft(
                typed.provider, typed.label, typed.base_url, dict(typed.settings), self._secret, editing=self._editing
            )
        except UsageError as failure:
            self._result(words.problem(failure), "bad")
            return
        if isinstance(draft, list):
            self._show_errors(draft)
        elif self._editing and draft.secret is not None:
            self._replace(draft)
        elif draft.secret and (names := self._controller.insight.holders(draft.secret)):
            self._save_again(draft, names)
        else:
            self._save(draft)

    @work(description="ask, then save", exclusive=True, group="again")
    async def _save_again(self, draft: Draft, names: Sequence[str]) -> None:
        lines = [f"This very key is stored as {words.named(names)}.", "A second copy has to be replaced twice."]
        if await self.app.push_screen_wait(Confirm("Store it again?", lines, yes="Store", no="Go back")):
            self._save(draft)

    @work(description="save, then test", exclusive=True, group="form")
    async def _save(self, draft: Draft) -> None:
        """A new key, or new settings of one: saved at once, for nothing can be lost."""
        if not (credential := await self._commit(draft)):
            return
        self._saved_untested = True
        if self._phase is Phase.EDITING:
            return
        self._go(Phase.TESTING)
        self._result(f"Saved {credential.name}. Testing …", "")
        check = await self._tested(self._controller.check_saved(credential, self._stage_done), "Saved. ")
        self._saved_untested = False
        if check and (self._answers_at or check.verdict.meaning.mood is Mood.GOOD):
            self._offer_done()
        elif check and check.verdict.meaning.mood is Mood.BAD:
            self._offer("Replace the key", "Delete it")
        else:
            self._offer("Keep it", "Edit again")

    @work(description="test, then replace", exclusive=True, group="form")
    async def _replace(self, draft: Draft) -> None:
        """The stored key stays until the new one has passed, or the user insists."""
        self._go(Phase.TRYING)
        self._result("Testing the new key; the old one stays until it passes …", "")
        check = await self._tested(self._controller.try_draft(draft, self._editing, self._stage_done))
        if check is None:
            self._go(Phase.EDITING)
        elif check.verdict.meaning.mood is Mood.GOOD:
            await self._put_in_place(draft, check)
        else:
            self._tried = (draft, check)
            unsure = check.verdict.meaning.mood is Mood.UNSURE
            self._offer("Go back", "Use it unverified" if unsure else "Use it anyway")

    @work(description="use what was tested", exclusive=True, group="form")
    async def _use_tried(self) -> None:
        if self._tried:
            await self._put_in_place(*self._tried)

    async def _put_in_place(self, draft: Draft, check: Check) -> None:
        if credential := await self._commit(draft):
            self._tried = None
            kept = replace(check, credential_id=credential.id, name=credential.name, hint=credential.hint)
            if trouble := await asyncio.to_thread(self._controller.record, kept):
                self.arka.tell(words.sentence(trouble), severity="warning")
            if self._phase is not Phase.EDITING:
                self._result_of(kept, f"{credential.name} is replaced. ")
                self._offer_done()

    async def _commit(self, draft: Draft) -> Credential | None:
        """None where it was not saved: the form says why, and all that was typed is still there.

        Ends in EDITING where that is so, and where something was typed meanwhile, which is not saved.
        """
        self._go(Phase.SAVING)
        typed = self._typed
        self._result("Saving …", "")
        try:
            with self.arka.saving():
                credential, saved = await asyncio.to_thread(self._write, draft)
        except ArkaError as failure:
            self._go(Phase.EDITING)
            self._result(words.problem(failure), "bad")
            return None
        if saved.incomplete:
            self.arka.tell(f"Saved, but {saved.incomplete}.", severity="warning")
        self._editing = credential
        self._provider_chosen = True
        self._as_opened = typed
        overtaken = self._content != self._before
        self._show_saved(credential, draft)
        if overtaken:
            self._go(Phase.EDITING)
            self._result(f"Saved {credential.name}. What you typed since then is not saved yet.", "care")
        return credential

    def _show_saved(self, credential: Credential, draft: Draft) -> None:
        field = self.query_one(SecretInput)
        if self._secret == draft.secret:  # else it was typed meanwhile, and is not saved
            field.clear()
        field.placeholder = _kept(credential)
        self.query_one("#form-title", Static).update(onscreen.plain(f"Edit {credential.name}"))

    def _write(self, draft: Draft) -> tuple[Credential, Saved]:
        if self._editing:
            return self._controller.update(self._editing, draft)
        return self._controller.add(draft)

    # ------------------------------------------------------------------ the test, live

    async def _tested(self, test: Awaitable[Check], prefix: str = "") -> Check | None:
        self._stages = []
        try:
            check = await test
        except ArkaError as failure:
            self._result(words.problem(failure), "bad")
            return None
        self._result_of(check, prefix)
        return check

    def _stage_done(self, stage: Stage) -> None:
        self._stages.append(stage)
        told = "\n".join(words.stage(each) for each in self._stages)
        self._result(f"{told}\n…", "")

    def _result_of(self, check: Check, prefix: str = "") -> None:
        meaning = check.verdict.meaning
        self._answers_at = check.learnt.works_at or ""
        provider = self._controller.provider(self._typed.provider)
        address = self._typed.base_url or (provider.base_url if provider else "")
        name, local = (provider.name, provider.local) if provider else ("the provider", False)
        said = words.said(check.verdict, name, address, local=local)
        lines = [f"{prefix}{meaning.sign} {meaning.word}: {said}"]
        if meaning.mood is not Mood.GOOD:
            lines.append(f"→ {words.sentence(check.next_step)}" + (f" {check.page}" if check.page else ""))
            lines += [f"“{check.evidence}”"] if check.evidence else []
        lines += [" · ".join(f"{name} {value}" for name, value in words.facts(check, self._controller.now()))]
        self._result("\n".join(line for line in lines if line), meaning.mood.value, check.page)

    def _offer_done(self) -> None:
        if self._answers_at:
            self._offer(USE_ADDRESS, "Keep mine")
        else:
            self._offer("Done", "Edit again")

    def _use_address(self) -> None:
        self._edit_again()
        field = self.query_one("#base_url", Input)
        field.value = self._answers_at
        field.focus()
        self.action_save()

    def _result(self, text: str, mood: str, page: str = "") -> None:
        label = self.query_one("#result", Static)
        label.set_classes(mood)
        lines = text.split("\n")
        told = [onscreen.linked(line, [page] if line.startswith("→") else ()) for line in lines]
        label.update(Content("\n").join(told))
        if text:
            label.scroll_visible(animate=False)

    def _offer(self, first: str, second: str) -> None:
        """The two ways on after a test; the first is the safe one and has the focus."""
        self._go(Phase.RESULT)
        for name, label in (("#first", first), ("#second", second)):
            button = self.query_one(name, Button)
            button.label = onscreen.plain(label)
            button.refresh(layout=True)  # else it keeps the width of the label before
        self.query_one("#first").focus()
        self.call_after_refresh(self.query_one("#form").scroll_end, animate=False)

    @on(Button.Pressed, "#first, #second")
    def _answered(self, event: Button.Pressed) -> None:
        match str(event.button.label):
            case "Done" | "Keep it" | "Keep mine":
                self._finish()
            case "Delete it":
                self._finish(delete=True)
            case label if label == USE_ADDRESS:
                self._use_address()
            case "Use it anyway" | "Use it unverified":
                self._use_tried()
            case _:  # back to the fields, everything typed still there
                self._edit_again()
                self._clear_notes()
                self._note_owner()
                self.query_one("#secret").focus()

    # ------------------------------------------------------------------ leaving

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        if self._phase is Phase.SAVING:
            self.arka.tell(self.said(NOT_NOW[self._phase]))
        elif self._phase is Phase.TRYING:
            self._edit_again("The test was stopped. The old key is still the one.")
        else:
            self._leave()

    @work(description="leave the form", exclusive=True, group="leave")
    async def _leave(self) -> None:
        if not self.unsaved or await self.app.push_screen_wait(throw_away()):
            self._finish()

    def _finish(self, *, delete: bool = False) -> None:
        if self._editing is None:
            self.dismiss(None)
        else:
            self.dismiss(FormResult(self._editing.id, test_due=self._saved_untested, delete=delete))

    # ------------------------------------------------------------------ notes at the fields

    def _show_errors(self, errors: list[FieldError]) -> None:
        for error in errors:
            told = words.sentence(error.message) + (f" {words.sentence(error.hint)}" if error.hint else "")
            self._note(_field_of(error), told, error=True)
        self.query_one(f"#{_field_of(errors[0])}").focus()

    def _note(self, field: str, text: str, *, error: bool = False) -> None:
        """`field` is the id of one."""
        for note in self.query(f"#{field}-note").results(Static):
            note.set_class(error, "error")
            note.set_class(not text, "blank")
            note.update(onscreen.plain(text))

    def _clear_notes(self) -> None:
        for note in self.query(".note").results(Static):
            note.update("")
            note.add_class("blank")
        self._result("", "")


def _setting_field(name: str) -> str:
    """Its id."""
    return f"setting-{name}"


def _field_of(error: FieldError) -> str:
    """The id of the field that has it."""
    return error.field if error.field in RESERVED_NAMES else _setting_field(error.field)


def throw_away() -> Confirm:
    """Before a form is left whose `unsaved` is true."""
    return Confirm("Discard what you typed?", ["It is not saved."], yes="Discard", no="Keep editing")


def _kept(credential: Credential) -> str:
    return (
        f"keep …{credential.hint}, or paste another" if credential.hint else "keep the one there is, or paste another"
    )
