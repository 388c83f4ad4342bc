"""Addresses that a terminal may open at a click (OSC 8): which texts are one, and which terminals know them."""

import re
from collections.abc import Mapping
from zlib import crc32

LONGEST = 300
_PAGE = re.compile(r"https://[a-z0-9][a-z0-9.-]*(?::[0-9]+)?(?:[/?#][!-~]*)?", re.IGNORECASE)
_PAGE_HERE = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?(?:[/?#][!-~]*)?", re.IGNORECASE)

_TERMS = ("xterm-kitty", "xterm-ghostty", "ghostty", "foot", "alacritty", "wezterm", "contour", "rio")
"""What ssh brings along is TERM, and with most servers LC_*."""
_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "ghostty", "vscode", "Hyper", "Tabby", "rio", "WarpTerminal", "mintty"})
_PRESENT = ("KITTY_WINDOW_ID", "WT_SESSION", "DOMTERM")
_NEVER = re.compile(r"$|dumb|linux|vt[0-9]|ansi|cons|sun|cygwin")
_MULTIPLEXED = re.compile(r"tmux|screen")
_TMUX_SINCE = (3, 4)
_VTE_SINCE = 5202
"""0.50 has links, and a rare crash by them until 0.52.2."""
_KONSOLE_SINCE = 201200


def is_page(address: str) -> bool:
    """Whether a terminal may be given it: https, or http on this machine; printable ASCII without blanks; not long."""
    return len(address) <= LONGEST and bool(_PAGE.fullmatch(address) or _PAGE_HERE.fullmatch(address))


def wanted(setting: bool | None, environ: Mapping[str, str]) -> bool:
    """As the user says, else by the terminal."""
    return known_by_terminal(environ) if setting is None else setting


def known_by_terminal(environ: Mapping[str, str]) -> bool:
    """As far as the environment tells; where it does not, no: those terminals find plain addresses themselves."""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if program == "tmux" and (environ.get("TMUX") or _MULTIPLEXED.match(term)):
        return _version(environ.get("TERM_PROGRAM_VERSION", "")) >= _TMUX_SINCE
    if environ.get("TMUX") or environ.get("STY") or _MULTIPLEXED.match(term) or _NEVER.match(term):
        return False  # what stands in between drops them, whatever terminal it runs in
    return (
        term.startswith(_TERMS)
        or program in _PROGRAMS
        or environ.get("LC_TERMINAL") == "iTerm2"
        or any(environ.get(name) for name in _PRESENT)
        or _number(environ.get("VTE_VERSION", "")) >= _VTE_SINCE
        or _number(environ.get("KONSOLE_VERSION", "")) >= _KONSOLE_SINCE
    )


def name_of(page: str) -> str:
    """The same for all pieces of one address, so that a wrapped one is one link."""
    return f"arka-{crc32(page.encode()):08x}"


def place_of(page: str, text: str) -> int:
    """Where it stands in `text` as a word of its own; -1 is nowhere."""
    found = re.search(rf"(?<!\S){re.escape(page)}(?!\S)", text)
    return found.start() if found else -1


def linked(text: str, page: str) -> str:
    """`text` with `page` as a link, for a stream that is written to a terminal."""
    at = place_of(page, text)
    if at < 0:
        return text
    end = at + len(page)
    return f"{text[:at]}\x1b]8;id={name_of(page)};{page}\x1b\\{page}\x1b]8;;\x1b\\{text[end:]}"


def _version(text: str) -> tuple[int, ...]:
    """Of "3.4", "3.3a" or "next-3.5"; empty where it is none."""
    found = re.search(r"([0-9]{1,4})\.([0-9]{1,4})", text)
    return (int(found[1]), int(found[2])) if found else ()


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
