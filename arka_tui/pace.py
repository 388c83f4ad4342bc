"""How fast keys are tested, and how often on a schedule. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from arka_tui.check import Check, Mood, Verdict

BILLING = frozenset({Verdict.NO_CREDITS, Verdict.KEY_LIMIT_REACHED, Verdict.SPEND_LIMIT_REACHED})
"""Asking again does not bring money: these are tested again when the user says so."""
PASSING = frozenset({Verdict.RATE_LIMITED, Verdict.PROVIDER_DOWN, Verdict.UNREACHABLE})
"""What may be over soon."""
MOST_WAIT_S = 60
"""Longer than that nobody waits for within one run."""
FIRST_WAIT_S = 2
MOST_RETRIES = 2
MOST_BACK_OFF = timedelta(days=1)


def retry_wait_s(check: Check, retries: int) -> int | None:
    """Seconds until the key is worth another try in the same run; None where it is not.

    As long as the provider said, else 2 s, then 8 s.
    """
    if check.verdict not in (Verdict.RATE_LIMITED, Verdict.PROVIDER_DOWN) or retries >= MOST_RETRIES:
        return None
    wait_s = check.retry_after_s if check.retry_after_s is not None else FIRST_WAIT_S * 4**retries
    return wait_s if wait_s <= MOST_WAIT_S else None


def is_due(checks: Sequence[Check], every: timedelta, now: datetime) -> bool:
    """Whether a scheduled run tests this key. `checks` are its past ones, oldest first.

    Each failure in a row that may pass doubles the wait. A key that does not work is looked at once a day, one that
    lacks money not at all.
    """
    if not checks:
        return True
    last = checks[-1]
    if last.verdict in BILLING:
        return False
    wait = every
    if last.verdict in PASSING:
        wait = min(every * 2 ** min(_in_a_row(reversed(checks)), 10), max(every, MOST_BACK_OFF))
    elif last.verdict.meaning.mood is Mood.BAD:
        wait = max(every, MOST_BACK_OFF)
    return now - last.at >= max(wait, timedelta(seconds=last.retry_after_s or 0))


def _in_a_row(newest_first: Iterable[Check]) -> int:
    count = 0
    for check in newest_first:
        if check.verdict not in PASSING:
            break
        count += 1
    return count
