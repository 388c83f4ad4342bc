"""No key leaves the vault: one that is used in every way, then looked for wherever the program could have left it."""

import base64
import binascii
import re
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from arka_tui.simulator import Simulator
from tests.e2e.canary import Canary
from tests.e2e.home import Home, unlock
from tests.e2e.launch import CRASHES
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.pty

COPIES_TO_CLIPBOARD = b"\x1b]52"


def found(terminal: Terminal, home: Home, *canaries: Canary) -> list[str]:
    """Wherever one of them is, but in memory."""
    places: list[str] = []
    for canary in canaries:
        places += canary.found_in("the terminal", terminal.raw)
        places += canary.found_in_files(home.files())
        if terminal.process.poll() is None:
            places += canary.found_in_process(terminal.process.pid)
    return places


def open_form_with(terminal: Terminal, canary: Canary) -> None:
    terminal.press("a")
    terminal.wait_for("paste it here")
    terminal.paste(canary.key)
    terminal.wait_for(f"ends in …{canary.hint} · looks like a key of OpenAI")


def test_a_key_leaves_no_trace_outside_the_vault_whatever_is_done_with_it(home: Home, simulator: Simulator) -> None:
    first, second = Canary(), Canary()
    simulator.accept("openai", "valid", first.key)
    simulator.accept("openai", "valid", second.key)
    vault = home.new_vault()
    log, workers = home.root / "textual.log", home.root / "workers"
    home.env |= {"TEXTUAL_LOG": str(log), "TEXTUAL": "devtools,debug"}

    def seen_as(word: str) -> None:
        terminal.press("t")
        terminal.wait_for(f"{word:<18}openai/travel")

    with home.launch(simulator, "--deadline=0.5", f"--workers={workers}") as terminal:
        unlock(terminal)
        open_form_with(terminal, first)
        terminal.press("ctrl+c", "ctrl+x")
        terminal.press_and_see("tab", at="main")
        terminal.press("ctrl+x")
        terminal.wait_for("Label          work, ci, laptop")
        terminal.press("ctrl+v", "travel")
        terminal.wait_for("Label          travel ")
        terminal.press("ctrl+s")
        terminal.wait_for("✓ works: OpenAI accepts the key")
        vault.refresh()
        assert vault.secret("openai/travel").reveal() == first.key
        terminal.press("enter")
        terminal.wait_for("✓ works           openai/travel")
        assert found(terminal, home, first) == []

        for situation, word in (
            ("hostile", "✗ invalid"),  # echoes the key in many ways
            ("no_credit", "! no credit"),
            ("hostile_models", "? could not tell"),  # names models after the key
            ("slow", "? provider down"),
            ("wrong_types", "? could not tell"),
            ("restricted", "! limited scope"),
            ("redirect", "? could not tell"),
        ):
            simulator.change(first.key, situation)
            seen_as(word)
            terminal.press("enter")
            terminal.wait_for("Esc Close e Edit")
            terminal.press("escape")
            terminal.wait_gone("Esc Close e Edit")
        simulator.revoke(first.key)
        seen_as("✗ invalid")  # the answer quotes part of the key
        terminal.press("l")
        terminal.wait_for("Test log")
        for _ in range(9):
            terminal.press("down")
        terminal.wait_for("✓ works           openai/travel")
        terminal.press("escape")
        terminal.wait_gone("Test log")
        assert found(terminal, home, first) == []

        terminal.press("e")
        terminal.wait_for("or paste another")
        terminal.paste(second.key)
        terminal.wait_for(f"ends in …{second.hint}")
        terminal.press("ctrl+s")
        terminal.wait_for("is replaced")
        terminal.press("enter")
        terminal.wait_for("✓ works           openai/travel")
        vault.refresh()
        assert vault.secret("openai/travel").reveal() == second.key
        assert found(terminal, home, first, second) == []

        simulator.close()
        seen_as("? unreachable")
        open_form_with(terminal, first)
        terminal.press("escape")
        terminal.wait_for("Discard what you typed?")
        terminal.press("y")
        terminal.wait_gone("Discard what you typed?")
        terminal.press("d")
        terminal.wait_for("Delete openai/travel?")
        terminal.press("y")
        terminal.wait_for("No keys yet")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert found(terminal, home, first, second) == []
        assert COPIES_TO_CLIPBOARD not in terminal.raw
    assert not log.exists()
    assert "description='save, then test'" in workers.read_text(), "no worker was recorded"
    assert {request.situation for request in simulator.requests} > {"valid", "hostile", "no_credit", "slow"}


ON_LEAVING = {"closing", "after", "at_exit", "late_thread", "lost_task"}
UNNOTICED = {"task", "lost_task", "unraisable", "warning", "log"}
"""Nobody waits for these."""
OFTEN = {"handler", "worker"}
ENDS_WITH = {**dict.fromkeys(UNNOTICED | {"at_exit", "late_thread"}, 0), "interrupt": 130, "driver": 143}
"""All others with 1."""


