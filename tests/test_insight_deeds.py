"""What the keys are worth: models as listed live, prices joined, warnings, twins; and nothing of it after the lock."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from arka_tui.check import Check, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Credential, Draft
from arka_tui.insight.offers import Offer
from arka_tui.insight.picks import picks
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.telling.revocation import Revocation, revocation
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, open_vault

CATALOG = load_catalog()


class Clock:
    def __init__(self) -> None:
        self.now = NOW


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(slow_s=0.01) as simulator:
        yield simulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def controller(paths: Paths, simulator: Simulator, clock: Clock) -> Controller:
    catalog = CATALOG.with_base_urls(simulator.addresses)
    controller = Controller(paths, open_vault(paths), catalog, Config(), clock=lambda: clock.now)
    controller.create(PASSPHRASE, RECOVERY_CODE)
    return controller


@pytest.fixture
def add(controller: Controller, simulator: Simulator) -> Callable[..., Credential]:
    def add(name: str, situation: str = "valid", key: str = "", base_url: str = "") -> Credential:
        provider, label = name.split("/")
        secret = Secret(key or simulator.issue(provider, situation, label))
        return controller.add(Draft(provider, label, base_url or controller.catalog[provider].base_url, (), secret))[0]

    return add


def run(controller: Controller, *, test: bool = False, again: bool = False) -> dict[str, bool]:
    """Lists models, after a test of all where asked; returns which keys have a list now."""

    async def script() -> dict[str, bool]:
        try:
            if test:
                async for _ in controller.check([each.name for each in controller.credentials()]):
                    pass
            return {credential.name: listed async for credential, listed in controller.insight.list_models(again=again)}
        finally:
            await controller.close()

    return asyncio.run(script())


def offers(controller: Controller) -> dict[tuple[str, str], Offer]:
    return {(offer.key_name, offer.model.id): offer for offer in controller.insight.offers()}


def test_models_are_listed_live_by_free_requests_only(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    add("openai/work")
    add("openrouter/main")
    assert run(controller) == {"openai/work": True, "openrouter/main": True}
    assert {request.method for request in simulator.requests} == {"GET"}
    found = offers(controller)
    assert ("openai/work", "gpt-4o-mini") in found
    assert found["openrouter/main", "openai/gpt-5-nano"].model.price.input == Decimal("0.05")
    assert not any(offer.verified for offer in found.values()), "neither was tested"


def test_a_price_that_the_provider_does_not_say_is_the_snapshots_and_dated(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    add("openai/work")
    run(controller)
    price = offers(controller)["openai/work", "gpt-4o-mini"].model.price
    assert price.known
    assert price.as_of is not None
    assert str(price.as_of) in controller.insight.prices_of


def test_at_an_address_of_ones_own_no_price_is_guessed(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    add("openai/gateway", base_url=simulator.gateway_url)
    run(controller)
    assert not any(offer.model.price.known for offer in controller.insight.offers())


def test_a_test_that_listed_models_spares_the_listing(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential], clock: Clock
) -> None:
    add("openai/work")
    assert run(controller, test=True) == {}
    assert offers(controller)["openai/work", "gpt-4o-mini"].verified
    assert run(controller, again=True) == {"openai/work": True}
    clock.now += timedelta(hours=1, seconds=1)
    assert run(controller) == {"openai/work": True}


def test_a_key_that_does_not_work_is_not_asked_and_offers_nothing(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    key = simulator.issue("openai", "valid", "old")
    add("openai/old", key=key)
    simulator.revoke(key)
    assert run(controller, test=True) == {}
    assert controller.insight.offers() == []


def test_of_a_key_whose_list_fails_that_is_told(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/outage", "down")
    assert run(controller) == {"openai/outage": False}


def test_nothing_of_the_lists_is_left_after_the_lock(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openai/work")
    run(controller)
    assert controller.insight.offers()
    controller.lock()
    controller.unlock(PASSPHRASE)
    assert controller.insight.offers() == []


def test_a_lock_ends_the_listing(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arka_tui.insight_deeds.LISTS_AT_ONCE", 1)
    for label in ("a", "b", "c"):
        add(f"openai/{label}")

    async def script() -> list[bool]:
        told = []
        async for _, listed in controller.insight.list_models():
            told.append(listed)
            controller.lock()
        await controller.close()
        return told

    assert asyncio.run(script())[-1] is False
    assert len(simulator.requests) < 3


def test_the_same_secret_under_two_names_is_told_once_both_were_tested(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    key = simulator.issue("openai", "valid", "work")
    one, other, third = add("openai/work", key=key), add("openai/copy", key=key), add("openai/other")
    assert controller.insight.twins() == {}
    run(controller, test=True)
    assert controller.insight.twins() == {one.id: ("openai/copy",), other.id: ("openai/work",)}
    assert set(controller.insight.holders(Secret(key))) == {"openai/work", "openai/copy"}
    assert controller.insight.holders(Secret("sk-proj-somebody-elses-0123456789")) == ()
    warned = controller.insight.warnings()
    assert {one.id, other.id} <= warned.keys()
    assert third.id not in warned


def test_a_key_that_is_stored_already_is_known_though_no_copy_of_it_was_ever_tested(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    key = simulator.issue("openai", "valid", "work")
    one, copy, other = add("openai/work", key=key), add("openai/copy", key=key), add("openai/other")
    assert set(controller.insight.all_holders(Secret(key))) == {"openai/work", "openai/copy"}
    assert controller.insight.copies([one, other]) == {one.id: ("openai/copy",), other.id: ()}
    assert revocation(controller, [copy], tested_or_not=True) == Revocation([], ["openai/work"], [])
    assert revocation(controller, [one, copy], tested_or_not=True).in_use == []
    controller.lock()
    assert controller.insight.copies([one]) == {}
    assert controller.insight.all_holders(Secret(key)) == ()


def test_twins_are_known_after_a_restart(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    key = simulator.issue("openai", "valid", "work")
    add("openai/work", key=key)
    add("openai/copy", key=key)
    run(controller, test=True)
    controller.lock()
    controller.unlock(PASSPHRASE)
    assert len(controller.insight.twins()) == 2


def test_keys_of_one_account_are_told_as_far_as_the_provider_says_whose_they_are(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    one, unknown = add("openrouter/main"), add("openai/work")
    add("openrouter/bot", "capped")
    run(controller, test=True)
    assert controller.insight.account_mates(one) == ["openrouter/bot"]
    assert controller.insight.account_mates(unknown) == []


def test_past_checks_of_a_key_end_where_it_was_replaced(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    credential = add("openai/work")
    run(controller, test=True)
    assert len(controller.insight.checks_of(credential)) == 1
    draft = Draft("openai", "work", credential.base_url, (), Secret(simulator.issue("openai", "valid", "new")))
    replaced, _ = controller.update(credential, draft)
    assert controller.insight.checks_of(replaced) == ()


def test_past_checks_of_a_key_without_a_hint_end_where_it_was_changed(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    credential = add("openai/work")
    short, _ = controller.update(credential, Draft("openai", "work", credential.base_url, (), Secret("short-key-1")))
    before = Check(short.id, short.name, short.hint, short.updated_at - timedelta(seconds=1), Verdict.OK)
    after = replace(before, at=short.updated_at)
    controller.record(before)
    controller.record(after)
    assert controller.insight.checks_of(short) == (after,)
    assert controller.insight.last_checks() == {short.id: after}


def test_picks_count_verified_keys_only(controller: Controller, add: Callable[..., Credential]) -> None:
    add("openrouter/main")
    insight = controller.insight
    run(controller)
    assert not any(task.picks for task in picks(insight.rules(), insight.offers(), NOW.date()))
    run(controller, test=True)
    assert any(task.picks for task in picks(insight.rules(), insight.offers(), NOW.date()))


def test_the_models_of_a_key_that_was_replaced_are_not_those_of_the_new_one(
    controller: Controller, simulator: Simulator, add: Callable[..., Credential]
) -> None:
    credential = add("openai/work")
    run(controller, test=True)
    assert controller.insight.offers()
    assert controller.insight.unlisted() == ()
    draft = Draft("openai", "work", credential.base_url, (), Secret(simulator.issue("openai", "valid", "new")))
    replaced, _ = controller.update(credential, draft)
    assert controller.insight.offers() == []
    assert controller.insight.unlisted() == (replaced,)


def test_of_a_locked_vault_nothing_is_told_and_nothing_raises(
    controller: Controller, add: Callable[..., Credential]
) -> None:
    credential = add("openai/work")
    run(controller, test=True)
    controller.lock()
    insight = controller.insight
    assert insight.offers() == []
    assert insight.unlisted(again=True) == ()
    assert insight.incomplete_lists() == insight.holders(Secret("sk-any-key")) == ()
    assert [*insight.twins(), *insight.warnings(), *insight.last_checks()] == []
    assert insight.account_mates(credential) == []
    assert controller.suggested_label("openai") == "main"
