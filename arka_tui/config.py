"""The user's settings: one small TOML file, every key optional, a mistake named.

What the environment says of them, and what fits where nobody chose, is in `overrides`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from arka_tui import key_names
from arka_tui.errors import ConfigError, NotSaved

_MAX_BYTES = 32_768

LEAST_MINUTES = 15
"""Between two scheduled tests of all keys: providers count requests."""


@dataclass(frozen=True, slots=True)
class Config:
    """None is: nothing chosen."""

    theme: str = "arka"
    paid_test: bool = True
    """Whether a test may send the smallest paid request; only that shows missing credit."""
    lock_after_minutes: int = 10
    """Idle minutes until the vault locks itself; 0 is never."""
    test_every_minutes: int = 0
    """How often all keys are tested by themselves while the vault is open; 0 is never."""
    proxy: str = ""
    """http://host:port through which all requests go; the environment's proxies are ignored."""
    ca_bundle: str = ""
    """A PEM file that replaces the built-in certificate authorities."""
    key_file: str = ""
    """Where the key file is that opens the vault: proposed at unlock."""
    status_cache: bool = False
    """Whether `brief.json` is kept for `arka-tui status --brief`. Read anew each time, by `brief.wanted`."""
    frames_per_second: int | None = None
    """At most so many times a second the screen is painted."""
    animations: bool | None = None
    cursor_blink: bool | None = None
    """In fields; 2 kB a second."""
    clock: bool | None = None
    """Whether ages ("3 min ago") count on by themselves; else the next key of the keyboard brings them up to date."""
    links: bool | None = None
    """Whether addresses are links that the terminal opens; None is "as the terminal seems to know them"."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By the id of a binding, its keys, with commas. Which ids there are the screens know."""

    @property
    def network_notice(self) -> str:
        """What about the network is not the default, for the screen; or nothing."""
        proxy = re.sub(r"//[^/]*@", "//", self.proxy)  # its password is nobody's to read
        parts = [f"proxy {proxy}"] if proxy else []
        return " · ".join(parts + ([f"own CA {self.ca_bundle}"] if self.ca_bundle else []))


def load(path: Path) -> Config:
    """The defaults where there is no file. Raises: ConfigError."""
    hint = f"mend {path}, or move it away to use the defaults"
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise ConfigError("the settings file is too large", hint)
        from arka_tui.table import MAX_LINE_CHARS

        if any(len(line) > MAX_LINE_CHARS for line in text.splitlines()):
            raise ConfigError("the settings file has a line that is too large", hint)
        data = tomllib.loads(text.decode())
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, RecursionError):
        raise ConfigError("the settings file cannot be read", hint) from None
    except tomllib.TOMLDecodeError:
        raise ConfigError("the settings file is not TOML", hint) from None
    for name, value in data.items():
        if name not in KINDS:
            raise ConfigError(f"the settings file has an unknown key {name!r}", f"known keys: {', '.join(KINDS)}")
        if name != "keys" and (problem := problem_with(name, value)):
            raise ConfigError(f"the setting {name!r} {problem}", hint)
    return Config(**(data | {"keys": _keys(data.get("keys", {}), hint)}))


def problem_with(name: str, value: object) -> str:
    """What is wrong with the value of a known setting; or nothing."""
    if type(value) is not KINDS[name]:
        return f"must be {_KINDS_TOLD[KINDS[name]]}"
    if isinstance(value, int) and name in _LIMITS:
        least, most = _LIMITS[name]
        if not least <= value <= most:
            return f"must be between {least} and {most}"
    if name == "test_every_minutes" and value and not LEAST_MINUTES <= int(str(value)) <= _MOST_MINUTES:
        return f"must be 0, or between {LEAST_MINUTES} and {_MOST_MINUTES}"
    if name == "proxy" and value and not _is_proxy(str(value)):
        return "must be an address such as http://host:3128"
    return ""


def _keys(table: object, hint: str) -> dict[str, str]:
    """`keys.add = "n"` and `"keys.add" = "n"` are the same. Raises: ConfigError."""
    if not isinstance(table, dict):
        raise ConfigError("[keys] in the settings file must be a table", hint)
    found: dict[str, str] = {}
    for first, value in table.items():
        named = {f"{first}.{rest}": each for rest, each in value.items()} if isinstance(value, dict) else {first: value}
        for name, keys in named.items():
            if not isinstance(keys, str):
                raise ConfigError(f'[keys] {name!r} in the settings file must be a text such as "ctrl+n"', hint)
            try:
                key_names.parse(keys)
            except ConfigError as mistake:
                raise ConfigError(f"[keys] {name!r} in the settings file: {mistake}", mistake.hint) from None
            found[name] = keys
    return found


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def save(path: Path, config: Config, **changes: str | bool | int) -> Config:
    """`config` with `changes`, written beside the file and renamed over it. Raises: NotSaved."""
    changed = replace(config, **changes)  # type: ignore[arg-type]  # names and types are Config's own
    default = asdict(Config())
    import tempfile  # at each start it would cost, as its neighbour, and most starts save nothing

    import tomli_w

    text = tomli_w.dumps({name: value for name, value in asdict(changed).items() if value != default[name]})
    try:
        target = Path(os.path.realpath(path))  # of a link, what it points to is replaced
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".config.toml.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())  # else a power failure may leave an empty file: the proxy would be forgotten
            Path(temporary).replace(target)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError:
        raise NotSaved("the settings could not be saved", f"look at {path.parent}: disk full, or not yours?") from None
    return changed


KINDS: dict[str, Any] = {
    each.name: next(iter(get_args(each.type)), each.type) if each.name != "keys" else dict for each in fields(Config)
}
"""By the name of a setting, the type of its value."""
_KINDS_TOLD = {str: "a text", bool: "true or false", int: "a whole number"}
_LIMITS = {"lock_after_minutes": (0, 480), "frames_per_second": (1, 60)}
_MOST_MINUTES = 10_080
