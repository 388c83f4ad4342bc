"""Every system call by which a process could let something out, recorded by strace and read back."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WRITES = (
    "write,pwrite64,writev,pwritev,pwritev2,vmsplice,sendto,sendmsg,sendmmsg,process_vm_writev,mq_timedsend,msgsnd,"
    "setxattr,lsetxattr,fsetxattr,add_key,keyctl"
)
NAMES = (
    "execve,execveat,open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,"
    "symlink,symlinkat,unlink,unlinkat,memfd_create,prctl,connect,bind"
)
"""What they are given is a name, or arguments and environment."""
UNSEEN = "io_uring_setup,shmget,shmat,sendfile,splice,tee,copy_file_range,mmap"
"""Ways past the calls above. Of `mmap` only what writes to a shared file."""

_STRINGS = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_CALL = re.compile(rb"^\d+ +([a-z0-9_]+)\((.*)", re.DOTALL)
_TARGET = re.compile(rb"^\d+<((?:[^<>]|<[^<>]*>|->)*)>, ")
_SHARED_AND_WRITTEN = re.compile(rb"PROT_WRITE.*MAP_SHARED.*, \d+<")


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    target: str
    """What is written to: a path, or a socket's two ends; empty where the call has no such thing."""
    data: bytes
    """All that it was given, in its order."""
    whole: bool
    """False where strace could not read the memory, or cut it."""


def traced(command: Sequence[str], record: Path) -> list[str]:
    """`command`, under the same process id. The record is complete when the terminal has been closed by all.

    Of a process that is not dumpable only root may read the memory; for others the program has ARKA_DEBUG.
    """
    calls = ",".join((WRITES, NAMES, UNSEEN))
    options = ["-DDD", "-f", "--seccomp-bpf", "-yy", "-xx", "-v", "-qq", "-s", "100000000", "-e", f"trace={calls}"]
    debug = [] if os.geteuid() == 0 else ["-E", "ARKA_DEBUG=1"]
    return ["strace", *options, *debug, "-e", "signal=none", "-o", str(record), *command]


def read(record: Path) -> Iterator[Call]:
    """In the order in which they were begun."""
    for line in record.read_bytes().splitlines():
        if begun := _CALL.match(line):
            name, arguments = begun[1].decode(), begun[2]
            arguments = re.sub(rb"\) += [^\"]*$", b"", arguments)
            target = _TARGET.match(arguments)
            strings = list(_STRINGS.finditer(arguments))
            yield Call(
                name,
                _unhex(target[1]).decode() if target else "",
                b"".join(_bytes(string[1]) for string in strings),
                all(not string[2] for string in strings) and (bool(strings) or not _gives_data(name)),
            )


def buffers(calls: Iterable[Call]) -> dict[str, bytes]:
    """All that went to one target in one piece: a text may be cut in two by the calls that write it."""
    gathered: dict[str, bytearray] = {}
    for call in calls:
        gathered.setdefault(call.target if call.target else f"arguments of {call.name}", bytearray()).extend(call.data)
    return {target: bytes(data) for target, data in gathered.items()}


def ways_past(record: Path) -> list[str]:
    """Calls that let something out without a buffer to look at."""
    wanted = UNSEEN.split(",")
    lines = [(begun[1].decode(), line) for line in record.read_bytes().splitlines() if (begun := _CALL.match(line))]
    return [name for name, line in lines if name in wanted and (name != "mmap" or _SHARED_AND_WRITTEN.search(line))]


def _gives_data(name: str) -> bool:
    return name in ("write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg", "execve", "openat")


def _bytes(string: bytes) -> bytes:
    return bytes.fromhex(string.replace(rb"\x", b"").decode())


def _unhex(text: bytes) -> bytes:
    return re.sub(rb"(?:\\x[0-9a-f]{2})+", lambda run: _bytes(run[0]), text)
