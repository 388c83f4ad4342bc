"""Which of the two copies on disk counts, and what must never be written over. FORMAT.md §6."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from arka_tui.errors import (
    StalePassphrase,
    Superseded,
    VaultCorrupt,
    VaultError,
    VaultForeign,
    VaultMissing,
    VaultNewer,
    WrongPassphrase,
)
from arka_tui.store.disk import Disk
from arka_tui.store.document import (
    MAX_BYTES,
    CutShort,
    Document,
    LaterFormat,
    NotOurs,
    parse,
    slot_kinds,
    sniff,
    store_ids,
)
from arka_tui.store.envelope import Damaged
from arka_tui.store.slots import MasterKey, Slot, Way
from arka_tui.store.state import State, authenticate, unlock_document

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that parses. Nothing in it is authenticated."""

    raw: bytes
    document: Document


@dataclass(frozen=True, slots=True)
class Found:
    """The newest authentic state, the slot that opened it, if one did, the file it was in, and what to tell of that."""

    state: State
    slot: Slot | None
    path: Path
    notes: tuple[str, ...]
    stamps: tuple[object, object] = (None, None)
    """Of the two files, from before they were read."""
    older_copy: str = ""
    """Why this may not be the newest state, or nothing."""


class Copies:
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._mirror_seen: object = None
        self._known: Copy | None = None
        """The last one that was read: both files hold the same bytes, and parsing 10,000 keys takes a while."""

    def exist(self) -> bool:
        """By their first and last lines only.

        Raises: as `readable`, but what is damaged in the middle shows when it is opened.
        """
        damage: VaultCorrupt | None = None
        for path in (self._disk.main, self._disk.mirror):
            try:
                if self._judged(path, sniff) is not None:
                    return True
            except VaultCorrupt as failure:
                damage = damage or failure
        if damage:
            raise damage
        return False

    def readable(self) -> dict[Path, Copy]:
        """Main and mirror as far as they parse; empty where there is neither.

        Raises: VaultForeign, VaultNewer, VaultUnsafe; VaultCorrupt where something is there but nothing parses.
        """
        main, mirror = self._disk.main, self._disk.mirror
        copies: dict[Path, Copy] = {}
        damage: VaultCorrupt | None = None
        for path in (main, mirror):
            if path == mirror and copies:
                self.look_at_mirror(copies[main].document)
                if self._disk.mirror_trouble:
                    continue
            try:
                copy = self._read(path)
            except VaultCorrupt as failure:
                damage = damage or failure
            else:
                if copy:
                    copies[path] = copy
        if damage and not copies:
            raise damage
        return copies

    def look_ahead(self) -> None:
        """Parses what `unlock` will want: with 10,000 keys that takes a third of a second."""
        with suppress(VaultError):
            self._read(self._disk.main)

    def slot_kinds(self) -> frozenset[str]:
        """With what the readable files say they open. Nothing of it is authenticated: good for a hint."""
        kinds: frozenset[str] = frozenset()
        for path in (self._disk.main, self._disk.mirror):
            with suppress(VaultError):
                kinds |= slot_kinds(self._disk.read(path, MAX_BYTES) or b"")
        return kinds

    def store_ids(self) -> frozenset[bytes]:
        """That the readable files name, without parsing their records. Nothing of it is authenticated."""
        ids: frozenset[bytes] = frozenset()
        for path in (self._disk.main, self._disk.mirror):
            with suppress(VaultError):
                ids |= store_ids(self._disk.read(path, MAX_BYTES) or b"")
        return ids

    def unlock(self, way: Way) -> Found:
        """Raises: as `readable`, and VaultMissing, WrongPassphrase, StalePassphrase, and what `Way.ikm` raises."""
        stamps = self._stamps()
        copies = self.readable()
        if not copies:
            raise VaultMissing(f"there is no vault at {self._disk.main}", "create one")
        states: dict[Path, State] = {}
        failures: list[VaultError] = []
        keys: dict[Slot, bytes] = {}
        tried: list[bytes] = []
        for path, copy in copies.items():
            if copy.raw in tried:
                continue
            tried.append(copy.raw)
            try:
                states[path] = unlock_document(copy.raw, copy.document, way, keys)
            except WrongPassphrase as wrong:
                failures.append(wrong)
            except Damaged:
                if isinstance(way, MasterKey):  # damage, and the seal of another master key, look the same to it
                    failures.append(WrongPassphrase(f"{way.said} does not open this vault"))
                    continue
                failures.append(VaultCorrupt(f"{path} is damaged: it does not match its seal", self._last_resort))
        if not states:
            raise next((f for f in failures if isinstance(f, VaultCorrupt)), failures[0])
        path = max(states, key=lambda each: states[each].generation)
        state = states[path]
        if any(isinstance(failure, WrongPassphrase) for failure in failures):
            self._refuse_stale(state, copies)
        slot = next((slot for slot, key in keys.items() if key == state.master_key), None)
        return Found(state, slot, path, self._notes(state, path), stamps, self._outdone(state, copies))

    def heal(self, found: Found) -> list[str]:
        """Brings both files to the same bytes, so that a delete that was cut off is finished before anything else."""
        if self._disk.mirror_trouble:
            return [self._disk.mirror_trouble]
        with suppress(VaultError), self._disk.locked():
            # Deriving the key took a while: what was saved or restored meanwhile is not ours to undo.
            if self._stamps() != found.stamps or self.newest(found.state, mending=True) is not found.state:
                return []
            if found.path == self._disk.mirror:
                return [self._disk.replace_both(found.state.raw).incomplete or "both copies are whole again"]
            if self._disk.read(self._disk.mirror, MAX_BYTES) != found.state.raw:
                trouble = self._disk.replace_mirror(found.state.raw, removing=True)
                return [trouble] if trouble else []
        return []

    def newest(self, held: State, *, mending: bool = False) -> State:
        """The state on disk now, opened with the master key of `held`; `held` itself where the disk has lost it.

        `mending` lets an older main give way to `held`. Raises: Superseded, VaultForeign, VaultNewer, VaultUnsafe.
        """
        self._known = Copy(held.raw, held.document)
        self.look_at_mirror(held.document)
        for path in (self._disk.main, self._disk.mirror):
            if path == self._disk.mirror and self._disk.mirror_trouble:
                break
            if self._disk.read(path, MAX_BYTES) == held.raw:
                break
            with suppress(VaultCorrupt):
                copy = self._read(path)
                if copy is None or self._gives_way(path, copy.document, held, mending):
                    continue
                found = self._authentic(copy, held)
                if found:
                    return self._not_older(found, held)
                self._refuse_other_slots(copy.document, held)
        return held

    def look_at_mirror(self, document: Document) -> None:
        """Notes what in the mirror's place is not this vault's mirror: it is then neither read nor written over."""
        stamp = self._disk.stamp(self._disk.mirror)
        if stamp is not None and stamp == self._mirror_seen:
            return
        self._mirror_seen, self._disk.mirror_trouble = stamp, ""
        try:
            copy = self._read(self._disk.mirror)
            if copy and copy.document.store_id != document.store_id and not _related(copy.document, document):
                raise VaultForeign(f"{self._disk.mirror} belongs to another vault")
        except VaultCorrupt:
            pass
        except VaultError as failure:
            self._disk.mirror_trouble = f"{failure}: it was left alone, so there is no second copy; move it away"
            self._mirror_seen = None  # what could not be read now may be readable next time

    def _stamps(self) -> tuple[object, object]:
        return self._disk.stamp(self._disk.main), self._disk.stamp(self._disk.mirror)

    def _read(self, path: Path) -> Copy | None:
        def copy(raw: bytes) -> Copy:
            known = self._known  # another thread may look ahead
            return known if known and known.raw == raw else Copy(raw, parse(raw))

        found = self._judged(path, copy)
        self._known = found or self._known
        return found

    def _judged(self, path: Path, reader: Callable[[bytes], ResultT]) -> ResultT | None:
        """What `reader` makes of the file, None where there is none. Raises: VaultForeign, VaultNewer, VaultCorrupt."""
        raw = self._disk.read(path, MAX_BYTES)
        if raw is None:
            return None
        try:
            return reader(raw)
        except LaterFormat as later:
            hint = "open it with the arka-tui that wrote it, or a later one"
            raise VaultNewer(f"{path} has the format {later}, which this arka-tui does not know", hint) from None
        except NotOurs:
            hint = f"move it away; if your vault was there, {self._disk.mirror.name} may still hold it"
            raise VaultForeign(f"{path} is not an arka vault", hint) from None
        except CutShort:
            raise VaultCorrupt(f"{path} is cut short", self._last_resort) from None
        except Damaged:
            raise VaultCorrupt(f"{path} is damaged", self._last_resort) from None

    @property
    def _last_resort(self) -> str:
        return "nothing was changed; if you have a backup: arka-tui restore FILE"

    def _notes(self, state: State, path: Path) -> tuple[str, ...]:
        if path == self._disk.main:
            return ()
        what = "is damaged or older" if os.path.lexists(self._disk.main) else "is missing"
        return (f"{self._disk.main.name} {what}; opened its second copy, generation {state.generation}",)

    def _outdone(self, state: State, copies: dict[Path, Copy]) -> str:
        """A later mirror with other slots: the vault was put back to a state from before its passphrase was changed."""
        mirror = copies.get(self._disk.mirror)
        if not mirror or mirror.document.generation <= state.generation or _related(mirror.document, state.document):
            return ""
        return (
            f"this vault is at generation {state.generation}, but its second copy {self._disk.mirror.name} is at "
            f"generation {mirror.document.generation}, under another passphrase: "
            "it looks like an older copy, restored from a backup"
        )

    def _refuse_stale(self, state: State, copies: dict[Path, Copy]) -> None:
        """An older mirror opens while the newer main has other slots: the passphrase was changed since."""
        main = copies.get(self._disk.main)
        if main and state.generation < main.document.generation:
            raise StalePassphrase(
                f"this opens the second copy (generation {state.generation}), "
                f"but not the vault (generation {main.document.generation})",
                "use the newer passphrase or recovery code; "
                f"to go back to the older state, copy {self._disk.mirror} to {self._disk.main}",
            )

    def _authentic(self, copy: Copy, held: State) -> State | None:
        try:
            return authenticate(copy.raw, copy.document, held.master_key)
        except Damaged:
            return None

    def _gives_way(self, path: Path, document: Document, held: State, mending: bool) -> bool:
        if path == self._disk.mirror:
            return document.generation <= held.generation
        return mending and document.generation < held.generation

    def _not_older(self, found: State, held: State) -> State:
        forked = found.generation == held.generation and found.document.mac != held.document.mac
        if forked or found.generation < held.generation:
            raise Superseded("the vault file was replaced by another copy", "unlock it again to look at it")
        return found

    def _refuse_other_slots(self, document: Document, held: State) -> None:
        if _related(document, held.document):
            return
        if document.store_id != held.store_id:
            raise Superseded("another vault took this one's place", f"look at {self._disk.main}")
        raise Superseded("the passphrase was changed in another session, or a slot removed", "unlock it again")


def _related(one: Document, other: Document) -> bool:
    """Slots are random and go with the master key: with one in common, what else differs is a later state or damage."""
    return not set(one.slots).isdisjoint(other.slots)
