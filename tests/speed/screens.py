"""What the screens cost a user at the other end of a line: time, bytes, memory."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from arka_tui.store.slots import PASSPHRASE_KDF
from tests.speed.line import Line
from tests.speed.measured import Row, in_turns, seconds
from tests.speed.vaults import PASSPHRASE, filled

ROUNDS = 9
HOLD_PER_S = 30
HOLD_KEYS, INSIDE_KEYS, FEW_KEYS = 60, 15, 6
IDLE_S = 65.0
"""Longer than a minute: by then all ages have changed."""
PYTHON = [sys.executable, "-c", "pass"]
BLANK = [
    *(sys.executable, "-c"),
    """
from textual.app import App
from textual.widgets import Static

class Blank(App):
    def compose(self):
        yield Static("ready")

Blank().run()
""",
]
ARKA = [sys.executable, "-m", "arka_tui"]
CHANGED = [sys.executable, "-m", "tests.speed.program"]
"""See there."""
OVER_SSH = {"SSH_CONNECTION": "192.0.2.7 50222 192.0.2.1 22"}
DOWN, UP = "\x1b[B", "\x1b[A"
DOOR, DOOR_MARK = "arka-tui", "Passphrase"


def rows() -> list[Row]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for keys in (10, 1_000, 10_000):
            filled(root / str(keys), keys).lock()
        return [*_start(root), *_memory(root), *_lists(root), *_bytes(root), *_idle(root)]


def environ(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Of a user at this machine; `OVER_SSH` makes it one at another: ssh brings no COLORTERM along."""
    dropped = ("SSH_", "SSL_", "HTTP", "ALL_PROXY", "TMUX", "NO_COLOR", "TEXTUAL", "ARKA_", "COLORTERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    colours = {} if more else {"COLORTERM": "truecolor"}
    return {**kept, "TERM": "xterm-256color", **colours, "ARKA_HOME": str(home), **(more or {})}


def unlocked(home: Path, more: Mapping[str, str] | None = None, command: Sequence[str] = ARKA) -> Line:
    """At rest, on the list of keys."""
    line = Line(command, environ(home, more))
    line.wait_for(DOOR_MARK)
    line.wait_quiet()
    line.send(f"\x1b[200~{PASSPHRASE}\x1b[201~")
    line.wait_quiet()
    line.send("\r")
    line.wait_for("key-00003")
    line.wait_quiet(1.5)
    return line


def _start(root: Path) -> list[Row]:
    env = environ(root / "10")

    def paint(command: list[str], text: str) -> float:
        with Line(command, env) as line:
            return line.wait_for(text) - line.started

    taken = in_turns(
        {
            "python": lambda: seconds(lambda: subprocess.run(PYTHON, env=env, check=True)),
            "blank": lambda: paint(BLANK, "ready"),
            "arka": lambda: paint(ARKA, DOOR_MARK),
        },
        ROUNDS,
    )
    with Line(ARKA, env) as line:
        line.wait_for(DOOR_MARK)
        here = line.wait_quiet()
    with Line(ARKA, environ(root / "10", OVER_SSH)) as line:
        line.wait_for(DOOR_MARK)
        there = line.wait_quiet()
    return [
        Row(
            "first paint of the locked screen / `python -c pass`",
            f"{taken['arka'] / taken['python']:.1f} ({taken['arka'] * 1000:.0f} ms); "
            f"a blank Textual app {taken['blank'] / taken['python']:.1f}",
            "17",
        ),
        Row("bytes from start to a quiet screen", _pair(f"{here:,}", f"{there:,}"), "12,000"),
    ]


def _memory(root: Path) -> list[Row]:
    with Line(BLANK, environ(root)) as line:
        line.wait_for("ready")
        line.wait_quiet()
        blank = line.memory_kib
    taken = {}
    for keys in (10, 10_000):
        with unlocked(root / str(keys)) as line:
            taken[keys] = line.memory_kib
    return [
        Row(
            "memory after unlock with 10,000 keys / a blank Textual app",
            f"{taken[10_000] / blank:.2f} ({taken[10_000] // 1024} MiB); with 10 keys {taken[10] / blank:.2f}",
            "1.5",
        )
    ]


def _lists(root: Path) -> list[Row]:
    """From the passphrase accepted; and from Enter, with the derivation that a new vault gets."""
    for keys in (10, 10_000):
        filled(root / f"{keys} dear", keys, cost=PASSPHRASE_KDF).lock()
    from_enter: dict[int, list[float]] = {10: [], 10_000: []}

    def paint(keys: int) -> float:
        accepted = root / f"accepted-{keys}"
        with Line([*CHANGED, "--accepted", str(accepted)], environ(root / f"{keys} dear")) as line:
            line.wait_for(DOOR_MARK)
            line.wait_quiet()
            line.send(f"\x1b[200~{PASSPHRASE}\x1b[201~")
            line.wait_quiet()
            entered = line.send("\r")
            painted = line.wait_for("key-00003")
            from_enter[keys].append(painted - entered)
            return painted - float(accepted.read_text())

    taken = in_turns({"few": lambda: paint(10), "many": lambda: paint(10_000)}, 5)
    few, many = (statistics.median(each) for each in from_enter.values())
    return [
        Row(
            "list of 10,000 keys / 10 keys, from the passphrase accepted to the first paint",
            f"{taken['many'] / taken['few']:.1f} ({taken['many'] * 1000:.0f} ms); "
            f"from Enter {many / few:.2f} ({many * 1000:.0f} ms)",
            "1.5",
        )
    ]


def _bytes(root: Path) -> list[Row]:
    measured = {}
    for name, more in (("here", None), ("there", OVER_SSH)):
        with unlocked(root / "1000", more) as line:
            measured[name] = _held(line, DOWN, INSIDE_KEYS), _held(line, DOWN, HOLD_KEYS), _alone(line)
    inside, scrolling, alone = zip(*measured.values(), strict=True)
    return [
        Row(
            "bytes per arrow key held inside the view",
            f"{_pair(*map(str, inside))}; pressed alone, with what is told of the key {_pair(*map(str, alone))}",
            "450",
        ),
        Row("bytes per arrow key held while it scrolls", _pair(*map(str, scrolling)), "800"),
    ]


def _held(line: Line, key: str, times: int) -> int:
    before = line.count
    for _ in range(times):
        line.send(key)
        time.sleep(1 / HOLD_PER_S)
    return (line.wait_quiet() - before) // times


def _alone(line: Line) -> int:
    before = line.count
    for _ in range(FEW_KEYS):
        line.send(UP)
        line.wait_quiet()
    return (line.count - before) // FEW_KEYS


def _idle(root: Path) -> list[Row]:
    """The list, its filter field with a cursor in it, and the locked screen, all at rest for more than a minute."""
    lines = []
    for more in (None, OVER_SSH):
        env = environ(root / "10", more)
        lines += [Line(ARKA, env), unlocked(root / "10", more), unlocked(root / "10", more)]
        lines[-1].send("/")
    for line in lines:
        line.wait_quiet()
    before = [line.count for line in lines]
    time.sleep(IDLE_S)
    rates = [(line.count - at) / IDLE_S for line, at in zip(lines, before, strict=True)]
    for line in lines:
        line.__exit__(None, None, None)
    here, there = max(rates[:3]), max(rates[3:])
    return [Row("bytes per second when idle: list, filter, locked", _pair(f"{here:.0f}", f"{there:.0f}"), "0")]


def _pair(here: str, there: str) -> str:
    return here if here == there else f"{here}; over SSH {there}"
