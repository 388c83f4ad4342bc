"""The simulator against PROVIDERS.md, with the standard library's client only."""

import ast
import gzip
import http.client
import json
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import arka_tui.simulator
from arka_tui.simulator import SITUATIONS, Simulator, unreachable_url

Ask = tuple[str, str, dict[str, Any] | None]
EMBED: Ask = ("POST", "/embeddings", {"model": "text-embedding-3-small", "input": "a"})
CHAT: Ask = ("POST", "/chat/completions", {"model": "gpt-5-nano", "messages": [{"role": "user", "content": "hi"}]})
RESPOND: Ask = ("POST", "/responses", {"model": "gpt-5-nano", "input": "hi", "max_output_tokens": 16, "store": False})
MODELS: Ask = ("GET", "/models", None)
KEY: Ask = ("GET", "/key", None)
USER_MODELS: Ask = ("GET", "/models/user", None)
CREDITS: Ask = ("GET", "/credits", None)
ROUTED: Ask = (
    "POST",
    "/chat/completions",
    {"model": "openai/gpt-5-nano", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 16},
)

FREE = {"openai": MODELS, "openrouter": KEY}
PAID = {"openai": EMBED, "openrouter": ROUTED}
ENDLESS = {"drip", "cut", "slow"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=0.01) as simulator:
        yield simulator


def connect(simulator: Simulator) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", urlsplit(simulator.base_url("openai")).port, timeout=10)


def send(
    connection: http.client.HTTPConnection,
    url: str,
    what: Ask,
    key: str | None,
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    method, path, body = what
    connection.request(
        method,
        urlsplit(url).path + path,
        json.dumps(body) if body is not None else None,
        {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})},
    )
    return connection.getresponse()


def ask(
    simulator: Simulator, provider: str, what: Ask, key: str | None, headers: Mapping[str, str] | None = None
) -> Answer:
    connection = connect(simulator)
    try:
        response = send(connection, simulator.base_url(provider), what, key, headers)
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def asked(simulator: Simulator, provider: str, situation: str, what: Ask) -> Answer:
    return ask(simulator, provider, what, simulator.issue(provider, situation))


OPENAI_ANSWERS = [
    # situation, request, status, type, code, piece of the message
    ("no_credit", EMBED, 429, "insufficient_quota", "credit_balance_exhausted", "You have no credits remaining."),
    ("no_credit_legacy", CHAT, 429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota"),
    ("restricted", EMBED, 401, "invalid_request_error", None, "Missing scopes: model.request."),
    ("restricted_models", MODELS, 403, "invalid_request_error", None, "Missing scopes: api.model.read."),
    ("admin", MODELS, 403, "invalid_request_error", None, "Missing scopes: api.model.read."),
    ("admin", EMBED, 401, "invalid_request_error", None, "Missing scopes: model.request."),
    ("no_model_access", EMBED, 403, "invalid_request_error", "model_not_found", "`text-embedding-3-small`"),
    ("no_model_access", CHAT, 403, "invalid_request_error", "model_not_found", "access to model `gpt-5-nano`"),
    ("spend_limit", EMBED, 429, "insufficient_quota", "project_spend_limit_exceeded", "spend limit"),
    ("billing_inactive", EMBED, 429, "billing_not_active", "billing_not_active", "Your account is not active"),
    ("deactivated", MODELS, 401, "invalid_request_error", "account_deactivated", "has been deactivated"),
    ("deactivated", EMBED, 401, "invalid_request_error", "account_deactivated", "has been deactivated"),
    ("rate_limited", EMBED, 429, "tokens", "rate_limit_exceeded", "Please try again in 18.642s"),
    ("wrong_org", MODELS, 401, "invalid_request_error", "mismatched_organization", "OpenAI-Organization header"),
    ("wrong_project", MODELS, 401, "invalid_request_error", "mismatched_project", "OpenAI-Project header"),
    ("ip_blocked", MODELS, 401, "invalid_request_error", None, "Your IP address is not authorized"),
    ("region", MODELS, 403, "request_forbidden", "unsupported_country_region_territory", "not supported"),
    ("down", MODELS, 503, "service_unavailable_error", "server_is_overloaded", "overloaded"),
    ("down", EMBED, 503, "service_unavailable_error", "server_is_overloaded", "overloaded"),
    ("echo", MODELS, 200, "server_error", None, "The server had an error"),
]


@pytest.mark.parametrize(("situation", "what", "status", "kind", "code", "piece"), OPENAI_ANSWERS)
def test_openai_answers_each_situation_with_its_documented_error(
    simulator: Simulator, situation: str, what: Ask, status: int, kind: str, code: str | None, piece: str
) -> None:
    answer = asked(simulator, "openai", situation, what)
    assert (answer.status, answer.error["type"], answer.error["code"]) == (status, kind, code)
    assert piece in answer.error["message"]
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    "situation",
    [
        *("valid", "no_credit", "no_credit_legacy", "restricted", "no_model_access"),
        *("spend_limit", "billing_inactive", "rate_limited"),
    ],
)
def test_openai_lists_models_whatever_is_the_matter_with_paying(simulator: Simulator, situation: str) -> None:
    answer = asked(simulator, "openai", situation, MODELS)
    models = {model["id"]: model["shutdown_date"] for model in answer.json["data"]}
    assert answer.status == 200
    assert len(models) == 12
    assert models["gpt-5-nano"] == "2026-12-11"
    assert models["text-embedding-3-small"] is None
    assert models["gpt-4.1-nano"] < "2026-11-23"
    assert {"gpt-4o-mini", "whisper-1", "dall-e-3"} < models.keys()


