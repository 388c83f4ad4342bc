"""How long the quick commands take beside `python -c pass` and beside what people use today.

A vault of ten keys in a temporary folder, open for a session of its own. Peers are measured where they are installed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from arka_tui.brief_deeds import keep_brief
from arka_tui.paths import Paths
from arka_tui.store.session import KernelKeyring
from tests.speed.measured import as_table, in_turns, seconds
from tests.speed.vaults import filled

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


def table() -> str:
    """Raises: SessionFailed where the kernel keeps no keys."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environ = {**os.environ, "ARKA_HOME": str(root), "HOME": folder}
        open_for_session(root)
        ready = {name: command for name, (prepare, command) in PEERS.items() if is_ready(prepare, command, environ)}
        turns = {name: partial(_seconds, command, environ) for name, command in {**commands(), **ready}.items()}
        timed = in_turns(turns, ROUNDS)
    floor = timed[FLOOR]
    rows = [(name, f"{seconds * 1000:.1f}", f"{seconds / floor:.1f}") for name, seconds in timed.items()]
    missing = [name for name in PEERS if name not in timed]
    note = f"\n\nNot measured here: {', '.join(missing)}." if missing else ""
    return as_table(("command", "median, ms", f"times {FLOOR}"), rows) + note


def open_for_session(home: Path) -> None:
    """Raises: SessionFailed."""
    keyring = KernelKeyring()
    keyring.join_new()
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("status_cache = true\n")
    vault = filled(home, KEYS)
    keep_brief(vault, Paths.under(home), lambda: datetime.now(UTC))
    vault.on_news()
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
        "arka-tui status --brief": [*arka, "status", "--brief"],
        "arka-tui exec -- true": [*arka, "exec", "--no-masking", "-k", "openai/key-00003", "--", "true"],
    }


def _seconds(command: Sequence[str], environ: dict[str, str]) -> float:
    return seconds(lambda: subprocess.run(command, env=environ, capture_output=True, check=False))
