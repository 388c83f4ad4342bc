"""How the program treats its terminal and its process: leaves when asked or alone, refuses what is no terminal."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.tui.driver import ANSWER_S
from arka_tui.tui.lifeline import GRACE_S
from tests.e2e.canary import Canary
from tests.e2e.home import PASSPHRASE, TYPED_PASSPHRASE, Home, choose_passphrase, confirm, unlock, write_down
from tests.e2e.terminal import ALTERNATE_SCREEN, PATIENCE_S, Terminal

pytestmark = pytest.mark.pty

FIRST_SCREEN = "four or more random words are best"


def add_key(home: Home, key: str) -> None:
    home.new_vault().add(Draft("openai", "main", unreachable_url(), (), Secret(key)))


def after(setting: str, command: list[str]) -> list[str]:
    """`command`, started by a shell that has done `setting` before."""
    return ["sh", "-c", f'{setting}; exec "$@"', "sh", *command]


# ---------------------------------------------------------------------- leaving


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)),
    ],
)
def test_a_signal_ends_it_with_its_number_and_the_terminal_restored(home: Home, number: int) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.signal(number)
        assert terminal.wait_exit() == 128 + number
        assert terminal.not_restored() == []
        assert terminal.text.strip() == ""


def test_a_hang_up_ends_it(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.hang_up()
        assert terminal.wait_exit(GRACE_S + 5) == 129


@pytest.mark.slow
def test_a_hang_up_ends_it_although_the_signal_is_ignored(home: Home) -> None:
    with Terminal(after("trap '' HUP", home.command), home.env) as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.hang_up()
        assert terminal.wait_exit(GRACE_S + 5) == 129


@pytest.mark.slow
def test_a_terminal_that_vanishes_without_a_signal_ends_it(home: Home) -> None:
    with Terminal(home.command, home.env, controlling=False) as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.hang_up()
        assert terminal.wait_exit(GRACE_S + 5) == 129


@pytest.mark.slow
def test_a_hang_up_ends_it_while_it_is_suspended(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("ctrl+z")
        terminal.wait_stopped()
        terminal.hang_up()
        assert terminal.wait_exit(GRACE_S + 5) == 129


@pytest.mark.slow
def test_sigterm_ends_it_although_the_terminal_takes_no_more_bytes(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.stall_in_a_large_frame()
        began = time.monotonic()
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit(GRACE_S + 5) == 143
        assert time.monotonic() - began >= GRACE_S, "it was not stalled"


def test_a_hang_up_ends_it_although_the_terminal_takes_no_more_bytes(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.stall_in_a_large_frame()
        terminal.hang_up()
        assert terminal.wait_exit(GRACE_S + 5) == 129


def test_what_the_terminal_reports_before_it_hears_is_dropped_and_what_is_typed_after_is_the_shells(home: Home) -> None:
    """As over a slow link: the mouse still moves, a focus is lost, and the user types the next command."""
    home.env["PS1"] = "prompt> "
    late = b"\x1b[<35;7;9M\x1b[O\x1b[?2026;2$y\x1b[0necho k$((6*7))pt\r"
    with Terminal(["bash", "--norc", "--noprofile", "-i"], home.env, on_status=late) as terminal:
        terminal.wait_for("prompt>")
        terminal.paste_raw(f"{sys.executable} -m arka_tui\r")
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("ctrl+q")
        terminal.wait_for("\nk42pt\nprompt>")
        assert not re.search("35|;7;9|2026|O", terminal.text)


@pytest.mark.slow
def test_a_terminal_that_does_not_answer_is_not_waited_for_long(home: Home) -> None:
    with Terminal(home.command, home.env, on_status=b"") as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(ANSWER_S + GRACE_S) == 0
        assert terminal.not_restored() == []


# ---------------------------------------------------------------------- refusing


REFUSALS = {
    "stdin": "arka-tui: error: standard input is not a terminal\n"
    "arka-tui: hint: run it in a terminal; over ssh use ssh -t\n",
    "stderr": "arka-tui: error: standard error is not a terminal\n"
    "arka-tui: hint: the screen is drawn on it: do not redirect it\n",
    "dumb": "arka-tui: error: the terminal says that it is dumb\narka-tui: hint: set TERM to what it really is\n",
}


@pytest.mark.parametrize("arguments", [[], ["demo"]], ids=["vault", "demo"])
@pytest.mark.parametrize("what", REFUSALS)
def test_what_is_no_terminal_is_refused_in_two_lines(home: Home, what: str, arguments: list[str]) -> None:
    said = home.root / "stderr"
    nothing = os.open(os.devnull, os.O_RDONLY) if what == "stdin" else None
    file = os.open(said, os.O_CREAT | os.O_WRONLY) if what == "stderr" else None
    home.env["TERM"] = "dumb" if what == "dumb" else "xterm-256color"
    before = home.files()
    with Terminal(
        [*home.command, *arguments], home.env, controlling=not nothing, stdin=nothing, stderr=file
    ) as terminal:
        assert terminal.wait_exit() == Exit.NO_TERMINAL
        if what == "stderr":
            assert terminal.raw == b""
            assert said.read_text() == REFUSALS[what]
        else:
            assert terminal.raw.decode() == REFUSALS[what].replace("\n", "\r\n")
    for fd in (nothing, file):
        if fd is not None:
            os.close(fd)
    assert home.files() == before


def test_a_pipe_for_all_three_is_refused(home: Home) -> None:
    """As under cron, or `ssh host arka-tui` without -t."""
    done = subprocess.run(home.command, env=home.env, input=b"", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (Exit.NO_TERMINAL, b"", REFUSALS["stdin"])


# ---------------------------------------------------------------------- suspending


@pytest.mark.slow
def test_ctrl_z_gives_the_terminal_back_and_sigcont_paints_all_anew(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.settle()
        before = terminal.text
        for _ in range(2):
            terminal.press("ctrl+z")
            terminal.wait_stopped()
            terminal.wait_for_mode(ALTERNATE_SCREEN, on=False)
            assert terminal.not_restored() == []
            assert terminal.text.strip() == ""
            terminal.signal(signal.SIGCONT)
            terminal.wait_until(lambda picture: picture == before, "the picture as it was")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.not_restored() == []


def wait_until_the_kernel_stops_a_child_of(shell: int) -> None:
    """It is no child of ours, so that nobody tells: a look every hundredth of a second."""
    [child] = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it was not stopped"
        time.sleep(0.01)


def test_a_shell_can_send_it_to_the_background_and_back(home: Home) -> None:
    home.env["PS1"] = "prompt> "
    with Terminal(["bash", "--norc", "--noprofile", "-i"], home.env) as terminal:
        terminal.wait_for("prompt>")
        terminal.paste_raw(f"{sys.executable} -m arka_tui\r")
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("ctrl+z")
        terminal.wait_for("Stopped")
        terminal.paste_raw("bg\r")
        terminal.wait_until(lambda picture: picture.count("prompt>") == 3, "a prompt after bg")
        wait_until_the_kernel_stops_a_child_of(terminal.process.pid)  # in the background it may not paint
        terminal.paste_raw("fg\r")
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("ctrl+q")
        terminal.wait_until(lambda picture: picture.count("prompt>") == 4, "a prompt after the end")
        terminal.paste_raw("echo code $?\r")
        terminal.wait_for("code 0")


def test_it_can_leave_after_it_was_stopped_and_continued_from_outside(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.signal(signal.SIGSTOP)
        terminal.wait_stopped()
        terminal.signal(signal.SIGCONT)
        terminal.signal(signal.SIGCONT)
        terminal.press("gl0b#fir9")
        terminal.wait_for("whoever steals the file")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.not_restored() == []


# ---------------------------------------------------------------------- kinds of terminals


SCREENS = (
    ("a", "Add a key"),
    ("?", "Keys of"),
    ("l", "Test log"),
    ("d", "Delete o"),
    ("e", "Edit o"),
    ("\r", "sent on"),
)
"""What opens each from the list, and the start of what it shows."""


@pytest.mark.slow
def test_every_screen_works_in_a_terminal_of_20_by_5(home: Home, simulator: Simulator) -> None:
    add_key(home, Canary().key)
    with home.launch(simulator, columns=20, lines=5) as terminal:
        terminal.wait_for("Passphrase")
        terminal.paste(PASSPHRASE)
        terminal.wait_for("••••")
        terminal.press("enter")
        terminal.wait_for("1 key")
        for key, shown in SCREENS[:-1]:
            shown = {"d": "Keep (n)", "e": "│ Edit"}.get(key, shown)
            terminal.press(key)
            terminal.wait_for(shown)
            terminal.press("escape")
            terminal.wait_gone(shown)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.not_restored() == []


@pytest.mark.slow
def test_every_screen_survives_any_change_of_size(home: Home, simulator: Simulator) -> None:
    add_key(home, Canary().key)
    with home.launch(simulator) as terminal:
        unlock(terminal)
        for n, (key, shown) in enumerate(SCREENS):
            terminal.press(key)
            terminal.wait_for(shown)
            for columns, lines in ((20, 5), (1, 1), (0, 0), (150, 40), (90 + n, 50)):
                terminal.resize(columns, lines)
            terminal.settle()
            terminal.wait_for(shown)
            terminal.wait_gone("t Test T Test all")
            terminal.press("escape")
            terminal.wait_for("t Test T Test all")  # the list is back: a dialog tells its own keys
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_of_two_sizes_in_quick_succession_the_last_counts(home: Home, simulator: Simulator) -> None:
    with home.launch(simulator, "--resize-twice") as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.resize(90, 30)
        terminal.wait_until(lambda _: b"\x1b[40;1H" in terminal.raw, "a frame of 40 lines")


def test_a_terminal_of_no_size_is_survived(home: Home) -> None:
    with home.start(columns=0, lines=0) as terminal:
        terminal.wait_for_mode(2004, on=True)
        terminal.resize(80, 24)
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


@pytest.mark.slow
def test_no_color_means_no_colour(home: Home) -> None:
    home.env["NO_COLOR"] = "1"
    with home.start("demo", columns=100, lines=40) as terminal:
        terminal.wait_for("✓ works")
        for letter, shown in (("a", "Add a key"), ("l", "Test log"), ("?", "Verdicts")):
            terminal.press(letter)
            terminal.wait_for(shown)
            terminal.press("escape")
            terminal.wait_gone(shown)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        codes = {
            int(code) for codes in re.findall(rb"\x1b\[([0-9;]*)m", terminal.raw) for code in codes.split(b";") if code
        }
    colours = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    assert not codes & colours
    assert 7 in codes or 1 in codes, "reverse or bold tell what colours tell elsewhere"


@pytest.mark.slow
def test_an_ascii_terminal_gets_ascii_only(home: Home) -> None:
    home.env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with home.start("demo", columns=100, lines=40) as terminal:
        terminal.wait_for("+ works")
        terminal.wait_for("x invalid")
        for letter, shown in (("a", "Add a key"), ("l", "Test log"), ("?", "Verdicts"), ("d", "Delete anthropic")):
            terminal.press(letter)
            terminal.wait_for(shown)
            terminal.press("escape")
            terminal.wait_gone(shown)
        terminal.press("enter")
        terminal.wait_for("Esc Close e Edit")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.raw.isascii()
        assert not re.search(rb"\\[uxN][0-9a-f{]", terminal.raw), "a character was spelled out"


# ---------------------------------------------------------------------- the process and its files


@pytest.mark.slow
def test_variables_of_the_toolkit_are_without_effect(home: Home) -> None:
    log = home.root / "textual.log"
    home.env |= {
        "TEXTUAL": "devtools,debug",
        "TEXTUAL_LOG": str(log),
        "TEXTUAL_PRESS": "ctrl+q",
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(home.root),
        "TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver",
        "TEXTUAL_ALLOW_SIGNALS": "1",
    }
    before = home.files()
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.press("gl0b#fir9")
        terminal.wait_for("whoever steals the file")
        terminal.press("ctrl+c")
        terminal.wait_for("ctrl+q quits.")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
    assert home.files() == before


@pytest.mark.slow
def test_all_files_and_folders_are_the_users_alone_whatever_the_umask(home: Home, simulator: Simulator) -> None:
    key = Canary()
    simulator.accept("openai", "valid", key.key)
    with Terminal(after("umask 000", home.launcher(simulator)), home.env) as terminal:
        choose_passphrase(terminal, TYPED_PASSPHRASE, TYPED_PASSPHRASE)
        assert "Umask:\t0077" in Path(f"/proc/{terminal.process.pid}/status").read_text()
        confirm(terminal, write_down(terminal))
        terminal.wait_for("No keys yet")
        terminal.press("a")
        terminal.wait_for("paste it here")
        terminal.paste(key.key)
        terminal.wait_for(f"ends in …{key.hint}")
        terminal.press("ctrl+s")
        terminal.wait_for("Done")
        terminal.press("enter")
        terminal.wait_for("✓ works           openai/main")
        terminal.press("$")
        terminal.wait_for("paid test off")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
    root = Path(home.env["ARKA_HOME"])
    found = {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*"))}
    folders = {".", "config", "data", "state"}
    files = {"config/config.toml", "data/journal", "data/store.lock", "data/store.toml", "data/store.toml.bak"}
    files |= {"state/seen.json"}
    assert found == {name: 0o700 if name in folders else 0o600 for name in folders | files}


def test_no_core_is_dumped(home: Home) -> None:
    with Terminal(after("ulimit -c unlimited 2>&- || ulimit -c $(ulimit -H -c)", home.command), home.env) as terminal:
        terminal.wait_for(FIRST_SCREEN)
        limits = Path(f"/proc/{terminal.process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)


NO_LIMIT = (
    "import resource, sys; resource.setrlimit = lambda *_: None; from arka_tui.__main__ import main; sys.exit(main([]))"
)


@pytest.mark.parametrize("number", [signal.SIGSEGV, pytest.param(signal.SIGABRT, marks=pytest.mark.slow)])
@pytest.mark.parametrize("barrier", ["limit", "not dumpable"])
def test_each_barrier_against_cores_holds_alone(home: Home, barrier: str, number: int) -> None:
    def dumps(command: list[str], first_words: str) -> bool:
        with Terminal(after("ulimit -c unlimited 2>&- || ulimit -c $(ulimit -H -c)", command), home.env) as terminal:
            terminal.wait_for(first_words)
            terminal.signal(number)
            ended = os.waitid(os.P_PID, terminal.process.pid, os.WEXITED | os.WNOWAIT)
            assert ended
            assert ended.si_status == number
            return ended.si_code == os.CLD_DUMPED

    if not dumps(["sh", "-c", "echo ready; read line"], "ready"):
        pytest.skip("this machine dumps no cores at all")
    for core in home.root.glob("core*"):
        core.unlink()
    if barrier == "limit":
        home.env["ARKA_DEBUG"] = "1"
    command = home.command if barrier == "limit" else [sys.executable, "-c", NO_LIMIT]
    assert not dumps(command, FIRST_SCREEN)
    assert list(home.root.glob("core*")) == []


@pytest.mark.parametrize("umask", ["000", "777"])
def test_a_backup_is_the_users_alone_whatever_the_umask(home: Home, umask: str) -> None:
    add_key(home, Canary().key)
    folder = home.root / "backups"
    folder.mkdir(mode=0o700)
    command = after(f"umask {umask}", [*home.command, "backup", str(folder / "copy.toml")])
    done = subprocess.run(command, env=home.env, capture_output=True, timeout=60, check=False, start_new_session=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {"copy.toml": 0o600}
    left = {path for path in Path(home.env["ARKA_HOME"]).rglob("*") if path.stat().st_mode & 0o077}
    assert left == set()


@pytest.mark.parametrize("debug", [False, True], ids=["as shipped", "ARKA_DEBUG"])
def test_other_programs_of_the_same_user_cannot_read_the_process(home: Home, debug: bool) -> None:
    """Root may by its capabilities; run without them it is a user like others."""
    as_a_user = ["setpriv", "--bounding-set=-all"] if os.getuid() == 0 else []
    if debug:
        home.env["ARKA_DEBUG"] = "1"
    with Terminal([*as_a_user, *home.command], home.env) as terminal:
        terminal.wait_for(FIRST_SCREEN)
        for reader in ("cat environ", "cat maps", "cat auxv", "readlink fd/0", ": < mem"):
            command = [*as_a_user, "sh", "-c", f"cd /proc/{terminal.process.pid} && {reader}"]
            done = subprocess.run(command, env=home.env, capture_output=True, timeout=60, check=False)
            assert (done.returncode == 0) is debug, reader


# ---------------------------------------------------------------------- input that is not typed


@pytest.mark.slow
def test_an_unmarked_paste_of_two_lines_fills_one_field_and_submits_nothing(home: Home, simulator: Simulator) -> None:
    first, second = Canary(), Canary()
    home.new_vault().lock()
    with home.launch(simulator) as terminal:
        unlock(terminal)
        terminal.press("a")
        terminal.wait_for("paste it here")
        terminal.paste_raw(f"{first.key}\t{second.key}\r")
        terminal.wait_for(f"ends in …{first.hint}")
        terminal.wait_for("what followed the first line")
        terminal.wait_for("Label          main ")
        terminal.press("ctrl+q")
        terminal.wait_for("Discard what you typed?")
        terminal.press("y")
        assert terminal.wait_exit() == 0
        assert second.found_in("the terminal", terminal.raw) == []
    assert simulator.requests == []
    assert home.paths.vault.read_text().count("[[record]]") == 0


def test_what_follows_the_slash_in_the_same_moment_is_filtered_by_and_deletes_nothing(home: Home) -> None:
    """As when a slow link brings several keys together: on the list, d asks to delete a key, and y says yes."""
    add_key(home, Canary().key)
    with home.start() as terminal:
        unlock(terminal)
        terminal.press("/day")
        terminal.wait_for("No key matches “day”")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
    assert home.paths.vault.read_text().count("[[record]]") == 1


@pytest.mark.slow
def test_keys_typed_ahead_of_a_slow_connection_act_in_their_order(home: Home, simulator: Simulator) -> None:
    home.new_vault().lock()
    with home.launch(simulator) as terminal:
        terminal.wait_for("type it, then Enter")
        terminal.paste(PASSPHRASE.removesuffix("as"))
        terminal.wait_gone("type it, then Enter")
        terminal.press("x", "backspace", "a", "s")
        terminal.press("enter")
        terminal.wait_for("No keys yet", 5)


@pytest.mark.slow
def test_a_paste_typed_ahead_goes_to_the_field_that_has_the_focus_by_then(home: Home, simulator: Simulator) -> None:
    key = Canary()
    home.new_vault().lock()
    with home.launch(simulator) as terminal:
        unlock(terminal)
        terminal.press("a")
        terminal.wait_for("paste it here")
        terminal.press_and_see("tab", at="main")
        terminal.paste_raw(f"\x1b[Z\x1b[200~{key.key}\x1b[201~")  # shift+tab and the paste in one packet
        terminal.wait_for(key.hint)
        assert key.found_in("the terminal", terminal.raw) == []


def test_bytes_that_are_not_utf8_do_not_end_it(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for(FIRST_SCREEN)
        os.write(terminal.master, "caf\xe9 \xff".encode("latin-1"))
        terminal.press("gl0b#fir9")
        terminal.wait_for("whoever steals the file", 5)
