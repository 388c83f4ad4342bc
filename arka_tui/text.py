"""What may reach a terminal from outside: provider answers, labels, file contents."""

import re
import unicodedata

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
"""Characters that steer a terminal or hide text; each is zero cells wide, so dropping them moves nothing."""

UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a]"
)
"""Letters, marks and symbols that show nothing, so that two names look alike: the rest of what Unicode calls default
ignorable, and two blanks that it does not. They steer nothing and some are two cells wide: not for the last net."""

ASCII_SIGNS = str.maketrans(
    {
        "✓": "+", "✗": "x", "▲": "^", "●": "*", "…": ".", "·": "-", "–": "-", "—": "-", "→": ">", "▶": ">", "▌": ">",
        "›": ">", "‹": "<", "≤": "<", "≈": "~", "×": "x", "•": "*", "○": "o", "⭘": "o", "⏎": "<", "␛": "?",
        "“": '"', "”": '"', "’": "'", "\u00a0": " ", "↑": "^", "↓": "v", "▼": "v",
        "─": "-", "━": "-", "│": "|", "┃": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "╭": "+", "╮": "+",
        "╰": "+", "╯": "+", "├": "+", "┤": "+",
        "█": "#", "▇": "#", "▆": "#", "▅": "#", "▄": "_", "▃": "_", "▂": "_", "▁": "_", "▀": "-", "▔": "-",
        "▏": "|", "▎": "|", "▍": "|", "▋": "|", "▊": "|", "▉": "|", "▕": "|", "▐": "|",
    }
)  # fmt: skip
"""One character for one. Signs that are told apart stay so: what is tested, is not yet, works, does not, needs care."""

_MAX_COMBINING = 2
_ELLIPSIS = "…"


def safe(text: str, limit: int = 200) -> str:
    """One line of at most `limit` characters that cannot steer a terminal.

    Controls become pictures (ESC -> ␛), format, private, surrogate and unseen characters go, at most two combining
    marks follow a letter, white space is folded. Not for markup: pass the result as Content or with `markup=False`.
    """
    out: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text[: limit * 8]):
        category = unicodedata.category(char)
        if char in "\t\r\n":
            char = " "
        elif category == "Cc":
            code = ord(char)
            char = chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"
        elif category in ("Cf", "Co", "Cs", "Cn", "Zl", "Zp") or UNSAFE.match(char) or UNSEEN.match(char):
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MAX_COMBINING:
            continue
        out.append(char)
    folded = " ".join("".join(out).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + _ELLIPSIS


def drop_unsafe(text: str) -> str:
    """`text` without terminal control characters; the last net, on its way to the terminal."""
    return UNSAFE.sub("", text)
