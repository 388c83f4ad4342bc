"""What all tests share: an environment without secrets, a vault that costs little to open, a fixed clock."""

import os
import re

# The snapshot plug-in writes os.environ into its failure report, and Textual reads its variables at import.
for _name in list(os.environ):
    if re.search(
        r"KEY|TOKEN|SECRET|PASSWORD|^TEXTUAL(?!_SNAPSHOT)|^NO_COLOR$|^ARKA_|_PROXY$|_proxy$|^SSL_CERT|^SSLKEYLOG", _name
    ):
        del os.environ[_name]

from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import slots
from arka_tui.store.vault import Vault

hypothesis.settings.register_profile("arka", deadline=None)  # a busy machine is no mistake in the program
hypothesis.settings.load_profile("arka")

PASSPHRASE = Secret("correct horse battery staple")
RECOVERY_CODE = Secret("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def open_vault(paths: Paths) -> Vault:
    """A vault object with the cheapest key derivation that a file may ask for; real ones cost 100 times as much."""
    return Vault(paths, cost=lambda: slots.CHEAPEST, clock=lambda: NOW)


def draft(name: str = "openai/work", secret: str = "sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") -> Draft:
    provider, label = name.split("/", 1)
    return Draft(provider, label, f"https://api.{provider}.example/v1", (), Secret(secret))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "arka")


@pytest.fixture
def vault(paths: Paths) -> Vault:
    """New, empty and unlocked."""
    vault = open_vault(paths)
    vault.create(PASSPHRASE, RECOVERY_CODE)
    return vault
