"""“Test all” as a user sees it: how long, how many bytes, and whether the program answers meanwhile."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.speed.line import Line
from tests.speed.measured import Row
from tests.speed.screens import CHANGED, OVER_SSH, unlocked
from tests.speed.vaults import filled

KEYS, AT_ONCE, ANSWER_S = 200, 20, 0.2
FRAME_S, FRAME_OVER_SSH_S = 1 / 60, 1 / 15
PRESSES = 12


def rows() -> list[Row]:
    taken_s, spent, answers_s = _run(None)
    over_ssh_s, spent_over_ssh, answers_over_ssh_s = _run(OVER_SSH)
    ideal_s = KEYS / AT_ONCE * ANSWER_S
    frames = [
        f"{statistics.median(answers) / frame:.1f}, at worst {max(answers) / frame:.1f}"
        for answers, frame in ((answers_s, FRAME_S), (answers_over_ssh_s, FRAME_OVER_SSH_S))
    ]
    return [
        Row(
            f"testing {KEYS} keys that take {ANSWER_S * 1000:.0f} ms each, {AT_ONCE} at a time / ideal",
            f"{taken_s / ideal_s:.2f}; over SSH {over_ssh_s / ideal_s:.2f}",
            "1.15",
        ),
        Row("frames until a key is answered meanwhile", f"{frames[0]}; over SSH {frames[1]}", "1"),
        Row(
            f"bytes for a test of {KEYS} keys, the log closed",
            f"{spent:,}; over SSH {spent_over_ssh:,}",
            "60,000",
        ),
    ]


def _run(more: dict[str, str] | None) -> tuple[float, int, list[float]]:
    """Twice, for each key that is pressed costs bytes: seconds and bytes of the first, seconds a key of the second."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        provider = subprocess.Popen(
            [sys.executable, "-m", "tests.speed.slow_provider", str(KEYS), str(ANSWER_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert provider.stdin and provider.stdout
        told = json.loads(provider.stdout.readline())
        filled(home, KEYS, address=told["address"], secrets=told["keys"]).lock()
        (home / "config").mkdir()
        (home / "config" / "config.toml").write_text("paid_test = false\n")  # one request a key
        with unlocked(home, more, [*CHANGED, "--openai", told["address"]]) as line:
            taken_s, spent = _test_all(line)
            answers_s = _press_meanwhile(line)
        provider.stdin.close()
        requests = int(provider.stdout.read())
        provider.wait()
        if requests != 2 * KEYS:
            raise AssertionError(f"{requests} requests for {2 * KEYS} tests")
    return taken_s, spent, answers_s


def _test_all(line: Line) -> tuple[float, int]:
    line.send("T")
    line.wait_for("at most 20 at a time")
    line.wait_quiet()
    before, began = line.count, line.send("y")
    line.wait_for("testing ", since=before)
    ended = line.wait_for(f"{KEYS} keys  ·  paid test off", since=line.count)
    return ended - began, line.wait_quiet(1.0) - before


def _press_meanwhile(line: Line) -> list[float]:
    """Space selects a key, and the title tells how many are selected."""
    before = line.count
    line.send("T")
    line.wait_for("at most 20 at a time", since=before)
    line.wait_quiet()
    before = line.count
    line.send("y")
    line.wait_for("testing ", since=before)
    taken = []
    for number in range(1, PRESSES + 1):
        before, pressed = line.count, line.send(" ")
        taken.append(line.wait_for(f"{number} selected", since=before) - pressed)
        time.sleep(0.07)  # out of step with the frames
    line.wait_for(f"{KEYS} keys  ·  {PRESSES} selected", since=before)
    return taken
