"""Asking a person: on the terminal itself, whatever the standard streams are, and hidden where it is a secret."""

import errno
import os
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Self, TypeVar

from arka_tui.cli.arguments import Ways
from arka_tui.errors import TerminalUnfit, UsageError, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store.disk import reason
from arka_tui.store.key_file import read_key_file
from arka_tui.store.slots import PASSPHRASE_MAX_BYTES, Passphrase, RecoveryCode, Way
from arka_tui.text import safe

TRIES = 3
_STANDARD = 2
"""Descriptors up to this one are everybody's."""
_ENDING = (signal.SIGTERM, signal.SIGHUP)

ResultT = TypeVar("ResultT")


class Terminal:
    """The controlling terminal, while we are in its foreground."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def find(cls) -> Self | None:
        """None under cron, behind `ssh` without -t, in the background, and where ARKA_NO_ASK says so."""
        if os.environ.get("ARKA_NO_ASK", "") not in ("", "0"):
            return None
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
        self._put(question)
        try:
            return self._line().decode(errors="replace").strip()
        except KeyboardInterrupt:
            os.write(self._fd, b"\n")  # else the shell's prompt stands behind the question
            raise

    def ask_secret(self, question: str) -> Secret:
        """Not echoed. Empty where only Enter was pressed."""
        with self._hidden(question):
            line = self._line()
        # What is no text stays so, for the vault to refuse by name.
        return Secret(line.decode(errors="surrogateescape"))

    def _put(self, question: str) -> None:
        """It may name a file, or what was typed: cleaned, but for the blank at its end."""
        os.write(self._fd, safe(question.rstrip(), 500).encode() + b" ")

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            piece = os.read(self._fd, 4096)
            if not piece:
                break
            line += piece
        return line.rstrip(b"\r\n")

    @contextmanager
    def _hidden(self, question: str) -> Iterator[None]:
        """Also what was typed before the question came is dropped: it was shown. A shell that suspended us turns the
        echo on; who comes back finds it off, and the question again.
        """
        before = termios.tcgetattr(self._fd)
        hidden = list(before)
        hidden[3] = before[3] & ~(termios.ECHO | termios.ECHONL) | termios.ICANON
        # By default these signals end Python without its `finally`, and a shell without echo is left behind.
        handlers = [(number, signal.signal(number, _leave)) for number in _ENDING if _is_default(number)]

        def ask(*_: object) -> None:
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, hidden)
            self._put(question)

        handlers.append((signal.SIGCONT, signal.signal(signal.SIGCONT, ask)))
        try:
            ask()
            yield
        finally:
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._fd, termios.TCSAFLUSH, before)
                os.write(self._fd, b"\n")
            for number, handler in handlers:
                signal.signal(number, handler)


def open_with(deed: Callable[[Way], ResultT], ways: Ways, *, why: str, needed: bool = False) -> ResultT | None:
    """Asks for what opens the vault until `deed` takes it. None where it was skipped, or nobody is there to ask.

    `why` stands in the question. Raises: what `deed` raises, WrongPassphrase after the last try, UsageError;
    TerminalUnfit where it is `needed` and there is no terminal.
    """
    if ways.key_file:
        return deed(read_key_file(ways.key_file))
    if ways.passphrase_fd is not None:
        return deed(Passphrase(read_passphrase(ways.passphrase_fd)))
    terminal = Terminal.find()
    if terminal is None:
        if needed:
            raise TerminalUnfit("there is no terminal to ask for the passphrase on", "over ssh use ssh -t")
        return None
    try:
        return _ask_until_right(deed, terminal, "Recovery code" if ways.recovery else "Passphrase", why, ways)
    finally:
        terminal.close()


def read_passphrase(fd: int) -> Secret:
    """The first line of a file descriptor, which is closed, so that no command that we start inherits it; of the
    standard ones what follows is left. Raises: UsageError, also for a terminal, which would show what is typed.
    """
    try:
        if os.isatty(fd):
            raise UsageError(f"file descriptor {fd} is a terminal, which would show the passphrase", "leave it away")
        return _first_line(fd)
    finally:
        if fd > _STANDARD:
            with suppress(OSError):
                os.close(fd)


def _first_line(fd: int) -> Secret:
    taken = b""
    try:
        while b"\n" not in taken and len(taken) <= PASSPHRASE_MAX_BYTES:
            piece = os.read(fd, 1)  # not a byte more: the rest may be for somebody else
            if not piece:
                break
            taken += piece
    except OSError as error:
        why = "is not open" if error.errno == errno.EBADF else f"cannot be read: {reason(error)}"
        raise UsageError(f"file descriptor {fd} {why}") from None
    line = taken.rstrip(b"\r\n")
    if not line:
        raise UsageError(f"file descriptor {fd} gives no passphrase", "its first line is taken")
    return Secret(line.decode(errors="surrogateescape"))


def _ask_until_right(
    deed: Callable[[Way], ResultT], terminal: Terminal, what: str, why: str, ways: Ways
) -> ResultT | None:
    for left in reversed(range(TRIES)):
        secret = terminal.ask_secret(f"{what}{why}: ")
        if not secret:
            return None
        try:
            return deed(RecoveryCode(secret) if ways.recovery else Passphrase(secret))
        except WrongPassphrase as wrong:
            if not left:
                hint = "" if ways.recovery else "forgotten? --recovery asks for the recovery code"
                raise type(wrong)(str(wrong), wrong.hint or hint) from None
            terminal.say(f"{wrong}; try again")
    return None


def _is_default(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_DFL


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
