"""The history of checks: kept across sessions, sealed, bounded, and never in the way of the keys."""

import base64
import errno
import json
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.credential import Credential
from arka_tui.errors import NotSaved
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import Saved, disk, journal
from arka_tui.store.journal import KEEP_CHECKS, SLACK, History, Journal, bounded
from arka_tui.store.vault import Vault
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.test_disk import FaultyOs, Killed, WritingOs, any_umask, mode

__all__ = ["any_umask"]  # a fixture

NEW_PASSPHRASE, NEW_CODE = Secret("another horse"), Secret("0000-1111-2222-3333-4444-5555-6666-7777")
STORE_ID, MASTER_KEY = bytes(range(16)), bytes(range(100, 132))
SECRET = "sk-proj-CANARY-aaaaaaaaaaaaaaaaaaaa-wxyz"


def check(credential_id: str = "a" * 32, n: int = 0) -> Check:
    return Check(credential_id, "openai/work", "wxyz", NOW + timedelta(seconds=n), Verdict.OK)


FULL_CHECK = Check(
    credential_id="b" * 32,
    name="openai/café",
    hint="wxyz",
    at=NOW,
    verdict=Verdict.NO_CREDITS,
    stages=(Stage("shape", Verdict.OK, "looks right"), Stage("key", Verdict.ACCEPTED, "200", 200, 321)),
    learnt=Learnt(models=7, limit=Decimal("10.50"), expires_at=NOW, management=False, probe_model="gpt-x"),
    evidence="insufficient_quota",
    next_step="add credit",
    page="https://example.com/billing",
    retry_after_s=20,
)


