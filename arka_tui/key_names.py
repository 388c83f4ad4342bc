"""Names of the keys of the keyboard, in the settings and on screen. They are Textual's."""

import string
import unicodedata

from arka_tui.errors import ConfigError

_SHOWN = {"escape": "Esc", "enter": "Enter", "space": "Space", "tab": "Tab", "backspace": "Backspace"}
_SHOWN |= {"pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "insert": "Ins", "delete": "Del"}
_SHOWN |= {"up": "↑", "down": "↓", "left": "←", "right": "→"}
_FUNCTION = frozenset(f"f{number}" for number in range(1, 25))
_MOVING = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"})
_ALONE = frozenset({"escape", "enter", "space", "tab", "shift+tab", "backspace"})
_MODIFIERS = ("ctrl+", "shift+", "ctrl+shift+")
_SHORTER = {"solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus"}
_SHORTER |= {"plus_sign": "plus", "low_line": "underscore"}
_SAME = {
    "ctrl+i": "Tab",
    "ctrl+m": "Enter",
    "ctrl+h": "Backspace",
    "ctrl+left_square_bracket": "Esc",
    "ctrl+j": "the end of a pasted line",
}
"""What a terminal sends for it, too."""
_CTRL = frozenset({*string.ascii_lowercase, "backslash", "right_square_bracket", "circumflex_accent", "underscore"})
"""All that each terminal can send together with ctrl."""


def of_character(character: str) -> str:
    """`question_mark` of `?`; letters and digits are their own names."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name)


_ASCII = {of_character(char): char for char in string.ascii_letters + string.digits + string.punctuation}
_KNOWN = frozenset(
    {*_ASCII, *_ALONE, *_FUNCTION, *_MOVING}
    | {modifier + key for modifier in _MODIFIERS for key in _FUNCTION | _MOVING}
    | {f"ctrl+{key}" for key in _CTRL}
    | {f"alt+{key}" for key in string.ascii_lowercase + string.digits}
) - {*_SAME}


def parse(text: str) -> tuple[str, ...]:
    """The keys of a list with commas, each as `ctrl+n`, `f5`, `question_mark` or `?`.

    Raises: ConfigError, also for keys that terminals cannot tell apart, or cannot send.
    """
    return tuple(dict.fromkeys(_one(part.strip()) for part in text.split(",")))


def _one(name: str) -> str:
    if not name:
        raise ConfigError("it names no key", 'write a key such as "f5", or several with commas; "comma" is the comma')
    if name.isprintable() and len(name) == 1 and (name.isalnum() or name.isascii()):
        return of_character(name)
    modifiers, _, key = name.rpartition("+")
    if not modifiers or not key:
        key, found = "", name
    elif len(key) == 1:
        found = f"{modifiers.lower()}+{of_character(key if modifiers.lower() == 'shift' else key.lower())}"
    else:
        found = f"{modifiers}+{key}"
    found = found.lower() if len(found) > 1 else found
    if found in _SAME:
        raise ConfigError(f"terminals cannot tell {name} from {_SAME[found]}", "choose another key")
    if found in _KNOWN:
        return found
    if found.startswith("shift+") and len(key) == 1:
        raise ConfigError(f"terminals do not send {name} as such", f'write "{key.upper()}"')
    if len(key) == 1 or found in ("ctrl+space", "ctrl+at", "ctrl+enter", "ctrl+tab", "shift+enter", "shift+space"):
        raise ConfigError(f"not every terminal can send {name}", "choose another key")
    import difflib

    near = difflib.get_close_matches(found, sorted(_KNOWN), n=1)
    hint = f"did you mean {near[0]}?" if near else "keys are named as in ctrl+n, f5, pageup, question_mark or ?"
    raise ConfigError(f"there is no key {name!r}", hint)


def character(key: str) -> str:
    """What it types into a field; nothing where it types nothing."""
    return " " if key == "space" else key if len(key) == 1 else _ASCII.get(key, "")


def shown(key: str) -> str:
    """In a sentence: `Esc`, `?`, `ctrl+n`, `F5`."""
    modifiers, _, last = key.rpartition("+")
    name = _SHOWN.get(last) or _ASCII.get(last) or (last.upper() if last in _FUNCTION else last)
    return f"{modifiers}+{name}" if modifiers else name


def written(key: str) -> str:
    """In the settings file: the character where that is clear, else the name."""
    char = _ASCII.get(key, key)
    return key if char in ('"', "\\", ",") else char