@pytest.mark.parametrize("situation", ["valid", "restricted_models"])
@pytest.mark.parametrize("what", [EMBED, CHAT, RESPOND])
def test_openai_runs_a_model_and_tells_the_rate_limits(simulator: Simulator, situation: str, what: Ask) -> None:
    answer = asked(simulator, "openai", situation, what)
    assert answer.status == 200
    assert answer.json["usage"]["total_tokens"] > 0
    told = {name for name in answer.headers if name.startswith("x-ratelimit-")}
    assert told == {f"x-ratelimit-{w}-{u}" for w in ("limit", "remaining", "reset") for u in ("requests", "tokens")}


def test_openai_says_how_long_to_wait_in_header_and_text(simulator: Simulator) -> None:
    assert asked(simulator, "openai", "rate_limited", EMBED).headers["retry-after"] == "20"


def test_the_body_without_credit_has_no_param_and_no_wait(simulator: Simulator) -> None:
    answer = asked(simulator, "openai", "no_credit", EMBED)
    assert "param" not in answer.error
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("situation", "header", "value"),
    [("wrong_org", "OpenAI-Organization", "org-demo"), ("wrong_project", "OpenAI-Project", "proj_demo")],
)
def test_a_key_of_another_organization_works_once_the_header_matches(
    simulator: Simulator, situation: str, header: str, value: str
) -> None:
    key = simulator.issue("openai", situation)
    assert ask(simulator, "openai", EMBED, key, {header: "other"}).status == 401
    assert ask(simulator, "openai", EMBED, key, {header: value}).status == 200


def changed(what: Ask, **body: object) -> Ask:
    return (what[0], what[1], {k: v for k, v in {**(what[2] or {}), **body}.items() if v is not None})


