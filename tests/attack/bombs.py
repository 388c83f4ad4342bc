"""Small rules against large files: what is made to hang a reader or to eat its memory is refused before it can.

Each bomb is opened by a process of its own, which may have so much memory and time and no more, and tells its peak.
"""

import base64
import itertools
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from arka_tui import config
from arka_tui.errors import ConfigError, UsageError, VaultUnsafe, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store import document, journal, last_resort
from arka_tui.store.document import LaterFormat, NotOurs, parse
from arka_tui.store.envelope import Damaged
from arka_tui.store.highwater import HighWater
from arka_tui.store.journal import Journal
from arka_tui.store.slots import Passphrase
from arka_tui.store.state import unlock_document
from tests.attack.figures import Figures, Sweep
from tests.attack.make_corpus import PASSPHRASE, File, made

SMALLER = 2 * 1024 * 1024
"""Larger than what is read of seen.json and config.toml."""
MEMORY_MIB = 2048
"""Of address space, of which Python and its libraries take 200. The largest cost of a slot alone is as much."""
PEAK_MIB = 400
PATIENCE_S = 60.0
"""A healthy reader needs a twentieth of it on an idle machine."""

HEAD = b'format = "arka-store/1"\nstore_id = "%s"\ngeneration = 1\n\n' % base64.b64encode(bytes(16))
SLOT = b'[[slot]]\nid = "0123456789abcdef"\ntype = "later"\n'
INDEX = b'\n[index]\nsalt = "%s"\nbox = "%s"\n\n' % (base64.b64encode(bytes(32)), base64.b64encode(bytes(28 + 1024)))
TAIL = b'\n[seal]\nmac = "%s"\n' % base64.b64encode(bytes(32))


# ---------------------------------------------------------------------- the bombs


