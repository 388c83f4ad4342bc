"""What may be typed, and the pages that explain it."""

import re
from pathlib import Path

import pytest

from arka_tui.__main__ import _notices
from arka_tui.cli.arguments import Options, parse

COMMANDS = ("demo", "doctor", "backup", "restore")


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as left:
        parse(argv)
    assert left.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def page(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as left:
        parse([*argv, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_without_a_command_the_screens_are_meant() -> None:
    assert parse([]) == Options()


def test_a_file_is_made_absolute_and_every_option_has_its_place() -> None:
    assert parse(["doctor"]) == Options("doctor")
    assert parse(["doctor", "--repair", "--recovery"]) == Options("doctor", repair=True, recovery=True)
    assert parse(["backup", "--force", "b"]) == Options("backup", Path.cwd() / "b", force=True)
    assert parse(["restore", "--yes", "--key-file", "/k", "/b"]) == Options(
        "restore", Path("/b"), yes=True, key_file=Path("/k")
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["backup"], "the following arguments are required: FILE"),
        (["restore", "-"], "argument FILE: standard input and output are not supported: name a file"),
        (["backup", ""], "argument FILE: this is no name of a file"),
        (["doctor", "--repair", "/b"], "argument FILE: not allowed with argument --repair"),
        (["doctor", "--recovery", "--key-file", "/k"], "not allowed with argument"),
        (["doctor", "--rep"], "unrecognized arguments: --rep"),
        (["docter"], "invalid choice: 'docter'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_two_lines(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error, hint = refused(capsys, *argv).splitlines()
    assert error.startswith("arka-tui: error: ")
    assert words in error
    assert re.fullmatch(r"arka-tui: hint: arka-tui( doctor| backup| restore)? --help", hint)


def test_what_was_typed_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["doctor", "--\x1b]52;c;aGk=\x07"], ["\x1b[2J"], ["backup", "a", "\u202eb\udcff"]):
        assert not set(refused(capsys, *argv)) & {"\x1b", "\x07", "\u202e", "\udcff"}


def test_a_key_that_was_typed_by_mistake_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    key = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2"
    with pytest.raises(SystemExit):
        parse([key])
    told = capsys.readouterr().err
    assert "invalid choice: '••••'" in told
    assert not any(key[at : at + 8] in told for at in range(len(key) - 7))


def test_every_command_is_on_the_first_page_and_none_takes_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    first = page(capsys)
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", first, re.MULTILINE)
        options = re.findall(r"^  (--[a-z-]+)", page(capsys, command), re.MULTILINE)
        assert not {"--passphrase", "--password", "--key", "--code"} & {*options}


@pytest.mark.parametrize("command", ["doctor", "backup", "restore"])
def test_each_page_tells_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = page(capsys, command)
    assert re.search(r"Exit code: 0 .+, 1 .+, 2 used wrongly", " ".join(told.split()))


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_each_page_fits_the_terminal(
    command: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    told = page(capsys, *command)
    commands_to_type = [line for line in told.splitlines() if line.startswith("    arka-tui ")]
    for line in told.splitlines():
        assert len(line) <= min(columns, 88) or line in commands_to_type


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
