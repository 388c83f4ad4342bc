"""What is known of a provider: the shape of its table in `catalog.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from arka_tui.check import Verdict

MOST_UNASKED_USD = Decimal("0.001")
"""A paid request that costs more is sent only where the user asks for it."""


@dataclass(frozen=True, slots=True)
class KeyShape:
    pattern: re.Pattern[str]
    management: bool
    weak: bool = False
    """So plain that keys of others may have it too: a hint for the form, never a reason not to send."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Where something in a provider's table comes from."""

    about: str
    source: str
    date: date


RESERVED_NAMES = frozenset({"provider", "label", "secret", "base_url"})
"""What every key has; no setting is named so."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Something a request may need beside the key."""

    name: str
    title: str
    header: str
    """That carries it; empty where no header does."""
    example: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A field of the key probe's answer that settles the verdict. One of the four conditions is set."""

    field: str
    verdict: Verdict
    equals: bool | None = None
    at_most: Decimal | None = None
    past: bool = False
    lacks: str = ""
    """It is there, and this text is nowhere in it."""


@dataclass(frozen=True, slots=True)
class FreeProbe:
    """A request that costs nothing."""

    path: str
    at_account: bool
    """Sent to the provider's account address."""
    learn: tuple[tuple[str, str], ...]
    """Names of `Learnt` fields, and where the answer has them."""


@dataclass(frozen=True, slots=True)
class KeyProbe(FreeProbe):
    """The free request that needs the key."""

    method: str
    body: str
    is_models_list: bool
    compare: bool
    """A success counts only if a key that nobody has is refused."""
    decides: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Paging:
    """How the next page of a list is asked for."""

    param: str
    """The query parameter; empty where there is one page only."""
    token: str
    """Where an answer has its value."""
    more: str
    """Where an answer says whether there is one; empty where the token alone tells."""


class PriceUnit(StrEnum):
    EACH = "token"
    MILLION = "million"
    CENTS_PER_100M = "cents_per_100m"

    @property
    def usd_per_million(self) -> Decimal:
        """What one of it is."""
        return {"token": Decimal(1_000_000), "million": Decimal(1), "cents_per_100m": Decimal("0.0001")}[self.value]


@dataclass(frozen=True, slots=True)
class ModelsList:
    """Where the models that a key reaches are listed, and what of each entry is where; empty is "not given"."""

    path: str
    id: str
    strip: str
    """Taken off the front of ids."""
    name: str
    context: str
    max_output: str
    price_in: str
    price_out: str
    price_unit: PriceUnit
    inputs: str
    outputs: str
    capabilities: str
    """A list of words, or an object of flags."""
    retires: str
    chat_field: str
    """A list that must hold `chat_value`, or a flag, where the model answers text with text."""
    chat_value: str
    paging: Paging


@dataclass(frozen=True, slots=True)
class PaidProbe:
    """The smallest request that costs something; only it shows missing credit."""

    path: str
    """With `{model}` where the dialect names it there."""
    body: str
    """JSON with `{model}` in it, unless the path has it."""
    models: tuple[str, ...]
    """Preferred ones, best first; one that the key reaches is picked at run time."""
    model_setting: str
    """The setting that names the only model there is; or empty."""
    cheapest: bool
    """Without a preferred one, the cheapest that the key reaches may serve."""
    cost_usd: Decimal
    """At most."""


@dataclass(frozen=True, slots=True)
class ScopeProbe:
    """A request that cannot succeed, and so costs nothing: how it is refused tells whether the key may."""

    path: str
    body: str
    scope: str
    """What it may then do, in a word or two."""


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """Verdicts by what an error says, in the order in which they are asked."""

    code: Mapping[str, Verdict]
    type: Mapping[str, Verdict]
    message: Mapping[str, Verdict]
    """By a piece of the message, lower case; the first that fits counts."""
    status: Mapping[int, Verdict]
    page: Mapping[str, Verdict]
    """By a piece of the provider's own page of HTML, where it answers so; lower case."""

    def before(self, other: "ErrorRules") -> "ErrorRules":
        """Ours first, in each kind."""
        return ErrorRules(
            code={**self.code, **{k: v for k, v in other.code.items() if k not in self.code}},
            type={**self.type, **{k: v for k, v in other.type.items() if k not in self.type}},
            message={**self.message, **{k: v for k, v in other.message.items() if k not in self.message}},
            status={**other.status, **self.status},
            page={**self.page, **{k: v for k, v in other.page.items() if k not in self.page}},
        )


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the providers share that speak alike: what their tables need not say."""

    secret_header: str
    secret_prefix: str
    headers: tuple[tuple[str, str], ...]
    results: tuple[str, ...]
    """At one of these places every answer of a model has a list with something in it."""
    paid_path: str
    paid_body: str
    rate_headers: tuple[tuple[str, str], ...]
    errors: ErrorRules
    models_list: Mapping[str, object]
    """As in a provider's table."""


@dataclass(frozen=True, slots=True)
class Provider:
    id: str
    name: str
    dialect: str
    base_url: str
    """Empty where every user has an own address."""
    address_example: str
    address_shape: re.Pattern[str] | None
    """Addresses of this shape are the provider's own."""
    account_url: str
    """Its second address, where questions about the account go; or empty."""
    local: bool
    """A server of the user's own, which may do without a key."""
    secret_header: str
    secret_prefix: str
    headers: tuple[tuple[str, str], ...]
    models: str
    best_for: str
    env: str
    facts: tuple[Fact, ...]
    console: Mapping[str, str]
    key_shapes: tuple[KeyShape, ...]
    settings: tuple[Setting, ...]
    key_probe: KeyProbe
    models_list: ModelsList
    info_probes: tuple[FreeProbe, ...]
    paid_probes: tuple[PaidProbe, ...]
    scope_probes: tuple[ScopeProbe, ...]
    results: tuple[str, ...]
    rate_headers: tuple[tuple[str, str], ...]
    errors: ErrorRules
    next_steps: Mapping[Verdict, str]
    """Where what to do about a verdict is another thing here than elsewhere."""
    own: bool = False
    """From the user's file."""

    def is_home(self, base_url: str) -> bool:
        """Whether an address is the provider's own, not one that the user gave."""
        if self.address_shape and self.address_shape.fullmatch(base_url):
            return True
        return base_url == self.base_url

    @property
    def usual_cost_usd(self) -> Decimal:
        """What one check's paid request costs where the first choice serves; zero where none is sent unasked."""
        return next((probe.cost_usd for probe in self.unasked_probes), Decimal(0))

    @property
    def unasked_probes(self) -> tuple[PaidProbe, ...]:
        """Those cheap enough to be sent with every test."""
        return tuple(probe for probe in self.paid_probes if probe.cost_usd <= MOST_UNASKED_USD)
