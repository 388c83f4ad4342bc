"""What Google answers for Gemini (AI Studio). Texts, reasons and statuses are real ones, or the documentation's."""

import hashlib
from collections.abc import Mapping

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

_RUN, _COUNT, _EMBED = "generateContent", "countTokens", "embedContent"
_MODELS: Mapping[str, tuple[str, int, int, tuple[str, ...]]] = {
    # id: name, tokens in, tokens out, methods
    "gemini-2.5-flash": ("Gemini 2.5 Flash", 1_048_576, 65_536, (_RUN, _COUNT)),
    "gemini-2.5-pro": ("Gemini 2.5 Pro", 1_048_576, 65_536, (_RUN, _COUNT)),
    "gemini-2.5-flash-lite": ("Gemini 2.5 Flash-Lite", 1_048_576, 65_536, (_RUN, _COUNT)),
    "gemini-3.1-flash-lite": ("Gemini 3.1 Flash-Lite", 1_048_576, 65_536, (_RUN, _COUNT)),
    "gemini-3-pro-preview": ("Gemini 3 Pro Preview", 1_048_576, 65_536, (_RUN, _COUNT)),
    "gemini-embedding-001": ("Gemini Embedding 001", 2_048, 1, (_EMBED,)),
    "imagen-4.0-generate-001": ("Imagen 4", 480, 8_192, ("predict",)),
}
_MOST_PER_PAGE = 4
"""The real one gives up to 1000; so few that a second page has to be asked for."""

_SERVICE = "generativelanguage.googleapis.com"
_METHOD = "google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent"
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API Consumer identity to call this API."
)
_NOT_VALID = "API key not valid. Please pass a valid API key."
_NOT_FOUND = "API Key not found. Please pass a valid API key."
_EXPIRED = "API key expired. Please renew the API key."
_LEAKED = "Your API key was reported as leaked. Please use another API key."
_DISABLED = (
    "Generative Language API has not been used in project 580640415319 before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=580640415319 "
    "then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and "
    "retry."
)
_SERVICE_BLOCKED = f"Requests to this API {_SERVICE} method {_METHOD} are blocked."
_WRONG_KIND = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_DEPLETED = (
    "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project "
    "and billing."
)
_REGION = "User location is not supported for the API use."
_NO_FREE_TIER = (
    "Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio."
)
_NO_MODEL = (
    "models/{} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see "
    "the list of available models and their supported methods."
)
_OVERLOADED = "The model is overloaded. Please try again later."


def _error(status: int, name: str, message: str, *details: Mapping[str, object]) -> Reply:
    error: dict[str, object] = {"code": status, "message": message, "status": name}
    return Reply(status, {"error": error | ({"details": list(details)} if details else {})})


def _detail(kind: str, **values: object) -> dict[str, object]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **values}


def _because(status: int, name: str, message: str, reason: str) -> Reply:
    info = _detail("ErrorInfo", reason=reason, domain="googleapis.com", metadata={"service": _SERVICE})
    return _error(status, name, message, info, _detail("LocalizedMessage", locale="en-US", message=message))


def _bad_key(message: str) -> Reply:
    return _because(400, "INVALID_ARGUMENT", message, "API_KEY_INVALID")


def _suspended(request: Request) -> Reply:
    """Google does send the whole key back."""
    message = f"Permission denied: Consumer 'api_key:{request.key}' has been suspended."
    return _because(403, "PERMISSION_DENIED", message, "CONSUMER_SUSPENDED")


def _hostile(request: Request) -> Reply:
    return _because(400, ESCAPES, hostile(request.key or ""), "API_KEY_INVALID")


