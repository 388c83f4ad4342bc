import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from arka_tui.check import Check, Learnt, Verdict
from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Draft
from arka_tui.errors import NotSaved
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.detail import DetailScreen
from arka_tui.tui.screens.help import HelpScreen
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.log import LogScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from arka_tui.tui.widgets.key_list import KeyList
from arka_tui.tui.widgets.log_list import LogList
from tests.conftest import NOW, PASSPHRASE, draft
from tests.tui.conftest import Driven, drive

Add = Callable[..., str]
Make = Callable[[], Controller]


def _names(driven: Driven) -> list[str]:
    return [credential.name for credential in driven.app.screen.query_one(KeyList).shown]


def _verdicts(controller: Controller) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in controller.last_checks().values()}


def test_an_empty_vault_tells_what_to_do(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.sees("No keys yet", "Press a to add one")
        assert "Delete" not in driven.text.splitlines()[-1]

    drive(controller, script)


@pytest.mark.parametrize("key", ["a", "T"])
def test_what_only_the_first_test_waits_for_is_done_while_the_user_reads(
    controller: Controller, add: Add, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("openai/work")
    add("openai/home")
    done: list[str] = []

    async def expect_checks() -> None:
        done.append(key)

    monkeypatch.setattr(controller, "expect_checks", expect_checks)

    async def script(driven: Driven) -> None:
        await driven.sees("not tested")
        assert done == []
        await driven.press(key)
        await driven.until(lambda: done == [key])

    drive(controller, script)


def test_t_tests_the_key_at_the_cursor_and_shows_the_verdict_in_its_row(controller: Controller, add: Add) -> None:
    add("openai/work", "no_credit")

    async def script(driven: Driven) -> None:
        await driven.sees("· not tested", "never")
        await driven.press("t")
        await driven.sees("! no credit", "just now", "has no credit left", "settings/organization/billing")

    drive(controller, script)
    assert _verdicts(controller) == {}  # leaving locks the vault, and what is locked is forgotten


def test_what_a_test_found_is_there_in_the_next_session(
    controller: Controller, make_controller: Make, add: Add
) -> None:
    add("openrouter/main", "capped")

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("✓ works", "$12.40 left")

    drive(controller, script)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert _verdicts(later) == {"openrouter/main": Verdict.OK}


def test_test_all_asks_with_the_cost_and_tests_all_that_are_shown(controller: Controller, add: Add) -> None:
    for name, situation in (("openai/a", "valid"), ("openai/b", "spend_limit"), ("openrouter/c", "key_limit")):
        add(name, situation)

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.sees("3 keys", "costs about $0.00001004")
        await driven.press("y")
        await driven.sees("✓ works", "! spend cap", "! key cap reached")
        await driven.until(lambda: "testing" not in driven.text, "the end of the tests is shown")

    drive(controller, script)


def test_cancelling_test_all_sends_nothing(controller: Controller, add: Add, simulator: Simulator) -> None:
    add("openai/a")
    add("openai/b")

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(controller, script)
    assert simulator.requests == []


def test_escape_stops_running_tests_and_keeps_what_they_found(
    controller: Controller, add: Add, make_controller: Make
) -> None:
    add("openai/quick", "deactivated")
    add("openai/slow", "slow")

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("✗ account blocked", "testing 1/2, Esc stops")
        await driven.press("escape")
        await driven.until(lambda: "Esc stops" not in driven.text, "the tests stop")
        assert "· not tested" in driven.text

    drive(controller, script)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert _verdicts(later) == {"openai/quick": Verdict.ACCOUNT_BLOCKED}


def test_the_list_answers_keys_while_tests_run(controller: Controller, add: Add) -> None:
    add("openai/a", "slow")
    add("openai/b")

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("… testing")
        await driven.press("down")
        assert driven.app.screen.query_one(KeyList).cursor == 1

    drive(controller, script)


def test_delete_says_where_to_revoke_and_has_the_focus_on_the_safe_answer(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("d")
        await driven.on(Confirm)
        await driven.sees(
            "Delete openai/work?", "does not delete anything at the provider", "platform.openai.com/api-keys"
        )
        await driven.press("enter")
        await driven.on(KeysScreen)
        assert _names(driven) == ["openai/work"]

    drive(controller, script)


def test_a_deleted_key_is_gone_from_screen_and_disk(controller: Controller, add: Add, make_controller: Make) -> None:
    add("openai/work")
    add("openrouter/main")

    async def script(driven: Driven) -> None:
        await driven.press("d")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("Deleted openai/work from this vault")
        assert _names(driven) == ["openrouter/main"]

    drive(controller, script)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert [each.name for each in later.credentials()] == ["openrouter/main"]


@pytest.mark.slow
def test_several_marked_keys_are_deleted_together(controller: Controller, add: Add) -> None:
    for label in "abcd":
        add(f"openai/{label}")

    async def script(driven: Driven) -> None:
        await driven.press("space", "down", "space")
        await driven.sees("2 selected")
        await driven.press("d")
        await driven.on(Confirm)
        await driven.sees("Delete 2 keys?", "openai/a, openai/c")
        await driven.press("y")
        await driven.until(lambda: _names(driven) == ["openai/b", "openai/d"], "both are gone")

    drive(controller, script)


def test_a_delete_that_cannot_be_saved_says_so_and_deletes_nothing(
    controller: Controller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("openai/work")

    def fail(seen: object) -> None:
        raise NotSaved("not saved: the file system is read-only")

    monkeypatch.setattr(controller, "remove", fail)

    async def script(driven: Driven) -> None:
        await driven.press("d")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("Not saved: the file system is read-only")
        assert _names(driven) == ["openai/work"]

    drive(controller, script)


@pytest.mark.slow
def test_the_filter_narrows_by_name_verdict_and_address_and_escape_clears_it(controller: Controller, add: Add) -> None:
    for name in ("openai/work", "openai/ci", "openrouter/work"):
        add(name)

    async def script(driven: Driven) -> None:
        await driven.press("slash")
        await driven.write("work router")
        await driven.until(lambda: _names(driven) == ["openrouter/work"], "only one matches")
        await driven.sees("1 of 3 keys")
        await driven.press("enter", "escape")
        assert len(_names(driven)) == 3

    drive(controller, script)


def test_a_filter_that_matches_nothing_says_so(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("slash")
        await driven.write("zzz")
        await driven.sees("No key matches “zzz”", "Esc clears the filter")

    drive(controller, script)


def test_sorting_puts_trouble_first_and_the_cursor_on_the_worst(controller: Controller, add: Add) -> None:
    add("openai/a", "valid")
    add("openai/b", "deactivated")
    add("openai/c", "no_credit")

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("✓ works", "✗ account blocked", "! no credit")
        await driven.press("s")
        await driven.sees("trouble first")
        assert _names(driven) == ["openai/b", "openai/c", "openai/a"]
        row = driven.app.screen.query_one(KeyList).current
        assert row is not None and row.credential.name == "openai/b"

    drive(controller, script)


def test_the_paid_request_can_be_switched_off_and_then_none_is_sent(
    controller: Controller, add: Add, simulator: Simulator
) -> None:
    add("openai/work", "no_credit")

    async def script(driven: Driven) -> None:
        await driven.press("dollar_sign")
        await driven.sees("paid test off")
        driven.app.clear_notifications()  # it would cover the detail for five seconds
        await driven.press("t")
        await driven.sees("✓ accepted", "whether it has credit was not tested")

    drive(controller, script)
    assert {request.method for request in simulator.requests} == {"GET"}


def test_enter_shows_all_that_was_learnt(controller: Controller, add: Add) -> None:
    add("openrouter/main", "capped")

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("✓ works")
        await driven.press("enter")
        await driven.on(DetailScreen)
        for text in ("models reached", "$20.00", "$12.40", "monthly", "free request", "paid request", "HTTP 200"):
            await driven.sees(text)
        await driven.press("escape")
        await driven.on(KeysScreen)

    drive(controller, script, size=(100, 50))


def test_another_sessions_key_appears_without_asking(controller: Controller, make_controller: Make) -> None:
    other = make_controller()
    other.unlock(PASSPHRASE)

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await asyncio.to_thread(other.add, draft("openai/from-elsewhere"))
        await driven.app.screen._look_around()  # type: ignore[attr-defined]
        await driven.sees("openai/from-elsewhere")

    drive(controller, script)


def test_a_passphrase_changed_elsewhere_locks_this_session_and_says_why(
    controller: Controller, make_controller: Make
) -> None:
    other = make_controller()
    other.unlock(PASSPHRASE)

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        other.slots.change_passphrase(Secret("another passphrase"), other.new_recovery_code())
        await driven.app.screen._look_around()  # type: ignore[attr-defined]
        await driven.on(UnlockScreen)
        await driven.sees("The passphrase was changed in another session")
        assert not controller.unlocked

    drive(controller, script)


def test_a_key_changed_elsewhere_is_not_deleted_unseen(controller: Controller, add: Add, make_controller: Make) -> None:
    add("openai/work")
    other = make_controller()
    other.unlock(PASSPHRASE)

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        seen = other.get("openai/work")
        other.update(seen, draft("openai/work", "sk-proj-a-newer-key-from-another-session"))
        await driven.press("d")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("was changed in another session")
        assert _names(driven) == ["openai/work"]

    drive(controller, script)


def test_ctrl_l_locks_and_forgets(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.sees("openai/work")
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        await driven.sees("Locked.")
        assert not controller.unlocked
        assert "openai/work" not in driven.text

    drive(controller, script)


def test_an_idle_session_locks_itself_even_with_a_dialog_open(
    controller: Controller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("openai/work")
    clock = [0.0]
    monkeypatch.setattr("arka_tui.tui.app._now", lambda: clock[0])

    async def script(driven: Driven) -> None:
        await driven.press("e")
        clock[0] = 9 * 60
        driven.app._look_at_clocks()
        assert controller.unlocked
        clock[0] = 10 * 60 + 1
        driven.app._look_at_clocks()
        await driven.on(UnlockScreen)
        await driven.sees("Locked after 10 idle minutes")
        assert not controller.unlocked

    drive(controller, script)


def test_any_key_puts_the_lock_off(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("arka_tui.tui.app._now", lambda: clock[0])

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        clock[0] = 9 * 60
        await driven.press("down")
        clock[0] = 15 * 60
        driven.app._look_at_clocks()
        assert controller.unlocked

    drive(controller, script)


def test_locking_during_tests_ends_them(controller: Controller, add: Add) -> None:
    add("openai/slow", "slow")

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("… testing")
        await driven.press("ctrl+l")
        await driven.on(UnlockScreen)
        await driven.until(lambda: not [w for w in driven.app.workers if w.group == "check"], "the test is cancelled")

    drive(controller, script)


def test_help_lists_the_real_bindings_and_the_verdicts(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("question_mark")
        await driven.on(HelpScreen)
        await driven.sees("All keys of the keyboard", "Leave arka-tui", "Lock the vault", "no credit", "blocked here")

    drive(controller, script, size=(100, 70))


def test_the_command_palette_offers_no_screenshot(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        titles = {command.title for command in driven.app.get_system_commands(driven.app.screen)}
        assert {"Theme", "Lock", "Change passphrase", "Quit", "Add a key"} <= titles
        assert not any("screenshot" in title.lower() for title in titles)

    drive(controller, script)


@pytest.mark.slow
def test_the_passphrase_can_be_changed_from_the_palette(
    controller: Controller, make_controller: Make, add: Add
) -> None:
    secret = add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        driven.app.action_change_passphrase()
        await driven.sees("First the one of today")
        await driven.paste(PASSPHRASE.reveal())
        await driven.press("enter")
        await driven.sees("Every key is sealed anew")
        for _ in range(2):
            await driven.paste("an entirely new one")
            await driven.press("enter")
        await driven.sees("To confirm, type groups")
        assert isinstance(driven.app.screen, RecoveryCodeScreen)
        await driven.write("".join(driven.app.screen.asked_groups))
        await driven.press("enter")
        await driven.sees("Passphrase changed")

    drive(controller, script)
    later = make_controller()
    later.unlock(Secret("an entirely new one"))
    assert later._vault.secret("openai/work") == Secret(secret)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(40, 12), (20, 5), (10, 3), (200, 60)])
def test_no_size_of_terminal_breaks_a_screen(controller: Controller, add: Add, size: tuple[int, int]) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        for key in ("t", "down", "a", "escape", "e", "escape", "d", "escape", "l", "escape", "question_mark", "escape"):
            await driven.press(key)
        await driven.on(KeysScreen)

    drive(controller, script, size=size)


def test_delete_on_the_details_is_about_that_key_whatever_is_selected(controller: Controller, add: Add) -> None:
    for label in "abc":
        add(f"openai/{label}")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("space", "space", "enter")
        await driven.on(DetailScreen)
        await driven.press("d")
        await driven.on(Confirm)
        await driven.sees("Delete openai/c?")

    drive(controller, script)


def test_ctrl_l_locks_from_within_a_dialog_too(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        for opener in ("a", "e", "d", "enter", "question_mark"):
            await driven.press(opener)
            await driven.until(lambda: not isinstance(driven.app.screen, KeysScreen), "a dialog")
            await driven.press("ctrl+l")
            await driven.on(UnlockScreen)
            await driven.paste(PASSPHRASE.reveal())
            await driven.press("enter")
            await driven.on(KeysScreen)

    drive(controller, script)


def test_a_verdict_of_a_key_that_was_replaced_elsewhere_is_not_shown(
    controller: Controller, add: Add, make_controller: Make, simulator: Simulator
) -> None:
    add("openai/work")
    other = make_controller()

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("✓ works")
        other.unlock(PASSPHRASE)
        other.update(other.get("openai/work"), draft_at(controller, simulator.issue("openai", "valid", "newer")))
        await driven.app.screen._look_around()  # type: ignore[attr-defined]
        await driven.sees("· not tested")

    drive(controller, script)


def draft_at(controller: Controller, secret: str) -> Draft:
    return Draft("openai", "work", controller.catalog["openai"].base_url, (), Secret(secret))


def test_an_unwritable_test_log_is_told(controller: Controller, add: Add, paths: Paths) -> None:
    add("openai/work")
    paths.vault.with_name("journal").mkdir()

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("The test log could not be written")

    drive(controller, script)


def test_after_the_last_key_is_deleted_the_list_still_has_the_focus(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("d")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("No keys yet")
        assert isinstance(driven.app.focused, KeyList)

    drive(controller, script)


SMALLEST = (40, 12)


def test_a_question_names_its_key_and_shows_its_answers_on_the_smallest_screen(
    controller: Controller, add: Add
) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("d")
        await driven.on(Confirm)
        await driven.sees("Delete openai/work?", "Keep (n)", "Delete (y)", "Removed at once")
        assert "platform.openai.com" not in driven.text
        await driven.press("down", "down")
        await driven.sees("Delete openai/work?", "platform.openai.com", "Keep (n)")
        await driven.pilot.resize_terminal(80, 24)
        await driven.sees("Delete openai/work?", "Removed at once", "platform.openai.com", "openai/work   ")

    drive(controller, script, size=SMALLEST)


@pytest.mark.slow
def test_the_last_line_of_a_dialog_is_about_its_own_keys(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        for opener, expected in (
            ("d", "Esc n No y Yes"),
            ("a", "Esc Close ^s Save"),
            ("enter", "Esc Close e Edit t Test d Delete l Log y Copy page"),
            ("question_mark", "Esc Close"),
        ):
            await driven.press(opener)
            await driven.until(lambda: not isinstance(driven.app.screen, KeysScreen), "a dialog")
            await driven.until(lambda: driven.text.splitlines()[-1].strip() == expected, expected)  # noqa: B023
            await driven.press("escape")
            await driven.on(KeysScreen)

    drive(controller, script)


def test_a_narrow_screen_cuts_no_word_of_its_first_and_last_line(controller: Controller, add: Add) -> None:
    add("openai/work", "slow")
    controller.config = Config(paid_test=False)

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("t", "space")
        await driven.sees("arka-tui  1 key · testing 0/1")
        assert driven.text.splitlines()[-1].strip() == "? Help a Add e Edit d Delete t Test"
        await driven.pilot.resize_terminal(80, 24)
        await driven.sees("1 key  ·  testing 0/1, Esc stops  ·  1 selected  ·  paid test off", "/ Filter l Log")

    drive(controller, script, size=SMALLEST)


@pytest.mark.slow
def test_ctrl_c_says_how_to_quit_within_a_dialog_too(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        for opener in ("d", "a", "enter"):
            await driven.press(opener)
            await driven.until(lambda: not isinstance(driven.app.screen, KeysScreen), "a dialog")
            driven.app.clear_notifications()
            await driven.press("ctrl+c")
            await driven.sees("ctrl+q quits.")
            await driven.press("escape")
            await driven.on(KeysScreen)

    drive(controller, script)


def test_help_scrolls_by_the_keys_of_the_lists_and_names_the_palette(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("question_mark")
        await driven.on(HelpScreen)
        dialog = driven.app.screen.query_one(".dialog")
        for key, expected in (("down", 1), ("j", 2), ("k", 1), ("up", 0), ("G", dialog.max_scroll_y), ("g", 0)):
            await driven.press(key)
            assert dialog.scroll_offset.y == expected, key
        while "^p" not in driven.text:
            assert dialog.scroll_offset.y < dialog.max_scroll_y
            await driven.press("pagedown")
        assert "All commands, by name" in driven.flat

    drive(controller, script)


def test_escape_says_that_the_tests_were_stopped_and_how_far_they_came(controller: Controller, add: Add) -> None:
    add("openai/quick", "deactivated")
    add("openai/slow", "slow")

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("testing 1/2")
        await driven.press("escape")
        await driven.sees("Stopped: 1 of 2 were tested; what they found is kept.")

    drive(controller, script)


def test_trouble_first_puts_what_is_wrong_before_what_is_not_known(controller: Controller) -> None:
    found = {
        "openai/down": Verdict.PROVIDER_DOWN,
        "openai/fine": Verdict.OK,
        "openai/invalid": Verdict.INVALID_KEY,
        "openai/new": None,
        "openai/poor": Verdict.NO_CREDITS,
        "openai/unknown": Verdict.UNKNOWN,
    }
    for name, verdict in found.items():
        credential, _ = controller.add(draft(name))
        if verdict:
            controller.record(Check(credential.id, name, credential.hint, NOW, verdict))

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("s")
        await driven.sees("trouble first")
        order = ["invalid", "poor", "unknown", "down", "new", "fine"]
        assert _names(driven) == [f"openai/{label}" for label in order]

    drive(controller, script)


def test_ages_move_on_and_only_the_rows_that_read_otherwise_are_painted(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label, minutes in (("fresh", 3), ("old", 60 * 24 * 9), ("new", 0)):
        credential, _ = controller.add(draft(f"openai/{label}"))
        if minutes:
            at = NOW - timedelta(minutes=minutes)
            controller.record(Check(credential.id, credential.name, credential.hint, at, Verdict.OK))
    later = [NOW]
    monkeypatch.setattr(controller, "now", lambda: later[0])

    async def script(driven: Driven) -> None:
        await driven.sees("3 min ago", "9 d ago", "never")
        keys = driven.app.screen.query_one(KeyList)
        repainted: list[int] = []
        paint = keys.refresh_row

        def noted(row: int) -> None:
            repainted.append(row)
            paint(row)

        monkeypatch.setattr(keys, "refresh_row", noted)
        keys.repaint_times()
        assert repainted == []
        later[0] = NOW + timedelta(minutes=1)
        keys.repaint_times()
        await driven.sees("4 min ago", "9 d ago")
        assert repainted == [0]
        keys.repaint_times()
        assert repainted == [0]

    drive(controller, script)


def test_the_log_shows_what_running_tests_find_and_the_cursor_stays_on_its_line(
    controller: Controller, add: Add
) -> None:
    add("openai/quick")
    first = controller.get("openai/quick")
    controller.record(Check(first.id, "openai/quick", first.hint, NOW - timedelta(days=1), Verdict.OK))

    async def script(driven: Driven) -> None:
        await driven.press("l")
        await driven.on(LogScreen)
        await driven.sees("1 test", "✓ works")
        log = driven.app.screen
        assert isinstance(log, LogScreen)
        controller.record(Check(first.id, "openai/quick", first.hint, NOW, Verdict.INVALID_KEY))
        log._look_again()
        await driven.sees("2 tests", "✗ invalid")
        current = log.query_one(LogList).current
        assert current is not None
        assert current.verdict is Verdict.OK

    drive(controller, script)


def test_what_is_due_on_the_schedule_is_tested_by_itself_and_nothing_else(
    controller: Controller, add: Callable[..., str]
) -> None:
    add("openai/work")

    async def script(user: Driven) -> None:
        await user.on(KeysScreen)
        screen = user.app.screen
        assert isinstance(screen, KeysScreen)
        screen._test_what_is_due()
        assert not screen._testing, "no schedule is set"
        controller.config = replace(controller.config, test_every_minutes=60)
        screen._test_what_is_due()
        await user.sees("✓ works")
        await user.until(lambda: not screen._runs, "it is in the log")
        screen._test_what_is_due()
        assert not screen._testing, "it was tested just now"

    drive(controller, script)


# ---------------------------------------------------------------------- warnings


def _keep(controller: Controller, name: str, learnt: Learnt, verdict: Verdict = Verdict.OK, days: int = 0) -> None:
    """A key that was tested so many days ago."""
    credential, _ = controller.add(draft(name))
    at = NOW - timedelta(days=days)
    controller.record(Check(credential.id, name, credential.hint, at, verdict, learnt=learnt))


@pytest.mark.slow
def test_what_to_beware_of_is_told_in_the_list_without_asking(controller: Controller) -> None:
    _keep(controller, "openrouter/fine", Learnt())
    _keep(controller, "openrouter/trial", Learnt(expires_at=NOW + timedelta(days=5)))
    _keep(controller, "openrouter/old", Learnt(), days=40)
    controller.add(draft("openai/new"))

    async def script(driven: Driven) -> None:
        await driven.sees("4 keys", "▲ 2 with warnings")
        lines = driven.text.splitlines()
        assert [line[:2] for line in lines if "✓ works" in line] == ["  ", " ▲", " ▲"]
        await driven.press("s")
        await driven.sees("trouble first")
        assert _names(driven) == ["openrouter/old", "openrouter/trial", "openai/new", "openrouter/fine"]
        await driven.sees("▲ not tested for 40 days")
        await driven.press("space")
        await driven.sees("●▲", "1 selected")
        await driven.press("slash")
        await driven.write("warning")
        await driven.sees("2 of 4 keys")
        await driven.press("escape", "slash")
        await driven.write("expires")
        await driven.sees("1 of 4 keys", "▲ expires in 5 days, on")
        await driven.until(lambda: "selected" not in driven.text, "what is not shown is not what a deed is about")

    drive(controller, script)


def test_on_a_screen_of_few_lines_a_warning_takes_the_place_of_a_good_verdict(controller: Controller) -> None:
    _keep(controller, "openrouter/trial", Learnt(expires_at=NOW + timedelta(days=5)))

    async def script(driven: Driven) -> None:
        await driven.sees("▲ expires in 5 days", "▲ 1")

    drive(controller, script, size=(40, 12))


def test_the_least_left_comes_first_be_it_of_a_limit_or_a_balance_and_dollars_before_other_money(
    controller: Controller,
) -> None:
    _keep(controller, "openai/none", Learnt())
    _keep(controller, "openai/yuan", Learnt(balance=Decimal(2), currency="CNY"))
    _keep(controller, "openai/much", Learnt(remaining=Decimal(20)))
    _keep(controller, "openai/some", Learnt(balance=Decimal("3.5"), currency="USD"))

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("s", "s")
        await driven.sees("least money left", "CNY 2.00 left", "$3.50 left")
        assert _names(driven) == ["openai/some", "openai/much", "openai/yuan", "openai/none"]

    drive(controller, script)


def test_test_all_is_patient_and_says_when_a_key_is_tried_again(
    controller: Controller, add: Add, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("openai/fine")
    limited = add("openai/limited", "rate_limited")
    go_on = asyncio.Event()

    async def pause(seconds: float) -> None:
        await go_on.wait()

    monkeypatch.setattr(controller, "check", partial(controller.check, pause=pause))

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.sees("✓ works", "… again in 20 s", "testing 1/2, Esc stops")
        simulator.change(limited, "valid")
        go_on.set()
        await driven.until(lambda: driven.text.count("✓ works") == 2, "tried again")
        await driven.until(lambda: "testing" not in driven.text, "done")

    drive(controller, script)
    assert len([each for each in simulator.requests if each.method == "POST"]) == 3


def test_a_click_on_a_key_at_the_bottom_is_as_good_as_the_key(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.sees("? Help a Add")
        await driven.pilot.click("KeyFooter", offset=(driven.text.splitlines()[-1].index("Add"), 0))
        await driven.sees("Add a key", "Esc Close ^s Save")

    drive(controller, script)


def test_results_of_a_patient_test_are_counted_once_each_even_where_the_log_is_slow(
    controller: Controller, add: Add, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is written while a repeat begins: its start overtakes the first result."""
    for n in range(3):
        add(f"openai/{n}", "rate_limited")
    monkeypatch.setattr("arka_tui.controller.JOURNAL_EVERY", 1)
    seen: list[tuple[int, int]] = []

    async def no_pause(seconds: float) -> None:
        await asyncio.sleep(0)

    write = controller._log

    async def slow_log(checks: list[Check]) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        await write(checks)

    monkeypatch.setattr(controller, "check", partial(controller.check, pause=no_pause))
    monkeypatch.setattr(controller, "_log", slow_log)

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.on(KeysScreen)
        screen = driven.app.screen
        assert isinstance(screen, KeysScreen)

        def done() -> bool:
            seen.append(screen._progress)
            return not screen._runs and len(controller.history.checks) >= 9

        await driven.until(done, "all tested three times")

    drive(controller, script)
    assert max(tested for tested, _ in seen) == 3


def test_a_deleted_copy_of_a_key_that_stays_is_not_to_be_revoked(controller: Controller, add: Add) -> None:
    secret = add("openai/work")
    add("openai/copy", key=secret)

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.until(lambda: driven.text.count("✓ works") == 2, "both tested")
        await driven.press("g", "d")
        await driven.sees("Delete openai/copy?", "openai/work stays, with the same secret: do not revoke that")
        assert "Revoke there too" not in driven.flat
        await driven.press("y")
        await driven.sees("Deleted openai/copy", "do not revoke that at the provider")
        assert "Now revoke it" not in driven.flat

    drive(controller, script)


@pytest.mark.slow
def test_the_log_of_one_key_opens_from_its_details(controller: Controller, add: Add) -> None:
    add("openai/work")
    add("openai/other")

    async def script(driven: Driven) -> None:
        await driven.press("T")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.until(lambda: driven.text.count("✓ works") == 2, "both tested")
        await driven.press("g", "enter")
        await driven.on(DetailScreen)
        await driven.press("l")
        await driven.on(LogScreen)
        await driven.sees("Test log  1 test", "only openai/other")
        await driven.press("f")
        await driven.sees("2 tests")
        await driven.press("escape")
        await driven.sees("only openai/other")
        await driven.press("escape")
        await driven.on(KeysScreen)

    drive(controller, script)


def test_while_a_filter_is_typed_the_last_line_tells_its_keys(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("slash")
        await driven.sees("Enter Keep the filter Esc Clear")
        await driven.write("wo")
        await driven.press("enter")
        await driven.sees("1 of 1 key", "? Help")
        await driven.press("slash", "escape")
        await driven.until(lambda: "1 of 1" not in driven.text, "no filter")

    drive(controller, script)
