"""What is read of a file, whoever made it."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.cli import env_file
from arka_tui.errors import UsageError
from arka_tui.plaintext.places import Kind, Place, place_of
from arka_tui.plaintext.reading import (
    MOST_BYTES,
    Text,
    Unread,
    assignments,
    is_placeholder,
    is_reference,
    read,
)
from arka_tui.secret import Secret

KEY = "sk-proj-" + "Kq7" * 9
NAMES = (".env", ".bashrc", "config.fish", "keys.json", "conf.yml", "config.toml", "notes")


def text_of(name: str, content: str | bytes, folder: Path = Path("/somewhere")) -> Text:
    raw = content if isinstance(content, bytes) else content.encode()
    return Text(place_of(folder / name), raw, os.stat_result(range(10)))


def found(name: str, content: str) -> list[tuple[int, str, str]]:
    return [(each.line, each.variable, each.value.reveal()) for each in assignments(text_of(name, content))]


@pytest.mark.parametrize(
    ("name", "content", "variable"),
    [
        (".env", f"OPENAI_API_KEY={KEY}", "OPENAI_API_KEY"),
        (".env", f'export OPENAI_API_KEY = "{KEY}"  # mine', "OPENAI_API_KEY"),
        (".env", f"OPENAI_API_KEY='{KEY}'\r\n", "OPENAI_API_KEY"),
        (".bashrc", f"[ -t 0 ] && export A={KEY}; echo", "A"),
        (".bash_history", f": 17000:0;A={KEY} python x.py", "A"),
        ("config.fish", f"set -gx A {KEY}", "A"),
        ("config.fish", f"set --global --export A '{KEY}'", "A"),
        (".cshrc", f"setenv A {KEY}", "A"),
        ("fish_variables", f"SETUVAR --export A:{KEY}", "A"),
        ("keys.json", f'{{"openai": "{KEY}"}}', "openai"),
        ("auth.json", f'{{"openai": {{"type": "api", "key": "{KEY}"}}}}', "openai.key"),
        ("auth.json", f'{{"a": [{{"b": 1}}, {{"c": "{KEY}"}}]', "a.c"),
        (".aider.conf.yml", f"openai-api-key: {KEY}", "openai-api-key"),
        (".aider.conf.yml", f"api-key:\n  - gemini={KEY}", "gemini"),
        ("config.yaml", f"models:\n  - apiKey: '{KEY}'", "apiKey"),
        ("config.toml", f'[openai]\napi_key = "{KEY}"', "openai.api_key"),
    ],
)
def test_every_way_to_write_a_name_and_its_value_is_read(name: str, content: str, variable: str) -> None:
    assert (variable, KEY) in [each[1:] for each in found(name, content)]


def test_lines_are_counted_and_spans_point_at_the_value() -> None:
    content = f"# first\n\nA=1\nexport B='{KEY}'\n"
    text = text_of(".env", content)
    last = list(assignments(text))[-1]
    assert (last.line, last.variable) == (4, "B")
    assert content[slice(*last.span)] == KEY


@pytest.mark.parametrize("name", [".env", ".bashrc", "config.fish", "conf.yml", "config.toml"])
def test_what_is_commented_out_is_no_assignment(name: str) -> None:
    assert found(name, f"# A={KEY}\n  # export B: {KEY}\n") == []


@pytest.mark.parametrize("end", [";x", "&x", "|x", "<x", "(x)", "'x", '"x', "#x"])
def test_a_bare_value_of_a_dotenv_is_taken_whole_or_not_at_all(end: str) -> None:
    assert found(".env", f"A={KEY}{end}\n") == [(1, "A", KEY + end)]
    assert found(".env", f"A={KEY}{end} more\n") == []
    assert found(".env", f"A={KEY} {end}\n") == ([(1, "A", KEY)] if end == "#x" else [])


@pytest.mark.parametrize("value", [f'"{KEY}\\"x"', f'"{KEY}"x', f"'{KEY}'x", f"'{KEY}", f'"{KEY}" x', f'"{KEY}\\n"'])
def test_a_quoted_value_that_goes_on_or_is_escaped_is_no_value(value: str) -> None:
    assert found(".env", f"A={value}\n") == []


@pytest.mark.parametrize("name", [".env", ".bashrc", "conf.yml", "config.toml"])
def test_a_byte_order_mark_hides_nothing(name: str) -> None:
    text = text_of(name, f"\ufeffA{': ' if name == 'conf.yml' else '='}{KEY}\n")
    (only,) = assignments(text)
    assert (only.variable, only.value.reveal(), text.text()[slice(*only.span)]) == ("A", KEY, KEY)


_LINES = st.text(st.sampled_from("AB= \t#'\"\\;&$\r\n\ufeffü.-"), max_size=60)


@given(_LINES)
def test_a_value_of_a_dotenv_is_what_exec_reads_on_that_line(content: str) -> None:
    try:
        lines = {line.number: line for line in env_file.parse(Path(".env"), content.encode())}
    except UsageError:
        return
    for each in assignments(text_of(".env", content)):
        if (line := lines[each.line]).name == each.variable:
            assert line.value == each.value.reveal()


def test_fish_writes_hyphens_in_its_own_way_and_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fish_variables"
    path.write_text("SETUVAR --export A:" + KEY.replace("-", r"\x2d"))
    text = read(place_of(path))
    assert isinstance(text, Text)
    assert [each.value.reveal() for each in assignments(text)] == [KEY]


@pytest.mark.parametrize("value", ["arka://openai/work", "op://vault/item", "$OTHER", "${OTHER}", "$(pass show x)"])
def test_a_reference_is_told_from_a_key(value: str) -> None:
    assert is_reference(Secret(value))
    assert not is_reference(Secret(KEY))


@pytest.mark.parametrize("value", ["your-key-here", "<key>", "sk-...", "xxxxxxxx", "sk-xxxx", "changeme", "REPLACE_ME"])
def test_a_placeholder_is_told_from_a_key(value: str) -> None:
    assert is_placeholder(Secret(value))
    assert not is_placeholder(Secret(KEY))


# ---------------------------------------------------------------------- whatever is in it

_MARKS = st.text(st.sampled_from("aK1_-.=:\"'`\\{}[],#/$ \t\n\r\0\x1b\u202eü"), max_size=200)


@given(st.sampled_from(NAMES), _MARKS | st.text(max_size=200))
def test_no_text_makes_a_reader_fail_and_no_value_is_made_up(name: str, content: str) -> None:
    text = text_of(name, content.encode("utf-8", "surrogatepass"))
    for each in assignments(text):
        assert each.value.reveal() == text.text()[slice(*each.span)]
        assert each.line == text.text().count("\n", 0, each.span[0]) + 1


@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_no_bytes_make_a_reader_fail(name: str, raw: bytes) -> None:
    for each in assignments(text_of(name, raw)):
        assert each.value.reveal().encode("utf-8", "surrogateescape") in raw


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "piece", ["a", "a ", " ", "\t-", '"', "a=", "a=b ", "a:", '\\"', "[", "{", '{"a":', '"a":"b",', "set ", "a.", "- "]
)
def test_a_mebibyte_of_anything_is_read_in_a_moment(name: str, piece: str) -> None:
    content = piece * (MOST_BYTES // len(piece))
    assert sum(1 for _ in assignments(text_of(name, content))) < MOST_BYTES


# ---------------------------------------------------------------------- what is opened


def why(path: Path, kind: Kind = Kind.FILE) -> str:
    outcome = read(Place(path, kind))
    assert isinstance(outcome, Unread)
    return outcome.why


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert why(tmp_path / "fifo") == why(tmp_path / "socket") == why(Path("/dev/null")) == "not a regular file"
    assert why(tmp_path) == "a folder"


def test_what_is_too_large_or_binary_is_left_alone_and_said_so(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"a" * (MOST_BYTES + 1))
    (tmp_path / "binary").write_bytes(b"SQLite format 3\0")
    assert why(tmp_path / "large") == "larger than 1 MiB"
    assert why(tmp_path / "binary") == "binary"
    assert isinstance(read(Place(tmp_path / "large", Kind.HISTORY)), Text)


def test_links_in_a_circle_and_names_that_cannot_be_are_survived(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert why(tmp_path / "a") == "too many levels of symbolic links"
    assert why(tmp_path / ("n" * 300)) == "file name too long"
    assert why(Path("/tmp/a\0b")) == "cannot be read"


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name in ("nothing", "dangling", "file/below"):
        assert read(place_of(tmp_path / name)) is None


def test_a_text_prints_nothing_of_itself(tmp_path: Path) -> None:
    assert KEY not in repr(text_of(".env", f"A={KEY}"))
    assert KEY not in repr(list(assignments(text_of(".env", f"A={KEY}"))))


def test_a_file_that_may_not_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").touch()

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert why(tmp_path / ".env") == "permission denied"
