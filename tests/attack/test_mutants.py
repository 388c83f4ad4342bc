"""The mutants can still be made, and the tests that should notice them are there and pass without them."""

from pathlib import Path

import pytest

from tests.attack.mutants import MUTANTS, ROOT, Mutant, copy_tree, run_test, sweep


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_can_be_made_and_names_a_test_that_exists(mutant: Mutant, tmp_path: Path) -> None:
    file = tmp_path / "arka_tui" / mutant.file
    file.parent.mkdir(parents=True)
    file.write_text((ROOT / "arka_tui" / mutant.file).read_text())
    mutant.apply(tmp_path)
    compile(file.read_text(), mutant.file, "exec")
    path, _, name = mutant.test.partition("::")
    assert f"def {name}" in (ROOT / "tests" / path).read_text()


def test_what_does_not_stand_there_once_is_no_mutant(tmp_path: Path) -> None:
    (tmp_path / "arka_tui").mkdir()
    (tmp_path / "arka_tui" / "text.py").write_text("twice twice")
    with pytest.raises(LookupError, match="stands 2 times"):
        Mutant("m", "text.py", (("twice", "once"),), "").apply(tmp_path)


@pytest.mark.slow
def test_the_tests_pass_without_any_mutant(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    tests = sorted({mutant.test for mutant in MUTANTS})
    assert run_test(tmp_path, *tests) == 0


@pytest.mark.slow
def test_every_mutant_is_caught(tmp_path: Path) -> None:
    figures = sweep(tmp_path)
    assert not figures.broken
    assert figures.tried >= 40
