"""Promises 1, 4, 5 and 10: texts that exist nowhere else are put in every secret place, and looked for everywhere."""

import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from arka_tui.simulator import Simulator
from tests.attack.canary_locked import PLACES, count_openings, left_after_lock, told_by_objects
from tests.attack.canary_signals import SIGNALS, attack, pairs, signal_name
from tests.attack.canary_tour import Tour
from tests.attack.canary_trace import WRITES, Call, buffers, read, ways_past
from tests.attack.figures import Figures, Sweep
from tests.e2e.canary import Canary
from tests.e2e.home import Home, unlock
from tests.e2e.launch import CRASHES

TERMINAL = re.compile(r"/dev/(?:pts/\d+|tty)<char .*>")


def everything(folder: Path, one_in: int = 1) -> Figures:
    """Every flow and every situation, under strace: files, terminal, processes, logs, and every call that writes."""
    with Simulator(slow_s=60) as simulator:
        tour = Tour(folder, simulator, with_strace=shutil.which("strace") is not None, one_in=one_in)
        tour.walk()
        port = simulator.base_url("openai").split(":")[2].split("/")[0]
    lasting, shown_once = tour.lasting, tour.shown_once
    broken = [*tour.leaks, *_unasked_openings(tour)]
    for n, (screen, without_code) in enumerate(zip(tour.screens, tour.without_code, strict=True)):
        broken += lasting.found_in(f"screen of run {n}", screen)
        broken += shown_once.found_in(f"screen of run {n}, away from the code", without_code)
    files = [path for path in folder.rglob("*") if path != tour.key_file and path not in tour.records]
    broken += lasting.found_in_files(files) + shown_once.found_in_files(files)
    calls = [call for record in tour.records for call in read(record)]
    if calls:
        broken += _found_in_calls(tour, calls, f"->127.0.0.1:{port}]")
        broken += [
            f"{name}: a way past the calls that are looked at" for each in tour.records for name in ways_past(each)
        ]
    searched = sum(len(call.data) for call in calls) + sum(map(len, tour.screens))
    searched += sum(path.stat().st_size for path in files if path.is_file())
    told = (
        f"{len(set(tour.flows))} flows, {tour.situations} situations, {len(calls):,} system calls, "
        f"{sum(len(call.data) > 0 for call in calls if call.name in WRITES.split(',')):,} of them writes, "
        f"{searched / 1e6:.0f} MB searched"
    )
    return Figures(len(tour.keys) + len(tour.passphrases) + len(tour.codes) + 1, tuple(broken), told)


def _unasked_openings(tour: Tour) -> list[str]:
    """Each test opens the key that it sends, once; a change of the passphrase opens all; nothing else does."""
    openings = tour.openings("first") + tour.openings("second")
    asked = re.compile(r" (?:check|_?change_passphrase) ")
    stray = [line for line in openings + tour.openings("third") if not asked.search(line)]
    told = [f"opened for no request: {line}" for line in stray]
    return told + ([] if len(openings) == tour.opened else [f"{len(openings)} openings for {tour.opened} needs"])


def _found_in_calls(tour: Tour, calls: Iterable[Call], provider: str) -> list[str]:
    calls = list(calls)
    lasting, shown_once = tour.lasting, tour.shown_once
    broken = [f"{call.name} to {call.target}: its buffer could not be read" for call in calls if not call.whole]
    sent = b""
    for target, data in buffers(calls).items():
        if provider in target:
            sent += data
        elif target != str(tour.key_file):
            broken += lasting.found_in(f"calls, {target}", data)
            broken += [] if TERMINAL.fullmatch(target) else shown_once.found_in(f"calls, {target}", data)
    broken += [] if tour.keys["first"].key.encode() in sent else ["the calls do not show the request to the provider"]
    seen = {call.name for call in calls if call.name in WRITES.split(",")}
    return broken + ([] if {"write", "sendto"} <= seen else [f"the calls show only {sorted(seen)}"])


def signals(folder: Path, *, all_moments: bool = True) -> Figures:
    """Each ends or stops the program, or does not; nothing of a key or passphrase is left either way."""
    broken: list[str] = []
    unrestored: set[str] = set()
    tried = 0
    with Simulator(slow_s=60) as simulator:
        for tried, (moment, number) in enumerate(pairs(all_moments=all_moments), 1):
            own = folder / f"{tried}"
            own.mkdir()
            outcome = attack(own, simulator, moment, number)
            broken += outcome.leaks
            unrestored |= set() if outcome.restored else {signal_name(number)}
    told = f"{len(SIGNALS)} signals; {len(unrestored)} leave the terminal in disorder"
    return Figures(tried, tuple(broken), told)


def crashes(folder: Path) -> Figures:
    """An exception that quotes the key, with the key in its locals, wherever one can come from."""
    broken: list[str] = []
    for kind in CRASHES:
        own = folder / kind
        own.mkdir()
        home, key = Home(own), Canary()
        home.new_vault().lock()
        with Simulator() as simulator, home.launch(simulator, f"--crash={kind}") as terminal:
            unlock(terminal)
            terminal.press("a")
            terminal.wait_for("paste it here")
            terminal.paste(key.key)
            terminal.wait_for(f"ends in …{key.hint}")
            terminal.press("f8")
            terminal.settle()
            terminal.signal(signal.SIGTERM)  # those that nobody waits for, or that leave the screen standing
            terminal.wait_exit()
            broken += key.found_in(f"{kind}: terminal", terminal.raw) + key.found_in_files(home.files())
    return Figures(len(CRASHES), tuple(broken))


def openings(folder: Path, places: Iterable[str] = tuple(PLACES)) -> Figures:
    """How often a stored secret is opened by what a user does: once for each test of a stored key, else never."""
    needed = {place: 1 if place in ("tested", "log", "saved") else 0 for place in places}
    counted = {place: count_openings(_new(folder, place), place) for place in needed}
    broken = [
        f"{each}: {counted[each]} times for {needed[each]} tests" for each in needed if counted[each] != needed[each]
    ]
    return Figures(len(needed), tuple(broken), f"{sum(counted.values())} openings for {sum(needed.values())} tests")


def locked(folder: Path, places: Iterable[str] = tuple(PLACES)) -> Figures:
    """Every object that can be reached after the lock. Names of keys are told apart: the toolkit's caches keep some."""
    with Simulator(slow_s=60) as simulator:
        left = [
            f"{place}, {line}" for place in places for line in left_after_lock(_new(folder, place), place, simulator)
        ]
    of_secrets = [line for line in left if ": label in " not in line]
    return Figures(len(tuple(places)), tuple(of_secrets), f"{len(left) - len(of_secrets)} texts with a key's name left")


def told(folder: Path, places: Iterable[str] = tuple(PLACES)) -> Figures:
    """What objects and workers say of themselves while a secret is in them."""
    broken: Counter[str] = Counter()
    asked = 0
    with Simulator(slow_s=60) as simulator:
        for place in places:
            lines, count = told_by_objects(_new(folder, place), place, simulator)
            broken.update(lines)
            asked += count
    return Figures(asked, tuple(broken))


def _new(folder: Path, name: str) -> Path:
    own = folder / name
    own.mkdir()
    return own


SWEEPS: tuple[Sweep, ...] = (
    Sweep(4, "canary: every flow, situation and system call", everything, needs="strace"),
    Sweep(4, "canary: every signal at every moment", signals),
    Sweep(4, "canary: every crash", crashes),
    Sweep(4, "canary: what objects say of themselves", told),
    Sweep(5, "stored secrets are opened for tests only", openings),
    Sweep(10, "what is left in memory after the lock", locked),
)