@pytest.mark.parametrize(
    ("what", "status", "code", "param"),
    [
        (changed(CHAT, model="gpt-17"), 404, "model_not_found", None),
        (changed(CHAT, model="gpt-4.1-nano"), 404, "model_not_found", None),
        (changed(CHAT, model="text-embedding-3-small"), 404, "model_not_found", None),
        (changed(EMBED, model="gpt-4o-mini"), 404, "model_not_found", None),
        (changed(CHAT, max_tokens=16), 400, "unsupported_parameter", "max_tokens"),
        (changed(CHAT, messages=None), 400, "missing_required_parameter", "messages"),
        (changed(RESPOND, max_output_tokens=10), 400, "integer_below_min_value", "max_output_tokens"),
        (("POST", "/embeddings", None), 400, None, None),
        (("GET", "/engines", None), 404, None, None),
        (("DELETE", "/models", None), 404, None, None),
    ],
)
def test_openai_refuses_a_request_that_it_does_not_understand(
    simulator: Simulator, what: Ask, status: int, code: str | None, param: str | None
) -> None:
    answer = asked(simulator, "openai", "valid", what)
    assert (answer.status, answer.error["code"], answer.error["param"]) == (status, code, param)


def test_openai_takes_max_tokens_for_an_older_model(simulator: Simulator) -> None:
    assert asked(simulator, "openai", "valid", changed(CHAT, model="gpt-4o-mini", max_tokens=16)).status == 200


OPENROUTER_ANSWERS = [
    # situation, request, status, code in the body, piece of the message
    ("no_credit", ROUTED, 402, 402, "This account never purchased credits."),
    ("low_credit", ROUTED, 402, 402, "You requested up to 16 tokens, but can only afford 3."),
    ("key_limit", ROUTED, 403, 403, "Key limit exceeded (total limit)."),
    ("expired", KEY, 401, 401, "User not found."),
    ("expired", ROUTED, 401, 401, "User not found."),
    ("management", ROUTED, 403, 403, "Management keys cannot"),
    ("privacy", ROUTED, 404, 404, "No endpoints found matching your data policy"),
    ("rate_limited", ROUTED, 429, 429, "Rate limit exceeded: free-models-per-day."),
    ("upstream_down", ROUTED, 502, 502, "Provider returned error"),
    ("guardrail", ROUTED, 403, 403, "Budget limit exceeded"),
    ("error_in_200", ROUTED, 200, 402, "Insufficient credits."),
    ("down", KEY, 503, 503, "unavailable"),
    ("down", ROUTED, 503, 503, "unavailable"),
    ("valid", CREDITS, 403, 403, "Only management keys can perform this operation"),
    ("valid", changed(ROUTED, model="acme/fake-1.0"), 400, 400, "acme/fake-1.0 is not a valid model ID"),
    ("valid", changed(ROUTED, model="mistralai/ministral-3b"), 404, 404, "No endpoints found"),
    ("valid", changed(ROUTED, messages=None), 400, 400, "Input required"),
    ("valid", ("GET", "/nothing", None), 404, 404, "Resource not found"),
]


@pytest.mark.parametrize(("situation", "what", "status", "code", "piece"), OPENROUTER_ANSWERS)
def test_openrouter_answers_each_situation_with_its_documented_error(
    simulator: Simulator, situation: str, what: Ask, status: int, code: int, piece: str
) -> None:
    answer = asked(simulator, "openrouter", situation, what)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert piece in answer.error["message"]


FACTS: list[tuple[str, dict[str, object]]] = [
    ("valid", {"limit": None, "limit_remaining": None, "is_free_tier": False, "is_management_key": False}),
    ("capped", {"limit": 20, "limit_remaining": 12.40, "limit_reset": "monthly", "usage_monthly": 7.6}),
    ("free_tier", {"is_free_tier": True, "usage": 0}),
    ("no_credit", {"is_free_tier": True}),
    ("key_limit", {"limit": 5, "limit_remaining": 0}),
    ("management", {"is_management_key": True}),
    ("privacy_typed", {"limit": None}),
]


@pytest.mark.parametrize(("situation", "facts"), FACTS)
def test_openrouter_tells_the_facts_of_a_key(simulator: Simulator, situation: str, facts: dict[str, object]) -> None:
    key = simulator.issue("openrouter", situation)
    answer = ask(simulator, "openrouter", KEY, key)
    assert answer.status == 200
    assert facts.items() <= answer.json["data"].items()
    assert answer.json["data"]["label"] == f"{key[:12]}...{key[-3:]}"


