"""What state the vault is in, and all that lies beside it. Looks, and changes nothing; `mend.py` repairs."""

import errno
import fcntl
import json
import os
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from arka_tui import config
from arka_tui.errors import ConfigError, VaultCorrupt, WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.store.disk import Disk, close, reason
from arka_tui.store.document import UnknownSlot
from arka_tui.store.envelope import Damaged
from arka_tui.store.glance import HARMED, Condition, Glance, count, glance, newest, related, size
from arka_tui.store.highwater import HighWater
from arka_tui.store.journal import MAX_BYTES as JOURNAL_MAX_BYTES
from arka_tui.store.journal import Journal
from arka_tui.store.slots import PASSPHRASE, Argon2Cost, Slot, Way
from arka_tui.store.state import State, unlock_document

KEPT_STAMP = "%Y%m%dT%H%M%SZ"
_KEPT = r"\.kept-[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?"
_RESTORE = "if you have a backup: arka-tui restore FILE"
_MOVE_AWAY = "move it away"
_WAYS = {PASSPHRASE: "passphrase", "recovery": "recovery code", "keyfile": "key file", "ssh-agent": "ssh-agent"}


class Severity(Enum):
    OK = auto()
    NOTE = auto()
    """Worth knowing; nothing is wrong."""
    TROUBLE = auto()


class Part(Enum):
    FOLDER = "folder"
    VAULT = "vault"
    MIRROR = "second copy"
    LOCK = "lock"
    LEFT_OVERS = "left-overs"
    KEPT = "kept aside"
    LOG = "test log"
    SEEN = "last seen"
    SETTINGS = "settings"
    VARIABLES = "variables"
    PROVIDERS = "providers"
    PICKS = "picks"
    KEYS = "keys"
    WAYS = "ways in"
    BACKUP = "backup"
    REPAIR = "repair"


class Repair(Enum):
    MODE = auto()
    TEMPORARIES = auto()
    COPIES = auto()
    """Needs the vault opened: only what authenticates is ever copied over anything."""


@dataclass(frozen=True, slots=True)
class Finding:
    part: Part
    state: str
    """A few words, the same for the same thing each time: "whole", "cut short"."""
    severity: Severity = Severity.OK
    detail: str = ""
    remedy: str = ""
    """What its owner can do, or nothing."""
    repair: Repair | None = None
    """What `doctor --repair` can do."""
    path: Path | None = None
    """Whose mode is to be mended."""


@dataclass(frozen=True, slots=True)
class Examination:
    main: Glance
    mirror: Glance
    findings: tuple[Finding, ...]

    @property
    def can_be_opened(self) -> bool:
        if self.main.condition in (Condition.FOREIGN, Condition.LATER):
            return False
        return Condition.WHOLE in (self.main.condition, self.mirror.condition)


@dataclass(frozen=True, slots=True)
class Inside:
    """What showed once it was opened. `state` is the newest that authenticates."""

    state: State | None = field(repr=False)
    findings: tuple[Finding, ...]


def examine(paths: Paths) -> Examination:
    """All that can be seen without a passphrase."""
    disk = Disk(paths.vault)
    folder = disk.main.parent
    main, mirror = glance(disk.main), glance(disk.mirror)
    busy = _lock(disk.lock_file)
    findings = [
        *_folder(folder),
        *_main(paths, main, mirror),
        *_mirror(main, mirror),
        *busy,
        *_left_overs(disk, saving=any(finding.state == "held" for finding in busy)),
        *_kept(disk),
        *_log(disk.journal),
        *_seen(paths.high_water, main, mirror),
        *_settings(paths.settings),
    ]
    return Examination(main, mirror, tuple(findings))


def examine_inside(paths: Paths, way: Way, today: Argon2Cost) -> Inside:
    """All that `way` makes visible; opens every record, and keeps none. `today` is what a passphrase costs now.

    Raises: WrongPassphrase where it opens neither file, and what `Way.ikm` raises.
    """
    disk = Disk(paths.vault)
    main, mirror = glance(disk.main), glance(disk.mirror)
    keys: dict[Slot, bytes] = {}
    opened = _opened(main, way, keys)
    mirrored = opened if main.raw == mirror.raw else _opened(mirror, way, keys)
    states = [state for state in (opened, mirrored) if isinstance(state, State)]
    if not states:
        for failure in (opened, mirrored):
            if isinstance(failure, WrongPassphrase):
                raise failure
    state = max(states, key=lambda each: each.generation, default=None)
    findings = [*_seal(Part.VAULT, main, opened, state)]
    if main.raw != mirror.raw:
        findings += _seal(Part.MIRROR, mirror, mirrored, state)
    if state:
        findings += examine_state(state, today)
        findings += _log_lines(Journal(disk.journal, state.store_id, state.master_key))
    return Inside(state, tuple(findings))


