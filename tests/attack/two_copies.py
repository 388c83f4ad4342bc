"""Vault and mirror in every pair of states: which one opens is as FORMAT.md §6 says, and nothing is destroyed."""

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

from arka_tui.errors import ArkaError, VaultError, WrongPassphrase
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.document import parse
from arka_tui.store.slots import CHEAPEST, RECOVERY, RecoveryCode, Slot, unwrap
from arka_tui.store.vault import Vault
from tests.attack.corruption import Values, by_arka
from tests.attack.figures import Figures, Sweep
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft

NEW_PASSPHRASE, NEW_CODE = Secret("another horse"), Secret("0000-1111-2222-3333-4444-5555-6666-7777")
WRONG_CODE = Secret("7777-1111-2222-3333-4444-5555-6666-7777")
CODES = {"today's code": RECOVERY_CODE, "an earlier code": NEW_CODE, "a wrong code": WRONG_CODE}

MISSING, FOREIGN, LATER = "missing", "foreign", "of a later format"
LEFT_ALONE = (FOREIGN, LATER, "without its first line")
"""In the vault's place: then nothing is opened. In the mirror's place: it is not touched."""


@dataclass(frozen=True)
class Kinds:
    """What may stand in the place of a file, by its name; None where nothing does."""

    contents: dict[str, bytes | None]

    def values(self, kind: str, code: Secret) -> Values:
        return by_arka(self.contents[kind] or b"", code)

    def opens(self, kind: str, code: Secret) -> bool:
        return kind not in LEFT_ALONE and self.values(kind, code) is not None

    def has_slot(self, kind: str, code: Secret) -> bool:
        """Whether the code is that of the file, though its seal may be broken."""
        return any(
            isinstance(slot, Slot) and slot.type == RECOVERY and self._is_of(kind, slot, code)
            for slot in parse(self.contents[kind] or b"").slots
        )

    def _is_of(self, kind: str, slot: Slot, code: Secret) -> bool:
        try:
            return bool(unwrap(parse(self.contents[kind] or b"").store_id, slot, RecoveryCode(code)))
        except WrongPassphrase:
            return False

    def generation(self, kind: str) -> int:
        return parse(self.contents[kind] or b"").generation

    def readable(self, kind: str) -> bool:
        try:
            parse(self.contents[kind] or b"")
        except Exception:  # noqa: BLE001  # whatever is wrong with it
            return False
        return True

    def related(self, one: str, other: str) -> bool:
        """Of one vault: by its id, or by a slot they share."""
        first, second = (parse(self.contents[kind] or b"") for kind in (one, other))
        return first.store_id == second.store_id or not set(first.slots).isdisjoint(second.slots)


