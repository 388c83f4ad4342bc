"""Which keys are meant by the names that follow a command."""

import re
from collections.abc import Sequence

from arka_tui.credential import Credential, fold_name, same_name
from arka_tui.errors import CredentialNotFound, UsageError
from arka_tui.providers import variables
from arka_tui.store.vault import Vault

ORDINARY_LABEL = "main"
"""Whose key is meant where a provider has several and none is named."""


def refuse_no_choice(names: Sequence[str], *, every: bool) -> None:
    """To be asked before the vault is opened. Raises: UsageError."""
    if not names and not every:
        raise UsageError("no key is named", "name keys as provider/label, all of a provider by its name, or say --all")
    if names and every:
        raise UsageError("names and --all do not go together")


def chosen(vault: Vault, names: Sequence[str], *, every: bool = False) -> list[Credential]:
    """By name, each once; a name without a slash means all keys of that provider. Raises: CredentialNotFound."""
    keys = vault.list()
    wanted = set(keys) if every else set()
    for name in names:
        of_provider = [each for each in keys if fold_name(each.provider) == fold_name(name)]
        wanted.update(of_provider or [vault.get(name)])
    return sorted(wanted, key=lambda each: each.name.casefold())


def one(vault: Vault, name: str) -> Credential:
    """`provider/label`, or a provider: its only key, or the one labelled main. Raises: CredentialNotFound, UsageError
    where several could be meant."""
    if "/" in name:
        try:
            return vault.get(name)
        except CredentialNotFound as missing:
            if tellable(vault, name):
                raise
            raise CredentialNotFound("no key of that name", missing.hint) from None
    keys = [key for key in vault.list() if same_name(key.provider, name)]
    if not keys:
        known = ", ".join(sorted({key.provider for key in vault.list()}))
        hint = f"there are keys of {known}" if known else ""
        raise CredentialNotFound("no key of a provider of that name", hint)  # it may be a key, typed in the wrong place
    main = [key for key in keys if same_name(key.label, ORDINARY_LABEL)]
    if len(keys) > 1 and not main:
        told = ", ".join(sorted(key.name for key in keys))
        raise UsageError(
            f"{keys[0].provider} has {len(keys)} keys, and none is called {ORDINARY_LABEL}", f"say which: {told}"
        )
    return (main or keys)[0]


def tellable(vault: Vault, name: str) -> bool:
    """Whether `name` begins as names do, so that an error may quote it: a key may have been typed in its place."""
    provider, slash, label = name.partition("/")
    known = {fold_name(each) for each in (*variables.shipped(), *(key.provider for key in vault.list()))}
    return bool(slash) and bool(re.fullmatch(r"[^/\s]+", label)) and fold_name(provider) in known
