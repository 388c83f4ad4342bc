"""Reads `catalog.toml` and validates it: a mistake is named by its place, and never met in the middle of a check."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from importlib import resources

from arka_tui.check import Learnt, Verdict
from arka_tui.credential import tidy_base_url
from arka_tui.errors import CatalogError, UsageError
from arka_tui.secret import Secret

DIALECTS = ("openai",)
_LEARNT_TEXTS = {field.name for field in fields(Learnt) if field.type == str | None}
_LEARNT = {field.name for field in fields(Learnt)} - {"models", "probe_model"}
"""What an answer can tell; the other two the check finds out itself."""


@dataclass(frozen=True, slots=True)
class KeyShape:
    pattern: re.Pattern[str]
    management: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """Something a request may need beside the key, sent as a header."""

    name: str
    title: str
    header: str
    example: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A field of the key probe's answer that settles the verdict. One of the three conditions is set."""

    field: str
    verdict: Verdict
    equals: bool | None = None
    at_most: Decimal | None = None
    past: bool = False


@dataclass(frozen=True, slots=True)
class KeyProbe:
    """The free request that needs the key."""

    path: str
    is_models_list: bool
    learn: tuple[tuple[str, str], ...]
    """Names of `Learnt` fields, and where the answer has them."""
    decides: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class ModelsList:
    """Where the models that a key reaches are listed, and what of each entry is where; empty is "not given"."""

    path: str
    retires: str
    price_in: str
    price_out: str
    outputs: str


@dataclass(frozen=True, slots=True)
class PaidProbe:
    """The smallest request that costs something; only it shows missing credit."""

    path: str
    body: str
    """JSON with `{model}` in it."""
    models: tuple[str, ...]
    """Preferred ones, best first; one that the key reaches is picked at run time."""
    cheapest: bool
    """Without a preferred one, the cheapest that the key reaches may serve."""
    cost_usd: Decimal
    """At most."""


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """Verdicts by what an error says, in the order in which they are asked."""

    code: Mapping[str, Verdict]
    type: Mapping[str, Verdict]
    message: Mapping[str, Verdict]
    """By a piece of the message, lower case; the first that fits counts."""
    status: Mapping[int, Verdict]


@dataclass(frozen=True, slots=True)
class Provider:
    id: str
    name: str
    dialect: str
    base_url: str
    models: str
    best_for: str
    env: str
    facts: str
    console: Mapping[str, str]
    key_shapes: tuple[KeyShape, ...]
    settings: tuple[Setting, ...]
    key_probe: KeyProbe
    models_list: ModelsList
    paid_probes: tuple[PaidProbe, ...]
    rate_headers: tuple[tuple[str, str], ...]
    errors: ErrorRules

    @property
    def paid_cost_usd(self) -> Decimal:
        """The most that one check's paid request costs."""
        return max(probe.cost_usd for probe in self.paid_probes)

    @property
    def usual_cost_usd(self) -> Decimal:
        """What it costs where the first choice serves."""
        return self.paid_probes[0].cost_usd


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key a string looks like."""

    name: str
    provider_id: str = ""
    """Empty where arka does not know that provider."""
    management: bool = False


@dataclass(frozen=True, slots=True)
class Catalog:
    providers: Mapping[str, Provider]
    elsewhere: tuple[tuple[str, re.Pattern[str]], ...]

    def __getitem__(self, provider_id: str) -> Provider:
        """Raises: UsageError."""
        try:
            return self.providers[provider_id]
        except KeyError:
            known = ", ".join(self.providers)
            raise UsageError(f"no provider named {provider_id!r}", f"known: {known}") from None

    def owner(self, secret: Secret) -> Owner | None:
        """By shape, offline; None is "cannot tell". A hint only: a key of no known shape may be good."""
        text = secret.reveal()
        for provider in self.providers.values():
            for shape in provider.key_shapes:
                if shape.pattern.fullmatch(text):
                    return Owner(provider.name, provider.id, shape.management)
        for name, pattern in self.elsewhere:
            if pattern.fullmatch(text):
                return Owner(name)
        return None

    def with_base_urls(self, base_urls: Mapping[str, str]) -> "Catalog":
        """The same providers at other addresses: how the demo and the tests put the simulator in their place."""
        moved = {
            name: replace(each, base_url=base_urls.get(name, each.base_url)) for name, each in self.providers.items()
        }
        return replace(self, providers=moved)


def load_catalog() -> Catalog:
    """The one we ship. Raises: CatalogError."""
    return parse_catalog((resources.files("arka_tui.providers") / "catalog.toml").read_text("utf-8"))


def parse_catalog(text: str) -> Catalog:
    """Raises: CatalogError, naming the table and key that is wrong."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise CatalogError("the provider catalog is not TOML") from None
    elsewhere = _Table(tree.pop("elsewhere", {}), "elsewhere")
    patterns = tuple((name, elsewhere.pattern(name)) for name in list(elsewhere.rest))
    return Catalog({name: _provider(name, _Table(table, name)) for name, table in tree.items()}, patterns)


def _provider(provider_id: str, table: "_Table") -> Provider:
    provider = Provider(
        id=provider_id,
        name=table.text("name"),
        dialect=table.one_of("dialect", DIALECTS),
        base_url=table.address("base_url"),
        models=table.text("models"),
        best_for=table.text("best_for"),
        env=table.text("env"),
        facts=table.text("facts"),
        console=table.table("console").texts(),
        key_shapes=tuple(_key_shape(each) for each in table.tables("key_shapes")),
        settings=tuple(_setting(each) for each in table.tables("settings")),
        key_probe=_key_probe(table.table("key_probe")),
        models_list=_models_list(table.table("models_list")),
        paid_probes=tuple(_paid_probe(each) for each in table.tables("paid_probes")),
        rate_headers=_learnt_fields(table.table("rate_headers"), _LEARNT_TEXTS & _LEARNT),
        errors=_error_rules(table.table("errors")),
    )
    table.finish()
    if not provider.paid_probes:
        raise CatalogError(f"{provider_id}.paid_probes is missing")
    return provider


