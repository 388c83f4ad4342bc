"""What stands in the details of one key, section by section, as text; the screen only lays it out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from arka_tui.check import Check
from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.insight.known import Known, facts_of
from arka_tui.providers.provider import Provider
from arka_tui.telling import words

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[tuple[str, Pairs], ...]
    """Each is headed by when it was so, or by nothing, and has something in it."""


def learnt_sections(controller: Controller, shown: Credential, checks: Sequence[Check]) -> Iterator[Section]:
    """Whose the key is, and what it is worth; only those that have something to say. `checks` are oldest first."""
    now = controller.now()
    known = facts_of(checks, now)
    others = _pairs(
        ("same account", words.named(controller.insight.account_mates(shown))),
        ("same secret", words.named(controller.insight.twins().get(shown.id, ()))),
    )
    identity = _blocks(known, lambda each: words.identity(each.learnt), now)
    if others and identity and not identity[0][0]:
        identity = (("", [*identity[0][1], *others]), *identity[1:])
    elif others:
        identity = (*identity, ("", others))
    yield from _section("Identity", identity)
    yield from _section("Money and limits", _blocks(known, lambda each: words.amounts(each.learnt, each.at, now), now))


def kept_section(shown: Credential, provider: Provider | None) -> Section:
    """What was typed, and where the key goes."""
    at_account = provider.account_url if provider and provider.is_home(shown.base_url) else ""
    rows = _pairs(
        ("provider", provider.name if provider else f"{shown.provider}, not in the catalog"),
        ("", "this provider is from your own providers.toml" if provider and provider.own else ""),
        ("hint", f"ends in …{shown.hint}" if shown.hint else "none, the key is too short to spare any"),
        ("sent only to", shown.origin),
        ("account at", at_account),
        *shown.settings,
        ("added", f"{shown.created_at:%Y-%m-%d %H:%M} UTC"),
        ("changed", f"{shown.updated_at:%Y-%m-%d %H:%M} UTC"),
    )
    return Section("Where it is sent", (("", rows),))


def console_section(provider: Provider) -> Iterator[Section]:
    pages = _pairs(*sorted(provider.console.items()))
    yield from _section("Console pages", (("", pages),) if pages else ())


def unasked(provider: Provider) -> str:
    """Why it is not known whether the key has credit, where that costs too much to be asked by itself; or nothing."""
    if not provider.paid_probes or provider.unasked_probes:
        return ""
    cost = min(probe.cost_usd for probe in provider.paid_probes)
    return f"the paid request is never sent by itself: it costs up to {words.dollars(cost)}, so credit is not known"


def sources(provider: Provider) -> list[str]:
    """Where what we know of the provider comes from."""
    return [f"{fact.about} ({fact.source}, {fact.date:%Y-%m-%d})" for fact in provider.facts]


def _blocks(known: Sequence[Known], tell: Callable[[Known], Pairs], now: datetime) -> tuple[tuple[str, Pairs], ...]:
    told = [(words.as_of(each.at, now) if each.dated else "", tell(each)) for each in known]
    return tuple((when, pairs) for when, pairs in told if pairs)


def _section(title: str, blocks: tuple[tuple[str, Pairs], ...]) -> Iterator[Section]:
    if blocks:
        yield Section(title, blocks)


def _pairs(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if value]
