import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input, Static

from arka_tui.credential import Credential
from arka_tui.secret import Secret
from arka_tui.tui import onscreen
from arka_tui.tui.widgets.field import Field
from arka_tui.tui.widgets.key_list import KeyList, columns
from arka_tui.tui.widgets.line_list import LineList, cell, thrifty
from arka_tui.tui.widgets.lines import Lines
from arka_tui.tui.widgets.secret_input import SecretInput
from tests.conftest import NOW

Script = Callable[[Pilot[None]], Awaitable[None]]


class _Fields(App[None]):
    def __init__(self, *, tidies: bool = False) -> None:
        super().__init__()
        self.tidies = tidies
        self.removed: list[list[str]] = []
        self.copied: list[str] = []

    def compose(self) -> ComposeResult:
        yield SecretInput("paste it here", tidies=self.tidies)
        yield Input()

    def on_secret_input_edited(self, event: SecretInput.Edited) -> None:
        self.removed.append(event.removed)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)


def _drive(app: App[None], script: Script, size: tuple[int, int] = (80, 24)) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await script(pilot)

    asyncio.run(run())


def test_a_secret_field_never_gives_its_value_to_the_clipboard() -> None:
    app = _Fields()

    async def script(pilot: Pilot[None]) -> None:
        await pilot.press(*"hunter22")
        for key in ("ctrl+a", "ctrl+c", "ctrl+x", "super+c", "ctrl+insert", "shift+home", "ctrl+c"):
            await pilot.press(key)
        assert app.query_one(SecretInput).secret == Secret("hunter22")

    _drive(app, script)
    assert app.copied == []
    assert app.clipboard == ""


def test_no_message_or_repr_of_a_secret_field_holds_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    app = _Fields()
    seen: list[str] = []

    async def script(pilot: Pilot[None]) -> None:
        field = app.query_one(SecretInput)
        post = field.post_message

        def note(message: Message) -> bool:
            seen.append(repr(vars(message)))
            return post(message)

        monkeypatch.setattr(field, "post_message", note)
        await pilot.press(*"hunter22", "enter")
        seen.append(repr(field))

    _drive(app, script)
    assert len(seen) > 9
    assert not any("hunter" in told for told in seen)


@pytest.mark.parametrize(
    ("pasted", "kept", "removed"),
    [
        ("sk-abc12345\n", "sk-abc12345", ["white space"]),
        ("\n\n  sk-abc12345 ", "sk-abc12345", ["white space"]),
        ("sk-abc\u200b12345\u00a0", "sk-abc12345", ["invisible characters"]),
        ("\x1b[31msk-abc12345\x1b[0m", "sk-abc12345", ["colour codes"]),
        ("sk-abc12345\nsecond", "sk-abc12345", ["1 further line"]),
        ("Authorization: Bearer sk-abc12345", "sk-abc12345", ["“Bearer”"]),
        ('"sk-abc12345",', "sk-abc12345", ["punctuation", "quotes"]),
        ("OPENAI_API_KEY='sk-abc12345'", "sk-abc12345", ["the variable name", "quotes"]),
    ],
)
def test_a_pasted_key_is_freed_of_what_does_not_belong_to_it(pasted: str, kept: str, removed: list[str]) -> None:
    app = _Fields(tidies=True)

    async def script(pilot: Pilot[None]) -> None:
        app.query_one(SecretInput).post_message(events.Paste(pasted))
        await pilot.pause()
        assert app.query_one(SecretInput).secret == Secret(kept)

    _drive(app, script)
    assert app.removed == [removed]


