"""`arka-tui passphrase`: nothing is changed before the new code is on paper, and then the old ways open nothing."""

from pathlib import Path

import pytest

from arka_tui.cli import desk
from arka_tui.cli.exits import Exit
from arka_tui.errors import NotSaved, WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.disk import Disk
from arka_tui.store.key_file import make_key_file, read_key_file
from arka_tui.store.session import Kept
from tests.cli.conftest import Person, Shell
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, open_vault

WORD = PASSPHRASE.reveal()
NEW = "umber kiosk lantern fjord"


class Paper:
    """What the person wrote down, and types back when asked."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._ask = person.ask
        self.wrong = 0
        """How often a slip is made first."""

    @property
    def code(self) -> str:
        rows = [line for line in self._person.told if " · " in line]
        return "-".join(part.split()[1] for row in rows for part in row.split(" · "))

    def ask(self, question: str) -> str:
        if not question.startswith("To confirm, type groups "):
            return self._ask(question)
        self._person.asked.append(question)
        first, second = (int(word.strip(":")) for word in question.split() if word.strip(":").isdigit())
        groups = self.code.split("-")
        self.wrong -= 1
        return (
            ""
            if self.wrong < -1
            else "wrong"
            if self.wrong >= 0
            else f"{groups[first - 1]} {groups[second - 1].lower()}"
        )


@pytest.fixture
def paper(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Paper:
    paper = Paper(shell.person)
    monkeypatch.setattr(shell.person, "ask", paper.ask)
    return paper


def opens(paths: Paths, word: str) -> bool:
    try:
        open_vault(paths).unlock(Secret(word))
    except WrongPassphrase:
        return False
    return True


def test_it_opens_with_the_new_ones_and_with_nothing_of_before(shell: Shell, filled: Paths, paper: Paper) -> None:
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert opens(filled, NEW)
    assert not opens(filled, WORD)
    vault = open_vault(filled)
    with pytest.raises(WrongPassphrase):
        vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.unlock_with_recovery_code(Secret(paper.code))
    assert len(vault.list()) == 3
    assert all(vault.secret(each.name) for each in vault.list())


def test_the_code_is_shown_on_the_terminal_alone(shell: Shell, filled: Paths, paper: Paper) -> None:
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert shell.out == ""
    assert shell.err == "✓ the passphrase is changed; the old recovery code is void\n"
    assert len(paper.code) == 39
    assert not any(group in shell.err for group in paper.code.split("-"))


def test_a_slip_in_the_groups_may_be_mended(shell: Shell, filled: Paths, paper: Paper) -> None:
    paper.wrong = 2
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert sum(line.startswith("that is not groups ") for line in shell.person.told) == 2
    assert opens(filled, NEW)


@pytest.mark.parametrize("slips", [-1, 3])
def test_without_the_two_groups_nothing_is_changed(slips: int, shell: Shell, filled: Paths, paper: Paper) -> None:
    before = filled.vault.read_bytes()
    paper.wrong = slips
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.FAILED
    assert shell.err.startswith("Nothing was changed")
    assert filled.vault.read_bytes() == before


@pytest.mark.parametrize("answers", [("",), ("q7#wz",) * 3])
def test_without_a_new_passphrase_nothing_is_changed(answers: tuple[str, ...], shell: Shell, filled: Paths) -> None:
    before = filled.vault.read_bytes()
    assert shell.run("passphrase", answers=(WORD, *answers)) == Exit.FAILED
    assert filled.vault.read_bytes() == before


def test_a_wrong_old_passphrase_changes_nothing(shell: Shell, filled: Paths) -> None:
    assert shell.run("passphrase", answers=("q7#wz",) * 3) == Exit.WRONG_PASSPHRASE
    assert not any("New passphrase" in question for question in shell.person.asked)


def test_who_forgot_the_old_one_comes_with_the_recovery_code(shell: Shell, filled: Paths, paper: Paper) -> None:
    assert shell.run("passphrase", "--recovery", answers=(RECOVERY_CODE.reveal(), NEW, NEW)) == Exit.DONE
    assert opens(filled, NEW)


def test_without_a_terminal_nothing_is_read_or_changed(shell: Shell, filled: Paths) -> None:
    shell.person.there = False
    assert shell.run("passphrase") == Exit.NO_TERMINAL
    assert shell.run("passphrase", "--key-file", "/nowhere") == Exit.NO_TERMINAL


def test_a_key_file_that_is_at_hand_stays(shell: Shell, filled: Paths, paper: Paper, tmp_path: Path) -> None:
    _with_key_file(filled, tmp_path)
    assert shell.run("passphrase", "--key-file", tmp_path / "key", answers=(NEW, NEW)) == Exit.DONE
    open_vault(filled).unlock_with(read_key_file(tmp_path / "key"))
    assert opens(filled, NEW)
    assert not any("removed" in line for line in shell.person.told)


def test_a_key_file_that_is_not_at_hand_is_named_before_it_is_removed(
    shell: Shell, filled: Paths, paper: Paper, tmp_path: Path
) -> None:
    _with_key_file(filled, tmp_path)
    assert shell.run("passphrase", answers=(WORD, "")) == Exit.FAILED
    assert shell.person.told[0] == "Will be removed, because not at hand now: key file."
    open_vault(filled).unlock_with(read_key_file(tmp_path / "key"))
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.DONE
    with pytest.raises(WrongPassphrase):
        open_vault(filled).unlock_with(read_key_file(tmp_path / "key"))


def test_where_the_disk_refuses_the_old_ones_hold(
    shell: Shell, filled: Paths, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Disk, data: bytes, *, removing: bool = False) -> None:
        raise NotSaved("not saved: the disk is full")

    monkeypatch.setattr(Disk, "replace_both", full)
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.NOT_SAVED
    assert "nothing was changed: the new passphrase and the new recovery code are void" in shell.err
    assert opens(filled, WORD)


class Login:
    """A `Keyring` as Linux would keep it."""

    def __init__(self) -> None:
        self.keys: dict[bytes, Kept] = {}

    def trouble(self) -> str:
        return ""

    def keep(self, store_id: bytes, master_key: bytes, lifetime_s: int) -> None:
        self.keys[store_id] = Kept(master_key, NOW)

    def find(self, store_id: bytes) -> Kept | None:
        return self.keys.get(store_id)

    def forget(self, store_id: bytes) -> bool:
        return self.keys.pop(store_id, None) is not None


def test_an_open_session_does_not_spare_the_old_passphrase_and_is_ended(
    shell: Shell, filled: Paths, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, vault = Login(), open_vault(filled)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.keep_open(login, 600)
    monkeypatch.setattr(desk, "KernelKeyring", lambda: login)
    assert shell.run("passphrase", answers=("q7#wz",) * 3) == Exit.WRONG_PASSPHRASE
    assert login.keys
    assert shell.run("passphrase", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert not login.keys


def _with_key_file(paths: Paths, folder: Path) -> None:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.add_slot(make_key_file(folder / "key"))
