"""How long is waited before a key is asked again, in a run and on a schedule."""

from datetime import timedelta

import pytest

from arka_tui.check import Check, Mood, Verdict
from arka_tui.pace import BILLING, MOST_RETRIES, MOST_WAIT_S, PASSING, is_due, retry_wait_s
from tests.conftest import NOW

HOUR = timedelta(hours=1)


def past(*verdicts: Verdict, ago: timedelta = HOUR, retry_after_s: int | None = None) -> list[Check]:
    """Checks an hour apart, the last of them `ago`."""
    times = [NOW - ago - n * HOUR for n in reversed(range(len(verdicts)))]
    return [
        Check("id", "openai/work", "wxyz", at, verdict, retry_after_s=retry_after_s)
        for at, verdict in zip(times, verdicts, strict=True)
    ]


@pytest.mark.parametrize("verdict", sorted(BILLING))
def test_a_billing_error_is_never_tried_again_by_itself(verdict: Verdict) -> None:
    (check,) = past(verdict, ago=timedelta(days=365), retry_after_s=1)
    assert retry_wait_s(check, 0) is None
    assert not is_due([check], HOUR, NOW)


def test_what_the_provider_asked_for_is_waited_for() -> None:
    (check,) = past(Verdict.RATE_LIMITED, retry_after_s=19)
    assert [retry_wait_s(check, n) for n in range(MOST_RETRIES + 1)] == [19, 19, None]


def test_without_a_word_of_the_provider_the_waits_grow() -> None:
    for verdict in (Verdict.RATE_LIMITED, Verdict.PROVIDER_DOWN):
        (check,) = past(verdict)
        assert [retry_wait_s(check, n) for n in range(MOST_RETRIES + 1)] == [2, 8, None]


def test_nobody_waits_longer_than_a_minute() -> None:
    (check,) = past(Verdict.RATE_LIMITED, retry_after_s=MOST_WAIT_S)
    assert retry_wait_s(check, 0) == MOST_WAIT_S
    (check,) = past(Verdict.RATE_LIMITED, retry_after_s=MOST_WAIT_S + 1)
    assert retry_wait_s(check, 0) is None


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in (Verdict.RATE_LIMITED, Verdict.PROVIDER_DOWN)])
def test_nothing_else_is_tried_again_in_the_same_run(verdict: Verdict) -> None:
    (check,) = past(verdict)
    assert retry_wait_s(check, 0) is None


def test_a_key_is_due_when_its_time_is_up_or_when_it_was_never_tested() -> None:
    assert is_due([], HOUR, NOW)
    assert is_due(past(Verdict.OK, ago=HOUR), HOUR, NOW)
    assert not is_due(past(Verdict.OK, ago=HOUR - timedelta(seconds=1)), HOUR, NOW)


@pytest.mark.parametrize("verdict", sorted(PASSING))
def test_each_failure_in_a_row_doubles_the_wait_up_to_a_day(verdict: Verdict) -> None:
    for failures, hours in ((1, 2), (2, 4), (3, 8), (9, 24)):
        checks = past(Verdict.OK, *[verdict] * failures, ago=timedelta(hours=hours))
        assert is_due(checks, HOUR, NOW)
        late = past(Verdict.OK, *[verdict] * failures, ago=timedelta(hours=hours, seconds=-1))
        assert not is_due(late, HOUR, NOW)


def test_a_success_between_failures_ends_the_row() -> None:
    checks = past(Verdict.PROVIDER_DOWN, Verdict.PROVIDER_DOWN, Verdict.OK, Verdict.PROVIDER_DOWN, ago=2 * HOUR)
    assert is_due(checks, HOUR, NOW)


def test_a_retry_after_of_days_is_kept_on_a_schedule() -> None:
    two_days = past(Verdict.RATE_LIMITED, ago=timedelta(hours=47), retry_after_s=48 * 3600)
    assert not is_due(two_days, HOUR, NOW)
    assert is_due(past(Verdict.RATE_LIMITED, ago=timedelta(hours=48), retry_after_s=48 * 3600), HOUR, NOW)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v.meaning.mood is Mood.BAD])
def test_a_key_that_does_not_work_is_looked_at_once_a_day(verdict: Verdict) -> None:
    assert not is_due(past(verdict, ago=timedelta(hours=23)), HOUR, NOW)
    assert is_due(past(verdict, ago=timedelta(hours=24)), HOUR, NOW)
    assert not is_due(past(verdict, ago=timedelta(hours=24)), timedelta(days=7), NOW), "not oftener than asked for"
