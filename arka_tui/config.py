"""The user's settings: one small TOML file, every key optional, a mistake named."""

import os
import re
import tempfile
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from urllib.parse import urlsplit

import tomli_w

from arka_tui.errors import ConfigError, NotSaved

_MAX_BYTES = 8_192
"""With one long dotted key, tomllib takes 73 MiB for this much; for 64 KiB it takes 4 GiB."""


LEAST_MINUTES = 15
"""Between two scheduled tests of all keys: providers count requests."""


@dataclass(frozen=True, slots=True)
class Config:
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
        data = tomllib.loads(text.decode())
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, RecursionError):
        raise ConfigError("the settings file cannot be read", hint) from None
    except tomllib.TOMLDecodeError:
        raise ConfigError("the settings file is not TOML", hint) from None
    known = {f.name: f for f in fields(Config)}
    for name, value in data.items():
        if name not in known:
            raise ConfigError(f"the settings file has an unknown key {name!r}", f"known keys: {', '.join(known)}")
        wanted = type(getattr(Config(), name))
        if type(value) is not wanted:
            raise ConfigError(f"the setting {name!r} must be {_KINDS[wanted]}", hint)
    config = Config(**data)
    if not 0 <= config.lock_after_minutes <= 480:
        raise ConfigError("the setting 'lock_after_minutes' must be between 0 and 480", hint)
    if config.test_every_minutes and not LEAST_MINUTES <= config.test_every_minutes <= 10_080:
        raise ConfigError(f"the setting 'test_every_minutes' must be 0, or between {LEAST_MINUTES} and 10080", hint)
    if config.proxy and not _is_proxy(config.proxy):
        raise ConfigError("the setting 'proxy' must be an address such as http://host:3128", hint)
    return config


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


_KINDS = {str: "a text", bool: "true or false", int: "a whole number"}
