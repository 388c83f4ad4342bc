"""A terminal without a window: the real program in a pseudo-terminal, its bytes, and the picture they make."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

PATIENCE_S = 60.0
"""How long anything may take. Only a failure takes that long: under strace, on a busy machine, 15 s were too few."""

QUIET_S = 0.3

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "backspace": "\x7f",
    "f8": "\x1b[19~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghjklnopqrstuvwxyz"},
}

CURSOR, LINE_WRAP, ALTERNATE_SCREEN = 25, 7, 1049
NEEDS_UNDOING = {
    1000: "mouse clicks",
    1003: "mouse moves",
    1006: "mouse coordinates",
    1015: "mouse coordinates of urxvt",
    1004: "focus reports",
    2004: "marked pastes",
    ALTERNATE_SCREEN: "the second screen",
}

_CSI = rb"\x1b\[[0-?]*[ -/]*[@-~]"
_STRING = rb"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
_ESCAPE = rb"\x1b[ -/]*[0-~]"
_SEQUENCE = re.compile(b"|".join((_CSI, _STRING, _ESCAPE)))
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*)?\Z")
_SCREEN_SWITCH = re.compile(rb"(\x1b\[\?1049[hl])")
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[@-~]|\x1b\[\?[0-9;]*\$p")
_ASKS_FOR_SYNC_MODE, _HAS_SYNC_MODE = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_ASKS_FOR_STATUS, _IS_WELL = b"\x1b[5n", b"\x1b[0n"


class Terminal:
    """Starts `command` at once; `close`, or the end of the `with` block, leaves nothing of it behind.

    `controlling=False`: no session of its own, so the kernel tells the program nothing when the terminal vanishes.
    `on_status` is the answer to a program that asks how it is, which a program does that leaves.
    `stdin` and `stderr` replace what is the terminal otherwise. `user` is a uid to run as.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        columns: int = 80,
        lines: int = 24,
        controlling: bool = True,
        on_status: bytes = _IS_WELL,
        stdin: int | None = None,
        stderr: int | None = None,
        user: int | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._unfed = b""
        self._size = (columns, lines)
        self._main, self._alternate = _Picture(*self._size), _Picture(*self._size)
        self._picture = self._main
        self._ended = False
        self._stop_at = b""
        self._on_status = on_status
        self.master, slave = os.openpty()
        self._set_size(columns, lines)
        self._attributes = termios.tcgetattr(self.master)
        self.process = subprocess.Popen(
            [*(["setsid", "--ctty"] if controlling else []), *map(str, command)],
            env=dict(env),
            cwd=env["HOME"],
            stdin=slave if stdin is None else stdin,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
            start_new_session=not controlling,
            user=user,
        )
        os.close(slave)
        self._wake_reader, self._stop_reader = os.pipe()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ looking

    @property
    def raw(self) -> bytes:
        """Every byte so far."""
        with self._changed:
            return bytes(self._raw)

    @property
    def text(self) -> str:
        """The picture as lines, without trailing blanks."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._picture.lines)

    def wait_for(self, text: str, timeout_s: float = PATIENCE_S) -> None:
        self.wait_until(lambda picture: text in picture, f"{text!r} on screen", timeout_s)

    def wait_gone(self, text: str, timeout_s: float = PATIENCE_S) -> None:
        self.wait_until(lambda picture: text not in picture, f"{text!r} gone", timeout_s)

    def wait_until(self, holds: Callable[[str], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
        """Looks at the picture whenever bytes came. Raises: AssertionError, with the picture."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not holds(self.text):
                left_s = deadline - time.monotonic()
                if left_s <= 0 or self._ended:
                    why = "the program ended" if self._ended else f"not within {timeout_s} s"
                    raise AssertionError(f"{what}: {why}; the screen was\n{self.text}")
                self._changed.wait(left_s)

    def settle(self) -> None:
        """Until nothing was painted for a while: for what takes several frames, such as a change of size."""
        with self._changed:
            while self._changed.wait(QUIET_S):
                pass

    def paints_within(self, seconds: float) -> bool:
        """Whether a byte comes: waits for the first."""
        with self._changed:
            return self._changed.wait(seconds)

    def wait_for_mode(self, number: int, *, on: bool) -> None:
        self.wait_until(lambda _: modes(bytes(self._raw)).get(number) is on, f"mode {number} {'on' if on else 'off'}")

    def wait_exit(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit code, once the program ended and its last byte is here; -n where signal n killed it."""
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return code

    def wait_stopped(self, timeout_s: float = PATIENCE_S) -> None:
        """Until a signal has stopped it, as ctrl+z does."""
        stopped = threading.Thread(
            target=os.waitid, args=(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT), daemon=True
        )
        stopped.start()
        stopped.join(timeout_s)
        assert not stopped.is_alive(), "it was not stopped"

    def not_restored(self) -> list[str]:
        """What a shell would find changed after the program has ended."""
        last = modes(self.raw)
        wrong = [name for number, name in NEEDS_UNDOING.items() if last.get(number, False)]
        wrong += [name for number, name in ((CURSOR, "cursor"), (LINE_WRAP, "line wrap")) if not last.get(number, True)]
        if self.raw.count(b"\x1b[<u") < len(re.findall(rb"\x1b\[>[0-9]+u", self.raw)):
            wrong.append("kitty keyboard")
        if termios.tcgetattr(self.master) != self._attributes:
            wrong.append("line discipline")
        return wrong

    # ------------------------------------------------------------------ acting

    def press(self, *keys: str) -> None:
        """Names of `KEYS`, or characters."""
        self.paste_raw("".join(KEYS.get(key, key) for key in keys))

    def press_and_see(self, *keys: str, at: str) -> None:
        """Until the first character of the text `at` looks different: how a focus that moves is seen."""
        before = self._style_of(at)
        self.press(*keys)
        self.wait_until(lambda _: self._style_of(at) != before, f"{keys} changes the looks of {at!r}")

    def paste(self, text: str) -> None:
        """As terminals do that mark a paste as one."""
        self.paste_raw(f"\x1b[200~{text}\x1b[201~")

    def paste_raw(self, text: str) -> None:
        """As terminals do that do not: the program cannot tell it from typing but by its speed."""
        os.write(self.master, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Until the program has begun to paint anew: changes within the same moment can pass the toolkit by."""
        with self._changed:
            before = len(self._raw)
            self._set_size(columns, lines)
            self.wait_until(lambda _: len(self._raw) > before, f"a frame of {columns}x{lines}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stall_in_a_large_frame(self) -> None:
        """The program has 300 kB to write, and from some line on nobody takes its bytes."""
        self._stop_at = b"\x1b[30;1H"
        self._set_size(400, 200)
        self._reader.join(PATIENCE_S)
        assert not self._reader.is_alive(), "the frame did not come"

    def hang_up(self) -> None:
        """The terminal is gone, as when a connection breaks or a window is closed."""
        self._stop_reading()
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._stop_reading()
        for fd in (self.master, self._wake_reader, self._stop_reader):
            if fd >= 0:
                os.close(fd)
        self.master = self._wake_reader = self._stop_reader = -1

    # ------------------------------------------------------------------ inside

    def _stop_reading(self) -> None:
        os.write(self._stop_reader, b".")
        self._reader.join()

    def _style_of(self, text: str) -> pyte.screens.Char | None:
        """Of the first character of its first place on screen."""
        with self._changed:
            screen = self._picture.screen
            found = ((row, line.find(text)) for row, line in enumerate(self._picture.lines))
            return next((screen.buffer[row][column] for row, column in found if column >= 0), None)

    def _set_size(self, columns: int, lines: int) -> None:
        self._size = (columns, lines)
        for picture in (self._main, self._alternate):
            picture.screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self.master, self._wake_reader], [], [])
            if self._wake_reader in ready:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:  # EIO: the last program that held the terminal is gone
                data = b""
            with self._changed:
                self._raw += data
                self._feed(data)
                self._ended = not data
                self._changed.notify_all()
            if not data or (self._stop_at and self._stop_at in data):
                return
            if _ASKS_FOR_SYNC_MODE in data:
                os.write(self.master, _HAS_SYNC_MODE)
            if _ASKS_FOR_STATUS in data:
                os.write(self.master, self._on_status)

    def _feed(self, data: bytes) -> None:
        data = self._unfed + data
        rest = _UNFINISHED.search(data)
        self._unfed, data = (data[rest.start() :], data[: rest.start()]) if rest else (b"", data)
        for piece in _SCREEN_SWITCH.split(data):
            if _SCREEN_SWITCH.fullmatch(piece):  # pyte has one screen only
                self._alternate = _Picture(*self._size)
                self._picture = self._alternate if piece.endswith(b"h") else self._main
            else:
                self._picture.stream.feed(_UNKNOWN_TO_PYTE.sub(b"", piece))


