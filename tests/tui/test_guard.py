import ast
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from rich.text import Text
from textual.app import App
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input, Label, OptionList, RichLog, Static, TextArea

import arka_tui.tui
from arka_tui.controller import Controller
from arka_tui.secret import Secret
from arka_tui.tui import onscreen
from arka_tui.tui.guard import AsciiFilter, ControlFilter, crash_report, to_ascii
from arka_tui.tui.screens.keys import KeysScreen
from tests.tui.conftest import Driven, drive

HOSTILE = [
    "\x1b]0;owned\x07title",
    "\x1b]52;c;c2VjcmV0\x1b\\clipboard",
    "\x1b[2J\x1b[?1049lclear",
    "\x9b31mC1",
    "\x9d52;c;eA==\x9c",
    "nul\x00del\x7fbell\x07",
    "bidi\u202egnp.exe\u2066x",
    "zero\u200bwidth\ufeff\u2060",
    "tag\U000e0041\U000e007f",
    "line\u2028sep\u2029",
]
MARKUP = [
    "[/x]",
    "[bold]swallowed",
    "[@click=app.quit]click[/]",
    "[link=https://evil.example]x",
    "[",
    "\\[",
    "[[b]]",
    "[/",
]
CANARY = "sk-CANARY-7f3a9c51d2"


def _unsafe(text: str) -> list[str]:
    return [
        c
        for c in text
        if ord(c) < 32
        or 0x7F <= ord(c) < 0xA0
        or c in "\u200b\u202e\u2066\ufeff\u2060\u2028\u2029"
        or ord(c) >= 0xE0000
    ]


@pytest.mark.parametrize("payload", HOSTILE)
def test_the_line_filter_alone_stops_what_steers_a_terminal(payload: str) -> None:
    painted = ControlFilter().apply([Segment(payload)], Color(0, 0, 0))
    assert _unsafe("".join(segment.text for segment in painted)) == []


def test_the_line_filter_leaves_textuals_own_control_segments_alone() -> None:
    control = Segment("\x1b[2J", None, [(1,)])  # type: ignore[list-item]
    assert ControlFilter().apply([control], Color(0, 0, 0)) == [control]


