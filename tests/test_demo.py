import asyncio
from pathlib import Path

from arka_tui.check import Check, Verdict
from arka_tui.controller import Controller
from arka_tui.demo import demo_controller


async def _check_all_but_slow(controller: Controller) -> list[Check]:
    names = [credential.name for credential in controller.credentials() if credential.label != "slow"]
    found = [check async for check in controller.check(names)]
    await controller.close()
    return found


def test_the_demo_shows_every_verdict_and_leaves_nothing_behind() -> None:
    with demo_controller() as controller:
        folder = Path(controller.vault_path).parent
        checks = asyncio.run(_check_all_but_slow(controller))
    assert {check.verdict for check in checks} == set(Verdict)
    assert not folder.exists()


def test_the_demo_is_marked_as_one_and_writes_no_settings() -> None:
    with demo_controller() as controller:
        assert controller.demo
        controller.change_setting(paid_test=False)
        assert not controller.paid
        assert not list(Path(controller.vault_path).parents[1].glob("config/*"))
