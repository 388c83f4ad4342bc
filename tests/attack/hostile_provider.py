"""Every answer that `arka_tui.simulator.hostile` knows, at both providers, through the check as the program makes it.

Each must end in time, in the right verdict, in words that a terminal can bear, with no piece of the key in anything
that is told or logged; nobody else may be asked anything.
"""

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from arka_tui.check import Check, Verdict, check_from_json, check_to_json
from arka_tui.credential import Draft
from arka_tui.providers import transport
from arka_tui.providers.catalog import Catalog, load_catalog
from arka_tui.providers.checker import Checker
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.simulator.hostile import PAID, Attack, Says, attacks
from tests.attack.decoy import Decoy
from tests.attack.figures import Figures, Sweep
from tests.e2e.canary import Canary

SHORT_DEADLINE_S = 0.3
"""In place of 20 s, where a server means to take for ever."""
PATIENCE_S = 60.0
"""In place of 20 s, and of 5 s for a connection: a busy machine is not what is attacked here."""
TOLERANCE_S = 3.0
MOST_MIB = 100
PREFIXES = {"openai": "sk-proj-", "openrouter": "sk-or-v1-"}

EXPECTED: dict[str, set[Verdict]] = {
    "drips": {Verdict.PROVIDER_DOWN},
    "bombs": {Verdict.UNKNOWN, Verdict.PROVIDER_DOWN},
    "waits": {Verdict.RATE_LIMITED},
    "redirects": {Verdict.UNKNOWN},
    "cuts": {Verdict.UNKNOWN},
    "poison": {Verdict.UNKNOWN},
}
"""For the other kinds see `_expected`."""

FACTS = {
    **dict.fromkeys(("limit_remaining that is wrong, 4",), Verdict.KEY_LIMIT_REACHED),
    **dict.fromkeys(("is_management_key that is wrong, 3",), Verdict.MANAGEMENT_KEY),
}
"""A remaining limit of -1, and a management key, are what OpenRouter would say so."""


@dataclass(frozen=True, slots=True)
class Job:
    kind: str
    name: str
    attack: Attack
    provider: str
    paid: bool
    """Only the paid requests are attacked."""

    @property
    def situation(self) -> str:
        return (PAID if self.paid else "") + self.name

    def __str__(self) -> str:
        return f"{self.provider}: {self.situation}"


@dataclass
class Found:
    tried: int = 0
    broken: list[str] = field(default_factory=list)
    slowest_s: float = 0


def jobs(kinds: Iterable[str], every: int = 1) -> list[Job]:
    """Each attack at each provider, once on all requests and once on the paid ones. `every`: only each n-th."""
    found = [
        Job(kind, name, attack, provider, paid)
        for kind in kinds
        for name, attack in attacks()[kind].items()
        for provider in PREFIXES
        for paid in (False, True)
    ]
    return found[::every]


def run(chosen: Sequence[Job], workers: int = 8, deadline_s: float = PATIENCE_S) -> Figures:
    found = Found()
    with Decoy() as decoy, Simulator(elsewhere=decoy.url) as simulator, _logged() as log:
        with patch.object(transport, "DEADLINE_S", deadline_s), patch.object(transport, "CONNECT_S", PATIENCE_S):
            asyncio.run(_all(chosen, simulator, log, found, workers))
        if decoy.connections or decoy.bytes:
            found.broken.append(f"{decoy.connections} connections and {decoy.bytes} bytes went elsewhere")
        kept = [request for request in simulator.requests if "cookie" in request.headers]
        strange = {request.path for request in simulator.requests if not request.provider}
        found.broken += [f"a cookie came back at {request.path}" for request in kept]
        found.broken += [f"{path} was asked for" for path in strange]
        told = f"{len(simulator.requests):,} requests, {decoy.connections} elsewhere; slowest {found.slowest_s:.1f} s"
    return Figures(found.tried, tuple(found.broken), told)


async def _all(chosen: Sequence[Job], simulator: Simulator, log: list[str], found: Found, workers: int) -> None:
    catalog = load_catalog().with_base_urls(simulator.addresses)
    queue = list(reversed(chosen))
    way = transport.Transport()
    checker = Checker(catalog, way)

    async def work() -> None:
        canaries = {name: Canary(prefix) for name, prefix in PREFIXES.items()}
        while queue:
            await _attack(queue.pop(), simulator, catalog, checker, canaries, log, found)

    try:
        await asyncio.gather(*(work() for _ in range(workers)))
    finally:
        await way.close()


