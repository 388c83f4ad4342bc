"""A `Store` in plain memory, for tests that care what is stored and not how. It passes the contract of all stores."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from arka_tui.credential import Credential, Draft, fold_name, origin_of
from arka_tui.errors import Conflict, CredentialNotFound, NameTaken, UsageError
from arka_tui.secret import Secret
from arka_tui.store import Saved
from tests.conftest import NOW


class MemoryStore:
    """Counts its ids from 1, so that what a test sees is the same each time."""

    def __init__(self, clock: Callable[[], datetime] = lambda: NOW) -> None:
        self._clock = clock
        self._held: dict[str, tuple[Credential, Secret]] = {}
        self._added = 0

    def list(self) -> tuple[Credential, ...]:
        return tuple(credential for credential, _ in self._held.values())

    def get(self, name: str) -> Credential:
        return self._find(name)[0]

    def secret(self, name: str) -> Secret:
        return self._find(name)[1]

    def add_all(self, drafts: Sequence[Draft]) -> tuple[tuple[Credential, ...], Saved]:
        before = dict(self._held)
        try:
            return tuple(self.add(draft)[0] for draft in drafts), Saved()
        except (NameTaken, UsageError):
            self._held = before
            raise

    def add(self, draft: Draft) -> tuple[Credential, Saved]:
        secret = _usable(draft.secret)
        self._refuse_taken(draft.name)
        self._added += 1
        now = self._clock()
        credential = Credential(
            id=f"{self._added:032x}",
            provider=draft.provider,
            label=draft.label,
            hint=secret.hint,
            base_url=draft.base_url,
            settings=tuple(sorted(draft.settings)),
            created_at=now,
            updated_at=now,
            rev=1,
        )
        self._held[credential.id] = (credential, secret)
        return credential, Saved()

    def update(self, seen: Credential, draft: Draft) -> tuple[Credential, Saved]:
        moved = (draft.provider, origin_of(draft.base_url)) != (seen.provider, seen.origin)
        if draft.secret is None and moved:
            raise UsageError("the stored key is bound to its provider and address", "paste the key again")
        if draft.secret is not None:
            _usable(draft.secret)
        if seen.id not in self._held:
            raise CredentialNotFound(f"{seen.name!r} was deleted in another session")
        old, stored = self._held[seen.id]
        self._refuse_changed(seen)
        if fold_name(draft.name) != fold_name(old.name):
            self._refuse_taken(draft.name)
        secret = draft.secret or stored
        updated = replace(
            old,
            provider=draft.provider,
            label=draft.label,
            hint=secret.hint,
            base_url=draft.base_url,
            settings=tuple(sorted(draft.settings)),
            updated_at=self._clock(),
            rev=old.rev + 1,
        )
        self._held[seen.id] = (updated, secret)
        return updated, Saved()

    def remove(self, seen: Iterable[Credential]) -> Saved:
        wanted = [credential for credential in seen if credential.id in self._held]
        for credential in wanted:
            self._refuse_changed(credential)
        for credential in wanted:
            self._held.pop(credential.id, None)
        return Saved()

    def _find(self, name: str) -> tuple[Credential, Secret]:
        for credential, secret in self._held.values():
            if fold_name(credential.name) == fold_name(name):
                return credential, secret
        near = difflib.get_close_matches(name, [credential.name for credential in self.list()], n=1)
        raise CredentialNotFound(f"no key named {name!r}", f"did you mean {near[0]!r}?" if near else "")

    def _refuse_taken(self, name: str) -> None:
        if any(fold_name(credential.name) == fold_name(name) for credential in self.list()):
            raise NameTaken(f"there is a key named {name!r} already", "choose another label, or edit that key")

    def _refuse_changed(self, seen: Credential) -> None:
        if self._held[seen.id][0].rev != seen.rev:
            raise Conflict(f"{seen.name!r} was changed in another session", "look at its new state, then try again")


def _usable(secret: Secret | None) -> Secret:
    if not secret:
        raise UsageError("there is no key to save", "paste the key")
    if secret.problem:
        raise UsageError(secret.problem)
    return secret
