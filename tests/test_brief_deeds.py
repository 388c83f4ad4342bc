"""The summary beside an open vault: kept up by every deed, only where it is wanted, and never with a word of whose keys
these are. The canary is the attack."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from arka_tui import brief
from arka_tui.brief import Brief
from arka_tui.brief_deeds import keep_brief
from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Credential, Draft
from arka_tui.errors import ArkaError
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.store import disk
from arka_tui.store.state import State
from arka_tui.store.vault import Vault
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.e2e.canary import Search

ON, OFF = "status_cache = true\n", "status_cache = false\n"
KEY = "sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2Kf8M"
LABEL, HINT, HOST, PROVIDER = "grandmother-weekend", KEY[-4:], "walrus-gateway.example", "openrouter"
PROJECT, EVIDENCE, AMOUNT = "proj-submarine", "the walrus has no credit", "4711.0815"


@pytest.fixture
def paths(paths: Paths) -> Paths:
    """Where a summary is wanted."""
    say(paths, ON)
    return paths


def say(paths: Paths, settings: str) -> None:
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.settings.write_text(settings)


def session(paths: Paths) -> Vault:
    """Locked; all that it does is summed up."""
    vault = open_vault(paths)
    keep_brief(vault, paths, lambda: NOW)
    return vault


@pytest.fixture
def vault(paths: Paths) -> Vault:
    vault = session(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    return vault


def told(paths: Paths) -> Brief:
    found = brief.load(paths.brief)
    assert found
    return found


def put(vault: Vault, name: str = "openai/work", secret: str = KEY) -> Credential:
    return vault.add(draft(name, secret))[0]


def checked(
    key: Credential, verdict: Verdict = Verdict.OK, learnt: Learnt | None = None, *, days_ago: int = 0
) -> Check:
    return Check(key.id, key.name, key.hint, NOW - timedelta(days=days_ago), verdict, learnt=learnt or Learnt())


# ---------------------------------------------------------------------- what it says


def test_each_key_is_counted_once_by_the_mood_of_its_last_test(vault: Vault, paths: Paths) -> None:
    verdicts = {
        Verdict.OK: "good",
        Verdict.NOT_VERIFIABLE: "good",
        Verdict.NO_CREDITS: "care",
        Verdict.INVALID_KEY: "bad",
        Verdict.PROVIDER_DOWN: "unsure",
    }
    keys = {verdict: put(vault, f"openai/{verdict.value}", f"{KEY}{verdict.value}") for verdict in verdicts}
    put(vault, "openai/untested")
    vault.record_checks([checked(key, Verdict.UNKNOWN, days_ago=2) for key in keys.values()])
    vault.record_checks([checked(key, verdict, days_ago=1) for verdict, key in keys.items()])
    found = told(paths)
    assert (found.good, found.care, found.bad, found.unsure, found.untested, found.warned) == (2, 1, 1, 1, 1, 0)
    assert found.tested_at == NOW - timedelta(days=1)


def test_the_oldest_of_the_last_tests_says_how_old_it_is(vault: Vault, paths: Paths) -> None:
    old, new = put(vault, "openai/old"), put(vault, "openai/new", f"{KEY}2")
    vault.record_checks([checked(old, days_ago=9), checked(new)])
    assert told(paths).tested_at == NOW - timedelta(days=9)
    vault.record_checks([checked(old)])
    assert told(paths).tested_at == NOW


def test_the_soonest_expiry_ahead_is_a_day_and_of_no_bad_key(vault: Vault, paths: Paths) -> None:
    def expiring(days: int) -> Learnt:
        return Learnt(expires_at=NOW + timedelta(days=days))

    past, dead, soon, later = (put(vault, f"openai/{each}", f"{KEY}{each}") for each in ("a", "b", "c", "d"))
    vault.record_checks(
        [
            checked(past, learnt=expiring(-3)),
            checked(dead, Verdict.DISABLED_OR_EXPIRED, expiring(1)),
            checked(later, learnt=expiring(30)),
        ]
    )
    assert told(paths).expires_on == date(2026, 12, 23)
    vault.record_checks([checked(soon, learnt=expiring(2))])
    assert told(paths).expires_on == date(2026, 11, 25)


def test_warnings_are_counted_as_the_screen_does(vault: Vault, paths: Paths) -> None:
    low, fine = put(vault, "openai/low"), put(vault, "openai/fine", f"{KEY}2")
    put(vault, "openai/untested", f"{KEY}3")
    vault.record_checks([checked(low, learnt=Learnt(remaining=Decimal("0.1"))), checked(fine)])
    assert told(paths).warned == 1


# ---------------------------------------------------------------------- when it is written


def test_it_follows_every_deed(vault: Vault, paths: Paths) -> None:
    def is_current() -> bool:
        return told(paths).version == brief.version_of(paths.vault)

    assert (told(paths).keys, is_current()) == (0, True)
    key = put(vault)
    assert (told(paths).untested, is_current()) == (1, True)
    vault.record_checks([checked(key)])
    assert (told(paths).good, is_current()) == (1, True)
    key, _ = vault.update(key, replace(draft("openai/work", f"{KEY}2")))
    assert (told(paths).good, told(paths).untested, is_current()) == (0, 1, True)
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    assert is_current()
    vault.remove([key])
    assert (told(paths).keys, is_current()) == (0, True)
    paths.brief.unlink()
    vault.lock()
    assert not paths.brief.exists()
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    assert is_current()


def test_what_another_session_did_is_taken_in_and_the_last_one_that_looks_is_right(vault: Vault, paths: Paths) -> None:
    other = session(paths)
    other.unlock_with_recovery_code(RECOVERY_CODE)
    key = put(other)
    vault.record_checks([])  # of a state that is not the newest any more
    assert told(paths).version == brief.version(*vault.version()) != brief.version_of(paths.vault)
    assert vault.refresh()
    assert (told(paths).untested, told(paths).version) == (1, brief.version_of(paths.vault))
    other.record_checks([checked(key, Verdict.INVALID_KEY)])
    assert vault.refresh()
    assert told(paths).bad == 1


def test_two_deeds_at_once_leave_what_was_so_last(vault: Vault, paths: Paths) -> None:
    threads = [threading.Thread(target=put, args=(vault, f"openai/{n}", f"{KEY}{n}")) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (told(paths).untested, told(paths).version) == (8, brief.version_of(paths.vault))


def test_an_older_copy_is_not_summed_up_before_it_is_accepted(vault: Vault, paths: Paths) -> None:
    older = paths.vault.read_bytes()
    put(vault)
    before = paths.brief.read_bytes()
    for path in (paths.vault, paths.vault.with_name("store.toml.bak")):
        path.write_bytes(older)
    again = session(paths)
    assert again.unlock_with_recovery_code(RECOVERY_CODE).older_copy
    assert paths.brief.read_bytes() == before
    again.accept_older_copy()
    assert told(paths).keys == 0


def test_what_says_the_same_already_is_not_written_again(vault: Vault, paths: Paths) -> None:
    put(vault)
    before = paths.brief.stat().st_ino
    session(paths).unlock_with_recovery_code(RECOVERY_CODE)
    assert paths.brief.stat().st_ino == before


def test_a_locked_vault_tells_nothing(vault: Vault, paths: Paths) -> None:
    line = vault.seal_checks([checked(put(vault))])
    before = paths.brief.read_bytes()
    vault.lock()
    vault.write_sealed(line)
    assert paths.brief.read_bytes() == before


def test_nothing_is_opened_for_it(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(State, "open_record", lambda _, entry: opened.append(entry))
    key = put(vault)
    vault.record_checks([checked(key)])
    vault.update(key, draft("openai/other", f"{KEY}2"))
    vault.refresh()
    assert opened == []


# ---------------------------------------------------------------------- where it is not wanted


@pytest.mark.parametrize("settings", [OFF, "", 'theme = "nord"\n'])
def test_where_it_is_not_wanted_nothing_is_written(settings: str, paths: Paths) -> None:
    say(paths, settings)
    vault = session(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    vault.record_checks([checked(put(vault))])
    assert {path.name for path in paths.state.iterdir()} == {"seen.json"}


def test_once_it_is_not_wanted_it_goes_at_the_next_news(vault: Vault, paths: Paths) -> None:
    assert paths.brief.exists()
    say(paths, OFF)
    put(vault)
    assert not paths.brief.exists()


def test_of_settings_with_a_mistake_nothing_is_concluded(vault: Vault, paths: Paths) -> None:
    before = paths.brief.read_bytes()
    say(paths, "status_cache = perhaps\n")
    put(vault)
    assert paths.brief.read_bytes() == before


@pytest.mark.parametrize(("demo", "kept"), [(True, False), (False, True)])
def test_a_demo_keeps_none(demo: bool, kept: bool, paths: Paths) -> None:
    controller = Controller(paths, open_vault(paths), load_catalog(), Config(), demo=demo, clock=lambda: NOW)
    controller.create(PASSPHRASE, RECOVERY_CODE)
    controller.add(draft())
    assert paths.brief.exists() is kept


# ---------------------------------------------------------------------- where it cannot be


def test_that_it_cannot_be_written_stops_no_deed(vault: Vault, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.brief.unlink()
    paths.brief.mkdir()
    key = put(vault)
    assert vault.list() == (key,)
    with pytest.raises(ArkaError, match="is no regular file"):
        brief.load(paths.brief)
    paths.brief.rmdir()
    monkeypatch.setattr(os, "rename", harmed(os.rename, "brief.json"))
    vault.remove([key])
    assert vault.list() == ()
    assert not [path for path in paths.state.iterdir() if "brief" in path.name]


def harmed(rename: Callable[..., None], name: str) -> Callable[..., None]:
    def renamed(source: str, target: str, **folders: int) -> None:
        if target == name:
            raise OSError
        rename(source, target, **folders)

    return renamed


def test_a_link_in_its_place_is_replaced_and_never_followed(vault: Vault, paths: Paths) -> None:
    precious = paths.data.parent / "precious"
    precious.write_text("mine")
    paths.brief.unlink()
    paths.brief.symlink_to(precious)
    put(vault)
    assert told(paths).untested == 1
    assert not paths.brief.is_symlink()
    paths.brief.unlink()
    paths.brief.symlink_to(precious)
    say(paths, OFF)
    put(vault, "openai/other", f"{KEY}2")
    assert not paths.brief.is_symlink()
    assert precious.read_text() == "mine"


def test_a_pipe_in_its_place_is_not_waited_for(vault: Vault, paths: Paths) -> None:
    paths.brief.unlink()
    os.mkfifo(paths.brief)
    put(vault)
    assert told(paths).untested == 1


def test_it_is_the_users_alone_whatever_the_umask(paths: Paths) -> None:
    before = os.umask(0)
    try:
        session(paths).create(PASSPHRASE, RECOVERY_CODE)
    finally:
        os.umask(before)
    assert paths.brief.stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------------- the attack


def test_no_word_of_whose_keys_these_are_is_ever_in_it(
    vault: Vault, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every write, in every dress; what is shorter than eight characters, as it is."""
    written: list[bytes] = []
    replace_file = disk.replace_file

    def seen(path: Path, data: bytes) -> str:
        if path == paths.brief:
            written.append(data)
        return replace_file(path, data)

    monkeypatch.setattr(disk, "replace_file", seen)
    key, _ = vault.add(Draft(PROVIDER, LABEL, f"https://{HOST}/v1", (("project", PROJECT),), Secret(KEY)))
    mark = vault.fingerprint(Secret(KEY))
    learnt = Learnt(
        organization="walrus-holding",
        account="ada.lovelace@walrus.example",
        key_label="penguin-at-the-provider",
        balance=Decimal(AMOUNT),
        limit=Decimal(AMOUNT),
        currency="EUR",
        expires_at=NOW + timedelta(days=3),
        probe_model="gpt-walrus-large",
    )
    check = Check(
        key.id,
        key.name,
        key.hint,
        NOW,
        Verdict.NO_CREDITS,
        (Stage("key", Verdict.NO_CREDITS, EVIDENCE, 402, 1234567),),
        learnt,
        evidence=EVIDENCE,
        page=f"https://{HOST}/billing",
        fingerprint=mark,
    )
    vault.record_checks([check])
    renamed, _ = vault.update(key, Draft(PROVIDER, f"{LABEL}-2", key.base_url, key.settings, None))
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    vault.lock()
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    vault.remove([renamed])
    assert len(written) == 5
    texts = (KEY, LABEL, HOST, PROVIDER, PROJECT, EVIDENCE, AMOUNT, mark, key.id, PASSPHRASE.reveal(), str(paths.data))
    told_by_provider = (learnt.organization, learnt.account, learnt.key_label, learnt.probe_model)
    search = Search({f"{text}, ": [text] for text in (*texts, *filter(None, told_by_provider))})
    short = (HINT, PROVIDER[:6], "EUR", "1234567", "402", "4711", "credit", "openai", "walrus", "http", "/", "@")
    for number, raw in enumerate(written):
        assert search.found_in(f"write {number}", raw) == []
        plain = raw.replace(told(paths).version.store.encode(), b"")  # base64 may have anything
        assert [text for text in short if text.casefold() in plain.decode().casefold()] == []
