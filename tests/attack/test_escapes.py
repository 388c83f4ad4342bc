"""Hostile text steers no terminal; tests/e2e/test_hostile_text.py is the sample in the whole program, run always."""

from pathlib import Path

import pytest

from tests.attack import escapes
from tests.attack.figures import Sweep

SOME = ("clipboard", "C1", "closing tag", "right to left", "surrogates")
LEAST = {"vault": 200, "answers": 100, "typing": 100, "surroundings": 800}

pytestmark = pytest.mark.pty


def test_a_sample_of_hostile_arguments_paths_and_settings_steers_no_terminal(tmp_path: Path) -> None:
    figures = escapes.surroundings(tmp_path, SOME)
    assert not figures.broken
    assert figures.tried >= 90


@pytest.mark.slow
@pytest.mark.parametrize("sweep", escapes.SWEEPS, ids=lambda sweep: sweep.run.__name__)
def test_no_hostile_text_steers_the_terminal(sweep: Sweep, tmp_path: Path) -> None:
    figures = sweep.run(tmp_path)
    assert not figures.broken
    assert figures.tried >= LEAST[sweep.run.__name__]
