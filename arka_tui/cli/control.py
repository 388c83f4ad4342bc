"""The controller, for the commands that ask a provider or need the catalog. The others do without: it takes a while to
import."""

import asyncio
import os
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from arka_tui import config, hygiene, links, overrides
from arka_tui.cli.desk import Desk
from arka_tui.cli.output import Sign
from arka_tui.controller import Controller
from arka_tui.providers import catalog
from arka_tui.store.ssh_agent import Agent
from arka_tui.store.vault import Vault

ResultT = TypeVar("ResultT")


@contextmanager
def controlled(desk: Desk, vault: Vault) -> Iterator[Controller]:
    """Of an open vault; locked at the end. Mistakes in the user's own files are told. Raises: ConfigError."""
    hygiene.hush_logs()
    known = catalog.with_own_providers(catalog.load_catalog(), desk.paths.providers)
    for mistake in known.troubles:
        desk.notes.tell(Sign.NOTE, mistake)
    settings = overrides.in_force(config.load(desk.paths.settings), desk.environ)
    if links.wanted(settings.links, desk.environ):
        desk.output.link(known.pages)
        desk.notes.link(known.pages)
    controller = Controller(desk.paths, vault, known, settings, agent=lambda: Agent.find(os.environ), clock=desk.now)
    try:
        yield controller
    finally:
        controller.lock()


def asking(controller: Controller, deed: Awaitable[ResultT]) -> ResultT:
    """Does what asks providers, and closes the connections. Ctrl-C ends it, once what was found out is in the log."""

    async def done() -> ResultT:
        try:
            return await deed
        finally:
            await controller.close()

    return asyncio.run(done())
