"""What the process keeps to itself when something goes wrong, and what of the environment it does not heed."""

import ctypes
import os
import subprocess
import sys

import pytest

from arka_tui.hygiene import scrub_textual_variables, where_it_failed

CANARY = "sk-proj-CANARY-aaaaaaaaaaaaaaaaaaaaaaaa"
MISHAPS = {
    "an exception": "raise ValueError(key)",
    "a chain of them": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError(key) from error",
    "a group of them": "raise ExceptionGroup(key, [ValueError(key)])",
    "an assertion": "assert not key, key",
    "no memory": "raise MemoryError(key)",
    "in a thread": "import threading\nthreading.Thread(target=lambda: int(key)).start()",
    "in a destructor": "class Dropped:\n    def __del__(self): int(key)\nDropped()",
    "at exit": "import atexit\natexit.register(int, key)",
    "a warning": "import warnings\nwarnings.warn(key)",
    "a log record": "import logging\nlogging.getLogger('library').critical(key)",
    "a lost task": "import asyncio\nasync def main():\n    async def lost(): int(key)\n"
    "    task = asyncio.create_task(lost())\n    await asyncio.sleep(0.01)\nasyncio.run(main())",
    "a coroutine that nobody awaits": "async def never(key): pass\nnever(key)",
}
"""With the key as `key`."""


@pytest.mark.parametrize("mishap", MISHAPS)
def test_what_python_reports_of_its_own_accord_has_no_values(mishap: str) -> None:
    hushed = _said(f"from arka_tui import hygiene; hygiene.hush_reports(); hygiene.hush_logs()\n{MISHAPS[mishap]}")
    assert "CANARY" not in hushed
    assert _said(MISHAPS[mishap]), "Python is silent of its own accord"


def _said(deed: str) -> str:
    """By a Python that was started as usual."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    program = [sys.executable, "-c", f"import sys; key = sys.stdin.read()\n{deed}"]
    done = subprocess.run(program, env=environ, input=CANARY, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_a_report_tells_the_places_and_kinds_down_the_chain() -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise ValueError(CANARY) from error
    except ValueError as error:
        lines = where_it_failed(error)
    assert [line.strip() for line in lines if not line.startswith("    ")] == ["ValueError", "KeyError"]
    assert "test_hygiene.py:" in lines[0]
    assert CANARY not in "".join(lines)


def test_only_the_toolkits_variables_are_dropped() -> None:
    environ = {"TEXTUAL": "devtools", "TEXTUAL_LOG": "log", "TEXTUALLY": "mine", "TERM": "xterm"}
    scrub_textual_variables(environ)
    assert environ == {"TEXTUALLY": "mine", "TERM": "xterm"}


FREED = """
import ctypes
from arka_tui.hygiene import give_back_memory

def resident_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4

buffers = [bytearray(b"k" * 100_000) for _ in range(400)]
last = bytearray(b"k" * 100_000)  # glibc gives back of its own accord what is free at the end
del buffers
before = resident_kib()
give_back_memory()
assert before - resident_kib() > 30_000, (before, resident_kib())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not glibc")
def test_what_was_freed_goes_back_to_the_kernel() -> None:
    subprocess.run([sys.executable, "-c", FREED], check=True)
