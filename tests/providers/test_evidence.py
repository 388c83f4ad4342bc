"""What a provider says is shown in few, harmless words, and no piece of the key comes back in it in any dress."""

import random
import string

import pytest

from arka_tui.providers.evidence import EVIDENCE_CHARS, Cleaner
from arka_tui.secret import Secret
from arka_tui.simulator.hostile import dressed
from tests.e2e.canary import Canary

KEY = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2_Uj6-Me4Sf8"


@pytest.mark.parametrize("prefix", ["sk-proj-", "sk-or-v1-", ""])
@pytest.mark.parametrize("dress", dressed("x"))
def test_a_key_comes_back_in_no_dress(prefix: str, dress: str) -> None:
    for _ in range(5):
        canary = Canary(prefix)
        clean = Cleaner(Secret(canary.key))
        for text in (f"no such key: {dressed(canary.key)[dress]} (look it up)", dressed(canary.key[5:30])[dress]):
            assert not canary.found_in("shown", clean(text).encode())


@pytest.mark.parametrize(
    "disguised",
    [
        KEY[8:24].upper(),
        KEY[8:24].swapcase(),
        "".join(f"{char}|" for char in KEY[8:20]),
        "".join(f"{char}\x1b[31m" for char in KEY[8:20]),
        "".join(chr(ord(char) + 0xFEE0) for char in KEY[8:20]),
        "".join(f"{char}\u3164" for char in KEY[8:20]),
        "LJVTGULXLFRDOTDQGFMGGVTO",  # base32 of KEY[8:23]
    ],
)
def test_ways_that_a_person_reads_at_sight_are_seen_through(disguised: str) -> None:
    shown = Cleaner(Secret(KEY))(f"key {disguised} here")
    assert shown.startswith("key ••••")
    assert len(shown) < len("key •••• here") + 8


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: . You can find your API key at https://platform.openai.com/account/api-keys.",
        "Rate limit reached for gpt-4o in organization org-demo on tokens per min (TPM): Limit 30000, Used 14567.",
        "request req_0a1b2c3d4e5f60718293a4b5c6d7e8f9 failed ␛[0m at 2026-11-24T03:00:00Z",
        "漢字 Übergröße ✓",
        "",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert Cleaner(Secret(KEY))(text) == text


def test_no_text_of_chance_is_taken_for_the_key() -> None:
    letters = random.Random(7)
    for _ in range(200):
        text = "".join(letters.choices(string.ascii_letters + string.digits, k=200))
        assert Cleaner(Secret(KEY))(text) == text


def test_what_is_shown_is_one_short_line() -> None:
    shown = Cleaner(Secret(KEY))("\x1b]0;x\x07 one\r\ntwo \u202e" + "three " * 1000)
    assert shown.startswith("␛]0;x␇ one two three three")
    assert len(shown) == EVIDENCE_CHARS
    assert shown.isprintable()


@pytest.mark.parametrize("key", ["", "x", "1234567", "x" * 4096, "\ud800" * 10, "-" * 20])
def test_any_key_is_looked_for_without_a_mistake(key: str) -> None:
    assert Cleaner(Secret(key))("plain words") == "plain words"
