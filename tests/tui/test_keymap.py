"""Keys that the settings remap: they work, every text names them, and what cannot be is refused at the start."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from textual import events
from textual.app import App
from textual.widget import Widget
from textual.widgets import Input

import arka_tui.tui
from arka_tui import key_names
from arka_tui.config import Config, load
from arka_tui.controller import Controller
from arka_tui.errors import ConfigError
from arka_tui.simulator import Simulator
from arka_tui.tui import places
from arka_tui.tui.app import ArkaApp
from arka_tui.tui.keymap import _NAMED, Keymap, _pairs
from arka_tui.tui.places import DEFAULTS, PLACES
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.detail import DetailScreen
from arka_tui.tui.screens.help import HelpScreen
from arka_tui.tui.screens.key_form import KeyForm
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.log import LogScreen
from arka_tui.tui.screens.models import ModelsScreen
from arka_tui.tui.screens.picks import PicksScreen
from arka_tui.tui.screens.slots import SlotsScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from arka_tui.tui.widgets.key_list import KeyList
from tests.providers.readme_table import README
from tests.tui.conftest import Driven, drive

Add = Callable[..., str]


def _spare_keys() -> Iterator[str]:
    """Keys that no binding has by default, and that work while something is typed."""
    functions = [f"f{number}" for number in range(1, 25)]
    return chain(functions, (f"shift+{key}" for key in functions))


def remapped(controller: Controller, **keys: str) -> Controller:
    """`keys__add` is keys.add."""
    controller.config = replace(controller.config, keys={name.replace("__", "."): key for name, key in keys.items()})
    return controller


def footer(driven: Driven) -> str:
    return driven.text.splitlines()[-1]


# ---------------------------------------------------------------------- they work


def test_a_remapped_key_works_and_the_old_one_does_not(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("a")
        await driven.pilot.pause()
        assert isinstance(driven.app.screen, KeysScreen)
        await driven.press("n")
        await driven.on(KeyForm)

    drive(remapped(controller, keys__add="n"), script)


def test_of_several_keys_each_works_and_the_first_is_named(controller: Controller, add: Add) -> None:
    add("openai/a")

    async def script(driven: Driven) -> None:
        assert "% Add" in footer(driven)
        for key in ("percent_sign", "f5"):
            await driven.press(key)
            await driven.on(KeyForm)
            await driven.press("escape")
            await driven.on(KeysScreen)

    drive(remapped(controller, keys__add="%, f5"), script)


def test_the_line_of_keys_stays_in_its_order(controller: Controller, add: Add) -> None:
    add("openai/a")

    async def script(driven: Driven) -> None:
        assert footer(driven).startswith("? Help + Add ^e Edit d Delete t Test T Test all / Filter")

    drive(remapped(controller, keys__add="plus", keys__edit="ctrl+e"), script)


def test_two_bindings_can_swap_their_keys(controller: Controller, add: Add) -> None:
    add("openai/a")

    async def script(driven: Driven) -> None:
        await driven.press("d")
        await driven.on(KeyForm)
        await driven.press("escape")
        await driven.on(KeysScreen)
        await driven.press("e")
        await driven.on(Confirm)

    drive(remapped(controller, keys__edit="d", keys__delete="e"), script)


def test_lists_dialogs_and_questions_are_remapped_too(controller: Controller, add: Add) -> None:
    add("openai/a")
    add("openai/b")

    async def script(driven: Driven) -> None:
        keys = driven.app.screen.query_one(KeyList)
        await driven.press("n")
        assert keys.cursor == 1
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.press("o")
        await driven.on(DetailScreen)
        await driven.press("X")
        await driven.on(Confirm)
        await driven.sees("Keep (z)", "Delete (j)")
        await driven.press("j")
        await driven.until(lambda: keys.total == 1)

    keys = {"list__down": "n", "list__open": "o", "detail__delete": "X", "confirm__no": "escape,z", "confirm__yes": "j"}
    drive(remapped(controller, **keys), script)


def test_a_remapped_key_that_is_a_letter_is_typed_into_the_filter(controller: Controller, add: Add) -> None:
    add("openai/nora")
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("f")
        await driven.write("nora")
        field = driven.app.screen.query_one("#filter", Input)
        assert field.value == "nora"
        assert "Add" not in footer(driven)
        await driven.press("f9")
        assert field.value == ""
        assert isinstance(driven.app.focused, KeyList)

    drive(remapped(controller, keys__add="n", keys__filter="f", filter__clear="f9"), script)


def test_the_same_key_toggles_the_view_of_the_models_wherever_it_is(controller: Controller) -> None:
    screen = ModelsScreen(controller)
    fitted = Keymap({"models.view": "b"}).fit(screen._bindings)
    assert [each.description for each in fitted.key_to_bindings["b"]] == ["By provider", "By model"]
    assert "v" not in fitted.key_to_bindings


def test_a_filter_on_another_key_is_as_quick_and_slash_is_free(controller: Controller, add: Add) -> None:
    add("openai/day")
    controller.config = replace(controller.config, keys={"keys.filter": "f", "keys.delete": "slash"})

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.sees("openai/day")
        for key in "fda":  # as they come over a slow link: together
            driven.app.post_message(events.Key(key, key))
        field = driven.app.screen.query_one("#filter", Input)
        await driven.until(lambda: field.value == "da", "the filter")
        await driven.press("escape")
        await driven.press("slash")
        await driven.sees("Delete openai/day?")

    drive(controller, script)


def test_ctrl_c_can_be_made_to_quit(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("a")
        await driven.on(KeyForm)
        await driven.press("ctrl+c")
        await driven.until(lambda: not driven.app.is_running)

    drive(remapped(controller, app__quit="ctrl+q,ctrl+c"), script)


def test_what_has_no_entry_keeps_its_keys_to_the_last() -> None:
    untouched = KeysScreen._merged_bindings
    assert untouched is not None
    assert Keymap({}).fit(untouched) is untouched
    fitted = Keymap({"keys.add": "n"}).fit(untouched)
    assert [key for key, _ in fitted] == ["n" if key == "a" else key for key, _ in untouched]


# ---------------------------------------------------------------------- every text tells the truth

OLD_KEYS = re.compile(
    r"\b(?:Esc|esc)\b|\^[a-z]\b|⏎"
    r"|ctrl\+[a-z]\b"
    r"|[Pp]ress \w\b"
    r"|\$ switches|\bc changes|\bc makes|\b[riT] (?:asks?|reads|tells?|tests|shows)\b|with t\b|then [a-z] \w+s\b"
    r"|\((?:n|y)\)"
)


@pytest.mark.slow
def test_every_screen_names_the_keys_there_are(controller: Controller, add: Add, simulator: Simulator) -> None:
    controller.config = replace(controller.config, keys=_elsewhere())
    key = controller_keys(controller)
    seen: list[str] = []

    async def script(driven: Driven) -> None:
        async def look(screen: type[object], *texts: str) -> None:
            await driven.on(screen)
            await driven.sees(*texts)
            seen.append(driven.flat)
            assert not OLD_KEYS.findall(driven.flat), driven.text

        await look(KeysScreen, f"Press {key('keys.add')} to add one")
        await driven.press(*_pressed("keys.models"))
        await look(ModelsScreen, f"{key('models.back')}, then {key('keys.add')} adds one")
        await driven.press(*_pressed("models.back"), *_pressed("keys.picks"))
        await look(PicksScreen, f"{key('picks.back')}, then {key('keys.add')} adds one")
        await driven.press(*_pressed("picks.back"), *_pressed("keys.log"))
        await look(LogScreen, f"{key('log.back')} goes back to the keys: {key('keys.test')} tests the one")
        await driven.press(*_pressed("log.back"))
        add("openai/a", "slow")
        add("openai/b")
        screen = driven.app.screen
        assert isinstance(screen, KeysScreen)
        screen._reload()
        await look(KeysScreen, f"Press {key('keys.test')} to test it")
        await driven.press(*_pressed("keys.filter"))
        await look(KeysScreen, f"{key('filter.clear')} clears", "Enter Keep the filter")
        await driven.write("zzz")
        await look(KeysScreen, f"{key('keys.back')} clears the filter")
        await driven.press(*_pressed("filter.clear"), *_pressed("keys.test_all"))
        await look(Confirm, f"{key('keys.back')} stops it; {key('keys.paid')} switches", f"({key('confirm.no')})")
        await driven.press(*_pressed("confirm.yes"))
        await look(KeysScreen, f"{key('keys.back')} stops")
        await driven.press(*_pressed("keys.back"), *_pressed("list.open"))
        await look(DetailScreen, f"{key('detail.edit')} Edit")
        await driven.press(*_pressed("detail.close"), *_pressed("keys.slots"))
        await look(SlotsScreen, f"{key('slots.passphrase')} changes it")
        await driven.press(*_pressed("slots.back"), *_pressed("keys.models"))
        await look(ModelsScreen)
        await driven.press(*_pressed("models.back"), *_pressed("keys.picks"))
        await look(PicksScreen)
        await driven.press(*_pressed("picks.back"), *_pressed("keys.help"))
        await look(HelpScreen)
        await driven.press(*_pressed("help.close"), *_pressed("keys.add"))
        await look(KeyForm, f"{key('form.leave')} Close")
        await driven.press("ctrl+c")
        await look(KeyForm, f"{key('app.quit')} quits.")
        await driven.press(*_pressed("form.leave"), *_pressed("app.lock"))
        await driven.on(UnlockScreen)
        await driven.press(*_pressed("unlock.recovery"))
        await look(UnlockScreen, f"{key('unlock.recovery')} goes back to the passphrase")

    drive(controller, script, size=(120, 40))
    assert len(seen) == 17


def controller_keys(controller: Controller) -> Callable[[str], str]:
    keymap = Keymap(controller.config.keys)
    return lambda name: key_names.shown(keymap.keys(name)[0])


def _pressed(name: str) -> tuple[str, ...]:
    return key_names.parse(_elsewhere()[name])[:1]


def _elsewhere() -> dict[str, str]:
    """Every binding on another key: of everywhere, lists and questions on their own, the rest from what is left."""
    spare = list(_spare_keys())
    shared = [name for name in DEFAULTS if name.split(".")[0] in ("app", "list", "filter", "dialog", "read", "confirm")]
    found = dict(zip(shared, spare, strict=False))
    rest = spare[len(shared) :]
    by_place: dict[str, int] = {}
    for name, default in DEFAULTS.items():
        if name not in found:
            group = "keys" if default.place == "selecting keys" else default.place
            found[name] = rest[by_place.get(group, 0)]
            by_place[group] = by_place.get(group, 0) + 1
    return found


def test_no_text_in_the_source_of_the_screens_names_a_key_by_itself_or_one_that_there_is_not() -> None:
    """What the screens above do not come to show."""
    named = re.compile(
        r"\bEsc\b|\b[Cc]trl\+[a-z]\b|\b[Pp]ress [a-zA-Z]\b"
        r"|(?:^|[;:,.] )[a-zA-Z$] (?:add|ask|read|tell|test|show|switch)"
    )
    found, meant = [], set()
    for path in Path(arka_tui.tui.__path__[0]).rglob("*.py"):
        if path.name in ("keymap.py", "secret_input.py"):  # names of keys, not for the screen
            continue
        tree = ast.parse(path.read_text())
        bindings = {
            each.lineno
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "Binding"
            for each in ast.walk(call)
            if isinstance(each, ast.Constant)
        }
        docs = {
            each.value.lineno
            for each in ast.walk(tree)
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
        }
        for each in ast.walk(tree):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.lineno not in bindings | docs:
                found += [f"{path.name}: {each.value}"] if named.search(each.value) else []
                meant |= set(_NAMED.findall(each.value))
    assert found == []
    assert {"keys.add", "unlock.agent", "picks.rules"} <= meant <= DEFAULTS.keys()


# ---------------------------------------------------------------------- what is listed


def test_everything_that_has_a_binding_is_in_a_place_and_every_binding_of_ours_has_an_id() -> None:
    def own(node: type[Widget] | type[App[object]]) -> Iterator[type]:
        yield node
        for each in node.__subclasses__():
            yield from own(each)

    ours = {each for each in chain(own(Widget), own(App)) if each.__module__.startswith("arka_tui.")}
    with_keys = {each for each in ours if each.__dict__.get("BINDINGS")}
    assert with_keys == {place.nodes[0] for place in PLACES}
    assert with_keys >= {KeysScreen, KeyList, ArkaApp, DetailScreen}
    lacking = [each for node in with_keys for each in node.__dict__["BINDINGS"] if not each.id and not each.system]
    assert [each.description for each in lacking] == ["Keep the filter"], "Enter is fixed in fields"


def test_what_is_listed_are_settings_that_change_nothing() -> None:
    listed = "\n".join(Keymap({}).listed())
    keys = tomllib.loads(listed)["keys"]
    assert keys.keys() == DEFAULTS.keys()
    again = Keymap(keys)
    assert {name: again.keys(name) for name in keys} == {name: each.keys for name, each in DEFAULTS.items()}
    assert '"keys.add"          = "a"                      # Add a key' in listed.splitlines()


def test_the_list_has_the_keys_that_were_chosen() -> None:
    listed = [line.split("#")[0].split() for line in Keymap({"keys.add": "ctrl+n, comma, +"}).listed()]
    assert ['"keys.add"', "=", '"ctrl+n,comma,+"'] in listed


def test_the_readmes_example_can_be_taken_as_it_is(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(\[keys\].*?)```", README.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "config.toml"
    file.write_text(block)
    assert Keymap(load(file).keys).keys("app.quit") == ("ctrl+q", "ctrl+c")


# ---------------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"keys.ad": "n"}, "unknown name 'keys.ad'"),
        ({"nonsense": "n"}, "unknown name 'nonsense'"),
        ({"keys.add": "e"}, "'keys.add' and 'keys.edit' are both on e"),
        ({"keys.edit": "f5", "keys.add": "f5"}, "'keys.add' and 'keys.edit' are both on F5"),
        ({"keys.add": "j"}, "'keys.add' and 'list.down' are both on j"),
        ({"list.down": "t"}, "'keys.test' and 'list.down' are both on t"),
        ({"keys.add": "space"}, "'keys.add' and 'keys.mark' are both on Space"),
        ({"keys.delete": "y", "keys.copy": "f9"}, "'confirm.yes' are both on y: held down it answers itself"),
        ({"confirm.yes": "d"}, "'keys.delete' and 'confirm.yes' are both on d"),
        ({"confirm.yes": "T"}, "'keys.test_all' and 'confirm.yes' are both on T"),
        ({"detail.log": "k"}, "'read.up' and 'detail.log' are both on k"),
        ({"keys.add": "ctrl+q"}, "'keys.add' and 'app.quit' are both on ctrl\\+q"),
        ({"app.lock": "ctrl+s"}, "'form.save' and 'app.lock' are both on ctrl\\+s"),
        ({"app.quit": "q"}, "'app.quit' in the settings file cannot be on q: there it is typed into a field"),
        ({"app.lock": "space"}, "'app.lock' in the settings file cannot be on Space: there it is typed into a field"),
        ({"app.lock": "ctrl+u"}, "cannot be on ctrl\\+u: there it edits a field"),
        ({"form.save": "S"}, "'form.save' in the settings file cannot be on S: there it is typed into a field"),
        ({"form.save": "ctrl+x"}, "cannot be on ctrl\\+x: there it edits a field"),
        ({"form.save": "ctrl+w"}, "cannot be on ctrl\\+w: there it edits a field"),
        ({"unlock.agent": "backspace"}, "cannot be on Backspace: there it edits a field"),
        ({"filter.clear": "x"}, "cannot be on x: there it is typed into a field"),
        ({"keys.add": "enter"}, "cannot be on Enter: it presses buttons and ends fields"),
        ({"confirm.yes": "enter"}, "cannot be on Enter: it presses buttons and ends fields"),
        ({"keys.add": "tab"}, "cannot be on Tab: it goes from field to field"),
        ({"form.leave": "shift+tab"}, "cannot be on shift\\+Tab: it goes from field to field"),
        ({"keys.add": "ctrl+c"}, "cannot be on ctrl\\+c: it tells how to quit; only app.quit can have it"),
        ({"app.quit": ""}, "it names no key"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_screen(
    controller: Controller, keys: dict[str, str], message: str
) -> None:
    controller.config = Config(keys=keys)
    with pytest.raises(ConfigError, match=message) as caught:
        ArkaApp(controller)
    assert caught.value.hint


def test_an_unknown_name_is_answered_with_the_nearest_and_where_all_are_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        Keymap({"keys.ad": "n"})
    assert caught.value.hint == "did you mean 'keys.add'? arka-tui keyboard lists them all"


@pytest.mark.parametrize(
    "keys",
    [
        {"keys.add": "e", "keys.edit": "a"},
        {"keys.help": "f1", "models.help": "f1", "picks.help": "f1"},
        {"keys.back": "f9", "filter.clear": "f9", "log.back": "f9"},
        {"keys.delete": "delete"},
        {"list.open": "o"},
        {"dialog.before": "left,up,h"},
        {"keys.add": "n"},
        {"app.quit": "ctrl+c"},
        {"app.quit": "ctrl+x"},
        {"keys.log": "L", "log.back": "escape,L"},
    ],
)
def test_what_harms_nothing_is_not_refused(keys: dict[str, str]) -> None:
    assert Keymap(keys).keys(next(iter(keys)))


def test_no_two_bindings_of_a_place_share_a_key_as_shipped_but_for_those_of_which_one_works_at_a_time() -> None:
    clashing = {(place.title, *sorted((one, other))) for place in PLACES for key, one, other in places_pairs(place)}
    assert clashing == {("keys", "filter.clear", "keys.back"), ("test log", "filter.clear", "log.back")} | {
        ("models", "filter.clear", "models.back"),
        ("keys of the ssh-agent", "dialog.before", "list.up"),
        ("keys of the ssh-agent", "dialog.next", "list.down"),
    }


def places_pairs(place: places.Place) -> Iterator[tuple[str, str, str]]:
    yield from _pairs([node._merged_bindings for node in place.nodes if node._merged_bindings])
