"""The commands as real processes: on a terminal, in a pipe, without a terminal, and ended in the middle."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.store.slots import CHEAPEST
from arka_tui.store.vault import Vault
from tests.e2e.canary import Canary
from tests.e2e.home import PASSPHRASE, Home
from tests.e2e.terminal import Terminal, kinds_of_sequences

pytestmark = pytest.mark.pty

ADDRESS = "https://api.openai.com/v1"


@pytest.fixture
def canary(home: Home) -> Iterator[Canary]:
    """In a vault at generation 2; after the test it is in no file."""
    canary = Canary()
    home.new_vault().add(Draft("openai", "main", ADDRESS, (), Secret(canary.key)))
    yield canary
    assert canary.found_in_files(home.files()) == []
    assert not any(PASSPHRASE.encode() in path.read_bytes() for path in home.files() if path.is_file())


@pytest.fixture
def backup(home: Home, canary: Canary, tmp_path: Path) -> Path:
    """Of the vault, which then goes on to generation 3."""
    backup = Path(shutil.copy(home.paths.vault, tmp_path / "backup.toml"))
    vault = Vault(home.paths, cost=lambda: CHEAPEST)
    vault.unlock(Secret(PASSPHRASE))
    vault.add(Draft("openai", "later", ADDRESS, (), Secret("sk-later-" + "a" * 30)))
    return backup


def type_passphrase(terminal: Terminal, question: str = "Passphrase") -> None:
    terminal.wait_for(question)
    terminal.press(PASSPHRASE, "enter")


def in_a_pipe(
    home: Home, *arguments: str | Path, under: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Without any terminal, as under cron."""
    return subprocess.run(
        [*under, *home.command, *map(str, arguments)],
        env=home.env | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        check=False,
    )


def test_on_a_terminal_doctor_asks_hidden_and_shows_only_signs_in_colour(home: Home, canary: Canary) -> None:
    with home.start("doctor") as terminal:
        type_passphrase(terminal)
        assert canary.found_in_process(terminal.process.pid) == []
        assert terminal.wait_exit() == 0
        assert "All is well." in terminal.text
        assert PASSPHRASE.encode() not in terminal.raw
        assert canary.found_in("terminal", terminal.raw) == []
        assert canary.hint.encode() not in terminal.raw
        assert kinds_of_sequences(terminal.raw) == {b"\x1b[m", b"\r", b"\n"}
        assert terminal.not_restored() == []


def test_a_restore_from_question_to_end(home: Home, canary: Canary, backup: Path) -> None:
    with home.start("restore", str(backup)) as terminal:
        type_passphrase(terminal, "Passphrase of the backup:")
        terminal.wait_for("Replace it? Type yes:")
        terminal.press("yes", "enter")
        assert terminal.wait_exit() == 0
        assert PASSPHRASE.encode() not in terminal.raw
        assert terminal.not_restored() == []
    assert home.paths.vault.read_bytes() == backup.read_bytes()


def test_under_cron_doctor_and_backup_work_and_restore_asks_for_a_terminal(
    home: Home, canary: Canary, tmp_path: Path
) -> None:
    doctor = in_a_pipe(home, "doctor")
    assert (doctor.returncode, doctor.stderr) == (0, b"")
    assert doctor.stdout.endswith(b"Nothing wrong was seen; the keys were not examined.\n")
    assert b"\x1b" not in doctor.stdout

    backup = in_a_pipe(home, "backup", tmp_path / "backup.toml")
    assert (backup.returncode, backup.stderr) == (0, b"")
    assert (tmp_path / "backup.toml").read_bytes() == home.paths.vault.read_bytes()

    restore = in_a_pipe(home, "restore", "--yes", tmp_path / "backup.toml")
    assert (restore.returncode, restore.stdout) == (Exit.NO_TERMINAL, b"")
    assert restore.stderr.startswith(b"arka-tui: error: there is no terminal")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ended_at_the_question_it_leaves_the_terminal_as_it_was(
    home: Home, canary: Canary, tmp_path: Path, number: int
) -> None:
    with home.start("backup", str(tmp_path / "backup.toml")) as terminal:
        terminal.wait_for("Passphrase, to verify")
        terminal.signal(number)
        assert terminal.wait_exit() == 128 + number
        assert terminal.not_restored() == []
        assert b"Traceback" not in terminal.raw
    assert not (tmp_path / "backup.toml").exists()


