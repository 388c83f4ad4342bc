"""`python -m tests.attack.commit_once`: forks one child a case, which waits, commits once and says what it was told.

On stdin a line "DEED<tab>FOLDER"; on stdout "ready PID"; then the signal GO to that process; on stdout what was said,
or nothing where the child was killed, and "done". Everything is imported and used once before the first fork, so that
a child's system calls are the commit's own and the same each time.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from arka_tui.paths import Paths
from tests.attack.deeds import DEEDS, Deed, make_templates, start, tell

BEGIN, END = "/arka-begins", "/arka-ends"
"""Looked for by the child around the commit: marks in the trace."""
GO = signal.SIGUSR1
"""Waited for with a call that no fault is for: how often a read is tried again while strace attaches is chance."""


def serve() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {GO})
    for line in sys.stdin:
        name, folder = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            commit(DEEDS[name], Paths.under(Path(folder)))
            os._exit(0)
        os.waitpid(child, 0)
        _say("done")


def commit(deed: Deed, paths: Paths) -> None:
    session = start(deed, paths)
    _say(f"ready {os.getpid()}")
    signal.sigwait({GO})
    os.access(BEGIN, os.F_OK)
    said = tell(deed, session, paths)
    os.access(END, os.F_OK)
    _say(said)


def warm_up() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        make_templates(Path(scratch))
        for number, deed in enumerate(DEEDS.values()):
            paths = Paths.under(shutil.copytree(Path(scratch) / deed.template, Path(scratch) / f"{number}"))
            tell(deed, start(deed, paths), paths)


def _say(text: str) -> None:
    os.write(1, text.replace("\n", " ").encode() + b"\n")


if __name__ == "__main__":
    warm_up()
    _say("warm")
    serve()
