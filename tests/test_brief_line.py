"""The line: what needs a person first, short where nothing does, and fit for a prompt, a motd and a bar of tmux."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.brief import Brief, Version
from arka_tui.telling import brief as telling
from arka_tui.telling.brief import line
from tests.conftest import NOW

FIT = re.compile(r"arka: [A-Za-z0-9 ,:.-]+")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def brief(
    good: int = 0,
    care: int = 0,
    bad: int = 0,
    unsure: int = 0,
    untested: int = 0,
    *,
    warned: int = 0,
    in_days: int | None = None,
    ago: timedelta | None = 3 * HOUR,
) -> Brief:
    expires_on = None if in_days is None else NOW.date() + in_days * DAY
    return Brief(good, care, bad, unsure, untested, warned, expires_on, NOW - ago if ago else None, Version("", 1))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (brief(12), "12 keys ok"),
        (brief(1), "1 key ok"),
        (brief(0, ago=None), "no keys yet"),
        (brief(12, ago=2 * DAY), "12 keys, tested 2 d ago"),
        (brief(9, 2, 1), "1 bad, 2 need you of 12, tested 3 h ago"),
        (brief(11, 1), "1 needs you of 12, tested 3 h ago"),
        (brief(12, warned=1), "1 with a warning of 12, tested 3 h ago"),
        (brief(12, warned=2, in_days=3), "2 with warnings of 12, one expires in 3 d, tested 3 h ago"),
        (brief(12, in_days=14), "12 keys ok"),
        (brief(12, in_days=13), "12 keys, one expires in 13 d, tested 3 h ago"),
        (brief(12, in_days=0), "12 keys, one expires today, tested 3 h ago"),
        (brief(12, in_days=-1), "12 keys, one has expired, tested 3 h ago"),
        (brief(2, 0, 0, 1, 1), "1 unsure, 1 untested of 4, tested 3 h ago"),
        (brief(untested=3, ago=None), "3 untested of 3"),
    ],
)
def test_what_needs_a_person_comes_first_and_what_is_fine_is_short(told: Brief, said: str) -> None:
    assert line(told, NOW, changed=False) == f"arka: {said}"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (brief(12), "12 keys, vault changed since"),
        (brief(0, ago=None), "no keys then, vault changed since"),
        (brief(11, 1), "1 needs you of 12, tested 3 h ago, vault changed since"),
    ],
)
def test_of_a_changed_vault_it_says_so_and_calls_nothing_fine(told: Brief, said: str) -> None:
    assert line(told, NOW, changed=True) == f"arka: {said}"


numbers = st.integers(0, 1_000_000)


@given(
    st.tuples(numbers, numbers, numbers, numbers, numbers, numbers),
    st.none() | st.dates(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.booleans(),
)
def test_no_sign_in_it_means_more_to_a_shell_tmux_or_a_terminal(
    counts: tuple[int, int, int, int, int, int], expires_on: date | None, at: datetime | None, changed: bool
) -> None:
    said = line(Brief(*counts, expires_on, at, Version("", 1)), NOW, changed=changed)
    assert FIT.fullmatch(said)
    assert len(said) < 200


def test_nor_in_what_is_said_of_a_vault_that_is_not_right() -> None:
    assert FIT.fullmatch(telling.MISSING)
    assert FIT.fullmatch(telling.UNREADABLE)
