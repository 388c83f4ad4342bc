"""Judging, without a network: what each documented answer means, and that no answer can do harm."""

import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arka_tui.check import Learnt, Verdict
from arka_tui.model import Model, Price
from arka_tui.providers import adapters
from arka_tui.providers.adapters import Answer, Response
from arka_tui.providers.catalog import load_catalog
from arka_tui.providers.listing import MAX_MODELS, alive, page_of, pick_model
from arka_tui.providers.reading import tree_of
from arka_tui.secret import Secret
from tests.conftest import NOW

CATALOG = load_catalog()
OPENAI, OPENROUTER = CATALOG["openai"], CATALOG["openrouter"]
PROVIDERS = {"openai": OPENAI, "openrouter": OPENROUTER}
EMBEDDING, CHAT = OPENAI.paid_probes
(ROUTED,) = OPENROUTER.paid_probes

OK, ACCEPTED, UNKNOWN = Verdict.OK, Verdict.ACCEPTED, Verdict.UNKNOWN
INVALID, RESTRICTED, NO_CREDITS = Verdict.INVALID_KEY, Verdict.RESTRICTED_SCOPE, Verdict.NO_CREDITS
KEY_LIMIT, SPEND_LIMIT, RATE_LIMITED = (Verdict.KEY_LIMIT_REACHED, Verdict.SPEND_LIMIT_REACHED, Verdict.RATE_LIMITED)
NO_MODEL, BLOCKED, DOWN = Verdict.MODEL_UNAVAILABLE, Verdict.ACCOUNT_BLOCKED, Verdict.PROVIDER_DOWN
WRONG_ORG, NOT_HERE, EXPIRED = (
    Verdict.WRONG_ORG_OR_PROJECT,
    Verdict.REGION_OR_IP_BLOCKED,
    Verdict.DISABLED_OR_EXPIRED,
)


def response(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode(), 12)


def free(provider: str, body: object, status: int = 200) -> Answer:
    known = PROVIDERS[provider]
    return adapters.judge_key(known, known.key_probe, response(body, status), NOW)


