"""What the process refuses to be: dumpable, traceable, logged by its libraries, generous with its files."""

import ctypes
import logging
import os
import resource
import sys
import threading
import traceback
import warnings
from collections.abc import MutableMapping
from pathlib import Path

_PR_SET_DUMPABLE = 4


def harden_process() -> None:
    """First thing in `main`: no core dumps, no reading of this process by others of the same user, files 0600.

    `ARKA_DEBUG=1` keeps the process open to debuggers. Root can read it all the same.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and os.environ.get("ARKA_DEBUG") != "1":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def hush_reports() -> None:
    """Python reports what nobody caught with the exception's text, and texts of HTTP libraries quote keys.

    The screens catch what happens while they are there; this is for what happens before, after, and in threads. Hooks
    that are not Python's own stay.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # else asyncio's lost tasks go to standard error
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # a library's warning may quote what it was given
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = lambda kind, error, trace: _report(error)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = lambda failed: _report(failed.exc_value)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda failed: _report(failed.exc_value)


def where_it_failed(error: BaseException | None) -> list[str]:
    """Places and types down the chain of causes, without values: an exception's own text may quote what was typed."""
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
