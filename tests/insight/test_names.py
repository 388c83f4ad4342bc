"""One name for one model over all providers, and the newer of two."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.insight.names import canonical, line_and_version, undated, words_of

SAME = [
    # as OpenAI, OpenRouter and Azure name them
    ("gpt-4o-mini", "openai/gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
    ("gpt-6.1-sol", "openai/gpt-6.1-sol", "gpt-6.1-sol-2026-09-29"),
    # Anthropic, OpenRouter, Perplexity
    ("claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
    ("claude-opus-4-0", "anthropic/claude-opus-4"),
    ("claude-3-5-haiku-latest", "anthropic/claude-3.5-haiku"),
    # Gemini and OpenRouter
    ("models/gemini-2.0-flash-001", "google/gemini-2.0-flash", "gemini-2.0-flash"),
    ("gemini-2.5-flash-preview-09-2025", "google/gemini-2.5-flash-preview"),
    # Groq, Together, Fireworks, Cerebras, Ollama, OpenRouter
    ("openai/gpt-oss-20b", "accounts/fireworks/models/gpt-oss-20b", "gpt-oss:20b"),
    ("qwen/qwen3.8-27b", "qwen-3.8-27b"),
    ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "accounts/fireworks/models/llama-v3p3-70b-instruct"),
    ("meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", "meta-llama/llama-3.1-8b-instruct", "Llama-3.1-8B-Instruct"),
    ("llama3.1:8b", "llama-3.1-8b", "Meta-Llama-3.1-8B"),
    ("llama3", "llama3:latest"),
    ("zai-org/GLM-5.3", "accounts/fireworks/models/glm-5p3", "zai-glm-5-3", "z-ai/glm-5.3:nitro"),
    ("Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "qwen3-coder-480b-a35b-instruct"),
    ("MiniMaxAI/MiniMax-M2.7", "accounts/fireworks/models/minimax-m2p7"),
    # Mistral, Together, Fireworks
    ("deepseek-v4-1-flash-1017", "deepseek-ai/DeepSeek-V4.1-Flash-1017"),
    ("accounts/fireworks/models/deepseek-v4p1-pro", "deepseek-ai/DeepSeek-V4.1-Pro"),
    ("mistral-large-4", "mistral-large-4-0"),
    ("mistral-medium-3-5", "mistralai/mistral-medium-3.5"),
    # Cohere and OpenRouter
    ("command-a-03-2025", "cohere/command-a"),
    ("~anthropic/claude-sonnet-latest", "claude-sonnet"),
]
APART = [
    ("gpt-4o", "gpt-4"),
    ("gpt-4-turbo", "gpt-4"),
    ("meta-llama/llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct:free"),
    ("anthropic/claude-3.7-sonnet", "anthropic/claude-3.7-sonnet:thinking"),
    ("mistral-large-2411", "mistral-large-2512"),
    ("deepseek/deepseek-r1", "deepseek/deepseek-r1-0528"),
    ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
    ("llama-3.1-8b", "llama-3.1-8b-instruct"),
    ("openrouter/auto", "accounts/fireworks/routers/auto"),
    ("ft:gpt-4o-mini-2024-07-18:acme::abc", "gpt-4o-mini"),
    ("llama3:8b", "llama3:70b"),
]


@pytest.mark.parametrize("names", SAME)
def test_one_model_has_one_name_whatever_its_provider_calls_it(names: tuple[str, ...]) -> None:
    assert len({canonical(name) for name in names}) == 1


def test_different_models_keep_different_names() -> None:
    of_each = [canonical(names[0]) for names in SAME]

    assert all(canonical(one) != canonical(other) for one, other in APART)
    assert all(one != other for one, other in combinations(of_each, 2))


def test_the_name_is_one_that_a_person_knows() -> None:
    assert canonical("claude-opus-4-5-20251101") == "claude-opus-4.5"
    assert canonical("meta-llama/llama-3.3-70b-instruct:free") == "llama-3.3-70b-instruct:free"


@given(st.text(max_size=200))
def test_any_text_has_a_name_that_is_its_own_name_without_author(text: str) -> None:
    name = canonical(text)

    assert bool(name) == bool(text)
    assert len(name) <= 2 * len(text) + 2
    words_of(name)
    line_and_version(name)


@pytest.mark.parametrize(
    ("dated", "plain"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("command-r-08-2024", "command-r"),
        ("grok-4.3-latest", "grok-4.3"),
        ("llama3:latest", "llama3"),
        ("mistral-large-2512", "mistral-large-2512"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("gpt-4o", "gpt-4o"),
    ],
)
def test_only_whole_dates_and_latest_are_taken_off_a_name(dated: str, plain: str) -> None:
    assert undated(dated) == plain


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("gpt-4.1-mini", "gpt-5.4-mini"),
        ("gpt-4o", "gpt-4.1"),
        ("claude-opus-4.8", "claude-opus-5"),
        ("gemini-2.5-pro", "gemini-3.1-pro-preview"),
        ("grok-4.20-0309-reasoning", "grok-4.3"),
        ("kimi-k2.6", "kimi-k3"),
        ("deepseek-v3.2", "deepseek-v4"),
        ("llama-3.1-405b-instruct", "llama-3.3-70b-instruct"),
        ("o1-mini", "o4-mini"),
    ],
)
def test_a_newer_version_is_of_the_same_line(older: str, newer: str) -> None:
    (line, before), (same_line, now) = line_and_version(older), line_and_version(newer)

    assert line == same_line
    assert before is not None and now is not None and before < now


def test_a_size_or_a_stamp_is_no_version() -> None:
    assert line_and_version("gpt-oss-120b") == ("gpt-oss", None)
    assert line_and_version("mistral-large-2512") == ("mistral-large", None)
    assert line_and_version("qwen-3-235b-a22b-2507") == ("qwen", Decimal(3))