def test_a_paste_without_brackets_neither_submits_nor_spills_into_the_next_field() -> None:
    app = _Fields(tidies=True)
    submitted: list[Message] = []

    async def script(pilot: Pilot[None]) -> None:
        field = app.query_one(SecretInput)
        app.on_secret_input_submitted = submitted.append  # type: ignore[attr-defined]
        moment = field._burst._last
        for at, char in enumerate("sk-abc12345\tSECOND\rTHIRD"):
            key = {"\t": "tab", "\r": "enter"}.get(char, char)
            event = events.Key(key, None if key in ("tab", "enter") else char)
            event.time = moment + 1 + at * 0.0001
            field.post_message(event)
        await pilot.pause()
        assert field.secret == Secret("sk-abc12345")
        assert app.query_one(Input).value == ""
        assert app.focused is field

    _drive(app, script)
    assert submitted == []
    assert ["what followed the first line"] in app.removed


def test_the_field_is_as_wide_for_one_character_as_for_a_hundred() -> None:
    app = _Fields()

    async def script(pilot: Pilot[None]) -> None:
        field = app.query_one(SecretInput)
        await pilot.press("a")
        one = field.render_line(0).text
        field.post_message(events.Paste("b" * 100))
        await pilot.pause()
        assert field.render_line(0).text == one
        assert one.count("•") == 12

    _drive(app, script)


def _many(count: int) -> list[Credential]:
    return [
        Credential(f"{i:032x}", "openai", f"key-{i:05}", "abcd", "https://api.openai.com/v1", (), NOW, NOW, 1)
        for i in range(count)
    ]


class _Lists(App[None]):
    def __init__(self, credentials: list[Credential]) -> None:
        super().__init__()
        self.credentials = credentials

    def compose(self) -> ComposeResult:
        yield KeyList(clock=lambda: NOW)

    def on_mount(self) -> None:
        self.query_one(KeyList).show(self.credentials, {})


