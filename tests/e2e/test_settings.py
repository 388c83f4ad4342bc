"""Settings at a real terminal: how much is sent while nothing happens, and mistakes told before the first screen."""

import pytest

from arka_tui.simulator import Simulator
from tests.conftest import draft
from tests.e2e.home import Home, unlock
from tests.e2e.terminal import ALTERNATE_SCREEN, Terminal, modes

pytestmark = pytest.mark.pty

SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
IDLE_S = 2.5
"""A cursor that blinks does so five times, and all looks at other sessions are due."""


def to_the_list(terminal: Terminal) -> None:
    unlock(terminal)
    terminal.wait_for("openai/work")
    terminal.settle()


def test_over_ssh_not_a_byte_is_sent_while_nothing_happens(home: Home, simulator: Simulator) -> None:
    home.new_vault().add(draft("openai/work"))
    home.env |= SSH
    with home.launch(simulator) as terminal:
        to_the_list(terminal)
        assert not terminal.paints_within(IDLE_S), "the list"
        terminal.press("/")
        terminal.wait_for("Keep the filter")
        terminal.settle()
        assert not terminal.paints_within(IDLE_S), "a field that has the focus"


@pytest.mark.slow
@pytest.mark.parametrize("environ", [{}, SSH | {"ARKA_CURSOR_BLINK": "true"}], ids=["local", "chosen"])
def test_at_a_local_terminal_or_where_it_was_chosen_the_cursor_blinks(
    home: Home, simulator: Simulator, environ: dict[str, str]
) -> None:
    home.new_vault().add(draft("openai/work"))
    home.env |= environ
    with home.launch(simulator) as terminal:
        to_the_list(terminal)
        terminal.press("/")
        terminal.wait_for("Keep the filter")
        terminal.settle()
        assert terminal.paints_within(IDLE_S)
        assert terminal.paints_within(IDLE_S)


@pytest.mark.parametrize(
    ("text", "environ", "message", "hint"),
    [
        ('[keys]\nkeys.ad = "n"\n', {}, "unknown name 'keys.ad'", "did you mean 'keys.add'?"),
        ('[keys]\n"keys.add" = "ctrl+i"\n', {}, "terminals cannot tell ctrl+i from Tab", "choose another key"),
        ("frames_per_second = 0\n", {}, "'frames_per_second' must be between 1 and 60", "mend "),
        ("", {"ARKA_CLOCK": "maybe"}, "ARKA_CLOCK in the environment must be true or false", "unset it"),
        ("", {"ARKA_PROXY": "http://evil.example"}, "ARKA_PROXY in the environment is refused", "say proxy in the"),
    ],
)
def test_a_mistake_is_told_with_its_remedy_before_the_first_screen(
    home: Home, text: str, environ: dict[str, str], message: str, hint: str
) -> None:
    home.paths.settings.parent.mkdir(parents=True)
    home.paths.settings.write_text(text)
    home.env |= environ
    with home.start() as terminal:
        assert terminal.wait_exit() == 1
        error, told = " ".join(terminal.text.split()).split("arka-tui: hint: ")
    assert error.startswith("arka-tui: error: ") and message in error
    assert hint in told
    assert ALTERNATE_SCREEN not in modes(terminal.raw)


def test_what_deserves_to_be_told_of_variables_is_told_on_the_first_screen(home: Home) -> None:
    home.new_vault()
    home.env |= {"ARKA_THEM": "nord", "ARKA_LOCK_AFTER_MINUTES": "0"}
    with home.start() as terminal:
        terminal.wait_for("ARKA_THEM in the environment")
        terminal.wait_for("ARKA_LOCK_AFTER_MINUTES is set")


@pytest.mark.slow
def test_remapped_keys_work_at_a_real_terminal(home: Home, simulator: Simulator) -> None:
    home.new_vault().add(draft("openai/work"))
    home.paths.settings.parent.mkdir(parents=True, exist_ok=True)
    home.paths.settings.write_text('[keys]\nkeys.add = "+"\nkeys.picks = "f8"\napp.quit = "ctrl+x"\n')
    with home.launch(simulator) as terminal:
        to_the_list(terminal)
        assert "+ Add" in terminal.text and "F8 Picks" in terminal.text
        terminal.press("f8")
        terminal.wait_for("Ask again")
        terminal.press("p")  # the other way back
        terminal.wait_for("F8 Picks")
        terminal.press("+")
        terminal.wait_for("paste it here")
        terminal.press("ctrl+c")
        terminal.wait_for("ctrl+x quits.")
        terminal.press("ctrl+x")
        assert terminal.wait_exit() == 0
