"""What is known of a key from all its tests: the newest word on each matter, and when it was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from arka_tui.check import Check, Learnt
from arka_tui.insight.warnings import FRESH

_TOGETHER = (
    ("organization",),
    ("project",),
    ("account",),
    ("scopes",),
    ("models",),
    ("balance",),
    (
        *("key_label", "limit", "remaining", "reset", "usage", "usage_daily", "usage_weekly", "usage_monthly"),
        *("expires_at", "free_tier", "management"),
    ),
    ("requests_limit", "requests_remaining", "requests_reset"),
    ("tokens_limit", "tokens_remaining", "tokens_reset"),
)
"""Fields that come in one answer: what that does not say any more is no longer so. All others are a test's own."""
_MONEY = frozenset({"balance", "limit", "remaining", "usage", "usage_daily", "usage_weekly", "usage_monthly"})


@dataclass(frozen=True, slots=True)
class Known:
    learnt: Learnt
    """Only what no newer test said."""
    at: datetime
    """When the provider said so."""
    dated: bool
    """It is to be shown with its date: a later test did not say it, or it was long ago."""


def facts_of(checks: Sequence[Check], now: datetime) -> tuple[Known, ...]:
    """Of one key, its checks oldest first; newest first, and without those that add nothing.

    What was learnt of an earlier secret of the same name does not count.
    """
    if not checks:
        return ()
    last, open_groups, found = checks[-1], set(_TOGETHER), []
    for check in reversed(checks):
        if last.fingerprint and check.fingerprint not in ("", last.fingerprint):
            continue
        said = {group for group in open_groups if any(getattr(check.learnt, name) is not None for name in group)}
        names = {name for group in said for name in group}
        learnt = _only(check.learnt, _own_fields() | names if check is last else names)
        if learnt != Learnt():
            found.append(Known(learnt, check.at, dated=check is not last or now - check.at > FRESH))
        open_groups -= said
        if not open_groups:
            break
    return tuple(found)


def _own_fields() -> set[str]:
    return {each.name for each in fields(Learnt)} - {name for group in _TOGETHER for name in group} - {"currency"}


def _only(learnt: Learnt, names: Iterable[str]) -> Learnt:
    kept: dict[str, Any] = {name: getattr(learnt, name) for name in names}
    currency = learnt.currency if any(kept.get(name) is not None for name in _MONEY) else None
    return replace(Learnt(), **kept, currency=currency)
