"""A secret is asked for on a terminal without being shown there, and the terminal is left as it was found."""

import os
import signal
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from arka_tui.cli.prompt import Terminal, read_passphrase
from arka_tui.errors import UsageError
from arka_tui.secret import Secret

ResultT = TypeVar("ResultT")


class Line:
    """A pseudo-terminal of the test's own: what is typed at one end, asked at the other."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.terminal = Terminal(os.dup(self.slave))
        self.before = termios.tcgetattr(self.slave)

    def answered(self, ask: Callable[[str], ResultT], answer: bytes) -> tuple[ResultT, bytes]:
        """The answer as it was taken, and all that the terminal showed. It is typed once the question is there."""
        shown = b""

        def type_it() -> None:
            nonlocal shown
            while b"Secret: " not in shown:
                shown += os.read(self.master, 1024)
            os.write(self.master, answer)

        typist = threading.Thread(target=type_it)
        typist.start()
        taken = ask("Secret: ")
        typist.join()
        os.write(self.slave, b"|")
        while not shown.endswith(b"|"):
            shown += os.read(self.master, 1024)
        return taken, shown

    def close(self) -> None:
        self.terminal.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def test_a_secret_is_taken_and_not_shown(line: Line) -> None:
    secret, shown = line.answered(line.terminal.ask_secret, b"kiosk umber \n")
    assert secret == Secret("kiosk umber ")
    assert shown == b"Secret: \r\n|"
    assert termios.tcgetattr(line.slave) == line.before


def test_an_answer_that_is_no_secret_is_shown(line: Line) -> None:
    answer, shown = line.answered(line.terminal.ask, b" Yes \n")
    assert answer == "Yes"
    assert b"Yes" in shown


def test_the_end_of_input_is_an_empty_answer(line: Line) -> None:
    assert line.answered(line.terminal.ask_secret, b"\x04")[0] == Secret("")


def test_bytes_that_are_no_text_are_not_lost(line: Line) -> None:
    assert line.answered(line.terminal.ask_secret, b"a\xff\n")[0] == Secret("a\udcff")
    assert line.answered(line.terminal.ask_secret, "ä 鍵\n".encode())[0] == Secret("ä 鍵")


def test_what_is_said_cannot_steer_the_terminal(line: Line) -> None:
    line.terminal.say("a\x1b[2Jb")
    assert os.read(line.master, 100).decode() == "a␛[2Jb\r\n"


def test_the_terminal_is_restored_where_the_question_is_broken_off(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(fd: int, count: int) -> bytes:
        assert not termios.tcgetattr(fd)[3] & termios.ECHO
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "read", broken_off)
    with pytest.raises(KeyboardInterrupt):
        line.terminal.ask_secret("Secret: ")
    assert termios.tcgetattr(line.slave) == line.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_question_restores_the_terminal_and_ends_the_program(
    line: Line, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled(fd: int, count: int) -> bytes:
        signal.raise_signal(number)
        raise AssertionError("it went on")

    monkeypatch.setattr(os, "read", signalled)
    handler = signal.getsignal(number)
    with pytest.raises(SystemExit) as left:
        line.terminal.ask_secret("Secret: ")
    assert left.value.code == 128 + number
    assert termios.tcgetattr(line.slave) == line.before
    assert signal.getsignal(number) == handler


def test_where_it_is_not_to_ask_it_does_not_even_look_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*arguments: object) -> int:
        raise AssertionError("it looked")

    monkeypatch.setenv("ARKA_NO_ASK", "1")
    monkeypatch.setattr(os, "open", opened)
    assert Terminal.find() is None


def test_a_question_cannot_steer_the_terminal(line: Line) -> None:
    taken, shown = line.answered(lambda _: line.terminal.ask("Replace in \x1b]52;c;aGk=\x07\udcff? Secret: "), b"y\n")
    assert taken == "y"
    assert b"\x1b" not in shown
    assert b"\x07" not in shown


def test_who_comes_back_from_a_suspension_is_asked_again_and_not_shown(line: Line) -> None:
    """The shell gives the terminal back with its own settings, echo among them."""
    shown = b""

    def come_back() -> None:
        nonlocal shown
        while shown.count(b"Secret: ") < 1:
            shown += os.read(line.master, 1024)
        termios.tcsetattr(line.slave, termios.TCSANOW, line.before)
        os.kill(os.getpid(), signal.SIGCONT)
        while shown.count(b"Secret: ") < 2:
            shown += os.read(line.master, 1024)
        os.write(line.master, b"kiosk umber\n")

    handler = signal.getsignal(signal.SIGCONT)
    person = threading.Thread(target=come_back)
    person.start()
    assert line.terminal.ask_secret("Secret: ") == Secret("kiosk umber")
    person.join()
    os.write(line.slave, b"|")
    while not shown.endswith(b"|"):
        shown += os.read(line.master, 1024)
    assert b"kiosk" not in shown
    assert signal.getsignal(signal.SIGCONT) is handler


def test_a_terminal_is_no_descriptor_for_a_passphrase(line: Line) -> None:
    with pytest.raises(UsageError, match="is a terminal, which would show the passphrase"):
        read_passphrase(os.dup(line.slave))


def test_a_descriptor_is_closed_once_its_line_is_read(tmp_path: Path) -> None:
    file = tmp_path / "word"
    file.write_text("kiosk umber\n")
    fd = os.open(file, os.O_RDONLY)
    assert read_passphrase(fd) == Secret("kiosk umber")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
