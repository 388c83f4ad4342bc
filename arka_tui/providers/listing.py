"""Reads a provider's list of models, page by page, and picks the one that a paid request may use. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote

from arka_tui.model import Model, Price
from arka_tui.providers.provider import ModelsList, PaidProbe
from arka_tui.providers.reading import all_at, amount_of, at, day_of, texts, whole_of

MAX_MODELS = 20_000
MAX_TEXTS = 20
"""Of modalities and words, in one entry."""
_LIST_KEYS = ("data", "models")
_WORDS = {
    "tools": "tools",
    "function_calling": "tools",
    "supports_tools": "tools",
    "reasoning": "reasoning",
    "thinking": "reasoning",
    "include_reasoning": "reasoning",
    "structured_outputs": "structured",
    "structured_output": "structured",
    "supports_structured_output": "structured",
}
"""What lists call a capability, and what we call it."""
_PROBE_TOKENS = (8, 16)
"""In and out, of one of our paid requests."""


@dataclass(frozen=True, slots=True)
class Page:
    models: tuple[Model, ...]
    next_token: str
    """Asks for the next page; empty where this is the last."""


def page_of(shape: ModelsList, tree: object) -> Page | None:
    """None where it is no list of models."""
    lists = [tree.get(key) for key in _LIST_KEYS] if isinstance(tree, dict) else [tree or None]
    entries = next((each for each in lists if isinstance(each, list)), None)
    if entries is None:
        return None
    if entries and not any(isinstance(each, dict) and isinstance(each.get(shape.id), str) for each in entries):
        return None
    found = [_model(shape, entry) for entry in entries[:MAX_MODELS] if isinstance(entry, dict)]
    unique = {model.id: model for model in found if model}
    return Page(tuple(unique.values()), _next_token(shape, tree))


def next_path(shape: ModelsList, token: str) -> str:
    """Of the page that `token` names. It is the provider's text: quoted, so that it stays one value."""
    joint = "&" if "?" in shape.path else "?"
    return f"{shape.path}{joint}{shape.paging.param}={quote(token, safe='')}"


def alive(models: Sequence[Model], today: date) -> list[Model]:
    """Without those that are retired."""
    return [model for model in models if model.retires is None or model.retires > today]


def pick_model(
    probe: PaidProbe, models: Sequence[Model] | None, tried: set[str], settings: Mapping[str, str]
) -> str | None:
    """The one of the settings, else the first preferred that the key reaches, else the cheapest with a price.

    None where there is none. Without a list the first preferred one is a guess worth a request.
    """
    if probe.model_setting:
        chosen = settings.get(probe.model_setting, "")
        return chosen if chosen and chosen not in tried else None
    if models is None:
        return next((model for model in probe.models if model not in tried), None)
    reached = {model.id: model for model in models if model.id not in tried and _answers_with_text(model)}
    if preferred := next((model for model in probe.models if model in reached), None):
        return preferred
    costs = {name: cost for name, model in reached.items() if (cost := _probe_cost(model))}
    cheapest = min(costs, key=lambda name: (costs[name], name), default=None) if probe.cheapest else None
    return cheapest if cheapest and costs[cheapest] <= probe.cost_usd else None


def _probe_cost(model: Model) -> Decimal | None:
    """USD, of one of our paid requests; None where the provider names no price."""
    price = model.price
    if price.input is None or price.output is None:
        return None
    tokens_in, tokens_out = _PROBE_TOKENS
    return (tokens_in * price.input + tokens_out * price.output) / 1_000_000


def _answers_with_text(model: Model) -> bool:
    return model.chats is not False and (not model.outputs or "text" in model.outputs)


def _next_token(shape: ModelsList, tree: object) -> str:
    if not shape.paging.param or (shape.paging.more and at(tree, shape.paging.more) is not True):
        return ""
    token = at(tree, shape.paging.token)
    return token if isinstance(token, str) and token.isprintable() and len(token) <= 1000 else ""


def _model(shape: ModelsList, entry: Mapping[str, object]) -> Model | None:
    named = entry.get(shape.id)
    if not isinstance(named, str):
        return None
    model_id = named.removeprefix(shape.strip)
    if not model_id.isprintable() or not 0 < len(model_id) <= 200:
        return None
    price, chats = _price(shape, entry), _chats(shape, entry)
    if chats is False and price.input == price.output == 0:
        price = Price()  # it is paid by the picture or the second, which no price per token says
    return Model(
        id=model_id,
        name=next(iter(_some(entry, shape.name)), "")[:200],
        context=max(_counts(entry, shape.context), default=None),
        max_output=max(_counts(entry, shape.max_output), default=None),
        price=price,
        inputs=_some(entry, shape.inputs),
        outputs=_some(entry, shape.outputs),
        capabilities=_capabilities(at(entry, shape.capabilities) if shape.capabilities else None),
        retires=day_of(at(entry, shape.retires)) if shape.retires else None,
        chats=chats,
    )


def _some(entry: Mapping[str, object], place: str) -> tuple[str, ...]:
    return tuple(text for text in texts(at(entry, place))[:MAX_TEXTS]) if place else ()


def _counts(entry: Mapping[str, object], place: str) -> list[int]:
    return [count for value in all_at(entry, place) if (count := whole_of(value))] if place else []


def _price(shape: ModelsList, entry: Mapping[str, object]) -> Price:
    """Of several offers of one model the cheapest. A negative amount says that it depends."""
    if not shape.price_in or not shape.price_out:
        return Price()
    ins = [amount_of(value) for value in all_at(entry, shape.price_in)]
    outs = [amount_of(value) for value in all_at(entry, shape.price_out)]
    if any(amount is not None and amount < 0 for amount in (*ins, *outs)):
        return Price(variable=True)
    unit = shape.price_unit.usd_per_million
    pairs = [(i * unit, o * unit) for i, o in zip(ins, outs, strict=False) if i is not None and o is not None]
    return Price(*min(pairs, key=sum)) if pairs else Price()


def _capabilities(value: object) -> frozenset[str]:
    words = (
        [name for name, flag in value.items() if flag is True or at(flag, "supported") is True]
        if isinstance(value, dict)
        else texts(value)
    )
    return frozenset(_WORDS[word] for word in words if word in _WORDS)


def _chats(shape: ModelsList, entry: Mapping[str, object]) -> bool | None:
    value = at(entry, shape.chat_field) if shape.chat_field else None
    if isinstance(value, bool):
        return value
    return shape.chat_value in texts(value) if isinstance(value, list | str) else None
