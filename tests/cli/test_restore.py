"""`arka-tui restore`: it verifies, shows, asks, keeps, and only then replaces."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import disk
from arka_tui.store.key_file import make_key_file
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, open_vault
from tests.store.test_backup import labels
from tests.store.test_disk import FaultyOs
from tests.store.test_examine import cut, flip, make_foreign, make_later, mirror_of, snapshot, unlocked

WORD = PASSPHRASE.reveal()


@pytest.fixture
def backup(filled: Paths, tmp_path: Path, add: Callable[[str], None]) -> Path:
    """At generation 4; the vault is at 5."""
    backup = Path(shutil.copy(filled.vault, tmp_path / "backup.toml"))
    add("openai/new")
    return backup


def test_it_verifies_shows_asks_keeps_and_replaces(shell: Shell, filled: Paths, backup: Path) -> None:
    newer = filled.vault.read_bytes()
    assert shell.run("restore", backup, answers=(WORD, "yes")) == 0
    (kept,) = filled.data.glob("*.kept-*")
    assert shell.person.asked == ["Passphrase of the backup: ", "Replace it? Type yes: "]
    assert shell.lines() == [
        "! now          the same vault, generation 5, 4 keys",
        "✓ then         generation 4, 3 keys; each opens",
        "What is there now will be kept beside it.",
        f"✓ restored: {filled.vault}",
        "  It opens with the passphrase of the backup.",
        f"! kept: {kept}",
        "  What was there, sealed as it was. When you are sure that you do not need it:",
        f"  rm {kept}",
    ]
    assert kept.read_bytes() == newer
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == backup.read_bytes()
    assert labels(filled) == ["one", "two", "three"]


@pytest.mark.parametrize("answer", ["", "y", "no"])
def test_anything_but_yes_changes_nothing(shell: Shell, filled: Paths, backup: Path, answer: str) -> None:
    before = snapshot(filled.data)
    assert shell.run("restore", backup, answers=(WORD, answer)) == 1
    assert shell.lines()[-1] == "Nothing was changed."
    assert snapshot(filled.data) == before


def test_yes_skips_the_question_and_not_the_passphrase(shell: Shell, filled: Paths, backup: Path) -> None:
    assert shell.run("restore", "--yes", backup, answers=(WORD,)) == 0
    assert shell.run("restore", "--yes", backup, answers=("",)) == 1
    assert shell.lines()[-1] == "Nothing was changed: without it the backup cannot be verified."


def test_a_key_file_and_yes_need_no_terminal(
    shell: Shell, filled: Paths, tmp_path: Path, add: Callable[[str], None]
) -> None:
    shell.person.there = False
    unlocked(filled).add_slot(make_key_file(tmp_path / "key"))
    backup = shutil.copy(filled.vault, tmp_path / "backup.toml")
    add("openai/new")
    assert shell.run("restore", "--key-file", tmp_path / "key", backup) == Exit.NO_TERMINAL
    assert shell.err.endswith("arka-tui: hint: --yes does not ask\n")
    assert labels(filled) == ["one", "two", "three", "new"]
    assert shell.run("restore", "--yes", "--key-file", tmp_path / "key", backup) == 0
    assert labels(filled) == ["one", "two", "three"]


def test_without_a_terminal_it_is_not_done(shell: Shell, filled: Paths, backup: Path) -> None:
    shell.person.there = False
    before = snapshot(filled.data)
    assert shell.run("restore", "--yes", backup) == Exit.NO_TERMINAL
    assert shell.err == (
        "arka-tui: error: there is no terminal to ask for the passphrase on\narka-tui: hint: over ssh use ssh -t\n"
    )
    assert snapshot(filled.data) == before


@pytest.mark.parametrize(
    ("harm", "words", "answers"),
    [
        (flip, "does not match its seal", (WORD,)),
        (cut, "is cut short", ()),
        (make_foreign, "is not an arka vault", ()),
        (make_later, "which this arka-tui does not know", ()),
        (Path.unlink, "there is no file", ()),
    ],
)
def test_a_backup_that_does_not_verify_replaces_nothing(
    shell: Shell,
    filled: Paths,
    backup: Path,
    harm: Callable[[Path], None],
    words: str,
    answers: tuple[str, ...],
) -> None:
    harm(backup)
    before = snapshot(filled.data)
    assert shell.run("restore", "--yes", backup, answers=answers) == (
        Exit.USAGE if harm is Path.unlink else Exit.DAMAGED
    )
    assert words in shell.err
    assert snapshot(filled.data) == before


def test_a_folder_that_others_may_write_in_is_refused_before_anybody_is_asked(
    shell: Shell, filled: Paths, backup: Path
) -> None:
    filled.data.chmod(0o777)
    assert shell.run("restore", backup) == Exit.DAMAGED
    assert shell.err.startswith("arka-tui: error: others may write in the folder")


def test_a_wrong_passphrase_replaces_nothing(shell: Shell, filled: Paths, backup: Path) -> None:
    before = snapshot(filled.data)
    assert shell.run("restore", "--yes", backup, answers=("xyzzy",) * 3) == Exit.WRONG_PASSPHRASE
    assert snapshot(filled.data) == before


def test_the_recovery_code_of_the_backup_opens_it(shell: Shell, filled: Paths, backup: Path) -> None:
    unlocked(filled).change_passphrase(Secret("another"), Secret("0000-1111-2222-3333-4444-5555-6666-7777"))
    assert shell.run("restore", "--recovery", backup, answers=(RECOVERY_CODE.reveal(), "yes")) == 0
    assert shell.person.asked[0] == "Recovery code of the backup: "
    assert labels(filled) == ["one", "two", "three"]


def test_another_vault_in_its_place_is_told_apart(shell: Shell, filled: Paths, backup: Path) -> None:
    shutil.rmtree(filled.data)
    open_vault(filled).create(PASSPHRASE, RECOVERY_CODE)
    assert shell.run("restore", backup, answers=(WORD, "no")) == 1
    assert shell.lines()[0] == "! now          another vault, generation 1, 0 keys"


def test_a_damaged_vault_in_its_place_is_told_and_kept(shell: Shell, filled: Paths, backup: Path) -> None:
    cut(filled.vault)
    mirror_of(filled).unlink()
    harmed = filled.vault.read_bytes()
    assert shell.run("restore", backup, answers=(WORD, "yes")) == 0
    assert shell.lines()[0] == f"! now          {filled.vault}, cut short"
    assert [path.read_bytes() for path in filled.data.glob("*.kept-*")] == [harmed]


def test_on_a_new_machine_nothing_is_asked_but_the_passphrase(shell: Shell, filled_root: Path, paths: Paths) -> None:
    assert shell.run("restore", Paths.under(filled_root).vault, answers=(WORD,)) == 0
    assert shell.lines()[0] == "! now          no vault"
    assert labels(paths) == ["one", "two", "three"]


def test_what_is_there_already_is_not_put_there_again(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = shutil.copy(filled.vault, tmp_path / "backup.toml")
    before = snapshot(filled.data)
    assert shell.run("restore", backup, answers=(WORD,)) == 0
    assert shell.lines() == ["✓ the vault holds just this already; nothing was changed"]
    assert snapshot(filled.data) == before


def test_the_second_copy_can_be_put_back_over_a_foreign_file(shell: Shell, filled: Paths) -> None:
    whole = filled.vault.read_bytes()
    make_foreign(filled.vault)
    assert shell.run("restore", mirror_of(filled), answers=(WORD, "yes")) == 0
    assert filled.vault.read_bytes() == whole
    assert [path.read_text() for path in filled.data.glob("*.kept-*")] == ["shopping = true\n"]


def test_a_full_disk_changes_nothing(
    shell: Shell, filled: Paths, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in filled.data.iterdir()}
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("write",), 2, OSError(28, "")))
        assert shell.run("restore", "--yes", backup, answers=(WORD,)) == Exit.NOT_SAVED
    assert shell.err.startswith("arka-tui: error: not restored: the disk is full\n")
    assert {path.name: path.read_bytes() for path in filled.data.iterdir()} == before


def test_what_the_disk_did_not_confirm_is_told(
    shell: Shell, filled: Paths, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 3, OSError(5, "")))
        assert shell.run("restore", "--yes", backup, answers=(WORD,)) == Exit.NOT_SAVED
    assert shell.lines()[-1] == ("✗ there is no second copy now: the disk reports an error; arka-tui doctor tells more")
    assert labels(filled) == ["one", "two", "three"]


def test_the_command_to_delete_what_was_kept_is_quoted(
    shell: Shell, filled: Paths, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = tmp_path / "my keys; rm"
    filled.data.parent.rename(spaced)
    monkeypatch.setenv("ARKA_HOME", str(spaced))
    assert shell.run("restore", "--yes", backup, answers=(WORD,)) == 0
    (kept,) = (spaced / "data").glob("*.kept-*")
    assert shell.lines()[-1] == f"  rm '{kept}'"
