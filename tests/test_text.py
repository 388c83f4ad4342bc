"""No text from outside may steer the terminal, hide, or grow."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arka_tui.text import UNSAFE, drop_unsafe, safe

modest = settings(deadline=None, max_examples=200)
STEERING = re.compile("[\x00-\x1f\x7f-\x9f]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("Übergröße ✓ 漢字 🙂", "Übergröße ✓ 漢字 🙂"),
        ("\x1b]52;c;c2VjcmV0\x07", "␛]52;c;c2VjcmV0␇"),
        ("\x1b]0;owned\x1b\\", "␛]0;owned␛\\"),
        ("\x1b]8;;https://evil\x1b\\click\x1b]8;;\x1b\\", "␛]8;;https://evil␛\\click␛]8;;␛\\"),
        ("\x1b[2J\x1b[?1049l", "␛[2J␛[?1049l"),
        ("\x9b2J\x9d0;x\x9c", "�2J�0;x�"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("bell\x07 back\x08", "bell␇ back␈"),
        ("a\x0bb\x0cc", "a␋b␌c"),
        ("one\r\ntwo\tthree\n", "one two three"),
        ("  many   spaces\u00a0here  ", "many spaces here"),
        ("abc\u202egpj.exe\u202c", "abcgpj.exe"),
        ("\u2066a\u2069\u200e\u200f\u061cb", "ab"),
        ("zero\u200b\u200c\u200d\u2060\ufeffwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("line\u2028sep\u2029end", "linesepend"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("variation\U000e0100", "variation"),
        ("ha\u3164ng\u115fu\u1160l\uffa0", "hangul"),
        ("\u2800braille\u2800", "braille"),
        ("mo\u180bn\u180fgol k\u17b4h\u17b5mer", "mongol khmer"),
        ("join\u034fer he\ufe0fart no\U0001d159te", "joiner heart note"),
        ("private\ue000\U000f0000", "private"),
        ("half\ud83d", "half"),
        ("none\ufffe\U0010ffff", "none"),
        ("e\u0301", "é"),
        ("", ""),
        ("\n\t ", ""),
    ],
)
def test_what_steers_a_terminal_or_hides_is_shown_or_dropped(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    "markup",
    ["[bold]x[/bold]", "[/x]", "[@click=app.quit]x[/]", "[link=https://evil]x[/link]", "[", "\\", "[\\]", "**md** `x`"],
)
def test_markup_is_left_literal(markup: str) -> None:
    assert safe(markup) == markup


def test_a_text_within_the_limit_is_whole_and_a_longer_one_ends_in_an_ellipsis() -> None:
    assert safe("x" * 10, 10) == "x" * 10
    assert safe("x" * 11, 10) == "x" * 9 + "…"
    assert safe("漢" * 300) == "漢" * 199 + "…"
    assert safe("x" * 10_000_000, 5) == "xxxx…"


def test_at_most_two_marks_sit_on_a_letter() -> None:
    zalgo = "Z" + "\u0334\u0335\u0336\u0337\u0338" * 20 + "a" + "\u0334" * 20
    shown = safe(zalgo, 1000)
    assert max(len(run) for run in re.findall(r"[\u0300-\u036f]+", shown)) == 2
    assert [char for char in shown if not unicodedata.combining(char)] == ["Z", "a"]


def test_dropped_characters_do_not_buy_more_marks() -> None:
    assert len(safe("a" + "\u0334\u200d" * 50, 1000)) == 3
    assert len(safe("a" + "\u20dd\u2060" * 50, 1000)) == 3


@modest
@given(st.text(st.characters(), max_size=300), st.integers(1, 80))
@example("a\u0344" * 100, 20)
@example("\ufdfa" * 30, 5)
def test_any_text_becomes_one_line_within_its_limit_that_needs_no_last_net(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert len(shown) <= limit
    assert not STEERING.search(shown)
    assert shown == shown.strip() == drop_unsafe(shown)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
    assert shown.encode().decode() == shown


@modest
@given(st.text(st.characters(), max_size=300))
def test_the_last_net_drops_what_steers_and_keeps_all_else_in_order(text: str) -> None:
    left = drop_unsafe(text)
    assert not STEERING.search(left.replace("\n", "").replace("\t", ""))
    assert not UNSAFE.search(left)
    kept = iter(text)
    assert all(char in kept for char in left)


def test_the_last_net_leaves_line_ends_tabs_and_ordinary_text() -> None:
    assert drop_unsafe("one\n\ttwo é ✓ 🙂") == "one\n\ttwo é ✓ 🙂"
    assert drop_unsafe("\x1b[31mred\x1b[0m\r\x9b\u202e\u200b\ufeff") == "[31mred[0m"


def test_everything_the_last_net_drops_is_zero_cells_wide() -> None:
    from rich.cells import cell_len

    dropped = [chr(code) for code in range(0x110000) if UNSAFE.match(chr(code)) and not 0xD800 <= code < 0xE000]
    wide = [hex(ord(char)) for char in dropped if unicodedata.category(char) != "Cc" and cell_len(char) > 1]
    assert wide == []
