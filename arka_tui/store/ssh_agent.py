"""A running ssh-agent as one way to open the vault: FORMAT.md §3. Speaks its protocol, knows nothing of vaults.

The agent cannot decrypt, but ed25519 and RSA sign the same bytes the same way each time, so that a signature of a
random challenge is a key that only the agent can make again. draft-ietf-sshm-ssh-agent, OpenSSH's PROTOCOL.sshsig.
"""

import base64
import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arka_tui.errors import AgentFailed, UsageError
from arka_tui.text import safe

if TYPE_CHECKING:  # 3 ms, for the few who unlock by their agent
    import socket

NAMESPACE = "arka-tui-unlock@v1"
PATIENCE_S = 60.0
"""For the person whom `ssh-add -c` asks to confirm, and for a link to a forwarded agent."""
LISTING_PATIENCE_S = 5.0
"""Nobody is asked for that."""
MAX_MESSAGE_BYTES = 256 * 1024
MIN_RSA_BITS = 2048
ENROL_SIGNATURES = 4

_FAILURE, _REQUEST_IDENTITIES, _IDENTITIES, _SIGN_REQUEST, _SIGN_RESPONSE = 5, 11, 12, 13, 14
_RSA_SHA2_512 = 4
_ALGORITHMS = {b"ssh-ed25519": (b"ssh-ed25519", 0), b"ssh-rsa": (b"rsa-sha2-512", _RSA_SHA2_512)}
"""Type of key: the signature algorithm, and the flag that asks for it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    blob: bytes
    """As SSH encodes it."""
    comment: str = field(compare=False)
    """From outside, made safe to show."""

    @property
    def type(self) -> str:
        """ "ssh-ed25519" and the like; empty where the blob is no key."""
        try:
            return safe(_split_strings(self.blob, 1)[0].decode("ascii", "replace"), 60)
        except AgentFailed:
            return ""

    @property
    def fingerprint(self) -> str:
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def problem(self) -> str:
        """Why it cannot open a vault, or nothing."""
        kind = self.type
        if kind.startswith("sk-"):
            return "a hardware key signs differently each time"
        if kind.startswith(("ecdsa-", "ssh-dss")):
            return f"{'ECDSA' if kind.startswith('ecdsa-') else 'DSA'} signs differently each time"
        if kind.encode() not in _ALGORITHMS:
            return "only ed25519 and RSA keys sign the same way each time"
        if kind == "ssh-rsa" and _rsa_bits(self.blob) < MIN_RSA_BITS:
            return f"an RSA key needs at least {MIN_RSA_BITS} bits"
        return ""


class Agent:
    """One connection for each request: a forwarded agent comes and goes with its login."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> "Agent | None":
        path = environ.get("SSH_AUTH_SOCK", "")
        return cls(path) if path and os.path.exists(path) else None  # noqa: PTH110  # any text may be in there

    def public_keys(self) -> list[PublicKey]:
        """All it holds, whether they can open a vault or not. Raises: AgentFailed."""
        answer = self._ask(bytes([_REQUEST_IDENTITIES]), _IDENTITIES, LISTING_PATIENCE_S)
        count, rest = int.from_bytes(answer[:4]), answer[4:]
        keys: list[PublicKey] = []
        for _ in range(count):
            blob, comment, rest = _split_strings(rest, 2)
            keys.append(PublicKey(blob, safe(comment.decode("utf-8", "replace"), 80)))
        return keys

    def sign(self, key: PublicKey, data: bytes) -> bytes:
        """Algorithm and signature, each as an SSH string. Raises: AgentFailed, UsageError where `key` is unfit."""
        if key.problem:
            raise UsageError(f"this key cannot open a vault: {key.problem}", "choose an ed25519 or RSA key")
        wanted, flags = _ALGORITHMS[key.type.encode()]
        request = bytes([_SIGN_REQUEST]) + _string(key.blob) + _string(data) + flags.to_bytes(4)
        signature, rest = _split_strings(self._ask(request, _SIGN_RESPONSE), 1)
        algorithm, value, more = _split_strings(signature, 2)
        if rest or more or algorithm != wanted or not value:
            raise AgentFailed("the ssh-agent signed in another way than it was asked to")
        size = (_rsa_bits(key.blob) + 7) // 8 if key.type == "ssh-rsa" else 0
        return _string(algorithm) + _string(value.rjust(size, b"\0"))  # gpg-agent leaves leading zeros out

    def _ask(self, request: bytes, wanted: int, patience_s: float = 0) -> bytes:
        """The answer without its type."""
        import socket

        trouble = ""
        answer = b""
        patience_s = patience_s or PATIENCE_S
        deadline = time.monotonic() + patience_s
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(patience_s)
                line.connect(self._path)
                line.sendall(len(request).to_bytes(4) + request)
                size = int.from_bytes(_read_exactly(line, 4, deadline))
                if not 1 <= size <= MAX_MESSAGE_BYTES:
                    raise ValueError
                answer = _read_exactly(line, size, deadline)
        except TimeoutError:
            trouble = f"the ssh-agent did not answer within {patience_s:.0f} s"
        except (OSError, ValueError):
            trouble = "the ssh-agent cannot be reached"
        if trouble:
            raise AgentFailed(trouble, "look at SSH_AUTH_SOCK, or open the vault with the passphrase")
        if answer[0] != wanted:
            raise AgentFailed("the ssh-agent refused", "it may be locked, or somebody said no to its question")
        return answer[1:]


def enrol(agent: Agent, key: PublicKey, data: bytes) -> bytes:
    """A signature that will be the same each time. Raises: AgentFailed, UsageError."""
    signatures = {agent.sign(key, data) for _ in range(ENROL_SIGNATURES)}
    if len(signatures) != 1:
        raise UsageError("this key signs differently each time: it cannot open a vault", "choose another key")
    return signatures.pop()


def signed_data(message: bytes) -> bytes:
    """What PROTOCOL.sshsig has signed, in our namespace: no signature made for another purpose fits."""
    return b"SSHSIG" + b"".join(
        _string(part) for part in (NAMESPACE.encode(), b"", b"sha512", hashlib.sha512(message).digest())
    )


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value


def _split_strings(data: bytes, count: int) -> list[bytes]:
    """That many SSH strings, and what is left. Raises: AgentFailed."""
    parts: list[bytes] = []
    for _ in range(count):
        size = int.from_bytes(data[:4])
        if len(data) < 4 + size:
            raise AgentFailed("the ssh-agent's answer is damaged")
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    return [*parts, data]


def _rsa_bits(blob: bytes) -> int:
    try:
        _, _, modulus, _ = _split_strings(blob, 3)
    except AgentFailed:
        return 0
    return int.from_bytes(modulus).bit_length()


def _read_exactly(line: "socket.socket", size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        line.settimeout(max(0.001, deadline - time.monotonic()))
        piece = line.recv(size - len(data))
        if not piece:
            raise ValueError
        data += piece
    return bytes(data)
