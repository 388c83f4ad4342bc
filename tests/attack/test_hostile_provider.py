"""What a provider answers does no harm: a sample always, all of it where time allows."""

from pathlib import Path

import pytest

from arka_tui.simulator.hostile import attacks
from tests.attack import hostile_provider
from tests.attack.figures import Sweep

LEAST = {"origins": 500, "echoes": 400, "words": 1800, "bounds": 170, "memory": 50}


def test_a_sample_of_hostile_answers_gets_calm_verdicts_and_the_key_is_in_none() -> None:
    kinds = [kind for kind in attacks() if kind not in ("bombs", "drips")]
    figures = hostile_provider.run(hostile_provider.jobs(kinds, every=67))
    assert not figures.broken
    assert figures.tried >= 60


@pytest.mark.parametrize(
    "name", ["second answer", "redirect 307 to another host with the key", "echo, base64, with 401"]
)
def test_the_attacks_that_once_broke_something_break_nothing(name: str) -> None:
    chosen = [job for job in hostile_provider.jobs(attacks()) if job.name == name]
    figures = hostile_provider.run(chosen, workers=1)
    assert not figures.broken
    assert figures.tried == len(chosen) == 4


@pytest.mark.slow
@pytest.mark.parametrize("sweep", hostile_provider.SWEEPS, ids=lambda sweep: sweep.run.__name__)
def test_no_hostile_answer_breaks_a_promise(sweep: Sweep, tmp_path: Path) -> None:
    figures = sweep.run(tmp_path)
    assert not figures.broken
    assert figures.tried >= LEAST[sweep.run.__name__]
