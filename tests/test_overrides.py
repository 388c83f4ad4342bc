"""What the environment says of the settings: variables before the file, the file before what fits."""

from pathlib import Path

import pytest

from arka_tui.config import KINDS, Config, load, save
from arka_tui.controller import Controller
from arka_tui.errors import ConfigError
from arka_tui.overrides import in_force, notices, overridden, variable
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from tests.conftest import open_vault

SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
SAID = {"theme": "nord", "paid_test": "no", "lock_after_minutes": "3", "test_every_minutes": "60"} | {
    "frames_per_second": "30",
    "animations": "yes",
    "cursor_blink": "1",
    "clock": "ON",
    "links": "true",
}
REFUSED = {"proxy": "http://evil.example:8080", "ca_bundle": "/tmp/evil.pem", "key_file": "/tmp/k", "keys": "a"} | {
    "status_cache": "true"
}


def variables(**settings: str) -> dict[str, str]:
    return {variable(name): value for name, value in settings.items()}


def liveliness(config: Config) -> tuple[object, ...]:
    return (config.frames_per_second, config.animations, config.cursor_blink, config.clock)


def test_over_ssh_fewer_frames_and_nothing_that_moves_by_itself() -> None:
    assert liveliness(in_force(Config(), SSH)) == (15, False, False, False)


@pytest.mark.parametrize("environ", [{}, {"SSH_CONNECTION": ""}, {"SSH_TTY": "/dev/pts/1"}])
def test_at_a_local_terminal_all_of_it(environ: dict[str, str]) -> None:
    assert liveliness(in_force(Config(), environ)) == (60, True, True, True)


def test_what_the_file_chose_stays_chosen_and_only_the_rest_is_fitted() -> None:
    chosen = Config(frames_per_second=40, clock=True)
    assert liveliness(in_force(chosen, SSH)) == (40, False, False, True)
    assert liveliness(in_force(Config(animations=False), {})) == (60, False, True, True)


def test_a_variable_goes_before_the_file_and_before_what_fits() -> None:
    chosen = Config(frames_per_second=40, cursor_blink=False, theme="light")
    environ = SSH | variables(frames_per_second="5", cursor_blink="true", theme="nord", animations="true")
    assert liveliness(in_force(chosen, environ)) == (5, True, True, False)
    assert in_force(chosen, environ).theme == "nord"


def test_every_setting_has_a_variable_or_a_reason_why_not() -> None:
    config = in_force(Config(), variables(**SAID))
    assert config == Config("nord", False, 3, 60, "", "", "", False, 30, True, True, True, True)
    assert {*SAID, *REFUSED} == {*KINDS}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_lead_keys_elsewhere_is_refused_as_a_variable_and_not_passed_over(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable(name)} in the environment is refused: ") as caught:
        in_force(Config(), variables(**{name: REFUSED[name]}))
    assert caught.value.hint == f"say {name} in the settings file"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("paid_test", "maybe", "must be true or false"),
        ("clock", "2", "must be true or false"),
        ("lock_after_minutes", "481", "must be between 0 and 480"),
        ("lock_after_minutes", "-1", "must be a whole number"),
        ("lock_after_minutes", "ten", "must be a whole number"),
        ("frames_per_second", "0", "must be between 1 and 60"),
        ("frames_per_second", "9" * 5000, "must be a whole number"),
        ("test_every_minutes", "1", "must be 0, or between 15 and 10080"),
    ],
)
def test_a_mistake_names_the_variable(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{variable(name)} in the environment {message}$"):
        in_force(Config(), variables(**{name: value}))


def test_an_empty_variable_chooses_nothing() -> None:
    environ = dict.fromkeys(map(variable, KINDS), "")
    assert in_force(Config(theme="nord"), environ) == in_force(Config(theme="nord"), {})
    assert overridden(environ) == ()


def test_an_unknown_variable_is_told_with_the_nearest_one_and_without_its_value() -> None:
    environ = {"ARKA_THEM": "sk-secret", "ARKA_ZZZZZZ": "x", "ARKA_HOME": "/x", "ARKA_NO_ASK": "1", "THEME": "x"}
    environ |= {"ARKA_DEBUG": "1", "ARKA_EXEC": "openai/work", "ARKA_THEME": "nord"}
    assert notices(Config(), environ) == [
        "ARKA_THEM in the environment is not known; did you mean ARKA_THEME?",
        "ARKA_ZZZZZZ in the environment is not known",
    ]


@pytest.mark.parametrize(
    ("of_file", "of_variable", "told"),
    [
        (10, "0", ["ARKA_LOCK_AFTER_MINUTES is set: the vault never locks by itself"]),
        (10, "60", ["ARKA_LOCK_AFTER_MINUTES is set: the vault locks only after 60 idle minutes"]),
        (10, "10", []),
        (10, "1", []),
        (0, "60", []),
        (0, "0", []),
    ],
)
def test_a_variable_that_keeps_the_vault_open_for_longer_does_not_do_so_silently(
    of_file: int, of_variable: str, told: list[str]
) -> None:
    assert notices(Config(lock_after_minutes=of_file), variables(lock_after_minutes=of_variable)) == told


# ---------------------------------------------------------------------- what is saved


def session(paths: Paths, environ: dict[str, str]) -> Controller:
    config = in_force(load(paths.settings), environ)
    return Controller(paths, open_vault(paths), load_catalog(), config, overridden=overridden(environ))


def test_the_file_never_gains_what_only_a_variable_said_or_what_only_fitted(paths: Paths) -> None:
    save(paths.settings, Config(), lock_after_minutes=5)
    environ = SSH | variables(**SAID)
    session(paths, environ).change_setting(theme="light")
    assert load(paths.settings) == Config(theme="light", lock_after_minutes=5)


def test_who_changes_what_a_variable_says_is_told_that_it_comes_back(paths: Paths) -> None:
    kept = session(paths, variables(theme="nord"))
    assert kept.change_setting(theme="light") == "Until you leave: then ARKA_THEME in the environment decides again."
    assert kept.config.theme == load(paths.settings).theme == "light"
    assert kept.change_setting(paid_test=False) == ""


def test_no_variable_is_read_where_nobody_passed_it_on(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARKA_THEME", "nord")
    assert load(Path(paths.settings)) == Config()
