"""Everything that can go wrong and must stop the caller.

    ArkaError
    ├── UsageError              what was typed cannot be: a name, a key, an address, a setting
    ├── CredentialNotFound
    ├── NameTaken
    ├── CatalogError            the provider catalog has a mistake
    ├── ConfigError             the settings file has a mistake
    ├── TerminalUnfit           no screen can be drawn here, or nobody can be asked
    ├── SessionFailed           the kernel does not keep the vault open for this login
    ├── Refused                 a key is not as the user required it to be
    ├── Unreachable             nothing could be found out about a key
    ├── CommandFailed           a program of the user's cannot be started
    │   └── CommandMissing      there is none of that name
    └── VaultError
        ├── VaultMissing        there is none yet
        ├── VaultExists         there is one already
        ├── VaultForeign        the file is not arka's
        ├── VaultNewer          written by a later arka
        ├── VaultCorrupt        cut, damaged or tampered with
        ├── VaultUnsafe         the file or its folder could be changed by others
        ├── VaultLocked         not opened, or locked again
        ├── WrongPassphrase     also a wrong recovery code
        ├── AgentFailed         the ssh-agent is not there, or refused
        ├── StalePassphrase     opens the mirror, but not the newer vault
        ├── Superseded          the file is not the one that was opened: new passphrase, or an older copy
        ├── Conflict            another session changed the same credential
        └── NotSaved            the change did not reach the disk; the old state is whole
            └── VaultBusy       another session is saving

A message is lower case, names the thing, and never holds a secret or a library's own text. The remedy is apart,
in `hint`. A rejected key is no error: it is a `Verdict`.
"""


class ArkaError(Exception):
    """`str()` is safe to show; `hint` says what to do, or is empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ArkaError):
    pass


class CredentialNotFound(ArkaError):
    pass


class NameTaken(ArkaError):
    pass


class CatalogError(ArkaError):
    pass


class ConfigError(ArkaError):
    pass


class TerminalUnfit(ArkaError):
    pass


class SessionFailed(ArkaError):
    pass


class Refused(ArkaError):
    pass


class Unreachable(ArkaError):
    pass


class CommandFailed(ArkaError):
    pass


class CommandMissing(CommandFailed):
    pass


class VaultError(ArkaError):
    pass


class VaultMissing(VaultError):
    pass


class VaultExists(VaultError):
    pass


class VaultForeign(VaultError):
    pass


class VaultNewer(VaultError):
    pass


class VaultCorrupt(VaultError):
    pass


class VaultUnsafe(VaultError):
    pass


class VaultLocked(VaultError):
    pass


class WrongPassphrase(VaultError):
    pass


class AgentFailed(VaultError):
    pass


class StalePassphrase(VaultError):
    pass


class Superseded(VaultError):
    pass


class Conflict(VaultError):
    pass


class NotSaved(VaultError):
    pass


class VaultBusy(NotSaved):
    pass