class _Picture:
    def __init__(self, columns: int, lines: int) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)

    @property
    def lines(self) -> list[str]:
        """As `Screen.display`, which stumbles over half of a wide letter."""
        rows, columns = self.screen.lines, self.screen.columns
        return ["".join(self.screen.buffer[y][x].data for x in range(columns)) for y in range(rows)]


def modes(raw: bytes) -> dict[int, bool]:
    """The private modes that were set or reset, as they were left."""
    last: dict[int, bool] = {}
    for numbers, final in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", raw):
        last |= dict.fromkeys(map(int, numbers.split(b";")), final == b"h")
    return last


def without_sequences(raw: bytes) -> bytes:
    """Only what is printed: a text stays whole although the cursor moved or the colour changed within it."""
    return _SEQUENCE.sub(b"", raw)


def kinds_of_sequences(raw: bytes) -> set[bytes]:
    """All escape sequences without their numbers, and all other controls: what the program asks of a terminal."""
    kinds = {
        re.sub(rb"[0-9;:]+", b"", found) if found.startswith(b"\x1b[") else found[:2]
        for found in _SEQUENCE.findall(raw)
    }
    return kinds | {bytes([byte]) for byte in without_sequences(raw) if byte < 0x20 or byte == 0x7F}


def strings_to_terminal(raw: bytes) -> set[bytes]:
    """Titles, clipboards, hyperlinks and the like, each whole."""
    return {found for found in _SEQUENCE.findall(raw) if re.match(rb"\x1b[\]PX^_]", found)}
