"""Keeps `brief.json` beside an open vault, where the user asked for it. `brief` says what is in it, and why no more."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from arka_tui import brief
from arka_tui.brief import Brief
from arka_tui.check import Check, Mood, Verdict
from arka_tui.credential import last_checks
from arka_tui.errors import NotSaved, VaultLocked
from arka_tui.paths import Paths
from arka_tui.store.vault import Vault


def keep_brief(vault: Vault, paths: Paths, clock: Callable[[], datetime]) -> None:
    """From now on, at all news of `vault`. That it cannot be written is seen where it is read, and stops nothing."""
    one_by_one = threading.Lock()  # so that the last one to write is the last one that looked

    def keep() -> None:
        with one_by_one, suppress(VaultLocked):
            _keep(vault, paths, clock)

    vault.on_news = keep


def _keep(vault: Vault, paths: Paths, clock: Callable[[], datetime]) -> None:
    """Raises: VaultLocked."""
    match brief.wanted(paths.settings):
        case False:
            with suppress(OSError):
                paths.brief.unlink()
        case True:
            from arka_tui.store.disk import make_folders, replace_file

            told = brief.dump(summed_up(vault, clock()))
            with suppress(OSError, brief.Unfit):
                if brief.read(paths.brief) == told:
                    return
            with suppress(NotSaved):
                make_folders(paths.state)
                replace_file(paths.brief, told)


def summed_up(vault: Vault, now: datetime) -> Brief:
    """Raises: VaultLocked."""
    from arka_tui.insight.warnings import next_expiry, warnings  # not for those who want no summary: 8 ms

    (store_id, generation), keys, checks = vault.version(), vault.list(), vault.history.checks
    last = last_checks(keys, checks)
    counts = Counter(map(_mood, last.values()))
    expires_at = next_expiry(keys, checks, now)
    oldest = min((check.at for check in last.values()), default=None)
    return Brief(
        good=counts[Mood.GOOD],
        care=counts[Mood.CARE],
        bad=counts[Mood.BAD],
        unsure=counts[Mood.UNSURE],
        untested=len(keys) - len(last),
        warned=len(last.keys() & warnings(keys, checks, now).keys()),
        expires_on=expires_at.astimezone(UTC).date() if expires_at else None,
        tested_at=oldest.astimezone(UTC).replace(microsecond=0) if oldest else None,
        version=brief.version(store_id, generation),
    )


def _mood(check: Check) -> Mood:
    """A server that looks at no key is as well as it can be."""
    return Mood.GOOD if check.verdict is Verdict.NOT_VERIFIABLE else check.verdict.meaning.mood
