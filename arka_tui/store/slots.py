"""Ways to wrap and unwrap the master key: FORMAT.md §3."""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from arka_tui.errors import UsageError, VaultUnsafe, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store.envelope import KEY_BYTES, Damaged, equal, hkdf, pae, seal, unseal

PASSPHRASE = "passphrase"  # noqa: S105  # the kind of slot, not one
RECOVERY = "recovery"
SALT_BYTES = 16
CHECK_BYTES = 32
RECOVERY_BYTES = 20
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
class Slot:
    id: str
    type: str
    salt: bytes
    check: bytes
    box: bytes
    cost: Argon2Cost | None = None
    """Of a passphrase slot only."""


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
    count = RECOVERY_BYTES * 8 // 5
    code = "".join(_ALPHABET[number >> 5 * (count - 1 - i) & 31] for i in range(count))
    return Secret("-".join(recovery_groups(code)))


def recovery_groups(code: str) -> list[str]:
    code = code.replace("-", "")
    return [code[i : i + _GROUP] for i in range(0, len(code), _GROUP)]


def tidy_recovery_code(text: str) -> str:
    """As it was shown, without hyphens, whatever the case and however O, I and L were typed."""
    bare = re.sub(r"[\s-]", "", text)
    return bare.upper().translate(_TYPOS) if bare.isascii() else bare  # upper() makes ASCII of some other letters


def passphrase_slot(store_id: bytes, master_key: bytes, passphrase: Secret, cost: Argon2Cost) -> Slot:
    """Raises: UsageError."""
    salt = os.urandom(SALT_BYTES)
    return _wrap(store_id, master_key, PASSPHRASE, salt, _stretch(passphrase, salt, cost), cost)


def recovery_slot(store_id: bytes, master_key: bytes, code: Secret) -> Slot:
    return _wrap(store_id, master_key, RECOVERY, os.urandom(SALT_BYTES), _recovery_bytes(code), None)


def unwrap(store_id: bytes, slot: Slot, secret: Secret) -> bytes:
    """The master key. Takes as long as Argon2id takes.

    Raises: WrongPassphrase where `secret` is not this slot's; Damaged where it is, but the box does not open.
    """
    ikm = _stretch(secret, slot.salt, slot.cost) if slot.cost else _recovery_bytes(secret)
    info = _info(store_id, slot.id, slot.type, slot.cost, slot.salt)
    kek, check = _split(hkdf(ikm, slot.salt, info, KEY_BYTES + CHECK_BYTES))
    if not equal(check, slot.check):
        raise WrongPassphrase(f"this is not the {'passphrase' if slot.cost else 'recovery code'} of this vault")
    master_key = bytes(unseal(kek, slot.box, info))
    if len(master_key) != KEY_BYTES:
        raise Damaged
    return master_key


def _wrap(store_id: bytes, master_key: bytes, kind: str, salt: bytes, ikm: bytes, cost: Argon2Cost | None) -> Slot:
    slot_id = os.urandom(8).hex()
    info = _info(store_id, slot_id, kind, cost, salt)
    kek, check = _split(hkdf(ikm, salt, info, KEY_BYTES + CHECK_BYTES))
    return Slot(slot_id, kind, salt, check, seal(kek, master_key, info), cost)


def _info(store_id: bytes, slot_id: str, kind: str, cost: Argon2Cost | None, salt: bytes) -> bytes:
    m, t, p = (cost.memory_kib, cost.iterations, cost.lanes) if cost else (0, 0, 0)
    return pae("arka-store/1 slot", store_id, slot_id, kind, m, t, p, salt)


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
    if len(typed) != RECOVERY_BYTES * 8 // 5 or any(char not in _ALPHABET for char in typed):
        raise WrongPassphrase("a recovery code has eight groups of four letters or digits")
    number = 0
    for char in typed:
        number = number << 5 | _ALPHABET.index(char)
    return number.to_bytes(RECOVERY_BYTES, "big")
