"""What `doctor --repair` does: it loses nothing, copies nothing unproven, and leaves alone what is not arka's."""

import errno
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from arka_tui.paths import Paths
from arka_tui.store import disk
from arka_tui.store.disk import Disk
from arka_tui.store.examine import Severity, examine, examine_inside
from arka_tui.store.mend import Mended, mend
from arka_tui.store.slots import CHEAPEST, RecoveryCode
from arka_tui.store.state import State
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.test_disk import FUNCTIONS, FaultyOs, Killed
from tests.store.test_examine import (
    OTHER_CODE,
    cut,
    damage_text,
    flip,
    make_folder,
    make_foreign,
    make_later,
    mirror_of,
    snapshot,
    unlocked,
)
from tests.store.test_examine import (
    filled as filled,
)
from tests.store.test_examine import (
    filled_root as filled_root,
)

KEPT = "store.toml.kept-20261123T100000Z"


def opened(paths: Paths, code: RecoveryCode | None = None) -> State:
    state = examine_inside(paths, code or RecoveryCode(RECOVERY_CODE), CHEAPEST).state
    assert state
    return state


def repair(paths: Paths, state: State | None = None) -> tuple[Mended, ...]:
    return mend(paths, state, lambda: NOW)


def said(done: tuple[Mended, ...]) -> list[str]:
    return [f"{each.what}{f': {each.trouble}' if each.trouble else ''}" for each in done]


def troubles(paths: Paths) -> list[str]:
    return [finding.state for finding in examine(paths).findings if finding.severity is Severity.TROUBLE]


def labels(paths: Paths) -> list[str]:
    return [credential.label for credential in unlocked(paths).list()]


def test_a_healthy_vault_is_left_as_it_is(filled: Paths) -> None:
    before = snapshot(filled.data.parent)
    assert repair(filled, opened(filled)) == ()
    assert snapshot(filled.data.parent) == before


def test_where_there_is_nothing_nothing_is_made(paths: Paths) -> None:
    assert repair(paths) == ()
    assert not paths.data.exists()


def test_modes_are_mended_also_without_the_passphrase(filled: Paths) -> None:
    for path, mode in ((filled.data, 0o777), (filled.vault, 0o644), (mirror_of(filled), 0o400)):
        path.chmod(mode)
    assert said(repair(filled)) == ["data is 0700 now", "store.toml is 0600 now", "store.toml.bak is 0600 now"]
    assert stat.S_IMODE(filled.data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in filled.data.iterdir()} == {0o600}
    assert {finding.severity for finding in examine(filled).findings} == {Severity.OK}


def test_left_overs_are_removed_and_no_other_file(filled: Paths) -> None:
    before = {path.name for path in filled.data.iterdir()}
    for name in (".store.toml.tmp-0011223344556677", ".journal.tmp-0011223344556677"):
        (filled.data / name).write_bytes(b"sealed")
    (filled.data / ".mine.tmp-0011223344556677").write_bytes(b"the user's own")
    assert said(repair(filled)) == ["2 temporary files removed"]
    assert {path.name for path in filled.data.iterdir()} == {*before, ".mine.tmp-0011223344556677"}


