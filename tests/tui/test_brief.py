"""The screens keep the summary up, where the user wants one: at the door, after a test, an edit, another's change."""

from collections.abc import Callable

import pytest

from arka_tui import brief
from arka_tui.brief import Brief
from arka_tui.controller import Controller
from arka_tui.paths import Paths
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from tests.conftest import PASSPHRASE
from tests.tui.conftest import Driven, drive


@pytest.fixture
def on(paths: Paths) -> Paths:
    paths.config.mkdir(parents=True)
    paths.settings.write_text("status_cache = true\n")
    return paths


def test_it_is_true_from_the_door_to_the_lock(
    on: Paths, make_controller: Callable[[], Controller], controller: Controller, add: Callable[..., str]
) -> None:
    add("openai/work", "no_credit")
    add("openai/main")
    controller.lock()
    on.brief.unlink()
    session = make_controller()

    def told() -> Brief | None:
        return brief.load(on.brief)

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        assert told() is None
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(KeysScreen)
        assert (found := told())
        assert (found.untested, found.version) == (2, brief.version_of(on.vault))
        await driven.press("j", "t")
        await driven.sees("! no credit")
        await driven.until(lambda: (found := told()) and (found.care, found.untested) == (1, 1), "the test is told of")
        await driven.press("d", "y")
        await driven.sees("Deleted openai/work")
        await driven.until(lambda: (found := told()) and found.keys == 1, "the deletion is told of")
        controller.unlock(PASSPHRASE)
        add("openai/other")
        other = on.brief.read_bytes()
        on.brief.unlink()
        await driven.sees("openai/other")
        await driven.until(lambda: on.brief.exists() and on.brief.read_bytes() == other, "and another's change")
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        assert on.brief.read_bytes() == other

    drive(session, script)


def test_where_it_is_not_wanted_there_is_none(paths: Paths, controller: Controller, add: Callable[..., str]) -> None:
    add()

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("✓ works")

    drive(controller, script)
    assert {path.name for path in paths.state.iterdir()} == {"seen.json"}
