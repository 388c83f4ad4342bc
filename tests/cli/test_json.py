"""`--json`: one document on standard output, with just these members, and nothing of a key."""

from pathlib import Path

import pytest

from arka_tui.cli.commands import COMMANDS, command
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.simulator import Simulator
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE

WORD = PASSPHRASE.reveal()
KEY_MEMBERS = {
    *("name", "provider", "label", "hint", "base_url", "settings", "created_at", "updated_at", "check"),
}
WITHOUT = {"exec", "completion", "passphrase"}
"""Their output is another program's, a script, or a secret that only a terminal may have."""


def test_every_command_has_it_that_has_something_to_tell() -> None:
    lacking = {word for word in COMMANDS if "--json" not in command(word).parser().format_help()}
    assert lacking <= WITHOUT


def test_of_changes_it_is_the_key_as_it_is_now(shell: Shell, unlocked: Paths, simulated: Simulator) -> None:
    key = simulated.issue("openai", "valid")
    assert shell.run("add", "openai/work", "--json", answers=(key,)) == Exit.DONE
    added = shell.json()
    assert {*added} == KEY_MEMBERS
    assert added["check"]["verdict"] == "ok"
    assert shell.run("update", "openai/work", "--keep-key", "--no-test", "--json", "--set", "project=p") == Exit.DONE
    assert shell.json()["settings"] == {"project": "p"}
    assert shell.run("rename", "openai/work", "main", "--json") == Exit.DONE
    assert (shell.json()["name"], shell.json()["check"]["verdict"]) == ("openai/main", "ok")
    assert shell.run("rm", "--yes", "openai/main", "--json") == Exit.DONE
    assert shell.json() == {
        "deleted": ["openai/main"],
        "revoke_at": ["OpenAI: https://platform.openai.com/api-keys"],
        "still_in_use": [],
    }


def test_of_the_session_it_is_whether_it_is_open(shell: Shell, filled: Paths) -> None:
    assert shell.run("unlock", "--json", answers=(WORD,)) == Exit.DONE
    assert {*shell.json()} == {"open", "until"}
    assert shell.run("lock", "--json") == Exit.DONE
    assert shell.json() == {"ended": True}
    assert shell.run("status", "--json") == Exit.LOCKED
    assert {*shell.json()} == {"vault", "exists", "open", "until", "session_trouble", "keys", "needing_you"}


def test_of_a_show_it_is_the_key_with_its_warnings_and_checks(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("show", "openai/one", "--json") == Exit.DONE
    assert {*shell.json()} == KEY_MEMBERS | {"warnings", "checks"}
    assert shell.json()["warnings"] == ["never tested"]


def test_of_the_doctor_it_is_findings(shell: Shell, filled: Paths) -> None:
    assert shell.run("doctor", "--json", answers=(WORD,)) in (Exit.DONE, Exit.FAILED)
    findings = shell.json()["findings"]
    assert all({*each} == {"part", "state", "severity", "detail", "remedy", "repairable"} for each in findings)
    assert {"ok"} <= {each["severity"] for each in findings} <= {"ok", "note", "trouble"}
    assert shell.err == ""


def test_of_backups_it_is_what_was_written_or_restored(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    assert shell.run("backup", file, "--json", answers=(WORD,)) == Exit.DONE
    assert shell.json() == {"file": str(file), "generation": 4, "keys": 3, "verified": True, "was_there": False}
    assert shell.run("restore", "--yes", file, "--json", answers=(WORD,)) == Exit.DONE
    assert shell.json() == {"restored": False, "generation": 4, "keys": 3, "kept": []}
    filled.vault.unlink()
    assert shell.run("restore", "--yes", file, "--json", answers=(WORD,)) == Exit.DONE
    assert (shell.json()["restored"], shell.json()["generation"]) == (True, 4)


@pytest.mark.parametrize("argv", [("show", "openai/nine", "--json"), ("rename", "openai/one", "two", "--json")])
def test_an_error_is_two_lines_on_standard_error_and_no_document(
    shell: Shell, unlocked: Paths, argv: tuple[str, ...]
) -> None:
    assert shell.run(*argv) in (Exit.NOT_FOUND, Exit.CONFLICT)
    assert shell.out == ""
    assert shell.err.startswith("arka-tui: error: ")
