"""A server that nobody should ever speak to: it counts who does."""

import socket
from threading import Thread
from types import TracebackType
from typing import Self


class Decoy:
    """Takes every connection, reads what comes, answers nothing and hangs up."""

    def __init__(self) -> None:
        self.connections = 0
        self.bytes = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """host:port"""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # shut down
                return
            self.connections += 1
            connection.settimeout(1)
            with connection:
                try:
                    self.bytes += len(connection.recv(65536))
                except OSError:
                    continue
