"""The user's side: a window of tmux, on a server of its own, in which a command runs."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.e2e.canary import family
from tests.e2e.terminal import PATIENCE_S

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
PAUSE_S = 0.02
_THEN_TELL = '"$@"; printf "[ended %s]" $?; read -r line'
_ENDED = re.compile(r"\[ended (\d+)\]")


@dataclass(frozen=True, slots=True)
class Flags:
    """What a shell finds changed after a program that drew a screen."""

    second_screen: bool
    mouse: bool
    cursor: bool
    application_keys: bool
    line_wrap: bool


SHELL_LIKE = Flags(second_screen=False, mouse=False, cursor=True, application_keys=False, line_wrap=True)


class Tmux:
    """Starts `command` at once; `close`, or the end of the `with` block, leaves nothing of it behind.

    When the command has ended, the window says so and stays. `term` is what tmux says that it is. `folder` has a short
    name: a socket is made in it.
    """

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        columns: int = 80,
        lines: int = 24,
        term: str = "tmux-256color",
    ) -> None:
        self._tmux = ["tmux", "-u", "-S", str(folder / "socket"), "-f", str(folder / "conf")]
        self._env = {name: value for name, value in env.items() if name in ("PATH", "HOME", "SSH_AUTH_SOCK")}
        self._env |= {"SHELL": "/bin/sh", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        settings = {
            "-g default-terminal": term,
            "-g status": "off",
            "-s escape-time": "0",
        }
        (folder / "conf").write_text("".join(f"set {name} {value}\n" for name, value in settings.items()))
        self._server = subprocess.Popen([*self._tmux, "-D"], env=self._env, cwd=folder, stdin=subprocess.DEVNULL)
        size = ["-x", str(columns), "-y", str(lines)]
        try:
            give_up = time.monotonic() + PATIENCE_S
            while self._run("show-options", "-g", check=False).returncode:
                assert self._server.poll() is None and time.monotonic() < give_up, "tmux does not start"
            self._run("new-session", "-d", *size, "--", "sh", "-c", _THEN_TELL, "sh", *command)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ looking

    @property
    def text(self) -> str:
        """The picture as lines, without trailing blanks."""
        return "\n".join(line.rstrip() for line in self._run("capture-pane", "-p").stdout.splitlines())

    @property
    def styled(self) -> str:
        """The same with its colours, as escape sequences."""
        return self._run("capture-pane", "-p", "-e").stdout

    @property
    def flags(self) -> Flags:
        names = ("alternate_on", "mouse_any_flag", "cursor_flag", "keypad_cursor_flag", "wrap_flag")
        return Flags(*(self._told(name) == "1" for name in names))

    @property
    def pid(self) -> int:
        """Of the command."""
        _, child = family(int(self._told("pane_pid")))[:2]
        return child

    def wait_for(self, text: str, timeout_s: float = PATIENCE_S) -> None:
        self.wait_until(lambda picture: text in picture, f"{text!r} on screen", timeout_s)

    def wait_gone(self, text: str, timeout_s: float = PATIENCE_S) -> None:
        self.wait_until(lambda picture: text not in picture, f"{text!r} gone", timeout_s)

    def wait_until(self, holds: Callable[[str], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
        """Raises: AssertionError, with the picture."""
        deadline = time.monotonic() + timeout_s
        while not holds(picture := self.text):
            assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s; the screen was\n{picture}"
            time.sleep(PAUSE_S)

    def wait_exit(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit code of the command; 128+n where signal n killed it."""
        self.wait_until(lambda picture: _ENDED.search(picture) is not None, "the command has ended", timeout_s)
        return int(_ENDED.findall(self.text)[-1])

    @property
    def left(self) -> str:
        """What is on screen of a command that has ended."""
        return _ENDED.sub("", self.text).strip()

    # ------------------------------------------------------------------ acting

    def press(self, *keys: str) -> None:
        """As tmux names them: Enter, Down, C-z, or characters."""
        self._run("send-keys", "--", *keys)

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", "--", text)

    def press_paced(self, keys: Sequence[str], per_s: float, look: Callable[[], object] = lambda: None) -> None:
        """As fingers type, or a keyboard repeats; `look` is called after each key."""
        began = time.monotonic()
        for n, key in enumerate(keys, 1):
            self.press(key)
            look()
            time.sleep(max(0.0, began + n / per_s - time.monotonic()))

    def paste(self, text: str, *, marked: bool = True) -> None:
        """Marked as a paste where the program has asked for that, else as if it were typed at once."""
        subprocess.run([*self._tmux, "load-buffer", "-"], env=self._env, input=text, text=True, check=True, timeout=60)
        self._run("paste-buffer", "-d", *(["-p"] if marked else []))

    def resize(self, columns: int, lines: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def close(self) -> None:
        """What runs in it is hung up."""
        self._run("kill-server", check=False)
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _told(self, name: str) -> str:
        return self._run("display-message", "-p", f"#{{{name}}}").stdout.strip()

    def _run(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run([*self._tmux, *arguments], env=self._env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 or not check, f"tmux {arguments[0]}: {done.stderr}"
        return done
