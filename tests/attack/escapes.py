"""Every payload through every place where text from outside is shown. The raw bytes of a terminal are the judge.

vault         labels, providers, addresses, settings and hints, as an import or a later arka could leave them
answers       what a provider may answer, on the list, in the details, the form and the log
typing        what is pasted into the filter and the form
surroundings  arguments, paths, file names and settings, in the commands that print lines
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import tomli_w

from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.simulator.hostile import FIELDS, PAYLOADS
from arka_tui.store.vault import Vault
from arka_tui.table import MAX_LINE_CHARS
from tests.attack.figures import Figures, Sweep
from tests.e2e.harm import harm_in
from tests.e2e.home import Home, unlock
from tests.e2e.terminal import Terminal

ENCODABLE = {name: text.encode("utf-8", "replace").decode() for name, text in PAYLOADS.items()}
COLUMNS, LINES = 100, 30
SECRET = Secret("sk-0123456789abcdefghij")

Session = Callable[[Terminal], None]


def _as_long_as_a_setting(texts: Sequence[str]) -> str:
    """As many of them as a line of the settings file takes."""
    fit = ""
    for text in texts:
        if len(tomli_w.dumps({"ca_bundle": f"{fit} {text}"}).encode()) < MAX_LINE_CHARS:
            fit = f"{fit} {text}"
    return fit


def run(
    folder: Path, simulator: Simulator, fill: Callable[[Vault], None], walk: Session, settings: Mapping[str, str] = {}
) -> bytes:
    """All that the program sends in a session with the vault that `fill` makes. Raises: where it dies or hangs."""
    home = Home(Path(tempfile.mkdtemp(dir=folder)))
    home.paths.config.mkdir(parents=True, mode=0o700)
    home.paths.settings.write_text(tomli_w.dumps(settings))
    vault = home.new_vault()
    fill(vault)
    vault.lock()
    with home.launch(simulator, columns=COLUMNS, lines=LINES) as terminal:
        unlock(terminal)
        walk(terminal)
        terminal.press("?")
        terminal.wait_for("Keys of the keyboard")  # it is alive
        terminal.press("q")
        terminal.wait_gone("Keys of the keyboard")
        terminal.press("q")
        code = terminal.wait_exit()
        assert code == 0, f"left with {code}"
        assert not terminal.not_restored()
        return terminal.raw


def harmless(folder: Path, simulator: Simulator) -> bytes:
    """What it sends where nothing hostile is shown, but every screen is."""

    def fill(vault: Vault) -> None:
        for situation in ("valid", "no_credit"):
            key = Secret(simulator.issue("openai", situation))
            vault.add(Draft("openai", situation, simulator.base_url("openai"), (), key))

    def walk(terminal: Terminal) -> None:
        _test_all(terminal, 2)
        _look(terminal, everything=True)
        _read_the_log(terminal, 2)
        _type(terminal, ["plain"])

    return run(folder, simulator, fill, walk)


# ---------------------------------------------------------------------- the vault


def vault(folder: Path, payloads: Sequence[str] = tuple(PAYLOADS)) -> Figures:
    texts = [ENCODABLE[name] for name in payloads]
    address = unreachable_url()

    def fill(vault: Vault) -> None:
        for at, text in enumerate(texts):
            provider = f"{at}{text}" if at % 2 else "openai"
            settings = (("organization", text), (text, text))
            vault.add(Draft(provider, text, f"{address}/{text}", settings, Secret(f"{SECRET.reveal()}[/x]")))

    def walk(terminal: Terminal) -> None:
        for at in range(len(texts)):
            _look(terminal, everything=at % 10 == 0)
            terminal.press("down")
        terminal.press("/")
        terminal.wait_for("part of a name")
        terminal.press("click")
        terminal.wait_for(f"of {len(texts)} keys")
        terminal.settle()
        terminal.press_and_see("enter", at="click")
        terminal.press("*", "d")
        terminal.wait_for("Removed at once")
        terminal.press("n")
        terminal.wait_gone("Removed at once")
        terminal.press("escape", "escape")

    with Simulator() as simulator:
        settings = {"theme": _as_long_as_a_setting(texts), "ca_bundle": _as_long_as_a_setting(texts[::-1])}
        raw = run(folder, simulator, fill, walk, settings)
        return _judged(4 * len(texts), raw, harmless(folder, simulator), in_fields=True)


# ---------------------------------------------------------------------- what providers answer


def answers(folder: Path, payloads: Sequence[str] = tuple(PAYLOADS)) -> Figures:
    """Each payload as a message and, in turn, in one of the other places, at providers in turn."""
    others = [field for field in FIELDS if field != "message"]
    asked = [
        (("openai", "openrouter")[at % 2], prefix + f"{name} as {field}")
        for at, name in enumerate(payloads)
        for prefix, field in (("", "message"), *_also(name, others))
    ]

    def fill(vault: Vault) -> None:
        for at, (provider, situation) in enumerate(asked):
            key = Secret(simulator.issue(provider, situation))
            vault.add(Draft(provider, f"key-{at}", simulator.base_url(provider), (), key))

    def walk(terminal: Terminal) -> None:
        _test_all(terminal, len(asked))
        for at in range(len(asked) // 4):
            _look(terminal, everything=at % 10 == 0)
            terminal.press("down", "down", "down", "down")
        _read_the_log(terminal, len(asked))

    with Simulator() as simulator:
        return _judged(len(asked), run(folder, simulator, fill, walk), harmless(folder, simulator))


def _also(name: str, others: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The places that `hostile` puts this payload in."""
    from arka_tui.simulator.hostile import PAID, attacks

    places = [field for field in others if f"{name} as {field}" in attacks()["texts"]]
    yield from ((PAID if field in ("limits", "model") else "", field) for field in places[:1])


