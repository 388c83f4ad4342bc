"""The line of keys at the bottom of a screen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    """As Textual names it: `question_mark`."""
    shown: str
    description: str
    enabled: bool

    @property
    def cells(self) -> int:
        return cell_len(f"{self.shown} {self.description}")


class KeyFooter(Widget):
    """What works now, as many as fit whole, in the order of the bindings: half a word tells nothing.

    One painted line: Textual's own footer is a widget a key, all mounted anew at every change.
    """

    COMPONENT_CLASSES = {"footer--key", "footer--disabled"}
    DEFAULT_CSS = """
    KeyFooter {
        dock: bottom;
        height: 1;
        color: $footer-description-foreground;
        background: $footer-background;
        & > .footer--key { color: $footer-key-foreground; background: $footer-key-background; text-style: bold; }
        & > .footer--disabled { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[_Key] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: "Screen[object]") -> None:
        if self.is_attached and screen is self.screen and (keys := list(self._now())) != self._keys:
            self._keys = keys
            self.refresh()

    def _now(self) -> Iterator[_Key]:
        """One key of each action that is to be shown."""
        told: set[str] = set()
        focused = self.app.focused
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            action = binding.action.removeprefix("app.")
            shown = self.app.get_key_display(binding)
            if focused and focused.check_consume_key(binding.key, shown if len(shown) == 1 else None):
                continue  # it would be typed
            if binding.show and action not in told:
                told.add(action)
                yield _Key(binding.key, shown, binding.description, enabled)

    def _placed(self) -> Iterator[tuple[int, _Key]]:
        """Those that fit, and where each begins."""
        at = 0
        for key in self._keys:
            if at + key.cells > self.size.width:
                return
            yield at, key
            at += key.cells + 1

    def render_line(self, y: int) -> Strip:
        plain, bold = self.rich_style, self.get_component_rich_style("footer--key")
        dim = self.get_component_rich_style("footer--disabled", partial=True)
        line: list[Segment] = []
        for _, key in self._placed():
            quiet = plain if key.enabled else plain + dim
            line += [Segment(key.shown, bold if key.enabled else bold + dim), Segment(f" {key.description}", quiet)]
            line.append(Segment(" ", plain))
        width = self.size.width
        return Strip(Segment.simplify(line)).adjust_cell_length(width, plain)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """As if the key were pressed."""
        for at, key in self._placed():
            if at <= event.x < at + key.cells:
                if key.enabled:
                    self.app.simulate_key(key.name)
                else:
                    self.app.bell()
