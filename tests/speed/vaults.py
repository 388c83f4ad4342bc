"""Vaults of any size, made in one change; not so cheap that the program would strengthen them when it opens them."""

from pathlib import Path

from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.slots import SMALL_KDF, Argon2Cost, new_recovery_code
from arka_tui.store.vault import Vault

PASSPHRASE = "measured, not kept"
ADDRESS = "https://api.openai.com/v1"


def filled(
    home: Path, keys: int, *, address: str = ADDRESS, secrets: list[str] | None = None, cost: Argon2Cost = SMALL_KDF
) -> Vault:
    """Under `home`, which is to be `ARKA_HOME`; open."""
    vault = Vault(Paths.under(home), cost=lambda: cost)
    vault.create(Secret(PASSPHRASE), new_recovery_code())
    texts = secrets or [f"sk-proj-{number:040}" for number in range(keys)]
    vault.add_all([Draft("openai", f"key-{at:05}", address, (), Secret(text)) for at, text in enumerate(texts)])
    return vault
