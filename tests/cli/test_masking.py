"""Secrets in a stream become dots, however the stream is cut into pieces."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.cli.masking import Masking
from arka_tui.secret import MASK

DOTS = MASK.encode()
KEY = b"sk-proj-aaaaaaaaaaaaaaaaaaaa"

few_letters = st.text("ab", min_size=1, max_size=5).map(str.encode)
pieces = st.lists(st.binary(max_size=4) | st.text("abc", max_size=6).map(str.encode), max_size=12)


def masked(secrets: list[bytes], stream: list[bytes]) -> bytes:
    masking = Masking(secrets)
    return b"".join([*map(masking.pass_on, stream), masking.rest()])


@given(st.lists(few_letters, min_size=1, max_size=4), pieces)
def test_nothing_but_the_secrets_changes_and_no_cut_lets_one_pass(secrets: list[bytes], stream: list[bytes]) -> None:
    longest_first = b"|".join(map(re.escape, sorted(secrets, key=len, reverse=True)))
    shown = masked(secrets, stream)
    assert shown == re.sub(longest_first, DOTS, b"".join(stream))
    assert not any(secret in shown for secret in secrets)


@given(st.binary(), st.integers(0, 40), st.integers(0, 40))
def test_a_key_between_any_bytes_is_masked_wherever_it_is_cut(around: bytes, first: int, second: int) -> None:
    whole = around + KEY + around
    cuts = sorted((first, second))
    stream = [whole[: cuts[0]], whole[cuts[0] : cuts[1]], whole[cuts[1] :]]
    assert masked([KEY], stream) == around + DOTS + around


def test_a_key_that_comes_byte_by_byte_is_masked() -> None:
    assert masked([KEY], [bytes([byte]) for byte in b"<" + KEY + b">"]) == b"<" + DOTS + b">"


@pytest.mark.parametrize("piece", [b"", b"ready\n", b"\xff\x00\x80", b"sk-other", KEY[1:]])
def test_what_cannot_begin_a_key_is_not_kept_waiting(piece: bytes) -> None:
    assert Masking([KEY]).pass_on(piece) == piece


def test_what_may_begin_a_key_waits_no_longer_than_it_may() -> None:
    masking = Masking([KEY])
    assert masking.pass_on(b"ask: sk-pro") == b"ask: "
    assert masking.pass_on(b"xy") == b"sk-proxy"
    assert masking.rest() == b""


def test_the_beginning_of_a_key_at_the_end_of_the_stream_is_passed_on() -> None:
    masking = Masking([KEY])
    assert masking.pass_on(KEY[:-1]) == b""
    assert masking.rest() == KEY[:-1]


def test_of_two_keys_that_begin_alike_the_longer_is_masked_whole() -> None:
    assert masked([KEY, KEY + b"-more"], [KEY, b"-more and ", KEY, b"-mo"]) == DOTS + b" and " + DOTS + b"-mo"


def test_a_piece_of_nothing_but_keys_is_searched_for_beginnings_at_its_end_alone() -> None:
    looked = []

    class Counting(Masking):
        def _begun(self, data: bytes, at: int) -> int:
            looked.append(at)
            return super()._begun(data, at)

    assert Counting([KEY]).pass_on(KEY * 1000) == DOTS * 1000
    assert len(looked) == 1, "50 MB took 41 s otherwise, and now 0.8 s"
