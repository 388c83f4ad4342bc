"""What a person hears of without asking."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.check import Check, Learnt, Verdict
from arka_tui.insight.warnings import Kind, Warning, warnings  # noqa: A004 - ours is for a person
from tests.conftest import NOW
from tests.insight.given import check, credential

WORK = "id of openrouter/work"


def of(*checks: Check, now: datetime = NOW) -> tuple[Warning, ...]:
    """About one key with these tests, the oldest first."""
    return warnings([credential()], checks, now).get(WORK, ())


def texts(found: Sequence[Warning]) -> list[str]:
    return [each.text for each in found]


def learnt(**said: str | datetime | int) -> Learnt:
    """Amounts as texts."""
    kept = ("reset", "currency", "key_label")
    values = {k: Decimal(v) if isinstance(v, str) and k not in kept else v for k, v in said.items()}
    return Learnt(**values)  # type: ignore[arg-type]  # the tests say which


def test_a_key_that_is_well_gets_no_warning() -> None:
    well = learnt(limit="10", remaining="9", usage="1", balance="50", expires_at=NOW + timedelta(days=90))

    assert warnings([credential()], [check(learnt=well)], NOW) == {}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=15), []),
        (timedelta(days=14), [(Kind.EXPIRES_SOON, "expires in 14 days, on 2026-12-07")]),
        (timedelta(days=1, hours=5), [(Kind.EXPIRES_SOON, "expires in 1 day, on 2026-11-24")]),
        (timedelta(hours=3), [(Kind.EXPIRES_SOON, "expires within a day, on 2026-11-23")]),
        (timedelta(0), [(Kind.EXPIRED, "expired on 2026-11-23")]),
        (timedelta(days=-9), [(Kind.EXPIRED, "expired on 2026-11-14")]),
    ],
)
def test_an_expiry_is_told_two_weeks_before(left: timedelta, expected: list[tuple[Kind, str]]) -> None:
    assert of(check(learnt=learnt(expires_at=NOW + left))) == tuple(Warning(*each) for each in expected)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (learnt(limit="50", remaining="4.99"), ["only $4.99 left of its $50.00 limit"]),
        (learnt(limit="50", remaining="5"), []),
        (learnt(limit="50", remaining="0"), ["nothing left of its $50.00 limit"]),
        (learnt(limit="50", remaining="-2"), ["nothing left of its $50.00 limit"]),
        (learnt(remaining="0.5"), ["only $0.50 left"]),
        (learnt(remaining="1"), []),
        (learnt(balance="0.004"), ["only $0.004 left of the balance"]),
        (learnt(balance="0.5", currency="cny"), ["only CNY 0.50 left of the balance"]),
        (learnt(limit="100", remaining="90", balance="2"), ["only $2.00 left of the balance"]),
        (learnt(limit="0", remaining="0.5"), ["only $0.50 left"]),
        (learnt(limit="NaN", remaining="NaN"), []),
        (learnt(limit="1E+999999", remaining="1E+999999"), []),
    ],
)
def test_a_tenth_of_the_limit_or_less_than_a_dollar_is_nearly_out(said: Learnt, expected: list[str]) -> None:
    assert texts(of(check(learnt=said))) == expected


def test_an_amount_that_is_older_than_a_day_is_dated() -> None:
    old = check(ago=timedelta(days=3), learnt=learnt(remaining="0.5"))

    assert texts(of(old, check(verdict=Verdict.UNREACHABLE))) == ["only $0.50 left, as of 2026-11-20"]


def test_what_the_last_test_did_not_say_any_more_is_no_longer_so() -> None:
    before = check(ago=timedelta(hours=5), learnt=learnt(remaining="0.5", expires_at=NOW))

    assert of(before, check(learnt=learnt(key_label="sk-or-v1-abc"))) == ()


def test_a_limit_that_has_been_reset_since_the_test_is_full_again() -> None:
    yesterday = check(ago=timedelta(hours=12), learnt=learnt(limit="10", remaining="0.5", reset="daily"))

    assert of(yesterday) == ()


@pytest.mark.parametrize(
    "verdict", [Verdict.NO_CREDITS, Verdict.KEY_LIMIT_REACHED, Verdict.SPEND_LIMIT_REACHED, Verdict.INVALID_KEY]
)
def test_what_the_verdict_says_already_is_not_said_again(verdict: Verdict) -> None:
    assert of(check(verdict=verdict, learnt=learnt(limit="10", remaining="0"))) == ()


def growing(left: str, per_day: str = "1", **more: str) -> list[Check]:
    """Tests two days apart, in which the use grew by that much a day."""
    before = learnt(usage="0", **more)
    now = learnt(usage=str(2 * Decimal(per_day)), remaining=left, **more)
    return [check(ago=timedelta(days=2), learnt=before), check(learnt=now)]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (
            "12",
            ["at this rate out in about 12 days: $12.00 left on 2026-11-23, $1.00 a day since 2026-11-21"],
        ),
        (
            "1.2",
            ["at this rate out within a day: $1.20 left on 2026-11-23, $1.00 a day since 2026-11-21"],
        ),
        ("30", ["at this rate out in about 30 days: $30.00 left on 2026-11-23, $1.00 a day since 2026-11-21"]),
        ("30.1", []),
        ("99999999", []),
    ],
)
def test_how_long_money_lasts_is_told_with_its_ground_a_month_ahead(left: str, expected: list[str]) -> None:
    assert texts(of(*growing(left))) == expected


@pytest.mark.parametrize(
    ("reset", "left", "warned"),
    [
        ("daily", "1.5", False),
        ("weekly", "6.9", False),
        ("weekly", "6", True),
        ("monthly", "8", False),
        ("monthly", "7", True),
        ("", "8", True),
    ],
)
def test_a_reset_that_comes_first_keeps_the_key_going(reset: str, left: str, warned: bool) -> None:
    assert bool(of(*growing(left, reset=reset))) is warned


def test_a_balance_is_not_reset_with_the_limit() -> None:
    before, now = growing("3", reset="daily", balance="5")

    assert texts(of(before, now)) == [
        "at this rate out in about 5 days: $5.00 left on 2026-11-23, $1.00 a day since 2026-11-21"
    ]


def test_an_old_test_says_nothing_about_how_long_money_lasts() -> None:
    before, now = growing("20")

    assert texts(of(before, now, now=NOW + timedelta(days=7)))
    assert of(before, now, now=NOW + timedelta(days=8)) == ()


def test_money_that_should_have_gone_since_the_test_is_told_so() -> None:
    assert texts(of(*growing("2"), now=NOW + timedelta(days=3))) == [
        "at this rate out by now: $2.00 left on 2026-11-23, $1.00 a day since 2026-11-21"
    ]


def test_one_test_is_enough_where_the_provider_counts_the_month() -> None:
    said = learnt(limit="100", remaining="30", usage_monthly="45", usage_daily="2")

    assert texts(of(check(learnt=said))) == [
        "at this rate out in about 15 days: $30.00 left on 2026-11-23, $2.01 a day this month"
    ]


@pytest.mark.parametrize(
    ("days", "expected"), [(0, []), (30, []), (31, ["not tested for 31 days"]), (400, ["not tested for 400 days"])]
)
def test_a_key_that_is_not_tested_for_a_month_is_told(days: int, expected: list[str]) -> None:
    assert texts(of(check(ago=timedelta(days=days)))) == expected


def test_a_key_that_was_never_tested_is_told() -> None:
    assert of() == (Warning(Kind.NOT_TESTED, "never tested"),)
    assert of(check("openrouter/other")) == (Warning(Kind.NOT_TESTED, "never tested"),)


@pytest.mark.parametrize(
    ("skew_s", "expected"),
    [
        (300, []),
        (-300, []),
        (301, ["this machine's clock is 5 min ahead of the provider's"]),
        (-7300, ["this machine's clock is 2 h behind the provider's"]),
    ],
)
def test_a_wrong_clock_is_told(skew_s: int, expected: list[str]) -> None:
    assert texts(of(check(learnt=Learnt(clock_skew_s=skew_s)))) == expected


def same(*names: str, fingerprint: str = "f") -> dict[str, list[str]]:
    checks = [check(name, fingerprint=fingerprint) for name in names]
    found = warnings([credential(name) for name in names], checks, NOW)
    return {credential_id.removeprefix("id of "): texts(each) for credential_id, each in found.items()}


def test_a_secret_that_is_stored_twice_is_told_at_both() -> None:
    assert same("openai/a", "compatible/b") == {
        "openai/a": ["the same secret is stored as compatible/b too"],
        "compatible/b": ["the same secret is stored as openai/a too"],
    }


def test_many_keys_of_one_secret_are_told_by_number() -> None:
    assert same("p/a", "p/b", "p/c")["p/a"] == ["the same secret is stored as p/b and p/c too"]
    assert same(*(f"p/{each}" for each in "abcdef"))["p/b"] == [
        "the same secret is stored as p/a, p/c, p/d and 2 more too"
    ]


def test_secrets_without_a_fingerprint_are_not_the_same() -> None:
    assert same("p/a", "p/b", fingerprint="") == {}


def test_a_key_that_was_deleted_is_no_twin() -> None:
    checks = [check("p/a", fingerprint="f"), check("p/gone", fingerprint="f")]

    assert warnings([credential("p/a")], checks, NOW) == {}


def test_a_secret_that_was_replaced_is_no_twin_any_more() -> None:
    checks = [
        check("p/a", ago=timedelta(1), fingerprint="f"),
        check("p/b", fingerprint="f"),
        check("p/a", fingerprint="g"),
    ]

    assert warnings([credential("p/a"), credential("p/b")], checks, NOW) == {}


@pytest.mark.parametrize("old", [{"hint": "abcd"}, {"fingerprint": "old"}])
def test_what_was_learnt_of_a_replaced_secret_does_not_count(old: dict[str, str]) -> None:
    before = check(ago=timedelta(days=2), learnt=learnt(expires_at=NOW, remaining="0.1", usage="1"), **old)  # type: ignore[arg-type]  # texts only
    now = check(fingerprint="new", learnt=learnt(usage="3"))

    assert of(before, now) == ()


def test_a_key_whose_new_secret_was_not_tested_yet_is_told() -> None:
    assert texts(of(check(hint="abcd"))) == ["never tested"]


def test_the_worst_comes_first() -> None:
    said = learnt(limit="10", remaining="0.1", expires_at=NOW, clock_skew_s=900)
    found = of(check(ago=timedelta(days=40), learnt=said))

    assert [each.kind for each in found] == [Kind.EXPIRED, Kind.NEARLY_OUT, Kind.CLOCK_SKEW, Kind.NOT_TESTED]


AMOUNTS = st.none() | st.decimals() | st.decimals(0, 100)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants bare bounds
LEARNTS = st.builds(
    Learnt,
    limit=AMOUNTS,
    remaining=AMOUNTS,
    balance=AMOUNTS,
    usage=AMOUNTS,
    usage_daily=AMOUNTS,
    usage_weekly=AMOUNTS,
    usage_monthly=AMOUNTS,
    reset=st.sampled_from([None, "daily", "weekly", "monthly", "\x1b"]),
    currency=st.none() | st.text(max_size=5),
    expires_at=st.none() | MOMENTS,
    clock_skew_s=st.none() | st.integers(),
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(LEARNTS, st.sampled_from(Verdict), st.timedeltas(timedelta(0), timedelta(days=60))), max_size=5)
)
def test_whatever_was_learnt_warnings_are_short_clean_and_worst_first(
    history: list[tuple[Learnt, Verdict, timedelta]],
) -> None:
    history.sort(key=lambda each: each[2], reverse=True)

    found = of(*(check(ago=ago, verdict=verdict, learnt=said) for said, verdict, ago in history))

    assert list(found) == sorted(found, key=lambda each: each.kind)
    assert len({each.kind for each in found}) == len(found)
    assert all(len(each.text) <= 140 and each.text.isprintable() for each in found)


@pytest.mark.slow
def test_ten_thousand_keys_are_looked_through_in_two_seconds() -> None:
    credentials = [credential(f"p/{i}") for i in range(10_000)]
    checks = [
        check(f"p/{i}", timedelta(days=5 - day), learnt=learnt(usage=str(day), remaining="20"), fingerprint="f")
        for day in range(5)
        for i in range(10_000)
    ]
    started = time.process_time()

    found = warnings(credentials, checks, NOW)

    assert time.process_time() - started < 2
    assert len(found) == 10_000
