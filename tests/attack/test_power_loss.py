"""The power-loss model, and that it sees what a program without syncs would lose."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.attack import power_loss
from tests.attack.deeds import ADD, CHANGE_PASSPHRASE, CREATE, DELETE, LOG_FIRST, Deed, make_templates
from tests.attack.power_loss import Recorder, Recording, record, tried_on


def test_a_power_failure_at_any_moment_leaves_what_was_said(tmp_path: Path) -> None:
    figures = power_loss.swept(tmp_path, (CREATE, DELETE, CHANGE_PASSPHRASE, LOG_FIRST), healing=False)
    assert not figures.broken
    assert figures.tried > 80


@pytest.mark.slow
def test_after_a_power_failure_in_any_deed_the_next_commit_heals(tmp_path: Path) -> None:
    figures = power_loss.sweep(tmp_path)
    assert not figures.broken
    assert figures.tried > 150


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Deed], Recording]:
    folder = tmp_path_factory.mktemp("recordings")
    make_templates(folder / "templates")
    return cache(lambda deed: record(deed, folder))


@pytest.mark.parametrize(
    ("deed", "without", "blame"),
    [
        (ADD, "file", "does not open"),
        (ADD, "folder", "said 'saved', but it is not"),
        (CREATE, "folder", "said 'saved', but it is not"),
        (LOG_FIRST, "folder", "but the log holds"),
    ],
    ids=lambda value: value.name if isinstance(value, Deed) else None,
)
def test_a_program_that_does_not_sync_breaks_its_promises(
    deed: Deed, without: str, blame: str, recordings: Callable[[Deed], Recording]
) -> None:
    states = tried_on(recordings(deed), without=without, healing=False)
    assert any(blame in line for found in states for line in found)


def test_a_call_that_the_model_does_not_know_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    with Recorder(tmp_path).watching(), pytest.raises(AssertionError, match="not in the model"):
        os.truncate(tmp_path / "file", 0)
    assert (tmp_path / "file").read_bytes() == b"data"
