"""Reads what providers send: hostile JSON, and the values in it. Nothing here raises; what cannot be is None."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Context, Decimal

_CALM = Context(prec=28, traps=[])
"""Arithmetic on numbers that providers send: what cannot be is NaN or infinite, and raises nothing."""
_SMALLEST = Decimal("1e-12")
"""USD. Beyond it an amount is noise, and would be a million digits long on the screen."""


def tree_of(body: bytes) -> object:
    try:
        return json.loads(body, parse_float=_CALM.create_decimal)
    except (ValueError, RecursionError):
        return None


def at(tree: object, place: str) -> object:
    return next(all_at(tree, place), None)


def all_at(tree: object, place: str) -> Iterator[object]:
    """What is at a path such as `data.budgets.*.remaining_usd`."""
    head, _, rest = place.partition(".")
    if isinstance(tree, dict):
        found = [tree[head]] if head in tree else []
    elif isinstance(tree, list) and head == "*":
        found = tree[:1000]
    else:
        found = tree[int(head) : int(head) + 1] if isinstance(tree, list) and head.isdigit() else []
    for each in found:
        if rest:
            yield from all_at(each, rest)
        else:
            yield each


def texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]


def mentions(tree: object, text: str) -> bool:
    """Whether a value anywhere in it is this text."""
    rest = [tree]
    while rest:
        each = rest.pop()
        if each == text:
            return True
        rest.extend(each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
    return False


def amount_of(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    amount = _CALM.create_decimal(value[:40] if isinstance(value, str) else value)
    if not amount.is_finite() or amount.adjusted() >= 12:
        return None
    exponent = amount.as_tuple().exponent
    return amount.quantize(_SMALLEST) if isinstance(exponent, int) and exponent < -12 else amount


def moment_of(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def plain_text(body: bytes) -> str:
    """Something readable of a body that says no error that we know: an HTML title, or its first words."""
    text = body[:4096].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
    return title[1] if title else re.sub(r"<[^>]{0,200}>", " ", text)


def whole_of(value: object) -> int | None:
    """A count, such as of tokens."""
    amount = amount_of(value)
    return int(amount) if amount is not None and amount == amount.to_integral_value() and amount >= 0 else None


def day_of(value: object) -> date | None:
    """Of a date or a moment, as text or as seconds since 1970."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
        seconds = whole_of(value)
        return datetime.fromtimestamp(seconds, UTC).date() if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
