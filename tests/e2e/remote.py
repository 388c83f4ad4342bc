"""Somebody at a laptop, in tmux, logged in by ssh to where the vault is."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from tests.e2e.home import LAUNCHER, PASSPHRASE, Home
from tests.e2e.tmux import Tmux
from tests.sshd import Sshd
from tests.sshd import sshd as sshd

PROMPT = "prompt>"
SHELL = ("bash", "--norc", "--noprofile", "-i")


@dataclass(frozen=True, slots=True)
class Remote:
    home: Home
    simulator: Simulator
    sshd: Sshd
    _folders: pytest.TempPathFactory
    _opened: ExitStack

    @property
    def program(self) -> list[str]:
        return self.home.launcher(self.simulator)

    @property
    def pid(self) -> int:
        """Of the program, on the other side."""
        return self.sshd.process(LAUNCHER.name)

    def open(
        self,
        command: Sequence[str] = (),
        *options: str,
        columns: int = 80,
        lines: int = 24,
        term: str = "tmux-256color",
        port: int = 0,
    ) -> Tmux:
        """A window in which `command` runs on the other side, else the program; `options` are those of ssh."""
        ssh = self.sshd.ssh(command or self.program, self.home.remote_env, *options, port=port)
        folder = self._folders.mktemp("tmux")
        return self._opened.enter_context(Tmux(folder, ssh, self.home.env, columns=columns, lines=lines, term=term))

    def open_in_shell(self, *, port: int = 0) -> Tmux:
        """The program, started in a shell."""
        window = self.open_shell(port=port)
        window.type(" ".join(self.program))
        window.press("Enter")
        return window

    def open_shell(self, *, port: int = 0) -> Tmux:
        self.home.env |= {"PS1": f"{PROMPT} ", "HISTFILE": "", "SHELL": "/bin/sh"}
        window = self.open(SHELL, port=port)
        window.wait_for(PROMPT)
        return window

    def at(self, sshd: Sshd) -> "Remote":
        """The same home, by another sshd."""
        return replace(self, sshd=sshd)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Without a terminal."""
        ssh = self.sshd.ssh(command, self.home.remote_env, tty=False)
        return subprocess.run(
            ssh, env=self.home.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def remote(home: Home, simulator: Simulator, sshd: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with ExitStack() as opened:
        yield Remote(home, simulator, sshd, tmp_path_factory, opened)


def fill(home: Home, keys: int) -> None:
    """A locked vault with openai/key-000 and so on."""
    vault = home.new_vault()
    for n in range(keys):
        vault.add(
            Draft("openai", name_of(n).partition("/")[2], "https://api.openai.com/v1", (), Secret("sk-" + "a" * 40))
        )
    vault.lock()


def name_of(n: int) -> str:
    return f"openai/key-{n:03}"


def unlock(window: Tmux) -> None:
    """Until the keys are on screen."""
    window.wait_for("type it, then Enter")
    window.paste(PASSPHRASE)
    window.wait_gone("type it, then Enter")
    window.press("Enter")
    window.wait_for("l Log")
