"""The vault, from outside: what opens it, what does not, what a file gives away, what a change leaves behind."""

import base64
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from arka_tui.credential import Draft
from arka_tui.errors import (
    CredentialNotFound,
    NotSaved,
    UsageError,
    VaultCorrupt,
    VaultError,
    VaultExists,
    VaultForeign,
    VaultLocked,
    VaultMissing,
    VaultNewer,
    WrongPassphrase,
)
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import Saved, Store, slots
from arka_tui.store.document import LaterFormat, NotOurs, Record, parse, render
from arka_tui.store.envelope import Damaged, pae, unseal
from arka_tui.store.index import _MEMBERS
from arka_tui.store.slots import CHEAPEST, PASSPHRASE, RECOVERY, Argon2Cost, RecoveryCode, Slot, UnknownSlot
from arka_tui.store.state import State, authenticate, seal_state, unlock_document
from arka_tui.store.vault import Opened, Vault
from tests.conftest import NOW, draft, open_vault
from tests.conftest import PASSPHRASE as OLD_PASSPHRASE
from tests.conftest import RECOVERY_CODE as OLD_CODE
from tests.store.contract import StoreContract, edited

NEW_PASSPHRASE = Secret("another horse, another battery")
NEW_CODE = Secret("0000-1111-2222-3333-4444-5555-6666-7777")
KEYS = {
    "openai/work": "sk-proj-CANARY-one-aaaaaaaaaaaaaaaa-1111",
    "anthropic/ci": "sk-ant-CANARY-two-bbbbbbbbbbbbbbbbb-2222",
    "openai/laptop": "sk-proj-CANARY-three-cccccccccccccc-3333",
}


