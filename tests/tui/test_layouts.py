"""Every screen at every size: nothing breaks, the keyboard reaches all of it, and no colour is needed to read it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from rich.segment import Segment
from textual.actions import parse
from textual.widget import Widget
from textual.widgets import Input

from arka_tui.check import MEANINGS, Mood
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.errors import VaultCorrupt
from arka_tui.tui import onscreen
from arka_tui.tui.guard import to_ascii
from arka_tui.tui.widgets.pairs import Pairs
from arka_tui.tui.widgets.side import Side
from tests.tui.conftest import Driven, drive
from tests.tui.test_picks_snapshots import empty, full, known, no_controller

__all__ = ["empty", "full", "known", "no_controller"]


@dataclass(frozen=True, slots=True)
class Shown:
    keys: tuple[str, ...]
    """That lead there from the list of keys."""
    text: str
    """What matters most on it, at any size."""


SCREENS = {
    "keys": Shown((), "9 keys"),
    "filter": Shown(("slash", "c", "i"), "1 of 9 keys"),
    "filtered to nothing": Shown(("slash", "z", "z", "enter"), "No key matches"),
    "a new key": Shown(("a",), "paste it here"),
    "an edit": Shown(("e",), "keep …2xci"),
    "delete": Shown(("d",), "Keep (n)"),
    "details": Shown(("enter",), "limited scope"),
    "log": Shown(("l",), "Test log"),
    "models": Shown(("m",), "claude-opus-5.5"),
    "picks": Shown(("p",), "gpt-6.1-sol"),
    "rules": Shown(("p", "i"), "How picks are ranked"),
    "ways to open": Shown(("w",), "recovery code"),
    "a key file": Shown(("w", "f"), "/media/stick/arka.key"),
    "help": Shown(("question_mark",), "Keys of the keyboard"),
    "palette": Shown(("ctrl+p",), "Search for commands"),
}
SIZES = [(40, 12), (40, 60), (60, 18), (80, 24), (100, 30), (139, 40), (140, 40), (200, 12), (200, 60)]


async def go(driven: Driven, shown: Shown) -> None:
    """From the list of keys."""
    depth = len(driven.app.screen_stack)
    for key in shown.keys:
        await driven.press(key)
        await driven.pilot.pause()
    await driven.sees(shown.text)
    assert len(driven.app.screen_stack) >= depth


async def back(driven: Driven) -> None:
    for _ in range(4):
        if len(driven.app.screen_stack) == 2 and not driven.app.screen.query_one("#filter").value:  # type: ignore[attr-defined]
            return
        await driven.press("escape")
        await driven.pilot.pause()
    raise AssertionError(f"no way back\n{driven.text}")


def too_wide(driven: Driven) -> list[str]:
    """What is wider than where it is, or can only be read by scrolling sideways, which no key does but in a field."""
    screen = driven.app.screen
    shown = [each for each in screen.walk_children(Widget) if each.display and each.region]
    wide = [each for each in shown if each.region.right > screen.size.width or each.region.x < 0]
    wide += [each for each in shown if each.show_horizontal_scrollbar and not isinstance(each, Input)]
    return [f"{each.css_identifier} {each.region}" for each in wide]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_screen_shows_what_matters_and_is_nowhere_wider_than_the_terminal(
    known: Controller, size: tuple[int, int]
) -> None:
    async def script(driven: Driven) -> None:
        for name, shown in SCREENS.items():
            await go(driven, shown)
            assert too_wide(driven) == [], name
            await back(driven)

    drive(known, script, size)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_screens_before_the_keys_fit_too(
    no_controller: Controller, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    async def script(driven: Driven) -> None:
        await driven.sees("New passphrase", "four or more random words")
        assert too_wide(driven) == []
        trouble = VaultCorrupt("the vault is damaged", "arka-tui doctor tells what can be mended")
        monkeypatch.setattr(Controller, "vault_exists", lambda self: True)
        driven.app.show_door()
        await driven.sees("type it, then Enter")
        assert too_wide(driven) == []

        def damaged(self: Controller) -> bool:
            raise trouble

        monkeypatch.setattr(Controller, "vault_exists", damaged)
        driven.app.show_door()
        await driven.sees("The vault is damaged.", "arka-tui doctor")
        assert too_wide(driven) == []

    drive(no_controller, script, size)


@pytest.mark.slow
@pytest.mark.parametrize("size", [pytest.param((80, 24), id="usual"), pytest.param((40, 12), id="small")])
def test_tab_reaches_whatever_can_have_the_focus_and_every_key_that_is_told_does_something(
    known: Controller, size: tuple[int, int]
) -> None:
    async def script(driven: Driven) -> None:
        for name, shown in SCREENS.items():
            await go(driven, shown)
            screen = driven.app.screen
            wanted = set(screen.focus_chain)
            reached = {screen.focused}
            for _ in range(len(wanted)):
                await driven.press("tab")
                reached.add(screen.focused)
            assert wanted <= reached, f"{name}: {wanted - reached}"
            for active in screen.active_bindings.values():
                where, _, _ = parse(active.binding.action)
                target = {"app": driven.app, "screen": screen, "focused": screen.focused}.get(where or "", active.node)
                _, _, action = active.binding.action.partition("(")[0].rpartition(".")
                told = f"{name}: {active.binding.key} {active.binding.action}"
                assert hasattr(target, f"action_{action}") or hasattr(target, f"_action_{action}"), told
            await back(driven)

    drive(known, script, size)


def looks(driven: Driven, widget: Widget) -> list[tuple[str, tuple[bool, ...]]]:
    """The cells of it, with all of their style but colour."""
    region = widget.region
    lines = driven.app.screen._compositor.render_strips()[region.y : region.bottom]
    return [
        (segment.text, _attributes(segment))
        for line in lines
        for segment in Segment.simplify(line.crop(region.x, region.right))
    ]


def _attributes(segment: Segment) -> tuple[bool, ...]:
    style = segment.style
    return () if style is None else tuple(map(bool, (style.bold, style.reverse, style.underline)))


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["keys", "picks"], id="some"),
        pytest.param([*SCREENS], marks=pytest.mark.slow, id="all"),
    ],
)
def test_the_focus_is_seen_without_colour(known: Controller, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    known.config = Config(theme="ansi-dark")

    async def script(driven: Driven) -> None:
        for name in names:
            await go(driven, SCREENS[name])
            screen = driven.app.screen
            for widget in filter(lambda each: each.region, screen.focus_chain):  # a list without rows has none
                screen.set_focus(None)
                await driven.pilot.pause()
                before = looks(driven, widget)
                widget.focus(scroll_visible=False)
                await driven.pilot.pause()
                assert looks(driven, widget) != before, f"{name}: {widget.css_identifier}"
            screen.set_focus(screen.focus_chain[0] if screen.focus_chain else None)
            await back(driven)

    drive(known, script, (120, 60))


# ---------------------------------------------------------------------- what needs no colour


def test_a_verdict_is_a_word_of_its_own_and_a_mood_a_sign_of_its_own() -> None:
    words = [meaning.word for meaning in MEANINGS.values()]
    assert len({word.casefold() for word in words}) == len(words)
    signs = {mood: {each.sign for each in MEANINGS.values() if each.mood is mood} for mood in Mood}
    assert all(len(found) == 1 for found in signs.values())
    assert len(set().union(*signs.values())) == len(Mood)


@pytest.mark.parametrize("shown", [str, to_ascii], ids=["Unicode", "ASCII"])
def test_no_two_signs_of_the_list_look_alike(shown: Callable[[str], str]) -> None:
    """Verdicts, a test under way, none yet, a warning, a selection, the next step."""
    signs = [*{meaning.sign for meaning in MEANINGS.values()}, "…", "·", "▲", "●", "→"]
    assert len({shown(sign) for sign in signs}) == len(signs)


@pytest.mark.slow
def test_every_character_of_a_screen_has_an_ascii_one(known: Controller) -> None:
    async def script(driven: Driven) -> None:
        for name, shown in SCREENS.items():
            await go(driven, shown)
            strange = {char for char in driven.text if not char.isascii() and to_ascii(char) == "?"}
            assert strange == set(), name
            await back(driven)

    drive(known, script, (80, 24))


# ---------------------------------------------------------------------- room that is used


def told(parent: Widget) -> list[str]:
    """What its parts say, however it is wrapped."""
    return ["".join(str(each.render()).split()) for each in parent.children]


def test_a_broad_screen_shows_beside_the_list_what_enter_would_open(known: Controller) -> None:
    async def script(driven: Driven) -> None:
        for name in ("keys", "models", "picks"):
            await go(driven, SCREENS[name])
            side = driven.app.screen.query_one(Side)
            await driven.until(lambda side=side: side.query(Pairs), name)  # type: ignore[misc]
            beside = told(side)
            assert side.region.x > driven.app.screen.size.width // 2
            await driven.press("enter")
            await driven.pilot.pause()
            assert told(driven.app.screen.query_one(".dialog")) == beside
            await driven.press("escape")
            await back(driven)

    drive(known, script, (onscreen.BROAD + 20, 40))


def test_what_stands_beside_the_list_follows_the_cursor_and_the_size(known: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.sees("Missing scopes")
        await driven.press("down")
        await driven.sees("You have no credits remaining.")
        await driven.pilot.resize_terminal(onscreen.BROAD - 1, 40)
        await driven.until(lambda: not driven.app.screen.query_one(Side).display)
        await driven.press("down")
        await driven.pilot.resize_terminal(onscreen.BROAD, 40)
        await driven.sees("? never tested")
        await driven.press("slash", "z", "z")
        await driven.until(lambda: "never tested" not in driven.text, "it is empty where no row is")

    drive(known, script, (onscreen.BROAD, 40))


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, ["name   some words that are told", "other  short"]),
        (26, ["name   some words that are", "       told", "other  short"]),
        (16, ["name", "  some words", "  that are told", "other  short"]),
    ],
)
def test_a_value_that_wraps_goes_on_below_itself(width: int, lines: list[str]) -> None:
    pairs = Pairs([("name", "some words that are told"), ("other", "short")])
    assert [line.plain.rstrip() for line in pairs._lines(width)] == lines


def test_an_address_that_does_not_fit_beside_its_name_stands_below_it_in_one_piece() -> None:
    page = "https://platform.openai.com/api-keys"
    assert [line.plain for line in Pairs([("billing", page)], [page])._lines(40)] == ["billing", f"  {page}"]


def test_a_filtered_log_says_that_nothing_matches(known: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("l", "slash", "z", "z")
        await driven.sees("No test matches.", "Esc clears the filter.")
        assert "No tests yet" not in driven.text

    drive(known, script)


def test_a_toast_on_a_narrow_screen_is_shown_to_its_end(known: Controller) -> None:
    async def script(driven: Driven) -> None:
        page = "https://platform.openai.com/api-keys"
        driven.app.tell(f"Deleted openai/old-intern. Now revoke it: OpenAI: {page} and be done.")
        await asyncio.sleep(0)
        await driven.until(lambda: "and be done." in driven.text)

    drive(known, script, (40, 12))
