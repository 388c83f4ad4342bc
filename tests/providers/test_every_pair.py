"""Every situation of every provider but OpenAI and OpenRouter (test_verdicts.py has those): its verdict, what to do
next, the key nowhere, and what is learnt.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from arka_tui.check import Check, Verdict, check_from_json, check_to_json
from arka_tui.credential import Draft
from arka_tui.model import Model, ModelsReached
from arka_tui.providers.catalog import Catalog, load_catalog
from arka_tui.providers.checker import Checker
from arka_tui.providers.transport import Transport
from arka_tui.secret import Secret
from arka_tui.simulator import SITUATIONS, Simulator
from arka_tui.simulator.azure import DEPLOYMENT
from arka_tui.simulator.server import SeenRequest
from arka_tui.simulator.situations import ANY_SERVER

EXPECTED: dict[str, dict[str, Verdict]] = {
    "anthropic": {
        "valid": Verdict.OK,
        "no_credit": Verdict.NO_CREDITS,
        "no_credit_typed": Verdict.NO_CREDITS,
        "spend_limit": Verdict.SPEND_LIMIT_REACHED,
        "contract_limit": Verdict.SPEND_LIMIT_REACHED,
        "rate_limited": Verdict.RATE_LIMITED,
        "ramp_limited": Verdict.RATE_LIMITED,
        "invalid": Verdict.INVALID_KEY,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "blocked": Verdict.ACCOUNT_BLOCKED,
        "on_hold": Verdict.ACCOUNT_BLOCKED,
        "region": Verdict.REGION_OR_IP_BLOCKED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "overloaded": Verdict.ACCEPTED,
        "admin": Verdict.MANAGEMENT_KEY,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "gemini": {
        "valid": Verdict.OK,
        "auth_key": Verdict.OK,
        "no_credit": Verdict.NO_CREDITS,
        "no_free_tier": Verdict.NO_CREDITS,
        "rate_limited": Verdict.RATE_LIMITED,
        "invalid": Verdict.INVALID_KEY,
        "not_found": Verdict.INVALID_KEY,
        "expired": Verdict.DISABLED_OR_EXPIRED,
        "leaked": Verdict.DISABLED_OR_EXPIRED,
        "wrong_kind": Verdict.UNKNOWN,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "api_disabled": Verdict.RESTRICTED_SCOPE,
        "blocked": Verdict.ACCOUNT_BLOCKED,
        "region": Verdict.REGION_OR_IP_BLOCKED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "overloaded": Verdict.ACCEPTED,
        "hostile": Verdict.UNKNOWN,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "cohere": {
        "valid": Verdict.OK,
        "no_credit": Verdict.NO_CREDITS,
        "key_limit": Verdict.KEY_LIMIT_REACHED,
        "rate_limited": Verdict.RATE_LIMITED,
        "trial_used_up": Verdict.RATE_LIMITED,
        "invalid": Verdict.INVALID_KEY,
        "not_valid": Verdict.INVALID_KEY,
        "expired": Verdict.DISABLED_OR_EXPIRED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "overloaded": Verdict.ACCEPTED,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "perplexity": {
        "valid": Verdict.ACCEPTED,
        "no_credit": Verdict.INVALID_KEY,  # it is refused as an unknown one is: the next step names both
        "invalid": Verdict.INVALID_KEY,
        "invalid_json": Verdict.INVALID_KEY,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.ACCEPTED,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_page": Verdict.INVALID_KEY,
        "hostile_models": Verdict.ACCEPTED,
    },
    "huggingface": {
        "valid": Verdict.OK,
        "read_role": Verdict.OK,
        "fine_grained": Verdict.OK,
        "no_credit": Verdict.NO_CREDITS,
        "no_credit_old": Verdict.NO_CREDITS,
        "rate_limited": Verdict.RATE_LIMITED,
        "whoami_limited": Verdict.RATE_LIMITED,
        "invalid": Verdict.INVALID_KEY,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "no_permission": Verdict.RESTRICTED_SCOPE,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "timed_out": Verdict.ACCEPTED,
        "relayed": Verdict.ACCEPTED,
        "hostile": Verdict.MODEL_UNAVAILABLE,
    },
    "azure": {
        "valid": Verdict.OK,
        "rate_limited": Verdict.RATE_LIMITED,
        "invalid": Verdict.INVALID_KEY,
        "blocked": Verdict.DISABLED_OR_EXPIRED,
        "restricted": Verdict.REGION_OR_IP_BLOCKED,
        "virtual_network": Verdict.REGION_OR_IP_BLOCKED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "groq": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "blocked": Verdict.ACCOUNT_BLOCKED,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "plan": Verdict.RESTRICTED_SCOPE,
        "spend_limit": Verdict.SPEND_LIMIT_REACHED,
        "rate_limited": Verdict.RATE_LIMITED,
        "flex_full": Verdict.ACCEPTED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "mistral": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "invalid_now": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "not_processable": Verdict.UNKNOWN,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "deepseek": {
        "valid": Verdict.OK,
        "dollars": Verdict.OK,
        "nearly_out": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "no_credit_yet_available": Verdict.NO_CREDITS,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "xai": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "no_credit_403": Verdict.NO_CREDITS,
        "team_blocked": Verdict.ACCOUNT_BLOCKED,
        "blocked": Verdict.DISABLED_OR_EXPIRED,
        "disabled": Verdict.DISABLED_OR_EXPIRED,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "together": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "spend_limit": Verdict.SPEND_LIMIT_REACHED,
        "too_long": Verdict.MODEL_UNAVAILABLE,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "fireworks": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "blocked": Verdict.ACCOUNT_BLOCKED,
        "no_credit": Verdict.NO_CREDITS,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "cerebras": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "restricted": Verdict.RESTRICTED_SCOPE,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "moonshot": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    "zai": {
        "valid": Verdict.OK,
        "invalid": Verdict.INVALID_KEY,
        "no_credit": Verdict.NO_CREDITS,
        "rate_limited": Verdict.RATE_LIMITED,
        "no_model": Verdict.MODEL_UNAVAILABLE,
        "down": Verdict.PROVIDER_DOWN,
        "hostile": Verdict.INVALID_KEY,
        "hostile_models": Verdict.MODEL_UNAVAILABLE,
    },
    **{
        local: {
            "valid": valid,
            "invalid": Verdict.INVALID_KEY,
            "rate_limited": limited,
            "no_model": valid,
            "down": Verdict.PROVIDER_DOWN,
            "hostile": Verdict.INVALID_KEY,
            "hostile_models": valid,
        }
        for local, valid, limited in (
            ("ollama", Verdict.NOT_VERIFIABLE, Verdict.RATE_LIMITED),
            ("lmstudio", Verdict.NOT_VERIFIABLE, Verdict.RATE_LIMITED),
            ("vllm", Verdict.ACCEPTED, Verdict.ACCEPTED),  # it runs no model unasked, so its limit is not met
            ("compatible", Verdict.ACCEPTED, Verdict.ACCEPTED),
        )
    },
}
OF_ANY_SERVER = {
    **dict.fromkeys(ANY_SERVER, Verdict.UNKNOWN),
    **{"slow": Verdict.OK, "error_500_html": Verdict.PROVIDER_DOWN, "drip": Verdict.PROVIDER_DOWN},
}
OWN = [(provider, situation) for provider, found in EXPECTED.items() for situation in found]
ANY = [(provider, situation) for provider in EXPECTED for situation in OF_ANY_SERVER]

VALID = {provider: found["valid"] for provider, found in EXPECTED.items()}
NO_PAID = [provider for provider, catalogued in load_catalog().providers.items() if not catalogued.unasked_probes]
"""Where no model is run unasked."""

SETTINGS = {"azure": (("deployment", DEPLOYMENT),)}

MODELS_DID_NOT_ANSWER = "test again later: its models did not answer, so nothing is known of its credit"
NO_PAID_REQUEST = "nothing to do; no paid request is sent there, so nothing is known of its credit"
ADD_CREDIT_OR_NEW_KEY = "add credit, or make a new key: Perplexity refuses a key without credit in the same way"
ENABLE_THE_API = "enable the Gemini API in the key's Google Cloud project, and allow it among the key's restrictions"
NEXT_STEPS: dict[tuple[str, Verdict], str] = {
    **{(provider, Verdict.ACCEPTED): MODELS_DID_NOT_ANSWER for provider in EXPECTED},
    **{(provider, Verdict.ACCEPTED): NO_PAID_REQUEST for provider in NO_PAID},
    ("perplexity", Verdict.INVALID_KEY): ADD_CREDIT_OR_NEW_KEY,
    ("gemini", Verdict.RESTRICTED_SCOPE): ENABLE_THE_API,
    ("huggingface", Verdict.RESTRICTED_SCOPE): (
        "give the token the permission to make calls to Inference Providers, or keep it for what it may do"
    ),
    ("azure", Verdict.INVALID_KEY): "compare the address with the resource's, then look at its two keys",
    ("azure", Verdict.MODEL_UNAVAILABLE): "edit the key: name one of the resource's deployments",
    ("azure", Verdict.DISABLED_OR_EXPIRED): "allow access by key in the resource's settings",
}
"""Where what to do is another thing than the verdict says by itself."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=0.05) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def catalog(simulator: Simulator) -> Catalog:
    return load_catalog().with_base_urls(simulator.addresses)


