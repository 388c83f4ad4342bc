"""One file, looked at once: is it a vault, and how whole is it? And what is told of it in words."""

import errno
import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from arka_tui.store.disk import close, reason
from arka_tui.store.document import MAX_BYTES, CutShort, Document, LaterFormat, NotOurs, parse
from arka_tui.store.envelope import Damaged


class Condition(Enum):
    MISSING = "missing"
    WHOLE = "whole"
    """By its text. Nothing is authenticated."""
    CUT = "cut short"
    DAMAGED = "damaged"
    FOREIGN = "not an arka vault"
    LATER = "of a later format"
    IRREGULAR = "not a regular file"
    NOT_OURS = "another user's"
    UNREADABLE = "unreadable"


HARMED = (Condition.MISSING, Condition.CUT, Condition.DAMAGED)
"""What a good copy may take the place of."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One file, read once. `raw` is as far as it was read: one byte more than any vault has, at most."""

    path: Path
    condition: Condition
    raw: bytes = field(default=b"", repr=False)
    document: Document | None = field(default=None, repr=False)
    why: str = ""

    @property
    def generation(self) -> int:
        return self.document.generation if self.document else 0

    @property
    def told(self) -> str:
        """Generation, number of keys, size: what anybody can read in the file."""
        if self.document is None:
            return self.why
        return f"generation {self.generation}, {count(len(self.document.records), 'key')}, {size(len(self.raw))}"


def newest(*glances: Glance) -> Glance | None:
    """Of those that are whole, by what they say; the first of equals."""
    whole = [each for each in glances if each.condition is Condition.WHOLE]
    return max(whole, key=lambda each: each.generation, default=None)


def glance(path: Path, *, anyones: bool = False) -> Glance:
    """Reads and parses it. `anyones` takes links, and files of other users: for backups."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if anyones else os.O_NOFOLLOW)
    try:
        fd = os.open(path, flags)
    except FileNotFoundError:
        return Glance(path, Condition.MISSING)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Glance(path, Condition.IRREGULAR, why="a link")
        return Glance(path, Condition.UNREADABLE, why=reason(error))
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            return Glance(path, Condition.IRREGULAR)
        if info.st_uid != os.geteuid() and not anyones:
            return Glance(path, Condition.NOT_OURS)
        with os.fdopen(fd, "rb", closefd=False) as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return Glance(path, Condition.UNREADABLE, why=reason(error))
    finally:
        close(fd)
    return _judged(path, raw)


def related(one: Document, other: Document) -> bool:
    """Of one master key: slots are random, and go with it."""
    return one.store_id == other.store_id and not set(one.slots).isdisjoint(other.slots)


def is_folder(path: Path) -> bool:
    """No where it cannot be seen."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    for unit, step in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number >= step:
            return f"{number / step:.0f} {unit}"
    return f"{number} B"


def _judged(path: Path, raw: bytes) -> Glance:
    if len(raw) > MAX_BYTES:
        return Glance(path, Condition.FOREIGN, raw, why="larger than any vault")
    try:
        return Glance(path, Condition.WHOLE, raw, parse(raw))
    except NotOurs:
        return Glance(path, Condition.FOREIGN, raw)
    except LaterFormat as later:
        return Glance(path, Condition.LATER, raw, why=str(later))
    except CutShort:
        return Glance(path, Condition.CUT, raw)
    except Damaged:
        return Glance(path, Condition.DAMAGED, raw)
