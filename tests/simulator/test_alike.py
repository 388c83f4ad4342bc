"""What the simulator answers for the providers that speak OpenAI's dialect, against PROVIDERS.md; no server."""

import json
import re
from typing import Any

import pytest

from arka_tui.simulator.alike_hosted import CEREBRAS, DEEPSEEK, FIREWORKS, GROQ, MISTRAL, MOONSHOT, TOGETHER, XAI, ZAI
from arka_tui.simulator.alike_local import COMPATIBLE, LMSTUDIO, OLLAMA, VLLM
from arka_tui.simulator.situations import Provider, Reply, Request

HOSTED: dict[str, tuple[Provider, str, str, str]] = {
    # its free request, a model, the shape of its keys
    "groq": (GROQ, "/models", "llama-3.1-8b-instant", r"gsk_[a-zA-Z0-9]{52}"),
    "mistral": (MISTRAL, "/models", "ministral-3b-latest", r"[a-zA-Z0-9]{32}"),
    "deepseek": (DEEPSEEK, "/user/balance", "deepseek-chat", r"sk-[a-z0-9]{32}"),
    "xai": (XAI, "/api-key", "grok-3-mini", r"xai-[0-9a-zA-Z_]{80}"),
    "together": (TOGETHER, "/models", "openai/gpt-oss-20b", r"tgp_v1_\w{20,}"),
    "fireworks": (FIREWORKS, "/models", "accounts/fireworks/models/gpt-oss-20b", r"fw_\w{20,}"),
    "cerebras": (CEREBRAS, "/models", "llama3.1-8b", r"csk-\w{40,}"),
    "moonshot": (MOONSHOT, "/models", "kimi-latest", r"sk-\w{48}"),
    "zai": (ZAI, "/models", "glm-4.6", r"[0-9a-f]{32}\.\w{16}"),
}
GUARDED = {
    **HOSTED,
    "vllm": (VLLM, "/models", "Qwen/Qwen3-8B", r"token-\w+"),
    "compatible": (COMPATIBLE, "/models", "house-model", r"house-\w+"),
}
KEY = "key-of-nobody-1a2b3c4d"


def ask(provider: Provider, path: str, situation: str | None, model: str = "", key: str | None = KEY) -> Reply:
    """Runs a model where one is named. Without a situation the key is one that nobody has."""
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]} if model else None
    request = Request("POST" if model else "GET", "/chat/completions" if model else path, {}, key, body)
    return provider.answer(request, provider.situations[situation] if situation else None)


def told(reply: Reply) -> Any:
    return json.loads(json.dumps(reply.body))


