"""The staged check: what is sent in which order, what is opened when, and what of a key is ever told."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from arka_tui.check import Check, Stage, Verdict, check_from_json, check_to_json
from arka_tui.credential import Draft
from arka_tui.errors import UsageError, VaultLocked
from arka_tui.model import ModelsReached
from arka_tui.providers.adapters import Request, Response
from arka_tui.providers.catalog import Catalog, load_catalog
from arka_tui.providers.checker import Checker, Sender
from arka_tui.providers.evidence import EVIDENCE_CHARS
from arka_tui.providers.transport import Failure, Transport
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from tests.conftest import NOW

CATALOG = load_catalog()
PREFIXES = ("sk-proj-", "sk-admin-", "sk-or-v1-")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=0.01) as simulator:
        yield simulator


@pytest.fixture
def catalog(simulator: Simulator) -> Catalog:
    return CATALOG.with_base_urls(simulator.addresses)


@dataclass
class Watched:
    """A check, and what was seen of it from outside."""

    check: Check
    stages: list[Stage]
    opened: int


def checked(
    catalog: Catalog,
    provider: str,
    key: str,
    *,
    paid: bool = True,
    base_url: str = "",
    settings: tuple[tuple[str, str], ...] = (),
    sender: Sender | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
) -> Watched:
    draft = Draft(provider, "work", base_url or catalog[provider].base_url, settings)
    stages: list[Stage] = []
    opened = 0

    def open_secret() -> Secret:
        nonlocal opened
        opened += 1
        return Secret(key)

    async def script() -> Check:
        way = Transport()
        try:
            checker = Checker(catalog, sender or way, clock)
            return await checker.check(draft, "some-id", open_secret, paid=paid, on_stage=stages.append)
        finally:
            await way.close()

    return Watched(asyncio.run(script()), stages, opened)


def situated(catalog: Catalog, simulator: Simulator, provider: str, situation: str, *, paid: bool = True) -> Watched:
    """What expires does so by the simulator's clock, which is the real one."""
    clock = (lambda: datetime.now(UTC)) if situation in ("lapsed", "expires_soon") else (lambda: NOW)
    return checked(catalog, provider, simulator.issue(provider, situation), paid=paid, clock=clock)


@dataclass
class Canned:
    """A sender with an answer for each path; it keeps what was sent."""

    answers: Mapping[str, Response | Failure]
    sent: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Response | Failure:
        self.sent.append(request)
        return self.answers[request.url.rpartition("/v1")[2]]


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, json.dumps(body).encode(), 7)


def leaks(key: str, *told: object) -> list[str]:
    """The pieces of the key's random part that are in any of these."""
    random_part = key
    for prefix in PREFIXES:
        random_part = random_part.removeprefix(prefix)
    text = "".join(each if isinstance(each, str) else repr(each) for each in told)
    return [piece for i in range(len(random_part) - 7) if (piece := random_part[i : i + 8]) in text]


def written(check: Check) -> str:
    return json.dumps(check_to_json(check), ensure_ascii=False)


# ---------------------------------------------------------------------- what is told, and what never is


@pytest.mark.parametrize("provider", ["openai", "openrouter"])
def test_a_check_tells_its_stages_in_order_and_nowhere_a_piece_of_the_key(
    catalog: Catalog, simulator: Simulator, provider: str
) -> None:
    key = simulator.issue(provider, "no_credit")
    watched = checked(catalog, provider, key)
    check = watched.check
    assert watched.opened == 1
    assert tuple(watched.stages) == check.stages
    assert [stage.name for stage in check.stages] == ["shape", "key", "paid"]
    assert check.stages[-1].verdict is check.verdict
    assert not leaks(key, written(check), check, watched.stages)
    assert not leaks(key, [request.path for request in simulator.requests], [r.body for r in simulator.requests])
    assert check_from_json(json.loads(written(check))) == check
    assert (check.credential_id, check.name, check.hint, check.at) == ("some-id", f"{provider}/work", key[-4:], NOW)


