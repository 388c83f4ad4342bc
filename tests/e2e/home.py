"""A user's home folder, and the program started in it. All that the program may write is under it."""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import arka_tui
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.slots import CHEAPEST, new_recovery_code
from arka_tui.store.vault import Vault
from tests.e2e.terminal import Terminal

PASSPHRASE = "kiosk umber 7 llamas"
TYPED_PASSPHRASE = "gl0b#fir9"
"""So short that typing it at machine speed is not taken for a paste."""
LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(slots=True)
class Home:
    root: Path
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        folders = {"TMPDIR": "tmp", "XDG_DATA_HOME": "share", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}
        folders |= {"XDG_CACHE_HOME": "cache", "XDG_RUNTIME_DIR": "run"}
        for folder in folders.values():
            (self.root / folder).mkdir()
        self.env = {
            "HOME": str(self.root),
            "ARKA_HOME": str(self.root / "arka"),
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            "PYTHONPATH": str(Path(arka_tui.__file__).parents[1]),
            **{name: str(self.root / folder) for name, folder in folders.items()},
        }

    @property
    def paths(self) -> Paths:
        return Paths.under(Path(self.env["ARKA_HOME"]))

    @property
    def remote_env(self) -> dict[str, str]:
        """For a login by ssh, which brings a TERM of its own and nothing of colours."""
        return {name: value for name, value in self.env.items() if name not in ("TERM", "COLORTERM")}

    @property
    def command(self) -> list[str]:
        """The real program, as users start it."""
        return [sys.executable, "-m", "arka_tui"]

    def start(self, *arguments: str, columns: int = 80, lines: int = 24) -> Terminal:
        return Terminal([*self.command, *arguments], self.env, columns=columns, lines=lines)

    def launcher(self, simulator: Simulator, *options: str) -> list[str]:
        """The real program, but the simulator is its providers, and a passphrase costs little: see launch.py."""
        addresses = [f"--{name}={simulator.base_url(name)}" for name in ("openai", "openrouter")]
        return [sys.executable, str(LAUNCHER), *addresses, *options]

    def launch(self, simulator: Simulator, *options: str, columns: int = 80, lines: int = 24) -> Terminal:
        return Terminal(self.launcher(simulator, *options), self.env, columns=columns, lines=lines)

    def new_vault(self) -> Vault:
        """Empty, unlocked here, and opened by `PASSPHRASE`."""
        vault = Vault(self.paths, cost=lambda: CHEAPEST)
        vault.create(Secret(PASSPHRASE), new_recovery_code())
        return vault

    def files(self) -> list[Path]:
        """All there is, folders too."""
        return sorted(self.root.rglob("*"))


def unlock(terminal: Terminal, passphrase: str = PASSPHRASE) -> None:
    """Until the keys are on screen."""
    terminal.wait_for("type it, then Enter")
    terminal.paste(passphrase)
    terminal.wait_gone("type it, then Enter")
    terminal.press("enter")
    terminal.wait_for("l Log")


def choose_passphrase(terminal: Terminal, first: str, second: str) -> None:
    """Leaves the form for a new passphrase by its last Enter."""
    terminal.wait_for("New passphrase")
    terminal.press(first, "enter")
    terminal.wait_for("whoever steals the file")
    terminal.press(second, "enter")


def write_down(terminal: Terminal) -> list[str]:
    """The groups of the recovery code, from the screen."""
    terminal.wait_for("To confirm, type groups")
    groups = dict(re.findall(r"\b([1-8]) ([0-9A-Z]{4})\b", terminal.text))
    assert sorted(groups) == list("12345678")
    return [groups[number] for number in "12345678"]


def confirm(terminal: Terminal, groups: list[str]) -> None:
    asked = re.search(r"To confirm, type groups (\d) and (\d)", terminal.text)
    assert asked
    terminal.press(*(groups[int(number) - 1] for number in asked.groups()), "enter")
