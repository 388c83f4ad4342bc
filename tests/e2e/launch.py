"""The real program, its own `main`, with the parts replaced that a test must replace; a script of its own.

    the catalog     points to the simulator
    the vault       uses the cheapest key derivation
    --deadline      how long an answer may take, in place of 20 s
    --workers       a file to which every worker is written as it prints itself
    --openings      a file to which each opening of a stored secret is written, with what asked for it
    --logs          a file to which everything is logged, from DEBUG up, whoever logs it
    --slow-disk     how many seconds it takes the disk to confirm what was written
    --resize-twice  the terminal changes from 90x30 to 100x40 while the program asks for the first of the two
    --crash         makes f8 in the form for a key fail in one of the `CRASHES`, with the key in the form, in local
                    variables and in the exception's text
    --fail-at-start a file with a text, with which the program fails before there is a screen

Textual is imported by `main` alone, after it has cleaned the environment.
"""

import argparse
import asyncio
import atexit
import fcntl
import logging
import os
import struct
import sys
import termios
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from unittest.mock import patch

from arka_tui import __main__ as program
from arka_tui.providers import catalog, transport
from arka_tui.secret import Secret
from arka_tui.store import vault
from arka_tui.store.index import Entry
from arka_tui.store.slots import CHEAPEST
from arka_tui.store.state import State

