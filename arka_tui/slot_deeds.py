"""What a person can do with the ways to open the vault: list them, add one, remove one, open with one.

Beside the passphrase and the recovery code, which every vault has. All deeds block; asking an ssh-agent may wait for a
person on another machine.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from arka_tui.errors import AgentFailed, ArkaError, UsageError, VaultError
from arka_tui.secret import Secret
from arka_tui.store import Saved
from arka_tui.store.key_file import make_key_file, read_key_file
from arka_tui.store.slots import (
    KEY_FILE,
    PASSPHRASE,
    RECOVERY,
    SSH_AGENT,
    KeyFile,
    Passphrase,
    Slot,
    SshAgent,
    UnknownSlot,
    Way,
)
from arka_tui.store.ssh_agent import Agent, PublicKey
from arka_tui.store.vault import Opened, Vault
from arka_tui.text import safe

ALWAYS_THERE = (PASSPHRASE, RECOVERY)
"""Kinds of slots that no vault is without: they are changed, never removed."""
_NAMES = {PASSPHRASE: "passphrase", RECOVERY: "recovery code", KEY_FILE: "key file", SSH_AGENT: "ssh-agent key"}


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot, as far as it can be told here and now."""

    id: str
    kind: str
    told: str
    """Of an ssh-agent slot, the key's comment and fingerprint where the agent holds it; of others what they are."""
    here: bool
    """Whether it can be carried over when all is sealed anew: its key file or agent key is within reach."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return _NAMES.get(self.kind, self.kind)


class SlotDeeds:
    """`agent` finds the running ssh-agent, or None; `key_file` is the path in the settings, or empty."""

    def __init__(self, vault: Vault, agent: Callable[[], Agent | None], key_file: Callable[[], str]) -> None:
        self._vault = vault
        self._agent = agent
        self._key_file = key_file

    # ------------------------------------------------------------------ opening

    def offered(self) -> frozenset[str]:
        """Kinds that the file on disk says it opens with, apart from an ssh-agent slot where no agent runs."""
        kinds = self._vault.slot_kinds()
        return kinds if self._agent() else kinds - {SSH_AGENT}

    @property
    def usual_key_file(self) -> str:
        return self._key_file()

    def unlock_with_key_file(self, path: str) -> Opened:
        """Raises: UsageError, WrongPassphrase, VaultError."""
        return self._vault.unlock_with(read_key_file(key_file_path(path)))

    def unlock_with_agent(self) -> Opened:
        """Raises: AgentFailed, WrongPassphrase, VaultError."""
        return self._vault.unlock_with(SshAgent(self._found_agent()))

    # ------------------------------------------------------------------ the open vault

    def views(self) -> tuple[SlotView, ...]:
        """In the order they were added. Raises: VaultLocked."""
        with suppress(VaultError):
            self._vault.refresh()
        keys, key_file = self._agent_keys_or_none(), self._key_file_or_none()
        return tuple(self._view(slot, keys, key_file) for slot in self._vault.slots())

    def is_passphrase(self, passphrase: Secret) -> bool:
        """Of the open vault. Takes as long as unlocking. Raises: VaultLocked, UsageError."""
        return self._vault.fits(Passphrase(passphrase))

    def agent_keys(self) -> list[PublicKey]:
        """All that the agent holds; `problem` says which cannot open a vault. Raises: AgentFailed."""
        return self._found_agent().public_keys()

    def add_agent_key(self, key: PublicKey) -> Saved:
        """`prepare_agent_key` and the saving of it."""
        return self.prepare_agent_key(key)()

    def prepare_agent_key(self, key: PublicKey) -> Callable[[], Saved]:
        """Asks the agent. Raises: AgentFailed, UsageError; what it returns, NotSaved, Superseded."""
        return self._vault.prepare_slot(SshAgent(self._found_agent(), key))

    def add_key_file(self, path: str) -> tuple[Saved, bool]:
        """Makes the file where there is none; an existing key file is used as it is. Says whether it was made.

        Raises: UsageError, also for a place beside the vault, where it would be copied with it; NotSaved, Superseded.
        """
        file = key_file_path(path)
        if Path(os.path.realpath(file)).is_relative_to(self._vault.path.parent):
            raise UsageError("beside the vault a key file protects nothing", "put it on another disk or stick")
        made = not os.path.exists(file)  # noqa: PTH110  # never raises; Path.exists does, where it may not look
        way = make_key_file(file) if made else read_key_file(file)
        try:
            return self._vault.add_slot(way), made
        except ArkaError:
            if made and not self._opens(way):  # another session may have found the file, and added it
                with suppress(OSError):
                    file.unlink()
            raise

    def _opens(self, way: KeyFile) -> bool:
        try:
            self._vault.refresh()
            return self._vault.fits(way)
        except ArkaError:
            return False

    def change_passphrase(
        self,
        passphrase: Secret,
        recovery_code: Secret,
        without: str = "",
        keep: frozenset[str] = frozenset(),
    ) -> Saved:
        """`prepare_change` and the saving of it."""
        return self.prepare_change(passphrase, recovery_code, without, keep)()

    def prepare_change(
        self, passphrase: Secret, recovery_code: Secret, without: str = "", keep: frozenset[str] = frozenset()
    ) -> Callable[[], Saved]:
        """Seals all anew. Slots whose file or key is within reach stay, but for the one with the id `without`.

        Raises: NotSaved, Superseded, UsageError, AgentFailed; UsageError too where one of `keep` went out of reach.
        """
        reachable = [(slot, way) for slot, way in self._reachable() if slot.id != without]
        if gone := keep - {slot.id for slot, _ in reachable}:
            names = ", ".join(view.name for view in self.views() if view.id in gone)
            raise UsageError(f"no longer within reach, and it would be removed: {names}", "look at the ways again")
        others = [way for _, way in reachable]
        return self._vault.prepare_change(passphrase, recovery_code, others)

    # ------------------------------------------------------------------ inside

    def _reachable(self) -> list[tuple[Slot, Way]]:
        keys, key_file = self._agent_keys_or_none(), self._key_file_or_none()
        found: list[tuple[Slot, Way]] = []
        for slot in self._vault.slots():
            if isinstance(slot, Slot):
                way = self._way_of(slot, keys, key_file)
                if way:
                    found.append((slot, way))
        return found

    def _way_of(self, slot: Slot, keys: Sequence[PublicKey], key_file: KeyFile | None) -> Way | None:
        agent = self._agent()
        if slot.type == SSH_AGENT and agent:
            key = next((key for key in keys if slot.is_of(key)), None)
            return SshAgent(agent, key) if key else None
        if slot.type == KEY_FILE and key_file and self._vault.fits_slot(key_file, slot):
            return key_file
        return None

    def _view(self, slot: Slot | UnknownSlot, keys: Sequence[PublicKey], key_file: KeyFile | None) -> SlotView:
        if isinstance(slot, UnknownSlot):
            return SlotView(slot.id, safe(slot.type, 30), "of a kind that a later arka-tui knows", here=False)
        if slot.cost:
            return SlotView(slot.id, slot.type, f"Argon2id, {slot.cost.memory_kib // 1024} MiB", here=True)
        if slot.type == RECOVERY:
            return SlotView(slot.id, slot.type, "eight groups of four, which you wrote down", here=True)
        way = self._way_of(slot, keys, key_file)
        if isinstance(way, SshAgent) and way.key:
            told = f"{way.key.comment or way.key.type} {way.key.fingerprint}"
        elif way:
            told = self._key_file()
        else:
            told = "its key is not in your ssh-agent now" if slot.type == SSH_AGENT else "its file is not at hand now"
        return SlotView(slot.id, slot.type, told, here=way is not None)

    def _found_agent(self) -> Agent:
        agent = self._agent()
        if agent is None:
            raise AgentFailed("no ssh-agent is running here", "SSH_AUTH_SOCK names it; ssh -A brings yours along")
        return agent

    def _agent_keys_or_none(self) -> Sequence[PublicKey]:
        agent = self._agent()
        try:
            return agent.public_keys() if agent else ()
        except AgentFailed:
            return ()

    def _key_file_or_none(self) -> KeyFile | None:
        try:
            return read_key_file(key_file_path(self._key_file())) if self._key_file() else None
        except UsageError:
            return None


def key_file_path(typed: str) -> Path:
    """What was typed, as an absolute path. Raises: UsageError."""
    if not typed.strip():
        raise UsageError("there is no path yet", "type where the key file is, or shall be")
    try:
        path = Path(typed.strip()).expanduser().absolute()
        path.lstat()
    except OSError:
        return path
    except (RuntimeError, ValueError):  # no such user's home; a zero byte or what no file name can hold
        raise UsageError("this cannot be a path") from None
    return path
