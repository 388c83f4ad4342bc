"""Amounts of money in words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.insight.money import is_sensible, money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", None, "$1,234.50"),
        ("0", "usd", "$0"),
        ("-0", "CNY", "CNY 0"),
        ("0.0042", "USD", "$0.0042"),
        ("0.00001004", None, "$0.00001004"),
        ("0.00000002", None, "$0.00000002"),
        ("0.0000000001", "EUR", "under EUR 0.000000001"),
        ("-3.5", None, "-$3.50"),
        ("-3.5", "CNY", "-CNY 3.50"),
        ("7", "\x1b[2JCNY", "␛[2JCNY 7.00"),
    ],
)
def test_money_is_told_in_its_currency(amount: str, currency: str | None, text: str) -> None:
    assert money(Decimal(amount), currency) == text


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_what_is_something_is_never_told_as_nothing_and_is_short(amount: Decimal) -> None:
    if is_sensible(amount):
        told = money(amount)
        assert len(told) <= 24
        assert (told == "$0") is (amount == 0)
