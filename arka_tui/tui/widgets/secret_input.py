"""A field for what must not be seen: fixed width, no copy, no selection, no message that carries the value.

Textual's own Input copies the real text on ctrl+c, shows its length, and puts it in every message it posts.
"""

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from arka_tui.secret import SECRET_MAX_CHARS, Secret, tidy_paste

DOTS = 12
BURST_GAP_S = 0.015
BURST_CHARS = 10
"""So many characters, each within the gap: a paste from a terminal that does not mark pastes."""


class Burst:
    """Tells keys that no hand types so fast: pastes from terminals that do not mark them, or typing ahead."""

    def __init__(self) -> None:
        self.length = 0
        """Keys that came within the gap of the one before, up to now."""
        self._last = 0.0

    def feed(self, event: events.Key) -> None:
        gap, self._last = event.time - self._last, event.time
        self.length = self.length + 1 if gap < BURST_GAP_S else 0

    @property
    def is_paste(self) -> bool:
        return self.length >= BURST_CHARS


class SecretInput(Widget, can_focus=True):
    """Shows the same dots whatever is in it; one of them moves with every key, so that typing is felt.

    `tidies` takes a key out of what is pasted around it; a passphrase is taken as it is.
    """

    COMPONENT_CLASSES = {"secret--placeholder", "secret--beat", "secret--cursor"}

    class Edited(Message):
        """Something changed. Read `secret` where it is needed."""

        def __init__(self, field: "SecretInput", removed: list[str]) -> None:
            super().__init__()
            self.field = field
            self.removed = removed
            """What a paste was rid of, in words."""

        @property
        def control(self) -> "SecretInput":
            return self.field

    class Submitted(Message):
        def __init__(self, field: "SecretInput") -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> "SecretInput":
            return self.field

    def __init__(self, placeholder: str = "", *, tidies: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._value = ""
        self.placeholder = placeholder
        self._tidies = tidies
        self._beat = 0
        self._burst = Burst()
        self._dropping = False
        self.replace_on_type = False
        """The next character starts afresh: set after a value was refused."""

    @property
    def secret(self) -> Secret:
        return Secret(self._value)

    @property
    def blank(self) -> bool:
        return not self._value

    def clear(self) -> None:
        self._set("", [])

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return 1

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if y:
            return Strip.blank(width, base)
        cursor = self.get_component_rich_style("secret--cursor") if self.has_focus else base
        if not self._value:
            hint = self.get_component_rich_style("secret--placeholder")
            text = self.placeholder[: max(0, width)]
            first, rest = (text[:1] or " ", text[1:])
            strip = Strip([Segment(first, cursor if self.has_focus else hint), Segment(rest, hint)])
            return strip.adjust_cell_length(width, base)
        at = self._beat % DOTS
        beat = self.get_component_rich_style("secret--beat") if self.has_focus else base
        dots = [Segment("•" * at, base), Segment("•", beat), Segment("•" * (DOTS - 1 - at), base), Segment(" ", cursor)]
        return Strip(dots).adjust_cell_length(width, base)

    def on_key(self, event: events.Key) -> None:
        """All keys here and none as a binding: bindings act later than characters that were typed after them."""
        self._burst.feed(event)
        self._dropping = self._dropping and self._burst.length > 0
        if self._tidies and self._burst.is_paste and event.key in ("enter", "tab", "ctrl+j"):
            self._dropping = True  # the end of a first pasted line: the rest must not go to another field in clear
            self._set(self._value, ["what followed the first line"])
        if not self._dropping:
            if event.is_printable and event.character:
                start = "" if self.replace_on_type else self._value
                self._set((start + event.character)[:SECRET_MAX_CHARS], [])
            elif event.key == "backspace":
                self._set(self._value[:-1], [])
            elif event.key in ("ctrl+u", "ctrl+w", "delete"):
                self._set("", [])
            elif event.key == "enter":
                self.post_message(self.Submitted(self))
            else:
                return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if self._tidies:
            secret, removed = tidy_paste(event.text)
            self._set(secret.reveal(), removed)
            return
        line = event.text.strip("\r\n").splitlines()[:1]
        start = "" if self.replace_on_type else self._value
        self._set(start + "".join(line), [] if line and line[0] == event.text else ["line ends"])

    def on_unmount(self) -> None:
        """Its screen may live on in contexts of the toolkit."""
        self._value = ""

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def _set(self, value: str, removed: list[str]) -> None:
        self._value = value
        self._beat += 1
        self.replace_on_type = False
        self.refresh()
        self.post_message(self.Edited(self, removed))