def test_while_another_session_saves_nothing_is_touched(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOCK_PATIENCE_S", 0)
    (filled.data / ".store.toml.tmp-0011223344556677").write_bytes(b"being written")
    mirror_of(filled).unlink()
    state = opened(filled)
    with Disk(filled.vault).locked():
        assert said(repair(filled, state)) == ["the copies were left alone: another arka session is saving"]
    assert (filled.data / ".store.toml.tmp-0011223344556677").exists()
    assert not mirror_of(filled).exists()


@pytest.mark.parametrize("harm", [Path.unlink, cut, damage_text, flip])
def test_a_second_copy_is_made_anew_from_a_vault_that_authenticates(
    filled: Paths, harm: Callable[[Path], None]
) -> None:
    whole = filled.vault.read_bytes()
    harm(mirror_of(filled))
    assert said(repair(filled, opened(filled))) == ["the second copy is the same as the vault now"]
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == whole
    assert troubles(filled) == []


@pytest.mark.parametrize("harm", [cut, damage_text, flip])
def test_a_damaged_vault_is_made_anew_from_its_second_copy_and_kept(
    filled: Paths, harm: Callable[[Path], None]
) -> None:
    whole = mirror_of(filled).read_bytes()
    harm(filled.vault)
    harmed = filled.vault.read_bytes()
    (done,) = repair(filled, opened(filled))
    assert done == Mended("the vault is whole again, from its second copy", "", filled.data / KEPT)
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == whole
    assert (filled.data / KEPT).read_bytes() == harmed
    assert stat.S_IMODE((filled.data / KEPT).stat().st_mode) == 0o600
    assert troubles(filled) == []


def test_a_missing_vault_comes_back_from_its_second_copy(filled: Paths) -> None:
    whole = filled.vault.read_bytes()
    filled.vault.unlink()
    assert said(repair(filled, opened(filled))) == ["the vault is whole again, from its second copy"]
    assert filled.vault.read_bytes() == whole


def test_what_was_kept_before_is_never_written_over(filled: Paths) -> None:
    (filled.data / KEPT).write_bytes(b"kept before")
    flip(filled.vault)
    (done,) = repair(filled, opened(filled))
    assert done.kept == filled.data / f"{KEPT}-2"
    assert (filled.data / KEPT).read_bytes() == b"kept before"


@pytest.mark.parametrize("newer", ["vault", "second copy"])
def test_the_newer_copy_wins_and_the_deleted_key_is_in_no_file(filled: Paths, newer: str) -> None:
    before = filled.vault.read_bytes()
    vault = unlocked(filled)
    vault.remove([vault.get("openai/two")])
    (mirror_of(filled) if newer == "vault" else filled.vault).write_bytes(before)
    repair(filled, opened(filled))
    assert labels(filled) == ["one", "three"]
    assert not any(path.read_bytes() == before for path in filled.data.iterdir())


def test_without_the_passphrase_no_copy_is_touched(filled: Paths) -> None:
    cut(filled.vault)
    before = snapshot(filled.data)
    assert repair(filled) == ()
    assert snapshot(filled.data) == before


@pytest.mark.parametrize("harm", [make_foreign, make_later, make_folder])
@pytest.mark.parametrize("which", ["store.toml", "store.toml.bak"])
def test_what_is_not_arkas_to_write_over_is_left(filled: Paths, harm: Callable[[Path], None], which: str) -> None:
    state = opened(filled)
    harm(filled.data / which)
    before = snapshot(filled.data)
    assert repair(filled, state) == ()
    assert snapshot(filled.data) == before


def test_another_vaults_second_copy_is_left(filled: Paths, tmp_path: Path) -> None:
    other = Paths.under(tmp_path / "other")
    open_vault(other).create(PASSPHRASE, RECOVERY_CODE)
    shutil.copy(other.vault, mirror_of(filled))
    before = snapshot(filled.data)
    assert repair(filled, opened(filled)) == ()
    assert snapshot(filled.data) == before


def test_an_old_passphrase_never_brings_the_old_state_back(filled: Paths) -> None:
    before = filled.vault.read_bytes()
    unlocked(filled).change_passphrase(PASSPHRASE, OTHER_CODE)
    changed = filled.vault.read_bytes()
    mirror_of(filled).write_bytes(before)
    assert repair(filled, opened(filled, RecoveryCode(RECOVERY_CODE))) == ()
    assert filled.vault.read_bytes() == changed
    repair(filled, opened(filled, RecoveryCode(OTHER_CODE)))
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == changed


def test_what_changed_since_it_was_opened_is_looked_at_anew(filled: Paths) -> None:
    state = opened(filled)
    mirror_of(filled).unlink()
    unlocked(filled).add(draft("openai/new"))
    newest = filled.vault.read_bytes()
    mirror_of(filled).unlink()
    repair(filled, state)
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == newest


def test_a_test_log_with_damaged_lines_is_left(filled: Paths) -> None:
    with (filled.data / "journal").open("ab") as file:
        file.write(b"torn\n")
    before = (filled.data / "journal").read_bytes()
    repair(filled, opened(filled))
    assert (filled.data / "journal").read_bytes() == before


def test_a_repair_that_fails_says_so_and_leaves_all_as_it_was(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(filled.vault)
    state, before = opened(filled), snapshot(filled.data)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 2, OSError(errno.ENOSPC, "the library's own words")))
        assert said(repair(filled, state)) == ["the vault was left as it was: the disk is full"]
    assert snapshot(filled.data) == before


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_at_any_call_of_a_repair_loses_nothing(
    filled: Paths, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(filled.vault)
    harmed, whole = filled.vault.read_bytes(), mirror_of(filled).read_bytes()
    for nth in count(1, step):
        paths = Paths.under(tmp_path / f"{nth}")
        shutil.copytree(filled.data.parent, tmp_path / f"{nth}")
        state = opened(paths)
        faulty = FaultyOs((*FUNCTIONS, "unlink"), nth, Killed())
        with monkeypatch.context() as context:
            context.setattr(disk, "os", faulty)
            with suppress(Killed):
                repair(paths, state)
        if not faulty.struck:
            break
        there = [path.read_bytes() for path in paths.data.iterdir()]
        assert harmed in there and whole in there, nth
        repair(paths, opened(paths))
        assert filled.vault.read_bytes() == harmed, "the original is not ours to touch"
        assert paths.vault.read_bytes() == mirror_of(paths).read_bytes() == whole
        assert harmed in [path.read_bytes() for path in paths.data.iterdir()], nth
    assert nth > 10, "the kill never struck: the sweep proves nothing"


def test_a_folder_that_others_may_write_in_is_closed_before_anything_else(filled: Paths) -> None:
    filled.data.chmod(0o777)
    mirror_of(filled).unlink()
    assert said(repair(filled, opened(filled))) == ["data is 0700 now", "the second copy is the same as the vault now"]


def test_a_mode_that_cannot_be_mended_is_said(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.vault.chmod(0o644)

    def refused(path: Path, mode: int) -> None:
        raise OSError(errno.EPERM, f"{path} {mode}")

    monkeypatch.setattr(os, "chmod", lambda path, mode, **_: refused(path, mode))
    assert said(repair(filled)) == ["store.toml keeps its mode: permission denied"]
