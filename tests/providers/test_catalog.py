"""The catalog that we ship, and what happens to one with a mistake."""

import re
import tomllib
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from arka_tui.check import MEANINGS, Verdict
from arka_tui.errors import CatalogError, UsageError
from arka_tui.providers.catalog import Catalog, Owner, load_catalog, parse_catalog
from arka_tui.providers.provider import MOST_UNASKED_USD
from arka_tui.secret import Secret
from arka_tui.simulator import SITUATIONS, Simulator

SHIPPED = (resources.files("arka_tui.providers") / "catalog.toml").read_text("utf-8")
CATALOG = load_catalog()
GONE = object()


def spoiled(place: str, value: object) -> str:
    """The shipped catalog with one value at `place` (`openai.key_shapes.0.kind`) changed, or taken out."""
    tree: Any = tomllib.loads(SHIPPED)
    *path, last = place.split(".")
    spot: Any = tree
    for step in path:
        spot = spot[int(step)] if isinstance(spot, list) else spot[step]
    if value is GONE:
        del spot[last]
    else:
        spot[last] = value
    return tomli_w.dumps(tree)


# ---------------------------------------------------------------------- what we ship


ALL = (
    *("openai", "openrouter", "anthropic", "gemini", "groq", "mistral", "deepseek", "xai", "together", "fireworks"),
    *("cohere", "perplexity", "cerebras", "huggingface", "azure", "moonshot", "zai", "ollama", "lmstudio", "vllm"),
    "compatible",
)


def test_the_shipped_catalog_knows_every_provider() -> None:
    assert tuple(CATALOG.providers) == ALL
    assert [provider.id for provider in CATALOG.providers.values()] == list(CATALOG.providers)


@pytest.mark.parametrize("provider", ALL)
def test_of_each_provider_it_is_known_what_a_person_and_a_check_need(provider: str) -> None:
    known = CATALOG[provider]
    assert all((known.name, known.models, known.best_for, known.env))
    assert known.facts
    assert all(fact.about and fact.source for fact in known.facts)
    assert known.base_url or known.address_example
    assert known.key_shapes or known.local
    assert known.local or {"keys", "billing"} <= known.console.keys()


def test_every_provider_that_is_simulated_is_known() -> None:
    assert SITUATIONS.keys() <= CATALOG.providers.keys()


PAGES = {
    ("openai", "keys"): "https://platform.openai.com/api-keys",
    ("openai", "billing"): "https://platform.openai.com/settings/organization/billing/overview",
    ("openai", "limits"): "https://platform.openai.com/settings/organization/limits",
    ("openrouter", "keys"): "https://openrouter.ai/settings/keys",
    ("openrouter", "billing"): "https://openrouter.ai/settings/credits",
}


@pytest.mark.parametrize(("provider", "page"), PAGES)
def test_the_console_pages_are_the_documented_ones(provider: str, page: str) -> None:
    assert CATALOG[provider].console[page] == PAGES[provider, page]


@pytest.mark.parametrize("provider", CATALOG.providers)
def test_every_page_that_a_verdict_sends_to_is_in_the_console(provider: str) -> None:
    wanted = {meaning.page for meaning in MEANINGS.values()} - {""} if provider in SEED_FACTS else {"keys"}
    assert wanted <= CATALOG[provider].console.keys() or CATALOG[provider].local
    assert all(url.startswith("https://") for url in CATALOG[provider].console.values())


SEED_FACTS = {
    "openai": ("OPENAI_API_KEY", "https://api.openai.com/v1", "GPT-5", "coding"),
    "openrouter": ("OPENROUTER_API_KEY", "https://openrouter.ai/api/v1", "Claude", "writing"),
}


@pytest.mark.parametrize("provider", SEED_FACTS)
def test_a_provider_says_where_it_is_and_what_it_is_good_for(provider: str) -> None:
    env, base_url, model, use = SEED_FACTS[provider]
    known = CATALOG[provider]
    assert (known.env, known.base_url) == (env, base_url)
    assert model in known.models
    assert use in known.best_for
    assert known.facts


def test_the_paid_requests_cost_next_to_nothing_and_are_capped() -> None:
    assert CATALOG["openai"].usual_cost_usd == Decimal("0.00000002")
    for provider in CATALOG.providers.values():
        assert provider.usual_cost_usd <= MOST_UNASKED_USD
        for probe in provider.paid_probes:
            assert "embeddings" in probe.path or re.search('"max\\w*[tT]okens": ?(1|16)\\b', probe.body), probe


def test_the_public_list_of_models_is_never_the_proof_of_an_openrouter_key() -> None:
    openrouter = CATALOG["openrouter"]
    assert "/models" not in (openrouter.key_probe.path, openrouter.models_list.path)


