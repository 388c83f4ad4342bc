"""The newest word on each matter of a key, and when it was said."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.check import Check, Learnt, Verdict
from arka_tui.insight.known import Known, facts_of
from tests.conftest import NOW
from tests.insight.given import check

FOUR_DAYS, TEN_DAYS = timedelta(days=4), timedelta(days=10)
LIMITS = Learnt(limit=Decimal(20), remaining=Decimal(12), reset="monthly", usage=Decimal(8))
DOWN = check(verdict=Verdict.PROVIDER_DOWN)


def told(*checks: Check) -> list[tuple[Learnt, int, bool]]:
    """What, how many days ago, dated."""
    return [(each.learnt, (NOW - each.at).days, each.dated) for each in facts_of(checks, NOW)]


def test_of_a_key_that_was_never_tested_nothing_is_known() -> None:
    assert told() == []


def test_what_the_last_test_said_is_not_dated() -> None:
    assert told(check(learnt=LIMITS)) == [(LIMITS, 0, False)]


@pytest.mark.parametrize(("ago", "dated"), [(timedelta(days=1), False), (timedelta(days=1, seconds=1), True)])
def test_what_was_said_more_than_a_day_ago_is_dated(ago: timedelta, dated: bool) -> None:
    assert facts_of([check(ago=ago, learnt=LIMITS)], NOW) == (Known(LIMITS, NOW - ago, dated),)


def test_after_a_test_that_learnt_nothing_the_newest_word_stays_with_its_date() -> None:
    earlier = Learnt(limit=Decimal(5), remaining=Decimal(5), organization="Analytical Engines")
    checks = [check(ago=TEN_DAYS, learnt=earlier), check(ago=FOUR_DAYS, learnt=LIMITS), DOWN]

    assert told(*checks) == [(LIMITS, 4, True), (Learnt(organization="Analytical Engines"), 10, True)]


def test_even_a_word_of_an_hour_ago_is_dated_where_a_later_test_did_not_say_it() -> None:
    assert told(check(ago=timedelta(hours=1), learnt=LIMITS), DOWN) == [(LIMITS, 0, True)]


def test_a_limit_or_expiry_that_the_provider_no_longer_names_is_gone() -> None:
    before = Learnt(limit=Decimal(20), remaining=Decimal(1), expires_at=NOW)
    now = Learnt(usage=Decimal(8))

    assert told(check(ago=FOUR_DAYS, learnt=before), check(learnt=now)) == [(now, 0, False)]


def test_a_balance_that_could_not_be_asked_is_told_as_it_was_in_its_own_currency() -> None:
    before = Learnt(balance=Decimal(110), currency="CNY", limit=Decimal(3))
    now = Learnt(limit=Decimal(20), currency="USD")

    assert told(check(ago=FOUR_DAYS, learnt=before), check(learnt=now)) == [
        (now, 0, False),
        (Learnt(balance=Decimal(110), currency="CNY"), 4, True),
    ]


def test_what_is_about_one_test_only_does_not_outlive_it() -> None:
    before = Learnt(clock_skew_s=900, works_at="https://x.example/v1", probe_model="small", currency="EUR", models=3)

    assert told(check(ago=FOUR_DAYS, learnt=before), DOWN) == [(Learnt(models=3), 4, True)]


def test_what_was_learnt_of_a_secret_that_was_replaced_does_not_count() -> None:
    before, now = check(ago=FOUR_DAYS, learnt=LIMITS, fingerprint="old"), check(fingerprint="new")

    assert told(before, now) == []
    assert told(check(ago=FOUR_DAYS, learnt=LIMITS, fingerprint="new"), now) == [(LIMITS, 4, True)]


PARTS = {
    "organization": "Engines",
    "models": 0,
    "balance": Decimal(0),
    "limit": Decimal(0),
    "usage": Decimal(1),
    "free_tier": False,
    "requests_limit": "500",
    "works_at": "https://x.example",
}


@given(st.lists(st.sets(st.sampled_from(sorted(PARTS))), max_size=6))
def test_no_fact_is_told_twice_and_each_is_of_the_newest_test_that_said_it(said: list[set[str]]) -> None:
    checks = [
        check(ago=timedelta(days=len(said) - at), learnt=Learnt(**{name: PARTS[name] for name in names}))  # type: ignore[arg-type]  # of many types
        for at, names in enumerate(said)
    ]

    known = facts_of(checks, NOW)

    for name in PARTS:
        tellers = [each.at for each in known if getattr(each.learnt, name) is not None]
        assert tellers in ([], [max((each.at for each in checks if getattr(each.learnt, name) is not None), default=0)])
    assert [each.at for each in known] == sorted((each.at for each in known), reverse=True)
