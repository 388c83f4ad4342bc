"""Every state a vault and what belongs to it can be in has its words; looking changes nothing and tells no secret."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from arka_tui.errors import WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import glance as glancing
from arka_tui.store.disk import Disk
from arka_tui.store.document import parse, render
from arka_tui.store.examine import (
    Finding,
    Inside,
    Part,
    Repair,
    Severity,
    examine,
    examine_backup,
    examine_inside,
    examine_state,
)
from arka_tui.store.glance import Condition, glance, newest, size
from arka_tui.store.slots import CHEAPEST, PASSPHRASE_KDF, Passphrase, RecoveryCode
from arka_tui.store.state import State, seal_record, seal_state
from arka_tui.store.vault import Vault
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.test_copies import check_of, inside

WAY = RecoveryCode(RECOVERY_CODE)
OTHER_CODE = Secret("0000-1111-2222-3333-4444-5555-6666-7777")
SECRET = "sk-proj-aaaaaaaaaaaaaaaaaaaa"


@pytest.fixture(scope="module")
def filled_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled")
    vault = open_vault(Paths.under(root))
    vault.create(PASSPHRASE, RECOVERY_CODE)
    for label in ("one", "two", "three"):
        vault.add(draft(f"openai/{label}", f"{SECRET}-{label}"))
    vault.record_checks([check_of(vault.get("openai/one"))])
    return root


@pytest.fixture
def filled(paths: Paths, filled_root: Path) -> Paths:
    """A vault at generation 4 with three keys and one test."""
    shutil.copytree(filled_root, paths.data.parent)
    return paths


def mirror_of(paths: Paths) -> Path:
    return paths.data / "store.toml.bak"


def unlocked(paths: Paths) -> Vault:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    return vault


def flip(path: Path, within: bytes = b'box = "') -> None:
    """Changes one character of the last box: the text stays that of a vault."""
    raw = bytearray(path.read_bytes())
    at = raw.rindex(within) + len(within) + 20
    raw[at] = ord("A") if raw[at] != ord("A") else ord("B")
    path.write_bytes(raw)


def of(part: Part, findings: tuple[Finding, ...] | list[Finding]) -> Finding:
    """The gravest one of this part."""
    return max((each for each in findings if each.part is part), key=lambda each: each.severity.value)


def seen(paths: Paths, part: Part) -> tuple[str, Severity, Repair | None]:
    found = of(part, examine(paths).findings)
    return found.state, found.severity, found.repair


def look_inside(paths: Paths, way: RecoveryCode | Passphrase = WAY) -> Inside:
    return examine_inside(paths, way, CHEAPEST)


def snapshot(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """All that a look could change."""
    found: dict[str, tuple[int, int, int, bytes]] = {}
    for path in sorted(root.rglob("*")):
        info = path.lstat()
        found[str(path)] = info.st_ino, info.st_mode, info.st_mtime_ns, path.read_bytes() if path.is_file() else b""
    return found


OK, NOTE, TROUBLE = Severity.OK, Severity.NOTE, Severity.TROUBLE


# ---------------------------------------------------------------------- an ordinary day


def test_a_healthy_vault_has_no_note_and_no_trouble(filled: Paths) -> None:
    findings = examine(filled).findings
    assert {finding.severity for finding in findings} == {OK}
    assert [(finding.part, finding.state) for finding in findings] == [
        (Part.FOLDER, "yours alone"),
        (Part.VAULT, "whole"),
        (Part.MIRROR, "the same"),
        (Part.LOCK, "free"),
        (Part.LOG, "there"),
        (Part.SEEN, "agrees"),
        (Part.SETTINGS, "the defaults"),
    ]
    assert of(Part.VAULT, findings).detail == "generation 4, 3 keys, 5 KiB"


def test_a_healthy_vault_opens_whole(filled: Paths) -> None:
    found = look_inside(filled, Passphrase(PASSPHRASE))
    assert {finding.severity for finding in found.findings} == {OK}
    assert [(finding.part, finding.state, finding.detail) for finding in found.findings] == [
        (Part.VAULT, "authentic", "generation 4"),
        (Part.KEYS, "each opens", "3 keys"),
        (Part.WAYS, "passphrase, recovery code", ""),
        (Part.LOG, "readable", "1 test"),
    ]


def test_looking_changes_nothing_and_shows_no_secret(filled: Paths) -> None:
    (filled.data / ".store.toml.tmp-0011223344556677").write_bytes(b"sealed")
    flip(filled.vault)
    mirror_of(filled).chmod(0o644)
    before = snapshot(filled.data.parent)
    examination, opened = examine(filled), look_inside(filled)
    assert snapshot(filled.data.parent) == before
    for shown in (repr(examination), repr(opened), repr(opened.findings)):
        assert SECRET not in shown
        assert RECOVERY_CODE.reveal() not in shown


def test_where_there_is_nothing_yet_nothing_is_wrong_and_nothing_is_made(paths: Paths) -> None:
    findings = examine(paths).findings
    assert seen(paths, Part.VAULT) == ("none yet", NOTE, None)
    assert seen(paths, Part.FOLDER) == ("none yet", NOTE, None)
    assert not any(finding.severity is TROUBLE for finding in findings)
    assert not examine(paths).can_be_opened
    assert not paths.data.parent.exists()


def test_a_new_vault_without_keys_is_well(vault: Vault, paths: Paths) -> None:
    assert of(Part.KEYS, look_inside(paths).findings) == Finding(Part.KEYS, "none")
    assert seen(paths, Part.LOG) == ("none yet", OK, None)


# ---------------------------------------------------------------------- the vault and its second copy


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:700])


def damage_text(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"[index]", b"[indeX]"))


def make_foreign(path: Path) -> None:
    path.write_text("shopping = true\n")


def make_later(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"arka-store/1", b"arka-store/7"))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


HARM: list[tuple[Callable[[Path], None], str, bool]] = [
    (Path.unlink, "missing", True),
    (cut, "cut short", True),
    (damage_text, "damaged", True),
    (make_foreign, "not an arka vault", False),
    (make_later, "of a later format", False),
    (make_folder, "not a regular file", False),
    (make_fifo, "not a regular file", False),
]
harmed = pytest.mark.parametrize(("harm", "state", "mends"), HARM, ids=[harm.__name__ for harm, _, _ in HARM])


@harmed
def test_a_harmed_vault_is_named_and_mended_only_where_nothing_foreign_is_lost(
    filled: Paths, harm: Callable[[Path], None], state: str, mends: bool
) -> None:
    harm(filled.vault)
    assert seen(filled, Part.VAULT) == (state, TROUBLE, Repair.COPIES if mends else None)
    assert seen(filled, Part.MIRROR)[:2] == ("whole", OK)


@harmed
def test_a_harmed_second_copy_is_named_and_mended_only_where_nothing_foreign_is_lost(
    filled: Paths, harm: Callable[[Path], None], state: str, mends: bool
) -> None:
    harm(mirror_of(filled))
    assert seen(filled, Part.MIRROR) == (state, TROUBLE, Repair.COPIES if mends else None)
    assert seen(filled, Part.VAULT)[:2] == ("whole", OK)
    assert examine(filled).can_be_opened


@pytest.mark.parametrize("harm", [make_foreign, make_later])
def test_a_vault_of_others_in_the_vaults_place_is_not_opened_around(
    filled: Paths, harm: Callable[[Path], None]
) -> None:
    harm(filled.vault)
    assert not examine(filled).can_be_opened


def test_both_copies_harmed_is_trouble_that_only_a_backup_mends(filled: Paths) -> None:
    cut(filled.vault)
    damage_text(mirror_of(filled))
    for part, state in ((Part.VAULT, "cut short"), (Part.MIRROR, "damaged")):
        assert seen(filled, part) == (state, TROUBLE, None)
    assert of(Part.VAULT, examine(filled).findings).remedy == "if you have a backup: arka-tui restore FILE"
    assert not examine(filled).can_be_opened


def test_a_file_larger_than_any_vault_is_not_read_whole(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glancing, "MAX_BYTES", 1000)
    found = of(Part.VAULT, examine(filled).findings)
    assert (found.state, found.detail, found.repair) == ("not an arka vault", "larger than any vault", None)
    assert len(glance(filled.vault).raw) == 1001


def test_a_test_log_without_its_vault_tells_that_there_was_one(filled: Paths) -> None:
    filled.vault.unlink()
    mirror_of(filled).unlink()
    assert seen(filled, Part.VAULT) == ("gone", TROUBLE, None)


def test_a_second_copy_that_is_a_link_is_named(filled: Paths) -> None:
    make_link(mirror_of(filled))
    found = of(Part.MIRROR, examine(filled).findings)
    assert (found.state, found.detail) == ("not a regular file", "a link, left alone, so there is no second copy")


def test_a_vault_that_is_a_link_is_followed_and_told(filled: Paths, tmp_path: Path) -> None:
    real = tmp_path / "synced"
    shutil.copytree(filled.data, real)
    real.chmod(0o700)
    shutil.rmtree(filled.data)
    filled.data.mkdir(mode=0o700)
    filled.vault.symlink_to(real / "store.toml")
    found = of(Part.VAULT, examine(filled).findings)
    assert found.detail == f"generation 4, 3 keys, 5 KiB, reached by a link: {real / 'store.toml'}"
    assert seen(filled, Part.MIRROR) == ("the same", OK, None)


def test_an_outdated_second_copy_is_told(filled: Paths) -> None:
    before = filled.vault.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    mirror_of(filled).write_bytes(before)
    assert seen(filled, Part.MIRROR) == ("older", TROUBLE, Repair.COPIES)
    filled.vault.rename(filled.data / "newer")
    mirror_of(filled).rename(filled.vault)
    (filled.data / "newer").rename(mirror_of(filled))
    assert seen(filled, Part.MIRROR) == ("newer", TROUBLE, Repair.COPIES)


def test_copies_of_one_generation_that_differ_are_told(filled: Paths) -> None:
    flip(mirror_of(filled))
    assert seen(filled, Part.MIRROR) == ("differs", TROUBLE, Repair.COPIES)


def test_another_vaults_second_copy_is_told_and_left(filled: Paths, tmp_path: Path) -> None:
    other = Paths.under(tmp_path / "other")
    open_vault(other).create(PASSPHRASE, RECOVERY_CODE)
    shutil.copy(other.vault, mirror_of(filled))
    assert seen(filled, Part.MIRROR) == ("another vault's", TROUBLE, None)


def test_a_file_of_another_user_is_told(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    for part in (Part.FOLDER, Part.VAULT, Part.MIRROR, Part.LOCK, Part.LOG):
        assert seen(filled, part)[:2] == ("another user's", TROUBLE), part
    assert not examine(filled).can_be_opened


def test_a_file_that_cannot_be_read_is_told_with_the_reason(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    opens = os.open

    def refused(path: Path, flags: int, *args: int, **kwargs: int) -> int:
        if path == filled.vault:
            raise OSError(errno.EIO, "the library's own words")
        return opens(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refused)
    found = of(Part.VAULT, examine(filled).findings)
    assert (found.state, found.detail) == ("unreadable", "the disk reports an error")


# ---------------------------------------------------------------------- who may read and write


@pytest.mark.parametrize(
    ("mode", "state", "severity"),
    [(0o644, "others may read", NOTE), (0o660, "others may write", TROUBLE), (0o400, "closed to you", TROUBLE)],
)
@pytest.mark.parametrize(
    ("name", "part"),
    [("store.toml", Part.VAULT), ("store.toml.bak", Part.MIRROR), ("store.lock", Part.LOCK), ("journal", Part.LOG)],
)
def test_a_file_that_is_not_its_owners_alone_is_told(
    filled: Paths, name: str, part: Part, mode: int, state: str, severity: Severity
) -> None:
    (filled.data / name).chmod(mode)
    assert seen(filled, part) == (state, severity, Repair.MODE)
    assert of(part, examine(filled).findings).remedy == f"chmod 600 {filled.data / name}"


@pytest.mark.parametrize(
    ("mode", "state", "severity"),
    [(0o755, "others may read", NOTE), (0o777, "others may write", TROUBLE), (0o300, "closed to you", TROUBLE)],
)
def test_a_folder_that_is_not_its_owners_alone_is_told(
    filled: Paths, mode: int, state: str, severity: Severity
) -> None:
    filled.data.chmod(mode)
    assert seen(filled, Part.FOLDER) == (state, severity, Repair.MODE)
    assert of(Part.FOLDER, examine(filled).findings).remedy == f"chmod 700 {filled.data}"


def test_a_folder_of_settings_that_others_may_write_in_is_trouble(filled: Paths) -> None:
    filled.config.mkdir(0o700)
    filled.config.chmod(0o770)
    assert seen(filled, Part.SETTINGS) == ("others may write", TROUBLE, Repair.MODE)


def test_a_read_only_file_system_is_told(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(filled.data)
    values = list(real)
    values[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
    assert seen(filled, Part.FOLDER) == ("read-only", NOTE, None)


def test_a_folder_that_is_none_is_told(paths: Paths) -> None:
    paths.data.parent.mkdir()
    paths.data.write_text("a file")
    assert seen(paths, Part.FOLDER)[:2] == ("not a folder", TROUBLE)


# ---------------------------------------------------------------------- lock, left-overs, test log


def test_a_lock_that_another_session_holds_is_told_and_left_free_afterwards(filled: Paths) -> None:
    with Disk(filled.vault).locked():
        assert seen(filled, Part.LOCK) == ("held", NOTE, None)
    assert seen(filled, Part.LOCK) == ("free", OK, None)
    with (filled.data / "store.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_missing_lock_file_is_ordinary(filled: Paths) -> None:
    (filled.data / "store.lock").unlink()
    assert seen(filled, Part.LOCK) == ("free", OK, None)


@pytest.mark.parametrize(("harm", "state"), [(make_link, "a link"), (make_folder, "not a regular file")])
def test_a_lock_that_is_no_file_is_trouble(filled: Paths, harm: Callable[[Path], None], state: str) -> None:
    harm(filled.data / "store.lock")
    assert seen(filled, Part.LOCK) == (state, TROUBLE, None)


def test_a_file_system_without_locks_is_trouble(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, f"{fd} {operation}")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert seen(filled, Part.LOCK) == ("not working", TROUBLE, None)


def test_left_overs_are_only_what_a_save_names_so(filled: Paths) -> None:
    for name in (
        ".store.toml.tmp-0011223344556677",
        ".store.toml.bak.tmp-0011223344556677",
        ".journal.tmp-0011223344556677",
        ".store.toml.kept-20261124T010203Z.tmp-0011223344556677",
    ):
        (filled.data / name).write_bytes(b"sealed")
    for name in (".store.toml.tmp-short", ".notes.tmp-0011223344556677", "store.toml.tmp-0011223344556677"):
        (filled.data / name).write_bytes(b"the user's own")
    (filled.data / ".journal.tmp-ffffffffffffffff").symlink_to("store.toml")
    assert seen(filled, Part.LEFT_OVERS) == ("sealed", NOTE, Repair.TEMPORARIES)
    assert of(Part.LEFT_OVERS, examine(filled).findings).detail == "4 temporary files of a save that was cut off"


def test_the_temporary_of_a_save_that_goes_on_is_no_left_over(filled: Paths) -> None:
    (filled.data / ".store.toml.tmp-0011223344556677").write_bytes(b"sealed")
    with Disk(filled.vault).locked():
        assert Part.LEFT_OVERS not in {finding.part for finding in examine(filled).findings}


def test_what_was_kept_aside_is_told(filled: Paths) -> None:
    for name in ("store.toml.kept-20261124T010203Z", "store.toml.kept-20261124T010203Z-2", "store.toml.kept-by-me"):
        (filled.data / name).write_bytes(b"sealed")
    found = of(Part.KEPT, examine(filled).findings)
    assert (found.state, found.severity) == ("2 files", NOTE)
    assert found.detail == "store.toml.kept-20261124T010203Z, store.toml.kept-20261124T010203Z-2"


@pytest.mark.parametrize("harm", [make_folder, make_fifo, make_link])
def test_a_test_log_that_is_no_file_is_trouble(filled: Paths, harm: Callable[[Path], None]) -> None:
    harm(filled.data / "journal")
    assert seen(filled, Part.LOG) == ("not a regular file", TROUBLE, None)


def test_a_test_log_too_long_to_be_read_is_told(filled: Paths) -> None:
    with (filled.data / "journal").open("ab") as file:
        file.truncate(33 * 1024 * 1024)
    assert seen(filled, Part.LOG)[:2] == ("very large", NOTE)


def test_lines_of_the_test_log_that_cannot_be_read_are_counted(filled: Paths) -> None:
    with (filled.data / "journal").open("ab") as file:
        file.write(b"torn\nAAAA\n")
    found = of(Part.LOG, look_inside(filled).findings)
    assert (found.state, found.severity) == ("partly readable", NOTE)
    assert found.detail == "1 test; 2 lines cannot be read; left as they are"


# ---------------------------------------------------------------------- the high-water mark and the settings


def test_a_vault_that_is_older_than_one_seen_here_is_trouble(filled: Paths) -> None:
    before = filled.vault.read_bytes()
    unlocked(filled).add(draft("openai/new"))
    for path in (filled.vault, mirror_of(filled)):
        path.write_bytes(before)
    found = of(Part.SEEN, examine(filled).findings)
    assert (found.state, found.severity) == ("does not agree", TROUBLE)
    assert "generation 4, but generation 5 was seen here" in found.detail


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
def test_a_mark_that_cannot_be_read_is_told(filled: Paths, content: bytes) -> None:
    filled.high_water.write_bytes(content)
    assert seen(filled, Part.SEEN) == ("unreadable", NOTE, None)


def test_a_mark_that_is_missing_is_ordinary(filled: Paths) -> None:
    filled.high_water.unlink()
    assert seen(filled, Part.SEEN) == ("nothing yet", OK, None)


@pytest.mark.parametrize(
    ("text", "mode", "state", "severity"),
    [
        ("paid_test = false\n", 0o644, "readable", OK),
        ("paid_test = 3\n", 0o600, "wrong", TROUBLE),
        ("= nonsense", 0o600, "wrong", TROUBLE),
        ("", 0o666, "others may write", TROUBLE),
        ('proxy = "http://me:word@proxy:3128"\n', 0o644, "others may read", NOTE),
        ('proxy = "http://me:word@proxy:3128"\n', 0o600, "readable", OK),
    ],
)
def test_the_settings_are_read_and_their_mode_judged(
    filled: Paths, text: str, mode: int, state: str, severity: Severity
) -> None:
    filled.config.mkdir(mode=0o700)
    filled.settings.write_text(text)
    filled.settings.chmod(mode)
    found = of(Part.SETTINGS, examine(filled).findings)
    assert (found.state, found.severity) == (state, severity)
    assert "word" not in f"{found}"


def test_settings_that_are_no_file_are_told_and_not_waited_for(filled: Paths) -> None:
    filled.config.mkdir(mode=0o700)
    os.mkfifo(filled.settings)
    assert seen(filled, Part.SETTINGS)[:2] == ("not a regular file", TROUBLE)


# ---------------------------------------------------------------------- opened


def test_a_vault_that_does_not_match_its_seal_is_damaged_and_its_copy_authentic(filled: Paths) -> None:
    flip(filled.vault)
    found = look_inside(filled)
    assert of(Part.VAULT, found.findings).state == "damaged"
    assert of(Part.VAULT, found.findings).repair is Repair.COPIES
    assert of(Part.MIRROR, found.findings).state == "authentic"
    assert found.state is not None and found.state.raw == mirror_of(filled).read_bytes()


def test_a_vault_whose_slot_is_damaged_is_not_taken_for_one_with_another_passphrase(filled: Paths) -> None:
    raw = filled.vault.read_bytes()
    slot = raw.index(b'type = "recovery"')
    at = raw.index(b'salt = "', slot) + 10
    filled.vault.write_bytes(raw[:at] + (b"A" if raw[at : at + 1] != b"A" else b"B") + raw[at + 1 :])
    assert of(Part.VAULT, look_inside(filled).findings).state == "damaged"


def test_where_neither_copy_authenticates_there_is_nothing_to_mend_them_with(filled: Paths) -> None:
    flip(filled.vault)
    flip(mirror_of(filled))
    found = look_inside(filled)
    assert found.state is None
    assert [(finding.state, finding.repair) for finding in found.findings] == [("damaged", None)]


def test_a_wrong_passphrase_is_no_finding(filled: Paths) -> None:
    with pytest.raises(WrongPassphrase):
        look_inside(filled, RecoveryCode(OTHER_CODE))


def test_a_copy_from_before_the_passphrase_was_changed_is_told(filled: Paths) -> None:
    before = filled.vault.read_bytes()
    unlocked(filled).change_passphrase(PASSPHRASE, OTHER_CODE)
    mirror_of(filled).write_bytes(before)
    with_old, with_new = look_inside(filled), look_inside(filled, RecoveryCode(OTHER_CODE))
    assert of(Part.VAULT, with_old.findings).state == "not opened"
    assert of(Part.MIRROR, with_new.findings).state == "not opened"


def test_a_key_that_does_not_open_is_named(filled: Paths) -> None:
    state = inside(unlocked(filled))
    wrong = seal_record(state.store_id, replace(state.entries[1], record_key=bytes(32)), Secret(SECRET))
    records = tuple(wrong if record.id == wrong.id else record for record in state.document.records)
    broken = seal_state(replace(state.document, records=records), state.entries, state.master_key)
    found = of(Part.KEYS, examine_state(broken, CHEAPEST))
    assert (found.state, found.severity) == ("damaged", TROUBLE)
    assert found.detail == "1 of 3 do not open: openai/two"


def test_a_passphrase_that_costs_less_to_guess_than_todays_is_told(filled: Paths) -> None:
    found = of(Part.WAYS, examine_state(opened(filled), PASSPHRASE_KDF))
    assert (found.state, found.severity) == ("passphrase cheap to guess", NOTE)
    assert found.detail == "each guess takes 19 MiB, today's 256 MiB"


def test_a_way_in_of_a_later_kind_is_counted(filled: Paths) -> None:
    raw = render(opened(filled).document).replace(
        b"[index]", b'[[slot]]\nid = "00112233aabbccdd"\ntype = "tpm2"\n\n[index]'
    )
    state = replace(opened(filled), document=parse(raw))
    assert of(Part.WAYS, examine_state(state, CHEAPEST)).state == "passphrase, recovery code, 1 of a later kind"


def opened(paths: Paths) -> State:
    state = look_inside(paths).state
    assert state
    return state


# ---------------------------------------------------------------------- a backup


def test_a_backup_is_compared_with_the_vault_here(filled: Paths, tmp_path: Path) -> None:
    backup, fork = tmp_path / "backup.toml", tmp_path / "fork.toml"
    shutil.copy(filled.vault, backup)

    def compared(path: Path = backup) -> str:
        return of(Part.VAULT, examine_backup(glance(path), filled)).state

    assert compared() == "the same"
    vault = unlocked(filled)
    vault.add(draft("openai/new"))
    shutil.copy(filled.vault, fork)
    assert compared() == "older"
    for path in (filled.vault, mirror_of(filled)):
        shutil.copy(backup, path)
    assert compared(fork) == "newer"
    open_again = unlocked(filled)
    open_again.accept_older_copy()
    open_again.add(draft("openai/else"))
    assert compared(fork) == "differs"
    shutil.rmtree(filled.data)
    open_vault(filled).create(PASSPHRASE, RECOVERY_CODE)
    assert compared() == "another one"


def test_a_backup_that_is_none_is_said_to_be_what_it_is(filled: Paths, tmp_path: Path) -> None:
    backup = tmp_path / "backup.toml"
    for harm, state, _ in HARM[1:5]:
        shutil.copy(filled.vault, backup)
        harm(backup)
        assert [(each.state, each.severity) for each in examine_backup(glance(backup), filled)] == [(state, TROUBLE)]


def test_only_what_is_whole_can_be_the_newest(filled: Paths) -> None:
    assert newest(glance(filled.vault), glance(mirror_of(filled))) == glance(filled.vault)
    cut(filled.vault)
    assert newest(glance(filled.vault), glance(mirror_of(filled))) == glance(mirror_of(filled))
    cut(mirror_of(filled))
    assert newest(glance(filled.vault), glance(mirror_of(filled))) is None


def test_a_backup_may_be_a_link_and_another_users(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    make_link(mirror_of(filled))
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert glance(mirror_of(filled), anyones=True).condition is Condition.WHOLE
    assert glance(filled.vault).condition is Condition.NOT_OURS


def test_sizes_are_told_in_fitting_units() -> None:
    assert [size(number) for number in (0, 1023, 1024, 5 << 20)] == ["0 B", "1023 B", "1 KiB", "5 MiB"]
