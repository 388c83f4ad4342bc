"""The highest generation of each vault that was seen here, kept apart from the vaults: FORMAT.md §8.

Best effort: without it only the warning about an older copy is lost.
"""

import json
from contextlib import suppress
from pathlib import Path

from arka_tui.errors import NotSaved
from arka_tui.store.disk import make_folders, replace_file
from arka_tui.store.document import Document
from arka_tui.store.state import State

_MAX_BYTES = 1024 * 1024
"""Room for some thousand vaults."""


class HighWater:
    def __init__(self, path: Path) -> None:
        self._path = path

    def complaint(self, state: State) -> str:
        """Why `state` may not be the newest, or nothing."""
        return self.complaint_about(state.document)

    def complaint_about(self, document: Document) -> str:
        """The same of what is not opened yet, and so not authentic."""
        generation, mac = self._read().get(document.store_id.hex(), (0, ""))
        if document.generation < generation:
            return (
                f"this vault is at generation {document.generation}, but generation {generation} was seen here: "
                "it looks like an older copy, restored from a backup"
            )
        if document.generation == generation and document.mac.hex() != mac:
            return f"another vault of the same generation {generation} was seen here: it was changed in two places"
        return ""

    def remember(self, state: State, *, even_older: bool = False) -> None:
        seen, store = self._read(), state.store_id.hex()
        mark = (state.generation, state.document.mac.hex())
        if seen.get(store) == mark or (seen.get(store, (0, ""))[0] > mark[0] and not even_older):
            return
        with suppress(NotSaved):
            make_folders(self._path.parent)
            replace_file(self._path, json.dumps({**seen, store: mark}).encode())

    def _read(self) -> dict[str, tuple[int, str]]:
        try:
            with self._path.open("rb") as file:
                tree = json.loads(file.read(_MAX_BYTES))  # more does not parse
            return {str(store): (int(generation), str(mac)) for store, (generation, mac) in tree.items()}
        except (OSError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
            return {}
