"""Everything that is known of one key, but the key."""

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from arka_tui.check import Check, Mood
from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.tui import words
from arka_tui.tui.screens.arka_screen import ReadModal
from arka_tui.tui.widgets.key_footer import KeyFooter


class DetailScreen(ReadModal[tuple[str, str] | None]):
    """Dismisses with edit, delete or test and the credential's id, where that is what comes next."""

    BINDINGS = [
        Binding("escape,q,enter", "dismiss(None)", "Close", key_display="Esc", id="detail.close"),
        Binding("e", "answer('edit')", "Edit", id="detail.edit"),
        Binding("t", "answer('test')", "Test", id="detail.test"),
        Binding("d", "answer('delete')", "Delete", id="detail.delete"),
    ]

    def __init__(self, controller: Controller, credential: Credential) -> None:
        super().__init__()
        self._controller = controller
        self._credential = credential

    def action_answer(self, deed: str) -> None:
        self.dismiss((deed, self._credential.id))

    def compose(self) -> ComposeResult:
        shown, now = self._credential, self._controller.now()
        provider = self._controller.provider(shown.provider)
        check = self._controller.last_checks().get(shown.id)
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(words.plain(shown.name), classes="title")
            yield Static(
                table(
                    [
                        ("provider", provider.name if provider else f"{shown.provider}, not in the catalog"),
                        ("hint", f"ends in …{shown.hint}" if shown.hint else "none, the key is too short to spare any"),
                        ("sent only to", shown.origin),
                        *shown.settings,
                        ("added", f"{shown.created_at:%Y-%m-%d %H:%M} UTC"),
                        ("changed", f"{shown.updated_at:%Y-%m-%d %H:%M} UTC"),
                    ]
                )
            )
            if check:
                yield from told(check, provider.name if provider else shown.provider, shown.base_url, now)
            else:
                yield Static("Never tested. Press t.", classes="section")
            if provider:
                yield Static("Console pages", classes="section")
                yield Static(table(sorted(provider.console.items())))
        yield KeyFooter()


def told(check: Check, provider: str, base_url: str, now: datetime) -> ComposeResult:
    """What one check found, stage by stage."""
    meaning = check.verdict.meaning
    yield Static(
        words.plain(f"{meaning.sign} {meaning.word} · {check.at:%Y-%m-%d %H:%M:%S} UTC, {words.ago(check.at, now)}"),
        classes=f"section {meaning.mood.value}",
    )
    yield Static(words.plain(words.said(check.verdict, provider, base_url)))
    if meaning.mood is not Mood.GOOD:
        yield Static(words.plain(f"→ {words.sentence(check.next_step)} {check.page}"))
    if check.evidence:
        yield Static(words.plain(f"“{check.evidence}”"), classes="dim")
    yield Static(Content("\n").join(words.plain(words.stage(stage)) for stage in check.stages), classes="paragraph")
    yield Static(table(words.facts(check, now)))


def table(pairs: Sequence[tuple[str, str]]) -> Content:
    width = max((len(name) for name, _ in pairs), default=0) + 2
    lines = [Content.assemble((name.ljust(width), "dim"), words.plain(value)) for name, value in pairs]
    return Content("\n").join(lines)


def revocation(controller: Controller, credentials: Sequence[Credential]) -> list[str]:
    """Where the provider's own copies are revoked, each page once."""
    providers = dict.fromkeys(credential.provider for credential in credentials)
    found = [(name, controller.provider(name)) for name in providers]
    return [f"{p.name}: {p.console.get('keys', '')}" if p else f"{name}: in its console" for name, p in found]
