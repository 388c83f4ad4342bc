"""The ways to open the vault, on their screen and at the locked door."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.errors import WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.slot_deeds import SlotDeeds
from arka_tui.store.ssh_agent import Agent, PublicKey
from arka_tui.store.vault import Opened
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.screens.slots import SlotsScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.ssh import RealAgent, needs_ssh_agent
from tests.ssh import real_agent as real_agent
from tests.tui.conftest import Driven, drive

Session = Callable[[], Controller]


@pytest.fixture
def session(paths: Paths, tmp_path: Path) -> Session:
    """Another one on the same vault, locked; the ssh-agent is the one whose socket `agent_at` names, if any."""

    def make() -> Controller:
        socket = tmp_path / "agent-socket"
        return Controller(
            paths,
            open_vault(paths),
            load_catalog(),
            Config(),
            agent=lambda: Agent.find({"SSH_AUTH_SOCK": str(socket)}),
            clock=lambda: NOW,
        )

    return make


@pytest.fixture
def controller(session: Session) -> Controller:
    """On a new vault with one key, unlocked."""
    controller = session()
    controller.create(PASSPHRASE, RECOVERY_CODE)
    controller.add(draft())
    return controller


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "arka.key"


def plug_in(agent: RealAgent, tmp_path: Path) -> None:
    (tmp_path / "agent-socket").symlink_to(agent.socket)


async def enter_passphrase(driven: Driven, passphrase: str = PASSPHRASE.reveal()) -> None:
    await driven.sees("Present passphrase")
    field = driven.app.screen.query_one("#passphrase")
    field.focus()
    await driven.until(lambda: driven.app.focused is field)
    await driven.paste(passphrase)
    await driven.press("enter")


async def confirm_recovery_code(driven: Driven) -> None:
    await driven.on(RecoveryCodeScreen)
    screen = driven.app.screen
    assert isinstance(screen, RecoveryCodeScreen)
    await driven.write("".join(screen.asked_groups))
    await driven.press("enter")


def test_a_key_file_is_added_on_the_screen_and_opens_the_vault_at_the_door(
    controller: Controller, session: Session, key_file: Path
) -> None:
    async def add(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("w")
        await driven.on(SlotsScreen)
        await driven.sees("passphrase", "recovery code", "Argon2id, 19 MiB")
        await driven.press("f")
        await driven.sees("A key file opens the vault too")
        await driven.paste(str(key_file))
        await enter_passphrase(driven)
        await driven.sees("The new key file opens the vault", str(key_file)[:40])
        await driven.sees("key file")

    drive(controller, add)
    assert controller.config.key_file == str(key_file)

    async def open_with_it(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.sees("Key file")
        await driven.press("ctrl+f")
        await driven.sees("ctrl+f goes back")
        await driven.paste(str(key_file))
        await driven.press("enter")
        await driven.sees("openai/work")

    drive(session(), open_with_it)


def test_a_passphrase_typed_right_after_the_path_is_never_shown(controller: Controller, key_file: Path) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("w", "f")
        await driven.sees("A key file opens the vault too")
        for event in keys_at_once(f"{key_file}\r{PASSPHRASE.reveal()}\r"):
            driven.app.post_message(event)
        await driven.sees("The new key file opens the vault")

    drive(controller, script)
    assert key_file.exists()


def keys_at_once(text: str) -> list[events.Key]:
    """As they come in one packet of a slow connection."""
    return [events.Key("enter", "\r") if char == "\r" else events.Key(char, char) for char in text]


def test_a_wrong_passphrase_adds_nothing_and_what_was_typed_stays(controller: Controller, key_file: Path) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("w", "f")
        await driven.sees("A key file opens the vault too")
        await driven.paste(str(key_file))
        await enter_passphrase(driven, "another horse")
        await driven.sees("This is not the passphrase of this vault")
        assert driven.app.screen.query_one("#path", Input).value == str(key_file)
        await enter_passphrase(driven)
        await driven.sees("The new key file opens the vault")

    drive(controller, script)
    controller.unlock(PASSPHRASE)
    assert len(controller.slots.views()) == 3


def test_a_path_that_will_not_do_says_why_and_can_be_mended(
    controller: Controller, paths: Paths, key_file: Path
) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("w", "f")
        await driven.sees("A key file opens the vault too")
        await driven.paste(str(paths.data / "arka.key"))
        await enter_passphrase(driven)
        await driven.sees("Beside the vault a key file protects nothing")
        driven.app.screen.query_one("#path", Input).value = str(key_file)
        await driven.press("enter")
        await driven.sees("The new key file opens the vault")

    drive(controller, script)


@pytest.mark.slow
@needs_ssh_agent
def test_an_ssh_key_is_chosen_added_and_opens_the_vault_at_the_door(
    controller: Controller, session: Session, real_agent: RealAgent, tmp_path: Path
) -> None:
    plug_in(real_agent, tmp_path)
    real_agent.add("ecdsa", "cannot")
    real_agent.add("ed25519", "can")

    async def add(driven: Driven) -> None:
        await driven.press("w", "s")
        await driven.sees("Keys of your ssh-agent", "ECDSA signs differently each time")
        await driven.press("down", "enter")
        assert not isinstance(driven.app.screen, SlotsScreen)
        await driven.press("up", "enter")
        await driven.sees("This ssh key opens the vault too", "SHA256:")
        await enter_passphrase(driven)
        await driven.sees("Your ssh-agent opens the vault now", "ssh-agent key", "can SHA256:")

    drive(controller, add)

    async def open_with_it(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.sees("ssh-agent")
        await driven.press("ctrl+g")
        await driven.sees("openai/work")

    drive(session(), open_with_it)


def test_without_an_agent_the_screen_says_what_is_missing(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("w", "s")
        await driven.sees("No ssh-agent is running here", "SSH_AUTH_SOCK")

    drive(controller, script)


def test_the_door_offers_only_what_the_vault_has(session: Session, controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.sees("Recovery code")
        assert "Key file" not in driven.text and "ssh-agent" not in driven.text
        await driven.press("ctrl+f", "ctrl+g")
        await driven.sees("Passphrase")

    drive(session(), script)


@pytest.mark.slow
def test_a_removed_key_file_never_opens_the_vault_again(
    controller: Controller, session: Session, key_file: Path
) -> None:
    controller.slots.add_key_file(str(key_file))

    async def script(driven: Driven) -> None:
        await driven.press("w")
        await driven.sees("its file is not at hand now")
        await driven.press("end", "d")
        await driven.sees("Remove this key file?")
        await enter_passphrase(driven)
        await confirm_recovery_code(driven)
        await driven.sees("Removed. The old recovery code is void")

    drive(controller, script)
    controller.unlock(PASSPHRASE)
    assert [view.kind for view in controller.slots.views()] == ["passphrase", "recovery"]
    with pytest.raises(WrongPassphrase):
        session().slots.unlock_with_key_file(str(key_file))
    later = session()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/work") == draft().secret


def test_passphrase_and_recovery_code_cannot_be_removed(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("w")
        await driven.sees("recovery code")
        for key in ("d", "down", "d"):
            await driven.press(key)
            await driven.pilot.pause()
            assert isinstance(driven.app.screen, SlotsScreen)
        assert driven.app.screen.check_action("remove", ()) is None

    drive(controller, script)


@pytest.mark.slow
def test_going_back_at_the_new_recovery_code_removes_nothing(controller: Controller, key_file: Path) -> None:
    controller.slots.add_key_file(str(key_file))

    async def script(driven: Driven) -> None:
        await driven.press("w")
        await driven.sees("its file is not at hand now")
        await driven.press("end", "d")
        await enter_passphrase(driven)
        await driven.on(RecoveryCodeScreen)
        await driven.press("escape")
        await driven.on(SlotsScreen)

    drive(controller, script)
    controller.unlock(PASSPHRASE)
    assert len(controller.slots.views()) == 3


def test_slots_out_of_reach_are_named_before_a_change_of_passphrase_drops_them(
    controller: Controller, key_file: Path
) -> None:
    controller.slots.add_key_file(str(key_file))

    async def script(driven: Driven) -> None:
        await driven.press("w")
        await driven.sees("its file is not at hand now")
        await driven.press("c")
        await enter_passphrase(driven)
        await driven.sees("Removed with the old passphrase, because not within reach now: key file")

    drive(controller, script)


@pytest.mark.slow
def test_a_recovery_code_is_not_shown_while_it_is_typed_but_counted(session: Session, controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.press("ctrl+r")
        await driven.write("ABCD-EFGH")
        await driven.sees("8 of 32 characters")
        assert "ABCD" not in driven.text
        driven.app.screen.query_one("#code").focus()
        await driven.press("ctrl+u")
        await driven.paste(RECOVERY_CODE.reveal())
        await driven.press("enter")
        await driven.sees("Set a new passphrase")

    drive(session(), script)


def test_a_recovery_code_with_a_mistake_stays_to_be_mended(session: Session, controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("ctrl+r")
        await driven.paste(RECOVERY_CODE.reveal()[:-1])
        await driven.press("enter")
        await driven.sees("eight groups of four")
        await driven.write(RECOVERY_CODE.reveal()[-1])
        await driven.press("enter")
        await driven.sees("Set a new passphrase")

    drive(session(), script)


def test_a_changed_passphrase_needs_the_present_one(controller: Controller, session: Session) -> None:
    async def script(driven: Driven) -> None:
        driven.app.action_change_passphrase()
        await enter_passphrase(driven, "another horse")
        await driven.sees("This is not the passphrase of this vault")
        await driven.press("escape")
        await driven.on(KeysScreen)

    drive(controller, script)
    session().unlock(Secret(PASSPHRASE.reveal()))


# ---------------------------------------------------------------------- an agent that makes one wait


class Waiting(Agent):
    """Signs when it is let."""

    def __init__(self, real: RealAgent) -> None:
        super().__init__(str(real.socket))
        self.asked, self.may = threading.Event(), threading.Event()

    def sign(self, key: PublicKey, data: bytes) -> bytes:
        self.asked.set()
        self.may.wait(20)
        return super().sign(key, data)


@pytest.fixture
def waiting(controller: Controller, real_agent: RealAgent, tmp_path: Path) -> Iterator[Waiting]:
    """A vault that an agent's key opens, and that agent."""
    plug_in(real_agent, tmp_path)
    real_agent.add()
    controller.slots.add_agent_key(controller.slots.agent_keys()[0])
    waiting = Waiting(real_agent)
    yield waiting
    waiting.may.set()


