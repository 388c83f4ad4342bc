"""An open vault that was left: suspended, stopped from outside, hung up."""

import signal

import pytest

from tests.conftest import draft
from tests.e2e.home import Home, unlock
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.pty


@pytest.fixture
def filled(home: Home) -> Home:
    home.new_vault().add(draft())
    return home


def open_list(home: Home) -> Terminal:
    terminal = home.start()
    unlock(terminal)
    terminal.wait_for("openai/work")
    return terminal


def test_ctrl_z_and_fg_come_back_to_the_locked_door(filled: Home) -> None:
    with open_list(filled) as terminal:
        terminal.press("ctrl+z")
        terminal.wait_stopped()
        terminal.signal(signal.SIGCONT)
        terminal.wait_for("Locked: arka-tui was suspended")
        terminal.wait_gone("openai/work")
        unlock(terminal)
        terminal.wait_for("openai/work")


@pytest.mark.slow
def test_who_stops_and_continues_it_from_outside_finds_it_locked_and_painted_anew(filled: Home) -> None:
    with open_list(filled) as terminal:
        terminal.signal(signal.SIGSTOP)
        terminal.wait_stopped()
        terminal.signal(signal.SIGCONT)
        terminal.wait_for("Locked: arka-tui was suspended")
        terminal.wait_gone("openai/work")


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGQUIT, marks=pytest.mark.slow),
    ],
    ids=lambda number: number.name,
)
def test_a_signal_to_leave_restores_the_terminal_and_tells_its_number(filled: Home, number: signal.Signals) -> None:
    with open_list(filled) as terminal:
        terminal.signal(number)
        assert terminal.wait_exit() == 128 + number
        assert terminal.not_restored() == []
