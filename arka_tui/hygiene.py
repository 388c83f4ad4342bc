"""What the process refuses to be: dumpable, traceable, logged by its libraries, generous with its files."""

import ctypes
import os
import resource
import signal
import sys
import threading
import warnings
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

_PR_SET_DUMPABLE = 4
_before: tuple[int, tuple[int, int]] | None = None
"""The umask and the limit of core dumps that we were started with."""


def harden_process(*, hands_over: bool = False) -> None:
    """First thing in `main`: no core dumps, no reading of this process by others of the same user, files 0600.

    `ARKA_DEBUG=1` keeps the process open to debuggers. Root can read it all the same. A process that `hands_over` to
    another program can give back what it was started with; for others there is no way back.
    """
    global _before
    core = resource.getrlimit(resource.RLIMIT_CORE)
    _before = (os.umask(0o077), core)
    resource.setrlimit(resource.RLIMIT_CORE, (0, core[1] if hands_over else 0))
    if sys.platform == "linux" and os.environ.get("ARKA_DEBUG") != "1":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def give_back() -> None:
    """What a program that takes this process's place was not meant to get from us. It starts dumpable by itself."""
    if _before:
        os.umask(_before[0])
        resource.setrlimit(resource.RLIMIT_CORE, _before[1])
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and what is ignored stays so
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def give_back_memory() -> None:
    """What was freed, to the kernel, which wipes it before anybody gets it. glibc would keep what a large vault took
    while it was opened, and what it held before it was locked.
    """
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def hush_reports() -> None:
    """Python reports what nobody caught with the exception's text, and texts of HTTP libraries quote keys.

    The screens catch what happens while they are there; this is for what happens before, after, and in threads. Hooks
    that are not Python's own stay. What is logged is hushed apart, by `hush_logs`.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # a library's warning may quote what it was given
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = lambda kind, error, trace: _report(error)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = lambda failed: _report(failed.exc_value)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda failed: _report(failed.exc_value)


def hush_logs() -> None:
    """Else asyncio's lost tasks go to standard error. For whoever imports asyncio; the quick commands do without."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())


def where_it_failed(error: BaseException | None) -> list[str]:
    """Places and types down the chain of causes, without values: an exception's own text may quote what was typed."""
    import traceback

    lines: list[str] = []
    while error is not None:
        for frame in traceback.extract_tb(error.__traceback__)[-8:]:
            lines.append(f"    {Path(frame.filename).name}:{frame.lineno} in {frame.name}")
        lines.append(f"  {type(error).__name__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


def _report(error: BaseException | None) -> None:
    if sys.stderr:
        sys.stderr.write("\n".join(["arka-tui: error: a mistake in the program", *where_it_failed(error), ""]))


def scrub_textual_variables(environ: MutableMapping[str, str]) -> None:
    """Before Textual is imported: `TEXTUAL_LOG` and `TEXTUAL=devtools` would write every keystroke and paste in clear.

    Goes for all of them; what we want of Textual we say in code.
    """
    for name in [name for name in environ if name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del environ[name]
