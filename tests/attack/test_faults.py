"""The fault sweep, in part: `python -m tests.attack` runs the whole."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.paths import Paths
from tests.attack import faults
from tests.attack.commit_once import BEGIN, END
from tests.attack.deeds import (
    ADD,
    CRASHED,
    DEEDS,
    DELETE,
    INCOMPLETE,
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
from tests.attack.faults import Fault, Server, numbered, strike


@pytest.fixture
def strace() -> None:
    if why := faults.unfit():
        pytest.skip(why)


@pytest.mark.usefixtures("strace")
def test_a_sample_of_faults_in_an_update_loses_nothing_and_tells_no_lie(tmp_path: Path) -> None:
    figures = strike(UPDATE, tmp_path, first=5, step=37)
    assert not figures.broken
    assert figures.tried > 12


@pytest.mark.slow
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
def test_every_third_fault_in_every_deed_loses_nothing_and_tells_no_lie(deed: Deed, tmp_path: Path) -> None:
    figures = strike(deed, tmp_path, step=3)
    assert not figures.broken
    assert figures.tried > 12


@pytest.mark.slow
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP"])
def test_a_file_system_without_locks_is_named_as_the_reason(error: str, tmp_path: Path) -> None:
    make_templates(tmp_path)
    with Server() as server:
        calls = server.calls(ADD, tmp_path, tmp_path)
        root = shutil.copytree(tmp_path / ADD.template, tmp_path / "root")
        nth = next(nth for call, nth in calls if call == "flock")
        said, struck = server.run(ADD, root, Fault("flock", nth, f"error={error}"))
    assert struck
    assert said == "not saved: not saved: the vault cannot be locked: this file system has no locks"


def test_calls_are_numbered_from_the_start_but_only_those_between_the_marks_are_struck() -> None:
    trace = f"""
read(0, "x", 1) = 1
access("{BEGIN}", F_OK) = -1 ENOENT
read(4, "format", 9) = 6
write(5, "format", 6) = 6
read(4, "", 9) = 0
access("{END}", F_OK) = -1 ENOENT
write(1, "saved", 5) = 5
"""
    assert numbered(trace) == [("read", 2), ("write", 1), ("read", 3)]


# ---------------------------------------------------------------------- the judge itself


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`filled`, and `after` a delete that succeeded."""
    folder = tmp_path_factory.mktemp("homes")
    make_templates(folder)
    paths = Paths.under(shutil.copytree(folder / "filled", folder / "after"))
    assert tell(DELETE, start(DELETE, paths), paths) == SAVED
    return folder


@pytest.fixture
def judge(homes: Path, tmp_path: Path) -> Judge:
    (tmp_path / "scratch").mkdir()
    return Judge.of(DELETE, homes, tmp_path / "scratch")


def nothing(_root: Path) -> None:
    pass


def cut_both(root: Path) -> None:
    for name in ("store.toml", "store.toml.bak"):
        os.truncate(root / "data" / name, 500)


def lose_main(root: Path) -> None:
    (root / "data/store.toml").unlink()


def lose_the_log(root: Path) -> None:
    (root / "data/journal").write_bytes(b"")


def lose_the_settings(root: Path) -> None:
    (root / "config/config.toml").write_bytes(b"")


def keep_a_copy(root: Path) -> None:
    shutil.copy(root.parent / "store.toml", root / "data/store.toml.old")


def delete_one_more(root: Path) -> None:
    session = opened(Paths.under(root))
    session.remove([session.get("openai/one")])


@pytest.mark.parametrize("home", ["filled", "after"])
def test_a_state_that_is_as_it_was_said_is_not_blamed(home: str, judge: Judge, homes: Path, tmp_path: Path) -> None:
    root = shutil.copytree(homes / home, tmp_path / "root")
    assert judge.broken(root, SAVED if home == "after" else f"{NOT_SAVED}: the disk is full") == []


@pytest.mark.parametrize(
    ("home", "harm", "said", "blame"),
    [
        ("filled", nothing, SAVED, "but it is not"),
        ("filled", nothing, f"{INCOMPLETE}: no mirror", "but it is not"),
        ("after", nothing, f"{NOT_SAVED}: the disk is full", "but it is"),
        ("filled", nothing, f"{CRASHED}: OSError", "crashed"),
        ("after", cut_both, "", "does not open"),
        ("after", lose_main, SAVED, "store.toml is missing"),
        ("after", lose_the_log, "", "checks are lost"),
        ("after", lose_the_settings, "", "settings are lost"),
        ("after", keep_a_copy, SAVED, "store.toml.old still holds it"),
        ("filled", delete_one_more, "", "keys are lost"),
    ],
)
def test_the_judge_sees_what_is_lost_and_what_is_a_lie(
    home: str, harm: Callable[[Path], None], said: str, blame: str, judge: Judge, homes: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(homes / home, tmp_path / "root")
    shutil.copy(homes / "filled/data/store.toml", tmp_path / "store.toml")
    harm(root)
    assert blame in " | ".join(judge.broken(root, said))
