"""The door is on screen before the rest of the program is loaded: what it shows, and what it waits for.

Half of the time until the first picture went into modules that nobody needs before the passphrase is typed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from arka_tui.config import Config
    from arka_tui.controller import Controller


class Door(Protocol):
    """What is known in front of a locked vault. A `Controller` is one."""

    @property
    def vault_path(self) -> Path: ...
    @property
    def config(self) -> "Config": ...
    @property
    def demo(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Loading:
    """A `Door` to a vault that is there by its name; `load` takes a while and imports most of the program."""

    vault_path: Path
    config: "Config"
    load: Callable[[], "Controller"]
    demo: bool = False
