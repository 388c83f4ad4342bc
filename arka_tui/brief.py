"""What is told of a vault while it is locked: one small file of numbers and dates, for `status --brief`.

It lies in plaintext, so it says only what a stranger may read: how many keys fare how, how many have a warning, the
day on which the next one expires, the moment of the oldest last test, and which state of which vault that was: the id
and the generation, which the vault's own file has in plaintext too. Nothing else: no name, provider, label, hint,
address or fingerprint, for those tell whose keys these are and what to steal; no sum of money, for that tells what it
is worth. There is none unless the user asks for it: `status_cache` in the settings.

Read at each prompt, so this imports nothing that takes long, no dataclasses and no `store`.
"""

import errno
import json
import os
import re
import stat
import tomllib
from binascii import b2a_base64
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from arka_tui.errors import ArkaError

_FORMAT = 1
_MAX_BYTES = 1_024
_MOST_KEYS = 1_000_000
"""A vault has room for 35,000."""
_MOST_GENERATIONS = 2**63 - 1
_HEAD_BYTES = 4_096
"""Of a vault: its first lines are within these."""
_SETTINGS_BYTES = 8_192
"""As many as `config` reads."""
_STORE_LINE = re.compile(rb'^store_id = "([A-Za-z0-9+/]{22}==)"\r?$', re.MULTILINE)
_GENERATION_LINE = re.compile(rb"^generation = ([1-9][0-9]{0,18})\r?$", re.MULTILINE)
_STORE_ID = re.compile(r"[A-Za-z0-9+/]{22}==")


class Unfit(Exception):
    """`str()` says why it is no file to be read."""


class Version(NamedTuple):
    """Which state of which vault."""

    store: str
    """Its id, in base64 as its file has it."""
    generation: int


class Brief(NamedTuple):
    """Each key is in one of the first five counts."""

    good: int
    """Also of servers that look at no key: there nothing else can come of a test."""
    care: int
    bad: int
    unsure: int
    untested: int
    warned: int
    """Of the tested ones, those with a warning."""
    expires_on: date | None
    """The soonest day, in UTC, that was still ahead; of keys that are not bad."""
    tested_at: datetime | None
    """Of the key whose last test is longest ago, to the second; untested ones apart."""
    version: Version

    @property
    def keys(self) -> int:
        return self.good + self.care + self.bad + self.unsure + self.untested


COUNTS = ("good", "care", "bad", "unsure", "untested", "warned")


def version(store_id: bytes, generation: int) -> Version:
    return Version(b2a_base64(store_id, newline=False).decode(), generation)


def dump(brief: Brief) -> bytes:
    """The one layout there is."""
    members = {
        "format": _FORMAT,
        "store": brief.version.store,
        "generation": brief.version.generation,
        **{name: getattr(brief, name) for name in COUNTS},
        "expires_on": brief.expires_on.isoformat() if brief.expires_on else None,
        "tested_at": brief.tested_at.isoformat(timespec="seconds") if brief.tested_at else None,
    }
    return json.dumps(members, indent=1).encode() + b"\n"


def load(path: Path) -> Brief | None:
    """None where there is none. Raises: ArkaError where it cannot be what arka wrote there."""
    try:
        raw = read(path)
    except FileNotFoundError:
        return None
    except Unfit as failure:
        raise _unusable(path, str(failure)) from None
    except OSError as failure:
        raise _unusable(path, "is a link" if failure.errno == errno.ELOOP else "cannot be read") from None
    try:
        brief = _parsed(json.loads(raw))
        if dump(brief) == raw:  # no member twice, none that is not ours, no other way to write a number
            return brief
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise _unusable(path, "is not what arka writes")


def read(path: Path) -> bytes:
    """The summary as it lies there. Never waits. Raises: OSError, Unfit."""
    raw, info = _read(path, _MAX_BYTES, os.O_NOFOLLOW)
    if info.st_uid != os.geteuid() or info.st_mode & 0o022:
        raise Unfit("could be written by others")
    if len(raw) > _MAX_BYTES:
        raise Unfit("is too large")
    return raw


def version_of(vault: Path) -> Version | None:
    """By its first lines, which nothing proves; None where there is no such file. Raises: OSError, Unfit."""
    try:
        head, info = _read(Path(os.path.realpath(vault)), _HEAD_BYTES, os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    store, generation = _STORE_LINE.search(head), _GENERATION_LINE.search(head)
    if info.st_uid != os.geteuid() or not head.startswith(b"format = ") or not store or not generation:
        raise Unfit("is no vault of yours")
    return Version(store[1].decode(), int(generation[1]))


def wanted(settings: Path) -> bool | None:
    """Whether the user asked for the file; None where the settings cannot be understood."""
    try:
        text, _ = _read(settings, _SETTINGS_BYTES)
        if len(text) > _SETTINGS_BYTES:
            return None
        if b"status_cache" not in text:
            return False
        chosen = tomllib.loads(text.decode()).get("status_cache", False)
    except FileNotFoundError:
        return False
    except (OSError, Unfit, ValueError, RecursionError):
        return None
    return chosen if isinstance(chosen, bool) else None


def _read(path: Path, limit: int, flags: int = 0) -> tuple[bytes, os.stat_result]:
    """At most one byte more than `limit`, of a regular file; nothing else is waited for. Raises: OSError, Unfit."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | flags)
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise Unfit("is no regular file")
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(limit + 1), info
    finally:
        os.close(fd)


def _unusable(path: Path, why: str) -> ArkaError:
    return ArkaError(f"the summary {path} {why}", "delete it; arka writes it anew when the vault is next open")


def _parsed(tree: object) -> Brief:
    """Raises: ValueError, TypeError, KeyError."""
    if not isinstance(tree, dict) or tree["format"] != _FORMAT or not _STORE_ID.fullmatch(tree["store"]):
        raise ValueError
    counts = {name: _whole(tree[name], 0, _MOST_KEYS) for name in COUNTS}
    expires_on, tested_at = tree["expires_on"], tree["tested_at"]
    brief = Brief(
        **counts,
        expires_on=None if expires_on is None else date.fromisoformat(expires_on),
        tested_at=None if tested_at is None else datetime.fromisoformat(tested_at),
        version=Version(tree["store"], _whole(tree["generation"], 1, _MOST_GENERATIONS)),
    )
    if brief.warned > brief.keys - brief.untested or (brief.tested_at is None) != (brief.untested == brief.keys):
        raise ValueError
    if brief.tested_at and brief.tested_at.tzinfo is None:
        raise ValueError
    return brief


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError
    return value
