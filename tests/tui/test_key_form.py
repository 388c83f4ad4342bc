import asyncio
import threading
from collections.abc import Callable

import pytest
from textual import events
from textual.widgets import Button, Input, Select

from arka_tui.check import Verdict
from arka_tui.controller import Controller
from arka_tui.credential import Credential, Draft
from arka_tui.errors import NotSaved
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.store import Saved
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.key_form import KeyForm
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.widgets.secret_input import SecretInput
from tests.conftest import PASSPHRASE
from tests.tui.conftest import Driven, drive

Add = Callable[..., str]
Make = Callable[[], Controller]
ROOMY = (100, 50)


async def _open(driven: Driven, key: str = "a") -> KeyForm:
    await driven.on(KeysScreen)
    await driven.press(key)
    await driven.on(KeyForm)
    assert isinstance(driven.app.screen, KeyForm)
    return driven.app.screen


def _field(driven: Driven, name: str) -> Input:
    return driven.app.screen.query_one(f"#{name}", Input)


def test_a_pasted_key_chooses_its_provider_is_saved_and_tested(
    controller: Controller, make_controller: Make, simulator: Simulator
) -> None:
    key = simulator.issue("openrouter", "capped")

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste(f'export OPENROUTER_API_KEY="{key}"\n')
        await driven.sees("looks like a key of OpenRouter", "removed white space, the variable name, quotes")
        assert form.query_one("#provider", Select).value == "openrouter"
        await driven.press("ctrl+s")
        await driven.sees("✓ works", "remaining $12.40", "Done")
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("openrouter", "main", "$12.40 left")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openrouter/main") == Secret(key)
    assert [check.verdict for check in later.history.checks] == [Verdict.OK]


