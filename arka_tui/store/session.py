"""Unlock once per login: the key that opens the vault, kept by the Linux kernel in the session keyring.

Never on disk, in the environment or in a process that stays. Who logs in by another way does not reach it, root apart;
it is gone when its time is over, when the login ends (where PAM revokes the keyring, as sshd's does), and at `lock`.
"""

import ctypes
import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from arka_tui.errors import SessionFailed
from arka_tui.store.envelope import KEY_BYTES

_SYSCALLS = {
    "x86_64": (248, 250),
    "aarch64": (217, 219),
    "riscv64": (217, 219),
    "armv7l": (309, 311),
    "armv6l": (309, 311),
    "i686": (286, 288),
    "ppc64le": (269, 271),
    "s390x": (278, 280),
}
"""Of add_key and keyctl, by machine: linux/arch/*/entry/syscalls, linux/include/uapi/asm-generic/unistd.h."""
_SESSION_KEYRING = -3
_GET_ID, _JOIN, _SET_PERMISSIONS, _DESCRIBE, _UNLINK = 0, 1, 5, 6, 9
_SEARCH, _READ, _SET_TIMEOUT, _INVALIDATE = 10, 11, 15, 21
_POSSESSOR_ONLY = 0x3F000000
_SHARED = "_uid_ses."
"""The keyring that the kernel lends a process without one of its own; all logins of a user share it."""
_NAME = "arka:"
_UNTIL_BYTES = 8
_NUMBER_BYTES = 4
_MANY_KEYS = 1024
_NOTHING_KEPT = frozenset({errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED} if sys.platform == "linux" else ())


@dataclass(frozen=True, slots=True)
class Kept:
    master_key: bytes
    until: datetime

    def __repr__(self) -> str:
        return f"Kept(until={self.until})"


class Keyring(Protocol):
    def trouble(self) -> str:
        """Why nothing can be kept for this login, or nothing."""

    def keep(self, store_id: bytes, master_key: bytes, lifetime_s: int) -> None:
        """In place of what was kept of that vault. Raises: SessionFailed."""

    def find(self, store_id: bytes) -> Kept | None: ...

    def forget(self, store_id: bytes) -> bool:
        """Whether something was kept. Raises: SessionFailed where that cannot be known, or it stays."""


