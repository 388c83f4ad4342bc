"""Locked means that nothing of the vault is left in the objects of the program, wherever it was when it was locked."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from unittest.mock import patch

from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.index import Entry
from arka_tui.store.slots import new_recovery_code
from arka_tui.store.state import State
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from tests.attack.canary_memory import Sought, ours, shown
from tests.conftest import NOW, open_vault
from tests.e2e.canary import Search
from tests.tui.conftest import Driven, drive

SECRET = ("passphrase", "recovery code", "master key", "record key", "key", "typed key")


def new_vault(paths: Paths, base_url: str) -> Sought:
    """With one key, locked; and all that must be gone."""
    passphrase, label, key = (secrets.token_urlsafe(18) for _ in range(3))
    code = new_recovery_code()
    vault = open_vault(paths)
    vault.create(Secret(passphrase), code)
    vault.add(Draft("openai", f"first-{label}", base_url, (), Secret(f"sk-proj-{key}")))
    state = vault._state
    assert state
    return Sought(
        {
            "passphrase": passphrase,
            "recovery code": code.reveal(),
            "master key": state.master_key,
            "record key": state.entries[0].record_key,
            "key": key,
            "typed key": secrets.token_urlsafe(18),
            "label": label,
        }
    )


async def _nothing(driven: Driven, sought: Sought) -> None:
    """On the list of keys."""


async def _tested(driven: Driven, sought: Sought) -> None:
    await driven.press("t")
    await driven.sees("✗ invalid")


async def _looked_at(driven: Driven, sought: Sought) -> None:
    await driven.press("enter")
    await driven.sees("Esc Close e Edit")


async def _log(driven: Driven, sought: Sought) -> None:
    await _tested(driven, sought)
    await driven.press("l")
    await driven.sees("Test log")


async def _typed(driven: Driven, sought: Sought) -> None:
    await driven.press("a")
    await driven.sees("Add a key")
    await driven.paste(f"sk-proj-{sought.text('typed key')}")
    await driven.sees("ends in")


async def _saved(driven: Driven, sought: Sought) -> None:
    await _typed(driven, sought)
    await driven.press("ctrl+s")
    await driven.sees("Replace the key")


async def _tried(driven: Driven, sought: Sought) -> None:
    """A replacement that was refused, and is still in the form."""
    await driven.press("e")
    await driven.sees("or paste another")
    await driven.paste(f"sk-proj-{sought.text('typed key')}")
    await driven.press("ctrl+s")
    await driven.sees("Use it anyway")


PLACES: Mapping[str, Callable[[Driven, Sought], Awaitable[None]]] = {
    "list": _nothing,
    "tested": _tested,
    "detail": _looked_at,
    "log": _log,
    "form": _typed,
    "saved": _saved,
    "tried": _tried,
}


def left_after_lock(folder: Path, place: str, simulator: Simulator) -> list[str]:
    """Unlocks, goes to the place, locks, and looks through all objects; once more after the application has ended."""
    left: list[str] = []

    async def look(driven: Driven, sought: Sought) -> None:
        assert any(line.startswith("master key") for line in sought.found()), "the search finds nothing"
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        left.extend(f"locked: {line}" for line in sought.found())

    sought = _visit(folder, place, simulator, look)
    return left + [f"ended: {line}" for line in sought.found()]


def told_by_objects(folder: Path, place: str, simulator: Simulator) -> tuple[list[str], int]:
    """What of the secrets the program's objects and workers say of themselves; and how many were asked."""
    told: list[str] = []
    count = 0

    async def look(driven: Driven, sought: Sought) -> None:
        nonlocal count
        search = Search({f"{name}, ": [sought.bytes(name)] for name in SECRET})
        for each in ours():
            count += 1
            told.extend(search.found_in(type(each).__qualname__, shown(each).encode()))

    _visit(folder, place, simulator, look)
    return told, count


def count_openings(folder: Path, place: str) -> int:
    """Of stored secrets, from the locked door to the place."""
    open_record = State.open_record
    opened = 0

    def counted(self: State, entry: Entry) -> Secret:
        nonlocal opened
        opened += 1
        return open_record(self, entry)

    async def look(driven: Driven, sought: Sought) -> None:
        """There is nothing more to do."""

    with Simulator() as simulator, patch.object(State, "open_record", counted):
        _visit(folder, place, simulator, look)
    return opened


def _visit(folder: Path, place: str, simulator: Simulator, look: Callable[[Driven, Sought], Awaitable[None]]) -> Sought:
    """`look` is called when the program is at the place."""
    catalog = load_catalog()
    catalog = catalog.with_base_urls(simulator.addresses)
    paths = Paths.under(folder)
    sought = new_vault(paths, simulator.base_url("openai"))

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(sought.text("passphrase"))
        await driven.press("enter")
        await driven.on(KeysScreen)
        await PLACES[place](driven, sought)
        await look(driven, sought)

    drive(Controller(paths, open_vault(paths), catalog, Config(), clock=lambda: NOW), script)
    return sought
