"""A real sshd on loopback, and whoever logs in to it."""

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.canary import family

SSHD = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin")
needs_sshd = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None, reason="openssh-server or openssh-client is not installed"
)
PATIENCE_S = 60.0
PAUSE_S = 0.02


class Sshd:
    """On a port of its own, for this user, with keys of its own; nothing of the machine's configuration is read.

    `login` is the file of the private key that may log in; without one it is made. `settings` are sshd's own, and come
    before ours.
    """

    def __init__(self, folder: Path, login: Path | None = None, **settings: str) -> None:
        self._login = login or _new_key(folder / "login")
        self._seen: set[int] = set()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings |= {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": str(_new_key(folder / "host")),
            "AuthorizedKeysFile": f"{self._login}.pub",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": settings.get("UsePAM", "no"),
            "PasswordAuthentication": "no",
            "PermitRootLogin": "yes",
            "AllowAgentForwarding": "yes",
        }
        (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it is made by the service, there is no service
        log = folder / "log"
        self._process = subprocess.Popen([str(SSHD), "-D", "-E", log, "-f", folder / "sshd_config"])
        give_up = time.monotonic() + PATIENCE_S
        while not self._listens():
            assert self._process.poll() is None and time.monotonic() < give_up, log.read_text()

    def ssh(
        self, command: Sequence[str], env: Mapping[str, str], *options: str, tty: bool = True, port: int = 0
    ) -> list[str]:
        """Runs `command` on the other side, with `env` beside what sshd gives it. `port` is that of a relay."""
        there = ["exec", "env", *(f"{name}={value}" for name, value in env.items()), *command]
        ssh = ["ssh", "-tt" if tty else "-T", "-F", "none", "-p", str(port or self.port), "-i", str(self._login)]
        for setting in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"):
            ssh += ["-o", setting]
        return [*ssh, *options, f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1", shlex.join(there)]

    def process(self, word: str) -> int:
        """The process on the other side with an argument that ends so, as soon as there is one."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            for pid in family(self._process.pid)[1:]:
                if any(each.endswith(word.encode()) for each in _arguments(pid)[1:]):
                    self._seen.add(pid)
                    return pid
            time.sleep(PAUSE_S)
        raise AssertionError(f"no process {word!r} on the other side")

    def wait_idle(self, timeout_s: float = PATIENCE_S) -> None:
        """Until nobody is logged in, and nothing is left of what ran in a login while `process` or this looked."""
        give_up = time.monotonic() + timeout_s
        while left := self._left():
            told = [b" ".join(_arguments(pid)).decode() for pid in left]
            assert time.monotonic() < give_up, f"still there after {timeout_s} s: {told}"
            time.sleep(PAUSE_S)

    def wait_logged_out(self, timeout_s: float = PATIENCE_S) -> None:
        """Until no login is left; what one of them started may be."""
        give_up = time.monotonic() + timeout_s
        while len(family(self._process.pid)) > 1:
            assert time.monotonic() < give_up, f"somebody is still logged in after {timeout_s} s"
            time.sleep(PAUSE_S)

    def _left(self) -> set[int]:
        self._seen |= {*family(self._process.pid)[1:]}
        return {pid for pid in self._seen if is_alive(pid)}

    def close(self) -> None:
        """With all that its logins started."""
        left = self._left()
        self._process.terminate()
        self._process.wait()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _listens(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0


def is_alive(pid: int) -> bool:
    """Not for one that ended and that nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_gone(pid: int, timeout_s: float = PATIENCE_S) -> None:
    give_up = time.monotonic() + timeout_s
    while is_alive(pid):
        assert time.monotonic() < give_up, f"process {pid} is still there after {timeout_s} s"
        time.sleep(PAUSE_S)


def _new_key(file: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file


def _arguments(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


@pytest.fixture
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    sshd = Sshd(tmp_path_factory.mktemp("sshd"))
    yield sshd
    sshd.close()