def with_agent(session: Session, agent: Agent) -> Controller:
    controller = session()
    controller.slots = SlotDeeds(controller._vault, lambda: agent, lambda: "")
    return controller


@needs_ssh_agent
def test_escape_ends_the_waiting_at_the_door_and_a_late_answer_opens_nothing(
    session: Session, waiting: Waiting
) -> None:
    controller = with_agent(session, waiting)

    async def script(driven: Driven) -> None:
        await driven.sees("ssh-agent")
        await driven.press("ctrl+g")
        await driven.until(waiting.asked.is_set)
        await driven.press("escape")
        await driven.sees("Stopped")
        waiting.may.set()
        await driven.paste(PASSPHRASE.reveal())
        assert not controller.unlocked
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(controller, script)


@pytest.mark.slow
@needs_ssh_agent
def test_an_agent_that_makes_one_wait_holds_up_neither_lock_nor_a_way_back(
    session: Session, waiting: Waiting, real_agent: RealAgent
) -> None:
    real_agent.add(comment="another")
    controller = with_agent(session, waiting)
    controller.unlock(PASSPHRASE)

    async def script(driven: Driven) -> None:
        await driven.press("w", "s")
        await driven.sees("Keys of your ssh-agent")
        await driven.press("down", "enter")
        await enter_passphrase(driven)
        await driven.until(waiting.asked.is_set)
        await driven.press("escape")
        await driven.on(SlotsScreen)
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        assert not controller.unlocked
        waiting.may.set()

    drive(controller, script)


@needs_ssh_agent
def test_who_opens_it_with_the_agent_is_not_taken_for_one_who_knows_the_recovery_code(
    session: Session, waiting: Waiting
) -> None:
    waiting.may.set()

    async def script(driven: Driven) -> None:
        await driven.sees("ssh-agent")
        await driven.press("ctrl+r", "ctrl+g")
        await driven.on(KeysScreen)
        assert "Set a new passphrase" not in driven.text

    drive(with_agent(session, waiting), script)


def test_a_vault_that_is_being_opened_while_the_program_is_suspended_is_locked_again(
    session: Session, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, may = session(), threading.Event()
    really = later.unlock

    def slow(passphrase: Secret) -> Opened:
        may.wait(20)
        return really(passphrase)

    monkeypatch.setattr(later, "unlock", slow)

    async def script(driven: Driven) -> None:
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.sees("Deriving the key")
        driven.app._continued()
        may.set()
        await driven.sees("Locked: arka-tui was suspended")
        assert not later.unlocked

    drive(later, script)
