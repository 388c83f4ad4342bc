"""The write path under every fault: what was saved is saved, what was not changed nothing, and nobody else can look."""

import base64
import errno
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from arka_tui.errors import NotSaved, VaultBusy, VaultError, VaultUnsafe
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import Saved, disk
from arka_tui.store.disk import Disk, make_folders, reason, replace_file
from arka_tui.store.vault import Vault
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.contract import edited

OLD, NEW = b"old " * 100, b"new " * 200
NEW_PASSPHRASE, NEW_CODE = Secret("another horse"), Secret("0000-1111-2222-3333-4444-5555-6666-7777")


class Killed(BaseException):
    """Stands for a kill at this line: nothing catches it."""


class FaultyOs:
    """`os` for one module, in which the n-th call among these functions fails; the rest is the real thing.

    With `from_then_on` all later calls fail too.
    """

    def __init__(
        self, functions: tuple[str, ...], nth: int, fault: BaseException, *, from_then_on: bool = False
    ) -> None:
        self._functions = functions
        self._left = nth
        self._fault = fault
        self._from_then_on = from_then_on

    @property
    def struck(self) -> bool:
        return self._left <= 0

    def __getattr__(self, name: str) -> object:
        real = getattr(os, name)
        if name not in self._functions:
            return real

        def counted(*args: object, **kwargs: object) -> object:
            self._left -= 1
            if self._left == 0 or (self._left < 0 and self._from_then_on):
                raise self._fault
            return real(*args, **kwargs)

        return counted


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def mirror_of(paths: Paths) -> Path:
    return paths.data / "store.toml.bak"


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    paths = Paths.under(tmp_path_factory.mktemp("filled"))
    vault = open_vault(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    for label in ("one", "two", "three"):
        vault.add(draft(f"openai/{label}", f"sk-proj-aaaaaaaaaaaaaaaaaaaa-{label}"))
    return paths.data


@pytest.fixture
def filled(paths: Paths, filled_folder: Path) -> Paths:
    """A vault with three keys on disk; its recovery code opens it without the cost of a passphrase."""
    shutil.copytree(filled_folder, paths.data)
    return paths


def opened(paths: Paths, code: Secret = RECOVERY_CODE) -> Vault:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(code)
    return vault


# ---------------------------------------------------------------------- one file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.write_bytes(OLD)
    return file


def test_a_file_is_replaced_whole(file: Path) -> None:
    before = file.stat().st_ino
    assert replace_file(file, NEW) == ""
    assert file.read_bytes() == NEW
    assert file.stat().st_ino != before
    assert names(file.parent) == {"file"}


def test_a_file_that_was_not_there_is_made(tmp_path: Path) -> None:
    assert replace_file(tmp_path / "new", b"") == ""
    assert (tmp_path / "new").read_bytes() == b""


def test_a_reader_who_has_the_old_file_open_keeps_it_whole(file: Path) -> None:
    with file.open("rb") as reader:
        replace_file(file, NEW)
        assert reader.read() == OLD


@pytest.mark.parametrize("function", ["open", "write", "fchmod", "fsync", "rename"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "not saved: the disk is full"),
        (errno.EDQUOT, "not saved: the disk quota is used up"),
        (errno.EROFS, "not saved: the file system is read-only"),
        (errno.EIO, "not saved: the disk reports an error"),
        (errno.EACCES, "not saved: permission denied"),
        (errno.EFBIG, "not saved: the file would be too large"),
        (errno.EMFILE, "not saved: too many open files"),
        (errno.EXDEV, "not saved: system error EXDEV"),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "",
)
def test_a_fault_before_the_rename_leaves_the_old_bytes_and_no_temporary(
    file: Path, function: str, number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "os", FaultyOs((function,), 1, OSError(number, "the library's own words")))
    with pytest.raises(NotSaved) as caught:
        replace_file(file, NEW)
    assert str(caught.value) == words
    full = number in (errno.ENOSPC, errno.EDQUOT) and function != "open"
    assert caught.value.hint == ("make room on the disk, then save again" if full else "")
    assert file.read_bytes() == OLD
    assert names(file.parent) == {"file"}


def test_a_folder_that_does_not_sync_after_the_rename_means_saved_but_incomplete(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "os", FaultyOs(("fsync",), 2, OSError(errno.EIO, "")))
    assert replace_file(file, NEW) == "the disk did not confirm it: the disk reports an error"
    assert file.read_bytes() == NEW
    assert names(file.parent) == {"file"}


def test_a_failed_fsync_is_never_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = FaultyOs(("fsync",), 1, OSError(errno.EIO, ""))
    monkeypatch.setattr(disk, "os", faulty)
    with pytest.raises(NotSaved):
        replace_file(file, NEW)
    assert faulty._left == 0


def test_the_file_is_synced_before_the_rename_and_the_folder_after(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    class WatchedOs:
        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def fsync(self, fd: int) -> None:
            order.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
            os.fsync(fd)

        def rename(self, old: str, new: str, src_dir_fd: int, dst_dir_fd: int) -> None:
            order.append("rename")
            os.rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(disk, "os", WatchedOs())
    replace_file(file, NEW)
    assert order == ["file", "rename", "folder"]


class WritingOs:
    """`os` with a write of our own."""

    def __init__(self, write: Callable[[int, memoryview], int]) -> None:
        self.write = write

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


def test_short_writes_are_completed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "os", WritingOs(lambda fd, data: os.write(fd, data[:7])))
    assert replace_file(file, NEW) == ""
    assert file.read_bytes() == NEW


@pytest.mark.parametrize(
    "lie",
    [
        lambda fd, data: os.write(fd, bytes(data)[:-1]) + 1,
        lambda fd, data: os.write(fd, bytes(data)[:-1] + b"?"),
        lambda fd, data: os.write(fd, bytes(data) + b"?") - 1,
        lambda fd, data: len(data),
    ],
    ids=["a byte is missing", "a byte is wrong", "a byte too many", "nothing is written"],
)
def test_a_disk_that_lies_about_a_write_is_found_out_before_the_rename(
    file: Path, lie: Callable[[int, memoryview], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "os", WritingOs(lie))
    with pytest.raises(NotSaved, match="the disk reports an error"):
        replace_file(file, NEW)
    assert file.read_bytes() == OLD
    assert names(file.parent) == {"file"}


def test_a_disk_that_takes_nothing_is_not_tried_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "os", WritingOs(lambda _fd, _data: 0))
    with pytest.raises(NotSaved, match="the disk reports an error"):
        replace_file(file, NEW)
    assert file.read_bytes() == OLD


def test_an_error_we_have_no_words_for_is_named_by_its_code_only() -> None:
    assert reason(OSError(errno.ELOOP, "/home/ann/secret")) == "system error ELOOP"
    assert reason(OSError("of no number")) == "system error unknown"


# ---------------------------------------------------------------------- who may look


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def any_umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    assert tmp_path.is_dir()  # made before, for it needs rights of its own
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("any_umask")
def test_every_file_is_0600_and_every_folder_0700_whatever_the_umask(paths: Paths) -> None:
    vault = open_vault(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    vault.add(draft())
    root = paths.data.parent
    assert {path.relative_to(root).as_posix(): oct(mode(path)) for path in [root, *root.rglob("*")]} == {
        ".": "0o700",
        "data": "0o700",
        "data/store.toml": "0o600",
        "data/store.toml.bak": "0o600",
        "data/store.lock": "0o600",
        "state": "0o700",
        "state/seen.json": "0o600",
    }


def test_a_commit_takes_away_rights_that_a_file_should_not_have(filled: Paths) -> None:
    for path in (filled.vault, mirror_of(filled)):
        path.chmod(0o644)
    opened(filled).add(draft("openai/new"))
    assert [oct(mode(path)) for path in (filled.vault, mirror_of(filled))] == ["0o600", "0o600"]


def test_folders_that_are_there_already_keep_their_rights(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o755)
    (tmp_path / "theirs").chmod(0o755)
    make_folders(tmp_path / "theirs" / "ours" / "too")
    assert [oct(mode(tmp_path / each)) for each in ("theirs", "theirs/ours", "theirs/ours/too")] == [
        "0o755",
        "0o700",
        "0o700",
    ]


def test_a_folder_that_cannot_be_made_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotSaved, match="cannot be made: system error ENOTDIR"):
        make_folders(tmp_path / "file" / "folder")


@pytest.mark.parametrize("rights", [0o777, 0o770, 0o702, 0o720])
def test_a_folder_in_which_others_may_write_is_refused(filled: Paths, rights: int) -> None:
    session, before = opened(filled), filled.vault.read_bytes()
    filled.data.chmod(rights)
    deeds: list[Callable[[], object]] = [
        open_vault(filled).exists,
        lambda: opened(filled),
        lambda: session.add(draft("openai/new")),
    ]
    for deed in deeds:
        with pytest.raises(VaultUnsafe, match="others may write in the folder") as caught:
            deed()
        assert caught.value.hint == f"chmod 700 {filled.data}"
    assert filled.vault.read_bytes() == before


@pytest.mark.parametrize("rights", [0o755, 0o750, 0o711])
def test_a_folder_in_which_others_may_only_look_is_fine(filled: Paths, rights: int) -> None:
    filled.data.chmod(rights)
    assert opened(filled).list()


class OthersOs:
    """`os` as another user sees it."""

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def geteuid(self) -> int:
        return os.geteuid() + 1


def test_the_folder_of_another_user_is_refused(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(filled)
    monkeypatch.setattr(disk, "os", OthersOs())
    for deed in (open_vault(filled).exists, lambda: session.add(draft("openai/new"))):
        with pytest.raises(VaultUnsafe, match="belongs to another user"):
            deed()


def test_the_file_of_another_user_is_refused(filled: Paths) -> None:
    try:
        os.chown(filled.vault, 12345, 12345)
    except PermissionError:
        pytest.skip("only root can give a file away")
    with pytest.raises(VaultUnsafe, match=r"store\.toml belongs to another user"):
        opened(filled)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_regular_file_is_refused_without_waiting_for_it(filled: Paths, kind: str) -> None:
    filled.vault.unlink()
    if kind == "folder":
        filled.vault.mkdir()
    else:
        os.mkfifo(filled.vault)
    with pytest.raises(VaultUnsafe, match="is not a regular file"):
        opened(filled)
    assert not filled.vault.is_file()


# ---------------------------------------------------------------------- links


def test_a_linked_store_is_replaced_where_it_lies_and_the_link_stays(filled: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    target = elsewhere / "keys.toml"
    filled.vault.rename(target)
    mirror_of(filled).unlink()
    filled.vault.symlink_to(target)
    before = target.read_bytes()

    opened(filled).add(draft("openai/new"))
    assert filled.vault.is_symlink()
    assert target.read_bytes() != before
    assert names(elsewhere) == {"keys.toml", "keys.toml.bak", "keys.lock"}
    assert opened(filled).get("openai/new")


def test_a_vault_can_be_created_through_a_link_to_nothing(paths: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    paths.data.mkdir(mode=0o700, parents=True)
    paths.vault.symlink_to(elsewhere / "store.toml")
    open_vault(paths).create(PASSPHRASE, RECOVERY_CODE)
    assert paths.vault.is_symlink()
    assert names(elsewhere) == {"store.toml", "store.toml.bak", "store.lock"}


def test_a_linked_mirror_or_lock_file_is_not_followed(filled: Paths, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_bytes(b"dear diary")
    mirror_of(filled).unlink()
    mirror_of(filled).symlink_to(diary)
    _, saved = opened(filled).add(draft("openai/new"))
    assert "cannot be read: system error ELOOP" in saved.incomplete
    (filled.data / "store.lock").unlink()
    (filled.data / "store.lock").symlink_to(diary)
    with pytest.raises(NotSaved, match="the lock file cannot be opened"):
        opened(filled).add(draft("openai/newer"))
    assert diary.read_bytes() == b"dear diary"
    assert mirror_of(filled).is_symlink()


# ---------------------------------------------------------------------- alone among all sessions


def test_a_store_that_another_session_is_saving_is_busy(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOCK_PATIENCE_S", 0.0)
    session, before = opened(filled), filled.vault.read_bytes()
    with (filled.data / "store.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(VaultBusy, match="another arka session is saving"):
            session.add(draft("openai/new"))
        assert filled.vault.read_bytes() == before
        assert [credential.label for credential in session.list()] == ["one", "two", "three"]
    session.add(draft("openai/new"))


def test_a_session_that_waits_gets_its_turn(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(filled)
    with (filled.data / "store.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(other, fcntl.LOCK_UN))
        session.add(draft("openai/new"))
    assert opened(filled).get("openai/new")


def test_the_lock_is_given_back_after_a_failure(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(filled)
    with monkeypatch.context() as faulty:
        faulty.setattr(disk, "os", FaultyOs(("rename",), 1, OSError(errno.EIO, "")))
        with pytest.raises(NotSaved):
            session.add(draft("openai/new"))
    with (filled.data / "store.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_vault_can_be_opened_while_another_session_saves_or_without_any_lock_file(filled: Paths) -> None:
    (filled.data / "store.lock").unlink()
    assert open_vault(filled).exists()
    with Disk(filled.vault).locked():
        assert open_vault(filled).exists()
    assert opened(filled).list()


def test_a_file_system_without_locks_is_not_written(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session, before = opened(filled), filled.vault.read_bytes()

    def no_locks(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, f"{fd} {operation}")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(NotSaved, match="this file system has no locks"):
        session.add(draft("openai/new"))
    assert filled.vault.read_bytes() == before


def test_a_read_only_folder_is_said_and_left_alone(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    class ReadOnlyOs:
        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def access(self, path: Path, wanted: int) -> bool:
            return wanted != os.W_OK and os.access(path, wanted)

    mirror_of(filled).unlink()
    before = names(filled.data)
    monkeypatch.setattr(disk, "os", ReadOnlyOs())
    vault = open_vault(filled)
    assert vault.unlock_with_recovery_code(RECOVERY_CODE).notes == (
        "the vault's folder is read-only: nothing can be changed",
    )
    assert vault.read_only
    assert len(vault.list()) == 3
    assert names(filled.data) == before


# ---------------------------------------------------------------------- every fault at every call


DEEDS: dict[str, Callable[[Vault], Saved]] = {
    "add": lambda vault: vault.add(draft("openai/new"))[1],
    "update": lambda vault: vault.update(vault.get("openai/two"), edited(vault.get("openai/two"), "k" * 30))[1],
    "remove": lambda vault: vault.remove([vault.get("openai/two")]),
}
FUNCTIONS = ("open", "write", "fchmod", "fsync", "rename")
every_deed = pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())


def secrets_of(vault: Vault) -> dict[str, str]:
    return {credential.label: vault.secret(credential.name).reveal() for credential in vault.list()}


def after(filled_folder: Path, tmp_path: Path, deed: Callable[[Vault], Saved]) -> dict[str, str]:
    """What the vault holds after the deed, when nothing fails."""
    paths = Paths.under(tmp_path / "without-fault")
    shutil.copytree(filled_folder, paths.data)
    deed(vault := opened(paths))
    return secrets_of(vault)


@every_deed
@pytest.mark.parametrize(
    ("function", "number"), [*((function, errno.EIO) for function in FUNCTIONS), ("write", errno.ENOSPC)]
)
def test_whichever_call_fails_not_saved_means_unchanged_and_saved_means_changed(
    filled_folder: Path,
    tmp_path: Path,
    deed: Callable[[Vault], Saved],
    function: str,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = secrets_of(opened_copy(filled_folder, tmp_path / "old")), after(filled_folder, tmp_path, deed)
    replaced = old["two"] not in new.values()
    for nth in count(1):
        paths = Paths.under(tmp_path / f"{nth}")
        shutil.copytree(filled_folder, paths.data)
        session = opened(paths)
        old_box = box_of_two(session)
        faulty = FaultyOs((function,), nth, OSError(number, "the library's own words"))
        outcome: Saved | VaultError
        with monkeypatch.context() as context:
            context.setattr(disk, "os", faulty)
            try:
                outcome = deed(session)
            except VaultError as failure:
                outcome = failure
        if not faulty.struck:
            break
        on_disk = opened_copy(paths.data, tmp_path / f"{nth}-looked-at")
        assert not [name for name in names(paths.data) if "tmp" in name], nth
        if isinstance(outcome, VaultError):
            assert "library" not in f"{outcome} {outcome.hint}"
            assert secrets_of(on_disk) == secrets_of(session) == old, nth
        else:
            assert secrets_of(on_disk) == secrets_of(session) == new, nth
            if replaced and not outcome.incomplete:
                assert not any(old_box in path.read_bytes() for path in paths.data.iterdir()), nth

        session.add(draft("openai/next"))
        assert paths.vault.read_bytes() == mirror_of(paths).read_bytes(), nth
        assert secrets_of(opened(paths)).keys() == {*secrets_of(on_disk), "next"}
    assert nth > 1, "the fault never struck: the sweep proves nothing"


def opened_copy(folder: Path, to: Path) -> Vault:
    """Opens a copy, so that the looking does not heal what is looked at."""
    paths = Paths.under(to)
    shutil.copytree(folder, paths.data)
    return opened(paths)


def box_of_two(vault: Vault) -> bytes:
    """The record of `openai/two` as it stands in the file."""
    assert vault._state is not None
    record_id = vault._state.entry("openai/two").record_id
    return next(base64.b64encode(record.box) for record in vault._state.document.records if record.id == record_id)


@every_deed
def test_a_kill_at_any_call_leaves_the_old_state_or_the_new_one(
    filled_folder: Path, tmp_path: Path, deed: Callable[[Vault], Saved], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = secrets_of(opened_copy(filled_folder, tmp_path / "old")), after(filled_folder, tmp_path, deed)
    seen: list[dict[str, str]] = []
    for nth in count(1):
        paths = Paths.under(tmp_path / f"{nth}")
        shutil.copytree(filled_folder, paths.data)
        session = opened(paths)
        faulty = FaultyOs((*FUNCTIONS, "unlink"), nth, Killed())
        with monkeypatch.context() as context:
            context.setattr(disk, "os", faulty)
            with suppress(Killed):
                deed(session)
        if not faulty.struck:
            break
        survivor = opened(paths)
        seen.append(secrets_of(survivor))
        assert seen[-1] in (old, new), nth
        assert paths.vault.read_bytes() == mirror_of(paths).read_bytes(), "not healed by the next session"
        survivor.add(draft("openai/next"))
        assert not [name for name in names(paths.data) if "tmp" in name], nth
    assert seen[0] == old and seen[-1] == new
    assert seen == sorted(seen, key=lambda state: state == new), "new once, new ever after"


def test_a_kill_at_any_call_of_a_passphrase_change_leaves_one_passphrase_that_opens_everything(
    filled_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = secrets_of(opened_copy(filled_folder, tmp_path / "old"))
    codes: list[Secret] = []
    for nth in count(1):
        paths = Paths.under(tmp_path / f"{nth}")
        shutil.copytree(filled_folder, paths.data)
        session = opened(paths)
        faulty = FaultyOs((*FUNCTIONS, "unlink"), nth, Killed())
        with monkeypatch.context() as context:
            context.setattr(disk, "os", faulty)
            with suppress(Killed):
                session.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
        if not faulty.struck:
            break
        opens: list[Secret] = []
        for code in (RECOVERY_CODE, NEW_CODE):
            vault = open_vault(paths)
            try:
                vault.unlock_with_recovery_code(code)
            except VaultError:
                continue
            opens.append(code)
            assert secrets_of(vault) == old
        assert len(opens) == 1, f"{nth}: {opens} opened it"
        codes += opens
    assert codes[0] == RECOVERY_CODE
    assert codes[-1] == NEW_CODE


def test_temporaries_that_a_kill_left_are_swept_by_the_next_commit(filled: Paths) -> None:
    for name in (".store.toml.tmp-0011223344556677", ".store.toml.bak.tmp-0011223344556677"):
        (filled.data / name).write_bytes(b"sealed bytes")
    opened(filled).add(draft("openai/new"))
    assert names(filled.data) == {"store.toml", "store.toml.bak", "store.lock"}


def test_hidden_files_of_others_in_the_same_folder_are_never_swept(filled: Paths) -> None:
    theirs = {
        ".store.tomlx",
        ".notes.tmp-0011223344556677",
        ".store.toml.tmp-mine",
        ".store.toml.tmp-00112233445566778",
    }
    for name in theirs:
        (filled.data / name).write_bytes(b"the user's own")
    opened(filled).add(draft("openai/new"))
    assert names(filled.data) == {"store.toml", "store.toml.bak", "store.lock", *theirs}


def test_a_temporary_that_cannot_be_swept_is_said_where_something_had_to_go(filled: Paths) -> None:
    session = opened(filled)
    (filled.data / ".store.toml.tmp-0011223344556677").mkdir()  # a folder cannot be unlinked
    assert session.add(draft("openai/new"))[1] == Saved()
    saved = session.remove([session.get("openai/two")])
    assert saved.incomplete.startswith(".store.toml.tmp-0011223344556677 still holds an old state: ")
    assert secrets_of(session).keys() == {"one", "three", "new"}


def test_what_close_says_after_the_sync_is_no_failure(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(filled)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("close",), 1, OSError(errno.EIO, ""), from_then_on=True))
        assert session.add(draft("openai/new"))[1] == Saved()
    monkeypatch.setattr(disk, "LOCK_PATIENCE_S", 0.0)  # the lock's file is still open: here nothing closed it
    assert opened(filled).get("openai/new")


def test_where_it_cannot_be_seen_whether_there_is_a_vault_there_may_be_one(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled.data / "link").symlink_to("nothing")
    assert [Disk(filled.vault).holds(filled.data / name) for name in ("store.toml", "link", "none")] == [
        True,
        True,
        False,
    ]
    monkeypatch.setattr(disk, "os", FaultyOs(("lstat",), 1, OSError(errno.EIO, "")))
    with pytest.raises(VaultUnsafe, match="cannot be read: the disk reports an error"):
        Disk(filled.vault).holds(filled.vault)


# ---------------------------------------------------------------------- a full disk


def full_while(is_full: Callable[[], bool], number: int = errno.ENOSPC) -> WritingOs:
    def write(fd: int, data: memoryview) -> int:
        if is_full():
            raise OSError(number, "full")
        return os.write(fd, data)

    return WritingOs(write)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.__getitem__)
def test_a_delete_on_a_full_disk_gives_up_the_mirror_and_succeeds(
    filled: Paths, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, before = opened(filled), filled.vault.read_bytes()

    def is_full() -> bool:
        """Until the mirror goes, and again once its room is used up."""
        return mirror_of(filled).exists() or filled.vault.read_bytes() != before

    with monkeypatch.context() as context:
        context.setattr(disk, "os", full_while(is_full, number))
        saved = session.remove([session.get("openai/two")])
    assert saved.incomplete.startswith("there is no second copy now")
    assert names(filled.data) == {"store.toml", "store.lock"}
    assert secrets_of(opened_copy(filled.data, filled.data.parent / "copy")).keys() == {"one", "three"}

    session.add(draft("openai/new"))
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes()


def test_an_add_on_a_full_disk_costs_nothing_that_was_there(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session, before = opened(filled), filled.vault.read_bytes()
    with monkeypatch.context() as context:
        context.setattr(disk, "os", full_while(lambda: True))
        with pytest.raises(NotSaved, match="the disk is full") as caught:
            session.add(draft("openai/new"))
    assert caught.value.hint == "make room on the disk, then save again"
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == before


def test_a_delete_on_a_disk_that_stays_full_is_not_saved_and_the_vault_still_whole(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, before = opened(filled), filled.vault.read_bytes()
    with monkeypatch.context() as context:
        context.setattr(disk, "os", full_while(lambda: True))
        with pytest.raises(NotSaved, match="the disk is full"):
            session.remove([session.get("openai/two")])
    assert filled.vault.read_bytes() == before
    assert secrets_of(session).keys() == {"one", "two", "three"}


def test_a_full_disk_never_costs_the_only_whole_copy(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.vault.write_bytes(filled.vault.read_bytes()[:500])
    with monkeypatch.context() as context:
        context.setattr(disk, "os", full_while(lambda: True))
        session = opened(filled)
        with pytest.raises(NotSaved, match="the disk is full"):
            session.remove([session.get("openai/two")])
        session.lock()
    assert secrets_of(opened(filled)).keys() == {"one", "two", "three"}


def test_a_mirror_that_cannot_be_written_is_said_and_mended_by_the_next_commit(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, before = opened(filled), filled.vault.read_bytes()
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 2, OSError(errno.EIO, "")))
        _, saved = session.add(draft("openai/new"))
    assert saved == Saved("its second copy could not be written: the disk reports an error")
    assert mirror_of(filled).read_bytes() == before != filled.vault.read_bytes()
    assert session.add(draft("openai/newer"))[1] == Saved()
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes()


def test_a_replaced_secret_does_not_survive_in_a_mirror_that_cannot_be_written(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(filled)
    seen = session.get("openai/two")
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 2, OSError(errno.EIO, "")))
        _, saved = session.update(seen, edited(seen, "k" * 30))
    assert saved == Saved("there is no second copy now: the disk reports an error")
    assert not mirror_of(filled).exists()


def test_a_mirror_that_may_still_hold_what_was_deleted_is_said(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(filled)
    with monkeypatch.context() as context:
        # The vault and its folder are synced; the mirror is not, nor is the folder after the mirror was dropped.
        context.setattr(disk, "os", FaultyOs(("fsync",), 3, OSError(errno.EIO, ""), from_then_on=True))
        saved = session.remove([session.get("openai/two")])
    assert saved == Saved("its second copy still holds the old state: the disk reports an error")
    assert secrets_of(opened(filled)).keys() == {"one", "three"}


def test_while_the_disk_does_not_confirm_the_vault_the_mirror_keeps_the_old_state(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, before = opened(filled), filled.vault.read_bytes()
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("fsync",), 2, OSError(errno.EIO, "")))
        saved = session.remove([session.get("openai/two")])
    assert saved == Saved("the disk did not confirm it: the disk reports an error")
    assert mirror_of(filled).read_bytes() == before
    assert secrets_of(opened(filled)).keys() == {"one", "three"}
    assert mirror_of(filled).read_bytes() == filled.vault.read_bytes()


def test_an_old_passphrase_does_not_survive_in_a_mirror_that_cannot_be_written(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(filled)
    with monkeypatch.context() as context:
        context.setattr(disk, "os", FaultyOs(("rename",), 2, OSError(errno.EIO, "")))
        saved = session.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert saved == Saved("there is no second copy now: the disk reports an error")
    assert not mirror_of(filled).exists()
    assert secrets_of(opened(filled, NEW_CODE)).keys() == {"one", "two", "three"}


def test_a_draft_that_was_not_saved_can_be_saved_again(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(filled)
    typed = replace(draft("openai/new"), secret=Secret("sk-proj-typed-once-ffffffffff"))
    with monkeypatch.context() as context:
        context.setattr(disk, "os", full_while(lambda: True))
        with pytest.raises(NotSaved):
            session.add(typed)
    session.add(typed)
    assert secrets_of(opened(filled))["new"] == "sk-proj-typed-once-ffffffffff"
