"""Lists without end, servers at another path, wrong clocks, a lock in the middle: what no provider should do to us."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import pytest

from arka_tui.check import Check, Verdict
from arka_tui.credential import Draft
from arka_tui.errors import VaultLocked
from arka_tui.model import ModelsReached
from arka_tui.providers.adapters import Request, Response
from arka_tui.providers.catalog import load_catalog
from arka_tui.providers.checker import MAX_PAGES, NOBODYS_KEY, Checker
from arka_tui.providers.provider import Paging, Provider
from arka_tui.providers.transport import Failure
from arka_tui.secret import Secret
from tests.conftest import NOW

CATALOG = load_catalog()
KEY = "sk-proj-0123456789abcdefghijABCDEFGHIJ"
OWN = "https://models.example.org"


def answer(body: object, status: int = 200, **headers: str) -> Response:
    return Response(status, headers, json.dumps(body).encode(), 7)


def models(*ids: str) -> Response:
    return answer({"data": [{"id": each} for each in ids]})


NOT_FOUND = answer({"detail": "Not Found"}, 404)
REFUSED = answer({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)


@dataclass
class Server:
    """Answers by path and query; remembers what it was asked."""

    reply: Callable[[str], Response | Failure]
    """Given the path with its query."""
    looks_at_keys: bool = True
    asked: list[str] = field(default_factory=list)

    async def send(self, request: Request) -> Response | Failure:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if self.looks_at_keys and NOBODYS_KEY.reveal() in request.secret_header[1].reveal():
            return REFUSED
        self.asked.append(path)
        return self.reply(path)


def checked(
    server: Server, base_url: str = "", provider: str = "openai", *, paid: bool = False, changed: Provider | None = None
) -> tuple[Check, ModelsReached | None]:
    catalog = replace(CATALOG, providers={**CATALOG.providers, provider: changed}) if changed else CATALOG
    reached: list[ModelsReached] = []
    draft = Draft(provider, "work", base_url or catalog[provider].base_url)
    check = asyncio.run(
        Checker(catalog, server, lambda: NOW).check(
            draft, "id", lambda: Secret(KEY), paid=paid, on_models=reached.append
        )
    )
    return check, reached[0] if reached else None


def paged() -> Provider:
    shape = CATALOG["openai"].models_list
    return replace(CATALOG["openai"], models_list=replace(shape, paging=Paging("after", "last_id", "has_more")))


# ---------------------------------------------------------------------- lists


def test_a_list_of_five_thousand_models_is_read_whole() -> None:
    check, reached = checked(Server(lambda _: models(*(f"model-{n}" for n in range(5000)))))
    assert check.verdict is Verdict.ACCEPTED
    assert check.learnt.models == 5000
    assert reached is not None
    assert reached.complete


def test_a_list_in_pages_is_read_to_its_end() -> None:
    pages = {"": (["a", "b"], "b"), "b": (["c"], "c"), "c": (["d"], None)}

    def reply(path: str) -> Response:
        ids, last = pages[path.partition("after=")[2]]
        return answer({"data": [{"id": each} for each in ids], "last_id": last, "has_more": last is not None})

    server = Server(reply)
    _, reached = checked(server, changed=paged())
    assert reached is not None
    assert [model.id for model in reached.models] == ["a", "b", "c", "d"]
    assert reached.complete
    assert server.asked == ["/v1/models", "/v1/models?after=b", "/v1/models?after=c"]


def test_pages_that_repeat_end_the_list_and_it_is_not_called_complete() -> None:
    server = Server(lambda _: answer({"data": [{"id": "a"}], "last_id": "a", "has_more": True}))
    check, reached = checked(server, changed=paged())
    assert reached == replace(reached or ModelsReached(()), complete=False)
    assert check.learnt.models == 1
    assert len(server.asked) == 2


def test_pages_that_never_end_are_read_up_to_a_bound() -> None:
    count = iter(range(10**6))

    def reply(_: str) -> Response:
        here = f"model-{next(count)}"
        return answer({"data": [{"id": here}], "last_id": here, "has_more": True})

    server = Server(reply)
    _, reached = checked(server, changed=paged())
    assert reached is not None
    assert (len(reached.models), reached.complete, len(server.asked)) == (MAX_PAGES, False, MAX_PAGES)


def test_a_page_that_fails_leaves_what_was_read_and_says_so() -> None:
    first = answer({"data": [{"id": "a"}], "last_id": "a", "has_more": True})
    check, reached = checked(Server(lambda p: Failure.TIMEOUT if "after" in p else first), changed=paged())
    assert reached is not None
    assert ([model.id for model in reached.models], reached.complete) == (["a"], False)
    assert check.verdict is Verdict.ACCEPTED


def test_the_token_of_the_next_page_stays_one_value_of_the_query() -> None:
    evil = "x&api_key=1#/../../v2?y= é"
    server = Server(lambda p: answer({"data": [{"id": str(len(p))}], "last_id": evil, "has_more": True}))
    checked(server, changed=paged())
    assert server.asked[1] == "/v1/models?after=x%26api_key%3D1%23%2F..%2F..%2Fv2%3Fy%3D%20%C3%A9"


# ---------------------------------------------------------------------- with and without /v1


def test_a_server_that_answers_below_v1_is_found_there_and_it_is_told() -> None:
    server = Server(lambda path: models("house") if path.startswith("/v1/") else NOT_FOUND)
    check, reached = checked(server, OWN)
    assert check.verdict is Verdict.ACCEPTED
    assert check.learnt.works_at == f"{OWN}/v1"
    assert reached is not None
    assert server.asked[:2] == ["/models", "/v1/models"]
    assert f"at {OWN}/v1" in check.stages[1].detail


def test_a_server_that_answers_without_v1_is_found_too() -> None:
    server = Server(lambda path: NOT_FOUND if path.startswith("/v1/") else models("house"))
    check, _ = checked(server, f"{OWN}/v1")
    assert (check.verdict, check.learnt.works_at) == (Verdict.ACCEPTED, OWN)


def test_a_server_that_answers_where_it_was_said_is_asked_nowhere_else() -> None:
    server = Server(lambda _: models("house"))
    check, _ = checked(server, f"{OWN}/v1")
    assert check.learnt.works_at is None
    assert set(server.asked) == {"/v1/models"}


def test_where_neither_answers_nothing_is_known_and_no_address_is_proposed() -> None:
    check, _ = checked(Server(lambda _: NOT_FOUND), OWN)
    assert (check.verdict, check.learnt.works_at) == (Verdict.UNKNOWN, None)


def test_at_the_providers_own_address_no_other_path_is_tried() -> None:
    server = Server(lambda _: NOT_FOUND)
    checked(server)
    assert server.asked == ["/v1/models"]


def test_an_open_server_is_not_called_valid_and_its_models_are_known() -> None:
    check, reached = checked(Server(lambda _: models("house"), looks_at_keys=False), OWN)
    assert check.verdict is Verdict.NOT_VERIFIABLE
    assert reached is not None


# ---------------------------------------------------------------------- a provider with two addresses


@pytest.mark.parametrize("provider", [each.id for each in CATALOG.providers.values() if each.account_url])
def test_only_a_key_kept_at_the_providers_own_address_is_asked_about_at_its_second_one(provider: str) -> None:
    known = CATALOG[provider]
    for base_url, hosts in (
        (known.base_url, {urlsplit(known.base_url).hostname, urlsplit(known.account_url).hostname}),
        (f"{OWN}/v1", {urlsplit(OWN).hostname}),
    ):
        asked: set[str | None] = set()

        async def send(request: Request, asked: set[str | None] = asked) -> Response | Failure:
            asked.add(urlsplit(request.url).hostname)
            return REFUSED if NOBODYS_KEY.reveal() in request.secret_header[1].reveal() else models("a")

        server = Server(lambda _: NOT_FOUND)
        server.send = send  # type: ignore[method-assign]
        draft = Draft(provider, "work", base_url)
        secret = Secret("hf_" + 34 * "a" if provider == "huggingface" else "tgp_v1_" + 40 * "a")
        asyncio.run(Checker(CATALOG, server, lambda: NOW).check(draft, "id", lambda s=secret: s, paid=True))  # type: ignore[misc]
        assert asked <= hosts
        assert asked


# ---------------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("ahead", "told"), [(timedelta(), None), (timedelta(seconds=100), None), (timedelta(hours=3), 3 * 3600)]
)
def test_a_clock_that_is_wrong_is_told(ahead: timedelta, told: int | None) -> None:
    date = format_datetime(NOW - ahead, usegmt=True)
    check, _ = checked(Server(lambda _: answer({"data": [{"id": "a"}]}, date=date)))
    assert check.learnt.clock_skew_s == told


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 10:00:00 GMT", "\udc80"])
def test_a_date_that_is_none_says_nothing_of_the_clock(date: str) -> None:
    check, _ = checked(Server(lambda _: answer({"data": [{"id": "a"}]}, date=date)))
    assert check.learnt.clock_skew_s is None


@pytest.mark.parametrize(("theirs", "expired"), [(timedelta(hours=-2), False), (timedelta(hours=2), True)])
def test_whether_a_key_is_expired_is_read_by_its_providers_clock(theirs: timedelta, expired: bool) -> None:
    expiry: datetime = NOW + timedelta(hours=1) if expired else NOW - timedelta(hours=1)
    facts = answer(
        {"data": {"limit": None, "expires_at": expiry.isoformat()}}, date=format_datetime(NOW + theirs, usegmt=True)
    )
    key = "sk-or-v1-" + 64 * "a"

    async def send(request: Request) -> Response | Failure:
        return facts if request.url.endswith("/key") else models("a")

    server = Server(lambda _: facts)
    server.send = send  # type: ignore[method-assign]
    draft = Draft("openrouter", "work", CATALOG["openrouter"].base_url)
    check = asyncio.run(Checker(CATALOG, server, lambda: NOW).check(draft, "id", lambda: Secret(key), paid=False))
    assert (check.verdict is Verdict.DISABLED_OR_EXPIRED) is expired


# ---------------------------------------------------------------------- the lock


@pytest.mark.parametrize("sent_before", range(4))
def test_no_request_follows_the_lock_not_even_for_the_next_page(sent_before: int) -> None:
    count = iter(range(10**6))

    def reply(_: str) -> Response:
        here = f"model-{next(count)}"
        return answer({"data": [{"id": here}], "last_id": here, "has_more": True})

    server = Server(reply)

    def before_send() -> None:
        if len(server.asked) >= sent_before:
            raise VaultLocked("locked")

    catalog = replace(CATALOG, providers={"openai": paged()})
    draft = Draft("openai", "work", CATALOG["openai"].base_url)
    checker = Checker(catalog, server, lambda: NOW)
    with pytest.raises(VaultLocked):
        asyncio.run(checker.check(draft, "id", lambda: Secret(KEY), paid=True, before_send=before_send))
    assert len(server.asked) == sent_before
    server.asked.clear()
    with pytest.raises(VaultLocked):
        asyncio.run(checker.list_models(draft, lambda: Secret(KEY), before_send))
    assert len(server.asked) == sent_before
