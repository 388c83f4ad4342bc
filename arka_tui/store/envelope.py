"""Bytes to sealed bytes and back: FORMAT.md's primitives, from `cryptography`. No files, no TOML, no passphrases."""

import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_LENGTH_BYTES = 4


class Damaged(Exception):
    """A box, padding or seal that does not hold. Callers turn it into an error that names the file."""


def random_key() -> bytes:
    return os.urandom(KEY_BYTES)


def pae(*parts: bytes | str | int) -> bytes:
    """Pre-authentication encoding, FORMAT.md §1: no two lists of parts have the same bytes."""
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return len(encoded).to_bytes(8, "little") + b"".join([each for p in encoded for each in (length(p), p)])


def length(part: bytes) -> bytes:
    """As it stands before a part in a PAE."""
    return len(part).to_bytes(8, "little")


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(ikm)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """nonce (12) + ciphertext + tag (16). `aad` is authenticated, not encrypted."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def unseal(key: bytes, box: bytes, aad: bytes) -> bytearray:
    """The plaintext, in a buffer that the caller may wipe. Raises: Damaged."""
    if len(box) < NONCE_BYTES + TAG_BYTES:
        raise Damaged
    plaintext = bytearray(len(box) - NONCE_BYTES - TAG_BYTES)
    try:
        AESGCM(key).decrypt_into(box[:NONCE_BYTES], box[NONCE_BYTES:], aad, plaintext)
    except InvalidTag:
        raise Damaged from None
    return plaintext


def pad(data: bytes, block_bytes: int) -> bytes:
    """length (4, little-endian) + data + zeros, a multiple of `block_bytes`."""
    framed = len(data).to_bytes(_LENGTH_BYTES, "little") + data
    return framed + bytes(-len(framed) % block_bytes)


def unpad(framed: bytes | bytearray, block_bytes: int) -> bytes:
    """Raises: Damaged."""
    end = _LENGTH_BYTES + int.from_bytes(framed[:_LENGTH_BYTES], "little")
    if len(framed) < end or len(framed) % block_bytes or len(framed) - end >= block_bytes or any(framed[end:]):
        raise Damaged
    return bytes(framed[_LENGTH_BYTES:end])


def wipe(buffer: bytearray) -> None:
    """Overwrites this copy. Python may have made others: nothing is promised."""
    buffer[:] = bytes(len(buffer))


def b64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()


def unb64(text: object, length: int | None = None) -> bytes:
    """Canonical base64 of exactly `length` bytes, where that is given. Raises: Damaged."""
    if not isinstance(text, str):
        raise Damaged
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Damaged from None
    if b64(data) != text or (length is not None and len(data) != length):
        raise Damaged
    return data


def check_box(box: bytes, block_bytes: int) -> bytes:
    """`box`, if its length can be that of a padded plaintext. Raises: Damaged."""
    padded = len(box) - NONCE_BYTES - TAG_BYTES
    if padded <= 0 or padded % block_bytes:
        raise Damaged
    return box


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def digest(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def equal(one: bytes, other: bytes) -> bool:
    """In constant time."""
    return hmac.compare_digest(one, other)
