"""More ways to open a vault, and fewer: what is added opens it, what is removed never does again."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.errors import AgentFailed, Conflict, Superseded, UsageError, VaultLocked, WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.slot_deeds import SlotDeeds
from arka_tui.store import Saved, ssh_agent
from arka_tui.store.document import MAX_SLOTS, parse
from arka_tui.store.key_file import make_key_file
from arka_tui.store.slots import KeyFile, SshAgent
from arka_tui.store.ssh_agent import Agent, PublicKey
from arka_tui.store.vault import Vault
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.ssh import RealAgent, needs_ssh_agent
from tests.ssh import real_agent as real_agent

NEW_CODE = Secret("0000-1111-2222-3333-4444-5555-6666-7777")
Deeds = Callable[[], tuple[Vault, SlotDeeds]]


class Surroundings:
    """What may change between two deeds: whether an agent runs, which key file the settings name."""

    agent: Agent | None = None
    key_file = ""


@pytest.fixture
def around() -> Surroundings:
    return Surroundings()


@pytest.fixture
def session(paths: Paths, around: Surroundings) -> Deeds:
    """Another one on the same vault, locked."""

    def make() -> tuple[Vault, SlotDeeds]:
        vault = open_vault(paths)
        return vault, SlotDeeds(vault, lambda: around.agent, lambda: around.key_file)

    return make


@pytest.fixture
def deeds(vault: Vault, around: Surroundings) -> SlotDeeds:
    """On an open vault with one key."""
    vault.add(draft())
    return SlotDeeds(vault, lambda: around.agent, lambda: around.key_file)


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    (tmp_path / "stick").mkdir()
    return str(tmp_path / "stick" / "arka.key")


def kinds(deeds: SlotDeeds) -> list[str]:
    return [view.kind for view in deeds.views()]


# ---------------------------------------------------------------------- key files


def test_a_key_file_opens_the_vault_beside_passphrase_and_recovery_code(
    deeds: SlotDeeds, session: Deeds, key_file: str
) -> None:
    saved, made = deeds.add_key_file(key_file)
    assert made and not saved.incomplete
    assert session()[1].offered() == {"passphrase", "recovery", "keyfile"}
    later, its_deeds = session()
    its_deeds.unlock_with_key_file(key_file)
    assert later.secret("openai/work").reveal() == draft().secret.reveal()  # type: ignore[union-attr]
    session()[0].unlock(PASSPHRASE)
    session()[0].unlock_with_recovery_code(RECOVERY_CODE)


def test_a_key_file_that_was_made_before_is_used_as_it_is(deeds: SlotDeeds, session: Deeds, key_file: str) -> None:
    content = make_key_file(Path(key_file)).content
    assert deeds.add_key_file(key_file)[1] is False
    assert Path(key_file).read_bytes() == content
    session()[1].unlock_with_key_file(key_file)


def test_a_key_file_beside_the_vault_is_refused(deeds: SlotDeeds, paths: Paths) -> None:
    with pytest.raises(UsageError, match="beside the vault a key file protects nothing"):
        deeds.add_key_file(str(paths.data / "arka.key"))
    assert not (paths.data / "arka.key").exists()


def test_a_file_that_opens_the_vault_already_is_not_added_twice(deeds: SlotDeeds, key_file: str) -> None:
    deeds.add_key_file(key_file)
    with pytest.raises(UsageError, match="opens the vault already"):
        deeds.add_key_file(key_file)
    assert Path(key_file).exists()


def test_a_key_file_whose_slot_was_not_saved_does_not_stay(
    deeds: SlotDeeds, vault: Vault, session: Deeds, key_file: str
) -> None:
    other, _ = session()
    other.unlock(PASSPHRASE)
    other.change_passphrase(Secret("another horse"), NEW_CODE)
    with pytest.raises(Superseded):
        deeds.add_key_file(key_file)
    assert not Path(key_file).exists()


def test_what_is_no_key_file_of_this_vault_opens_nothing(deeds: SlotDeeds, session: Deeds, tmp_path: Path) -> None:
    _, its_deeds = session()
    make_key_file(tmp_path / "other.key")
    with pytest.raises(WrongPassphrase, match="opens no slot of this vault"):
        its_deeds.unlock_with_key_file(str(tmp_path / "other.key"))
    for path in ("", "  ", "\0", "~nobody-there/x"):
        with pytest.raises(UsageError):
            its_deeds.unlock_with_key_file(path)


def test_a_vault_has_at_most_16_slots(deeds: SlotDeeds, tmp_path: Path) -> None:
    for n in range(MAX_SLOTS - 2):
        deeds.add_key_file(str(tmp_path / f"{n}.key"))
    with pytest.raises(UsageError, match="at most 16 slots"):
        deeds.add_key_file(str(tmp_path / "one-more.key"))
    assert not (tmp_path / "one-more.key").exists()


# ---------------------------------------------------------------------- the ssh-agent


@needs_ssh_agent
def test_an_agent_opens_the_vault_and_is_offered_only_while_it_runs(
    deeds: SlotDeeds, session: Deeds, around: Surroundings, real_agent: RealAgent
) -> None:
    real_agent.add()
    around.agent = Agent(str(real_agent.socket))
    (key,) = deeds.agent_keys()
    deeds.add_agent_key(key)
    later, its_deeds = session()
    assert "ssh-agent" in its_deeds.offered()
    its_deeds.unlock_with_agent()
    assert later.list()
    assert its_deeds.views()[-1].told == f"me@laptop {key.fingerprint}"
    with pytest.raises(UsageError, match="this key opens the vault already"):
        deeds.add_agent_key(key)
    around.agent = None
    _, its_deeds = session()
    assert "ssh-agent" not in its_deeds.offered()
    with pytest.raises(AgentFailed, match="no ssh-agent is running"):
        its_deeds.unlock_with_agent()


@needs_ssh_agent
def test_the_file_names_neither_the_ssh_key_nor_its_owner(
    deeds: SlotDeeds, paths: Paths, around: Surroundings, real_agent: RealAgent
) -> None:
    real_agent.add(comment="alice@laptop")
    around.agent = Agent(str(real_agent.socket))
    (key,) = deeds.agent_keys()
    deeds.add_agent_key(key)
    raw = paths.vault.read_bytes()
    for trace in (b"alice", key.fingerprint[7:].encode(), base64.b64encode(key.blob)[-30:-2]):
        assert trace not in raw


# ---------------------------------------------------------------------- removing


def test_a_removed_slot_never_opens_the_vault_again_and_all_is_sealed_anew(
    deeds: SlotDeeds, vault: Vault, session: Deeds, key_file: str, paths: Paths, around: Surroundings
) -> None:
    deeds.add_key_file(key_file)
    around.key_file = key_file
    before = parse(paths.vault.read_bytes())
    slot = next(view for view in deeds.views() if view.kind == "keyfile")
    deeds.change_passphrase(PASSPHRASE, NEW_CODE, without=slot.id)
    assert kinds(deeds) == ["passphrase", "recovery"]
    after = parse(paths.vault.read_bytes())
    assert not {each.box for each in before.records} & {each.box for each in after.records}
    with pytest.raises(WrongPassphrase):
        session()[1].unlock_with_key_file(key_file)
    later, _ = session()
    later.unlock_with_recovery_code(NEW_CODE)
    assert later.secret("openai/work") == draft().secret
    with pytest.raises(WrongPassphrase):
        session()[0].unlock_with_recovery_code(RECOVERY_CODE)


@needs_ssh_agent
def test_a_change_of_passphrase_keeps_the_slots_within_reach_and_drops_the_others(
    deeds: SlotDeeds, session: Deeds, key_file: str, around: Surroundings, real_agent: RealAgent, tmp_path: Path
) -> None:
    real_agent.add()
    around.agent = Agent(str(real_agent.socket))
    deeds.add_agent_key(deeds.agent_keys()[0])
    deeds.add_key_file(key_file)
    deeds.add_key_file(str(tmp_path / "not-in-the-settings.key"))
    around.key_file = key_file
    assert [view.here for view in deeds.views()] == [True, True, True, True, False]
    deeds.change_passphrase(Secret("another horse"), NEW_CODE)
    assert kinds(deeds) == ["passphrase", "recovery", "ssh-agent", "keyfile"]
    session()[1].unlock_with_agent()
    session()[1].unlock_with_key_file(key_file)
    session()[0].unlock(Secret("another horse"))
    with pytest.raises(WrongPassphrase):
        session()[1].unlock_with_key_file(str(tmp_path / "not-in-the-settings.key"))


def test_an_agent_that_does_not_answer_stops_no_change_of_passphrase(
    deeds: SlotDeeds, session: Deeds, around: Surroundings, tmp_path: Path
) -> None:
    around.agent = Agent(str(tmp_path / "gone"))
    deeds.change_passphrase(Secret("another horse"), NEW_CODE)
    session()[0].unlock(Secret("another horse"))


# ---------------------------------------------------------------------- knowing the passphrase


def test_the_passphrase_is_told_from_others_without_opening_anything(deeds: SlotDeeds) -> None:
    assert deeds.is_passphrase(PASSPHRASE)
    assert not deeds.is_passphrase(Secret("another horse"))
    assert not deeds.is_passphrase(RECOVERY_CODE)


def test_a_locked_vault_tells_nothing_of_its_slots_and_takes_none(
    deeds: SlotDeeds, vault: Vault, key_file: str
) -> None:
    vault.lock()
    for deed in (
        deeds.views,
        lambda: deeds.is_passphrase(PASSPHRASE),
        lambda: deeds.add_key_file(key_file),
        lambda: deeds.change_passphrase(PASSPHRASE, NEW_CODE),
    ):
        with pytest.raises(VaultLocked):
            deed()
    assert not Path(key_file).exists()


# ---------------------------------------------------------------------- what happens while somebody is asked


def when_the_agent_has_signed(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """`happens` comes between the signatures for a new slot and its saving."""

    def enrol(agent: Agent, key: PublicKey, data: bytes) -> bytes:
        signature = ssh_agent.enrol(agent, key, data)
        happens()
        return signature

    monkeypatch.setattr("arka_tui.store.slots.enrol", enrol)


@needs_ssh_agent
def test_a_slot_does_not_land_in_a_vault_that_was_locked_and_opened_again_meanwhile(
    deeds: SlotDeeds,
    vault: Vault,
    session: Deeds,
    around: Surroundings,
    real_agent: RealAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_agent.add()
    around.agent = Agent(str(real_agent.socket))
    other, _ = session()
    other.unlock(PASSPHRASE)

    def change_it() -> None:
        other.change_passphrase(Secret("another horse"), NEW_CODE)
        vault.lock()
        vault.unlock(Secret("another horse"))

    when_the_agent_has_signed(monkeypatch, change_it)
    with pytest.raises(VaultLocked, match="locked meanwhile: nothing was changed"):
        deeds.add_agent_key(deeds.agent_keys()[0])
    assert kinds(deeds) == ["passphrase", "recovery"]


@needs_ssh_agent
def test_a_change_of_passphrase_does_not_land_in_another_vault(
    deeds: SlotDeeds,
    vault: Vault,
    session: Deeds,
    paths: Paths,
    around: Surroundings,
    real_agent: RealAgent,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    real_agent.add()
    around.agent = Agent(str(real_agent.socket))
    deeds.add_agent_key(deeds.agent_keys()[0])
    elsewhere = Paths.under(tmp_path / "elsewhere")
    open_vault(elsewhere).create(PASSPHRASE, RECOVERY_CODE)

    def put_another_vault_there() -> None:
        for name in ("store.toml", "store.toml.bak"):
            paths.vault.with_name(name).write_bytes(elsewhere.vault.read_bytes())
        vault.lock()
        vault.unlock(PASSPHRASE)

    when_the_agent_has_signed(monkeypatch, put_another_vault_there)
    with pytest.raises(VaultLocked):
        deeds.change_passphrase(Secret("another horse"), NEW_CODE)
    assert paths.vault.read_bytes() == elsewhere.vault.read_bytes()
    session()[0].unlock(PASSPHRASE)


@needs_ssh_agent
def test_a_slot_that_was_said_to_stay_is_never_dropped_because_its_agent_went(
    deeds: SlotDeeds, session: Deeds, around: Surroundings, real_agent: RealAgent
) -> None:
    real_agent.add()
    around.agent = Agent(str(real_agent.socket))
    deeds.add_agent_key(deeds.agent_keys()[0])
    shown = frozenset(view.id for view in deeds.views() if view.here)
    keep = frozenset(view.id for view in deeds.views() if view.kind == "ssh-agent")
    assert keep <= shown
    around.agent = None
    with pytest.raises(UsageError, match="no longer within reach, and it would be removed: ssh-agent key"):
        deeds.change_passphrase(Secret("another horse"), NEW_CODE, keep=keep)
    session()[0].unlock(PASSPHRASE)


def test_a_slot_that_another_session_added_meanwhile_is_not_dropped_unseen(
    deeds: SlotDeeds, vault: Vault, session: Deeds, key_file: str
) -> None:
    change = vault.prepare_change(Secret("another horse"), NEW_CODE)
    other, its_deeds = session()
    other.unlock(PASSPHRASE)
    its_deeds.add_key_file(key_file)
    with pytest.raises(Conflict, match="another session added a way"):
        change()
    assert kinds(deeds) == ["passphrase", "recovery", "keyfile"]
    session()[1].unlock_with_key_file(key_file)


def test_a_key_file_that_another_session_made_use_of_meanwhile_stays(
    deeds: SlotDeeds, vault: Vault, session: Deeds, key_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, its_deeds = session()
    other.unlock(PASSPHRASE)
    really = vault.add_slot

    def add_slot(way: KeyFile | SshAgent) -> Saved:
        its_deeds.add_key_file(key_file)
        return really(way)

    monkeypatch.setattr(vault, "add_slot", add_slot)
    with pytest.raises(UsageError, match="opens the vault already"):
        deeds.add_key_file(key_file)
    session()[1].unlock_with_key_file(key_file)


@needs_ssh_agent
def test_a_key_whose_use_was_refused_does_not_stop_another_key(
    deeds: SlotDeeds, session: Deeds, around: Surroundings, real_agent: RealAgent
) -> None:
    for comment in ("one", "two"):
        real_agent.add(comment=comment)
    around.agent = Agent(str(real_agent.socket))
    first, second = deeds.agent_keys()
    for key in (first, second):
        deeds.add_agent_key(key)

    class Picky(Agent):
        def sign(self, key: PublicKey, data: bytes) -> bytes:
            if key == first:
                raise AgentFailed("the ssh-agent refused")
            return super().sign(key, data)

    around.agent = Picky(str(real_agent.socket))
    later, its_deeds = session()
    its_deeds.unlock_with_agent()
    assert later.list()


@pytest.mark.parametrize("path", ["x" * 300, "loop/arka.key", "loop"])
def test_a_path_that_cannot_be_looked_at_is_an_error_like_any_other(
    deeds: SlotDeeds, path: str, tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError):
        deeds.add_key_file(str(tmp_path / path))
