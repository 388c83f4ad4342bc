"""What the vault costs beside what it cannot do without: the writes, the syncs, the derivation."""

import os
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.slots import PASSPHRASE_KDF
from arka_tui.store.vault import Vault
from tests.speed.measured import Row, in_turns, seconds
from tests.speed.vaults import PASSPHRASE, filled

ROUNDS = 60
UNLOCKS = 7


def rows() -> list[Row]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        few, many = filled(root / "few", 10), filled(root / "many", 1000)
        bytes_of_few, bytes_of_many = few.path.read_bytes(), many.path.read_bytes()
        of_few, of_many = count(), count()
        (root / "bare").mkdir()
        commits = in_turns(
            {
                "few": lambda: seconds(lambda: _rename(few, next(of_few))),
                "many": lambda: seconds(lambda: _rename(many, next(of_many))),
                "bare": lambda: seconds(lambda: _bare(root / "bare", bytes_of_few)),
                "bare, many": lambda: seconds(lambda: _bare(root / "bare", bytes_of_many)),
            },
            ROUNDS,
        )
        filled(root / "dear", 10, cost=PASSPHRASE_KDF).lock()
        dear = Vault(Paths.under(root / "dear"))
        unlocks = in_turns(
            {
                "unlock": lambda: seconds(lambda: dear.unlock(Secret(PASSPHRASE))),
                "derive": lambda: seconds(_derive),
            },
            UNLOCKS,
        )
    return [
        Row(
            "one change in a vault of 1,000 keys / of 10 keys",
            f"{commits['many'] / commits['few']:.1f} ({commits['many'] * 1000:.1f} ms); "
            f"the bare writes alone {commits['bare, many'] / commits['bare']:.1f}",
            "3",
        ),
        Row(
            "one change in a vault of 10 keys / its bare writes, fsyncs and renames",
            f"{commits['few'] / commits['bare']:.2f} ({commits['few'] * 1000:.1f} ms)",
            "1.5",
        ),
        Row(
            "unlock / Argon2id alone",
            f"{unlocks['unlock'] / unlocks['derive']:.2f} ({unlocks['unlock'] * 1000:.0f} ms)",
            "1.1",
        ),
    ]


def _rename(vault: Vault, number: int) -> None:
    seen = vault.list()[3]
    vault.update(seen, Draft(seen.provider, f"renamed-{number}", seen.base_url))


def _bare(folder: Path, data: bytes) -> None:
    """What no program can spare that keeps the protocol: vault, mirror and high-water mark, each whole and synced."""
    for name, content in (("store.toml", data), ("store.toml.bak", data), ("seen.json", bytes(120))):
        file = os.open(folder / f"{name}.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(file, content)
        os.fsync(file)
        os.close(file)
        os.rename(folder / f"{name}.tmp", folder / name)
        directory = os.open(folder, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)


def _derive() -> None:
    cost = PASSPHRASE_KDF
    kdf = Argon2id(salt=bytes(16), length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib)
    kdf.derive(PASSPHRASE.encode())
