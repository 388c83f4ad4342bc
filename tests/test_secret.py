"""A secret shows itself in no way but `reveal()`, is taken out of pastes tidily and out of other text wholly."""

import copy
import io
import json
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from arka_tui.secret import MASK, PIECE_CHARS, Secret, redact, tidy_paste

CANARY = "sk-proj-CANARY-aaaaaaaaaaaaaaaaaaaaaaaa-wxyz"
modest = settings(deadline=None, max_examples=150)


# ---------------------------------------------------------------------- printing


PRINTERS: dict[str, Callable[[Secret], str]] = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "format": format,
    "f-string": lambda secret: f"{secret}",
    "f-string with repr": lambda secret: f"{secret!r}",
    "f-string with a width": lambda secret: f"{secret:>80}",
    "f-string that names it": lambda secret: f"{secret=}",
    "str.format": "{0} {0!r} {0!s}".format,
    "percent": lambda secret: "%s %r %a" % (secret, secret, secret),  # noqa: UP031
    "join": lambda secret: " ".join(map(str, [secret])),
    "inside a list": lambda secret: str([secret]),
    "inside a dict": lambda secret: str({"key": secret}),
    "inside an exception": lambda secret: repr(ValueError(secret)),
    "rich": pretty_repr,
    "rich, in a container": lambda secret: pretty_repr({"key": [secret]}),
}


@pytest.mark.parametrize("printer", PRINTERS.values(), ids=PRINTERS.keys())
def test_a_secret_prints_as_dots(printer: Callable[[Secret], str]) -> None:
    printed = printer(Secret(CANARY))
    assert MASK in printed or ascii(MASK)[1:-1] in printed
    assert "CANARY" not in printed
    assert "wxyz" not in printed