class TestVault(StoreContract):
    @pytest.fixture
    def store(self, vault: Vault) -> Store:
        return vault


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with three keys, made once: to be copied, not opened."""
    paths = Paths.under(tmp_path_factory.mktemp("filled"))
    vault = open_vault(paths)
    vault.create(OLD_PASSPHRASE, OLD_CODE)
    for name, secret in KEYS.items():
        vault.add(draft(name, secret))
    return paths.data


@pytest.fixture
def filled(paths: Paths, filled_folder: Path) -> Paths:
    """A vault with three keys on disk. Its recovery code opens it without the cost of a passphrase."""
    shutil.copytree(filled_folder, paths.data)
    return paths


@pytest.fixture
def alone(filled: Paths) -> Path:
    """The same without a mirror: what happens to this one file has nothing to fall back on."""
    mirror_of(filled).unlink()
    return filled.vault


def mirror_of(paths: Paths) -> Path:
    return paths.data / "store.toml.bak"


def opened(paths: Paths) -> Vault:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(OLD_CODE)
    return vault


def inside(vault: Vault) -> State:
    assert vault._state is not None
    return vault._state


def values(vault: Vault) -> dict[str, str]:
    return {credential.name: vault.secret(credential.name).reveal() for credential in vault.list()}


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


def put(paths: Paths, raw: bytes) -> None:
    paths.vault.write_bytes(raw)
    mirror_of(paths).write_bytes(raw)


# ---------------------------------------------------------------------- create, unlock, lock


def test_a_new_vault_is_empty_unlocked_and_in_two_equal_copies(paths: Paths) -> None:
    vault = open_vault(paths)
    assert not vault.exists()
    assert vault.create(OLD_PASSPHRASE, OLD_CODE) == Saved()
    assert vault.unlocked
    assert vault.exists()
    assert vault.list() == ()
    assert paths.vault.read_bytes() == mirror_of(paths).read_bytes()
    assert parse(paths.vault.read_bytes()).generation == 1


def test_nothing_is_created_until_it_is_asked_for(paths: Paths, tmp_path: Path) -> None:
    vault = open_vault(paths)
    assert not vault.exists()
    with pytest.raises(VaultMissing, match="there is no vault at") as caught:
        vault.unlock(OLD_PASSPHRASE)
    assert caught.value.hint == "create one"
    assert list(tmp_path.iterdir()) == []


def test_a_vault_opens_with_its_passphrase_in_another_session(paths: Paths, vault: Vault) -> None:
    added, _ = vault.add(draft("openai/work", KEYS["openai/work"]))
    other = open_vault(paths)
    assert other.unlock(OLD_PASSPHRASE) == Opened()
    assert other.list() == (added,)
    assert values(other) == {"openai/work": KEYS["openai/work"]}


def test_a_vault_opens_with_its_recovery_code_however_it_is_typed(filled: Paths) -> None:
    vault = open_vault(filled)
    assert vault.unlock_with_recovery_code(Secret(" abcd efgh jkmn pqrs tvwx yzoi 2345 6789")) == Opened()
    assert values(vault) == KEYS


def test_a_wrong_passphrase_opens_nothing_and_is_not_called_damage(filled: Paths) -> None:
    vault, before = open_vault(filled), everything(filled.data)
    attempts: list[Callable[[], object]] = [
        lambda: vault.unlock(Secret("wrong")),
        lambda: vault.unlock_with_recovery_code(NEW_CODE),
        lambda: vault.unlock_with_recovery_code(Secret("no code")),
    ]
    for attempt in attempts:
        with pytest.raises(WrongPassphrase):
            attempt()
        assert not vault.unlocked
    assert everything(filled.data) == before


def test_a_failed_attempt_does_not_lock_an_open_vault(filled: Paths) -> None:
    vault = opened(filled)
    with pytest.raises(WrongPassphrase):
        vault.unlock_with_recovery_code(NEW_CODE)
    assert values(vault) == KEYS


def test_a_locked_vault_tells_and_does_nothing(filled: Paths) -> None:
    vault = opened(filled)
    seen, before = vault.get("openai/work"), everything(filled.data)
    vault.lock()
    assert not vault.unlocked
    deeds: list[Callable[[], object]] = [
        vault.list,
        vault.refresh,
        vault.accept_older_copy,
        lambda: vault.get("openai/work"),
        lambda: vault.secret("openai/work"),
        lambda: vault.add(draft("openai/new")),
        lambda: vault.update(seen, edited(seen, label="x")),
        lambda: vault.remove([seen]),
        lambda: vault.record_checks([]),
        lambda: vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE),
    ]
    for deed in deeds:
        with pytest.raises(VaultLocked):
            deed()
    assert vault.history.checks == ()
    assert everything(filled.data) == before


def test_a_locked_vault_holds_no_state(filled: Paths) -> None:
    vault = opened(filled)
    vault.lock()
    assert not any(isinstance(value, State) for value in vars(vault).values())


def test_a_vault_locked_while_it_saves_saves_and_stays_locked(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = opened(filled)
    replace_both = vault._disk.replace_both

    def lock_meanwhile(data: bytes, *, removing: bool = False) -> Saved:
        saved = replace_both(data, removing=removing)
        vault.lock()
        return saved

    monkeypatch.setattr(vault._disk, "replace_both", lock_meanwhile)
    _, saved = vault.add(draft("openai/new"))
    assert saved == Saved()
    assert not vault.unlocked
    assert opened(filled).get("openai/new")


def test_a_wrong_passphrase_costs_one_derivation_though_there_are_two_copies(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[Secret] = []

    def counted(passphrase: Secret, salt: bytes, cost: Argon2Cost) -> bytes:
        derived.append(passphrase)
        return salt * 2

    monkeypatch.setattr(slots, "_stretch", counted)
    with pytest.raises(WrongPassphrase):
        open_vault(filled).unlock(Secret("wrong"))
    assert len(derived) == 1


def test_a_vault_can_be_locked_and_unlocked_again(filled: Paths) -> None:
    vault = opened(filled)
    vault.lock()
    vault.unlock_with_recovery_code(OLD_CODE)
    assert values(vault) == KEYS


def test_a_passphrase_that_cannot_be_is_refused_before_anything_is_written(paths: Paths, tmp_path: Path) -> None:
    for passphrase, code in ((Secret(""), OLD_CODE), (Secret("x" * 1025), OLD_CODE)):
        with pytest.raises(UsageError):
            open_vault(paths).create(passphrase, code)
    with pytest.raises(WrongPassphrase):
        open_vault(paths).create(OLD_PASSPHRASE, Secret("not a code"))
    assert list(tmp_path.iterdir()) == []


def test_dates_follow_the_clock_and_an_update_moves_only_one_of_them(paths: Paths) -> None:
    ticks = (NOW + timedelta(seconds=n, microseconds=500) for n in count())
    vault = Vault(paths, cost=lambda: CHEAPEST, clock=lambda: next(ticks))
    vault.create(OLD_PASSPHRASE, OLD_CODE)
    added, _ = vault.add(draft("openai/work"))
    updated, _ = vault.update(added, edited(added, label="home"))
    assert (added.created_at, added.updated_at) == (NOW, NOW)
    assert (updated.created_at, updated.updated_at) == (NOW, NOW + timedelta(seconds=1))


def test_every_commit_raises_the_generation_by_one_and_seals_all_anew(filled: Paths) -> None:
    vault = opened(filled)
    before = parse(filled.vault.read_bytes())
    seen = vault.get("openai/work")
    seen, _ = vault.update(seen, edited(seen, label="home"))
    after = parse(filled.vault.read_bytes())
    assert after.generation == before.generation + 1
    assert after.index_salt != before.index_salt
    assert after.mac != before.mac
    assert after.records == before.records
    assert after.slots == before.slots

    vault.update(seen, edited(seen, KEYS["openai/work"]))
    same_secret = parse(filled.vault.read_bytes())
    assert same_secret.generation == before.generation + 2
    assert same_secret.records[0].box != before.records[0].box
    assert same_secret.records[1:] == before.records[1:]


def test_a_record_key_seals_one_secret_and_goes_with_it(filled: Paths) -> None:
    vault = opened(filled)
    first = inside(vault).entry("openai/work")
    seen, _ = vault.update(first.credential, edited(first.credential, label="home"))
    renamed = inside(vault).entry("openai/home")
    assert (renamed.record_key, renamed.sealed_rev) == (first.record_key, 1)

    vault.update(seen, edited(seen, KEYS["openai/work"]))
    replaced = inside(vault).entry("openai/home")
    assert replaced.record_key != first.record_key
    assert replaced.sealed_rev == replaced.credential.rev == 3


def test_the_buffer_in_which_a_secret_was_opened_is_wiped(filled: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, buffers = opened(filled), list[bytearray]()

    def kept(key: bytes, box: bytes, aad: bytes) -> bytearray:
        buffers.append(unseal(key, box, aad))
        return buffers[-1]

    monkeypatch.setattr("arka_tui.store.state.unseal", kept)
    assert vault.secret("openai/work").reveal() == KEYS["openai/work"]
    assert [bytes(buffer) for buffer in buffers] == [bytes(256)]


# ---------------------------------------------------------------------- never written over


@pytest.mark.parametrize("which", ["store.toml", "store.toml.bak"])
@pytest.mark.parametrize(
    "content",
    [b"", b"my diary\n", b'format = "arka-store/2"\n', b'format = "arka-store/1"\n', b"\0" * 512],
    ids=["empty", "foreign", "of a later format", "cut short", "zeros"],
)
def test_create_never_writes_over_anything(paths: Paths, which: str, content: bytes) -> None:
    paths.data.mkdir(parents=True, mode=0o700)
    (paths.data / which).write_bytes(content)
    with pytest.raises(VaultExists, match="there is a vault already"):
        open_vault(paths).create(OLD_PASSPHRASE, OLD_CODE)
    assert everything(paths.data) == {which: content}


def test_create_never_writes_over_a_vault_or_a_dangling_link(filled: Paths, paths: Paths) -> None:
    before = everything(filled.data)
    with pytest.raises(VaultExists):
        open_vault(filled).create(NEW_PASSPHRASE, NEW_CODE)
    assert everything(filled.data) == before

    mirror_of(filled).unlink()
    mirror_of(filled).symlink_to("nowhere")
    filled.vault.unlink()
    with pytest.raises(VaultExists):
        open_vault(paths).create(NEW_PASSPHRASE, NEW_CODE)
    assert mirror_of(filled).is_symlink()


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"my diary\n", VaultForeign, "is not an arka vault"),
        (b'format = "arka-store/2"\nx = [1]\n', VaultNewer, "has the format arka-store/2"),
    ],
    ids=["foreign", "of a later format"],
)
def test_a_file_that_is_not_ours_to_read_is_not_ours_to_write(
    filled: Paths, content: bytes, error: type[VaultError], words: str
) -> None:
    session = opened(filled)
    seen = session.get("openai/work")
    filled.vault.write_bytes(content)
    before = everything(filled.data)
    deeds: list[Callable[[], object]] = [
        open_vault(filled).exists,
        lambda: opened(filled),
        session.refresh,
        lambda: session.add(draft("openai/new")),
        lambda: session.remove([seen]),
        lambda: session.change_passphrase(NEW_PASSPHRASE, NEW_CODE),
    ]
    for deed in deeds:
        with pytest.raises(error, match=words) as caught:
            deed()
        assert caught.value.hint
    assert everything(filled.data) == before


@pytest.mark.parametrize("content", [b"", b'format = "arka-store/1"\n', b'format = "arka-s', b"format"])
def test_a_damaged_file_without_a_mirror_is_neither_opened_nor_written(
    alone: Path, paths: Paths, content: bytes
) -> None:
    alone.write_bytes(content)
    for deed in (open_vault(paths).exists, lambda: opened(paths), lambda: open_vault(paths).unlock(OLD_PASSPHRASE)):
        with pytest.raises(VaultCorrupt, match="is cut short") as caught:
            deed()
        assert "nothing was changed" in caught.value.hint
    assert everything(paths.data) == {"store.toml": content}


def test_a_vault_with_one_flipped_bit_is_neither_opened_nor_written(alone: Path, paths: Paths) -> None:
    raw = bytearray(alone.read_bytes())
    raw[raw.index(b"[index]") + 80] ^= 1
    alone.write_bytes(raw)
    with pytest.raises(VaultCorrupt, match=r"is damaged|does not match its seal"):
        opened(paths)
    assert everything(paths.data) == {"store.toml": bytes(raw)}


# ---------------------------------------------------------------------- a file that was changed


def read_with_code(raw: bytes) -> dict[str, str]:
    """All values of a file, by the order of opening that FORMAT.md §6 names, without the cost of a passphrase."""
    state = unlock_document(raw, parse(raw), RecoveryCode(OLD_CODE), {})
    return {entry.credential.name: state.open_record(entry).reveal() for entry in state.entries}


def opens_as(raw: bytes) -> dict[str, str] | None:
    try:
        return read_with_code(raw)
    except (Damaged, NotOurs, LaterFormat, VaultError):
        return None


@pytest.mark.parametrize(
    "tamper",
    [
        lambda text: re.sub(r"^generation = \d+", "generation = 99", text, flags=re.MULTILINE),
        lambda text: re.sub(r'^type = "recovery"', 'type = "tpm2"', text, flags=re.MULTILINE),
        lambda text: re.sub(r'\[\[slot\]\]\nid = "\w+"\ntype = "passphrase".*?\n\n', "", text, flags=re.DOTALL),
        lambda text: re.sub(r"^t = 1$", "t = 2", text, flags=re.MULTILINE),
        lambda text: text.replace("[index]", '[[slot]]\nid = "0000000000000000"\ntype = "backdoor"\n\n[index]'),
        lambda text: text.replace("[seal]", f'[[record]]\nid = "{"A" * 22}=="\nbox = ""\n\n[seal]'),
    ],
    ids=["generation", "slot type", "a slot dropped", "weaker derivation", "a slot added", "a record added"],
)
def test_everything_outside_the_boxes_is_under_the_seal(filled_folder: Path, tamper: Callable[[str], str]) -> None:
    text = (filled_folder / "store.toml").read_text()
    tampered = tamper(text)
    assert tampered != text
    assert opens_as(tampered.encode()) is None


def test_records_dropped_swapped_or_rolled_back_break_the_seal(filled: Paths) -> None:
    vault = opened(filled)
    old = parse(filled.vault.read_bytes())
    seen = vault.get("openai/work")
    vault.update(seen, edited(seen, "sk-proj-replaced-dddddddddddddddddd"))
    new = parse(filled.vault.read_bytes())
    first, second, third = new.records
    for document in (
        replace(new, records=new.records[1:]),
        replace(new, records=(second, first, third)),
        replace(new, records=(Record.of(first.id, second.box), Record.of(second.id, first.box), third)),
        replace(new, records=(old.records[0], *new.records[1:])),
        replace(new, index_salt=old.index_salt, index_box=old.index_box),
        replace(new, index_salt=old.index_salt, index_box=old.index_box, records=old.records),
    ):
        raw = render(document)
        with pytest.raises(Damaged):
            authenticate(raw, parse(raw), inside(vault).master_key)


def test_an_index_without_a_record_or_a_record_without_an_entry_is_damage(filled: Paths) -> None:
    state = inside(opened(filled))
    for document, entries in (
        (replace(state.document, records=state.document.records[1:]), state.entries),
        (state.document, state.entries[1:]),
        (replace(state.document, records=()), state.entries),
    ):
        resealed = seal_state(document, entries, state.master_key)
        with pytest.raises(Damaged):
            authenticate(resealed.raw, resealed.document, state.master_key)


# ---------------------------------------------------------------------- a secret is bound to where it was saved for


def resealed(paths: Paths, change: Callable[[State], State]) -> Vault:
    """The vault after somebody who has the master key, but not the record keys' discipline, has rewritten it."""
    state = change(inside(opened(paths)))
    put(paths, seal_state(state.document, state.entries, state.master_key).raw)
    return opened(paths)


