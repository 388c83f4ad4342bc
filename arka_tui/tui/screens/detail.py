"""Everything that is known of one key, but the key."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from arka_tui.check import Check, Mood
from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.insight.sparkline import sparkline
from arka_tui.insight.warnings import Kind
from arka_tui.insight.warnings import Warning as Caution
from arka_tui.providers.provider import Provider
from arka_tui.telling import words
from arka_tui.telling.key_sections import (
    Section,
    console_section,
    kept_section,
    learnt_sections,
    sources,
    unasked,
)
from arka_tui.tui import clipboard, onscreen
from arka_tui.tui.guard import speaks_utf8
from arka_tui.tui.screens.arka_screen import ReadModal
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.pairs import Pairs

if TYPE_CHECKING:
    from arka_tui.tui.app import ArkaApp


class DetailScreen(ReadModal[tuple[str, str] | None]):
    """Dismisses with edit, delete, test or log and the credential's id, where that is what comes next."""

    BINDINGS = [
        Binding("escape,q,enter", "dismiss(None)", "Close", key_display="Esc", id="detail.close"),
        Binding("e", "answer('edit')", "Edit", id="detail.edit"),
        Binding("t", "answer('test')", "Test", id="detail.test"),
        Binding("d", "answer('delete')", "Delete", id="detail.delete"),
        Binding("l", "answer('log')", "Log", id="detail.log", tooltip="All its tests, stage by stage"),
        Binding("y", "copy", "Copy page", id="detail.copy", tooltip="Its page's address to your terminal's clipboard"),
    ]

    def __init__(self, controller: Controller, credential: Credential) -> None:
        super().__init__()
        self._controller = controller
        self._credential = credential

    def action_answer(self, deed: str) -> None:
        self.dismiss((deed, self._credential.id))

    def action_copy(self) -> None:
        copy_page(self.arka, self._controller, self._credential)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield from self._known()
        yield KeyFooter()

    def refresh_ages(self) -> None:
        dialog, fresh = self.query_one(".dialog"), list(self._known())
        shown = list(dialog.children)
        if list(map(type, shown)) != list(map(type, fresh)):
            return  # it was tested meanwhile, and still is what it was when it was opened
        for old, new in zip(shown, fresh, strict=True):
            if isinstance(old, Static) and isinstance(new, Static) and old.content != new.content:
                old.update(new.content)
            elif isinstance(old, Pairs) and isinstance(new, Pairs):
                old.say_as(new)

    def _known(self) -> Iterator[Widget]:
        return known_of(self._controller, self._credential, self.said("→ Press {detail.test} to test it."))


def copy_page(app: "ArkaApp", controller: Controller, shown: Credential) -> None:
    """Where the verdict's next step is done, else where the provider's keys are made and revoked."""
    check, provider = controller.last_checks().get(shown.id), controller.provider(shown.provider)
    wanted = [check.page] if check and check.verdict.meaning.mood is not Mood.GOOD else []
    wanted += [provider.console.get("keys", "")] if provider and provider.is_home(shown.base_url) else []
    found = (clipboard.page(address, controller) for address in wanted)
    app.send_to_terminal(next(filter(None, found), None), instead=f"No page is known for {shown.name}.")


def known_of(controller: Controller, shown: Credential, advice: str) -> Iterator[Widget]:
    """First what a short screen must hold: the verdict and why, what to beware of, what to do.

    `advice` is for a key that was never tested.
    """
    now, insight = controller.now(), controller.insight
    provider = controller.provider(shown.provider)
    checks = insight.checks_of(shown)
    yield Static(onscreen.plain(shown.name), classes="title")
    if checks:
        yield from _verdict(checks[-1], now)
        yield Static(onscreen.plain(words.said_of(checks[-1].verdict, provider, shown)))
        yield from _evidence(checks[-1])
        yield from _cautions(insight.warnings().get(shown.id, ()))
        yield from _next_step(checks[-1])
    else:
        yield Static("? never tested", classes="unsure")
        yield Static(onscreen.plain(advice))
    for section in learnt_sections(controller, shown, checks):
        yield from _laid_out(section)
    if len(checks) > 1:
        yield from _history(checks)
    if checks:
        yield from _last_test(checks[-1], unasked(provider) if provider else "")
    yield from _laid_out(kept_section(shown, provider))
    if provider and provider.is_home(shown.base_url):
        yield from _of_provider(provider)


