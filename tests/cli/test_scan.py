"""`arka-tui scan`: the vault's own keys in plaintext, found and never shown."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from arka_tui.cli import scan
from arka_tui.paths import Paths
from arka_tui.secret import KEYLESS
from tests.cli.conftest import KEY, Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault

WORD = PASSPHRASE.reveal()
ONE = f"{KEY}-one"

pytestmark = pytest.mark.usefixtures("filled")


def put(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o600)
    return path


def test_a_key_in_a_history_is_found_by_line_and_name(shell: Shell, home: Path) -> None:
    history = put(home / ".bash_history", f"ls\ncurl -H 'Authorization: Bearer {ONE}' https://x\n")
    assert shell.run("scan", answers=(WORD,)) == 1
    assert shell.lines() == [f"openai/one\t{history}:2\tplaintext, private to you"]
    assert "openai/one: Delete the line, with every other shell closed" in shell.err
    assert shell.err.endswith("use instead: arka-tui exec -k openai/one -- COMMAND\n")


@pytest.mark.parametrize("columns", [40, 80])
def test_on_a_terminal_paths_are_short_and_the_name_of_the_file_stays(
    columns: int, shell: Shell, home: Path, watched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home / ".bashrc", f"export A={ONE}\n")
    put(home / "work/a-folder-of-a-long-name/another-one/and-one-more-below-it/settings.toml", f"key = '{ONE}'\n")
    put(home / "work/app/.env", f"A={ONE}\n")
    monkeypatch.setattr(scan, "is_readable", lambda text: text.path.name == ".env")
    monkeypatch.chdir(home / "work/app")
    monkeypatch.setenv("COLUMNS", str(columns))
    assert shell.run("scan", home, answers=(WORD,)) == 1
    head, *rows = shell.lines()
    assert head.split() == (["KEY", "WHERE", "RISK"] if columns == 80 else ["KEY", "WHERE"])
    assert max(map(len, shell.lines())) < columns
    places = {row.split()[2]: row for row in rows}
    assert {"~/.bashrc:1", ".env:1"} < {*places}
    (cut,) = {*places} - {"~/.bashrc:1", ".env:1"}
    assert cut.startswith("…")
    assert cut.endswith("/settings.toml:1")
    assert places["~/.bashrc:1"].startswith("! openai/one  ~/.bashrc:1")
    assert places[".env:1"].startswith("✗ openai/one  .env:1")
    if columns == 80:
        assert places[".env:1"].endswith("  others can read")


def test_where_nothing_lies_it_says_how_far_it_looked(shell: Shell, home: Path) -> None:
    put(home / ".bashrc", "export OPENAI_API_KEY=sk-proj-somebodyelseskeythatisnotours\n")
    assert shell.run("scan", answers=(WORD,)) == 0
    assert shell.out == ""
    assert "none of your keys lies there in plaintext (3 keys, " in shell.err


def test_json_has_the_same_members_always(shell: Shell, home: Path) -> None:
    path = put(home / ".env", f"A={ONE}\n")
    assert shell.run("scan", "--json", answers=(WORD,)) == 1
    told = json.loads(shell.out)
    assert told["found"] == [
        {
            "name": "openai/one",
            "path": str(path),
            "line": 1,
            "kind": ".env file",
            "tracked_by_git": False if shutil.which("git") else None,
            "readable_by_others": False,
            "rotate": False,
            "advice": "arka-tui import --replace FILE puts a reference in its place.",
            "page": "",
        }
    ]
    assert told["not_read"] == []
    assert told["files_read"] >= 1
    path.unlink()
    assert shell.run("scan", "--json", answers=(WORD,)) == 0
    assert json.loads(shell.out)["found"] == []


def test_a_folder_is_looked_at_all_the_way_down_and_a_file_alone(shell: Shell, home: Path, tmp_path: Path) -> None:
    deep = put(tmp_path / "src/a/b/main.py", f"key = '{ONE}'\n")
    put(home / ".env", f"A={ONE}\n")
    assert shell.run("scan", tmp_path / "src", answers=(WORD,)) == 1
    assert [line.split("\t")[1] for line in shell.lines()] == [f"{deep}:1"]
    assert shell.run("scan", deep, answers=(WORD,)) == 1
    assert shell.run("scan", tmp_path / "nothing") == 2


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_a_key_that_git_tracks_is_to_be_replaced_at_its_provider(shell: Shell, home: Path) -> None:
    tracked = put(home / "project/settings.py", f"KEY = '{ONE}'\n")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(tracked.parent), *words], check=True)
    os.chdir(tracked.parent)
    assert shell.run("scan", answers=(WORD,)) == 1
    assert shell.lines() == [f"openai/one\t{tracked}:1\tin git"]
    assert "make a new key" in shell.err
    assert "https://platform.openai.com/api-keys" in shell.err


def test_one_file_of_two_names_is_told_once(shell: Shell, home: Path) -> None:
    put(home / "dotfiles/bashrc", f"export A={ONE}\n")
    (home / ".bashrc").symlink_to(home / "dotfiles/bashrc")
    assert shell.run("scan", home, answers=(WORD,)) == 1
    assert len(shell.lines()) == 1


def test_the_word_that_stands_for_no_key_is_none(shell: Shell, paths: Paths, home: Path) -> None:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.add(draft("ollama/main", KEYLESS.reveal()))
    put(home / ".bashrc", f"# {KEYLESS.reveal()}\n")
    assert shell.run("scan", answers=(WORD,)) == 0


def test_without_the_passphrase_nothing_is_looked_at(shell: Shell, home: Path) -> None:
    assert shell.run("scan", answers=("",)) == 3
    shell.person.there = False
    assert shell.run("scan") == 3


def test_a_hostile_tree_is_survived_and_told(shell: Shell, home: Path) -> None:
    os.mkfifo(home / ".zsh_history")
    os.mkfifo(home / "fifo")
    (home / "loop").symlink_to(home)
    (home / ".bashrc").symlink_to(home / ".bashrc")
    (home / ".codex").mkdir()
    (home / ".codex/auth.json").write_bytes(b"\0" + ONE.encode())
    put(home / ".profile", "x" * (5 << 20))
    put(home / ".bash_history", "a=" * (5 << 19) + f"\n{ONE}\n")
    put(home / "\x1b]0;owned\x07\u202e.txt", ONE)
    (home / "latin1").write_bytes(b"\xff\xfe " + ONE.encode() + b"\n")
    os.mkfifo(os.fsencode(home) + b"/\xff\xfe")
    assert shell.run("scan", home, answers=(WORD,)) == 1
    assert not set("\x1b\x07\u202e") & {*(shell.out + shell.err)}
    places = [line.split("\t")[1].removeprefix(f"{home}/") for line in shell.lines()]
    assert places == ["␛]0;owned␇.txt:1", ".bash_history:2", "latin1:1"]
    assert f"Not read: {home}/.profile: larger than 1 MiB." in shell.err
    assert shell.run("scan", answers=(WORD,)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told(shell: Shell, home: Path) -> None:
    put(home / ".env", "").chmod(0)
    assert shell.run("scan", answers=(WORD,)) == 0
    assert f"Not read: {home}/.env: permission denied." in shell.err


def test_a_key_in_the_name_of_a_file_is_found_out_and_masked(shell: Shell, home: Path) -> None:
    put(home / f"{ONE}.txt", f"{ONE}\n")
    assert shell.run("scan", home, answers=(WORD,)) == 1
    assert shell.lines() == [f"openai/one\t{home}/••••.txt:1\tplaintext, private to you"]


@pytest.mark.slow
def test_the_name_of_a_file_that_was_given_up_is_masked_too(shell: Shell, paths: Paths, home: Path) -> None:
    plain = "a-relays-own-key-of-no-known-shape-0001"
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.add(draft("openai/plain", plain))
    put(home / f"{plain}.txt", (plain[:8] + "=" + "z" * 20 + plain[-4:] + ";") * 21_000)
    for option in ((), ("--json",)):
        assert shell.run("scan", *option, home, answers=(WORD,)) == 0
        assert "too much of it looks like a key" in shell.out + shell.err
        assert plain not in shell.out + shell.err
