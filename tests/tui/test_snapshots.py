"""How the screens look. After a change, look at each picture before it is accepted: pytest --snapshot-update."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.store.slots import KeyFile
from arka_tui.store.vault import Vault
from arka_tui.tui.app import ArkaApp
from arka_tui.tui.screens import recovery_code
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, open_vault

SnapCompare = Callable[..., bool]
Pressing = Callable[[Pilot[Any]], Any]
SMALL, USUAL, LARGE = (40, 12), (80, 24), (120, 40)

FOUND: list[tuple[str, Verdict | None, int, int, Learnt, str]] = [
    ("openai/work", Verdict.OK, 3, 212, Learnt(models=61, probe_model="text-embedding-3-small"), ""),
    ("openai/laptop", Verdict.NO_CREDITS, 42, 198, Learnt(models=61), "You have no credits remaining."),
    ("openai/ci", Verdict.RESTRICTED_SCOPE, 65, 230, Learnt(models=12), "Missing scopes: model.request."),
    ("openai/old-intern", Verdict.INVALID_KEY, 60 * 26, 187, Learnt(), "Incorrect API key provided: ••••."),
    ("openai/new", None, 0, 0, Learnt(), ""),
    (
        "openrouter/main",
        Verdict.OK,
        3,
        341,
        Learnt(models=338, limit=Decimal(20), remaining=Decimal("12.40"), reset="monthly", usage=Decimal("7.60")),
        "",
    ),
    ("openrouter/bot", Verdict.KEY_LIMIT_REACHED, 3, 322, Learnt(limit=Decimal(5), remaining=Decimal(0)), ""),
    ("openrouter/trial", Verdict.OK, 60, 318, Learnt(models=338, expires_at=NOW + timedelta(days=2, hours=5)), ""),
    ("openrouter/travel", Verdict.UNREACHABLE, 60 * 50, 0, Learnt(), "the host name is not known"),
]


@pytest.fixture
def no_controller(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """Nothing created yet; the path on screen is not the test's."""
    monkeypatch.setattr(Controller, "vault_path", Path("/home/ada/.local/share/arka-tui/store.toml"))
    return Controller(paths, open_vault(paths), load_catalog(), Config(), clock=lambda: NOW)


@pytest.fixture
def empty(no_controller: Controller) -> Controller:
    no_controller.create(PASSPHRASE, RECOVERY_CODE)
    return no_controller


@pytest.fixture
def full(empty: Controller, paths: Paths) -> Controller:
    vault: Vault = empty._vault
    for at, (name, verdict, minutes, latency, learnt, evidence) in enumerate(FOUND):
        provider, label = name.split("/")
        secret = Secret(f"not-a-real-key-000000000{at}x{label[:2]}")
        credential, _ = vault.add(Draft(provider, label, empty.catalog[provider].base_url, (), secret))
        if verdict:
            moment = NOW - timedelta(minutes=minutes)
            vault.record_checks(
                [_check(credential.id, name, secret.hint, verdict, moment, latency, learnt, evidence, empty)]
            )
    return empty


def _check(
    credential_id: str,
    name: str,
    hint: str,
    verdict: Verdict,
    moment: datetime,
    latency: int,
    learnt: Learnt,
    evidence: str,
    controller: Controller,
) -> Check:
    provider = controller.catalog[name.split("/")[0]]
    answered = verdict is not Verdict.UNREACHABLE
    first = Stage("key", Verdict.OK, "GET /models", 200, latency) if answered else Stage("key", verdict, "GET /models")
    paid = Stage("paid", verdict, "POST /embeddings with text-embedding-3-small", 200, 2 * latency)
    return Check(
        credential_id,
        name,
        hint,
        moment,
        verdict,
        (Stage("shape", Verdict.OK, f"looks like a key of {provider.name}"), first, *([paid] if answered else [])),
        learnt,
        evidence,
        verdict.meaning.next_step,
        provider.console.get(verdict.meaning.page, ""),
    )


def _press(*keys: str) -> Pressing:
    async def press(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)  # the detail line follows the cursor when it rests

    return press