def test_only_the_answer_of_a_model_can_be_called_good_by_a_rule() -> None:
    for provider in CATALOG.providers.values():
        rules = provider.errors
        named = [*rules.code.values(), *rules.type.values(), *rules.status.values()]
        named += [decision.verdict for decision in provider.key_probe.decides]
        assert not {Verdict.OK, Verdict.ACCEPTED} & set(named)
        assert Verdict.ACCEPTED not in rules.message.values()


def test_an_unknown_provider_is_named_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="no provider named 'acme'") as caught:
        CATALOG["acme"]
    assert caught.value.hint.startswith("known: openai, openrouter")


def test_providers_can_be_moved_to_other_addresses_and_stay_otherwise_the_same() -> None:
    moved = CATALOG.with_base_urls({"openai": "http://127.0.0.1:1/v1"})
    assert moved["openai"].base_url == "http://127.0.0.1:1/v1"
    assert moved["openrouter"] == CATALOG["openrouter"]
    assert CATALOG["openai"].base_url == "https://api.openai.com/v1"


# ---------------------------------------------------------------------- mistakes

MISTAKES: list[tuple[str, object, str]] = [
    # place, what is there instead, what is said
    ("openai.name", GONE, "openai.name is missing"),
    ("openai.name", 7, "openai.name must be a text"),
    ("openai.dialect", "esperanto", "openai.dialect must be openai"),
    ("openai.dialect", GONE, "openai.dialect is missing"),
    ("openai.base_url", GONE, "openai.address_example is missing"),
    ("openai.headers", {"x-a": 1}, "openai.headers.x-a must be a text"),
    ("openai.facts", "a book", "openai.facts must be a list of tables"),
    ("openai.facts.0.date", "2026-11-23", "openai.facts[0].date must be a date such as 2026-11-23"),
    ("openai.base_url", ["https://api.openai.com"], "openai.base_url must be a text"),
    ("openai.base_url", "http://api.openai.com/v1", "openai.base_url is wrong: http:// would send the key in clear"),
    ("openai.base_url", "https://user@api.openai.com", "openai.base_url is wrong: the address holds a user name"),
    ("openai.base_url", "https://169.254.169.254/", "openai.base_url is wrong: no provider is at this address"),
    ("openai.console", "https://platform.openai.com", "openai.console must be a table"),
    ("openai.console.keys", 7, "openai.console.keys must be a text"),
    ("openai.colour", "green", "openai.colour is not known"),
    ("openai.key_shapes", {"pattern": "sk-.*"}, "openai.key_shapes must be a list of tables"),
    ("openai.key_shapes", ["sk-.*"], "openai.key_shapes[0] must be a table"),
    ("openai.key_shapes.0.pattern", GONE, "openai.key_shapes[0].pattern is missing"),
    ("openai.key_shapes.1.pattern", "sk-(", "openai.key_shapes[1].pattern is not a regular expression"),
    ("openai.key_shapes.1.pattern", "a{" + 30 * "9" + "}", "openai.key_shapes[1].pattern is not a regular expression"),
    ("openai.key_shapes.0.kind", "admin", "openai.key_shapes[0].kind must be inference or management"),
    ("openai.key_shapes.0.length", 20, "openai.key_shapes[0].length is not known"),
    ("openai.settings.0.title", GONE, "openai.settings[0].title is missing"),
    ("openai.settings.0.name", "an org", "openai.settings[0].name must be of a-z, 0-9 and _"),
    ("openai.key_shapes.0.weak", "yes", "openai.key_shapes[0].weak must be true or false"),
    ("openai.settings.0.secret", True, "openai.settings[0].secret is not known"),
    ("openai.key_probe", {"is_models_list": True}, "openai.key_probe.path is missing"),
    ("openai.key_probe.is_models_list", GONE, "openai.key_probe.learn is missing"),
    ("openai.key_probe.path", "/models?q=//evil", "openai.key_probe.path must be a path such as /models"),
    ("openai.key_probe.path", "models", "openai.key_probe.path must be a path such as /models"),
    ("openai.key_probe.path", "@evil.example/", "openai.key_probe.path must be a path such as /models"),
    ("openai.key_probe.is_models_list", "yes", "openai.key_probe.is_models_list must be true or false"),
    ("openai.key_probe.method", "PUT", "openai.key_probe.method must be GET or POST"),
    ("openrouter.key_probe.learn.mood", "data.mood", "openrouter.key_probe.learn.mood is nothing that a check learns"),
    ("openrouter.key_probe.learn.models", "data.n", "openrouter.key_probe.learn.models is nothing that a check learns"),
    ("openrouter.key_probe.learn.limit", 7, "openrouter.key_probe.learn.limit must be a text"),
    ("openrouter.key_probe.decides.0.verdict", "fine", "openrouter.key_probe.decides[0].verdict is not a verdict"),
    ("openrouter.key_probe.decides.0.verdict", 200, "openrouter.key_probe.decides[0].verdict must be a text"),
    ("openrouter.key_probe.decides.0.equals", GONE, "decides[0].field needs one of equals, at_most, past and lacks"),
    ("openrouter.key_probe.decides.0.past", True, "decides[0].field needs one of equals, at_most, past and lacks"),
    ("openrouter.key_probe.decides.2.at_most", "none", "openrouter.key_probe.decides[2].at_most must be an amount"),
    ("openai.models_list.path", 7, "openai.models_list.path must be a text"),
    ("openai.models_list.price_unit", "dozen", "openai.models_list.price_unit must be token or million or"),
    ("openai.models_list.page_param", "after", "openai.models_list.page_param and page_from belong together"),
    ("openai.models_list.retires", 7, "openai.models_list.retires must be a text"),
    ("openai.models_list.colour", "x", "openai.models_list.colour is not known"),
    ("openai.next_steps", {"fine": "rest"}, "openai.next_steps.fine is not a verdict"),
    ("openai.errors.page", {"Not Here": "unknown"}, "openai.errors.page.Not Here must be lower case"),
    ("dialects.openai.secret_header", GONE, "dialects.openai.secret_header is missing"),
    ("dialects.openai.accent", "x", "dialects.openai.accent is not known"),
    ("openai.paid_probes.0.cost_usd", GONE, "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.cost_usd", "little", "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.cost_usd", "NaN", "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.cost_usd", "Infinity", "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.cost_usd", "-1", "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.cost_usd", 0.00002, "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.cost_usd", True, "openai.paid_probes[0].cost_usd must be an amount"),
    ("openai.paid_probes.0.models", "gpt-5-nano", "openai.paid_probes[0].models must be a list of texts"),
    ("openai.paid_probes.0.models", ["gpt-5-nano", 7], "openai.paid_probes[0].models must be a list of texts"),
    ("openai.paid_probes.0.body", '{"model": "{model}"', "openai.paid_probes[0].body must be a JSON object"),
    ("openai.paid_probes.0.body", '{"model": "gpt-5-nano"}', "openai.paid_probes[0].body must be a JSON object"),
    ("openai.paid_probes.1.tries", 3, "openai.paid_probes[1].tries is not known"),
    (
        "dialects.openai.rate_headers.weather",
        "x-weather",
        "dialects.openai.rate_headers.weather is nothing that a check learns",
    ),
    ("openai.rate_headers", {"usage": "x-usage"}, "openai.rate_headers.usage is nothing that a check learns"),
    ("openai.errors.code.slow_down", "slow", "openai.errors.code.slow_down is not a verdict"),
    ("openai.errors.type.insufficient_quota", True, "openai.errors.type.insufficient_quota must be a text"),
    ("openai.errors.message.no such project", "x", "openai.errors.message.no such project is not a verdict"),
    ("openai.errors.message.Not Found", "unknown", "openai.errors.message.Not Found must be lower case"),
    ("openai.errors.status", {"teapot": "unknown"}, "openai.errors.status.teapot is not an HTTP status"),
    ("openai.errors.status", {"418": "tea"}, "openai.errors.status.418 is not a verdict"),
    ("openai.errors.params", {}, "openai.errors.params is not known"),
    ("elsewhere.GitHub", "gsk_[", "elsewhere.GitHub is not a regular expression"),
    ("elsewhere.GitHub", 7, "elsewhere.GitHub must be a text"),
    ("elsewhere", "none", "elsewhere must be a table"),
    ("acme", 7, "acme must be a table"),
    ("acme", {}, "acme.name is missing"),
]


