"""The maker of the snapshot, with a small wheel in the shape of litellm's."""

import json
import zipfile
from datetime import date
from pathlib import Path

import pytest

from arka_tui.insight.prices import parse_snapshot
from tests.insight.make_prices import main, models_of, usd_per_million

PAID = {"mode": "chat", "input_cost_per_token": "2.5e-07", "output_cost_per_token": "1.5e-06"}


def of(provider: str, **more: object) -> dict[str, object]:
    return {"litellm_provider": provider, **PAID, **more}


def make(tmp_path: Path, entries: dict[str, dict[str, object]]) -> bytes:
    wheel = tmp_path / "litellm-9.8.7-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        data = json.dumps({"sample_spec": {}, **entries})
        made.writestr("litellm/model_prices_and_context_window_backup.json", data)
        made.writestr("litellm-9.8.7.dist-info/licenses/LICENSE", "MIT License\n")
    main([str(wheel), str(tmp_path / "prices.json"), "2026-11-23"])
    return (tmp_path / "prices.json").read_bytes()


@pytest.mark.parametrize(
    ("per_token", "per_million"),
    [
        ("4e-07", "0.4"),
        ("2.5e-07", "0.25"),
        ("7.5e-08", "0.075"),
        ("3.75e-08", "0.0375"),
        ("1e-05", "10"),
        ("0.00015", "150"),
        ("0.0", "0"),
        ("8.900000000000001e-07", "0.89"),
        ("2.9999900000000002e-06", "2.99999"),
    ],
)
def test_prices_are_told_per_million_tokens_without_the_noise_of_floats(per_token: str, per_million: str) -> None:
    assert usd_per_million(per_token) == per_million


def test_the_same_wheel_makes_the_same_bytes_and_they_can_be_read(tmp_path: Path) -> None:
    entries = {"gpt-b": of("openai"), "gpt-a": of("openai", max_input_tokens=272000.0), "x": of("bedrock")}

    made = make(tmp_path, entries)

    assert made == make(tmp_path, dict(reversed(entries.items())))
    snapshot = parse_snapshot(made.decode())
    assert (snapshot.as_of, snapshot.source, snapshot.licence) == (date(2026, 11, 23), "litellm 9.8.7", "MIT License\n")
    assert list(snapshot.models["openai"]) == ["gpt-a", "gpt-b"]
    listed = snapshot.lookup("openai", "gpt-a")
    assert listed is not None and listed.context == 272_000


@pytest.mark.parametrize(
    ("key", "theirs", "provider", "model_id"),
    [
        ("gpt-4o", "openai", "openai", "gpt-4o"),
        ("openai/sora-2", "openai", "openai", "sora-2"),
        ("gemini/gemini-9", "gemini", "gemini", "gemini-9"),
        ("groq/openai/gpt-oss-20b", "groq", "groq", "openai/gpt-oss-20b"),
        ("together_ai/Qwen/Qwen9", "together_ai", "together", "Qwen/Qwen9"),
        (
            "fireworks_ai/accounts/fireworks/models/glm-5p3",
            "fireworks_ai",
            "fireworks",
            "accounts/fireworks/models/glm-5p3",
        ),
        ("command-a-03-2025", "cohere_chat", "cohere", "command-a-03-2025"),
        ("azure/gpt-4o", "azure", "azure", "gpt-4o"),
    ],
)
def test_models_are_named_as_their_provider_names_them(key: str, theirs: str, provider: str, model_id: str) -> None:
    assert list(models_of({key: of(theirs)})[provider]) == [model_id]


@pytest.mark.parametrize(
    ("key", "theirs"),
    [
        ("azure/us/gpt-4o", "azure"),
        ("high/1024-x-1024/gpt-image-1", "openai"),
        ("together-ai-up-to-4b", "together_ai"),
        ("fireworks_ai/glm-5p3", "fireworks_ai"),
        ("gemini-bare", "gemini"),
        ("bedrock/claude", "bedrock"),
        ("claude", "vertex_ai"),
    ],
)
def test_doubles_price_classes_and_providers_of_others_are_left_out(key: str, theirs: str) -> None:
    assert not any(models_of({key: of(theirs)}).values())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, {"in": "0.25", "out": "1.5"}),
        ({"input_cost_per_token": "0.0", "output_cost_per_token": "0.0"}, {"in": "0", "out": "0"}),
        (
            {"input_cost_per_token": "0.0", "output_cost_per_token": "0.0", "output_cost_per_image": "0.04"},
            {"in": None, "out": None},
        ),
        ({"output_cost_per_token": "0.0"}, {"in": None, "out": None}),
        ({"mode": "embedding", "output_cost_per_token": "0.0"}, {"in": "0.25", "out": "0"}),
        ({"mode": "rerank"}, {"in": None, "out": None}),
        ({"input_cost_per_token": None}, {"in": None, "out": "1.5"}),
    ],
    ids=["paid", "free", "paid by image", "the fee of a router", "embedding", "paid by question", "half known"],
)
def test_zero_is_kept_where_it_means_free_and_nowhere_else(
    entry: dict[str, object], expected: dict[str, str | None]
) -> None:
    model = models_of({"gpt": of("openai", **entry, max_input_tokens=5)})["openai"]["gpt"]

    assert {name: model.get(name) for name in ("in", "out")} == expected


def test_a_cloud_model_of_ollama_is_not_called_free() -> None:
    entries = {"ollama/gpt-oss:120b-cloud": of("ollama", max_input_tokens=5, input_cost_per_token="0.0")}

    assert models_of(entries)["ollama"]["gpt-oss:120b-cloud"] == {"mode": "chat", "context": 5}


def test_flags_become_capabilities_and_modalities() -> None:
    entry = of(
        "openai",
        supports_function_calling=True,
        supports_reasoning=False,
        supports_response_schema=True,
        supports_vision=True,
        supported_modalities=["text", "audio"],
        supports_pdf_input=True,
        deprecation_date="2027-01-14",
    )

    model = models_of({"gpt": entry})["openai"]["gpt"]

    assert model["can"] == ["structured", "tools"]
    assert model["inputs"] == ["text", "audio", "file", "image"]
    assert model["retires"] == "2027-01-14"
