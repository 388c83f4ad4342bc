"""`arka-tui test`: what is sent, what is said of it, and what cron may make of the exit code."""

import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.controller import Controller
from arka_tui.errors import VaultCorrupt
from arka_tui.paths import Paths
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.store.key_file import make_key_file
from arka_tui.store.state import State
from arka_tui.store.vault import Vault
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault

WORD = PASSPHRASE.reveal()
Keep = Callable[..., str]


def names_in_the_log(paths: Paths) -> list[str]:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    return sorted(check.name for check in vault.history.checks)


def test_keys_that_work_are_a_line_each_and_go_into_the_log(shell: Shell, keep: Keep, paths: Paths) -> None:
    keys = [keep("openai/work"), keep("groq/ci")]
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.DONE
    first, second = (line.split("\t") for line in shell.lines())
    assert first[:2] == ["ok", "groq/ci"]
    assert second[:2] == ["ok", "openai/work"]
    assert shell.err == ""
    assert not any(key in shell.out for key in keys)
    assert names_in_the_log(paths) == ["groq/ci", "openai/work"]


def test_only_what_is_named_is_tested(shell: Shell, keep: Keep, simulator: Simulator) -> None:
    for name in ("openai/work", "openai/ci", "groq/ci"):
        keep(name)
    assert shell.run("test", "openai/CI", answers=(WORD,)) == Exit.DONE
    assert [line.split("\t")[1] for line in shell.lines()] == ["openai/ci"]
    assert shell.run("test", "openai", "openai/work", answers=(WORD,)) == Exit.DONE
    assert [line.split("\t")[1] for line in shell.lines()] == ["openai/ci", "openai/work"]
    assert {request.provider for request in simulator.requests} == {"openai"}


@pytest.mark.parametrize("names", [(), ("openai/work", "--all")])
def test_without_a_choice_nobody_is_asked_for_the_passphrase(shell: Shell, keep: Keep, names: tuple[str, ...]) -> None:
    keep("openai/work")
    assert shell.run("test", *names) == Exit.USAGE
    assert shell.person.asked == []


def test_an_unknown_name_is_told_before_anything_is_sent(shell: Shell, keep: Keep, simulator: Simulator) -> None:
    keep("openai/work")
    assert shell.run("test", "openai/work", "openai/wrok", answers=(WORD,)) == Exit.NOT_FOUND
    assert "did you mean 'openai/work'?" in shell.err
    assert simulator.requests == []


def test_without_the_paid_request_credit_stays_unknown(shell: Shell, keep: Keep, simulator: Simulator) -> None:
    keep("openai/work", "no_credit")
    assert shell.run("test", "--all", "--free", answers=(WORD,)) == Exit.DONE
    assert shell.out.startswith("accepted\t")
    assert {request.method for request in simulator.requests} == {"GET"}
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.TEST_FAILED, "it was for that run only"
    assert shell.out.startswith("no_credits\t")


