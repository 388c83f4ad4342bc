"""No secret gets out, whatever is done with it; and the search that says so finds what is planted."""

import html
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from arka_tui.paths import Paths
from arka_tui.secret import Secret, redact
from tests.attack import canary_sweep
from tests.attack.canary_locked import SECRET, new_vault
from tests.attack.canary_memory import Sought
from tests.attack.canary_trace import buffers, read, traced, ways_past
from tests.conftest import open_vault
from tests.e2e.canary import Canary

SNAPSHOTS = Path(__file__).parents[1] / "tui" / "__snapshots__"
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
@pytest.mark.slow
@pytest.mark.pty
def test_no_secret_reaches_a_file_the_terminal_or_any_system_call(tmp_path: Path) -> None:
    figures = canary_sweep.everything(tmp_path)
    assert figures.broken == ()
    assert figures.tried > 150


@pytest.mark.slow
@pytest.mark.pty
def test_no_signal_leaves_a_trace_of_a_secret(tmp_path: Path) -> None:
    figures = canary_sweep.signals(tmp_path, all_moments=False)
    assert figures.broken == ()
    assert figures.tried > 30


@pytest.mark.slow
def test_no_object_tells_a_secret(tmp_path: Path) -> None:
    figures = canary_sweep.told(tmp_path)
    assert figures.broken == ()
    assert figures.tried > 500


def test_a_stored_secret_is_opened_once_for_each_test_and_else_never(tmp_path: Path) -> None:
    figures = canary_sweep.openings(tmp_path, ["log", "tried"])
    assert figures.broken == ()
    assert figures.told == "1 openings for 1 tests"


@pytest.mark.slow
def test_a_stored_secret_is_opened_for_nothing_but_a_test(tmp_path: Path) -> None:
    assert canary_sweep.openings(tmp_path).broken == ()


@pytest.mark.slow
def test_no_secret_is_left_in_any_object_after_the_lock(tmp_path: Path) -> None:
    assert canary_sweep.locked(tmp_path, ["tested", "saved", "tried"]).broken == ()


def test_a_locked_vault_holds_no_key_and_no_index(paths: Paths) -> None:
    sought = new_vault(paths, "https://api.openai.com/v1")
    vault = open_vault(paths)
    vault.unlock(Secret(sought.text("passphrase")))
    vault.secret(vault.list()[0].name)
    assert {line.split(" in ")[0] for line in sought.found()} >= {"master key", "record key", "label"}
    vault.lock()
    assert sought.found() == []


# ---------------------------------------------------------------------- what the tests themselves print


def test_the_pictures_of_the_screens_hold_no_key() -> None:
    pictures = sorted(SNAPSHOTS.rglob("*.svg"))
    assert pictures
    for picture in pictures:
        source = picture.read_text()
        text = html.unescape("".join(re.findall(r"<text[^>]*>(.*?)</text>", source, re.DOTALL))).replace("\xa0", " ")
        for look in (source, text, text.replace(" ", "")):
            assert redact(look) == look, picture.name


@pytest.mark.slow
def test_pytest_prints_no_secret_of_a_failing_test(tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "planted").write_text(canary.key)
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
            from dataclasses import dataclass
            from pathlib import Path
            from arka_tui.credential import Draft
            from arka_tui.secret import Secret

            def planted():
                return Secret(Path("planted").read_text())

            def test_equal():
                secret, other = planted(), Secret("other")
                assert secret == other

            def test_within():
                drafts = [Draft("openai", "main", "https://api.openai.com", (), planted())]
                assert drafts == []

            def test_raises():
                secret = planted()
                raise ValueError(secret)
        """)
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-l",
        "-vv",
        "--rootdir=.",
        ".",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert b"3 failed" in done.stdout
    assert "Secret(••••)" in done.stdout.decode()
    assert canary.found_in("pytest", done.stdout + done.stderr) == []


# ---------------------------------------------------------------------- the search finds what is planted


@pytest.mark.slow
def test_the_search_of_memory_finds_what_is_held_and_by_whom() -> None:
    class Holder:
        def __init__(self, held: object) -> None:
            self.held = held

    sought = Sought({name: Canary().random for name in SECRET})
    assert sought.found() == []
    holder = Holder([{"deep": (sought.text("key"),)}, bytearray(b"<" + sought.bytes("master key") + b">")])
    found = sought.found()
    assert [line.split(" < ")[0] for line in found] == ["key in str of 48", "master key in bytearray of 50"]
    del holder


@needs_strace
def test_the_record_of_system_calls_shows_every_way_out(tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "planted").write_text(canary.key)
    script = """
        import mmap, os, socket, sys
        key = open("planted").read().encode()
        def cut(): return [key[at:at + 5] for at in range(0, len(key), 5)]
        file = os.open("written", os.O_RDWR | os.O_CREAT)
        for piece in cut(): os.write(file, piece)
        os.writev(os.open("vector", os.O_RDWR | os.O_CREAT), cut())
        os.pwrite(os.open("at", os.O_RDWR | os.O_CREAT), key, 7)
        one, other = socket.socketpair()
        one.sendmsg([key])
        os.makedirs(key.decode())
        if os.fork() == 0: os.execve("/bin/true", ["true", key], {"KEY": key})
        os.wait()
        mmap.mmap(file, 4)
    """
    record = tmp_path / "record"
    done = subprocess.run(
        traced([sys.executable, "-c", textwrap.dedent(script)], record),
        cwd=tmp_path,
        capture_output=True,  # strace holds its end until the record is complete
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
    calls = list(read(record))
    assert all(call.whole for call in calls)
    found = {target for target, data in buffers(calls).items() if canary.found_in(target, data)}
    assert {target.removeprefix(f"{tmp_path}/") for target in found if not target.startswith("UNIX")} == {
        "written",
        "vector",
        "at",
        "arguments of mkdir",
        "arguments of execve",
    }
    assert any(target.startswith("UNIX") for target in found)
    assert "mmap" in ways_past(record)
