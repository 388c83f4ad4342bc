"""Files of NAME=value lines."""

from pathlib import Path

import pytest

from arka_tui.cli import env_file
from arka_tui.errors import UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A=", ""),
        ("  export A = 1  ", "1"),
        ("A=1 # why", "1"),
        ("A=# why", ""),
        ("A=a#b", "a#b"),
        ("A=a=b", "a=b"),
        ("A='a # b' # why", "a # b"),
        (r"A='a\n'", r"a\n"),
        (r'A="a\n\"b\" \\ $C"', 'a\n"b" \\ $C'),
        ("A=it's", "it's"),
        ("A=1\r", "1"),
        ("A=ü", "ü"),
    ],
)
def test_a_line_gives_its_value_without_quotes_and_comment(file: Path, line: str, value: str) -> None:
    file.write_text(f"# first\n\n{line}\n", newline="")
    assert [(each.name, each.value, each.place) for each in env_file.read(file)] == [("A", value, f"{file}, line 3")]


@pytest.mark.parametrize("line", ["hunter2", "1A=hunter2", "A B=hunter2", "A='hunter2", 'A="hunter2', "A='h'unter2"])
def test_a_line_that_makes_no_sense_is_named_by_its_number_and_not_quoted(file: Path, line: str) -> None:
    file.write_text(f"A=1\n{line}\n")
    with pytest.raises(UsageError) as refused:
        env_file.read(file)
    assert str(refused.value) == f"{file}, line 2: this is no NAME=value"
    assert "hunter2" not in str(refused.value) + refused.value.hint


def test_only_a_whole_value_refers_to_a_key(file: Path) -> None:
    file.write_text("A=arka://openai/work\nB='arka://groq'\nC=see arka://openai/work\n")
    assert [line.reference for line in env_file.read(file)] == ["openai/work", "groq", ""]


@pytest.mark.parametrize(("content", "trouble"), [(b"A=\xff", "is not UTF-8"), (b"A" * 1_048_577, "is larger than")])
def test_what_is_no_file_of_lines_is_refused(file: Path, content: bytes, trouble: str) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError, match=trouble):
        env_file.read(file)


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file /.*/\.env"):
        env_file.read(file)
