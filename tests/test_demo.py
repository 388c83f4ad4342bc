import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from arka_tui.check import Check, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.demo import demo_controller
from arka_tui.insight.warnings import Kind
from arka_tui.providers.catalog import load_catalog


@dataclass(frozen=True)
class Shown:
    """The demo after a test of all its keys, and where its files were."""

    folder: Path
    names: tuple[str, ...]
    checks: tuple[Check, ...]
    kinds: Mapping[str, frozenset[Kind]]
    """By name of the key."""
    mates: Mapping[str, Sequence[str]]


async def _check_all_but_slow(controller: Controller) -> list[Check]:
    names = [credential.name for credential in controller.credentials() if credential.label != "slow"]
    found = [check async for check in controller.check(names)]
    await controller.close()
    return found


@pytest.fixture(scope="module")
def tested() -> Shown:
    with demo_controller(Config()) as controller:
        checks = asyncio.run(_check_all_but_slow(controller))
        names = {credential.id: credential.name for credential in controller.credentials()}
        warned = controller.insight.warnings()
        return Shown(
            Path(controller.vault_path).parent,
            tuple(names.values()),
            tuple(checks),
            {names[which]: frozenset(each.kind for each in told) for which, told in warned.items()},
            {each.name: controller.insight.account_mates(each) for each in controller.credentials()},
        )


def test_the_demo_shows_every_verdict_and_leaves_nothing_behind(tested: Shown) -> None:
    assert {check.verdict for check in tested.checks} == set(Verdict)
    assert not tested.folder.exists()


def test_the_demo_has_a_key_of_every_provider_and_is_still_a_list_to_read(tested: Shown) -> None:
    assert {name.partition("/")[0] for name in tested.names} == load_catalog().providers.keys()
    assert len(tested.names) <= 70


def test_the_demo_has_a_secret_stored_twice_two_keys_of_one_account_and_things_to_warn_of(tested: Shown) -> None:
    assert Kind.SAME_SECRET in tested.kinds["groq/fast"] & tested.kinds["groq/fast-copy"]
    assert tested.mates["together/main"] == ["together/laptop"]
    assert Kind.NEARLY_OUT in tested.kinds["deepseek/nightly-jobs"]
    assert Kind.EXPIRES_SOON in tested.kinds["openrouter/trial"]


def test_the_demo_is_marked_as_one_and_writes_no_settings() -> None:
    with demo_controller(Config()) as controller:
        assert controller.demo
        controller.change_setting(paid_test=False)
        assert not controller.paid
        assert not list(Path(controller.vault_path).parents[1].glob("config/*"))