def told(check: Check, provider: str, base_url: str, now: datetime) -> Iterator[Widget]:
    """What one check found, stage by stage."""
    meaning = check.verdict.meaning
    yield Static(
        onscreen.plain(f"{meaning.sign} {meaning.word} · {check.at:%Y-%m-%d %H:%M:%S} UTC, {words.ago(check.at, now)}"),
        classes=f"section {meaning.mood.value}",
    )
    yield Static(onscreen.plain(words.said(check.verdict, provider, base_url)))
    yield from _next_step(check)
    yield from _evidence(check)
    yield from _stages(check, classes="paragraph")
    yield Pairs(words.facts(check, now))


def _verdict(check: Check, now: datetime) -> Iterator[Widget]:
    meaning = check.verdict.meaning
    yield Static(
        onscreen.plain(f"{meaning.sign} {meaning.word} · tested {words.ago(check.at, now)}"), classes=meaning.mood.value
    )


def _cautions(cautions: Sequence[Caution]) -> Iterator[Widget]:
    for caution in cautions:
        mood = Mood.BAD if caution.kind is Kind.EXPIRED else Mood.CARE
        yield Static(onscreen.plain(f"▲ {words.sentence(caution.text)}"), classes=mood.value)


def _next_step(check: Check) -> Iterator[Widget]:
    if check.verdict.meaning.mood is not Mood.GOOD:
        yield Static(onscreen.linked(f"→ {words.sentence(check.next_step)} {check.page}", [check.page]))


def _evidence(check: Check) -> Iterator[Widget]:
    if check.evidence:
        yield Static(onscreen.plain(f"“{check.evidence}”"), classes="dim")


def _laid_out(section: Section, pages: Collection[str] = ()) -> Iterator[Widget]:
    yield Static(onscreen.plain(section.title), classes="section")
    for when, pairs in section.blocks:
        if when:
            yield Static(onscreen.plain(when), classes="dim")
        yield Pairs(pairs, pages)


def _history(checks: Sequence[Check]) -> Iterator[Widget]:
    """Its characters are our own, and blanks between them stay: they are where no answer came."""
    line = sparkline(checks)
    signs, bars = (line.signs, line.bars) if speaks_utf8() else (line.ascii_signs, line.ascii_bars)
    yield Static("History", classes="section")
    yield Static(
        Content.assemble(("ended    ", "dim"), signs, "\n", ("latency  ", "dim"), f"{bars}\n", (line.words, "dim"))
    )


def _last_test(check: Check, more: str) -> Iterator[Widget]:
    yield Static("Last test", classes="section")
    yield Static(onscreen.plain(f"{check.at:%Y-%m-%d %H:%M:%S} UTC"), classes="dim")
    yield from _stages(check)
    if more:
        yield Static(onscreen.plain(f"– {more}"))
    if pairs := words.circumstances(check):
        yield Pairs(pairs)


def _of_provider(provider: Provider) -> Iterator[Widget]:
    for section in console_section(provider):
        yield from _laid_out(section, provider.console.values())
    if lines := sources(provider):
        yield Static(onscreen.plain(f"What we know of {provider.name}"), classes="section")
        yield Static(Content("\n").join(onscreen.plain(line) for line in lines), classes="dim")


def _stages(check: Check, classes: str = "") -> Iterator[Widget]:
    lines = [onscreen.plain(words.stage(stage)) for stage in check.stages]
    yield Static(Content("\n").join(lines), classes=classes)
