"""Puts a reference in the place of a key in a file, whole or not at all."""

import ctypes
import errno
import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from arka_tui.errors import Conflict, NotSaved
from arka_tui.plaintext.places import Place
from arka_tui.plaintext.reading import Assignment, Text, read
from arka_tui.secret import MASK

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_ACCESS_LIST = "system.posix_acl_access"
_NO_ATTRIBUTES = {errno.ENODATA, errno.ENOTSUP, errno.EOPNOTSUPP}
_PLAIN_NAME = re.compile(r"[\w.@+-]+/[\w.@+-]+")


@dataclass(frozen=True, slots=True)
class Edit:
    """A file as it is, and as it would be."""

    seen: Text
    raw: bytes = field(repr=False)
    lines: tuple[int, ...]
    diff: tuple[str, ...]
    """What changes, to be shown: made of names and references, so that nothing else of the file is in it."""


def reference(name: str) -> str:
    """By which `arka-tui exec --env-file` finds the key; nothing where its name needs quoting somewhere."""
    return f"arka://{name}" if _PLAIN_NAME.fullmatch(name) else ""


def edit(seen: Text, references: Sequence[tuple[Assignment, str]]) -> Edit:
    """Each assignment is one of `seen`; the quotes around its value stay."""
    text, diff = seen.text(), []
    ordered = sorted(references, key=lambda each: each[0].span)
    for assignment, put in reversed(ordered):
        start, end = assignment.span
        text = text[:start] + put + text[end:]
    for assignment, put in ordered:
        diff += [f"{sign} {assignment.line}: {assignment.variable}={told}" for sign, told in (("-", MASK), ("+", put))]
    lines = tuple(assignment.line for assignment, _ in ordered)
    return Edit(seen, text.encode("utf-8", "surrogateescape"), lines, tuple(diff))


def write(edit: Edit) -> str:
    """Of a link, what it points to is replaced; mode, owner and access list stay. Returns what the disk did not
    confirm, or nothing.

    Raises: Conflict where the file is not as it was read, NotSaved; and then it is untouched.
    """
    target = Path(os.path.realpath(edit.seen.path))
    if edit.seen.info.st_nlink > 1:
        told = f"{edit.seen.path} has a second name, which would keep the key"
        raise NotSaved(told, "edit it by hand: it is hard-linked")
    temporary = target.with_name(f".{target.name}.arka-{os.urandom(8).hex()}")
    try:
        try:
            _refuse_changed(edit.seen, target)
            _write_new(temporary, edit.raw, edit.seen.info, _attributes(target))
            _refuse_changed(edit.seen, target)
            aside = _put_in_place(temporary, target)
        except BaseException:
            with suppress(OSError):
                if temporary.read_bytes() == edit.raw:  # else they were exchanged already, and it is the old one
                    temporary.unlink()
            raise
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise NotSaved(f"{edit.seen.path} is as it was: it cannot be replaced: {why}") from None
    _refuse_replaced(edit.seen, aside, target)
    try:
        aside.unlink()
    except OSError:
        return f"what was there before, with the key, is still in {aside}"
    return _confirmed(target.parent)


def _put_in_place(new: Path, target: Path) -> Path:
    """Where that is now which was in the target's place at that moment, and maybe is not what was looked at."""
    if _exchange(new, target):
        return new
    aside = new.with_name(f"{new.name}-old")
    os.link(target, aside)
    try:
        new.rename(target)
    except BaseException:
        aside.unlink()
        raise
    return aside


def _exchange(one: Path, other: Path) -> bool:
    """Their names, at once, so that nothing falls between; False where the system or the disk cannot."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    done = exchange(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return bool(done == 0)


def _refuse_replaced(seen: Text, aside: Path, target: Path) -> None:
    """Puts back what was not what was seen: somebody saved at the very moment. Raises: Conflict."""
    if _is_as_seen(seen, aside):
        return
    try:
        aside.rename(target)
    except OSError:
        told = f"{seen.path} was changed meanwhile: what was written there is kept as {aside}"
        raise Conflict(told, "look at both, and keep what you need") from None
    raise _changed(seen)


def _attributes(path: Path) -> dict[str, bytes]:
    """The extended ones, access lists among them; none where the system has none."""
    if not hasattr(os, "listxattr"):
        return {}
    try:
        return {name: os.getxattr(path, name) for name in os.listxattr(path)}
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return {}
        raise


def _write_new(path: Path, raw: bytes, like: os.stat_result, attributes: Mapping[str, bytes]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        # First the list that it may have from its folder, for what follows would give that its rights.
        if _ACCESS_LIST not in attributes:
            _drop_access_list(fd)
        file.write(raw)
        file.flush()
        now = os.fstat(fd)
        if (now.st_uid, now.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(fd, like.st_uid, like.st_gid)
        if _ACCESS_LIST not in attributes:
            os.fchmod(fd, stat.S_IMODE(like.st_mode))  # after the owner: a change of that takes bits away
        for name, value in attributes.items():
            # What the system's own guards keep there (a label, a checksum) they set themselves.
            with suppress(OSError) if name.startswith("security.") else nullcontext():
                os.setxattr(fd, name, value)
        os.fsync(fd)


def _drop_access_list(fd: int) -> None:
    if not hasattr(os, "removexattr"):
        return
    try:
        os.removexattr(fd, _ACCESS_LIST)
    except OSError as error:
        if error.errno not in _NO_ATTRIBUTES:
            raise


def _refuse_changed(seen: Text, at: Path) -> None:
    if not _is_as_seen(seen, at):
        raise _changed(seen)


def _is_as_seen(seen: Text, at: Path) -> bool:
    now = read(Place(at, seen.place.kind))
    return isinstance(now, Text) and (now.raw, now.identity) == (seen.raw, seen.identity)


def _changed(seen: Text) -> Conflict:
    return Conflict(f"{seen.path} was changed meanwhile, and is left as it is", "look at it, then start again")


def _confirmed(folder: Path) -> str:
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError:
        return "the disk did not confirm it"
    return ""
