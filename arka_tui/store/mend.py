"""Repairs that lose nothing: modes, left-overs, and a copy that is missing, damaged or outdated beside a good one."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from arka_tui.errors import NotSaved, VaultError
from arka_tui.paths import Paths
from arka_tui.store.disk import Disk, reason, replace_file
from arka_tui.store.envelope import Damaged
from arka_tui.store.examine import KEPT_STAMP, Repair, examine, temporaries
from arka_tui.store.glance import HARMED, Glance, count, glance, is_folder, related
from arka_tui.store.state import State, authenticate


@dataclass(frozen=True, slots=True)
class Mended:
    what: str
    trouble: str = ""
    """Why it could not be done, or nothing."""
    kept: Path | None = None
    """What was there before, where it may be of use."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def mend(paths: Paths, opened: State | None, clock: Callable[[], datetime] = utc_now) -> tuple[Mended, ...]:
    """Looks anew, under the vault's lock. Without `opened` the copies stay as they are: nothing unproven is copied."""
    done = [*_mend_modes(paths)]
    disk = Disk(paths.vault)
    if not is_folder(disk.main.parent):
        return tuple(done)
    try:
        with disk.locked():
            done += _remove_temporaries(disk)
            if opened:
                done += _mend_copies(disk, opened, clock)
    except VaultError as failure:
        done.append(Mended("the copies were left alone", str(failure).removeprefix("not saved: ")))
    return tuple(done)


def keep_aside(disk: Disk, path: Path, raw: bytes, moment: datetime) -> Path:
    """A copy of `raw` beside `path`, on disk, under a name that says when, and that was free.

    Raises: NotSaved, VaultUnsafe.
    """
    kept = aside_name(disk, path, moment)
    incomplete = replace_file(kept, raw)
    if incomplete:
        with suppress(OSError):
            kept.unlink()
        raise NotSaved(f"not saved: {incomplete}")
    return kept


def aside_name(disk: Disk, path: Path, moment: datetime) -> Path:
    """Raises: VaultUnsafe where it cannot be seen which names are free."""
    name = f"{path.name}.kept-{moment.astimezone(UTC).strftime(KEPT_STAMP)}"
    kept, number = path.with_name(name), 1
    while disk.holds(kept):
        number += 1
        kept = path.with_name(f"{name}-{number}")
    return kept


def _mend_modes(paths: Paths) -> Iterator[Mended]:
    mended: set[Path] = set()
    for finding in examine(paths).findings:
        path = finding.path
        if finding.repair is not Repair.MODE or path is None or path in mended:
            continue
        mended.add(path)
        wanted = 0o700 if is_folder(path) else 0o600
        try:
            path.chmod(wanted)
        except OSError as error:
            yield Mended(f"{path.name} keeps its mode", reason(error))
        else:
            yield Mended(f"{path.name} is {wanted:04o} now")


def _remove_temporaries(disk: Disk) -> Iterator[Mended]:
    removed = 0
    for path in temporaries(disk):
        try:
            path.unlink()
            removed += 1
        except OSError as error:
            yield Mended(f"{path.name} is still there", reason(error))
    if removed:
        yield Mended(f"{count(removed, 'temporary file')} removed")


def _mend_copies(disk: Disk, opened: State, clock: Callable[[], datetime]) -> Iterator[Mended]:
    main, mirror = glance(disk.main), glance(disk.mirror)
    if main.raw == mirror.raw:
        return
    good = {each.path: state for each in (main, mirror) if (state := _authentic(each, opened.master_key))}
    if not good:
        return
    path = max(good, key=lambda each: good[each].generation)
    if path == disk.main:
        if _gives_way(mirror, good[path]):
            trouble = disk.replace_mirror(main.raw, removing=True)
            yield Mended("the second copy is the same as the vault now", trouble)
    elif _gives_way(main, good[path]):
        yield from _replace_main(disk, main, mirror.raw, clock, harmed=disk.main not in good)


def _replace_main(
    disk: Disk, main: Glance, raw: bytes, clock: Callable[[], datetime], *, harmed: bool
) -> Iterator[Mended]:
    kept: Path | None = None
    try:
        if harmed and main.raw:
            kept = keep_aside(disk, disk.main, main.raw, clock())
        incomplete = disk.replace_both(raw).incomplete
    except VaultError as failure:
        with suppress(OSError):
            if kept:
                kept.unlink()
        yield Mended("the vault was left as it was", str(failure).removeprefix("not saved: "))
    else:
        yield Mended("the vault is whole again, from its second copy", incomplete, kept)


def _authentic(seen: Glance, master_key: bytes) -> State | None:
    if seen.document is None:
        return None
    with suppress(Damaged):
        return authenticate(seen.raw, seen.document, master_key)
    return None


def _gives_way(harmed: Glance, good: State) -> bool:
    """`good` is the newest that authenticates. Never what is not ours, nor what another key may still open."""
    if harmed.document is None:
        return harmed.condition in HARMED
    if _authentic(harmed, good.master_key) or related(harmed.document, good.document):
        return True
    # Of another master key: a second copy that a change of passphrase did not reach.
    is_mirror, same_store = harmed.path.suffix == ".bak", harmed.document.store_id == good.store_id
    return is_mirror and same_store and harmed.generation < good.generation