@pytest.fixture
def log(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", STORE_ID, MASTER_KEY)


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    paths = Paths.under(tmp_path_factory.mktemp("filled"))
    vault = open_vault(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    for label in ("one", "two"):
        vault.add(draft(f"openai/{label}", SECRET))
    return paths.data


@pytest.fixture
def filled(paths: Paths, filled_folder: Path) -> Paths:
    shutil.copytree(filled_folder, paths.data)
    return paths


def session(paths: Paths, code: Secret = RECOVERY_CODE) -> Vault:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(code)
    return vault


def check_of(credential: Credential, n: int = 0) -> Check:
    return Check(credential.id, credential.name, credential.hint, NOW + timedelta(seconds=n), Verdict.OK)


# ---------------------------------------------------------------------- the file by itself


def test_a_log_that_is_not_there_is_empty(log: Journal) -> None:
    assert log.read() == History((), 0)
    assert not log.path.exists()


def test_checks_come_back_as_they_were_and_oldest_first(log: Journal) -> None:
    assert log.append([check(n=1), FULL_CHECK]) == ""
    assert log.append([check(n=2)]) == ""
    assert log.read() == History((check(n=1), FULL_CHECK, check(n=2)), 0)
    assert log.path.read_bytes().count(b"\n") == 2


def test_a_log_opens_with_its_own_key_and_in_its_own_vault_only(log: Journal) -> None:
    log.append([check()])
    log.append([check()])
    assert Journal(log.path, STORE_ID, bytes(32)).read() == History((), 2)
    assert Journal(log.path, bytes(16), MASTER_KEY).read() == History((), 2)


@pytest.mark.parametrize("lost", [1, 20, 200, 300])
def test_a_last_line_torn_by_a_crash_costs_only_itself(log: Journal, lost: int) -> None:
    log.append([check(n=1)])
    log.append([check(n=2)])
    raw = log.path.read_bytes()
    log.path.write_bytes(raw[:-1] if lost == 1 else raw[:-lost])
    survived = (check(n=1), check(n=2)) if lost == 1 else (check(n=1),)
    assert log.read() == History(survived, 0 if lost == 1 else 1)

    assert log.append([check(n=3)]) == ""
    assert log.read() == History((*survived, check(n=3)), 0 if lost == 1 else 1)


@pytest.mark.parametrize(
    "line",
    [b"?", b"AAAA", b"\xff\xfe", b"=" * 40, b"\0" * 512, b"A" * 4096, b" ", b"\r"],
    ids=lambda line: repr(line[:8]),
)
def test_a_line_that_cannot_be_opened_is_counted_and_passed_over(log: Journal, line: bytes) -> None:
    log.append([check(n=1)])
    first = log.path.read_bytes()
    log.append([check(n=2)])
    log.path.write_bytes(first + line + b"\n" + log.path.read_bytes().removeprefix(first))
    assert log.read() == History((check(n=1), check(n=2)), 1)


def test_a_line_with_one_changed_byte_is_counted_and_passed_over(log: Journal) -> None:
    log.append([check(n=1)])
    log.append([check(n=2)])
    raw = log.path.read_bytes()
    for at in range(0, raw.index(b"\n"), 7):
        changed = bytearray(raw)
        changed[at] = ord("B") if changed[at] != ord("B") else ord("C")
        log.path.write_bytes(changed)
        assert log.read() == History((check(n=2),), 1)


@pytest.mark.parametrize(
    "text",
    ["", "[", "{}", "5", "null", '"a"', "[5]", "[{}]", '[{"credential": 5}]', "[" * 5000, '{"a": 1}'],
    ids=lambda text: text[:8] or "nothing",
)
def test_a_line_that_opens_but_holds_no_checks_is_counted_or_empty(
    log: Journal, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(json, "dumps", lambda tree, ensure_ascii: text)
        log.append([check()])
    log.append([check(n=2)])
    assert log.read() == History((check(n=2),), 0 if text == "{}" else 1)


def test_equal_checks_are_sealed_into_unequal_lines_of_equal_size(log: Journal) -> None:
    log.append([check()])
    log.append([check()])
    log.append([replace(check(), name="openai/x")])
    one, other, shorter, _ = log.path.read_bytes().split(b"\n")
    assert len(one) == len(other) == len(shorter)
    assert one[:44] != other[:44]
    assert one[44:] != other[44:]


@pytest.mark.usefixtures("any_umask")
def test_the_log_is_0600_whatever_the_umask(log: Journal) -> None:
    log.append([check()])
    assert oct(mode(log.path)) == "0o600"
    log.rewrite([check()])
    assert oct(mode(log.path)) == "0o600"


def test_a_rewritten_log_holds_these_checks_and_nothing_else(log: Journal) -> None:
    log.append([check(n=1)])
    log.path.write_bytes(log.path.read_bytes() + b"torn")
    before = log.path.read_bytes()
    assert log.rewrite([check(n=2)]) == ""
    assert log.read() == History((check(n=2),), 0)
    assert before[:40] not in log.path.read_bytes()
    assert log.rewrite([]) == ""
    assert log.path.read_bytes() == b""


def test_a_line_that_could_not_be_written_whole_is_said_and_does_not_spoil_the_next(
    log: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(journal, "os", WritingOs(lambda fd, data: os.write(fd, data[:50])))
        assert log.append([check(n=1)]) == "the test log could not be written whole: the disk is full"
    assert log.append([check(n=2)]) == ""
    assert log.read() == History((check(n=2),), 1)


@pytest.mark.parametrize("function", ["open", "write", "fsync"])
def test_a_log_that_cannot_be_written_says_so_in_our_words(
    log: Journal, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "os", FaultyOs((function,), 1, OSError(errno.EIO, "the library's own words")))
    assert log.append([check()]) == "the test log could not be written: the disk reports an error"


@pytest.mark.parametrize("function", ["open", "fstat"])
def test_a_log_that_cannot_be_read_is_not_taken_for_an_empty_one(
    log: Journal, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([check()])
    monkeypatch.setattr(journal, "os", FaultyOs((function,), 1, OSError(errno.EIO, "the library's own words")))
    assert log.read() == History((), 1, "the test log could not be read: the disk reports an error")


def test_a_log_that_ends_before_its_size_is_not_taken_for_a_shorter_one(
    log: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([check(n=1)])
    size = log.path.stat().st_size
    log.append([check(n=2)])
    monkeypatch.setattr(journal, "read_all", lambda fd, _limit: os.read(fd, size))
    assert log.read() == History((), 1, "the test log could not be read: the disk reports an error")


@pytest.mark.parametrize("removing", [True, False])
def test_old_lines_give_up_their_room_on_a_full_disk_only_where_they_must_go(
    log: Journal, removing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([check(n=1), check(n=2)])

    def write(fd: int, data: memoryview) -> int:
        if log.path.exists():
            raise OSError(errno.ENOSPC, "full")
        return os.write(fd, data)

    monkeypatch.setattr(disk, "os", WritingOs(write))
    said = log.rewrite([check(n=2)], removing=removing)
    assert said == ("" if removing else "the test log could not be rewritten: the disk is full")
    assert log.read() == History((check(n=2),) if removing else (check(n=1), check(n=2)))


def test_a_log_that_cannot_be_rewritten_stays_as_it_was(log: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append([check(n=1)])
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 1, OSError(errno.ENOSPC, "")))
        assert log.rewrite([]) == "the test log could not be rewritten: the disk is full"
    assert log.read() == History((check(n=1),), 0)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("fsync",), 2, OSError(errno.EIO, "")))
        assert log.rewrite([]) == "the test log: the disk did not confirm it: the disk reports an error"
    assert log.read() == History((), 0)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_regular_file_is_not_read_as_a_log_and_not_followed(log: Journal, tmp_path: Path, kind: str) -> None:
    diary = tmp_path / "diary"
    diary.write_bytes(b"dear diary")
    if kind == "link":
        log.path.symlink_to(diary)
    elif kind == "folder":
        log.path.mkdir()
    else:
        os.mkfifo(log.path)
    assert log.read().checks == ()
    if kind != "pipe":
        assert log.read().unreadable == 1
        assert log.append([check()]).startswith("the test log could not be written: ")
    assert diary.read_bytes() == b"dear diary"


# ---------------------------------------------------------------------- how much is kept


def test_the_newest_checks_are_kept_and_the_last_one_of_every_credential() -> None:
    old = [check("rare", 0), check("rare", 1), check("gone", 2), check("other", 3)]
    recent = [check("busy", 10 + n) for n in range(KEEP_CHECKS - 1)] + [check("other", 9999)]
    assert bounded(old + recent, ["rare", "busy", "other", "never"]) == [check("rare", 1), *recent]


def test_a_short_history_is_kept_whole_even_of_deleted_credentials() -> None:
    few = [check("gone", n) for n in range(KEEP_CHECKS)]
    assert bounded(few, []) == few
    assert bounded([], ["a"]) == []


def test_a_long_history_is_cut_on_disk_and_in_memory(filled: Paths) -> None:
    vault = session(filled)
    busy, rare = vault.list()
    vault.record_checks([check_of(rare, 0)])
    vault.record_checks([check_of(busy, n) for n in range(KEEP_CHECKS + SLACK)])
    assert len(vault.history.checks) == KEEP_CHECKS + SLACK + 1
    size = (filled.data / "journal").stat().st_size

    assert vault.record_checks([check_of(busy, 9999)]) == ""
    assert len(vault.history.checks) == KEEP_CHECKS + 1
    assert vault.history.checks[0] == check_of(rare, 0)
    assert vault.history.checks[-1] == check_of(busy, 9999)
    assert session(filled).history == vault.history
    assert (filled.data / "journal").stat().st_size < size
    assert not vault.refresh()


def test_cutting_the_log_takes_in_what_another_session_recorded(filled: Paths) -> None:
    vault, other = session(filled), session(filled)
    busy, rare = vault.list()
    other.record_checks([check_of(rare)])
    vault.record_checks([check_of(busy, n) for n in range(KEEP_CHECKS + SLACK + 1)])
    assert vault.history.checks[0] == check_of(rare)
    assert len(vault.history.checks) == KEEP_CHECKS + 1
    assert not vault.refresh()


def test_a_log_that_cannot_be_read_for_once_is_not_cut_to_nothing(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    busy = vault.list()[0]
    vault.record_checks([check_of(busy, n) for n in range(KEEP_CHECKS + SLACK)])
    with monkeypatch.context() as context:
        context.setattr(journal, "os", FaultyOs(("open",), 2, OSError(errno.EMFILE, "")))
        vault.record_checks([check_of(busy, 9999)])
    assert len(session(filled).history.checks) == KEEP_CHECKS + SLACK + 1


# ---------------------------------------------------------------------- with its vault


def test_checks_survive_a_restart(filled: Paths) -> None:
    vault = session(filled)
    first, second = check_of(vault.list()[0], 1), check_of(vault.list()[1], 2)
    assert vault.record_checks([first]) == ""
    assert vault.record_checks([second]) == ""
    assert vault.history == History((first, second), 0)
    assert session(filled).history == History((first, second), 0)


def test_what_could_not_be_read_is_told_and_the_vault_opens_all_the_same(filled: Paths) -> None:
    session(filled).record_checks([check(n=1)])
    path = filled.data / "journal"
    path.write_bytes(path.read_bytes() + b"torn")
    vault = session(filled)
    assert vault.history == History((check(n=1),), 1)
    assert len(vault.list()) == 2


def test_the_log_holds_no_secret_and_no_label_in_clear(filled: Paths) -> None:
    vault = session(filled)
    vault.record_checks([check_of(each) for each in vault.list()] + [FULL_CHECK])
    raw = (filled.data / "journal").read_bytes()
    sealed = base64.b64decode(raw)
    for clear in (b"openai", b"work", b"wxyz", b"CANARY", b"quota", b"2026", vault.list()[0].id.encode()):
        assert clear not in raw
        assert clear not in sealed


def test_the_checks_of_a_deleted_credential_go_with_it(filled: Paths) -> None:
    vault = session(filled)
    one, two = vault.list()
    vault.record_checks([check_of(one, 1), check_of(two, 2)])
    vault.record_checks([check_of(one, 3)])
    assert vault.remove([one]) == Saved()
    assert vault.history == History((check_of(two, 2),), 0)
    assert session(filled).history == History((check_of(two, 2),), 0)


def test_the_checks_of_a_deleted_credential_go_even_where_another_session_made_them(filled: Paths) -> None:
    vault, other = session(filled), session(filled)
    one, two = vault.list()
    other.record_checks([check_of(one, 1), check_of(two, 2)])
    vault.remove([one])
    assert session(filled).history == History((check_of(two, 2),), 0)


def test_a_delete_without_checks_does_not_touch_the_log(filled: Paths) -> None:
    vault = session(filled)
    one, two = vault.list()
    vault.record_checks([check_of(two)])
    before = (filled.data / "journal").read_bytes()
    vault.remove([one])
    assert (filled.data / "journal").read_bytes() == before


def test_a_delete_whose_log_cannot_be_read_is_saved_but_incomplete(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    one = vault.list()[0]
    vault.record_checks([check_of(one)])
    with monkeypatch.context() as context:
        context.setattr(journal, "os", FaultyOs(("open",), 1, OSError(errno.EMFILE, "")))
        saved = vault.remove([one])
    assert saved == Saved("the test log could not be read: too many open files")
    assert session(filled).history.checks == (check_of(one),)


def test_lines_that_do_not_open_go_with_a_deleted_key(filled: Paths) -> None:
    vault = session(filled)
    one, two = vault.list()
    vault.record_checks([check_of(two)])
    path = filled.data / "journal"
    path.write_bytes(b"A" * 400 + b"\n" + path.read_bytes())  # may be sealed under an earlier master key
    assert vault.remove([one]) == Saved()
    assert session(filled).history == History((check_of(two),))


def test_a_new_passphrase_of_another_session_saves_its_log_from_being_trimmed_to_nothing(filled: Paths) -> None:
    vault, other = session(filled), session(filled)
    two = vault.list()[1]
    vault.record_checks([check_of(two)])
    other.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert "the passphrase was changed in another session" in vault._forget_checks([two.id])
    assert session(filled, NEW_CODE).history == History((check_of(two),))


def test_a_delete_whose_log_cannot_be_trimmed_is_saved_but_incomplete(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    one = vault.list()[0]
    vault.record_checks([check_of(one)])
    with monkeypatch.context() as context:
        # Behind the vault, its mirror and the high-water mark.
        context.setattr(disk, "os", FaultyOs(("rename",), 4, OSError(errno.EIO, "")))
        saved = vault.remove([one])
    assert saved == Saved("the test log could not be rewritten: the disk reports an error")
    assert len(session(filled).list()) == 1


def test_checks_that_cannot_be_written_stay_in_memory_and_are_said(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("open",), 1, OSError(errno.EROFS, "")))
        trouble = vault.record_checks([check()])
    assert trouble == "the test log was not saved: the lock file cannot be opened: the file system is read-only"
    assert vault.history.checks == (check(),)
    assert session(filled).history.checks == ()


def test_a_locked_vault_forgets_its_history(filled: Paths) -> None:
    vault = session(filled)
    vault.record_checks([check()])
    vault.lock()
    assert vault.history == History((), 0)


# ---------------------------------------------------------------------- a new passphrase


def test_a_change_of_passphrase_keeps_the_history_and_seals_it_anew(filled: Paths) -> None:
    vault = session(filled)
    checks = tuple(check_of(each, n) for n, each in enumerate(vault.list()))
    vault.record_checks(checks)
    before = (filled.data / "journal").read_bytes()
    assert vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE) == Saved()
    assert vault.history == session(filled, NEW_CODE).history == History(checks, 0)
    assert before[:100] not in (filled.data / "journal").read_bytes()


@pytest.mark.parametrize("function", ["open", "fstat"])
def test_a_change_of_passphrase_that_cannot_read_the_log_keeps_what_the_session_knows(
    filled: Paths, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    vault.record_checks([check_of(vault.list()[0])])
    before = (filled.data / "journal").read_bytes()
    with monkeypatch.context() as context:
        context.setattr(journal, "os", FaultyOs((function,), 1, OSError(errno.EIO, "")))
        assert vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE) == Saved()
    assert session(filled, NEW_CODE).history == History((check_of(vault.list()[0]),))
    assert before[:100] not in (filled.data / "journal").read_bytes()


@pytest.mark.parametrize(
    ("crash_in_rename", "code"),
    [(1, RECOVERY_CODE), (2, NEW_CODE), (3, NEW_CODE)],
    ids=["before the vault is replaced", "before the mirror is replaced", "before the log is rewritten"],
)
def test_a_crash_within_a_change_of_passphrase_keeps_the_history(
    filled: Paths, crash_in_rename: int, code: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    checks = tuple(check_of(each, n) for n, each in enumerate(vault.list()))
    vault.record_checks(checks)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), crash_in_rename, Killed()))
        with pytest.raises(Killed):
            vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert session(filled, code).history == History(checks, unreadable=1)


def test_a_change_of_passphrase_that_was_not_saved_keeps_the_history(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    vault.record_checks([check(n=1)])
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 1, OSError(errno.EIO, "")))
        with pytest.raises(NotSaved):
            vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    vault.record_checks([check(n=2)])
    assert session(filled).history.checks == (check(n=1), check(n=2))


def test_a_change_of_passphrase_writes_the_log_anew_where_it_could_not_be_written_before(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    vault.record_checks([check()])
    with monkeypatch.context() as context:
        context.setattr(journal, "os", FaultyOs(("write",), 1, OSError(errno.ENOSPC, "")))
        saved = vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert saved == Saved()
    assert session(filled, NEW_CODE).history == History((check(),))


def test_a_change_of_passphrase_goes_on_without_a_log_that_cannot_be_written(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = session(filled)
    vault.record_checks([check()])
    with monkeypatch.context() as context:
        # Behind the vault and its mirror.
        context.setattr(disk, "os", FaultyOs(("rename",), 3, OSError(errno.EIO, "")))
        saved = vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert saved == Saved("the test log could not be rewritten: the disk reports an error")
    assert len(session(filled, NEW_CODE).list()) == 2
