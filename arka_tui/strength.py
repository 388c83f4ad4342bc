"""How long a passphrase would hold against a thief who has the vault's file. The estimate is zxcvbn's."""

from dataclasses import dataclass

from arka_tui.secret import Secret

MIN_CHARS = 8
THIEF_GUESSES_PER_S = 1000 / 0.7
"""A thousand machines, each as fast as the one on which our key derivation takes 0.7 s."""
_LOOKED_AT_CHARS = 72
_WEAK_LOG10, _FAIR_LOG10 = 9.0, 12.0
_FAMOUS = frozenset(
    {
        *("correcthorsebatterystaple", "correcthorsebatterystapler", "troubadour", "opensesame", "letmeinplease"),
        *("maytheforcebewithyou", "tobeornottobe", "thequickbrownfox", "thequickbrownfoxjumpsoverthelazydog"),
        *("thisisapassphrase", "thisismypassphrase", "loremipsumdolorsitamet", "inthebeginningwastheword"),
    }
)
"""Phrases that everybody knows, as letters only: the estimate takes them for words drawn at random."""
_SPANS = (("centuries", 3.156e9), ("years", 3.156e7), ("months", 2.63e6), ("days", 86_400.0), ("hours", 3600.0))


@dataclass(frozen=True, slots=True)
class Strength:
    word: str
    """too short, weak, fair or strong."""
    advice: str


def estimate(passphrase: Secret) -> Strength:
    """Takes a few milliseconds, the first time 30 more."""
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # brings 1.5 MB of word lists: only when asked for

    text = passphrase.reveal()
    if len(text) < MIN_CHARS:
        return Strength("too short", f"at least {MIN_CHARS} characters; four or more random words are best")
    if "".join(filter(str.isalpha, text.casefold())) in _FAMOUS:
        return Strength("weak", "everybody knows this phrase, thieves too")
    log10 = float(zxcvbn(text[:_LOOKED_AT_CHARS])["guesses_log10"])
    seconds = 10 ** min(log10, 40) / THIEF_GUESSES_PER_S
    span = next((name for name, size in _SPANS if seconds >= 2 * size), "minutes")
    word = "weak" if log10 < _WEAK_LOG10 else "fair" if log10 < _FAIR_LOG10 else "strong"
    return Strength(word, f"whoever steals the file, with a thousand machines, needs {span}")
