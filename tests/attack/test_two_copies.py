"""Whatever stands in the places of the vault and its mirror: the right one opens, and nothing is destroyed."""

from pathlib import Path

import pytest

from tests.attack.two_copies import CODES, LEFT_ALONE, every_kind, expected, harm, one_pair, pairs

TODAY, EARLIER = CODES["today's code"], CODES["an earlier code"]


def test_the_pairs_are_judged_by_the_words_of_the_format(tmp_path: Path) -> None:
    kinds = every_kind(tmp_path)
    rekeyed = "from before the passphrase was changed"
    assert expected(kinds, "today", "today", TODAY) == "today"
    assert expected(kinds, "older", "newer", TODAY) == "newer"
    assert expected(kinds, "cut", "older", TODAY) == "older"
    assert expected(kinds, "missing", "missing", TODAY) == ""
    assert expected(kinds, "today", rekeyed, EARLIER) == ""
    assert expected(kinds, rekeyed, "today", EARLIER) == rekeyed
    assert expected(kinds, rekeyed, "today", TODAY) == "today"
    assert {expected(kinds, kind, "today", TODAY) for kind in LEFT_ALONE} == {""}


def test_what_is_destroyed_is_told(tmp_path: Path) -> None:
    kinds = every_kind(tmp_path)
    today, older, other = (kinds.contents[kind] for kind in ("today", "older", "another vault"))
    assert harm({"x": older}, {"x": today}, kinds, "today") == ""
    assert harm({"x": older}, {"x": today}, kinds, "") == "x was changed, though nothing opened"
    assert harm({"x": today}, {"x": older}, kinds, "older") == "x (today) gave way to an earlier state"
    assert harm({"x": other}, {"x": today}, kinds, "today") == "x (another vault) was written over"
    assert harm({"x": older}, {"x": None}, kinds, "today") == "x is now neither what it was nor what opened"


def test_a_sample_of_pairs_opens_the_right_one_and_destroys_nothing(tmp_path: Path) -> None:
    kinds = every_kind(tmp_path)
    for main, mirror in (("cut", "today"), ("older", "newer"), ("foreign", "today"), ("today", "another vault")):
        assert one_pair(tmp_path / "pair", kinds, main, mirror, TODAY) == ""


@pytest.mark.slow
def test_every_pair_opens_the_right_one_and_destroys_nothing(tmp_path: Path) -> None:
    figures = pairs(tmp_path)
    assert not figures.broken
    assert figures.tried >= 500
