"""`python -m tests.attack` runs every sweep and prints what was tried and what broke. Exit code 1 where anything did.

`python -m tests.attack faults corpus` runs only those modules' sweeps.
"""

import importlib
import pkgutil
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import tests.attack
from tests.attack.figures import Sweep

_WIDTHS = (8, 56, 9, 7, 7)


def sweeps(wanted: Sequence[str]) -> Iterator[Sweep]:
    """In the order of the promises they attack; of the modules named, or of all."""
    names = sorted(module.name for module in pkgutil.iter_modules(tests.attack.__path__))
    for unknown in set(wanted) - set(names):
        raise SystemExit(f"there is no sweep {unknown!r}")
    modules = [
        importlib.import_module(f"tests.attack.{name}")
        for name in names
        if name in (wanted or names) and not name.startswith(("test_", "__"))
    ]
    found: list[Sweep] = [sweep for module in modules for sweep in getattr(module, "SWEEPS", ())]
    yield from sorted(found, key=lambda sweep: sweep.promise)


def main(wanted: Sequence[str]) -> int:
    _row("promise", "sweep", "tried", "broken", "s", "")
    everything_holds = True
    for sweep in sweeps(wanted):
        if sweep.needs and shutil.which(sweep.needs) is None:
            _row(str(sweep.promise), sweep.title, "–", "–", "–", f"skipped: {sweep.needs} is not installed")
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="arka-attack-") as folder:
            figures = sweep.run(Path(folder))
        seconds = f"{time.monotonic() - started:.1f}"
        everything_holds &= not figures.broken
        _row(str(sweep.promise), sweep.title, f"{figures.tried:,}", f"{len(figures.broken):,}", seconds, figures.told)
        for line in figures.broken:
            print(f"          ✗ {line}", flush=True)  # noqa: T201  # a command's output
    return 0 if everything_holds else 1


def _row(*cells: str) -> None:
    *sized, last = cells
    line = "".join(
        text.ljust(width) if at < 2 else text.rjust(width)
        for at, (text, width) in enumerate(zip(sized, _WIDTHS, strict=True))
    )
    print(f"{line}  {last}".rstrip(), flush=True)  # noqa: T201  # a command's output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
