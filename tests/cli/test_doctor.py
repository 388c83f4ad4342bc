"""`arka-tui doctor`: what it says, what it asks, and its exit code."""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from arka_tui.cli import doctor
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.key_file import make_key_file
from arka_tui.store.slots import CHEAPEST
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, open_vault
from tests.store.test_examine import cut, flip, make_foreign, make_later, mirror_of, snapshot, unlocked

WORD = PASSPHRASE.reveal()
CODE = RECOVERY_CODE.reveal()


@pytest.fixture(autouse=True)
def cheap_is_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "kdf_cost", lambda: CHEAPEST)


# ---------------------------------------------------------------------- this machine's vault


def test_of_a_healthy_vault_it_says_so_in_a_few_lines(shell: Shell, filled: Paths) -> None:
    before = snapshot(filled.data.parent)
    assert shell.run("doctor", answers=(WORD,)) == 0
    assert shell.out == (
        f"{filled.data}\n"
        "✓ folder       yours alone, 0700\n"
        "✓ vault        whole, generation 4, 3 keys, 5 KiB\n"
        "✓ second copy  the same\n"
        "✓ lock         free\n"
        "✓ test log     none yet\n"
        "✓ last seen    agrees\n"
        "✓ settings     the defaults\n"
        "✓ vault        authentic, generation 4\n"
        "✓ keys         each opens, 3 keys\n"
        "✓ ways in      passphrase, recovery code\n"
        "\n"
        "All is well.\n"
    )
    assert shell.err == ""
    assert shell.person.asked == ["Passphrase (Enter skips): "]
    assert snapshot(filled.data.parent) == before


def test_a_mistake_in_a_file_of_ones_own_is_named_and_is_trouble(shell: Shell, filled: Paths) -> None:
    filled.config.mkdir(parents=True, exist_ok=True)
    table = '[acme]\nname = "Acme"\ndialect = "openai"\nbase_url = "https://api.acme.example/v1"\n'
    filled.providers.write_text(table)
    assert shell.run("doctor", answers=(WORD,)) == 0
    assert "✓ providers    1 of your own\n" in shell.out
    filled.providers.write_text(table + "colour = 1\n")
    filled.picks.write_text("[tasks.coding]\ntitle = 7\n")
    assert shell.run("doctor", answers=(WORD,)) == 1
    assert "✗ providers    a mistake, providers.toml: acme.colour is not known; the rest of it works" in shell.out
    assert "✗ picks        a mistake, tasks.coding.title must be a text" in shell.out


