"""How far moments are from now. Quick to import."""

import math
from datetime import datetime, timedelta


def ago(moment: datetime, now: datetime) -> str:
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for name, size in (("min", 3600), ("h", 86400)):
        if seconds < size:
            return f"{int(seconds / size * (60 if name == 'min' else 24))} {name} ago"
    return f"{int(seconds / 86400)} d ago"


def until(moment: datetime, now: datetime) -> str:
    left = moment - now
    if left <= timedelta(0):
        return "expired"
    return f"{left.days} d" if left.days else f"{max(1, int(left.total_seconds() // 3600))} h"


def within(moment: datetime, now: datetime) -> str:
    """in 3 s, in 5 min, in 9 h, in 2 d."""
    seconds = max(1, math.ceil((moment - now).total_seconds()))
    for name, size, of in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < of:
            return f"in {seconds // size} {name}"
    return f"in {seconds // 86_400} d"
