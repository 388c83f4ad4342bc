"""Over a real sshd on loopback: the user's own ssh-agent, forwarded, opens the vault on the other side."""

from collections.abc import Iterator

import pytest

from arka_tui.slot_deeds import SlotDeeds
from arka_tui.store.ssh_agent import Agent
from tests.conftest import draft
from tests.e2e.home import PASSPHRASE, Home
from tests.e2e.terminal import Terminal
from tests.ssh import RealAgent
from tests.ssh import real_agent as real_agent
from tests.sshd import Sshd, needs_sshd

pytestmark = [pytest.mark.pty, needs_sshd]


@pytest.fixture
def sshd(real_agent: RealAgent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    sshd = Sshd(tmp_path_factory.mktemp("sshd"), real_agent.add("ed25519", "me@laptop"))
    yield sshd
    sshd.close()


@pytest.fixture
def vault_for_the_agent(home: Home, real_agent: RealAgent, sshd: Sshd) -> Home:
    vault = home.new_vault()
    vault.add(draft())
    deeds = SlotDeeds(vault, lambda: Agent(str(real_agent.socket)), lambda: "")
    deeds.add_agent_key(deeds.agent_keys()[0])
    return home


def login(home: Home, agent: RealAgent, sshd: Sshd, option: str) -> Terminal:
    """A terminal on the other side in which arka-tui runs."""
    return Terminal(sshd.ssh(home.command, home.remote_env, option), {**home.env, **agent.env})


def test_a_forwarded_agent_opens_the_vault(vault_for_the_agent: Home, real_agent: RealAgent, sshd: Sshd) -> None:
    with login(vault_for_the_agent, real_agent, sshd, "-A") as terminal:
        terminal.wait_for("^g ssh-agent")
        terminal.press("ctrl+g")
        terminal.wait_for("openai/work")
        terminal.press("w")
        terminal.wait_for("me@laptop SHA256:")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.not_restored() == []


@pytest.mark.slow
def test_without_forwarding_the_passphrase_is_the_way(
    vault_for_the_agent: Home, real_agent: RealAgent, sshd: Sshd
) -> None:
    with login(vault_for_the_agent, real_agent, sshd, "-a") as terminal:
        terminal.wait_for("type it, then Enter")
        terminal.press("ctrl+g")
        terminal.paste(PASSPHRASE)
        terminal.press("enter")
        terminal.wait_for("openai/work")
        assert "ssh-agent" not in terminal.text
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


@pytest.mark.slow
def test_an_agent_that_lost_its_key_leaves_the_door_to_the_passphrase(
    vault_for_the_agent: Home, real_agent: RealAgent, sshd: Sshd
) -> None:
    with login(vault_for_the_agent, real_agent, sshd, "-A") as terminal:
        terminal.wait_for("^g ssh-agent")
        real_agent.tell("ssh-add", "-D")
        terminal.press("ctrl+g")
        terminal.wait_for("The ssh-agent holds no key that opens this vault")
        terminal.paste(PASSPHRASE)
        terminal.press("enter")
        terminal.wait_for("openai/work")
