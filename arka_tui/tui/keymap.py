"""Which key does what: as the bindings say, unless the settings say otherwise.

Not by Textual's own keymap: that moves what was remapped to the end of the line of keys, drops what shared its key, and
is unknown to `Field`, which looks up its keys itself.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from textual.binding import Binding, BindingsMap
from textual.widgets import Input

from arka_tui import key_names
from arka_tui.errors import ConfigError

COMMAND = "arka-tui keyboard"
_HINT = f"{COMMAND} lists them all"
_NAMED = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")
_YES = "confirm.yes"
_ASKS = ("keys.delete", "keys.test_all", "detail.delete", "form.save", "form.leave", "app.quit")
"""What may open a question, which is on another screen."""
_FIXED = {"tab": "it goes from field to field", "shift+tab": "it goes from field to field"}


class Keymap:
    """`chosen` has keys by the id of a binding, as in the settings. Raises: ConfigError."""

    def __init__(self, chosen: Mapping[str, str]) -> None:
        self._chosen = {name: key_names.parse(keys) for name, keys in chosen.items()}
        if chosen:
            self._refuse_mistakes()

    def keys(self, name: str) -> tuple[str, ...]:
        """Of the binding with this id, the main one first."""
        from arka_tui.tui.places import DEFAULTS  # every screen is in there

        return self._chosen.get(name) or DEFAULTS[name].keys

    def said(self, text: str) -> str:
        """With the key that does it in the place of each `{keys.add}`."""
        return _NAMED.sub(lambda named: key_names.shown(self.keys(named[1])[0]), text)

    def fit(self, bindings: BindingsMap) -> BindingsMap:
        """The same bindings in the same order on the keys that were chosen."""
        if not self._chosen or not any(binding.id in self._chosen for _, binding in bindings):
            return bindings
        from arka_tui.tui.places import DEFAULTS

        on = {(key, binding.id) for key, binding in bindings}
        fitted, placed = BindingsMap(), set[tuple[str, str]]()
        for _, binding in bindings:
            if (keys := self._chosen.get(binding.id or "")) is None:
                fitted._add_binding(binding)
                continue
            for key in keys:
                overridden = key in DEFAULTS[str(binding.id)].keys and (key, binding.id) not in on
                if not overridden and (key, binding.action) not in placed:  # one on two keys comes here twice
                    placed.add((key, binding.action))
                    fitted._add_binding(_on(binding, key))
        return fitted

    def listed(self) -> Iterator[str]:
        """All bindings that can be remapped, as the settings file takes them."""
        from arka_tui.tui.places import DEFAULTS

        yield "[keys]"
        keys = {name: ",".join(map(key_names.written, self.keys(name))) for name in DEFAULTS}
        names_cells, keys_cells = max(map(len, keys)) + 2, max(map(len, keys.values())) + 2
        place = ""
        for name, default in DEFAULTS.items():
            if default.place != place:
                place = default.place
                yield f"\n# {place}"
            quoted, its_keys = f'"{name}"', f'"{keys[name]}"'
            yield f"{quoted:<{names_cells}} = {its_keys:<{keys_cells}}  # {default.told}"

    # ------------------------------------------------------------------ mistakes

    def _refuse_mistakes(self) -> None:
        from arka_tui.tui.places import DEFAULTS

        for name, keys in self._chosen.items():
            if name not in DEFAULTS:
                import difflib

                near = difflib.get_close_matches(name, DEFAULTS, n=1)
                hint = f"did you mean {near[0]!r}? {_HINT}" if near else _HINT
                raise ConfigError(f"[keys] in the settings file has an unknown name {name!r}", hint)
            for key in keys:
                if reason := _unfit(name, key):
                    told = f"[keys] {name!r} in the settings file cannot be on {key_names.shown(key)}: {reason}"
                    raise ConfigError(told, "choose another key")
        self._refuse_clashes()

    def _refuse_clashes(self) -> None:
        from arka_tui.tui.places import PLACES

        for name in _ASKS:
            for key in set(self.keys(name)) & set(self.keys(_YES)):
                told = f"{name!r} and {_YES!r} are both on {key_names.shown(key)}: held down it answers itself"
                raise ConfigError(f"[keys] in the settings file: {told}", f"give one of them another key; {_HINT}")
        for place in PLACES:
            maps = [node._merged_bindings or BindingsMap() for node in place.nodes]
            before = set(_pairs(maps))
            for key, one, other in _pairs([self.fit(each) for each in maps]):
                meant_to_be = any({one, other} == {first, second} for _, first, second in before)
                if not meant_to_be and {one, other} & self._chosen.keys():
                    told = f"{one!r} and {other!r} are both on {key_names.shown(key)}"
                    raise ConfigError(f"[keys] in the settings file: {told}", f"give one of them another key; {_HINT}")


def _on(binding: Binding, key: str) -> Binding:
    """`^n` is Textual's way to show ctrl+n where room is scarce."""
    return binding.with_key(key, key_display=None if key.startswith("ctrl+") else key_names.shown(key))


def _pairs(maps: Iterable[BindingsMap]) -> Iterator[tuple[str, str, str]]:
    """Keys that two bindings are on, and the ids of these."""
    at: dict[str, list[str]] = defaultdict(list)
    for bindings in maps:
        for key, binding in bindings:
            if binding.id and binding.id not in at[key]:
                at[key].append(binding.id)
    for key, names in at.items():
        for one, other in combinations(names, 2):
            yield key, one, other


def _unfit(name: str, key: str) -> str:
    """Why this binding cannot be on this key; or nothing."""
    from arka_tui.tui.places import DEFAULTS

    default = DEFAULTS[name]
    if key in default.keys:
        return ""
    if key in _FIXED:
        return _FIXED[key]
    if key == "enter":
        return "it presses buttons and ends fields"
    if key == "ctrl+c" and name != "app.quit":
        return "it tells how to quit; only app.quit can have it"
    if default.in_fields and key_names.character(key):
        return "there it is typed into a field"
    if default.in_fields and key in _FIELD_KEYS - (_CLIPBOARD if name.startswith("app.") else set()):
        return "there it edits a field"
    return ""


_CLIPBOARD = {"ctrl+c", "ctrl+x", "ctrl+v"}
"""They do nothing of use in our fields, and what works everywhere goes before them."""
_FIELD_KEYS = {key for key, _ in Input._merged_bindings or ()} | {"backspace", "delete", "ctrl+u", "ctrl+w"}
