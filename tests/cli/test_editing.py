"""`add`, `update`, `rename` and `rm`: a key comes in hidden, is tested, and is not lost."""

import io
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.simulator import Simulator
from tests.cli.conftest import KEY, Shell
from tests.conftest import RECOVERY_CODE, open_vault


def stored(paths: Paths) -> dict[str, str]:
    """By name, the secrets."""
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    return {each.name: vault.secret(each.name).reveal() for each in vault.list()}


def pipe_in(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    raw = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw), isatty=lambda: False))


# ---------------------------------------------------------------------- add


def test_a_key_is_asked_for_hidden_stored_and_tested(shell: Shell, unlocked: Paths, simulated: Simulator) -> None:
    key = simulated.issue("openai", "valid")
    assert shell.run("add", "openai/work", answers=(key,)) == Exit.DONE
    assert shell.person.asked == ["Key for openai/work (not shown): "]
    assert shell.err == "✓ works: OpenAI accepts the key and answered a paid request.\n"
    assert stored(unlocked)["openai/work"] == key


def test_the_provider_is_told_by_the_shape_and_the_label_is_the_next_free_one(
    shell: Shell, unlocked: Paths, simulated: Simulator
) -> None:
    assert shell.run("add", answers=(simulated.issue("openrouter", "valid"),)) == Exit.DONE
    assert shell.run("add", "openrouter", answers=(simulated.issue("openrouter", "valid", "other"),)) == Exit.DONE
    assert {"openrouter/main", "openrouter/main-2"} <= {*stored(unlocked)}


