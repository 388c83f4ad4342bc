"""The vault's two files on disk: checked, locked, replaced whole, mirrored. Knows nothing of what is in them."""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from arka_tui.errors import NotSaved, VaultBusy, VaultUnsafe
from arka_tui.store import Saved

LOCK_PATIENCE_S = 5.0
_LOCK_RETRY_S = 0.05
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EIO: "the disk reports an error",
    errno.EFBIG: "the file would be too large",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
    errno.ENOLCK: "this file system has no locks",
    errno.EOPNOTSUPP: "this file system has no locks",
}


class Disk:
    """`path` may be a symbolic link; what it points to is replaced, never the link."""

    def __init__(self, path: Path) -> None:
        self.main = Path(os.path.realpath(path))
        self.mirror = self.main.with_name(self.main.name + ".bak")
        self.lock_file = self.main.with_name(self.main.stem + ".lock")
        self.journal = self.main.with_name("journal")
        self.mirror_trouble = ""
        """Why the mirror's place is taken by something that must not be written over, or nothing."""

    def read(self, path: Path, limit: int) -> bytes | None:
        """None where there is none; at most `limit` + 1 bytes. Raises: VaultUnsafe."""
        self._refuse_unsafe_folder()
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultUnsafe(f"{path} cannot be read: {reason(error)}") from None
        try:
            info = os.fstat(fd)
            if not stat.S_ISREG(info.st_mode):
                raise VaultUnsafe(f"{path} is not a regular file", "move it away")
            if info.st_uid != os.geteuid():
                raise VaultUnsafe(f"{path} belongs to another user", "run arka-tui as its owner")
            return read_all(fd, limit + 1)
        except OSError as error:
            raise VaultUnsafe(f"{path} cannot be read: {reason(error)}") from None
        finally:
            close(fd)

    def holds(self, path: Path) -> bool:
        """Whether anything has this name, a link to nothing included. Raises: VaultUnsafe where that cannot be seen.

        `os.path.lexists` says no where it cannot see, and what it did not see would be written over.
        """
        try:
            os.lstat(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise VaultUnsafe(f"{path} cannot be read: {reason(error)}") from None
        return True

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        """Changes when the file is replaced."""
        try:
            info = path.stat()
        except OSError:
            return None
        return info.st_ino, info.st_mtime_ns, info.st_size

    @property
    def writable(self) -> bool:
        return os.access(self.main.parent, os.W_OK) or not os.path.exists(self.main.parent)  # noqa: PTH110 # never raises

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all arka processes. Never hold it while asking or deriving. Raises: VaultBusy, NotSaved."""
        make_folders(self.main.parent)
        self._refuse_unsafe_folder()
        try:
            # flock, not lockf: a POSIX lock goes when any other descriptor of the file is closed.
            fd = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise NotSaved(f"not saved: the lock file cannot be opened: {reason(error)}") from None
        try:
            with suppress(OSError):
                os.fchmod(fd, 0o600)  # the umask may have taken our own rights
            self._wait_for_lock(fd)
            yield
        finally:
            close(fd)

    def replace_both(self, data: bytes, *, removing: bool = False) -> Saved:
        """Main, then mirror, under the lock. Raises: NotSaved, and then the old main is whole.

        `removing` says that the old bytes must not survive: where the disk is full the mirror gives up its room,
        unless it is the only whole copy, and a mirror that cannot be replaced is deleted.
        """
        left = self._sweep_temporaries()
        try:
            incomplete = replace_file(self.main, data)
        except NotSaved as failure:
            if not removing or not is_full(failure):
                raise
            with suppress(OSError):
                if not self.mirror_trouble and self.main.read_bytes() == self.mirror.read_bytes():
                    self.mirror.unlink()
            try:
                incomplete = replace_file(self.main, data)
            except NotSaved:
                with suppress(OSError):
                    self.replace_mirror(self.main.read_bytes())  # there was room for it a moment ago
                raise
        return Saved(incomplete or self.replace_mirror(data, removing=removing) or (left if removing else ""))

    def replace_mirror(self, data: bytes, *, removing: bool = False) -> str:
        """What went wrong, or nothing."""
        if self.mirror_trouble:
            return self.mirror_trouble
        try:
            return replace_file(self.mirror, data)
        except NotSaved as failure:
            why = str(failure).removeprefix("not saved: ")
        if not removing:
            return f"its second copy could not be written: {why}"
        try:
            self.mirror.unlink(missing_ok=True)
            sync_folder(self.mirror.parent)
        except OSError:
            return f"its second copy still holds the old state: {why}"
        return f"there is no second copy now: {why}"

    def _wait_for_lock(self, fd: int) -> None:
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise VaultBusy("not saved: another arka session is saving", "try again in a moment") from None
                time.sleep(_LOCK_RETRY_S)
            except OSError as error:
                raise NotSaved(f"not saved: the vault cannot be locked: {reason(error)}") from None
            else:
                return

    def _refuse_unsafe_folder(self) -> None:
        folder = self.main.parent
        try:
            info = folder.stat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise VaultUnsafe(f"{folder} cannot be read: {reason(error)}") from None
        if not stat.S_ISDIR(info.st_mode):
            raise VaultUnsafe(f"{folder} is not a folder")
        if info.st_uid != os.geteuid():
            raise VaultUnsafe(f"the folder {folder} belongs to another user", "run arka-tui as its owner")
        if info.st_mode & 0o022:
            raise VaultUnsafe(f"others may write in the folder {folder}", f"chmod 700 {folder}")

    def _sweep_temporaries(self) -> str:
        """Those that a kill left, and no one else's. Says why one is still there, or nothing."""
        ours = re.compile(rf"\.({re.escape(self.main.name)}|{self.journal.name})(\..+)?\.tmp-[0-9a-f]{{16}}")
        trouble = ""
        try:
            for path in self.main.parent.iterdir():
                try:
                    if ours.fullmatch(path.name):
                        path.unlink()
                except OSError as error:
                    trouble = f"{path.name} still holds an old state: {reason(error)}"
        except OSError as error:
            trouble = f"a temporary file may still hold an old state: {reason(error)}"
        return trouble


def replace_file(path: Path, data: bytes) -> str:
    """`path` holds `data`, whole and on disk, or is as it was.

    Returns what failed after the rename, or nothing. Raises: NotSaved, caused by the OSError.
    """
    temporary = f".{path.name}.tmp-{os.urandom(8).hex()}"
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NotSaved(f"not saved: {reason(error)}") from error
    try:
        try:
            _write_and_verify(folder, temporary, data)
            os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise NotSaved(f"not saved: {reason(error)}", _hint(error)) from error
        try:
            os.fsync(folder)
        except OSError as error:
            return f"the disk did not confirm it: {reason(error)}"
        return ""
    finally:
        close(folder)


def is_full(failure: NotSaved) -> bool:
    """Whether `replace_file` failed for want of room."""
    return isinstance(failure.__cause__, OSError) and failure.__cause__.errno in _FULL


def make_folders(folder: Path) -> None:
    """Each missing one 0700, and on disk: `os.makedirs(mode=)` leaves the parents to the umask. Raises: NotSaved."""
    if os.path.isdir(folder):  # noqa: PTH112  # never raises
        return
    for each in [*reversed(folder.parents), folder]:
        try:
            if not each.exists():
                each.mkdir(mode=0o700)
                each.chmod(0o700)  # the umask may have taken our own rights
                sync_folder(each.parent)
        except FileExistsError:
            pass
        except OSError as error:
            raise NotSaved(f"not saved: the folder {each} cannot be made: {reason(error)}") from None


def sync_folder(folder: Path) -> None:
    """What was made, renamed or deleted in it stays so. Raises: OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        close(fd)


def read_all(fd: int, limit: int = -1) -> bytes:
    """From here to the end, or `limit` bytes. Raises: OSError."""
    with os.fdopen(fd, "rb", closefd=False) as file:
        return file.read(limit)


def close(fd: int) -> None:
    """Its error says nothing that matters: what is written was synced before, and Linux closes it in any case."""
    with suppress(OSError):
        os.close(fd)


def reason(error: OSError) -> str:
    """Our words for an errno; a library's own text never reaches a person."""
    return _REASONS.get(error.errno or 0, f"system error {errno.errorcode.get(error.errno or 0, 'unknown')}")


def _write_and_verify(folder: int, name: str, data: bytes) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        os.fchmod(fd, 0o600)
        rest = memoryview(data)
        while rest:
            written = os.write(fd, rest)
            if not written:
                raise OSError(errno.EIO, "nothing is written")
            rest = rest[written:]
        os.fsync(fd)  # never tried again: after a failed one the kernel may have dropped the pages
    finally:
        close(fd)
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if read_all(fd) != data:
            raise OSError(errno.EIO, "read back differs")
    finally:
        close(fd)


def _hint(error: OSError) -> str:
    return "make room on the disk, then save again" if error.errno in _FULL else ""
