"""The kept corpus, walked: every file of tests/attack/corpus/ through arka's own store and through the last resort."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from arka_tui.errors import UsageError, VaultCorrupt, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store import last_resort
from arka_tui.store.document import LaterFormat, NotOurs, parse
from arka_tui.store.envelope import Damaged
from arka_tui.store.key_file import read_key_file
from arka_tui.store.slots import Passphrase, RecoveryCode, Way
from arka_tui.store.state import unlock_document
from tests.attack.figures import Figures, Sweep
from tests.attack.make_corpus import CORPUS, DAMAGED, FOREIGN, LATER, OPENS, SPOILT, WRONG

Digests = dict[str, str | None]
"""The SHA-256 of each secret by name; None for one that does not open."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of the words that a header may expect, and what a file that opens gave."""

    word: str
    digests: Digests


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    expected: Outcome
    opener: tuple[str, str]
    """The kind of slot, and what is typed; of a key file its bytes in hex."""
    raw: bytes


def read(path: Path) -> Example:
    head, _, raw = path.read_bytes().partition(b"\n\n")
    said = dict(line.split(": ", 1) for line in head.decode().split("\n"))
    opener = next((kind, said[kind]) for kind in ("passphrase", "recovery", "keyfile") if kind in said)
    return Example(path.name, Outcome(said["expect"], json.loads(said.get("secrets", "{}"))), opener, raw)


def examples() -> list[Example]:
    return [read(path) for path in sorted(CORPUS.glob("*.arka"))]


def opened(digests: Digests) -> Outcome:
    return Outcome(SPOILT if None in digests.values() else OPENS, digests)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def from_a_file(content: bytes) -> Way:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return read_key_file(Path(file.name))


def by_arka(example: Example) -> Outcome:
    ways: dict[str, Callable[[str], Way]] = {
        "passphrase": lambda typed: Passphrase(Secret(typed)),
        "recovery": lambda typed: RecoveryCode(Secret(typed)),
        "keyfile": lambda typed: from_a_file(bytes.fromhex(typed)),
    }
    kind, typed = example.opener
    try:
        state = unlock_document(example.raw, parse(example.raw), ways[kind](typed), {})
    except NotOurs:
        return Outcome(FOREIGN, {})
    except LaterFormat:
        return Outcome(LATER, {})
    except Damaged:
        return Outcome(DAMAGED, {})
    except (WrongPassphrase, UsageError):
        return Outcome(WRONG, {})
    digests: Digests = {}
    for entry in state.entries:
        try:
            digests[entry.credential.name] = digest(state.open_record(entry).reveal())
        except VaultCorrupt:
            digests[entry.credential.name] = None
    return opened(digests)


def by_last_resort(example: Example) -> Outcome:
    ways: dict[str, Callable[[str], last_resort.Way]] = {
        "passphrase": last_resort.by_passphrase,
        "recovery": last_resort.by_recovery_code,
        "keyfile": lambda typed: last_resort.by_keyfile(bytes.fromhex(typed)),
    }
    kind, typed = example.opener
    try:
        keys = last_resort.read_store(example.raw, ways[kind](typed))
    except last_resort.Wrong:
        return Outcome(WRONG, {})
    except last_resort.Refused as refused:
        words = {"not a file of arka": FOREIGN, "of a later format": LATER, "damaged": DAMAGED}
        return Outcome(next(word for start, word in words.items() if str(refused).startswith(start)), {})
    return opened({key.name: None if key.trouble else digest(key.secret) for key in keys})


READERS: dict[str, Callable[[Example], Outcome]] = {"arka": by_arka, "last resort": by_last_resort}


def walk(reader: str, folder: Path) -> Figures:
    """Needs no folder: it reads only."""
    broken: list[str] = []
    files = examples()
    for example in files:
        try:
            found = READERS[reader](example)
        except Exception as error:  # noqa: BLE001  # whatever it is, it broke the promise
            broken.append(f"{example.name}: failed with {error!r}")
        else:
            if found != example.expected:
                broken.append(f"{example.name}: found {found.word}, not {example.expected.word}")
    return Figures(len(files), tuple(broken), "kept files")


SWEEPS = (
    Sweep(2, "the kept corpus, by arka's own store", partial(walk, "arka")),
    Sweep(11, "the kept corpus, by the last resort", partial(walk, "last resort")),
)
