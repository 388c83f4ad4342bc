"""`arka-tui export`: what is asked, what is said, and that the file opens on the other side."""

import os
from pathlib import Path

import pytest

from arka_tui.cli import export
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import backup, slots
from arka_tui.store.slots import Passphrase
from tests.cli.conftest import KEY, Shell
from tests.conftest import PASSPHRASE

WORD = PASSPHRASE.reveal()
NEW = "umber kiosk lantern fjord"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "kdf_cost", lambda: slots.CHEAPEST)


def names_in(file: Path, word: str = NEW) -> dict[str, str]:
    state = backup.open_backup(backup.read(file), Passphrase(Secret(word)))
    return {entry.credential.name: state.open_record(entry).reveal() for entry in state.entries}


def test_chosen_keys_go_into_a_file_with_a_passphrase_of_its_own(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    assert shell.run("export", file, "openai/one", "openai/two", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert shell.person.asked[1:] == ["New passphrase of some.toml: ", "The same again: "]
    assert shell.person.told == ["strong: whoever steals the file, with a thousand machines, needs centuries"]
    assert shell.lines() == [
        f"✓ {file}",
        "  2 keys: openai/one, openai/two.",
        "  Whoever has this file and its passphrase has these keys.",
        "  arka-tui import FILE puts them into another vault.",
    ]
    assert names_in(file) == {"openai/one": f"{KEY}-one", "openai/two": f"{KEY}-two"}


def test_all_are_meant_only_where_that_is_said(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    file = tmp_path / "all.toml"
    assert shell.run("export", file) == Exit.USAGE
    assert shell.person.asked == []
    assert shell.run("export", file, "--all", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert len(names_in(file)) == 3


def test_a_short_passphrase_is_refused_and_a_slip_may_be_mended(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    answers = (WORD, "q7#wz", NEW, "q7#wzq7#wz", NEW, NEW)
    assert shell.run("export", file, "openai/one", answers=answers) == Exit.DONE
    assert shell.person.told[0].startswith("a passphrase needs at least 8 characters")
    assert "the two are not the same; try again" in shell.person.told
    assert names_in(file)


@pytest.mark.parametrize("answers", [("",), ("q7#wz", "q7#wz", "q7#wz"), (NEW, "q7#wz", NEW, "q7#wz", NEW, "q7#wz")])
def test_without_a_passphrase_nothing_is_written(
    answers: tuple[str, ...], shell: Shell, filled: Paths, tmp_path: Path
) -> None:
    assert shell.run("export", tmp_path / "b.toml", "--all", answers=(WORD, *answers)) == Exit.FAILED
    assert not (tmp_path / "b.toml").exists()
    assert shell.err == "Nothing was exported.\n"


def test_what_cannot_be_written_is_told_before_anybody_is_asked(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("dear diary")
    assert shell.run("export", tmp_path / "diary", "--all", "--force") == Exit.USAGE
    assert shell.run("export", tmp_path / "nowhere" / "b.toml", "--all") == Exit.USAGE
    assert shell.person.asked == []
    assert (tmp_path / "diary").read_text() == "dear diary"


def test_an_unknown_name_is_told_and_nothing_is_written(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    assert shell.run("export", tmp_path / "b.toml", "openai/onne", answers=(WORD,)) == Exit.NOT_FOUND
    assert "did you mean 'openai/one'?" in shell.err
    assert not (tmp_path / "b.toml").exists()


def test_without_a_terminal_it_needs_the_passphrase_from_a_descriptor(
    shell: Shell, filled: Paths, tmp_path: Path
) -> None:
    shell.person.there = False
    file = tmp_path / "b.toml"
    assert shell.run("export", file, "--all") == Exit.NO_TERMINAL
    assert exported_by_descriptors(shell, file, "q7#wz") == Exit.USAGE
    assert not file.exists()
    assert exported_by_descriptors(shell, file, NEW) == Exit.DONE
    assert len(names_in(file)) == 3


def exported_by_descriptors(shell: Shell, file: Path, word: str) -> int:
    descriptors = [os.pipe() for _ in range(2)]
    for (_, into), text in zip(descriptors, (WORD, word), strict=True):
        os.write(into, f"{text}\n".encode())
        os.close(into)
    given = [str(out) for out, _ in descriptors]  # whoever reads them closes them
    return shell.run("export", file, "--all", "--passphrase-fd", given[0], "--bundle-passphrase-fd", given[1])


def test_doctor_verifies_such_a_file(shell: Shell, filled: Paths, tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    assert shell.run("export", file, "--all", answers=(WORD, NEW, NEW)) == Exit.DONE
    assert shell.run("doctor", file, answers=(NEW,)) == Exit.DONE
    assert "authentic" in shell.out
