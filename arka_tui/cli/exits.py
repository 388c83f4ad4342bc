"""Exit codes: stable, one for each thing that a script may want to tell apart."""

from enum import IntEnum

from arka_tui import errors
from arka_tui.errors import ArkaError


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    """Or trouble was found: what no other code names."""
    USAGE = 2
    LOCKED = 3
    WRONG_PASSPHRASE = 4
    """Also a wrong recovery code or key file, or an ssh-agent that does not open the vault."""
    NOT_FOUND = 5
    """No such key, or no vault."""
    TEST_FAILED = 6
    """At least one key that was tested does not work."""
    CONFLICT = 7
    """The name is taken, or another session changed or is saving the same."""
    DAMAGED = 8
    """The vault's file is damaged, not arka's, of a later arka, an older copy, or unsafe to use."""
    NO_TERMINAL = 9
    NETWORK = 10
    """Nothing was found out about some key: its provider is down, was not reached, or gave no clear answer."""
    REFUSED = 11
    """exec: the key is not as --require-ok or --min-credit wants it."""
    NOT_SAVED = 12
    """The disk did not take it, or did not confirm it."""
    NOT_STARTED = 126
    """exec: the command is there, but cannot be run. As shells have it, and the next."""
    NO_COMMAND = 127


OPENING = (Exit.LOCKED, Exit.WRONG_PASSPHRASE, Exit.NOT_FOUND, Exit.DAMAGED)
"""What can come of opening the vault."""

SAID: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.FAILED: "failed, or trouble was found",
    Exit.USAGE: "used wrongly",
    Exit.LOCKED: "the vault is locked, and nobody is there to ask",
    Exit.WRONG_PASSPHRASE: "wrong passphrase, recovery code or key file",
    Exit.NOT_FOUND: "no such key, or no vault",
    Exit.TEST_FAILED: "some key failed its test",
    Exit.CONFLICT: "the name is taken, or another session changed the same",
    Exit.DAMAGED: "the vault is damaged or unsafe to use",
    Exit.NO_TERMINAL: "no terminal, and it needs one",
    Exit.NETWORK: "a provider is down or was not reached",
    Exit.REFUSED: "exec: the key is not as required",
    Exit.NOT_SAVED: "not saved",
    Exit.NOT_STARTED: "the command cannot be run",
    Exit.NO_COMMAND: "there is no such command",
}

_OF: tuple[tuple[type[ArkaError], Exit], ...] = (
    (errors.UsageError, Exit.USAGE),
    (errors.TerminalUnfit, Exit.NO_TERMINAL),
    (errors.CredentialNotFound, Exit.NOT_FOUND),
    (errors.VaultMissing, Exit.NOT_FOUND),
    (errors.VaultLocked, Exit.LOCKED),
    (errors.StalePassphrase, Exit.WRONG_PASSPHRASE),
    (errors.WrongPassphrase, Exit.WRONG_PASSPHRASE),
    (errors.AgentFailed, Exit.WRONG_PASSPHRASE),
    (errors.NameTaken, Exit.CONFLICT),
    (errors.Conflict, Exit.CONFLICT),
    (errors.Superseded, Exit.CONFLICT),
    (errors.VaultExists, Exit.CONFLICT),
    (errors.VaultBusy, Exit.CONFLICT),
    (errors.VaultCorrupt, Exit.DAMAGED),
    (errors.VaultForeign, Exit.DAMAGED),
    (errors.VaultNewer, Exit.DAMAGED),
    (errors.VaultUnsafe, Exit.DAMAGED),
    (errors.NotSaved, Exit.NOT_SAVED),
    (errors.Refused, Exit.REFUSED),
    (errors.Unreachable, Exit.NETWORK),
    (errors.CommandMissing, Exit.NO_COMMAND),
    (errors.CommandFailed, Exit.NOT_STARTED),
)


def exit_of(error: ArkaError) -> Exit:
    return next((code for kind, code in _OF if isinstance(error, kind)), Exit.FAILED)
