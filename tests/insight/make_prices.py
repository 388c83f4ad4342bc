"""Makes arka_tui/insight/prices.json from a wheel of litellm: `python -m tests.insight.make_prices WHEEL OUT [DATE]`.

    pip download --no-deps litellm==1.109.1 -d /tmp/litellm
    python -m tests.insight.make_prices /tmp/litellm/litellm-*.whl arka_tui/insight/prices.json

DATE is the day for which the prices stand, today if it is left out. Equal arguments make equal bytes.
"""

import json
import re
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

_DATA = "litellm/model_prices_and_context_window_backup.json"
_SOURCES = {
    "openai": ("openai", "text-completion-openai"),
    "anthropic": ("anthropic",),
    "gemini": ("gemini",),
    "groq": ("groq",),
    "mistral": ("mistral",),
    "deepseek": ("deepseek",),
    "xai": ("xai",),
    "together": ("together_ai",),
    "fireworks": ("fireworks_ai", "fireworks_ai-embedding-models"),
    "cohere": ("cohere", "cohere_chat"),
    "perplexity": ("perplexity",),
    "cerebras": ("cerebras",),
    "azure": ("azure", "azure_text"),
    "moonshot": ("moonshot",),
    "zai": ("zai",),
    "ollama": ("ollama",),
}
"""Our providers, and what litellm calls them. OpenRouter and Hugging Face name prices in their own lists."""
_PREFIXED = {"text-completion-openai": "openai", "cohere_chat": "cohere", "azure_text": "azure"} | {
    "fireworks_ai-embedding-models": "fireworks_ai"
}
_PLAIN = {"openai", "anthropic", "cohere"}
"""Providers whose models litellm lists without a prefix too; elsewhere those are doubles, or price classes."""
_BY_TOKEN = {"chat", "responses", "completion", "embedding", "moderation", "realtime"}
"""Modes that are paid by token. Of others the token amounts mean something else, or are zero for "by image"."""
_ANSWERS = {"chat", "responses", "completion"}
_CAPABILITIES = {
    "tools": "supports_function_calling",
    "reasoning": "supports_reasoning",
    "structured": "supports_response_schema",
}
_INPUTS = {"image": "vision", "audio": "audio_input", "video": "video_input", "file": "pdf_input"}


def models_of(entries: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, dict[str, object]]]:
    """By our provider id and the id that the provider itself gives the model; sorted."""
    ours = {theirs: provider for provider, sources in _SOURCES.items() for theirs in sources}
    found: dict[str, dict[str, dict[str, object]]] = {provider: {} for provider in sorted(_SOURCES)}
    for key, entry in sorted(entries.items()):
        theirs = str(entry.get("litellm_provider"))
        provider = ours.get(theirs)
        model_id = _model_id(key, provider, _PREFIXED.get(theirs, theirs)) if provider else None
        if provider and model_id and (model := _model(entry, cloud=model_id.endswith("-cloud"))):
            found[provider][model_id] = model
    return {provider: dict(sorted(models.items())) for provider, models in found.items()}


def usd_per_million(amount_per_token: str) -> str:
    """Exact: "4e-07" is "0.4". What a float could not hold, beyond 12 digits, is rounded away."""
    amount = Decimal(amount_per_token) * 1_000_000
    digits = max(0, 12 - amount.adjusted() - 1)
    plain = f"{round(amount, digits):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _model_id(key: str, provider: str, prefix: str) -> str | None:
    if not key.startswith(f"{prefix}/") and provider not in _PLAIN:
        return None
    model_id = key.removeprefix(f"{prefix}/")
    has_slash = "/" in model_id
    if provider in ("openai", "azure") and has_slash:  # a region or an image size, such as us/gpt-5
        return None
    if provider == "fireworks" and not has_slash:  # litellm's short forms
        return None
    return model_id


def _model(entry: Mapping[str, object], cloud: bool) -> dict[str, object]:
    """Empty where nothing is said that helps."""
    mode = entry.get("mode")
    if mode is None:
        return {}
    told: dict[str, object] = {
        "context": _count(entry.get("max_input_tokens")),
        "max_output": _count(entry.get("max_output_tokens")),
        **({} if cloud or mode not in _BY_TOKEN else _price(entry, mode in _ANSWERS)),
        "retires": _day(entry.get("deprecation_date")),
        "can": [name for name, flag in sorted(_CAPABILITIES.items()) if entry.get(flag) is True],
        "inputs": _inputs(entry) if mode in _ANSWERS else [],
    }
    told = {name: value for name, value in told.items() if value not in (None, [])}
    return {"mode": mode, **told} if told or mode not in _ANSWERS else {}


def _price(entry: Mapping[str, object], answers: bool) -> dict[str, object]:
    """Amounts as texts, or nothing. Zero is kept where it means free, not where another unit is paid."""
    amounts = {
        name: usd_per_million(str(value))
        for name, field in (("in", "input_cost_per_token"), ("out", "output_cost_per_token"))
        if (value := entry.get(field)) is not None
    }
    zeros = [amount == "0" for amount in amounts.values()]
    if answers and any(zeros) and not all(zeros):  # the fee of a router, for example: what the model costs comes on top
        return {}
    if all(zeros) and any("_cost_" in name and _is_paid(value) for name, value in entry.items()):
        return {}
    return dict(amounts)


def _is_paid(value: object) -> bool:
    return isinstance(value, str | int) and Decimal(value) > 0


def _inputs(entry: Mapping[str, object]) -> list[str]:
    modalities = entry.get("supported_modalities")
    listed = modalities if isinstance(modalities, list) else []
    extra = [name for name, flag in _INPUTS.items() if entry.get(f"supports_{flag}") is True or name in listed]
    return ["text", *sorted(extra)] if extra else []


def _count(value: object) -> int | None:
    return int(Decimal(value)) if isinstance(value, int | str) and re.fullmatch(r"[1-9]\d*(\.0)?", str(value)) else None


def _day(value: object) -> str | None:
    return date.fromisoformat(value).isoformat() if isinstance(value, str) else None


def snapshot(wheel: Path, day: date) -> str:
    """One line a model, so that a change is read in a diff."""
    with zipfile.ZipFile(wheel) as opened:
        entries = json.loads(opened.read(_DATA), parse_float=str)
        licence = next(name for name in opened.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        licence_text = opened.read(licence).decode()
    del entries["sample_spec"]
    head = {
        "source": "litellm",
        "version": wheel.name.split("-")[1],
        "generated": day.isoformat(),
        "licence": licence_text,
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    tables = [_table(provider, models) for provider, models in models_of(entries).items()]
    return "\n".join(["{", *lines, '"models": {', ",\n".join(tables), "}}", ""])


def _table(provider: str, models: Mapping[str, Mapping[str, object]]) -> str:
    rows = [f"{json.dumps(name)}:{json.dumps(model, separators=(',', ':'))}" for name, model in models.items()]
    return f'"{provider}": {{\n' + ",\n".join(rows) + "}"


def main(arguments: list[str]) -> None:
    wheel, out, *rest = arguments
    day = date.fromisoformat(rest[0]) if rest else datetime.now(UTC).date()
    Path(out).write_text(snapshot(Path(wheel), day), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
