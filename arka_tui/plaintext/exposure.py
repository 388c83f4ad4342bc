"""Who else may have what is in a file: whoever has the git repository, and the other users of this machine."""

import os
import shutil
import subprocess
from pathlib import Path

from arka_tui.plaintext.places import working_tree
from arka_tui.plaintext.reading import Text

_GIT_PATIENCE_S = 10


def is_tracked(path: Path) -> bool | None:
    """By git; None where that cannot be told."""
    git = shutil.which("git")
    if git is None or working_tree(path.parent) is None:
        return None if git is None else False
    # A repository may be anybody's: what its config would have git run is switched off.
    command = [git, "-C", str(path.parent), "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and what is no option stands after --
            [*command, "ls-files", "--error-unmatch", "--", f":(literal){path.name}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_GIT_PATIENCE_S,
            env={**environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return {0: True, 1: False}.get(done.returncode)


def is_readable(text: Text) -> bool:
    """By other users: the file, and every folder on the way. One's own group counts as oneself."""
    try:
        folders = [each.stat().st_mode for each in Path(os.path.realpath(text.path)).parents]
    except OSError:
        return False
    mode, ours = text.info.st_mode, text.info.st_gid == os.getgid()
    by_all = mode & 0o004 and all(each & 0o001 for each in folders)
    by_group = not ours and mode & 0o040 and all(each & 0o011 for each in folders)
    return bool(by_all or by_group)
