"""All keys of the keyboard that work on the screen it was called from, read from the bindings themselves."""

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from arka_tui.check import MEANINGS, Mood
from arka_tui.tui import onscreen
from arka_tui.tui.keymap import COMMAND
from arka_tui.tui.screens.arka_screen import ReadModal
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.pairs import Pairs

_MOODS = {
    Mood.GOOD: "works",
    Mood.CARE: "valid, but needs you",
    Mood.BAD: "does not work",
    Mood.UNSURE: "nothing is known",
}


class HelpScreen(ReadModal[None]):
    BINDINGS = [Binding("escape,q,question_mark", "dismiss(None)", "Close", key_display="Esc", id="help.close")]

    def __init__(self, bindings: Mapping[str, ActiveBinding]) -> None:
        super().__init__()
        self._active = bindings

    def compose(self) -> ComposeResult:
        keys: dict[str, tuple[list[str], str]] = {}
        for active in sorted(self._active.values(), key=lambda each: not isinstance(each.node, Screen)):
            binding = active.binding
            if not binding.id or not active.enabled:  # ours have an id; the toolkit's own are of no use here
                continue
            told = binding.tooltip or active.tooltip or binding.description
            if told:
                keys.setdefault(binding.action, ([], told))[0].append(self.app.get_key_display(binding))
        with VerticalScroll(classes="dialog", can_focus=False), Container(classes="leaves"):
            with Vertical(classes="leaf"):
                yield Static("Keys of the keyboard", classes="title")
                yield Pairs([(" ".join(dict.fromkeys(names)), told) for names, told in keys.values()])
                yield Static(onscreen.plain(f"The settings can change each; {COMMAND} tells how."), classes="dim foot")
            with Vertical(classes="leaf"):
                yield Static("Verdicts", classes="section")
                for mood, meaning in _MOODS.items():
                    found = [each for each in MEANINGS.values() if each.mood is mood]
                    yield Static(onscreen.plain(f"{found[0].sign} {meaning}"), classes=mood.value)
                    yield Pairs([(f"  {each.word}", _short(each.sentence)) for each in found])
        yield KeyFooter()


def _short(sentence: str) -> str:
    return sentence.format(provider="the provider", host="the server")
