"""A real ssh-agent with keys of its own, and one that lies, each for a test."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

needs_ssh_agent = pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="openssh-client is not installed")
PATIENCE_S = 60.0


class RealAgent:
    """`ssh-agent` on a socket in `folder`; `add` makes a key and gives it to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "agent.sock"
        self._process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", str(self.socket)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < give_up, "ssh-agent does not start"

    @property
    def env(self) -> dict[str, str]:
        return {"SSH_AUTH_SOCK": str(self.socket)}

    def add(self, kind: str = "ed25519", comment: str = "me@laptop", *, bits: int = 0) -> Path:
        """The private key's file."""
        file = self.folder / f"{kind}-{len(list(self.folder.iterdir()))}"
        size = ["-b", str(bits)] if bits else []
        subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", comment, "-f", str(file)], check=True)
        self.tell("ssh-add", "-q", str(file))
        return file

    def tell(self, *command: str) -> None:
        subprocess.run(command, env={"PATH": "/usr/bin:/bin", **self.env}, check=True, capture_output=True)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            return line.connect_ex(str(self.socket)) == 0


@pytest.fixture
def real_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAgent]:
    agent = RealAgent(tmp_path_factory.mktemp("agent"))
    yield agent
    agent.close()


@contextmanager
def lying_agent(path: Path, answer: Callable[[bytes], bytes]) -> Iterator[list[bytes]]:
    """Sends what `answer` makes of each request, without adding a length; the requests so far are what it yields."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):  # it was closed: the test is over
                while True:
                    line, _ = listener.accept()
                    with line, suppress(OSError):
                        request = line.recv(65536)
                        heard.append(request[4:])
                        line.sendall(answer(request[4:]))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
