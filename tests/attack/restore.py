"""A restore is struck at every call it makes: always a vault opens, at the old state or at the new one."""

import errno
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from unittest.mock import patch

from arka_tui.errors import VaultError
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import disk
from arka_tui.store.backup import present, read, restore, verify
from arka_tui.store.slots import RecoveryCode
from arka_tui.store.state import State
from arka_tui.store.vault import Vault
from tests.attack.figures import Figures, Sweep
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.test_copies import check_of
from tests.store.test_disk import FUNCTIONS, FaultyOs, Killed

OTHER_CODE = Secret("0000-1111-2222-3333-4444-5555-6666-7777")
NEW = ["one", "two", "three"]
"""What the backup holds, which `RECOVERY_CODE` opens."""

Scene = Callable[[Paths], tuple[list[str], Secret]]
"""Makes of the vault that was backed up what the restore finds; returns the keys in it, and what opens it."""


def ordinary(paths: Paths) -> tuple[list[str], Secret]:
    _opened(paths).add(draft("openai/new"))
    return [*NEW, "new"], RECOVERY_CODE


def changed_passphrase(paths: Paths) -> tuple[list[str], Secret]:
    vault = _opened(paths)
    vault.change_passphrase(PASSPHRASE, OTHER_CODE)
    vault.add(draft("openai/new"))
    return [*NEW, "new"], OTHER_CODE


def damaged_vault(paths: Paths) -> tuple[list[str], Secret]:
    """Its newer second copy is all there is of the old state."""
    _opened(paths).add(draft("openai/new"))
    raw = bytearray(paths.vault.read_bytes())
    at = raw.rindex(b'box = "') + 30
    raw[at] = ord("A") if raw[at] != ord("A") else ord("B")
    paths.vault.write_bytes(raw)
    return [*NEW, "new"], RECOVERY_CODE


def unfinished_save(paths: Paths) -> tuple[list[str], Secret]:
    before = paths.vault.read_bytes()
    _opened(paths).add(draft("openai/new"))
    _mirror(paths).write_bytes(before)
    return [*NEW, "new"], RECOVERY_CODE


def another_vault(paths: Paths) -> tuple[list[str], Secret]:
    shutil.rmtree(paths.data)
    vault = open_vault(paths)
    vault.create(PASSPHRASE, OTHER_CODE)
    vault.record_checks([check_of(vault.add(draft("openai/theirs"))[0])])
    return ["theirs"], OTHER_CODE


SCENES: tuple[Scene, ...] = (ordinary, changed_passphrase, damaged_vault, unfinished_save, another_vault)


def strike(folder: Path, scene: Scene, fault: BaseException, step: int = 1) -> Figures:
    """`fault` at each `step`-th call in turn, each time on a fresh copy of the scene."""
    before = Paths.under(folder / "before")
    backup = _backed_up(before, folder / "backup.toml")
    old, code = scene(before)
    broken: list[str] = []
    for nth in count(1, step):
        paths = Paths.under(folder / f"{nth}")
        shutil.copytree(before.data.parent, paths.data.parent)
        said, faulty = "", FaultyOs((*FUNCTIONS, "unlink"), nth, fault)
        with patch.object(disk, "os", faulty), suppress(Killed):
            try:
                said = "incomplete" if restore(paths, backup, present(paths), lambda: NOW).incomplete else "restored"
            except VaultError:
                said = "not restored"
        if not faulty.struck:
            return Figures(len(range(1, nth, step)), tuple(broken))
        wrong = _wrong(before, paths, old, code, said)
        broken += [f"{scene.__name__}, call {nth}: {each}" for each in wrong]
    raise AssertionError("count() ended")


def kills(folder: Path) -> Figures:
    return _all(folder, Killed())


def errors(folder: Path) -> Figures:
    return _all(folder, OSError(errno.EIO, ""))


def _all(folder: Path, fault: BaseException) -> Figures:
    found = [strike(folder / scene.__name__, scene, fault) for scene in SCENES]
    return Figures(sum(each.tried for each in found), tuple(line for each in found for line in each.broken))


def _wrong(before: Paths, paths: Paths, old: list[str], code: Secret, said: str) -> list[str]:
    """`said` is empty where it was killed."""
    opens = {each.reveal(): there for each in (code, RECOVERY_CODE) if (there := _labels(paths, each)) is not None}
    wrong = [f"it opens at {there}" for there in opens.values() if there not in (old, NEW)]
    if not opens:
        wrong.append("nothing opens")
    if said == "restored" and opens != {RECOVERY_CODE.reveal(): NEW}:
        wrong.append("it was said to be restored")
    if said == "not restored" and (opens.get(code.reveal()) != old or _files(paths) != _files(before)):
        wrong.append("it was said to have changed nothing")
    if not said and before.vault.read_bytes() == _mirror(before).read_bytes() and len(opens) > 1:
        wrong.append("which state it is depends on who opens it first")
    if not set(_files(before).values()) <= set(_files(paths).values()):
        wrong.append("something that was there is in no file any more")
    return wrong


def _labels(paths: Paths, code: Secret) -> list[str] | None:
    """What the code opens; of a copy, so that looking heals nothing."""
    copy = Paths.under(paths.data.parent / "looked-at")
    shutil.copytree(paths.data, copy.data)
    vault = open_vault(copy)
    try:
        vault.unlock_with_recovery_code(code)
        return [credential.label for credential in vault.list()]
    except VaultError:
        return None
    finally:
        shutil.rmtree(copy.data.parent)


def _backed_up(paths: Paths, file: Path) -> State:
    vault = open_vault(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    for label in NEW:
        vault.add(draft(f"openai/{label}"))
    vault.record_checks([check_of(vault.get("openai/one"))])
    shutil.copy(paths.vault, file)
    return verify(read(file), RecoveryCode(RECOVERY_CODE))


def _opened(paths: Paths) -> Vault:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    return vault


def _mirror(paths: Paths) -> Path:
    return paths.vault.with_name("store.toml.bak")


def _files(paths: Paths) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths.data.iterdir() if path.name != "store.lock"}


SWEEPS = (
    Sweep(6, "a restore killed at every call", kills),
    Sweep(6, "a restore that fails at every call", errors),
)
