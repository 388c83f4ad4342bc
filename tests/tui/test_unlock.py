import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.controller import Controller
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.vault import Opened
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.passphrase import PassphraseScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.screens.trouble import TroubleScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.tui.conftest import Driven, drive

Make = Callable[[], Controller]


@pytest.fixture
def existing(controller: Controller) -> None:
    controller.add(draft("openai/work"))
    controller.lock()


@pytest.mark.usefixtures("existing")
def test_the_right_passphrase_shows_the_keys(make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("openai/work")

    drive(make_controller(), script)


@pytest.mark.usefixtures("existing")
def test_a_wrong_passphrase_says_so_and_the_next_one_starts_afresh(make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste("not the passphrase")
        await driven.press("enter")
        await driven.sees("This is not the passphrase of this vault", "••••")
        await driven.write(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(make_controller(), script)


@pytest.mark.usefixtures("existing")
def test_an_empty_passphrase_is_not_tried(make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.press("enter")
        await driven.sees("Type the passphrase first")

    drive(make_controller(), script)


@pytest.mark.usefixtures("existing")
def test_the_screen_answers_while_the_key_is_derived(make_controller: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    controller, go_on = make_controller(), threading.Event()
    unlock = controller.unlock

    def slow_unlock(passphrase: Secret) -> Opened:
        go_on.wait(30)
        return unlock(passphrase)

    monkeypatch.setattr(controller, "unlock", slow_unlock)

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.sees("Deriving the key")
        await driven.press("ctrl+p")
        await driven.until(lambda: not isinstance(driven.app.screen, UnlockScreen), "the palette opens meanwhile")
        await driven.press("escape")
        go_on.set()
        await driven.on(KeysScreen)

    drive(controller, script)


def _damage(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


@pytest.mark.usefixtures("existing")
def test_a_damaged_file_is_told_apart_from_a_wrong_passphrase(make_controller: Make, paths: Paths) -> None:
    for path in (paths.vault, paths.vault.with_name("store.toml.bak")):
        _damage(path)
    before = paths.vault.read_bytes()

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.sees("is damaged")

    drive(make_controller(), script, size=(120, 24))
    assert paths.vault.read_bytes() == before


@pytest.mark.usefixtures("existing")
def test_a_damaged_file_opens_from_its_mirror_and_says_so(make_controller: Make, paths: Paths) -> None:
    _damage(paths.vault)

    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("openai/work", "opened its second copy", "both copies are whole again")

    drive(make_controller(), script, size=(120, 30))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89PNG\r\n", "is not an arka vault"),
        (b"", "is cut short"),
        (b'format = "arka-store/7"\n', "has the format arka-store/7"),
    ],
)
def test_a_file_that_cannot_be_a_vault_is_never_taken_for_an_empty_one(
    make_controller: Make, paths: Paths, content: bytes, told: str
) -> None:
    paths.vault.parent.mkdir(parents=True, mode=0o700)
    paths.vault.write_bytes(content)

    async def script(driven: Driven) -> None:
        await driven.on(TroubleScreen)
        await driven.sees(told, "Nothing was changed")
        await driven.press("r")
        await driven.on(TroubleScreen)

    drive(make_controller(), script, size=(120, 24))
    assert paths.vault.read_bytes() == content


@pytest.mark.slow
@pytest.mark.usefixtures("existing")
def test_the_recovery_code_opens_the_vault_and_asks_for_a_new_passphrase(make_controller: Make, paths: Paths) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.press("ctrl+r")
        await driven.sees("Recovery code")
        await driven.write(RECOVERY_CODE.reveal().lower())
        await driven.press("enter")
        await driven.on(PassphraseScreen)
        for _ in range(2):
            await driven.paste("an entirely new one")
            await driven.press("enter")
        await driven.on(RecoveryCodeScreen)
        assert isinstance(driven.app.screen, RecoveryCodeScreen)
        await driven.write("".join(driven.app.screen.asked_groups))
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("Passphrase changed")

    drive(make_controller(), script)
    vault = open_vault(paths)
    vault.unlock(Secret("an entirely new one"))
    assert [each.name for each in vault.list()] == ["openai/work"]


@pytest.mark.slow
def test_an_older_copy_is_not_used_before_the_user_says_so(
    make_controller: Make, controller: Controller, paths: Paths
) -> None:
    controller.add(draft("openai/first"))
    older = paths.vault.read_bytes()
    controller.add(draft("openai/second"))
    controller.lock()
    for path in (paths.vault, paths.vault.with_name("store.toml.bak")):
        path.write_bytes(older)

    async def refuse(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(Confirm)
        await driven.sees("Use this older copy?")
        await driven.press("enter")
        await driven.on(UnlockScreen)
        await driven.sees("Locked again")

    async def accept(driven: Driven) -> None:
        await driven.on(UnlockScreen)
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.on(KeysScreen)
        await driven.sees("openai/first")

    refused = make_controller()
    drive(refused, refuse)
    assert not refused.unlocked
    drive(make_controller(), accept)
