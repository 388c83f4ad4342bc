"""The choice of a provider."""

from collections.abc import Iterable

from rich.text import Text
from textual.widgets import Select
from textual.widgets.select import NoSelection

from arka_tui.text import safe


class ProviderSelect(Select[str]):
    """Found by typing its name. `named` are (name, id)."""

    def __init__(self, named: Iterable[tuple[str, str]], value: str, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        # as Text: that is never read as markup, and found by typing
        super().__init__([(Text(safe(name)), key) for name, key in named], value=value, allow_blank=False, id=id)

    def _setup_options_renderables(self) -> None:
        """Private in Textual, where it fails if a lock removes the form in the middle of its mounting."""
        if self.query("SelectOverlay"):
            super()._setup_options_renderables()

    def _init_selected_option(self, hint: str | NoSelection = Select.NULL) -> None:
        """As private, and fails likewise."""
        if self.query("SelectCurrent #label"):
            super()._init_selected_option(hint)
