"""`arka-tui status --brief`: what the last open vault left to be told. Opens nothing, asks nothing, sends nothing.

Quick to import, as it runs at each prompt; `__main__` comes here without looking at the other commands.
"""

import io
import sys
from datetime import UTC, datetime

from arka_tui import brief
from arka_tui.brief import COUNTS, Brief
from arka_tui.errors import ArkaError, ConfigError
from arka_tui.paths import Paths
from arka_tui.telling.brief import MISSING, UNREADABLE, line


def tell(paths: Paths, now: datetime | None = None) -> int:
    """Prints the line; nothing where there is no vault. Raises: as `found`."""
    told, _, _ = found(paths, now or datetime.now(UTC))
    (sys.stdout or io.StringIO()).write(f"{told}\n" if told else "")
    return 0


def found(paths: Paths, now: datetime) -> tuple[str, str, Brief | None]:
    """The line, what the vault is beside the summary, in a word of JSON.md, and the summary.

    Raises: ArkaError where there is no summary, ConfigError.
    """
    match brief.wanted(paths.settings):
        case None:
            raise ConfigError("the settings file has a mistake", "arka-tui doctor tells which")
        case False:
            raise ArkaError("there is no summary to tell of", f"status_cache = true in {paths.settings} switches it on")
    try:
        version = brief.version_of(paths.vault)
    except (OSError, brief.Unfit):
        return UNREADABLE, "unreadable", None
    kept = brief.load(paths.brief)
    if version is None:
        return (MISSING, "missing", None) if kept else ("", "none", None)
    if kept is None:
        raise ArkaError("there is no summary yet", _OPEN)
    if kept.version.store != version.store:
        raise ArkaError("the summary is of another vault", _OPEN)
    changed = kept.version != version
    return line(kept, now, changed=changed), "changed" if changed else "as_told", kept


_OPEN = "it is written when the vault is next open, by arka-tui list, say"


def record(paths: Paths, now: datetime) -> dict[str, object]:
    """The same as members of JSON. Raises: as `found`."""
    told, vault, kept = found(paths, now)
    return {
        "line": told,
        "vault": vault,
        "keys": kept and kept.keys,
        **{name: kept and getattr(kept, name) for name in COUNTS},
        "expires_on": kept and kept.expires_on,
        "tested_at": kept and kept.tested_at,
    }
