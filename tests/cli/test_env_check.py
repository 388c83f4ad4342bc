"""`arka-tui env-check`: what overrides or duplicates a key of the vault."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Shell
from tests.conftest import PASSPHRASE

WORD = PASSPHRASE.reveal()
ONE = f"{KEY}-one"
OTHER = "sk-proj-" + "Zy9" * 9

pytestmark = pytest.mark.usefixtures("filled")


def test_nothing_to_find_is_said(shell: Shell, home: Path) -> None:
    assert shell.run("env-check", answers=(WORD,)) == 0
    assert shell.out == ""
    assert "nothing overrides or duplicates your keys" in shell.err


def test_a_variable_is_one_of_yours_or_another_one(shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", ONE)
    (home / ".bashrc").write_text(f"\nexport OPENAI_API_KEY={OTHER}\n")
    assert shell.run("env-check", answers=(WORD,)) == 1
    assert shell.lines() == [
        "OPENAI_API_KEY\tenvironment\tduplicates openai/one",
        f"OPENAI_API_KEY\t{home}/.bashrc:2\tOpenAI key, not in the vault",
    ]
    assert "environment: Unset OPENAI_API_KEY, and remove it where it is set." in shell.err
    assert shell.err.endswith("use instead: arka-tui exec -k openai/one -- COMMAND\n")
    assert "OPENAI_API_KEY: arka-tui import stores it" in shell.err
    assert OTHER not in shell.out + shell.err


@pytest.mark.parametrize(
    ("variable", "address", "host"),
    [
        ("OPENAI_BASE_URL", "https://relay.example/v1", "relay.example"),
        ("OPENAI_API_BASE", "http://10.0.0.1:4000", "10.0.0.1"),
        ("ANTHROPIC_BASE_URL", "https://user:hidden-word@relay.example", "relay.example"),
        ("OPENAI_BASE_URL", "https://[broken", "an address that arka makes no sense of"),
    ],
)
def test_a_variable_that_points_requests_elsewhere_is_told_by_its_host(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, address: str, host: str
) -> None:
    monkeypatch.setenv(variable, address)
    assert shell.run("env-check", answers=(WORD,)) == 1
    assert shell.lines()[0].startswith(f"{variable}\tenvironment\tpoints ")
    assert shell.lines()[0].endswith(f" requests to {host}")
    assert "hidden-word" not in shell.out + shell.err


@pytest.mark.parametrize(
    "address",
    [
        OTHER,
        ONE,
        "sk-proj-abc.Zy9Zy9Zy9.example",
        f"https://{OTHER}",
        f"https://{OTHER}.example/v1",
        "0123456789abcdef0123456789abcdef.AbCdEfGhIj123456",
        "hunter2hunter2",
        "http://hunter2hunter2:4000",
    ],
)
def test_a_key_in_the_place_of_an_address_is_not_shown(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    for words in (["env-check"], ["env-check", "--json"]):
        assert shell.run(*words, answers=(WORD,)) == 1
        told = (shell.out + shell.err).lower()
        assert "an address that arka makes no sense of" in told
        assert not [piece for piece in ("zy9", "-one", "abcdef", "hunter2") if piece in told]


@pytest.mark.parametrize("host", ["localhost:4000", "127.0.0.1:4000", "[::1]:4000", "my-relay.co.uk:8443"])
def test_a_host_that_is_one_is_shown(shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"https://{host}/v1")
    assert shell.run("env-check", answers=(WORD,)) == 1
    assert shell.lines()[0].endswith(f" requests to {host}")


def test_an_address_of_the_provider_itself_points_nowhere_else(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1/")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    assert shell.run("env-check", answers=(WORD,)) == 0


def test_references_placeholders_and_secrets_of_others_are_no_finding(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_" + "a" * 36)
    (home / ".env").write_text(
        "OPENAI_API_KEY=arka://openai/one\nGROQ_API_KEY=your-key-here\nPASSWORD=hunter2hunter2\n"
    )
    (home / ".bash_history").write_text(f"export OPENAI_API_KEY={ONE}\n")
    assert shell.run("env-check", answers=(WORD,)) == 0


def test_a_key_of_yours_is_known_under_any_name_that_sounds_like_a_secret(shell: Shell, home: Path) -> None:
    (home / ".env").write_text(f"MY_TOKEN='{ONE}'\n")
    assert shell.run("env-check", answers=(WORD,)) == 1
    assert shell.lines() == [f"MY_TOKEN\t{home}/.env:1\tduplicates openai/one"]


def test_variables_of_the_environment_are_unset_by_one_line(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", ONE)
    monkeypatch.setenv("OPENAI_API_KEY_CI", ONE)
    assert shell.run("env-check", answers=(WORD,)) == 1
    assert "Unset OPENAI_API_KEY OPENAI_API_KEY_CI, and remove them where they are set." in shell.err


def test_on_a_terminal_a_row_begins_with_its_sign(shell: Shell, home: Path, watched: None) -> None:
    (home / ".env").write_text(f"MY_TOKEN='{ONE}'\n")
    assert shell.run("env-check", answers=(WORD,)) == 1
    head, row = shell.lines()
    assert head.split() == ["VARIABLE", "WHERE", "FINDING"]
    assert row.split(maxsplit=3) == ["!", "MY_TOKEN", ".env:1", "duplicates openai/one"]


def test_json_has_the_same_members_always(shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://relay.example/v1")
    (home / ".env").write_text(f"OPENAI_API_KEY={ONE}\n")
    assert shell.run("env-check", "--json", answers=(WORD,)) == 1
    told = json.loads(shell.out)
    assert told == {
        "found": [
            {
                "variable": "OPENAI_BASE_URL",
                "provider": "openai",
                "path": None,
                "line": None,
                "kind": "environment",
                "finding": "elsewhere",
                "names": [],
                "host": "relay.example",
                "told": "points OpenAI requests to relay.example",
                "advice": "Unset it, unless you mean your OpenAI keys to go there.",
            },
            {
                "variable": "OPENAI_API_KEY",
                "provider": "openai",
                "path": f"{home}/.env",
                "line": 1,
                "kind": ".env file",
                "finding": "duplicates",
                "names": ["openai/one"],
                "host": None,
                "told": "duplicates openai/one",
                "advice": "arka-tui import --replace FILE puts a reference in its place.",
            },
        ],
        "not_read": [],
    }