@pytest.mark.parametrize(
    "crash", [each if each in OFTEN else pytest.param(each, marks=pytest.mark.slow) for each in CRASHES]
)
def test_a_crash_says_where_and_nothing_of_the_key(home: Home, simulator: Simulator, crash: str) -> None:
    canary = Canary()
    home.new_vault().lock()
    workers = home.root / "workers"
    if crash == "warning":
        del home.env["PYTHONWARNINGS"]
    with home.launch(simulator, f"--crash={crash}", f"--workers={workers}") as terminal:
        unlock(terminal)
        open_form_with(terminal, canary)
        terminal.press("f8")
        if crash in ON_LEAVING | UNNOTICED:
            terminal.wait_for("f8 was pressed")
            terminal.press("ctrl+q")
            terminal.wait_for("Discard what you typed?")
            terminal.press("y")
        elif crash == "driver":
            terminal.settle()
            terminal.signal(signal.SIGTERM)  # nothing can be drawn, so the program cannot leave by itself
        code = terminal.wait_exit()
        assert found(terminal, home, canary) == []
        assert terminal.not_restored() == [] or crash == "driver"
        assert code == ENDS_WITH.get(crash, 1)
        if crash not in UNNOTICED | {"interrupt", "driver"}:
            assert "arka-tui: error: a mistake in the program" in terminal.text
            assert re.search(
                r"launch.py:\d+ in _(fail|recurse)\n  (Runtime|Memory|Recursion|Exception)\w+\n", terminal.text
            )


def test_a_crash_before_there_is_a_screen_says_nothing_of_the_key(
    home: Home, simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    canary = Canary()
    planted = tmp_path_factory.mktemp("planted") / "key"
    planted.write_text(canary.key)
    with home.launch(simulator, f"--fail-at-start={planted}") as terminal:
        assert terminal.wait_exit() == 1
        assert "arka-tui: error: a mistake in the program" in terminal.text
        assert "  ValueError" in terminal.text
        assert found(terminal, home, canary) == []


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGINT, signal.SIGQUIT))],
)
def test_a_signal_ends_it_without_a_trace_of_the_key_in_the_form(home: Home, simulator: Simulator, number: int) -> None:
    canary = Canary()
    home.new_vault().lock()
    with home.launch(simulator) as terminal:
        unlock(terminal)
        open_form_with(terminal, canary)
        terminal.signal(number)
        terminal.wait_exit()
        assert terminal.not_restored() == []
        assert found(terminal, home, canary) == []


PLANTED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda key: key,
    "its middle": lambda key: key[20:28],
    "lower case": bytes.lower,
    "reversed": lambda key: key[::-1],
    "hex": binascii.hexlify,
    "base64": base64.b64encode,
    "base64, one byte on": lambda key: base64.b64encode(b"." + key),
    "base64, two bytes on": lambda key: base64.b64encode(b".." + key),
    "URL-safe base64": lambda key: base64.urlsafe_b64encode(b"Bearer " + key),
    "URL": lambda key: quote(key, safe="").encode(),
    "URL, every character": lambda key: "".join(f"%{byte:02X}" for byte in key).encode(),
    "Python bytes": lambda key: "".join(rf"\x{byte:02x}" for byte in key).encode(),
    "UTF-16": lambda key: key.decode().encode("utf-16-le"),
    "coloured": lambda key: b"\x1b[1m".join(bytes([byte]) for byte in key),
    "with moves of the cursor": lambda key: b"".join(b"\x1b[5;%dH%c" % pair for pair in enumerate(key)),
    "spaced": lambda key: " ".join(key.decode()).encode(),
    "dotted with zero-width spaces": lambda key: "\u200b".join(key.decode()).encode(),
    "in lines": lambda key: b"\r\n".join(key[at : at + 10] for at in range(0, len(key), 10)),
}


@pytest.mark.parametrize("dress", PLANTED)
def test_the_search_finds_a_planted_key(dress: str, tmp_path: Path) -> None:
    canary = Canary()
    planted = b"\x1b[2J some text " + PLANTED[dress](canary.key.encode()) + b" more text \r\n"
    assert canary.found_in("here", planted)
    assert not Canary().found_in("here", planted)
    (tmp_path / "file").write_bytes(planted)
    assert canary.found_in_files(tmp_path.rglob("*"))


def test_the_search_finds_a_key_in_names_arguments_and_environment(tmp_path: Path, home: Home) -> None:
    canary = Canary()
    (tmp_path / canary.key).touch()
    assert canary.found_in_files([tmp_path / canary.key])
    with Terminal(["sh", "-c", "sleep 60 & wait", canary.key], home.env) as terminal:
        assert [each for each in canary.found_in_process(terminal.process.pid) if each.startswith("cmdline")]
    with Terminal(["sh", "-c", "sleep 60 & echo ready; wait"], {**home.env, "LEAK": canary.key}) as terminal:
        terminal.wait_for("ready")
        places = {each.split(":")[0] for each in canary.found_in_process(terminal.process.pid)}
        assert len(places) == 2, "the shell's environment, and its child's"


def test_the_search_allows_the_hint() -> None:
    canary = Canary()
    assert not canary.found_in("here", f"…{canary.hint} {canary.hint}".encode())
