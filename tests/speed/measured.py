"""One line of a table, and how to take turns."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    measured: str
    aim: str


def in_turns(deeds: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each returns. One round before them warms the caches, and does not count."""
    results: dict[str, list[float]] = {name: [] for name in deeds}
    for number in range(rounds + 1):
        for name, deed in deeds.items():
            result = deed()
            if number:
                results[name].append(result)
    return {name: statistics.median(each) for name, each in results.items()}


def seconds(deed: Callable[[], object]) -> float:
    started = time.perf_counter()
    deed()
    return time.perf_counter() - started


def as_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))
