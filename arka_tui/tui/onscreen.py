"""How text from anywhere gets into a widget, and how much of it fits a line."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.style import Style

from arka_tui.links import place_of
from arka_tui.text import safe

BROAD = 140
"""Screens with so many columns show beside a list what Enter would open."""
FEWEST_CELLS = 12
"""Of a text that is cut short on a narrow screen."""


def plain(text: str, limit: int = 400) -> Content:
    """Outside text for a widget: cleaned, and never read as markup."""
    return Content(safe(text, limit))


def linked(text: str, pages: Collection[str], limit: int = 400) -> Content:
    """As `plain`; each of `pages` that stands in it is a link, where the last filter lets it be one."""
    content = plain(text, limit)
    for page in filter(None, dict.fromkeys(pages)):
        at = place_of(page, content.plain)
        if at >= 0:
            content = content.stylize(Style(link=page), at, at + len(page))
    return content


def fitting(parts: Sequence[str], cells: int) -> str:
    """As many as fit, closer together where that helps; the next is cut if enough of it is left to be understood."""
    told = [part for part in parts if part]
    wide, close = "  ·  ", " · "
    if cell_len(wide.join(told)) <= cells:
        return wide.join(told)
    for count in range(len(told), 0, -1):
        line = close.join(told[:count])
        if cell_len(line) <= cells:
            break
    room = cells - cell_len(line) - len(close)
    if count < len(told) and room >= FEWEST_CELLS:
        line += close + set_cell_size(told[count], room - 1).rstrip() + "…"
    return line
