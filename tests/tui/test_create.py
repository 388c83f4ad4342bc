import re
from collections.abc import Callable

import pytest
from textual.widgets import Input

from arka_tui.controller import Controller
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.tui.screens import recovery_code
from arka_tui.tui.screens.create import CreateScreen
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from tests.conftest import RECOVERY_CODE, open_vault
from tests.tui.conftest import Driven, drive

Make = Callable[[], Controller]
WORDS = "seven purple otters dance"


async def _choose(driven: Driven, first: str = WORDS, second: str = WORDS) -> None:
    await driven.on(CreateScreen)
    await driven.paste(first)
    await driven.press("enter")
    await driven.paste(second)
    await driven.press("enter")


async def _recovery_code_screen(driven: Driven) -> RecoveryCodeScreen:
    await driven.on(RecoveryCodeScreen)
    assert isinstance(driven.app.screen, RecoveryCodeScreen)
    return driven.app.screen


def test_a_first_start_creates_a_vault_that_the_passphrase_opens(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await _choose(driven)
        screen = await _recovery_code_screen(driven)
        await driven.write("".join(screen.asked_groups).lower())
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("No keys yet", "Press a to add one")

    drive(make_controller(), script)
    vault = open_vault(paths)
    vault.unlock(Secret(WORDS))
    assert vault.list() == ()


@pytest.mark.slow
def test_the_recovery_code_that_was_shown_opens_the_vault(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> str:
        await _choose(driven)
        screen = await _recovery_code_screen(driven)
        groups = re.findall(r"\b[1-8] ([0-9A-Z]{4})\b", driven.text)
        await driven.write("".join(screen.asked_groups))
        await driven.press("enter")
        await driven.on(KeysScreen)
        return "".join(groups)

    code = drive(make_controller(), script)
    open_vault(paths).unlock_with_recovery_code(Secret(code.lower()))


def test_nothing_is_written_before_the_recovery_code_is_confirmed(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await _choose(driven)
        await driven.on(RecoveryCodeScreen)
        await driven.write("WRONGGRP")
        await driven.press("enter")
        await driven.sees("That is not groups")
        assert driven.app.screen.query_one("#proof", Input).value == "WRONGGRP"
        await driven.press("escape")
        await driven.on(CreateScreen)

    drive(make_controller(), script)
    assert not paths.vault.exists()


@pytest.mark.slow
def test_the_groups_are_numbered_and_any_two_of_them_are_asked_for(
    make_controller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery_code, "two_groups", lambda groups: (2, groups))
    monkeypatch.setattr(Controller, "new_recovery_code", lambda self: RECOVERY_CODE)

    async def script(driven: Driven) -> None:
        await _choose(driven)
        await _recovery_code_screen(driven)
        await driven.sees("1 ABCD 2 EFGH 3 JKMN 4 PQRS", "5 TVWX 6 YZ01 7 2345 8 6789", "type groups 2 and 8")
        await driven.write("JKMNYZ01")
        await driven.press("enter")
        await driven.sees("That is not groups 2 and 8 of the code above")
        await driven.press("ctrl+u")
        await driven.write("EFGH6789")
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(make_controller(), script)


def test_a_short_passphrase_is_refused_and_stays_typed(make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        await _choose(driven, "short", "short")
        await driven.sees("at least 8 characters", "••••")

    drive(make_controller(), script)


def test_two_different_passphrases_are_refused(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await _choose(driven, WORDS, WORDS + "!")
        await driven.sees("The two are not the same")
        await driven.paste(WORDS)
        await driven.press("enter")
        await driven.on(RecoveryCodeScreen)

    drive(make_controller(), script)
    assert not paths.vault.exists()


def test_the_strength_of_a_passphrase_is_told_in_words(make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(CreateScreen)
        await driven.paste("Password123!")
        await driven.sees("weak:")
        await driven.press("ctrl+u")
        await driven.paste(WORDS)
        await driven.sees("strong:")

    drive(make_controller(), script)
