"""A text field whose cursor does not blink: blinking costs 2 kB a second over SSH."""

from textual import events
from textual.widgets import Input


class Field(Input):
    def on_mount(self) -> None:
        self.cursor_blink = False

    async def on_key(self, event: events.Key) -> None:
        """Its own bindings here: as bindings they would act later than characters that were typed after them."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return
