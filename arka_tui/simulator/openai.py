"""What OpenAI answers. Texts, codes and statuses are real ones, or the documentation's."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace

from arka_tui.simulator.situations import (
    ANY_SERVER,
    ESCAPES,
    HOSTILE_HEADER,
    Answer,
    Provider,
    Reply,
    Request,
    Situation,
    everywhere,
    hostile,
    hostile_models,
)

_MODELS = {
    # id: what it is for ("" where it was shut down), shutdown_date
    "text-embedding-3-small": ("embedding", None),
    "text-embedding-3-large": ("embedding", None),
    "gpt-5-nano": ("chat", "2026-12-11"),
    "gpt-6-luna": ("chat", None),
    "gpt-5.4-nano": ("chat", "2027-04-01"),
    "gpt-4o-mini": ("chat", None),
    "gpt-4o": ("chat", None),
    "gpt-4.1-mini": ("chat", None),
    "gpt-4.1-nano": ("", "2026-10-23"),
    "omni-moderation-latest": ("moderation", None),
    "whisper-1": ("audio", None),
    "dall-e-3": ("image", None),
}
_NO_MAX_TOKENS = ("gpt-5", "gpt-6", "o1", "o3", "o4")
_CREATED = 1_795_392_000

_IDENTITY = {
    "openai-organization": "org-demo",
    "openai-version": "2020-10-01",
    "openai-processing-ms": "41",
    "x-request-id": "req_0a1b2c3d4e5f60718293a4b5c6d7e8f9",
}
_LIMITS = {
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "199984",
    "x-ratelimit-reset-requests": "8.64s",
    "x-ratelimit-reset-tokens": "4ms",
}

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
_UNKNOWN_KEY = (
    "Incorrect API key provided: {}. You can find your API key at https://platform.openai.com/account/api-keys."
)
_NO_CREDIT = (
    "You have no credits remaining. Add credits to continue using the API at "
    "https://platform.openai.com/settings/organization/billing/."
)
_NO_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_MISSING_SCOPE = (
    "You have insufficient permissions for this operation. Missing scopes: {}. Check that you have the correct role in "
    "your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted API key, "
    "that it has the necessary scopes."
)
_NO_ACCESS = "Project `proj_demo` does not have access to model `{}`"
_BILLING = "Your account is not active, please check your billing details on our website."
_DEACTIVATED = (
    "The OpenAI account associated with this API key has been deactivated. If you are the account owner and need "
    "assistance, please contact us through our help center at help.openai.com."
)
_RATE_LIMITED = (
    "Rate limit reached for gpt-4o in organization org-demo on tokens per min (TPM): Limit 30000, Used 14567, "
    "Requested 24754. Please try again in 18.642s. Visit https://platform.openai.com/account/rate-limits to learn more."
)
_NO_MODEL = "The model `{}` does not exist or you do not have access to it."
_MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
_TOO_FEW = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {} instead."


def _error(
    status: int,
    message: str,
    code: str | None = None,
    kind: str = "invalid_request_error",
    param: str | None = None,
) -> Reply:
    return Reply(status, {"error": {"message": message, "type": kind, "param": param, "code": code}})


def _unless(header: str, value: str, reply: Reply) -> Answer:
    return lambda request: None if request.headers.get(header) == value else reply


def _lacks_scope(request: Request) -> Reply:
    return _error(401, _MISSING_SCOPE.format(_SCOPES.get(request.path, "model.request")))


def _may_only(*paths: str) -> Answer:
    """A restricted key: each endpoint that is not ticked is refused, before its body is looked at."""
    return lambda request: None if request.path in paths else _lacks_scope(request)


_SCOPES = {
    # The first is documented, model.request reported; the last is named after them.
    "/responses": "api.responses.write",
    **dict.fromkeys(("/chat/completions", "/embeddings", "/moderations"), "model.request"),
    **dict.fromkeys(("/images/generations", "/audio/speech"), "model.request"),
    "/fine_tuning/jobs": "api.fine_tuning.jobs.write",
}
_NO_INFERENCE = _error(401, _MISSING_SCOPE.format("model.request"))
_NO_LISTING = _error(403, _MISSING_SCOPE.format("api.model.read"))
_OTHER_ORG = _error(401, "OpenAI-Organization header should match organization for API key", "mismatched_organization")
_OTHER_PROJECT = _error(401, "OpenAI-Project header should match project for API key", "mismatched_project")
_REGION = "Country, region, or territory not supported"
_OVERLOADED = "The engine is currently overloaded, please try again later"
_CREDIT_GONE = {"message": _NO_CREDIT, "type": "insufficient_quota", "code": "credit_balance_exhausted"}
_SPEND_LIMIT = "Your project has reached its spend limit."  # the code is documented, the text is ours

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "no_credit": Situation(paid=Reply(429, {"error": _CREDIT_GONE})),
    "no_credit_legacy": Situation(paid=_error(429, _NO_QUOTA, "insufficient_quota", "insufficient_quota")),
    "restricted": Situation(paid=_lacks_scope),
    "restricted_coded": Situation(paid=_error(401, _MISSING_SCOPE.format("model.request"), "missing_scope")),
    "restricted_models": Situation(free=_NO_LISTING, paid=_may_only("/chat/completions", "/embeddings", "/responses")),
    "chat_only": Situation(paid=_may_only("/chat/completions", "/responses")),
    # That an admin key cannot run models is documented; the answers are a guess.
    "admin": Situation(free=_NO_LISTING, paid=_NO_INFERENCE),
    "no_model_access": Situation(paid=lambda r: _error(403, _NO_ACCESS.format(r.param("model")), "model_not_found")),
    "spend_limit": Situation(paid=_error(429, _SPEND_LIMIT, "project_spend_limit_exceeded", "insufficient_quota")),
    "billing_inactive": Situation(paid=_error(429, _BILLING, "billing_not_active", "billing_not_active")),
    "deactivated": everywhere(_error(401, _DEACTIVATED, "account_deactivated")),
    "rate_limited": Situation(
        paid=replace(_error(429, _RATE_LIMITED, "rate_limit_exceeded", "tokens"), headers={"Retry-After": "20"})
    ),
    "wrong_org": everywhere(_unless("openai-organization", "org-demo", _OTHER_ORG)),
    "wrong_project": everywhere(_unless("openai-project", "proj_demo", _OTHER_PROJECT)),
    "ip_blocked": everywhere(_error(401, "Your IP address is not authorized to use this API key.")),
    "region": everywhere(_error(403, _REGION, "unsupported_country_region_territory", "request_forbidden")),
    "down": everywhere(_error(503, _OVERLOADED, "server_is_overloaded", "service_unavailable_error")),
    "hostile": everywhere(lambda r: _error(401, hostile(r.key or ""), "invalid_api_key", ESCAPES, ESCAPES)),
    "hostile_models": Situation(
        free=lambda r: Reply(200, {"data": [*hostile_models(r.key or ""), {"id": "text-embedding-3-small"}]}),
        paid=Reply(200, {"model": ESCAPES}, dict.fromkeys(_LIMITS, HOSTILE_HEADER)),
    ),
    "echo": everywhere(_error(200, "The server had an error while processing your request.", None, "server_error")),
    **ANY_SERVER,
}


def _make_key(seed: str, situation: str) -> str:
    prefix, half = ("sk-admin-", 58) if situation == "admin" else ("sk-proj-", 74)
    digests = b"".join(hashlib.sha256(f"{seed}/{part}".encode()).digest() for part in range(4))
    letters = urlsafe_b64encode(digests).decode()
    return f"{prefix}{letters[:half]}T3BlbkFJ{letters[half : 2 * half]}"


def _answer(request: Request, situation: Situation | None) -> Reply:
    reply = _bare_answer(request, situation)
    return replace(reply, headers={**_IDENTITY, **reply.headers})


def _bare_answer(request: Request, situation: Situation | None) -> Reply:
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _error(404, f"Invalid URL ({request.method} /v1{request.path})")
    if request.key is None:
        return _error(401, _NO_KEY)
    if situation is None:
        starred = f"{request.key[:8]}{'*' * 11}{request.key[-4:]}"  # OpenAI does send part of the key back
        message = _UNKNOWN_KEY.format(starred)
        error = {"message": message, "type": "invalid_request_error", "code": "invalid_api_key", "param": None}
        return Reply(401, {"error": error, "status": 401})
    return situation.reply(request, endpoint)


def _list_models(_: Request) -> Reply:
    data = [
        {"id": model, "object": "model", "created": _CREATED, "owned_by": "system", "shutdown_date": shutdown_date}
        for model, (_, shutdown_date) in _MODELS.items()
    ]
    return Reply(200, {"object": "list", "data": data})


def _embed(request: Request) -> Reply:
    data = [{"object": "embedding", "index": 0, "embedding": [-0.0069292834] * 1536}]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return _run(request, "embedding", "input", {"object": "list", "data": data, "usage": usage})


def _chat(request: Request) -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
    done = {"id": "chatcmpl-demo", "object": "chat.completion", "created": _CREATED}
    return _run(request, "chat", "messages", {**done, "choices": [choice], "usage": usage})


def _respond(request: Request) -> Reply:
    content = [{"type": "output_text", "text": "Hello!", "annotations": []}]
    output = [{"type": "message", "role": "assistant", "status": "completed", "content": content}]
    usage = {"input_tokens": 8, "output_tokens": 2, "total_tokens": 10}
    done = {"id": "resp_demo", "object": "response", "created_at": _CREATED, "status": "completed", "error": None}
    return _run(request, "chat", "input", {**done, "output": output, "usage": usage})


def _run(request: Request, kind: str, needed: str, success: dict[str, object]) -> Reply:
    model, most = request.param("model"), request.param("max_output_tokens")
    if not isinstance(model, str):
        return _error(400, "you must provide a model parameter")
    if _MODELS.get(model, ("",))[0] != kind:
        return _error(404, _NO_MODEL.format(model), "model_not_found")
    if not request.param(needed):
        return _error(400, f"Missing required parameter: '{needed}'.", "missing_required_parameter", param=needed)
    if request.param("max_tokens") is not None and model.startswith(_NO_MAX_TOKENS):
        return _error(400, _MAX_TOKENS, "unsupported_parameter", param="max_tokens")
    if isinstance(most, int) and most < 16:
        return _error(400, _TOO_FEW.format(most), "integer_below_min_value", param="max_output_tokens")
    return Reply(200, {**success, "model": model}, _LIMITS)


def _refuse_nonsense(_: Request) -> Reply:
    """An endpoint that is asked only whether the key may use it."""
    return _error(400, "Missing required parameter: 'model'.", "missing_required_parameter", param="model")


_ENDPOINTS: dict[tuple[str, str], Callable[[Request], Reply]] = {
    ("GET", "/models"): _list_models,
    **{("POST", path): _refuse_nonsense for path in _SCOPES},
    ("POST", "/embeddings"): _embed,
    ("POST", "/chat/completions"): _chat,
    ("POST", "/responses"): _respond,
}

OPENAI = Provider("/openai/v1", _SITUATIONS, _make_key, _answer)
