"""How fast money is spent with a key, as far as what was learnt supports it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from arka_tui.check import Check, Learnt
from arka_tui.insight.money import is_sensible

_DAY = timedelta(days=1)
_LEAST = timedelta(days=1)
_RECENT = timedelta(days=7)
_LONGEST = timedelta(days=30)
_LEAST_USE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Rate:
    per_day: Decimal
    """In the account's currency; more than 0."""
    basis: str
    """What it is drawn from: "since 2026-11-17", "this week"."""


def rate_of(checks: Sequence[Check]) -> Rate | None:
    """Of one key, its checks oldest first, at the time of the last one. None where there is too little to say.

    First the growth of what was used in all, over the last week or else longer, and over a day at least; then what the
    provider counts for this week, month or day, where enough of that has passed.
    """
    if not checks:
        return None
    return _grown(checks) or next(_counted(checks[-1].learnt, checks[-1].at), None)


def next_reset(reset: str | None, after: datetime) -> datetime | None:
    """When a limit is full again that resets daily, weekly (Mondays) or monthly, at midnight UTC."""
    day = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match (reset or "").lower():
        case "daily":
            return day + _DAY
        case "weekly":
            return day + timedelta(days=7 - day.weekday())
        case "monthly":
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        case _:
            return None


def _grown(checks: Sequence[Check]) -> Rate | None:
    last = checks[-1]
    used = last.learnt.usage
    if used is None or not is_sensible(used):
        return None
    earlier = [each for each in checks if each.learnt.usage is not None and last.at - each.at >= _LEAST]
    recent = next((each for each in earlier if last.at - each.at <= _RECENT), None)
    first = recent or next((each for each in reversed(earlier) if last.at - each.at <= _LONGEST), None)
    if first is None or first.learnt.usage is None or not is_sensible(first.learnt.usage):
        return None
    return _rate(used - first.learnt.usage, last.at - first.at, f"since {first.at:%Y-%m-%d}")


def _counted(learnt: Learnt, at: datetime) -> Iterator[Rate]:
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for used, start, least, basis in (
        (learnt.usage_weekly, midnight - timedelta(days=midnight.weekday()), 2 * _DAY, "this week"),
        (learnt.usage_monthly, midnight.replace(day=1), 2 * _DAY, "this month"),
        (learnt.usage_daily, midnight, _DAY / 2, "today"),
    ):
        if used is not None and at - start >= least and (rate := _rate(used, at - start, basis)):
            yield rate


def _rate(used: Decimal, time: timedelta, basis: str) -> Rate | None:
    if not is_sensible(used) or used < _LEAST_USE:
        return None
    return Rate(used * Decimal(_DAY.total_seconds()) / Decimal(time.total_seconds()), basis)
