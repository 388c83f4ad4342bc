"""`status --brief`: one line from what the last open vault left; nothing is opened, asked or sent for it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.cli import desk, session
from arka_tui.cli.commands import command
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.simulator import Simulator
from arka_tui.store.session import KernelKeyring
from arka_tui.store.state import State
from arka_tui.store.vault import Vault
from tests.cli.conftest import MemoryKeyring, Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, open_vault

WORD = PASSPHRASE.reveal()
OFF = "arka-tui: error: there is no summary to tell of\narka-tui: hint: status_cache = true in {} switches it on\n"


@pytest.fixture
def on(paths: Paths, filled: Paths) -> Paths:
    """The user wants a summary of the vault with three keys; there is none yet."""
    say(paths, "status_cache = true\n")
    return paths


def say(paths: Paths, settings: str) -> None:
    paths.config.mkdir(exist_ok=True)
    paths.settings.write_text(settings)


def line(shell: Shell) -> str:
    assert shell.run("status", "--brief") == Exit.DONE
    assert shell.err == ""
    return shell.out


def test_it_is_one_line_of_what_the_last_command_saw(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    assert line(shell) == "arka: 3 untested of 3\n"


def test_switched_off_it_says_how_to_switch_it_on_and_nothing_else(shell: Shell, filled: Paths) -> None:
    assert shell.run("status", "--brief") == Exit.FAILED
    assert (shell.out, shell.err) == ("", OFF.format(filled.settings))
    assert not filled.brief.exists()


def test_switched_off_it_says_nothing_of_a_summary_that_is_still_there(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    say(on, "status_cache = false\n")
    assert shell.run("status", "--brief") == Exit.FAILED
    assert (shell.out, shell.err) == ("", OFF.format(on.settings))
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    assert not on.brief.exists()


def test_before_the_first_one_it_says_when_there_will_be_one(shell: Shell, on: Paths) -> None:
    assert shell.run("status", "--brief") == Exit.FAILED
    assert shell.out == ""
    assert shell.err.startswith("arka-tui: error: there is no summary yet\narka-tui: hint: it is written when")


def test_without_a_vault_there_is_nothing_to_say(shell: Shell, paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    say(paths, "status_cache = true\n")
    assert line(shell) == ""
    assert [*paths.data.parent.iterdir()] == [paths.config]


def test_a_mistake_in_the_settings_is_one(shell: Shell, on: Paths) -> None:
    say(on, "status_cache = \x1b[31m\n")
    assert shell.run("status", "--brief") == Exit.FAILED
    assert (shell.out, shell.err) == (
        "",
        "arka-tui: error: the settings file has a mistake\narka-tui: hint: arka-tui doctor tells which\n",
    )


def test_after_a_test_it_tells_what_needs_you(
    shell: Shell, paths: Paths, simulated: Simulator, keep: Callable[..., str], keyring: MemoryKeyring
) -> None:
    keep("openai/work")
    keep("openai/dry", "no_credit")
    keep("openai/gone", "deactivated")
    say(paths, "status_cache = true\n")
    assert shell.run("unlock", answers=(WORD,)) == Exit.DONE
    assert line(shell) == "arka: 3 untested of 3\n"
    assert shell.run("test", "--all") == Exit.TEST_FAILED
    assert line(shell) == "arka: 1 bad, 1 needs you of 3, tested just now\n"
    assert shell.run("rm", "--yes", "openai/dry", "openai/gone") == Exit.DONE
    assert line(shell) == "arka: 1 key ok\n"
    assert shell.run("rename", "openai/work", "main") == Exit.DONE
    assert line(shell) == "arka: 1 key ok\n"
    new = simulated.issue("openai", "valid")
    assert shell.run("add", "openai/new", "--no-test", answers=(new,)) == Exit.DONE
    assert line(shell) == "arka: 1 untested of 2, tested just now\n"
    assert shell.run("lock") == Exit.DONE
    assert line(shell) == "arka: 1 untested of 2, tested just now\n", "locked or open does not matter"


@pytest.mark.parametrize("word", ["list", "status", "log", "exec"])
def test_whatever_opens_the_vault_brings_it_up_to_date(word: str, shell: Shell, on: Paths, unlocked: Paths) -> None:
    rest = ["-k", "openai/one", "--", "true"] if word == "exec" else []
    assert shell.run(word, *rest) == Exit.DONE
    assert line(shell) == "arka: 3 untested of 3\n"


def test_a_vault_that_changed_since_is_told_of(shell: Shell, on: Paths, add: Callable[[str], None]) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    add("openai/four")  # by an arka that keeps no summary
    assert line(shell) == "arka: 3 untested of 3, vault changed since\n"


def test_a_change_of_passphrase_leaves_it_true(shell: Shell, on: Paths) -> None:
    vault = open_vault(on)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    assert line(shell) == "arka: 3 untested of 3\n"


def test_of_another_vault_it_says_nothing(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    for path in on.data.iterdir():
        path.unlink()
    open_vault(on).create(PASSPHRASE, RECOVERY_CODE)
    assert shell.run("status", "--brief") == Exit.FAILED
    assert shell.out == ""
    assert shell.err.startswith("arka-tui: error: the summary is of another vault\n")


def test_a_vault_that_is_gone_or_damaged_is_told_of(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    on.vault.write_bytes(b"\0" * 99)
    assert line(shell) == "arka: the vault file is damaged, arka-tui doctor tells more\n"
    on.vault.unlink()
    assert line(shell) == "arka: the vault file is gone, arka-tui doctor tells more\n"


def test_a_summary_that_is_none_is_told_of_and_nothing_of_it(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    on.brief.write_bytes(b'{"bad": "\x1b]0;harm\x07"}')
    assert shell.run("status", "--brief") == Exit.FAILED
    assert shell.out == ""
    assert shell.err == (
        f"arka-tui: error: the summary {on.brief} is not what arka writes\n"
        "arka-tui: hint: delete it; arka writes it anew when the vault is next open\n"
    )
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    assert line(shell) == "arka: 3 untested of 3\n"


def test_nothing_is_opened_or_asked_for_it(shell: Shell, on: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    before = {path: path.stat().st_mtime_ns for path in on.data.parent.rglob("*")}

    def opened(*_: object) -> None:
        raise AssertionError("it opened something")

    for owner, name in ((Vault, "__init__"), (State, "open_record"), (KernelKeyring, "find"), (Desk, "standard")):
        monkeypatch.setattr(owner, name, opened)
    assert line(shell) == "arka: 3 untested of 3\n"
    assert shell.person.asked == []
    assert {path: path.stat().st_mtime_ns for path in on.data.parent.rglob("*")} == before


def test_as_json_it_has_the_line_and_the_numbers(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    assert shell.run("status", "--brief", "--json") == Exit.DONE
    assert shell.json() == {
        "line": "arka: 3 untested of 3",
        "vault": "as_told",
        "keys": 3,
        **{"good": 0, "care": 0, "bad": 0, "unsure": 0, "untested": 3, "warned": 0},
        "expires_on": None,
        "tested_at": None,
    }
    on.vault.unlink()
    assert shell.run("status", "--brief", "--json") == Exit.DONE
    assert (shell.json()["vault"], shell.json()["keys"]) == ("missing", None)
    on.brief.unlink()
    assert shell.run("status", "--json", "--brief") == Exit.DONE
    assert (shell.json()["vault"], shell.json()["line"]) == ("none", "")


def test_the_quick_way_and_the_way_of_the_other_commands_say_the_same(
    shell: Shell, on: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    quick = line(shell)
    assert command("status").run(["--brief"], desk.Desk.standard()) == Exit.DONE
    assert capsys.readouterr().out == quick


def test_what_cannot_be_typed_with_it_is_used_wrongly(shell: Shell, on: Paths) -> None:
    assert shell.run("status", "--brief", "openai") == Exit.USAGE
    assert shell.run("status", "--briefly") == Exit.USAGE


HEAVY = {"argparse", "dataclasses", "inspect", "asyncio", "cryptography", "httpx", "textual", "tomli_w", "difflib"}


def real(paths: Paths, *flags: str) -> "subprocess.CompletedProcess[str]":
    program = "import sys; from arka_tui.__main__ import main; code = main(sys.argv[1:]); "
    program += "print(*sys.modules, sep='\\n', file=sys.stderr); sys.exit(code)"
    environ = {"PATH": os.environ["PATH"], "ARKA_HOME": str(paths.data.parent)}
    package = Path(session.__file__).parents[2]
    return subprocess.run(
        [sys.executable, *flags, "-c", program, "status", "--brief"],
        env={**environ, "PYTHONPATH": str(package), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_imports_nothing_that_takes_long(shell: Shell, on: Paths) -> None:
    assert shell.run("list", answers=(WORD,)) == Exit.DONE
    done = real(on)
    assert (done.returncode, done.stdout) == (0, "arka: 3 untested of 3\n")
    loaded = done.stderr.split()
    assert "arka_tui.cli.brief" in loaded
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)
    assert not [name for name in loaded if name.startswith(("arka_tui.store", "arka_tui.check", "arka_tui.credential"))]
