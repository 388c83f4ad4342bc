"""`unlock`, `lock` and `status`: open once, for one login, and not a moment longer."""

import os
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.store.copies import Copies
from arka_tui.store.session import Kept
from tests.cli.conftest import MemoryKeyring, Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, open_vault
from tests.store.test_examine import flip

WORD = PASSPHRASE.reveal()


def test_after_unlock_nothing_is_asked_until_lock(shell: Shell, filled: Paths) -> None:
    assert shell.run("unlock", "--for", "8h", answers=(WORD,)) == Exit.DONE
    assert "open for this login until" in shell.err
    assert shell.out == ""
    assert shell.run("list") == Exit.DONE
    assert len(shell.lines()) == 3
    assert shell.run("lock") == Exit.DONE
    assert shell.err == "Locked.\n"
    shell.person.there = False
    assert shell.run("list") == Exit.LOCKED
    assert shell.err.startswith("arka-tui: error: the vault is locked\narka-tui: hint: arka-tui unlock opens it")


def test_unlock_asks_even_where_it_is_open_already(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("unlock", answers=("xyzzy", WORD)) == Exit.DONE
    assert shell.person.told == ["this is not the passphrase of this vault; try again"]


def test_the_recovery_code_unlocks_too(shell: Shell, filled: Paths) -> None:
    assert shell.run("unlock", "--recovery", answers=(RECOVERY_CODE.reveal(),)) == Exit.DONE


def test_a_wrong_passphrase_keeps_nothing(shell: Shell, filled: Paths, keyring: MemoryKeyring) -> None:
    assert shell.run("unlock", answers=("xyzzy",) * 3) == Exit.WRONG_PASSPHRASE
    assert keyring.kept == {}


def test_where_nothing_can_be_kept_it_says_why_before_it_asks(
    shell: Shell, filled: Paths, keyring: MemoryKeyring
) -> None:
    keyring.why_not = "this kernel keeps no keys"
    assert shell.run("unlock") == Exit.FAILED
    assert shell.err == "arka-tui: error: the vault cannot be kept open: this kernel keeps no keys\n"
    assert shell.run("list", answers=(WORD,)) == Exit.DONE, "the others ask each time"


def test_a_change_of_passphrase_ends_what_was_unlocked_before(shell: Shell, unlocked: Paths) -> None:
    vault = open_vault(unlocked)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    shell.person.there = False
    assert shell.run("list") == Exit.LOCKED


def test_a_session_opens_no_damaged_vault(shell: Shell, unlocked: Paths) -> None:
    for path in (unlocked.vault, unlocked.vault.with_name("store.toml.bak")):
        flip(path)
    shell.person.there = False
    assert shell.run("list") == Exit.LOCKED
    shell.person.there = True
    assert shell.run("list", answers=(WORD,)) == Exit.DAMAGED


def test_lock_without_a_session_says_so(shell: Shell, filled: Paths) -> None:
    assert shell.run("lock") == Exit.DONE
    assert shell.err == "It was not open.\n"


def test_status_tells_locked_from_open_from_none(shell: Shell, paths: Paths) -> None:
    assert shell.run("status") == Exit.NOT_FOUND
    assert shell.lines() == [f"There is no vault at {paths.vault}. arka-tui makes one."]


def test_status_asks_nothing_and_names_what_needs_you(shell: Shell, filled: Paths) -> None:
    assert shell.run("status") == Exit.LOCKED
    assert shell.lines() == [f"Locked: {filled.vault}. arka-tui unlock opens it for this login."]
    assert shell.run("status", "--json") == Exit.LOCKED
    told = shell.json()
    assert (told["exists"], told["open"], told["keys"], told["needing_you"]) == (True, False, None, None)


def test_status_of_an_open_vault_counts_keys_and_time(shell: Shell, unlocked: Paths) -> None:
    assert shell.run("status") == Exit.DONE
    assert shell.lines()[0].endswith(". 3 keys, 3 need you:")
    assert shell.run("status", "--json") == Exit.DONE
    told = shell.json()
    assert [each["name"] for each in told["needing_you"]] == ["openai/one", "openai/three", "openai/two"]
    assert told["until"].endswith("+00:00")


# ---------------------------------------------------------------------- for scripts


def test_a_key_file_or_a_file_descriptor_opens_it_without_a_terminal(
    shell: Shell, filled: Paths, tmp_path: Path
) -> None:
    shell.person.there = False
    word = tmp_path / "word"
    word.write_text(f"{WORD}\nmore\n")
    with word.open() as file:
        assert shell.run("list", "--passphrase-fd", str(os.dup(file.fileno()))) == Exit.DONE
    with word.open() as file:
        file.readline()
        assert shell.run("list", "--passphrase-fd", str(os.dup(file.fileno()))) == Exit.USAGE, "the end of the file"
    assert shell.err.startswith("arka-tui: error: file descriptor ")


@pytest.mark.parametrize("text", ["wrong\n", "\n", ""])
def test_a_file_descriptor_is_asked_once(shell: Shell, filled: Paths, tmp_path: Path, text: str) -> None:
    word = tmp_path / "word"
    word.write_text(text)
    with word.open() as file:
        code = shell.run("list", "--passphrase-fd", str(os.dup(file.fileno())))
    assert code == (Exit.WRONG_PASSPHRASE if text.strip() else Exit.USAGE)


def test_a_file_descriptor_that_is_not_open_is_an_error(shell: Shell, filled: Paths) -> None:
    assert shell.run("list", "--passphrase-fd", "987") == Exit.USAGE
    assert shell.err == "arka-tui: error: file descriptor 987 is not open\n"


STALE = (
    "the key of this session does not open the vault: its passphrase was changed, or it is damaged; "
    "arka-tui doctor tells"
)


def test_a_session_from_before_the_passphrase_was_changed_does_not_open_the_old_second_copy(
    shell: Shell, unlocked: Paths
) -> None:
    mirror = unlocked.vault.with_name("store.toml.bak")
    older = mirror.read_bytes()
    vault = open_vault(unlocked)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    mirror.write_bytes(older)
    shell.person.there = False
    assert shell.run("list") == Exit.LOCKED
    assert STALE in shell.err
    assert mirror.read_bytes() == older


def test_where_both_files_are_damaged_an_open_session_is_not_simply_locked(shell: Shell, unlocked: Paths) -> None:
    for path in (unlocked.vault, unlocked.vault.with_name("store.toml.bak")):
        flip(path)
    shell.person.there = False
    assert shell.run("list") == Exit.LOCKED
    assert STALE in shell.err


def test_the_key_of_the_mirror_that_opens_nothing_does_not_hide_the_other(
    shell: Shell, unlocked: Paths, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store_id,) = keyring.kept
    keyring.kept[b"other"] = Kept(bytes(32), keyring.kept[store_id].until)
    monkeypatch.setattr(Copies, "store_ids", lambda _: (b"other", store_id))
    shell.person.there = False
    assert shell.run("list") == Exit.DONE


def test_an_older_copy_is_for_a_person_to_decide_on(shell: Shell, unlocked: Paths) -> None:
    older = unlocked.vault.read_bytes()
    vault = open_vault(unlocked)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.remove([vault.get("openai/one")])
    for path in (unlocked.vault, unlocked.vault.with_name("store.toml.bak")):
        path.write_bytes(older)
    assert shell.run("list") == Exit.DAMAGED
    assert "it looks like an older copy" in shell.err
    assert "openai" not in shell.out
