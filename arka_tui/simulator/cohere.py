"""What Cohere answers. Texts and statuses are the documentation's."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from arka_tui.simulator.situations import (
    ANY_SERVER,
    Provider,
    Reply,
    Request,
    Situation,
    everywhere,
    hostile,
    hostile_models,
)

_MODELS: Mapping[str, tuple[tuple[str, ...], int, tuple[str, ...], bool]] = {
    # name: endpoints, context, features, deprecated
    "command-a-03-2025": (("chat",), 288_000, ("tools", "json_mode"), False),
    "command-r7b-12-2024": (("chat",), 132_000, ("tools", "json_mode"), False),
    "command-r-08-2024": (("chat",), 132_096, ("tools", "json_mode"), False),
    "command-r-03-2024": (("chat", "summarize"), 128_000, ("tools",), True),
    "embed-v4.0": (("embed",), 8_192, (), False),
    "rerank-v3.5": (("rerank",), 4_096, (), False),
}
_MOST_PER_PAGE = 4
"""The real one gives up to 1000; so few that a second page has to be asked for."""

_EXPIRED = (
    "Your API key has expired. Please create a production API key at dashboard.cohere.com or reach out to "
    "support@cohere.com."
)
_NO_PAYMENT = (
    "Please add or update your payment method at https://dashboard.cohere.com/billing?tab=payment to continue."
)
_MAXIMUM = (
    "Maximum billing reached for this API key as set in your dashboard, please go to "
    "https://dashboard.cohere.com/billing?tab=spending-limit to increase the maximum amount to continue using this API "
    "key."
)
_TRIAL = (
    "You are using a Trial key, which is limited to {}. You can continue to use the Trial key for free or upgrade to a "
    "Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'. Contact us on "
    "'https://discord.gg/XW44jPfYJu' or email us at support@cohere.com with any questions"
)
_NO_MODEL = "model '{}' not found, make sure the correct model ID was used and that you have access to the model."


def _says(status: int, message: str) -> Reply:
    return Reply(status, {"id": "0d4c7a52-demo", "message": message})


def _no_model(request: Request) -> Reply:
    return _says(404, _NO_MODEL.format(request.param("model")))


def _not_valid(request: Request) -> Reply | None:
    """The answer is a success and says no."""
    return Reply(200, {"valid": False}) if request.path == _CHECK else _INVALID


_CHECK = "/v1/check-api-key"
_INVALID = _says(401, "invalid api token")

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "no_credit": Situation(paid=_says(402, _NO_PAYMENT)),
    "key_limit": Situation(paid=_says(402, _MAXIMUM)),
    "rate_limited": Situation(paid=_says(429, _TRIAL.format("20 API calls / minute"))),
    "trial_used_up": Situation(paid=_says(429, _TRIAL.format("1000 API calls / month"))),
    "invalid": everywhere(_INVALID),
    "not_valid": everywhere(_not_valid),
    "expired": everywhere(_says(401, _EXPIRED)),
    "no_model": Situation(paid=_no_model),
    "down": everywhere(_says(503, "upstream connect error or disconnect/reset before headers")),
    "overloaded": Situation(paid=_says(500, "internal server error, this has been reported to our developers.")),
    "hostile": everywhere(lambda r: _says(401, hostile(r.key or ""))),
    "hostile_models": Situation(
        free=lambda r: (
            None
            if r.path == _CHECK
            else Reply(200, {"models": [{"name": at} for at in hostile_models(r.key or "")], "next_page_token": 7})
        ),
        paid=lambda r: Reply(200, {"message": {"content": hostile(r.key or "")}}),
    ),
    **ANY_SERVER,
}


def _make_key(seed: str, _: str) -> str:
    return hashlib.shake_256(seed.encode()).hexdigest(20)


def _answer(request: Request, situation: Situation | None) -> Reply:
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _says(404, "page not found")
    if request.key is None:
        return _says(401, "no api key supplied")
    if situation is None:
        return _INVALID
    # A free request that is a POST: a situation tells free from paid by the method.
    return situation.reply(replace(request, method="GET") if request.path == _CHECK else request, endpoint)


def _check_key(_: Request) -> Reply:
    return Reply(200, {"valid": True, "organization_id": "3f1c-demo-organization", "owner_id": "9b2e-demo-owner"})


def _list_models(request: Request) -> Reply:
    token, asked = request.query.get("page_token", ""), request.query.get("page_size", "20")
    start = int(token) if token.isdecimal() else 0
    end = start + min(int(asked) if asked.isdecimal() else 20, _MOST_PER_PAGE)
    models = [
        {
            **{"name": name, "endpoints": list(endpoints), "finetuned": False, "context_length": context},
            **{"tokenizer_url": f"https://storage.googleapis.com/cohere-public/tokenizers/{name}.json"},
            **{"default_endpoints": [], "features": list(features) or None, "is_deprecated": deprecated},
        }
        for name, (endpoints, context, features, deprecated) in list(_MODELS.items())[start:end]
    ]
    return Reply(200, {"models": models} | ({"next_page_token": str(end)} if end < len(_MODELS) else {}))


def _chat(request: Request) -> Reply:
    model = request.param("model")
    if not isinstance(model, str) or "chat" not in _MODELS.get(model, ((),))[0]:
        return _no_model(request)
    if not request.param("messages"):
        return _says(400, "invalid request: messages must not be empty")
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    tokens = {"input_tokens": 2, "output_tokens": 1}
    usage = {"billed_units": tokens, "tokens": tokens}
    return Reply(200, {"id": "c14c80c3-demo", "finish_reason": "MAX_TOKENS", "message": message, "usage": usage})


_ENDPOINTS: dict[tuple[str, str], Callable[[Request], Reply]] = {
    ("POST", _CHECK): _check_key,
    ("GET", "/v1/models"): _list_models,
    ("POST", "/v2/chat"): _chat,
}

COHERE = Provider("/cohere", _SITUATIONS, _make_key, _answer)