# ---------------------------------------------------------------------- what is pasted


def typing(folder: Path, payloads: Sequence[str] = tuple(PAYLOADS)) -> Figures:
    parts = [re.sub("[\x1b\r\n]", "", ENCODABLE[name])[:99] for name in payloads]  # a terminal pastes no ESC
    texts = [" ".join(parts[at : at + 6]) for at in range(0, len(parts), 6)]

    def fill(vault: Vault) -> None:
        vault.add(Draft("openai", "main", unreachable_url(), (), SECRET))

    with Simulator() as simulator:
        raw = run(folder, simulator, fill, lambda terminal: _type(terminal, texts))
        return _judged(2 * len(parts), raw, harmless(folder, simulator), in_fields=True)


def _type(terminal: Terminal, texts: Sequence[str]) -> None:
    """Into the filter, and the first fields of the form."""
    for text in texts:
        terminal.press("/")
        terminal.wait_for("part of a name")
        terminal.paste(text)
        terminal.paste("zzzz")  # nothing matches
        terminal.wait_for("No key matches")
        terminal.press("escape")
        terminal.wait_gone("No key matches")
    terminal.press("a")
    terminal.wait_for("Add a key")
    for text in texts:
        terminal.paste(text)
        terminal.press("tab")
    terminal.press("escape")
    terminal.wait_until(lambda picture: "Add a key" not in picture or "Discard" in picture, "the form is left")
    if "Discard" in terminal.text:
        terminal.press("y")
        terminal.wait_gone("Discard")
    terminal.wait_for("l Log")


# ---------------------------------------------------------------------- lines that commands print