def examine_state(state: State, today: Argon2Cost) -> list[Finding]:
    """Every key and every way in, of a vault or of a backup."""
    harmed = unopenable(state)
    total = len(state.entries)
    if harmed:
        names = ", ".join(harmed)
        keys = Finding(
            Part.KEYS, "damaged", Severity.TROUBLE, f"{len(harmed)} of {total} do not open: {names}", "replace them"
        )
    else:
        keys = Finding(Part.KEYS, "each opens" if total else "none", detail=count(total, "key") if total else "")
    return [keys, *_ways(state, today)]


def unopenable(state: State) -> list[str]:
    """Names of the keys whose record does not open. Each is opened and forgotten at once."""
    harmed: list[str] = []
    for entry in state.entries:
        try:
            state.open_record(entry)
        except VaultCorrupt:
            harmed.append(entry.credential.name)
    return harmed


def examine_backup(backup: Glance, paths: Paths) -> list[Finding]:
    """A file of the owner's, without a passphrase; and how it stands to the vault on this machine."""
    if backup.condition is not Condition.WHOLE:
        remedy = "open it with the arka-tui that wrote it" if backup.condition is Condition.LATER else ""
        return [Finding(Part.BACKUP, backup.condition.value, Severity.TROUBLE, backup.why, remedy)]
    findings = [Finding(Part.BACKUP, "whole", detail=backup.told)]
    here = newest(glance(Disk(paths.vault).main), glance(Disk(paths.vault).mirror))
    if here is None or here.document is None or backup.document is None:
        return findings
    if here.document.store_id != backup.document.store_id:
        return [*findings, Finding(Part.VAULT, "another one", Severity.NOTE, f"{here.path} is not the one it is of")]
    if here.raw == backup.raw:
        return [*findings, Finding(Part.VAULT, "the same", detail="it holds all that the backup holds")]
    if here.generation == backup.generation:
        told = f"the vault is at generation {here.generation} too, but holds something else"
        return [*findings, Finding(Part.VAULT, "differs", Severity.NOTE, told)]
    behind = here.generation - backup.generation
    told = f"{count(abs(behind), 'save')} {'behind' if behind > 0 else 'ahead of'} the vault"
    return [*findings, Finding(Part.VAULT, "older" if behind > 0 else "newer", Severity.NOTE, f"the backup is {told}")]


# ---------------------------------------------------------------------- the parts, seen from outside


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        info = folder.stat()
    except FileNotFoundError:
        yield Finding(Part.FOLDER, "none yet", Severity.NOTE)
        return
    except OSError as error:
        yield Finding(Part.FOLDER, "unreadable", Severity.TROUBLE, reason(error))
        return
    if not stat.S_ISDIR(info.st_mode):
        yield Finding(Part.FOLDER, "not a folder", Severity.TROUBLE, remedy=_MOVE_AWAY)
        return
    wrong = list(_access(Part.FOLDER, folder, info))
    yield from wrong or [Finding(Part.FOLDER, "yours alone", detail=f"{stat.S_IMODE(info.st_mode):04o}")]
    read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    if read_only or (not wrong and not os.access(folder, os.W_OK)):
        what = "on a file system that is mounted so" if read_only else ""
        yield Finding(Part.FOLDER, "read-only", Severity.NOTE, what, "keys can be used, and nothing can be changed")