def test_a_secret_is_logged_as_dots(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("arka").debug("%s and %r", Secret(CANARY), Secret(CANARY))
    assert caplog.messages == [f"{MASK} and Secret({MASK})"]


def test_a_traceback_with_locals_shows_dots() -> None:
    def send(key: Secret) -> None:
        raise RuntimeError(f"no answer to {len(key)} characters")

    out = io.StringIO()
    try:
        send(Secret(CANARY))
    except RuntimeError as error:
        shown = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
        Console(file=out, width=120).print(shown)
    assert MASK in out.getvalue()
    assert "wxyz" not in out.getvalue()


@pytest.mark.parametrize(
    "copier",
    [pickle.dumps, copy.copy, copy.deepcopy, *(lambda s, p=p: pickle.dumps(s, p) for p in range(6))],
)
def test_a_secret_can_be_neither_pickled_nor_copied(copier: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        copier(Secret(CANARY))


def test_a_secret_is_no_json_and_no_sequence() -> None:
    uses: list[Callable[[Any], object]] = [json.dumps, list, iter, vars, "".join]
    for use in uses:
        with pytest.raises(TypeError) as caught:
            use(Secret(CANARY))
        assert "CANARY" not in str(caught.value)


def test_a_secret_cannot_be_a_key_of_a_dict_or_cache() -> None:
    with pytest.raises(TypeError, match="cannot be hashed"):
        hash(Secret(CANARY))
    with pytest.raises(TypeError):
        {Secret(CANARY): 1}


def test_reveal_is_the_way_out() -> None:
    assert Secret(CANARY).reveal() == CANARY
    assert len(Secret(CANARY)) == len(CANARY)
    assert Secret("x")
    assert not Secret("")


def test_secrets_are_equal_by_value_and_to_nothing_but_secrets() -> None:
    assert Secret("abc") == Secret("abc")
    assert Secret("abc") != Secret("abd")
    assert Secret("abc") != Secret("abcd")
    assert Secret("é") == Secret("é")
    assert Secret("abc") != "abc"


def test_a_secret_with_half_a_character_can_be_compared() -> None:
    assert Secret("\ud800") == Secret("\ud800")
    assert Secret("\ud800") != Secret("x")


# ---------------------------------------------------------------------- hint and problem


@pytest.mark.parametrize(("length", "hint"), [(0, ""), (4, ""), (19, ""), (20, "wxyz"), (4096, "wxyz")])
def test_only_a_long_secret_spares_four_characters_for_a_hint(length: int, hint: str) -> None:
    assert Secret(("k" * length + "wxyz")[-length:] if length else "").hint == hint


@pytest.mark.parametrize("value", ["12345678", "k" * 4096, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", CANARY])
def test_printable_ascii_of_8_to_4096_characters_has_no_problem(value: str) -> None:
    assert Secret(value).problem == ""


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "at least 8 characters"),
        ("1234567", "at least 8 characters"),
        ("k" * 4097, "at most 4,096 characters"),
        ("sk-proj aaaa", "printable ASCII"),
        ("sk-proj-aaaa\n", "printable ASCII"),
        ("sk-proj-aaaa\r\nX-Evil: 1", "printable ASCII"),
        ("sk-proj-aaaa\x00", "printable ASCII"),
        ("sk-proj-aaaa\x7f", "printable ASCII"),
        ("sk-proj-aaaа", "printable ASCII"),
        ("sk-proj-aaaa\u200b", "printable ASCII"),
        ("sk-proj-aaaa\ud800", "printable ASCII"),
    ],
)
def test_what_cannot_be_a_key_is_said_without_quoting_it(value: str, problem: str) -> None:
    assert problem in Secret(value).problem
    assert "sk-proj" not in Secret(value).problem


# ---------------------------------------------------------------------- pastes


@pytest.mark.parametrize(
    ("pasted", "key", "removed"),
    [
        ("sk-abc12345", "sk-abc12345", []),
        ("  sk-abc12345\n", "sk-abc12345", ["white space"]),
        ("sk-abc12345\r\n", "sk-abc12345", ["white space"]),
        ("OPENAI_API_KEY=sk-abc12345", "sk-abc12345", ["the variable name"]),
        ("export OPENAI_API_KEY=sk-abc12345", "sk-abc12345", ["the variable name"]),
        ('export OPENAI_API_KEY="sk-abc12345"\n', "sk-abc12345", ["white space", "the variable name", "quotes"]),
        ("KEY = 'sk-abc12345'", "sk-abc12345", ["the variable name", "quotes"]),
        ("`sk-abc12345`", "sk-abc12345", ["quotes"]),
        ("Bearer sk-abc12345", "sk-abc12345", ["“Bearer”"]),
        ("Authorization: Bearer sk-abc12345", "sk-abc12345", ["“Bearer”"]),
        ("authorization:bearer  sk-abc12345", "sk-abc12345", ["“Bearer”"]),
        ("KEY=Bearer sk-abc12345", "sk-abc12345", ["the variable name", "“Bearer”"]),
        ("\x1b[32msk-abc12345\x1b[0m", "sk-abc12345", ["colour codes"]),
        ("\x1b[200~sk-abc12345\x1b[201~", "sk-abc12345", ["colour codes"]),
        ("\x1b]0;title\x07sk-abc12345", "sk-abc12345", ["colour codes"]),
        ("\x1b]8;;https://x\x1b\\sk-abc12345\x1b]8;;\x1b\\", "sk-abc12345", ["colour codes"]),
        ("sk-\u200babc\ufeff123\u00ad45", "sk-abc12345", ["invisible characters"]),
        ("sk-abc12345\u00a0", "sk-abc12345", ["invisible characters"]),
        ("sk-abc\x00123\x0845", "sk-abc12345", ["invisible characters"]),
        ("\n\nsk-abc12345\nsecond\n", "sk-abc12345", ["white space", "1 further line"]),
        ("sk-abc12345\nsecond\nthird", "sk-abc12345", ["2 further lines"]),
        ("", "", []),
        (" \n\t", "", ["white space"]),
        ("KEY=", "KEY=", []),
        ('"', '"', []),
        ('""', "", ["quotes"]),
        ("'sk-abc12345\"", "'sk-abc12345\"", []),
        ("sk-abc12345==", "sk-abc12345==", []),
        ("sk-abc=12345", "sk-abc=12345", []),
    ],
)
def test_a_paste_is_tidied_and_what_was_removed_is_said(pasted: str, key: str, removed: list[str]) -> None:
    secret, said = tidy_paste(pasted)
    assert secret.reveal() == key
    assert said == removed


@pytest.mark.parametrize("pasted", ["sk-abc 12345", "sk-abc\t12345", "sk-аbc12345", "sk-abc\u202e12345", "skｰabc12345"])
def test_what_cannot_be_repaired_stays_and_is_named_as_a_problem(pasted: str) -> None:
    secret, _ = tidy_paste(pasted)
    assert secret.reveal() == pasted
    assert secret.problem


@modest
@given(st.text(max_size=80))
def test_no_paste_fails_and_none_is_echoed_in_what_was_removed(pasted: str) -> None:
    secret, removed = tidy_paste(pasted)
    assert "\n" not in secret.reveal()
    assert "\x1b" not in secret.reveal()
    assert all(len(said) < 30 for said in removed)


@modest
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=80))
def test_a_key_that_comes_alone_is_taken_as_it_is(key: str) -> None:
    secret, removed = tidy_paste(key)
    assert removed or secret.reveal() == key


