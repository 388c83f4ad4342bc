"""Which terminals are given links, and which addresses are fit to be one."""

import re

import pytest

from arka_tui import links
from arka_tui.providers.catalog import load_catalog

KNOW_LINKS = [
    {"TERM": "xterm-kitty"},
    {"TERM": "xterm-ghostty"},
    {"TERM": "foot-extra"},
    {"TERM": "alacritty"},
    {"TERM": "wezterm"},
    {"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"},
    {"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"},
    {"TERM": "xterm-256color", "VTE_VERSION": "7006"},
    {"TERM": "xterm-256color", "KONSOLE_VERSION": "230805"},
    {"TERM": "xterm-256color", "WT_SESSION": "0c26"},
    {"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"},
    {"TERM": "tmux-256color", "TMUX": "/tmp/t", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4"},
    {"TERM": "screen-256color", "TMUX": "/tmp/t", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "next-3.6"},
]
KNOW_NONE = [
    {},
    {"TERM": "dumb", "KITTY_WINDOW_ID": "1"},
    {"TERM": "linux", "VTE_VERSION": "7006"},
    {"TERM": "vt100"},
    {"TERM": "xterm-256color"},
    {"TERM": "xterm-256color", "VTE_VERSION": "5000"},
    {"TERM": "xterm-256color", "VTE_VERSION": "\N{SUPERSCRIPT TWO}9999"},
    {"TERM": "xterm-256color", "KONSOLE_VERSION": "180400"},
    {"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"},
    {"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"},
    {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a"},
    {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux"},
    {"TERM": "xterm-kitty", "TMUX": "/tmp/t"},
    {"TERM": "screen.xterm-kitty", "STY": "1.pts", "KITTY_WINDOW_ID": "1"},
]


@pytest.mark.parametrize("environ", KNOW_LINKS, ids=str)
def test_a_terminal_that_knows_links_is_known(environ: dict[str, str]) -> None:
    assert links.wanted(None, environ)


@pytest.mark.parametrize("environ", KNOW_NONE, ids=str)
def test_where_it_is_not_known_or_something_stands_between_there_are_none(environ: dict[str, str]) -> None:
    assert not links.wanted(None, environ)


def test_the_setting_overrules_the_terminal() -> None:
    assert links.wanted(True, {"TERM": "linux"})
    assert not links.wanted(False, {"TERM": "xterm-kitty"})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "platform.openai.com/api-keys",
        "http://platform.openai.com/",
        "http://localhost.evil.example/",
        "http://127.0.0.1@evil.example/",
        "https://openai.com@evil.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://evil.example/\x1b]8;;https://other.example\x1b\\",
        "https://evil.example/\x07\x1b[2J",
        "https://evil.example/a b",
        "https://evil.example/a\nb",
        "https://evil.example/\u202egnp",
        "https://\u0435vil.example/",
        "https://evil.example/\x9c",
        "https://",
        f"https://evil.example/{'a' * 300}",
    ],
)
def test_what_is_no_plain_short_address_is_no_page(address: str) -> None:
    assert not links.is_page(address)


def test_every_page_of_the_catalog_can_be_a_link() -> None:
    catalog = load_catalog()
    pages = {page for provider in catalog.providers.values() for page in provider.console.values()}
    assert catalog.pages == pages
    assert links.is_page("http://127.0.0.1:8080/keys")


def test_only_a_whole_word_becomes_a_link() -> None:
    page = "https://a.example/keys"
    assert links.linked(f"see {page}s or x{page}", page) == f"see {page}s or x{page}"
    linked = links.linked(f"see {page} now", page)
    assert re.sub(r"\x1b\]8;[^\x1b]*\x1b\\", "", linked) == f"see {page} now"
    assert linked.count("\x1b]8;") == 2
