"""The power-loss model: what may be on the disk after a power failure at any moment of a commit (SECURITY.md §2.4).

What a commit does to files is recorded while the real code runs. Then every state that the disk may be in is built and
opened. Two ideas of a file system are tried. *Ordered*: names change in the order in which the program changed them,
and a synced folder means that all earlier changes are on disk. *Weak*: each change of a name that was not synced may be
lost by itself, whatever came after it. In both, what was written to a file and not synced may be there, missing, cut in
half or zeros.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any
from unittest import mock

from arka_tui.paths import Paths
from tests.attack.deeds import (
    ADD,
    CHANGE_PASSPHRASE,
    CREATE,
    DELETE,
    HEAL,
    LOG,
    LOG_ANEW,
    LOG_FIRST,
    RESTORE,
    UPDATE,
    Deed,
    Judge,
    make_templates,
    start,
    tell,
)
from tests.attack.figures import Figures, Sweep

DEEDS = (CREATE, ADD, UPDATE, DELETE, CHANGE_PASSPHRASE, LOG, LOG_FIRST, LOG_ANEW, HEAL, RESTORE)
FOLDER = -1
"""Stands for a folder where a file has its number."""

Tree = dict[Path, bytes | None]
"""What is on the disk: the bytes of each file, None for a folder."""


@dataclass(frozen=True, slots=True)
class Change:
    """Of the names in one folder: all of them or none. None takes the name away."""

    folder: Path
    names: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Write:
    file: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SyncFile:
    file: int


@dataclass(frozen=True, slots=True)
class SyncFolder:
    folder: Path


Op = Change | Write | SyncFile | SyncFolder


# ---------------------------------------------------------------------- recording


class Recorder:
    """Stands between the program and `os`, and notes what changes below `root`."""

    def __init__(self, root: Path) -> None:
        self.ops: list[Op] = []
        self.files: dict[int, bytes] = {}
        """What was in the files before, by number."""
        self.names: dict[Path, int] = {}
        self._root = root
        self._open: dict[int, Path] = {}
        for path in root.rglob("*"):
            self.names[path] = FOLDER if path.is_dir() else len(self.files)
            if path.is_file():
                self.files[self.names[path]] = path.read_bytes()
        self._before = dict(self.names)

    @property
    def before(self) -> dict[Path, int]:
        return self._before

    @contextmanager
    def watching(self) -> Iterator[None]:
        wrapped: dict[str, object] = {
            name: getattr(self, name) for name in ("open", "write", "fsync", "rename", "unlink", "mkdir")
        }
        refused = dict.fromkeys(("pwrite", "writev", "replace", "link", "truncate", "ftruncate", "rmdir"), _refuse)
        self._real: dict[str, Any] = {name: getattr(os, name) for name in wrapped}
        with ExitStack() as patches:
            for name, function in {**wrapped, **refused}.items():
                patches.enter_context(mock.patch.object(os, name, function))
            yield

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        place = self._place(path, dir_fd)
        fd: int = self._real["open"](path, flags, mode, dir_fd=dir_fd)
        self._open[fd] = place
        if flags & os.O_CREAT and place not in self.names and self._root in place.parents:
            self._change(place.parent, {place: len(self.files)})
            self.files[len(self.files)] = b""
        return fd

    def write(self, fd: int, data: Any) -> int:
        written: int = self._real["write"](fd, data)
        self.ops.append(Write(self.names[self._open[fd]], bytes(data[:written])))
        return written

    def fsync(self, fd: int) -> None:
        self._real["fsync"](fd)
        place = self._open[fd]
        if place.is_dir():
            self.ops.append(SyncFolder(place))
        else:
            self.ops.append(SyncFile(self.names[place]))

    def rename(self, old: Any, new: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        self._real["rename"](old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        source, target = self._place(old, src_dir_fd), self._place(new, dst_dir_fd)
        assert source.parent == target.parent, "a rename to another folder is not in this model"
        self._change(source.parent, {source: None, target: self.names[source]})

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._real["unlink"](path, dir_fd=dir_fd)
        place = self._place(path, dir_fd)
        self._change(place.parent, {place: None})

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        self._real["mkdir"](path, mode, dir_fd=dir_fd)
        place = self._place(path, dir_fd)
        self._change(place.parent, {place: FOLDER})

    def _place(self, path: Any, dir_fd: int | None) -> Path:
        return Path(path) if dir_fd is None else self._open[dir_fd] / path

    def _change(self, folder: Path, places: dict[Path, int | None]) -> None:
        self.ops.append(Change(folder, {place.name: file for place, file in places.items()}))
        for place, file in places.items():
            if file is None:
                del self.names[place]
            else:
                self.names[place] = file


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("this call is not in the model: record it")


# ---------------------------------------------------------------------- what may be on the disk


@dataclass
class Model:
    """A disk after some operations: what is on it for certain, and what may be."""

    weak: bool
    names: dict[Path, dict[str, int]]
    files: dict[int, bytes]
    """What was synced of each."""
    written: dict[int, bytes] = field(default_factory=dict)
    """What the program would read in those that are not synced."""
    pending: list[Change] = field(default_factory=list)

    def apply(self, op: Op) -> None:
        match op:
            case Change():
                self.pending.append(op)
            case Write(file, data):
                self.written[file] = self.written.get(file, self.files.get(file, b"")) + data
            case SyncFile(file):
                self.files[file] = self.written.pop(file, self.files.get(file, b""))
            case SyncFolder(folder):
                certain = [each for each in self.pending if not self.weak or each.folder == folder]
                _change_names(self.names, certain)
                self.pending = [each for each in self.pending if each not in certain]

    def trees(self, root: Path) -> Iterator[Tree]:
        """Every tree that may be found after a power failure now."""
        for changes in self._surviving():
            names = {folder: dict(entries) for folder, entries in self.names.items()}
            _change_names(names, changes)
            places = dict(_walk(names, root))
            unsynced = sorted({file for file in places.values() if file in self.written})
            for contents in product(*(self._contents(file) for file in unsynced)):
                found = {**self.files, **dict(zip(unsynced, contents, strict=True))}
                yield {place: None if file == FOLDER else found.get(file, b"") for place, file in places.items()}

    def _surviving(self) -> Iterator[tuple[Change, ...]]:
        lengths = range(len(self.pending) + 1)
        if self.weak:
            return chain.from_iterable(combinations(self.pending, length) for length in lengths)
        return (tuple(self.pending[:length]) for length in lengths)

    def _contents(self, file: int) -> list[bytes]:
        synced, written = self.files.get(file, b""), self.written[file]
        new = written[len(synced) :]
        return [written, synced, synced + new[: len(new) // 2], synced + bytes(len(new))]


def _change_names(names: dict[Path, dict[str, int]], changes: list[Change] | tuple[Change, ...]) -> None:
    for change in changes:
        entries = names.setdefault(change.folder, {})
        for name, file in change.names.items():
            entries.pop(name, None)
            if file is not None:
                entries[name] = file


def _walk(names: dict[Path, dict[str, int]], folder: Path) -> Iterator[tuple[Path, int]]:
    for name, file in names.get(folder, {}).items():
        yield folder / name, file
        if file == FOLDER:
            yield from _walk(names, folder / name)


def crash_states(recorder: Recorder, root: Path, *, weak: bool, without: str = "") -> Iterator[tuple[Tree, bool]]:
    """What may be on the disk at any moment, and whether that is after the last operation.

    `without` leaves out the syncs of files ("file") or of folders ("folder"), as if the program had none.
    """
    names: dict[Path, dict[str, int]] = {root: {}}
    for place, file in recorder.before.items():
        names.setdefault(place.parent, {})[place.name] = file
    model = Model(weak, names, dict(recorder.files))
    left_out = {"file": SyncFile, "folder": SyncFolder}.get(without)
    ops = [op for op in recorder.ops if left_out is None or not isinstance(op, left_out)]
    for op in ops:
        yield from ((tree, False) for tree in model.trees(root))
        model.apply(op)
    yield from ((tree, True) for tree in model.trees(root))


# ---------------------------------------------------------------------- the sweep


@dataclass(frozen=True, slots=True)
class Recording:
    """One deed that succeeded, operation by operation."""

    deed: Deed
    judge: Judge
    recorder: Recorder
    root: Path
    said: str


def record(deed: Deed, folder: Path) -> Recording:
    """Raises: AssertionError where what was recorded does not make what is on the disk."""
    templates, scratch = folder / "templates", folder / deed.name
    scratch.mkdir()
    judge = Judge.of(deed, templates, scratch)
    root = shutil.copytree(templates / deed.template, scratch / "root")
    paths = Paths.under(root)
    session = start(deed, paths)
    recorder = Recorder(root)
    with recorder.watching():
        said = tell(deed, session, paths)
    *_, (last, done) = crash_states(recorder, root, weak=True)
    assert done and last == on_disk(root), "the recording is not whole"
    return Recording(deed, judge, recorder, root, said)


def on_disk(root: Path) -> Tree:
    return {path: None if path.is_dir() else path.read_bytes() for path in root.rglob("*")}


def tried_on(recording: Recording, *, without: str = "", healing: bool = True) -> Iterator[list[str]]:
    """What each crash state of one deed breaks, built on the disk and opened; first the ordered ones."""
    tried: set[tuple[frozenset[tuple[Path, bytes | None]], bool]] = set()
    for weak in (False, True):
        for tree, done in crash_states(recording.recorder, recording.root, weak=weak, without=without):
            state = frozenset(tree.items()), done
            if state not in tried:
                tried.add(state)
                build(tree, recording.root)
                found = recording.judge.broken(recording.root, recording.said if done else "", healing=healing)
                kind = "weak" if weak else "ordered"
                yield [f"{recording.deed.name}, {kind}, state {len(tried)}: {what}" for what in found]


def build(tree: Tree, root: Path) -> None:
    shutil.rmtree(root)
    root.mkdir(mode=0o700)
    for path, data in tree.items():
        if data is None:
            path.mkdir(mode=0o700)
        else:
            path.write_bytes(data)
            path.chmod(0o600)


def sweep(folder: Path) -> Figures:
    return swept(folder, DEEDS)


def swept(folder: Path, deeds: Sequence[Deed], *, healing: bool = True) -> Figures:
    """These deeds in both models; with `healing` each state must also be mended by the next commit."""
    make_templates(folder / "templates")
    states = [found for deed in deeds for found in tried_on(record(deed, folder), healing=healing)]
    return Figures(len(states), tuple(line for found in states for line in found))


SWEEPS = (Sweep(6, "power fails at any moment of a commit", sweep),)
