"""`python -m tests.attack.commit_many FOLDER COUNT locks|no-locks NAME`: one of several sessions that save at once."""

import fcntl
import sys
from pathlib import Path

from arka_tui.errors import VaultError
from arka_tui.paths import Paths
from arka_tui.store import disk
from tests.attack.deeds import INCOMPLETE, NOT_SAVED, SAVED, opened
from tests.conftest import draft


def main(folder: str, count: str, locks: str, name: str) -> None:
    disk.LOCK_PATIENCE_S = 60.0  # a slow machine is not what is looked for
    if locks == "no-locks":
        fcntl.flock = lambda _fd, _operation: None
    session = opened(Paths.under(Path(folder)))
    _say("ready")
    sys.stdin.readline()
    for number in range(int(count)):
        label, secret = f"{name}-{number}", f"sk-proj-aaaaaaaaaaaaaaaaaaaa-{name}-{number}"
        try:
            word = INCOMPLETE if session.add(draft(f"openai/{label}", secret))[1].incomplete else SAVED
        except VaultError:
            word = NOT_SAVED
        _say(f"{word.replace(' ', '-')} {label} {secret}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
