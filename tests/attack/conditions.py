"""Real conditions instead of pretended ones: many sessions at once, a full disk, a read-only one, limits, odd rights.

Each runs in a process of its own (`python -m tests.attack.conditions NAME FOLDER`), where it may mount, limit and give
up rights without harm to anyone else: mounts live in a namespace that ends with it.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from arka_tui.errors import ArkaError
from arka_tui.paths import Paths
from tests.attack.deeds import (
    ADD,
    CHANGE_PASSPHRASE,
    CREATE,
    DELETE,
    INCOMPLETE,
    LOG,
    LOG_ANEW,
    NOT_SAVED,
    SAVED,
    UPDATE,
    Deed,
    Judge,
    make_templates,
    opened,
    start,
    tell,
)
from tests.attack.figures import Figures, Sweep
from tests.conftest import RECOVERY_CODE, open_vault

SESSIONS, COMMITS = 4, 25
MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
NO_POWERS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
"""Root without these is refused what any owner of a file is refused."""


# ---------------------------------------------------------------------- several sessions at once


def crowd(folder: Path) -> Figures:
    return jostle(folder, SESSIONS, COMMITS)


def jostle(folder: Path, sessions: int, commits: int, *, locks: bool = True) -> Figures:
    """Real processes that add keys to one vault at the same moment; all that was said to be saved must be there."""
    make_templates(folder / "made")
    root = folder / "made" / "filled"
    program = [sys.executable, "-m", "tests.attack.commit_many"]
    arguments = [str(root), str(commits), "locks" if locks else "no-locks"]
    crew = [
        subprocess.Popen([*program, *arguments, f"s{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(sessions)
    ]
    for each in crew:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    for each in crew:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    told = [line.split() for each in crew for line in each.communicate()[0].splitlines()]
    session = opened(Paths.under(root))
    found = {credential.label: session.secret(credential.name).reveal() for credential in session.list()}
    lost = [f"{label}: said {word!r}, and is lost" for word, label, secret in told if found.get(label) != secret]
    return Figures(len(told), tuple(lost), f"{sessions} processes, {commits} commits each")


# ---------------------------------------------------------------------- the disk is full


def full_disk(folder: Path) -> Figures:
    """A tmpfs of a few pages, filled to the last one, and then to all but one, two, …"""
    broken: list[str] = []
    tried = 0
    for deed in (ADD, UPDATE, DELETE, CHANGE_PASSPHRASE, LOG):
        for free_pages in range(4):
            with _judged(deed, folder) as (judge, root), _mounted("tmpfs", root / "data", "size=96k,mode=700"):
                (root / "data" / ".store.toml.tmp-0011223344556677").unlink()  # sweeping it would make room
                _fill(root / "data" / "filler", free_pages)
                before = _files(root / "data")
                said = tell(deed, start(deed, Paths.under(root)), Paths.under(root))
                what = f"{deed.name}, {free_pages} free pages"
                if deed is DELETE and said != SAVED:
                    broken.append(f"{what}: {said}")
                as_before = said.startswith(NOT_SAVED) and _files(root / "data") == before
                if deed is ADD and not free_pages and not as_before:
                    broken.append(f"{what}: {said}, and not as before")
                after = _judge_copy(judge, root, said, "filler")
                broken += [f"{what}: {each}" for each in after]
                tried += 1
    return Figures(tried, tuple(broken))


def _fill(filler: Path, free_pages: int) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(resource.getpagesize()))
        except OSError:
            pass
    os.truncate(filler, filler.stat().st_size - free_pages * resource.getpagesize())


# ---------------------------------------------------------------------- the disk is read-only


def read_only(folder: Path) -> Figures:
    """The whole home is mounted read-only: it opens, says so, and no deed changes a byte or claims to."""
    broken: list[str] = []
    deeds = (ADD, UPDATE, DELETE, CHANGE_PASSPHRASE, LOG, LOG_ANEW)
    for deed in deeds:
        with _judged(deed, folder) as (judge, root):
            before = _files(root)
            with _mounted("", root, "bind"):
                subprocess.run(["mount", "-o", "remount,ro,bind", str(root)], check=True)
                session = open_vault(Paths.under(root))
                notes = session.unlock_with_recovery_code(RECOVERY_CODE).notes
                if notes != ("the vault's folder is read-only: nothing can be changed",):
                    broken.append(f"opened with {notes}")
                said = tell(deed, session, Paths.under(root))
            if "the file system is read-only" not in said or _files(root) != before:
                broken.append(f"{deed.name}: {said}")
            broken += [f"{deed.name}: {each}" for each in judge.broken(root, said)]
    return Figures(len(deeds), tuple(broken))


# ---------------------------------------------------------------------- limits of the process


def limits(folder: Path) -> Figures:
    """Sizes that no file may exceed, in steps of 300 bytes, and numbers of files that may be open."""
    broken: list[str] = []
    tried = 0
    for deed in (CREATE, ADD, UPDATE, DELETE, CHANGE_PASSPHRASE, LOG, LOG_ANEW):
        sizes = [(resource.RLIMIT_FSIZE, size) for size in range(0, 6000, 300)]
        numbers = [(resource.RLIMIT_NOFILE, len(os.listdir("/proc/self/fd")) - 1 + more) for more in range(6)]
        for which, limit in sizes + numbers:
            with _judged(deed, folder) as (judge, root):
                session = start(deed, Paths.under(root))
                with _limited(which, limit):
                    said = tell(deed, session, Paths.under(root))
                name = "bytes in a file" if which == resource.RLIMIT_FSIZE else "open files"
                broken += [f"{deed.name}, {limit} {name}: {each}" for each in judge.broken(root, said)]
                tried += 1
    return Figures(tried, tuple(broken))


@contextmanager
def _limited(which: int, limit: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(which)
    resource.setrlimit(which, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(which, (soft, hard))


# ---------------------------------------------------------------------- odd rights and foreign files


@dataclass(frozen=True, slots=True)
class Rights:
    """`place` in the home gets `mode`; then the deed must be told as `said`."""

    place: str
    mode: int
    said: str
    deed: Deed = ADD


RIGHTS = (
    Rights("data/store.toml", 0o400, SAVED),
    Rights("data/store.toml", 0o660, SAVED),
    Rights("data/store.toml", 0o000, NOT_SAVED),
    Rights("data/store.toml.bak", 0o400, SAVED),
    Rights("data/store.toml.bak", 0o000, SAVED, DELETE),
    Rights("data/store.lock", 0o000, NOT_SAVED),
    Rights("data/store.lock", 0o666, SAVED),
    Rights("data/journal", 0o000, SAVED),
    Rights("data/journal", 0o000, INCOMPLETE, DELETE),
    Rights("data/journal", 0o000, INCOMPLETE, LOG),
    Rights("data/journal", 0o400, SAVED, DELETE),
    Rights("data", 0o500, NOT_SAVED),
    Rights("data", 0o300, NOT_SAVED),
    Rights("data", 0o000, NOT_SAVED),
    Rights("data", 0o1700, SAVED),
    Rights("data", 0o2700, SAVED),
    Rights("state", 0o500, SAVED),
    Rights("state/seen.json", 0o000, SAVED),
    Rights("data/.store.toml.tmp-0011223344556677", 0o000, SAVED, DELETE),
)


def rights(folder: Path) -> Figures:
    """Each taken away before the deed, and given back before it is judged: nothing may be lost, everything told."""
    broken: list[str] = []
    for odd in RIGHTS:
        with _judged(odd.deed, folder) as (judge, root):
            place, session = root / odd.place, start(odd.deed, Paths.under(root))
            before = place.stat().st_mode
            place.chmod(odd.mode)
            said = tell(odd.deed, session, Paths.under(root))
            opens = _opens(root)
            if place.exists():
                place.chmod(before)
            what = f"{odd.deed.name} with {odd.place} {odd.mode:o}"
            if said.partition(":")[0] != odd.said or opens.startswith("crashed"):
                broken.append(f"{what}: {said}; {opens}")
            broken += [f"{what}: {each}" for each in judge.broken(root, said)]
    return Figures(len(RIGHTS), tuple(broken))


def _opens(root: Path) -> str:
    """How a fresh session fares. Only our own errors may come out."""
    try:
        vault = open_vault(Paths.under(root))
        vault.exists()
        vault.unlock_with_recovery_code(RECOVERY_CODE)
    except ArkaError as failure:
        return str(failure)
    except OSError as failure:
        return f"crashed: {failure}"
    return "opens"


def strangers(folder: Path) -> Figures:
    """Another user owns the folder, the vault or its mirror: only root can make it so."""
    broken: list[str] = []
    for place, word in (("data", NOT_SAVED), ("data/store.toml", NOT_SAVED), ("data/store.toml.bak", INCOMPLETE)):
        with _judged(DELETE, folder) as (judge, root):
            session, before = start(DELETE, Paths.under(root)), (root / "data/store.toml.bak").read_bytes()
            os.chown(root / place, 12345, 12345)
            if word == INCOMPLETE:
                session = start(DELETE, Paths.under(root))
            said = tell(DELETE, session, Paths.under(root))
            if said.partition(":")[0] != word or "belongs to another user" not in said:
                broken.append(f"{place} of another user: {said}")
            if (root / "data/store.toml.bak").read_bytes() != before:
                broken.append(f"{place} of another user: the mirror was written")
            os.chown(root / place, os.geteuid(), os.getegid())
            broken += [f"{place} of another user: {each}" for each in judge.broken(root, said)]
    return Figures(3, tuple(broken))


# ---------------------------------------------------------------------- what all share


@contextmanager
def _judged(deed: Deed, folder: Path) -> Iterator[tuple[Judge, Path]]:
    """A judge of the deed, and a home that is ready for it."""
    templates, scratch = folder / "templates", folder / "scratch"
    if not templates.exists():
        make_templates(templates)
    scratch.mkdir()
    try:
        yield _judge(deed, templates, scratch), shutil.copytree(templates / deed.template, scratch / "root")
    finally:
        shutil.rmtree(scratch)


@cache
def _judge(deed: Deed, templates: Path, scratch: Path) -> Judge:
    return Judge.of(deed, templates, scratch)


@contextmanager
def _mounted(kind: str, place: Path, options: str) -> Iterator[None]:
    """A new file system with what was in `place`, or `place` itself again where there is no `kind`."""
    inside = _files(place)
    if kind:
        subprocess.run(["mount", "-t", kind, "-o", options, kind, str(place)], check=True)
        for path, data in inside.items():
            path.write_bytes(data)
    else:
        subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _judge_copy(judge: Judge, root: Path, said: str, without: str) -> list[str]:
    """In a copy on the ordinary disk, where the next commit has room."""
    copy = Path(shutil.copytree(root, root.with_name("copy")))
    (copy / "data" / without).unlink()
    found = judge.broken(copy, said)
    shutil.rmtree(copy)
    return found


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unfit(prefix: Sequence[str]) -> str:
    """Why this cannot be tried here, or nothing."""
    if not shutil.which(prefix[0]):
        return f"{prefix[0]} is not installed"
    try_it = [*prefix, "mount", "-t", "tmpfs", "none", "/mnt"] if prefix == MOUNTS else [*prefix, "true"]
    done = subprocess.run(try_it, capture_output=True, check=False)
    return "" if done.returncode == 0 else f"not permitted here: {' '.join(prefix)}"


def apart(name: str, prefix: Sequence[str] = ()) -> Callable[[Path], Figures]:
    """Runs that function in a process of its own, under the command `prefix`."""

    def run(folder: Path) -> Figures:
        if prefix and (why := unfit(prefix)):
            return Figures(0, (), f"skipped: {why}")
        command = [*prefix, sys.executable, "-m", "tests.attack.conditions", name, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return Figures(0, (f"{name}: {done.stderr}",))
        tree = json.loads(done.stdout)
        return Figures(tree["tried"], tuple(tree["broken"]), tree["told"])

    return run


full_disk_apart = apart("full_disk", MOUNTS)
read_only_apart = apart("read_only", MOUNTS)
limits_apart = apart("limits")
rights_apart = apart("rights", NO_POWERS if os.geteuid() == 0 else ())


def strangers_apart(folder: Path) -> Figures:
    if os.geteuid():
        return Figures(0, (), "skipped: only root can give a file away")
    return apart("strangers")(folder)


SWEEPS = (
    Sweep(8, "many sessions commit at once", crowd),
    Sweep(7, "a disk that is really full", full_disk_apart, needs="unshare"),
    Sweep(6, "a disk that is really read-only", read_only_apart, needs="unshare"),
    Sweep(6, "limits of file size and of open files", limits_apart),
    Sweep(6, "odd rights on every file", rights_apart, needs="setpriv"),
    Sweep(6, "files of another user", strangers_apart),
)

if __name__ == "__main__":
    run = {each.__name__: each for each in (full_disk, read_only, limits, rights, strangers)}[sys.argv[1]]
    figures = run(Path(sys.argv[2]))
    sys.stdout.write(json.dumps({"tried": figures.tried, "broken": figures.broken, "told": figures.told}))