def _main(paths: Paths, main: Glance, mirror: Glance) -> Iterator[Finding]:
    condition = main.condition
    link = f", reached by a link: {main.path}" if _is_link(paths.vault) else ""
    if condition is Condition.WHOLE:
        yield Finding(Part.VAULT, "whole", detail=main.told + link)
    elif condition in HARMED and mirror.condition is Condition.WHOLE:
        yield Finding(Part.VAULT, condition.value, Severity.TROUBLE, "its second copy is whole", repair=Repair.COPIES)
    elif condition is Condition.MISSING and mirror.condition is Condition.MISSING:
        if glance(Disk(paths.vault).journal).condition is not Condition.MISSING:
            yield Finding(Part.VAULT, "gone", Severity.TROUBLE, "its test log is still there", _RESTORE)
        else:
            yield Finding(Part.VAULT, "none yet", Severity.NOTE, remedy="arka-tui makes one")
    else:
        successor = "the second copy then takes its place" if mirror.condition is Condition.WHOLE else _RESTORE
        remedy = {
            Condition.FOREIGN: f"{_MOVE_AWAY}; {successor}",
            Condition.LATER: "open it with the arka-tui that wrote it, or a later one",
            Condition.IRREGULAR: f"{_MOVE_AWAY}; {successor}",
            Condition.NOT_OURS: "run arka-tui as its owner",
            Condition.UNREADABLE: "",
        }.get(condition, _RESTORE)
        yield Finding(Part.VAULT, condition.value, Severity.TROUBLE, main.why, remedy)
    yield from _file_access(Part.VAULT, main.path)


def _mirror(main: Glance, mirror: Glance) -> Iterator[Finding]:
    if main.condition is Condition.MISSING and mirror.condition is Condition.MISSING:
        return
    yield _mirror_state(main, mirror)
    yield from _file_access(Part.MIRROR, mirror.path)


def _mirror_state(main: Glance, mirror: Glance) -> Finding:
    def trouble(state: str, detail: str = "") -> Finding:
        return Finding(Part.MIRROR, state, Severity.TROUBLE, detail, repair=Repair.COPIES)

    if mirror.condition in HARMED:
        if main.condition is Condition.WHOLE:
            return trouble(mirror.condition.value)
        return Finding(Part.MIRROR, mirror.condition.value, Severity.TROUBLE)
    if mirror.condition is not Condition.WHOLE:
        told = ", ".join(filter(None, [mirror.why, "left alone, so there is no second copy"]))
        remedy = "" if mirror.condition is Condition.UNREADABLE else _MOVE_AWAY
        return Finding(Part.MIRROR, mirror.condition.value, Severity.TROUBLE, told, remedy)
    if main.document is None or mirror.document is None:
        return Finding(Part.MIRROR, "whole", detail=mirror.told)
    if main.document.store_id != mirror.document.store_id:
        told = "left alone, so there is no second copy"
        return Finding(Part.MIRROR, "another vault's", Severity.TROUBLE, told, _MOVE_AWAY)
    if main.raw == mirror.raw:
        return Finding(Part.MIRROR, "the same")
    if main.generation == mirror.generation:
        return trouble("differs", "one of the two is damaged")
    return trouble("older" if mirror.generation < main.generation else "newer", f"generation {mirror.generation}")


def _lock(path: Path) -> list[Finding]:
    wrong = list(_file_access(Part.LOCK, path))
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return [Finding(Part.LOCK, "free")]
    except OSError as error:
        if error.errno == errno.ELOOP:
            return [Finding(Part.LOCK, "a link", Severity.TROUBLE, "nothing can be saved", _MOVE_AWAY)]
        found = Finding(Part.LOCK, "unreadable", Severity.TROUBLE, f"{reason(error)}: nothing can be saved")
        return wrong or [found]
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            found = Finding(Part.LOCK, "not a regular file", Severity.TROUBLE, "nothing can be saved", _MOVE_AWAY)
            return [found]
        # Shared, because NFS gives no exclusive lock on a file that is open for reading only.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return [Finding(Part.LOCK, "held", Severity.NOTE, "another session is saving right now"), *wrong]
    except OSError as error:
        remedy = "keep the vault on a local disk: ARKA_HOME=FOLDER"
        return [Finding(Part.LOCK, "not working", Severity.TROUBLE, f"{reason(error)}: nothing can be saved", remedy)]
    finally:
        close(fd)
    return wrong or [Finding(Part.LOCK, "free")]


def temporaries(disk: Disk) -> list[Path]:
    """What saves that were cut off left behind: regular files of ours, under no other names than we give."""
    return [path for path in _named(disk, rf"\.{{}}(?:{_KEPT})?\.tmp-[0-9a-f]{{16}}") if _is_ours(path)]


