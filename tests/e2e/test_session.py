"""`unlock --shell` with the real program: commands in that shell ask nothing, and nothing outside it is any wiser."""

import re
import subprocess
from pathlib import Path

import pytest

from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.store.key_file import make_key_file
from arka_tui.store.session import KernelKeyring
from tests.e2e.canary import Canary
from tests.e2e.home import Home


@pytest.fixture
def key_file(home: Home) -> Path:
    """Opens a vault with one key in it."""
    if KernelKeyring().trouble().startswith(("this kernel", "the kernel's")):
        pytest.skip("needs a kernel that keeps keys, and is allowed to")
    file = home.root / "key"
    vault = home.new_vault()
    vault.add(Draft("openai", "work", "https://api.openai.com/v1", (), Secret(Canary().key)))
    vault.add_slot(make_key_file(file))
    vault.lock()
    return file


def in_shell(home: Home, key_file: Path, script: str, *options: str) -> "subprocess.CompletedProcess[str]":
    home.env |= {"SHELL": "/bin/sh", "ARKA": " ".join(home.command)}
    return subprocess.run(
        [*home.command, "unlock", "--shell", "--key-file", str(key_file), *options],
        env=home.env,
        input=script,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,  # nobody can be asked
    )


def test_in_the_shell_nothing_is_asked_until_lock(home: Home, key_file: Path) -> None:
    done = in_shell(home, key_file, "$ARKA list; echo $?; $ARKA status; $ARKA lock; $ARKA list; echo $?")
    assert re.search(r"^\topenai/work\t.*\n0\nOpen until .*\. 1 key, 1 needs you:\n", done.stdout)
    assert done.stdout.endswith("\n3\n")
    assert "open for this shell until" in done.stderr
    assert "the vault is locked" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("masking", ["", "--no-masking"])
def test_a_command_with_a_key_reaches_no_other_and_the_session_goes_on(
    masking: str, home: Home, key_file: Path
) -> None:
    exec_ = f"$ARKA exec -k openai {masking}"
    done = in_shell(
        home,
        key_file,
        f"{exec_} -- $ARKA list; echo $?; {exec_} -- $ARKA lock; {exec_} --nested -- $ARKA list; echo $?; $ARKA list",
    )
    assert re.fullmatch(r"3\n(\topenai/work\t.*\n)0\n\1", done.stdout)
    assert "the vault is locked" in done.stderr
    assert "It was not open." in done.stderr


@pytest.mark.slow
def test_outside_of_the_shell_it_is_locked(home: Home, key_file: Path) -> None:
    in_shell(home, key_file, "$ARKA list")
    outside = subprocess.run(
        [*home.command, "list"], env=home.env, capture_output=True, text=True, check=False, start_new_session=True
    )
    assert outside.returncode == 3


@pytest.mark.slow
def test_the_shell_has_nothing_in_its_environment_and_what_it_was_started_with(home: Home, key_file: Path) -> None:
    before = {*home.env} | {"SHELL", "ARKA"}
    done = in_shell(home, key_file, "umask; env | cut -d= -f1 | sort; trap")
    umask, *names = done.stdout.split()
    assert umask == subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True, check=True).stdout.strip()
    assert {*names} <= before | {"PWD", "OLDPWD", "SHLVL", "_"}


@pytest.mark.slow
def test_a_shell_that_is_not_there_is_an_error(home: Home, key_file: Path) -> None:
    home.env["SHELL"] = "/nowhere/sh"
    done = subprocess.run(
        [*home.command, "unlock", "--shell", "--key-file", str(key_file)],
        env=home.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the shell /nowhere/sh cannot be started" in done.stderr
