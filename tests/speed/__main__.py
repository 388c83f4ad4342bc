"""See the package."""

import os
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from arka_tui.errors import SessionFailed
from tests.speed import commands, screens, testing, vault
from tests.speed.measured import Row, as_table

PARTS: Mapping[str, Callable[[], list[Row]]] = {"screens": screens.rows, "tests": testing.rows, "vault": vault.rows}


def main() -> int:
    asked = sys.argv[1:] or [*PARTS, "commands"]
    if unknown := [name for name in asked if name not in (*PARTS, "commands")]:
        print(f"no part is named {unknown[0]}; there are {', '.join([*PARTS, 'commands'])}")  # noqa: T201
        return 2
    if rows := [row for name, measure in PARTS.items() if name in asked for row in measure()]:
        told = [(row.what, row.measured, row.aim) for row in rows]
        print(as_table(("what", "measured", "aim"), told), flush=True)  # noqa: T201
    if "commands" in asked:
        try:
            print(f"\n{commands.table()}")  # noqa: T201
        except SessionFailed as trouble:
            print(f"\ncommands: not measured here: {trouble}")  # noqa: T201
    print(f"\n{date.today().isoformat()}, {_machine()}")  # noqa: T201, DTZ011 # as the reader's calendar has it
    return 0


def _machine() -> str:
    cpus = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(": ")[2] for line in cpus.splitlines() if line.startswith("model name")), "")
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
