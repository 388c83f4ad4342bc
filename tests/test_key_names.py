"""Keys of the keyboard by name: what people write, what terminals can send, and what is said of the rest."""

import re

import pytest

from arka_tui.errors import ConfigError
from arka_tui.key_names import character, parse, shown, written


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("n", ("n",)),
        ("N", ("N",)),
        ("?", ("question_mark",)),
        ("$", ("dollar_sign",)),
        ("+", ("plus",)),
        ("-", ("minus",)),
        ("_", ("underscore",)),
        ("question_mark", ("question_mark",)),
        ("comma", ("comma",)),
        ("ф", ("ф",)),
        ("ctrl+n", ("ctrl+n",)),
        ("Ctrl+N", ("ctrl+n",)),
        ("ctrl+\\", ("ctrl+backslash",)),
        ("F5", ("f5",)),
        ("shift+f5", ("shift+f5",)),
        ("alt+x", ("alt+x",)),
        ("PageUp", ("pageup",)),
        ("ctrl+shift+home", ("ctrl+shift+home",)),
        ("space", ("space",)),
        ("escape, q", ("escape", "q")),
        ("d,delete,d", ("d", "delete")),
    ],
)
def test_keys_are_written_as_a_name_or_as_what_they_type(text: str, keys: tuple[str, ...]) -> None:
    assert parse(text) == keys


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "names no key", '"f5"'),
        (" ", "names no key", '"f5"'),
        ("a,", "names no key", '"comma" is the comma'),
        ("ctrl+i", "terminals cannot tell ctrl\\+i from Tab", "another"),
        ("ctrl+m", "terminals cannot tell ctrl\\+m from Enter", "another"),
        ("ctrl+[", "terminals cannot tell ctrl\\+\\[ from Esc", "another"),
        ("ctrl+h", "terminals cannot tell ctrl\\+h from Backspace", "another"),
        ("ctrl+j", "from the end of a pasted line", "another"),
        ("shift+a", "terminals do not send shift\\+a as such", 'write "A"'),
        ("ctrl+1", "not every terminal can send ctrl\\+1", "another"),
        ("ctrl+shift+a", "not every terminal can send", "another"),
        ("ctrl+space", "not every terminal can send", "another"),
        ("pgup", "there is no key 'pgup'", "did you mean pageup\\?"),
        ("esc", "there is no key 'esc'", "did you mean escape\\?"),
        ("nonsense", "there is no key 'nonsense'", "keys are named as in"),
        ("\x1b", "there is no key", "keys are named as in"),
    ],
)
def test_a_key_that_will_not_do_is_refused_with_the_reason(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(text)
    assert re.search(hint, caught.value.hint)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        *(("escape", "Esc"), ("question_mark", "?"), ("ctrl+n", "ctrl+n"), ("ctrl+backslash", "ctrl+\\"), ("f5", "F5")),
        *(("shift+f5", "shift+F5"), ("T", "T"), ("pageup", "PgUp"), ("ctrl+up", "ctrl+↑")),
    ],
)
def test_a_key_is_told_as_it_stands_on_the_keyboard(key: str, told: str) -> None:
    assert shown(key) == told


def test_only_what_types_a_character_has_one() -> None:
    assert [character(key) for key in ("a", "space", "dollar_sign", "ф")] == ["a", " ", "$", "ф"]
    assert [character(key) for key in ("ctrl+a", "f5", "escape", "alt+x")] == [""] * 4


@pytest.mark.parametrize("text", ["a", "?", "comma", "backslash", "quotation_mark", "ctrl+n", "left"])
def test_what_is_written_is_read_again(text: str) -> None:
    [key] = parse(text)
    assert parse(written(key)) == (key,)
