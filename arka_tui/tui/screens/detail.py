"""Everything that is known of one key, but the key."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
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
from arka_tui.text import drop_unsafe
from arka_tui.tui import onscreen
from arka_tui.tui.guard import speaks_utf8
from arka_tui.tui.screens.arka_screen import ReadModal
from arka_tui.tui.widgets.key_footer import KeyFooter


class DetailScreen(ReadModal[tuple[str, str] | None]):
    """Dismisses with edit, delete, test or log and the credential's id, where that is what comes next."""

    BINDINGS = [
        Binding("escape,q,enter", "dismiss(None)", "Close", key_display="Esc", id="detail.close"),
        Binding("e", "answer('edit')", "Edit", id="detail.edit"),
        Binding("t", "answer('test')", "Test", id="detail.test"),
        Binding("d", "answer('delete')", "Delete", id="detail.delete"),
        Binding("l", "answer('log')", "Log", id="detail.log", tooltip="All its tests, stage by stage"),
    ]

    def __init__(self, controller: Controller, credential: Credential) -> None:
        super().__init__()
        self._controller = controller
        self._credential = credential

    def action_answer(self, deed: str) -> None:
        self.dismiss((deed, self._credential.id))

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield from self._told()
        yield KeyFooter()

    def refresh_ages(self) -> None:
        dialog, fresh = self.query_one(".dialog"), list(self._told())
        shown = list(dialog.query_children(Static))
        if len(shown) == len(fresh):  # else it was tested meanwhile, and still is what it was when it was opened
            for old, new in zip(shown, fresh, strict=True):
                if old.content != new.content:
                    old.update(new.content)

    def _told(self) -> Iterator[Static]:
        """First what a short screen must hold: the verdict and why, what to beware of, what to do."""
        shown, now, insight = self._credential, self._controller.now(), self._controller.insight
        provider = self._controller.provider(shown.provider)
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
            yield Static(onscreen.plain(self.said("→ Press {detail.test} to test it.")))
        for section in learnt_sections(self._controller, shown, checks):
            yield from _laid_out(section)
        if len(checks) > 1:
            yield from _history(checks)
        if checks:
            yield from _last_test(checks[-1], unasked(provider) if provider else "")
        yield from _laid_out(kept_section(shown, provider))
        if provider and provider.is_home(shown.base_url):
            yield from _of_provider(provider)


def told(check: Check, provider: str, base_url: str, now: datetime) -> Iterator[Static]:
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
    yield Static(table(words.facts(check, now)))


def _verdict(check: Check, now: datetime) -> Iterator[Static]:
    meaning = check.verdict.meaning
    yield Static(
        onscreen.plain(f"{meaning.sign} {meaning.word} · tested {words.ago(check.at, now)}"), classes=meaning.mood.value
    )


def _cautions(cautions: Sequence[Caution]) -> Iterator[Static]:
    for caution in cautions:
        mood = Mood.BAD if caution.kind is Kind.EXPIRED else Mood.CARE
        yield Static(onscreen.plain(f"▲ {words.sentence(caution.text)}"), classes=mood.value)


def _next_step(check: Check) -> Iterator[Static]:
    if check.verdict.meaning.mood is not Mood.GOOD:
        yield Static(onscreen.plain(f"→ {words.sentence(check.next_step)} {check.page}"))


def _evidence(check: Check) -> Iterator[Static]:
    if check.evidence:
        yield Static(onscreen.plain(f"“{check.evidence}”"), classes="dim")


def _laid_out(section: Section) -> Iterator[Static]:
    yield Static(onscreen.plain(section.title), classes="section")
    for when, pairs in section.blocks:
        if when:
            yield Static(onscreen.plain(when), classes="dim")
        yield Static(table(pairs))


def _history(checks: Sequence[Check]) -> Iterator[Static]:
    """Its characters are our own, and blanks between them stay: they are where no answer came."""
    line = sparkline(checks)
    signs, bars = (line.signs, line.bars) if speaks_utf8() else (line.ascii_signs, line.ascii_bars)
    yield Static("History", classes="section")
    yield Static(
        Content.assemble(("ended    ", "dim"), signs, "\n", ("latency  ", "dim"), f"{bars}\n", (line.words, "dim"))
    )


def _last_test(check: Check, more: str) -> Iterator[Static]:
    yield Static("Last test", classes="section")
    yield Static(onscreen.plain(f"{check.at:%Y-%m-%d %H:%M:%S} UTC"), classes="dim")
    yield from _stages(check)
    if more:
        yield Static(onscreen.plain(f"– {more}"))
    if pairs := words.circumstances(check):
        yield Static(table(pairs))


def _of_provider(provider: Provider) -> Iterator[Static]:
    for section in console_section(provider):
        yield from _laid_out(section)
    if lines := sources(provider):
        yield Static(onscreen.plain(f"What we know of {provider.name}"), classes="section")
        yield Static(Content("\n").join(onscreen.plain(line) for line in lines), classes="dim")


def _stages(check: Check, classes: str = "") -> Iterator[Static]:
    lines = [onscreen.plain(words.stage(stage)) for stage in check.stages]
    yield Static(Content("\n").join(lines), classes=classes)


def table(pairs: Sequence[tuple[str, str]]) -> Content:
    """Both are cleaned; blanks of a name stay, they indent it."""
    names = [drop_unsafe(name) for name, _ in pairs]
    width = max((len(name) for name in names), default=0) + 2
    lines = [
        Content.assemble((name.ljust(width), "dim"), onscreen.plain(value))
        for name, (_, value) in zip(names, pairs, strict=True)
    ]
    return Content("\n").join(lines)