@pytest.mark.slow
def test_a_question_is_asked_on_the_terminal_while_the_answer_goes_into_a_file(
    home: Home, canary: Canary, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    with Terminal(["sh", "-c", f'exec "$@" >{told}', "sh", *home.command, "doctor"], home.env) as terminal:
        type_passphrase(terminal)
        assert terminal.wait_exit() == 0
        assert "All is well" not in terminal.text
    assert told.read_text().endswith("All is well.\n")
    assert "\x1b" not in told.read_text()


@pytest.mark.slow
def test_on_a_narrow_terminal_nothing_is_cut(home: Home, canary: Canary) -> None:
    with home.start("doctor", columns=40) as terminal:
        type_passphrase(terminal)
        assert terminal.wait_exit() == 0
        words = " ".join(terminal.text.split())
        assert "change it in arka-tui (Ctrl+P), to the same one if you like" in words


@pytest.mark.slow
def test_no_color_is_heeded(home: Home, canary: Canary) -> None:
    home.env["NO_COLOR"] = "1"
    with home.start("doctor") as terminal:
        type_passphrase(terminal)
        assert terminal.wait_exit() == 0
        assert b"\x1b" not in terminal.raw


@pytest.mark.slow
def test_a_reader_who_leaves_early_is_no_failure_worth_a_word(home: Home, canary: Canary) -> None:
    done = in_a_pipe(home, "--version")
    assert done.returncode == 0
    command = f"{sys.executable} -m arka_tui doctor | true"
    done = subprocess.run(["sh", "-c", command], env=home.env, capture_output=True, start_new_session=True, check=False)
    assert done.stderr == b""


@pytest.mark.slow
def test_in_the_background_nobody_is_asked(home: Home, canary: Canary, tmp_path: Path) -> None:
    """A question from there would stop the program."""
    script = f"set -m; {sys.executable} -m arka_tui backup {tmp_path / 'b.toml'} & wait $!; echo code $?"
    with Terminal(["bash", "-c", script], home.env) as terminal:
        terminal.wait_for("code 0")
        terminal.wait_exit()
    assert (tmp_path / "b.toml").exists()


@pytest.mark.slow
def test_a_terminal_without_utf_8_gets_plain_signs(home: Home, canary: Canary) -> None:
    done = in_a_pipe(home, "doctor", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"+ vault " in done.stdout


@pytest.mark.slow
def test_the_commands_load_neither_the_screens_nor_http(home: Home, canary: Canary, tmp_path: Path) -> None:
    for arguments in (("doctor",), ("backup", tmp_path / "b.toml"), ("restore", home.paths.vault), ("--help",)):
        script = (
            "import sys; from arka_tui.__main__ import main\n"
            "try: main(sys.argv[1:])\n"
            "except SystemExit: pass\n"
            "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, arguments)],
            env=home.env,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=True,
        )
        loaded = set(done.stderr.splitlines()[-1].split())
        assert "arka_tui" in loaded
        assert loaded.isdisjoint({"textual", "rich", "httpx", "httpcore", "zxcvbn"}), arguments


@pytest.mark.slow
@pytest.mark.parametrize("command", ["doctor", "backup", "restore"])
def test_a_folder_that_may_not_be_looked_into_is_an_answer_and_no_crash(
    home: Home, canary: Canary, command: str
) -> None:
    file = [] if command == "doctor" else [home.paths.vault]
    # Root may look into every folder, unless it gives that up.
    as_others = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    if as_others and not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    home.paths.data.chmod(0)
    done = in_a_pipe(home, command, *file, under=as_others)
    home.paths.data.chmod(0o700)
    assert done.returncode in (Exit.FAILED, Exit.USAGE, Exit.DAMAGED)
    assert b"permission denied" in done.stdout + done.stderr
    assert b"a mistake in the program" not in done.stderr


@pytest.mark.slow
def test_arguments_cannot_steer_the_terminal(home: Home, canary: Canary) -> None:
    for arguments in (("doctor", "a\x1b]52;c;aGk=\x07"), ("backup", "\x1b[2J/x"), ("restore", "\u202e")):
        done = in_a_pipe(home, *arguments)
        assert done.returncode in (1, 2)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", (done.stdout + done.stderr).decode())


# ---------------------------------------------------------------------- output that goes nowhere


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_output_that_cannot_be_written_is_no_mistake_of_the_program(home: Home, redirection: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {' '.join(home.command)} providers {redirection}"],
        env=home.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a mistake in the program" not in done.stdout + done.stderr
    assert done.returncode == (Exit.FAILED if redirection == ">/dev/full" else Exit.DONE)
    if redirection == ">/dev/full":
        assert done.stderr == "arka-tui: error: the output cannot be written: no space left on device\n"


def test_a_reader_that_leaves_early_ends_it_as_others_end(home: Home) -> None:
    script = f"({' '.join(home.command)} providers --json; echo $? >&2) | head -c 1"
    done = subprocess.run(["sh", "-c", script], env=home.env, capture_output=True, text=True, check=False)
    assert done.stderr.strip() in ("0", "141")