def test_standard_input_is_taken_where_that_is_said_and_cleaned(
    shell: Shell, unlocked: Paths, simulated: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = simulated.issue("openai", "valid")
    pipe_in(monkeypatch, f"export OPENAI_API_KEY='{key}'\n")
    shell.person.there = False
    assert shell.run("add", "openai/ci", "--stdin", "--set", "organization=org-abc") == Exit.DONE
    assert "removed around the key: the variable name, quotes" in shell.err
    assert stored(unlocked)["openai/ci"] == key
    assert simulated.requests[-1].headers.get("openai-organization") == "org-abc"


@pytest.mark.parametrize(
    ("situation", "words"), [("deactivated", "✗ account blocked: "), ("no_credit", "! no credit: ")]
)
def test_a_key_that_fails_its_test_is_stored_and_said_to_fail(
    shell: Shell, unlocked: Paths, simulated: Simulator, situation: str, words: str
) -> None:
    key = simulated.issue("openai", situation)
    assert shell.run("add", "openai/work", answers=(key,)) == Exit.TEST_FAILED
    assert words in shell.err
    assert stored(unlocked)["openai/work"] == key
    assert shell.run("list", "work") == Exit.DONE
    assert shell.lines()[0].split("\t")[1] == "openai/work"


def test_without_a_test_nothing_is_sent(shell: Shell, unlocked: Paths, simulated: Simulator) -> None:
    assert shell.run("add", "openai/work", "--no-test", answers=(simulated.issue("openai", "valid"),)) == Exit.DONE
    assert simulated.requests == []


def test_where_nobody_can_be_asked_it_says_how_to_give_the_key(shell: Shell, unlocked: Paths) -> None:
    shell.person.there = False
    assert shell.run("add", "openai/work") == Exit.NO_TERMINAL
    assert shell.err.endswith("arka-tui: hint: --stdin takes it from standard input\n")


def test_a_terminal_as_standard_input_is_refused_since_it_would_show_the_key(
    shell: Shell, unlocked: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    assert shell.run("add", "openai/work", "--stdin") == Exit.USAGE
    assert "leave --stdin away" in shell.err


@pytest.mark.parametrize(
    ("arguments", "answers", "code", "words"),
    [
        (("openai/one",), (), Exit.CONFLICT, "there is a key named 'openai/one' already"),
        (("opnai/work",), (), Exit.USAGE, "opnai"),
        (("openai/a b",), (), Exit.USAGE, "a label has no spaces"),
        (("azure/work",), (), Exit.USAGE, "Azure OpenAI has no address of its own"),
        (("openai/work", "--set", "colour=red"), (), Exit.USAGE, "no setting 'colour'"),
        (("openai/work", "--base-url", "ftp://x"), (), Exit.USAGE, "an address starts with https://"),
        (("openai/work",), ("",), Exit.USAGE, "there is no key yet"),
        (("openai/work",), ("short",), Exit.USAGE, "a key has at least 8 characters"),
        (
            ("openai/work",),
            ("sk-ant-api03-" + "b" * 93 + "AA",),
            Exit.USAGE,
            "a key of Anthropic, not of OpenAI",
        ),
        ((), ("nothing-that-has-a-shape",), Exit.USAGE, "this key has no shape that arka knows"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(
    shell: Shell,
    unlocked: Paths,
    arguments: tuple[str, ...],
    answers: tuple[str, ...],
    code: Exit,
    words: str,
) -> None:
    before = stored(unlocked)
    assert shell.run("add", *arguments, answers=answers) == code
    assert words in shell.err
    assert stored(unlocked) == before


def test_an_empty_pipe_is_told_from_a_key_that_is_wrong(
    shell: Shell, unlocked: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe_in(monkeypatch, "\n")
    assert shell.run("add", "openai/work", "--stdin") == Exit.USAGE
    assert "standard input is empty: no key came" in shell.err


def test_the_provider_is_taken_in_any_case(shell: Shell, unlocked: Paths, simulated: Simulator) -> None:
    assert shell.run("add", "OpenAI/work", "--no-test", answers=(simulated.issue("openai", "valid"),)) == Exit.DONE
    assert "openai/work" in stored(unlocked)


def test_too_much_input_is_no_key(shell: Shell, unlocked: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe_in(monkeypatch, b"a" * 20_000)
    assert shell.run("add", "openai/work", "--stdin") == Exit.USAGE
    assert "that is no key" in shell.err


def test_the_same_key_is_stored_again_only_where_that_is_said(
    shell: Shell, unlocked: Paths, simulated: Simulator
) -> None:
    key = simulated.issue("openai", "valid")
    assert shell.run("add", "openai/work", answers=(key,)) == Exit.DONE
    assert shell.run("add", "openai/again", answers=(key,)) == Exit.CONFLICT
    assert "this key is stored already, as openai/work" in shell.err
    assert shell.run("add", "openai/again", "--again", answers=(key,)) == Exit.DONE
    assert {"openai/work", "openai/again"} <= {*stored(unlocked)}


@pytest.mark.parametrize("argv", [("add", KEY), ("add", f"openai/{KEY}"), ("rename", "openai/one", KEY)])
def test_a_key_in_the_place_of_a_name_is_neither_stored_nor_repeated(
    shell: Shell, unlocked: Paths, argv: tuple[str, ...]
) -> None:
    before = stored(unlocked)
    assert shell.run(*argv) == Exit.USAGE
    assert stored(unlocked) == before


@pytest.mark.parametrize(
    "argv",
    [
        ("{}",),
        *((word, "{}") for word in ("add", "show", "test", "update", "rm", "log", "completion")),
        *((word, "openai/{}") for word in ("show", "test", "update", "rm")),
        ("rename", "{}", "x"),
        ("models", "--provider", "{}"),
        ("exec", "-k", "{}", "--", "true"),
    ],
)
def test_a_key_of_no_known_shape_that_was_typed_as_an_argument_is_not_repeated(
    shell: Shell, unlocked: Paths, argv: tuple[str, ...]
) -> None:
    key = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
    assert shell.run(*(each.format(key) for each in argv)) in (Exit.USAGE, Exit.NOT_FOUND)
    assert not any(key[at : at + 8] in shell.out + shell.err for at in range(len(key) - 7))


def test_all_that_will_be_deleted_is_named_before(shell: Shell, unlocked: Paths, add: Callable[[str], None]) -> None:
    names = [f"groq/{number}" for number in range(6)]
    for name in names:
        add(name)
    assert shell.run("rm", *names, answers=("no",)) == Exit.FAILED
    assert shell.person.asked == [f"Delete {', '.join(names)}? (y/N) "]


def test_a_key_of_a_provider_that_is_not_in_the_catalog_can_be_renamed(
    shell: Shell, unlocked: Paths, add: Callable[[str], None]
) -> None:
    add("faraway/one")
    assert shell.run("rename", "faraway/one", "main") == Exit.DONE
    assert "faraway/main" in stored(unlocked)


# ---------------------------------------------------------------------- update


def test_a_new_key_takes_the_old_ones_place_once_it_works(shell: Shell, unlocked: Paths, simulated: Simulator) -> None:
    assert shell.run("add", "openai/work", answers=(simulated.issue("openai", "valid"),)) == Exit.DONE
    new = simulated.issue("openai", "valid", "newer")
    assert shell.run("update", "openai/work", answers=(new,)) == Exit.DONE
    assert stored(unlocked)["openai/work"] == new
    assert shell.run("list", "work") == Exit.DONE
    assert shell.lines()[0].startswith("ok\topenai/work")


def test_one_that_fails_leaves_the_old_one_unless_told_otherwise(
    shell: Shell, unlocked: Paths, simulated: Simulator
) -> None:
    old, new = simulated.issue("openai", "valid"), simulated.issue("openai", "deactivated")
    assert shell.run("add", "openai/work", answers=(old,)) == Exit.DONE
    assert shell.run("update", "openai/work", answers=(new,)) == Exit.TEST_FAILED
    assert "openai/work stays as it was. --anyway replaces it all the same." in shell.err
    assert stored(unlocked)["openai/work"] == old
    assert shell.run("update", "openai/work", "--anyway", answers=(new,)) == Exit.TEST_FAILED
    assert stored(unlocked)["openai/work"] == new


def test_settings_change_and_go_without_the_key(shell: Shell, unlocked: Paths, simulated: Simulator) -> None:
    key = simulated.issue("openai", "valid")
    assert shell.run("add", "openai/work", "--set", "organization=org-a", answers=(key,)) == Exit.DONE
    keep = ("update", "openai/work", "--keep-key", "--no-test")
    assert shell.run(*keep, "--set", "project=proj_b") == Exit.DONE
    assert shell.run("show", "--json", "openai/work") == Exit.DONE
    assert shell.json()["settings"] == {"organization": "org-a", "project": "proj_b"}
    assert shell.run(*keep, "--set", "organization=") == Exit.DONE
    assert shell.run("show", "--json", "openai/work") == Exit.DONE
    assert shell.json()["settings"] == {"project": "proj_b"}
    assert stored(unlocked)["openai/work"] == key


def test_a_stored_key_does_not_follow_to_another_address(shell: Shell, unlocked: Paths) -> None:
    moved = ("update", "openai/one", "--keep-key", "--no-test", "--base-url", "https://evil.example/v1")
    assert shell.run(*moved) == Exit.USAGE
    assert "the stored key is bound to its provider and address" in shell.err


def test_an_update_of_nothing_is_no_update(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("update", "openai/one", "--keep-key") == Exit.USAGE
    assert "nothing is to be changed" in shell.err


def test_a_provider_alone_means_its_only_key_or_main(shell: Shell, unlocked: Paths, add: Callable[[str], None]) -> None:
    add("groq/ci")
    keep = ("--keep-key", "--no-test", "--base-url", "https://api.groq.example/v1")
    assert shell.run("update", "groq", *keep) == Exit.DONE
    assert shell.run("update", "openai", *keep) == Exit.USAGE
    assert "openai has 3 keys, and none is called main" in shell.err


def test_keep_key_and_stdin_do_not_go_together(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("update", "openai/one", "--keep-key", "--stdin") == Exit.USAGE


def test_no_new_key_is_no_update(shell: Shell, unlocked: Paths) -> None:
    before = stored(unlocked)
    assert shell.run("update", "openai/one", answers=("",)) == Exit.USAGE
    assert "no new key was given" in shell.err
    assert stored(unlocked) == before


def test_an_empty_pipe_updates_nothing(shell: Shell, unlocked: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe_in(monkeypatch, "")
    assert shell.run("update", "openai/one", "--stdin", "--no-test") == Exit.USAGE


def test_a_key_that_cannot_be_tested_does_not_replace_one_unless_told(
    shell: Shell, unlocked: Paths, simulated: Simulator
) -> None:
    old, new = simulated.issue("openai", "valid"), simulated.issue("openai", "down")
    assert shell.run("add", "openai/work", answers=(old,)) == Exit.DONE
    assert shell.run("update", "openai/work", answers=(new,)) == Exit.NETWORK
    assert stored(unlocked)["openai/work"] == old
    assert shell.run("update", "openai/work", "--anyway", answers=(new,)) == Exit.NETWORK
    assert stored(unlocked)["openai/work"] == new


# ---------------------------------------------------------------------- rename and rm


@pytest.mark.parametrize("label", ["main", "openai/main"])
def test_a_key_gets_another_label_and_stays_the_same_key(shell: Shell, unlocked: Paths, label: str) -> None:
    assert shell.run("rename", "openai/one", label) == Exit.DONE
    assert stored(unlocked)["openai/main"] == f"{KEY}-one"
    assert "openai/one" not in stored(unlocked)


def test_a_name_that_it_has_already_is_no_change(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("rename", "openai/one", "one") == Exit.DONE
    assert shell.err == "openai/one has that name already.\n"


@pytest.mark.parametrize(
    ("label", "code"), [("two", Exit.CONFLICT), ("TWO", Exit.CONFLICT), ("a b", Exit.USAGE), ("groq/x", Exit.USAGE)]
)
def test_a_label_that_cannot_be_changes_nothing(shell: Shell, unlocked: Paths, label: str, code: Exit) -> None:
    before = stored(unlocked)
    assert shell.run("rename", "openai/one", label) == code
    assert stored(unlocked) == before


def test_a_key_is_deleted_on_yes_and_it_says_where_to_revoke_it(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("rm", "openai/one", "openai/two", answers=("y",)) == Exit.DONE
    assert shell.person.asked == ["Delete openai/one, openai/two? (y/N) "]
    assert "Still to be revoked at OpenAI: https://platform.openai.com/api-keys" in shell.err
    assert {*stored(unlocked)} == {"openai/three"}


@pytest.mark.parametrize("answer", ["", "no", "yess"])
def test_anything_but_yes_deletes_nothing(shell: Shell, unlocked: Paths, answer: str) -> None:
    assert shell.run("rm", "openai/one", answers=(answer,)) == Exit.FAILED
    assert "openai/one" in stored(unlocked)


def test_without_a_terminal_yes_must_be_said(shell: Shell, unlocked: Paths) -> None:
    shell.person.there = False
    assert shell.run("rm", "openai/one") == Exit.NO_TERMINAL
    assert "openai/one" in stored(unlocked)
    assert shell.run("rm", "--yes", "openai/one") == Exit.DONE
    assert "openai/one" not in stored(unlocked)


def test_one_name_that_is_not_there_deletes_none(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("rm", "--yes", "openai/one", "openai/nine") == Exit.NOT_FOUND
    assert "openai/one" in stored(unlocked)
