"""What a terminal should never be sent: found in the raw bytes, by comparison with what a harmless run sends."""

import re
import unicodedata

from tests.e2e.terminal import kinds_of_sequences, strings_to_terminal, without_sequences

_MODES = re.compile(rb"\x1b\[\?[0-9;]+[hl]")
_STYLES = re.compile(rb"\x1b\[([0-9;]*)m")
_LOUD = {b"5": "blinking", b"8": "hidden", b"31": "red"}
"""Styles that Textual does not write and our payloads do."""


def harm_in(raw: bytes, harmless: bytes) -> list[str]:
    """Each thing that `raw` asks of a terminal and `harmless` does not; every unfit character that it prints."""
    try:
        printed = without_sequences(raw).decode()
    except UnicodeDecodeError as error:
        return [f"a byte that is not UTF-8: {raw[error.start : error.start + 1]!r}"]
    unfit = {char for char in printed if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
    found = [f"U+{ord(char):04X}" for char in sorted(unfit - {"\r", "\n"})]
    found += [f"sequence {kind!r}" for kind in sorted(kinds_of_sequences(raw) - kinds_of_sequences(harmless))]
    found += [f"string {text[:60]!r}" for text in sorted(strings_to_terminal(raw) - strings_to_terminal(harmless))]
    found += [f"mode {mode!r}" for mode in sorted(set(_MODES.findall(raw)) - set(_MODES.findall(harmless)))]
    found += [f"{_LOUD[code]} text" for code in sorted(_styles(raw) & _LOUD.keys() - _styles(harmless))]
    return found + ([r"\x1b[7777"] if b"\x1b[7777" in raw else [])


def _styles(raw: bytes) -> set[bytes]:
    return {code for codes in _STYLES.findall(raw) for code in codes.split(b";")[:1]}
