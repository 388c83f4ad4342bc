"""Nobody between the program and its provider gets a byte. tests/providers/test_transport.py has what runs always."""

from pathlib import Path

import pytest

from tests.attack import hostile_network
from tests.attack.figures import Sweep

LEAST = {"tls": 80, "variables": 11, "program": 2}


@pytest.mark.slow
@pytest.mark.pty
@pytest.mark.parametrize("sweep", hostile_network.SWEEPS, ids=lambda sweep: sweep.run.__name__)
def test_no_network_and_no_environment_breaks_a_promise(sweep: Sweep, tmp_path: Path) -> None:
    figures = sweep.run(tmp_path)
    assert not figures.broken
    assert figures.tried >= LEAST[sweep.run.__name__]