def test_the_form_tells_where_to_get_a_key_and_what_its_test_costs(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.sees("Get a key: https://platform.openai.com/api-keys", "costs about $0.00000002")

    drive(controller, script)


def test_the_key_is_never_on_the_screen_whatever_its_length(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.paste("sk-proj-short-1234567890abcdef")
        await driven.sees("ends in …cdef")
        short = driven.text
        await driven.press("ctrl+u")
        await driven.paste("sk-proj-" + "long" * 40 + "-1234567890abcdef")
        await driven.sees("ends in …cdef")
        assert "1234567890" not in driven.text + short
        assert short.count("•") == driven.text.count("•") == 12

    drive(controller, script)


def test_an_invalid_key_is_saved_with_a_clear_error_and_can_be_replaced_at_once(
    controller: Controller, simulator: Simulator, make_controller: Make
) -> None:
    good = simulator.issue("openai", "valid")

    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid: OpenAI does not know this key", "Make a new key and replace this one")
        await driven.press("enter")  # Replace the key
        await driven.paste(good)
        await driven.press("ctrl+s")
        await driven.sees("openai/main is replaced", "✓ works")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/main") == Secret(good)


def test_every_mistake_is_told_at_its_field_and_everything_stays_typed(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        _field(driven, "label").value = "two words"
        _field(driven, "base_url").value = "http://example.com/v1"
        await driven.press("ctrl+s")
        await driven.sees("There is no key yet", "A label has no spaces. Try two-words.", "would send the key in clear")
        assert isinstance(driven.app.focused, Input) and driven.app.focused.id == "label"
        _field(driven, "label").value = "work"
        await driven.press("ctrl+s")
        await driven.sees("There is a key named 'openai/work' already")
        assert _field(driven, "base_url").value == "http://example.com/v1"
        assert form is driven.app.screen

    drive(controller, script, size=ROOMY)


@pytest.mark.slow
def test_escape_asks_before_it_discards_what_was_typed(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("escape")
        await driven.on(Confirm)
        await driven.sees("Discard what you typed?")
        await driven.press("enter")
        await driven.until(lambda: driven.app.screen is form, "the form is back")
        assert len(form.query_one(SecretInput).secret) == 48
        await driven.press("escape")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.on(KeysScreen)

    drive(controller, script)
    assert not controller.unlocked  # and nothing was stored: the list was still empty


def test_escape_leaves_at_once_where_nothing_was_typed(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.press("escape")
        await driven.on(KeysScreen)

    drive(controller, script)


def test_a_replacement_that_is_invalid_leaves_the_old_key_untouched(
    controller: Controller, add: Add, make_controller: Make
) -> None:
    old = add("openai/work")

    async def script(driven: Driven) -> None:
        await _open(driven, "e")
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid", "Go back", "Use it anyway")
        session = make_controller()
        session.unlock(PASSPHRASE)
        assert session._vault.secret("openai/work") == Secret(old)
        await driven.press("enter")  # Go back
        await driven.sees("ends in …xxxx")
        await driven.press("escape")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.on(KeysScreen)

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/work") == Secret(old)


@pytest.mark.slow
def test_a_replacement_that_works_takes_the_old_ones_place(
    controller: Controller, add: Add, simulator: Simulator, make_controller: Make
) -> None:
    add("openai/work", "no_credit")
    new = simulator.issue("openai", "valid", "replacement")

    async def script(driven: Driven) -> None:
        await _open(driven, "e")
        await driven.paste(new)
        await driven.press("ctrl+s")
        await driven.sees("openai/work is replaced", "✓ works")
        await driven.press("enter")
        await driven.on(KeysScreen)
        await driven.sees("✓ works", f"…{new[-4:]}")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/work") == Secret(new)


@pytest.mark.slow
def test_a_replacement_can_be_kept_unverified_where_nothing_can_be_known(
    controller: Controller, add: Add, simulator: Simulator, make_controller: Make
) -> None:
    add("openai/work")
    new = simulator.issue("openai", "down", "replacement")

    async def script(driven: Driven) -> None:
        form = await _open(driven, "e")
        await driven.paste(new)
        await driven.press("ctrl+s")
        await driven.sees("? provider down", "Use it unverified")
        form.query_one("#second", Button).press()
        await driven.sees("openai/work is replaced")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/work") == Secret(new)


@pytest.mark.slow
def test_an_unreachable_address_is_no_reason_to_lose_the_key(controller: Controller, make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.paste("a-key-for-my-own-server-0001")
        _field(driven, "base_url").value = unreachable_url()
        await driven.press("ctrl+s")
        await driven.sees("? unreachable", "Keep it")
        await driven.press("enter")
        await driven.on(KeysScreen)

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/main") == Secret("a-key-for-my-own-server-0001")


def test_what_was_typed_stays_typed_when_it_cannot_be_saved(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(draft: object) -> None:
        raise NotSaved("not saved: the disk is full", "make room on the disk, then save again")

    monkeypatch.setattr(controller, "add", full)

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("Not saved: the disk is full. Make room on the disk, then save again.")
        assert len(form.query_one(SecretInput).secret) == 48

    drive(controller, script, size=ROOMY)


def test_a_key_of_another_provider_is_told_and_not_sent(controller: Controller, simulator: Simulator) -> None:
    key = simulator.issue("openrouter", "valid")

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        form.query_one("#provider", Select).value = "openrouter"
        await driven.pilot.pause()
        form.query_one("#provider", Select).value = "openai"
        await driven.pilot.pause()
        await driven.paste(key)
        await driven.sees("looks like a key of OpenRouter, not OpenAI")
        await driven.press("ctrl+s")
        await driven.sees("✗ wrong provider", "add it under its own provider".capitalize())

    drive(controller, script, size=ROOMY)
    assert simulator.requests == []


@pytest.mark.slow
def test_organization_and_project_travel_with_openai_keys(controller: Controller, simulator: Simulator) -> None:
    key = simulator.issue("openai", "wrong_org")

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste(key)
        await driven.press("ctrl+s")
        await driven.sees("! wrong org")
        form.query_one("#second", Button).press()  # Edit again
        await driven.pilot.pause()
        _field(driven, "setting-organization").value = "org-demo"
        await driven.press("ctrl+s")
        await driven.sees("✓ works")

    drive(controller, script, size=ROOMY)
    assert simulator.requests[-1].headers["openai-organization"] == "org-demo"


def test_the_form_says_where_a_key_is_stored_already(controller: Controller, add: Add) -> None:
    secret = add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("t")
        await driven.sees("✓ works")
        await _open(driven)
        await driven.paste(secret)
        await driven.sees("already stored as openai/work")
        await driven.paste("x")
        await driven.until(lambda: "already stored" not in driven.text)

    drive(controller, script)


@pytest.mark.slow
def test_the_address_at_which_a_server_answers_can_be_saved_in_place_of_the_typed_one(
    controller: Controller, simulator: Simulator
) -> None:
    key = simulator.issue("openai", "valid", "gateway")

    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.paste(key)
        _field(driven, "base_url").value = f"{simulator.gateway_url}/v1"
        await driven.press("ctrl+s")
        await driven.sees("Save that address", f"works at {simulator.gateway_url}")
        await driven.press("enter")
        await driven.sees("Done")
        first = driven.app.screen.query_one("#first")
        await driven.until(lambda: first.has_focus and not first.has_class("-active"), "it can be pressed again")
        await driven.press("enter")
        await driven.on(KeysScreen)
        assert [each.base_url for each in controller.credentials()] == [simulator.gateway_url]
        assert controller._vault.secret("openai/main") == Secret(key)

    drive(controller, script, size=ROOMY)


def test_renaming_needs_no_key_and_keeps_the_stored_one(
    controller: Controller, add: Add, make_controller: Make
) -> None:
    secret = add("openai/work")

    async def script(driven: Driven) -> None:
        await _open(driven, "e")
        _field(driven, "label").value = "office"
        await driven.press("ctrl+s")
        await driven.sees("✓ works")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/office") == Secret(secret)


def test_a_stored_key_is_not_sent_to_another_address_without_being_pasted_again(
    controller: Controller, add: Add
) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await _open(driven, "e")
        _field(driven, "base_url").value = "https://evil.example/v1"
        await driven.press("ctrl+s")
        await driven.sees("The stored key is bound to its provider and address. Paste the key again.")

    drive(controller, script, size=ROOMY)


def test_an_edit_that_another_session_overtook_is_refused_and_stays_typed(
    controller: Controller, add: Add, make_controller: Make, simulator: Simulator
) -> None:
    add("openai/work")
    new, theirs = simulator.issue("openai", "valid", "mine"), simulator.issue("openai", "valid", "theirs")
    other = make_controller()
    other.unlock(PASSPHRASE)

    async def script(driven: Driven) -> None:
        form = await _open(driven, "e")
        seen = other.get("openai/work")
        draft = other.draft("openai", "work", "", {}, Secret(theirs), editing=seen)
        assert not isinstance(draft, list)
        other.update(seen, draft)
        await driven.paste(new)
        await driven.press("ctrl+s")
        await driven.sees("was changed in another session")
        assert form.query_one(SecretInput).secret == Secret(new)

    drive(controller, script, size=ROOMY)
    assert other._vault.secret("openai/work") == Secret(theirs)


def test_closing_the_form_during_the_test_lets_the_list_finish_it(controller: Controller, simulator: Simulator) -> None:
    key = simulator.issue("openai", "slow")

    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.paste(key)
        await driven.press("ctrl+s")
        await driven.sees("shape, offline")
        await driven.press("escape")
        await driven.on(KeysScreen)
        await driven.sees("testing")
        simulator.change(key, "valid")

    drive(controller, script, size=ROOMY)


def test_escape_during_the_test_of_a_replacement_stops_it_and_keeps_everything(
    controller: Controller, add: Add, simulator: Simulator, make_controller: Make
) -> None:
    old = add("openai/work")
    new = simulator.issue("openai", "slow", "replacement")

    async def script(driven: Driven) -> None:
        form = await _open(driven, "e")
        await driven.paste(new)
        await driven.press("ctrl+s")
        await driven.sees("shape, offline")
        await driven.press("escape")
        await driven.sees("The test was stopped. The old key is still the one.")
        assert driven.app.screen is form
        assert form.query_one(SecretInput).secret == Secret(new)

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/work") == Secret(old)


@pytest.mark.slow
def test_escape_during_a_save_waits_for_its_end_and_never_calls_it_unsaved(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, make_controller: Make
) -> None:
    go_on, add = threading.Event(), controller.add

    def slow_add(draft: Draft) -> tuple[Credential, Saved]:
        go_on.wait(30)
        return add(draft)

    monkeypatch.setattr(controller, "add", slow_add)

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("Saving …")
        await driven.press("escape")
        await driven.sees("It is being saved; one moment.")
        assert driven.app.screen is form
        go_on.set()
        await driven.sees("✗ invalid")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert [each.name for each in later.credentials()] == ["openai/main"]


@pytest.mark.slow
def test_what_is_typed_during_a_save_is_neither_lost_nor_taken_for_saved(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    go_on, add = threading.Event(), controller.add

    def slow_add(draft: Draft) -> tuple[Credential, Saved]:
        go_on.wait(30)
        return add(draft)

    monkeypatch.setattr(controller, "add", slow_add)

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("Saving …")
        _field(driven, "label").value = "later"
        go_on.set()
        await driven.sees("Saved openai/main. What you typed since then is not saved yet.")
        assert simulator.requests == []
        await driven.press("escape")
        await driven.on(Confirm)
        await driven.press("enter")
        await driven.until(lambda: driven.app.screen is form, "the form is back")
        assert _field(driven, "label").value == "later"
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid")

    drive(controller, script, size=ROOMY)
    assert [request.situation for request in simulator.requests] == [None]


@pytest.mark.slow
def test_what_is_typed_beside_a_result_begins_a_new_edit(controller: Controller, make_controller: Make) -> None:
    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid", "Replace the key", "Delete it")
        form.query_one("#label").focus()
        await driven.write("2")
        await driven.sees("Save and test")
        assert "Delete it" not in driven.text and "✗ invalid" not in driven.text
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid", "Delete it")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert [each.name for each in later.credentials()] == ["openai/2"]


@pytest.mark.slow
def test_a_key_that_is_pasted_onto_the_answers_after_a_test_goes_into_its_field(
    controller: Controller, simulator: Simulator
) -> None:
    good = simulator.issue("openai", "valid")

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid")
        assert isinstance(driven.app.focused, Button)
        await driven.paste(good)
        await driven.sees("Save and test", f"ends in …{good[-4:]}")
        assert form.query_one(SecretInput).secret == Secret(good)
        await driven.press("ctrl+s")
        await driven.sees("openai/main is replaced", "✓ works")

    drive(controller, script, size=ROOMY)


@pytest.mark.slow
def test_an_edit_during_the_test_stops_it_and_the_list_makes_up_for_it(
    controller: Controller, simulator: Simulator
) -> None:
    key = simulator.issue("openai", "slow")

    async def script(driven: Driven) -> None:
        form = await _open(driven)
        await driven.paste(key)
        await driven.press("ctrl+s")
        await driven.sees("shape, offline")
        form.query_one("#label").focus()
        await driven.write("2")
        await driven.sees("The test was stopped, for you changed something. What was saved stays saved.")
        simulator.change(key, "valid")
        await driven.press("escape")
        await driven.on(Confirm)
        await driven.press("y")
        await driven.on(KeysScreen)
        await driven.sees("✓ works")

    drive(controller, script, size=ROOMY)


@pytest.mark.slow
def test_an_edit_during_the_test_of_a_replacement_stops_it_and_the_old_key_stays(
    controller: Controller, add: Add, simulator: Simulator, make_controller: Make
) -> None:
    old = add("openai/work")
    slow, quick = simulator.issue("openai", "slow", "new"), simulator.issue("openai", "valid", "newer")

    async def script(driven: Driven) -> None:
        await _open(driven, "e")
        await driven.paste(slow)
        await driven.press("ctrl+s")
        await driven.sees("shape, offline")
        await driven.paste(quick)
        await driven.sees("The test was stopped, for you changed something. The old key is still the one.")
        session = make_controller()
        session.unlock(PASSPHRASE)
        assert session._vault.secret("openai/work") == Secret(old)
        await driven.press("ctrl+s")
        await driven.sees("openai/work is replaced", "✓ works")

    drive(controller, script, size=ROOMY)
    later = make_controller()
    later.unlock(PASSPHRASE)
    assert later._vault.secret("openai/work") == Secret(quick)


@pytest.mark.slow
def test_save_says_why_there_is_nothing_to_save(controller: Controller, add: Add, simulator: Simulator) -> None:
    add("openai/work")
    slow = simulator.issue("openai", "slow", "new")

    async def script(driven: Driven) -> None:
        await _open(driven, "e")
        await driven.paste(slow)
        await driven.press("ctrl+s")
        await driven.sees("shape, offline")
        await driven.press("ctrl+s")
        await driven.sees("The new key is being tested; Esc stops that.")
        await driven.press("escape", "ctrl+u")
        await driven.paste("sk-proj-" + "x" * 40)
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid", "Use it anyway")
        await driven.press("ctrl+s")
        await driven.sees("Nothing has changed since. Choose one of the two answers, or edit a field.")

    drive(controller, script, size=ROOMY)
    assert controller.history.checks == ()


@pytest.mark.slow
def test_the_form_knows_whether_leaving_would_throw_something_away(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> list[bool]:
        form = await _open(driven)
        told = [form.unsaved]
        await driven.paste("sk-proj-" + "x" * 40)
        told.append(form.unsaved)
        await driven.press("ctrl+s")
        await driven.sees("✗ invalid")
        told.append(form.unsaved)
        await driven.press("escape")
        await driven.on(KeysScreen)
        form = await _open(driven, "e")
        told.append(form.unsaved)
        _field(driven, "label").value = "office"
        return [*told, form.unsaved]

    assert drive(controller, script, size=ROOMY) == [False, True, False, False, True]


def test_a_burst_of_keys_over_the_list_never_answers_a_question(controller: Controller, add: Add) -> None:
    add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.on(KeysScreen)
        await driven.press("d")
        await driven.on(Confirm)
        driven.app.burst.length = 1  # as after d and y in one packet
        driven.app.screen.action_answer(True)  # type: ignore[attr-defined]
        await driven.pilot.pause()
        assert isinstance(driven.app.screen, Confirm)
        await driven.press("n")
        await driven.on(KeysScreen)
        await driven.sees("openai/work")

    drive(controller, script)


def test_a_paste_that_comes_before_any_field_has_the_focus_is_not_lost(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await driven.press("a")
        await driven.on(KeyForm)
        driven.app.screen.set_focus(None)
        driven.app.post_message(events.Paste("sk-proj-Zk3QwYb7Lp1XcVn5Ta9RdGh2"))
        await driven.sees("ends in …dGh2")

    drive(controller, script)


@pytest.mark.parametrize(
    "turns", [0, 1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def test_what_is_typed_into_the_form_just_before_a_lock_does_no_harm(controller: Controller, turns: int) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        driven.app.simulate_key("x")
        for _ in range(turns):
            await asyncio.sleep(0)
        driven.app.lock("Locked.")
        await driven.sees("Locked.")

    drive(controller, script)


@pytest.mark.parametrize(
    "provider", ["vllm", *(pytest.param(each, marks=pytest.mark.slow) for each in ("ollama", "lmstudio", "compatible"))]
)
def test_a_server_of_ones_own_needs_no_key(controller: Controller, simulator: Simulator, provider: str) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        driven.app.screen.query_one("#provider", Select).value = provider
        await driven.sees("A key is optional here")
        _field(driven, "base_url").value = controller.catalog[provider].base_url
        await driven.press("ctrl+s")
        await driven.sees("Saved. ")

    drive(controller, script, size=ROOMY)
    assert [request.method for request in simulator.requests][:1] == ["GET"]


@pytest.mark.slow
def test_a_provider_is_found_by_typing_its_name(controller: Controller) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        driven.app.screen.query_one("#provider", Select).focus()
        await driven.press("enter")
        await driven.sees("Anthropic", "Groq")
        await driven.write("vll")
        await driven.press("enter")
        await driven.sees("A key is optional here")
        assert driven.app.screen.query_one("#provider", Select).value == "vllm"

    drive(controller, script, size=ROOMY)


@pytest.mark.slow
def test_an_address_in_the_place_of_the_key_is_refused(controller: Controller, simulator: Simulator) -> None:
    async def script(driven: Driven) -> None:
        await _open(driven)
        await driven.paste("http://127.0.0.1:9999")
        await driven.press("ctrl+s")
        await driven.sees("This looks like an address. It belongs in the field for the address.")

    drive(controller, script, size=ROOMY)
    assert simulator.requests == []


@pytest.mark.slow
def test_a_key_that_is_stored_already_is_stored_again_only_on_yes(controller: Controller, add: Add) -> None:
    secret = add("openai/work")

    async def script(driven: Driven) -> None:
        await driven.press("t")
        await driven.sees("✓ works")
        await _open(driven)
        await driven.paste(secret)
        await driven.press("ctrl+s")
        await driven.sees("Store it again?", "This very key is stored as openai/work")
        await driven.press("n")
        await driven.on(KeyForm)
        assert [each.name for each in controller.credentials()] == ["openai/work"]
        await driven.press("ctrl+s")
        await driven.sees("Store it again?")
        await driven.press("y")
        await driven.sees("Saved. ")

    drive(controller, script, size=ROOMY)