REFUSALS: dict[str, tuple[int, object]] = {
    "groq": (
        401,
        {"error": {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"}},
    ),
    "mistral": (401, {"detail": "Unauthorized"}),
    "deepseek": (
        401,
        {
            "error": {
                "message": "Authentication Fails, Your api key: ****3c4d is invalid",
                "type": "authentication_error",
                "param": None,
                "code": "invalid_request_error",
            }
        },
    ),
    "xai": (
        400,
        {
            "code": "request_refused",
            "error": "Incorrect API key provided: ke***4d. You can obtain an API key from https://console.x.ai.",
        },
    ),
    "together": (
        401,
        {
            "error": {
                "message": "Invalid API key provided. "
                "You can find your API key at https://api.together.xyz/settings/api-keys.",
                "type": "invalid_request_error",
                "param": None,
                "code": "invalid_api_key",
            }
        },
    ),
    "cerebras": (
        401,
        {
            "message": "Wrong API Key",
            "type": "invalid_request_error",
            "param": "api_key",
            "code": "wrong_api_key",
        },
    ),
    "moonshot": (401, {"error": {"message": "Invalid Authentication", "type": "invalid_authentication_error"}}),
    "zai": (401, {"error": {"code": "401", "message": "token expired or incorrect"}}),
    "vllm": (401, {"error": "Unauthorized"}),
}


@pytest.mark.parametrize("situation", [None, "invalid"])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_key_that_nobody_has_is_refused_in_the_providers_own_words(name: str, situation: str | None) -> None:
    provider, path, model, _ = GUARDED[name]
    for reply in (ask(provider, path, situation), ask(provider, path, situation, model)):
        assert (reply.status, told(reply)) == REFUSALS[name]


@pytest.mark.parametrize("name", GUARDED)
def test_a_good_key_is_known_lists_models_and_runs_one(name: str) -> None:
    provider, path, model, _ = GUARDED[name]
    assert [ask(provider, each, "valid").status for each in (path, "/models")] == [200, 200]
    done = ask(provider, path, "valid", model)
    assert (done.status, told(done)["choices"][0]["message"]["content"]) == (200, "Hello!")


@pytest.mark.parametrize("name", GUARDED)
def test_without_a_key_nothing_is_told(name: str) -> None:
    provider, path, model, _ = GUARDED[name]
    assert {ask(provider, path, None, each, None).status for each in ("", model)} <= {400, 401}


@pytest.mark.parametrize("name", GUARDED)
def test_a_place_or_a_model_that_is_not_there_is_not_found(name: str) -> None:
    provider, path, _, _ = GUARDED[name]
    assert ask(provider, "/nowhere", "valid").status == ask(provider, path, "valid", "no-such-model").status == 404


@pytest.mark.parametrize("provider", [OLLAMA, LMSTUDIO], ids=["ollama", "lmstudio"])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_server_of_ones_own_may_answer_anybody(provider: Provider, key: str | None) -> None:
    assert ask(provider, "/models", None, key=key).status == 200


SPENT = (
    "Your team 3c1f0f4e-7d57-4f6e-9a55-6d1f5b8d0000 has either used all available credits or reached its monthly "
    "spending limit. To continue making API requests, please purchase more credits or raise your spending limit."
)
PAID_REFUSALS: list[tuple[str, str, int, str]] = [
    ("deepseek", "no_credit", 402, "Insufficient Balance"),
    ("xai", "no_credit", 429, SPENT),
    ("xai", "no_credit_403", 403, SPENT),
    ("groq", "rate_limited", 429, "Rate limit reached for model `llama-3.1-8b-instant` in organization `org_"),
    ("groq", "blocked", 400, "Organization has been restricted. Please reach out to support if you believe this was"),
    ("fireworks", "blocked", 412, "is suspended, possibly due to reaching the monthly spending limit or failure to"),
]


@pytest.mark.parametrize(("name", "situation", "status", "piece"), PAID_REFUSALS)
def test_a_model_is_refused_in_the_providers_own_words(name: str, situation: str, status: int, piece: str) -> None:
    provider, path, model, _ = HOSTED[name]
    reply = ask(provider, path, situation, model)
    assert reply.status == status
    assert piece in json.dumps(reply.body)


def test_the_same_code_means_two_things_at_deepseek() -> None:
    provider, path, model, _ = HOSTED["deepseek"]
    replies = [ask(provider, path, None), ask(provider, path, "no_credit", model)]
    assert {told(reply)["error"]["code"] for reply in replies} == {"invalid_request_error"}
    assert told(ask(provider, path, "no_credit"))["is_available"] is False


def test_cerebras_tells_prices_only_in_the_format_that_has_them() -> None:
    def listed(query: dict[str, str]) -> Any:
        request = Request("GET", "/models", {}, KEY, None, query=query)
        return told(CEREBRAS.answer(request, CEREBRAS.situations["valid"]))["data"][0]

    assert "pricing" not in listed({})
    assert listed({"format": "openrouter"})["pricing"]["prompt"] == "0.0000001"


def test_together_lists_its_models_without_anything_around_them() -> None:
    assert isinstance(ask(TOGETHER, "/models", "valid").body, list)


@pytest.mark.parametrize("name", GUARDED)
def test_keys_look_real_are_the_same_each_time_and_differ_by_seed(name: str) -> None:
    provider, _, _, shape = GUARDED[name]
    keys = [provider.make_key(seed, "valid") for seed in ("a", "b", "a")]
    assert re.fullmatch(shape, keys[0], re.ASCII)
    assert keys[0] == keys[2] != keys[1]
