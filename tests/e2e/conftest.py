"""A home folder for each test, and a simulator in the place of the providers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arka_tui.simulator import Simulator
from tests.e2e.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator
