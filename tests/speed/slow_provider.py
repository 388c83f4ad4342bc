"""A provider that takes its time, in a process of its own: it must not take any of the program's.

Prints one line of JSON: `address` and `keys`. When its standard input ends, it prints how many requests came with one.
"""

import json
import sys

from arka_tui.simulator import Simulator


def main() -> None:
    keys, seconds = int(sys.argv[1]), float(sys.argv[2])
    with Simulator(slow_s=seconds) as simulator:
        issued = [simulator.issue("openai", "slow", f"key-{number}") for number in range(keys)]
        print(json.dumps({"address": simulator.base_url("openai"), "keys": issued}), flush=True)  # noqa: T201
        sys.stdin.read()
        print(sum(request.situation == "slow" for request in simulator.requests))  # noqa: T201


if __name__ == "__main__":
    main()
