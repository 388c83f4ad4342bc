"""What a resource of Azure OpenAI answers. Texts, codes and statuses are real ones."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from arka_tui.simulator.situations import (
    ANY_SERVER,
    ESCAPES,
    Provider,
    Reply,
    Request,
    Situation,
    everywhere,
    hostile,
    hostile_models,
)

DEPLOYMENT = "team-chat"
"""The one that the resource has."""

_BASE_MODELS = {
    # id: whether it chats. What Azure offers, not what the resource has deployed.
    "gpt-4o-mini-2024-07-18": True,
    "gpt-4.1-mini-2025-04-14": True,
    "gpt-5-nano-2025-08-07": True,
    "text-embedding-3-small": False,
    "whisper-001": False,
}
_CREATED = 1_754_500_000

_DENIED = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
    "active subscription and use a correct regional API endpoint for your resource."
)
_FIREWALL = "Access denied due to Virtual Network/Firewall rules."
_VNET = (
    "A Virtual Network is configured for this resource. Please use the correct endpoint for making requests. Check "
    "https://aka.ms/cogsvc-vnet for more details."
)
_KEYLESS = "Key based authentication is disabled for this resource."
_NO_DEPLOYMENT = (
    "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
    "please wait a moment and try again."
)
_TOO_FAST = (
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token "
    "rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds. Please go here: "
    "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
)


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}})


_INVALID = _error(401, "401", _DENIED)
_NOT_DEPLOYED = _error(404, "DeploymentNotFound", _NO_DEPLOYMENT)
_WAIT = {"retry-after": "26", "retry-after-ms": "26000", "x-ratelimit-remaining-requests": "0"}
_LIMITS = {
    **{"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "99"},
    **{"x-ratelimit-limit-tokens": "10000", "x-ratelimit-remaining-tokens": "9976"},
}

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "rate_limited": Situation(paid=replace(_error(429, "429", _TOO_FAST), headers=_WAIT)),
    "invalid": everywhere(_INVALID),
    "blocked": everywhere(_error(403, "AuthenticationTypeDisabled", _KEYLESS)),
    "restricted": everywhere(_error(403, "403", _FIREWALL)),
    "virtual_network": everywhere(_error(403, "403", _VNET)),
    "no_model": Situation(paid=_NOT_DEPLOYED),
    "down": everywhere(_error(503, "ServiceUnavailable", "The service is temporarily unavailable. Please try later.")),
    "hostile": everywhere(lambda r: _error(401, ESCAPES, hostile(r.key or ""))),
    "hostile_models": Situation(
        free=lambda r: Reply(200, {"object": "list", "data": hostile_models(r.key or "")}),
        paid=lambda r: _error(404, "DeploymentNotFound", hostile(r.key or "")),
    ),
    **ANY_SERVER,
}


def _make_key(seed: str, _: str) -> str:
    return hashlib.shake_256(seed.encode()).hexdigest(16)


def _answer(request: Request, situation: Situation | None) -> Reply:
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _error(404, "404", "Resource not found")
    if situation is None:
        return _INVALID
    return situation.reply(request, endpoint)


def _list_models(_: Request) -> Reply:
    data = [
        {
            **{"id": model, "object": "model", "created_at": _CREATED, "status": "succeeded"},
            **{"lifecycle_status": "generally-available", "deprecation": {"inference": 1_830_000_000}},
            "capabilities": {"inference": True, "chat_completion": chats, "embeddings": not chats, "fine_tune": False},
        }
        for model, chats in _BASE_MODELS.items()
    ]
    return Reply(200, {"object": "list", "data": data})


def _chat(request: Request) -> Reply:
    if request.param("model") != DEPLOYMENT:
        return _NOT_DEPLOYED
    if not request.param("messages"):
        return _error(400, "missing_required_parameter", "Missing required parameter: 'messages'.")
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
    done = {"id": "chatcmpl-demo", "object": "chat.completion", "created": _CREATED, "model": "gpt-4o-mini-2024-07-18"}
    return Reply(200, {**done, "choices": [choice], "usage": usage}, _LIMITS)


_ENDPOINTS: dict[tuple[str, str], Callable[[Request], Reply]] = {
    ("GET", "/openai/v1/models"): _list_models,
    ("POST", "/openai/v1/chat/completions"): _chat,
}

AZURE = Provider("/azure", _SITUATIONS, _make_key, _answer)