ACCEPTED = {
    "openai": ("valid", "no_credit", "restricted"),
    "openrouter": ("valid", "privacy", "error_in_200"),
}
SOME = {
    "openai": (*ACCEPTED["openai"], "restricted_models", "hostile", "down", "not_json"),
    "openrouter": (*ACCEPTED["openrouter"], "key_limit", "lapsed", "down"),
}


@pytest.mark.parametrize(("provider", "situation"), [(name, each) for name, found in SOME.items() for each in found])
def test_without_the_paid_request_a_key_that_passes_the_free_one_is_accepted_and_no_more_is_said(
    catalog: Catalog, simulator: Simulator, provider: str, situation: str
) -> None:
    check = situated(catalog, simulator, provider, situation, paid=False).check
    assert (check.verdict is Verdict.ACCEPTED) is (situation in ACCEPTED[provider])
    assert check.verdict is not Verdict.OK
    assert "paid" not in [stage.name for stage in check.stages]


HEX = "0123456789abcdef" * 4
OPENROUTER_KEY = f"sk-or-v1-{HEX}"
OPENAI_KEY = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2"
KEY_FINE = answer({"data": {"limit": None, "usage": 1}})
DONE = answer({"choices": [{"message": {"content": "Hello"}}]})


def cheap_model(name: str) -> Response:
    pricing = {"prompt": "0.00000001", "completion": "0.00000001"}
    return answer({"data": [{"id": name, "pricing": pricing, "architecture": {"output_modalities": ["text"]}}]})


@pytest.mark.parametrize("name", ["{}", "a/{}", "{}-{}", "x" * 55 + "{}", "{}".center(120, "-")])
def test_a_provider_that_names_a_model_after_the_key_does_not_bring_it_onto_the_screen(name: str) -> None:
    model = name.format(OPENROUTER_KEY, OPENROUTER_KEY)
    sender = Canned({"/key": KEY_FINE, "/models/user": cheap_model(model), "/chat/completions": DONE})
    watched = checked(CATALOG, "openrouter", OPENROUTER_KEY, sender=sender)
    assert watched.check.verdict is Verdict.OK
    assert watched.check.learnt.probe_model
    assert not leaks(OPENROUTER_KEY, written(watched.check), watched.check, watched.stages)


@pytest.mark.parametrize("name", ["{}", "a/{}", "{}-{}", "x" * 55 + "{}"])
def test_a_model_that_is_named_after_the_key_is_not_among_those_that_are_shown(name: str) -> None:
    backwards = {"id": "a/b", "name": OPENROUTER_KEY[::-1]}
    data = [{"id": name.format(OPENROUTER_KEY, OPENROUTER_KEY)}, backwards, {"id": "a/plain"}]
    sender = Canned({"/key": KEY_FINE, "/models/user": answer({"data": data})})
    reached: list[ModelsReached | None] = []
    draft = Draft("openrouter", "work", CATALOG["openrouter"].base_url)
    checker = Checker(CATALOG, sender)
    asyncio.run(checker.check(draft, "id", lambda: Secret(OPENROUTER_KEY), paid=False, on_models=reached.append))
    reached.append(asyncio.run(checker.list_models(draft, lambda: Secret(OPENROUTER_KEY))))
    assert [[model.id for model in each.models] for each in reached if each] == [["a/plain"], ["a/plain"]]