CRASHES = (
    "handler",
    "compose",
    "memory",
    "recursion",
    "group",
    "interrupt",
    "driver",
    "worker",
    "thread",
    "timer",
    "call_later",
    "call_from_thread",
    "task",
    "unraisable",
    "warning",
    "log",
    "closing",
    "after",
    "at_exit",
    "late_thread",
    "lost_task",
)
"""The last five while the program leaves, when no screen is there to catch anything."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--openai", required=True)
    parser.add_argument("--openrouter", required=True)
    parser.add_argument("--deadline", type=float, default=transport.DEADLINE_S)
    parser.add_argument("--workers", type=Path)
    parser.add_argument("--openings", type=Path)
    parser.add_argument("--logs", type=Path)
    parser.add_argument("--fail-at-start", type=Path)
    parser.add_argument("--slow-disk", type=float)
    parser.add_argument("--resize-twice", action="store_true")
    parser.add_argument("--crash", choices=CRASHES)
    parser.add_argument("arguments", nargs="*", help="for the program itself")
    options = parser.parse_args()
    shipped = catalog.load_catalog
    with ExitStack() as replaced:

        def load_catalog() -> catalog.Catalog:
            # `main` has imported the screens by now
            if options.fail_at_start:
                raise _illegal_header(options.fail_at_start.read_text())
            if options.workers:
                _record_workers(replaced, options.workers)
            if options.openings:
                _record_openings(replaced, options.openings)
            if options.logs:
                _log_everything(options.logs)
            if options.slow_disk:
                _slow_down_the_disk(replaced, options.slow_disk)
            if options.resize_twice:
                _resize_twice(replaced)
            if options.crash:
                _make_crash(replaced, options.crash)
            return shipped().with_base_urls({"openai": options.openai, "openrouter": options.openrouter})

        replaced.enter_context(patch.object(catalog, "load_catalog", load_catalog))
        replaced.enter_context(patch.object(vault, "Vault", partial(vault.Vault, cost=lambda: CHEAPEST)))
        replaced.enter_context(patch.object(transport, "DEADLINE_S", options.deadline))
        return program.main(options.arguments)


def _record_workers(replaced: ExitStack, file: Path) -> None:
    from textual.worker import Worker
    from textual.worker_manager import WorkerManager

    add_worker = WorkerManager.add_worker

    def recorded(self: WorkerManager, worker: Worker[object], start: bool = True, exclusive: bool = True) -> None:
        with file.open("a") as lines:
            print(repr(worker), worker.name, worker.group, worker.description, file=lines)
        add_worker(self, worker, start, exclusive)

    replaced.enter_context(patch.object(WorkerManager, "add_worker", recorded))


def _record_openings(replaced: ExitStack, file: Path) -> None:
    open_record = State.open_record

    def recorded(self: State, entry: Entry) -> Secret:
        callers, frame = [], sys._getframe(1)
        while frame.f_back:
            callers.append(frame.f_code.co_name)
            frame = frame.f_back
        with file.open("a") as lines:
            print(entry.credential.name, *callers, file=lines)
        return open_record(self, entry)

    replaced.enter_context(patch.object(State, "open_record", recorded))


def _log_everything(file: Path) -> None:
    root = logging.getLogger()
    root.addHandler(logging.FileHandler(file))
    root.setLevel(logging.DEBUG)


def _slow_down_the_disk(replaced: ExitStack, seconds: float) -> None:
    fsync = os.fsync

    def confirm_late(fd: int) -> None:
        time.sleep(seconds)
        fsync(fd)

    replaced.enter_context(patch.object(os, "fsync", confirm_late))


def _resize_twice(replaced: ExitStack) -> None:
    from textual.drivers.linux_driver import LinuxDriver

    ask = LinuxDriver._get_terminal_size

    def ask_too_early(self: LinuxDriver) -> tuple[int, int]:
        size = ask(self)
        if size == (90, 30):
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        return size

    replaced.enter_context(patch.object(LinuxDriver, "_get_terminal_size", ask_too_early))


def _illegal_header(key: str) -> ValueError:
    """As an HTTP library says it."""
    return ValueError(f"Illegal header value {{'Authorization': 'Bearer {key}'}}")


def _make_crash(replaced: ExitStack, kind: str) -> None:
    from textual.app import ComposeResult
    from textual.drivers.linux_driver import LinuxDriver
    from textual.screen import Screen

    from arka_tui.tui.screens import key_form, keys
    from arka_tui.tui.widgets.secret_input import SecretInput

    class Dropped:
        """Fails when nobody holds it any more, where no caller can catch it."""

        def __init__(self, fail: Callable[[], None]) -> None:
            self._fail = fail

        def __del__(self) -> None:
            self._fail()

    class CrashingScreen(Screen[None]):
        def __init__(self, fail: Callable[[], None]) -> None:
            super().__init__()
            self._fail = fail

        def compose(self) -> ComposeResult:
            self._fail()
            return []

    class CrashingForm(key_form.KeyForm):
        def key_f8(self) -> None:
            self._typed_secret = self.query_one(SecretInput).secret
            self.notify("f8 was pressed")
            match kind:
                case "handler" | "memory" | "recursion" | "group" | "interrupt":
                    self._fail()
                case "compose":
                    self.app.push_screen(CrashingScreen(self._fail))
                case "driver":
                    replaced.enter_context(patch.object(LinuxDriver, "write", lambda *_: self._fail()))
                case "worker":
                    self.run_worker(self._fail_late(), description="crash")
                case "thread":
                    self.run_worker(self._fail, thread=True, description="crash")
                case "timer":
                    self.set_timer(0.01, self._fail)
                case "call_later":
                    self.call_later(self._fail)
                case "call_from_thread":
                    self.run_worker(partial(self.app.call_from_thread, self._fail), thread=True, description="crash")
                case "task":
                    self._lost = asyncio.create_task(self._fail_late())
                case "unraisable":
                    Dropped(self._fail)
                case "warning":
                    warnings.warn(self._typed_secret.reveal(), stacklevel=1)
                case "log":
                    logging.getLogger("library").error("%s", _illegal_header(self._typed_secret.reveal()))
                case "closing" | "lost_task":
                    replaced.enter_context(patch.object(transport.Transport, "close", self._close_network))
                case "after":
                    replaced.enter_context(patch.object(program, "_let_go_of_vanished_terminal", self._fail))
                case "at_exit":
                    atexit.register(self._fail)
                case "late_thread":
                    threading.Thread(target=self._fail_when_all_is_over).start()

        def _fail(self) -> None:
            key = self._typed_secret.reveal()
            try:
                raise _illegal_header(key)
            except ValueError as error:
                match kind:
                    case "memory":
                        raise MemoryError(key) from error
                    case "recursion":
                        self._recurse(key)
                    case "group":
                        raise ExceptionGroup(key, [error]) from error
                    case "interrupt":
                        raise KeyboardInterrupt(key) from error
                raise RuntimeError(key) from error

        def _recurse(self, key: str) -> None:
            self._recurse(key)

        async def _fail_late(self) -> None:
            await asyncio.sleep(0)
            self._fail()

        async def _close_network(self) -> None:
            if kind == "closing":
                self._fail()
            self._lost = asyncio.create_task(self._fail_late())
            await asyncio.sleep(0.01)

        def _fail_when_all_is_over(self) -> None:
            threading.main_thread().join()
            self._fail()

    replaced.enter_context(patch.object(keys, "KeyForm", CrashingForm))


if __name__ == "__main__":
    sys.exit(main())
