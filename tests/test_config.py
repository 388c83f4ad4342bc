"""Settings: what is written is read, what is not said is default, and every mistake is named with its remedy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.config import Config, load, save
from arka_tui.errors import ConfigError, NotSaved


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


def written(file: Path, text: str | bytes) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_without_a_file_everything_is_default_and_nothing_is_made(file: Path) -> None:
    assert load(file) == Config()
    assert not file.parent.exists()


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "lock_after_minutes = 10\r\n"])
def test_what_is_not_said_is_default(file: Path, text: str) -> None:
    assert load(written(file, text)) == Config()


def test_every_setting_can_be_said(file: Path) -> None:
    text = (
        'theme = "nord"\npaid_test = false\nlock_after_minutes = 0\ntest_every_minutes = 60\n'
        'proxy = "http://proxy.corp:3128"\nca_bundle = "/etc/ssl/corp.pem"\n'
    )
    assert load(written(file, text)) == Config("nord", False, 0, 60, "http://proxy.corp:3128", "/etc/ssl/corp.pem")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not toml", "is not TOML"),
        ("theme = ", "is not TOML"),
        ('theme = "a"\ntheme = "b"', "is not TOML"),
        (b'theme = "\xff"', "cannot be read"),
        (b'\xef\xbb\xbftheme = "a"', "is not TOML"),
        ("themes = 1", "unknown key 'themes'"),
        ("[theme]", "'theme' must be a text"),
        ("theme = 1", "'theme' must be a text"),
        ("paid_test = 1", "'paid_test' must be true or false"),
        ('paid_test = "yes"', "'paid_test' must be true or false"),
        ("lock_after_minutes = true", "'lock_after_minutes' must be a whole number"),
        ("lock_after_minutes = 1.5", "'lock_after_minutes' must be a whole number"),
        ("lock_after_minutes = -1", "'lock_after_minutes' must be between 0 and 480"),
        ("lock_after_minutes = 481", "'lock_after_minutes' must be between 0 and 480"),
        ('proxy = "proxy.corp:3128"', "'proxy' must be an address such as"),
        ('proxy = "socks5://proxy"', "'proxy' must be an address such as"),
        ("ca_bundle = false", "'ca_bundle' must be a text"),
        ("frames_per_second = 0", "'frames_per_second' must be between 1 and 60"),
        ("frames_per_second = 61", "'frames_per_second' must be between 1 and 60"),
        ("frames_per_second = 1.5", "'frames_per_second' must be a whole number"),
        ('animations = "none"', "'animations' must be true or false"),
        ("cursor_blink = 0", "'cursor_blink' must be true or false"),
        ('clock = "on"', "'clock' must be true or false"),
        ("keys = 1", r"\[keys\] in the settings file must be a table"),
        ("[keys" + ".a" * 490 + "]\n" + "a." * 490 + "a = 1", r"\[keys\] 'a.a' in the settings file must be a text"),
        ("[keys]\nkeys.add = 1", r"\[keys\] 'keys.add' in the settings file must be a text"),
        ('[keys]\nkeys.add = ""', r"\[keys\] 'keys.add' in the settings file: it names no key"),
        ('[keys]\n"keys.add" = "ctrl+i"', r"\[keys\] 'keys.add' in the settings file: terminals cannot tell ctrl\+i"),
        ("a" * 2_000 + " = 1", "a line that is too large"),
        (("# " + "x" * 900 + "\n") * 40, "is too large"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(file: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(written(file, text))
    assert caught.value.hint


def test_an_unknown_key_is_answered_with_the_known_ones(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(file, 'colour = "red"'))
    assert (
        caught.value.hint
        == "known keys: theme, paid_test, lock_after_minutes, test_every_minutes, proxy, ca_bundle, key_file, "
        "status_cache, frames_per_second, animations, cursor_blink, clock, links, keys"
    )


def test_a_folder_in_the_files_place_cannot_be_read(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file)


def test_a_key_of_very_many_parts_costs_little_memory(file: Path) -> None:
    with pytest.raises(ConfigError):
        load(written(file, "a." * 32_000 + "a = 1"))


def test_keys_are_named_with_quotes_or_without(file: Path) -> None:
    text = '[keys]\nkeys.add = "n"\nkeys.edit = "ctrl+e"\n"list.down" = "down, j"\n'
    assert load(written(file, text)).keys == {"keys.add": "n", "keys.edit": "ctrl+e", "list.down": "down, j"}


# ---------------------------------------------------------------------- saving


def test_what_was_saved_is_loaded_again(file: Path) -> None:
    changed = save(file, Config(), theme="nord", paid_test=False, lock_after_minutes=480)
    assert changed == load(file) == Config(theme="nord", paid_test=False, lock_after_minutes=480)


def test_a_change_keeps_the_keys_and_what_was_chosen_to_be_as_it_fits_elsewhere(file: Path) -> None:
    text = 'cursor_blink = false\nframes_per_second = 60\n\n[keys]\nkeys.add = "n"\n"keys.edit" = "\\\\, comma"\n'
    before = load(written(file, text))
    save(file, before, theme="nord")
    after = load(file)
    assert after == Config(
        theme="nord", cursor_blink=False, frames_per_second=60, keys={"keys.add": "n", "keys.edit": "\\, comma"}
    )


def test_only_what_differs_from_the_default_is_written(file: Path) -> None:
    save(file, Config(), paid_test=False)
    assert file.read_text() == "paid_test = false\n"
    save(file, load(file), paid_test=True)
    assert file.read_text() == ""


def test_a_change_keeps_the_other_settings(file: Path) -> None:
    save(file, Config(), proxy="http://p:1", ca_bundle='/with "quotes" and \\.pem')
    save(file, load(file), theme="nord")
    assert load(file) == Config(theme="nord", proxy="http://p:1", ca_bundle='/with "quotes" and \\.pem')


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(0, 480))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str, minutes: int) -> None:
    file = tmp_path_factory.getbasetemp() / "any" / "config.toml"
    config = Config(theme=text, ca_bundle=text, lock_after_minutes=minutes)
    assert save(file, config) == load(file) == config


def test_saving_makes_the_folder_and_leaves_nothing_else_in_it(file: Path) -> None:
    save(file, Config(), theme="nord")
    save(file, Config(), theme="light")
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_settings_that_cannot_be_saved_are_said_and_leave_no_temporary(file: Path) -> None:
    file.mkdir(parents=True)
    (file / "in the way").write_bytes(b"")
    with pytest.raises(NotSaved, match="the settings could not be saved") as caught:
        save(file, Config(), theme="nord")
    assert str(file.parent) in caught.value.hint
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_a_folder_that_cannot_be_made_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"")
    with pytest.raises(NotSaved):
        save(tmp_path / "config" / "config.toml", Config(), theme="nord")


def test_a_linked_settings_file_is_replaced_where_it_lies_and_the_link_stays(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_text('theme = "light"\n')
    file.parent.mkdir()
    file.symlink_to(target)
    save(file, load(file), paid_test=False)
    assert file.is_symlink()
    assert load(target) == Config(theme="light", paid_test=False)


def test_settings_are_utf_8_whatever_the_locale(file: Path) -> None:
    program = f"from arka_tui.config import *; save(Path({str(file)!r}), Config(), ca_bundle='/\\u00e9.pem')"
    ascii_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PATH": os.environ["PATH"]}
    root = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", program], env=ascii_locale, cwd=root, check=True, timeout=30)
    assert load(file).ca_bundle == "/é.pem"


# ---------------------------------------------------------------------- for the screen


def test_what_about_the_network_is_not_default_is_told() -> None:
    assert Config().network_notice == ""
    assert Config(proxy="http://p:1").network_notice == "proxy http://p:1"
    assert Config(ca_bundle="/ca.pem").network_notice == "own CA /ca.pem"
    assert Config(proxy="http://p:1", ca_bundle="/ca.pem").network_notice == "proxy http://p:1 · own CA /ca.pem"


def test_the_password_of_a_proxy_is_not_shown() -> None:
    assert Config(proxy="http://ada:hunter2@proxy.example:3128").network_notice == "proxy http://proxy.example:3128"
