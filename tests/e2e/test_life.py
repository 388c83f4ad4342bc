"""What a user does from the first start to the last, at a real terminal."""

import pytest

from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.vault import Vault
from tests.e2e.canary import Canary
from tests.e2e.home import PASSPHRASE, TYPED_PASSPHRASE, Home, choose_passphrase, confirm, unlock, write_down
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.pty


def open_form_and_paste(terminal: Terminal, key: str) -> None:
    terminal.press("a")
    terminal.wait_for("paste it here")
    terminal.paste(key)


def quit_and_look(terminal: Terminal) -> None:
    """The program ends as asked, and a shell finds its terminal as it was, nothing of ours on it."""
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert terminal.not_restored() == []
    assert terminal.text.strip() == ""


@pytest.mark.slow
def test_the_recovery_code_opens_a_new_vault_when_the_passphrase_is_forgotten(home: Home, simulator: Simulator) -> None:
    with home.start() as terminal:
        choose_passphrase(terminal, TYPED_PASSPHRASE, "gl0b#fir8")
        terminal.wait_for("The two are not the same")
        terminal.paste(TYPED_PASSPHRASE)
        terminal.wait_gone("The two are not the same")
        terminal.press("enter")
        groups = write_down(terminal)
        terminal.press(groups[5], groups[2], "enter")
        terminal.wait_for("That is not groups")
        assert not home.paths.vault.exists(), "written before the recovery code was confirmed"
        terminal.press("ctrl+u")
        terminal.wait_for("8 characters")
        confirm(terminal, groups)
        terminal.wait_for("No keys yet")
        quit_and_look(terminal)
    with home.launch(simulator) as terminal:
        terminal.wait_for("type it, then Enter")
        terminal.press("ctrl+r")
        terminal.wait_for("eight groups of four")
        terminal.press(" ".join(groups).lower(), "enter")
        terminal.wait_for("Set a new passphrase")
        choose_passphrase(terminal, "n3w&words", "n3w&words")
        new_groups = write_down(terminal)
        assert new_groups != groups
        confirm(terminal, new_groups)
        terminal.wait_for("Passphrase changed.")
        quit_and_look(terminal)
    with home.launch(simulator) as terminal:
        terminal.wait_for("type it, then Enter")
        terminal.press(TYPED_PASSPHRASE, "enter")
        terminal.wait_for("This is not the passphrase of this vault")
        unlock_again(terminal, "n3w&words")
        terminal.wait_for("No keys yet")
        quit_and_look(terminal)


def test_a_key_is_added_tested_replaced_and_deleted(home: Home, simulator: Simulator) -> None:
    first, second = Canary(), Canary()
    simulator.accept("openai", "valid", first.key)
    simulator.accept("openai", "valid", second.key)
    vault = home.new_vault()
    with home.launch(simulator) as terminal:
        unlock(terminal)
        terminal.wait_for("No keys yet")

        open_form_and_paste(terminal, f'  export OPENAI_API_KEY="{first.key}"\n')
        terminal.wait_for(f"ends in …{first.hint} · looks like a key of OpenAI")
        terminal.press("ctrl+s")
        terminal.wait_for("✓ works: OpenAI accepts the key and answered a paid request.")
        assert stored(vault, "openai/main") == first.key
        terminal.press("enter")
        terminal.wait_for("✓ works           openai/main")

        simulator.change(first.key, "no_credit")
        terminal.press("t")
        terminal.wait_for("! no credit       openai/main")
        terminal.wait_for("→ Add credit, then test again.")

        terminal.press("e")
        terminal.wait_for(f"keep …{first.hint}, or paste another")
        terminal.paste(second.key)
        terminal.wait_for(f"ends in …{second.hint}")
        terminal.press("ctrl+s")
        terminal.wait_for("openai/main is replaced")
        assert stored(vault, "openai/main") == second.key
        terminal.press("enter")
        terminal.wait_for("✓ works           openai/main")

        terminal.press("d")
        terminal.wait_for("Delete openai/main?")
        terminal.press("enter")  # the safe answer has the focus
        terminal.wait_gone("Delete openai/main?")
        assert stored(vault, "openai/main") == second.key
        terminal.press("d")
        terminal.wait_for("Delete openai/main?")
        terminal.press("y")
        terminal.wait_for("No keys yet")
        terminal.wait_for("Now revoke it")
        vault.refresh()
        assert vault.list() == ()
        quit_and_look(terminal)


@pytest.mark.slow
def test_a_key_that_did_not_pass_does_not_replace_one_that_works(home: Home, simulator: Simulator) -> None:
    good, bad = Canary(), Canary()
    simulator.accept("openai", "valid", good.key)
    vault = home.new_vault()
    with home.launch(simulator) as terminal:
        unlock(terminal)
        open_form_and_paste(terminal, good.key)
        terminal.wait_for(f"ends in …{good.hint}")
        terminal.press("ctrl+s")
        terminal.wait_for("✓ works")
        terminal.press("enter")
        terminal.wait_for("✓ works           openai/main")
        terminal.press("e")
        terminal.wait_for("or paste another")
        terminal.paste(bad.key)
        terminal.wait_for(f"ends in …{bad.hint}")
        terminal.press("ctrl+s")
        terminal.wait_for("Use it anyway")
        assert stored(vault, "openai/main") == good.key
        terminal.press("enter")  # go back
        terminal.wait_gone("Use it anyway")
        terminal.press("escape")
        terminal.wait_for("Discard what you typed?")
        terminal.press("y")
        terminal.wait_for("✓ works           openai/main")
        assert stored(vault, "openai/main") == good.key


@pytest.mark.slow
def test_a_locked_vault_opens_with_its_passphrase_only_and_keeps_its_keys_for_the_next_run(
    home: Home, simulator: Simulator
) -> None:
    key = Canary()
    simulator.accept("openrouter", "valid", key.key)
    home.new_vault().lock()
    with home.launch(simulator) as terminal:
        unlock(terminal)
        open_form_and_paste(terminal, key.key)
        terminal.wait_for(f"ends in …{key.hint}")
        terminal.press_and_see("tab", at="main")
        terminal.press("travel")
        terminal.wait_for("Label          travel ")
        terminal.press("ctrl+s")
        terminal.wait_for("Replace the key")  # OpenRouter's it is, so OpenAI does not know it
        terminal.press("escape")
        terminal.wait_for(f"openai/travel{'':>7}…{key.hint}")
        terminal.press("ctrl+l")
        terminal.wait_for("Locked.")
        assert "travel" not in terminal.text
        terminal.press("gl0b#fir8", "enter")
        terminal.wait_for("This is not the passphrase of this vault")
        unlock_again(terminal, PASSPHRASE)
        terminal.wait_for("✗ invalid         openai/travel")
        quit_and_look(terminal)
    with home.start() as terminal:
        unlock(terminal)
        terminal.wait_for("✗ invalid         openai/travel")
        terminal.press("l")
        terminal.wait_for("Test log  1 test")
        quit_and_look(terminal)


def unlock_again(terminal: Terminal, passphrase: str) -> None:
    """After a wrong one, whose place it takes."""
    terminal.paste(passphrase)
    terminal.press("enter")


def stored(vault: Vault, name: str) -> str:
    """What another session finds in the file."""
    vault.refresh()
    secret: Secret = vault.secret(name)
    return secret.reveal()
