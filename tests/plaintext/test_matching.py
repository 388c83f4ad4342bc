"""Which of the vault's keys are in a text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.plaintext.matching import MOST_TRIES, Matcher
from arka_tui.secret import Secret

KEY = "sk-proj-Ab3_Cd4-Ef5Gh6Ij7Kl8"
SHORT = "k3y-of-12ch!"
TRIED: list[str] = []


def fingerprint(secret: Secret) -> str:
    TRIED.append(secret.reveal())
    return f"mark of {secret.reveal()}"


def matcher(*keys: str) -> Matcher:
    TRIED.clear()
    return Matcher([(f"p/{n}", Secret(key).hint, f"mark of {key}") for n, key in enumerate(keys)], fingerprint)


def names(text: str | bytes, *keys: str) -> list[tuple[str, ...]]:
    raw = text if isinstance(text, bytes) else text.encode()
    return [match.names for match in matcher(*keys).matches(raw).found]


def test_a_key_is_found_however_it_is_wrapped() -> None:
    for before, after in (
        ("", ""),
        ('OPENAI_API_KEY="', '"'),
        ("-H 'Authorization: Bearer ", "' https://x"),
        ("https://user:", "@host/path"),
        ("https://host/?key=", "&alt=sse"),
        ("https%3A%2F%2Fhost%2F%3Fkey%3D", "%26alt"),
        ('{\\"key\\":\\"', '\\"}'),
        ("first line\\n", "\\nlast line"),
        ("(", ")."),
        ("<key>", "</key>"),
        ("ü\xa0", "ü"),
    ):
        assert names(before + KEY + after, KEY) == [("p/0",)], before


def test_a_key_within_a_longer_word_is_another_word() -> None:
    assert names(f"x{KEY} {KEY}x", KEY) == []


def test_a_short_key_has_no_hint_and_is_found_as_a_whole_word() -> None:
    assert names(f"KEY={SHORT[:-1]} {SHORT}", KEY, SHORT) == [("p/1",)]
    assert names(f"KEY={SHORT}", SHORT) == [("p/0",)]
    assert names("xshorter-12 shorter-123", "shorter-12") == []
    assert names("(shorter-12), 'shorter-12'", "shorter-12") == [("p/0",), ("p/0",)]


def test_two_names_of_one_secret_are_both_told() -> None:
    assert names(KEY, KEY, KEY) == [("p/0", "p/1")]


def test_every_occurrence_is_found() -> None:
    found = matcher(KEY).matches(f"{KEY}\n{KEY} {KEY}".encode()).found
    assert [match.start for match in found] == [0, 29, 58]


def test_what_does_not_end_like_a_key_costs_nothing() -> None:
    assert names("a perfectly ordinary text, with = and : and more\n" * 1000, KEY) == []
    assert TRIED == []


def test_a_text_that_was_made_to_keep_us_busy_is_given_up() -> None:
    busy = (KEY[:8] + "=" + "z" * 20 + KEY[-4:] + ";") * 30_000
    matches = matcher(KEY).matches((KEY + "\n" + busy).encode())
    assert not matches.complete
    assert [match.names for match in matches.found] == [("p/0",)]
    assert len(TRIED) < MOST_TRIES + 100


def test_a_repeated_character_is_no_trap() -> None:
    key = "a" * 40
    assert names("a" * (1 << 20), key) == []


def test_a_name_with_a_key_in_it_is_masked() -> None:
    assert matcher(KEY).masked(f"/home/x/{KEY}.txt") == "/home/x/••••.txt"
    assert matcher(KEY).masked("/home/x/\udcff.txt") == "/home/x/\udcff.txt"


@pytest.mark.parametrize("others", [0, 100])
def test_keys_that_end_in_a_mark_are_found_too(others: int) -> None:
    more = [f"sk-proj-{n:020d}" for n in range(others)]
    for end in "-_=.]^\\":
        assert names(f"A={KEY}{end} B={KEY}", KEY + end, *more) == [("p/0",)], end


def test_it_takes_one_pass_however_many_keys_there_are() -> None:
    keys = [f"sk-proj-{n:020d}" for n in range(5000)]
    many = matcher(*keys)
    text = ("some words, and more = of them;\n" * 20_000 + f"K={keys[7]}\n").encode()
    start = time.process_time()
    assert [match.names for match in many.matches(text).found] == [("p/7",)]
    assert time.process_time() - start < 0.5


@given(st.lists(st.sampled_from([KEY, KEY + "-", "x", " ", "=", "-", "\n", "k" * 20, "k" * 24])))
def test_few_keys_and_many_are_found_alike(pieces: list[str]) -> None:
    keys = [KEY, KEY + "-", "k" * 20]
    few = names("".join(pieces), *keys)
    assert few == names("".join(pieces), *keys, *(f"sk-other-{n:020d}" for n in range(60)))


@pytest.mark.slow
@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    for match in matcher(KEY, "aaaaaaaa", "0123456789").matches(raw + b"aaaaaaaa" + raw).found:
        assert match.names
