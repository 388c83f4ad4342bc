"""The sealed, bounded history of past checks: FORMAT.md §7. Losing it loses no key, so it fails softly."""

import errno
import io
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from arka_tui.check import Check, check_from_json, check_to_json
from arka_tui.errors import NotSaved
from arka_tui.store.disk import close, is_full, read_all, reason, replace_file, sync_folder
from arka_tui.store.envelope import NONCE_BYTES, TAG_BYTES, Damaged, b64, hkdf, pad, pae, seal, unb64, unpad, unseal

KEEP_CHECKS = 1000
"""The newest that are kept; beside them the last one of every credential, however old."""
SLACK = 250
"""How many more may gather before the file is written anew."""
MAX_BYTES = 32 * 1024 * 1024
_SALT_BYTES = 32
_PAD_BYTES = 256
_SHORTEST_LINE = (_SALT_BYTES + NONCE_BYTES + _PAD_BYTES + TAG_BYTES) * 4 // 3
"""A line of one block: anything shorter is passed over before it costs anything."""


@dataclass(frozen=True, slots=True)
class History:
    checks: tuple[Check, ...]
    """Oldest first."""
    unreadable: int = 0
    """Lines passed over: cut short by a crash, damaged, or sealed under an earlier master key."""
    trouble: str = ""
    """Why the file could not be read, or nothing: then there may be more checks than these."""


class Journal:
    def __init__(self, path: Path, store_id: bytes, master_key: bytes) -> None:
        self.path = path
        self._store_id = store_id
        self._master_key = master_key

    def read(self) -> History:
        """Never fails: what cannot be read is counted."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return History(())
        except OSError as error:
            return History((), 1, f"the test log could not be read: {reason(error)}")
        try:
            size = os.fstat(fd).st_size
            raw = read_all(fd, MAX_BYTES)
            if len(raw) < min(size, MAX_BYTES):
                raise OSError(errno.EIO, "it ended too early")
        except OSError as error:
            return History((), 1, f"the test log could not be read: {reason(error)}")
        finally:
            close(fd)
        checks: list[Check] = []
        unreadable = 0
        for whole_line in io.BytesIO(raw):  # a list of all lines could take ten times their memory
            line = whole_line.removesuffix(b"\n")
            if 0 < len(line) < _SHORTEST_LINE:
                unreadable += 1
            elif line:
                try:
                    checks += self._open(line)
                except Damaged:
                    unreadable += 1
        return History(tuple(checks), unreadable)

    def append(self, checks: Sequence[Check]) -> str:
        """One line, on disk. Returns what went wrong, or nothing. Call under the vault's lock."""
        return append_line(self.path, self.seal(checks))

    def rewrite(self, checks: Sequence[Check], *, removing: bool = False) -> str:
        """The file holds these and nothing else. Returns what went wrong, or nothing. Call under the vault's lock.

        `removing` says that the old lines must not survive: where the disk is full they give up their room first.
        """
        try:
            incomplete = replace_file(self.path, self.seal(checks) + b"\n" if checks else b"")
        except NotSaved as failure:
            if removing and is_full(failure):
                with suppress(OSError):
                    self.path.unlink()
                return self.rewrite(checks)
            return "the test log could not be rewritten: " + str(failure).removeprefix("not saved: ")
        return incomplete and f"the test log: {incomplete}"

    def seal(self, checks: Iterable[Check]) -> bytes:
        """A line, without its end."""
        plaintext = json.dumps([check_to_json(check) for check in checks], ensure_ascii=False).encode()
        salt = os.urandom(_SALT_BYTES)
        return b64(salt + seal(self._key(salt), pad(plaintext, _PAD_BYTES), self._aad(salt))).encode()

    def _open(self, line: bytes) -> list[Check]:
        try:
            sealed = unb64(line.decode("ascii"))
            salt = sealed[:_SALT_BYTES]
            tree = json.loads(unpad(unseal(self._key(salt), sealed[_SALT_BYTES:], self._aad(salt)), _PAD_BYTES))
            return [check_from_json(data) for data in tree]
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
            raise Damaged from None

    def _key(self, salt: bytes) -> bytes:
        return hkdf(self._master_key, salt, b"arka-journal/1 line")

    def _aad(self, salt: bytes) -> bytes:
        return pae("arka-journal/1 line", self._store_id, salt)


def append_line(path: Path, line: bytes) -> str:
    """A line of `Journal.seal`; needs no key. Returns what went wrong, or nothing. Call under the vault's lock."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, 0o600)
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            written = (b"\n" if torn else b"") + line + b"\n"
            if os.write(fd, written) != len(written):
                return "the test log could not be written whole: the disk is full"
            os.fsync(fd)
            if not size:
                sync_folder(path.parent)  # it may be new
        finally:
            close(fd)
    except OSError as error:
        return f"the test log could not be written: {reason(error)}"
    return ""


def bounded(checks: Sequence[Check], credential_ids: Iterable[str]) -> list[Check]:
    """The newest, and the last one of each of these credentials; those of others only while among the newest."""
    cut = max(0, len(checks) - KEEP_CHECKS)
    recent = checks[cut:]
    missing = set(credential_ids) - {check.credential_id for check in recent}
    last = {check.credential_id: check for check in checks[:cut] if check.credential_id in missing}
    return [*last.values(), *recent]
