"""Where keys are looked for."""

import os
from pathlib import Path

import pytest

from arka_tui.plaintext.places import Kind, known_places, place_of, walk, working_tree


def known(home: Path, folder: Path, **environ: str) -> dict[str, Kind]:
    return {str(place.path): place.kind for place in known_places(home, folder, environ)}


def test_profiles_histories_and_the_files_of_tools_are_known_under_a_home_folder(tmp_path: Path) -> None:
    found = known(tmp_path, tmp_path)
    for name, kind in {
        ".bashrc": Kind.PROFILE,
        ".config/fish/config.fish": Kind.PROFILE,
        ".bash_history": Kind.HISTORY,
        ".local/share/fish/fish_history": Kind.HISTORY,
        ".config/io.datasette.llm/keys.json": Kind.TOOL,
        ".codex/auth.json": Kind.TOOL,
        ".local/share/opencode/auth.json": Kind.TOOL,
        ".aider.conf.yml": Kind.TOOL,
    }.items():
        assert found[str(tmp_path / name)] is kind
    assert found["/etc/environment"] is Kind.PROFILE


def test_the_environment_moves_them(tmp_path: Path) -> None:
    found = known(
        Path("/h"), tmp_path, XDG_CONFIG_HOME="/c", XDG_DATA_HOME="/d", CODEX_HOME="/x", HISTFILE="/tmp/history"
    )
    expected = {"/c/io.datasette.llm/keys.json", "/d/opencode/auth.json", "/x/auth.json", "/tmp/history"}
    assert expected <= found.keys()


def test_env_files_are_found_by_their_names_in_the_home_and_the_working_folder(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for path in (tmp_path / ".env", folder / ".env", folder / ".env.local", folder / ".envrc", folder / "env"):
        path.touch()
    found = known(tmp_path, folder)
    dotenv = {path for path, kind in found.items() if kind is Kind.DOTENV}
    assert dotenv == {str(tmp_path / ".env"), str(folder / ".env"), str(folder / ".env.local")}
    assert found[str(folder / ".envrc")] is Kind.PROFILE


def test_each_place_comes_once_where_the_home_is_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").touch()
    places = [place.path for place in known_places(tmp_path, tmp_path, {})]
    assert len(places) == len({*places})


@pytest.mark.parametrize(
    ("name", "kind", "tool"),
    [
        ("a/.env.production", Kind.DOTENV, ""),
        ("a/prod.env", Kind.DOTENV, ""),
        ("b/.zshrc", Kind.PROFILE, ""),
        ("b/fish_history", Kind.HISTORY, ""),
        ("c/.codex/auth.json", Kind.TOOL, "Codex"),
        ("c/opencode/auth.json", Kind.TOOL, "opencode"),
        ("c/auth.json", Kind.FILE, ""),
        ("d/main.py", Kind.FILE, ""),
    ],
)
def test_a_file_is_known_by_its_name(name: str, kind: Kind, tool: str) -> None:
    place = place_of(Path("/home/somebody") / name)
    assert (place.kind, place.tool) == (kind, tool)


def test_a_tree_is_walked_without_packages_packed_objects_and_links_to_folders(tmp_path: Path) -> None:
    for name in (
        "a/b/c.txt",
        ".git/config",
        ".git/objects/aa/bb",
        "web/node_modules/x/index.js",
        "own-name/pyvenv.cfg",
        "own-name/lib/x.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "a/link").symlink_to(tmp_path / "a/b/c.txt")
    walked = {str(path.relative_to(tmp_path)) for path in walk(tmp_path)}
    assert walked == {"a/b/c.txt", ".git/config", "a/loop", "a/link"}


def test_what_cannot_be_listed_ends_no_walk(tmp_path: Path) -> None:
    assert list(walk(tmp_path / "nothing")) == []


def test_the_working_tree_is_found_from_below_it(tmp_path: Path) -> None:
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    assert working_tree(below) is None
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # as in a worktree
    assert working_tree(below) == tmp_path
    assert os.path.samefile(working_tree(below) or "", tmp_path)
