"""The line between a user and the program: a pseudo-terminal that counts bytes and notes when they came."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.e2e.terminal import without_sequences

PATIENCE_S = 120.0
QUIET_S = 0.4
COLUMNS, LINES = 80, 24
_ASKS_FOR_SYNC_MODE, _HAS_SYNC_MODE = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


class Line:
    """Starts `command` at once; nothing is drawn here, so that the program has a core of its own."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._ended = False
        self._master, slave = os.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command], env=dict(env), stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        os.close(self._master)

    def wait_for(self, text: str, since: int = 0) -> float:
        """When a text of what came after the first `since` bytes was there: seconds, as `time.monotonic` has them."""
        wanted, deadline = text.encode(), time.monotonic() + PATIENCE_S
        with self._changed:
            while wanted not in without_sequences(bytes(self._raw[since:])):
                if self._ended or not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"{text!r} did not come; the last bytes were {bytes(self._raw[-2000:])!r}")
            return self._last

    def wait_quiet(self, quiet_s: float = QUIET_S) -> int:
        """All bytes until none came for that long."""
        with self._changed:
            while self._changed.wait(quiet_s):
                pass
            return len(self._raw)

    def wait_end(self) -> float:
        """Seconds from start to end."""
        self._process.wait(PATIENCE_S)
        return time.monotonic() - self.started

    @property
    def count(self) -> int:
        """Bytes so far."""
        with self._changed:
            return len(self._raw)

    def send(self, text: str) -> float:
        """When."""
        now = time.monotonic()
        os.write(self._master, text.encode())
        return now

    @property
    def memory_kib(self) -> int:
        """What of the process is in memory."""
        with open(f"/proc/{self._process.pid}/status") as status:
            found = re.search(r"VmRSS:\s+(\d+) kB", status.read())
        assert found
        return int(found[1])

    def _read(self) -> None:
        while not self._ended:
            select.select([self._master], [], [])
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO: nobody holds the other side any more
                data = b""
            with self._changed:
                self._last = time.monotonic()
                self._raw += data
                self._ended = not data
                self._changed.notify_all()
            if _ASKS_FOR_SYNC_MODE in data:
                os.write(self._master, _HAS_SYNC_MODE)
