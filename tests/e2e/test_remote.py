"""The real program by ssh, in tmux: what is painted in which terminal, sizes, pastes, suspension, and how it leaves."""

import os
import re
import signal
import subprocess
from functools import partial

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.simulator import Simulator
from arka_tui.store.key_file import make_key_file
from tests.e2e.canary import Canary
from tests.e2e.home import unlock as unlock_here
from tests.e2e.remote import PROMPT, Remote, fill, name_of, unlock
from tests.e2e.remote import remote as remote
from tests.e2e.remote import sshd as sshd
from tests.e2e.tmux import SHELL_LIKE, Tmux, needs_tmux
from tests.sshd import needs_sshd, wait_gone

pytestmark = [pytest.mark.pty, needs_sshd, needs_tmux]

DOOR, LIST = "type it, then Enter", "l Log"


# ---------------------------------------------------------------------- painting

COLOURS_256 = re.compile(r"\x1b\[[34]8;5;")
COLOURS_ANY = re.compile(r"\x1b\[(?:[34]|9|10)[0-7]m|\x1b\[[34]8;")


def test_the_door_and_the_list_are_painted_whole_and_in_colour(remote: Remote) -> None:
    fill(remote.home, 3)
    window = remote.open(term="xterm-256color")
    window.wait_for(DOOR)
    assert COLOURS_256.search(window.styled)
    unlock(window)
    for n in range(3):
        window.wait_for(name_of(n))
    assert COLOURS_256.search(window.styled)
    assert window.flags.second_screen
    window.press("q")
    assert window.wait_exit() == 0
    assert window.flags == SHELL_LIKE
    assert window.left == ""
    remote.sshd.wait_idle()


@pytest.mark.slow
@pytest.mark.parametrize("term", ["xterm-256color", "screen", "screen-256color", "tmux", "linux", "vt100"])
def test_each_kind_of_terminal_shows_what_a_terminal_here_shows(remote: Remote, term: str) -> None:
    fill(remote.home, 3)
    with remote.home.launch(remote.simulator) as here:
        here.wait_for("^q Quit")
        door = here.text
        unlock_here(here)
        here.wait_for(f"{name_of(0)} was never tested")
        keys = here.text
    window = remote.open(term=term)
    window.wait_until(lambda picture: picture.strip() == door.strip(), f"the same door as here, which is\n{door}")
    unlock(window)
    window.wait_until(lambda picture: picture.strip() == keys.strip(), f"the same list as here, which is\n{keys}")
    assert COLOURS_ANY.search(window.styled)
    assert bool(COLOURS_256.search(window.styled)) is term.endswith("256color")
    window.press("C-q")
    assert window.wait_exit() == 0
    assert window.flags == SHELL_LIKE
    assert window.left == ""


def test_a_dumb_terminal_is_refused_in_two_lines(remote: Remote) -> None:
    window = remote.open(term="dumb")
    assert window.wait_exit() == Exit.NO_TERMINAL
    said = "arka-tui: error: the terminal says that it is dumb\narka-tui: hint: set TERM to what it really is"
    assert window.left == said
    assert window.flags == SHELL_LIKE
    remote.sshd.wait_idle()


@pytest.mark.slow
def test_each_change_of_size_is_followed_by_a_whole_picture(remote: Remote) -> None:
    fill(remote.home, 50)
    window = remote.open()
    unlock(window)
    window.press("G")
    for columns, lines in ((40, 12), (120, 40), (80, 24)):
        window.resize(columns, lines)
        window.wait_until(partial(_fills, columns, lines), f"a picture of {columns}x{lines}")
    window.press("q")
    assert window.wait_exit() == 0


def _fills(columns: int, lines: int, picture: str) -> bool:
    """Head, the last keys without a gap, and the footer, each in its place."""
    rows = picture.split("\n")
    numbers = [int(number) for number in re.findall(r"key-(\d+) .*…aaaa", picture)]
    return (
        len(rows) == lines
        and rows[0].startswith(" arka-tui  50 keys")
        and rows[-1].startswith("? Help")
        and len(numbers) >= lines // 2
        and numbers == [*range(50 - len(numbers), 50)]
        and columns - 10 <= max(map(len, rows)) <= columns
    )


@pytest.mark.slow
def test_in_the_plain_locale_signs_are_shown_as_they_are(remote: Remote) -> None:
    remote.home.env["LC_ALL"] = "C"
    fill(remote.home, 1)
    window = remote.open()
    unlock(window)
    window.wait_for("…aaaa")
    window.wait_for("· not tested")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ISO-8859-1", "ANSI_X3.4-1968"])
