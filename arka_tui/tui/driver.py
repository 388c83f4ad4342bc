"""The terminal, given back only when it has heard that it is: over a slow link it goes on reporting for a while."""

import os
import select
import termios
import time
from contextlib import suppress

from textual.drivers.linux_driver import LinuxDriver

ANSWER_S = 1.0
"""The longest that leaving waits for a terminal's answer; all but the oddest give one, after one round trip."""
_ARE_YOU_THERE, _I_AM = "\x1b[5n", b"\x1b[0n"


class PatientDriver(LinuxDriver):
    """Mouse moves, focus changes and key codes that were sent before the terminal heard would be typed into the shell.

    What is typed after that is the shell's, to the letter.
    """

    def stop_application_mode(self) -> None:
        before, self.attrs_before = self.attrs_before, None  # Textual would restore it, and the echo, too early
        super().stop_application_mode()
        self._key_thread = None
        if before is None:
            return
        self.write(_ARE_YOU_THERE)
        self.flush()
        with suppress(OSError):  # the terminal has vanished
            self._drop_until_answer()
        with suppress(termios.error):
            termios.tcsetattr(self.fileno, termios.TCSANOW, before)

    def disable_input(self) -> None:
        """Not a second time: Textual throws away what came since, and that was typed to the shell."""
        if self._key_thread is not None:
            super().disable_input()

    def _drop_until_answer(self) -> None:
        """Byte by byte, for what follows the answer is not ours to read. Raises: OSError."""
        give_up = time.monotonic() + ANSWER_S
        last = b""
        while last != _I_AM:
            ready, _, _ = select.select([self.fileno], [], [], max(0.0, give_up - time.monotonic()))
            byte = os.read(self.fileno, 1) if ready else b""
            if not byte or time.monotonic() >= give_up:
                return
            last = (last + byte)[-len(_I_AM) :]
