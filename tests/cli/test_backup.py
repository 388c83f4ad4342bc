"""`arka-tui backup`: what it says, what it asks, and its exit code."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.store import disk
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE
from tests.store.test_disk import FaultyOs
from tests.store.test_examine import flip, mirror_of, unlocked

WORD = PASSPHRASE.reveal()
LIVES_ON = (
    "  It opens with today’s passphrase and recovery code, also after you change them; "
    "keys that you delete later live on in it."
)


def test_a_verified_backup_is_said_to_be_one(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    backup = tmp_path / "backup.toml"
    assert shell.run("backup", backup, answers=(WORD,)) == 0
    assert shell.person.asked == ["Passphrase, to verify (Enter skips): "]
    assert shell.lines() == [
        f"✓ {backup}",
        "  Generation 4, 3 keys.",
        "  Verified: it was read back, and every key in it opens.",
        LIVES_ON,
    ]
    assert backup.read_bytes() == filled.vault.read_bytes()


@pytest.mark.parametrize("there", [True, False])
def test_a_backup_that_nobody_verified_is_not_called_verified(
    shell: Shell, filled: Paths, tmp_path: Path, there: bool
) -> None:
    shell.person.there = there
    assert shell.run("backup", tmp_path / "backup.toml", answers=("",) if there else ()) == 0
    assert shell.lines()[1:] == [
        "  Generation 4, 3 keys.",
        "  Not verified: arka-tui doctor FILE does that.",
        LIVES_ON,
    ]
    assert (tmp_path / "backup.toml").read_bytes() == filled.vault.read_bytes()


def test_the_recovery_code_verifies_it_too(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    assert shell.run("backup", "--recovery", tmp_path / "backup.toml", answers=(RECOVERY_CODE.reveal(),)) == 0
    assert "  Verified: it was read back, and every key in it opens." in shell.lines()


def test_a_wrong_passphrase_makes_no_backup(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    assert shell.run("backup", tmp_path / "backup.toml", answers=("xyzzy",) * 3) == Exit.WRONG_PASSPHRASE
    assert shell.err.startswith("arka-tui: error: this is not the passphrase of this vault\n")
    assert not (tmp_path / "backup.toml").exists()


def test_a_folder_gets_a_named_file_and_a_second_time_nothing(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    for told in ("", " holds it already"):
        assert shell.run("backup", tmp_path / "backups", answers=("",)) == 0
        (file,) = (tmp_path / "backups").iterdir()
        assert re.fullmatch(r"arka-tui-\d{4}-\d\d-\d\d-generation-4\.toml", file.name)
        assert shell.lines()[0] == f"✓ {file}{told}"


def test_nothing_is_written_over_unasked(
    shell: Shell, filled: Paths, tmp_path: Path, add: Callable[[str], None]
) -> None:
    backup = tmp_path / "backup.toml"
    shell.run("backup", backup, answers=("",))
    before = backup.read_bytes()
    add("openai/new")
    assert shell.run("backup", backup) == Exit.USAGE
    assert shell.err == (
        f"arka-tui: error: {backup} is there already\n"
        "arka-tui: hint: choose another name; --force replaces an older backup of the same vault\n"
    )
    assert backup.read_bytes() == before
    assert shell.run("backup", "--force", backup, answers=("",)) == 0
    assert backup.read_bytes() == filled.vault.read_bytes()


def test_without_a_vault_it_says_where_it_looked(shell: Shell, paths: Paths, tmp_path: Path) -> None:
    assert shell.run("backup", tmp_path / "backup.toml") == Exit.NOT_FOUND
    assert shell.err.startswith(f"arka-tui: error: there is no vault at {paths.vault}\n")


def test_what_will_be_refused_is_refused_before_anybody_is_asked(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    assert shell.run("backup", tmp_path / "no" / "backup.toml") == Exit.USAGE
    assert shell.run("backup", mirror_of(filled)) == Exit.USAGE
    filled.data.chmod(0o777)
    assert shell.run("backup", tmp_path / "backup.toml") == Exit.DAMAGED
    assert shell.err.startswith("arka-tui: error: others may write in the folder")


def test_a_damaged_vault_is_left_out_with_the_passphrase_and_refused_without(
    shell: Shell, filled: Paths, tmp_path: Path
) -> None:
    flip(filled.vault)
    assert shell.run("backup", tmp_path / "backup.toml", answers=("",)) == Exit.DAMAGED
    assert "one of the two is damaged" in shell.err
    assert not (tmp_path / "backup.toml").exists()
    assert shell.run("backup", tmp_path / "backup.toml", answers=(WORD,)) == 0
    assert (tmp_path / "backup.toml").read_bytes() == mirror_of(filled).read_bytes()
    assert shell.lines()[0].startswith("! store.toml is damaged or older; opened its second copy")


def test_a_disk_that_does_not_confirm_it_is_told(
    shell: Shell, filled: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("fsync",), 2, OSError(5, "")))
        assert shell.run("backup", tmp_path / "backup.toml", answers=("",)) == Exit.NOT_SAVED
    assert shell.lines()[-1] == "✗ the disk did not confirm it: the disk reports an error"


def test_a_full_disk_is_an_error_and_leaves_nothing(
    shell: Shell, filled: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backups").mkdir()
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("write",), 1, OSError(28, "")))
        assert shell.run("backup", tmp_path / "backups", answers=("",)) == Exit.NOT_SAVED
    assert shell.err.startswith("arka-tui: error: no backup was made: the disk is full\n")
    assert not list((tmp_path / "backups").iterdir())


def test_a_hostile_name_cannot_steer_the_terminal(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    for name in ("a\x1b]0;owned\x07\u202e", "b\nc", "d\udcff"):
        assert shell.run("backup", tmp_path / name, answers=("",)) == 0
        assert not set(shell.out) & {"\x1b", "\x07", "\u202e", "\udcff"}
        assert len(shell.lines()) == 4
        assert (tmp_path / name).read_bytes() == filled.vault.read_bytes()


def test_a_backup_taken_while_another_session_saves_is_whole(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    with disk.Disk(filled.vault).locked():
        assert shell.run("backup", tmp_path / "backup.toml", answers=(WORD,)) == 0
    assert unlocked(filled).list()