def filled(unit: bytes, size: int, before: bytes = b"") -> bytes:
    room = size - len(HEAD) - len(SLOT) - len(INDEX) - len(before) - len(TAIL)
    return HEAD + before + unit * (room // len(unit)) + SLOT + INDEX + TAIL


def distinct(line: str, size: int, slot: bytes = b"") -> bytes:
    """Lines with names that differ, so that each stays in the memory of a parser."""
    room = (size - len(HEAD) - len(SLOT) - len(INDEX) - len(TAIL)) // len(line % "aaaaa")
    names = itertools.islice(itertools.product("abcdefghijklmnopqrstuvwxyz_", repeat=5), room)
    return HEAD + slot + "".join(line % "".join(name) for name in names).encode() + INDEX + TAIL


def one_line(start: bytes, unit: bytes, end: bytes, size: int) -> bytes:
    return filled(start + unit * ((size - 4096) // len(unit)) + end, size)


def records(size: int) -> bytes:
    """As many records as there is room for: nothing is wrong with the file, until its slots are tried."""
    text = '[[record]]\nid = "%s"\nbox = "' + base64.b64encode(bytes(28 + 256)).decode() + '"\n'
    room = (size - 4096) // (len(text) + 22)
    all_of_them = "".join(text % base64.b64encode(number.to_bytes(16, "big")).decode() for number in range(room))
    return HEAD + SLOT + INDEX + all_of_them.encode() + TAIL


LARGE: dict[str, Callable[[int], bytes]] = {
    "line ends": lambda size: filled(b"\n", size),
    "comments": lambda size: filled(b"#\n", size),
    "a long comment": lambda size: one_line(b"#", b"x", b"\n", size),
    "comments in wide characters": lambda size: filled("#\U0001f511\n".encode(), size),
    "a comment in wide characters": lambda size: one_line("#\U0001f511".encode(), b"x", b"\n", size),
    "a long text": lambda size: one_line(b'a = "', b"x", b'"\n', size),
    "a long integer": lambda size: one_line(b"a = ", b"9", b"\n", size),
    "a dotted key": lambda size: one_line(b"a", b".a", b" = 1\n", size),
    "a dotted table": lambda size: one_line(b"[a", b".a", b"]\n", size),
    "nested lists": lambda size: one_line(b"a = ", b"[", b"\n", size),
    "empty records": lambda size: filled(b"[[record]]\n", size),
    "empty slots": lambda size: filled(b"[[slot]]\n", size),
    "tables": lambda size: distinct("[%s]\n", size),
    "keys in a slot": lambda size: distinct("%s = 1\n", size, SLOT),
    "records": records,
    "too many lines": lambda size: filled(b"\n", size),
    "a byte too many": lambda size: filled(b"#" + b"x" * 63 + b"\n", size) + b"#" * 4096,
    "zeros": bytes,
}


def dear(m: int, t: int, p: int) -> bytes:
    """A slot that says these costs, and was not made with them: to find that out, they have to be paid."""
    return made(lambda file: file.slots[0].update(m=m, t=t, p=p))


ARGON2: dict[str, tuple[bytes, str]] = {
    "the most memory, where there is less": (dear(2_097_152, 1, 1), "too dear"),
    "the most passes": (dear(19_456, 64, 1), "wrong"),
    "the most lanes": (dear(19_456, 1, 16), "wrong"),
    "more memory": (dear(2_097_153, 1, 1), "damaged"),
    "less memory": (dear(19_455, 1, 1), "damaged"),
    "more passes": (dear(19_456, 65, 1), "damaged"),
    "more lanes": (dear(19_456, 1, 17), "damaged"),
    "no passes": (dear(19_456, 0, 1), "damaged"),
    "no lanes": (dear(19_456, 1, 0), "damaged"),
    "the most memory and passes": (dear(2_097_152, 64, 16), "damaged"),
    "all that an integer holds": (dear(2**63 - 1, 2**63 - 1, 2**63 - 1), "damaged"),
}
"""Bomb and expected word."""


def journal_lines(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: unit * (size // len(unit))


JOURNALS: dict[str, Callable[[int], bytes]] = {
    "line ends": journal_lines(b"\n"),
    "short lines": journal_lines(b"a\n"),
    "lines that decode": journal_lines(b"AAAA\n"),
    "lines as long as real ones": journal_lines(b"A" * 424 + b"\n"),
    "one line": journal_lines(b"A"),
    "zeros": bytes,
}
SEEN: dict[str, Callable[[int], bytes]] = {
    "nested lists": lambda size: b"[" * size,
    "nested objects": lambda size: b'{"a":' * (size // 5),
    "a long integer": lambda size: b'{"a":[' + b"9" * size + b',""]}',
    "many vaults": lambda size: b"{" + b'"a":[1,""],' * (size // 11) + b'"b":[1,""]}',
    "a long text": lambda size: b'{"a":[1,"' + b"x" * size + b'"]}',
}
SETTINGS: dict[str, Callable[[int], bytes]] = {
    "a dotted key": lambda size: b"a" + b".a" * (size // 2) + b" = 1\n",
    "nested lists": lambda size: b"theme = " + b"[" * size,
    "nested tables": lambda size: b"theme = " + b"{a=" * (size // 3),
    "a long integer": lambda size: b"lock_after_minutes = " + b"9" * size,
    "line ends": lambda size: b"\n" * size,
}


# ---------------------------------------------------------------------- the readers, each in a process of its own


def store_word(path: Path) -> str:
    raw = path.read_bytes()
    try:
        unlock_document(raw, parse(raw), Passphrase(Secret(PASSPHRASE)), {})
    except (Damaged, NotOurs, LaterFormat):
        return "damaged"
    except WrongPassphrase:
        return "wrong"
    except VaultUnsafe:
        return "too dear"
    return "opened"


def last_resort_word(path: Path) -> str:
    try:
        last_resort.read_store(path.read_bytes(), last_resort.by_passphrase(PASSPHRASE))
    except last_resort.Wrong:
        return "wrong"
    except last_resort.Refused as refused:
        return "too dear" if "memory" in str(refused) else "damaged"
    return "opened"


def journal_word(path: Path) -> str:
    history = Journal(path, bytes(16), bytes(32)).read()
    return "opened" if history.checks else "damaged"


def seen_word(path: Path) -> str:
    raw = File().raw()
    state = unlock_document(raw, parse(raw), Passphrase(Secret(PASSPHRASE)), {})
    return "opened" if HighWater(path).complaint(state) else "damaged"


def settings_word(path: Path) -> str:
    try:
        config.load(path)
    except (ConfigError, UsageError):
        return "damaged"
    return "opened"


WORDS: dict[str, Callable[[Path], str]] = {
    "store": store_word,
    "last resort": last_resort_word,
    "journal": journal_word,
    "seen": seen_word,
    "settings": settings_word,
}


def peak_mib() -> int:
    """Of this process alone: `getrusage` would count the one that it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def tell(reader: str, path: Path, memory_mib: int) -> None:
    limit = memory_mib * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    started = time.monotonic()
    word = WORDS[reader](path)
    json.dump([word, peak_mib(), time.monotonic() - started], sys.stdout)


def told(reader: str, path: Path) -> tuple[str, int, float]:
    """The word, the peak in MiB and the seconds that `reader` needed."""
    command = [sys.executable, "-m", "tests.attack.bombs", reader, str(path), str(MEMORY_MIB)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return "hung", 0, PATIENCE_S
    if ended.returncode:
        return f"died: {ended.stderr.strip().rpartition(chr(10))[2]}", 0, 0.0
    word, peak, seconds = json.loads(ended.stdout)
    return word, peak, seconds


# ---------------------------------------------------------------------- the sweeps


Bomb = tuple[str, str, bytes, tuple[str, ...]]
"""Reader, name, content, and the words that are right."""


def defuse(folder: Path, bombs: Iterable[Bomb], peak_limit: int = PEAK_MIB) -> Figures:
    broken: list[str] = []
    tried, peak, slowest = 0, 0, 0.0
    path = folder / "bomb"
    for reader, name, content, right in bombs:
        path.write_bytes(content)
        word, mib, seconds = told(reader, path)
        tried, peak, slowest = tried + 1, max(peak, mib), max(slowest, seconds)
        if word not in right or mib > peak_limit:
            broken.append(f"{reader}: {name}: {word}, peak {mib} MiB, {seconds:.1f} s")
    path.unlink(missing_ok=True)
    return Figures(tried, tuple(broken), f"peak memory {peak} MiB, slowest {slowest:.1f} s")


def large_stores(size: int) -> Iterable[Bomb]:
    for name, bomb in LARGE.items():
        content = bomb(size)
        lines = content.count(b"\n")
        if lines > document.MAX_LINES and name != "too many lines":
            content = bomb(size * document.MAX_LINES // lines)
        for reader in ("store", "last resort"):
            yield reader, name, content, ("wrong", "damaged")


def stores(folder: Path) -> Figures:
    """Each as large as a vault may be, in bytes or in lines."""
    return defuse(folder, large_stores(document.MAX_BYTES))


def argon2_costs(folder: Path) -> Figures:
    """What fits into memory is paid and found wrong; what does not, or is above the limits, is refused."""
    readers = ("store", "last resort")
    return defuse(folder, ((each, name, raw, (word,)) for name, (raw, word) in ARGON2.items() for each in readers))


def other_files(folder: Path) -> Figures:
    """Journal, high-water mark and settings. A reader of them passes over what it cannot read."""
    shapes = ("journal", journal.MAX_BYTES + 1, JOURNALS), ("seen", SMALLER, SEEN), ("settings", SMALLER, SETTINGS)
    bombs = ((reader, name, bomb(size), ("damaged",)) for reader, size, named in shapes for name, bomb in named.items())
    return defuse(folder, bombs)


SWEEPS = (
    Sweep(2, "vault files that are bombs", stores),
    Sweep(2, "Argon2 costs that are bombs", argon2_costs),
    Sweep(2, "journal, seen.json, config.toml: bombs", other_files),
)


if __name__ == "__main__":
    tell(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
