"""Secrets in a stream of bytes, turned into dots as they pass."""

import re
from collections.abc import Collection

from arka_tui.secret import MASK

_MASK = MASK.encode()


class Masking:
    """Holds back no more than what may be the beginning of a secret."""

    def __init__(self, secrets: Collection[bytes]) -> None:
        """None of `secrets` is empty."""
        self._secrets = sorted(secrets, key=len, reverse=True)  # of two that begin alike, the longer is meant
        self._pattern = re.compile(b"|".join(map(re.escape, self._secrets)))
        self._held = b""
        self.struck = False
        """Whether there was a secret."""

    def pass_on(self, piece: bytes) -> bytes:
        """What may be shown by now, of `piece` and of what was held."""
        data, at, shown = self._held + piece, 0, bytearray()
        whole = len(data) - len(self._secrets[0])  # what begins here or before is all there
        while True:
            found = self._pattern.search(data, at)
            if not found or found.start() > whole:
                begun = self._begun(data, at)
                if not found or found.start() >= begun:
                    self._held = data[begun:]
                    return bytes(shown + data[at:begun])
            shown += data[at : found.start()]
            shown += _MASK
            self.struck = True
            at = found.end()

    def rest(self) -> bytes:
        """What is still held, when nothing more comes."""
        held, self._held = self._held, b""
        shown, count = self._pattern.subn(_MASK, held)
        self.struck |= count > 0
        return shown

    def _begun(self, data: bytes, at: int) -> int:
        """Where, from `at` on, `data` ends with the beginning of a secret; its end where it does not."""
        first = max(at, len(data) - len(self._secrets[0]) + 1)
        for start in range(first, len(data)):
            tail = data[start:]
            if any(len(tail) < len(secret) and secret.startswith(tail) for secret in self._secrets):
                return start
        return len(data)
