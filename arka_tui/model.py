"""A model as a provider lists it for a key, in the words that providers, picks and screens share."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """USD per 1,000,000 tokens. None is "not said", which is neither zero nor free."""

    input: Decimal | None = None
    output: Decimal | None = None
    variable: bool = False
    """The provider says that it depends: both amounts are None then."""
    as_of: date | None = None
    """The day of the snapshot it comes from; None where the provider itself said it just now."""

    @property
    def known(self) -> bool:
        return self.input is not None and self.output is not None


@dataclass(frozen=True, slots=True)
class Model:
    """What is None or empty was not said. Everything in it is the provider's: clean it before it is shown."""

    id: str
    """As a request names it: printable, at most 200 characters."""
    name: str = ""
    context: int | None = None
    """Tokens."""
    max_output: int | None = None
    """Tokens."""
    price: Price = field(default_factory=Price)
    inputs: tuple[str, ...] = ()
    """Modalities such as text, image, audio, video, file."""
    outputs: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()
    """Of: tools, reasoning, structured."""
    retires: date | None = None
    chats: bool | None = None
    """Whether it answers text with text; None where the list does not say."""


@dataclass(frozen=True, slots=True)
class ModelsReached:
    """What one key reaches, as listed by its provider."""

    models: tuple[Model, ...]
    complete: bool = True
    """False where the list had no end, repeated itself, or broke off."""