def test_a_key_that_expires_soon_has_three_days_left(simulator: Simulator) -> None:
    expires = asked(simulator, "openrouter", "expires_soon", KEY).json["data"]["expires_at"]
    left_s = time.mktime(time.strptime(expires, "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    assert left_s == pytest.approx(3 * 86400, abs=60)


def test_a_spent_guardrail_shows_in_the_facts_and_in_the_refusal(simulator: Simulator) -> None:
    data = asked(simulator, "openrouter", "guardrail", KEY).json["data"]
    assert [budget["remaining_usd"] for budget in data["budgets"]] == [0]
    refusal = asked(simulator, "openrouter", "guardrail", ROUTED).error
    assert refusal["metadata"]["limit_source"] == "openrouter_guardrail_budget"


def test_a_privacy_refusal_comes_in_the_newer_form_too(simulator: Simulator) -> None:
    answer = asked(simulator, "openrouter", "privacy_typed", ROUTED)
    assert answer.status == 404
    assert answer.error["availability"]["code"] == "privacy_restricted"


def test_the_free_quota_tells_when_it_resets_in_headers_and_metadata(simulator: Simulator) -> None:
    answer = asked(simulator, "openrouter", "rate_limited", ROUTED)
    for name, value in answer.error["metadata"]["headers"].items():
        assert answer.headers[name.lower()] == value
    assert int(answer.headers["x-ratelimit-reset"]) > time.time() * 1000


def test_a_management_key_sees_the_credits(simulator: Simulator) -> None:
    answer = asked(simulator, "openrouter", "management", CREDITS)
    assert answer.json == {"data": {"total_credits": 100.5, "total_usage": 25.75}}


@pytest.mark.parametrize("situation", ["valid", "capped", "free_tier", "expires_soon"])
def test_openrouter_runs_a_model_for_a_good_key(simulator: Simulator, situation: str) -> None:
    answer = asked(simulator, "openrouter", situation, ROUTED)
    assert answer.status == 200
    assert answer.json["choices"]


def test_the_cheapest_paid_living_text_model_of_openrouter_is_gpt_5_nano(simulator: Simulator) -> None:
    models = asked(simulator, "openrouter", "valid", USER_MODELS).json["data"]
    price = {m["id"]: float(m["pricing"]["prompt"]) + float(m["pricing"]["completion"]) for m in models}
    usable = [
        m["id"]
        for m in models
        if price[m["id"]] > 0 and "text" in m["architecture"]["output_modalities"] and not m["expiration_date"]
    ]
    assert len(models) == 12
    assert min(usable, key=price.__getitem__) == "openai/gpt-5-nano"
    assert price["openrouter/auto"] < 0
    assert 0 in price.values()
    assert min(price, key=lambda model: abs(price[model]) or 1) not in usable


@pytest.mark.parametrize("key", [None, "sk-or-v1-nobody"])
def test_the_models_of_openrouter_are_public(simulator: Simulator, key: str | None) -> None:
    assert ask(simulator, "openrouter", MODELS, key).status == 200
    assert ask(simulator, "openrouter", USER_MODELS, key).status == 401


@pytest.mark.parametrize("what", [MODELS, EMBED, CHAT, RESPOND])
def test_an_unknown_key_comes_back_partly_starred_from_openai(simulator: Simulator, what: Ask) -> None:
    answer = ask(simulator, "openai", what, "sk-proj-nobody-knows-this-one")
    assert (answer.status, answer.json["status"], answer.error["code"]) == (401, 401, "invalid_api_key")
    assert "Incorrect API key provided: sk-proj-***********-one." in answer.error["message"]


@pytest.mark.parametrize("what", [KEY, CREDITS, ROUTED])
def test_an_unknown_key_is_a_user_not_found_at_openrouter(simulator: Simulator, what: Ask) -> None:
    answer = ask(simulator, "openrouter", what, "sk-or-v1-nobody")
    assert (answer.status, answer.json) == (401, {"error": {"message": "User not found.", "code": 401}})


@pytest.mark.parametrize(
    ("provider", "what", "piece"),
    [("openai", MODELS, "You didn't provide an API key."), ("openrouter", KEY, "Missing Authentication header")],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}])
