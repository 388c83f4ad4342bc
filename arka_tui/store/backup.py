"""A backup is the vault's own bytes under another name: made, verified by opening all of it, and put back."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from arka_tui.credential import Draft
from arka_tui.errors import (
    Conflict,
    NotSaved,
    UsageError,
    VaultBusy,
    VaultCorrupt,
    VaultError,
    VaultForeign,
    VaultMissing,
    VaultNewer,
    VaultUnsafe,
)
from arka_tui.paths import Paths
from arka_tui.store.copies import Copies
from arka_tui.store.disk import Disk, reason, replace_file, sync_folder
from arka_tui.store.document import parse
from arka_tui.store.envelope import Damaged
from arka_tui.store.examine import unopenable
from arka_tui.store.glance import Condition, Glance, glance, is_folder, newest
from arka_tui.store.highwater import HighWater
from arka_tui.store.journal import Journal
from arka_tui.store.mend import aside_name, keep_aside, utc_now
from arka_tui.store.slots import Slot, Way
from arka_tui.store.state import State, authenticate, unlock_document


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be backed up: the newest state of the vault."""

    raw: bytes = field(repr=False)
    generation: int
    keys: int
    store_id: bytes
    state: State | None = field(repr=False)
    """Where it was opened, and each of its keys with it."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    path: Path
    already: bool
    """It held just that before: nothing was written."""
    incomplete: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """What is in the vault's place before a restore. Nothing of it is authenticated."""

    main: Glance
    mirror: Glance

    @property
    def newest(self) -> Glance | None:
        return newest(self.main, self.mirror)

    @property
    def nothing(self) -> bool:
        return self.main.condition is self.mirror.condition is Condition.MISSING


@dataclass(frozen=True, slots=True)
class Restored:
    kept: tuple[Path, ...]
    """What was there before."""
    incomplete: str = ""


# ---------------------------------------------------------------------- making one


def look_ahead(paths: Paths, target: Path, moment: datetime, *, force: bool = False) -> None:
    """Raises what `source` and `write` will, as far as it shows before anything is opened."""
    _taken(paths, _by_its_text(paths), target, moment, force=force)


def source(paths: Paths, way: Way | None) -> Source:
    """With `way` it is opened, and every key in it. Raises: as `Copies.unlock`; VaultCorrupt, where a key does not."""
    if way is None:
        return _by_its_text(paths, strict=True)
    found = Copies(Disk(paths.vault)).unlock(way)
    refuse_unopenable(found.state)
    complaint = HighWater(paths.high_water).complaint(found.state)
    return _source(found.state.raw, found.state, (*found.notes, *filter(None, [complaint])))


def write(paths: Paths, data: Source, target: Path, moment: datetime, *, force: bool = False) -> Written:
    """Never over anything but, with `force`, an older state of the same vault.

    Raises: UsageError where `target` cannot be taken, NotSaved, VaultCorrupt where what was written does not open.
    """
    target, already = _taken(paths, data, target, moment, force=force)
    if already:
        return Written(target, already=True)
    try:
        incomplete = replace_file(target, data.raw)
    except NotSaved as failure:
        raise reworded(failure, "no backup was made", "make room there, or take another disk") from failure
    if data.state:
        _reopen(target, data.state)
    return Written(target, already=False, incomplete=incomplete)


def _by_its_text(paths: Paths, *, strict: bool = False) -> Source:
    """The newest copy, unopened. `strict` refuses to choose where only a passphrase could tell. Raises: VaultError."""
    disk = Disk(paths.vault)
    readable = Copies(disk).readable()
    if not readable:
        raise VaultMissing(f"there is no vault at {paths.vault}", "look at ARKA_HOME; arka-tui makes a vault")
    path = max(readable, key=lambda each: readable[each].document.generation)
    copy = readable[path]
    rivals = [each for each in readable.values() if each.document.generation == copy.document.generation]
    if strict and any(rival.raw != copy.raw for rival in rivals):
        hint = "arka-tui doctor tells which; with the passphrase it is left out of the backup"
        raise VaultCorrupt("the vault and its second copy differ, and one of the two is damaged", hint)
    notes = [] if path == disk.main else ["the vault is missing, damaged or older: this is its second copy"]
    complaint = HighWater(paths.high_water).complaint_about(copy.document)
    return _source(copy.raw, None, (*notes, *filter(None, [complaint])))