def _left_overs(disk: Disk, *, saving: bool) -> Iterator[Finding]:
    found = temporaries(disk)
    if found and not saving:
        told = f"{count(len(found), 'temporary file')} of a save that was cut off"
        yield Finding(Part.LEFT_OVERS, "sealed", Severity.NOTE, told, repair=Repair.TEMPORARIES)


def _kept(disk: Disk) -> Iterator[Finding]:
    names = [path.name for path in _named(disk, rf"{{}}{_KEPT}")]
    if names:
        told = "keys that were deleted since may be in it; delete what you do not need"
        yield Finding(Part.KEPT, count(len(names), "file"), Severity.NOTE, ", ".join(names), told)


def _log(path: Path) -> list[Finding]:
    try:
        info = path.lstat()
    except FileNotFoundError:
        return [Finding(Part.LOG, "none yet")]
    except OSError as error:
        return [Finding(Part.LOG, "unreadable", Severity.TROUBLE, reason(error))]
    if not stat.S_ISREG(info.st_mode):
        return [Finding(Part.LOG, "not a regular file", Severity.TROUBLE, "no test is recorded", _MOVE_AWAY)]
    wrong = list(_access(Part.LOG, path, info))
    if info.st_size > JOURNAL_MAX_BYTES:
        told = f"{size(info.st_size)}, of which the first {size(JOURNAL_MAX_BYTES)} are read"
        return [Finding(Part.LOG, "very large", Severity.NOTE, told), *wrong]
    return wrong or [Finding(Part.LOG, "there", detail=size(info.st_size))]


def _seen(path: Path, main: Glance, mirror: Glance) -> Iterator[Finding]:
    yield from _folder_access(Part.SEEN, path.parent)
    yield from _file_access(Part.SEEN, path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "")
        json.loads(path.read_bytes())
    except FileNotFoundError:
        yield Finding(Part.SEEN, "nothing yet")
        return
    except (OSError, ValueError, RecursionError):
        told = "an older copy in the vault's place would go unnoticed until the next save"
        yield Finding(Part.SEEN, "unreadable", Severity.NOTE, told)
        return
    here = newest(main, mirror)
    if here is None or here.document is None:
        return
    complaint = HighWater(path).complaint_about(here.document)
    if complaint:
        remedy = "if you did not put it there, somebody else did; arka-tui asks before it uses it"
        yield Finding(Part.SEEN, "does not agree", Severity.TROUBLE, complaint, remedy)
    else:
        yield Finding(Part.SEEN, "agrees")


def _settings(path: Path) -> Iterator[Finding]:
    yield from _folder_access(Part.SETTINGS, path.parent)
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            yield Finding(Part.SETTINGS, "not a regular file", Severity.TROUBLE, remedy=_MOVE_AWAY)
            return
        settings = config.load(path)
    except FileNotFoundError:
        yield Finding(Part.SETTINGS, "the defaults")
        return
    except OSError as error:
        yield Finding(Part.SETTINGS, "unreadable", Severity.TROUBLE, reason(error))
        return
    except ConfigError as mistake:
        yield Finding(Part.SETTINGS, "wrong", Severity.TROUBLE, str(mistake), mistake.hint)
        return
    wrong = [found for found in _access(Part.SETTINGS, path, info) if found.severity is Severity.TROUBLE]
    if not wrong and "@" in settings.proxy:
        wrong = list(_access(Part.SETTINGS, path, info))
    yield from wrong or [Finding(Part.SETTINGS, "readable")]


# ---------------------------------------------------------------------- whose they are, and who may touch them


def _folder_access(part: Part, folder: Path) -> Iterator[Finding]:
    """Only what lets others change what is in it: that it can be read is said of the vault's own folder."""
    try:
        info = folder.stat()
    except OSError:
        return
    yield from (found for found in _access(part, folder, info) if found.severity is Severity.TROUBLE)


def _file_access(part: Part, path: Path) -> Iterator[Finding]:
    try:
        info = path.lstat()
    except OSError:
        return
    if stat.S_ISREG(info.st_mode):
        yield from _access(part, path, info)