def test_a_request_without_a_key_is_told_so(
    simulator: Simulator, provider: str, what: Ask, piece: str, headers: dict[str, str]
) -> None:
    answer = ask(simulator, provider, what, None, headers)
    assert answer.status == 401
    assert piece in answer.error["message"]


def test_a_key_is_unknown_to_the_other_provider(simulator: Simulator) -> None:
    assert ask(simulator, "openrouter", KEY, simulator.issue("openai", "valid")).status == 401


def test_a_revoked_key_is_unknown(simulator: Simulator) -> None:
    key = simulator.issue("openai", "valid")
    assert ask(simulator, "openai", MODELS, key).status == 200
    simulator.revoke(key)
    assert ask(simulator, "openai", MODELS, key).error["code"] == "invalid_api_key"


def test_a_key_can_change_its_situation(simulator: Simulator) -> None:
    key = simulator.issue("openai", "no_credit")
    assert ask(simulator, "openai", EMBED, key).status == 429
    simulator.change(key, "valid")
    assert ask(simulator, "openai", EMBED, key).status == 200


@pytest.mark.parametrize(
    "deed",
    [
        lambda simulator: simulator.issue("openai", "nonsense"),
        lambda simulator: simulator.issue("nobody", "valid"),
        lambda simulator: simulator.revoke("sk-nobody"),
        lambda simulator: simulator.change(simulator.issue("openai", "valid"), "nonsense"),
    ],
)
def test_what_does_not_exist_is_refused_at_once(simulator: Simulator, deed: Callable[[Simulator], object]) -> None:
    with pytest.raises(KeyError):
        deed(simulator)


PATTERNS = {
    # gitleaks' for OpenAI, trufflehog's for OpenRouter
    "openai": r"sk-(?:proj|svcacct|admin)-(?:[\w-]{74}T3BlbkFJ[\w-]{74}|[\w-]{58}T3BlbkFJ[\w-]{58})",
    "openrouter": r"sk-or-v1-[0-9a-f]{64}",
}


@pytest.mark.parametrize("provider", FREE)
def test_keys_are_the_same_each_time_look_real_and_end_differently(provider: str) -> None:
    keys = [
        [Simulator().issue(provider, situation, label) for situation in SITUATIONS[provider] for label in ("demo", "b")]
        for _ in range(2)
    ]
    assert keys[0] == keys[1]
    assert all(re.fullmatch(PATTERNS[provider], key, re.ASCII) for key in keys[0])
    assert len({key[-4:] for key in keys[0]}) == len(keys[0])


def test_an_admin_key_is_named_so() -> None:
    assert Simulator().issue("openai", "admin").startswith("sk-admin-")


@pytest.mark.parametrize("provider", FREE)
@pytest.mark.parametrize("fault", ["echo of the key", "title", "clipboard", "clear", "C1", "bidi", "markup", "action"])
def test_a_hostile_provider_sends_all_that_could_do_harm(simulator: Simulator, provider: str, fault: str) -> None:
    key = simulator.issue(provider, "hostile")
    answer = ask(simulator, provider, PAID[provider], key)
    harm = {
        "echo of the key": key,
        "title": "\x1b]0;",
        "clipboard": "\x1b]52;",
        "clear": "\x1b[2J",
        "C1": "\x9b",
        "bidi": "\u202e",
        "markup": "[/x]",
        "action": "[@click=app.quit]x[/]",
    }[fault]
    assert answer.status == 401
    assert harm in answer.error["message"]
    assert len(answer.error["message"]) > 5000