class Watched:
    """One check, what it sent, and the models that the key reaches."""

    def __init__(self, simulator: Simulator, catalog: Catalog, provider: str, situation: str, **how: object) -> None:
        self.key = simulator.issue(provider, situation)
        self.reached: ModelsReached | None = None
        before = len(simulator.requests)
        settings = how.get("settings", SETTINGS.get(provider, ()))
        assert isinstance(settings, tuple)
        draft = Draft(provider, "work", catalog[provider].base_url, settings, Secret(self.key))
        self.check = asyncio.run(self._run(catalog, draft, paid=how.get("paid") is not False))
        self.sent: list[SeenRequest] = simulator.requests[before:]

    async def _run(self, catalog: Catalog, draft: Draft, *, paid: bool) -> Check:
        transport = Transport()
        try:
            checker = Checker(catalog, transport)
            return await checker.check(draft, "id", lambda: Secret(self.key), paid=paid, on_models=self._reaches)
        finally:
            await transport.close()

    def _reaches(self, reached: ModelsReached) -> None:
        self.reached = reached

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.sent]

    @property
    def told(self) -> str:
        """All that anybody is told of it."""
        return json.dumps(check_to_json(self.check), ensure_ascii=False) + repr(self.check) + repr(self.reached)

    @property
    def models(self) -> dict[str, Model]:
        assert self.reached
        return {model.id: model for model in self.reached.models}