# ---------------------------------------------------------------------- redaction


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide", "nothing to hide"),
        (f"Incorrect API key provided: {CANARY}.", f"Incorrect API key provided: {MASK}."),
        (f"{CANARY}{CANARY}", MASK),
        (f"{CANARY} {CANARY}", f"{MASK} {MASK}"),
        (f"ends in {CANARY[-8:]}", f"ends in {MASK}"),
        (f"ends in {CANARY[-7:]}", f"ends in {CANARY[-7:]}"),
        (f"begins with {CANARY[9:20]}!", f"begins with {MASK}!"),
        (f"x{CANARY[8:16]}y{CANARY[17:30]}z", f"x{MASK}y{MASK}z"),
        ("", ""),
    ],
)
def test_a_key_and_every_longer_piece_of_it_become_dots(text: str, shown: str) -> None:
    assert redact(text, Secret(CANARY)) == shown


def test_a_short_secret_is_redacted_whole() -> None:
    assert redact("pin 1234, not 123", Secret("1234")) == f"pin {MASK}, not 123"
    assert redact("text", Secret("")) == "text"


def test_several_secrets_are_redacted_at_once() -> None:
    one, other = Secret("a1b2c3d4e5f6"), Secret("z9y8x7w6v5u4")
    assert redact("a1b2c3d4e5f6 z9y8x7w6v5u4 c3d4e5f6 y8x7w6v5", one, other) == " ".join([MASK] * 4)


@pytest.mark.parametrize(
    "somebody_elses",
    [
        "sk-proj-0123456789abcdef",
        "sk-ant-api03-0123456789",
        "sk-or-v1-0123456789abcdef",
        "sk-pro****************cdef",
        "xai-0123456789",
        "gsk_0123456789abcdef",
        "hf_0123456789abcdef",
        "AIzaSy0123456789abcdefg",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    ],
)
def test_what_looks_like_a_key_of_a_known_kind_becomes_dots_too(somebody_elses: str) -> None:
    assert redact(f"(key {somebody_elses})", Secret(CANARY)) == f"(key {MASK})"


secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=PIECE_CHARS, max_size=60)


@st.composite
def leaks(draw: st.DrawFn) -> tuple[str, str]:
    """A secret, and a text that quotes pieces of it between other words."""
    secret = draw(secrets)
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(secret) - 1))
        parts.append(secret[start : draw(st.integers(start, len(secret)))])
        parts.append(draw(st.text(max_size=6)))
    return secret, "".join(parts)


@modest
@given(leaks())
@example(("abcdefgh" * 2, "abcdefgabcdefghh"))
@example(("aaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa"))
def test_no_run_of_eight_characters_of_a_secret_survives(case: tuple[str, str]) -> None:
    secret, text = case
    shown = redact(text, Secret(secret))
    runs = {secret[i : i + PIECE_CHARS] for i in range(len(secret) - PIECE_CHARS + 1)}
    assert not [run for run in runs if run in shown]


@modest
@given(st.text(st.sampled_from("0123456789 .,"), max_size=100))
def test_text_that_quotes_no_key_stays_as_it_is(text: str) -> None:
    assert redact(text, Secret("no-digits-in-this-one")) == text
