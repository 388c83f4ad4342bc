"""Where keys lie as a rule: shell profiles and histories, .env files, and the files of tools. Names only."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_PROFILES = (
    *(".bashrc", ".bash_profile", ".bash_aliases", ".bash_login", ".profile"),
    *(".zshrc", ".zprofile", ".zshenv", ".zlogin"),
)
_HISTORIES = (".bash_history", ".zsh_history", ".histfile", ".python_history", ".node_repl_history")
_TOOLS = (
    (".aider.conf.yml", "aider"),
    (".codex/auth.json", "Codex"),
    (".codex/config.toml", "Codex"),
    (".claude.json", "Claude Code"),
    (".claude/settings.json", "Claude Code"),
    (".claude/settings.local.json", "Claude Code"),
    (".continue/config.json", "Continue"),
    (".continue/config.yaml", "Continue"),
    (".gemini/settings.json", "Gemini CLI"),
)
_WITH_ENV = (".aider", ".codex", ".continue", ".gemini")
"""Folders of tools that read a .env file of their own."""
_NEVER_INTO = {
    *("node_modules", "__pycache__", "site-packages", ".venv", "venv", ".tox", ".nox"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".cargo", ".rustup"),
}
"""What others wrote, by the ten thousand files."""
_IN_GIT = {"objects", "lfs"}
"""Compressed: a key in them is not seen. The rest of .git is looked at: its config may hold one."""
_NOT_ON_DISK = (Path("/proc"), Path("/sys"), Path("/dev"))


class Kind(Enum):
    ENVIRONMENT = "environment"
    PROFILE = "shell profile"
    HISTORY = "history"
    DOTENV = ".env file"
    TOOL = "tool config"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Place:
    path: Path
    kind: Kind
    tool: str = ""
    """Whose file it is, where it is a tool's."""


def known_places(home: Path, folder: Path, environ: Mapping[str, str]) -> tuple[Place, ...]:
    """Each once; whether there is such a file is for the reader to see. `folder` is the working folder."""
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    codex = Path(environ.get("CODEX_HOME") or home / ".codex")
    fish = config / "fish"
    llm = Path(environ.get("LLM_USER_PATH") or config / "io.datasette.llm")
    places = [Place(home / name, Kind.PROFILE) for name in _PROFILES]
    places += [Place(fish / "config.fish", Kind.PROFILE), Place(fish / "fish_variables", Kind.PROFILE)]
    places += [Place(each, Kind.PROFILE) for each in _listed(fish / "conf.d", ".fish")]
    places += [Place(each, Kind.PROFILE) for each in _listed(config / "environment.d", ".conf")]
    places += [Place(Path("/etc/environment"), Kind.PROFILE)]
    places += [Place(home / name, Kind.HISTORY) for name in _HISTORIES]
    places += [Place(data / "fish/fish_history", Kind.HISTORY)]
    if environ.get("HISTFILE"):
        places.append(Place(folder / environ["HISTFILE"], Kind.HISTORY))
    places += [Place(home / name, Kind.TOOL, tool) for name, tool in _TOOLS]
    places += [
        Place(llm / "keys.json", Kind.TOOL, "llm"),
        Place(codex / "auth.json", Kind.TOOL, "Codex"),
        Place(data / "opencode/auth.json", Kind.TOOL, "opencode"),
        Place(config / "opencode/opencode.json", Kind.TOOL, "opencode"),
        Place(folder / ".aider.conf.yml", Kind.TOOL, "aider"),
        Place(folder / ".claude/settings.local.json", Kind.TOOL, "Claude Code"),
    ]
    for each in dict.fromkeys((home, folder, *(home / name for name in _WITH_ENV))):
        places += [place_of(path) for path in _listed(each) if path.name.startswith(".env")]
    return tuple({place.path: place for place in reversed(places)}.values())[::-1]


def place_of(path: Path) -> Place:
    """What a file is, by its name."""
    if _is_dotenv(path.name):
        return Place(path, Kind.DOTENV)
    if path.name in (*_PROFILES, ".envrc", "fish_variables") or path.suffix == ".fish":
        return Place(path, Kind.PROFILE)
    if path.name in (*_HISTORIES, "fish_history"):
        return Place(path, Kind.HISTORY)
    for name, tool in _TOOLS:
        if path.parts[-name.count("/") - 1 :] == Path(name).parts:
            return Place(path, Kind.TOOL, tool)
    for tail, tool in (("io.datasette.llm/keys.json", "llm"), ("opencode/auth.json", "opencode")):
        if path.parts[-2:] == Path(tail).parts:
            return Place(path, Kind.TOOL, tool)
    return Place(path, Kind.FILE)


def walk(root: Path) -> Iterator[Path]:
    """All files below, links to files among them; not what packages brought. Links to folders are not followed: so
    there is an end. What cannot be listed is passed over."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            path = Path(entry.path)
            if not _is_folder(entry):
                yield path
            elif not _to_skip(path):
                folders.append(path)


def working_tree(folder: Path) -> Path | None:
    """The root of the git working tree that `folder` is in."""
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), None)


def _to_skip(folder: Path) -> bool:
    if folder.parent.name == ".git":
        return folder.name in _IN_GIT
    return folder.name in _NEVER_INTO or folder in _NOT_ON_DISK


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_dotenv(name: str) -> bool:
    """`.envrc` is none: direnv runs it as a script."""
    return name.startswith(".env.") or name.endswith(".env")


def _listed(folder: Path, suffix: str = "") -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(suffix))
    except OSError:
        return []
