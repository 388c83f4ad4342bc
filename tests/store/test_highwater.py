"""The highest generation that was seen here: it warns of older copies, and is never in the way."""

import errno
import json
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from arka_tui.paths import Paths
from arka_tui.store import disk
from arka_tui.store.highwater import HighWater
from arka_tui.store.state import State, seal_state
from arka_tui.store.vault import Vault
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.test_disk import FaultyOs


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    vault = open_vault(Paths.under(tmp_path_factory.mktemp("any")))
    vault.create(PASSPHRASE, RECOVERY_CODE)
    assert vault._state is not None
    return vault._state


@pytest.fixture
def marks(paths: Paths) -> HighWater:
    return HighWater(paths.high_water)


def at(state: State, generation: int, store_id: bytes | None = None) -> State:
    document = replace(state.document, generation=generation, store_id=store_id or state.store_id)
    return seal_state(document, state.entries, state.master_key)


def session(paths: Paths) -> Vault:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    return vault


# ---------------------------------------------------------------------- by itself


def test_nothing_is_known_of_a_vault_that_was_never_seen(marks: HighWater, state: State, paths: Paths) -> None:
    assert marks.complaint(state) == ""
    assert not paths.state.exists()


def test_what_was_remembered_is_fine_and_so_is_anything_newer(marks: HighWater, state: State) -> None:
    five = at(state, 5)
    marks.remember(five)
    assert marks.complaint(five) == ""
    assert marks.complaint(at(state, 6)) == ""


def test_a_lower_generation_looks_like_an_older_copy(marks: HighWater, state: State) -> None:
    marks.remember(at(state, 5))
    assert marks.complaint(at(state, 4)) == (
        "this vault is at generation 4, but generation 5 was seen here: "
        "it looks like an older copy, restored from a backup"
    )


def test_another_state_of_the_same_generation_was_changed_in_two_places(marks: HighWater, state: State) -> None:
    marks.remember(at(state, 5))
    assert "another vault of the same generation 5" in marks.complaint(at(state, 5))


def test_the_mark_only_rises_unless_the_user_says_otherwise(marks: HighWater, state: State) -> None:
    four, five = at(state, 4), at(state, 5)
    marks.remember(five)
    marks.remember(four)
    assert marks.complaint(four)
    marks.remember(four, even_older=True)
    assert marks.complaint(four) == ""
    assert marks.complaint(five) == ""


def test_every_vault_has_a_mark_of_its_own(marks: HighWater, state: State) -> None:
    other = at(state, 2, store_id=bytes(16))
    marks.remember(at(state, 5))
    marks.remember(other)
    assert marks.complaint(other) == ""
    assert marks.complaint(at(state, 4))
    assert marks.complaint(at(state, 1, store_id=bytes(16)))


def test_marks_outlive_the_process_and_are_for_the_user_alone(marks: HighWater, state: State, paths: Paths) -> None:
    marks.remember(at(state, 5))
    assert HighWater(paths.high_water).complaint(at(state, 4))
    assert stat.S_IMODE(paths.high_water.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.state.stat().st_mode) == 0o700
    assert json.loads(paths.high_water.read_bytes()).keys() == {state.store_id.hex()}


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b'{"%s": 5}',
        b'{"%s": []}',
        b'{"%s": [1]}',
        b'{"%s": [1, "a", "b"]}',
        b'{"%s": ["five", "a"]}',
        b'{"%s": [null, "a"]}',
        b'{"%s": [1e999, "a"]}',
        b'{"%s": [NaN, "a"]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda junk: repr(junk[:24]),
)
def test_a_spoilt_file_is_as_good_as_none_and_is_replaced(
    marks: HighWater, state: State, paths: Paths, junk: bytes
) -> None:
    paths.state.mkdir(parents=True)
    paths.high_water.write_bytes(junk.replace(b"%s", state.store_id.hex().encode()))
    assert marks.complaint(at(state, 4)) == ""
    marks.remember(at(state, 5))
    assert marks.complaint(at(state, 4))


def test_a_mark_that_cannot_be_written_is_let_go(
    marks: HighWater, state: State, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks.remember(at(state, 5))
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("write",), 1, OSError(errno.ENOSPC, "")))
        marks.remember(at(state, 6))
    assert "generation 5 was seen" in marks.complaint(at(state, 4))
    assert [path.name for path in paths.state.iterdir()] == ["seen.json"]


def test_a_folder_that_cannot_be_made_is_let_go(marks: HighWater, state: State, paths: Paths) -> None:
    paths.state.parent.mkdir(parents=True)
    paths.state.write_bytes(b"in the way")
    marks.remember(at(state, 5))
    assert marks.complaint(at(state, 4)) == ""


# ---------------------------------------------------------------------- with its vault


def test_a_restored_backup_is_noticed_until_the_user_accepts_it(vault: Vault, paths: Paths, tmp_path: Path) -> None:
    vault.add(draft("openai/one"))
    backup = tmp_path / "backup"
    shutil.copytree(paths.data, backup)
    vault.add(draft("openai/two"))
    shutil.rmtree(paths.data)
    shutil.copytree(backup, paths.data)

    for _ in range(2):
        restored = open_vault(paths)
        opened = restored.unlock_with_recovery_code(RECOVERY_CODE)
        assert "this vault is at generation 2, but generation 3 was seen here" in opened.older_copy
        assert [credential.label for credential in restored.list()] == ["one"]
    restored.accept_older_copy()
    assert open_vault(paths).unlock_with_recovery_code(RECOVERY_CODE).older_copy == ""


def test_a_vault_copied_to_another_machine_is_not_suspected_there(vault: Vault, paths: Paths, tmp_path: Path) -> None:
    vault.add(draft("openai/one"))
    there = Paths.under(tmp_path / "another-machine")
    shutil.copytree(paths.data, there.data)
    assert open_vault(there).unlock_with_recovery_code(RECOVERY_CODE).older_copy == ""
    assert there.high_water.exists()


def test_what_another_session_committed_raises_the_mark_too(vault: Vault, paths: Paths) -> None:
    other = session(paths)
    vault.add(draft("openai/one"))
    before = paths.high_water.read_bytes()
    other.refresh()
    assert paths.high_water.read_bytes() == before
    assert session(paths).get("openai/one")


def test_a_new_passphrase_is_no_older_copy(vault: Vault, paths: Paths) -> None:
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    assert open_vault(paths).unlock_with_recovery_code(RECOVERY_CODE).older_copy == ""