def test_what_the_environment_says_of_the_settings_is_examined(
    shell: Shell, filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARKA_THEME", "nord")
    monkeypatch.setenv("ARKA_CLOK", "1")
    assert shell.run("doctor", answers=(WORD,)) == 0
    assert "✓ variables    in force: ARKA_THEME\n" in shell.out
    assert "! variables    ARKA_CLOK in the environment is not known; did you mean ARKA_CLOCK?\n" in shell.out
    monkeypatch.setenv("ARKA_CLOCK", "perhaps")
    assert shell.run("doctor", answers=(WORD,)) == 1
    assert "✗ variables    a mistake, ARKA_CLOCK in the environment must be true or false\n" in shell.out


def test_keys_of_the_keyboard_that_terminals_cannot_tell_apart_are_trouble(shell: Shell, filled: Paths) -> None:
    filled.config.mkdir(parents=True, exist_ok=True)
    filled.settings.write_text('[keys]\nkeys.add = "ctrl+i"\n')
    assert shell.run("doctor", answers=(WORD,)) == 1
    assert "terminals cannot tell ctrl+i from Tab" in shell.out


def test_the_recovery_code_opens_it_too(shell: Shell, filled: Paths) -> None:
    assert shell.run("doctor", "--recovery", answers=(CODE.lower(),)) == 0
    assert shell.person.asked == ["Recovery code (Enter skips): "]
    assert "each opens, 3 keys" in shell.out


def test_a_key_file_opens_it_and_nobody_is_asked(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    unlocked(filled).add_slot(make_key_file(tmp_path / "key"))
    assert shell.run("doctor", "--key-file", tmp_path / "key") == 0
    assert shell.person.asked == []
    assert "passphrase, recovery code, key file" in shell.out


def test_enter_skips_what_needs_the_passphrase(shell: Shell, filled: Paths) -> None:
    assert shell.run("doctor", answers=("",)) == 0
    assert shell.lines()[-3:] == [
        "! keys         not examined, that needs the passphrase",
        "",
        "Nothing wrong was seen; the keys were not examined.",
    ]


def test_without_a_terminal_it_tells_what_it_can_see(shell: Shell, filled: Paths) -> None:
    shell.person.there = False
    assert shell.run("doctor") == 0
    assert shell.lines()[-1] == "Nothing wrong was seen; the keys were not examined."


def test_a_wrong_passphrase_may_be_typed_again_twice(shell: Shell, filled: Paths) -> None:
    assert shell.run("doctor", answers=("xyzzy 1", "xyzzy 2", WORD)) == 0
    assert shell.person.told == ["this is not the passphrase of this vault; try again"] * 2
    assert shell.run("doctor", answers=("xyzzy 1", "xyzzy 2", "xyzzy 3")) == Exit.WRONG_PASSPHRASE
    assert shell.err.startswith("arka-tui: error: this is not the passphrase of this vault\n")


def test_a_passphrase_that_is_no_text_is_refused_calmly(shell: Shell, filled: Paths) -> None:
    assert shell.run("doctor", answers=("\udcff",)) == Exit.USAGE
    assert shell.err.startswith("arka-tui: error: the passphrase has bytes that are no text\n")


def test_where_there_is_no_vault_yet_it_asks_nothing(shell: Shell, paths: Paths) -> None:
    assert shell.run("doctor") == 0
    assert shell.lines()[-1] == "There is no vault here yet."
    assert not paths.data.exists()


def test_trouble_has_its_sign_what_to_do_and_the_exit_code_1(shell: Shell, filled: Paths) -> None:
    make_foreign(filled.vault)
    assert shell.run("doctor") == 1
    assert "✗ vault        not an arka vault" in shell.lines()
    assert "               move it away; the second copy then takes its place" in shell.lines()
    assert shell.lines()[-1] == "1 trouble."


def test_what_repair_would_mend_is_counted(shell: Shell, filled: Paths) -> None:
    mirror_of(filled).unlink()
    filled.vault.chmod(0o644)
    assert shell.run("doctor", answers=(WORD,)) == 1
    assert shell.lines()[-1] == "1 trouble. arka-tui doctor --repair mends 2 of these."
    assert not mirror_of(filled).exists()


def test_repair_mends_and_says_what_it_did(shell: Shell, filled: Paths) -> None:
    flip(filled.vault)
    harmed = filled.vault.read_bytes()
    filled.vault.chmod(0o644)
    (filled.data / ".store.toml.tmp-0011223344556677").write_bytes(b"sealed")
    assert shell.run("doctor", "--repair", answers=(WORD,)) == 0
    told = shell.lines()[shell.lines().index("") :]
    (kept,) = filled.data.glob("*.kept-*")
    assert told == [
        "",
        "✓ repair       store.toml is 0600 now",
        "✓ repair       1 temporary file removed",
        "✓ repair       the vault is whole again, from its second copy",
        f"! kept aside   what it was before: {kept}",
        "",
        "All is well.",
    ]
    assert kept.read_bytes() == harmed


def test_repair_without_the_passphrase_says_what_is_left(shell: Shell, filled: Paths) -> None:
    cut(filled.vault)
    filled.data.chmod(0o755)
    assert shell.run("doctor", "--repair", answers=("",)) == 1
    assert "✓ repair       data is 0700 now" in shell.lines()
    assert shell.lines()[-1] == "1 trouble left. Only with the passphrase can the copies be mended."


def test_a_repair_that_fails_is_trouble(shell: Shell, filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.vault.chmod(0o644)
    with monkeypatch.context() as context:
        context.setattr(os, "chmod", _refused)
        assert shell.run("doctor", "--repair", answers=(WORD,)) == 1
    assert "✗ repair       store.toml keeps its mode, permission denied" in shell.lines()
    assert shell.lines()[-1] == "1 trouble left."


def test_repair_that_could_only_close_the_folder_does_not_claim_the_keys_are_well(shell: Shell, filled: Paths) -> None:
    filled.data.chmod(0o777)
    assert shell.run("doctor", "--repair", answers=("",)) == 0
    assert shell.lines()[-1] == "Nothing wrong was seen; the keys were not examined."


def test_repair_of_a_healthy_vault_does_nothing(shell: Shell, filled: Paths) -> None:
    before = snapshot(filled.data)
    assert shell.run("doctor", "--repair", answers=(WORD,)) == 0
    assert shell.lines()[-3:] == ["✓ repair       there was nothing to do", "", "All is well."]
    assert snapshot(filled.data) == before


def test_a_folder_with_a_hostile_name_cannot_steer_the_terminal(
    shell: Shell, filled: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "a\x1b]52;c;aGk=\x07\u202eb\nc"
    filled.data.parent.rename(hostile)
    monkeypatch.setenv("ARKA_HOME", str(hostile))
    filled_there = Paths.under(hostile)
    filled_there.vault.chmod(0o666)
    assert shell.run("doctor", answers=("",)) == 1
    assert not set(shell.out) & {"\x1b", "\x07", "\u202e"}
    assert "␛]52;c;aGk=␇b c" in shell.out


def _refused(path: Path, mode: int, **_: bool) -> None:
    raise OSError(errno.EPERM, f"{path} {mode}")


# ---------------------------------------------------------------------- a backup


def test_a_backup_is_verified_by_opening_all_of_it(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = Path(shutil.copy(filled.vault, tmp_path / "backup.toml"))
    assert shell.run("doctor", backup, answers=(WORD,)) == 0
    assert shell.lines() == [
        str(backup),
        "✓ backup       whole, generation 4, 3 keys, 5 KiB",
        "✓ vault        the same, it holds all that the backup holds",
        "✓ backup       authentic",
        "✓ keys         each opens, 3 keys",
        "✓ ways in      passphrase, recovery code",
        "",
        "All is well.",
    ]
    assert shell.person.asked == ["Passphrase, to verify (Enter skips): "]


def test_damage_in_a_backup_is_found(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = Path(shutil.copy(filled.vault, tmp_path / "backup.toml"))
    flip(backup)
    assert shell.run("doctor", backup, answers=(WORD,)) == 1
    assert "✗ backup       damaged, it does not match its seal" in shell.lines()
    for harm, told in ((cut, "cut short"), (make_foreign, "not an arka vault")):
        shutil.copy(filled.vault, backup)
        harm(backup)
        assert shell.run("doctor", backup) == 1
        assert f"✗ backup       {told}" in shell.lines()


def test_where_neither_copy_authenticates_repair_promises_nothing(shell: Shell, filled: Paths) -> None:
    flip(filled.vault)
    flip(mirror_of(filled), b'salt = "')
    before = snapshot(filled.data)
    assert shell.run("doctor", "--repair", answers=(WORD,)) == 1
    assert re.fullmatch(r"\d troubles left\.", shell.lines()[-1])
    assert snapshot(filled.data) == before


def test_a_backup_of_a_later_format_is_named(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = Path(shutil.copy(filled.vault, tmp_path / "backup.toml"))
    make_later(backup)
    assert shell.run("doctor", backup) == 1
    assert "✗ backup       of a later format, arka-store/7" in shell.lines()


def test_a_backup_from_before_a_change_opens_with_what_it_had(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = Path(shutil.copy(filled.vault, tmp_path / "backup.toml"))
    unlocked(filled).change_passphrase(Secret("another"), Secret("0000-1111-2222-3333-4444-5555-6666-7777"))
    assert shell.run("doctor", backup, answers=("xyzzy", WORD)) == 0
    assert "! vault        older, the backup is 1 save behind the vault" in shell.lines()


def test_a_backup_is_not_called_verified_when_it_was_not(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = Path(shutil.copy(filled.vault, tmp_path / "backup.toml"))
    flip(backup)
    shell.person.there = False
    assert shell.run("doctor", backup) == 0
    assert shell.lines()[-1] == "Nothing wrong was seen; the keys were not examined."


@pytest.mark.parametrize("there", ["missing", "folder", "fifo"])
def test_what_is_no_file_is_an_error(shell: Shell, filled: Paths, tmp_path: Path, there: str) -> None:
    target = tmp_path / "backup"
    if there == "folder":
        target.mkdir()
    if there == "fifo":
        os.mkfifo(target)
    assert shell.run("doctor", target) == Exit.USAGE
    assert shell.err.startswith("arka-tui: error: ")
    assert shell.out == ""


def test_on_a_machine_without_a_vault_a_backup_is_verified_too(shell: Shell, filled_root: Path, tmp_path: Path) -> None:
    backup = shutil.copy(Paths.under(filled_root).vault, tmp_path / "backup.toml")
    assert shell.run("doctor", backup, answers=(WORD,)) == 0
    assert open_vault(shell.paths).exists() is False
