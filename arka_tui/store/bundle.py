"""Some keys of a vault in a file of their own: a small vault, which only a passphrase of its own opens. FORMAT.md §9.

`backup.open_backup` reads it.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from arka_tui.credential import Credential
from arka_tui.errors import NotSaved, UsageError, VaultCorrupt
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.backup import open_backup, refuse_own_files, reworded
from arka_tui.store.disk import replace_file
from arka_tui.store.document import RECORD_ID_BYTES, STORE_ID_BYTES, Document
from arka_tui.store.envelope import random_key
from arka_tui.store.glance import Condition, glance, is_folder
from arka_tui.store.index import Entry
from arka_tui.store.slots import PASSPHRASE, Argon2Cost, Passphrase, new_slot
from arka_tui.store.state import State, seal_record, seal_state
from arka_tui.store.vault import Vault


def look_ahead(paths: Paths, target: Path, *, force: bool) -> None:
    """Raises: UsageError where `write` will not take `target`. With `force` it replaces a bundle, nothing else."""
    if is_folder(target) or not is_folder(target.parent):
        raise UsageError(f"there is no folder for a file {target}", "name a file in a folder that is there")
    refuse_own_files(paths, target)
    there = glance(target)
    if there.condition is Condition.MISSING:
        return
    if there.document is None or {slot.type for slot in there.document.slots} != {PASSPHRASE}:
        raise UsageError(f"{target} is there already, and is no file of exported keys", "choose another name")
    if not force:
        raise UsageError(f"{target} is there already", "choose another name; --force replaces exported keys")


def write(
    vault: Vault,
    paths: Paths,
    keys: Sequence[Credential],
    passphrase: Secret,
    target: Path,
    cost: Argon2Cost,
    *,
    force: bool = False,
) -> str:
    """Opens each key, seals it anew, and reads all of it back with the passphrase. The vault is not changed.

    Returns what failed after the file was there, or nothing. Raises: as `look_ahead`, `Vault.secret` and `new_slot`;
    NotSaved, VaultCorrupt where what was written does not open.
    """
    look_ahead(paths, target, force=force)
    state = _sealed([(each, vault.secret(each.name)) for each in keys], Passphrase(passphrase), cost)
    try:
        incomplete = replace_file(target, state.raw)
    except NotSaved as failure:
        raise reworded(failure, "not exported", "make room there, or take another disk") from failure
    _verify(target, Passphrase(passphrase), state, vault, keys)
    return incomplete


def _sealed(keys: Sequence[tuple[Credential, Secret]], way: Passphrase, cost: Argon2Cost) -> State:
    """Nothing in it tells, while it is sealed, which vault it is from: all ids and keys are new."""
    store_id, master_key = os.urandom(STORE_ID_BYTES), random_key()
    sealed = []
    for shown, secret in keys:
        entry = Entry(
            replace(shown, id=os.urandom(RECORD_ID_BYTES).hex(), rev=1), sealed_rev=1, record_key=random_key()
        )
        sealed.append((entry, seal_record(store_id, entry, secret)))
    entries, records = tuple(entry for entry, _ in sealed), tuple(record for _, record in sealed)
    slot = new_slot(store_id, master_key, way, cost)
    return seal_state(Document(store_id, 1, (slot,), b"", b"", records), entries, master_key)


def _verify(target: Path, way: Passphrase, written: State, vault: Vault, keys: Sequence[Credential]) -> None:
    seen = glance(target)
    if seen.raw == written.raw and seen.document:
        opened = open_backup(seen, way)
        if all(opened.open_record(opened.entry(each.name)) == vault.secret(each.name) for each in keys):
            return
    raise VaultCorrupt(f"{target} does not hold what was written", "try another disk")
