"""The door is there before what is behind it: nothing that is typed meanwhile is lost, and nothing seems to be open."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from arka_tui.config import load
from arka_tui.controller import Controller
from arka_tui.paths import Paths
from arka_tui.store.slots import KeyFile
from arka_tui.tui.loading import Loading
from arka_tui.tui.screens.create import CreateScreen
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.trouble import TroubleScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from tests.conftest import PASSPHRASE, draft
from tests.tui.conftest import Driven, drive

Make = Callable[[], Controller]


class Slow:
    """Loads when it is let go."""

    def __init__(self, make_controller: Make) -> None:
        self.made = make_controller()
        self._may_go_on = threading.Event()
        self.loading = Loading(self.made.vault_path, self.made.config, self._load)

    def let_go(self) -> None:
        self._may_go_on.set()

    def _load(self) -> Controller:
        assert self._may_go_on.wait(60)
        return self.made


@pytest.fixture
def slow(controller: Controller, make_controller: Make) -> Iterator[Slow]:
    controller.add(draft("openai/work"))
    controller.lock()
    slow = Slow(make_controller)
    yield slow
    slow.let_go()


def test_a_passphrase_that_was_entered_before_opens_the_vault_when_it_can(slow: Slow) -> None:
    async def script(driven: Driven) -> None:
        await driven.sees("data/store.toml", "type it, then Enter")
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.sees("Deriving the key")
        assert not slow.made.unlocked
        slow.let_go()
        await driven.on(KeysScreen)
        await driven.sees("openai/work")

    drive(slow.loading, script)


def test_who_stops_waiting_meanwhile_finds_it_locked(slow: Slow) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.sees("Deriving the key")
        await driven.press("escape")
        await driven.sees("Stopped.")
        slow.let_go()
        await driven.until(lambda: driven.app.has_loaded)
        await driven.pilot.pause()
        assert isinstance(driven.app.screen, UnlockScreen)
        assert not slow.made.unlocked
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(slow.loading, script)


def test_locking_and_the_palette_do_no_harm_meanwhile_and_a_theme_is_kept(slow: Slow, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.press("ctrl+l")
        driven.app.theme = "nord"
        driven.app.lock_soon("Locked: the machine was asleep.")
        await driven.press("ctrl+p")
        await driven.sees("Theme", "Quit")
        await driven.press("escape")
        slow.let_go()
        await driven.until(lambda: driven.app.has_loaded)
        await driven.on(UnlockScreen)

    drive(slow.loading, script)
    assert load(paths.settings).theme == "nord"


def test_leaving_does_not_wait_for_it(slow: Slow) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.press("ctrl+q")
        await driven.until(lambda: not driven.app.is_running)
        slow.let_go()

    drive(slow.loading, script)


def test_other_ways_are_offered_once_they_are_known(
    slow: Slow, make_controller: Make, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arka_tui.slot_deeds.SlotDeeds.offered", lambda _: frozenset({KeyFile.kind}))

    async def script(driven: Driven) -> None:
        await driven.sees("Recovery code")
        assert "Key file" not in driven.text
        slow.let_go()
        await driven.sees("Key file")

    drive(slow.loading, script)


@pytest.mark.parametrize(("text", "screen"), [("", TroubleScreen), ("not a vault\n", TroubleScreen)])
def test_a_file_that_is_no_whole_vault_is_told_then(slow: Slow, paths: Paths, text: str, screen: type[object]) -> None:
    for file in (paths.vault, paths.vault.with_name("store.toml.bak")):
        file.write_text(text)

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        slow.let_go()
        await driven.on(screen)

    drive(slow.loading, script)


def test_a_vault_that_went_away_meanwhile_is_not_asked_for(slow: Slow, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        for file in paths.vault.parent.iterdir():
            file.unlink()
        slow.let_go()
        await driven.on(CreateScreen)

    drive(slow.loading, script)


def test_the_door_is_painted_before_what_is_behind_it_is_loaded() -> None:
    script = (
        "import arka_tui.tui.app, arka_tui.tui.loading, arka_tui.config, arka_tui.overrides, sys; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    behind = (
        "cryptography",
        "httpx",
        "arka_tui.controller",
        "arka_tui.store",
        "arka_tui.providers",
        "arka_tui.insight",
    )
    assert [name for name in loaded if name.startswith((*behind, "arka_tui.telling", "arka_tui.tui.rooms"))] == []
