"""Some lines below a list: of what they tell next, only the lines that differ are painted."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static


class Lines(Vertical):
    """As many as its height in the style sheet; a line that is too long ends in an ellipsis."""

    def __init__(self, most: int, *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._told = [Content("")] * most

    def compose(self) -> ComposeResult:
        for _ in self._told:
            yield Static("")

    def tell(self, lines: Sequence[Content]) -> None:
        most = len(self._told)
        told = [*lines[:most], *[Content("")] * (most - len(lines))]
        for static, before, now in zip(self.query(Static), self._told, told, strict=True):
            if now != before:
                static.update(now, layout=False)
        self._told = told
