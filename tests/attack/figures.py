"""What a sweep found: the numbers that `python -m tests.attack` prints and the tests assert."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figures:
    tried: int
    broken: tuple[str, ...] = ()
    """One line for each attack that broke a promise; empty is the aim."""
    told: str = ""
    """What else was measured: "peak memory 41 MiB"."""


@dataclass(frozen=True, slots=True)
class Sweep:
    promise: int
    """Its number in the README's list."""
    title: str
    run: Callable[[Path], Figures]
    """Given an empty folder of its own."""
    needs: str = ""
    """A system program without which it is skipped, such as "strace"."""