@pytest.mark.parametrize("where", ["message", "code", "type", "detail", "html", "plain", "limit_reset", "header"])
def test_a_provider_that_quotes_the_key_anywhere_is_redacted(where: str) -> None:
    texts = [OPENAI_KEY, OPENAI_KEY[:16], OPENAI_KEY[-12:], OPENAI_KEY[8:], " ".join([OPENAI_KEY] * 60)]
    for quoted in texts:
        bodies: dict[str, object] = {
            "message": {"error": {"message": f"no: {quoted}"}},
            "code": {"error": {"message": "", "code": quoted}},
            "type": {"error": {"type": quoted}},
            "detail": {"detail": [quoted]},
        }
        plain = {"html": f"<title>{quoted}</title>", "plain": quoted}
        headers = {"x-ratelimit-limit-requests": quoted, "retry-after": quoted} if where == "header" else {}
        body = plain[where].encode() if where in plain else json.dumps(bodies.get(where, {})).encode()
        refusal = Response(429, headers, body, 7)
        models = answer({"data": [{"id": "text-embedding-3-small"}]})
        for answers in ({"/models": refusal}, {"/models": models, "/embeddings": refusal}):
            watched = checked(CATALOG, "openai", OPENAI_KEY, sender=Canned(answers))
            assert not leaks(OPENAI_KEY, written(watched.check), watched.check, watched.stages)
    facts = {"data": {"limit_reset": OPENROUTER_KEY, "expires_at": OPENROUTER_KEY, "limit": OPENROUTER_KEY}}
    sender = Canned({"/key": answer(facts), "/models/user": answer({}), "/chat/completions": answer({})})
    watched = checked(CATALOG, "openrouter", OPENROUTER_KEY, sender=sender)
    assert not leaks(OPENROUTER_KEY, written(watched.check), watched.check, watched.stages)


def test_evidence_is_one_short_line_without_controls() -> None:
    words = "\x1b]52;c;x\x07 one\r\ntwo\t\u202ethree\u200b " + "four " * 500
    sender = Canned({"/models": answer({"error": {"message": words}}, 401)})
    evidence = checked(CATALOG, "openai", OPENAI_KEY, sender=sender).check.evidence
    assert evidence.isprintable()
    assert len(evidence) <= EVIDENCE_CHARS
    assert " one two three four four" in evidence


# ---------------------------------------------------------------------- what is not sent


@pytest.mark.parametrize("situation", ["valid", "no_credit", "hostile"])
@pytest.mark.parametrize(("at", "owner"), [("openai", "openrouter"), ("openrouter", "openai")])
def test_a_key_of_another_provider_is_looked_at_but_not_sent(
    catalog: Catalog, simulator: Simulator, at: str, owner: str, situation: str
) -> None:
    key = simulator.issue(owner, situation)
    watched = checked(catalog, at, key)
    assert watched.check.verdict is Verdict.WRONG_PROVIDER
    assert watched.check.evidence == f"it has the shape of a key of {catalog[owner].name}"
    assert (watched.opened, simulator.requests) == (1, [])
    assert [stage.name for stage in watched.stages] == ["shape"]


@pytest.mark.parametrize("key", ["ghp_" + HEX[:36], "r8_" + HEX[:37], "nvapi-" + HEX])
def test_a_key_of_a_provider_that_is_not_supported_is_not_sent_to_one_that_is(
    catalog: Catalog, simulator: Simulator, key: str
) -> None:
    for provider in catalog.providers.values():
        if provider.base_url and not provider.local:
            assert checked(catalog, provider.id, key).check.verdict is Verdict.WRONG_PROVIDER
    assert simulator.requests == []


@pytest.mark.parametrize("address", ["", "gateway"])
def test_a_management_key_is_not_sent_wherever_it_should_go(
    catalog: Catalog, simulator: Simulator, address: str
) -> None:
    base_url = simulator.gateway_url if address else ""
    watched = checked(catalog, "openai", simulator.issue("openai", "admin"), base_url=base_url)
    assert watched.check.verdict is Verdict.MANAGEMENT_KEY
    assert (watched.opened, simulator.requests) == (1, [])


