"""Every signal that one process can send another, at the moments when a secret is at hand."""

import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.slots import CHEAPEST, Argon2Cost, new_recovery_code
from arka_tui.store.vault import Vault
from tests.attack.canary_tour import new_passphrase
from tests.e2e.canary import Canary, Search
from tests.e2e.home import Home
from tests.e2e.terminal import Terminal

PATIENCE_S = 60.0
SLOW = Argon2Cost(memory_kib=65_536, iterations=24, lanes=1)
"""About a second, so that a signal comes while it lasts."""
_REAL_TIME = (signal.SIGRTMIN, signal.SIGRTMIN + 15, signal.SIGRTMAX)
"""The kernel makes no difference between them."""
STOPPING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
HARMLESS = (signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGCONT, signal.SIGPIPE, signal.SIGXFSZ)
"""The program lives on."""
SIGNALS = tuple(
    int(number)
    for number in sorted(signal.valid_signals())
    if number not in (signal.SIGKILL, signal.SIGSTOP) and (number < signal.SIGRTMIN or number in _REAL_TIME)
)


@dataclass
class Moment:
    """The program, unlocked or about to be, with a key and a passphrase that exist nowhere else."""

    home: Home
    simulator: Simulator
    terminal: Terminal
    key: Canary
    passphrase: str

    def typed_key(self) -> None:
        self._unlock()
        self.terminal.wait_for("l Log")
        self.terminal.press("a")
        self.terminal.wait_for("paste it here")
        self.terminal.paste(self.key.key)
        self.terminal.wait_for(f"ends in …{self.key.hint}")

    def deriving(self) -> None:
        self._unlock()
        self.terminal.wait_for("Deriving the key")

    def testing(self) -> None:
        """The answer takes longer than this test."""
        self.simulator.accept("openai", "slow", self.key.key)
        self.typed_key()
        self.terminal.press("ctrl+s")
        self.terminal.wait_for("✓ shape, offline")

    def _unlock(self) -> None:
        self.terminal.wait_for("type it, then Enter")
        self.terminal.paste(self.passphrase)
        self.terminal.wait_gone("type it, then Enter")
        self.terminal.press("enter")


MOMENTS: Mapping[str, Callable[[Moment], None]] = {
    "a key is typed": Moment.typed_key,
    "the vault is being unlocked": Moment.deriving,
    "a test runs": Moment.testing,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    leaks: tuple[str, ...]
    restored: bool
    """The terminal, where the program ended."""


def attack(folder: Path, simulator: Simulator, moment: str, number: int) -> Outcome:
    """Starts the program on a new vault, brings it to the moment, sends the signal, and looks at all that is left."""
    home, key, passphrase = Home(folder), Canary(), new_passphrase()
    cost = SLOW if moment == "the vault is being unlocked" else CHEAPEST
    Vault(home.paths, cost=lambda: cost).create(Secret(passphrase), new_recovery_code())
    search = Search({"key, ": [key.random], "passphrase, ": [passphrase]})
    with home.launch(simulator) as terminal:
        MOMENTS[moment](Moment(home, simulator, terminal, key, passphrase))
        leaks = search.found_in_process(terminal.process.pid)
        terminal.signal(number)
        if number in HARMLESS:
            terminal.resize(81, 25)
        elif number in STOPPING:
            terminal.settle()
        else:
            terminal.wait_exit(PATIENCE_S)
        ended = terminal.process.poll() is not None
        leaks += search.found_in_process(terminal.process.pid) + search.found_in("terminal", terminal.raw)
        restored = not ended or not terminal.not_restored()
    files = home.files()
    leaks += search.found_in_files(files) + [f"a core: {path}" for path in files if path.name.startswith("core")]
    return Outcome(tuple(f"{signal_name(number)} while {moment}: {leak}" for leak in leaks), restored)


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def pairs(*, all_moments: bool) -> Iterable[tuple[str, int]]:
    """Every signal at every moment, or each at one of them in turn."""
    names = list(MOMENTS)
    for n, number in enumerate(SIGNALS):
        for moment in names if all_moments else [names[n % len(names)]]:
            yield moment, number
