"""Text fields. Whether their cursors blink the application says: it costs 2 kB a second over SSH."""

from textual import events
from textual.binding import Binding
from textual.widgets import Input


class Field(Input):
    async def on_key(self, event: events.Key) -> None:
        """Its own bindings here: as bindings they would act later than characters that were typed after them."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return


class PathField(Field):
    """Enter goes on to the next field at once: what comes right after is a passphrase, and this one shows its text."""


class FilterField(Field):
    """Above a list, while it is filtered. What the keys then do stands at the bottom. Enter is fixed."""

    BINDINGS = [
        Binding("enter", "submit", "Keep the filter", key_display="Enter"),
        Binding("escape", "screen.back", "Clear", key_display="Esc", id="filter.clear"),
    ]

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, id="filter")
        self.display = False
