"""What is left in memory: every object that this process can reach, and the texts and bytes among them."""

import asyncio
import gc
import sys
import threading
from collections.abc import Mapping
from types import CodeType, FrameType, ModuleType

from rich.pretty import pretty_repr

_MASK = 0x5A
_SHORTEST = 8


class Sought:
    """Texts to be looked for in memory, kept so that the search does not find its own."""

    def __init__(self, texts: Mapping[str, str | bytes]) -> None:
        self._veiled = {name: _veiled(_as_bytes(text)) for name, text in texts.items()}

    def bytes(self, name: str) -> bytes:
        return _veiled(self._veiled[name])

    def text(self, name: str) -> str:
        return self.bytes(name).decode()

    def found(self) -> list[str]:
        """The name of each that some reachable text or bytes hold, raw, and what holds it, outermost last."""
        gc.collect()
        parents, texts = _reachable()
        hays = [(text, _as_bytes(text)) for text in texts]
        lines: list[str] = []
        for name, veiled in self._veiled.items():
            needle = _veiled(veiled)  # not before all is collected: it would be found itself
            for text, hay in hays:
                if needle in hay:
                    lines.append(f"{name} in {type(text).__name__} of {len(hay)} < {' < '.join(_chain(text, parents))}")
            del needle
        return sorted(lines)


def shown(each: object) -> str:
    """All that it says of itself: str, repr, format, and what rich makes of it."""
    return "\n".join((str(each), repr(each), f"{each}", ascii(each), pretty_repr(each)))


def ours() -> list[object]:
    """Every instance of a class of ours, and every worker. The simulator is not ours: it plays the providers."""
    gc.collect()
    return [
        each
        for each in gc.get_objects()
        if type(each).__module__.startswith(("arka_tui.", "textual.worker"))
        and not type(each).__module__.startswith("arka_tui.simulator")
        and not isinstance(each, type | ModuleType)
    ]


def _veiled(text: bytes) -> bytes:
    return bytes(byte ^ _MASK for byte in text)


def _as_bytes(text: str | bytes | bytearray) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)


def _reachable() -> tuple[dict[int, object], list[str | bytes | bytearray]]:
    """Each object's holder by its identity, and all texts.

    From modules, tasks and threads first, so that the chains are those by which the program reaches a thing; then
    from all that the collector knows.
    """
    parents: dict[int, object] = {}
    texts: list[str | bytes | bytearray] = []
    own = {id(parents), id(texts), *(id(sys._getframe(back)) for back in (0, 1))}
    for roots in ([sys.modules, *_tasks(), *_frames_of_other_threads()], gc.get_objects()):
        edge: list[object] = [root for root in roots if id(root) not in parents]
        own |= {id(roots), id(edge)}
        parents |= {id(root): None for root in edge}
        while edge:
            beyond: list[object] = []
            own.add(id(beyond))
            for holder in edge:
                if id(holder) not in own and not isinstance(holder, CodeType):
                    for held in gc.get_referents(holder):
                        if id(held) not in parents:
                            parents[id(held)] = holder
                            beyond.append(held)
            texts += [each for each in beyond if isinstance(each, str | bytes | bytearray) and len(each) >= _SHORTEST]
            edge = beyond
    return parents, texts


def _tasks() -> list[object]:
    try:
        return list(asyncio.all_tasks())
    except RuntimeError:
        return []


def _frames_of_other_threads() -> list[FrameType]:
    return [frame for thread, frame in sys._current_frames().items() if thread != threading.get_ident()]


def _chain(held: object, parents: Mapping[int, object]) -> list[str]:
    names: list[str] = []
    while (held := parents.get(id(held))) is not None and len(names) < 12:
        names.append(getattr(held, "__qualname__", type(held).__qualname__))
    return names
