"""What models cost and can do, from a dated snapshot: for what a provider does not say itself.

`prices.json` is made by `tests/insight/make_prices.py`; its source and licence stand in it and in LICENSES.md.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

from arka_tui.insight.names import undated
from arka_tui.model import Model, Price

CHAT_MODES = frozenset({"chat", "responses", "completion"})
"""Modes of models that answer text with text."""
_OUTPUTS = {
    **dict.fromkeys(CHAT_MODES, ("text",)),
    "embedding": ("embeddings",),
    "image_generation": ("image",),
    "video_generation": ("video",),
    "audio_speech": ("audio",),
    "realtime": ("audio",),
    "audio_transcription": ("text",),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """What the snapshot says of a model; None or empty is "not said"."""

    mode: str
    """chat, responses, completion, embedding, image_generation, …"""
    context: int | None
    """Tokens that it takes in."""
    max_output: int | None
    price: Price
    """With the snapshot's date."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    capabilities: frozenset[str]
    retires: date | None

    @property
    def chats(self) -> bool | None:
        return self.mode in CHAT_MODES if self.mode else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    as_of: date
    source: str
    """What it is from, and the version of that."""
    licence: str
    models: Mapping[str, Mapping[str, Mapping[str, object]]] = field(repr=False)
    """By provider id and model id, as in the file."""

    def names(self, model_id: str) -> bool:
        """Whether it is a model of whatever provider: pplx-embed-v1-4b is one, and no key."""
        return any(model_id in models for models in self.models.values())

    def lookup(self, provider_id: str, model_id: str) -> Listed | None:
        """By the id as the provider writes it; else what that is a dated, `-latest` or fine-tuned form of.

        Of such another name the retirement is not taken over: it may have an own one.
        """
        known = self.models.get(provider_id, {})
        if entry := known.get(model_id):
            return self._listed(entry)
        other = next((name for name in _other_names(model_id) if name in known), None)
        return replace(self._listed(known[other]), retires=None) if other else None

    def completed(self, provider_id: str, model: Model) -> Model:
        """`model` with what its provider did not say. What it said stays as it is."""
        listed = self.lookup(provider_id, model.id)
        if listed is None:
            return model
        return replace(
            model,
            context=listed.context if model.context is None else model.context,
            max_output=listed.max_output if model.max_output is None else model.max_output,
            price=self._price(model.price, listed.price),
            inputs=model.inputs or listed.inputs,
            outputs=model.outputs or listed.outputs,
            capabilities=model.capabilities or listed.capabilities,
            retires=model.retires or listed.retires,
            chats=listed.chats if model.chats is None else model.chats,
        )

    @staticmethod
    def _price(said: Price, listed: Price) -> Price:
        """Whole, never one amount of each: the two may not be of one day."""
        return listed if not said.known and not said.variable and (listed.known or listed.variable) else said

    def _listed(self, entry: Mapping[str, object]) -> Listed:
        mode, retires = str(entry.get("mode", "")), entry.get("retires")
        return Listed(
            mode=mode,
            context=_count(entry.get("context")),
            max_output=_count(entry.get("max_output")),
            price=_price(entry.get("in"), entry.get("out"), self.as_of),
            inputs=_texts(entry.get("inputs")),
            outputs=_OUTPUTS.get(mode, ()),
            capabilities=frozenset(_texts(entry.get("can"))),
            retires=date.fromisoformat(retires) if isinstance(retires, str) else None,
        )


@cache
def load_snapshot() -> Snapshot:
    """The one that is shipped."""
    text = resources.files("arka_tui.insight").joinpath("prices.json").read_text("utf-8")
    return parse_snapshot(text)


def parse_snapshot(text: str) -> Snapshot:
    """Raises: KeyError, ValueError where `text` is not what `make_prices` writes."""
    tree = json.loads(text)
    return Snapshot(
        as_of=date.fromisoformat(tree["generated"]),
        source=f"{tree['source']} {tree['version']}",
        licence=tree["licence"],
        models=tree["models"],
    )


def _other_names(model_id: str) -> Iterator[str]:
    if model_id.startswith("ft:"):
        yield ":".join(model_id.split(":")[:2])
    elif (plain := undated(model_id)) != model_id:
        yield plain


def _price(amount_in: object, amount_out: object, as_of: date) -> Price:
    into, out = (Decimal(each) if isinstance(each, str) else None for each in (amount_in, amount_out))
    if into is None and out is None:
        return Price()
    if any(amount is not None and amount < 0 for amount in (into, out)):
        return Price(variable=True, as_of=as_of)
    return Price(into, out, as_of=as_of)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