async def _attack(
    job: Job,
    simulator: Simulator,
    catalog: Catalog,
    checker: Checker,
    canaries: dict[str, Canary],
    log: list[str],
    found: Found,
) -> None:
    canary = canaries[job.provider]
    simulator.accept(job.provider, job.situation, canary.key)
    started = time.monotonic()
    try:
        check = await _check(checker, catalog, job.provider, canary.key)
    except Exception as error:  # noqa: BLE001  # whatever it is: a check raises nothing
        found.broken.append(f"{job}: {type(error).__name__}")
        return
    took_s = time.monotonic() - started
    found.tried += 1
    found.slowest_s = max(found.slowest_s, took_s)
    found.broken += [f"{job}: {what}" for what in _wrong(job, check, took_s, canary, log)]
    if job.kind == "poison":
        after = Canary(PREFIXES[job.provider])
        simulator.accept(job.provider, "valid", after.key)
        verdict = (await _check(checker, catalog, job.provider, after.key)).verdict
        if verdict is not Verdict.OK:
            found.broken.append(f"{job}: the next key is told {verdict}")


async def _check(checker: Checker, catalog: Catalog, provider: str, key: str) -> Check:
    draft = Draft(provider, "work", catalog[provider].base_url)
    return await checker.check(draft, "id", lambda: Secret(key), paid=True)


def _wrong(job: Job, check: Check, took_s: float, canary: Canary, log: list[str]) -> Iterator[str]:
    if check.verdict not in _expected(job):
        yield f"told {check.verdict}: {check.evidence!r}"
    if took_s > len(check.stages) * transport.DEADLINE_S + TOLERANCE_S:
        yield f"took {took_s:.1f} s"
    told = json.dumps(check_to_json(check), ensure_ascii=False)
    if unfit := unfit_characters(told):
        yield f"tells {unfit}"
    if check_from_json(json.loads(told)) != check:
        yield "is another after it was written down"
    logged, log[:] = "".join(log), []
    yield from canary.found_in("told", f"{told}{check!r}".encode())
    yield from canary.found_in("logged", logged.encode("utf-8", "replace"))


def _expected(job: Job) -> set[Verdict]:
    """Never more than the answer says: "invalid" only where it is whole and says so as documented."""
    if job.kind in EXPECTED:
        # with a deadline this short, a busy machine may be late with the good free answer too
        return EXPECTED[job.kind] | (_beside_a_good_free_answer(EXPECTED[job.kind]) if job.paid else set())
    if job.name in FACTS and job.provider == "openrouter" and not job.paid:
        return {FACTS[job.name]}
    match job.attack.says:
        case Says.INVALID:
            return {Verdict.INVALID_KEY}
        case Says.DOWN:
            down = {Verdict.PROVIDER_DOWN}
            return _beside_a_good_free_answer(down) if job.paid else down
        case Says.RAN if job.paid:
            return {Verdict.OK}
        case Says.RAN:  # where models are listed, none of them may be one that we try
            return {Verdict.UNKNOWN, Verdict.MODEL_UNAVAILABLE, Verdict.OK}
    return {Verdict.UNKNOWN}


def _beside_a_good_free_answer(verdicts: set[Verdict]) -> set[Verdict]:
    """Where only the models are down, the key was accepted still."""
    return {Verdict.ACCEPTED if verdict is Verdict.PROVIDER_DOWN else verdict for verdict in verdicts}


def unfit_characters(text: str) -> str:
    """Those that no terminal should get, by name."""
    bad = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")}
    return ", ".join(sorted(f"U+{ord(char):04X}" for char in bad))