@pytest.mark.parametrize(
    "key", ["", "short", OPENAI_KEY + "\n", OPENAI_KEY + " x", OPENAI_KEY + "ä", "x" * 5000], ids=len
)
def test_what_cannot_be_a_key_is_not_sent(catalog: Catalog, simulator: Simulator, key: str) -> None:
    for provider in catalog.providers:
        watched = checked(catalog, provider, key)
        assert watched.check.verdict is Verdict.INVALID_KEY
        assert watched.check.evidence.startswith("a key has ")
        assert not leaks(key, written(watched.check), watched.check)
    assert simulator.requests == []


def test_a_key_of_no_known_shape_is_tried_for_shapes_are_a_hint_only(catalog: Catalog, simulator: Simulator) -> None:
    for provider in ("openai", "openrouter"):
        simulator.accept(provider, "valid", "typed-by-hand-and-good")
        assert checked(catalog, provider, "typed-by-hand-and-good").check.verdict is Verdict.OK


def test_a_key_of_another_provider_may_go_to_an_address_of_the_users_own(
    catalog: Catalog, simulator: Simulator
) -> None:
    key = simulator.issue("openrouter", "valid")
    simulator.accept("openai", "valid", key)
    watched = checked(catalog, "openai", key, base_url=simulator.gateway_url)
    assert watched.check.verdict is Verdict.ACCEPTED


def test_the_key_is_only_in_the_header_of_each_request() -> None:
    models = {"/key": KEY_FINE, "/models/user": cheap_model("a/b"), "/chat/completions": DONE}
    sender = Canned(models)
    checked(CATALOG, "openrouter", OPENROUTER_KEY, sender=sender)
    assert [(request.method, request.url.rpartition("/v1")[2]) for request in sender.sent] == [
        *(("GET", "/key"), ("GET", "/models/user"), ("POST", "/chat/completions"))
    ]
    for request in sender.sent:
        assert request.secret_header[1].reveal() == f"Bearer {OPENROUTER_KEY}"
        assert not leaks(OPENROUTER_KEY, request, request.url, request.headers, request.body or b"")


# ---------------------------------------------------------------------- what is opened


def test_an_unknown_provider_is_refused_before_the_secret_is_opened() -> None:
    def never() -> Secret:
        raise AssertionError("opened")

    async def script() -> Check:
        draft = Draft("acme", "work", "https://acme.example/v1")
        return await Checker(CATALOG, Canned({})).check(draft, "id", never, paid=True)

    with pytest.raises(UsageError, match="acme"):
        asyncio.run(script())


def test_what_the_store_raises_while_opening_comes_through_and_nothing_is_sent() -> None:
    def locked() -> Secret:
        raise VaultLocked("the vault is locked")

    sender = Canned({})

    async def script() -> Check:
        draft = Draft("openai", "work", CATALOG["openai"].base_url)
        return await Checker(CATALOG, sender).check(draft, "id", locked, paid=True)

    with pytest.raises(VaultLocked):
        asyncio.run(script())
    assert sender.sent == []


@pytest.mark.parametrize("stage", ["shape", "key", "paid"])
def test_whoever_watches_the_stages_can_end_the_check_between_two_requests(stage: str) -> None:
    class Enough(Exception):
        pass

    def watch(done: Stage) -> None:
        if done.name == stage:
            raise Enough

    sender = Canned({"/key": KEY_FINE, "/models/user": cheap_model("a/b"), "/chat/completions": DONE})

    async def script() -> Check:
        draft = Draft("openrouter", "work", CATALOG["openrouter"].base_url)
        checker = Checker(CATALOG, sender)
        return await checker.check(draft, "id", lambda: Secret(OPENROUTER_KEY), paid=True, on_stage=watch)

    with pytest.raises(Enough):
        asyncio.run(script())
    assert len(sender.sent) == {"shape": 0, "key": 1, "paid": 3}[stage]


# ---------------------------------------------------------------------- the paid request


def paid_models(simulator: Simulator) -> list[object]:
    return [r.body["model"] for r in simulator.requests if isinstance(r.body, dict) and "model" in r.body]


