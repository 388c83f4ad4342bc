"""Which key of the ssh-agent shall open the vault."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from arka_tui.store.ssh_agent import PublicKey
from arka_tui.telling import words
from arka_tui.tui import onscreen
from arka_tui.tui.screens.arka_screen import ArkaModal
from arka_tui.tui.widgets.choice_list import Choice, ChoiceList
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.line_list import LineList


class AgentKeysScreen(ArkaModal[PublicKey | None]):
    BINDINGS = [Binding("escape,q", "dismiss(None)", "Back", key_display="Esc", id="agent_keys.back")]

    def __init__(self, keys: Sequence[PublicKey]) -> None:
        super().__init__()
        self._keys = sorted(keys, key=lambda key: bool(key.problem))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Keys of your ssh-agent", classes="title")
            yield ChoiceList(id="agent-keys")
            yield Static("", id="about")
        yield KeyFooter()

    def on_mount(self) -> None:
        choices = [
            Choice(
                key.type.removeprefix("ssh-").partition("-sha2-")[0],
                key.problem or f"{key.comment}  {key.fingerprint}",
                not key.problem,
            )
            for key in self._keys
        ]
        self.query_one(ChoiceList).show(choices)
        self.query_one(ChoiceList).focus()

    @on(LineList.Moved)
    def _moved(self) -> None:
        key = self._keys[self.query_one(ChoiceList).cursor]
        takes = self.said("{list.open} takes ")
        what = f"{key.comment}: {key.problem}." if key.problem else f"{takes}{key.comment or key.fingerprint}."
        self.query_one("#about", Static).update(onscreen.plain(words.sentence(what)))

    @on(LineList.Opened)
    def _chosen(self) -> None:
        key = self._keys[self.query_one(ChoiceList).cursor]
        if key.problem:
            self.arka.bell()
        else:
            self.dismiss(key)
