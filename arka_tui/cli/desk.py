"""What every command works with: where the files are, whom to tell, what the environment says."""

import io
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from arka_tui.cli.output import Output
from arka_tui.paths import Paths
from arka_tui.store.session import KernelKeyring, Keyring


@dataclass(frozen=True, slots=True)
class Desk:
    paths: Paths
    output: Output
    """Standard output: what was asked for."""
    notes: Output
    """Standard error: what goes on, for a person."""
    environ: Mapping[str, str]
    keyring: Keyring
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @classmethod
    def standard(cls) -> "Desk":
        return cls(
            Paths.find(os.environ),
            Output(sys.stdout or io.StringIO(), os.environ),  # none where it was closed
            Output(sys.stderr or io.StringIO(), os.environ),
            os.environ,
            KernelKeyring(),
        )
