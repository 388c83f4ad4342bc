"""Links and the clipboard in the bytes of a real terminal: exactly our own, and nothing where it knows none."""

import re
from base64 import b64decode
from datetime import UTC, datetime

import pytest
import tomli_w

from arka_tui.check import Check, Learnt, Verdict
from arka_tui.credential import Draft
from arka_tui.links import name_of
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from tests.e2e.home import Home, unlock
from tests.e2e.terminal import Terminal, strings_to_terminal

pytestmark = [pytest.mark.pty, pytest.mark.slow]

PAGE = load_catalog()["openai"].console["billing"]
EVIL = "https://evil.example/\x1b\\\x1b]52;c;b3duZWQ=\x07\x1b]8;;https://evil.example\x1b\\"
COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def fill(home: Home) -> None:
    """A key without credit, and one of a hostile provider of the user's own."""
    home.paths.config.mkdir(parents=True, mode=0o700)
    acme = {"name": "Acme", "dialect": "openai", "base_url": "https://api.acme.example/v1"}
    home.paths.providers.write_text(tomli_w.dumps({"acme": {**acme, "console": {"keys": EVIL, "billing": EVIL}}}))
    vault = home.new_vault()
    for name, url, page in (("openai", load_catalog()["openai"].base_url, PAGE), ("acme", acme["base_url"], EVIL)):
        key, _ = vault.add(Draft(name, "work", url, (), Secret(f"not-a-real-key-000000000{name}")))
        told = f"see {EVIL} and {PAGE} ."
        now, verdict = datetime.now(UTC), Verdict.NO_CREDITS
        vault.record_checks([Check(key.id, key.name, key.hint, now, verdict, (), Learnt(), told, "add credit", page)])
    vault.lock()


def look_around(terminal: Terminal) -> None:
    unlock(terminal)
    for _ in range(2):
        terminal.press("y")
        terminal.settle()
        terminal.press("enter")
        terminal.wait_for("Esc Close e Edit")
        terminal.press("G")
        terminal.settle()
        terminal.press("q")
        terminal.wait_gone("Esc Close e Edit")
        terminal.press("down")
        terminal.settle()
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.not_restored() == []


def ours() -> set[bytes]:
    """All links that there may be, and their end."""
    pages = load_catalog().pages
    return {b"\x1b]8;;\x1b\\", *(f"\x1b]8;id={name_of(page)};{page}\x1b\\".encode() for page in pages)}


@pytest.mark.parametrize("term", ["xterm-kitty", "xterm-256color"])
def test_links_lead_to_pages_of_the_catalog_and_to_nothing_else(home: Home, simulator: Simulator, term: str) -> None:
    fill(home)
    home.env["TERM"] = term
    with home.launch(simulator, columns=100, lines=30) as terminal:
        look_around(terminal)
        strings = strings_to_terminal(terminal.raw)
        links = {each for each in strings if each.startswith(b"\x1b]8;")}
        assert links <= ours()
        assert bool(links) is (term == "xterm-kitty")
        copies = COPY.findall(terminal.raw)
        assert [b64decode(each).decode() for each in copies] == [PAGE]
        assert not any(b"evil" in each or b"b3duZWQ" in each for each in strings)


def test_the_setting_overrules_what_the_terminal_seems_to_know(home: Home, simulator: Simulator) -> None:
    fill(home)
    home.env["TERM"] = "xterm-kitty"
    home.paths.settings.write_text("links = false\n")
    with home.launch(simulator, columns=100, lines=30) as terminal:
        look_around(terminal)
        assert not any(each.startswith(b"\x1b]8;") for each in strings_to_terminal(terminal.raw))
