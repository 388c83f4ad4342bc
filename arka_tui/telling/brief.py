"""The line of `arka-tui status --brief`. Quick to import."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from arka_tui.brief import Brief
from arka_tui.telling.times import ago

SOON = timedelta(days=14)
"""An expiry nearer than this is worth a word."""
FRESH = timedelta(days=1)
"""Of good keys a younger test is not worth one."""
MISSING = "arka: the vault file is gone, arka-tui doctor tells more"
UNREADABLE = "arka: the vault file is damaged, arka-tui doctor tells more"


def line(brief: Brief, now: datetime, *, changed: bool) -> str:
    """What needs a person comes first. Letters, digits, spaces and `,:.-` only: nothing that a shell's prompt, tmux or
    a terminal reads as more. `changed`: the vault is at another state now."""
    needs, expiry = [*_needs(brief)], _expiry(brief, now)
    fine = not needs and not expiry
    fresh = not brief.tested_at or now - brief.tested_at < FRESH
    parts = [
        f"{', '.join(needs)} of {brief.keys}" if needs else _all(brief.keys, ok=fine and fresh, changed=changed),
        expiry,
        f"tested {ago(brief.tested_at, now)}" if brief.tested_at and not (fine and fresh) else "",
        "vault changed since" if changed else "",
    ]
    return "arka: " + ", ".join(filter(None, parts))


def _all(keys: int, *, ok: bool, changed: bool) -> str:
    if not keys:
        return "no keys then" if changed else "no keys yet"
    return ("1 key" if keys == 1 else f"{keys} keys") + (" ok" if ok and not changed else "")


def _needs(brief: Brief) -> Iterator[str]:
    if brief.bad:
        yield f"{brief.bad} bad"
    if brief.care:
        yield f"{brief.care} {'needs' if brief.care == 1 else 'need'} you"
    if brief.warned:
        yield f"{brief.warned} with {'a warning' if brief.warned == 1 else 'warnings'}"
    if brief.unsure:
        yield f"{brief.unsure} unsure"
    if brief.untested:
        yield f"{brief.untested} untested"


def _expiry(brief: Brief, now: datetime) -> str:
    if brief.expires_on is None:
        return ""
    days = (brief.expires_on - now.date()).days
    if days >= SOON.days:
        return ""
    return "one has expired" if days < 0 else "one expires today" if days == 0 else f"one expires in {days} d"
