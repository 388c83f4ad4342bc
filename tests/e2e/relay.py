"""A link between two ends on loopback that is slow, freezes, or breaks."""

import asyncio
import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

PATIENCE_S = 60.0


class Relay:
    """TCP to `port`. All arrives `delay_s` after it was sent, in its order; the throughput is that of loopback."""

    def __init__(self, port: int, *, delay_s: float = 0.2) -> None:
        self._target = port
        self._delay_s = delay_s
        self.down_bytes = 0
        """What has arrived at those who connected."""
        self.up_bytes = 0
        self._last_down = time.monotonic()
        self._writers: list[asyncio.StreamWriter] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._flowing, self._closing = asyncio.Event(), asyncio.Event()
        self._flowing.set()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def freeze(self) -> None:
        """Nothing passes any more, in neither direction, and neither end is told."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def thaw(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    def cut(self) -> None:
        """Both ends see a reset connection."""
        self._loop.call_soon_threadsafe(self._reset)

    def settle(self, quiet_s: float = 1.0) -> None:
        """Until nothing came down for a while."""
        give_up = time.monotonic() + PATIENCE_S
        while (wait_s := self._last_down + quiet_s - time.monotonic()) > 0:
            assert time.monotonic() < give_up, "the link never falls silent"
            time.sleep(wait_s)

    # ------------------------------------------------------------------ inside, in the thread

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        async with await asyncio.start_server(self._accept, sock=self._listener):
            await self._closing.wait()
        self._reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers += [writer, far_writer]
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, far_writer, down=False))
                both.create_task(self._pass(far_reader, writer, down=True))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - self._loop.time())
                await self._flowing.wait()
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                if down:
                    self.down_bytes += len(data)
                    self._last_down = time.monotonic()
                else:
                    self.up_bytes += len(data)
                await writer.drain()

        delivery = asyncio.create_task(deliver())
        try:
            data = b"."
            while data:
                await self._flowing.wait()
                try:
                    data = await reader.read(65536)
                except ConnectionError:
                    data = b""
                under_way.put_nowait((self._loop.time() + self._delay_s, data))
            await delivery
        finally:
            delivery.cancel()

    def _reset(self) -> None:
        for writer in self._writers:
            with suppress(OSError):  # this one is closed already
                line = writer.get_extra_info("socket")
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
