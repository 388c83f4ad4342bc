"""What the shells complete: the scripts are run by the shells themselves, where they are installed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from arka_tui.cli.commands import ALIASES, COMMANDS
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from tests.cli.conftest import Shell

HARMFUL = "openai/$(touch${IFS}harm)`touch${IFS}harm`;'\""
QUOTED = r"openai/\$\(touch\$\{IFS\}harm\)\`touch\$\{IFS\}harm\`\;\'\""
NAMES = ("openai/work", "openai/ci", "groq/ci", HARMFUL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With an arka that lists keys, provided that it is told not to ask. There is no arka-tui."""
    folder = tmp_path / "there"
    folder.mkdir()
    program = folder / "arka"
    (folder / "listed").write_text("".join(f"✓ works\t{name}\t…aaaa\n" for name in NAMES))
    program.write_text('#!/bin/sh\n[ "$ARKA_NO_ASK $*" = "1 list" ] && cat "${0%/*}/listed"\n')
    program.chmod(0o700)
    return folder


def script_for(name: str, shell: Shell) -> str:
    assert shell.run("completion", name) == Exit.DONE
    assert shell.err == ""
    return shell.out


def ran(folder: Path, *command: str) -> list[str]:
    environ = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def by_bash(shell: Shell, folder: Path, *typed: str, before: str = "") -> list[str]:
    (folder / "script").write_text(script_for("bash", shell))
    asks = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _arka; printf "%s\\n" "${COMPREPLY[@]}"'
    return [
        line for line in ran(folder, "bash", "--norc", "-c", f"source script; {before} {asks}", "bash", *typed) if line
    ]


# ---------------------------------------------------------------------- bash


def test_bash_completes_both_names_of_the_program(shell: Shell, folder: Path) -> None:
    (folder / "script").write_text(script_for("bash", shell))
    assert ran(folder, "bash", "--norc", "-c", "source script; complete -p arka arka-tui") == [
        "complete -o default -F _arka arka",
        "complete -o default -F _arka arka-tui",
    ]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (("pro",), ["providers"]),
        (("r",), ["rename", "rm", "remove", "run", "restore"]),
        (("--v",), ["--version"]),
        (("dem",), ["demo"]),
        (("test", "--pa"), ["--patient", "--passphrase-fd"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("completion", "z"), ["zsh"]),
        (("models", "--sort", "re"), ["retires"]),
        (
            (
                "models",
                "--sort=re",
            ),
            ["--sort=retires"],
        ),
        (("models", "--sort", "=", "re"), ["retires"]),
        (("models", "--provider", "openr"), ["openrouter"]),
        (("add", "openr"), ["openrouter/"]),
        (("add", "openai/w"), []),
        (("add", "--stdin", "openr"), ["openrouter/"]),
        (("exec", "-k", "openai"), ["openai/work", "openai/ci", QUOTED, "openai"]),
        (("run", "--key", "g"), ["groq/ci", "groq"]),
        (("exec", "--key=g"), ["--key=groq/ci", "--key=groq"]),
        (("exec", "--env", "X=groq/"), ["X=groq/ci"]),
        (("exec", "--env", "X", "=", "groq/"), ["groq/ci"]),
        (("exec", "--env", "X", "="), [*map(str, NAMES[:3]), QUOTED, "groq", "openai"]),
        (("exec", "--env", "=", "X", "=", "groq/"), ["groq/ci"]),
        (("exec", "--env", "X"), []),
        (("exec", "--as", ""), ["openai"]),
        (("exec", "-k", "groq", "--", "made-u"), ["made-up"]),
        (("exec", "-k", "groq", "made-u"), ["made-up"]),
        (("exec", "-k", "groq", "--", "made-up", "-"), []),
        (("update", "groq/"), ["groq/ci"]),
        (("rename", "groq/"), ["groq/ci"]),
        (("rename", "groq/ci", "g"), []),
        (("show", "--json", "groq/"), ["groq/ci"]),
        (("delete", "groq/ci", "openai/w"), ["openai/work"]),
        (("export", "g"), []),
        (("export", "file", "groq/"), ["groq/ci"]),
        (("export", "--force", "file", "groq/ci", "openai/w"), ["openai/work"]),
        (("log", "--limit", "5", "groq/"), ["groq/ci"]),
        (("test", "groq"), ["groq/ci"]),
        (("ls", "openai/w"), ["openai/work"]),
        (("test", "--all", "openai/c"), ["openai/ci"]),
        (("test", "--key-file", ""), []),
        (("status", "--b"), ["--brief"]),
        (("unlock", "--for", "o"), []),
        (("nonsense", "o"), []),
    ],
)
def test_bash_completes_what_fits(typed: tuple[str, ...], completed: list[str], shell: Shell, folder: Path) -> None:
    made_up = folder / "made-up"
    made_up.write_text("#!/bin/sh\n")
    made_up.chmod(0o700)
    assert sorted(by_bash(shell, folder, "arka", *typed)) == sorted(completed)


def test_behind_the_command_of_exec_the_completion_of_that_is_asked(shell: Shell, folder: Path) -> None:
    offset = '_command_offset() { COMPREPLY=("from $1"); };'
    typed = ("arka", "exec", "--env", "X", "=", "groq/ci", "--", "git", "che")
    assert by_bash(shell, folder, *typed, before=offset) == ["from 7"]


def test_bash_asks_the_program_that_is_typed(shell: Shell, folder: Path) -> None:
    assert by_bash(shell, folder, "arka-tui", "test", "groq/") == []
    (folder / "arka").rename(folder / "arka-tui")
    assert by_bash(shell, folder, "arka-tui", "test", "groq/") == ["groq/ci"]
    assert by_bash(shell, folder, "~/arka-tui", "test", "groq/") == ["groq/ci"]


