"""What the process refuses to be: dumpable, traceable, logged by its libraries, generous with its files."""

import ctypes
import os
import resource
import sys
from collections.abc import MutableMapping

_PR_SET_DUMPABLE = 4


def harden_process() -> None:
    """First thing in `main`: no core dumps, no reading of this process by others of the same user, files 0600.

    `ARKA_DEBUG=1` keeps the process open to debuggers. Root can read it all the same.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and os.environ.get("ARKA_DEBUG") != "1":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def scrub_textual_variables(environ: MutableMapping[str, str]) -> None:
    """Before Textual is imported: `TEXTUAL_LOG` and `TEXTUAL=devtools` would write every keystroke and paste in clear.

    Goes for all of them; what we want of Textual we say in code.
    """
    for name in [name for name in environ if name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del environ[name]