def _key_shape(table: "_Table") -> KeyShape:
    kind = table.one_of("kind", ("inference", "management"), "inference")
    shape = KeyShape(table.pattern("pattern"), kind == "management")
    table.finish()
    return shape


def _setting(table: "_Table") -> Setting:
    setting = Setting(table.text("name"), table.text("title"), table.text("header"), table.text("example", ""))
    table.finish()
    return setting


def _key_probe(table: "_Table") -> KeyProbe:
    probe = KeyProbe(
        path=table.path("path"),
        is_models_list=table.flag("is_models_list"),
        learn=_learnt_fields(table.table("learn"), _LEARNT),
        decides=tuple(_decision(each) for each in table.tables("decides")),
    )
    table.finish()
    return probe


def _decision(table: "_Table") -> Decision:
    if len(table.rest.keys() & {"equals", "at_most", "past"}) != 1:
        raise table.mistake("field", "needs one of equals, at_most and past")
    decision = Decision(
        field=table.text("field"),
        verdict=table.verdict("verdict"),
        equals=table.flag("equals") if "equals" in table.rest else None,
        at_most=table.amount("at_most") if "at_most" in table.rest else None,
        past=table.flag("past"),
    )
    table.finish()
    return decision


def _models_list(table: "_Table") -> ModelsList:
    optional = ("retires", "price_in", "price_out", "outputs")
    models_list = ModelsList(table.path("path"), *(table.text(name, "") for name in optional))
    table.finish()
    return models_list


def _paid_probe(table: "_Table") -> PaidProbe:
    probe = PaidProbe(
        path=table.path("path"),
        body=table.body("body"),
        models=table.texts_of("models"),
        cheapest=table.flag("cheapest"),
        cost_usd=table.amount("cost_usd"),
    )
    table.finish()
    return probe


def _learnt_fields(table: "_Table", allowed: Collection[str]) -> tuple[tuple[str, str], ...]:
    for name in table.rest:
        if name not in allowed:
            raise table.mistake(name, "is nothing that a check learns")
    return tuple(table.texts().items())


def _error_rules(table: "_Table") -> ErrorRules:
    status, message = table.table("status"), table.table("message")
    for number in status.rest:
        if not re.fullmatch("[1-5][0-9][0-9]", number):
            raise status.mistake(number, "is not an HTTP status")
    for piece in message.rest:
        if piece != piece.lower():
            raise message.mistake(piece, "must be lower case")
    rules = ErrorRules(
        code=table.table("code").verdicts(),
        type=table.table("type").verdicts(),
        message=message.verdicts(),
        status={int(number): status.verdict(number) for number in list(status.rest)},
    )
    table.finish()
    return rules


class _Table:
    """A TOML table on its way into a dataclass: what is missing, mistyped or left over is an error with its place."""

    def __init__(self, fields: object, place: str) -> None:
        self.place = place
        if not isinstance(fields, dict):
            raise CatalogError(f"{place} must be a table")
        self.rest: dict[str, object] = dict(fields)

    def mistake(self, name: str, what: str) -> CatalogError:
        return CatalogError(f"{self.place}.{name} {what}")

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

    def path(self, name: str) -> str:
        """Begins with a slash: it is appended to an address, and must not change the host there."""
        value = self.text(name)
        if not re.fullmatch("(?:/[a-z0-9_-]+)+", value):
            raise self.mistake(name, "must be a path such as /models")
        return value

    def body(self, name: str) -> str:
        value = self.text(name)
        try:
            if "{model}" in value and isinstance(json.loads(value), dict):
                return value
        except ValueError:
            pass
        raise self.mistake(name, "must be a JSON object with {model} in a string")

    def flag(self, name: str) -> bool:
        value = self.rest.pop(name, False)
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

    def pattern(self, name: str) -> re.Pattern[str]:
        try:
            return re.compile(self.text(name))
        except (re.error, OverflowError):
            raise self.mistake(name, "is not a regular expression") from None

    def address(self, name: str) -> str:
        try:
            return tidy_base_url(self.text(name))
        except UsageError as wrong:
            raise self.mistake(name, f"is wrong: {wrong}") from None

    def verdict(self, name: str) -> Verdict:
        try:
            return Verdict(self.text(name))
        except ValueError:
            raise self.mistake(name, "is not a verdict") from None

    def table(self, name: str) -> "_Table":
        """Empty where it is absent: its own fields complain then, if any is needed."""
        return _Table(self.rest.pop(name, {}), f"{self.place}.{name}")

    def tables(self, name: str) -> "list[_Table]":
        value = self.rest.pop(name, [])
        if not isinstance(value, list):
            raise self.mistake(name, "must be a list of tables")
        return [_Table(each, f"{self.place}.{name}[{i}]") for i, each in enumerate(value)]

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in list(self.rest)}

    def texts_of(self, name: str) -> tuple[str, ...]:
        value = self.rest.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.mistake(name, "must be a list of texts")
        return tuple(value)

    def verdicts(self) -> dict[str, Verdict]:
        return {name: self.verdict(name) for name in list(self.rest)}
