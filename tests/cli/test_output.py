"""What is printed: clean, within the terminal's width, in colour only where somebody looks."""

import io
import re

import pytest

from arka_tui.cli.output import Output, Sign
from arka_tui.links import name_of


class Screen(io.TextIOWrapper):
    def __init__(self, *, watched: bool = True, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding, write_through=True)
        self._watched = watched

    def isatty(self) -> bool:
        return self._watched

    @property
    def shown(self) -> str:
        return self.bytes.getvalue().decode(self.encoding)


def test_a_watched_sign_has_its_colour_and_nothing_else_has() -> None:
    screen = Screen()
    Output(screen, {"TERM": "xterm"}).row(Sign.BAD, "vault", "damaged", "restore it")
    assert screen.shown == "\x1b[31m✗\x1b[0m vault        damaged\n               restore it\n"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_refused(environ: dict[str, str]) -> None:
    screen = Screen()
    Output(screen, environ).tell(Sign.GOOD, "done")
    assert screen.shown == "✓ done\n"


def test_a_pipe_gets_no_colour_and_whole_lines() -> None:
    screen = Screen(watched=False)
    Output(screen, {"TERM": "xterm"}).tell(Sign.NOTE, "word " * 50)
    assert screen.shown == "! " + "word " * 49 + "word\n"


@pytest.mark.parametrize("columns", [40, 80])
def test_lines_fit_the_terminal_and_paths_stay_whole(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Screen()
    output, path = Output(screen, {"NO_COLOR": "1"}), "/a-very/long-path/" + "x" * columns
    output.row(Sign.NOTE, "second copy", "word " * 30, "remedy " * 20)
    output.say("text " * 40, 2)
    assert all(len(line) < columns for line in screen.shown.splitlines())
    output.tell(Sign.NOTE, f"kept: {path}")
    assert path in screen.shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_utf_8_gets_plain_signs_and_no_failure(encoding: str) -> None:
    screen = Screen(watched=False, encoding=encoding)
    output = Output(screen, {})
    for sign in Sign:
        output.tell(sign, "today’s café 鍵")
    assert re.sub(r"caf(é|\?)", "cafe", screen.shown).splitlines() == [
        "+ today's cafe ?",
        "! today's cafe ?",
        "x today's cafe ?",
    ]


def test_nothing_from_outside_steers_the_terminal() -> None:
    screen = Screen()
    output, hostile = Output(screen, {"NO_COLOR": "1"}), "a\x1b]52;c;aGk=\x07\x9b2J\u202e\u200b\ud800\nb"
    output.row(Sign.GOOD, "vault", hostile, hostile)
    output.tell(Sign.GOOD, hostile)
    output.say(hostile)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b]", screen.shown)


# ---------------------------------------------------------------------- tables


def shown(columns: int, monkeypatch: pytest.MonkeyPatch, *rows: tuple[str, ...]) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Screen()
    Output(screen, {"NO_COLOR": "1"}).table(("VERDICT", "KEY", "LEFT", "TESTED"), rows)
    return screen.bytes.getvalue().decode().splitlines()


ROWS = (("✓ works", "openai/work", "$12.40 left", "just now"), ("· not tested", f"openai/{'x' * 40}", "–", "never"))


def test_columns_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(100, monkeypatch, *ROWS)
    assert [line.index(word) for line, word in zip(lines, ("KEY", "openai", "openai"), strict=True)] == [14] * 3
    assert lines[1].endswith("$12.40 left  just now")


def test_where_it_is_narrow_the_widest_column_gives_way_before_the_last_ones_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = shown(70, monkeypatch, *ROWS)
    assert lines[0].endswith("TESTED")
    assert "…" in lines[2]
    assert max(map(len, lines)) <= 69
    narrow = shown(40, monkeypatch, *ROWS)
    assert narrow[0].split() == ["VERDICT", "KEY"]
    assert max(map(len, narrow)) <= 39


def test_a_column_may_be_cut_at_its_left_and_a_mark_goes_before_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    for watched, told in ((True, "! openai/work  …g/folder/config.toml:12\n"), (False, "openai/work\t/some/long/")):
        screen = Screen(watched=watched)
        row = ("openai/work", "/some/long/folder/config.toml:12", "in git")
        heads = ("KEY", "WHERE", "RISK")
        Output(screen, {"NO_COLOR": "1"}).table(heads, [row], [Sign.NOTE], marks=["!"], cut_left={"WHERE"})
        assert told in screen.shown


@pytest.mark.parametrize("columns", [1, 2, 5, 10, 20])
def test_no_width_is_too_small_for_a_table(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(shown(columns, monkeypatch, *ROWS)) == 3


PAGE = "https://a.example/keys"
LINK = f"\x1b]8;id={name_of(PAGE)};{PAGE}\x1b\\{PAGE}\x1b]8;;\x1b\\"


def test_a_page_is_a_link_on_a_terminal_and_only_where_we_put_it() -> None:
    screen = Screen()
    output = Output(screen, {"NO_COLOR": "1"})
    output.say(f"before {PAGE}", pages=[PAGE])
    output.link(frozenset({PAGE}))
    output.say(f"→ do it there {PAGE}", 2, pages=[PAGE])
    output.say(f"“see {PAGE} or https://evil.example”", pages=[])
    output.say("see https://evil.example", pages=["https://evil.example"])
    assert screen.shown == (
        f"before {PAGE}\n  → do it there {LINK}\n“see {PAGE} or https://evil.example”\nsee https://evil.example\n"
    )


def test_a_page_in_a_pipe_is_plain() -> None:
    screen = Screen(watched=False)
    output = Output(screen, {"TERM": "xterm-kitty"})
    output.link(frozenset({PAGE}))
    output.tell(Sign.NOTE, f"see {PAGE}", pages=[PAGE])
    assert screen.shown == f"! see {PAGE}\n"


def test_a_next_step_and_a_warning_are_not_taken_for_a_verdict_without_utf_8() -> None:
    screen = Screen(watched=False, encoding="ascii")
    output = Output(screen, {})
    output.say("→ do it ▲ care · done")
    assert screen.shown == "> do it ^ care - done\n"