@pytest.mark.parametrize(
    ("place", "value", "said"), MISTAKES, ids=[f"{place}-{i}" for i, (place, _, _) in enumerate(MISTAKES)]
)
def test_a_mistake_in_the_catalog_is_named_by_its_table_and_key(place: str, value: object, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        parse_catalog(spoiled(place, value))
    assert said in str(caught.value)


def test_a_catalog_that_is_no_toml_says_so_and_quotes_nothing() -> None:
    with pytest.raises(CatalogError) as caught:
        parse_catalog("[openai\nname = 1")
    assert str(caught.value) == "the provider catalog is not TOML"


def test_what_need_not_be_said_may_be_left_out() -> None:
    for place in ("openai.settings", "openai.key_probe", "openai.errors", "openai.console", "openai.paid_probes"):
        assert parse_catalog(spoiled(place, GONE))["openai"].name == "OpenAI"
    assert parse_catalog(spoiled("elsewhere", GONE)).elsewhere == ()


def test_the_spoiling_itself_spoils_nothing_else() -> None:
    assert parse_catalog(spoiled("openai.name", "OpenAI")).providers == CATALOG.providers


# ---------------------------------------------------------------------- whose key it is

LETTERS = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL"
HEX = 2 * "0123456789abcdef0123456789abcdef"
OPENAI, OPENROUTER = Owner("OpenAI", "openai"), Owner("OpenRouter", "openrouter")

OWNERS: dict[str, tuple[str, Owner | None]] = {
    "a project key": (f"sk-proj-{LETTERS}T3BlbkFJ{LETTERS}", OPENAI),
    "a short project key": (f"sk-proj-{LETTERS[:20]}", OPENAI),
    "a service account's key": (f"sk-svcacct-{LETTERS[:58]}T3BlbkFJ{LETTERS[:58]}", OPENAI),
    "a service key": (f"sk-service-{LETTERS[:24]}", OPENAI),
    "a legacy key": (f"sk-{LETTERS[:20]}T3BlbkFJ{LETTERS[20:40]}", OPENAI),
    "an admin key": (f"sk-admin-{LETTERS[:58]}T3BlbkFJ{LETTERS[:58]}", Owner("OpenAI", "openai", management=True)),
    "an OpenRouter key": (f"sk-or-v1-{HEX}", OPENROUTER),
    "an OpenRouter key of a later kind": (f"sk-or-v2-{LETTERS[:30]}", OPENROUTER),
    "an Anthropic key": (f"sk-ant-api03-{LETTERS}-AA", Owner("Anthropic", "anthropic")),
    "an Anthropic admin key": (f"sk-ant-admin01-{LETTERS}AA", Owner("Anthropic", "anthropic", management=True)),
    "a Groq key": (f"gsk_{LETTERS[:52]}", Owner("Groq", "groq")),
    "an xAI key": (f"xai-{LETTERS}{LETTERS[:6]}", Owner("xAI", "xai")),
    "a Gemini key": (f"AIza{LETTERS[:35]}", Owner("Google Gemini", "gemini")),
    "a Perplexity key": (f"pplx-{LETTERS[:48]}", Owner("Perplexity", "perplexity")),
    "a Hugging Face key": (f"hf_{LETTERS[:34]}", Owner("Hugging Face", "huggingface")),
    "a Cerebras key": (f"csk-{HEX[:48]}", Owner("Cerebras", "cerebras")),
    "a DeepSeek-like key": (f"sk-{HEX[:32]}", Owner("DeepSeek", "deepseek", sure=False)),
    "32 letters and digits, as more than one has them": (HEX[:32], None),
    "an xAI management key": (f"xai-token-{LETTERS}", Owner("xAI", "xai", management=True)),
    "a GitHub token": (f"ghp_{LETTERS[:36]}", Owner("GitHub")),
    "a local server's key": ("sk-local-0123456789abcdef0123", None),
    "a word": ("password", None),
    "a prefix and no more": ("sk-proj-", None),
    "nothing": ("", None),
    "a key within a sentence": (f"my key is sk-or-v1-{HEX}", None),
    "a key and a line": (f"sk-or-v1-{HEX}\n", None),
    "two keys": (f"sk-or-v1-{HEX} sk-or-v1-{HEX}", None),
}


@pytest.mark.parametrize("what", OWNERS)
def test_a_key_is_recognised_by_its_shape(what: str) -> None:
    key, owner = OWNERS[what]
    assert CATALOG.owner(Secret(key)) == owner


@pytest.mark.parametrize(
    ("provider", "situation"), [(provider, each) for provider in SITUATIONS for each in SITUATIONS[provider]]
)
def test_every_simulated_key_is_recognised_as_its_providers(provider: str, situation: str) -> None:
    owner = CATALOG.owner(Secret(Simulator().issue(provider, situation)), provider)
    known = CATALOG[provider]
    assert owner or known.local
    assert owner is None or (owner.provider_id, owner.management) == (provider, situation == "admin")


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    owner = CATALOG.owner(Secret(text))
    assert owner is None or owner.name


def test_a_key_shape_of_a_provider_counts_before_those_from_elsewhere() -> None:
    catalog: Catalog = parse_catalog(spoiled("elsewhere.Stranger", "sk-.*"))
    assert catalog.owner(Secret(f"sk-or-v1-{HEX}")) == OPENROUTER
    assert catalog.owner(Secret(f"sk-{HEX[:30]}")) == Owner("Stranger")