@pytest.mark.parametrize(
    ("provider", "situation", "models"),
    [
        ("openai", "valid", ["text-embedding-3-small"]),
        ("openai", "no_credit", ["text-embedding-3-small"]),
        ("openai", "restricted_models", ["text-embedding-3-small"]),
        ("openai", "no_model_access", ["text-embedding-3-small", "gpt-5-nano", "gpt-6-luna"]),
        ("openrouter", "valid", ["openai/gpt-5-nano"]),
        ("openrouter", "privacy", ["openai/gpt-5-nano", "openai/gpt-4o-mini", "google/gemini-2.5-flash-lite"]),
        ("openrouter", "privacy_typed", ["openai/gpt-5-nano", "openai/gpt-4o-mini", "google/gemini-2.5-flash-lite"]),
    ],
)
def test_the_models_that_are_tried_are_the_preferred_ones_then_the_cheapest_and_three_at_most(
    catalog: Catalog, simulator: Simulator, provider: str, situation: str, models: list[str]
) -> None:
    situated(catalog, simulator, provider, situation)
    assert paid_models(simulator) == models


def test_a_model_that_shuts_down_is_not_tried_from_that_day_on(simulator: Simulator, catalog: Catalog) -> None:
    key = simulator.issue("openai", "no_model_access")
    draft = Draft("openai", "work", catalog["openai"].base_url)

    async def script() -> None:
        way = Transport()
        later = Checker(catalog, way, lambda: datetime(2026, 12, 11, tzinfo=UTC))
        await later.check(draft, "id", lambda: Secret(key), paid=True)
        await way.close()

    asyncio.run(script())
    assert "gpt-5-nano" not in paid_models(simulator)


def test_a_key_that_may_not_list_models_but_runs_one_works(catalog: Catalog, simulator: Simulator) -> None:
    watched = situated(catalog, simulator, "openai", "restricted_models")
    assert [stage.name for stage in watched.stages] == ["shape", "key", "paid", "scopes"]
    assert [stage.verdict for stage in watched.stages][:3] == [Verdict.OK, Verdict.RESTRICTED_SCOPE, Verdict.OK]
    assert watched.check.verdict is Verdict.OK
    assert watched.check.learnt.models is None


def test_a_key_that_lists_models_but_may_run_none_is_restricted(catalog: Catalog, simulator: Simulator) -> None:
    watched = situated(catalog, simulator, "openai", "restricted")
    assert [stage.verdict for stage in watched.stages][:3] == [Verdict.OK, Verdict.OK, Verdict.RESTRICTED_SCOPE]
    assert watched.check.verdict is Verdict.RESTRICTED_SCOPE


def test_a_key_that_fails_the_free_request_costs_nothing(catalog: Catalog, simulator: Simulator) -> None:
    for situation in ("deactivated", "wrong_org", "ip_blocked", "region", "hostile", "echo", "teapot"):
        situated(catalog, simulator, "openai", situation)
    for situation in ("key_limit", "expired", "lapsed", "management", "guardrail"):
        situated(catalog, simulator, "openrouter", situation)
    assert paid_models(simulator) == []


def test_where_no_cheap_model_is_reached_none_is_tried() -> None:
    pricing = {"prompt": "0.01", "completion": "0.03"}
    sender = Canned({"/key": KEY_FINE, "/models/user": answer({"data": [{"id": "a/costly", "pricing": pricing}]})})
    watched = checked(CATALOG, "openrouter", OPENROUTER_KEY, sender=sender)
    assert watched.check.verdict is Verdict.MODEL_UNAVAILABLE
    assert watched.check.evidence == "none of the models that this key reaches is known to be cheap"
    assert [request.method for request in sender.sent] == ["GET", "GET"]
    assert watched.stages[-1].status is None