def test_every_provider_can_be_simulated() -> None:
    assert load_catalog().providers.keys() == SITUATIONS.keys() == {"openai", "openrouter", *EXPECTED}


def test_every_situation_of_these_providers_has_an_expected_verdict() -> None:
    for provider, found in EXPECTED.items():
        assert {*found, *OF_ANY_SERVER} == set(SITUATIONS[provider]), provider


def assert_that_nothing_leaks(watched: Watched) -> None:
    random_part = watched.key[-30:]
    pieces = [random_part[i : i + 8] for i in range(len(random_part) - 7)]
    assert not [piece for piece in pieces if piece in watched.told]
    assert not [path for path in watched.paths for piece in pieces if piece in path]
    assert check_from_json(json.loads(json.dumps(check_to_json(watched.check)))) == watched.check
    assert not [c for c in watched.told if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u200b\u202e\u2066\ufeff"]


@pytest.mark.parametrize(("provider", "situation"), OWN)
def test_a_situation_gets_its_verdict_its_next_step_and_the_key_is_nowhere_in_it(
    provider: str, situation: str, simulator: Simulator, catalog: Catalog
) -> None:
    watched = Watched(simulator, catalog, provider, situation)
    verdict = EXPECTED[provider][situation]
    assert watched.check.verdict is verdict, watched.check
    assert watched.check.next_step == NEXT_STEPS.get((provider, verdict), verdict.meaning.next_step)
    assert watched.check.page == catalog[provider].console.get(verdict.meaning.page, "")
    assert_that_nothing_leaks(watched)


@pytest.mark.slow
@pytest.mark.parametrize(("provider", "situation"), ANY)
def test_what_any_server_can_do_wrong_says_nothing_of_the_key(
    provider: str, situation: str, simulator: Simulator, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arka_tui.providers.transport.DEADLINE_S", 0.4 if situation == "drip" else 20)
    watched = Watched(simulator, catalog, provider, situation)
    expected = OF_ANY_SERVER[situation]
    if expected is Verdict.OK:
        expected = VALID[provider]
    assert watched.check.verdict is expected, watched.check
    assert_that_nothing_leaks(watched)


@pytest.mark.parametrize("provider", EXPECTED)
def test_without_the_paid_request_a_good_key_is_accepted_and_no_model_is_run(
    provider: str, simulator: Simulator, catalog: Catalog
) -> None:
    watched = Watched(simulator, catalog, provider, "valid", paid=False)
    assert watched.check.verdict is (Verdict.ACCEPTED if VALID[provider] is Verdict.OK else VALID[provider])
    assert {request.method for request in watched.sent if not request.path.endswith("/check-api-key")} == {"GET"}


# ---------------------------------------------------------------------- what is learnt


def test_anthropic_is_asked_by_its_own_header_with_its_version(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "anthropic", "valid")
    for request in watched.sent:
        assert "x-api-key" in request.headers
        assert "authorization" not in request.headers
        assert request.headers["anthropic-version"] == "2023-06-01"


def test_anthropic_models_of_all_pages_are_read_with_what_they_can(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "anthropic", "valid")
    models = watched.models
    assert [request.method for request in watched.sent] == ["GET", "GET", "POST"]
    haiku = models["claude-haiku-4-5-20251001"]
    assert (haiku.name, haiku.context, haiku.max_output) == ("Claude Haiku 4.5", 200_000, 64_000)
    assert models["claude-opus-4-6"].capabilities >= {"reasoning", "structured"}
    assert models["claude-sonnet-4-20250514"].retires == date(2027, 5, 14)
    assert "claude-3-5-haiku-20241022" not in models  # retired


def test_the_limits_of_anthropic_are_learnt_from_an_answer(simulator: Simulator, catalog: Catalog) -> None:
    learnt = Watched(simulator, catalog, "anthropic", "valid").check.learnt
    assert (learnt.requests_limit, learnt.requests_remaining) == ("50", "49")
    assert (learnt.tokens_limit, learnt.tokens_remaining) == ("60000", "59984")
    assert learnt.requests_reset == learnt.tokens_reset == "2026-11-24T08:00:03Z"


@pytest.mark.parametrize(
    ("provider", "seconds"),
    [
        *(("anthropic", 12), ("gemini", 35), ("azure", 26), ("groq", 6), ("xai", 7)),
        *(("cohere", None), ("perplexity", None)),
    ],
)
def test_how_long_to_wait_is_kept_where_it_is_told(
    provider: str, seconds: int | None, simulator: Simulator, catalog: Catalog
) -> None:
    assert Watched(simulator, catalog, provider, "rate_limited").check.retry_after_s == seconds


def test_gemini_models_lose_their_prefix_and_tell_which_of_them_chat(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "gemini", "valid")
    flash = watched.models["gemini-2.5-flash-lite"]
    assert (flash.name, flash.context, flash.max_output) == ("Gemini 2.5 Flash-Lite", 1_048_576, 65_536)
    assert flash.chats is True
    assert watched.models["gemini-embedding-001"].chats is False
    assert watched.paths[-1].endswith("/models/gemini-2.5-flash-lite:generateContent")


def test_cohere_tells_whose_key_it_is_and_which_models_chat(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "cohere", "valid")
    learnt, command = watched.check.learnt, watched.models["command-r7b-12-2024"]
    assert (learnt.organization, learnt.account) == ("3f1c-demo-organization", "9b2e-demo-owner")
    assert (set(command.capabilities), command.context) == ({"tools"}, 132_000)
    assert [model.id for model in watched.models.values() if not model.chats] == ["embed-v4.0", "rerank-v3.5"]


def test_a_key_of_perplexity_counts_only_if_a_key_that_nobody_has_is_refused(
    simulator: Simulator, catalog: Catalog
) -> None:
    watched = Watched(simulator, catalog, "perplexity", "valid")
    assert [request.situation for request in watched.sent] == ["valid", None]
    assert {request.method for request in watched.sent} == {"GET"}


def test_hugging_face_is_asked_about_the_token_at_the_hub_and_for_models_at_the_router(
    simulator: Simulator, catalog: Catalog
) -> None:
    watched = Watched(simulator, catalog, "huggingface", "valid")
    hub = urlsplit(simulator.addresses["huggingface/account"]).path
    router = urlsplit(simulator.addresses["huggingface"]).path
    assert watched.paths == [f"{hub}/api/whoami-v2", f"{router}/models", f"{router}/chat/completions"]
    assert (watched.check.learnt.account, watched.check.learnt.key_label) == ("demo-user", "arka")


def test_the_cheapest_host_of_hugging_face_names_the_price(simulator: Simulator, catalog: Catalog) -> None:
    models = Watched(simulator, catalog, "huggingface", "valid").models
    price = models["openai/gpt-oss-20b"].price
    assert (price.input, price.output) == (Decimal("0.05"), Decimal("0.2"))
    assert models["meta-llama/Llama-3.1-8B-Instruct"].context == 131_072
    assert models["Qwen/Qwen2.5-VL-7B-Instruct"].inputs == ("text", "image")
    assert "tools" in models["openai/gpt-oss-120b"].capabilities


def test_a_token_without_the_permission_is_told_apart_without_the_paid_request(
    simulator: Simulator, catalog: Catalog
) -> None:
    assert (
        Watched(simulator, catalog, "huggingface", "restricted", paid=False).check.verdict is Verdict.RESTRICTED_SCOPE
    )
    assert Watched(simulator, catalog, "huggingface", "fine_grained", paid=False).check.verdict is Verdict.ACCEPTED


def test_who_pays_at_hugging_face_is_named_in_each_request(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "huggingface", "valid", settings=(("bill_to", "demo-lab"),))
    assert watched.sent[-1].headers["x-hf-bill-to"] == "demo-lab"


def test_azure_runs_nothing_until_a_deployment_is_named(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "azure", "valid", settings=())
    assert watched.check.verdict is Verdict.ACCEPTED
    assert watched.check.next_step == "to know more, name a deployment with the key and switch the paid request on"
    assert {request.method for request in watched.sent} == {"GET"}


def test_azure_is_asked_by_its_own_header(simulator: Simulator, catalog: Catalog) -> None:
    for request in Watched(simulator, catalog, "azure", "valid").sent:
        assert "api-key" in request.headers
        assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("situation", "scopes"),
    [
        ("restricted", "may not responses, chat, embeddings, moderations, images, speech, fine-tuning"),
        ("restricted_models", "may responses, chat, embeddings; may not moderations, images, speech, fine-tuning"),
        ("chat_only", "may responses, chat; may not embeddings, moderations, images, speech, fine-tuning"),
        ("valid", None),
    ],
)
def test_what_a_restricted_key_of_openai_may_do_is_found_out_for_free(
    situation: str, scopes: str | None, simulator: Simulator, catalog: Catalog
) -> None:
    watched = Watched(simulator, catalog, "openai", situation)
    assert watched.check.learnt.scopes == scopes
    nonsense = [request for request in watched.sent if request.body == {"speed": 1}]
    assert len(nonsense) == (7 if scopes else 0)


# ---------------------------------------------------------------------- what is learnt of those that are alike

LEARNT: dict[tuple[str, str], dict[str, object]] = {
    ("groq", "valid"): {"requests_limit": "14400", "requests_reset": "2m59.56s", "tokens_remaining": "5997"},
    ("mistral", "valid"): {
        **{"organization": "Demo Org", "project": "Default", "key_label": "arka"},
        **{"requests_remaining": "59", "tokens_limit": "500000"},
    },
    ("deepseek", "valid"): {"balance": Decimal("110.00"), "currency": "CNY"},
    ("deepseek", "dollars"): {"balance": Decimal("12.40"), "currency": "USD"},
    ("deepseek", "no_credit"): {"balance": Decimal("0.00"), "currency": "USD"},
    ("xai", "valid"): {
        **{"key_label": "arka", "account": "user-demo", "organization": "team-demo"},
        **{"scopes": "api-key:model:*, api-key:endpoint:*"},
    },
    ("xai", "disabled"): {"key_label": "arka", "organization": "team-demo"},
    ("together", "valid"): {
        **{"organization": "Demo Org", "project": "Main", "key_label": "key_demo"},
        **{"requests_limit": "600", "requests_remaining": "599"},
    },
    ("cerebras", "valid"): {"requests_limit": "14400", "tokens_remaining": "59984", "tokens_reset": "11.38"},
    ("moonshot", "valid"): {"balance": Decimal("49.58"), "currency": None},
}


@pytest.mark.parametrize(("provider", "situation"), LEARNT)
def test_what_a_provider_tells_of_a_key_is_learnt(
    provider: str, situation: str, simulator: Simulator, catalog: Catalog
) -> None:
    learnt = Watched(simulator, catalog, provider, situation).check.learnt
    assert {name: getattr(learnt, name) for name in LEARNT[provider, situation]} == LEARNT[provider, situation]


@pytest.mark.parametrize(
    ("provider", "model", "context", "price"),
    [
        ("groq", "llama-3.1-8b-instant", 131_072, None),
        ("mistral", "ministral-3b-latest", 131_072, None),
        ("xai", "grok-4", None, (Decimal(3), Decimal(15))),
        ("together", "openai/gpt-oss-20b", 131_072, (Decimal("0.05"), Decimal("0.2"))),
        ("fireworks", "accounts/fireworks/models/gpt-oss-20b", 131_072, None),
        ("cerebras", "gpt-oss-120b", 131_072, (Decimal("0.35"), Decimal("0.75"))),
        ("vllm", "Qwen/Qwen3-8B", 40_960, None),
    ],
)
def test_a_model_is_listed_with_its_context_and_its_price_per_million(
    provider: str,
    model: str,
    context: int | None,
    price: tuple[Decimal, Decimal] | None,
    simulator: Simulator,
    catalog: Catalog,
) -> None:
    found = Watched(simulator, catalog, provider, "valid").models[model]
    assert found.context == context
    assert (found.price.input, found.price.output) == (price or (None, None))


def test_a_model_that_mistral_will_end_has_its_day(simulator: Simulator, catalog: Catalog) -> None:
    models = Watched(simulator, catalog, "mistral", "valid").models
    assert models["open-mistral-nemo"].retires == date(2027, 2, 28)
    assert models["mistral-embed"].chats is False


def test_together_is_asked_about_the_account_at_its_second_address(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "together", "valid")
    assert urlsplit(f"{simulator.addresses['together/account']}/v3/whoami").path in watched.paths


@pytest.mark.parametrize("provider", ["deepseek", "xai"])
def test_of_a_key_that_is_sent_back_in_part_no_more_than_the_hint_is_told(
    provider: str, simulator: Simulator, catalog: Catalog
) -> None:
    watched = Watched(simulator, catalog, provider, "invalid")
    assert f"*{watched.key[-2:]}" in watched.check.evidence or watched.check.hint in watched.check.evidence
    longer = len(watched.check.hint) + 1
    assert not [i for i in range(8, len(watched.key) - longer + 1) if watched.key[i : i + longer] in watched.told]


def test_an_empty_balance_of_deepseek_is_told_for_free(simulator: Simulator, catalog: Catalog) -> None:
    watched = Watched(simulator, catalog, "deepseek", "no_credit")
    assert watched.check.verdict is Verdict.NO_CREDITS
    assert [request.method for request in watched.sent] == ["GET"]
