"""How a command comes to an open vault: the login's session, a key file, a file descriptor, or the passphrase."""

from arka_tui.brief_deeds import keep_brief
from arka_tui.cli.arguments import Ways
from arka_tui.cli.desk import Desk
from arka_tui.cli.output import Sign
from arka_tui.errors import VaultLocked, VaultMissing, VaultUnsafe
from arka_tui.store.slots import Passphrase, Way
from arka_tui.store.vault import Opened, Vault


def vault_of(desk: Desk) -> Vault:
    """Locked; its news are kept in the summary, where the user wants one."""
    vault = Vault(desk.paths)
    keep_brief(vault, desk.paths, desk.now)
    return vault


def open_vault(desk: Desk, ways: Ways) -> Vault:
    """Raises: VaultMissing, WrongPassphrase, VaultLocked where nobody can be asked or nothing was typed; VaultError."""
    vault = vault_of(desk)
    given = ways != Ways()
    opened = None if given else vault.unlock_kept(desk.keyring)
    if opened is None:
        if not given and vault.kept_until(desk.keyring):
            why = "its passphrase was changed, or it is damaged; arka-tui doctor tells"
            desk.notes.tell(Sign.NOTE, f"the key of this session does not open the vault: {why}")
        opened = ask(desk, vault, ways)
    refuse_older_copy(opened)
    for note in opened.notes:
        desk.notes.tell(Sign.NOTE, note)
    return vault


def ask(desk: Desk, vault: Vault, ways: Ways) -> Opened:
    """Whatever session there is. Raises: as `open_vault`."""
    from arka_tui.cli.prompt import Terminal, open_with

    if not vault.exists():
        raise VaultMissing(f"there is no vault at {vault.path}", "arka-tui without a command makes one, on a terminal")

    def unlock(way: Way) -> Opened:
        return vault.unlock(way.secret) if isinstance(way, Passphrase) else vault.unlock_with(way)

    opened = open_with(unlock, ways, why=f" of the vault at {vault.path}")
    if opened is None:
        if somebody := Terminal.find():
            somebody.close()
            raise VaultLocked("no passphrase was given")
        trouble = desk.keyring.trouble()
        first = f"it cannot be kept open: {trouble}" if trouble else "arka-tui unlock opens it for this login"
        raise VaultLocked("the vault is locked", f"{first}; --key-file and --passphrase-fd are for scripts")
    return opened


def refuse_older_copy(opened: Opened) -> None:
    """Raises: VaultUnsafe where this may not be the newest state: a person decides that, in the screens."""
    if opened.older_copy:
        raise VaultUnsafe(opened.older_copy, "arka-tui without a command asks whether to use it")


def confirmed(question: str) -> bool | None:
    """Asked on the terminal, "no" unless "y" or "yes" is typed; None where there is none."""
    from arka_tui.cli.prompt import Terminal

    terminal = Terminal.find()
    if terminal is None:
        return None
    try:
        return terminal.ask(f"{question} (y/N) ").casefold() in ("y", "yes")
    finally:
        terminal.close()
