"""Store: whatever lists, gives, puts and removes credentials. The one we ship is the vault (`store/vault.py`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from arka_tui.credential import Credential, Draft
from arka_tui.secret import Secret


@dataclass(frozen=True, slots=True)
class Saved:
    """The change is in the store. `incomplete` says what of the protocol failed after that, or is empty."""

    incomplete: str = ""


class Store(Protocol):
    """Every implementation passes `tests/store/contract.py`. A change blocks until it is on disk, else NotSaved."""

    def list(self) -> tuple[Credential, ...]:
        """In the order they were added. Raises: VaultLocked."""

    def get(self, name: str) -> Credential:
        """Raises: CredentialNotFound, VaultLocked."""

    def secret(self, name: str) -> Secret:
        """The one door to a secret; call it when the request is sent, and no earlier.

        Raises: CredentialNotFound, VaultLocked, VaultCorrupt.
        """

    def add(self, draft: Draft) -> tuple[Credential, Saved]:
        """Raises: NameTaken, NotSaved, UsageError where the draft has no secret."""

    def add_all(self, drafts: Sequence[Draft]) -> tuple[tuple[Credential, ...], Saved]:
        """All of them or none, in one change. Raises: as `add`."""

    def update(self, seen: Credential, draft: Draft) -> tuple[Credential, Saved]:
        """`seen` is what the user looked at while editing.

        Raises: Conflict where it has changed since, CredentialNotFound, NameTaken, NotSaved, UsageError where the
        origin changes but the secret does not: a stored secret only ever goes where it was saved for.
        """

    def remove(self, seen: Iterable[Credential]) -> Saved:
        """All of them or none. Raises: Conflict, NotSaved. What is gone already counts as removed."""
