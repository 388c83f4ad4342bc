"""Ways to wrap and unwrap the master key: FORMAT.md §3."""

import os
import random
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Protocol

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from arka_tui.errors import UsageError, VaultUnsafe, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store.envelope import KEY_BYTES, Damaged, digest, equal, hkdf, pae, seal, unseal
from arka_tui.store.ssh_agent import Agent, PublicKey, enrol, signed_data

PASSPHRASE = "passphrase"  # noqa: S105  # the kind of slot, not one
RECOVERY = "recovery"
KEY_FILE = "keyfile"
SSH_AGENT = "ssh-agent"
SALT_BYTES = 16
CHECK_BYTES = 32
CHALLENGE_BYTES = 32
KEY_MARK_BYTES = 8
RECOVERY_BYTES = 20
RECOVERY_CHARS = RECOVERY_BYTES * 8 // 5
PASSPHRASE_MAX_BYTES = 1024

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPOS = str.maketrans("OIL", "011")
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    memory_kib: int
    iterations: int
    lanes: int


PASSPHRASE_KDF = Argon2Cost(memory_kib=262_144, iterations=3, lanes=4)
"""Four times RFC 9106's second recommendation; about 0.7 s on two 2020s cores."""
SMALL_KDF = Argon2Cost(memory_kib=65_536, iterations=3, lanes=4)
"""RFC 9106's second recommendation, for machines with less than 1 GiB to spare; never less."""
CHEAPEST = Argon2Cost(memory_kib=19_456, iterations=1, lanes=1)
DEAREST = Argon2Cost(memory_kib=2_097_152, iterations=64, lanes=16)
"""What a file may ask for; beyond it the file is an attack on the reader, or on its owner."""


@dataclass(frozen=True, slots=True)
class AgentKey:
    """Of an ssh-agent slot: what the agent is asked to sign, and with which key."""

    challenge: bytes
    mark: bytes
    """The first bytes of a salted hash of the public key: the file does not say whose key it is, but a guess can be
    tested with it."""


@dataclass(frozen=True, slots=True)
class Slot:
    id: str
    type: str
    salt: bytes
    check: bytes
    box: bytes
    cost: Argon2Cost | None = None
    """Of a passphrase slot only."""
    agent_key: AgentKey | None = None
    """Of an ssh-agent slot only."""

    def is_of(self, key: PublicKey) -> bool:
        return self.agent_key is not None and equal(self.agent_key.mark, _mark(self.salt, key))


@dataclass(frozen=True, slots=True)
class UnknownSlot:
    """Of a kind that a later arka knows. Opens nothing; written back as it was."""

    id: str
    type: str
    fields: tuple[tuple[str, str | int], ...]


def kdf_cost() -> Argon2Cost:
    """What a new passphrase slot costs on this machine."""
    try:
        meminfo = Path("/proc/meminfo").read_text()
    except OSError:
        return PASSPHRASE_KDF
    found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    return SMALL_KDF if found and int(found[1]) < 1_048_576 else PASSPHRASE_KDF


def new_recovery_code() -> Secret:
    """160 random bits as eight groups of four characters."""
    number = int.from_bytes(os.urandom(RECOVERY_BYTES), "big")
    code = "".join(_ALPHABET[number >> 5 * (RECOVERY_CHARS - 1 - i) & 31] for i in range(RECOVERY_CHARS))
    return Secret("-".join(recovery_groups(code)))


def recovery_groups(code: str) -> list[str]:
    code = code.replace("-", "")
    return [code[i : i + _GROUP] for i in range(0, len(code), _GROUP)]


def two_groups(groups: int) -> tuple[int, int]:
    """Numbers, from 1 and in their order, of those that are typed as proof that the code was written down.

    Others each time: the proof is that all of them are on paper.
    """
    first, second = sorted(random.SystemRandom().sample(range(1, groups + 1), 2))
    return first, second


def tidy_recovery_code(text: str) -> str:
    """As it was shown, without hyphens, whatever the case and however O, I and L were typed."""
    bare = re.sub(r"[\s-]", "", text)
    return bare.upper().translate(_TYPOS) if bare.isascii() else bare  # upper() makes ASCII of some other letters


class Way(Protocol):
    """What somebody opens the vault with. Fits the slots of its `kind`."""

    kind: ClassVar[str]
    said: ClassVar[str]
    """With its article, for "this is not … of this vault"."""

    def ikm(self, store_id: bytes, slot: Slot) -> bytes:
        """The key material of that slot. May take a second, and ask a person.

        Raises: WrongPassphrase where it cannot be this slot's, UsageError, VaultUnsafe, AgentFailed.
        """


@dataclass(frozen=True, slots=True)
class Passphrase:
    kind: ClassVar[str] = PASSPHRASE
    said: ClassVar[str] = "the passphrase"
    secret: Secret

    def ikm(self, store_id: bytes, slot: Slot) -> bytes:
        assert slot.cost  # noqa: S101  # a passphrase slot has one
        return _stretch(self.secret, slot.salt, slot.cost)


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    kind: ClassVar[str] = RECOVERY
    said: ClassVar[str] = "the recovery code"
    secret: Secret

    def ikm(self, store_id: bytes, slot: Slot) -> bytes:
        return _recovery_bytes(self.secret)


