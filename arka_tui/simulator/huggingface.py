"""What Hugging Face answers: its router, and the Hub, which knows of tokens. Texts and statuses are real ones.

The router's errors are mostly plain texts. It lists models to anybody, as its documentation's example shows.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

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

_Offer: TypeAlias = tuple[str, str, int, float | None, float | None]

_MODELS: Mapping[str, tuple[tuple[str, ...], tuple[_Offer, ...]]] = {
    # id: inputs, and who runs it: provider, status, context, USD per 1M tokens in and out
    "meta-llama/Llama-3.1-8B-Instruct": (
        ("text",),
        (
            ("cerebras", "error", 32_768, 0.1, 0.1),
            ("novita", "live", 16_384, 0.02, 0.05),
            ("nscale", "live", 131_072, 0.06, 0.06),
            ("hf-inference", "live", 131_072, None, None),
        ),
    ),
    "openai/gpt-oss-20b": (
        ("text",),
        (("groq", "live", 131_072, 0.1, 0.5), ("together", "live", 131_072, 0.05, 0.2)),
    ),
    "openai/gpt-oss-120b": (("text",), (("cerebras", "live", 131_072, 0.25, 0.69),)),
    "Qwen/Qwen2.5-VL-7B-Instruct": (("text", "image"), (("hyperbolic", "live", 32_768, 0.2, 0.2),)),
    "deepseek-ai/DeepSeek-V3.1": (("text",), (("fireworks-ai", "live", 163_840, 0.56, 1.68),)),
}
_CREATED = 1_754_000_000
_HTML = {"Content-Type": "text/html"}

_NO_PERMISSION = (
    "This authentication method does not have sufficient permissions to call Inference Providers on behalf of user "
    "demo-user"
)
_DEPLETED = (
    "You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference Providers. "
    "Alternatively, subscribe to PRO to get 20x more included usage."
)
_EXCEEDED = (
    "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more monthly "
    "included credits."
)
_TOO_OFTEN = (
    "We had to rate limit you, you hit the quota of 1000 api requests per 5 minutes period. Upgrade to a PRO user or "
    "Team/Enterprise organization account (https://hf.co/pricing) to get higher limits."
)
_NO_MODEL = "The requested model '{}' is not supported by any provider you have enabled."
_TIMED_OUT = b"<html>\n<head><title>504 Gateway Time-out</title></head>\n<body>504 Gateway Time-out</body>\n</html>"

_WHOAMI = "/api/whoami-v2"


def _error(status: int, text: str) -> Reply:
    return Reply(status, {"error": text})


def _no_model(request: Request) -> Reply:
    error = {"type": "invalid_request_error", "param": "model", "code": "model_not_supported"}
    return Reply(400, {"error": {"message": _NO_MODEL.format(request.param("model")), **error}})


def _fine_grained(*permissions: str) -> dict[str, object]:
    scope = {"entity": {"_id": "64f0demo", "type": "user", "name": "demo-user"}, "permissions": list(permissions)}
    return {"role": "fineGrained", "fineGrained": {"canReadGatedRepos": False, "global": [], "scoped": [scope]}}


def _hostile(request: Request) -> Reply:
    text = hostile(request.key or "")
    if request.path == _WHOAMI:
        return Reply(200, {"name": text, "auth": {"accessToken": {"displayName": text, "role": ESCAPES}}})
    return Reply(200, {"object": "list", "data": hostile_models(request.key or "")})


_INVALID = _error(401, "Invalid credentials in Authorization header")
_READS_ONLY = _fine_grained("repo.content.read", "discussion.write")
_MAY_RUN = _fine_grained("repo.content.read", "inference.serverless.write")

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "read_role": Situation(facts={"role": "read"}),
    "fine_grained": Situation(facts=_MAY_RUN),
    "no_credit": Situation(paid=_error(402, _DEPLETED)),
    "no_credit_old": Situation(paid=_error(402, _EXCEEDED)),
    "rate_limited": Situation(paid=_error(429, _TOO_OFTEN)),
    # The Hub counts this very question strictly; the router does not mind.
    "whoami_limited": Situation(free=lambda r: _error(429, _TOO_OFTEN) if r.path == _WHOAMI else None),
    "invalid": everywhere(_INVALID),
    "restricted": Situation(facts=_READS_ONLY, paid=_error(403, _NO_PERMISSION)),
    # A token that looks able: only the router tells.
    "no_permission": Situation(paid=_error(403, _NO_PERMISSION)),
    "no_model": Situation(paid=_no_model),
    "down": everywhere(Reply(503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", _HTML)),
    "timed_out": Situation(paid=Reply(504, _TIMED_OUT, _HTML)),
    # What a host behind the router says comes through as it is.
    "relayed": Situation(paid=Reply(500, {"detail": "CUDA out of memory"})),
    "hostile": Situation(free=_hostile, paid=lambda r: _error(403, hostile(r.key or ""))),
    **ANY_SERVER,
}


def _make_key(seed: str, _: str) -> str:
    return f"hf_{hashlib.shake_256(seed.encode()).hexdigest(17)}"


def _answer(request: Request, situation: Situation | None) -> Reply:
    if (request.method, request.path) == ("GET", "/models") and situation is None:
        return _list_models()
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _error(404, "Sorry, we can't find the page you are looking for.")
    if situation is None:
        return _INVALID
    return situation.reply(request, lambda request: endpoint(request, situation.facts))


def _who_am_i(_: Request, facts: Mapping[str, object]) -> Reply:
    token = {"displayName": "arka", "role": "write", "createdAt": "2026-03-01T09:30:00.000Z", **facts}
    user = {"type": "user", "id": "64f0demo", "name": "demo-user", "fullname": "Demo User", "email": "demo@example.org"}
    organizations = [{"type": "org", "id": "65a1demo", "name": "demo-lab", "roleInOrg": "contributor"}]
    plan = {"isPro": False, "canPay": False, "periodEnd": None}
    return Reply(200, {**user, **plan, "orgs": organizations, "auth": {"type": "access_token", "accessToken": token}})


def _list_models() -> Reply:
    data = [
        {
            **{"id": model, "object": "model", "created": _CREATED, "owned_by": model.partition("/")[0]},
            "architecture": {"input_modalities": list(inputs), "output_modalities": ["text"]},
            "providers": [_offer(offer) for offer in offers],
        }
        for model, (inputs, offers) in _MODELS.items()
    ]
    return Reply(200, {"object": "list", "data": data})


def _offer(offer: _Offer) -> dict[str, object]:
    provider, status, context, price_in, price_out = offer
    priced = {} if price_in is None else {"pricing": {"input": price_in, "output": price_out}}
    speed = {"first_token_latency_ms": 412.5, "throughput": 138.2} if status == "live" else {}
    can = {"supports_tools": True, "supports_structured_output": False}
    return {"provider": provider, "status": status, "context_length": context, **priced, **can, **speed}


def _chat(request: Request, _: Mapping[str, object]) -> Reply:
    model = request.param("model")
    if not isinstance(model, str) or model.partition(":")[0] not in _MODELS:
        return _no_model(request)
    if not request.param("messages"):
        return Reply(422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]})
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 36, "completion_tokens": 3, "total_tokens": 39}
    done = {"id": "chatcmpl-demo", "object": "chat.completion", "created": _CREATED, "model": model}
    return Reply(200, {**done, "choices": [choice], "usage": usage}, {"x-inference-provider": "novita"})


_ENDPOINTS: dict[tuple[str, str], Callable[[Request, Mapping[str, object]], Reply]] = {
    ("GET", _WHOAMI): _who_am_i,
    ("GET", "/models"): lambda request, facts: _list_models(),
    ("POST", "/chat/completions"): _chat,
}

HUGGINGFACE = Provider("/huggingface/v1", _SITUATIONS, _make_key, _answer)
