from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.insight.resets import reset_moment
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        *(("1s", 1), ("6m0s", 360), ("2m59.56s", 179.56), ("59.7ms", 0.0597), ("1h30m", 5400), ("33011.38", 33011.38)),
        *(("48", 48), ("2026-11-23T10:00:03Z", 3), ("2026-11-23T12:00:00+02:00", 0)),
        *((str(int(NOW.timestamp()) + 60), 60), (str((int(NOW.timestamp()) + 60) * 1000), 60)),
    ],
)
def test_a_reset_is_understood_in_the_words_of_every_provider(told: str, seconds: float) -> None:
    assert reset_moment(told, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("told", ["", "soon", "1x", "s", "-5", "1s later", "2026-11-23T10:00:03", "9" * 40, "1e400"])
def test_what_is_no_moment_is_none(told: str) -> None:
    assert reset_moment(told, NOW) is None


@given(st.text(max_size=40))
def test_no_text_raises(told: str) -> None:
    assert isinstance(reset_moment(told, NOW), datetime | None)