def test_a_variable_goes_before_the_settings_file(
    shell: Shell, keep: Keep, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("openai/work", "no_credit")
    monkeypatch.setenv("ARKA_PAID_TEST", "false")
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.DONE
    assert shell.out.startswith("accepted\t")
    assert {request.method for request in simulator.requests} == {"GET"}
    assert not shell.paths.settings.exists()


@pytest.mark.parametrize("name", ["ARKA_PROXY", "ARKA_CA_BUNDLE"])
def test_where_a_variable_would_lead_keys_elsewhere_nothing_is_sent(
    shell: Shell, keep: Keep, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    keep("openai/work")
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.FAILED
    assert f"{name} in the environment is refused" in shell.err
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("situations", "code"),
    [
        (("valid", "valid"), Exit.DONE),
        (("valid", "down"), Exit.NETWORK),
        (("no_credit", "down"), Exit.TEST_FAILED),
        (("deactivated", "valid"), Exit.TEST_FAILED),
    ],
)
def test_a_failed_key_counts_more_than_an_unreached_one(
    situations: tuple[str, ...], code: Exit, shell: Shell, keep: Keep
) -> None:
    for number, situation in enumerate(situations):
        keep(f"openai/{number}", situation)
    assert shell.run("test", "openai", answers=(WORD,)) == code


def test_a_server_that_is_not_there_says_nothing_about_the_key(shell: Shell, vault: Vault) -> None:
    vault.add(replace(draft("openai/work"), base_url=unreachable_url()))
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.NETWORK
    assert shell.out.startswith("unreachable\t")


def test_a_server_that_looks_at_no_key_is_no_failure(shell: Shell, vault: Vault, simulator: Simulator) -> None:
    vault.add(replace(draft("compatible/home"), base_url=simulator.open_url))
    assert shell.run("test", "compatible", "--json", answers=(WORD,)) == Exit.DONE
    told = json.loads(shell.out)
    assert (told["checks"][0]["verdict"], told["failed"]) == ("not_verifiable", 0)


def test_on_a_terminal_what_needs_you_is_followed_by_what_to_do(shell: Shell, keep: Keep, watched: None) -> None:
    keep("openai/also")
    keep("openai/empty", "no_credit")
    keep("openai/work")
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.TEST_FAILED
    table, _, rest = shell.out.partition("\n\n")
    signs = [line.split()[0] for line in table.splitlines()]
    assert signs == ["VERDICT", "!", "✓", "✓"]
    assert rest.splitlines()[:2] == [
        "! openai/empty",
        "  The key is valid, but its account has no credit left.",
    ]
    assert "  → Add credit, then test again." in rest
    assert "openai/work" not in rest


def test_on_a_terminal_the_gravest_comes_first_and_the_sum_last(shell: Shell, keep: Keep, watched: None) -> None:
    for name, situation in (("a", "valid"), ("b", "down"), ("c", "no_credit"), ("d", "deactivated"), ("e", "valid")):
        keep(f"openai/{name}", situation)
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.TEST_FAILED
    rows = shell.out.partition("\n\n")[0].splitlines()[1:]
    assert [re.findall("openai/(.)", row) for row in rows] == [["d"], ["c"], ["b"], ["a"], ["e"]]
    assert shell.err.rsplit("\r", 1)[1] == "2 of 5 keys work, 2 need you, 1 is unsure.\n"


def test_in_a_pipe_there_is_no_sum_and_the_order_is_that_of_the_names(shell: Shell, keep: Keep) -> None:
    keep("openai/a")
    keep("openai/b", "deactivated")
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.TEST_FAILED
    assert [line.split("\t")[1] for line in shell.lines()] == ["openai/a", "openai/b"]
    assert shell.err == ""


def test_how_far_it_is_stands_on_one_line_that_is_gone_at_the_end(shell: Shell, keep: Keep, watched: None) -> None:
    keep("openai/work")
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.DONE
    first, *_, last = filter(None, shell.err.split("\r"))
    assert first.rstrip() == "testing 1 key …"
    assert last.strip() == ""
    assert "\n" not in shell.err
    assert "testing" not in shell.out


def test_json_has_every_check_and_the_sums(shell: Shell, keep: Keep) -> None:
    key = keep("openai/work")
    keep("openai/bad", "deactivated")
    keep("openai/down", "down")
    assert shell.run("test", "openai", "--json", answers=(WORD,)) == Exit.TEST_FAILED
    told = json.loads(shell.out)
    assert [check["name"] for check in told["checks"]] == ["openai/bad", "openai/down", "openai/work"]
    assert [told[name] for name in ("passed", "failed", "unsure", "untested")] == [1, 1, 1, []]
    assert key not in shell.out
    assert key[-12:] not in shell.out


def test_a_patient_run_tells_each_key_once_as_it_was_last(
    shell: Shell, keep: Keep, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keep("openai/work", "down")
    check = Controller.check

    async def recovers(seconds: float) -> None:
        simulator.change(key, "valid")

    def at_once(self: Controller, names: list[str], **given: object) -> object:
        return check(self, names, **given, pause=recovers)  # type: ignore[arg-type]  # what the command gave

    monkeypatch.setattr(Controller, "check", at_once)
    assert shell.run("test", "--all", "--patient", "--json", answers=(WORD,)) == Exit.DONE
    told = json.loads(shell.out)
    assert [check["verdict"] for check in told["checks"]] == ["ok"]


def test_cron_tests_with_a_key_file_and_no_terminal(shell: Shell, keep: Keep, paths: Paths, tmp_path: Path) -> None:
    keep("openai/work")
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.add_slot(make_key_file(tmp_path / "key"))
    shell.person.there = False
    assert shell.run("test", "--all") == Exit.LOCKED
    assert shell.run("test", "--all", "--key-file", tmp_path / "key") == Exit.DONE
    assert shell.out.startswith("ok\topenai/work\t")


def test_a_key_that_does_not_open_is_named_and_no_success(
    shell: Shell, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("openai/work")

    def damaged(self: State, entry: object) -> None:
        raise VaultCorrupt("the sealed key is damaged")

    monkeypatch.setattr(State, "open_record", damaged)
    assert shell.run("test", "--all", "--json", answers=(WORD,)) == Exit.FAILED
    assert json.loads(shell.out)["untested"] == ["openai/work"]
    assert "openai/work was not tested" in shell.err


def test_ctrl_c_ends_it_and_what_was_found_is_in_the_log(
    shell: Shell, keep: Keep, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("openai/quick")
    keep("openai/slow", "slow")
    checked = Controller._checked

    async def then_interrupt(self: Controller, credential: object, *rest: object) -> object:
        check = await checked(self, credential, *rest)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGINT)
        return check

    monkeypatch.setattr(Controller, "_checked", then_interrupt)
    assert shell.run("test", "--all", answers=(WORD,)) == 130
    assert shell.out == ""
    assert names_in_the_log(paths) == ["openai/quick"]


def test_an_empty_vault_is_no_trouble(shell: Shell, vault: Vault) -> None:
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.DONE
    assert shell.out == ""
    assert "No keys yet" in shell.err
