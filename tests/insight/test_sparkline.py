"""The last tests of a key as one line."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.check import Check, Verdict
from arka_tui.insight.sparkline import sparkline
from tests.insight.given import check


def checks(*latencies: int | None) -> list[Check]:
    return [check(ago=timedelta(days=9) - timedelta(hours=i), latency_ms=each) for i, each in enumerate(latencies)]


def test_each_test_is_one_sign_oldest_first() -> None:
    verdicts = [Verdict.OK, Verdict.ACCEPTED, Verdict.NO_CREDITS, Verdict.INVALID_KEY, Verdict.UNREACHABLE, Verdict.OK]

    line = sparkline([check(verdict=each) for each in verdicts])

    assert line.signs == "✓✓!✗?✓"
    assert line.ascii_signs == "++!x?+"


def test_bars_are_scaled_to_the_longest_wait_and_blank_without_an_answer() -> None:
    line = sparkline(checks(10, 250, 500, 1000, None))

    assert line.bars == "▁▂▄▇ "
    assert line.ascii_bars == ".:=# "


def test_only_the_last_tests_are_drawn() -> None:
    line = sparkline(checks(*range(1, 101)), last=3)

    assert len(line.signs) == len(line.bars) == 3
    assert line.words == "median 99 ms, last 3 tests"


@pytest.mark.parametrize(
    ("latencies", "words"),
    [
        ((), "not tested yet"),
        ((210,), "210 ms, last test"),
        ((200, 220), "median 210 ms, last 2 tests"),
        ((200, None), "200 ms, last 2 tests"),
        ((None,), "no answer, last test"),
        ((None, None), "no answer, last 2 tests"),
    ],
)
def test_words_say_how_long_it_takes_and_over_how_many_tests(latencies: tuple[int | None, ...], words: str) -> None:
    assert sparkline(checks(*latencies)).words == words


@given(st.lists(st.none() | st.integers(), max_size=40), st.integers(-2, 30))
def test_any_latency_can_be_drawn(latencies: list[int | None], last: int) -> None:
    line = sparkline(checks(*latencies), last)

    shown = max(0, min(last, len(latencies)))
    assert {len(each) for each in (line.signs, line.bars, line.ascii_signs, line.ascii_bars)} == {shown}
    assert (line.ascii_signs + line.ascii_bars).isascii()