def _taken(paths: Paths, data: Source, target: Path, moment: datetime, *, force: bool) -> tuple[Path, bool]:
    """The file to write, and whether it holds just this already. Raises: UsageError."""
    if is_folder(target):
        target /= f"arka-tui-{moment:%Y-%m-%d}-generation-{data.generation}.toml"
    if not is_folder(target.parent):
        raise UsageError(f"there is no folder {target.parent}", "make it first")
    refuse_own_files(paths, target)
    there = glance(target)
    if there.condition is Condition.MISSING:
        return target, False
    if there.raw != data.raw:
        _refuse_to_write_over(there, data, force=force)
    return target, there.raw == data.raw


def _source(raw: bytes, state: State | None, notes: tuple[str, ...]) -> Source:
    document = state.document if state else parse(raw)
    return Source(raw, document.generation, len(document.records), document.store_id, state, notes)


def refuse_own_files(paths: Paths, target: Path) -> None:
    disk = Disk(paths.vault)
    own = (disk.main, disk.mirror, disk.lock_file, disk.journal)
    if Path(os.path.realpath(target)) in own:
        raise UsageError(f"{target} is a file of the vault itself", "choose another place, best on another disk")


def _refuse_to_write_over(there: Glance, data: Source, *, force: bool) -> None:
    if there.condition is not Condition.WHOLE or there.document is None:
        raise UsageError(f"{there.path} is there already, and is no whole backup", "choose another name")
    if not force:
        hint = "choose another name; --force replaces an older backup of the same vault"
        raise UsageError(f"{there.path} is there already", hint)
    if there.document.store_id != data.store_id:
        raise UsageError(f"{there.path} is a backup of another vault", "choose another name")
    if there.generation >= data.generation:
        than = "newer than" if there.generation > data.generation else "not the same as"
        told = f"{there.path} holds generation {there.generation}, {than} the vault ({data.generation})"
        raise UsageError(told, "choose another name; look at both with arka-tui doctor")


def _reopen(target: Path, state: State) -> None:
    """Decrypts all of what is on disk now. Raises: VaultCorrupt."""
    seen = glance(target)
    try:
        if seen.document is None:
            raise Damaged
        refuse_unopenable(authenticate(seen.raw, seen.document, state.master_key))
    except Damaged:
        raise VaultCorrupt(f"{target} does not hold what was written", "try another disk") from None


# ---------------------------------------------------------------------- opening one


def read(path: Path) -> Glance:
    """A file that is a whole backup by its text. Raises: UsageError, VaultForeign, VaultNewer, VaultCorrupt."""
    seen = glance(path, anyones=True)
    match seen.condition:
        case Condition.WHOLE:
            return seen
        case Condition.MISSING:
            raise UsageError(f"there is no file {path}")
        case Condition.FOREIGN:
            raise VaultForeign(f"{path} is not an arka vault")
        case Condition.LATER:
            hint = "open it with the arka-tui that wrote it, or a later one"
            raise VaultNewer(f"{path} has the format {seen.why}, which this arka-tui does not know", hint)
        case Condition.CUT | Condition.DAMAGED:
            raise VaultCorrupt(f"{path} is {seen.condition.value}", "try another backup")
        case _:
            raise UsageError(f"{path} cannot be read: {seen.why or seen.condition.value}")


def verify(backup: Glance, way: Way) -> State:
    """Opens it and every key in it. Raises: WrongPassphrase, VaultCorrupt, and what `Way.ikm` raises."""
    state = open_backup(backup, way)
    refuse_unopenable(state)
    return state


def open_backup(backup: Glance, way: Way) -> State:
    """The same, without the keys."""
    assert backup.document  # noqa: S101  # it is whole
    keys: dict[Slot, bytes] = {}
    try:
        return unlock_document(backup.raw, backup.document, way, keys)
    except Damaged:
        raise VaultCorrupt(f"{backup.path} is damaged: it does not match its seal", "try another backup") from None


def drafts(state: State) -> list[Draft]:
    """Its keys, as another vault would add them. Raises: VaultCorrupt."""
    return [
        Draft(shown.provider, shown.label, shown.base_url, shown.settings, state.open_record(entry))
        for entry in state.entries
        for shown in (entry.credential,)
    ]


def refuse_unopenable(state: State) -> None:
    """Raises: VaultCorrupt."""
    harmed = unopenable(state)
    if harmed:
        told = f"{len(harmed)} of {len(state.entries)} keys do not open: {', '.join(harmed)}"
        raise VaultCorrupt(told, "replace them in arka-tui")


# ---------------------------------------------------------------------- putting it back


