"""When a rate limit is full again, from the words of any provider."""

import re
from datetime import UTC, datetime, timedelta

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_NUMBER = re.compile(r"\d{1,13}(?:\.\d{1,9})?")
_FIRST_EPOCH_S = 1_000_000_000
"""A larger number of seconds is counted from 1970."""
_FIRST_EPOCH_MS = 1_000_000_000_000


def reset_moment(told: str, at: datetime) -> datetime | None:
    """`told` at the moment `at`: a duration such as 6m0s or 59.7ms, seconds, seconds or milliseconds since 1970, or a
    moment. None where it is none of these.
    """
    text = told.strip()
    try:
        if _NUMBER.fullmatch(text):
            return _of_number(float(text), at)
        parts = _PART.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            return at + timedelta(seconds=sum(float(number) * _UNIT_S[unit] for number, unit in parts))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _of_number(number: float, at: datetime) -> datetime:
    if number >= _FIRST_EPOCH_MS:
        return datetime.fromtimestamp(number / 1000, UTC)
    if number >= _FIRST_EPOCH_S:
        return datetime.fromtimestamp(number, UTC)
    return at + timedelta(seconds=number)
