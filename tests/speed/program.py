"""The real program, but for two things.

--accepted FILE   when a slot has opened, the moment is written there
--openai ADDRESS  where OpenAI is
"""

import argparse
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from arka_tui import __main__ as program
from arka_tui.providers import catalog
from arka_tui.store import slots, state


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accepted", type=Path)
    parser.add_argument("--openai")
    options = parser.parse_args()
    unwrap, load_catalog = slots.unwrap, catalog.load_catalog

    def noted(*arguments: object) -> bytes:
        master_key = unwrap(*arguments)  # type: ignore[arg-type]  # whatever it takes
        options.accepted.write_text(str(time.monotonic()))
        return master_key

    with ExitStack() as replaced:
        if options.accepted:
            replaced.enter_context(patch.object(state, "unwrap", noted))
        if options.openai:
            led = load_catalog().with_base_urls({"openai": options.openai})
            replaced.enter_context(patch.object(catalog, "load_catalog", lambda: led))
        return program.main([])


if __name__ == "__main__":
    sys.exit(main())
