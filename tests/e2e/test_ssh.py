"""Over a real sshd on loopback: the user's own ssh-agent, forwarded, opens the vault on the other side."""

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arka_tui.slot_deeds import SlotDeeds
from arka_tui.store.ssh_agent import Agent
from tests.conftest import draft
from tests.e2e.home import PASSPHRASE, Home
from tests.e2e.terminal import Terminal
from tests.ssh import PATIENCE_S, RealAgent
from tests.ssh import real_agent as real_agent

SSHD = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin")
pytestmark = [
    pytest.mark.pty,
    pytest.mark.skipif(SSHD is None or shutil.which("ssh") is None, reason="openssh-server is not installed"),
]


class Sshd:
    """On a port of its own, for this user, with keys of its own; nothing of the machine's configuration is read."""

    def __init__(self, folder: Path, login: Path) -> None:
        self._folder = folder
        self._login = login
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host"], check=True)
        settings = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": f"{login}.pub",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "yes",
            "AllowAgentForwarding": "yes",
        }
        (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it is made by the service, there is no service
        log = folder / "log"
        self._process = subprocess.Popen([str(SSHD), "-D", "-E", log, "-f", folder / "sshd_config"])
        give_up = time.monotonic() + PATIENCE_S
        while not self._listens():
            assert self._process.poll() is None and time.monotonic() < give_up, log.read_text()

    def login(self, home: Home, agent: RealAgent, *options: str) -> Terminal:
        """A terminal on the other side in which arka-tui runs."""
        there = {**home.env, "LANG": "C.UTF-8"}
        program = ["env", *(f"{name}={value}" for name, value in there.items()), sys.executable, "-m", "arka_tui"]
        command = ["ssh", "-tt", "-F", "none", "-p", str(self.port), "-i", str(self._login), *options]
        for setting in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"):
            command += ["-o", setting]
        host = f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1"
        return Terminal([*command, host, shlex.join(program)], {**home.env, **agent.env})

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0


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


def test_a_forwarded_agent_opens_the_vault(vault_for_the_agent: Home, real_agent: RealAgent, sshd: Sshd) -> None:
    with sshd.login(vault_for_the_agent, real_agent, "-A") as terminal:
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
    with sshd.login(vault_for_the_agent, real_agent, "-a") as terminal:
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
    with sshd.login(vault_for_the_agent, real_agent, "-A") as terminal:
        terminal.wait_for("^g ssh-agent")
        real_agent.tell("ssh-add", "-D")
        terminal.press("ctrl+g")
        terminal.wait_for("The ssh-agent holds no key that opens this vault")
        terminal.paste(PASSPHRASE)
        terminal.press("enter")
        terminal.wait_for("openai/work")
