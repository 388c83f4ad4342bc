"""One authenticated state of the vault: how a document becomes one, and how the next one is sealed. No files."""

import difflib
from dataclasses import dataclass, replace
from functools import cached_property

from arka_tui.credential import Credential, fold_name
from arka_tui.errors import AgentFailed, CredentialNotFound, NotSaved, VaultCorrupt, VaultError, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store import index
from arka_tui.store.document import INDEX_PAD_BYTES, MAX_BYTES, SECRET_PAD_BYTES, Document, Record, render
from arka_tui.store.envelope import Damaged, equal, hkdf, mac, pad, pae, random_key, seal, unpad, unseal, wipe
from arka_tui.store.index import Entry
from arka_tui.store.slots import MasterKey, Slot, Way, unwrap


@dataclass(frozen=True)
class State:
    raw: bytes
    document: Document
    entries: tuple[Entry, ...]
    master_key: bytes

    def __repr__(self) -> str:
        return f"State(generation={self.generation})"

    @property
    def generation(self) -> int:
        return self.document.generation

    @property
    def store_id(self) -> bytes:
        return self.document.store_id

    @cached_property
    def credentials(self) -> tuple[Credential, ...]:
        return tuple(entry.credential for entry in self.entries)

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(credential.id for credential in self.credentials)

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {entry.folded_name: entry for entry in self.entries}

    @cached_property
    def _records(self) -> dict[bytes, Record]:
        return {record.id: record for record in self.document.records}

    def holds(self, name: str) -> bool:
        return fold_name(name) in self._by_name

    def entry(self, name: str) -> Entry:
        """Raises: CredentialNotFound."""
        try:
            return self._by_name[fold_name(name)]
        except KeyError:
            near = difflib.get_close_matches(name, [credential.name for credential in self.credentials], n=1)
        raise CredentialNotFound(f"no key named {name!r}", f"did you mean {near[0]!r}?" if near else "")

    def open_record(self, entry: Entry) -> Secret:
        """The only place where a stored secret is opened. Raises: VaultCorrupt."""
        try:
            framed = unseal(entry.record_key, self._records[entry.record_id].box, _record_aad(self.store_id, entry))
            secret = Secret(unpad(framed, SECRET_PAD_BYTES).decode())
        except (Damaged, UnicodeDecodeError):
            raise VaultCorrupt(f"the sealed key of {entry.credential.name!r} is damaged", "replace the key") from None
        wipe(framed)
        return secret


FINGERPRINT_BYTES = 16


def secret_mark(master_key: bytes, store_id: bytes, secret: Secret) -> str:
    """By which two equal secrets of one vault are told without opening them; hex."""
    key = hkdf(master_key, store_id, b"arka-journal/1 fingerprint")
    return mac(key, secret.reveal().encode())[:FINGERPRINT_BYTES].hex()


def seal_record(store_id: bytes, entry: Entry, secret: Secret) -> Record:
    plaintext = pad(secret.reveal().encode(), SECRET_PAD_BYTES)
    return Record.of(entry.record_id, seal(entry.record_key, plaintext, _record_aad(store_id, entry)))


def seal_state(document: Document, entries: tuple[Entry, ...], master_key: bytes) -> State:
    """`document` with a fresh index of `entries` and a new MAC. Raises: NotSaved where it would be too large."""
    salt = random_key()
    box = seal(
        hkdf(master_key, salt, b"arka-store/1 index"),
        pad(index.to_json(entries), INDEX_PAD_BYTES),
        _index_aad(document.store_id, salt),
    )
    document = replace(document, index_salt=salt, index_box=box)
    document = replace(document, mac=_mac(document, master_key))
    raw = render(document)
    if len(raw) > MAX_BYTES:
        raise NotSaved("not saved: the vault would be too large to be opened again", "delete a key you no longer use")
    return State(raw, document, entries, master_key)


def authenticate(raw: bytes, document: Document, master_key: bytes) -> State:
    """`raw` is what `document` was parsed from. Raises: Damaged."""
    if not equal(_mac(document, master_key), document.mac):
        raise Damaged
    index_key = hkdf(master_key, document.index_salt, b"arka-store/1 index")
    plaintext = unseal(index_key, document.index_box, _index_aad(document.store_id, document.index_salt))
    state = State(raw, document, index.from_json(unpad(plaintext, INDEX_PAD_BYTES)), master_key)
    if {entry.record_id for entry in state.entries} != {record.id for record in document.records}:
        raise Damaged
    return state


def unlock_document(raw: bytes, document: Document, way: Way, keys: dict[Slot, bytes]) -> State:
    """Tries each slot of the way's kind. `keys` spares a second derivation for a slot that two files share.

    Raises: WrongPassphrase, Damaged, and what `Way.ikm` raises.
    """
    if isinstance(way, MasterKey):
        return authenticate(raw, document, way.key)
    wrong: VaultError = WrongPassphrase(f"{way.said} opens no slot of this vault")
    for slot in document.slots:
        if isinstance(slot, Slot) and slot.type == way.kind:
            try:
                if slot not in keys:
                    keys[slot] = unwrap(document.store_id, slot, way)
            except (WrongPassphrase, AgentFailed) as failure:
                wrong = failure
            else:
                return authenticate(raw, document, keys[slot])
    raise wrong


def _mac(document: Document, master_key: bytes) -> bytes:
    return mac(hkdf(master_key, document.store_id, b"arka-store/1 mac"), document.sealed_bytes())


def _index_aad(store_id: bytes, salt: bytes) -> bytes:
    return pae("arka-store/1 index", store_id, salt)


def _record_aad(store_id: bytes, entry: Entry) -> bytes:
    shown = entry.credential
    return pae("arka-store/1 record", store_id, entry.record_id, entry.sealed_rev, shown.provider, shown.origin)
