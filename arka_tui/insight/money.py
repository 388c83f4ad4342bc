"""Amounts of money in words: one way for warnings, lists and details."""

from decimal import Decimal

from arka_tui.text import safe

_LEAST = Decimal("0.000000001")
_UNTOLD = Decimal(10) ** 12


def is_sensible(amount: Decimal) -> bool:
    """Whether it can be an amount of money."""
    return amount.is_finite() and abs(amount) < _UNTOLD


def money(amount: Decimal, currency: str | None = None) -> str:
    """$12.40, or CNY 12.40 where it is not USD; small amounts keep four digits: $0.00001004. `amount` is sensible."""
    size = abs(amount)
    if size == 0:
        text = "0"
    elif size >= Decimal("0.01"):
        text = f"{size:,.2f}"
    else:
        text = f"{Decimal(f'{max(size, _LEAST):.3e}').normalize():f}"
    name = safe(currency or "USD", 8).upper()
    told = f"${text}" if name == "USD" else f"{name} {text}"
    return f"{'under ' if 0 < size < _LEAST else ''}{'-' if amount < 0 else ''}{told}"