class KernelKeyring:
    def __init__(self) -> None:
        self._numbers = _SYSCALLS.get(os.uname().machine) if sys.platform == "linux" and sys.maxsize > 2**32 else None
        self._libc = ctypes.CDLL(None, use_errno=True) if self._numbers else None

    def trouble(self) -> str:
        if self._libc is None:
            return "only Linux keeps keys for a login" if sys.platform != "linux" else "unknown kind of machine"
        try:
            described = self._described(self._keyctl(_GET_ID, _SESSION_KEYRING, 0))
        except OSError as error:
            return _reason(error)
        if described.startswith(_SHARED):
            return "this login has no session keyring of its own: arka-tui unlock --shell starts a shell that has one"
        return ""

    def join_new(self) -> None:
        """A session keyring of this process's own, which programs that it starts share. Raises: SessionFailed."""
        try:
            self._keyctl(_JOIN, None)
        except OSError as error:
            raise SessionFailed(f"no session can be begun: {_reason(error)}") from None

    def leave(self) -> None:
        """For a session keyring of this process's own with nothing in it, where the kernel keeps keys at all.

        Raises: SessionFailed where that cannot be, and a key is kept in the one there is.
        """
        try:
            self._keyctl(_JOIN, None)
        except OSError as error:
            if self._keeps_any():
                raise SessionFailed(f"the command would reach the key of this session: {_reason(error)}") from None

    def keep(self, store_id: bytes, master_key: bytes, lifetime_s: int) -> None:
        if trouble := self.trouble():
            raise SessionFailed(f"the vault cannot be kept open: {trouble}")
        until = datetime.now(UTC) + timedelta(seconds=lifetime_s)
        payload = int(until.timestamp()).to_bytes(_UNTIL_BYTES, "little") + master_key
        try:
            self.forget(store_id)
            key = self._add(_name(store_id), payload)
            try:
                self._keyctl(_SET_TIMEOUT, key, lifetime_s)
                self._keyctl(_SET_PERMISSIONS, key, _POSSESSOR_ONLY)
            except OSError:
                self._keyctl(_INVALIDATE, key)
                raise
        except OSError as error:
            raise SessionFailed(f"the vault cannot be kept open: {_reason(error)}") from None

    def find(self, store_id: bytes) -> Kept | None:
        try:
            if self._libc is None or not (key := self._search(store_id)):
                return None
        except OSError:
            return None
        buffer = ctypes.create_string_buffer(_UNTIL_BYTES + KEY_BYTES)
        try:
            length = self._keyctl(_READ, key, buffer, len(buffer))
            payload = buffer.raw
            if length != len(buffer):
                return None
        except OSError:
            return None
        finally:
            ctypes.memset(buffer, 0, len(buffer))
        until = datetime.fromtimestamp(int.from_bytes(payload[:_UNTIL_BYTES], "little"), UTC)
        if until <= datetime.now(UTC):  # its timeout was never set: we were killed in between
            with suppress(SessionFailed):
                self.forget(store_id)
            return None
        return Kept(payload[_UNTIL_BYTES:], until)

    def forget(self, store_id: bytes) -> bool:
        if self._libc is None:
            return False
        try:
            if not (key := self._search(store_id)):
                return False
            try:
                self._keyctl(_INVALIDATE, key)
            except OSError:
                self._keyctl(_UNLINK, key, _SESSION_KEYRING)
        except OSError as error:
            if error.errno in _NOTHING_KEPT:  # its time was over just now
                return False
            raise SessionFailed(f"the session cannot be ended: {_reason(error)}") from None
        return True

    def _search(self, store_id: bytes) -> int:
        """The number of the key, 0 where nothing is kept. Raises: OSError where that cannot be known."""
        try:
            return self._keyctl(_SEARCH, _SESSION_KEYRING, b"user", _name(store_id), 0)
        except OSError as error:
            if error.errno in _NOTHING_KEPT:
                return 0
            raise

    def _keeps_any(self) -> bool:
        """Of whatever vault; True where that cannot be known."""
        buffer = ctypes.create_string_buffer(_MANY_KEYS * _NUMBER_BYTES)
        try:
            length = self._keyctl(_READ, _SESSION_KEYRING, buffer, len(buffer))
        except OSError:
            return not self.trouble()
        return length > len(buffer) or any(
            self._is_ours(int.from_bytes(buffer.raw[at : at + _NUMBER_BYTES], sys.byteorder, signed=True))
            for at in range(0, length, _NUMBER_BYTES)
        )

    def _is_ours(self, key: int) -> bool:
        try:
            return self._described(key).startswith(_NAME)
        except OSError:  # it is gone, or not for us to see
            return False

    def _described(self, keyring: int) -> str:
        buffer = ctypes.create_string_buffer(256)
        self._keyctl(_DESCRIBE, keyring, buffer, len(buffer))
        return buffer.value.decode(errors="replace").rpartition(";")[2]

    def _add(self, name: bytes, payload: bytes) -> int:
        assert self._numbers  # noqa: S101  # `trouble` looked
        return self._call(self._numbers[0], b"user", name, payload, len(payload), _SESSION_KEYRING)

    def _keyctl(self, *arguments: "int | bytes | ctypes.Array[ctypes.c_char] | None") -> int:
        if self._numbers is None:
            raise OSError(errno.ENOSYS, "")
        return self._call(self._numbers[1], *arguments)

    def _call(self, number: int, *arguments: "int | bytes | ctypes.Array[ctypes.c_char] | None") -> int:
        assert self._libc  # noqa: S101  # there is one wherever the numbers are known
        passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
        result = int(self._libc.syscall(ctypes.c_long(number), *passed))
        if result < 0:
            raise OSError(ctypes.get_errno(), "")
        return result


def _name(store_id: bytes) -> bytes:
    return _NAME.encode() + store_id.hex().encode()


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.ENOSYS:
            return "this kernel keeps no keys"
        case errno.EPERM | errno.EACCES:
            return "the kernel's keyrings are closed here, as in most containers"
        case errno.EKEYREVOKED | errno.EKEYEXPIRED | errno.ENOKEY:
            return "the login in which this shell was started has ended"
        case errno.EDQUOT:
            return "the kernel holds too many keys of yours already"
        case _:
            return errno.errorcode.get(error.errno or 0, "unknown trouble")
