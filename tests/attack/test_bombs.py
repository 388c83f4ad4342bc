"""No file that a reader is given hangs it or eats its memory."""

from pathlib import Path

import pytest

from tests.attack import bombs
from tests.attack.bombs import ARGON2, LARGE, argon2_costs, defuse, other_files, stores, told

SMALL = 256 * 1024


def test_a_small_sample_of_bombs_is_refused_at_once(tmp_path: Path) -> None:
    figures = defuse(
        tmp_path,
        [
            ("store", "tables", LARGE["tables"](SMALL), ("damaged",)),
            ("last resort", "nested lists", LARGE["nested lists"](SMALL), ("damaged",)),
        ],
        peak_limit=100,
    )
    assert (figures.tried, figures.broken) == (2, ())


def test_a_bomb_that_hangs_or_eats_a_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harmless = ("store", "a dotted key", LARGE["a dotted key"](SMALL), ("damaged",))
    (line,) = defuse(tmp_path, [harmless], peak_limit=1).broken
    assert line.startswith("store: a dotted key: damaged, peak ")

    path = tmp_path / "store.toml"
    path.write_bytes(ARGON2["the most memory, where there is less"][0])
    monkeypatch.setattr(bombs, "PATIENCE_S", 0.01)
    assert told("store", path)[0] == "hung"
    monkeypatch.undo()
    assert told("store", tmp_path / "missing")[0].startswith("died: FileNotFoundError")


@pytest.mark.slow
def test_the_largest_files_neither_hang_nor_fill_the_memory(tmp_path: Path) -> None:
    figures = stores(tmp_path)
    assert not figures.broken
    assert figures.tried >= 34


@pytest.mark.slow
def test_argon2_costs_are_paid_within_their_limits_only(tmp_path: Path) -> None:
    figures = argon2_costs(tmp_path)
    assert not figures.broken
    assert figures.tried >= 20


@pytest.mark.slow
def test_journal_seen_and_settings_neither_hang_nor_fill_the_memory(tmp_path: Path) -> None:
    figures = other_files(tmp_path)
    assert not figures.broken
    assert figures.tried >= 16
