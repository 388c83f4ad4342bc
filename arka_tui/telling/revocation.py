"""What is to be done at the providers about keys that are deleted here."""

from collections.abc import Sequence
from dataclasses import dataclass

from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.telling import words


@dataclass(frozen=True, slots=True)
class Revocation:
    pages: list[str]
    """Where the providers' own copies are revoked, each page once; none where all of them stay in use."""
    in_use: list[str]
    """Names of keys that stay, and are the same secret as one that goes."""
    addresses: list[str]
    """Those in `pages`."""


def revocation(controller: Controller, gone: Sequence[Credential], *, tested_or_not: bool = False) -> Revocation:
    """Which of the keys that stay are the same secret is known of those that were tested; else every key is opened."""
    ids, names = {credential.id for credential in gone}, {credential.name for credential in gone}
    copies = controller.insight.copies(gone) if tested_or_not else controller.insight.twins()
    stay = {each: [name for name in copies.get(each, ()) if name not in names] for each in ids}
    providers = dict.fromkeys(credential.provider for credential in gone if not stay[credential.id])
    found = [(name, controller.provider(name)) for name in providers]
    return Revocation(
        [f"{p.name}: {p.console.get('keys', '')}" if p else f"{name}: in its console" for name, p in found],
        sorted({name for others in stay.values() for name in others}),
        [page for _, p in found if p and (page := p.console.get("keys", ""))],
    )


def still_used(revoked: Revocation) -> list[str]:
    """A line that warns of revoking too much, or none."""
    if not revoked.in_use:
        return []
    kept = words.named(revoked.in_use)
    return [f"{kept} stays, with the same secret: do not revoke that at the provider."]