def test_hostile_models_have_harmful_names_and_wrong_types(simulator: Simulator) -> None:
    for answer in (
        asked(simulator, "openai", "hostile_models", MODELS),
        asked(simulator, "openrouter", "hostile", USER_MODELS),
    ):
        assert answer.status == 200
        ids = [model.get("id") for model in answer.json["data"] if isinstance(model, dict)]
        assert any("\x1b]52;" in name for name in ids if isinstance(name, str))
        assert {type(name) for name in ids} >= {str, int, bool, list, dict}
        assert any(not isinstance(model, dict) for model in answer.json["data"])
    assert "\x1b" in asked(simulator, "openai", "hostile_models", EMBED).headers["x-ratelimit-limit-requests"]


def test_a_hostile_openrouter_labels_the_key_with_the_key(simulator: Simulator) -> None:
    key = simulator.issue("openrouter", "hostile")
    assert key in ask(simulator, "openrouter", KEY, key).json["data"]["label"]
    key = simulator.issue("openrouter", "hostile_metadata")
    assert key in ask(simulator, "openrouter", ROUTED, key).error["metadata"]["raw"]


@pytest.mark.parametrize("provider", FREE)
@pytest.mark.parametrize("requests", [FREE, PAID])
def test_any_server_can_answer_nonsense(simulator: Simulator, provider: str, requests: dict[str, Ask]) -> None:
    def answered(situation: str) -> Answer:
        return asked(simulator, provider, situation, requests[provider])

    assert answered("slow").status == 200
    zipped = answered("gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(zipped.body)).keys() == answered("valid").json.keys()
    assert len(answered("huge").body) > 8 << 20
    moved = answered("redirect")
    assert (moved.status, moved.headers["location"]) == (302, "/elsewhere")
    broken = answered("error_500_html")
    assert (broken.status, broken.headers["content-type"]) == (500, "text/html")
    assert b"<h1>500" in broken.body
    with pytest.raises(json.JSONDecodeError):
        _ = answered("not_json").json
    with pytest.raises(RecursionError):
        _ = answered("deep_json").json
    wrong = answered("wrong_types")
    assert (wrong.status, list(wrong.json)) in [(200, ["object", "data"]), (400, ["error"])]
    teapot = answered("teapot")
    assert (teapot.status, list(teapot.json)) == (418, ["teapot"])


@pytest.mark.parametrize("provider", FREE)
def test_a_cut_answer_is_shorter_than_promised(simulator: Simulator, provider: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        asked(simulator, provider, "cut", FREE[provider])


@pytest.mark.parametrize("provider", FREE)
def test_every_situation_answers_both_a_free_and_a_paid_request(simulator: Simulator, provider: str) -> None:
    for situation in SITUATIONS[provider]:
        if situation not in ENDLESS:
            for what in (FREE[provider], PAID[provider]):
                assert asked(simulator, provider, situation, what).status in range(200, 600)


def test_closing_ends_a_drip() -> None:
    with Simulator() as simulator:
        connection = connect(simulator)
        response = send(connection, simulator.base_url("openai"), MODELS, simulator.issue("openai", "drip"))
        assert response.read(3) == b'{"o'
        began = time.monotonic()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        response.read()
    assert time.monotonic() - began < 2
    response.close()
    connection.close()


def test_closing_ends_a_slow_answer_and_idle_connections() -> None:
    with Simulator(slow_s=60) as simulator:
        idle, slow = connect(simulator), connect(simulator)
        send(idle, simulator.base_url("openai"), MODELS, simulator.issue("openai", "valid")).read()
        path = urlsplit(simulator.base_url("openai")).path
        slow.request("GET", f"{path}/models", headers={"Authorization": f"Bearer {simulator.issue('openai', 'slow')}"})
        deadline = time.monotonic() + 10
        while len(simulator.requests) < 2:
            assert time.monotonic() < deadline
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        slow.getresponse()
    idle.close()
    slow.close()


def test_a_closed_simulator_refuses_connections_and_may_be_started_again() -> None:
    simulator = Simulator()
    key = simulator.issue("openai", "valid")
    simulator.start()
    simulator.start()
    connection = connect(simulator)
    simulator.close()
    simulator.close()
    with pytest.raises(ConnectionRefusedError):
        connection.connect()
    with pytest.raises(RuntimeError):
        simulator.base_url("openai")
    with simulator:
        assert ask(simulator, "openai", MODELS, key).status == 200


def test_one_connection_carries_many_requests(simulator: Simulator) -> None:
    connection = connect(simulator)
    key = simulator.issue("openai", "valid")
    for what in (MODELS, EMBED, ("GET", "/nothing", None), CHAT):
        send(connection, simulator.base_url("openai"), what, key).read()
    assert len(simulator.requests) == 4
    connection.close()


def test_nothing_is_ever_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Simulator(slow_s=0.01) as simulator:
        for provider, situations in ((each, SITUATIONS[each]) for each in FREE):
            for situation in situations:
                if situation not in ENDLESS:
                    asked(simulator, provider, situation, FREE[provider])
        leaver = connect(simulator)
        with send(leaver, simulator.base_url("openai"), MODELS, simulator.issue("openai", "drip")) as response:
            response.read(1)
        leaver.close()
        port = urlsplit(simulator.base_url("openai")).port
        for garbage in (
            b"\x00\xff\r\n\r\n",
            b"BREW / HTTP/1.1\r\n\r\n",
            b"GET //[ HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
                raw.sendall(garbage)
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(4096):
                    pass
    assert capfd.readouterr() == ("", "")


def test_a_fault_of_the_simulator_itself_does_not_pass_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = Simulator()
    simulator.start()
    monkeypatch.setattr(simulator, "_reply_to", lambda *_: 1 / 0)
    with pytest.raises(http.client.RemoteDisconnected):
        asked(simulator, "openai", "valid", MODELS)
    with pytest.raises(ZeroDivisionError):
        simulator.close()


def test_requests_are_remembered_without_a_key(simulator: Simulator) -> None:
    key = simulator.issue("openai", "no_credit")
    ask(simulator, "openai", EMBED, key, {"OpenAI-Project": "proj_x"})
    ask(simulator, "openrouter", ("GET", "/models?limit=5", None), "sk-or-v1-nobody")
    ask(simulator, "openai", ("GET", "/../../elsewhere", None), None)
    paid, public, lost = simulator.requests
    assert (paid.method, paid.path, paid.provider) == ("POST", "/openai/v1/embeddings", "openai")
    assert (paid.situation, paid.body) == ("no_credit", EMBED[2])
    assert paid.headers["openai-project"] == "proj_x"
    assert (paid.headers["authorization"], "authorization" in lost.headers) == ("", False)
    assert (public.path, public.situation, public.body) == ("/openrouter/api/v1/models?limit=5", None, None)
    assert key not in repr(simulator.requests)
    assert "nobody" not in repr(simulator.requests)


def test_a_path_of_no_provider_is_seen_and_not_found(simulator: Simulator) -> None:
    connection = connect(simulator)
    connection.request("GET", "/elsewhere")
    assert connection.getresponse().status == 404
    connection.close()
    assert [(seen.path, seen.provider) for seen in simulator.requests] == [("/elsewhere", "")]


def test_nothing_listens_at_the_unreachable_address() -> None:
    url = urlsplit(unreachable_url())
    connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=10)
    assert url.hostname == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        connection.connect()


def test_the_simulator_needs_the_standard_library_only() -> None:
    for module in Path(arka_tui.simulator.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.startswith("arka_tui.simulator") or name.split(".")[0] in sys.stdlib_module_names
