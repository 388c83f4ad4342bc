from collections.abc import Callable

from textual.widgets import Input

from arka_tui.controller import Controller
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.tui.screens.create import CreateScreen
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from tests.conftest import open_vault
from tests.tui.conftest import Driven, drive

Make = Callable[[], Controller]
WORDS = "seven purple otters dance"


async def _choose(driven: Driven, first: str = WORDS, second: str = WORDS) -> None:
    await driven.on(CreateScreen)
    await driven.paste(first)
    await driven.press("enter")
    await driven.paste(second)
    await driven.press("enter")


def _shown_groups(driven: Driven) -> list[str]:
    screen = driven.app.screen
    assert isinstance(screen, RecoveryCodeScreen)
    return screen._groups


def test_a_first_start_creates_a_vault_that_the_passphrase_opens(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await _choose(driven)
        await driven.on(RecoveryCodeScreen)
        groups = _shown_groups(driven)
        await driven.sees(" ".join(groups[:4]), " ".join(groups[4:]))
        await driven.write((groups[2] + groups[5]).lower())
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("No keys yet", "Press a to add one")

    drive(make_controller(), script)
    vault = open_vault(paths)
    vault.unlock(Secret(WORDS))
    assert vault.list() == ()


def test_the_recovery_code_that_was_shown_opens_the_vault(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> str:
        await _choose(driven)
        await driven.on(RecoveryCodeScreen)
        groups = _shown_groups(driven)
        await driven.write(groups[2] + groups[5])
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
        await driven.sees("That is not groups 3 and 6")
        assert driven.app.screen.query_one("#proof", Input).value == "WRONGGRP"
        await driven.press("escape")
        await driven.on(CreateScreen)

    drive(make_controller(), script)
    assert not paths.vault.exists()


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
