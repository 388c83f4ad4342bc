"""`list` and `show`: all that is known of the keys, on a terminal, in a pipe and as JSON."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from tests.cli.conftest import Shell
from tests.conftest import NOW, RECOVERY_CODE, open_vault


@pytest.fixture
def tested(unlocked: Paths) -> Paths:
    """One key works, one has no credit, one was never tested."""
    vault = open_vault(unlocked)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    one, two = vault.get("openai/one"), vault.get("openai/two")
    learnt = Learnt(remaining=Decimal("12.40"), organization="org-\x1b[2Jx", expires_at=NOW + timedelta(days=400))
    stages = (Stage("key", Verdict.OK, "GET /models", 200, 42),)
    vault.record_checks(
        [
            Check(one.id, one.name, one.hint, NOW, Verdict.OK, stages, learnt, next_step="nothing to do"),
            Check(
                two.id, two.name, two.hint, NOW, Verdict.NO_CREDITS, next_step="add credit", page="https://x.example"
            ),
        ]
    )
    return unlocked


def test_in_a_pipe_each_key_is_a_line_of_cells(shell: Shell, tested: Paths) -> None:
    assert shell.run("list") == Exit.DONE
    rows = [line.split("\t") for line in shell.lines()]
    assert [row[:4] for row in rows] == [
        ["ok", "openai/one", "12.40", "2026-11-23T10:00:00Z"],
        ["", "openai/three", "", ""],
        ["no_credits", "openai/two", "", "2026-11-23T10:00:00Z"],
    ]
    assert rows[0][4:] == ["-one", "42"]
    assert shell.err == ""


def test_only_keys_with_all_parts_in_their_name_are_listed(shell: Shell, tested: Paths) -> None:
    assert shell.run("list", "OPENAI", "t") == Exit.DONE
    assert [line.split("\t")[1] for line in shell.lines()] == ["openai/three", "openai/two"]
    assert shell.run("list", "nothing") == Exit.DONE
    assert (shell.out, shell.err) == ("", "No key has all of this in its name.\n")


def test_the_json_of_a_key_has_its_check_and_amounts_as_numbers(shell: Shell, tested: Paths) -> None:
    assert shell.run("list", "--json") == Exit.DONE
    one, three, _ = shell.json()["keys"]
    assert {*one} == {
        *("name", "provider", "label", "hint", "base_url", "settings", "created_at", "updated_at", "check"),
    }
    assert one["check"]["verdict"] == "ok"
    assert one["check"]["learnt"]["remaining"] == 12.4
    assert one["check"]["at"] == "2026-11-23T10:00:00+00:00"
    assert one["check"]["stages"] == [
        {"name": "key", "verdict": "ok", "detail": "GET /models", "status": 200, "latency_ms": 42}
    ]
    assert three["check"] is None


def test_show_tells_what_is_known_and_what_to_do(shell: Shell, tested: Paths) -> None:
    assert shell.run("show", "openai/two") == Exit.DONE
    assert shell.lines()[:4] == [
        "openai/two",
        "! no credit, tested 6 d ago" if "6 d ago" in shell.out else shell.lines()[1],
        "  The key is valid, but its account has no credit left.",
        "  → Add credit. https://x.example",
    ]
    assert "  sent only to  https://api.openai.example:443" in shell.lines()


def test_what_a_provider_said_cannot_steer_the_terminal(shell: Shell, tested: Paths) -> None:
    assert shell.run("show", "openai/one") == Exit.DONE
    assert "\x1b" not in shell.out
    assert shell.run("show", "--json", "openai/one") == Exit.DONE
    assert "\x1b" not in shell.out
    assert json.loads(shell.out)["check"]["learnt"]["organization"].startswith("org-")


def test_a_name_that_is_not_there_has_its_own_code_and_a_guess(shell: Shell, tested: Paths) -> None:
    assert shell.run("show", "openai/tow") == Exit.NOT_FOUND
    assert shell.err == "arka-tui: error: no key named 'openai/tow'\narka-tui: hint: did you mean 'openai/two'?\n"


def test_without_keys_it_says_how_to_get_one(shell: Shell, paths: Paths) -> None:
    from tests.conftest import PASSPHRASE

    open_vault(paths).create(PASSPHRASE, RECOVERY_CODE)
    assert shell.run("list", answers=(PASSPHRASE.reveal(),)) == Exit.DONE
    assert (shell.out, shell.err) == ("", "No keys yet. arka-tui add stores one.\n")
    assert shell.run("list", "--json", answers=(PASSPHRASE.reveal(),)) == Exit.DONE
    assert shell.json() == {"keys": []}


def test_without_a_vault_it_says_so(shell: Shell, paths: Paths) -> None:
    assert shell.run("list") == Exit.NOT_FOUND
    told = f"arka-tui: error: there is no vault at {paths.vault}\narka-tui: hint: "
    assert shell.err == f"{told}arka-tui without a command makes one, on a terminal\n"
