"""Every situation of OpenAI and OpenRouter: the verdict, the next step, and the key nowhere."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from arka_tui.check import ALIVE, Check, Mood, Verdict, check_to_json
from arka_tui.credential import Draft
from arka_tui.providers.catalog import Catalog, load_catalog
from arka_tui.providers.checker import Checker
from arka_tui.providers.transport import Transport
from arka_tui.secret import Secret
from arka_tui.simulator import SITUATIONS, Simulator

EXPECTED: dict[str, dict[str, Verdict]] = {
    "openai": {
        "valid": Verdict.OK,
        "no_credit": Verdict.NO_CREDITS,
        "no_credit_legacy": Verdict.NO_CREDITS,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "restricted_coded": Verdict.RESTRICTED_SCOPE,
        "restricted_models": Verdict.OK,
        "chat_only": Verdict.RESTRICTED_SCOPE,
        "no_model_access": Verdict.MODEL_UNAVAILABLE,
        "spend_limit": Verdict.SPEND_LIMIT_REACHED,
        "billing_inactive": Verdict.ACCOUNT_BLOCKED,
        "deactivated": Verdict.ACCOUNT_BLOCKED,
        "rate_limited": Verdict.RATE_LIMITED,
        "wrong_org": Verdict.WRONG_ORG_OR_PROJECT,
        "wrong_project": Verdict.WRONG_ORG_OR_PROJECT,
        "ip_blocked": Verdict.REGION_OR_IP_BLOCKED,
        "region": Verdict.REGION_OR_IP_BLOCKED,
        "down": Verdict.PROVIDER_DOWN,
        "error_500_html": Verdict.PROVIDER_DOWN,
        "slow": Verdict.OK,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.UNKNOWN,
        "echo": Verdict.UNKNOWN,
        "redirect": Verdict.UNKNOWN,
        "gzip": Verdict.UNKNOWN,
        "huge": Verdict.UNKNOWN,
        "drip": Verdict.PROVIDER_DOWN,
        "cut": Verdict.UNKNOWN,
        "not_json": Verdict.UNKNOWN,
        "deep_json": Verdict.UNKNOWN,
        "wrong_types": Verdict.UNKNOWN,
        "teapot": Verdict.UNKNOWN,
        "admin": Verdict.MANAGEMENT_KEY,
    },
    "openrouter": {
        "valid": Verdict.OK,
        "capped": Verdict.OK,
        "free_tier": Verdict.OK,
        "no_credit": Verdict.NO_CREDITS,
        "low_credit": Verdict.NO_CREDITS,
        "key_limit": Verdict.KEY_LIMIT_REACHED,
        "expired": Verdict.INVALID_KEY,
        "lapsed": Verdict.DISABLED_OR_EXPIRED,
        "expires_soon": Verdict.OK,
        "management": Verdict.MANAGEMENT_KEY,
        "privacy": Verdict.MODEL_UNAVAILABLE,
        "privacy_typed": Verdict.MODEL_UNAVAILABLE,
        "rate_limited": Verdict.RATE_LIMITED,
        "upstream_down": Verdict.ACCEPTED,
        "guardrail": Verdict.SPEND_LIMIT_REACHED,
        "error_in_200": Verdict.NO_CREDITS,
        "hostile": Verdict.MODEL_UNAVAILABLE,
        "hostile_metadata": Verdict.ACCEPTED,
        "down": Verdict.PROVIDER_DOWN,
        "slow": Verdict.OK,
        "error_500_html": Verdict.PROVIDER_DOWN,
        "redirect": Verdict.UNKNOWN,
        "gzip": Verdict.UNKNOWN,
        "huge": Verdict.UNKNOWN,
        "drip": Verdict.PROVIDER_DOWN,
        "cut": Verdict.UNKNOWN,
        "not_json": Verdict.UNKNOWN,
        "deep_json": Verdict.UNKNOWN,
        "wrong_types": Verdict.UNKNOWN,
        "teapot": Verdict.UNKNOWN,
    },
}
ALL = [(provider, situation) for provider in EXPECTED for situation in SITUATIONS[provider]]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=0.05) as simulator:
        yield simulator


@pytest.fixture
def catalog(simulator: Simulator) -> Catalog:
    catalog = load_catalog()
    return catalog.with_base_urls(simulator.addresses)


def _check(catalog: Catalog, draft: Draft, *, paid: bool = True) -> Check:
    secret = draft.secret
    assert secret is not None

    async def run() -> Check:
        transport = Transport()
        try:
            return await Checker(catalog, transport).check(draft, "id", lambda: secret, paid=paid)
        finally:
            await transport.close()

    return asyncio.run(run())


def _draft(catalog: Catalog, provider: str, key: str, base_url: str = "", **settings: str) -> Draft:
    address = base_url or catalog[provider].base_url
    return Draft(provider, "work", address, tuple(sorted(settings.items())), Secret(key))


def test_every_situation_of_the_simulator_has_an_expected_verdict() -> None:
    assert {(p, s) for p, found in EXPECTED.items() for s in found} == set(ALL)


@pytest.mark.parametrize(("provider", "situation"), ALL)
def test_a_situation_gets_its_verdict_and_the_key_is_nowhere_in_it(
    provider: str, situation: str, simulator: Simulator, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arka_tui.providers.transport.DEADLINE_S", 0.4 if situation == "drip" else 20)
    key = simulator.issue(provider, situation)
    check = _check(catalog, _draft(catalog, provider, key))
    assert check.verdict is EXPECTED[provider][situation], check
    assert check.next_step
    meaning = check.verdict.meaning
    assert check.page == catalog[provider].console.get(meaning.page, "")
    told = json.dumps(check_to_json(check), ensure_ascii=False) + repr(check)
    random_part = (
        key.removeprefix("sk-proj-").removeprefix("sk-admin-").removeprefix("sk-or-v1-").replace("T3BlbkFJ", "")
    )
    assert not [i for i in range(len(random_part) - 7) if random_part[i : i + 8] in told]
    assert not [c for c in told if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u200b\u202e\u2066\ufeff"]


@pytest.mark.parametrize(("provider", "situation"), ALL)
def test_without_the_paid_request_no_model_is_run(
    provider: str, situation: str, simulator: Simulator, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arka_tui.providers.transport.DEADLINE_S", 0.4 if situation == "drip" else 20)
    check = _check(catalog, _draft(catalog, provider, simulator.issue(provider, situation)), paid=False)
    assert not [each for each in simulator.requests if isinstance(each.body, dict) and "model" in each.body]
    assert check.verdict is not Verdict.OK


def test_no_living_key_is_told_to_be_replaced() -> None:
    for verdict in ALIVE:
        assert verdict.meaning.mood in (Mood.GOOD, Mood.CARE)
        assert "make a new key" not in verdict.meaning.next_step


def test_the_public_list_of_openrouter_is_never_asked(simulator: Simulator, catalog: Catalog) -> None:
    _check(catalog, _draft(catalog, "openrouter", simulator.issue("openrouter", "valid")))
    assert [request.path for request in simulator.requests] == [
        "/openrouter/api/v1/key",
        "/openrouter/api/v1/models/user",
        "/openrouter/api/v1/chat/completions",
    ]


def test_a_key_of_another_provider_is_not_sent(simulator: Simulator, catalog: Catalog) -> None:
    check = _check(catalog, _draft(catalog, "openai", simulator.issue("openrouter", "valid")))
    assert check.verdict is Verdict.WRONG_PROVIDER
    assert simulator.requests == []


def test_a_server_that_looks_at_no_key_is_not_called_valid(simulator: Simulator, catalog: Catalog) -> None:
    draft = _draft(catalog, "openai", "a-key-for-my-own-server", simulator.open_url)
    assert _check(catalog, draft).verdict is Verdict.NOT_VERIFIABLE
    assert {request.method for request in simulator.requests} == {"GET"}


def test_a_server_of_ones_own_that_looks_at_keys_accepts_and_refuses(simulator: Simulator, catalog: Catalog) -> None:
    key = simulator.issue("openai", "valid")
    assert _check(catalog, _draft(catalog, "openai", key, simulator.gateway_url)).verdict is Verdict.ACCEPTED
    simulator.revoke(key)
    assert _check(catalog, _draft(catalog, "openai", key, simulator.gateway_url)).verdict is Verdict.INVALID_KEY


def test_the_right_organization_opens_what_the_wrong_one_closed(simulator: Simulator, catalog: Catalog) -> None:
    key = simulator.issue("openai", "wrong_org")
    assert _check(catalog, _draft(catalog, "openai", key, organization="org-demo")).verdict is Verdict.OK
    assert simulator.requests[0].headers["openai-organization"] == "org-demo"


def test_the_model_of_the_paid_request_is_picked_from_what_the_key_reaches(
    simulator: Simulator, catalog: Catalog
) -> None:
    check = _check(catalog, _draft(catalog, "openrouter", simulator.issue("openrouter", "valid")))
    assert check.learnt.probe_model == "openai/gpt-5-nano"
    body = simulator.requests[-1].body
    assert isinstance(body, dict)
    assert body["max_tokens"] == 16


def test_a_refused_model_is_followed_by_at_most_two_others(simulator: Simulator, catalog: Catalog) -> None:
    _check(catalog, _draft(catalog, "openai", simulator.issue("openai", "no_model_access")))
    assert [request.method for request in simulator.requests] == ["GET", "POST", "POST", "POST"]


def test_retry_after_is_kept(simulator: Simulator, catalog: Catalog) -> None:
    assert _check(catalog, _draft(catalog, "openai", simulator.issue("openai", "rate_limited"))).retry_after_s == 20


def test_what_openrouter_tells_of_a_key_is_learnt(simulator: Simulator, catalog: Catalog) -> None:
    learnt = _check(catalog, _draft(catalog, "openrouter", simulator.issue("openrouter", "capped"))).learnt
    assert (str(learnt.limit), str(learnt.remaining), learnt.reset) == ("20", "12.4", "monthly")
    assert learnt.usage is not None
    assert learnt.models
    assert learnt.free_tier is False
