"""Everything a user can do, done once in the real program, with texts that exist nowhere else in every secret place."""

import secrets
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import SITUATIONS, Simulator
from arka_tui.simulator.hostile import attacks
from arka_tui.store.slots import CHEAPEST
from arka_tui.store.vault import Vault
from tests.attack.canary_trace import traced
from tests.e2e.canary import Canary, Search
from tests.e2e.home import Home, confirm, write_down
from tests.e2e.terminal import Terminal

DEADLINE_S = 1.0
"""For answers that never end; what is to be answered takes less."""
REPORTS = ("workers", "openings", "logs")
"""What `launch.py` writes down in each run."""
DETAIL_OF_EVERY = 9
PREFIXES = {"openai": "sk-proj-", "openrouter": "sk-or-v1-"}


def new_passphrase() -> str:
    return secrets.token_urlsafe(15)


@dataclass
class Tour:
    """Each run of the program adds to what is to be searched."""

    folder: Path
    """Holds the home folder, and beside it what is no part of it."""
    simulator: Simulator
    with_strace: bool = False
    one_in: int = 1
    """Of how many situations one is tried."""
    home: Home = field(init=False)
    keys: dict[str, Canary] = field(default_factory=dict)
    passphrases: list[str] = field(default_factory=list)
    codes: list[list[str]] = field(default_factory=list)
    screens: list[bytes] = field(default_factory=list)
    """The bytes of each run."""
    without_code: list[bytes] = field(default_factory=list)
    """The same, but for the time in which a recovery code was on its screen."""
    records: list[Path] = field(default_factory=list)
    """Of strace, one for each run."""
    flows: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    """Found while the program ran."""
    situations: int = 0
    opens: str = ""
    """The passphrase that opens the vault now."""
    opened: int = 0
    """How many times a stored secret had to be opened so far."""

    def __post_init__(self) -> None:
        root = self.folder / "home"
        for each in (root, self.key_file.parent):
            each.mkdir()
        self.home = Home(root)
        self.home.env |= {
            "TEXTUAL": "devtools,debug",
            "TEXTUAL_LOG": str(root / "textual.log"),
            "PYTHONFAULTHANDLER": "1",
        }

    @property
    def key_file(self) -> Path:
        """One of the ways to open the vault: what is in it may be nowhere else."""
        return self.folder / "stick" / "arka.key"

    # ------------------------------------------------------------------ the secrets

    def new_key(self, name: str, provider: str = "openai", situation: str = "") -> Canary:
        """`situation` as the simulator knows it; without one the key is unknown to it."""
        key = self.keys[name] = Canary(PREFIXES[provider])
        if situation:
            self.simulator.accept(provider, situation, key.key)
        return key

    def new_passphrase(self) -> str:
        self.passphrases.append(new_passphrase())
        return self.passphrases[-1]

    @property
    def lasting(self) -> Search:
        """What may appear nowhere, ever."""
        keys = {f"key {name!r}, ": [key.random] for name, key in self.keys.items()}
        phrases = {f"passphrase {n}, ": [each] for n, each in enumerate(self.passphrases)}
        key_file = [self.key_file.read_bytes()] if self.key_file.exists() else []
        return Search({**keys, **phrases, "key file, ": key_file})

    @property
    def shown_once(self) -> Search:
        """What may appear on one screen."""
        return Search({f"recovery code {n}, ": ["".join(code), "-".join(code)] for n, code in enumerate(self.codes)})

    # ------------------------------------------------------------------ running

    @contextmanager
    def run(self, name: str, *, command: Sequence[str] = (), **environment: str) -> Iterator[None]:
        """The screens, or the `command`."""
        reports = [f"--{each}={self.folder / f'{name}.{each}'}" for each in REPORTS]
        started = self.home.launcher(self.simulator, f"--deadline={DEADLINE_S}", *reports, "--", *command)
        if self.with_strace:
            self.records.append(self.folder / f"{name}.strace")
            started = traced(started, self.records[-1])
        with Terminal(started, self.home.env | environment) as self.terminal:
            self._looked_from, self._without_code = 0, bytearray()
            yield
            self.screens.append(self.terminal.raw)
            self.without_code.append(bytes(self._without_code) + self.screens[-1][self._looked_from :])

    @contextmanager
    def code_on_screen(self) -> Iterator[None]:
        self._without_code += self.terminal.raw[self._looked_from :]
        yield
        self.terminal.settle()
        self._looked_from = len(self.terminal.raw)

    def openings(self, run: str) -> list[str]:
        """Of stored secrets: the name of each, and the functions that called for it."""
        return _read(self.folder / f"{run}.openings").splitlines()

    @contextmanager
    def flow(self, name: str) -> Iterator[None]:
        yield
        self.flows.append(name)

    # ------------------------------------------------------------------ what a user does

    def walk(self) -> None:
        """All of it, in three runs of the program."""
        with self.run("first", PYTHONASYNCIODEBUG="1"):
            self.create()
            self.add()
            self.leave()
        self.stock()
        with self.run("second"):
            self.unlock(wrong_first=True)
            self.test_all()
            self.look_around()
            self.settings()
            self.suspend()
            self.replace()
            self.delete()
            self.change_passphrase()
            self.add_key_file()
            self.lock_and_recover()
            self.leave()
        with self.run("third", PYTHONASYNCIODEBUG="1"):
            self.unlock()
            self.leave_during_tests()
        for command in (
            ["backup", "copy.toml"],
            ["doctor"],
            ["doctor", "copy.toml"],
            ["restore", "--yes", "copy.toml"],
        ):
            with self.run(" ".join(command), command=command):
                self.answer(" ".join(command))

    def create(self) -> None:
        with self.flow("create"):
            passphrase = self.new_passphrase()
            self.terminal.wait_for("New passphrase")
            self._choose(passphrase, passphrase + "x")
            self.terminal.wait_for("The two are not the same")
            self.terminal.paste(passphrase)
            self.terminal.wait_gone("The two are not the same")
            self._confirm_code()
            self.terminal.wait_for("No keys yet")
            self.opens = passphrase

    def add(self) -> None:
        with self.flow("add"):
            key = self.new_key("first", "openai", "valid")
            self.terminal.press("a")
            self.terminal.wait_for("paste it here")
            self.terminal.paste(f"export OPENAI_API_KEY='{key.key}'\n")
            self.terminal.wait_for(f"ends in …{key.hint}")
            self.terminal.press("ctrl+c", "ctrl+x")
            self.terminal.press_and_see("tab", at="main")
            self.terminal.press("ctrl+x")
            self.terminal.wait_for("work, ci, laptop")
            self.terminal.press("first")
            self.terminal.wait_for("Label          first ")
            self.terminal.press("ctrl+s")
            self.terminal.wait_for("✓ works: OpenAI accepts the key")
            self.opened += 1
            self.terminal.press("enter")
            self.terminal.wait_for("✓ works           openai/first")
        with self.flow("discard"):
            key = self.new_key("discarded")
            self.terminal.press("a")
            self.terminal.wait_for("paste it here")
            self.terminal.paste(key.key)
            self.terminal.wait_for(f"ends in …{key.hint}")
            self.terminal.press("escape")
            self.terminal.wait_for("Discard what you typed?")
            self.terminal.press("y")
            self.terminal.wait_gone("Discard what you typed?")

    def stock(self) -> None:
        """Another session adds a key in each situation that the simulator knows, and in each that echoes the key."""
        vault = self._vault()
        wanted = [(provider, situation) for provider in ("openai", "openrouter") for situation in SITUATIONS[provider]]
        wanted += [("openai", name) for name in attacks()["echoes"]]
        wanted = wanted[:: self.one_in]
        self.situations = len(wanted)
        for n, (provider, situation) in enumerate(wanted):
            key = self.new_key(f"{provider} {situation}", provider, situation)
            vault.add(Draft(provider, f"{n:03}", self.simulator.base_url(provider), (), Secret(key.key)))
        vault.lock()

    def unlock(self, *, wrong_first: bool = False) -> None:
        self.terminal.wait_for("type it, then Enter")
        if wrong_first:
            with self.flow("unlock with a wrong passphrase"):
                self._enter(self.new_passphrase())
                self.terminal.wait_for("This is not the passphrase of this vault")
        with self.flow("unlock"):
            self._enter(self.opens)
            self.terminal.wait_for("l Log")
            self.terminal.settle()

    def test_all(self) -> None:
        with self.flow("test all"):
            before = len(self._vault().history.checks)
            self.terminal.press("T")
            self.terminal.wait_for("Test all?")
            self.terminal.press("y")
            self.terminal.wait_for(", Esc stops")
            self.terminal.wait_gone(", Esc stops", 240)  # it waits as long as a provider asks, twice
            self.terminal.settle()
            vault = self._vault()
            tests = len(vault.history.checks) - before
            assert tests >= len(vault.list())
            self.opened += tests

    def look_around(self) -> None:
        with self.flow("detail"):
            for _ in range(0, len(self._vault().list()), DETAIL_OF_EVERY):
                self.terminal.press("enter")
                self.terminal.wait_for("Esc Close e Edit")
                self.terminal.press("G")  # to the end of it
                self.terminal.settle()
                self.terminal.press("escape")
                self.terminal.wait_gone("Esc Close e Edit")
                self.terminal.press(*["down"] * DETAIL_OF_EVERY)
        with self.flow("log"):
            self.terminal.press("l")
            self.terminal.wait_for("Test log")
            checks = self._vault().history.checks
            self.leaks += self.lasting.found_in("the test log, opened", repr(checks).encode())
            for _ in range(0, len(checks), DETAIL_OF_EVERY):
                self.terminal.press(*["down"] * DETAIL_OF_EVERY)
                self.terminal.settle()
            self.terminal.press("f")
            self.terminal.wait_for("only open")
            self.terminal.press("escape")
            self.terminal.wait_gone("only open")
            self.terminal.press("escape")
            self.terminal.wait_gone("Test log")
        with self.flow("filter"):
            self._only_first()
        with self.flow("help"):
            self.terminal.press("?")
            self.terminal.wait_for("Keys of the keyboard")
            self.terminal.press("escape")
            self.terminal.wait_gone("Keys of the keyboard")

    def settings(self) -> None:
        with self.flow("theme"):
            self._command("Theme")
            self.terminal.wait_for("ansi-dark")
            self.terminal.press("nord", "down", "enter")
            self.terminal.wait_until(
                lambda _: 'theme = "nord"' in _read(self.home.paths.settings), "the theme in the settings"
            )
        with self.flow("paid test off and on"):
            self.terminal.press("$")
            self.terminal.wait_for("paid test off")
            self.terminal.press("$")
            self.terminal.wait_for("paid test on")

    def suspend(self) -> None:
        with self.flow("suspend and come back"):
            self.terminal.press("ctrl+z")
            self.terminal.wait_stopped()
            self.terminal.wait_gone("openai/first")
            self.terminal.signal(signal.SIGCONT)
            self.unlock()
            self._only_first()

    def replace(self) -> None:
        with self.flow("a replacement that fails"):
            key = self.new_key("refused")
            self.terminal.press("e")
            self.terminal.wait_for("or paste another")
            self.terminal.paste(key.key)
            self.terminal.wait_for(f"ends in …{key.hint}")
            self.terminal.press("ctrl+s")
            self.terminal.wait_for("Use it anyway")
            self.terminal.press("enter")
            self.terminal.wait_gone("Use it anyway")
        with self.flow("use it anyway"):
            self.terminal.press("ctrl+s")
            self.terminal.wait_for("Use it anyway")
            self.terminal.press("shift+tab", "enter")
            self.terminal.wait_for("is replaced")
            self.terminal.press("enter")
            self.terminal.wait_for("✗ invalid         openai/first")
        with self.flow("replace"):
            key = self.new_key("second", "openai", "valid")
            self.terminal.press("e")
            self.terminal.wait_for("or paste another")
            self.terminal.paste(key.key)
            self.terminal.wait_for(f"ends in …{key.hint}")
            self.terminal.press("ctrl+s")
            self.terminal.wait_for("is replaced")
            self.terminal.press("enter")
            self.terminal.wait_for("✓ works           openai/first")
        with self.flow("test one"):
            self.simulator.change(key.key, "hostile")
            self.terminal.press("t")
            self.terminal.wait_for("✗ invalid         openai/first")
            self.opened += 1

    def delete(self) -> None:
        with self.flow("delete"):
            self.terminal.press("d")
            self.terminal.wait_for("Delete openai/first?")
            self.terminal.press("y")
            self.terminal.wait_for("Now revoke it")
            self.terminal.press("escape")
            self.terminal.wait_for("openai/000")

    def change_passphrase(self) -> None:
        with self.flow("change the passphrase"):
            self._command("Change pass")
            self.terminal.wait_for("Present passphrase")
            self._enter(self.opens)
            passphrase = self.new_passphrase()
            self.terminal.wait_for("New passphrase")
            self._choose(passphrase, passphrase)
            self._confirm_code()
            self.terminal.wait_for("Passphrase changed.")
            self.opens = passphrase
            self.opened += len(self._vault().list())

    def lock_and_recover(self) -> None:
        with self.flow("lock"):
            self._lock()
        self.unlock()
        with self.flow("recover"):
            self._lock()
            self.terminal.press("ctrl+r")
            self.terminal.wait_for("eight groups of four")
            self.terminal.paste("-".join(self.codes[-1]))
            self.terminal.wait_gone("eight groups of four")
            self.terminal.press("enter")
            self.terminal.wait_for("Set a new passphrase")
            self.terminal.press("escape")
            self.terminal.wait_gone("Set a new passphrase")

    def add_key_file(self) -> None:
        with self.flow("add a key file"):
            self.terminal.press("w")
            self.terminal.wait_for("Ways to open the vault")
            self.terminal.press("f")
            self.terminal.wait_for("Present passphrase")
            self.terminal.paste(str(self.key_file))
            self.terminal.press("enter")
            self._enter(self.opens)
            self.terminal.wait_for("The new key file opens the vault")
            self.terminal.press("escape")
            self.terminal.wait_gone("Ways to open the vault")
        with self.flow("unlock with a key file"):
            self._lock()
            self.terminal.wait_for("^f Key file")
            self.terminal.press("ctrl+f")
            self.terminal.wait_for("goes back to the passphrase")
            self.terminal.press("enter")
            self.terminal.wait_for("l Log")
            self.terminal.settle()

    def answer(self, name: str) -> None:
        """A command that asks for the passphrase."""
        with self.flow(name):
            for passphrase, said_before in ((self.new_passphrase(), ""), (self.opens, "try again")):
                self.terminal.wait_for(said_before)
                self.terminal.wait_until(lambda picture: picture.rstrip().endswith(":"), "a question")
                self.terminal.paste_raw(f"{passphrase}\n")
            assert self.terminal.wait_exit() == 0, self.terminal.text

    def leave(self) -> None:
        with self.flow("leave"):
            self.leaks += self.lasting.found_in_process(self.terminal.process.pid)
            self.terminal.press("ctrl+q")
            assert self.terminal.wait_exit() == 0
            assert self.terminal.not_restored() == []

    def leave_during_tests(self) -> None:
        with self.flow("leave while tests run"):
            self.terminal.press("T")
            self.terminal.wait_for("Test all?")
            self.terminal.press("y")
            self.terminal.wait_for(", Esc stops")
            self.terminal.press("ctrl+q")
            assert self.terminal.wait_exit() == 0

    # ------------------------------------------------------------------ small deeds

    def _enter(self, passphrase: str) -> None:
        self.terminal.paste(passphrase)
        self.terminal.press("enter")

    def _lock(self) -> None:
        self.terminal.press("ctrl+l")
        self.terminal.wait_for("Locked.")
        self.terminal.wait_for("type it, then Enter")

    def _choose(self, first: str, second: str) -> None:
        self._enter(first)
        self.terminal.wait_for("whoever steals the file")
        self.terminal.settle()
        self._enter(second)

    def _confirm_code(self) -> None:
        with self.code_on_screen():
            self.terminal.press("enter")
            self.codes.append(write_down(self.terminal))
            confirm(self.terminal, self.codes[-1])
            self.terminal.wait_gone("To confirm, type groups")

    def _only_first(self) -> None:
        """By the filter, so that the cursor is on it."""
        self.terminal.press("/")
        self.terminal.wait_for("Esc clears")
        self.terminal.press("first")
        self.terminal.wait_for("1 of ")
        self.terminal.press("enter")
        self.terminal.settle()

    def _command(self, name: str) -> None:
        """By the palette."""
        self.terminal.press("ctrl+p")
        self.terminal.wait_for("Search for commands")
        self.terminal.press(name)
        self.terminal.wait_gone("Search for commands")
        self.terminal.settle()
        self.terminal.press("enter")

    def _vault(self) -> Vault:
        """As another session sees it."""
        vault = Vault(self.home.paths, cost=lambda: CHEAPEST)
        vault.unlock(Secret(self.opens))
        return vault


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