def test_no_check_costs_more_than_the_catalog_says() -> None:
    for price in ("0.0000004", "0.0000005"):  # 8 in and 16 out of it cost 0.0000096 and 0.000012
        models = [{"id": "a/b", "pricing": {"prompt": price, "completion": price}}]
        answers = {"/key": KEY_FINE, "/models/user": answer({"data": models}), "/chat/completions": DONE}
        sender = Canned(answers)
        checked(CATALOG, "openrouter", OPENROUTER_KEY, sender=sender)
        affordable = 24 * Decimal(price) <= CATALOG["openrouter"].usual_cost_usd
        assert ("POST" in [request.method for request in sender.sent]) is affordable


def test_a_refusal_at_an_address_of_the_users_own_is_not_called_accepted_for_want_of_a_model() -> None:
    refused = answer({"error": {"message": "you may not", "code": 403}}, 403)
    costly = answer({"data": [{"id": "a/costly", "pricing": {"prompt": "1", "completion": "1"}}]})
    for paid in (True, False):
        sender = Canned({"/key": refused, "/models/user": costly})
        watched = checked(
            CATALOG, "openrouter", OPENROUTER_KEY, base_url="https://own.example/v1", sender=sender, paid=paid
        )
        assert watched.check.verdict is Verdict.RESTRICTED_SCOPE


def test_the_last_word_of_several_models_is_told() -> None:
    models = answer({"data": [{"id": "text-embedding-3-small"}, {"id": "gpt-5-nano"}]})
    gone = answer({"error": {"message": "no such model", "code": "model_not_found"}}, 404)
    sender = Canned({"/models": models, "/embeddings": gone, "/chat/completions": DONE})
    watched = checked(CATALOG, "openai", OPENAI_KEY, sender=sender)
    assert watched.check.verdict is Verdict.OK
    assert watched.check.learnt.probe_model == "gpt-5-nano"
    assert [stage.detail for stage in watched.stages][2:] == [
        "POST /embeddings with text-embedding-3-small",
        "POST /chat/completions with gpt-5-nano",
    ]


# ---------------------------------------------------------------------- no answer

UNANSWERED = {
    **dict.fromkeys([failure for failure in Failure if failure.never_arrived], Verdict.UNREACHABLE),
    **dict.fromkeys([failure for failure in Failure if not failure.never_arrived], Verdict.UNKNOWN),
    Failure.TIMEOUT: Verdict.PROVIDER_DOWN,
}


@pytest.mark.parametrize("failure", Failure)
def test_a_request_without_an_answer_says_nothing_about_the_key_and_why_there_is_none(failure: Failure) -> None:
    check = checked(CATALOG, "openai", OPENAI_KEY, sender=Canned({"/models": failure})).check
    assert check.verdict is UNANSWERED[failure]
    assert check.evidence == failure.value
    assert (check.stages[-1].status, check.stages[-1].latency_ms) == (None, None)


@pytest.mark.parametrize("failure", Failure)
def test_where_only_the_paid_request_got_no_answer_the_key_is_accepted_still(failure: Failure) -> None:
    models = answer({"data": [{"id": "text-embedding-3-small"}]})
    check = checked(CATALOG, "openai", OPENAI_KEY, sender=Canned({"/models": models, "/embeddings": failure})).check
    strange = UNANSWERED[failure] is Verdict.UNKNOWN
    assert check.verdict is (Verdict.UNKNOWN if strange else Verdict.ACCEPTED)
    assert check.evidence == failure.value
    assert strange or "its models did not answer" in check.next_step


def test_where_only_the_free_request_is_down_the_paid_one_tells() -> None:
    down, refused = answer({"error": {"message": "overloaded"}}, 503), answer({"error": {"message": "no"}}, 401)
    for said, verdict in ((DONE, Verdict.OK), (refused, Verdict.INVALID_KEY), (down, Verdict.PROVIDER_DOWN)):
        sender = Canned({"/models": down, "/embeddings": said})
        assert checked(CATALOG, "openai", OPENAI_KEY, sender=sender).check.verdict is verdict


