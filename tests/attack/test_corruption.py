"""No change of a vault file makes it open with other values."""

from pathlib import Path

import pytest

from tests.attack import corruption
from tests.attack.corruption import (
    KEYS,
    READERS,
    by_arka,
    changed_bytes,
    changed_journals,
    changed_seen_and_settings,
    changed_summaries,
    cuts_and_lines,
    edited_slots,
    judged,
    moved_tables,
    one_file,
    refused_in_place,
    rollbacks,
)


def test_no_sampled_change_or_cut_gives_other_values(tmp_path: Path) -> None:
    for number, sweep in enumerate((changed_bytes, cuts_and_lines)):
        figures = sweep(tmp_path / str(number), step=71)
        assert not figures.broken
        assert figures.tried >= 200


def test_no_table_dropped_doubled_moved_or_swapped_gives_other_values(tmp_path: Path) -> None:
    figures = moved_tables(tmp_path)
    assert not figures.broken
    assert figures.tried >= 200


def test_no_sampled_mixture_of_two_states_opens(tmp_path: Path) -> None:
    figures = rollbacks(tmp_path, step=5)
    assert not figures.broken
    assert figures.tried >= 80


def test_no_edited_or_planted_slot_opens_anything(tmp_path: Path) -> None:
    figures = edited_slots(tmp_path)
    assert not figures.broken
    assert figures.tried >= 200


def test_a_refused_vault_is_left_as_it_is(tmp_path: Path) -> None:
    figures = refused_in_place(tmp_path, step=211)
    assert not figures.broken
    assert figures.tried >= 100


def test_no_sampled_change_of_what_lies_beside_the_vault_takes_it_down(tmp_path: Path) -> None:
    for number, sweep in enumerate((changed_journals, changed_seen_and_settings, changed_summaries)):
        figures = sweep(tmp_path / str(number), step=97)
        assert not figures.broken
        assert figures.tried >= 30


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_that_opens_what_it_should_not_is_told(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = one_file(tmp_path)
    assert judged([("nothing", raw)], KEYS).told == "2 opened, with the values they had"
    monkeypatch.setitem(corruption.READERS, reader, lambda raw, code: {"openai/work": "sk-evil"})
    assert judged([("a byte", raw)], KEYS).broken == (f"{reader}: a byte: opened with other values",)
    assert by_arka(raw) == KEYS


@pytest.mark.slow
def test_no_mixture_of_two_states_opens(tmp_path: Path) -> None:
    figures = rollbacks(tmp_path)
    assert not figures.broken
    assert figures.tried >= 400


@pytest.mark.slow
def test_no_change_of_what_lies_beside_the_vault_takes_it_down(tmp_path: Path) -> None:
    for number, sweep in enumerate((changed_journals, changed_seen_and_settings, changed_summaries)):
        figures = sweep(tmp_path / str(number))
        assert not figures.broken
        assert figures.tried >= 400


@pytest.mark.slow
def test_no_change_of_any_byte_gives_other_values(tmp_path: Path) -> None:
    figures = changed_bytes(tmp_path)
    assert not figures.broken
    assert figures.tried >= 15_000


@pytest.mark.slow
def test_no_cut_and_no_moved_line_gives_other_values(tmp_path: Path) -> None:
    figures = cuts_and_lines(tmp_path)
    assert not figures.broken
    assert figures.tried >= 15_000
