"""What comes from outside steers neither the terminal nor the program: providers' answers, labels, paths, settings."""

import pytest

from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.simulator.situations import ESCAPES
from tests.e2e.harm import harm_in
from tests.e2e.home import Home, unlock
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.pty, pytest.mark.slow]

ENCODABLE_ESCAPES = ESCAPES.replace("\ud800", "")
LABELS = {
    "everything": ENCODABLE_ESCAPES,
    "strings": "\x1b]52;c;b3duZWQ=\x07 \x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\ \x1bP+q5\x1b\\ \x1b_G;\x1b\\",
    "controls": "\x1b[8m\x1b[7777;7777Hhidden \x1bc\x1b[?1049l \x9b2J\x9d0;t\x9c \x07\x08\x7f\x85",
    "markup": "[/x] [@click=app.quit]x[/] [link=https://evil.example]y[/link] [bold",
    "unseen": "\u202egnp.exe\u202c \u2066a\u2069 ze\u200bro\ufeff\u2060 \u2028\u2029 \U000e0041 \u00ad",
    "long": "e" + "\u0301" * 40 + "\u6f22" * 60 + "x" * 3000,
    "nothing": "",
}
"""As an imported vault could hold them; the form takes none of them."""


def test_hostile_names_in_a_vault_steer_nothing(home: Home, harmless: bytes, simulator: Simulator) -> None:
    vault = home.new_vault()
    address = unreachable_url()
    for label in LABELS.values():
        vault.add(Draft("openai", label, address, (), Secret("sk-0123456789abcdefghij")))
    settings = (("organization", LABELS["strings"]), (ENCODABLE_ESCAPES, LABELS["markup"]))
    hint = Secret("sk-0123456789abcdefghij[/x]")
    vault.add(Draft("openai", "settings", f"{address}/\x1b]0;x\x07[/x]", settings, hint))
    vault.lock()
    with home.launch(simulator, columns=100, lines=30) as terminal:
        unlock(terminal)
        terminal.wait_for(f"{len(LABELS) + 1} keys")
        for _ in range(len(LABELS) + 1):
            look_at_the_key(terminal)
            terminal.press("down")
        filter_by(terminal, "click")
        terminal.press("*", "d")
        terminal.wait_for("Removed at once")
        terminal.press("y")
        terminal.wait_for("Deleted")
        terminal.press("escape")
        terminal.wait_gone("No key matches")
        leave(terminal)
        assert_harmless(terminal.raw, harmless)


@pytest.mark.parametrize("provider", ["[/x]", f"p{ENCODABLE_ESCAPES}"], ids=["markup", "everything"])
def test_the_hostile_name_of_an_unknown_provider_steers_nothing(
    home: Home, harmless: bytes, simulator: Simulator, provider: str
) -> None:
    vault = home.new_vault()
    vault.add(Draft(provider, "main", unreachable_url(), (), Secret("sk-0123456789abcdefghij")))
    vault.lock()
    with home.launch(simulator, columns=100, lines=30) as terminal:
        unlock(terminal)
        terminal.press("t")
        look_at_the_key(terminal)
        leave(terminal)
        assert_harmless(terminal.raw, harmless)


@pytest.mark.parametrize("provider", ["openai", "openrouter"])
def test_hostile_answers_of_a_provider_steer_nothing(
    home: Home, harmless: bytes, simulator: Simulator, provider: str
) -> None:
    vault = home.new_vault()
    situations = ["hostile", "hostile_models"] if provider == "openai" else ["hostile", "hostile_metadata"]
    for situation in situations:
        key = simulator.issue(provider, situation)
        vault.add(Draft(provider, situation, simulator.base_url(provider), (), Secret(key)))
    vault.lock()
    with home.launch(simulator, columns=100, lines=50) as terminal:
        unlock(terminal)
        terminal.press("T")
        terminal.wait_for("Test all?")
        terminal.press("y")
        terminal.wait_until(lambda picture: "testing" not in picture and picture.count("just now") == 2, "both tested")
        for _ in situations:
            look_at_the_key(terminal)
            terminal.press("down")
        look_at_the_models(terminal)
        terminal.press("e")
        terminal.wait_for("or paste another")
        terminal.paste(simulator.issue(provider, "hostile"))
        terminal.wait_for("looks like a key of")
        terminal.press("ctrl+s")
        terminal.wait_for("Use it anyway")
        click_everywhere(terminal, "owned")
        terminal.press("escape")
        terminal.wait_for("Discard what you typed?")
        terminal.press("y")
        terminal.wait_gone("Discard what you typed?")
        terminal.press("l")
        terminal.wait_for("Test log  2 tests")
        terminal.wait_for("owned")
        click_everywhere(terminal, "owned")
        terminal.press("down")
        terminal.press("f")
        terminal.wait_for("Test log  1 test ")
        terminal.press("q")
        terminal.wait_for("Test log  2 tests")
        terminal.press("q")
        terminal.wait_gone("Test log")
        leave(terminal)
        assert_harmless(terminal.raw, harmless)
    assert {request.situation for request in simulator.requests} >= set(situations)


HOSTILE_FOLDER = "\x1b]0;owned\x07\x9b2J [/x][@click=app.quit]x[/] \u202egnp \ue000\nline"