@contextmanager
def _logged() -> Iterator[list[str]]:
    """All that is logged meanwhile, at every level, with the objects that it was made of."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}\n")

    root, keeper = logging.getLogger(), Keeper()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(keeper)
        root.setLevel(level)


# ---------------------------------------------------------------------- what it costs


def cost(names: Sequence[Job], deadline_s: float) -> Figures:
    """In a process of its own, as `client` measures it: the peak of memory, and how long the screen stood still."""
    with Simulator() as simulator:
        asked = []
        for job in names:
            key = Canary(PREFIXES[job.provider]).key
            simulator.accept(job.provider, job.situation, key)
            asked.append(
                {"provider": job.provider, "key": key, "url": simulator.base_url(job.provider), "what": str(job)}
            )
        done = subprocess.run(
            [sys.executable, "-m", "tests.attack.hostile_provider"],
            input=json.dumps({"deadline_s": deadline_s, "asked": asked}),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONWARNINGS": "error"},
            timeout=600,
        )
    told = json.loads(done.stdout)
    rose: dict[str, int] = told["rose_mib"]
    worst, stood_still = max(rose, key=rose.__getitem__), max(told["still_s"], key=told["still_s"].__getitem__)
    broken = [f"{what}: {mib} MiB more" for what, mib in rose.items() if mib > MOST_MIB]
    return Figures(
        len(asked),
        tuple(broken),
        f"memory {told['before_mib']} MiB before, peak {told['before_mib'] + rose[worst]} MiB ({worst}); the screen "
        f"stood still for {told['still_s'][stood_still]:.2f} s at most ({stood_still})",
    )


def client(order: dict[str, object]) -> dict[str, object]:
    """Checks all keys one after the other. Memory is the peak of each check above what the process had before it."""
    catalog = load_catalog()
    rose: dict[str, int] = {}
    still: dict[str, float] = {}

    def memory_mib(line: str) -> int:
        return int(Path("/proc/self/status").read_text().partition(f"{line}:")[2].split()[0]) >> 10

    def begin_the_peak_anew() -> None:
        Path("/proc/self/clear_refs").write_text("5")

    async def main() -> int:
        way = transport.Transport()
        asked = order["asked"]
        assert isinstance(asked, list)
        await _check(
            Checker(catalog.with_base_urls({"openai": "http://127.0.0.1:1"}), way), catalog, "openai", "x" * 20
        )
        before = memory_mib("VmRSS")
        for each in asked:
            begin_the_peak_anew()
            here = catalog.with_base_urls({each["provider"]: each["url"]})
            longest = 0.0

            async def watch() -> None:
                nonlocal longest
                while True:
                    at = time.monotonic()
                    await asyncio.sleep(0.005)
                    longest = max(longest, time.monotonic() - at)

            watcher = asyncio.create_task(watch())
            await _check(Checker(here, way), here, each["provider"], each["key"])
            watcher.cancel()
            rose[each["what"]], still[each["what"]] = memory_mib("VmHWM") - before, longest
        await way.close()
        return before

    with patch.object(transport, "DEADLINE_S", order["deadline_s"]):
        before = asyncio.run(main())
    return {"before_mib": before, "rose_mib": rose, "still_s": still}


# ---------------------------------------------------------------------- the sweeps


def origins(_: Path) -> Figures:
    return run(jobs(("redirects", "poison")))


def echoes(_: Path) -> Figures:
    return run(jobs(("echoes",)))


def words(_: Path) -> Figures:
    """Of the many that differ by a byte or a value, each at one of the providers, in turn."""
    alike = [job for job in jobs(("broken JSON", "cuts")) if not job.paid]
    in_turn = [job for at, job in enumerate(alike) if at // 2 % 2 == at % 2]
    return run([*jobs(("texts", "waits", "broken HTTP")), *in_turn])


def bounds(_: Path) -> Figures:
    slow = run(jobs(("drips",)), workers=22, deadline_s=SHORT_DEADLINE_S)
    large = run(jobs(("bombs",)), workers=2, deadline_s=SHORT_DEADLINE_S)
    return Figures(slow.tried + large.tried, slow.broken + large.broken, f"{slow.told} · {large.told}")


def memory(_: Path) -> Figures:
    chosen = [job for job in jobs(("bombs", "broken JSON")) if not job.paid and job.provider == "openai"]
    return cost([job for job in chosen if job.kind == "bombs" or " with " in job.name], 1.0)


SWEEPS = (
    Sweep(3, "redirects, and answers to somebody else", origins),
    Sweep(4, "a provider that writes the key into its answers", echoes),
    Sweep(9, "texts, broken HTTP and JSON, cuts at every byte", words),
    Sweep(9, "bombs, and bytes that drip", bounds),
    Sweep(9, "what bombs cost, in memory and time", memory),
)


if __name__ == "__main__":
    json.dump(client(json.load(sys.stdin)), sys.stdout)