def paid(provider: str, body: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return adapters.judge_paid(PROVIDERS[provider], response(body, status, headers))


# ---------------------------------------------------------------------- OpenAI's bodies

SCOPES = (
    "You have insufficient permissions for this operation. Missing scopes: {}. Check that you have the correct role in "
    "your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted API key, "
    "that it has the necessary scopes."
)
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
NO_BEARER = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
INCORRECT = (
    "Incorrect API key provided: sk-dummy***********-key. You can find your API key at "
    "https://platform.openai.com/account/api-keys."
)
SLOWER = (
    "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 14567, Requested "
    "24754. Please try again in 18.642s. Visit https://platform.openai.com/account/rate-limits to learn more."
)
BALANCE = (
    "You have no credits remaining. Add credits to continue using the API at "
    "https://platform.openai.com/settings/organization/billing/."
)
BELOW_MINIMUM = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 10 instead."
CUT_SHORT = (
    "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher "
    "max_tokens."
)
NOT_ACTIVE = "Your account is not active, please check your billing details on our website."
DEACTIVATED = "The OpenAI account associated with this API key has been deactivated."
INACTIVE = "billing_not_active"
SCARCE = "insufficient_quota"


def said(message: object, code: object = None, kind: object = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


OPENAI_BODIES: dict[str, tuple[int, object, Verdict]] = {
    "no key": (401, said(NO_BEARER), INVALID),
    "no key, newer": (401, said("Missing bearer or basic authentication in header"), INVALID),
    "unknown key": (401, {**said(INCORRECT, "invalid_api_key"), "status": 401}, INVALID),
    "unknown key, older": (401, said(INCORRECT, "invalid_api_key"), INVALID),
    "unknown key, no code": (401, said(INCORRECT), INVALID),
    "no inference scope": (401, said(SCOPES.format("model.request")), RESTRICTED),
    "no inference scope, newer": (401, said(SCOPES.format("model.request"), "missing_scope"), RESTRICTED),
    "no listing scope": (403, said(SCOPES.format("api.model.read")), RESTRICTED),
    "no responses scope": (401, said(SCOPES.format("api.responses.write")), RESTRICTED),
    "deactivated": (401, said(DEACTIVATED, "account_deactivated"), BLOCKED),
    "deactivated, no code": (401, said(DEACTIVATED), BLOCKED),
    "other organization": (
        401,
        said("OpenAI-Organization header should match organization for API key", "mismatched_organization"),
        WRONG_ORG,
    ),
    "other organization, no code": (
        401,
        said("OpenAI-Organization header should match organization for API key"),
        WRONG_ORG,
    ),
    "other project": (401, said("mismatch", "mismatched_project"), WRONG_ORG),
    "no member": (401, said("You must be a member of an organization to use the API"), WRONG_ORG),
    "no such organization": (400, said("no such organization: org-x"), WRONG_ORG),
    "address not allowed": (401, said("Your IP address is not authorized to use this key."), NOT_HERE),
    "region": (
        403,
        said("Country, region, or territory not supported", "unsupported_country_region_territory"),
        NOT_HERE,
    ),
    "region, no code": (403, said("Country, region, or territory not supported"), NOT_HERE),
    "model forbidden": (
        403,
        said("Project `proj_x` does not have access to model `gpt-4o-mini`", "model_not_found"),
        NO_MODEL,
    ),
    "no such model": (
        404,
        said("The model `x` does not exist or you do not have access to it.", "model_not_found"),
        NO_MODEL,
    ),
    "no such model, no code": (404, said("The model `x` does not exist."), NO_MODEL),
    "no credit": (
        429,
        {"error": {"message": BALANCE, "type": SCARCE, "code": "credit_balance_exhausted"}},
        NO_CREDITS,
    ),
    "no credit, legacy": (429, said(QUOTA, SCARCE, SCARCE), NO_CREDITS),
    "no credit, 2023": (429, said(QUOTA, None, SCARCE), NO_CREDITS),
    "no credit, by its words": (429, said(QUOTA), NO_CREDITS),
    "organization's spend limit": (429, said("x", "organization_spend_limit_exceeded", SCARCE), SPEND_LIMIT),
    "project's spend limit": (429, said("x", "project_spend_limit_exceeded", SCARCE), SPEND_LIMIT),
    "organization's usage limit": (429, said("x", "organization_usage_limit_exceeded", SCARCE), SPEND_LIMIT),
    "hard limit": (400, said("Billing hard limit has been reached", "billing_hard_limit_reached"), SPEND_LIMIT),
    "billing inactive": (429, said(NOT_ACTIVE, INACTIVE, INACTIVE), BLOCKED),
    "billing inactive, by its type": (429, said("x", None, INACTIVE), BLOCKED),
    "billing inactive, by its words": (429, said(NOT_ACTIVE, None), BLOCKED),
    "too fast": (429, said(SLOWER, "rate_limit_exceeded", "tokens"), RATE_LIMITED),
    "too many": (429, said(SLOWER, "rate_limit_exceeded", "requests"), RATE_LIMITED),
    "too fast, no code": (429, said(SLOWER, None, "requests"), RATE_LIMITED),
    "slow down": (429, said("Slow down", "slow_down", "rate_limit_error"), RATE_LIMITED),
    "overloaded": (503, said("x", "server_is_overloaded", "service_unavailable_error"), DOWN),
    "server error": (500, said("The server had an error", None, "server_error"), DOWN),
    "output limit": (400, said(CUT_SHORT), OK),
    "parameter below the minimum": (400, said(BELOW_MINIMUM, "integer_below_min_value"), UNKNOWN),
}


@pytest.mark.parametrize("what", OPENAI_BODIES)
def test_a_body_of_openai_means_what_is_documented(what: str) -> None:
    status, body, verdict = OPENAI_BODIES[what]
    assert paid("openai", body, status).verdict is verdict


@pytest.mark.parametrize("what", [what for what in OPENAI_BODIES if not re.search("model|output limit", what)])
def test_the_free_request_to_openai_is_judged_alike(what: str) -> None:
    status, body, verdict = OPENAI_BODIES[what]
    assert free("openai", body, status).verdict is verdict


def test_a_reasoning_model_that_ran_out_of_tokens_proves_the_key_but_only_as_a_refused_paid_request() -> None:
    assert paid("openai", said(CUT_SHORT), 400).verdict is OK
    assert free("openai", said(CUT_SHORT), 400).verdict is UNKNOWN
    assert paid("openai", said(CUT_SHORT), 401).verdict is INVALID
    assert paid("openai", said(CUT_SHORT), 503).verdict is DOWN


# ---------------------------------------------------------------------- OpenRouter's bodies

NEVER_PURCHASED = (
    "Insufficient credits. This account never purchased credits. Make sure your key is on the correct account or org, "
    "and if so, purchase more at https://openrouter.ai/settings/credits"
)
AFFORD = (
    "This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford "
    "27342. To increase, visit https://openrouter.ai/settings/{}"
)
POLICY = (
    "No endpoints found matching your data policy (Free model publication). "
    "Configure: https://openrouter.ai/settings/privacy"
)
ZDR = (
    "No endpoints for openai/gpt-5.2 match your data policy (zero data retention). "
    "Adjust at https://openrouter.ai/settings/privacy."
)
FREE_QUOTA = "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"


def routed(status: int, message: str, **more: object) -> dict[str, Any]:
    return {"error": {"message": message, "code": status, **more}, "user_id": "user_x"}


def unserved(code: str, status: int, kind: str = "not_found") -> dict[str, Any]:
    why = {"code": code, "retryable": False, "requested_models": ["openai/gpt-5.2"]}
    return {"error": {"message": "x", "error_type": kind, "http_status": status, "availability": why}}


OPENROUTER_BODIES: dict[str, tuple[int, object, Verdict]] = {
    "unknown key": (401, routed(401, "User not found."), INVALID),
    "no key": (401, routed(401, "Missing Authentication header"), INVALID),
    "no key, older": (401, routed(401, "No auth credentials found"), INVALID),
    "no key, cookie": (401, routed(401, "No cookie auth credentials found"), INVALID),
    "typed: authentication": (401, routed(401, "x", metadata={"error_type": "authentication"}), INVALID),
    "official summary of 401": (
        401,
        routed(401, "Invalid credentials (OAuth session expired, disabled/invalid API key)"),
        INVALID,
    ),
    "expired, should it ever say so": (401, routed(401, "API key expired"), EXPIRED),
    "disabled, should it ever say so": (401, routed(401, "This API key is disabled"), EXPIRED),
    "no credit": (402, routed(402, "Insufficient credits. Add more using https://openrouter.ai/credits"), NO_CREDITS),
    "never purchased": (402, routed(402, NEVER_PURCHASED), NO_CREDITS),
    "balance too small": (402, routed(402, AFFORD.format("credits and upgrade to a paid account")), NO_CREDITS),
    "key cap too small": (
        402,
        routed(402, AFFORD.format("keys and create a key with a higher monthly limit")),
        KEY_LIMIT,
    ),
    "402 that says nothing": (402, routed(402, ""), NO_CREDITS),
    "typed: payment": (402, routed(402, "x", metadata={"error_type": "payment_required"}), NO_CREDITS),
    "typed: token limit": (400, routed(400, "x", metadata={"error_type": "token_limit_exceeded"}), KEY_LIMIT),
    "key cap": (
        403,
        routed(403, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys"),
        KEY_LIMIT,
    ),
    "key cap, monthly": (403, routed(403, "Key limit exceeded (monthly limit)."), KEY_LIMIT),
    "budget": (403, routed(403, "Budget limit exceeded"), SPEND_LIMIT),
    "management only": (403, routed(403, "Only management keys can perform this operation"), RESTRICTED),
    "guardrail": (403, routed(403, "Request blocked: prompt injection patterns detected"), RESTRICTED),
    "privacy": (404, routed(404, POLICY), NO_MODEL),
    "privacy, newer": (404, {"error": {**unserved("privacy_restricted", 404)["error"], "message": ZDR}}, NO_MODEL),
    "not found": (404, routed(404, "Resource not found"), NO_MODEL),
    "unknown model": (400, routed(400, "acme/fake-1.0 is not a valid model ID"), NO_MODEL),
    "unknown model, typed": (400, unserved("model_not_found", 400), NO_MODEL),
    "free quota": (429, routed(429, FREE_QUOTA), RATE_LIMITED),
    "free quota, minute": (429, routed(429, "Rate limit exceeded: free-models-per-min."), RATE_LIMITED),
    "typed: rate": (429, routed(429, "x", metadata={"error_type": "rate_limit_exceeded"}), RATE_LIMITED),
    "upstream": (502, routed(502, "Provider returned error", metadata={"raw": "expired, disabled"}), DOWN),
    "upstream too busy": (429, routed(429, "Provider returned error", metadata={"raw": "x"}), DOWN),
    "overloaded": (503, routed(503, "x", metadata={"error_type": "provider_overloaded"}), DOWN),
    "an upstream that is disabled": (503, routed(503, "This provider is temporarily disabled"), DOWN),
    "upstream's expired certificate": (502, routed(502, "upstream certificate has expired"), DOWN),
    "timeout": (408, routed(408, "Operation timed out."), DOWN),
    "upstream timeout": (524, routed(524, "Request timed out."), DOWN),
    "overloaded upstream": (529, routed(529, "Overloaded"), DOWN),
    "server error": (500, routed(500, "Internal Server Error"), DOWN),
    "too large": (413, routed(413, "Request payload too large"), UNKNOWN),
    "not valid": (422, routed(422, "Invalid argument"), UNKNOWN),
}


@pytest.mark.parametrize("what", OPENROUTER_BODIES)
def test_a_body_of_openrouter_means_what_is_documented(what: str) -> None:
    status, body, verdict = OPENROUTER_BODIES[what]
    assert paid("openrouter", body, status).verdict is verdict


@pytest.mark.parametrize("what", OPENROUTER_BODIES)
def test_the_same_error_inside_an_answer_of_200_means_the_same(what: str) -> None:
    status, body, verdict = OPENROUTER_BODIES[what]
    if isinstance(body, dict) and isinstance(body["error"].get("code"), int) and status != 404:
        assert paid("openrouter", body, 200).verdict is verdict
        assert paid("openrouter", {"choices": [{"error": body["error"]}]}, 200).verdict is verdict


AVAILABILITY = {
    **{"model_not_found": 400, "wrong_endpoint": 400, "no_endpoints": 404, "model_deprecated": 404},
    **{"model_unavailable_upstream": 404, "privacy_restricted": 404, "constraint_filtered": 404},
    **{"free_variant_ended": 404, "region_restricted": 403, "capacity_exhausted": 429, "temporarily_unavailable": 503},
}


@pytest.mark.parametrize("code", AVAILABILITY)
@pytest.mark.parametrize("kind", ["not_found", "rate_limit_exceeded", "provider_overloaded", "permission_denied"])
def test_a_model_that_is_not_served_says_nothing_against_the_key_whatever_kind_of_error_it_makes(
    code: str, kind: str
) -> None:
    assert paid("openrouter", unserved(code, AVAILABILITY[code], kind), AVAILABILITY[code]).verdict is NO_MODEL
    error = unserved(code, AVAILABILITY[code], kind)["error"]
    nested = {"error": {"message": "x", "code": 400, "metadata": error}}
    assert paid("openrouter", nested, AVAILABILITY[code]).verdict is NO_MODEL


# ---------------------------------------------------------------------- the order of evidence

ORDER: list[tuple[str, str | None, str | None, str, int, Verdict]] = [
    # what counts, code, type, message, status, verdict
    ("the code before all", "project_spend_limit_exceeded", SCARCE, "incorrect api key", 401, SPEND_LIMIT),
    ("the type before message and status", None, SCARCE, "incorrect api key", 401, NO_CREDITS),
    ("the type, where the code is unknown", "new_code", SCARCE, "incorrect api key", 401, NO_CREDITS),
    ("the message before the status", None, None, "Missing scopes: x", 429, RESTRICTED),
    ("the message, where code and type are unknown", "new", "new", "NO CREDITS REMAINING", 401, NO_CREDITS),
    ("the status last", None, None, "sorry", 401, INVALID),
    ("the status, where all else is unknown", "new", "new", "sorry", 429, RATE_LIMITED),
]


@pytest.mark.parametrize(("counts", "code", "kind", "message", "status", "verdict"), ORDER)
def test_the_code_counts_before_the_type_before_the_message_before_the_status(
    counts: str, code: str | None, kind: str | None, message: str, status: int, verdict: Verdict
) -> None:
    assert paid("openai", said(message, code, kind), status).verdict is verdict, counts


STATUSES = {
    **{400: UNKNOWN, 401: INVALID, 402: NO_CREDITS, 403: RESTRICTED, 404: NO_MODEL, 408: DOWN, 409: UNKNOWN},
    **{418: UNKNOWN, 422: UNKNOWN, 429: RATE_LIMITED, 500: DOWN, 502: DOWN, 503: DOWN, 529: DOWN, 599: DOWN},
    **{101: UNKNOWN, 204: UNKNOWN, 302: UNKNOWN},
}


SAYS_NOTHING = json.dumps({"error": {"message": "no"}}).encode()
STRANGERS = [b"", b"{}", b"no", b"<html>no</html>", b"\xff\xfe\x00", b"null"]
"""Bodies of proxies and portals, which know nothing of the key."""


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_an_error_says_nothing_that_is_known_the_status_decides(provider: str, status: int) -> None:
    body = {"error": {"message": "sorry", "code": "new", "type": "new"}}
    assert paid(provider, body, status).verdict is STATUSES[status]
    free_verdict = UNKNOWN if status == 404 else STATUSES[status]
    assert free(provider, body, status).verdict is free_verdict


STRANGERS = [b"", b"{}", b"no", b"<html>no</html>", b'{"error":{}}', b'{"ok":false}', b"\xff\xfe\x00", b"null", b"[1]"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", STRANGERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_without_an_error_of_a_providers_shape_says_nothing_about_the_key(
    provider: str, body: bytes, status: int
) -> None:
    expected = DOWN if status >= 500 else UNKNOWN
    assert paid(provider, body, status).verdict is expected
    assert free(provider, body, status).verdict is expected


SHAPES: dict[str, object] = {
    # with one message, which is found in every one of them
    "OpenAI": {"error": {"message": "SAID", "type": "t", "param": None, "code": "c"}},
    "OpenRouter": {"error": {"code": 401, "message": "SAID", "metadata": {}}, "user_id": "u"},
    "Google": {"error": {"code": 401, "message": "SAID", "status": "UNAUTHENTICATED", "details": [{"reason": "x"}]}},
    "Anthropic": {"type": "error", "error": {"type": "authentication_error", "message": "SAID"}, "request_id": "r"},
    "Cerebras": {"message": "SAID", "type": "t", "param": "p", "code": "wrong"},
    "Mistral": {"detail": "SAID"},
    "a list of details": {"detail": ["SAID", "more"]},
    "Cohere": {"message": "SAID"},
    "xAI": {"code": "c", "error": "SAID"},
    "a string": {"error": "SAID"},
    "Gemini's list": [{"error": {"code": 401, "message": "SAID", "status": "UNAUTHENTICATED"}}],
    "a strange error": {"error": True, "message": "SAID", "data": [1]},
    "a list of errors": {"error": ["x"], "message": "SAID"},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", [200, 401])
def test_the_message_is_found_in_every_shape_of_body(shape: str, status: int) -> None:
    body = json.loads(json.dumps(SHAPES[shape]).replace("SAID", "Country, region, or territory not supported"))
    for answer in (free("openai", body, status), paid("openai", body, status)):
        assert answer.verdict is NOT_HERE
        assert answer.message == "Country, region, or territory not supported"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_code_is_found_in_every_shape_that_has_one(shape: str) -> None:
    text = json.dumps(SHAPES[shape])
    if '"c"' in text or '"wrong"' in text or "UNAUTHENTICATED" in text:
        body = json.loads(re.sub('"(c|wrong|UNAUTHENTICATED)"', '"account_deactivated"', text))
        assert free("openai", body, 401).verdict is BLOCKED


def test_a_list_of_details_that_are_no_texts_is_judged_by_its_status_and_shown_as_it_is() -> None:
    body = {"detail": [{"loc": ["header"], "msg": "field required", "type": "missing"}]}
    answer = free("openai", body, 401)
    assert answer.verdict is INVALID
    assert "field required" in answer.message


HTML = (
    b"<!DOCTYPE html><html><head><TITLE >Access denied</TITLE></head><body><p>key expired, disabled</p></body></html>"
)


def test_a_page_of_html_is_evidence_by_its_title_but_not_searched_for_words() -> None:
    answer = free("openrouter", HTML, 403)
    assert (answer.verdict, answer.message) == (UNKNOWN, "Access denied")
    assert free("openrouter", HTML, 502).verdict is DOWN
    assert free("openrouter", HTML, 200).verdict is UNKNOWN


def test_a_page_without_a_title_is_told_by_its_words() -> None:
    assert free("openai", b"<html><b>Welcome to the <i>hotel</i></b>", 200).message.split() == [
        "Welcome",
        "to",
        "the",
        "hotel",
    ]


def test_the_words_of_an_unknown_answer_are_kept_as_evidence() -> None:
    answer = free("openai", {"teapot": {"short": True}}, 418)
    assert answer.verdict is UNKNOWN
    assert "teapot" in answer.message


# ---------------------------------------------------------------------- what is a success

MODELS = {"object": "list", "data": [{"id": "gpt-5-nano", "object": "model"}]}
CHAT_DONE = {"id": "chatcmpl-1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}}]}
EMBED_DONE = {"object": "list", "data": [{"embedding": [0.1]}], "usage": {"total_tokens": 1}}
RESPOND_DONE = {"object": "response", "error": None, "output": [{"type": "message"}]}

FREE_SUCCESSES: list[tuple[str, object]] = [
    ("openai", MODELS),
    ("openai", {"data": []}),
    ("openai", {"models": [{"id": "a"}]}),
    ("openai", [{"id": "a"}]),
    ("openai", {"data": [None, 7, {"id": "a"}]}),
    ("openrouter", {"data": {"limit": None}}),
    ("openrouter", {"data": {"usage": 0}}),
    ("openrouter", {"data": {"is_free_tier": False, "limit": "much"}}),
]
NO_FREE_SUCCESSES: list[tuple[str, object]] = [
    ("openai", {"data": None}),
    ("openai", {"data": {"id": "a"}}),
    ("openai", {"data": [1, 2]}),
    ("openai", {"data": [{"error": "no"}]}),
    ("openai", {"models": "many"}),
    ("openai", []),
    ("openai", [1]),
    ("openai", [[{"id": "a"}]]),
    ("openai", {"data": [{"id": 7}]}),
    ("openai", {"ok": True}),
    ("openai", {"error": {"message": "no"}, "data": [{"id": "a"}]}),
    ("openai", {"error": True, "data": [{"id": "a"}]}),
    ("openai", "fine"),
    ("openai", 1),
    ("openrouter", {"data": {}}),
    ("openrouter", {"data": []}),
    ("openrouter", MODELS),
    ("openrouter", {"data": {"limit": "much", "usage": True, "is_free_tier": "no", "expires_at": 12}}),
    ("openrouter", {"limit": 5}),
    ("openrouter", {"data": {"label": "x"}}),
]
PAID_SUCCESSES: list[object] = [CHAT_DONE, EMBED_DONE, RESPOND_DONE, {**CHAT_DONE, "error": None}]
NO_PAID_SUCCESSES: list[object] = [
    *({}, [], None, "fine", 7, True, {"model": "x"}, {"data": None}, {"data": {}}, {"choices": []}, {"output": "x"}),
    *([CHAT_DONE], {**CHAT_DONE, "error": "no"}, {"choices": [{"error": {"message": "no"}}]}, {"error": {}}),
]


@pytest.mark.parametrize(("provider", "body"), FREE_SUCCESSES)
def test_a_success_of_the_free_request_has_the_providers_shape(provider: str, body: object) -> None:
    assert free(provider, body).verdict is OK


@pytest.mark.parametrize(("provider", "body"), NO_FREE_SUCCESSES)
def test_another_answer_of_200_to_the_free_request_is_no_success(provider: str, body: object) -> None:
    assert free(provider, body).verdict is UNKNOWN


@pytest.mark.parametrize("body", PAID_SUCCESSES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_success_of_the_paid_request_holds_a_result(provider: str, body: object) -> None:
    assert paid(provider, body).verdict is OK


@pytest.mark.parametrize("body", NO_PAID_SUCCESSES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_answer_of_200_to_the_paid_request_is_no_success(provider: str, body: object) -> None:
    assert paid(provider, body).verdict is UNKNOWN


@pytest.mark.parametrize("status", [301, 304, 400, 401, 403, 404, 429, 500])
def test_a_body_that_looks_like_success_is_none_under_another_status(status: int) -> None:
    assert free("openai", MODELS, status).verdict not in (OK, ACCEPTED)
    assert paid("openai", CHAT_DONE, status).verdict not in (OK, ACCEPTED)


# ---------------------------------------------------------------------- hostile answers

NAMES = [
    *("error", "data", "models", "choices", "output", "message", "detail", "code", "type", "status", "metadata"),
    *("error_type", "availability", "id", "limit", "limit_remaining", "usage", "expires_at", "is_free_tier"),
    *("is_management_key", "budgets", "remaining_usd", "pricing", "prompt", "completion", "architecture"),
    *("output_modalities", "shutdown_date", "expiration_date", "0", "*", ""),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            *("text", "gpt-5-nano", "2026-01-01", "2027-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "1e999999999"),
            *(
                "NaN",
                "sNaN",
                "-1",
                "insufficient_quota",
                "model_not_found",
                "max_tokens or model output limit was reached",
            ),
        ]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=15,
)
BODIES = st.one_of(
    TREES.map(lambda tree: json.dumps(tree).encode()),
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"error":' * 50_000 + b"1" + b"}" * 50_000,
            b'{"data":{"limit":1e1000000}}',
            b'{"data":{"limit":1e99999999999999999999999}}',
            b'{"data":{"limit":-1e-99999999999999999999999}}',
            b'{"data":{"limit":' + b"9" * 5000 + b"}}",
            b'{"data":[{"id":"a","pricing":{"prompt":1e999999,"completion":1e999999}}]}',
            b'{"data":[{"id":"\\ud800","pricing":{"prompt":"' + b"9" * 60 + b'","completion":"1"}}]}',
            b'{"error":{"code":' + b"9" * 4000 + b',"message":"x"}}',
            b"\xef\xbb\xbf{}",
            '{"error":"x"}'.encode("utf-16"),
        ]
    ),
)


HOSTILE = settings(max_examples=200)


def is_list_of_models(tree: Any) -> bool:
    found = (
        tree if isinstance(tree, list) else next((tree[k] for k in ("data", "models") if is_list(tree.get(k))), None)
    )
    if not is_list(found):
        return False
    entries: list[Any] = found or []
    named = any(isinstance(each, dict) and isinstance(each.get("id"), str) for each in entries)
    return named or (not entries and isinstance(tree, dict))


def is_list(value: object) -> bool:
    return isinstance(value, list)


@HOSTILE
@given(BODIES, st.integers(100, 599), st.sampled_from(sorted(PROVIDERS)))
@example(b'{"data":{"limit":"1e999999999"}}', 200, "openrouter")
@example(b'[{"error":{"message":"no"}}]', 200, "openai")
def test_no_answer_raises_or_passes_for_a_success_that_it_is_not(body: bytes, status: int, provider: str) -> None:
    answer, done = free(provider, body, status), paid(provider, body, status)
    assert ACCEPTED not in (answer.verdict, done.verdict)
    if OK not in (answer.verdict, done.verdict):
        return
    tree = json.loads(body)
    if answer.verdict is OK:
        assert 200 <= status < 300
        assert not (isinstance(tree, dict) and tree.get("error"))
        assert is_list_of_models(tree) if provider == "openai" else isinstance(tree["data"], dict)
    if done.verdict is OK and status == 400:
        assert "max_tokens or model output limit was reached" in json.dumps(tree)
    elif done.verdict is OK:
        assert 200 <= status < 300
        assert not tree.get("error")
        assert any(is_list(tree.get(name)) and tree[name] for name in ("data", "choices", "output"))


@HOSTILE
@given(BODIES)
def test_no_list_of_models_raises_and_what_is_read_of_it_is_tame(body: bytes) -> None:
    for provider in PROVIDERS.values():
        page = page_of(provider.models_list, tree_of(body))
        for model in page.models if page else ():
            assert 0 < len(model.id) <= 200
            assert model.id.isprintable()
            assert model.price.input is None or 0 <= model.price.input < 10**18
        for probe in provider.paid_probes:
            pick_model(probe, page.models if page else None, set(), {})


@HOSTILE
@given(BODIES)
def test_every_amount_and_date_that_is_learnt_can_be_told(body: bytes) -> None:
    learnt = free("openrouter", body).learnt
    for field in fields(Learnt):
        value = getattr(learnt, field.name)
        if isinstance(value, Decimal):
            assert len(str(value)) < 50
            assert len(f"{value.normalize():f}") < 50
        elif isinstance(value, datetime):
            assert value.tzinfo is not None
            assert len(value.isoformat()) < 50


def test_a_number_of_a_million_digits_is_rounded() -> None:
    body = b'{"data":{"limit":1.' + b"1" * 1_000_000 + b',"usage":1e-999999}}'
    learnt = free("openrouter", body).learnt
    assert learnt.limit == Decimal("1.111111111111")
    assert learnt.usage == Decimal(0)
    assert len(f"{learnt.usage:f}") < 20


# ---------------------------------------------------------------------- how long to wait

WAITS: list[tuple[dict[str, str], str, int | None]] = [
    ({"retry-after": "20"}, "", 20),
    ({"retry-after": "20"}, "Please try again in 18.642s.", 20),
    ({}, SLOWER, 19),
    ({}, "Please try again in 3s.", 4),
    ({}, "Please try again in 20ms.", None),
    ({}, "Please try again in 6m0s.", None),
    ({}, "Please try again in 99999999s.", None),
    ({}, "Please try again", None),
    ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", None),
    ({"retry-after": "soon"}, "Please try again in 5s", 6),
    ({"retry-after": "-5"}, "", None),
    ({"retry-after": "٣"}, "", None),
    ({"retry-after": "99999999999"}, "", None),
]


@pytest.mark.parametrize(("headers", "message", "seconds"), WAITS)
def test_how_long_to_wait_is_in_the_header_or_else_in_the_words(
    headers: dict[str, str], message: str, seconds: int | None
) -> None:
    assert paid("openai", said(message, "rate_limit_exceeded"), 429, headers).retry_after_s == seconds


def test_the_rate_limits_are_learnt_from_the_headers_of_good_and_bad_answers() -> None:
    headers = {
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-reset-requests": "8.64s",
        "x-ratelimit-limit-tokens": "200000",
        "x-ratelimit-remaining-tokens": "199984",
        "x-ratelimit-reset-tokens": "4ms",
    }
    learnt = Learnt(
        requests_limit="10000",
        requests_remaining="9999",
        requests_reset="8.64s",
        tokens_limit="200000",
        tokens_remaining="199984",
        tokens_reset="4ms",
    )
    assert paid("openai", CHAT_DONE, 200, headers).learnt == learnt
    assert paid("openai", said(SLOWER, "rate_limit_exceeded"), 429, headers).learnt == learnt
    assert paid("openai", b"", 200, headers).learnt == learnt
    assert paid("openrouter", CHAT_DONE, 200, headers).learnt == Learnt()


# ---------------------------------------------------------------------- what OpenRouter tells of a key

KEY_FACTS: dict[str, Any] = {
    **{"label": "sk-or-v1-au7...890", "limit": 100, "limit_remaining": 74.5, "limit_reset": "monthly"},
    **{"usage": 25.5, "usage_daily": 1.5, "usage_weekly": 5.25, "usage_monthly": 25.25},
    **{"byok_usage": 17.38, "include_byok_in_limit": False, "is_free_tier": False, "is_management_key": False},
    **{"creator_user_id": "user_x", "expires_at": "2027-12-31T23:59:59Z", "rate_limit": {"requests": -1}},
}
LEARNT: dict[str, tuple[str, object]] = {
    "limit": ("limit", Decimal(100)),
    "limit_remaining": ("remaining", Decimal("74.5")),
    "limit_reset": ("reset", "monthly"),
    "usage": ("usage", Decimal("25.5")),
    "usage_daily": ("usage_daily", Decimal("1.5")),
    "usage_weekly": ("usage_weekly", Decimal("5.25")),
    "usage_monthly": ("usage_monthly", Decimal("25.25")),
    "expires_at": ("expires_at", datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)),
    "is_free_tier": ("free_tier", False),
    "is_management_key": ("management", False),
    "creator_user_id": ("account", "user_x"),
}


def test_all_that_openrouter_tells_of_a_key_is_learnt() -> None:
    answer = free("openrouter", {"data": KEY_FACTS})
    assert answer == Answer(OK, learnt=Learnt(**dict(LEARNT.values())))  # type: ignore[arg-type]  # of Learnt's types


@pytest.mark.parametrize("gone", LEARNT)
def test_every_fact_of_a_key_is_optional(gone: str) -> None:
    name, _ = LEARNT[gone]
    without = {key: value for key, value in KEY_FACTS.items() if key != gone}
    for facts in (without, {**KEY_FACTS, gone: None}):
        answer = free("openrouter", {"data": facts})
        assert answer.verdict is OK
        assert getattr(answer.learnt, name) is None


@pytest.mark.parametrize("field", LEARNT)
@pytest.mark.parametrize(
    "wrong", [[], {}, {"a": 1}, [7], "", "soon", "NaN", float("nan"), float("inf"), "1e30", 10**40]
)
def test_a_fact_of_another_type_is_not_learnt_and_hurts_no_other(field: str, wrong: object) -> None:
    name, _ = LEARNT[field]
    answer = free("openrouter", {"data": {**KEY_FACTS, field: wrong}})
    assert answer.verdict is OK
    learnt = getattr(answer.learnt, name)
    assert learnt is None or name in ("reset", "account")
    others = {other: value for other, value in LEARNT.values() if other != name}
    assert {other: getattr(answer.learnt, other) for other in others} == others


def test_an_expiry_without_a_time_zone_is_not_guessed() -> None:
    answer = free("openrouter", {"data": {**KEY_FACTS, "expires_at": "2020-01-01T00:00:00"}})
    assert (answer.verdict, answer.learnt.expires_at) == (OK, None)


BEFORE = (NOW - timedelta(seconds=1)).isoformat()
AFTER = (NOW + timedelta(seconds=1)).isoformat()

DECISIONS: list[tuple[dict[str, object], Verdict]] = [
    ({"is_management_key": True}, Verdict.MANAGEMENT_KEY),
    ({"is_management_key": 1}, OK),
    ({"is_management_key": "true"}, OK),
    ({"expires_at": BEFORE}, EXPIRED),
    ({"expires_at": NOW.isoformat()}, EXPIRED),
    ({"expires_at": AFTER}, OK),
    ({"expires_at": "2026-11-23T10:30:00+01:00"}, EXPIRED),
    ({"limit_remaining": 0}, KEY_LIMIT),
    ({"limit_remaining": -0.02}, KEY_LIMIT),
    ({"limit_remaining": "0.00"}, KEY_LIMIT),
    ({"limit_remaining": 0.01}, OK),
    ({"limit_remaining": False}, OK),
    ({"limit_remaining": None}, OK),
    ({"budgets": [{"remaining_usd": 5}, {"remaining_usd": 0}]}, SPEND_LIMIT),
    ({"budgets": [{"remaining_usd": -3}]}, SPEND_LIMIT),
    ({"budgets": [{"remaining_usd": 5}, {}, None, 7]}, OK),
    ({"budgets": []}, OK),
    ({"budgets": "none"}, OK),
    ({"is_management_key": True, "expires_at": BEFORE, "limit_remaining": 0}, Verdict.MANAGEMENT_KEY),
    ({"expires_at": BEFORE, "limit_remaining": 0}, EXPIRED),
    ({"limit_remaining": 0, "budgets": [{"remaining_usd": 0}]}, KEY_LIMIT),
]


@pytest.mark.parametrize(("facts", "verdict"), DECISIONS)
def test_what_a_key_is_told_to_be_can_settle_the_check(facts: dict[str, object], verdict: Verdict) -> None:
    assert free("openrouter", {"data": {**KEY_FACTS, **facts}}).verdict is verdict


# ---------------------------------------------------------------------- which model is tried


def listed(provider: str, *models: dict[str, Any]) -> list[Model] | None:
    page = page_of(PROVIDERS[provider].models_list, {"data": list(models)})
    return None if page is None else alive(page.models, NOW.date())


def priced(
    name: str, prompt: object, completion: object, outputs: object = ("text",), **more: object
) -> dict[str, Any]:
    pricing = {"prompt": prompt, "completion": completion}
    return {"id": name, "pricing": pricing, "architecture": {"output_modalities": outputs}, **more}


def names(models: list[Model] | None) -> list[str] | None:
    return None if models is None else [model.id for model in models]


def test_a_preferred_model_is_taken_in_the_order_of_the_catalog() -> None:
    models = listed("openai", {"id": "gpt-4o-mini"}, {"id": "gpt-6-luna"}, {"id": "whisper-1"})
    assert pick_model(CHAT, models, set(), {}) == "gpt-6-luna"
    assert pick_model(CHAT, models, {"gpt-6-luna"}, {}) == "gpt-4o-mini"
    assert pick_model(CHAT, models, {"gpt-6-luna", "gpt-4o-mini"}, {}) is None
    assert pick_model(EMBEDDING, models, set(), {}) is None


def test_without_a_list_of_models_the_preferred_ones_are_guessed() -> None:
    assert pick_model(EMBEDDING, None, set(), {}) == "text-embedding-3-small"
    assert pick_model(CHAT, None, {"gpt-5-nano"}, {}) == "gpt-6-luna"
    assert pick_model(CHAT, None, set(CHAT.models), {}) is None


@pytest.mark.parametrize(
    ("date", "alive"),
    [
        *(("2026-11-22", False), ("2026-11-23", False), ("2026-11-24", True), ("2026-11-22T23:00:00Z", False)),
        *((None, True), ("", True), ("never", True), (0, True), ("0000-00-00", True), (["2026-11-22"], True)),
    ],
)
def test_a_model_that_was_retired_by_its_date_is_not_listed(date: object, alive: bool) -> None:
    assert names(listed("openai", {"id": "gpt-5-nano", "shutdown_date": date})) == ["gpt-5-nano"] * alive
    assert names(listed("openrouter", priced("a/b", "1", "1", expiration_date=date))) == ["a/b"] * alive


def test_the_cheapest_model_with_a_price_serves_where_no_preferred_one_is_reached() -> None:
    models = listed(
        "openrouter",
        priced("a/costly", "0.00001", "0.00003"),
        priced("b/cheap", "0.00000002", "0.00000004"),
        priced("c/free", "0", "0"),
        priced("d/dynamic", "-1", "-1"),
        priced("e/half-dynamic", "0.000000001", "-1"),
        priced("f/unpriced", None, None),
        priced("g/words", "cheap", "cheap"),
        priced("h/endless", "NaN", "Infinity"),
        priced("i/picture", "0.000000001", "0.000000001", ["image"]),
        {"id": "j/bare"},
    )
    assert pick_model(ROUTED, models, set(), {}) == "b/cheap"
    assert pick_model(ROUTED, models, {"b/cheap"}, {}) is None, "the next one costs more than was announced"


def test_the_price_is_that_of_our_request() -> None:
    models = listed("openrouter", priced("a/b", "0.00000005", "0.0000004"))
    assert models is not None
    assert models[0].price == Price(Decimal("0.05"), Decimal("0.4"))
    assert 8 * Decimal("0.05") + 16 * Decimal("0.4") == 1_000_000 * Decimal("0.0000068")


def test_a_model_for_openai_is_never_chosen_by_price() -> None:
    models = listed("openai", priced("gpt-99", "0.000000001", "0.000000001"))
    assert pick_model(CHAT, models, set(), {}) is None


def test_of_two_equally_cheap_models_the_first_by_name_is_taken() -> None:
    models = listed("openrouter", priced("b/b", "1e-9", "1e-9"), priced("a/a", "1e-9", "1e-9"))
    assert pick_model(ROUTED, models, set(), {}) == "a/a"


@pytest.mark.parametrize(
    ("outputs", "tried"),
    [(["text"], True), (["image", "text"], True), (["image"], False), ([], True), (None, True), ("text", True)],
)
def test_a_model_that_cannot_write_is_listed_and_never_tried(outputs: object, tried: bool) -> None:
    models = listed("openrouter", priced("a/b", "1e-9", "1e-9", outputs))
    assert names(models) == ["a/b"]
    assert pick_model(ROUTED, models, set(), {}) == ("a/b" if tried else None)


@pytest.mark.parametrize("name", ["", "a\x1b[2J", "a\nb", "a\u202eb", "a" * 201, 7, None, ["a"], "\ud800"])
def test_a_model_with_a_name_that_could_do_harm_is_not_listed(name: object) -> None:
    assert names(listed("openai", {"id": name}, {"id": "gpt-5-nano"})) == ["gpt-5-nano"]


def test_models_that_are_listed_twice_count_once() -> None:
    assert names(listed("openai", {"id": "a"}, {"id": "b"}, {"id": "a"})) == ["a", "b"]


def test_no_more_models_are_read_than_anybody_has() -> None:
    data = [{"id": f"m{n}"} for n in range(MAX_MODELS + 5)]
    assert len(names(listed("openai", *data)) or []) == MAX_MODELS


@pytest.mark.parametrize("status", [201, 401, 500])
def test_a_list_of_models_counts_under_200_only(status: int) -> None:
    assert adapters.judge_key(OPENAI, OPENAI.key_probe, response(MODELS, status), NOW).verdict is not OK


# ---------------------------------------------------------------------- the request


@dataclass(frozen=True)
class Target:
    base_url: str = "https://api.openai.com/v1"
    settings: tuple[tuple[str, str], ...] = ()


KEY = "sk-proj-0123456789abcdefghijABCDEFGHIJ"
SECRET = Secret(KEY)


def requests(target: Target, model: str = "gpt-5-nano") -> list[adapters.Request]:
    return [
        adapters.key_request(OPENAI, target, SECRET),
        adapters.models_request(OPENAI, target, SECRET),
        adapters.paid_request(OPENAI, CHAT, model, target, SECRET),
    ]


def test_the_key_is_in_the_authorization_header_and_nowhere_else() -> None:
    for request in requests(Target(settings=(("organization", "org-x"),))):
        name, secret = request.secret_header
        assert (name, secret.reveal()) == ("Authorization", f"Bearer {KEY}")
        assert KEY not in f"{request.url} {request.headers} {request.body!r} {request!r} {request}"
        assert not any(name.lower() == "authorization" for name, _ in request.headers)


def test_a_request_goes_to_the_address_of_the_credential() -> None:
    target = Target("http://127.0.0.1:11434/v1")
    assert [(request.method, request.url) for request in requests(target)] == [
        ("GET", "http://127.0.0.1:11434/v1/models"),
        ("GET", "http://127.0.0.1:11434/v1/models"),
        ("POST", "http://127.0.0.1:11434/v1/chat/completions"),
    ]


def test_settings_are_sent_as_the_headers_that_the_provider_has_for_them() -> None:
    settings = (("colour", "green"), ("organization", "org-x"), ("project", ""))
    for request in requests(Target(settings=settings)):
        sent = dict(request.headers)
        assert sent.pop("OpenAI-Organization") == "org-x"
        assert sent.keys() <= {"Accept", "Content-Type"}


def test_only_a_request_with_a_body_says_what_the_body_is() -> None:
    free_request, _, paid_request = requests(Target())
    assert free_request.body is None
    assert "Content-Type" not in dict(free_request.headers)
    assert dict(paid_request.headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "model", ["gpt-5-nano", 'a"b', "back\\slash", "{model}", "ä/ö", '", "max_tokens": 100000, "x": "']
)
def test_the_name_of_a_model_stays_a_name_in_the_body(model: str) -> None:
    for provider in PROVIDERS.values():
        for probe in provider.paid_probes:
            request = adapters.paid_request(provider, probe, model, Target(), SECRET)
            body = json.loads(request.body or b"")
            assert body["model"] == model
            assert body.keys() == json.loads(probe.body).keys()
