"""The commands in this process, with a person at the terminal who is made of answers."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest

from arka_tui import __main__ as program
from arka_tui import hygiene
from arka_tui.cli import desk, opening
from arka_tui.cli.output import Output
from arka_tui.cli.prompt import Terminal
from arka_tui.credential import Draft
from arka_tui.errors import SessionFailed
from arka_tui.paths import Paths
from arka_tui.providers import catalog
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.session import Kept
from arka_tui.store.vault import Vault
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault

KEY = "sk-proj-aaaaaaaaaaaaaaaaaaaa"


class Person:
    """Gives the answers one by one, and keeps the questions."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.asked: list[str] = []
        self.told: list[str] = []
        self.there = True

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)

    def ask_secret(self, question: str) -> Secret:
        return Secret(self.ask(question))

    def say(self, text: str) -> None:
        self.told.append(text)

    def close(self) -> None:
        pass


class MemoryKeyring:
    """Keeps keys as the kernel does, for as long as the test lasts."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Kept] = {}
        self.why_not = ""

    def trouble(self) -> str:
        return self.why_not

    def keep(self, store_id: bytes, master_key: bytes, lifetime_s: int) -> None:
        if self.why_not:
            raise SessionFailed(f"the vault cannot be kept open: {self.why_not}")
        self.kept[store_id] = Kept(master_key, datetime.now(UTC) + timedelta(seconds=lifetime_s))

    def find(self, store_id: bytes) -> Kept | None:
        return self.kept.get(store_id)

    def forget(self, store_id: bytes) -> bool:
        return self.kept.pop(store_id, None) is not None


class Shell:
    """Types a command, and reads what it says."""

    def __init__(self, paths: Paths, person: Person, capsys: pytest.CaptureFixture[str]) -> None:
        self.paths = paths
        self.person = person
        self._capsys = capsys
        self.out = self.err = ""

    def run(self, *arguments: str | Path, answers: tuple[str, ...] = ()) -> int:
        self.person.answers = [*answers]
        self.person.asked, self.person.told = [], []
        self._capsys.readouterr()
        try:
            code = program.main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(str(left.code))
        self.out, self.err = self._capsys.readouterr()
        for secret in (KEY, PASSPHRASE.reveal(), RECOVERY_CODE.reveal(), *filter(_is_secret, answers)):
            assert secret not in self.out + self.err + "".join(self.person.asked + self.person.told)
        assert not self.person.answers, "not all answers were asked for"
        return code

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def _is_secret(answer: str) -> bool:
    return answer not in ("", "yes", "no", "y", "yess")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person()
    monkeypatch.setattr(Terminal, "find", lambda: person if person.there else None)
    return person


@pytest.fixture
def shell(
    paths: Paths,
    person: Person,
    keyring: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    for name in ("harden_process", "hush_reports", "hush_logs", "scrub_textual_variables"):
        monkeypatch.setattr(hygiene, name, lambda *_, **__: None)  # they change the whole process for good
    monkeypatch.setattr(Vault, "_strengthen", lambda *_: None)  # the tests' cheap slots would be made dear
    monkeypatch.setattr(opening, "Vault", open_vault)
    monkeypatch.setattr(desk, "KernelKeyring", lambda: keyring)
    monkeypatch.setenv("ARKA_HOME", str(paths.data.parent))
    return Shell(paths, person, capsys)


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def unlocked(filled: Paths, keyring: MemoryKeyring) -> Paths:
    """`filled`, and open for this login: nothing is asked."""
    vault = open_vault(filled)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.keep_open(keyring, 600)
    return filled


@pytest.fixture(scope="session")
def filled_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled")
    vault = open_vault(Paths.under(root))
    vault.create(PASSPHRASE, RECOVERY_CODE)
    for label in ("one", "two", "three"):
        vault.add(draft(f"openai/{label}", f"{KEY}-{label}"))
    return root


@pytest.fixture
def filled(paths: Paths, filled_root: Path) -> Paths:
    """A vault at generation 4 with three keys."""
    shutil.copytree(filled_root, paths.data.parent)
    return paths


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it, that is the working folder too; and an environment that says little."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CODEX_HOME", "LLM_USER_PATH", "HISTFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def add(paths: Paths) -> Callable[[str], None]:
    """One more key in the vault."""

    def add(name: str) -> None:
        vault = open_vault(paths)
        vault.unlock_with_recovery_code(RECOVERY_CODE)
        vault.add(draft(name))

    return add


class Watched(Output):
    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        stream.isatty = lambda: True  # type: ignore[method-assign]  # it is this test's own
        super().__init__(stream, environ)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody looks at both streams, on a screen of 80 columns without colours."""
    monkeypatch.setattr(desk, "Output", Watched)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=60) as simulator:
        yield simulator


@pytest.fixture
def simulated(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """In the place of OpenAI and OpenRouter."""
    shipped = catalog.load_catalog
    moved = {name: simulator.base_url(name) for name in ("openai", "openrouter")}
    monkeypatch.setattr(catalog, "load_catalog", lambda: shipped().with_base_urls(moved))
    return simulator


@pytest.fixture
def keep(paths: Paths, simulator: Simulator) -> Callable[..., str]:
    """Stores a key that the simulator answers as `situation` says, and returns it."""

    def keep(name: str, situation: str = "valid") -> str:
        provider, label = name.split("/", 1)
        secret = simulator.issue(provider, situation, label)
        vault = open_vault(paths)
        if vault.exists():
            vault.unlock_with_recovery_code(RECOVERY_CODE)
        else:
            vault.create(PASSPHRASE, RECOVERY_CODE)
        vault.add(Draft(provider, label, simulator.base_url(provider), (), Secret(secret)))
        return secret

    return keep
