"""TOML on its way into dataclasses: what is missing, mistyped or left over is an error that names its place."""

import re
import tomllib
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Self

from arka_tui.errors import ArkaError

MAX_BYTES = 65_536
MAX_LINE_CHARS = 1_000
"""tomllib's memory grows with the square of a dotted key's parts: 64 KiB of `a.a.a…` would take 4 GiB."""


def own_tree(file: Path) -> tuple[dict[str, object], str]:
    """What a file of the user's says, and what is wrong with it as a whole; both empty where there is none.

    Numbers with a point are Decimals. Raises nothing.
    """
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
        text = raw.decode()
        if len(raw) > MAX_BYTES:
            return {}, f"{file.name} is larger than {MAX_BYTES // 1024} KiB"
        if any(len(line) > MAX_LINE_CHARS for line in text.splitlines()):
            return {}, f"{file.name} has a line of more than {MAX_LINE_CHARS} characters"
        return tomllib.loads(text, parse_float=Decimal), ""
    except FileNotFoundError:
        return {}, ""
    except tomllib.TOMLDecodeError as wrong:
        place = re.search(r"line [0-9]+, column [0-9]+", str(wrong))
        return {}, f"{file.name} is not TOML" + (f", at {place[0]}" if place else "")
    except (OSError, ValueError, ArithmeticError, RecursionError):
        return {}, f"{file.name} cannot be read"


class Table:
    """Each field is taken once; what nobody took is a mistake when it is finished.

    `error` makes the exception from a sentence such as `groq.base_url is missing`.
    """

    def __init__(self, fields: object, place: str, error: Callable[[str], ArkaError]) -> None:
        self.place = place
        self._error = error
        if not isinstance(fields, dict):
            raise error(f"{place} must be a table")
        self.rest: dict[str, object] = dict(fields)

    def mistake(self, name: str, what: str) -> ArkaError:
        return self._error(f"{self.place}.{name} {what}")

    def finish(self) -> None:
        if self.rest:
            raise self.mistake(next(iter(self.rest)), "is not known")

    def text(self, name: str, default: str | None = None) -> str:
        value = self.rest.pop(name, default)
        if not isinstance(value, str):
            raise self.mistake(name, "is missing" if value is None else "must be a text")
        return value

    def one_of(self, name: str, known: Collection[str], default: str | None = None) -> str:
        value = self.text(name, default)
        if value not in known:
            raise self.mistake(name, f"must be {' or '.join(known)}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.rest.pop(name, default)
        if not isinstance(value, bool):
            raise self.mistake(name, "must be true or false")
        return value

    def amount(self, name: str) -> Decimal:
        value = self.rest.pop(name, None)
        try:
            amount = Decimal(value if isinstance(value, str) or type(value) is int else "")
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            raise self.mistake(name, 'must be an amount such as "0.00002"')
        return amount

    def day(self, name: str) -> date:
        value = self.rest.pop(name, None)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.mistake(name, "must be a date such as 2026-11-23")
        return value

    def pattern(self, name: str) -> re.Pattern[str]:
        try:
            return re.compile(self.text(name))
        except (re.error, OverflowError):
            raise self.mistake(name, "is not a regular expression") from None

    def table(self, name: str, default: object = None) -> Self:
        """Empty where it is absent: its own fields complain then, if any is needed."""
        return type(self)(self.rest.pop(name, default or {}), f"{self.place}.{name}", self._error)

    def tables(self, name: str) -> list[Self]:
        value = self.rest.pop(name, [])
        if not isinstance(value, list):
            raise self.mistake(name, "must be a list of tables")
        return [type(self)(each, f"{self.place}.{name}[{i}]", self._error) for i, each in enumerate(value)]

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in list(self.rest)}

    def texts_of(self, name: str) -> tuple[str, ...]:
        value = self.rest.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.mistake(name, "must be a list of texts")
        return tuple(value)
