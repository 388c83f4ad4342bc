"""The rules of the picks, read from `picks.toml` and the user's own file of that name. What they mean stands there."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TypeVar

from arka_tui.errors import ConfigError
from arka_tui.table import own_tree
from arka_tui.text import safe

T = TypeVar("T")

_MOST = 10**9
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS = ("price", "context", "output", "word")
CAPABILITIES = ("tools", "reasoning", "structured")
TIE_BREAKS = ("price", "context")


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where all that is set holds. What is not known of a model does not hold."""

    name_has: tuple[str, ...] = ()
    """One of these words is in the model's name."""
    of_class: str = ""
    price_at_most: Decimal | None = None
    """USD per 1M tokens, three parts in to one part out."""
    price_above: Decimal | None = None
    free: bool = False
    context_at_least: int | None = None
    """Tokens."""
    output_at_least: int | None = None
    """Tokens."""
    can: frozenset[str] = frozenset()
    reads: tuple[str, ...] = ()
    """Modalities: image, audio, video, file."""
    newest: bool = False
    """No model in reach is a newer one of its line."""


@dataclass(frozen=True, slots=True)
class Rank:
    points: Decimal
    when: Condition
    reason: str


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    title: str
    sentence: str
    require: Condition = field(default_factory=Condition)
    least_points: Decimal | None = None
    """A model with fewer is no pick."""
    rank: tuple[Rank, ...] = ()
    tie_break: tuple[str, ...] = TIE_BREAKS


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Models that are never picked."""

    name_has: tuple[str, ...] = ()
    retires_within_days: int = 14


@dataclass(frozen=True, slots=True)
class Rules:
    tasks: tuple[Task, ...]
    passed_over: PassedOver = field(default_factory=PassedOver)
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words of names; a model is of the first class that has one of its words."""
    mistakes: tuple[str, ...] = ()
    """In the user's file, each a sentence that names the place; what they are about is left out."""


def load_rules(user_file: Path) -> Rules:
    """The shipped rules; what the user's file has, if there is one, replaces what has the same name.

    A mistake in it is told in `mistakes`. A rank with one is left out; a task with one elsewhere is left out too, and
    then the shipped one of its name stays.
    """
    text = resources.files("arka_tui.insight").joinpath("picks.toml").read_text("utf-8")
    own, trouble = own_tree(user_file)
    mistakes: list[str] = [trouble] if trouble else []
    trees: tuple[dict[str, object], ...] = (tomllib.loads(text, parse_float=Decimal), own)
    lists: dict[str, dict[str, tuple[str, ...]]] = {"classes": {}, "words": {}}
    passed_over = PassedOver()
    for tree in trees:
        mistakes += [safe(f"{name} is not known") for name in tree if name not in _TABLES]
        for kind, known in lists.items():
            for name, value in _tables(tree, kind, mistakes):
                if words := _attempt(mistakes, partial(_list_of, f"{kind}.{name}", value)):
                    known[name] = words
        over = dict(_tables(tree, "passed_over", mistakes))
        passed_over = _attempt(mistakes, partial(_passed_over, over, passed_over)) or passed_over
    reader = _Reader(lists["classes"], lists["words"], mistakes)
    tasks: dict[str, Task] = {}
    for tree in trees:
        for name, table in _tables(tree, "tasks", mistakes):
            if task := _attempt(mistakes, partial(reader.task, name, table)):
                tasks[name] = task
    return Rules(tuple(tasks.values()), passed_over, lists["classes"], tuple(mistakes))


