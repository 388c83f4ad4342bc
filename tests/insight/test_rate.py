"""How fast money is spent with a key."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from arka_tui.check import Learnt
from arka_tui.insight.rate import Rate, next_reset, rate_of
from tests.insight.given import check

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""What `check` counts back from: the first day of a week, the 23rd of a month."""


def used(amount: str, **ago: float) -> tuple[timedelta, Learnt]:
    return timedelta(**ago), Learnt(usage=Decimal(amount))


@pytest.mark.parametrize(
    ("history", "rate"),
    [
        ([used("1", days=2), used("5")], Rate(Decimal(2), "since 2026-11-21")),
        ([used("0", days=20), used("1", days=5), used("11")], Rate(Decimal(2), "since 2026-11-18")),
        ([used("1", days=25), used("2", days=20), used("12")], Rate(Decimal("0.5"), "since 2026-11-03")),
        ([used("1", days=1), used("1", hours=2), used("2")], Rate(Decimal(1), "since 2026-11-22")),
    ],
    ids=["two days", "the last week counts", "else what is longer ago", "a day is enough"],
)
def test_what_was_used_between_tests_tells_the_rate(history: list[tuple[timedelta, Learnt]], rate: Rate) -> None:
    assert rate_of([check(ago=ago, learnt=learnt) for ago, learnt in history]) == rate


@pytest.mark.parametrize(
    "history",
    [
        [],
        [used("5")],
        [used("1", hours=23), used("5")],
        [used("1", days=31), used("5")],
        [used("5", days=2), used("5")],
        [used("9", days=2), used("5")],
        [(timedelta(days=2), Learnt()), used("5")],
        [used("1", days=2), (timedelta(0), Learnt())],
        [used("NaN", days=2), used("5")],
        [used("1", days=2), used("1E+999999")],
    ],
    ids=[
        *("no test", "one test", "under a day", "over a month", "nothing used", "counted anew"),
        *("not said then", "not said now", "no number", "no amount"),
    ],
)
def test_without_a_day_of_growing_use_there_is_no_rate(history: list[tuple[timedelta, Learnt]]) -> None:
    assert rate_of([check(ago=ago, learnt=learnt) for ago, learnt in history]) is None


@pytest.mark.parametrize(
    ("at", "learnt", "rate"),
    [
        # Thursday noon is 3.5 days into the week
        (MONDAY + timedelta(days=3, hours=2), Learnt(usage_weekly=Decimal(7)), Rate(Decimal(2), "this week")),
        (MONDAY, Learnt(usage_weekly=Decimal(7)), None),
        (
            datetime(2026, 11, 23, tzinfo=UTC),
            Learnt(usage_weekly=Decimal(7), usage_monthly=Decimal(11)),
            Rate(Decimal("0.5"), "this month"),
        ),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), Learnt(usage_monthly=Decimal(11)), None),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), Learnt(usage_daily=Decimal(1)), Rate(Decimal(2), "today")),
        (datetime(2026, 11, 23, 11, tzinfo=UTC), Learnt(usage_daily=Decimal(1)), None),
        (datetime(2026, 11, 26, 12, tzinfo=UTC), Learnt(usage_weekly=Decimal(0)), None),
    ],
)
def test_else_what_the_provider_counts_for_week_month_or_day_tells_it(
    at: datetime, learnt: Learnt, rate: Rate | None
) -> None:
    assert rate_of([check(ago=MONDAY - at, learnt=learnt)]) == rate


@pytest.mark.parametrize(
    ("reset", "after", "expected"),
    [
        ("daily", MONDAY, datetime(2026, 11, 24, tzinfo=UTC)),
        ("weekly", MONDAY, datetime(2026, 11, 30, tzinfo=UTC)),
        ("weekly", MONDAY - timedelta(days=1), datetime(2026, 11, 23, tzinfo=UTC)),
        ("monthly", MONDAY, datetime(2026, 12, 1, tzinfo=UTC)),
        ("MONTHLY", datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("monthly", datetime(2027, 1, 31, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)),
        ("daily", datetime(2026, 11, 23, 23, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 11, 25, tzinfo=UTC)),
        ("yearly", MONDAY, None),
        (None, MONDAY, None),
    ],
)
def test_limits_are_full_again_at_midnight_utc(reset: str | None, after: datetime, expected: datetime | None) -> None:
    assert next_reset(reset, after) == expected
