"""Reads `catalog.toml` and the user's own providers, and validates them: a mistake is named by its place, and never
met in the middle of a check.
"""

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from importlib import resources
from pathlib import Path

from arka_tui.check import Learnt, Verdict
from arka_tui.credential import tidy_base_url
from arka_tui.errors import CatalogError, UsageError
from arka_tui.links import is_page
from arka_tui.providers.provider import (
    RESERVED_NAMES,
    Decision,
    Dialect,
    ErrorRules,
    Fact,
    FreeProbe,
    KeyProbe,
    KeyShape,
    ModelsList,
    Paging,
    PaidProbe,
    PriceUnit,
    Provider,
    ScopeProbe,
    Setting,
)
from arka_tui.secret import Secret
from arka_tui.table import Table, own_tree

_CHECKS_OWN = {"models", "probe_model", "works_at", "clock_skew_s"}
"""What a check finds out itself; the rest of `Learnt` an answer can tell."""
_LEARNT = {field.name for field in fields(Learnt)} - _CHECKS_OWN
_RATES = {f"{what}_{of}" for what in ("requests", "tokens") for of in ("limit", "remaining", "reset")}
_MODELS_LIST_TEXTS = (
    *("id", "strip", "name", "context", "max_output", "price_in", "price_out"),
    *("inputs", "outputs", "capabilities", "retires", "chat_field", "chat_value"),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key a string looks like."""

    name: str
    provider_id: str = ""
    """Empty where arka does not know that provider."""
    management: bool = False
    sure: bool = True
    """False where the shape is so plain that others may use it too."""


@dataclass(frozen=True, slots=True)
class Catalog:
    providers: Mapping[str, Provider]
    elsewhere: tuple[tuple[str, re.Pattern[str]], ...]
    dialects: Mapping[str, Dialect]
    troubles: tuple[str, ...] = ()
    """Mistakes in the user's own file, each a sentence."""

    def __getitem__(self, provider_id: str) -> Provider:
        """Raises: UsageError."""
        try:
            return self.providers[provider_id]
        except KeyError:
            known = ", ".join(self.providers)
            raise UsageError(f"no provider named {provider_id!r}", f"known: {known}") from None

    @property
    def pages(self) -> frozenset[str]:
        """The providers' own pages: the only addresses that a terminal is ever told to open."""
        pages = {page for provider in self.providers.values() for page in provider.console.values()}
        return frozenset(filter(is_page, pages))

    def owner(self, secret: Secret, at: str = "") -> Owner | None:
        """By shape, offline; None is "cannot tell". A hint only: a key of no known shape may be good.

        The shapes of the provider `at` come first. A shape that more than one provider uses tells nothing else.
        """
        text = secret.reveal()
        fits = [
            Owner(provider.name, provider.id, shape.management, sure=not shape.weak)
            for provider in self.providers.values()
            for shape in provider.key_shapes
            if shape.pattern.fullmatch(text)
        ]
        sure = [owner for owner in fits if owner.sure]
        strangers = [Owner(name) for name, pattern in self.elsewhere if pattern.fullmatch(text)]
        for owners in ([owner for owner in fits if owner.provider_id == at], sure, strangers):
            if owners:
                return owners[0]
        return fits[0] if len({owner.provider_id for owner in fits}) == 1 else None

    def holds_key(self, text: str) -> bool:
        """Whether a key of a known shape may be in it; of a plain shape only where it is all there is."""
        shapes = [shape for provider in self.providers.values() for shape in provider.key_shapes]
        sure = [shape.pattern for shape in shapes if not shape.weak] + [pattern for _, pattern in self.elsewhere]
        return any(each.search(text) for each in sure) or any(each.pattern.fullmatch(text) for each in shapes)

    def with_base_urls(self, base_urls: Mapping[str, str]) -> "Catalog":
        """The same providers at other addresses: how the demo and the tests put the simulator in their place.

        `id` names a provider's address, `id/account` its second one.
        """
        moved = {
            name: replace(
                each,
                base_url=base_urls.get(name, each.base_url),
                account_url=base_urls.get(f"{name}/account", each.account_url),
            )
            for name, each in self.providers.items()
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
    elsewhere = _table(tree.pop("elsewhere", {}), "elsewhere")
    patterns = tuple((name, elsewhere.pattern(name)) for name in list(elsewhere.rest))
    spoken = _table(tree.pop("dialects", {}), "dialects")
    dialects = {name: _dialect(spoken.table(name)) for name in list(spoken.rest)}
    providers = {name: _provider(name, _table(table, name), dialects) for name, table in tree.items()}
    return Catalog(providers, patterns, dialects)


def with_own_providers(catalog: Catalog, file: Path) -> Catalog:
    """And those of the user's file, where there is one. A table with a mistake is left out, and told in `troubles`."""
    tree, trouble = own_tree(file)
    if not tree:
        return replace(catalog, troubles=(trouble,)) if trouble else catalog
    own: dict[str, Provider] = {}
    troubles: list[str] = []
    for name, table in tree.items():
        try:
            own[name] = _own_provider(name, table, catalog)
        except CatalogError as mistake:
            troubles.append(f"{file.name}: {mistake}; the rest of it works")
    return replace(catalog, providers={**catalog.providers, **own}, troubles=tuple(troubles))


def _own_provider(provider_id: str, fields: object, catalog: Catalog) -> Provider:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,29}", provider_id):
        raise CatalogError(f"{provider_id!r} is no name for a provider: use up to 30 of a-z, 0-9, - and _")
    if provider_id in (*catalog.providers, "dialects", "elsewhere"):
        raise CatalogError(f"{provider_id} is taken: arka brings a provider of that name")
    table = _table(fields, provider_id)
    if "account_url" in table.rest:
        raise table.mistake("account_url", "is not for own providers: their keys have one address")
    return replace(_provider(provider_id, table, catalog.dialects), own=True)


def _table(fields: object, place: str) -> "_CatalogTable":
    return _CatalogTable(fields, place, CatalogError)


def _dialect(table: "_CatalogTable") -> Dialect:
    dialect = Dialect(
        secret_header=table.text("secret_header"),
        secret_prefix=table.text("secret_prefix", ""),
        headers=tuple(table.table("headers").texts().items()),
        results=table.texts_of("results"),
        paid_path=table.path("paid_path"),
        paid_body=table.text("paid_body"),
        rate_headers=_learnt_fields(table.table("rate_headers"), _RATES),
        errors=_error_rules(table.table("errors")),
        models_list=dict(table.table("models_list").rest),
    )
    table.rest.pop("models_list", None)
    table.finish()
    return dialect


def _provider(provider_id: str, table: "_CatalogTable", dialects: Mapping[str, Dialect]) -> Provider:
    name = table.text("name")
    dialect_name = table.one_of("dialect", dialects)
    dialect = dialects[dialect_name]
    base_url = table.address("base_url") if "base_url" in table.rest else ""
    shape = table.pattern("address_shape") if "address_shape" in table.rest else None
    models_list = _models_list(table.table("models_list"), dialect)
    own_rates = _learnt_fields(table.table("rate_headers"), _RATES)
    provider = Provider(
        id=provider_id,
        name=name,
        dialect=dialect_name,
        base_url=base_url,
        address_example=table.text("address_example", "") if base_url else table.text("address_example"),
        address_shape=shape,
        account_url=table.address("account_url") if "account_url" in table.rest else "",
        local=table.flag("local"),
        secret_header=table.text("secret_header", dialect.secret_header),
        secret_prefix=table.text("secret_prefix", dialect.secret_prefix),
        headers=(*dialect.headers, *table.table("headers").texts().items()),
        models=table.text("models", ""),
        best_for=table.text("best_for", ""),
        env=table.text("env", ""),
        facts=tuple(_fact(each) for each in table.tables("facts")),
        console=table.table("console").texts(),
        key_shapes=tuple(_key_shape(each) for each in table.tables("key_shapes")),
        settings=tuple(_setting(each) for each in table.tables("settings")),
        key_probe=_key_probe(table.table("key_probe", {"path": models_list.path, "is_models_list": True})),
        models_list=models_list,
        info_probes=tuple(_info_probe(each) for each in table.tables("info_probes")),
        paid_probes=tuple(_paid_probe(each, dialect) for each in table.tables("paid_probes")),
        scope_probes=tuple(_scope_probe(each) for each in table.tables("scope_probes")),
        results=dialect.results,
        rate_headers=own_rates or dialect.rate_headers,
        errors=_error_rules(table.table("errors")).before(dialect.errors),
        next_steps=_next_steps(table.table("next_steps")),
    )
    table.finish()
    return provider


def _fact(table: "_CatalogTable") -> Fact:
    fact = Fact(table.text("about"), table.text("source"), table.day("date"))
    table.finish()
    return fact


def _key_shape(table: "_CatalogTable") -> KeyShape:
    kind = table.one_of("kind", ("inference", "management"), "inference")
    shape = KeyShape(table.pattern("pattern"), kind == "management", table.flag("weak"))
    table.finish()
    return shape


def _setting(table: "_CatalogTable") -> Setting:
    setting = Setting(table.text("name"), table.text("title"), table.text("header", ""), table.text("example", ""))
    if not re.fullmatch("[a-z][a-z0-9_]*", setting.name):
        raise table.mistake("name", "must be of a-z, 0-9 and _")
    if setting.name in RESERVED_NAMES:
        raise table.mistake("name", "is the name of a field that every key has")
    table.finish()
    return setting


def _key_probe(table: "_CatalogTable") -> KeyProbe:
    probe = KeyProbe(
        path=table.path("path"),
        at_account=table.flag("at_account"),
        learn=_learnt_fields(table.table("learn"), _LEARNT),
        method=table.one_of("method", ("GET", "POST"), "GET"),
        body=table.text("body", ""),
        is_models_list=table.flag("is_models_list"),
        compare=table.flag("compare"),
        decides=tuple(_decision(each) for each in table.tables("decides")),
    )
    if not probe.is_models_list and not probe.learn:
        raise table.mistake("learn", "is missing: nothing would tell its answer from any web page")
    table.finish()
    return probe


def _info_probe(table: "_CatalogTable") -> FreeProbe:
    probe = FreeProbe(table.path("path"), table.flag("at_account"), _learnt_fields(table.table("learn"), _LEARNT))
    table.finish()
    return probe


def _decision(table: "_CatalogTable") -> Decision:
    if len(table.rest.keys() & {"equals", "at_most", "past", "lacks"}) != 1:
        raise table.mistake("field", "needs one of equals, at_most, past and lacks")
    decision = Decision(
        field=table.text("field"),
        verdict=table.verdict("verdict"),
        equals=table.flag("equals") if "equals" in table.rest else None,
        at_most=table.amount("at_most") if "at_most" in table.rest else None,
        past=table.flag("past"),
        lacks=table.text("lacks", ""),
    )
    table.finish()
    return decision


def _models_list(table: "_CatalogTable", dialect: Dialect) -> ModelsList:
    table.rest = {**dialect.models_list, **table.rest}
    paging = Paging(table.text("page_param", ""), table.text("page_from", ""), table.text("page_more", ""))
    if bool(paging.param) != bool(paging.token):
        raise table.mistake("page_param", "and page_from belong together")
    unit = PriceUnit(table.one_of("price_unit", [each.value for each in PriceUnit], "token"))
    path = table.path("path")
    places = {name: table.text(name, "") for name in _MODELS_LIST_TEXTS}
    table.finish()
    return ModelsList(path=path, price_unit=unit, paging=paging, **places)


def _paid_probe(table: "_CatalogTable", dialect: Dialect) -> PaidProbe:
    path = table.path("path") if "path" in table.rest else dialect.paid_path
    probe = PaidProbe(
        path=path,
        body=table.body("body", dialect.paid_body, named="{model}" in path),
        models=table.texts_of("models"),
        model_setting=table.text("model_setting", ""),
        cheapest=table.flag("cheapest"),
        cost_usd=table.amount("cost_usd"),
    )
    table.finish()
    return probe


def _scope_probe(table: "_CatalogTable") -> ScopeProbe:
    probe = ScopeProbe(table.path("path"), table.body("body", named=True), table.text("scope"))
    table.finish()
    return probe


def _learnt_fields(table: "_CatalogTable", allowed: Collection[str]) -> tuple[tuple[str, str], ...]:
    for name in table.rest:
        if name not in allowed:
            raise table.mistake(name, "is nothing that a check learns")
    return tuple(table.texts().items())


def _error_rules(table: "_CatalogTable") -> ErrorRules:
    status, message, page = table.table("status"), table.table("message"), table.table("page")
    for number in status.rest:
        if not re.fullmatch("[1-5][0-9][0-9]", number):
            raise status.mistake(number, "is not an HTTP status")
    for pieces in (message, page):
        for piece in pieces.rest:
            if piece != piece.lower():
                raise pieces.mistake(piece, "must be lower case")
    rules = ErrorRules(
        code=table.table("code").verdicts(),
        type=table.table("type").verdicts(),
        message=message.verdicts(),
        status={int(number): status.verdict(number) for number in list(status.rest)},
        page=page.verdicts(),
    )
    table.finish()
    return rules


def _next_steps(table: "_CatalogTable") -> Mapping[Verdict, str]:
    for name in table.rest:
        if name not in set(Verdict):
            raise table.mistake(name, "is not a verdict")
    return {Verdict(name): text for name, text in table.texts().items()}


class _CatalogTable(Table):
    def path(self, name: str) -> str:
        """Begins with a slash: it is appended to an address, and must not change the host there."""
        value = self.text(name)
        if not re.fullmatch(r"(?:/(?:[a-z0-9_-]+|\{model\}(?::[A-Za-z]+)?))+(?:\?[A-Za-z0-9_=&-]+)?", value):
            raise self.mistake(name, "must be a path such as /models")
        return value

    def body(self, name: str, default: str | None = None, *, named: bool = False) -> str:
        """`named`: the model is named elsewhere."""
        value = self.text(name, default)
        try:
            if (named or "{model}" in value) and isinstance(json.loads(value), dict):
                return value
        except ValueError:
            pass
        raise self.mistake(name, "must be a JSON object" + ("" if named else " with {model} in a string"))

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

    def verdicts(self) -> dict[str, Verdict]:
        return {name: self.verdict(name) for name in list(self.rest)}