def test_a_hostile_path_on_screen_steers_nothing(home: Home, harmless: bytes) -> None:
    home.env["ARKA_HOME"] = str(home.root / HOSTILE_FOLDER)
    with home.start(columns=160) as terminal:
        terminal.wait_for("[/x][@click=app.quit]x[/]")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert_harmless(terminal.raw, harmless)
    home.paths.data.mkdir(parents=True, mode=0o700)
    home.paths.vault.write_text(ENCODABLE_ESCAPES)
    home.paths.config.mkdir(mode=0o700)
    home.paths.settings.write_text('theme = "[/x]\\u001B]0;owned\\u0007"\n')
    home.env["HTTPS_PROXY"] = "http://127.0.0.1:1"  # the notice of it names the path
    with home.start(columns=160) as terminal:
        terminal.wait_for("The vault cannot be opened")
        terminal.wait_for("The settings name a theme")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_harmless(terminal.raw, harmless)


@pytest.mark.parametrize(
    "settings",
    ['"\\u001B]0;owned\\u0007\\u009B2J\\u202E[/x]" = 1\n', "proxy = 7\n", "\x1b]0;owned\x07"],
    ids=["unknown key", "wrong type", "no TOML"],
)
def test_errors_before_the_screen_steer_nothing(home: Home, settings: str) -> None:
    home.env["ARKA_HOME"] = str(home.root / HOSTILE_FOLDER)
    home.paths.config.mkdir(parents=True)
    home.paths.settings.write_text(settings)
    with home.start() as terminal:
        assert terminal.wait_exit() == 1
        assert terminal.raw.startswith(b"arka-tui: error: the setting")
        assert_harmless(terminal.raw, b"\r\n")


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the program sends when nothing hostile is shown."""
    home = Home(tmp_path_factory.mktemp("harmless"))
    with Simulator() as simulator:
        vault = home.new_vault()
        for situation in ("valid", "no_credit"):
            key = simulator.issue("openai", situation)
            vault.add(Draft("openai", situation, simulator.base_url("openai"), (), Secret(key)))
        vault.lock()
        with home.launch(simulator, columns=100, lines=30) as terminal:
            unlock(terminal)
            terminal.press("t")
            terminal.wait_for("! no credit ")
            look_at_the_key(terminal)
            terminal.press("l")
            terminal.wait_for("Test log  1 test ")
            click_everywhere(terminal, "no credit")
            terminal.press("q")
            terminal.wait_gone("Test log")
            terminal.press("d")
            terminal.wait_for("Removed at once")
            terminal.press("y")
            terminal.wait_for("Deleted")
            leave(terminal)
            return terminal.raw


def look_at_the_key(terminal: Terminal) -> None:
    """Every screen that shows the one at the cursor."""
    terminal.press("enter")
    terminal.wait_for("Esc Close e Edit")
    click_everywhere(terminal, "[@click")
    terminal.press("G")  # to the end of it
    terminal.settle()
    click_everywhere(terminal, "[@click")
    terminal.press("q")
    terminal.wait_gone("Esc Close e Edit")
    terminal.press("e")
    terminal.wait_for("or paste another")
    terminal.press("escape")
    terminal.wait_gone("or paste another")
    terminal.press("d")
    terminal.wait_for("Removed at once")
    terminal.press("n")
    terminal.wait_gone("Removed at once")


def look_at_the_models(terminal: Terminal) -> None:
    """By model and by provider, and what of them is picked."""
    terminal.press("m")
    terminal.wait_for("By provider")
    terminal.wait_gone("asking")
    click_everywhere(terminal, "[@click")
    for view in ("By model", "By provider"):
        for _ in range(3):
            terminal.press("down", "enter")
            terminal.wait_for("three tokens in to one out")
            click_everywhere(terminal, "[@click")
            terminal.press("escape")
            terminal.wait_gone("three tokens in to one out")
        terminal.press("v")
        terminal.wait_for(view)
    terminal.press("q")
    terminal.wait_gone("By provider")
    terminal.press("p")
    terminal.wait_for("Esc Back r Ask again")
    terminal.settle()
    terminal.press("q")
    terminal.wait_gone("Esc Back r Ask again")


def filter_by(terminal: Terminal, text: str) -> None:
    terminal.press("/")
    terminal.wait_for("part of a name")
    terminal.press(text)
    terminal.wait_for(f"of {len(LABELS) + 1} keys")
    terminal.settle()
    terminal.press_and_see("enter", at=text)


def click_everywhere(terminal: Terminal, text: str) -> None:
    """On every cell of the first line that shows `text`, if one does."""
    lines = terminal.text.split("\n")
    row = next((at for at, line in enumerate(lines) if text in line), None)
    if row is not None:
        columns = range(1, len(lines[row]) + 1)
        terminal.paste_raw("".join(f"\x1b[<0;{x};{row + 1}M\x1b[<0;{x};{row + 1}m" for x in columns))


def leave(terminal: Terminal) -> None:
    """Shows that the program is alive, then ends it."""
    terminal.press("?")
    terminal.wait_for("Keys of the keyboard")
    terminal.press("q")
    terminal.wait_gone("Keys of the keyboard")
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.not_restored() == []


def assert_harmless(raw: bytes, harmless: bytes) -> None:
    assert harm_in(raw, harmless) == []
