"""The store we ship: one encrypted TOML file. Opened by a slot, changed by commits, locked again. FORMAT.md."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from arka_tui.check import Check
from arka_tui.credential import Credential, Draft, origin_of, same_name
from arka_tui.errors import (
    Conflict,
    CredentialNotFound,
    NameTaken,
    StalePassphrase,
    UsageError,
    VaultCorrupt,
    VaultError,
    VaultExists,
    VaultLocked,
    VaultMissing,
    WrongPassphrase,
)
from arka_tui.hygiene import give_back_memory
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import Saved
from arka_tui.store.copies import Copies, Found
from arka_tui.store.disk import Disk
from arka_tui.store.document import (
    MAX_SLOTS,
    RECORD_ID_BYTES,
    STORE_ID_BYTES,
    Document,
    Record,
    UnknownSlot,
)
from arka_tui.store.envelope import Damaged, equal, random_key
from arka_tui.store.highwater import HighWater
from arka_tui.store.index import Entry
from arka_tui.store.journal import SLACK, History, Journal, append_line, bounded
from arka_tui.store.session import Keyring
from arka_tui.store.slots import (
    SMALL_KDF,
    Argon2Cost,
    KeyFile,
    MasterKey,
    Passphrase,
    RecoveryCode,
    Slot,
    SshAgent,
    Way,
    kdf_cost,
    new_slot,
    unwrap,
)
from arka_tui.store.state import State, seal_record, seal_state, secret_mark


@dataclass(frozen=True, slots=True)
class Opened:
    """What the user should know about how the vault opened; all empty on an ordinary day."""

    notes: tuple[str, ...] = ()
    older_copy: str = ""
    """Why this may not be the newest state. Ask before using it; `accept_older_copy` says yes."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What an operation makes of the newest state."""

    entries: tuple[Entry, ...]
    records: tuple[Record, ...]
    slots: tuple[Slot | UnknownSlot, ...]


