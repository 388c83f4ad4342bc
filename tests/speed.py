"""How long the quick commands take beside `python -c pass` and beside what people use today; a table of ratios.

    python -m tests.speed [rounds]

A vault of ten keys in a temporary folder, open for a session of its own. Commands take turns, so that a busy moment of
the machine hits them all; the median of each counts. Peers are measured where they are installed. Nothing is asserted.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from arka_tui.credential import Draft
from arka_tui.errors import ArkaError
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store.session import KernelKeyring
from arka_tui.store.slots import CHEAPEST, new_recovery_code
from arka_tui.store.vault import Vault

FLOOR = "python -c pass"
ROUNDS = 40
KEYS = 10
PEERS: dict[str, tuple[str, Sequence[str]]] = {
    "llm keys": ("llm keys set work --value k", ("llm", "keys")),
    "keyring get": ("echo k | keyring set openai work", ("keyring", "get", "openai", "work")),
    "pass show": (
        "gpg --batch --passphrase '' --quick-generate-key me && pass init me && echo k | pass insert -e openai/work",
        ("pass", "show", "openai/work"),
    ),
}
"""How each gets a key to show, and the command."""


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environ = {**os.environ, "ARKA_HOME": str(root), "HOME": folder}
        try:
            open_for_session(Paths.under(root))
        except ArkaError as error:
            print(f"not measured here: {error}")  # noqa: T201
            return 1
        ready = {name: command for name, (prepare, command) in PEERS.items() if is_ready(prepare, command, environ)}
        timed = measure({**commands(), **ready}, environ, rounds)
    floor = timed[FLOOR]
    print(f"| command | median, ms | times {FLOOR} |\n|---|---|---|")  # noqa: T201
    for name, seconds in timed.items():
        print(f"| {name} | {seconds * 1000:.1f} | {seconds / floor:.1f} |")  # noqa: T201
    missing = [name for name in PEERS if name not in timed]
    print(f"\n{rounds} rounds, {os.cpu_count()} cores, Python {sys.version.split()[0]}.", end=" ")  # noqa: T201
    print(f"Not measured: {', '.join(missing) or 'none'}.")  # noqa: T201
    return 0


def open_for_session(paths: Paths) -> None:
    """Raises: SessionFailed."""
    keyring = KernelKeyring()
    keyring.join_new()
    vault = Vault(paths, cost=lambda: CHEAPEST)
    vault.create(Secret("measured, not kept"), new_recovery_code())
    for number in range(KEYS):
        secret = Secret(f"sk-proj-{number:040}")
        vault.add(Draft("openai", f"key-{number}", "https://api.openai.com/v1", (), secret))
    vault.keep_open(keyring, 3600)
    vault.lock()


def is_ready(prepare: str, command: Sequence[str], environ: dict[str, str]) -> bool:
    """Whether it is installed, and can be set up here."""
    for attempt in (["sh", "-c", prepare], command):
        done = subprocess.run(attempt, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            return False
    return True


def commands() -> dict[str, Sequence[str]]:
    arka = [sys.executable, "-m", "arka_tui"]
    imports = "import argparse, dataclasses, tomllib, json, ctypes, pathlib, datetime"
    aead = "from cryptography.hazmat.primitives.ciphers.aead import AESGCM"
    return {
        FLOOR: [sys.executable, "-c", "pass"],
        "python, AES-GCM and the standard library's part": [sys.executable, "-c", f"{imports}; {aead}"],
        "arka-tui list": [*arka, "list"],
        "arka-tui status": [*arka, "status"],
        "arka-tui exec -- true": [*arka, "exec", "--no-masking", "-k", "openai/key-3", "--", "true"],
    }


def measure(commands: dict[str, Sequence[str]], environ: dict[str, str], rounds: int) -> dict[str, float]:
    """Seconds, the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, env=environ, capture_output=True, check=False)
            if number:  # the first round warms the caches
                taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in taken.items()}


if __name__ == "__main__":
    sys.exit(main())
