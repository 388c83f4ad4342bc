"""A bundle opens with its passphrase and nothing else, holds what was chosen, and is never written over a vault."""

import stat
from pathlib import Path

import pytest

from arka_tui.errors import UsageError, VaultCorrupt, WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import backup, bundle, last_resort, slots
from arka_tui.store.glance import glance
from arka_tui.store.slots import Passphrase, RecoveryCode
from arka_tui.store.state import State
from arka_tui.store.vault import Vault
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft

WORD = Secret("umber kiosk lantern fjord")
FIRST, SECOND = "sk-proj-bbbbbbbbbbbbbbbbbbbbbbbb", "gsk_cccccccccccccccccccccccc"


@pytest.fixture
def filled(vault: Vault) -> Vault:
    vault.add(draft("openai/work", FIRST))
    vault.add(draft("groq/ci", SECOND))
    vault.add(draft("openai/other"))
    return vault


def written(vault: Vault, paths: Paths, target: Path, *names: str, force: bool = False) -> Path:
    keys = [vault.get(name) for name in names or ("openai/work", "groq/ci")]
    assert bundle.write(vault, paths, keys, WORD, target, slots.CHEAPEST, force=force) == ""
    return target


def opened(target: Path, word: Secret = WORD) -> State:
    return backup.open_backup(backup.read(target), Passphrase(word))


def test_it_holds_what_was_chosen_and_every_secret_is_the_same(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    state = opened(written(filled, paths, tmp_path / "b.toml"))
    secrets = {entry.credential.name: state.open_record(entry).reveal() for entry in state.entries}
    assert secrets == {"openai/work": FIRST, "groq/ci": SECOND}
    kept, sent = filled.get("openai/work"), state.entry("openai/work").credential
    assert (sent.base_url, sent.hint, sent.created_at) == (kept.base_url, kept.hint, kept.created_at)


def test_a_reader_written_from_the_format_alone_opens_it(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    raw = written(filled, paths, tmp_path / "b.toml").read_bytes()
    found = last_resort.read_store(raw, last_resort.by_passphrase(WORD.reveal()))
    assert {key.name: key.secret for key in found} == {"openai/work": FIRST, "groq/ci": SECOND}


def test_only_its_own_passphrase_opens_it(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    target = written(filled, paths, tmp_path / "b.toml")
    for way in (Passphrase(PASSPHRASE), Passphrase(Secret("umber kiosk lantern")), RecoveryCode(RECOVERY_CODE)):
        with pytest.raises(WrongPassphrase):
            backup.open_backup(backup.read(target), way)


def test_as_it_lies_there_it_has_nothing_in_common_with_the_vault(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    target = written(filled, paths, tmp_path / "b.toml")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    text = target.read_text()
    assert not any(word in text for word in (FIRST, SECOND, "openai", "groq", "work"))
    constant = {'format = "arka-store/1"', 'type = "passphrase"', "m = 19456", "t = 1", "p = 1"}
    values = {line for line in text.splitlines() if " = " in line} - constant - {"generation = 1"}
    assert values.isdisjoint(paths.vault.read_text().splitlines())


def test_two_bundles_of_the_same_keys_have_nothing_in_common(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    one, other = (glance(written(filled, paths, tmp_path / name)).document for name in ("a.toml", "b.toml"))
    assert one
    assert other
    assert one.store_id != other.store_id
    assert {record.id for record in one.records}.isdisjoint(record.id for record in other.records)


def test_the_vault_is_not_changed(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    before = paths.vault.read_bytes()
    written(filled, paths, tmp_path / "b.toml")
    assert paths.vault.read_bytes() == before


def test_it_replaces_a_bundle_where_that_is_wanted_and_nothing_else(
    filled: Vault, paths: Paths, tmp_path: Path
) -> None:
    target = written(filled, paths, tmp_path / "b.toml")
    with pytest.raises(UsageError, match="there already"):
        written(filled, paths, target)
    assert [
        entry.credential.name for entry in opened(written(filled, paths, target, "groq/ci", force=True)).entries
    ] == ["groq/ci"]


@pytest.mark.parametrize("there", ["a backup", "a text", "a link", "nothing but a name", "a folder", "the vault"])
def test_what_is_no_bundle_is_never_written_over(there: str, filled: Vault, paths: Paths, tmp_path: Path) -> None:
    target = tmp_path / "b.toml"
    match there:
        case "a backup":
            target.write_bytes(paths.vault.read_bytes())
        case "a text":
            target.write_text("dear diary")
        case "a link":
            target.symlink_to(written(filled, paths, tmp_path / "c.toml"))
        case "nothing but a name":
            target.touch()
        case "a folder":
            target.mkdir()
        case "the vault":
            target = paths.vault
    before = target.read_bytes() if target.is_file() else b""
    with pytest.raises(UsageError):
        written(filled, paths, target, force=True)
    assert (target.read_bytes() if target.is_file() else b"") == before


def test_a_disk_that_gives_back_something_else_is_noticed(
    filled: Vault, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lies(path: Path, data: bytes) -> str:
        path.write_bytes(data[:-8])
        return ""

    monkeypatch.setattr(bundle, "replace_file", lies)
    with pytest.raises(VaultCorrupt, match="does not hold what was written"):
        written(filled, paths, tmp_path / "b.toml")


def test_it_can_be_restored_as_a_vault(filled: Vault, paths: Paths, tmp_path: Path) -> None:
    target, elsewhere = written(filled, paths, tmp_path / "b.toml"), Paths.under(tmp_path / "new")
    backup.restore(elsewhere, opened(target), backup.present(elsewhere))
    vault = Vault(elsewhere, cost=lambda: slots.CHEAPEST)
    vault.unlock(WORD)
    assert vault.secret("openai/work") == Secret(FIRST)
