"""Asking a person: on the terminal itself, whatever the standard streams are, and hidden where it is a secret."""

import os
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Self, TypeVar

from arka_tui.cli.arguments import Options
from arka_tui.errors import TerminalUnfit, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store.key_file import read_key_file
from arka_tui.store.slots import Passphrase, RecoveryCode, Way
from arka_tui.text import safe

TRIES = 3
_ENDING = (signal.SIGTERM, signal.SIGHUP)

ResultT = TypeVar("ResultT")


class Terminal:
    """The controlling terminal, while we are in its foreground."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def find(cls) -> Self | None:
        """None under cron, behind `ssh` without -t, and in the background."""
        try:
            fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return None
        with suppress(OSError):
            if os.tcgetpgrp(fd) == os.getpgrp():
                return cls(fd)
        os.close(fd)
        return None

    def close(self) -> None:
        os.close(self._fd)

    def say(self, text: str) -> None:
        os.write(self._fd, safe(text, 500).encode() + b"\n")

    def ask(self, question: str) -> str:
        """The line that was typed, without its end; empty at the end of input."""
        os.write(self._fd, question.encode())
        return self._line().decode(errors="replace").strip()

    def ask_secret(self, question: str) -> Secret:
        """Not echoed. Empty where only Enter was pressed."""
        with self._hidden():
            os.write(self._fd, question.encode())
            line = self._line()
        # What is no text stays so, for the vault to refuse by name.
        return Secret(line.decode(errors="surrogateescape"))

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            piece = os.read(self._fd, 4096)
            if not piece:
                break
            line += piece
        return line.rstrip(b"\r\n")

    @contextmanager
    def _hidden(self) -> Iterator[None]:
        """Also what was typed before the question came is dropped: it was shown."""
        before = termios.tcgetattr(self._fd)
        hidden = list(before)
        hidden[3] = before[3] & ~(termios.ECHO | termios.ECHONL) | termios.ICANON
        # By default these signals end Python without its `finally`, and a shell without echo is left behind.
        handlers = [(number, signal.signal(number, _leave)) for number in _ENDING if _is_default(number)]
        try:
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, hidden)
            yield
        finally:
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._fd, termios.TCSAFLUSH, before)
                os.write(self._fd, b"\n")
            for number, handler in handlers:
                signal.signal(number, handler)


def open_with(deed: Callable[[Way], ResultT], options: Options, *, why: str, needed: bool = False) -> ResultT | None:
    """Asks for what opens the vault until `deed` takes it. None where it was skipped, or nobody is there to ask.

    `why` stands in the question. Raises: what `deed` raises, WrongPassphrase after the last try; TerminalUnfit where it
    is `needed` and there is no terminal.
    """
    if options.key_file:
        return deed(read_key_file(options.key_file))
    terminal = Terminal.find()
    if terminal is None:
        if needed:
            raise TerminalUnfit("there is no terminal to ask for the passphrase on", "over ssh use ssh -t")
        return None
    try:
        return _ask_until_right(deed, terminal, "Recovery code" if options.recovery else "Passphrase", why, options)
    finally:
        terminal.close()


def _ask_until_right(
    deed: Callable[[Way], ResultT], terminal: Terminal, what: str, why: str, options: Options
) -> ResultT | None:
    for left in reversed(range(TRIES)):
        secret = terminal.ask_secret(f"{what}{why}: ")
        if not secret:
            return None
        try:
            return deed(RecoveryCode(secret) if options.recovery else Passphrase(secret))
        except WrongPassphrase as wrong:
            if not left:
                raise
            terminal.say(f"{wrong}; try again")
    return None


def _is_default(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_DFL


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
