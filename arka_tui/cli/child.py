"""Starting a command of the user's: in this process's place, or, where its output is masked, beside it."""

import errno
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread
from types import FrameType
from typing import IO, NoReturn

from arka_tui import hygiene
from arka_tui.cli.masking import Masking
from arka_tui.errors import ArkaError, CommandFailed, CommandMissing
from arka_tui.store.disk import reason
from arka_tui.store.session import KernelKeyring

_TO_THE_COMMAND = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
"""A terminal sends them to the command as well, and what to do about them is the command's affair."""
_PIECE_BYTES = 65_536


def start(
    command: Sequence[str],
    environ: Mapping[str, str],
    secrets: Sequence[bytes],
    on_masked: Callable[[], None],
    *,
    keeps_session: bool = False,
) -> int:
    """In this process's place, unless `secrets` must be masked in what goes to another place than a terminal.

    The exit code; 128+n after signal n. `on_masked` is called at the end, where there was one in the output. Unless
    it `keeps_session`, the command does not reach what `unlock` left with the kernel, and neither do we any more.
    Raises: SessionFailed, CommandFailed; ArkaError where the output could not be passed on.
    """
    if not keeps_session:
        KernelKeyring().leave()
    if not secrets or (os.isatty(1) and os.isatty(2)):
        become(command, environ)
    return _run_masked(command, environ, secrets, on_masked)


def become(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Raises: CommandFailed."""
    hygiene.give_back()
    try:
        os.execvpe(command[0], list(command), environ)  # noqa: S606  # the user's own, without a shell before it
    except OSError as error:
        raise _failed(command[0], error) from None


def _run_masked(
    command: Sequence[str], environ: Mapping[str, str], secrets: Sequence[bytes], on_masked: Callable[[], None]
) -> int:
    out, err = (None if os.isatty(fd) else subprocess.PIPE for fd in (1, 2))
    if out and err and os.path.samestat(os.fstat(1), os.fstat(2)):
        err = subprocess.STDOUT  # as with 2>&1: what is written first comes first
    # Ignored, it would have the kernel throw the command's exit code away.
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def give_back() -> None:
        hygiene.give_back()
        signal.signal(signal.SIGCHLD, before)

    with _signals() as relay:
        try:
            child = subprocess.Popen(  # noqa: S603  # the user's own, without a shell before it
                command,
                env=environ,
                bufsize=0,
                stdout=out,
                stderr=err,
                preexec_fn=give_back,  # safe: there is no other thread yet
            )
        except OSError as error:
            raise _failed(command[0], error) from None
        relay.to(child)
        # A thread each, so that a reader who does not take the one is not kept from the other.
        pumps = [_Pump(pipe, fd, secrets) for pipe, fd in ((child.stdout, 1), (child.stderr, 2)) if pipe]
        for pump in pumps:
            pump.start()
        code = child.wait()
    # What the command left behind may still write; from here on signals end us as usual.
    for pump in pumps:
        pump.join()
        if pump.trouble:
            raise ArkaError(f"the command ended, but its output cannot be written: {pump.trouble}")
    if any(pump.struck for pump in pumps):
        on_masked()
    return 128 - code if code < 0 else code


class _Pump(Thread):
    def __init__(self, source: IO[bytes], sink: int, secrets: Sequence[bytes]) -> None:
        super().__init__(name=f"arka-mask-{sink}", daemon=True)
        self.trouble = ""
        self._source, self._sink, self._masking = source, sink, Masking(secrets)

    @property
    def struck(self) -> bool:
        return self._masking.struck

    def run(self) -> None:
        try:
            while piece := self._source.read(_PIECE_BYTES):
                self._write(self._masking.pass_on(piece))
            self._write(self._masking.rest())
        except BrokenPipeError:
            pass
        except OSError as error:
            self.trouble = reason(error)
        finally:
            self._source.close()  # the command is told so, as it would be without us

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._sink, data) :]
            except BlockingIOError:  # somebody who shares it made it so
                select.select([], [self._sink], [])


class _Relay:
    """Passes signals on; those that come before there is a command wait for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []

    def to(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child
        while self._waiting:
            child.send_signal(self._waiting.pop(0))

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._child:
            self._child.send_signal(number)
        else:
            self._waiting.append(number)

    def unless_typed(self, number: int, frame: FrameType | None) -> None:
        if not _in_front():
            self(number, frame)


@contextmanager
def _signals() -> Iterator[_Relay]:
    """What was ignored from the start stays so, for us and the command. Handlers, unlike SIG_IGN, are not inherited."""
    relay = _Relay()
    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = dict.fromkeys(_TO_THE_COMMAND, relay)
    handlers |= dict.fromkeys(_OF_THE_TERMINAL, relay.unless_typed)
    before = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield relay
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_front() -> bool:
    """Whether a terminal sends its signals to us, and so to the command too."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _failed(command: str, error: OSError) -> CommandFailed:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return CommandMissing(f"there is no command {command!r}", "what follows -- is the command and its arguments")
    if error.errno == errno.ENOEXEC:
        return CommandFailed(f"{command!r} is no program", "a script needs a first line such as #!/bin/sh")
    return CommandFailed(f"{command!r} cannot be run: {reason(error)}")
