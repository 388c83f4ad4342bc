"""The one way to the clipboard: a public text, asked for, handed to the terminal (OSC 52), which may do as it likes.

What is sent crosses every hop, may stay in tmux, and cannot be taken back. So a text is either a page of the catalog or
a model's name, and no name that a key could hide behind.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from arka_tui.controller import Controller
from arka_tui.insight.prices import load_snapshot
from arka_tui.secret import Secret, redact
from arka_tui.text import safe

LONGEST = 200
_ASKED = object()


@dataclass(frozen=True, slots=True)
class Public:
    """Made by `page` and `model_name` alone."""

    text: str
    _by: object

    def __post_init__(self) -> None:
        if self._by is not _ASKED:
            raise TypeError("only pages and names of models are public")

    @property
    def sequence(self) -> str:
        return f"\x1b]52;c;{b64encode(self.text.encode()).decode()}\x07"


def page(address: str, controller: Controller) -> Public | None:
    """None for what is no page of the catalog, the user's own providers among it."""
    return Public(address, _ASKED) if address in controller.catalog.pages else None


def model_name(name: str, controller: Controller) -> Public | None:
    """None for what may be a key: of a known shape, whole or in part, or the very one that is stored. Providers name
    models, and may name one after a key.
    """
    text = safe(name, LONGEST + 1)
    if len(text) > LONGEST:
        return None  # cut, it would name another
    looks_like_one = redact(text) != text and not load_snapshot().names(text)
    if not text or looks_like_one or controller.catalog.holds_key(text) or controller.insight.holders(Secret(text)):
        return None
    return Public(text, _ASKED)


def told(public: Public, environ: Mapping[str, str]) -> str:
    """What can be known of it."""
    if environ.get("TERM", "").startswith("linux"):
        doubt = "The Linux console ignores it."
    elif environ.get("TMUX") or environ.get("TERM", "").startswith("tmux"):
        doubt = "It may ignore it; tmux needs set-clipboard on."
    else:
        doubt = "It may ignore it."
    return f"Sent to your terminal: {public.text} {doubt}"
