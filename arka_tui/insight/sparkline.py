"""The last tests of a key as one small line: how each ended, and how long its provider took."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from arka_tui.check import Check

LAST = 24
_BARS = "▁▂▃▄▅▆▇"
_ASCII_BARS = ".:-=+*#"
_NO_ANSWER = " "
_ASCII_SIGNS = str.maketrans({"✓": "+", "✗": "x"})


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Each text but `words` has one character a test, oldest first."""

    signs: str
    """✓ ! ✗ ?"""
    bars: str
    """Of the latency, up to the largest one; blank where no answer came."""
    ascii_signs: str
    """The same for terminals without such characters: + ! x ?"""
    ascii_bars: str
    words: str
    """ "median 210 ms, last 24 tests", or "not tested yet"."""


def sparkline(checks: Sequence[Check], last: int = LAST) -> Sparkline:
    """Of one key's checks, oldest first."""
    shown = checks[-last:] if last > 0 else ()
    signs = "".join(check.verdict.meaning.sign for check in shown)
    latencies = [check.latency_ms for check in shown]
    return Sparkline(
        signs=signs,
        bars=_drawn(latencies, _BARS),
        ascii_signs=signs.translate(_ASCII_SIGNS),
        ascii_bars=_drawn(latencies, _ASCII_BARS),
        words=_words(latencies),
    )


def _drawn(latencies: Sequence[int | None], bars: str) -> str:
    largest = max((each for each in latencies if each is not None), default=0)
    return "".join(_NO_ANSWER if each is None else bars[_height(each, largest, len(bars))] for each in latencies)


def _height(latency: int, largest: int, heights: int) -> int:
    return min(heights - 1, max(0, latency) * heights // largest) if largest > 0 else 0


def _words(latencies: Sequence[int | None]) -> str:
    if not latencies:
        return "not tested yet"
    tests = "last test" if len(latencies) == 1 else f"last {len(latencies)} tests"
    answered = [each for each in latencies if each is not None]
    if not answered:
        return f"no answer, {tests}"
    middle = f"{round(median(answered))} ms"
    return f"{middle if len(answered) == 1 else f'median {middle}'}, {tests}"
