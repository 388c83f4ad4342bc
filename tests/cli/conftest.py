"""The commands in this process, with a person at the terminal who is made of answers."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui import __main__ as program
from arka_tui import hygiene
from arka_tui.cli.prompt import Terminal
from arka_tui.paths import Paths
from arka_tui.secret import Secret
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


def _is_secret(answer: str) -> bool:
    return answer not in ("", "yes", "no", "y")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person()
    monkeypatch.setattr(Terminal, "find", lambda: person if person.there else None)
    return person


@pytest.fixture
def shell(paths: Paths, person: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    for name in ("harden_process", "hush_reports", "scrub_textual_variables"):
        monkeypatch.setattr(hygiene, name, lambda *_: None)  # they change the whole process for good
    monkeypatch.setenv("ARKA_HOME", str(paths.data.parent))
    return Shell(paths, person, capsys)


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
def add(paths: Paths) -> Callable[[str], None]:
    """One more key in the vault."""

    def add(name: str) -> None:
        vault = open_vault(paths)
        vault.unlock_with_recovery_code(RECOVERY_CODE)
        vault.add(draft(name))

    return add
