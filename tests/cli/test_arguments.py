"""What may be typed, and the pages that explain it."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from arka_tui import __main__ as program
from arka_tui import hygiene
from arka_tui.__main__ import _notices
from arka_tui.cli import arguments, backup, doctor, restore
from arka_tui.cli.arguments import Parser, Ways
from arka_tui.cli.commands import ALIASES, COMMANDS, command, first_page
from arka_tui.cli.exits import SAID, Exit
from arka_tui.errors import UsageError

WORDS = [*COMMANDS, "demo", "keyboard"]


@pytest.fixture(autouse=True)
def unhardened(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("harden_process", "hush_reports", "hush_logs", "scrub_textual_variables"):
        monkeypatch.setattr(hygiene, name, lambda *_, **__: None)


def ended(*argv: str) -> int:
    try:
        return program.main(argv)
    except SystemExit as left:
        return int(str(left.code))


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert ended(*argv) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def page(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert ended(*argv, "--help") == Exit.DONE
    return capsys.readouterr().out


def test_a_file_is_made_absolute_and_every_option_has_its_place() -> None:
    assert doctor.DOCTOR.parse([]) == doctor.Options(None, False, False, Ways())
    assert doctor.DOCTOR.parse(["--repair", "--recovery"]) == doctor.Options(None, True, False, Ways(recovery=True))
    assert backup.BACKUP.parse(["--force", "b"]) == backup.Options(Path.cwd() / "b", True, False, Ways())
    assert restore.RESTORE.parse(["--yes", "--key-file", "/k", "/b"]) == restore.Options(
        Path("/b"), True, False, Ways(key_file=Path("/k"))
    )
    assert restore.RESTORE.parse(["--passphrase-fd", "3", "/b"]).ways == Ways(passphrase_fd=3)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["backup"], "the following arguments are required: FILE"),
        (["restore", "-"], "argument FILE: standard input and output are not supported: name a file"),
        (["backup", ""], "argument FILE: this is no name of a file"),
        (["doctor", "--repair", "/b"], "argument FILE: not allowed with argument --repair"),
        (["doctor", "--recovery", "--key-file", "/k"], "not allowed with argument"),
        (["doctor", "--passphrase-fd", "x"], "this is no number of a file descriptor"),
        (["doctor", "--rep"], "unrecognized arguments: --rep"),
        (["unlock", "--for", "soon"], "must be a time such as 90s, 10m or 8h"),
        (["add", "--set", "organization"], "this is not NAME=VALUE"),
        (["docter"], "there is no command 'docter'"),
        (["--repair"], "there is no command '--repair'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_two_lines(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error, hint = refused(capsys, *argv).splitlines()
    assert error.startswith("arka-tui: error: ")
    assert words in error
    assert hint.startswith("arka-tui: hint: ")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("8h", 28_800), ("7d", 604_800), ("365d", 31_536_000)]
)
def test_a_time_has_a_unit_or_is_in_seconds(text: str, seconds: int) -> None:
    assert arguments.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5m", "0", "1.5h", "1e3", "٣m", "366d", "9" * 5000])
def test_what_is_no_time_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--for" in refused(capsys, "unlock", f"--for={text}")


def test_a_word_that_is_nearly_one_is_answered_with_it() -> None:
    with pytest.raises(UsageError) as wrong:
        command("lists")
    assert wrong.value.hint == "did you mean list?"


def test_what_was_typed_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["doctor", "--\x1b]52;c;aGk=\x07"], ["\x1b[2J"], ["backup", "a", "\u202eb\udcff"]):
        assert not set(refused(capsys, *argv)) & {"\x1b", "\x07", "\u202e", "\udcff"}


@pytest.mark.parametrize(
    "argv",
    [["{}"], ["add", "openai/work", "{}"], ["show", "a/b", "--{}"], ["list", "--key={}"], ["rename", "a/b", "c", "{}"]],
)
def test_a_key_that_was_typed_by_mistake_is_not_repeated(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    key = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2"
    told = refused(capsys, *(each.format(key) for each in argv))
    assert "••••" in told
    assert not any(key[at : at + 8] in told for at in range(len(key) - 7))


def test_every_command_is_on_the_first_page_and_none_takes_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    first = page(capsys)
    for word in WORDS:
        assert re.search(rf"^  {word} +\w", first, re.MULTILINE)
        options = re.findall(r"^  (?:-\w, |-\w \w+, )?(--[a-z-]+)", page(capsys, word), re.MULTILINE)
        assert not {"--passphrase", "--password", "--secret", "--code", "--api-key", "--token"} & {*options}


def test_an_alias_stands_for_a_command_and_hides_none() -> None:
    assert all(f"{alias} for {word}" in " ".join(first_page().split()) for alias, word in ALIASES.items())
    assert {*ALIASES.values()} <= {*COMMANDS, "exec"}
    assert not {*ALIASES} & {*COMMANDS}


@pytest.mark.parametrize("word", WORDS)
def test_each_page_tells_the_exit_codes(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = " ".join(page(capsys, word).split())
    codes = told.partition("exit codes: ")[2]
    assert codes.startswith("0 done")
    assert "2 used wrongly" in codes


def test_every_exit_code_is_told_in_words() -> None:
    assert {*SAID} == {*Exit}


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("argv", [(), *((word,) for word in WORDS)])
def test_each_page_fits_the_terminal(
    argv: Sequence[str], columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    told = page(capsys, *argv)
    to_be_typed = [line for line in told.splitlines() if line.startswith("    ")]
    for line in told.splitlines():
        assert len(line) <= min(columns, 88) or line in to_be_typed


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--version") == Exit.DONE
    assert re.fullmatch(r"arka-tui \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_a_parser_that_says_no_exit_codes_says_the_two_that_all_have() -> None:
    assert "exit codes:\n  0    done\n  2    used wrongly\n" in Parser("word", "", "It does.").format_help()


# ---------------------------------------------------------------------- the environment


@pytest.mark.parametrize(
    "name",
    [
        *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"),
    ],
)
def test_a_variable_that_is_ignored_is_named(name: str) -> None:
    (notice,) = _notices({name: "/somewhere", "PATH": "/bin"}, Path("/settings.toml"))
    assert notice.startswith(f"{name} in the environment is ignored")
    assert "/somewhere" not in notice


def test_without_such_variables_nothing_is_said() -> None:
    assert _notices({"PATH": "/bin", "https_proxy": ""}, Path("/settings.toml")) == []
