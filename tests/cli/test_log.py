"""`arka-tui log`: past tests, newest first, and nothing that is secret."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from arka_tui.check import Check, Stage, Verdict
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.store.vault import Vault
from tests.cli.conftest import Shell
from tests.conftest import NOW, PASSPHRASE, draft

WORD = PASSPHRASE.reveal()
YEAR = timedelta(days=365)


@pytest.fixture
def tested(vault: Vault) -> Vault:
    """Three tests of two keys, a minute apart."""
    one, other = (vault.add(draft(name))[0] for name in ("openai/work", "groq/ci"))
    for minute, (each, verdict) in enumerate(
        [(one, Verdict.NO_CREDITS), (other, Verdict.UNREACHABLE), (one, Verdict.OK)]
    ):
        stages = (Stage("shape", Verdict.OK, ""), Stage("key", verdict, "GET /models", 200, 12))
        vault.record_checks([Check(each.id, each.name, each.hint, NOW + timedelta(minutes=minute), verdict, stages)])
    return vault


def test_the_newest_test_comes_first(shell: Shell, tested: Vault) -> None:
    assert shell.run("log", answers=(WORD,)) == Exit.DONE
    assert shell.lines() == [
        "works\t2026-11-23T10:02:00+00:00\topenai/work\tkey 200\t12\t…aaaa",
        "unreachable\t2026-11-23T10:01:00+00:00\tgroq/ci\tkey 200\t12\t…aaaa",
        "no credit\t2026-11-23T10:00:00+00:00\topenai/work\tkey 200\t12\t…aaaa",
    ]
    assert shell.err == ""


@pytest.mark.parametrize(
    ("asked", "verdicts"),
    [
        (("openai/work",), ["ok", "no_credits"]),
        (("groq",), ["unreachable"]),
        (("--limit", "1"), ["ok"]),
        (("--limit", "0"), ["ok", "unreachable", "no_credits"]),
        (("--limit", "1", "groq/ci"), ["unreachable"]),
    ],
)
def test_only_what_was_asked_for_is_told(
    asked: tuple[str, ...], verdicts: list[str], shell: Shell, tested: Vault
) -> None:
    assert shell.run("log", "--json", *asked, answers=(WORD,)) == Exit.DONE
    assert [check["verdict"] for check in json.loads(shell.out)["checks"]] == verdicts


@pytest.mark.parametrize(("now", "moment"), [(NOW, "11-23 10:01:00"), (NOW + YEAR, "2026-11-23 10:01:00")])
def test_on_a_terminal_it_is_a_table_and_this_year_is_not_told(
    now: datetime, moment: str, shell: Shell, tested: Vault, watched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard = Desk.standard
    monkeypatch.setattr(Desk, "standard", lambda: replace(standard(), now=lambda: now))
    assert shell.run("log", "groq/ci", answers=(WORD,)) == Exit.DONE
    head, row = shell.lines()
    assert head.split("  ")[0] == "VERDICT"
    assert head.split("  ")[-1] == "HINT"
    assert row.startswith(f"? unreachable  {moment}  groq/ci  key 200  12 ms")


def test_an_unknown_key_is_told(shell: Shell, tested: Vault) -> None:
    assert shell.run("log", "openai/wrok", answers=(WORD,)) == Exit.NOT_FOUND
    assert "did you mean 'openai/work'?" in shell.err


def test_lines_that_cannot_be_read_are_counted(shell: Shell, tested: Vault) -> None:
    journal = tested.path.with_name("journal")
    journal.write_bytes(journal.read_bytes() + b"A" * 800 + b"\n")
    assert shell.run("log", answers=(WORD,)) == Exit.DONE
    assert len(shell.lines()) == 3
    assert "1 line of the log cannot be read" in shell.err


def test_without_tests_nothing_is_printed(shell: Shell, vault: Vault) -> None:
    assert shell.run("log", answers=(WORD,)) == Exit.DONE
    assert shell.out == ""
    assert "No tests yet" in shell.err
    assert shell.run("log", "--json", answers=(WORD,)) == Exit.DONE
    assert json.loads(shell.out) == {"checks": []}


@pytest.mark.parametrize("number", ["-1", "many", "1.5", ""])
def test_a_limit_is_a_whole_number(number: str, shell: Shell, vault: Vault) -> None:
    assert shell.run("log", f"--limit={number}") == Exit.USAGE


def test_without_a_terminal_it_is_locked(shell: Shell, tested: Vault) -> None:
    shell.person.there = False
    assert shell.run("log") == Exit.LOCKED
    assert shell.out == ""