def test_an_address_where_nothing_listens_is_unreachable(catalog: Catalog) -> None:
    check = checked(catalog, "openai", OPENAI_KEY, base_url=unreachable_url()).check
    assert check.verdict is Verdict.UNREACHABLE
    assert check.evidence == Failure.NO_CONNECTION.value
    assert (check.page, check.latency_ms) == ("", None)
    assert "check the network" in check.next_step


def test_a_list_of_models_that_fails_does_not_spoil_a_good_key() -> None:
    for listed in (Failure.TIMEOUT, answer({}, 500), answer([], 200), answer({"error": "no"}, 401)):
        sender = Canned({"/key": KEY_FINE, "/models/user": listed, "/chat/completions": DONE})
        watched = checked(CATALOG, "openrouter", OPENROUTER_KEY, sender=sender)
        assert watched.check.verdict is Verdict.OK
        assert watched.check.learnt.models is None
        assert watched.check.learnt.probe_model == "openai/gpt-5-nano"


# ---------------------------------------------------------------------- what is learnt


def test_a_check_of_openai_learns_the_models_the_limits_and_how_long_it_took(
    catalog: Catalog, simulator: Simulator
) -> None:
    check = situated(catalog, simulator, "openai", "valid").check
    learnt = check.learnt
    assert learnt.models == 11, "twelve, of which one is shut down"
    assert (learnt.requests_limit, learnt.requests_remaining, learnt.requests_reset) == ("10000", "9999", "8.64s")
    assert (learnt.tokens_limit, learnt.tokens_remaining, learnt.tokens_reset) == ("200000", "199984", "4ms")
    assert (learnt.limit, learnt.usage, learnt.expires_at) == (None, None, None)
    assert check.latency_ms == check.stages[1].latency_ms
    assert [stage.status for stage in check.stages] == [None, 200, 200]


def test_a_check_of_openrouter_learns_what_is_left_and_until_when(catalog: Catalog, simulator: Simulator) -> None:
    learnt = situated(catalog, simulator, "openrouter", "capped").check.learnt
    assert (learnt.limit, learnt.remaining, learnt.reset) == (Decimal(20), Decimal("12.4"), "monthly")
    assert (learnt.usage_daily, learnt.usage_monthly) == (Decimal("0.42"), Decimal("7.6"))
    expires_at = situated(catalog, simulator, "openrouter", "expires_soon").check.learnt.expires_at
    assert expires_at is not None
    assert abs(expires_at - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=1)


def test_how_long_to_wait_is_told(catalog: Catalog, simulator: Simulator) -> None:
    assert situated(catalog, simulator, "openai", "rate_limited").check.retry_after_s == 20
    assert situated(catalog, simulator, "openai", "valid").check.retry_after_s is None


def test_settings_of_the_credential_are_sent_with_every_request(catalog: Catalog, simulator: Simulator) -> None:
    key = simulator.issue("openai", "wrong_project")
    assert checked(catalog, "openai", key).check.verdict is Verdict.WRONG_ORG_OR_PROJECT
    right = checked(catalog, "openai", key, settings=(("project", "proj_demo"),))
    assert right.check.verdict is Verdict.OK
    assert [r.headers.get("openai-project") for r in simulator.requests] == [None, "proj_demo", "proj_demo"]


def test_the_page_is_the_providers_own_console_and_none_at_another_address(
    catalog: Catalog, simulator: Simulator
) -> None:
    key = simulator.issue("openai", "valid")
    simulator.revoke(key)
    for base_url, page in (("", "https://platform.openai.com/api-keys"), (simulator.gateway_url, "")):
        check = checked(catalog, "openai", key, base_url=base_url).check
        assert (check.verdict, check.page) == (Verdict.INVALID_KEY, page)
    no_credit = situated(catalog, simulator, "openrouter", "no_credit").check
    assert no_credit.page == "https://openrouter.ai/settings/credits"