def test_secrets_whose_boxes_were_swapped_do_not_open_even_under_a_right_seal(filled: Paths) -> None:
    def swap(state: State) -> State:
        first, second, third = state.document.records
        swapped = (Record.of(first.id, second.box), Record.of(second.id, first.box), third)
        return replace(state, document=replace(state.document, records=swapped))

    vault = resealed(filled, swap)
    for name in ("openai/work", "anthropic/ci"):
        with pytest.raises(VaultCorrupt, match=f"the sealed key of '{name}' is damaged") as caught:
            vault.secret(name)
        assert caught.value.hint == "replace the key"
    assert vault.secret("openai/laptop").reveal() == KEYS["openai/laptop"]


def test_secrets_whose_entries_were_swapped_do_not_open(filled: Paths) -> None:
    def swap(state: State) -> State:
        first, second, third = state.entries
        one = replace(first, credential=replace(first.credential, id=second.credential.id))
        two = replace(second, credential=replace(second.credential, id=first.credential.id))
        return replace(state, entries=(one, two, third))

    vault = resealed(filled, swap)
    for name in ("openai/work", "anthropic/ci"):
        with pytest.raises(VaultCorrupt):
            vault.secret(name)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://evil.example/v1"},
        {"base_url": "https://api.openai.example:8443/v1"},
        {"base_url": "http://api.openai.example/v1"},
        {"provider": "anthropic"},
        {"id": "f" * 32},
    ],
    ids=["host", "port", "scheme", "provider", "id"],
)
def test_a_secret_does_not_open_for_another_address_even_under_a_right_seal(
    filled: Paths, change: dict[str, str]
) -> None:
    def redirect(state: State) -> State:
        first, *others = state.entries
        moved = replace(first, credential=replace(first.credential, **change))  # type: ignore[arg-type]
        records = (Record.of(moved.record_id, state.document.records[0].box), *state.document.records[1:])
        return replace(state, entries=(moved, *others), document=replace(state.document, records=records))

    vault = resealed(filled, redirect)
    with pytest.raises(VaultCorrupt):
        vault.secret(vault.list()[0].name)


