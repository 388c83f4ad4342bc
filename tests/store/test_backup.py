"""A backup holds the vault's bytes, is written over nothing, and comes back whole; what it replaces is kept."""

import errno
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arka_tui.errors import (
    Conflict,
    NotSaved,
    Superseded,
    UsageError,
    VaultBusy,
    VaultCorrupt,
    VaultForeign,
    VaultMissing,
    VaultNewer,
    VaultUnsafe,
    WrongPassphrase,
)
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import backup as backing
from arka_tui.store import disk
from arka_tui.store.backup import Restored, Source, present, read, restore, source, verify, write
from arka_tui.store.copies import Copies
from arka_tui.store.disk import Disk
from arka_tui.store.examine import Severity, examine
from arka_tui.store.highwater import HighWater
from arka_tui.store.slots import Passphrase, RecoveryCode
from arka_tui.store.state import State, seal_record, seal_state
from arka_tui.store.vault import Vault
from tests.attack.restore import SCENES, Scene, another_vault, strike
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.test_copies import check_of
from tests.store.test_disk import FaultyOs, Killed
from tests.store.test_examine import (
    OTHER_CODE,
    SECRET,
    WAY,
    cut,
    damage_text,
    flip,
    make_fifo,
    make_folder,
    make_foreign,
    make_later,
    make_link,
    mirror_of,
    snapshot,
    unlocked,
)
from tests.store.test_examine import filled as filled
from tests.store.test_examine import filled_root as filled_root

OTHER_WAY = RecoveryCode(OTHER_CODE)
STAMP = "20261123T100000Z"


def labels(paths: Paths, code: Secret = RECOVERY_CODE) -> list[str]:
    """Of a copy, so that looking heals nothing."""
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(code)
    return [credential.label for credential in vault.list()]


def made(paths: Paths, target: Path) -> Path:
    return write(paths, source(paths, None), target, NOW).path


def put_back(paths: Paths, file: Path, way: RecoveryCode = WAY) -> Restored:
    return restore(paths, verify(read(file), way), present(paths), lambda: NOW)


@pytest.fixture
def file(filled: Paths, tmp_path: Path) -> Path:
    """A backup at generation 4: one, two, three."""
    return made(filled, tmp_path / "backup.toml")


# ---------------------------------------------------------------------- making one


def test_a_backup_holds_the_vaults_own_bytes_for_its_owner_alone(filled: Paths, tmp_path: Path) -> None:
    before = snapshot(filled.data.parent)
    done = write(filled, source(filled, WAY), tmp_path / "backup.toml", NOW)
    assert (done.already, done.incomplete) == (False, "")
    assert done.path.read_bytes() == filled.vault.read_bytes()
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert snapshot(filled.data.parent) == before