class Vault:
    """A `Store`. Blocks: call it from a thread where a screen must stay alive. `lock` may be called at any time."""

    def __init__(
        self,
        paths: Paths,
        cost: Callable[[], Argon2Cost] = kdf_cost,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._disk = Disk(paths.vault)
        self._copies = Copies(self._disk)
        self._high_water = HighWater(paths.high_water)
        self._cost = cost
        self._clock = clock
        self._mutex = threading.Lock()
        self._deed = threading.RLock()
        """Held by whatever reads or writes the files: `refresh` runs in another thread than a save."""
        self._state: State | None = None
        self._opening = object()
        """Another one after each lock: what began before it must not go on in a vault that was opened since."""
        self._history = History(())
        self._unwritten: set[bytes] = set()
        """Lines of the log whose checks are in `_history` already."""
        self._stamps: tuple[object, object] = (None, None)
        self.on_news: Callable[[], None] = lambda: None
        """Called when it was opened, and whenever its keys or its test log changed; in the thread of that deed, which
        holds no file any more. It may be locked by then. Must not raise."""

    # ------------------------------------------------------------------ opening and closing

    @property
    def path(self) -> Path:
        return self._disk.main

    @property
    def unlocked(self) -> bool:
        return self._state is not None

    @property
    def read_only(self) -> bool:
        return not self._disk.writable

    def version(self) -> tuple[bytes, int]:
        """Its id and its generation, as its file has them in plaintext. Raises: VaultLocked."""
        state = self._open_state()
        return state.store_id, state.generation

    def exists(self) -> bool:
        """Looks at the first and last lines, opens nothing.

        Raises: VaultForeign, VaultNewer, VaultUnsafe; VaultCorrupt where both the file and its mirror are cut short;
        VaultMissing where a test log without its vault shows that there was one.
        """
        if self._copies.exist():
            return True
        if self._journal_path.exists():
            hint = f"arka-tui restore FILE puts a backup in its place; to start anew, move {self.path.parent} away"
            raise VaultMissing(f"there was a vault at {self.path}, and it is gone", hint)
        return False

    def create(self, passphrase: Secret, recovery_code: Secret) -> Saved:
        """A new, empty, unlocked vault. Raises: VaultExists, NotSaved, UsageError; never writes over anything."""
        store_id, master_key = os.urandom(STORE_ID_BYTES), random_key()
        slots = self._new_slots(store_id, master_key, (Passphrase(passphrase), RecoveryCode(recovery_code)))
        with self._deed, self._disk.locked():
            for path in (self._disk.main, self._disk.mirror):
                if self._disk.holds(path):
                    raise VaultExists(f"there is a vault already: {path}", "open it, or move it away")
            state = seal_state(Document(store_id, 1, slots, b"", b"", ()), (), master_key)
            saved = self._disk.replace_both(state.raw)
            with self._mutex:
                self._state, self._history = state, History(())
        self._note_stamps(main=True, journal=True)
        self._high_water.remember(state)
        self.on_news()
        return saved

    def unlock(self, passphrase: Secret) -> Opened:
        """Raises: as `exists`, and VaultMissing, WrongPassphrase, StalePassphrase."""
        way = Passphrase(passphrase)
        opened, slot = self._unlock(way)
        if slot and not opened.older_copy:
            self._strengthen(slot, way)
        return opened

    def unlock_with(self, way: Way) -> Opened:
        """Raises: as `unlock`, and what `Way.ikm` raises."""
        return self._unlock(way)[0]

    def unlock_with_recovery_code(self, code: Secret) -> Opened:
        """Raises: as `unlock`."""
        return self.unlock_with(RecoveryCode(code))

    def unlock_kept(self, keyring: Keyring) -> Opened | None:
        """With what this login's keyring keeps; None where that is nothing, or opens nothing that is up to date.
        Raises: as `exists`, and VaultMissing."""
        for store_id in self._copies.store_ids():
            if kept := keyring.find(store_id):
                try:
                    return self.unlock_with(MasterKey(kept.master_key))
                except (VaultCorrupt, WrongPassphrase, StalePassphrase):
                    continue
        return None

    def keep_open(self, keyring: Keyring, lifetime_s: int) -> None:
        """For this login, however often this object is locked. Raises: VaultLocked, SessionFailed."""
        state = self._open_state()
        keyring.keep(state.store_id, state.master_key, lifetime_s)

    def kept_until(self, keyring: Keyring) -> datetime | None:
        return next((kept.until for each in self._copies.store_ids() if (kept := keyring.find(each))), None)

    def end_session(self, keyring: Keyring) -> bool:
        """Whether there was one. Raises: SessionFailed."""
        ended = [keyring.forget(each) for each in self._copies.store_ids()]
        return any(ended)

    def look_ahead(self) -> None:
        """While the passphrase is typed; it opens nothing, and what is wrong is said by `unlock`."""
        self._copies.look_ahead()

    def slot_kinds(self) -> frozenset[str]:
        """What the file on disk says it opens with, before it is opened; a hint, not to be relied on."""
        return self._copies.slot_kinds()

    def lock(self) -> None:
        """Forgets the master key, the index and the record keys. Copies that Python made are out of reach."""
        with self._mutex:
            self._state, self._history, self._unwritten, self._stamps = None, History(()), set(), (None, None)
            self._opening = object()
        give_back_memory()

    def accept_older_copy(self) -> None:
        self._high_water.remember(self._open_state(), even_older=True)
        self.on_news()

    # ------------------------------------------------------------------ slots

    def slots(self) -> tuple[Slot | UnknownSlot, ...]:
        """In the order they were added. Raises: VaultLocked."""
        return self._open_state().document.slots

    def fits(self, way: Way) -> bool:
        """Whether it opens this open vault; takes as long as unlocking. Raises: VaultLocked, what `Way.ikm` raises."""
        return _fits(self._open_state(), way)

    def fits_slot(self, way: Way, slot: Slot) -> bool:
        """As `fits`, of one slot."""
        return _fits_slot(self._open_state(), way, slot)

    def add_slot(self, way: KeyFile | SshAgent) -> Saved:
        """`prepare_slot` and the saving of it."""
        return self.prepare_slot(way)()

    def prepare_slot(self, way: KeyFile | SshAgent) -> Callable[[], Saved]:
        """One more way to open the vault, beside passphrase and recovery code. May wait for a person; what it returns
        saves it, unless the vault was locked meanwhile.

        Raises: NotSaved, Superseded, UsageError where it opens the vault already, and what `Way.ikm` raises.
        """
        opening, held = self._opening, self._open_state()
        _refuse_known(held, way)
        slot = new_slot(held.store_id, held.master_key, way, self._cost())

        def op(state: State) -> _Change:
            if len(state.document.slots) >= MAX_SLOTS:
                raise UsageError(f"a vault has at most {MAX_SLOTS} slots", "remove one that is not used")
            _refuse_known(state, way)
            return _Change(state.entries, state.document.records, (*state.document.slots, slot))

        return lambda: self._commit(op, opening=opening)

    def change_passphrase(self, passphrase: Secret, recovery_code: Secret, others: Sequence[Way] = ()) -> Saved:
        """`prepare_change` and the saving of it."""
        return self.prepare_change(passphrase, recovery_code, others)()

    def prepare_change(
        self, passphrase: Secret, recovery_code: Secret, others: Sequence[Way] = ()
    ) -> Callable[[], Saved]:
        """A new master key, new keys for every record, new slots: what an old slot opens is of no use later.

        So slots are removed too: those that are not among `others` are gone. Opens every secret, to seal it again.
        Raises: NotSaved, Superseded, UsageError, and what `Way.ikm` raises.
        """
        opening, seen = self._opening, self._open_state()
        store_id, master_key = seen.store_id, random_key()
        slots = self._new_slots(store_id, master_key, (Passphrase(passphrase), RecoveryCode(recovery_code), *others))
        return lambda: self._change_passphrase(opening, seen, master_key, slots)

    def _change_passphrase(self, opening: object, seen: State, master_key: bytes, slots: tuple[Slot, ...]) -> Saved:
        store_id = seen.store_id
        with self._deed, self._disk.locked():
            state = self._copies.newest(self._still_open(opening))
            if state.document.slots != seen.document.slots:
                raise Conflict("another session added a way to open the vault", "look at them, then do it again")
            # The log goes first under the new key beside the old, so that a crash at any line leaves one readable.
            log, history = self._journal(store_id, master_key), self._journal(store_id, state.master_key).read()
            checks = self._history.checks if history.trouble else history.checks
            log_trouble = log.append(checks) if checks else ""
            entries = tuple(replace(entry, record_key=random_key()) for entry in state.entries)
            records = tuple(
                seal_record(store_id, fresh, state.open_record(entry))
                for entry, fresh in zip(state.entries, entries, strict=True)
            )
            changed = seal_state(_next(state.document, records, slots), entries, master_key)
            saved = self._disk.replace_both(changed.raw, removing=True)
            if checks or history.unreadable:
                log_trouble = log.rewrite(checks, removing=True)
            self._adopt(changed, History(checks))
        self._high_water.remember(changed)
        self.on_news()
        return Saved(saved.incomplete or log_trouble)

    # ------------------------------------------------------------------ the Store protocol

    def list(self) -> tuple[Credential, ...]:
        return self._open_state().credentials

    def get(self, name: str) -> Credential:
        return self._open_state().entry(name).credential

    def secret(self, name: str) -> Secret:
        state = self._open_state()
        return state.open_record(state.entry(name))

    def fingerprint(self, secret: Secret) -> str:
        """Equal for equal secrets under this master key, and of no use without it. Raises: VaultLocked."""
        state = self._open_state()
        return secret_mark(state.master_key, state.store_id, secret)

    def fingerprints(self) -> Mapping[str, str]:
        """Of every key, by credential id: to find them elsewhere. Opens each. Raises: VaultLocked, VaultCorrupt."""
        state = self._open_state()
        return {
            entry.credential.id: secret_mark(state.master_key, state.store_id, state.open_record(entry))
            for entry in state.entries
        }

    def add(self, draft: Draft) -> tuple[Credential, Saved]:
        added, saved = self.add_all((draft,))
        return added[0], saved

    def add_all(self, drafts: Sequence[Draft]) -> tuple[tuple[Credential, ...], Saved]:
        now = self._clock().replace(microsecond=0)
        fresh = [
            (Entry(_new_credential(draft, secret, now), sealed_rev=1, record_key=random_key()), secret)
            for draft, secret in [(draft, _usable(draft.secret)) for draft in drafts]
        ]
        _refuse_same_names(entry for entry, _ in fresh)
        entries = tuple(entry for entry, _ in fresh)

        def op(state: State) -> _Change:
            for entry in entries:
                _refuse_taken(state, entry.credential.name)
            records = tuple(seal_record(state.store_id, entry, secret) for entry, secret in fresh)
            return _Change((*state.entries, *entries), (*state.document.records, *records), state.document.slots)

        return tuple(entry.credential for entry in entries), self._commit(op)

    def update(self, seen: Credential, draft: Draft) -> tuple[Credential, Saved]:
        moved = draft.provider != seen.provider or origin_of(draft.base_url) != seen.origin
        if draft.secret is None and moved:
            raise UsageError(
                "the stored key is bound to its provider and address",
                "paste the key again to use it for another one",
            )
        secret = None if draft.secret is None else _usable(draft.secret)
        updated = replace(
            seen,
            provider=draft.provider,
            label=draft.label,
            base_url=draft.base_url,
            settings=tuple(sorted(draft.settings)),
            hint=secret.hint if secret else seen.hint,
            updated_at=self._clock().replace(microsecond=0),
            rev=seen.rev + 1,
        )

        def op(state: State) -> _Change:
            old = _unchanged(state, seen)
            if not same_name(draft.name, seen.name):
                _refuse_taken(state, draft.name)
            new, records = replace(old, credential=updated), state.document.records
            if secret is not None:
                new = replace(new, sealed_rev=updated.rev, record_key=random_key())
                fresh = seal_record(state.store_id, new, secret)
                records = tuple(fresh if record.id == fresh.id else record for record in records)
            entries = tuple(new if entry is old else entry for entry in state.entries)
            return _Change(entries, records, state.document.slots)

        return updated, self._commit(op, removing=secret is not None)

    def remove(self, seen: Iterable[Credential]) -> Saved:
        wanted = {credential.id: credential for credential in seen}

        def op(state: State) -> _Change:
            gone = {_unchanged(state, wanted[each]).record_id for each in state.ids & wanted.keys()}
            entries = tuple(entry for entry in state.entries if entry.record_id not in gone)
            records = tuple(record for record in state.document.records if record.id not in gone)
            return _Change(entries, records, state.document.slots)

        saved = self._commit(op, removing=True)
        return Saved(saved.incomplete or self._forget_checks(wanted.keys()))

    # ------------------------------------------------------------------ the test-status log

    @property
    def history(self) -> History:
        return self._history

    def record_checks(self, checks: Sequence[Check]) -> str:
        """Adds them to the log. Returns what went wrong, or nothing; they are in `history` either way."""
        return self.write_sealed(self.seal_checks(checks))

    def seal_checks(self, checks: Sequence[Check]) -> bytes:
        """Adds them to `history`, and makes their line of the log for `write_sealed`. Raises: VaultLocked."""
        state = self._open_state()
        line = self._journal(state.store_id, state.master_key).seal(checks)
        with self._mutex:
            if self._state is not None:
                self._history = replace(self._history, checks=(*self._history.checks, *checks))
                self._unwritten.add(line)
        return line

    def write_sealed(self, line: bytes) -> str:
        """Returns what went wrong, or nothing. Holds no key while it waits, and may outlast a lock."""
        try:
            with self._deed, self._disk.locked():
                alone = line in self._unwritten and self._stamps[1] == self._current_stamps()[1]
                trouble = append_line(self._journal_path, line)
                if (state := self._state) and self._overgrown(state):
                    journal = self._journal(state.store_id, state.master_key)
                    if kept := bounded(journal.read().checks, state.ids):
                        trouble = journal.rewrite(kept) or trouble
                        self._adopt(history=History(tuple(kept)))
                        alone = True
                self._note_stamps(journal=alone)
        except VaultError as failure:
            return str(failure).replace("not saved", "the test log was not saved")
        finally:
            self._unwritten.discard(line)
        self.on_news()
        return trouble

    def _overgrown(self, state: State) -> bool:
        return len(self._history.checks) > len(bounded(self._history.checks, state.ids)) + SLACK

    # ------------------------------------------------------------------ other sessions

    def refresh(self) -> bool:
        """Takes in what other sessions committed. True where anything changed. Raises: Superseded, VaultError."""
        with self._deed:
            changed = self._refresh()
        if changed:
            self.on_news()
        return changed

    def _refresh(self) -> bool:
        state = self._open_state()
        if self._stamps == self._current_stamps():
            return False
        stamps = self._current_stamps()
        newest = self._copies.newest(self._open_state())
        history = self._journal(newest.store_id, newest.master_key).read()
        changed = newest is not state or history != self._history
        self._adopt(newest, history)
        self._stamps = stamps
        self._high_water.remember(newest)
        return changed

    # ------------------------------------------------------------------ inside

    def _open_state(self) -> State:
        state = self._state
        if state is None:
            raise VaultLocked("the vault is locked", "unlock it first")
        return state

    def _still_open(self, opening: object | None) -> State:
        """As `_open_state`; where `opening` is given also not locked and opened again since. Raises: VaultLocked."""
        with self._mutex:
            state = self._state if opening in (None, self._opening) else None
        if state is None:
            raise VaultLocked("the vault was locked meanwhile: nothing was changed", "do it again")
        return state

    def _adopt(self, state: State | None = None, history: History | None = None) -> None:
        """Unless the vault was locked meanwhile: then nothing of it may come back."""
        with self._mutex:
            if self._state is not None:
                self._state = state or self._state
                self._history = history or self._history

    def _journal(self, store_id: bytes, master_key: bytes) -> Journal:
        return Journal(self._journal_path, store_id, master_key)

    @property
    def _journal_path(self) -> Path:
        return self._disk.main.with_name("journal")

    def _note_stamps(self, *, main: bool = False, journal: bool = False) -> None:
        """Spares `refresh` a look at what this session itself wrote, or has read whole; at nothing else."""
        now, before = self._current_stamps(), self._stamps
        self._stamps = (now[0] if main else before[0], now[1] if journal else before[1])

    def _current_stamps(self) -> tuple[object, object]:
        return self._disk.stamp(self._disk.main), self._disk.stamp(self._journal_path)

    def _new_slots(self, store_id: bytes, master_key: bytes, ways: Sequence[Way]) -> tuple[Slot, ...]:
        return tuple(new_slot(store_id, master_key, way, self._cost()) for way in ways)

    def _unlock(self, way: Way) -> tuple[Opened, Slot | None]:
        opening, stamps = self._opening, self._current_stamps()
        found = self._copies.unlock(way)  # not within `_deed`: it may wait for a person
        with self._deed:
            opened, slot = self._take(found, opening, stamps)
        if not opened.older_copy:
            self.on_news()
        return opened, slot

    def _take(self, found: Found, opening: object, stamps: tuple[object, object]) -> tuple[Opened, Slot | None]:
        state = found.state
        history = self._journal(state.store_id, state.master_key).read()
        with self._mutex:
            if self._opening is not opening:
                raise VaultLocked("the vault was locked meanwhile", "open it again")
            self._state, self._history, self._stamps = state, history, stamps
        notes = [*found.notes]
        older_copy = self._high_water.complaint(state) or found.older_copy
        if self.read_only:
            notes.append("the vault's folder is read-only: nothing can be changed")
        elif not older_copy:
            notes += self._copies.heal(found)
        if not older_copy:
            self._high_water.remember(state)
        give_back_memory()
        return Opened(tuple(notes), older_copy), found.slot

    def _commit(
        self, op: Callable[[State], _Change], *, removing: bool = False, opening: object | None = None
    ) -> Saved:
        self._open_state()
        with self._deed, self._disk.locked():
            state = self._copies.newest(self._still_open(opening))
            change = op(state)
            document = _next(state.document, change.records, change.slots)
            changed = seal_state(document, change.entries, state.master_key)
            saved = self._disk.replace_both(changed.raw, removing=removing)
            self._adopt(changed)
            self._note_stamps(main=True)
        self._high_water.remember(changed)
        self.on_news()
        return saved

    def _strengthen(self, slot: Slot, passphrase: Passphrase) -> None:
        """Wraps the master key anew where the slot costs an attacker less than any that arka makes today."""
        wanted = self._cost()
        if slot.cost is None or slot.cost.memory_kib >= min(SMALL_KDF.memory_kib, wanted.memory_kib):
            return
        opening, state = self._opening, self._open_state()
        stronger = new_slot(state.store_id, state.master_key, passphrase, wanted)

        def op(state: State) -> _Change:
            slots = tuple(stronger if each == slot else each for each in state.document.slots)
            return _Change(state.entries, state.document.records, slots)

        with suppress(VaultError):
            self._commit(op, opening=opening)

    def _forget_checks(self, ids: Iterable[str]) -> str:
        gone = set(ids)
        try:
            with self._deed, self._disk.locked():
                state = self._copies.newest(self._open_state())
                journal = self._journal(state.store_id, state.master_key)
                history = journal.read()
                if history.trouble:
                    return history.trouble
                kept = tuple(check for check in history.checks if check.credential_id not in gone)
                if len(kept) == len(history.checks) and not history.unreadable:
                    return ""
                trouble = journal.rewrite(kept, removing=True)
                self._adopt(history=History(kept))
                self._note_stamps(journal=True)
        except VaultError as failure:
            return str(failure).replace("not saved", "the test log was not trimmed")
        return trouble


def _next(document: Document, records: tuple[Record, ...], slots: tuple[Slot | UnknownSlot, ...]) -> Document:
    return replace(document, generation=document.generation + 1, records=records, slots=slots)


def _fits(state: State, way: Way) -> bool:
    return any(
        isinstance(slot, Slot) and slot.type == way.kind and _fits_slot(state, way, slot)
        for slot in state.document.slots
    )


def _fits_slot(state: State, way: Way, slot: Slot) -> bool:
    try:
        return equal(unwrap(state.store_id, slot, way), state.master_key)
    except (WrongPassphrase, Damaged):
        return False


def _refuse_known(state: State, way: KeyFile | SshAgent) -> None:
    if isinstance(way, KeyFile):
        known = _fits(state, way)
    else:
        known = any(isinstance(slot, Slot) and way.key and slot.is_of(way.key) for slot in state.document.slots)
    if known:
        raise UsageError(f"this {'key file' if isinstance(way, KeyFile) else 'key'} opens the vault already")


def _new_credential(draft: Draft, secret: Secret, now: datetime) -> Credential:
    return Credential(
        id=os.urandom(RECORD_ID_BYTES).hex(),
        provider=draft.provider,
        label=draft.label,
        hint=secret.hint,
        base_url=draft.base_url,
        settings=tuple(sorted(draft.settings)),
        created_at=now,
        updated_at=now,
        rev=1,
    )


def _usable(secret: Secret | None) -> Secret:
    if not secret:
        raise UsageError("there is no key to save", "paste the key")
    if secret.problem:
        raise UsageError(secret.problem)
    return secret


def _refuse_same_names(entries: Iterable[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.folded_name in seen:
            raise NameTaken(f"two of the new keys are named {entry.credential.name!r}", "choose another label for one")
        seen.add(entry.folded_name)


def _refuse_taken(state: State, name: str) -> None:
    if state.holds(name):
        raise NameTaken(f"there is a key named {name!r} already", "choose another label, or edit that key")


def _unchanged(state: State, seen: Credential) -> Entry:
    """The entry, if nobody else changed it since it was looked at. Raises: Conflict, CredentialNotFound."""
    entry = next((entry for entry in state.entries if entry.credential.id == seen.id), None)
    if entry is None:
        raise CredentialNotFound(f"{seen.name!r} was deleted in another session")
    if entry.credential.rev != seen.rev:
        raise Conflict(f"{seen.name!r} was changed in another session", "look at its new state, then try again")
    return entry
