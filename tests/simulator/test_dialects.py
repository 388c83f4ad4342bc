"""What the simulator answers where a provider speaks in its own way, against PROVIDERS.md; without the server."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from arka_tui.simulator.anthropic import ANTHROPIC
from arka_tui.simulator.azure import AZURE, DEPLOYMENT
from arka_tui.simulator.cohere import COHERE
from arka_tui.simulator.gemini import GEMINI
from arka_tui.simulator.huggingface import HUGGINGFACE
from arka_tui.simulator.openai import OPENAI
from arka_tui.simulator.perplexity import PERPLEXITY
from arka_tui.simulator.situations import Provider, Reply, Request

Ask = tuple[str, str, dict[str, object] | None]

PROVIDERS = {
    **{"anthropic": ANTHROPIC, "azure": AZURE, "cohere": COHERE, "gemini": GEMINI},
    **{"huggingface": HUGGINGFACE, "perplexity": PERPLEXITY},
}
HI = [{"role": "user", "content": "hi"}]
MODELS: dict[str, Ask] = {
    "anthropic": ("GET", "/models", None),
    "azure": ("GET", "/openai/v1/models", None),
    "cohere": ("GET", "/v1/models", None),
    "gemini": ("GET", "/models", None),
    "huggingface": ("GET", "/models", None),
    "perplexity": ("GET", "/v1/models", None),
}
KEY: dict[str, Ask] = {
    **MODELS,
    "cohere": ("POST", "/v1/check-api-key", {}),
    "huggingface": ("GET", "/api/whoami-v2", None),
}
RUN: dict[str, Ask] = {
    "anthropic": ("POST", "/messages", {"model": "claude-haiku-5-5", "max_tokens": 1, "messages": HI}),
    "azure": ("POST", "/openai/v1/chat/completions", {"model": DEPLOYMENT, "messages": HI}),
    "cohere": ("POST", "/v2/chat", {"model": "command-r7b-12-2024", "messages": HI}),
    "gemini": ("POST", "/models/gemini-2.5-flash-lite:generateContent", {"contents": [{"parts": [{"text": "hi"}]}]}),
    "huggingface": ("POST", "/chat/completions", {"model": "openai/gpt-oss-20b", "messages": HI}),
    "perplexity": ("POST", "/v1/sonar", {"model": "sonar", "messages": HI}),
}
VERSION = {"anthropic-version": "2023-06-01"}


def ask(
    provider: Provider,
    what: Ask,
    situation: str | None = "valid",
    *,
    key: str | None = "",
    headers: Mapping[str, str] = VERSION,
    query: Mapping[str, str] | None = None,
) -> Reply:
    """Without a situation the key is one that the provider does not know; None is none at all."""
    sent = key if key is None else key or provider.make_key("test", situation or "valid")
    request = Request(what[0], what[1], headers, sent, what[2], query=query or {})
    return provider.answer(request, provider.situations[situation] if situation else None)


def told(reply: Reply) -> Any:
    return json.loads(json.dumps(reply.body))


def words(reply: Reply) -> str:
    """All that it says, as one text."""
    return reply.body.decode() if isinstance(reply.body, bytes) else json.dumps(reply.body, ensure_ascii=False)


REFUSALS = [
    # provider, situation, request, status, a place in the answer and what is there, a piece of the words
    ("anthropic", "no_credit", RUN, 400, "error.type", "invalid_request_error", "credit balance is too low"),
    ("anthropic", "no_credit_typed", RUN, 402, "error.type", "billing_error", "billing"),
    ("anthropic", "spend_limit", RUN, 429, "error.details.error_code", "enforced_spend_limit_reached", "spend limit"),
    ("anthropic", "contract_limit", RUN, 429, "error.details.error_code", "contract_spend_limit_reached", "limit"),
    ("anthropic", "ramp_limited", RUN, 429, "error.details.error_code", "ramp_limit_exceeded", "grows"),
    ("anthropic", "rate_limited", RUN, 429, "error.type", "rate_limit_error", "exceed your account's rate limit"),
    ("anthropic", "invalid", KEY, 401, "error.type", "authentication_error", "invalid x-api-key"),
    ("anthropic", "restricted", RUN, 403, "error.type", "permission_error", "does not have permission"),
    ("anthropic", "blocked", KEY, 400, "error.type", "invalid_request_error", "organization has been disabled"),
    ("anthropic", "on_hold", KEY, 400, "error.type", "organization_on_hold", "paused"),
    ("anthropic", "region", KEY, 403, "error.type", "forbidden", "Request not allowed"),
    ("anthropic", "no_model", RUN, 404, "error.type", "not_found_error", "model: claude-haiku-5-5"),
    ("anthropic", "down", KEY, 529, "error.type", "overloaded_error", "Overloaded"),
    ("anthropic", "overloaded", RUN, 529, "error.type", "overloaded_error", "Overloaded"),
    ("gemini", "invalid", KEY, 400, "error.details.0.reason", "API_KEY_INVALID", "API key not valid"),
    ("gemini", "not_found", KEY, 400, "error.details.0.reason", "API_KEY_INVALID", "API Key not found"),
    ("gemini", "expired", KEY, 400, "error.details.0.reason", "API_KEY_INVALID", "API key expired"),
    ("gemini", "leaked", KEY, 403, "error.status", "PERMISSION_DENIED", "reported as leaked"),
    ("gemini", "wrong_kind", KEY, 401, "error.details.0.reason", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "OAuth 2"),
    ("gemini", "restricted", KEY, 403, "error.details.0.reason", "API_KEY_SERVICE_BLOCKED", "are blocked"),
    ("gemini", "api_disabled", KEY, 403, "error.details.0.reason", "SERVICE_DISABLED", "has not been used in project"),
    ("gemini", "blocked", KEY, 403, "error.details.0.reason", "CONSUMER_SUSPENDED", "has been suspended"),
    ("gemini", "region", KEY, 400, "error.status", "FAILED_PRECONDITION", "location is not supported"),
    ("gemini", "no_free_tier", RUN, 400, "error.status", "FAILED_PRECONDITION", "free tier is not available"),
    ("gemini", "rate_limited", RUN, 429, "error.details.2.retryDelay", "34s", "exceeded your current quota"),
    ("gemini", "no_credit", RUN, 429, "error.status", "RESOURCE_EXHAUSTED", "prepayment credits are depleted"),
    ("gemini", "no_model", RUN, 404, "error.status", "NOT_FOUND", "models/gemini-2.5-flash-lite is not found"),
    ("gemini", "down", KEY, 503, "error.status", "UNAVAILABLE", "unavailable"),
    ("gemini", "overloaded", RUN, 503, "error.status", "UNAVAILABLE", "overloaded"),
    ("cohere", "invalid", KEY, 401, "message", "invalid api token", "invalid"),
    ("cohere", "not_valid", KEY, 200, "valid", False, "valid"),
    ("cohere", "expired", KEY, 401, "id", "0d4c7a52-demo", "Your API key has expired"),
    ("cohere", "no_credit", RUN, 402, "id", "0d4c7a52-demo", "add or update your payment method"),
    ("cohere", "key_limit", RUN, 402, "id", "0d4c7a52-demo", "Maximum billing reached for this API key"),
    ("cohere", "rate_limited", RUN, 429, "id", "0d4c7a52-demo", "Trial key, which is limited to 20 API calls / minute"),
    ("cohere", "trial_used_up", RUN, 429, "id", "0d4c7a52-demo", "limited to 1000 API calls / month"),
    ("cohere", "no_model", RUN, 404, "id", "0d4c7a52-demo", "model 'command-r7b-12-2024' not found"),
    ("perplexity", "invalid_json", KEY, 401, "error.code", 401, "Invalid API key provided"),
    ("perplexity", "rate_limited", KEY, 429, "error.code", 429, "rate limit"),
    ("perplexity", "no_model", RUN, 400, "error.type", "invalid_model", "Invalid model 'sonar'"),
    ("huggingface", "invalid", KEY, 401, "error", "Invalid credentials in Authorization header", ""),
    ("huggingface", "no_permission", RUN, 403, "", None, "does not have sufficient permissions"),
    ("huggingface", "restricted", RUN, 403, "", None, "does not have sufficient permissions"),
    ("huggingface", "no_credit", RUN, 402, "", None, "depleted your monthly included credits"),
    ("huggingface", "no_credit_old", RUN, 402, "", None, "exceeded your monthly included credits"),
    ("huggingface", "no_model", RUN, 400, "error.code", "model_not_supported", "not supported by any provider"),
    ("huggingface", "whoami_limited", KEY, 429, "", None, "rate limit"),
    ("huggingface", "relayed", RUN, 500, "detail", "CUDA out of memory", ""),
    ("azure", "invalid", KEY, 401, "error.code", "401", "invalid subscription key or wrong API endpoint"),
    ("azure", "blocked", KEY, 403, "error.code", "AuthenticationTypeDisabled", "Key based authentication is disabled"),
    ("azure", "restricted", KEY, 403, "error.code", "403", "Virtual Network/Firewall rules"),
    ("azure", "virtual_network", KEY, 403, "error.code", "403", "A Virtual Network is configured"),
    ("azure", "no_model", RUN, 404, "error.code", "DeploymentNotFound", "deployment for this resource does not exist"),
    ("azure", "rate_limited", RUN, 429, "error.code", "429", "exceeded token rate limit"),
]


def at(tree: Any, place: str) -> object:
    for step in place.split("."):
        tree = tree[int(step)] if step.isdecimal() else tree[step]
    return tree


@pytest.mark.parametrize(("name", "situation", "asks", "status", "place", "value", "piece"), REFUSALS)
def test_each_situation_is_refused_as_the_provider_does_it(
    name: str, situation: str, asks: Mapping[str, Ask], status: int, place: str, value: object, piece: str
) -> None:
    reply = ask(PROVIDERS[name], asks[name], situation)
    assert reply.status == status
    assert piece in words(reply)
    if place:
        assert at(told(reply), place) == value


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_good_key_is_known_lists_models_and_runs_one(name: str) -> None:
    for asks in (KEY, MODELS, RUN):
        assert ask(PROVIDERS[name], asks[name]).status == 200


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("key", ["nobody", None])
def test_without_a_key_that_is_known_nothing_runs(name: str, key: str | None) -> None:
    for asks in (KEY, RUN):
        assert ask(PROVIDERS[name], asks[name], None, key=key).status in (400, 401, 403)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_place_that_is_not_simulated_is_not_found(name: str) -> None:
    assert ask(PROVIDERS[name], ("GET", "/nothing", None)).status == 404


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_has_the_situations_that_all_have(name: str) -> None:
    assert {"valid", "invalid", "rate_limited", "no_model", "down", "hostile", "slow"} <= set(
        PROVIDERS[name].situations
    )


PAGING = {
    # the query of the first page, the next one's parameter, and where the answer has its value
    "anthropic": ({"limit": "1000"}, "after_id", "last_id", "data", "id"),
    "gemini": ({"pageSize": "1000"}, "pageToken", "nextPageToken", "models", "name"),
    "cohere": ({"page_size": "1000"}, "page_token", "next_page_token", "models", "name"),
}


def pages(name: str) -> Iterator[Any]:
    first, param, token, _, _ = PAGING[name]
    query = dict(first)
    while True:
        page = told(ask(PROVIDERS[name], MODELS[name], query=query))
        yield page
        if not page.get(token) or page.get("has_more") is False:
            return
        query = {**first, param: page[token]}


@pytest.mark.parametrize("name", PAGING)
def test_a_list_of_models_comes_in_pages_that_do_not_overlap(name: str) -> None:
    found = list(pages(name))
    _, _, _, place, key = PAGING[name]
    ids = [model[key] for page in found for model in page[place]]
    assert len(found) > 1
    assert len(ids) == len(set(ids)) > 4


@pytest.mark.parametrize("name", PAGING)
def test_a_page_is_no_larger_than_was_asked_for(name: str) -> None:
    first, _, _, place, _ = PAGING[name]
    assert len(told(ask(PROVIDERS[name], MODELS[name], query=dict.fromkeys(first, "1")))[place]) == 1


def test_anthropic_tells_of_each_model_how_long_it_lives_and_what_it_can() -> None:
    models = {model["id"]: model for page in pages("anthropic") for model in page["data"]}
    assert models["claude-haiku-4-5-20251001"]["max_input_tokens"] == 200_000
    assert models["claude-haiku-5-5"]["retires_at"] is None
    assert models["claude-3-5-haiku-20241022"]["retires_at"].startswith("2026-07")
    assert models["claude-opus-4-6"]["capabilities"]["thinking"] == {"supported": True}


def test_anthropic_wants_its_version_named_but_a_bad_key_is_told_first() -> None:
    assert "anthropic-version: header is required" in words(ask(ANTHROPIC, KEY["anthropic"], headers={}))
    assert ask(ANTHROPIC, KEY["anthropic"], None, headers={}).status == 401


@pytest.mark.parametrize("model", ["claude-3-haiku-20240307", "claude-99"])
def test_anthropic_does_not_run_a_model_that_is_retired_or_unknown(model: str) -> None:
    assert ask(ANTHROPIC, ("POST", "/messages", {"model": model, "max_tokens": 1, "messages": HI})).status == 404


def test_anthropic_tells_its_limits_with_every_answer_of_a_model() -> None:
    headers = ask(ANTHROPIC, RUN["anthropic"]).headers
    for of in ("requests", "tokens", "input-tokens", "output-tokens"):
        for what in ("limit", "remaining", "reset"):
            assert headers[f"anthropic-ratelimit-{of}-{what}"]
    assert ask(ANTHROPIC, RUN["anthropic"], "rate_limited").headers["retry-after"] == "12"


def test_a_suspended_key_of_google_comes_back_whole_in_the_answer() -> None:
    assert "api_key:AIzaSyWhole" in words(ask(GEMINI, KEY["gemini"], "blocked", key="AIzaSyWhole"))


def test_an_embedding_model_of_google_does_not_generate() -> None:
    reply = ask(GEMINI, ("POST", "/models/gemini-embedding-001:generateContent", {"contents": [{}]}))
    assert (reply.status, at(told(reply), "error.status")) == (404, "NOT_FOUND")


def test_the_free_check_of_cohere_is_a_post_and_still_free() -> None:
    assert ask(COHERE, KEY["cohere"], "no_credit").status == 200
    assert told(ask(COHERE, KEY["cohere"]))["organization_id"]


@pytest.mark.parametrize("situation", ["invalid", "no_credit"])
def test_perplexity_refuses_with_a_page_whatever_the_reason(situation: str) -> None:
    reply = ask(PERPLEXITY, KEY["perplexity"], situation)
    assert (reply.status, reply.headers["Content-Type"]) == (401, "text/html")
    assert "<title>401 Authorization Required</title>" in words(reply)
    assert reply == ask(PERPLEXITY, KEY["perplexity"], None)


def test_the_old_address_of_perplexity_is_gone() -> None:
    assert ask(PERPLEXITY, ("POST", "/chat/completions", {"model": "sonar", "messages": HI})).status == 404


@pytest.mark.parametrize("key", ["nobody", None])
def test_the_models_of_hugging_face_are_public(key: str | None) -> None:
    assert ask(HUGGINGFACE, MODELS["huggingface"], None, key=key).status == 200


def test_hugging_face_names_a_price_for_each_host_that_runs_a_model() -> None:
    models = {model["id"]: model["providers"] for model in told(ask(HUGGINGFACE, MODELS["huggingface"]))["data"]}
    prices = [offer["pricing"] for offer in models["openai/gpt-oss-20b"]]
    assert prices == [{"input": 0.1, "output": 0.5}, {"input": 0.05, "output": 0.2}]
    llama = models["meta-llama/Llama-3.1-8B-Instruct"]
    assert {offer["status"] for offer in llama} == {"live", "error"}
    assert not all("pricing" in offer for offer in llama)


TOKENS = [("valid", "write", None), ("read_role", "read", None), ("fine_grained", "fineGrained", True)]


@pytest.mark.parametrize(("situation", "role", "may_run"), [*TOKENS, ("restricted", "fineGrained", False)])
def test_the_hub_tells_what_a_token_may(situation: str, role: str, may_run: bool | None) -> None:
    token = told(ask(HUGGINGFACE, KEY["huggingface"], situation))["auth"]["accessToken"]
    assert token["role"] == role
    assert ("fineGrained" in token) is (may_run is not None)
    assert ("inference.serverless.write" in json.dumps(token)) is bool(may_run)


def test_a_model_of_hugging_face_may_be_asked_at_a_host() -> None:
    assert (
        ask(HUGGINGFACE, ("POST", "/chat/completions", {"model": "openai/gpt-oss-20b:groq", "messages": HI})).status
        == 200
    )


def test_azure_runs_a_deployment_by_its_name_only() -> None:
    chat: Ask = ("POST", "/openai/v1/chat/completions", {"model": "gpt-4o-mini-2024-07-18", "messages": HI})
    assert at(told(ask(AZURE, chat)), "error.code") == "DeploymentNotFound"


NONSENSE: dict[str, object] = {"speed": 1}
SCOPED = ("/responses", "/chat/completions", "/embeddings", "/images/generations", "/audio/speech", "/fine_tuning/jobs")


@pytest.mark.parametrize(
    ("situation", "may"),
    [
        ("valid", SCOPED),
        ("restricted", ()),
        ("restricted_models", ("/responses", "/chat/completions", "/embeddings")),
        ("chat_only", ("/responses", "/chat/completions")),
    ],
)
def test_openai_refuses_nonsense_as_nonsense_only_where_the_key_may(situation: str, may: tuple[str, ...]) -> None:
    statuses = {path: ask(OPENAI, ("POST", path, NONSENSE), situation).status for path in SCOPED}
    assert statuses == {path: 400 if path in may else 401 for path in SCOPED}


def test_openai_names_the_scope_that_is_missing() -> None:
    assert "Missing scopes: api.responses.write." in words(ask(OPENAI, ("POST", "/responses", NONSENSE), "restricted"))
    assert "Missing scopes: model.request." in words(ask(OPENAI, ("POST", "/embeddings", NONSENSE), "restricted"))


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_key_is_the_same_each_time_and_differs_by_seed(name: str) -> None:
    make = PROVIDERS[name].make_key
    assert make("a", "valid") == make("a", "valid") != make("b", "valid")
