"""Who else may have what is in a file."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from arka_tui.plaintext.exposure import is_readable, is_tracked
from arka_tui.plaintext.places import place_of
from arka_tui.plaintext.reading import Text, read

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that all may enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def readable(path: Path) -> bool:
    text = read(place_of(path))
    assert isinstance(text, Text)
    return is_readable(text)


@needs_git
def test_git_is_asked_whether_it_tracks_a_file(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in ("tracked", "untracked", "[ab]*"):
        (tmp_path / name).touch()
    git(tmp_path, "add", "tracked")
    assert is_tracked(tmp_path / "tracked") is True
    assert is_tracked(tmp_path / "untracked") is False
    assert is_tracked(tmp_path / "[ab]*") is False


@needs_git
def test_a_repository_cannot_have_git_run_anything(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").touch()
    git(tmp_path, "add", "file")
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    spy.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(spy))
    assert is_tracked(tmp_path / "file") is True
    assert not (tmp_path / "ran").exists()


def test_outside_a_working_tree_nothing_is_tracked(tmp_path: Path) -> None:
    assert is_tracked(tmp_path / "file") in (False, None)


def test_without_git_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert is_tracked(tmp_path / "file") is None


@pytest.mark.parametrize(("mode", "expected"), [(0o644, True), (0o600, False), (0o640, False)])
def test_others_may_read_what_its_mode_lets_them(open_folder: Path, mode: int, expected: bool) -> None:
    path = open_folder / "file"
    path.touch()
    path.chmod(mode)
    assert readable(path) is expected


def test_a_closed_folder_on_the_way_keeps_others_out(open_folder: Path) -> None:
    path = open_folder / "closed/file"
    path.parent.mkdir(mode=0o700)
    path.touch()
    path.chmod(0o644)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert readable(path) is False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another group")
def test_another_group_counts_as_others(open_folder: Path) -> None:
    path = open_folder / "file"
    path.touch()
    path.chmod(0o640)
    os.chown(path, -1, os.getgid() + 12345)
    assert readable(path) is True
