"""Leaving when asked to, and when nobody is there any more: signals, a vanished terminal, a stalled one.

By default Textual dies of SIGTERM and SIGHUP without restoring the terminal, and stays alive at full speed, with the
vault open, where the terminal is gone and SIGHUP was ignored.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from arka_tui.errors import TerminalUnfit

GRACE_S = 3.0
"""A terminal that takes no more bytes blocks the main thread; then nothing gentler than `os._exit` is left."""
_LOOK_EVERY_S = 1.0
_FATAL = (
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2),
    *(signal.SIGVTALRM, signal.SIGPROF, signal.SIGXCPU, signal.SIGIO, signal.SIGPWR, signal.SIGSTKFLT),
)
"""All that end a process by default, but those that a fault in it raises."""


def refuse_unfit_terminal(term: str | None) -> None:
    """Raises: TerminalUnfit, where a screen would be blank, garbage, or run on without anybody."""
    if not sys.__stdin__ or not sys.__stdin__.isatty():
        raise TerminalUnfit("standard input is not a terminal", "run it in a terminal; over ssh use ssh -t")
    if not sys.__stderr__ or not sys.__stderr__.isatty():
        raise TerminalUnfit("standard error is not a terminal", "the screen is drawn on it: do not redirect it")
    if term == "dumb":
        raise TerminalUnfit("the terminal says that it is dumb", "set TERM to what it really is")


class Lifeline:
    """`leave(code)` is called on the event loop; the process ends `GRACE_S` later whatever happens.

    `continued()` is called there after every SIGCONT.
    """

    def __init__(self, leave: Callable[[int], None], continued: Callable[[], object]) -> None:
        self._leave = leave
        self._continued = continued
        self._loop = asyncio.get_running_loop()
        self._done = threading.Event()
        self._leaving = threading.Event()
        self._suspended = False

    def hold(self) -> None:
        for number in _FATAL:
            signal.signal(number, lambda number, frame: self._go(128 + number))
        self._resume_only_what_was_suspended()
        self._take_sizes_in_their_order()
        threading.Thread(target=self._watch_terminal, name="arka-terminal", daemon=True).start()

    def let_go(self, code: int) -> None:
        """Also ends threads that wait for an ssh-agent: Python would wait for them."""
        self._done.set()
        threading.Thread(target=self._end, args=(code,), name="arka-end", daemon=True).start()

    def _resume_only_what_was_suspended(self) -> None:
        """Textual starts its terminal a second time on any SIGCONT, and can then never leave.

        They come unasked: after SIGSTOP, with the SIGTERM of systemd. One in the background stops it again, within
        `resume`, and the next one must be let through.
        """
        suspend, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
        if not callable(suspend) or not callable(resume):
            return

        def stopped(number: int, frame: FrameType | None) -> None:
            self._suspended = True
            suspend(number, frame)

        def continued(number: int, frame: FrameType | None) -> None:
            if self._suspended:
                resume(number, frame)
                self._suspended = False
                self._take_sizes_in_their_order()
            with suppress(RuntimeError):  # the loop is closed: it is leaving already
                self._loop.call_soon_threadsafe(self._continued)

        signal.signal(signal.SIGTSTP, stopped)
        signal.signal(signal.SIGCONT, continued)

    def _take_sizes_in_their_order(self) -> None:
        """Textual reads the size within the signal; a second signal within the first leaves it with the older one."""
        resized = signal.getsignal(signal.SIGWINCH)
        if callable(resized):
            signal.signal(signal.SIGWINCH, lambda *signalled: self._loop.call_soon_threadsafe(resized, *signalled))

    def _go(self, code: int) -> None:
        if self._leaving.is_set():
            return
        self._leaving.set()
        threading.Thread(target=self._end, args=(code,), name="arka-end", daemon=True).start()
        with suppress(RuntimeError):  # the loop is closed: it is leaving already
            self._loop.call_soon_threadsafe(self._leave, code)

    def _end(self, code: int) -> None:
        """Also after `let_go`: Textual's last act is to wait until its last bytes are taken."""
        time.sleep(GRACE_S)
        os._exit(code)

    def _watch_terminal(self) -> None:
        stdin = sys.__stdin__.fileno() if sys.__stdin__ else 0
        while not self._done.wait(_LOOK_EVERY_S):
            if not os.isatty(stdin):
                self._go(128 + signal.SIGHUP)
                return
