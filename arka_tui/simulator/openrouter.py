"""What OpenRouter answers. Texts, codes and statuses are real ones, or the documentation's."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

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

_CREATED = 1_795_392_000
_GONE = "2026-06-30"

_MODELS: dict[str, tuple[str, int, str, str, str, str | None]] = {
    # id: name, context, USD per input token, USD per output token, output, expiration_date
    "openrouter/auto": ("Auto Router", 2_000_000, "-1", "-1", "text", None),
    "openai/gpt-5-nano": ("OpenAI: GPT-5 Nano", 400_000, "0.00000005", "0.0000004", "text", None),
    "openai/gpt-4o-mini": ("OpenAI: GPT-4o-mini", 128_000, "0.00000015", "0.0000006", "text", None),
    "openai/gpt-6-luna": ("OpenAI: GPT-6 Luna", 400_000, "0.0000001", "0.0000005", "text", None),
    "anthropic/claude-haiku-4.5": ("Anthropic: Claude Haiku 4.5", 200_000, "0.000001", "0.000005", "text", None),
    "google/gemini-2.5-flash-lite": ("Gemini 2.5 Flash Lite", 1_048_576, "0.0000001", "0.0000004", "text", None),
    "deepseek/deepseek-chat-v3.1": ("DeepSeek: V3.1", 163_840, "0.0000002", "0.0000008", "text", None),
    "x-ai/grok-4-fast": ("xAI: Grok 4 Fast", 2_000_000, "0.0000002", "0.0000005", "text", None),
    "meta-llama/llama-3.3-70b-instruct:free": ("Meta: Llama 3.3 70B (free)", 131_072, "0", "0", "text", None),
    "qwen/qwen3-coder:free": ("Qwen: Qwen3 Coder (free)", 262_144, "0", "0", "text", None),
    # Cheaper than all above, and no use to a test: one is gone, one only paints.
    "mistralai/ministral-3b": ("Mistral: Ministral 3B", 131_072, "0.00000002", "0.00000002", "text", _GONE),
    "black-forest-labs/flux.2-klein": ("FLUX.2 Klein", 40_960, "0.00000001", "0.00000001", "image", None),
}

_VALID_KEY: dict[str, object] = {
    **dict.fromkeys(("limit", "limit_remaining", "limit_reset", "expires_at", "effective_budget")),
    **{"usage": 3.21, "usage_daily": 0.05, "usage_weekly": 0.4, "usage_monthly": 1.75},
    **dict.fromkeys(("byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"), 0),
    **dict.fromkeys(("include_byok_in_limit", "is_free_tier", "is_management_key", "is_provisioning_key"), False),
    "creator_user_id": "user_2dHFtVWx2n56w6HkM0000000000",
    "rate_limit": {"interval": "10s", "note": "This field is deprecated and safe to ignore.", "requests": -1},
    "free_model_daily_requests": {"limit": 1000, "used": 0, "remaining": 1000},
    "budgets": [],
}
_CAPPED = {
    **{"limit": 20, "limit_remaining": 12.40, "limit_reset": "monthly"},
    **{"usage": 31.85, "usage_daily": 0.42, "usage_weekly": 2.1, "usage_monthly": 7.6},
}
_NEVER_PAID: dict[str, object] = {
    **dict.fromkeys(("usage", "usage_daily", "usage_weekly", "usage_monthly"), 0),
    "is_free_tier": True,
    "free_model_daily_requests": {"limit": 50, "used": 12, "remaining": 38},
}
_SPENT = {"scope": "workspace", "limit_usd": 10, "spend_usd": 10.02, "resets_at": "2026-12-01T00:00:00Z"}
_SPENT_BUDGET = {**_SPENT, "remaining_usd": 0, "reset_interval": "monthly", "include_byok": False, "budget_id": None}

_NEVER_PURCHASED = (
    "Insufficient credits. This account never purchased credits. Make sure your key is on the correct account or org, "
    "and if so, purchase more at https://openrouter.ai/settings/credits"
)
_LOW_CREDIT = (
    "This request requires more credits, or fewer max_tokens. You requested up to {} tokens, but can only afford 3. "
    "To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account"
)
_KEY_LIMIT = "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys"
_FREE_QUOTA = "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"
_PRIVACY = (
    "No endpoints found matching your data policy (Free model publication). "
    "Configure: https://openrouter.ai/settings/privacy"
)
_PRIVACY_TYPED = "No endpoints for {} match your data policy (zero data retention). Adjust at https://openrouter.ai/settings/privacy."
_NO_CREDITS = "Insufficient credits. Add more using https://openrouter.ai/credits"
# The next two are ours; of the first the status is documented, of the second also the metadata.
_MANAGEMENT = "Management keys cannot be used to make API calls to completion endpoints"
_BUDGET = "Budget limit exceeded"


def _error(status: int, message: str, metadata: Mapping[str, object] | None = None) -> Reply:
    return Reply(status, {"error": {"message": message, "code": status} | ({"metadata": metadata} if metadata else {})})


def _privacy_typed(request: Request) -> Reply:
    model = request.param("model")
    why = {
        "code": "privacy_restricted",
        "retryable": False,
        "requested_models": [model],
        "excluded_by": ["data_policy:zdr"],
    }
    message = _PRIVACY_TYPED.format(model)
    return Reply(
        404, {"error": {"message": message, "error_type": "not_found", "http_status": 404, "availability": why}}
    )


def _free_quota_used(_: Request) -> Reply:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    reset_ms = str(int(midnight.timestamp()) * 1000)
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset_ms}
    reply = _error(429, _FREE_QUOTA, {"headers": headers, "limit_source": "openrouter_free_tier_daily"})
    return replace(reply, headers=headers)


def _hostile_account(request: Request) -> Reply | None:
    text = hostile(request.key or "")
    account = {
        **_VALID_KEY,
        **dict.fromkeys(("label", "limit_reset", "expires_at", "creator_user_id"), text),
        "limit": 5,
    }
    data: dict[str, object] = {"/key": account, "/models/user": hostile_models(request.key or "")}
    return Reply(200, {"data": data[request.path]}) if request.path in data else None


_UNKNOWN_KEY = _error(401, "User not found.")

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "capped": Situation(facts=_CAPPED),
    "free_tier": Situation(facts=_NEVER_PAID),
    "no_credit": Situation(paid=_error(402, _NEVER_PURCHASED), facts=_NEVER_PAID),
    "low_credit": Situation(paid=lambda r: _error(402, _LOW_CREDIT.format(r.param("max_tokens") or 65536))),
    "key_limit": Situation(
        paid=_error(403, _KEY_LIMIT, {"limit_source": "openrouter_key_limit"}),
        facts={"limit": 5, "limit_remaining": 0, "usage": 5.01},
    ),
    # OpenRouter does not tell an expired or disabled key from an unknown one.
    "expired": everywhere(_UNKNOWN_KEY),
    "lapsed": Situation(facts={"expires_at": timedelta(hours=-1)}),
    "expires_soon": Situation(facts={"expires_at": timedelta(days=3)}),
    "management": Situation(
        paid=_error(403, _MANAGEMENT), facts={"is_management_key": True, "is_provisioning_key": True}
    ),
    "privacy": Situation(paid=_error(404, _PRIVACY)),
    "privacy_typed": Situation(paid=_privacy_typed),
    "rate_limited": Situation(paid=_free_quota_used),
    "upstream_down": Situation(
        paid=_error(502, "Provider returned error", {"provider_name": "OpenAI", "raw": "upstream connect error"})
    ),
    "guardrail": Situation(
        paid=_error(403, _BUDGET, {"limit_source": "openrouter_guardrail_budget", **_SPENT}),
        facts={"budgets": [_SPENT_BUDGET], "effective_budget": _SPENT_BUDGET},
    ),
    "error_in_200": Situation(paid=replace(_error(402, _NO_CREDITS), status=200)),
    "hostile": Situation(free=_hostile_account, paid=lambda r: _error(401, hostile(r.key or ""))),
    "hostile_metadata": Situation(
        paid=lambda r: _error(502, ESCAPES, {"provider_name": ESCAPES, "raw": hostile(r.key or "")})
    ),
    "down": everywhere(_error(503, "Service temporarily unavailable", {"error_type": "provider_overloaded"})),
    **ANY_SERVER,
}


def _make_key(seed: str, _: str) -> str:
    return f"sk-or-v1-{hashlib.sha256(seed.encode()).hexdigest()}"


def _answer(request: Request, situation: Situation | None) -> Reply:
    if (request.method, request.path) == ("GET", "/models"):
        return _list_models(request, {})  # public: the key is not looked at
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _error(404, "Resource not found")
    if request.key is None:
        return _error(401, "Missing Authentication header")
    if situation is None:
        return _UNKNOWN_KEY
    return situation.reply(request, lambda request: endpoint(request, situation.facts))


def _describe_key(request: Request, facts: Mapping[str, object]) -> Reply:
    key = request.key or ""
    data = {"label": f"{key[:12]}...{key[-3:]}", **_VALID_KEY, **facts}
    if isinstance(after := data["expires_at"], timedelta):
        data["expires_at"] = (datetime.now(UTC) + after).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Reply(200, {"data": data})


def _list_models(_request: Request, _facts: Mapping[str, object]) -> Reply:
    data = [
        {
            **{"id": model, "canonical_slug": model, "name": name, "created": _CREATED, "context_length": context},
            "architecture": {"input_modalities": ["text"], "output_modalities": [output], "tokenizer": "Other"},
            "pricing": {"prompt": prompt, "completion": completion, "request": "0", "image": "0"},
            "supported_parameters": ["max_tokens", "temperature"],
            "expiration_date": expires,
        }
        for model, (name, context, prompt, completion, output, expires) in _MODELS.items()
    ]
    return Reply(200, {"data": data, "total_count": len(data), "links": {"next": None}})


def _show_credits(_: Request, facts: Mapping[str, object]) -> Reply:
    if not facts.get("is_management_key"):
        return _error(403, "Only management keys can perform this operation")
    return Reply(200, {"data": {"total_credits": 100.5, "total_usage": 25.75}})


def _chat(request: Request, _: Mapping[str, object]) -> Reply:
    model = request.param("model")
    if not isinstance(model, str) or model not in _MODELS:
        return _error(400, f"{model} is not a valid model ID")
    if _MODELS[model][-1] == _GONE:
        return _error(404, f"No endpoints found for {model}.")
    if not request.param("messages"):
        return _error(400, 'Input required: specify "prompt" or "messages"')
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10, "cost": 0.0000012}
    done = {"id": "gen-demo", "object": "chat.completion", "created": _CREATED, "provider": "OpenAI", "model": model}
    return Reply(200, {**done, "choices": [choice], "usage": usage})


_ENDPOINTS: dict[tuple[str, str], Callable[[Request, Mapping[str, object]], Reply]] = {
    ("GET", "/key"): _describe_key,
    ("GET", "/models/user"): _list_models,
    ("GET", "/credits"): _show_credits,
    ("POST", "/chat/completions"): _chat,
}

OPENROUTER = Provider("/openrouter/api/v1", _SITUATIONS, _make_key, _answer)
