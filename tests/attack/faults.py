"""The fault sweep: every system call of every kind of commit fails in turn, or is the last (SECURITY.md §2.4).

`strace` is attached to a child that waits just before its commit (`commit_once.py`). A first run writes down which
calls the commit makes; then each of them, by its number, is struck by each fault in a run of its own.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import IO

from tests.attack.commit_once import BEGIN, END, GO
from tests.attack.deeds import DEEDS, SAVED, Deed, Judge, make_templates
from tests.attack.figures import Figures, Sweep

CALLS = (
    "?open,openat,read,pread64,write,pwrite64,fsync,fdatasync,close,?rename,renameat,renameat2,?unlink,unlinkat,flock,"
    "?chmod,fchmod,fchmodat,?mkdir,mkdirat,?rmdir,?stat,?lstat,fstat,?newfstatat,statx,?access,faccessat,?faccessat2,"
    "lseek,getdents64,ftruncate,?link,linkat,?symlink,symlinkat,utimensat,dup,fcntl,?readlink,readlinkat"
)
"""What strace traces to number the calls; those with "?" do not exist on every processor."""
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EINTR", "EMFILE", "EACCES", "EROFS")
LOOKING = ("stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "lseek", "fcntl")
"""Calls that can fail in few ways. A kill at one, or at a read, is a kill at the next call that changes a file."""
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Fault:
    call: str
    nth: int
    """Counted from the moment strace is attached."""
    how: str
    """What strace injects: "error=EIO", "signal=KILL", "retval=1"."""

    def __str__(self) -> str:
        return f"{self.call} #{self.nth} {self.how}"


def unfit() -> str:
    """Why no fault can be injected here, or nothing."""
    if not shutil.which("strace"):
        return "strace is not installed"
    if sys.platform != "linux":
        return "strace needs Linux"
    traced = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if traced.returncode == 0 else "ptrace is not permitted here: a container needs the capability SYS_PTRACE"


def sweep(folder: Path) -> Figures:
    """Every deed, every call, every fault, on two processes."""
    if why := unfit():
        return Figures(0, (), f"skipped: {why}")
    work = [(name, part, folder / f"{number}-{part}") for number, name in enumerate(DEEDS) for part in range(WORKERS)]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        return joined(pool.map(_part, *zip(*work, strict=True)))


def _part(name: str, part: int, folder: Path) -> Figures:
    folder.mkdir()
    return strike(DEEDS[name], folder, part, WORKERS)


def joined(parts: Iterable[Figures]) -> Figures:
    every = list(parts)
    return Figures(sum(each.tried for each in every), tuple(line for each in every for line in each.broken))


def strike(deed: Deed, folder: Path, first: int = 0, step: int = 1) -> Figures:
    """Each `step`-th fault of one deed, from the `first` on, in this process."""
    templates, scratch = folder / "templates", folder / "scratch"
    templates.mkdir()
    scratch.mkdir()
    make_templates(templates)
    judge = Judge.of(deed, templates, scratch)
    broken: list[str] = []
    with Server() as server:
        faults = faults_of(deed, server.calls(deed, templates, scratch))[first::step]
        for fault in faults:
            root = shutil.copytree(templates / deed.template, scratch / "root")
            said, struck = server.run(deed, root, fault)
            if not struck:
                broken.append(f"{deed.name}: {fault} never struck")
            broken += [f"{deed.name}: {fault}: {what}" for what in judge.broken(root, said)]
            shutil.rmtree(root)
    return Figures(len(faults), tuple(broken))


def faults_of(deed: Deed, calls: Sequence[tuple[str, int]]) -> list[Fault]:
    """What can go wrong at each of these calls."""
    faults = [Fault(call, nth, how) for call, nth in calls for how in _ways(call)]
    return [fault for fault in faults if deed.verified or "retval" not in fault.how]


@cache
def _ways(call: str) -> list[str]:
    if call in LOOKING:
        return ["error=EIO", "error=EACCES"]
    ways = [f"error={each}" for each in ERRORS]
    if call in ("read", "pread64"):
        return [*ways, "retval=0"]  # the file seems to end here
    if call in ("write", "pwrite64"):
        ways += ["retval=1", "retval=0"]  # less than was asked for, and even that is a lie
    if call == "flock":
        ways += ["error=ENOLCK", "error=EOPNOTSUPP"]
    return [*ways, "signal=KILL"]


class Server:
    """The process that forks a child for each case. In a `with`."""

    def __enter__(self) -> "Server":
        command = [sys.executable, "-m", "tests.attack.commit_once"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self._line() == "warm"
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()
        self._process.wait()

    def calls(self, deed: Deed, templates: Path, scratch: Path) -> list[tuple[str, int]]:
        """The calls between the two marks, each with its number since strace was attached."""
        root = shutil.copytree(templates / deed.template, scratch / "counted")
        said, trace = self._traced(deed, root, [f"--trace={CALLS}"])
        assert said.startswith(SAVED) or deed.must_fail, said
        shutil.rmtree(root)
        return numbered(trace)

    def run(self, deed: Deed, root: Path, fault: Fault) -> tuple[str, bool]:
        """What was said, or "" where it was killed, and whether the fault struck."""
        inject = f"{fault.call}:{fault.how}:when={fault.nth}"
        said, trace = self._traced(deed, root, [f"--trace={fault.call}", f"--inject={inject}"])
        return said, "INJECTED" in trace or not said

    def _traced(self, deed: Deed, root: Path, options: list[str]) -> tuple[str, str]:
        log = root.with_name("trace")
        self._say(f"{deed.name}\t{root}")
        pid = self._line().removeprefix("ready ")
        command = ["strace", *options, "--signal=none", f"--output={log}", "-p", pid]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr
            assert "attached" in (answer := tracer.stderr.readline()), answer
            os.kill(int(pid), GO)
            said = self._line()
            if said != "done":
                assert self._line() == "done"
            tracer.stderr.read()
        return "" if said == "done" else said, log.read_text(errors="replace")

    def _say(self, line: str) -> None:
        self._in.write(line + "\n")

    def _line(self) -> str:
        line = self._out.readline()
        assert line.endswith("\n"), "the server has ended"
        return line[:-1]

    @property
    def _in(self) -> IO[str]:
        assert self._process.stdin
        return self._process.stdin

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout
        return self._process.stdout


def numbered(trace: str) -> list[tuple[str, int]]:
    """Raises: AssertionError where the marks are not in it."""
    counts: Counter[str] = Counter()
    between: list[tuple[str, int]] = []
    begun = ended = False
    for line in trace.splitlines():
        if not (match := re.match(r"(\w+)\(", line)):
            continue
        counts[match[1]] += 1
        ended = ended or END in line
        if begun and not ended:
            between.append((match[1], counts[match[1]]))
        begun = begun or BEGIN in line
    assert begun and ended, trace
    return between


SWEEPS = (Sweep(6, "every system call of every commit fails in turn", sweep, needs="strace"),)