class _Painted:
    """Counts the rows that are painted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: list[int] = []
        paint = KeyList.paint_row

        def counting(this: KeyList, row: int, width: int, *, at_cursor: bool) -> list[Segment]:
            self.rows.append(row)
            return paint(this, row, width, at_cursor=at_cursor)

        monkeypatch.setattr(KeyList, "paint_row", counting)


def test_ten_thousand_keys_cost_only_the_lines_that_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    app, painted = _Lists(_many(10_000)), _Painted(monkeypatch)

    async def script(pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert set(painted.rows) <= set(range(24))
        await pilot.press("end")
        assert app.query_one(KeyList).cursor == 9_999
        await pilot.pause()
        assert set(painted.rows) <= set(range(24)) | set(range(9_976, 10_000))

    _drive(app, script)


def test_an_arrow_key_repaints_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    app, painted = _Lists(_many(100)), _Painted(monkeypatch)

    async def script(pilot: Pilot[None]) -> None:
        await pilot.pause()
        painted.rows.clear()
        await pilot.press("down")
        await pilot.pause()
        assert set(painted.rows) == {0, 1}

    _drive(app, script)


@pytest.mark.slow
def test_at_the_edge_the_view_jumps_and_a_third_of_it_stays() -> None:
    app = _Lists(_many(100))

    async def script(pilot: Pilot[None]) -> None:
        await pilot.press(*["down"] * 24)
        await pilot.pause()
        keys = app.query_one(KeyList)
        assert keys.cursor == 24
        assert keys.scroll_offset.y == 16
        await pilot.press(*["up"] * 9)
        await pilot.pause()
        assert keys.cursor == 15
        assert keys.scroll_offset.y == 0

    _drive(app, script)


@pytest.mark.parametrize(("key", "expected"), [("end", 99), ("G", 99), ("pagedown", 23), ("j", 1)])
def test_the_cursor_moves_by_line_page_and_to_the_ends(key: str, expected: int) -> None:
    app = _Lists(_many(100))

    async def script(pilot: Pilot[None]) -> None:
        await pilot.press(key)
        assert app.query_one(KeyList).cursor == expected
        await pilot.press("home", "up")
        assert app.query_one(KeyList).cursor == 0

    _drive(app, script)


def test_a_click_moves_the_cursor() -> None:
    app = _Lists(_many(100))

    async def script(pilot: Pilot[None]) -> None:
        await pilot.click(KeyList, offset=(10, 5))
        assert app.query_one(KeyList).cursor == 5

    _drive(app, script)


@pytest.mark.parametrize("width", [12, 20, 40, 71, 72, 80, 99, 100, 120, 200])
def test_columns_fill_the_width_exactly(width: int) -> None:
    assert sum(size for _, size in columns(width)) == width


@pytest.mark.parametrize(
    ("text", "shown"), [("short", "short    "), ("exactly nine", "exactly… "), ("日本語日本語", "日本語 … ")]
)
def test_a_cell_has_its_width_whatever_is_in_it(text: str, shown: str) -> None:
    from rich.style import Style

    assert Segment(shown).cell_length == cell(text, 9, Style()).cell_length == 9


def test_an_empty_list_takes_every_key_calmly() -> None:
    app = _Lists([])

    async def script(pilot: Pilot[None]) -> None:
        await pilot.press("down", "end", "pageup", "space", "enter", "asterisk")
        assert app.query_one(LineList).cursor == 0

    _drive(app, script)


def test_a_key_that_edits_a_field_acts_before_what_is_typed_after_it() -> None:
    class Fields(App[None]):
        def compose(self) -> ComposeResult:
            yield Field("old")

    app = Fields()

    async def script(pilot: Pilot[None]) -> None:
        field = app.query_one(Field)
        field.focus()
        for key, char in (("end", None), ("ctrl+u", None), ("n", "n"), ("x", "x"), ("backspace", None), ("w", "w")):
            app.post_message(events.Key(key, char))  # all at once, as in one packet
        await pilot.pause()
        assert field.value == "nw"

    _drive(app, script)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (60, "29 keys  ·  testing 1/29  ·  by trouble first"),
        (41, "29 keys · testing 1/29 · by trouble first"),
        (38, "29 keys · testing 1/29 · by trouble f…"),
        (30, "29 keys · testing 1/29"),
        (20, "29 keys"),
        (3, "29 keys"),
    ],
)
def test_a_line_of_parts_is_told_as_far_as_it_fits(cells: int, told: str) -> None:
    assert onscreen.fitting(["29 keys", "", "testing 1/29", "by trouble first"], cells) == told


def test_of_lines_only_those_that_differ_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    update = Static.update

    def noted(self: Static, content: Content, *, layout: bool) -> None:
        painted.append(content.plain)
        update(self, content, layout=layout)

    class Sample(App[None]):
        def compose(self) -> ComposeResult:
            yield Lines(3, id="lines")

    async def script() -> None:
        app = Sample()
        async with app.run_test():
            monkeypatch.setattr(Static, "update", noted)
            lines = app.query_one(Lines)
            lines.tell([Content("one"), Content("two")])
            lines.tell([Content("one"), Content("2"), Content("three"), Content("too many")])
            lines.tell([Content("one")])

    asyncio.run(script())
    assert painted == ["one", "two", "2", "three", "", ""]


RED, GREEN = Style.parse("red on black"), Style.parse("bold green on black")


@pytest.mark.parametrize(
    ("given", "painted"),
    [
        ([Segment("  ", RED), Segment("ok", GREEN)], [Segment("  ok", GREEN)]),
        ([Segment("ok", GREEN), Segment(" ", RED), Segment("no", RED)], [Segment("ok", GREEN), Segment(" no", RED)]),
        ([Segment(" ", Style.parse("on blue")), Segment("ok", GREEN)], None),
        ([Segment(" ", RED + Style(underline=True)), Segment("ok", GREEN)], None),
        ([Segment(" ", RED + Style(reverse=True)), Segment("ok", GREEN)], None),
        ([Segment("ok", GREEN), Segment("  ", RED)], None),
    ],
    ids=["blanks before", "a blank between", "another ground", "a line below", "reversed", "nothing follows"],
)
def test_blanks_take_the_colours_of_what_follows_where_that_is_not_seen(
    given: list[Segment], painted: list[Segment] | None
) -> None:
    assert thrifty(given) == (given if painted is None else painted)
