"""Runs the program's `main` many times in one process, its output to the terminal, a line `#n` before each.

Its argument is a file with a JSON list of [environment, arguments]; a start of Python for each would take minutes.
"""

import json
import os
import sys
from pathlib import Path

from arka_tui.__main__ import main


def say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, text.encode())


if __name__ == "__main__":
    orders = json.loads(Path(sys.argv[1]).read_bytes())
    for number, (environment, arguments) in enumerate(orders):
        say(f"\n#{number}\n")
        os.environ.update(environment)
        try:
            main(arguments)
        except SystemExit:
            continue
    say("\n#end\n")