def test_a_secret_does_not_open_for_another_time_it_was_set(filled: Paths) -> None:
    def rewind(state: State) -> State:
        return replace(state, entries=(replace(state.entries[0], sealed_rev=2), *state.entries[1:]))

    with pytest.raises(VaultCorrupt):
        resealed(filled, rewind).secret("openai/work")


def test_an_older_secret_put_back_does_not_open(filled: Paths) -> None:
    vault = opened(filled)
    older = inside(vault).document.records[0]
    seen = vault.get("openai/work")
    vault.update(seen, edited(seen, "sk-proj-replaced-dddddddddddddddddd"))

    def put_back(state: State) -> State:
        return replace(state, document=replace(state.document, records=(older, *state.document.records[1:])))

    with pytest.raises(VaultCorrupt):
        resealed(filled, put_back).secret("openai/work")


@pytest.mark.parametrize("name", sorted(_MEMBERS))
def test_a_setting_may_have_any_name_and_the_vault_opens_again(filled: Paths, name: str) -> None:
    """Providers of one's own name their settings themselves."""
    added, _ = opened(filled).add(replace(draft("mine/first"), settings=((name, "a value"),)))
    assert opened(filled).get("mine/first") == added


# ---------------------------------------------------------------------- when secrets are opened


@pytest.fixture
def open_count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the credentials whose secrets were opened."""
    opened_names: list[str] = []
    really = State.open_record

    def counted(state: State, entry: object) -> Secret:
        opened_names.append(repr(entry))
        return really(state, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(State, "open_record", counted)
    return opened_names


def test_a_secret_is_opened_only_when_it_is_asked_for(filled: Paths, open_count: list[str]) -> None:
    vault = opened(filled)
    open_vault(filled).unlock(OLD_PASSPHRASE)
    seen = vault.get("openai/work")
    vault.list()
    vault.add(draft("openai/new"))
    seen, _ = vault.update(seen, edited(seen, label="home"))
    seen, _ = vault.update(seen, edited(seen, "sk-proj-replaced-dddddddddddddddddd"))
    vault.remove([seen])
    vault.refresh()
    opened(filled).refresh()
    vault.lock()
    assert open_count == []

    vault.unlock_with_recovery_code(OLD_CODE)
    vault.secret("anthropic/ci")
    assert open_count == ["Entry(anthropic/ci)"]


def test_a_change_of_passphrase_opens_every_secret_once(filled: Paths, open_count: list[str]) -> None:
    opened(filled).change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert sorted(open_count) == sorted(f"Entry({name})" for name in KEYS)


# ---------------------------------------------------------------------- a new passphrase


def test_a_changed_passphrase_replaces_the_old_one_and_keeps_every_secret(filled: Paths) -> None:
    vault = opened(filled)
    listed = vault.list()
    assert vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE) == Saved()
    assert values(vault) == KEYS

    other = open_vault(filled)
    with pytest.raises(WrongPassphrase):
        other.unlock(OLD_PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        other.unlock_with_recovery_code(OLD_CODE)
    assert other.unlock(NEW_PASSPHRASE) == Opened()
    assert (values(other), other.list()) == (KEYS, listed)
    other.lock()
    other.unlock_with_recovery_code(NEW_CODE)
    assert values(other) == KEYS


def test_the_session_that_changed_the_passphrase_goes_on(filled: Paths) -> None:
    vault = opened(filled)
    vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    vault.add(draft("openai/new"))
    other = open_vault(filled)
    other.unlock_with_recovery_code(NEW_CODE)
    assert [credential.name for credential in other.list()] == [*KEYS, "openai/new"]


def test_what_an_old_copy_gives_away_opens_nothing_new(filled: Paths) -> None:
    vault = opened(filled)
    old = inside(vault)
    vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    raw = filled.vault.read_bytes()
    new = parse(raw)

    with pytest.raises(Damaged):
        authenticate(raw, new, old.master_key)
    assert {slot.id for slot in new.slots}.isdisjoint({slot.id for slot in old.document.slots})
    assert {entry.record_key for entry in inside(vault).entries}.isdisjoint({entry.record_key for entry in old.entries})
    with_new_boxes = State(raw, new, old.entries, old.master_key)
    for entry in old.entries:
        with pytest.raises(VaultCorrupt):
            with_new_boxes.open_record(entry)
    for old_slot in old.document.slots:
        assert isinstance(old_slot, Slot)
        assert base64.b64encode(old_slot.box) not in raw


def test_a_changed_passphrase_drops_slots_of_unknown_kind_because_they_hold_the_old_key(filled: Paths) -> None:
    state = inside(opened(filled))
    tpm = UnknownSlot("0" * 16, "tpm2", (("id", "0" * 16), ("type", "tpm2"), ("pcr", 7)))
    document = replace(state.document, slots=(*state.document.slots, tpm))
    put(filled, seal_state(document, state.entries, state.master_key).raw)

    vault = opened(filled)
    vault.add(draft("openai/new"))
    assert parse(filled.vault.read_bytes()).slots[2] == tpm
    vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert [slot.type for slot in parse(filled.vault.read_bytes()).slots] == [PASSPHRASE, RECOVERY]


def test_a_secret_that_cannot_be_opened_stops_a_change_of_passphrase_before_it_begins(filled: Paths) -> None:
    def spoil(state: State) -> State:
        spoilt = Record.of(state.document.records[0].id, bytes(284))
        records = (spoilt, *state.document.records[1:])
        return replace(state, document=replace(state.document, records=records))

    vault = resealed(filled, spoil)
    before = filled.vault.read_bytes()
    with pytest.raises(VaultCorrupt, match="'openai/work'"):
        vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)
    assert filled.vault.read_bytes() == mirror_of(filled).read_bytes() == before
    assert vault.secret("openai/laptop").reveal() == KEYS["openai/laptop"]


def test_a_slot_that_costs_an_attacker_too_little_is_replaced_when_its_passphrase_opens_it(filled: Paths) -> None:
    dearer = Argon2Cost(CHEAPEST.memory_kib * 2, 1, 1)
    vault = Vault(filled, cost=lambda: dearer, clock=lambda: NOW)
    before = parse(filled.vault.read_bytes())
    vault.unlock(OLD_PASSPHRASE)
    after = parse(filled.vault.read_bytes())
    passphrase, recovery = after.slots
    assert isinstance(passphrase, Slot)
    assert passphrase.cost == dearer
    assert recovery == before.slots[1]
    assert after.generation == before.generation + 1
    assert values(vault) == values(opened(filled)) == KEYS

    assert open_vault(filled).unlock(OLD_PASSPHRASE) == Opened()
    assert parse(filled.vault.read_bytes()) == after


# ---------------------------------------------------------------------- what the files give away


def test_no_file_shows_a_secret_or_what_is_known_of_it(paths: Paths, vault: Vault) -> None:
    secret = Secret("sk-proj-CANARY-aaaaaaaaaaaaaaaaaaaaaaaa-wxyz")
    settings = (("organization", "org-CANARY"),)
    seen, _ = vault.add(Draft("openai", "laptop-of-ann", "https://proxy.corp.example/v1", settings, secret))
    seen, _ = vault.update(seen, edited(seen, label="desk-of-ann"))
    vault.change_passphrase(NEW_PASSPHRASE, NEW_CODE)

    files = [path for path in paths.data.parent.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"store.toml", "store.toml.bak", "store.lock", "seen.json"}
    for path in files:
        raw = path.read_bytes()
        boxes = [base64.b64decode(text) for text in re.findall(rb'"([A-Za-z0-9+/]{20,}={0,2})"', raw)]
        assert boxes or path.name == "store.lock" or path.suffix == ".json"
        for clear in (
            *(
                b"CANARY",
                b"openai",
                b"of-ann",
                b"proxy.corp",
                b"organization",
                b"aaaa-wxyz",
                b"2026-11",
                seen.id.encode(),
            ),
            *(word.encode() for word in NEW_PASSPHRASE.reveal().split()),
            NEW_CODE.reveal()[:9].encode(),
            inside(vault).master_key,
        ):
            assert clear not in raw
            assert not any(clear in box for box in boxes)


def test_secrets_of_ordinary_length_cannot_be_told_apart_by_their_size(paths: Paths, vault: Vault) -> None:
    for length in (8, 40, 164, 252):
        vault.add(draft(f"openai/{length}", "k" * length))
    vault.add(draft("openai/253", "k" * 253))
    sizes = [len(record.box) for record in parse(paths.vault.read_bytes()).records]
    assert sizes == [284, 284, 284, 284, 540]


def test_nothing_that_python_may_print_of_an_open_vault_shows_a_key(filled: Paths) -> None:
    vault = opened(filled)
    state = inside(vault)
    printed = repr([vault, state, state.entries, vault.list(), vault.secret("openai/work"), vault.history])
    assert "CANARY" not in printed
    for key in (state.master_key, *(entry.record_key for entry in state.entries)):
        assert repr(key)[2:-1] not in printed
        assert key.hex() not in printed


# ---------------------------------------------------------------------- the seal, by the words of the format


def test_the_seal_is_what_the_format_says_it_is(filled: Paths) -> None:
    state = inside(opened(filled))
    document = state.document
    passphrase, recovery = document.slots
    assert isinstance(passphrase, Slot) and isinstance(recovery, Slot) and passphrase.cost

    def text(data: bytes) -> str:
        return "s" + base64.b64encode(data).decode()

    def boxes(slot: Slot) -> dict[str, str]:
        return {"box": text(slot.box), "check": text(slot.check), "salt": text(slot.salt)}

    def t(table: dict[str, str]) -> bytes:
        return pae(*(part for name in sorted(table) for part in (name, table[name])))

    cost = {"m": "i19456", "t": "i1", "p": "i1"}
    message = pae(
        "arka-store/1 seal",
        t({"format": "sarka-store/1", "store_id": text(document.store_id), "generation": f"i{document.generation}"}),
        pae(
            t({"id": f"s{passphrase.id}", "type": "spassphrase", **cost, **boxes(passphrase)}),
            t({"id": f"s{recovery.id}", "type": "srecovery", **boxes(recovery)}),
        ),
        t({"salt": text(document.index_salt), "box": text(document.index_box)}),
        pae(*(t({"id": text(record.id), "box": text(record.box)}) for record in document.records)),
    )
    assert document.sealed_bytes() == message


def test_a_name_that_was_never_there_is_not_found_in_an_empty_vault(vault: Vault) -> None:
    with pytest.raises(CredentialNotFound) as caught:
        vault.get("openai/work")
    assert caught.value.hint == ""


def test_a_vault_is_never_saved_larger_than_it_could_be_opened_again(
    filled: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, before = opened(filled), everything(filled.data)
    monkeypatch.setattr("arka_tui.store.state.MAX_BYTES", len(before["store.toml"]))
    with pytest.raises(NotSaved, match="too large to be opened again"):
        vault.add(draft("openai/new"))
    assert everything(filled.data) == before
    assert values(vault) == KEYS


# ---------------------------------------------------------------------- fingerprints


def test_fingerprints_tell_equal_secrets_and_neither_the_secret_nor_anything_to_another_vault(
    vault: Vault, tmp_path: Path
) -> None:
    ids = {name: vault.add(draft(name, secret))[0].id for name, secret in KEYS.items()}
    marks = vault.fingerprints()
    assert marks == {ids[name]: vault.fingerprint(Secret(secret)) for name, secret in KEYS.items()}
    assert len({*marks.values()}) == len(KEYS)
    other = open_vault(Paths.under(tmp_path / "other"))
    other.create(OLD_PASSPHRASE, OLD_CODE)
    assert other.fingerprint(Secret(KEYS["openai/work"])) not in marks.values()
    vault.lock()
    with pytest.raises(VaultLocked):
        vault.fingerprints()