def _surfaces(text: str) -> list[Callable[[], Widget]]:
    """Every kind of widget we use or might, given hostile text in the way that does not parse markup."""

    def table() -> Widget:
        widget: DataTable[Text] = DataTable()
        widget.add_column(Text(text))
        widget.add_row(Text(text))
        return widget

    def log() -> Widget:
        widget = RichLog()
        widget.call_after_refresh(widget.write, Text(text))
        return widget

    def bordered() -> Widget:
        widget = Vertical(Static("x"))
        widget.styles.border = ("round", "white")
        widget.border_title = Content(text).markup
        return widget

    return [
        lambda: Static(Content(text)),
        lambda: Label(text, markup=False),
        lambda: Button(Content(text)),
        lambda: OptionList(Content(text)),
        lambda: Input(text),
        lambda: TextArea(text),
        table,
        log,
        bordered,
    ]


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_widget_lets_outside_text_reach_the_terminal_as_control(payload: str, controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        for surface in _surfaces(payload):
            widget = surface()
            await driven.app.screen.mount(widget)
            await driven.pilot.pause()
            for strip in driven.app.screen._compositor.render_strips():
                filtered = strip.apply_filter(ControlFilter(), Color(0, 0, 0))
                assert _unsafe("".join(segment.text for segment in filtered if not segment.control)) == []
            await widget.remove()
        assert any(isinstance(each, ControlFilter) for each in driven.app.get_line_filters())

    drive(controller, script)


@pytest.mark.parametrize("payload", [*MARKUP, *HOSTILE])
def test_outside_text_in_a_toast_is_shown_as_it_is(payload: str, controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        driven.app.tell(payload, severity="error", title=payload)
        await driven.pilot.pause()
        assert driven.app.is_running

    drive(controller, script)


@pytest.mark.parametrize("payload", MARKUP)
def test_markup_from_outside_is_never_parsed(payload: str) -> None:
    assert onscreen.plain(payload).plain == payload
    assert onscreen.plain(payload).spans == []


def _boom() -> None:
    key = CANARY
    raise ValueError(f"cannot use {key}")


def _chained() -> None:
    headers = {"Authorization": f"Bearer {CANARY}"}
    try:
        _boom()
    except ValueError as error:
        raise RuntimeError(str(headers)) from error


@pytest.mark.parametrize("fail", [_boom, _chained])
def test_a_crash_report_tells_where_and_not_what(fail: Callable[[], None]) -> None:
    with pytest.raises(Exception) as caught:  # any
        fail()
    report = crash_report(caught.value).plain
    assert CANARY not in report
    assert "test_guard.py" in report
    assert "in _boom" in report
    assert "ValueError" in report


@pytest.mark.parametrize("way", ["handler", "timer", "worker", "call_later"])
def test_every_way_to_crash_goes_through_our_report(
    way: str, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []

    async def boom() -> None:
        secret = Secret(CANARY).reveal()
        raise ValueError(secret)

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        app = driven.app
        report = type(app)._fatal_error

        def note(this: Any) -> None:
            report(this)
            printed.extend(str(this.console.render_lines(each)) for each in this._exit_renderables)

        monkeypatch.setattr(type(app), "_fatal_error", note)
        if way == "timer":
            app.set_timer(0.001, boom)
        elif way == "worker":
            app.run_worker(boom(), description="crash")
        elif way == "call_later":
            app.call_later(boom)
        else:
            monkeypatch.setattr(KeysScreen, "action_log", lambda self: _boom())
            await driven.press("l")
        await driven.until(lambda: printed, "the report is made")

    with pytest.raises(Exception):  # noqa: B017  # the pilot raises it again
        drive(controller, script)
    assert printed
    assert CANARY not in "".join(printed)


def test_nothing_is_ever_copied_or_screenshot(
    controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        written: list[str] = []
        assert driven.app._driver is not None
        monkeypatch.setattr(driven.app._driver, "write", written.append)
        driven.app.copy_to_clipboard(CANARY)
        driven.app.action_screenshot()
        driven.app.open_url("https://evil.example")
        assert not any("\x1b]52" in each for each in written)
        assert driven.app.clipboard == ""

    drive(controller, script)
    assert list(tmp_path.glob("*.svg")) == []


def test_ascii_terminals_get_ascii_of_the_same_width() -> None:
    text = "✓ works · “naïve” … 日本 ─│╭╮ → ●"
    plain = AsciiFilter().apply([Segment(text)], Color(0, 0, 0))[0].text
    assert plain.isascii()
    assert Segment(plain).cell_length == Segment(text).cell_length
    assert to_ascii("naïve") == "naive"


def _calls_with_raw_text() -> list[str]:
    """Calls that parse markup, with anything but a plain constant in their first argument."""
    offenders = []
    for path in Path(arka_tui.tui.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            told = ast.dump(node.args[0])
            safe = isinstance(node.args[0], ast.Constant) or "plain" in told or "linked" in told
            if name in {"Static", "Label", "Button"} and not safe:
                offenders.append(f"{path.name}:{node.lineno} {ast.unparse(node)[:80]}")
            if name == "notify" and not any(keyword.arg == "markup" for keyword in node.keywords):
                offenders.append(f"{path.name}:{node.lineno} {ast.unparse(node)[:80]}")
    return offenders


def test_no_screen_gives_text_that_is_not_a_constant_to_a_widget_that_parses_markup() -> None:
    allowed = {"EMPTY", "Content", "'Set a new passphrase'"}
    assert [each for each in _calls_with_raw_text() if not any(word in each for word in allowed)] == []


def test_nothing_is_imported_from_textual_outside_the_tui() -> None:
    package = Path(arka_tui.tui.__path__[0]).parent
    outside = [path for path in package.rglob("*.py") if package / "tui" not in path.parents]
    assert [
        path.name for path in outside if "textual import" in path.read_text() or "import textual" in path.read_text()
    ] == []


def test_the_guards_private_hook_still_exists_in_textual() -> None:
    assert callable(App._fatal_error)
    assert asyncio.iscoroutinefunction(App._fatal_error) is False
