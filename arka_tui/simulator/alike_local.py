"""Servers of one's own. Ollama and LM Studio answer anybody; the others are started with a key. No text is a quote
but vLLM's refusal.
"""

from arka_tui.simulator.alike import LETTERS, Alike, openai_error, provider_of, text_error

OLLAMA = provider_of(
    Alike(
        "/ollama/v1",
        {"llama3.2:3b": {"owned_by": "library"}, "qwen3:8b": {"owned_by": "library"}},
        text_error,
        lambda _: text_error(401, "unauthorized"),
        ("ollama-", LETTERS, 32),
        looks_at_keys=False,
    )
)

LMSTUDIO = provider_of(
    Alike(
        "/lmstudio/v1",
        {"qwen3-8b": {"owned_by": "organization_owner"}, "nomic-embed-text-v1.5": {"owned_by": "organization_owner"}},
        openai_error,
        lambda _: openai_error(401, "The key is not known.", "invalid_api_key"),
        ("lm-", LETTERS, 32),
        looks_at_keys=False,
    )
)

_SERVED = "Qwen/Qwen3-8B"

VLLM = provider_of(
    Alike(
        "/vllm/v1",
        {_SERVED: {"owned_by": "vllm", "root": _SERVED, "parent": None, "max_model_len": 40_960, "permission": []}},
        openai_error,
        lambda _: text_error(401, "Unauthorized"),
        ("token-", LETTERS, 32),
    )
)

COMPATIBLE = provider_of(
    Alike(
        "/compatible/v1",
        {"house-model": {}, "house-embedding": {}},
        openai_error,
        lambda _: openai_error(401, "The key is not known.", "invalid_api_key"),
        ("house-", LETTERS, 32),
    )
)