def present(paths: Paths) -> Present:
    """What a restore would replace. Raises: VaultUnsafe where it could not be kept."""
    disk = Disk(paths.vault)
    disk.read(disk.lock_file, 0)  # refuses a folder that others may write in
    here = Present(glance(disk.main), glance(disk.mirror))
    for each in (here.main, here.mirror):
        if each.condition in (Condition.IRREGULAR, Condition.UNREADABLE, Condition.NOT_OURS):
            raise VaultUnsafe(f"{each.path} cannot be kept: {each.why or each.condition.value}", "move it away")
        if each.condition is Condition.FOREIGN and each.why:
            raise VaultUnsafe(f"{each.path} cannot be kept: {each.why}", "move it away")
    return here


def restore(paths: Paths, backup: State, seen: Present, clock: Callable[[], datetime] = utc_now) -> Restored:
    """The vault and its second copy hold the bytes of `backup`; what they held, which is `seen`, is kept beside them.

    A kill at any line leaves a vault that opens at the old state or at the new one.
    Raises: Conflict where it is not `seen` any more, NotSaved, VaultUnsafe; and then nothing has changed.
    """
    disk = Disk(paths.vault)
    try:
        with disk.locked():
            now = present(paths)
            if (now.main.raw, now.mirror.raw) != (seen.main.raw, seen.mirror.raw):
                raise Conflict("the vault was changed meanwhile", "nothing was restored; look at it, then start again")
            done = _restore_alone(disk, backup, now, clock())
    except NotSaved as failure:
        raise reworded(failure, "not restored", "make room on the disk, then try again") from failure
    HighWater(paths.high_water).remember(backup, even_older=True)
    return done


def _restore_alone(disk: Disk, backup: State, now: Present, moment: datetime) -> Restored:
    kept: list[Path] = []
    journal: Path | None = None
    try:
        _keep(disk, now, backup.raw, moment, kept)
        journal = _set_journal_aside(disk, backup, moment)
        incomplete = _replace(disk, now, backup.raw)
    except VaultError:
        _undo(disk, now, kept, journal)
        raise
    return Restored((*kept, *filter(None, [journal])), incomplete)


def _keep(disk: Disk, now: Present, wanted: bytes, moment: datetime, kept: list[Path]) -> None:
    """Copies, so that the vault is not without a file for a moment. Adds them to `kept`. Raises: NotSaved."""
    distinct = {each.raw: each.path for each in (now.mirror, now.main) if each.condition is not Condition.MISSING}
    for raw, path in distinct.items():
        if raw != wanted:
            kept.append(keep_aside(disk, path, raw, moment))


def _set_journal_aside(disk: Disk, backup: State, moment: datetime) -> Path | None:
    """Where no line of it opens with the backup's key: it is another vault's, or from after a change of passphrase."""
    history = Journal(disk.journal, backup.store_id, backup.master_key).read()
    if history.checks or history.trouble or not history.unreadable:
        return None
    aside = aside_name(disk, disk.journal, moment)
    try:
        disk.journal.rename(aside)
    except OSError as error:
        raise NotSaved(f"not saved: the test log cannot be set aside: {reason(error)}") from error
    return aside


def _replace(disk: Disk, now: Present, raw: bytes) -> str:
    """Of two files that authenticate, the one with the higher generation wins, and the mirror's may be the higher.

    So the mirror goes first, where the vault holds the same: what is renamed over that is then all there is. Where
    they differ the mirror may be the better one, and stays until the vault is whole.
    """
    if now.mirror.raw == now.main.raw and now.mirror.condition is not Condition.MISSING:
        try:
            disk.mirror.unlink()
            sync_folder(disk.mirror.parent)
        except OSError as error:
            raise NotSaved(f"not saved: the second copy cannot be replaced: {reason(error)}") from error
    incomplete = replace_file(disk.main, raw)
    return incomplete or disk.replace_mirror(raw, removing=True)


def _undo(disk: Disk, now: Present, kept: list[Path], journal: Path | None) -> None:
    with suppress(VaultError):
        if now.mirror.raw and not disk.holds(disk.mirror):
            disk.replace_mirror(now.mirror.raw)
    with suppress(OSError):
        if journal:
            journal.rename(disk.journal)
    for path in kept:
        with suppress(OSError):
            path.unlink()


def reworded(failure: NotSaved, deed: str, hint_if_full: str) -> NotSaved:
    """Nothing is "saved" here."""
    hint = hint_if_full if failure.hint and not isinstance(failure, VaultBusy) else failure.hint
    return type(failure)(str(failure).replace("not saved", deed, 1), hint)