def surroundings(folder: Path, payloads: Sequence[str] = tuple(PAYLOADS)) -> Figures:
    home = Home(folder)
    orders: list[tuple[dict[str, str], list[str]]] = []
    for at, text in enumerate(["plain", *(ENCODABLE[name].replace("\0", "") for name in payloads)]):
        file = folder / f"{at}-{text[:60].replace('/', '_')}"
        here = {"ARKA_HOME": str(folder / "none")}
        there = {"ARKA_HOME": str(file.with_name(f"home-{file.name}"))}
        settings = Path(there["ARKA_HOME"]) / "config" / "config.toml"
        with suppress(OSError):
            settings.parent.mkdir(parents=True)
            settings.write_text(f"{json.dumps(text)} = 1\n")
            file.write_text(text)
        orders += [
            *((here, arguments) for arguments in ([text], ["demo", text], [f"--{text}"], ["backup", text, text])),
            *((here, [command, str(file)]) for command in ("doctor", "backup", "restore")),
            *((here, [command, f"{file}-missing"]) for command in ("doctor", "backup", "restore")),
            (here, ["doctor", "--key-file", f"{file}-missing"]),
            *((there, arguments) for arguments in (["doctor"], ["doctor", "--repair"], ["backup", str(folder)])),
            *([(there, [])] if settings.exists() else []),
            ({**here, "SSL_CERT_FILE": text, "COLUMNS": "80"}, ["--help"]),
        ]
    source = folder / "orders.json"
    source.write_text(json.dumps(orders))
    environment = home.env | {"PYTHONPATH": str(Path(__file__).parents[2])}
    raw = _printed([sys.executable, "-m", "tests.attack.many_commands", str(source)], environment)
    assert b"#end" in raw, raw[-2000:]
    said = re.split(rb"\r\n#(?:[0-9]+|end)\r\n", raw)[1:-1]
    assert len(said) == len(orders)
    plain = b"".join(said[: len(orders) // (len(payloads) + 1)])
    broken = [
        f"{arguments} in {environment.get('ARKA_HOME')}: {', '.join(harm)}"
        for (environment, arguments), bytes_said in zip(orders, said, strict=True)
        if (harm := harm_in(bytes_said, plain)) or (harm := ["nothing said"] if not bytes_said.strip() else [])
    ]
    return Figures(len(orders), tuple(broken), f"{len(raw):,} bytes printed")


def _printed(command: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """What a command sends to a terminal that nobody looks at, and that is not there to be asked."""
    master, slave = os.openpty()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, start_new_session=True
    ):
        os.close(slave)
        raw = b""
        with suppress(OSError):  # EIO: the command has ended
            while data := os.read(master, 65536):
                raw += data
    os.close(master)
    return raw


# ---------------------------------------------------------------------- walking about


def _judged(tried: int, raw: bytes, harmless: bytes, *, in_fields: bool = False) -> Figures:
    """`in_fields`: fields hold letters of private fonts as they are; these steer nothing, and users may want them."""
    broken = [harm for harm in harm_in(raw, harmless) if not (in_fields and harm in ("U+E000", "U+F0000"))]
    return Figures(tried, tuple(broken), f"{len(raw):,} bytes sent to the terminal")


def _test_all(terminal: Terminal, count: int) -> None:
    terminal.press("T")
    terminal.wait_for("Test all?" if count > 1 else "testing")
    terminal.press("y")
    terminal.wait_gone("Test all?")
    terminal.wait_until(lambda picture: "testing" not in picture, "all are tested", 120)


def _look(terminal: Terminal, *, everything: bool) -> None:
    """At the key at the cursor: its details; and `everything`: the form and the question before it is deleted."""
    terminal.press("enter")
    terminal.wait_for("╭──")
    terminal.press("q")
    terminal.wait_gone("╭──")
    if everything:
        terminal.press("e")
        terminal.wait_for("or paste another")
        terminal.press("escape")
        terminal.wait_gone("or paste another")
        terminal.press("d")
        terminal.wait_for("Removed at once")
        terminal.press("n")
        terminal.wait_gone("Removed at once")


def _read_the_log(terminal: Terminal, count: int) -> None:
    terminal.press("l")
    terminal.wait_for("Test log")
    for _ in range(count):
        terminal.press("down")
    terminal.settle()
    terminal.press("q")
    terminal.wait_gone("Test log")


SWEEPS = (
    Sweep(9, "hostile text in the vault", vault),
    Sweep(9, "hostile text in a provider's answers, on every screen", answers),
    Sweep(9, "hostile text pasted", typing),
    Sweep(9, "hostile arguments, paths, file names and settings", surroundings),
)