def _access(part: Part, path: Path, info: os.stat_result) -> Iterator[Finding]:
    mode, is_folder = stat.S_IMODE(info.st_mode), stat.S_ISDIR(info.st_mode)
    told, remedy = f"{path.name}: {mode:04o}", f"chmod {'700' if is_folder else '600'} {shlex.quote(str(path))}"
    if info.st_uid != os.geteuid():
        yield Finding(part, "another user's", Severity.TROUBLE, path.name, "run arka-tui as its owner")
    elif mode & 0o022:
        yield Finding(part, "others may write", Severity.TROUBLE, told, remedy, Repair.MODE, path)
    elif mode & 0o055:
        yield Finding(part, "others may read", Severity.NOTE, told, remedy, Repair.MODE, path)
    elif ~mode & (0o500 if is_folder else 0o600):
        yield Finding(part, "closed to you", Severity.TROUBLE, told, remedy, Repair.MODE, path)


def _named(disk: Disk, pattern: str) -> list[Path]:
    """`{}` in the pattern stands for the vault, its second copy, or the test log."""
    names = "|".join(re.escape(path.name) for path in (disk.main, disk.mirror, disk.journal))
    wanted = re.compile(pattern.replace("{}", f"(?:{names})"))
    try:
        return sorted(path for path in disk.main.parent.iterdir() if wanted.fullmatch(path.name))
    except OSError:
        return []


def _is_link(path: Path) -> bool:
    try:
        return stat.S_ISLNK(path.lstat().st_mode)
    except OSError:
        return False


def _is_ours(path: Path) -> bool:
    try:
        info = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid()


# ---------------------------------------------------------------------- the parts, seen from inside


def _opened(seen: Glance, way: Way, keys: dict[Slot, bytes]) -> State | WrongPassphrase | Damaged | None:
    """None where there is nothing to open."""
    if seen.document is None:
        return None
    try:
        return unlock_document(seen.raw, seen.document, way, keys)
    except (WrongPassphrase, Damaged) as failure:
        return failure


def _seal(
    part: Part, seen: Glance, opened: State | WrongPassphrase | Damaged | None, good: State | None
) -> Iterator[Finding]:
    """`good` is what authenticates of the two, if anything does."""
    if isinstance(opened, State):
        yield Finding(part, "authentic", detail=f"generation {opened.generation}")
    elif isinstance(opened, Damaged) or (good and seen.document and related(seen.document, good.document)):
        told = "it does not match its seal"
        if good:
            yield Finding(part, "damaged", Severity.TROUBLE, told, repair=Repair.COPIES)
        else:
            yield Finding(part, "damaged", Severity.TROUBLE, told, _RESTORE)
    elif isinstance(opened, WrongPassphrase):
        told = "what you gave opens the other copy, and not this one"
        yield Finding(part, "not opened", Severity.TROUBLE, told, "try an older or newer passphrase, or a backup")


def _ways(state: State, today: Argon2Cost) -> Iterator[Finding]:
    kinds = [_WAYS[slot.type] for slot in state.document.slots if isinstance(slot, Slot)]
    unknown = sum(isinstance(slot, UnknownSlot) for slot in state.document.slots)
    kinds += [f"{unknown} of a later kind"] * bool(unknown)
    yield Finding(Part.WAYS, ", ".join(dict.fromkeys(kinds)))
    for slot in state.document.slots:
        if isinstance(slot, Slot) and slot.cost and slot.cost.memory_kib < today.memory_kib:
            told = f"each guess takes {slot.cost.memory_kib // 1024} MiB, today's {today.memory_kib // 1024} MiB"
            remedy = "change it in arka-tui (Ctrl+P), to the same one if you like"
            yield Finding(Part.WAYS, "passphrase cheap to guess", Severity.NOTE, told, remedy)


def _log_lines(journal: Journal) -> Iterator[Finding]:
    history = journal.read()
    if history.unreadable:
        told = f"{count(history.unreadable, 'line')} cannot be read; left as they are"
        yield Finding(Part.LOG, "partly readable", Severity.NOTE, f"{count(len(history.checks), 'test')}; {told}")
    elif history.checks:
        yield Finding(Part.LOG, "readable", detail=count(len(history.checks), "test"))


def worst(findings: Sequence[Finding]) -> Severity:
    return max((finding.severity for finding in findings), key=lambda each: each.value, default=Severity.OK)