def test_what_list_prints_is_what_the_scripts_cut(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("list") == Exit.DONE
    assert [line.split("\t")[1] for line in shell.lines()] == ["openai/one", "openai/three", "openai/two"]


def test_a_provider_of_ones_own_is_offered(shell: Shell, folder: Path, paths: Paths) -> None:
    paths.providers.parent.mkdir(parents=True)
    paths.providers.write_text('[acme]\nname = "Acme"\ndialect = "openai"\nbase_url = "https://acme.example/v1"\n')
    assert by_bash(shell, folder, "arka", "add", "ac") == ["acme/"]


def test_every_command_is_offered_and_every_option_of_it(shell: Shell, folder: Path) -> None:
    assert {*by_bash(shell, folder, "arka", "")} == {*COMMANDS, *ALIASES, "demo", "keyboard"}
    assert {"--free", "--json", "--key-file", "--help"} <= {*by_bash(shell, folder, "arka", "test", "--")}


def test_bash_evaluates_no_name(shell: Shell, folder: Path) -> None:
    (completed,) = by_bash(shell, folder, "arka", "test", "openai/$")
    assert ran(folder, "bash", "--norc", "-c", f'printf "%s\\n" {completed}') == [HARMFUL]
    assert not (folder / "harm").exists()


def test_while_the_vault_is_locked_there_are_no_names_and_no_complaint(shell: Shell, folder: Path) -> None:
    (folder / "listed").unlink()
    (folder / "arka").write_text("#!/bin/sh\necho 'arka-tui: error: the vault is locked' >&2\nexit 3\n")
    assert by_bash(shell, folder, "arka", "test", "") == []


# ---------------------------------------------------------------------- zsh, fish


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_takes_the_script(shell: Shell, folder: Path) -> None:
    (folder / "script").write_text(script_for("zsh", shell))
    assert ran(folder, "zsh", "-f", "-n", "script") == []


ZSH = """
compdef() { }
compadd() { [[ $1 == -S ]] && shift 2; [[ $1 == -a ]] && print -rl -- ${(PM)2:#$PREFIX*} }
_describe() { [[ $1 == -o ]] && shift; local -a of=(${(P)2}); print -rl -- ${(M)${of%%:*}:#$PREFIX*} }
_files() { print -r files }
_normal() { print -r normal $CURRENT $words }
compset() { [[ $PREFIX == *=* ]] && PREFIX=${PREFIX#*=} }
source script
words=("$@") CURRENT=$# PREFIX=${@[-1]}
_arka
"""
"""The completion system's own functions print what they are given."""


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("provid", ["providers"]),
        ("remov", ["remove"]),
        ("test openai/", ["openai/work", "openai/ci", HARMFUL]),
        ("ls --js", ["--json"]),
        ("status --b", ["--brief"]),
        ("add openr", ["openrouter"]),
        ("models --provider openr", ["openrouter"]),
        ("models --sort=re", ["retires"]),
        ("exec -k g", ["groq/ci", "groq"]),
        ("run --env X=groq/", ["groq/ci"]),
        ("exec --env=X=groq/", ["groq/ci"]),
        ("exec -k groq -- git che", ["normal 2 git che"]),
        ("exec -k groq gi", ["normal 1 gi"]),
        ("export f", ["files"]),
        ("export file groq/", ["groq/ci"]),
        ("rename groq/ci g", []),
        ("delete groq/ci openai/w", ["openai/work"]),
    ],
)
def test_zsh_completes_what_fits(typed: str, completed: list[str], shell: Shell, folder: Path) -> None:
    (folder / "script").write_text(script_for("zsh", shell))
    told = ran(folder, "zsh", "-f", "-c", ZSH, "zsh", "arka", *typed.split())
    assert [line for line in told if line] == completed
    assert not (folder / "harm").exists()


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("arka provid", ["providers"]),
        ("arka test openai/w", ["openai/work"]),
        ("arka-tui test openai/w", []),
        ("arka remov", ["remove"]),
        ("arka add openr", ["openrouter/"]),
        ("arka models --provider openr", ["openrouter"]),
        ("arka exec -k g", ["groq", "groq/ci"]),
        ("arka run --env X=groq/", ["X=groq/ci"]),
        ("arka exec -k groq -- made-u", ["made-up"]),
        ("arka export file groq/", ["groq/ci"]),
        ("arka rename groq/ci g", []),
        ("arka models --sort re", ["retires"]),
        ("arka test --pat", ["--patient"]),
        ("arka status --b", ["--brief"]),
        ("arka test openai/", ["openai/ci", "openai/work", HARMFUL]),
    ],
)
def test_fish_completes_what_fits(typed: str, completed: list[str], shell: Shell, folder: Path) -> None:
    (folder / "made-up").write_text("#!/bin/sh\n")
    (folder / "made-up").chmod(0o700)
    (folder / "script").write_text(script_for("fish", shell))
    told = ran(folder, "fish", "--no-config", "-c", "source script; complete -C $argv[1]", typed)
    assert sorted(line.split("\t")[0] for line in told) == sorted(completed)
    assert not (folder / "harm").exists()


def test_another_shell_is_told_which_there_are(shell: Shell) -> None:
    assert shell.run("completion", "tcsh") == Exit.USAGE
    assert shell.run("completion") == Exit.USAGE


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_script_tells_the_program_not_to_ask(name: str, shell: Shell) -> None:
    assert re.search("ARKA_NO_ASK=1 command .*? list 2>/dev/null </dev/null", script_for(name, shell))