def every_kind(folder: Path) -> Kinds:
    """A vault's life, and what else may be found in its place. "today" is the state that both files should have."""
    paths = Paths.under(folder / "life")
    vault = Vault(paths, cost=lambda: CHEAPEST)
    vault.create(NEW_PASSPHRASE, NEW_CODE)
    seen, _ = vault.add(draft("openai/first"))
    rekeyed_since = paths.vault.read_bytes()
    vault.change_passphrase(PASSPHRASE, RECOVERY_CODE)
    older = paths.vault.read_bytes()
    vault.add(draft("openai/second"))
    today = paths.vault.read_bytes()
    vault.remove([seen])
    newer = paths.vault.read_bytes()

    other = Vault(Paths.under(folder / "other"), cost=lambda: CHEAPEST)
    other.create(PASSPHRASE, RECOVERY_CODE)
    other_raw = other.path.read_bytes()
    at = today.index(b"[index]") + 120
    return Kinds(
        {
            "today": today,
            MISSING: None,
            "empty": b"",
            "cut": today[: len(today) // 2],
            "half zeros": today[:700] + bytes(len(today) - 700),
            "one byte of the index changed": today[:at] + bytes([today[at] ^ 1]) + today[at + 1 :],
            "under another seal": today.replace(b"generation = ", b"generation = 1", 1),
            "older": older,
            "from before the passphrase was changed": rekeyed_since,
            "newer": newer,
            "another vault": other_raw,
            "without its first line": today.partition(b"\n")[2],
            FOREIGN: b"dear diary\n",
            LATER: b'format = "arka-store/2"\nx = [1]\n',
        }
    )


def expected(kinds: Kinds, main: str, mirror: str, code: Secret) -> str:
    """Which kind opens, by FORMAT.md §6; empty where none does."""
    if main in LEFT_ALONE:
        return ""
    if kinds.opens(main, code):
        aside = mirror in LEFT_ALONE or (kinds.readable(mirror) and not kinds.related(main, mirror))
        better = not aside and kinds.opens(mirror, code) and kinds.generation(mirror) > kinds.generation(main)
        return mirror if better else main
    if not kinds.opens(mirror, code):
        return ""
    if kinds.readable(main):
        outdated = kinds.generation(mirror) < kinds.generation(main) and not kinds.has_slot(main, code)
        if outdated or not kinds.related(main, mirror):
            return ""
    return mirror


def harm(before: dict[str, bytes | None], after: dict[str, bytes | None], kinds: Kinds, opened: str) -> str:
    """What was destroyed, or nothing. A file may only give way to the state that opened, and only where it is none
    that must be left alone, and no later than that state."""
    for name, raw in after.items():
        was = before[name]
        if raw == was:
            continue
        if not opened:
            return f"{name} was changed, though nothing opened"
        if raw != kinds.contents[opened]:
            return f"{name} is now neither what it was nor what opened"
        kind = next(kind for kind, content in kinds.contents.items() if content == was)
        if kind in LEFT_ALONE or kind == "another vault":
            return f"{name} ({kind}) was written over"
        intact = any(kinds.opens(kind, code) for code in CODES.values())
        if intact and kinds.generation(kind) > kinds.generation(opened):
            return f"{name} ({kind}) gave way to an earlier state"
    return ""


def one_pair(folder: Path, kinds: Kinds, main: str, mirror: str, code: Secret) -> str:
    """What went wrong, or nothing."""
    paths = Paths.under(folder)
    shutil.rmtree(folder, ignore_errors=True)
    paths.data.mkdir(parents=True, mode=0o700)
    places = {"store.toml": main, "store.toml.bak": mirror}
    for name, kind in places.items():
        content = kinds.contents[kind]
        if content is not None:
            (paths.data / name).write_bytes(content)
    before = {name: kinds.contents[kind] for name, kind in places.items()}
    wanted = expected(kinds, main, mirror, code)
    vault, opened = Vault(paths, cost=lambda: CHEAPEST), ""
    try:
        vault.unlock_with_recovery_code(code)
    except VaultError as failure:
        if not str(failure):
            return "refused without a word"
    except ArkaError as error:
        return f"refused with {error!r}"
    else:
        found = {each.name: vault.secret(each.name).reveal() for each in vault.list()}
        alike = (
            kind
            for kind in (main, mirror)
            if kinds.opens(kind, code) and by_arka(kinds.contents[kind] or b"", code) == found
        )
        opened = next(alike, "values of neither")
    if opened != wanted:
        return f"{opened or 'nothing'} opened, not {wanted or 'nothing'}"
    after = {name: (paths.data / name).read_bytes() if (paths.data / name).exists() else None for name in places}
    return harm(before, after, kinds, opened)


def pairs(folder: Path, codes: dict[str, Secret] = CODES) -> Figures:
    kinds = every_kind(folder)
    broken: list[str] = []
    tried = 0
    for (name, code), main, mirror in itertools.product(codes.items(), kinds.contents, kinds.contents):
        tried += 1
        trouble = one_pair(folder / "pair", kinds, main, mirror, code)
        if trouble:
            broken.append(f"{name}; vault: {main}; mirror: {mirror}: {trouble}")
    return Figures(tried, tuple(broken), f"{len(kinds.contents)} states of each file")


SWEEPS = (Sweep(2, "vault and mirror in every pair of states", pairs),)
