"""Every command, as a real process in a pipe, with a canary among the keys: it is in no output, file or argument."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from arka_tui import brief
from arka_tui.cli.commands import COMMANDS
from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.key_file import make_key_file
from tests.e2e.canary import Canary
from tests.e2e.home import Home

COMMAND_LINES = {
    "list": [["list"], ["list", "--json"]],
    "show": [["show", "openai/main"], ["show", "openai/main", "--json"]],
    "test": [["test", "--all"], ["test", "--all", "--json"]],
    "log": [["log"], ["log", "--json"]],
    "add": [["add", "openai/added", "--stdin"], ["add", "openai/again", "--stdin", "--json"]],
    "update": [["update", "openai/main", "--keep-key", "--no-test", "--set", "project=p"]],
    "rename": [["rename", "openai/main", "first"], ["rename", "openai/first", "main"]],
    "rm": [["rm", "--yes", "openai/added"]],
    "env-check": [["env-check"], ["env-check", "--json"]],
    "scan": [["scan"], ["scan", "--json"]],
    "status": [["status"], ["status", "--json"], ["status", "--brief"], ["status", "--brief", "--json"]],
    "doctor": [["doctor"], ["doctor", "--json"]],
    "import": [["import", "--dry-run"], ["import", "--dry-run", "--json"]],
    "export": [["export", "--all", "{root}/bundle.toml", "--bundle-passphrase-fd", "{fd}"]],
    "backup": [["backup", "{root}/backup.toml"]],
    "restore": [["restore", "--yes", "{root}/backup.toml"]],
    "models": [["models"], ["models", "--json"]],
    "providers": [["providers"], ["providers", "--json"]],
    "completion": [["completion", "bash"]],
    "exec": [
        ["exec", "-k", "openai/main", "--", "sh", "-c", "env; echo $OPENAI_API_KEY >&2"],
        ["exec", "--env", "MINE=openai/main", "--", "env"],
    ],
}
APART = {"unlock", "lock", "passphrase"}
"""They have tests of their own: they need a session, or a terminal."""
NO_WAY = {"status", "providers", "completion"}
"""They open nothing."""


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def filled(home: Home, canary: Canary, simulator: Simulator) -> Iterator[Home]:
    """The canary is in the vault, and in plaintext where people keep keys; and a key that no provider knows. The
    summary is wanted."""
    vault = home.new_vault()
    address = simulator.base_url("openai")
    vault.add(Draft("openai", "main", address, (), Secret(canary.key)))
    vault.add(Draft("openai", "works", address, (), Secret(simulator.issue("openai", "valid"))))
    vault.add_slot(make_key_file(home.root / "key"))
    vault.lock()
    home.paths.config.mkdir()
    home.paths.settings.write_text("status_cache = true\n")
    plaintext = home.root / "project"
    plaintext.mkdir()
    for place in (plaintext / ".env", home.root / ".bashrc", home.root / ".bash_history"):
        place.write_text(f"export OPENAI_API_KEY={canary.key}\n")
    yield home
    for place in (plaintext / ".env", home.root / ".bashrc", home.root / ".bash_history"):
        place.unlink()


def run(home: Home, arguments: list[str], typed: str) -> "subprocess.CompletedProcess[bytes]":
    read, write = os.pipe()
    os.write(write, b"umbra 9 kettle orbit\n")
    os.close(write)
    given = [each.format(root=home.root, fd=read) for each in arguments]
    ways = [] if arguments[0] in NO_WAY else ["--key-file", str(home.root / "key")]
    done = subprocess.run(
        [*home.command, given[0], *ways, *given[1:]],
        env=home.env | {"OPENAI_API_KEY": typed},
        cwd=home.root / "project",
        input=typed.encode(),
        capture_output=True,
        pass_fds=[read],
        start_new_session=True,
        check=False,
    )
    os.close(read)
    return done


def test_every_command_is_here() -> None:
    assert {*COMMAND_LINES} | APART == {*COMMANDS}


@pytest.mark.slow
def test_the_canary_is_in_no_output_and_in_no_file_that_a_command_made(
    filled: Home, canary: Canary, tmp_path: Path
) -> None:
    for runs in COMMAND_LINES.values():
        for arguments in runs:
            done = run(filled, arguments, canary.key if arguments[0] != "add" else f"{canary.key}{arguments[1][-1]}")
            said = b"%b\n%b" % (done.stdout, done.stderr)
            assert canary.found_in(" ".join(arguments), said) == []
            assert b"a mistake in the program" not in said, arguments
            assert b"Traceback" not in said, arguments
    planted = {filled.root / "project" / ".env", filled.root / ".bashrc", filled.root / ".bash_history"}
    assert canary.found_in_files(each for each in filled.files() if each not in planted) == []
    assert (filled.root / "bundle.toml").exists()
    assert brief.load(filled.paths.brief)
    assert (filled.root / "backup.toml").exists()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_no_system_call_writes_it_or_takes_it_as_an_argument_but_the_request_and_the_childs_environment(
    filled: Home, canary: Canary, tmp_path: Path
) -> None:
    for word, runs in COMMAND_LINES.items():
        if word in ("exec", "test", "add", "models"):
            continue  # theirs to send, or to hand over
        trace = tmp_path / f"trace-{word}"
        read = [each.format(root=filled.root, fd=0) for each in runs[0]]
        ways = [] if word in NO_WAY else ["--key-file", str(filled.root / "key")]
        subprocess.run(
            [
                *("strace", "-f", "-s", "100000", "-xx", "-e", "trace=write,writev,sendto,sendmsg,execve,pwrite64"),
                *("-o", str(trace), *filled.command, read[0], *ways, *read[1:]),
            ],
            env=filled.env | {"ARKA_DEBUG": "1"},
            cwd=filled.root / "project",
            input=b"umbra 9 kettle orbit\n",
            capture_output=True,
            start_new_session=True,
            check=False,
        )
        assert trace.stat().st_size
        written = bytes.fromhex("".join(part for line in trace.read_text().splitlines() for part in _hex(line)))
        assert canary.found_in(f"system calls of {word}", written) == []


def _hex(line: str) -> list[str]:
    """What stands in quotes in a line of `strace -xx`."""
    return [part.replace("\\x", "") + "0a" for part in line.split('"')[1::2] if part.startswith("\\x")]