_VIOLATION = {
    "quotaMetric": f"{_SERVICE}/generate_content_free_tier_requests",
    "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    "quotaDimensions": {"location": "global", "model": "gemini-2.5-flash-lite"},
    "quotaValue": "20",
}
_FREE_QUOTA_USED = _error(
    429,
    "RESOURCE_EXHAUSTED",
    _QUOTA,
    _detail("Help", links=[{"description": "Learn more", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]),
    _detail("QuotaFailure", violations=[_VIOLATION]),
    _detail("RetryInfo", retryDelay="34s"),
)

_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    "auth_key": Situation(),
    "no_credit": Situation(paid=_error(429, "RESOURCE_EXHAUSTED", _DEPLETED)),
    "no_free_tier": Situation(paid=_error(400, "FAILED_PRECONDITION", _NO_FREE_TIER)),
    "rate_limited": Situation(paid=_FREE_QUOTA_USED),
    "invalid": everywhere(_bad_key(_NOT_VALID)),
    "not_found": everywhere(_bad_key(_NOT_FOUND)),
    "expired": everywhere(_bad_key(_EXPIRED)),
    "leaked": everywhere(_error(403, "PERMISSION_DENIED", _LEAKED)),
    "wrong_kind": everywhere(_because(401, "UNAUTHENTICATED", _WRONG_KIND, "ACCESS_TOKEN_TYPE_UNSUPPORTED")),
    "restricted": everywhere(_because(403, "PERMISSION_DENIED", _SERVICE_BLOCKED, "API_KEY_SERVICE_BLOCKED")),
    "api_disabled": everywhere(_because(403, "PERMISSION_DENIED", _DISABLED, "SERVICE_DISABLED")),
    "blocked": everywhere(_suspended),
    "region": everywhere(_error(400, "FAILED_PRECONDITION", _REGION)),
    "no_model": Situation(paid=lambda r: _error(404, "NOT_FOUND", _NO_MODEL.format(_named(r)))),
    "down": everywhere(_error(503, "UNAVAILABLE", "The service is currently unavailable.")),
    "overloaded": Situation(paid=_error(503, "UNAVAILABLE", _OVERLOADED)),
    "hostile": everywhere(_hostile),
    "hostile_models": Situation(
        free=lambda r: Reply(200, {"models": [*_renamed(hostile_models(r.key or ""))], "nextPageToken": ESCAPES}),
        paid=Reply(200, {"candidates": ESCAPES}),
    ),
    **ANY_SERVER,
}


def _renamed(entries: list[object]) -> list[object]:
    """With the id where Google has it."""
    return [{**each, "name": each.get("id")} if isinstance(each, dict) else each for each in entries]


def _make_key(seed: str, situation: str) -> str:
    letters = hashlib.shake_256(seed.encode()).hexdigest(24)
    return f"AQ.Ab8RN6{letters}" if situation in ("auth_key", "wrong_kind") else f"AIzaSy{letters[:33]}"


def _answer(request: Request, situation: Situation | None) -> Reply:
    method, _, verb = request.path.partition(":")
    listing = (request.method, request.path) == ("GET", "/models")
    if not listing and (request.method != "POST" or not method.startswith("/models/") or verb != _RUN):
        return Reply(404, b"<!DOCTYPE html>\n<title>Error 404 (Not Found)!!1</title>\n", {"Content-Type": "text/html"})
    if request.key is None:
        return _error(403, "PERMISSION_DENIED", _NO_KEY)
    if situation is None:
        return _bad_key(_NOT_VALID)
    return situation.reply(request, _list_models if listing else _run)


def _list_models(request: Request) -> Reply:
    token, asked = request.query.get("pageToken", ""), request.query.get("pageSize", "50")
    start = int(token.removeprefix("page-")) if token.startswith("page-") else 0
    end = start + min(int(asked) if asked.isdecimal() else 50, _MOST_PER_PAGE)
    names = list(_MODELS)
    more = {"nextPageToken": f"page-{end}"} if end < len(names) else {}
    return Reply(200, {"models": [_model(name) for name in names[start:end]], **more})


def _model(model: str) -> dict[str, object]:
    name, tokens_in, tokens_out, methods = _MODELS[model]
    limits = {"inputTokenLimit": tokens_in, "outputTokenLimit": tokens_out}
    named = {"name": f"models/{model}", "version": "001", "displayName": name, "description": f"{name}, stable"}
    return {**named, **limits, "supportedGenerationMethods": list(methods), "temperature": 1, "topP": 0.95}


def _named(request: Request) -> str:
    """The model, which the path names."""
    return request.path.removeprefix("/models/").partition(":")[0]


def _run(request: Request) -> Reply:
    model = _named(request)
    if _RUN not in _MODELS.get(model, ("", 0, 0, ()))[-1]:
        return _error(404, "NOT_FOUND", _NO_MODEL.format(model))
    if not request.param("contents"):
        return _error(400, "INVALID_ARGUMENT", "* GenerateContentRequest.contents: contents is not specified\n")
    candidate = {"content": {"parts": [{"text": "Hi"}], "role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}
    usage = {"promptTokenCount": 2, "candidatesTokenCount": 1, "totalTokenCount": 3}
    return Reply(200, {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model})


GEMINI = Provider("/gemini/v1beta", _SITUATIONS, _make_key, _answer)
