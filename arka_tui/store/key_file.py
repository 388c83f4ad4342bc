"""A file of 32 random bytes as one way to open the vault: FORMAT.md §3."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from arka_tui.errors import UsageError
from arka_tui.store.disk import reason
from arka_tui.store.envelope import KEY_BYTES, random_key
from arka_tui.store.slots import KeyFile

_NO_MODES = "a FAT stick is to be mounted with umask=077"


def make_key_file(path: Path) -> KeyFile:
    """A new one, on disk before it is returned; never over anything. Raises: UsageError."""
    content = random_key()
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} is there already", "choose another place, or use it as it is") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be made: {reason(error)}") from None
    try:
        try:
            with suppress(OSError):  # a FAT stick has no modes
                os.fchmod(fd, 0o600)
            if os.fstat(fd).st_mode & 0o077:
                raise UsageError(f"others could read {path}", _NO_MODES)
            if os.write(fd, content) != len(content):
                raise OSError
            os.fsync(fd)
        finally:
            os.close(fd)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, UsageError) as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} cannot be written: {reason(error)}") from None
    return KeyFile(content)


def read_key_file(path: Path) -> KeyFile:
    """Raises: UsageError, also where others may read it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UsageError(f"there is no key file {path}", "is its disk or stick there?") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {reason(error)}") from None
    try:
        info = os.fstat(fd)
        content = os.read(fd, KEY_BYTES + 1) if stat.S_ISREG(info.st_mode) else b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {reason(error)}") from None
    finally:
        os.close(fd)
    if len(content) != KEY_BYTES:
        hint = "an empty one was never finished: delete it" if not content else ""
        raise UsageError(f"{path} is not a key file: it has other than {KEY_BYTES} bytes", hint)
    if content.isascii():  # of 32 random bytes one of 4,000,000,000 files is that
        raise UsageError(f"{path} is text, not a key file", "arka-tui makes one: name a file that is not there yet")
    if info.st_mode & 0o077:
        raise UsageError(f"others may read the key file {path}", f"chmod 600 {path}; {_NO_MODES}")
    return KeyFile(content)
