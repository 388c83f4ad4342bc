"""Two files, several sessions: which state counts, what is mended, what is never lost and never written over."""

import errno
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from arka_tui.check import Check, Verdict
from arka_tui.credential import Credential
from arka_tui.errors import (
    Conflict,
    CredentialNotFound,
    NameTaken,
    StalePassphrase,
    Superseded,
    UsageError,
    VaultCorrupt,
    VaultForeign,
    VaultNewer,
    WrongPassphrase,
)
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import Saved, copies, disk
from arka_tui.store.copies import Copies
from arka_tui.store.disk import Disk
from arka_tui.store.document import Document, parse, render
from arka_tui.store.slots import CHEAPEST, Argon2Cost, RecoveryCode, Way
from arka_tui.store.state import State, seal_state
from arka_tui.store.vault import Opened, Vault
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.memory_store import MemoryStore
from tests.store.contract import edited
from tests.store.test_disk import FaultyOs

NEW_PASSPHRASE, NEW_CODE = Secret("another horse"), Secret("0000-1111-2222-3333-4444-5555-6666-7777")
DEARER = Argon2Cost(CHEAPEST.memory_kib * 2, 1, 1)
ROOT = Path(__file__).parents[2]


def filled_once(tmp_path_factory: pytest.TempPathFactory, *labels: str) -> Path:
    paths = Paths.under(tmp_path_factory.mktemp("filled"))
    vault = open_vault(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    for label in labels:
        vault.add(draft(f"openai/{label}", f"sk-proj-aaaaaaaaaaaaaaaaaaaa-{label}"))
    return paths.data


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_once(tmp_path_factory, "one", "two", "three")


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another vault with the same recovery code."""
    return filled_once(tmp_path_factory, "other")


@pytest.fixture
def filled(paths: Paths, filled_folder: Path) -> Paths:
    """A vault with three keys on disk; its recovery code opens it without the cost of a passphrase."""
    shutil.copytree(filled_folder, paths.data)
    return paths


@pytest.fixture
def main(filled: Paths) -> Path:
    return filled.vault


@pytest.fixture
def mirror(filled: Paths) -> Path:
    return filled.data / "store.toml.bak"


def unlocked(paths: Paths, code: Secret = RECOVERY_CODE) -> tuple[Vault, Opened]:
    vault = open_vault(paths)
    return vault, vault.unlock_with_recovery_code(code)


def session(paths: Paths, code: Secret = RECOVERY_CODE) -> Vault:
    return unlocked(paths, code)[0]


def labels(vault: Vault) -> list[str]:
    return [credential.label for credential in vault.list()]


def inside(vault: Vault) -> State:
    assert vault._state is not None
    return vault._state


def check_of(credential: Credential) -> Check:
    return Check(credential.id, credential.name, credential.hint, NOW, Verdict.OK)


# ---------------------------------------------------------------------- the mirror steps in


CUT_OR_GONE: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut within a line": lambda path: path.write_bytes(path.read_bytes()[:700]),
    "cut behind a line": lambda path: path.write_bytes(path.read_bytes().partition(b"[[record]]")[0]),
    "half zeros": lambda path: path.write_bytes(path.read_bytes()[:700] + bytes(2000)),
    "another index": lambda path: path.write_bytes(path.read_bytes().replace(b'box = "', b'box = "AAAA', 3)),
    "another seal": lambda path: path.write_bytes(
        path.read_bytes().replace(b'mac = "', b'mac = "AAAA', 1)[:-6] + b'"\n'
    ),
}
every_damage = pytest.mark.parametrize("damage", CUT_OR_GONE.values(), ids=CUT_OR_GONE.keys())


@every_damage
def test_the_mirror_is_used_where_the_vault_is_gone_or_damaged_and_both_are_mended(
    filled: Paths, main: Path, mirror: Path, damage: Callable[[Path], object]
) -> None:
    whole = main.read_bytes()
    damage(main)
    assert open_vault(filled).exists()
    vault, opened = unlocked(filled)
    what = "is missing" if damage is CUT_OR_GONE["missing"] else "is damaged or older"
    assert opened.notes == (
        f"store.toml {what}; opened its second copy, generation 4",
        "both copies are whole again",
    )
    assert opened.older_copy == ""
    assert labels(vault) == ["one", "two", "three"]
    assert main.read_bytes() == mirror.read_bytes() == whole
    assert unlocked(filled)[1] == Opened()


@every_damage
def test_a_mirror_that_is_gone_or_damaged_is_mended_without_a_word(
    filled: Paths, main: Path, mirror: Path, damage: Callable[[Path], object]
) -> None:
    damage(mirror)
    vault, opened = unlocked(filled)
    assert opened == Opened()
    assert labels(vault) == ["one", "two", "three"]
    assert mirror.read_bytes() == main.read_bytes()


def test_a_passphrase_opens_the_mirror_too(filled: Paths, main: Path) -> None:
    main.unlink()
    vault = open_vault(filled)
    assert len(vault.unlock(PASSPHRASE).notes) == 2
    with pytest.raises(WrongPassphrase):
        open_vault(filled).unlock(Secret("wrong"))


def test_where_both_copies_are_damaged_nothing_is_opened_or_written(filled: Paths, main: Path, mirror: Path) -> None:
    main.write_bytes(main.read_bytes()[:900])
    mirror.write_bytes(mirror.read_bytes()[:-100])
    before = main.read_bytes(), mirror.read_bytes()
    for deed in (open_vault(filled).exists, lambda: unlocked(filled)):
        with pytest.raises(VaultCorrupt, match=r"store\.toml is cut short") as caught:
            deed()
        assert caught.value.hint == "nothing was changed; if you have a backup: arka-tui restore FILE"
    assert (main.read_bytes(), mirror.read_bytes()) == before


def test_where_neither_copy_matches_its_seal_nothing_is_opened_or_written(
    filled: Paths, main: Path, mirror: Path
) -> None:
    for path in (main, mirror):
        path.write_bytes(path.read_bytes().replace(b"generation = 4", b"generation = 5"))
    before = main.read_bytes(), mirror.read_bytes()
    with pytest.raises(VaultCorrupt, match="it does not match its seal"):
        unlocked(filled)
    assert (main.read_bytes(), mirror.read_bytes()) == before


def offsets_of_values(raw: bytes | bytearray) -> dict[str, int]:
    """Where a value of each kind stands in the text."""
    found: dict[str, int] = {}
    at = 0
    table = "top"
    for line in raw.decode().splitlines(keepends=True):
        if line.startswith("["):
            table = line.strip("[]\n")
        name, said, value = line.partition(" = ")
        if said:
            kind, n = f"{table} {name}", 2
            while kind in found:
                kind, n = f"{table} {name} {n}", n + 1
            found[kind] = at + len(name) + 3 + value.startswith('"') + (8 if len(value) > 12 else 0)
        at += len(line)
    del found["top format"]  # a file that does not say what it is, is foreign
    return found


@pytest.mark.parametrize("kind", [
    "top store_id", "top generation",
    "slot id", "slot type", "slot m", "slot t", "slot p", "slot salt", "slot check", "slot box",
    "slot id 2", "slot type 2", "slot salt 2", "slot check 2", "slot box 2",
    "index salt", "index box", "record id", "record box", "record id 3", "record box 3", "seal mac",
])  # fmt: skip
@pytest.mark.parametrize("key", ["passphrase", "recovery code"])
def test_one_wrong_character_anywhere_costs_nothing_while_the_mirror_is_whole(
    filled: Paths, main: Path, mirror: Path, kind: str, key: str
) -> None:
    whole = main.read_bytes()
    at = offsets_of_values(whole)[kind]
    worse = bytearray(whole)
    worse[at] = worse[at] + 1 if chr(worse[at]) in "0123456789abcdeABCDEFGHIJKLMNOPQRSTUVWXY" else ord("A")
    assert worse != whole
    main.write_bytes(worse)

    vault = open_vault(filled)
    opened = vault.unlock(PASSPHRASE) if key == "passphrase" else vault.unlock_with_recovery_code(RECOVERY_CODE)
    assert opened.notes[-1] == "both copies are whole again"
    assert main.read_bytes() == mirror.read_bytes() == whole
    assert vault.secret("openai/two").reveal() == "sk-proj-aaaaaaaaaaaaaaaaaaaa-two"
    vault.add(draft("openai/new"))
    assert labels(session(filled)) == ["one", "two", "three", "new"]


@pytest.mark.parametrize("kind", ["top store_id", "slot check", "slot salt 2", "record box", "seal mac"])
def test_one_wrong_character_under_an_open_session_is_mended_by_its_next_commit(
    filled: Paths, main: Path, mirror: Path, kind: str
) -> None:
    vault = session(filled)
    worse = bytearray(main.read_bytes())
    at = offsets_of_values(worse)[kind]
    worse[at] = ord("B") if worse[at] == ord("A") else ord("A")
    main.write_bytes(worse)
    vault.refresh()
    _, saved = vault.add(draft("openai/new"))
    assert saved == Saved()
    assert main.read_bytes() == mirror.read_bytes()
    assert labels(session(filled)) == ["one", "two", "three", "new"]


@pytest.mark.parametrize("kind", ["top store_id", "slot check", "slot salt 2", "record box", "seal mac"])
def test_one_wrong_character_in_the_mirror_is_mended_without_a_word(
    filled: Paths, main: Path, mirror: Path, kind: str
) -> None:
    worse = bytearray(main.read_bytes())
    at = offsets_of_values(worse)[kind]
    worse[at] = ord("B") if worse[at] == ord("A") else ord("A")
    mirror.write_bytes(worse)
    assert unlocked(filled)[1] == Opened()
    assert mirror.read_bytes() == main.read_bytes()


def test_a_sample_of_changes_never_loses_a_key_while_the_mirror_is_whole(
    filled: Paths, main: Path, mirror: Path
) -> None:
    whole, dice = main.read_bytes(), random.Random(1123)
    for at in dice.sample(range(len('format = "arka-store/1"\n'), len(whole)), 60):
        changed = bytearray(whole)
        changed[at] ^= dice.randrange(1, 256)
        main.write_bytes(changed)
        mirror.write_bytes(whole)
        vault = session(filled)
        assert labels(vault) == ["one", "two", "three"], at
        vault.add(draft("openai/new"))
        assert main.read_bytes() == mirror.read_bytes(), at


# ---------------------------------------------------------------------- a delete that was cut off


def test_a_delete_that_was_cut_off_is_finished_by_the_next_unlock(filled: Paths, main: Path, mirror: Path) -> None:
    older = mirror.read_bytes()
    vault = session(filled)
    vault.remove([vault.get("openai/two")])
    mirror.write_bytes(older)  # as a kill between the two files leaves it

    assert unlocked(filled)[1] == Opened()
    assert mirror.read_bytes() == main.read_bytes() != older


def test_a_delete_is_finished_even_where_the_mirror_can_only_be_dropped(
    filled: Paths, main: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = mirror.read_bytes()
    vault = session(filled)
    vault.remove([vault.get("openai/two")])
    mirror.write_bytes(older)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("write",), 1, OSError(errno.ENOSPC, "")))
        _, opened = unlocked(filled)
    assert opened.notes == ("there is no second copy now: the disk is full",)
    assert not mirror.exists()
    assert labels(session(filled)) == ["one", "three"]


def test_an_older_copy_in_the_vaults_place_gives_way_to_the_newer_mirror(
    filled: Paths, main: Path, mirror: Path
) -> None:
    older = main.read_bytes()
    session(filled).add(draft("openai/new"))
    main.write_bytes(older)
    vault, opened = unlocked(filled)
    assert opened.notes[0] == "store.toml is damaged or older; opened its second copy, generation 5"
    assert labels(vault) == ["one", "two", "three", "new"]
    assert main.read_bytes() == mirror.read_bytes() != older


# ---------------------------------------------------------------------- an old passphrase and the mirror


def test_a_passphrase_that_opens_only_an_outdated_mirror_is_told_so(filled: Paths, main: Path, mirror: Path) -> None:
    older = mirror.read_bytes()
    session(filled).change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    mirror.write_bytes(older)
    before = main.read_bytes()
    for attempt in (lambda: unlocked(filled), lambda: open_vault(filled).unlock(PASSPHRASE)):
        with pytest.raises(StalePassphrase, match=r"\(generation 4\), but not the vault \(generation 5\)") as caught:
            attempt()
        assert f"copy {mirror} to {main}" in caught.value.hint
    with pytest.raises(WrongPassphrase):
        unlocked(filled, Secret("7777-1111-2222-3333-4444-5555-6666-7777"))
    assert (main.read_bytes(), mirror.read_bytes()) == (before, older)

    vault, opened = unlocked(filled, NEW_CODE)
    assert opened == Opened()
    assert labels(vault) == ["one", "two", "three"]
    assert mirror.read_bytes() == before


def test_the_hint_of_an_outdated_passphrase_leads_back_to_the_older_state(
    filled: Paths, main: Path, mirror: Path
) -> None:
    older = mirror.read_bytes()
    session(filled).change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    mirror.write_bytes(older)
    shutil.copyfile(mirror, main)
    assert labels(session(filled)) == ["one", "two", "three"]


def test_a_newer_mirror_mends_a_main_from_before_the_passphrase_was_changed(
    filled: Paths, main: Path, mirror: Path
) -> None:
    older = main.read_bytes()
    session(filled).change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    main.write_bytes(older)
    vault, opened = unlocked(filled, NEW_CODE)
    assert opened.notes[-1] == "both copies are whole again"
    assert vault.add(draft("openai/new"))[1] == Saved()
    assert labels(session(filled, NEW_CODE)) == ["one", "two", "three", "new"]


def test_an_older_copy_is_not_written_over_a_newer_mirror_before_the_user_has_said_yes(
    filled: Paths, main: Path, mirror: Path
) -> None:
    older = main.read_bytes()
    session(filled).change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    newer = mirror.read_bytes()
    main.write_bytes(older)

    declined = Vault(filled, cost=lambda: DEARER, clock=lambda: NOW)
    assert "it looks like an older copy" in declined.unlock(PASSPHRASE).older_copy
    declined.lock()
    assert (main.read_bytes(), mirror.read_bytes()) == (older, newer)

    vault = session(filled)
    vault.accept_older_copy()
    assert vault.add(draft("openai/new"))[1] == Saved()
    assert main.read_bytes() == mirror.read_bytes()
    assert unlocked(filled)[1] == Opened()


# ---------------------------------------------------------------------- what is not ours in the mirror's place


@pytest.fixture(params=["foreign", "later", "folder", "other vault"])
def squatter(request: pytest.FixtureRequest, mirror: Path, other_folder: Path) -> Callable[[], object]:
    """Puts something that is not this vault's mirror in its place; gives what is there."""
    mirror.unlink()
    if request.param == "folder":
        mirror.mkdir()
        (mirror / "diary").write_bytes(b"dear diary")
        return lambda: sorted(path.read_bytes() for path in mirror.iterdir())
    other = (other_folder / "store.toml").read_bytes()
    contents = {"foreign": b"dear diary", "later": b'format = "arka-store/2"\n', "other vault": other}
    mirror.write_bytes(contents[request.param])
    return mirror.read_bytes


def test_what_is_not_this_vaults_mirror_is_never_written_over(
    filled: Paths, main: Path, squatter: Callable[[], object]
) -> None:
    there = squatter()
    assert open_vault(filled).exists()
    vault, opened = unlocked(filled)
    assert len(opened.notes) == 1
    assert opened.notes[0].endswith("it was left alone, so there is no second copy; move it away")
    seen, saved = vault.add(draft("openai/new"))
    assert saved.incomplete == opened.notes[0]
    seen, saved = vault.update(seen, edited(seen, "k" * 30))
    assert saved.incomplete == opened.notes[0]
    assert vault.remove([seen]).incomplete == opened.notes[0]
    assert vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE).incomplete == opened.notes[0]
    assert labels(session(filled, NEW_CODE)) == ["one", "two", "three"]
    assert squatter() == there


