"""`arka-tui keyboard`: what can be remapped, as the settings file takes it."""

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.config import load
from tests.cli.conftest import Shell

pytest.importorskip("arka_tui.tui", reason="what can be remapped the screens know")


def test_it_lists_every_binding_as_lines_of_the_settings_file(shell: Shell) -> None:
    assert shell.run("keyboard") == Exit.DONE
    assert shell.lines()[0] == "[keys]"
    assert '"keys.add"          = "a"                      # Add a key' in shell.lines()
    shell.paths.settings.parent.mkdir(parents=True)
    shell.paths.settings.write_text('theme = "nord"\n' + shell.out)
    assert load(shell.paths.settings).keys["app.quit"] == "ctrl+q"
    before = shell.out
    assert shell.run("keyboard") == Exit.DONE
    assert shell.out == before


def test_it_shows_the_keys_that_were_chosen_and_refuses_what_cannot_be(shell: Shell) -> None:
    shell.paths.settings.parent.mkdir(parents=True)
    shell.paths.settings.write_text('[keys]\nkeys.add = "n"\n')
    assert shell.run("keyboard") == Exit.DONE
    assert '"keys.add"          = "n"                      # Add a key' in shell.lines()
    shell.paths.settings.write_text('[keys]\nkeys.add = "e"\n')
    assert shell.run("keyboard") == Exit.FAILED
    assert "'keys.add' and 'keys.edit' are both on e" in shell.err
