"""What the environment has to say of the settings: `ARKA_*` variables, and whether the screen is far away.

A variable goes before the file, and the file before what fits. Nothing of this is ever written to the file.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from arka_tui.config import KINDS, Config, problem_with
from arka_tui.errors import ConfigError

_ONLY_IN_THE_FILE = {
    "proxy": "whoever sets a variable must not lead your keys' requests elsewhere",
    "ca_bundle": "whoever sets a variable must not say whom to trust with your keys",
    "key_file": "it is kept with the vault's other settings",
    "status_cache": "what is left on the disk is the settings file's to say",
    "keys": "it is a table",
}
"""Settings without a variable, and why."""
_OTHERS = ("ARKA_HOME", "ARKA_NO_ASK", "ARKA_DEBUG", "ARKA_EXEC")
"""Variables of ours that are no settings."""
_SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class _Liveliness:
    """What fits where nothing was chosen; the names are those of the settings."""

    frames_per_second: int
    animations: bool
    cursor_blink: bool
    clock: bool


_AT_HAND = _Liveliness(frames_per_second=60, animations=True, cursor_blink=True, clock=True)
_FAR_AWAY = _Liveliness(frames_per_second=15, animations=False, cursor_blink=False, clock=False)
"""Each frame crosses the network: nothing is sent while nothing happens, and holding a key costs half the bytes."""


def in_force(config: Config, environ: Mapping[str, str]) -> Config:
    """The file's `config` under the variables, and what fits where neither chose. Raises: ConfigError."""
    config = replace(config, **{name: _value(name, environ) for name in overridden(environ)})
    fits = asdict(_FAR_AWAY if environ.get("SSH_CONNECTION") else _AT_HAND)
    return replace(config, **{name: value for name, value in fits.items() if getattr(config, name) is None})


def overridden(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The settings that variables choose. An empty variable chooses nothing."""
    return tuple(name for name in KINDS if environ.get(variable(name)))


def variable(setting: str) -> str:
    return f"ARKA_{setting.upper()}"


def notices(config: Config, environ: Mapping[str, str]) -> list[str]:
    """What deserves to be told of the variables: those that are not known, and one that keeps the vault open longer
    than the file's `config` says.
    """
    told = []
    known = [*_OTHERS, *(variable(name) for name in KINDS if name not in _ONLY_IN_THE_FILE)]
    for name in sorted(environ):
        if name.startswith("ARKA_") and name not in known and name not in map(variable, KINDS):
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            told.append(f"{name} in the environment is not known" + (f"; did you mean {near[0]}?" if near else ""))
    minutes = in_force(config, environ).lock_after_minutes
    if config.lock_after_minutes and (not minutes or minutes > config.lock_after_minutes):
        locks = f"locks only after {minutes} idle minutes" if minutes else "never locks by itself"
        told.append(f"{variable('lock_after_minutes')} is set: the vault {locks}")
    return told


def _value(name: str, environ: Mapping[str, str]) -> Any:
    set_as, text = variable(name), environ[variable(name)]
    if reason := _ONLY_IN_THE_FILE.get(name):
        raise ConfigError(f"{set_as} in the environment is refused: {reason}", f"say {name} in the settings file")
    value: object = text
    if KINDS[name] is bool:
        value = _SWITCHES.get(text.lower(), text)
    elif KINDS[name] is int and re.fullmatch(r"[0-9]{1,9}", text):
        value = int(text)
    if problem := problem_with(name, value):
        raise ConfigError(f"{set_as} in the environment {problem}", "mend it, or unset it")
    return value