def _paste(text: str, *keys: str) -> Pressing:
    async def paste(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await pilot.press("a")
        assert pilot.app.focused is not None
        pilot.app.focused.post_message(events.Paste(text))
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        await pilot.pause()

    return paste


def test_create(no_controller: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(no_controller), terminal_size=USUAL)


def test_recovery_code(no_controller: Controller, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_code, "two_groups", lambda groups: (2, 7))

    async def show(pilot: Pilot[Any]) -> None:
        pilot.app.push_screen(recovery_code.RecoveryCodeScreen(RECOVERY_CODE))
        await pilot.pause()

    assert snap_compare(ArkaApp(no_controller), terminal_size=USUAL, run_before=show)


def test_unlock(empty: Controller, snap_compare: SnapCompare) -> None:
    empty.lock()
    assert snap_compare(ArkaApp(empty), terminal_size=USUAL)


def test_unlock_narrow(empty: Controller, snap_compare: SnapCompare) -> None:
    empty.lock()
    assert snap_compare(ArkaApp(empty), terminal_size=SMALL)


def test_empty(empty: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(empty), terminal_size=USUAL)


def test_list(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("down", "space"))


def test_list_large(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=LARGE, run_before=_press("down"))


def test_list_narrow(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_press("down"))


def test_list_without_colour(full: Controller, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    full.config = Config(theme="ansi-dark")
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("down"))


def test_list_in_the_terminals_own_colours(full: Controller, snap_compare: SnapCompare) -> None:
    full.config = Config(theme="ansi-dark")
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("down"))


def test_filtered_to_nothing(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("slash", "z", "z", "enter"))


def test_form(full: Controller, snap_compare: SnapCompare) -> None:
    pasted = _paste("export OPENROUTER_API_KEY=sk-or-v1-" + "0a" * 32 + "\n")
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=pasted)


def test_form_with_errors(full: Controller, snap_compare: SnapCompare) -> None:
    wrong = _paste("two words", "tab", *"my", "space", *"key", "ctrl+s")
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=wrong)


def test_form_narrow(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=SMALL, run_before=_press("e"))


def test_delete(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("space", "space", "d"))


def test_details(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("G", "up", "up", "up", "enter"))


@pytest.fixture
def one_with_a_past(empty: Controller) -> Controller:
    """Ten tests of a key that runs out of money and time; its organization was told in the first only."""
    vault: Vault = empty._vault
    secret = Secret("not-a-real-key-0000000000main")
    key, _ = vault.add(Draft("openrouter", "main", empty.catalog["openrouter"].base_url, (), secret))
    last = Verdict.RATE_LIMITED
    verdicts = [Verdict.OK, Verdict.OK, Verdict.UNREACHABLE, *[Verdict.OK] * 4, Verdict.NO_CREDITS, Verdict.OK, last]
    for days, verdict in zip(range(9, -1, -1), verdicts, strict=True):
        learnt = Learnt(organization="Analytical Engines") if days == 9 else Learnt()
        if verdict in (Verdict.OK, last) and days < 9:
            learnt = Learnt(
                models=338,
                limit=Decimal(20),
                remaining=Decimal("1.20") + days,
                reset="monthly",
                usage=Decimal("31.85") - days,
                usage_daily=Decimal("0.42"),
                usage_weekly=Decimal("2.10"),
                usage_monthly=Decimal("18.80"),
                expires_at=NOW + timedelta(days=5, hours=3),
                free_tier=False,
            )
        said = "Rate limit exceeded: free-models-per-min." if verdict is last else ""
        at, name = NOW - timedelta(days=days, minutes=3), "openrouter/main"
        vault.record_checks([_check(key.id, name, secret.hint, verdict, at, 180 + 40 * days, learnt, said, empty)])
    return empty


def test_details_of_a_key_with_a_past(one_with_a_past: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(one_with_a_past), terminal_size=(80, 40), run_before=_press("enter"))


def test_details_narrow(one_with_a_past: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(one_with_a_past), terminal_size=SMALL, run_before=_press("enter"))


def test_log(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("l", "down", "down"))


def test_help(full: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(full), terminal_size=USUAL, run_before=_press("question_mark"))


@pytest.fixture
def with_key_file(full: Controller) -> Controller:
    full._vault.add_slot(KeyFile(bytes(range(200, 232))))
    return full


def test_slots(with_key_file: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(with_key_file), terminal_size=USUAL, run_before=_press("w", "end"))


def test_slots_narrow(with_key_file: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(with_key_file), terminal_size=SMALL, run_before=_press("w", "end"))


def test_removing_a_slot_asks_for_the_passphrase(with_key_file: Controller, snap_compare: SnapCompare) -> None:
    assert snap_compare(ArkaApp(with_key_file), terminal_size=USUAL, run_before=_press("w", "end", "d"))
