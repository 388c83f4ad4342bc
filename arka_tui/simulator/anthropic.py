"""What Anthropic answers. Texts, types and statuses are real ones, or the documentation's."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from arka_tui.simulator.situations import (
    ANY_SERVER,
    ESCAPES,
    HOSTILE_HEADER,
    Provider,
    Reply,
    Request,
    Situation,
    everywhere,
    hostile,
    hostile_models,
)

_GONE = "2026-07-05T00:00:00Z"
_MODELS: Mapping[str, tuple[str, int, int, bool, str | None]] = {
    # id: name, tokens in, tokens out, thinks, retires_at. Newest first, as the real list.
    "claude-haiku-5-5": ("Claude Haiku 5.5", 1_000_000, 64_000, True, None),
    "claude-opus-4-6": ("Claude Opus 4.6", 1_000_000, 128_000, True, None),
    "claude-sonnet-4-6": ("Claude Sonnet 4.6", 1_000_000, 64_000, True, None),
    "claude-haiku-4-5-20251001": ("Claude Haiku 4.5", 200_000, 64_000, True, None),
    "claude-sonnet-4-20250514": ("Claude Sonnet 4", 200_000, 64_000, True, "2027-05-14T00:00:00Z"),
    "claude-3-5-haiku-20241022": ("Claude Haiku 3.5", 200_000, 8_192, False, _GONE),
    "claude-3-haiku-20240307": ("Claude Haiku 3", 200_000, 4_096, False, _GONE),
}
_MOST_PER_PAGE = 4
"""The real one gives up to 1000; so few that a second page has to be asked for."""

_REQUEST_ID = "req_011CXF1SZ3S3oXChsdxhoUwV"
_IDENTITY = {"request-id": _REQUEST_ID, "anthropic-organization-id": "0b6a9f3e-demo"}
_RESET = "2026-11-24T08:00:03Z"
_LIMITS = {
    **{"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "49"},
    **{"anthropic-ratelimit-tokens-limit": "60000", "anthropic-ratelimit-tokens-remaining": "59984"},
    **{"anthropic-ratelimit-input-tokens-limit": "50000", "anthropic-ratelimit-input-tokens-remaining": "49992"},
    **{"anthropic-ratelimit-output-tokens-limit": "10000", "anthropic-ratelimit-output-tokens-remaining": "9999"},
    **{f"anthropic-ratelimit-{of}-reset": _RESET for of in ("requests", "tokens", "input-tokens", "output-tokens")},
}

_NO_CREDIT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
_RATE_LIMITED = "This request would exceed your account's rate limit. Please try again later."
_NO_PERMISSION = "Your API key does not have permission to use the specified resource."
# The types and codes of the next four are documented, the texts are ours.
_BILLING = "There is an issue with your billing or payment information."
_SPEND_LIMIT = "Your organization has reached its spend limit."
_RAMP = "Your organization's usage grows faster than its limit allows."
_ON_HOLD = "Requests of your organization are paused."


def _error(status: int, kind: str, message: str, details: Mapping[str, object] | None = None) -> Reply:
    error = {"type": kind, "message": message} | ({"details": details} if details else {})
    return Reply(status, {"type": "error", "error": error, "request_id": _REQUEST_ID})


def _limited(message: str, code: str) -> Reply:
    return _error(429, "rate_limit_error", message, {"error_code": code})


def _no_model(request: Request) -> Reply:
    return _error(404, "not_found_error", f"model: {request.param('model')}")


def _hostile(request: Request) -> Reply:
    return _error(401, "authentication_error", hostile(request.key or ""), {"error_code": ESCAPES})


_INVALID = _error(401, "authentication_error", "invalid x-api-key")
_WAIT = {"retry-after": "12", **_LIMITS, "anthropic-ratelimit-requests-remaining": "0"}
_REGION = Reply(403, {"error": {"type": "forbidden", "message": "Request not allowed"}})

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "no_credit": Situation(paid=_error(400, "invalid_request_error", _NO_CREDIT)),
    "no_credit_typed": Situation(paid=_error(402, "billing_error", _BILLING)),
    "spend_limit": Situation(paid=_limited(_SPEND_LIMIT, "enforced_spend_limit_reached")),
    "contract_limit": Situation(paid=_limited(_SPEND_LIMIT, "contract_spend_limit_reached")),
    "rate_limited": Situation(paid=replace(_error(429, "rate_limit_error", _RATE_LIMITED), headers=_WAIT)),
    "ramp_limited": Situation(paid=replace(_limited(_RAMP, "ramp_limit_exceeded"), headers={"retry-after": "60"})),
    "invalid": everywhere(_INVALID),
    "restricted": Situation(paid=_error(403, "permission_error", _NO_PERMISSION)),
    "blocked": everywhere(_error(400, "invalid_request_error", "This organization has been disabled.")),
    "on_hold": everywhere(_error(400, "organization_on_hold", _ON_HOLD)),
    "region": everywhere(_REGION),
    "no_model": Situation(paid=_no_model),
    "down": everywhere(_error(529, "overloaded_error", "Overloaded")),
    "overloaded": Situation(paid=_error(529, "overloaded_error", "Overloaded")),
    # That an admin key cannot run models is documented; the answer is a guess.
    "admin": everywhere(_INVALID),
    "hostile": everywhere(_hostile),
    "hostile_models": Situation(
        free=lambda r: Reply(200, {"data": hostile_models(r.key or ""), "has_more": True, "last_id": hostile("")}),
        paid=Reply(200, {"content": ESCAPES}, dict.fromkeys(_LIMITS, HOSTILE_HEADER)),
    ),
    **ANY_SERVER,
}


def _make_key(seed: str, situation: str) -> str:
    kind = "admin01" if situation == "admin" else "api03"
    return f"sk-ant-{kind}-{hashlib.shake_256(seed.encode()).hexdigest(47)[:93]}AA"


def _answer(request: Request, situation: Situation | None) -> Reply:
    reply = _bare_answer(request, situation)
    return replace(reply, headers={**_IDENTITY, **reply.headers})


def _bare_answer(request: Request, situation: Situation | None) -> Reply:
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _error(404, "not_found_error", "Not Found")
    if request.key is None:
        return _error(401, "authentication_error", "x-api-key header is required")
    if situation is None:
        return _INVALID
    if "anthropic-version" not in request.headers:
        return _error(400, "invalid_request_error", "anthropic-version: header is required")
    return situation.reply(request, endpoint)


def _list_models(request: Request) -> Reply:
    names, after = list(_MODELS), request.query.get("after_id", "")
    rest = names[names.index(after) + 1 :] if after in names else names
    asked = request.query.get("limit", "20")
    page = rest[: min(int(asked) if asked.isdecimal() else 20, _MOST_PER_PAGE)]
    found = {"first_id": page[0] if page else None, "last_id": page[-1] if page else None}
    return Reply(200, {"data": [_model(name) for name in page], "has_more": len(page) < len(rest), **found})


def _model(model: str) -> dict[str, object]:
    name, tokens_in, tokens_out, thinks, retires_at = _MODELS[model]
    can = {"image_input": True, "pdf_input": True, "structured_outputs": thinks, "thinking": thinks}
    return {
        **{"type": "model", "id": model, "display_name": name, "created_at": "2026-02-05T00:00:00Z"},
        **{"max_input_tokens": tokens_in, "max_tokens": tokens_out},
        "capabilities": {word: {"supported": flag} for word, flag in can.items()},
        "lifecycle": "deprecated" if retires_at else "active",
        "deprecated_at": "2026-01-05T00:00:00Z" if retires_at else None,
        "retires_at": retires_at,
    }


def _run(request: Request) -> Reply:
    model = request.param("model")
    if not isinstance(model, str):
        return _error(400, "invalid_request_error", "model: Field required")
    if model not in _MODELS or _MODELS[model][-1] == _GONE:
        return _no_model(request)
    for needed in ("max_tokens", "messages"):
        if not request.param(needed):
            return _error(400, "invalid_request_error", f"{needed}: Field required")
    done = {"id": "msg_demo", "type": "message", "role": "assistant", "model": model, "stop_reason": "max_tokens"}
    usage = {"input_tokens": 8, "output_tokens": 1, "service_tier": "standard"}
    return Reply(200, {**done, "content": [{"type": "text", "text": "Hello"}], "usage": usage}, _LIMITS)


_ENDPOINTS: dict[tuple[str, str], Callable[[Request], Reply]] = {
    ("GET", "/models"): _list_models,
    ("POST", "/messages"): _run,
}

ANTHROPIC = Provider("/anthropic/v1", _SITUATIONS, _make_key, _answer)
