"""How values are told: verdicts, times, amounts, what is left of a key."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.credential import Credential
from arka_tui.errors import ArkaError
from arka_tui.insight.money import is_sensible, money
from arka_tui.insight.resets import reset_moment
from arka_tui.telling.times import ago as ago
from arka_tui.telling.times import until, within

if TYPE_CHECKING:  # 8 ms, and the quick commands have no use for it
    from arka_tui.providers.provider import Provider

SOON = timedelta(days=14)
"""An expiry nearer than this is worth a column."""
NOTHING = "–"
ACCEPTED_BY_OWN_SERVER = "{provider} accepts the key"
_LEFT_CHARS = 8
"""Of an amount that has room for a word beside it in the list's column."""


def sentence(text: str) -> str:
    """Errors and hints are lower case without a full stop; on screen they are sentences. Names such as vLLM stay."""
    first = text.partition(" ")[0].strip(",;:")
    start = text[:1].upper() + text[1:] if first.replace("'", "").isalpha() and first.islower() else text
    return start + ("" if text.endswith(("?", ".")) else ".")


def said(verdict: Verdict, provider: str, base_url: str, *, local: bool = False) -> str:
    """What a verdict means, as a sentence. `local`: of a server of the user's own, which has no credit to speak of."""
    text = ACCEPTED_BY_OWN_SERVER if local and verdict is Verdict.ACCEPTED else verdict.meaning.sentence
    return sentence(text.format(provider=provider, host=urlsplit(base_url).netloc or provider))


def said_of(verdict: Verdict, provider: "Provider | None", shown: Credential) -> str:
    """The same of a key that is kept. None is a provider that is not in the catalog."""
    name, local = (provider.name, provider.local) if provider else (shown.provider, False)
    return said(verdict, name, shown.base_url, local=local)


def problem(error: ArkaError) -> str:
    return " ".join(sentence(text) for text in (str(error), error.hint) if text)


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def named(names: Sequence[str], most: int = 4) -> str:
    """The first few, and how many more; nothing for none."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def dollars(amount: Decimal) -> str:
    """$12.40; small amounts keep their digits: $0.00000002."""
    return money(amount)


def left(learnt: Learnt, now: datetime) -> str:
    """What is left of a key, for the list: time where that is short, else money, else that nobody says."""
    if learnt.expires_at is not None and learnt.expires_at - now < SOON:
        return f"{until(learnt.expires_at, now)} to go" if learnt.expires_at > now else "expired"
    amount = learnt.remaining if learnt.remaining is not None else learnt.balance
    told = _money(amount, learnt)
    if told is None:
        return NOTHING
    return f"{told} left" if len(told) <= _LEFT_CHARS else told


def latency(latency_ms: int | None) -> str:
    if latency_ms is None:
        return NOTHING
    return f"{latency_ms} ms" if latency_ms < 10_000 else f"{latency_ms / 1000:.0f} s"


_STAGES = {
    "shape": "shape, offline",
    "key": "free request",
    "models": "models",
    "account": "account",
    "scopes": "what it may do",
    "paid": "paid request",
}


def stage(done: Stage) -> str:
    """One line: what was done, and what came of it."""
    meaning = done.verdict.meaning
    answer = " · ".join(
        part
        for part in (
            _STAGES.get(done.name, done.name),
            done.detail,
            f"HTTP {done.status}" if done.status is not None else "",
            latency(done.latency_ms) if done.latency_ms is not None else "",
            "" if done.verdict is Verdict.OK else meaning.word,
        )
        if part
    )
    return f"{meaning.sign} {answer}"


def facts(check: Check, now: datetime) -> list[tuple[str, str]]:
    """All that the check learnt, as name and value; what was not said is left out."""
    return identity(check.learnt) + amounts(check.learnt, check.at, now) + circumstances(check)


def identity(learnt: Learnt) -> list[tuple[str, str]]:
    """Whose the key is, and what it may do."""
    return _said(
        ("organization", learnt.organization),
        ("project", learnt.project),
        ("account", learnt.account),
        ("named there", learnt.key_label),
        ("permissions", learnt.scopes),
        ("kind", "management key: it runs no models" if learnt.management else None),
    )


def amounts(learnt: Learnt, at: datetime, now: datetime) -> list[tuple[str, str]]:
    """What the key is good for, as it was told `at` a moment: money, time, models and pace."""
    return _said(
        ("balance", _money(learnt.balance, learnt)),
        ("models reached", f"{learnt.models:,}" if learnt.models is not None else None),
        ("limit", _limit(learnt)),
        ("remaining", _money(learnt.remaining, learnt)),
        ("resets", learnt.reset),
        ("used in all", _money(learnt.usage, learnt)),
        ("used today", _money(learnt.usage_daily, learnt)),
        ("used this week", _money(learnt.usage_weekly, learnt)),
        ("used this month", _money(learnt.usage_monthly, learnt)),
        ("expires", _expiry(learnt, now)),
        ("free tier", {True: "yes", False: "no", None: None}[learnt.free_tier]),
        ("requests", _rate(learnt.requests_remaining, learnt.requests_limit, learnt.requests_reset, at, now)),
        ("tokens", _rate(learnt.tokens_remaining, learnt.tokens_limit, learnt.tokens_reset, at, now)),
    )


def circumstances(check: Check) -> list[tuple[str, str]]:
    """How this one test went."""
    return _said(
        ("works at", check.learnt.works_at),
        ("tested with", check.learnt.probe_model),
        ("latency", latency(check.latency_ms) if check.latency_ms is not None else None),
        ("try again in", f"{check.retry_after_s} s" if check.retry_after_s is not None else None),
    )


def _said(*pairs: tuple[str, str | None]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if value]


def as_of(moment: datetime, now: datetime) -> str:
    return f"as of {moment:%Y-%m-%d}, {ago(moment, now)}"


def _money(amount: Decimal | None, learnt: Learnt) -> str | None:
    return money(amount, learnt.currency) if amount is not None and is_sensible(amount) else None


def _limit(learnt: Learnt) -> str | None:
    if learnt.limit is not None:
        return _money(learnt.limit, learnt)
    return "none set for this key" if learnt.usage is not None else None


def _expiry(learnt: Learnt, now: datetime) -> str | None:
    if learnt.expires_at is None:
        return None
    return f"{learnt.expires_at:%Y-%m-%d %H:%M} UTC ({until(learnt.expires_at, now)})"


def _rate(remaining: str | None, limit: str | None, reset: str | None, at: datetime, now: datetime) -> str | None:
    """Of a limit of requests or tokens, as it was `at` the test."""
    if remaining is None and limit is None:
        return None
    left, most = _grouped(remaining), _grouped(limit)
    told = f"{left} left" if limit is None else f"at most {most}" if remaining is None else f"{left} of {most}"
    moment = reset_moment(reset, at) if reset else None
    if moment is not None:
        return told + (f", full again {within(moment, now)}" if moment > now else "")
    return told + (f", resets: {reset}" if reset else "")


def _grouped(count: str | None) -> str:
    return f"{int(count):,}" if count and count.isdecimal() and len(count) < 16 else count or ""
