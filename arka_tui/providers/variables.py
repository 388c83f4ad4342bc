"""By which variables programs find a key: `variables.toml`, and `env` of the user's own providers.

Apart from the catalog, which takes a while to read, for what starts a program and needs nothing else.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from arka_tui.errors import CatalogError, UsageError
from arka_tui.table import Table, own_tree


@dataclass(frozen=True, slots=True)
class Variables:
    """Of one provider; `variables.toml` tells what each field is."""

    keys: tuple[str, ...]
    """Of the key: the first is set. Empty where none is known."""
    beside: tuple[str, ...]
    settings: Mapping[str, str]
    base_url: str
    lacks: str
    home: str
    openai: str | None

    @property
    def every(self) -> frozenset[str]:
        """What a program would take for this provider's: none of it stays from before."""
        return frozenset(filter(None, (*self.keys, *self.beside, *self.settings.values(), self.base_url)))

    def of_settings(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Values by variable, from values by name."""
        return {self.settings[name]: value for name, value in settings.items() if name in self.settings}

    def address_for_sdk(self, base_url: str) -> str:
        return base_url.removesuffix(self.lacks)

    def openai_base(self, base_url: str) -> str | None:
        """The base of an OpenAI client; None where the provider does not speak its dialect."""
        return None if self.openai is None else base_url.removesuffix(self.openai) + self.openai


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
UNKNOWN = Variables((), (), {}, "", "", "", None)


@cache
def shipped() -> Mapping[str, Variables]:
    """By provider."""
    text = (resources.files("arka_tui.providers") / "variables.toml").read_text("utf-8")
    return {name: _variables(Table(fields, name, CatalogError)) for name, fields in tomllib.loads(text).items()}


def own(file: Path) -> dict[str, Variables]:
    """Of the user's file, where there is one. Raises: UsageError where it cannot be read, or `env` is no text."""
    tree, trouble = own_tree(file)
    if trouble:
        raise UsageError(trouble, "arka-tui doctor tells more")
    return {name: _own(Table(fields, name, UsageError)) for name, fields in tree.items()}


def _variables(table: Table) -> Variables:
    variables = Variables(
        keys=table.texts_of("keys"),
        beside=table.texts_of("beside"),
        settings=table.table("settings").texts(),
        base_url=table.text("base_url", ""),
        lacks=table.text("lacks", ""),
        home=table.text("home", ""),
        openai=table.text("openai", ""),
    )
    table.finish()
    return variables


def _own(table: Table) -> Variables:
    """The rest of the table is the catalog's business."""
    env = table.text("env", "")
    if env and not NAME.fullmatch(env):
        raise table.mistake("env", "is no name of a variable")
    home = table.text("base_url", "").rstrip("/")
    speaks_openai = table.text("dialect", "") == "openai"
    return Variables((env,) if env else (), (), {}, "", "", home, "" if speaks_openai else None)
