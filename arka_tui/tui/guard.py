"""What Textual lets through and we do not: escapes to the terminal, locals in a crash, glyphs a terminal lacks.

The line filter is the last net under `text.safe`, which cleans outside text where it comes in; each alone suffices.
"""

import codecs
import re
import sys
import unicodedata
from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.filter import LineFilter
from textual.worker import Worker, WorkerFailed
from textual.worker_manager import WorkerManager

from arka_tui.hygiene import where_it_failed
from arka_tui.links import name_of
from arka_tui.text import ASCII_SIGNS, UNSAFE, drop_unsafe


class ControlFilter(LineFilter):
    """No segment that Textual paints steers the terminal. Its own control segments pass: they are not ours to read."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(drop_unsafe(text), style, control) if not control and UNSAFE.search(text) else segment
            for segment in segments
            for text, style, control in [segment]
        ]


class AsciiFilter(LineFilter):
    """For a terminal whose encoding is not UTF-8: every cell an ASCII character, the layout unchanged."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if control or text.isascii() else Segment(to_ascii(text), style, control)
            for segment in segments
            for text, style, control in [segment]
        ]


class LinkFilter(LineFilter):
    """A link only to one of `pages`, which are none where the terminal does not know links. Whatever else asks for one,
    a widget or an oversight, is painted as text.
    """

    pages: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self._fit: dict[Style, Style] = {}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, self._fitting(style), control) if style and style.link else segment
            for segment in segments
            for text, style, control in [segment]
        ]

    def _fitting(self, style: Style) -> Style:
        if style not in self._fit:
            page = style.link or ""
            fit = style.update_link(page if page in self.pages else None)
            if fit.link:
                fit._link_id = name_of(page)  # rich counts, so that each piece of a wrapped address is one of its own
            self._fit[style] = fit
        return self._fit[style]


class ForgetfulWorkers(WorkerManager):
    """Textual keeps a worker, its arguments and its screen for as long as anything lives that began within it: a timer,
    or the screen that it opened. What a worker was given may be a secret.
    """

    def _remove_worker(self, worker: Worker[object]) -> None:
        super()._remove_worker(worker)
        worker._work = None  # type: ignore[assignment]  # it has done it
        worker._node = self._app


def to_ascii(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        char = match[0]
        if unicodedata.east_asian_width(char) in "WF":
            return "??"
        base = unicodedata.normalize("NFD", char)[0]
        return "" if unicodedata.combining(char) else base if base.isascii() else "?"

    return re.sub(r"[^\x00-\x7f]", plain, text.translate(ASCII_SIGNS))


def tolerate_bytes_that_are_no_text() -> None:
    """Textual's input thread dies of a byte that is not UTF-8, and the program with it."""
    from textual.drivers import linux_driver

    def decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return lambda: codecs.getincrementaldecoder(encoding)(errors="replace")

    linux_driver.getincrementaldecoder = decoder  # type: ignore[assignment, attr-defined]  # narrower


def speaks_utf8() -> bool:
    encoding = getattr(sys.__stderr__, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "") == "utf8"


def crash_report(error: BaseException) -> Text:
    """Where it happened, without values: no locals, and no exception's own text, which may quote what was typed."""
    if isinstance(error, WorkerFailed):
        error = error.error  # Textual's wrapper knows no place
    return Text(
        "\n".join(
            [
                "arka-tui: error: a mistake in the program ended it; the vault on disk is whole",
                "",
                *where_it_failed(error),
                "",
                "arka-tui: hint: please report these lines; they hold no key",
                "",
            ]
        )
    )