def test_what_came_into_the_mirrors_place_under_an_open_session_is_seen(
    filled: Paths, main: Path, mirror: Path
) -> None:
    vault = session(filled)
    mirror.write_bytes(b"dear diary")
    _, saved = vault.add(draft("openai/new"))
    assert "is not an arka vault: it was left alone" in saved.incomplete
    assert mirror.read_bytes() == b"dear diary"
    mirror.unlink()
    assert vault.add(draft("openai/newer"))[1] == Saved()
    assert mirror.read_bytes() == main.read_bytes()


def test_a_mirror_that_could_not_be_read_once_is_looked_at_again(
    filled: Paths, main: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    session(filled).add(draft("openai/by-another"))
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("open",), 2, OSError(errno.EMFILE, "")))
        _, saved = vault.add(draft("openai/new"))
    assert "too many open files" in saved.incomplete
    assert vault.add(draft("openai/newer"))[1] == Saved()
    assert mirror.read_bytes() == main.read_bytes()


@pytest.mark.parametrize("damage", [CUT_OR_GONE["missing"], CUT_OR_GONE["cut within a line"]])
@pytest.mark.parametrize(
    ("content", "error"), [(b"dear diary", VaultForeign), (b'format = "arka-store/2"\n', VaultNewer)]
)
def test_a_foreign_mirror_of_a_vault_that_cannot_be_read_stops_everything(
    filled: Paths, main: Path, mirror: Path, damage: Callable[[Path], object], content: bytes, error: type[Exception]
) -> None:
    damage(main)
    mirror.write_bytes(content)
    there = main.read_bytes() if main.exists() else None
    for deed in (open_vault(filled).exists, lambda: unlocked(filled)):
        with pytest.raises(error):
            deed()
    assert mirror.read_bytes() == content
    assert (main.read_bytes() if main.exists() else None) == there