@dataclass(frozen=True, slots=True)
class KeyFile:
    kind: ClassVar[str] = KEY_FILE
    said: ClassVar[str] = "the key file"
    content: bytes = field(repr=False)

    def ikm(self, store_id: bytes, slot: Slot) -> bytes:
        return self.content


@dataclass(frozen=True, slots=True)
class SshAgent:
    """With `key` only that one is used; without, whichever key of the agent a slot was made for."""

    kind: ClassVar[str] = SSH_AGENT
    said: ClassVar[str] = "the ssh-agent"
    agent: Agent
    key: PublicKey | None = None

    def ikm(self, store_id: bytes, slot: Slot) -> bytes:
        assert slot.agent_key  # noqa: S101  # an ssh-agent slot has one
        keys = [self.key] if self.key else self.agent.public_keys()
        key = next((key for key in keys if slot.is_of(key)), None)
        if key is None:
            raise WrongPassphrase("the ssh-agent holds no key that opens this vault", "ssh-add -l lists those it has")
        return self.agent.sign(key, _signed(store_id, slot.id, slot.agent_key.challenge))


@dataclass(frozen=True, slots=True)
class MasterKey:
    """What every slot leads to, kept for a login. Fits no slot, and all of them."""

    kind: ClassVar[str] = ""
    said: ClassVar[str] = "the key of this session"
    key: bytes = field(repr=False)

    def ikm(self, store_id: bytes, slot: Slot) -> bytes:
        raise WrongPassphrase(f"{self.said} opens no slot")


def new_slot(store_id: bytes, master_key: bytes, way: Way, cost: Argon2Cost) -> Slot:
    """`cost` is that of a passphrase; an ssh-agent is asked to sign four times.

    Raises: UsageError, and what `Way.ikm` raises.
    """
    slot_id, salt = os.urandom(8).hex(), os.urandom(SALT_BYTES)
    blank = Slot(slot_id, way.kind, salt, b"", b"", cost if way.kind == PASSPHRASE else None)
    if isinstance(way, SshAgent):
        assert way.key  # noqa: S101  # chosen by who adds the slot
        agent_key = AgentKey(os.urandom(CHALLENGE_BYTES), _mark(salt, way.key))
        blank = replace(blank, agent_key=agent_key)
        ikm = enrol(way.agent, way.key, _signed(store_id, slot_id, agent_key.challenge))
    else:
        ikm = way.ikm(store_id, blank)
    info = _info(store_id, blank)
    kek, check = _split(hkdf(ikm, salt, info, KEY_BYTES + CHECK_BYTES))
    return replace(blank, check=check, box=seal(kek, master_key, info))


def unwrap(store_id: bytes, slot: Slot, way: Way) -> bytes:
    """The master key. Takes as long as the way takes.

    Raises: WrongPassphrase where `way` is not this slot's; Damaged where it is, but the box does not open; and what
    `Way.ikm` raises.
    """
    info = _info(store_id, slot)
    kek, check = _split(hkdf(way.ikm(store_id, slot), slot.salt, info, KEY_BYTES + CHECK_BYTES))
    if not equal(check, slot.check):
        raise WrongPassphrase(f"this is not {way.said} of this vault")
    master_key = bytes(unseal(kek, slot.box, info))
    if len(master_key) != KEY_BYTES:
        raise Damaged
    return master_key


def _info(store_id: bytes, slot: Slot) -> bytes:
    m, t, p = (slot.cost.memory_kib, slot.cost.iterations, slot.cost.lanes) if slot.cost else (0, 0, 0)
    return pae("arka-store/1 slot", store_id, slot.id, slot.type, m, t, p, slot.salt)


def _signed(store_id: bytes, slot_id: str, challenge: bytes) -> bytes:
    return signed_data(pae("arka-store/1 ssh-agent", store_id, slot_id, challenge))


def _mark(salt: bytes, key: PublicKey) -> bytes:
    return digest(salt + key.blob)[:KEY_MARK_BYTES]


def _split(both: bytes) -> tuple[bytes, bytes]:
    return both[:KEY_BYTES], both[KEY_BYTES:]


def _stretch(passphrase: Secret, salt: bytes, cost: Argon2Cost) -> bytes:
    composed = unicodedata.normalize("NFC", passphrase.reveal())
    if any(unicodedata.category(char) == "Cs" for char in composed):
        raise UsageError("the passphrase has bytes that are no text", "set the terminal to UTF-8")
    typed = composed.encode()
    if not 1 <= len(typed) <= PASSPHRASE_MAX_BYTES:
        raise UsageError(f"a passphrase has 1 to {PASSPHRASE_MAX_BYTES:,} bytes")
    kdf = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    try:
        return kdf.derive(typed)
    except MemoryError:
        hint = "free some memory, or open the vault with the recovery code, which needs none"
        raise VaultUnsafe(f"this vault needs {cost.memory_kib // 1024} MiB of memory to open", hint) from None


def _recovery_bytes(code: Secret) -> bytes:
    typed = tidy_recovery_code(code.reveal())
    if len(typed) != RECOVERY_CHARS or any(char not in _ALPHABET for char in typed):
        raise WrongPassphrase("a recovery code has eight groups of four letters or digits")
    number = 0
    for char in typed:
        number = number << 5 | _ALPHABET.index(char)
    return number.to_bytes(RECOVERY_BYTES, "big")