def test_where_the_locale_is_not_utf8_each_cell_is_ascii(remote: Remote, encoding: str) -> None:
    env = remote.home.env
    if encoding == "ISO-8859-1":
        env |= {"LC_ALL": "en_US.ISO-8859-1", "LOCPATH": str(remote.home.root)}
        made = subprocess.run(
            ["localedef", "-i", "en_US", "-f", encoding, remote.home.root / env["LC_ALL"]],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            pytest.skip("localedef and its sources are not installed")
    else:
        env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    fill(remote.home, 2)
    window = remote.open()
    window.wait_for(DOOR)
    assert window.text.isascii()
    unlock(window)
    window.wait_for(".aaaa")
    for key, shown in (
        ("a", "Add a key"),
        ("?", "Keys of the keyboard"),
        ("l", "Test log"),
        ("d", "Delete openai"),
        ("p", "Picks"),
    ):
        window.press(key)
        window.wait_for(shown)
        assert window.text.isascii()
        assert not re.search(r"\\[uxN][0-9a-f{]", window.text), "a character was spelled out"
        window.press("Escape")
        window.wait_for(LIST)


# ---------------------------------------------------------------------- pasting


@pytest.mark.parametrize("marked", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["marked", "not marked"])
def test_a_pasted_key_with_a_line_end_fills_one_field_and_submits_nothing(
    remote: Remote, simulator: Simulator, marked: bool
) -> None:
    key = Canary()
    fill(remote.home, 1)
    window = remote.open()
    unlock(window)
    window.press("a")
    window.wait_for("paste it here")
    window.paste(f"{key.key}\n", marked=marked)
    window.wait_for(f"ends in …{key.hint}")
    window.wait_for("Label          main ")
    window.press("C-q")
    window.wait_for("Discard what you typed?")
    assert key.found_in("the window", window.styled.encode()) == []
    window.press("y")
    assert window.wait_exit() == 0
    assert key.found_in("the window", window.styled.encode()) == []
    assert simulator.requests == []
    assert remote.home.paths.vault.read_text().count("[[record]]") == 1


# ---------------------------------------------------------------------- without a terminal


def test_without_a_terminal_it_is_refused_in_two_lines(remote: Remote) -> None:
    done = remote.run(*remote.home.command)
    assert done.returncode == Exit.NO_TERMINAL
    assert done.stdout == ""
    assert done.stderr == (
        "arka-tui: error: standard input is not a terminal\narka-tui: hint: run it in a terminal; over ssh use ssh -t\n"
    )
    remote.sshd.wait_idle()


@pytest.mark.slow
def test_commands_need_no_terminal_where_nothing_must_be_asked(remote: Remote) -> None:
    vault = remote.home.new_vault()
    file = remote.home.root / "key"
    vault.add_slot(make_key_file(file))
    vault.lock()
    done = remote.run(*remote.home.command, "list", "--json", "--key-file", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert '"keys": []' in done.stdout
    done = remote.run(*remote.home.command, "list")
    assert done.returncode == Exit.LOCKED
    assert len(done.stderr.splitlines()) == 2
    remote.sshd.wait_idle()


# ---------------------------------------------------------------------- leaving, and coming back


def start_in_shell(remote: Remote) -> Tmux:
    """A login in whose shell the program runs, with the keys on screen."""
    fill(remote.home, 3)
    window = remote.open_in_shell()
    unlock(window)
    window.wait_for(name_of(2))
    return window


def assert_shell_is_usable(window: Tmux) -> None:
    window.type("echo $((6*7))")
    window.press("Enter")
    window.wait_until(lambda picture: "\n42\n" in picture, "what the shell was asked")
    assert name_of(0) not in window.text


@pytest.mark.slow
def test_ctrl_z_gives_the_shell_back_and_fg_comes_back_locked(remote: Remote) -> None:
    window = start_in_shell(remote)
    window.press("C-z")
    window.wait_for("Stopped")
    window.wait_until(lambda picture: picture.rstrip().endswith(PROMPT), "a prompt")
    assert window.flags == SHELL_LIKE
    assert_shell_is_usable(window)
    window.type("fg")
    window.press("Enter")
    window.wait_for("Locked: arka-tui was suspended")
    assert PROMPT not in window.text
    assert name_of(0) not in window.text
    assert window.flags.second_screen and window.flags.mouse and not window.flags.cursor
    unlock(window)
    window.wait_for(name_of(2))
    window.press("q")
    window.wait_until(lambda picture: picture.rstrip().endswith(PROMPT), "a prompt")
    assert window.flags == SHELL_LIKE


@pytest.mark.slow
@pytest.mark.parametrize("way", ["q", "C-q", signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_however_it_leaves_the_shell_finds_its_terminal_as_it_was(remote: Remote, way: str | signal.Signals) -> None:
    window = start_in_shell(remote)
    pid = remote.pid
    if isinstance(way, signal.Signals):
        os.kill(pid, way)
    else:
        window.press(way)
    window.wait_until(lambda picture: picture.rstrip().endswith(PROMPT), "a prompt")
    wait_gone(pid)
    assert window.flags == SHELL_LIKE
    window.type("echo code $?")
    window.press("Enter")
    window.wait_for(f"code {128 + way if isinstance(way, signal.Signals) else 0}")
    assert_shell_is_usable(window)
    window.type("exit")
    window.press("Enter")
    assert window.wait_exit() == 0
    remote.sshd.wait_idle()