# ---------------------------------------------------------------------- two sessions


def test_two_sessions_at_once_lose_nothing(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    for n in range(5):
        one.add(draft(f"openai/one-{n}"))
        other.add(draft(f"openai/other-{n}"))
    kept = [f"{who}-{n}" for n in range(5) for who in ("one", "other")]
    assert labels(session(filled)) == ["one", "two", "three", *kept]
    assert labels(other) == labels(session(filled))


def test_each_session_works_on_the_newest_state(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    seen = one.get("openai/one")
    other.remove([other.get("openai/two")])
    one.update(seen, edited(seen, label="uno"))
    assert labels(one) == ["uno", "three"]
    with pytest.raises(NameTaken):
        other.add(draft("openai/uno"))


def test_a_session_takes_in_what_another_committed(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    assert not other.refresh()
    one.add(draft("openai/new"))
    assert other.refresh()
    assert labels(other) == ["one", "two", "three", "new"]
    assert not other.refresh()


def test_a_session_does_not_take_its_own_commit_for_anothers(filled: Paths) -> None:
    vault = session(filled)
    seen, _ = vault.add(draft("openai/new"))
    assert not vault.refresh()
    vault.record_checks([check_of(seen)])
    assert not vault.refresh()
    vault.remove([seen])
    assert not vault.refresh()


def test_recording_a_check_does_not_hide_what_another_session_committed(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    one.add(draft("openai/new"))
    other.record_checks([check_of(other.get("openai/one"))])
    assert other.refresh()
    assert labels(other) == ["one", "two", "three", "new"]


def test_a_commit_does_not_hide_a_check_that_another_session_recorded(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    check = check_of(one.get("openai/one"))
    one.record_checks([check])
    other.add(draft("openai/new"))
    assert other.refresh()
    assert other.history.checks == (check,)


def test_recording_a_check_does_not_hide_one_that_another_session_recorded(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    first, second = check_of(one.get("openai/one")), check_of(one.get("openai/two"))
    one.record_checks([first])
    other.record_checks([second])
    assert other.refresh()
    assert other.history.checks == (first, second)


def test_what_is_committed_while_a_passphrase_is_derived_is_seen_afterwards(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Copies.unlock

    def slow(self: Copies, way: Way) -> object:
        found = really(self, way)
        monkeypatch.setattr(Copies, "unlock", really)
        session(filled).add(draft("openai/meanwhile"))
        return found

    monkeypatch.setattr(Copies, "unlock", slow)
    vault = session(filled)
    vault.refresh()
    assert labels(vault) == ["one", "two", "three", "meanwhile"]


def test_two_changes_of_one_credential_are_a_conflict_and_the_first_one_stays(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    seen = one.get("openai/two")
    one.update(seen, edited(seen, label="dos"))
    for deed in (
        lambda: other.update(seen, edited(seen, label="deux")),
        lambda: other.remove([seen]),
        lambda: other.remove([other.get("openai/one"), seen]),
    ):
        with pytest.raises(Conflict, match="'openai/two' was changed in another session"):
            deed()
    assert other.refresh()
    assert labels(other) == labels(session(filled)) == ["one", "dos", "three"]


def test_what_another_session_deleted_cannot_be_changed_but_can_be_deleted(filled: Paths) -> None:
    one, other = session(filled), session(filled)
    seen = other.get("openai/two")
    one.remove([seen])
    with pytest.raises(CredentialNotFound, match="was deleted in another session"):
        other.update(seen, edited(seen, "k" * 30))
    assert other.remove([seen]) == Saved()
    assert labels(other) == ["one", "three"]


PROGRAM = """
import sys
from pathlib import Path
from arka_tui.paths import Paths
from tests.conftest import RECOVERY_CODE, draft, open_vault
vault = open_vault(Paths.under(Path(sys.argv[1])))
vault.unlock_with_recovery_code(RECOVERY_CODE)
for n in range(10):
    vault.add(draft(f"openai/{sys.argv[2]}-{n}", f"sk-proj-aaaaaaaaaaaaaaaaaa-{sys.argv[2]}-{n}"))
"""


def test_four_processes_that_add_ten_keys_each_make_forty(vault: Vault, paths: Paths) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(paths.data.parent), f"p{n}"], cwd=ROOT) for n in range(4)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0, 0]
    vault.refresh()
    assert sorted(labels(vault)) == sorted(f"p{p}-{n}" for p in range(4) for n in range(10))
    assert parse(paths.vault.read_bytes()).generation == 41
    for credential in vault.list():
        assert vault.secret(credential.name).reveal() == f"sk-proj-aaaaaaaaaaaaaaaaaa-{credential.label}"


# ---------------------------------------------------------------------- a session whose file is no longer its own


def refused_as_superseded(vault: Vault, filled: Paths, words: str) -> None:
    before = {path.name: path.read_bytes() for path in filled.data.iterdir()}
    seen = vault.list()[0]
    deeds: list[Callable[[], object]] = [
        vault.refresh,
        lambda: vault.add(draft("openai/new")),
        lambda: vault.update(seen, edited(seen, label="x")),
        lambda: vault.remove([seen]),
        lambda: vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE),
    ]
    for deed in deeds:
        with pytest.raises(Superseded, match=words):
            deed()
    assert {path.name: path.read_bytes() for path in filled.data.iterdir()} == before


def test_a_passphrase_changed_in_another_session_ends_this_one(filled: Paths) -> None:
    vault = session(filled)
    session(filled).change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    refused_as_superseded(vault, filled, "the passphrase was changed in another session")
    assert labels(session(filled, NEW_CODE)) == ["one", "two", "three"]


@pytest.mark.parametrize("damage", [CUT_OR_GONE["missing"], CUT_OR_GONE["cut within a line"]])
def test_a_passphrase_changed_in_another_session_ends_this_one_even_where_only_the_mirror_tells(
    filled: Paths, main: Path, damage: Callable[[Path], object]
) -> None:
    vault = session(filled)
    other = session(filled)
    other.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    other.add(draft("openai/since"))
    damage(main)
    refused_as_superseded(vault, filled, "the passphrase was changed in another session")
    assert labels(session(filled, NEW_CODE)) == ["one", "two", "three", "since"]


def test_a_mirror_older_than_this_sessions_passphrase_does_not_hold_it_up(
    filled: Paths, main: Path, mirror: Path
) -> None:
    older = mirror.read_bytes()
    vault = session(filled)
    vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    mirror.write_bytes(older)
    main.unlink()
    vault.add(draft("openai/new"))
    assert main.read_bytes() == mirror.read_bytes()
    assert labels(session(filled, NEW_CODE)) == ["one", "two", "three", "new"]


def test_an_older_copy_put_in_the_vaults_place_ends_the_session(filled: Paths, main: Path, mirror: Path) -> None:
    older = main.read_bytes()
    vault = session(filled)
    vault.add(draft("openai/new"))
    main.write_bytes(older)
    mirror.write_bytes(older)
    refused_as_superseded(vault, filled, "was replaced by another copy")


def test_a_copy_that_went_another_way_from_the_same_generation_ends_the_session(
    filled: Paths, main: Path, mirror: Path, tmp_path: Path
) -> None:
    elsewhere = Paths.under(tmp_path / "elsewhere")
    shutil.copytree(filled.data, elsewhere.data)
    session(elsewhere).add(draft("openai/elsewhere"))
    vault = session(filled)
    vault.add(draft("openai/new"))
    for path in (main, mirror):
        shutil.copyfile(elsewhere.vault, path)
    refused_as_superseded(vault, filled, "was replaced by another copy")


def test_another_vault_in_this_ones_place_ends_the_session(filled: Paths, mirror: Path, other_folder: Path) -> None:
    vault = session(filled)
    for name in ("store.toml", "store.toml.bak"):
        shutil.copyfile(other_folder / name, filled.data / name)
    refused_as_superseded(vault, filled, "another vault took this one's place")


def test_both_files_deleted_under_an_open_session_come_back_with_its_next_commit(
    filled: Paths, main: Path, mirror: Path
) -> None:
    vault = session(filled)
    main.unlink()
    mirror.unlink()
    vault.refresh()
    assert labels(vault) == ["one", "two", "three"]
    vault.add(draft("openai/new"))
    assert main.read_bytes() == mirror.read_bytes()
    fresh = session(filled)
    assert labels(fresh) == ["one", "two", "three", "new"]
    assert fresh.secret("openai/two").reveal() == "sk-proj-aaaaaaaaaaaaaaaaaaaa-two"


@every_damage
def test_a_vault_damaged_under_an_open_session_is_mended_by_its_next_commit(
    filled: Paths, main: Path, mirror: Path, damage: Callable[[Path], object]
) -> None:
    vault = session(filled)
    session(filled).add(draft("openai/by-another"))
    damage(main)
    vault.add(draft("openai/new"))
    assert labels(vault) == ["one", "two", "three", "by-another", "new"]
    assert main.read_bytes() == mirror.read_bytes()
    assert labels(session(filled)) == labels(vault)


def test_the_whole_folder_deleted_under_an_open_session_comes_back(filled: Paths) -> None:
    vault = session(filled)
    shutil.rmtree(filled.data)
    vault.add(draft("openai/new"))
    assert labels(session(filled)) == ["one", "two", "three", "new"]


# ---------------------------------------------------------------------- newest, by itself


def test_the_higher_generation_of_two_authentic_copies_counts(filled: Paths, main: Path, mirror: Path) -> None:
    held = inside(session(filled))
    document = replace(held.document, generation=held.generation + 1)
    newer = seal_state(document, held.entries, held.master_key)
    main.unlink()
    mirror.write_bytes(newer.raw)
    copies = Copies(Disk(main))
    assert copies.newest(held).raw == newer.raw
    main.write_bytes(held.raw)
    assert copies.unlock(RecoveryCode(RECOVERY_CODE)).state.raw == newer.raw


def test_a_state_without_a_right_seal_never_counts_however_high_its_generation(
    filled: Paths, main: Path, mirror: Path
) -> None:
    held = inside(session(filled))
    forged = render(replace(held.document, generation=99))
    main.write_bytes(forged)
    assert Copies(Disk(main)).newest(held) is held
    mirror.write_bytes(forged)
    assert Copies(Disk(main)).newest(held) is held


# ---------------------------------------------------------------------- any sequence of deeds


class TwoSessions(RuleBasedStateMachine):
    """Two sessions, a model in memory, and damage to one file at a time: what both say stays the same."""

    root = Path()
    runs = 0
    some_labels = st.sampled_from(["a", "b", "c", "A"])
    some_secrets = st.sampled_from(["k" * 20, "sk-proj-" + "x" * 300, "12345678"])
    either = st.integers(0, 1)

    @initialize()
    def fresh(self) -> None:
        type(self).runs += 1
        self.paths = Paths.under(self.root / f"{type(self).runs}")
        shutil.copytree(self.root / "empty", self.paths.data)
        self.sessions = [session(self.paths), session(self.paths)]
        self.model = MemoryStore()
        self.files = [self.paths.vault, self.paths.data / "store.toml.bak"]

    def in_both(self, deed: Callable[[Vault | MemoryStore], object], who: int) -> None:
        """The model and the vault come to the same end."""
        outcomes: list[type[Exception] | None] = []
        for store in (self.model, self.sessions[who]):
            try:
                deed(store)
                outcomes.append(None)
            except (NameTaken, CredentialNotFound, UsageError) as failure:
                outcomes.append(type(failure))
        assert outcomes[0] == outcomes[1]

    @rule(label=some_labels, secret=some_secrets, who=either)
    def add(self, label: str, secret: str, who: int) -> None:
        self.in_both(lambda store: store.add(draft(f"openai/{label}", secret)), who)

    @rule(label=some_labels, to=some_labels, secret=st.none() | some_secrets, who=either)
    def update(self, label: str, to: str, secret: str | None, who: int) -> None:
        def deed(store: Vault | MemoryStore) -> None:
            seen = store.get(f"openai/{label}")
            store.update(seen, edited(seen, secret, label=to))

        self.sessions[who].refresh()
        self.in_both(deed, who)

    @rule(label=some_labels, who=either)
    def remove(self, label: str, who: int) -> None:
        self.sessions[who].refresh()
        self.in_both(lambda store: store.remove([store.get(f"openai/{label}")]), who)

    @rule(which=either, how=st.sampled_from(sorted(CUT_OR_GONE)))
    def damage(self, which: int, how: str) -> None:
        if all(path.exists() and path.read_bytes() == self.files[0].read_bytes() for path in self.files):
            CUT_OR_GONE[how](self.files[which])

    @rule(who=either)
    def begin_anew(self, who: int) -> None:
        self.sessions[who].lock()
        self.sessions[who].unlock_with_recovery_code(RECOVERY_CODE)

    @invariant()
    def a_new_session_sees_what_the_model_says(self) -> None:
        if not hasattr(self, "paths"):
            return
        look = Paths.under(self.root / "look")
        shutil.rmtree(look.data, ignore_errors=True)
        shutil.copytree(self.paths.data, look.data)
        vault = session(look)
        assert [(c.name, vault.secret(c.name)) for c in vault.list()] == [
            (c.name, self.model.secret(c.name)) for c in self.model.list()
        ]


def test_any_sequence_of_deeds_and_damages_ends_as_it_would_in_memory(
    tmp_path: Path, vault: Vault, paths: Paths
) -> None:
    TwoSessions.root = tmp_path
    shutil.copytree(paths.data, tmp_path / "empty")
    run_state_machine_as_test(
        TwoSessions,
        settings=settings(
            deadline=None,
            max_examples=15,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_what_was_looked_at_ahead_is_not_parsed_again_and_not_believed_either(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_vault(paths).create(PASSPHRASE, RECOVERY_CODE)
    parsed: list[bytes] = []

    def noted(raw: bytes) -> Document:
        parsed.append(raw)
        return parse(raw)

    monkeypatch.setattr(copies, "parse", noted)
    vault = open_vault(paths)
    vault.look_ahead()
    assert not vault.unlocked
    vault.unlock(PASSPHRASE)
    assert len(parsed) == 1
    other = open_vault(paths)
    other.look_ahead()
    vault.add(draft("openai/later"))
    other.unlock(PASSPHRASE)
    assert [each.name for each in other.list()] == ["openai/later"]


def test_looking_ahead_at_what_is_no_vault_says_nothing_and_unlocking_does(paths: Paths) -> None:
    paths.vault.parent.mkdir(parents=True, mode=0o700)
    paths.vault.write_bytes(b"not a vault\n")
    vault = open_vault(paths)
    vault.look_ahead()
    with pytest.raises(VaultForeign):
        vault.unlock(PASSPHRASE)
