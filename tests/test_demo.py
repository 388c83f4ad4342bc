import asyncio
from pathlib import Path

from arka_tui.check import Check, Mood, Verdict
from arka_tui.controller import Controller
from arka_tui.demo import KEYS, demo_controller

NOT_IN_THE_DEMO = {
    Verdict.ACCEPTED,  # shown once the paid request is switched off
    Verdict.DISABLED_OR_EXPIRED,  # neither provider tells it apart from invalid, see PROVIDERS
    Verdict.WRONG_PROVIDER,  # judged for a provider's own address, and the demo has such keys only by hand
    Verdict.NOT_VERIFIABLE,  # for servers that need no key
}


async def _check_all_but_slow(controller: Controller) -> list[Check]:
    names = [credential.name for credential in controller.credentials() if credential.label != "slow"]
    found = [check async for check in controller.check(names)]
    await controller.close()
    return found


def test_the_demo_shows_every_verdict_and_leaves_nothing_behind() -> None:
    with demo_controller() as controller:
        folder = Path(controller.vault_path).parent
        checks = asyncio.run(_check_all_but_slow(controller))
    assert {check.verdict for check in checks} == set(Verdict) - NOT_IN_THE_DEMO
    assert {check.verdict.meaning.mood for check in checks} == set(Mood)
    assert len(checks) == len(KEYS)
    assert not folder.exists()


def test_the_demo_is_marked_as_one_and_writes_no_settings() -> None:
    with demo_controller() as controller:
        assert controller.demo
        controller.change_setting(paid_test=False)
        assert not controller.paid
        assert not list(Path(controller.vault_path).parents[1].glob("config/*"))