def test_a_folder_gets_a_file_named_by_date_and_generation(filled: Paths, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    assert made(filled, tmp_path / "backups").name == "arka-tui-2026-11-23-generation-4.toml"


def test_the_same_backup_twice_is_made_once(filled: Paths, file: Path) -> None:
    before = file.stat()
    done = write(filled, source(filled, None), file, NOW)
    assert done.already
    assert file.stat().st_ino == before.st_ino


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("harm", [cut, damage_text, make_foreign, make_later, make_fifo, make_link])
def test_what_is_no_backup_is_never_written_over(
    filled: Paths, file: Path, harm: Callable[[Path], None], force: bool
) -> None:
    harm(file)
    unlocked(filled).add(draft("openai/new"))
    before = snapshot(file.parent)
    with pytest.raises(UsageError, match="is there already, and is no whole backup"):
        write(filled, source(filled, None), file, NOW, force=force)
    assert snapshot(file.parent) == before


def test_an_older_backup_is_replaced_only_by_force(filled: Paths, file: Path) -> None:
    before = file.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    with pytest.raises(UsageError, match="is there already") as caught:
        made(filled, file)
    assert "--force" in caught.value.hint
    assert file.read_bytes() == before
    write(filled, source(filled, None), file, NOW, force=True)
    assert file.read_bytes() == filled.vault.read_bytes()


def test_a_newer_backup_and_another_vaults_are_not_replaced_even_by_force(filled: Paths, file: Path) -> None:
    older = filled.vault.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    newer = filled.vault.read_bytes()
    file.write_bytes(newer)
    for path in (filled.vault, mirror_of(filled)):
        path.write_bytes(older)
    with pytest.raises(UsageError, match=r"holds generation 5, newer than the vault \(4\)"):
        write(filled, source(filled, None), file, NOW, force=True)
    shutil.rmtree(filled.data)
    open_vault(filled).create(PASSPHRASE, RECOVERY_CODE)
    with pytest.raises(UsageError, match="is a backup of another vault"):
        write(filled, source(filled, None), file, NOW, force=True)
    assert file.read_bytes() == newer


@pytest.mark.parametrize("name", ["store.toml", "store.toml.bak", "store.lock", "journal"])
def test_the_vaults_own_files_are_no_place_for_a_backup(filled: Paths, tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to(filled.data)
    (filled.data / name).unlink()
    data = Source(b"", 9, 0, b"", None)
    with pytest.raises(UsageError, match="is a file of the vault itself"):
        write(filled, data, tmp_path / "link" / name, NOW, force=True)


def test_a_missing_folder_is_named_and_not_made(filled: Paths, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        made(filled, tmp_path / "no" / "backup.toml")
    assert not (tmp_path / "no").exists()


def test_without_a_vault_there_is_nothing_to_back_up(paths: Paths) -> None:
    with pytest.raises(VaultMissing):
        source(paths, None)


@pytest.mark.parametrize("way", [None, WAY])
@pytest.mark.parametrize("harm", [Path.unlink, cut, damage_text])
def test_a_harmed_vault_is_backed_up_from_its_second_copy_and_it_says_so(
    filled: Paths, harm: Callable[[Path], None], way: RecoveryCode | None
) -> None:
    whole = mirror_of(filled).read_bytes()
    harm(filled.vault)
    data = source(filled, way)
    assert data.raw == whole
    assert "second copy" in data.notes[0]


def test_damage_that_only_the_passphrase_shows_is_not_backed_up(filled: Paths) -> None:
    whole = mirror_of(filled).read_bytes()
    flip(filled.vault)
    with pytest.raises(VaultCorrupt, match="one of the two is damaged"):
        source(filled, None)
    assert source(filled, WAY).raw == whole


def test_of_two_generations_the_newer_is_backed_up(filled: Paths) -> None:
    before = filled.vault.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    newer = filled.vault.read_bytes()
    filled.vault.write_bytes(before)
    assert source(filled, None).raw == source(filled, WAY).raw == newer


@pytest.mark.parametrize("way", [None, WAY])
def test_a_vault_older_than_one_seen_here_is_backed_up_and_told(filled: Paths, way: RecoveryCode | None) -> None:
    before = filled.vault.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    for path in (filled.vault, mirror_of(filled)):
        path.write_bytes(before)
    assert "generation 5 was seen here" in source(filled, way).notes[-1]


@pytest.mark.parametrize("function", ["open", "write", "fsync", "rename"])
def test_a_backup_that_cannot_be_written_leaves_the_older_one(
    filled: Paths, file: Path, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    data, names = source(filled, None), sorted(path.name for path in file.parent.iterdir())
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs((function,), 1, OSError(errno.ENOSPC, "the library's own words")))
        with pytest.raises(NotSaved, match="the disk is full"):
            write(filled, data, file, NOW, force=True)
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.iterdir()) == names


def test_a_disk_that_gives_back_something_else_is_found_out(
    filled: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad_disk(path: Path, data: bytes) -> str:
        path.write_bytes(data)
        flip(path)
        return ""

    monkeypatch.setattr(backing, "replace_file", bad_disk)
    with pytest.raises(VaultCorrupt, match="does not hold what was written"):
        write(filled, source(filled, WAY), tmp_path / "backup.toml", NOW)


# ---------------------------------------------------------------------- opening one


def test_a_backup_opens_with_the_passphrase_it_was_made_with(filled: Paths, file: Path) -> None:
    unlocked(filled).change_passphrase(Secret("another"), OTHER_CODE)
    assert verify(read(file), Passphrase(PASSPHRASE)).generation == 4
    with pytest.raises(WrongPassphrase):
        verify(read(file), OTHER_WAY)


@pytest.mark.parametrize(
    ("harm", "error", "words"),
    [
        (Path.unlink, UsageError, "there is no file"),
        (make_folder, UsageError, "not a regular file"),
        (make_fifo, UsageError, "not a regular file"),
        (make_foreign, VaultForeign, "is not an arka vault"),
        (make_later, VaultNewer, "has the format arka-store/7"),
        (cut, VaultCorrupt, "is cut short"),
        (damage_text, VaultCorrupt, "is damaged"),
        (flip, VaultCorrupt, "does not match its seal"),
    ],
)
def test_what_is_no_whole_backup_is_refused_by_its_name(
    file: Path, harm: Callable[[Path], None], error: type[Exception], words: str
) -> None:
    harm(file)
    with pytest.raises(error, match=words):
        verify(read(file), WAY)


def test_a_backup_of_which_one_key_does_not_open_is_no_backup(filled: Paths, file: Path) -> None:
    state = verify(read(file), WAY)
    wrong = seal_record(state.store_id, replace(state.entries[1], record_key=bytes(32)), Secret(SECRET))
    records = tuple(wrong if record.id == wrong.id else record for record in state.document.records)
    file.write_bytes(seal_state(replace(state.document, records=records), state.entries, state.master_key).raw)
    with pytest.raises(VaultCorrupt, match="1 of 3 keys do not open: openai/two"):
        verify(read(file), WAY)
    shutil.copy(file, filled.vault)
    with pytest.raises(VaultCorrupt, match="1 of 3 keys do not open: openai/two"):
        source(filled, WAY)


# ---------------------------------------------------------------------- putting it back


def test_a_restore_brings_the_backup_back_and_keeps_what_was_there(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    newer = filled.vault.read_bytes()
    done = put_back(filled, file)
    assert done == Restored((filled.data / f"store.toml.kept-{STAMP}",))
    assert done.kept[0].read_bytes() == newer
    assert stat.S_IMODE(done.kept[0].stat().st_mode) == 0o600
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == file.read_bytes()
    assert stat.S_IMODE(filled.vault.stat().st_mode) == 0o600
    vault = open_vault(filled)
    assert vault.unlock_with_recovery_code(RECOVERY_CODE).older_copy == ""
    assert [credential.label for credential in vault.list()] == ["one", "two", "three"]
    assert len(vault.history.checks) == 1


def test_what_was_kept_can_be_put_back_in_its_turn(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    put_back(filled, put_back(filled, file).kept[0])
    assert labels(filled) == ["one", "two", "three", "new"]


def test_on_a_new_machine_nothing_is_kept_and_all_is_made(file: Path, tmp_path: Path) -> None:
    paths = Paths.under(tmp_path / "new-machine")
    assert put_back(paths, file) == Restored(())
    assert labels(paths) == ["one", "two", "three"]
    assert stat.S_IMODE(paths.data.stat().st_mode) == 0o700
    assert not any(finding.severity is Severity.TROUBLE for finding in examine(paths).findings)


@pytest.mark.parametrize("harm", [cut, damage_text, flip, make_foreign, make_later])
def test_whatever_was_in_the_vaults_place_is_kept(filled: Paths, file: Path, harm: Callable[[Path], None]) -> None:
    harm(filled.vault)
    cut(mirror_of(filled))
    lost = {filled.vault.read_bytes(), mirror_of(filled).read_bytes()}
    done = put_back(filled, file)
    assert {path.read_bytes() for path in done.kept} == lost
    assert labels(filled) == ["one", "two", "three"]


def test_a_second_copy_alone_is_kept_too(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    filled.vault.unlink()
    only = mirror_of(filled).read_bytes()
    done = put_back(filled, file)
    assert [path.name for path in done.kept] == [f"store.toml.bak.kept-{STAMP}"]
    assert done.kept[0].read_bytes() == only
    assert labels(filled) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("store.toml", make_folder),
        ("store.toml", make_fifo),
        ("store.toml.bak", make_folder),
        ("store.toml.bak", make_fifo),
        ("store.toml.bak", make_link),
    ],
)
def test_what_cannot_be_kept_is_not_replaced(
    filled: Paths, file: Path, name: str, harm: Callable[[Path], None]
) -> None:
    harm(filled.data / name)
    before = snapshot(filled.data)
    with pytest.raises(VaultUnsafe, match="cannot be kept"):
        put_back(filled, file)
    assert snapshot(filled.data) == before


def test_a_vault_that_is_a_link_stays_one(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    make_link(filled.vault)
    mirror_of(filled).rename(filled.data / "elsewhere.bak")
    done = put_back(filled, file)
    assert filled.vault.is_symlink()
    assert filled.vault.read_bytes() == file.read_bytes()
    assert [path.name for path in done.kept] == [f"elsewhere.kept-{STAMP}"]


@pytest.mark.parametrize("method", ["unlink", "rename"])
def test_a_second_copy_or_test_log_that_cannot_go_stops_the_restore(
    filled: Paths, file: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_vault(filled)
    state, before = verify(read(file), WAY), {path.name: path.read_bytes() for path in filled.data.iterdir()}
    with monkeypatch.context() as context:
        real = getattr(Path, method)

        def refused(path: Path, *args: Path) -> None:
            if path.name in ("store.toml.bak", "journal"):
                raise OSError(errno.EACCES, "the library's own words")
            real(path, *args)

        context.setattr(Path, method, refused)
        with pytest.raises(NotSaved, match="permission denied"):
            restore(filled, state, present(filled), lambda: NOW)
    assert {path.name: path.read_bytes() for path in filled.data.iterdir()} == before


def test_another_vault_is_kept_whole_with_its_test_log(filled: Paths, file: Path, tmp_path: Path) -> None:
    other = Paths.under(tmp_path / "other")
    vault = open_vault(other)
    vault.create(PASSPHRASE, OTHER_CODE)
    vault.record_checks([check_of(vault.add(draft("openai/theirs"))[0])])
    before = {path.name: path.read_bytes() for path in other.data.iterdir()}
    done = put_back(other, file)
    assert {path.name for path in done.kept} == {f"store.toml.kept-{STAMP}", f"journal.kept-{STAMP}"}
    for path in done.kept:
        assert path.read_bytes() == before[path.name.removesuffix(f".kept-{STAMP}")]
    assert labels(other) == ["one", "two", "three"]
    assert not (other.data / "journal").exists()


def test_a_restore_over_a_changed_passphrase_keeps_both_ways_back(filled: Paths, file: Path) -> None:
    unlocked(filled).change_passphrase(Secret("another"), OTHER_CODE)
    done = put_back(filled, file)
    assert labels(filled) == ["one", "two", "three"]
    with pytest.raises(WrongPassphrase):
        labels(filled, OTHER_CODE)
    put_back(filled, done.kept[0], OTHER_WAY)
    assert labels(filled, OTHER_CODE) == ["one", "two", "three"]


def test_open_sessions_notice(filled: Paths, file: Path) -> None:
    session = unlocked(filled)
    session.add(draft("openai/new"))
    put_back(filled, file)
    with pytest.raises(Superseded):
        session.refresh()
    with pytest.raises(Superseded):
        session.add(draft("openai/newer"))
    assert filled.vault.read_bytes() == file.read_bytes()


def test_a_session_that_was_deriving_its_key_meanwhile_does_not_undo_the_restore(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    copies = Copies(Disk(filled.vault))
    found = copies.unlock(WAY)
    put_back(filled, file)
    assert copies.heal(found) == []
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == file.read_bytes()


def test_what_changed_while_the_owner_was_asked_is_not_replaced(filled: Paths, file: Path) -> None:
    seen, state = present(filled), verify(read(file), WAY)
    unlocked(filled).add(draft("openai/new"))
    before = snapshot(filled.data)
    with pytest.raises(Conflict, match="changed meanwhile"):
        restore(filled, state, seen, lambda: NOW)
    assert snapshot(filled.data) == before


def test_a_restore_waits_for_a_session_that_saves(filled: Paths, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOCK_PATIENCE_S", 0)
    unlocked(filled).add(draft("openai/new"))
    before = filled.vault.read_bytes()
    with Disk(filled.vault).locked(), pytest.raises(VaultBusy):
        put_back(filled, file)
    assert filled.vault.read_bytes() == before


def test_the_mark_follows_a_restore_to_the_older_generation(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    put_back(filled, file)
    assert HighWater(filled.high_water).complaint(verify(read(file), WAY)) == ""


# ---------------------------------------------------------------------- cut off at any line

each_scene = pytest.mark.parametrize("scene", SCENES, ids=[scene.__name__ for scene in SCENES])


@each_scene
@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_a_restore_killed_at_any_call_leaves_the_old_state_or_the_new_one(
    tmp_path: Path, scene: Scene, step: int
) -> None:
    figures = strike(tmp_path, scene, Killed(), step)
    assert not figures.broken
    assert figures.tried >= 16 // step


@each_scene
@pytest.mark.slow
def test_a_restore_that_fails_at_any_call_leaves_the_old_state_or_the_new_one(tmp_path: Path, scene: Scene) -> None:
    figures = strike(tmp_path, scene, OSError(errno.EIO, ""))
    assert not figures.broken
    assert figures.tried >= 16


def test_a_restore_on_a_full_disk_changes_nothing(filled: Paths, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked(filled).add(draft("openai/new"))
    state, before = verify(read(file), WAY), snapshot(filled.data.parent)
    for nth in (1, 2):
        with monkeypatch.context() as context:
            full = FaultyOs(("write",), nth, OSError(errno.ENOSPC, ""))
            context.setattr(disk, "os", full)
            with pytest.raises(NotSaved, match="the disk is full"):
                restore(filled, state, present(filled), lambda: NOW)
        assert full.struck
        now = snapshot(filled.data.parent)
        assert now.keys() == before.keys()
        assert {name: content for name, (*_, content) in now.items()} == {
            name: content for name, (*_, content) in before.items()
        }


def test_no_secret_is_in_what_the_deeds_return(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    state: State = verify(read(file), WAY)
    for shown in (repr(state), repr(source(filled, WAY)), repr(present(filled)), repr(put_back(filled, file))):
        assert SECRET not in shown
        assert RECOVERY_CODE.reveal() not in shown
        assert repr(state.master_key)[2:-1] not in shown


def test_the_clock_of_a_real_restore_is_utc(filled: Paths, file: Path) -> None:
    unlocked(filled).add(draft("openai/new"))
    earliest = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    (kept,) = restore(filled, verify(read(file), WAY), present(filled)).kept
    assert earliest <= kept.name.removeprefix("store.toml.kept-") <= datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def test_a_session_that_was_unlocked_before_the_restore_still_shows_its_own_vault(filled: Paths, file: Path) -> None:
    session: Vault = unlocked(filled)
    session.add(draft("openai/new"))
    put_back(filled, file)
    assert [credential.label for credential in session.list()] == ["one", "two", "three", "new"]


def test_the_keys_of_a_backup_are_drafts_for_another_vault(filled: Paths) -> None:
    found = backing.drafts(verify(read(filled.vault), WAY))
    kept = unlocked(filled)
    assert [each.name for each in found] == [each.name for each in kept.list()]
    assert [each.secret for each in found] == [kept.secret(each.name) for each in found]
