"""Real sessions, disks, limits and rights, in processes of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attack import conditions
from tests.attack.conditions import jostle
from tests.attack.figures import Figures


def test_all_commits_of_sessions_that_save_at_once_land(tmp_path: Path) -> None:
    figures = jostle(tmp_path, sessions=2, commits=8)
    assert not figures.broken
    assert figures.tried == 16


@pytest.mark.slow
def test_four_sessions_of_25_commits_lose_none(tmp_path: Path) -> None:
    figures = conditions.crowd(tmp_path)
    assert not figures.broken
    assert figures.tried == 100


@pytest.mark.slow
def test_without_the_lock_commits_are_lost(tmp_path: Path) -> None:
    assert jostle(tmp_path, sessions=4, commits=25, locks=False).broken


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sweep", "least"),
    [
        (conditions.full_disk_apart, 20),
        (conditions.read_only_apart, 6),
        (conditions.limits_apart, 150),
        (conditions.rights_apart, 15),
        (conditions.strangers_apart, 3),
    ],
    ids=["full disk", "read-only", "limits", "rights", "strangers"],
)
def test_nothing_is_lost_and_all_is_told(sweep: Callable[[Path], Figures], least: int, tmp_path: Path) -> None:
    figures = sweep(tmp_path)
    if not figures.tried and figures.told:
        pytest.skip(figures.told)
    assert not figures.broken
    assert figures.tried >= least


@pytest.mark.slow
def test_what_breaks_in_a_process_of_its_own_is_a_broken_promise(tmp_path: Path) -> None:
    figures = conditions.apart("no such function")(tmp_path)
    assert "KeyError" in figures.broken[0]