class _Fields:
    """A TOML table: each field is taken once; what nobody took is a mistake."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise ConfigError(safe(f"{place} must be a table"))
        self.place = place
        self.rest: dict[str, object] = dict(value)

    def mistake(self, name: str, what: str) -> ConfigError:
        return ConfigError(safe(f"{self.place}.{name} {what}"))

    def need(self, name: str, read: Callable[[object], T | None], must: str) -> T:
        if name not in self.rest:
            raise self.mistake(name, "is missing")
        value = read(self.rest.pop(name))
        if value is None:
            raise self.mistake(name, f"must be {must}")
        return value

    def take(self, name: str, read: Callable[[object], T | None], must: str, default: T) -> T:
        return self.need(name, read, must) if name in self.rest else default

    def finish(self) -> None:
        if self.rest:
            raise self.mistake(next(iter(self.rest)), "is not known")


def _attempt(mistakes: list[str], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except ConfigError as mistake:
        mistakes.append(str(mistake))
        return None


def _tables(tree: Mapping[str, object], name: str, mistakes: list[str]) -> list[tuple[str, object]]:
    value = tree.get(name, {})
    if isinstance(value, dict):
        return list(value.items())
    mistakes.append(f"{name} must be a table")
    return []


def _list_of(place: str, value: object) -> tuple[str, ...]:
    words = _words(value)
    if words is None:
        raise ConfigError(safe(f"{place} must be {_A_LIST}"))
    return words


def _passed_over(table: Mapping[str, object], before: PassedOver) -> PassedOver:
    fields = _Fields(table, "passed_over")
    now = PassedOver(
        name_has=fields.take("name_has", _words, _A_LIST, before.name_has),
        retires_within_days=fields.take("retires_within_days", _count, _A_COUNT, before.retires_within_days),
    )
    fields.finish()
    return now


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tasks; they may name the classes and lists of words."""

    classes: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    mistakes: list[str]

    def task(self, name: str, value: object) -> Task:
        fields = _Fields(value, f"tasks.{name}")
        require = _Fields(fields.rest.pop("require", {}), f"tasks.{name}.require")
        task = Task(
            id=name,
            title=fields.need("title", _text, _A_TEXT),
            sentence=fields.need("sentence", _text, _A_TEXT),
            require=self._condition(require),
            least_points=fields.take("least_points", _number, _A_NUMBER, None),
            tie_break=fields.take("tie_break", _tie_break, f"a list of {' and '.join(TIE_BREAKS)}", TIE_BREAKS),
            rank=self._ranks(fields),
        )
        require.finish()
        fields.finish()
        return task

    def _ranks(self, fields: _Fields) -> tuple[Rank, ...]:
        value = fields.rest.pop("rank", [])
        if not isinstance(value, list):
            raise fields.mistake("rank", "must be a list of tables")
        places = [(each, f"{fields.place}.rank[{i}]") for i, each in enumerate(value)]
        ranks = [_attempt(self.mistakes, partial(self._rank, each, place)) for each, place in places]
        return tuple(rank for rank in ranks if rank)

    def _rank(self, value: object, place: str) -> Rank:
        fields = _Fields(value, place)
        points = fields.need("points", _number, _A_NUMBER)
        reason = fields.need("reason", _text, _A_TEXT)
        unknown = [each for each in _PLACEHOLDER.findall(reason) if each not in PLACEHOLDERS]
        if unknown:
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise fields.mistake("reason", f"has {{{unknown[0]}}}, and there is only {known}")
        rank = Rank(points, self._condition(fields), reason)
        fields.finish()
        return rank

    def _condition(self, fields: _Fields) -> Condition:
        classes, lists = ", ".join(self.classes), ", ".join(self.words)
        return Condition(
            name_has=fields.take("name_has", self._name_has, f"{_A_LIST}, or one of: {lists}", _NONE),
            of_class=fields.take("class", self._class, f"one of: {classes}", ""),
            price_at_most=fields.take("price_at_most", _amount, _AN_AMOUNT, None),
            price_above=fields.take("price_above", _amount, _AN_AMOUNT, None),
            free=fields.take("free", _flag, _A_FLAG, False),
            context_at_least=fields.take("context_at_least", _count, _A_COUNT, None),
            output_at_least=fields.take("output_at_least", _count, _A_COUNT, None),
            can=frozenset(fields.take("can", _capabilities, f"a list of: {', '.join(CAPABILITIES)}", _NONE)),
            reads=fields.take("reads", _words, _A_LIST, _NONE),
            newest=fields.take("newest", _flag, _A_FLAG, False),
        )

    def _name_has(self, value: object) -> tuple[str, ...] | None:
        return self.words.get(value) if isinstance(value, str) else _words(value)

    def _class(self, value: object) -> str | None:
        return value if isinstance(value, str) and value in self.classes else None


_TABLES = ("classes", "words", "passed_over", "tasks")
_A_TEXT, _A_NUMBER, _A_COUNT, _A_FLAG = "a text", "a number", "a whole number, 0 or more", "true or false"
_NONE: tuple[str, ...] = ()
_AN_AMOUNT, _A_LIST = "an amount such as 2.50", "a list of words"


def _text(value: object) -> str | None:
    return safe(value) if isinstance(value, str) else None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and abs(number) < _MOST else None


def _amount(value: object) -> Decimal | None:
    number = _number(value)
    return number if number is not None and number >= 0 else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _MOST else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _words(value: object) -> tuple[str, ...] | None:
    """Lower case, none of them empty."""
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        return None
    return tuple(each.strip().lower() for each in value)


def _capabilities(value: object) -> tuple[str, ...] | None:
    words = _words(value)
    return words if words is not None and set(words) <= set(CAPABILITIES) else None


def _tie_break(value: object) -> tuple[str, ...] | None:
    words = _words(value)
    return words if words is not None and set(words) <= set(TIE_BREAKS) else None
