"""Sweeps of one vault file that somebody changed: it opens with the values it had, or it does not open.

Both readers see every changed file: arka's own store, and the last resort. They open it with the recovery code, which
costs nothing, so that thousands of files are tried.
"""

import base64
import itertools
import random
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from arka_tui import brief, config
from arka_tui.brief import Brief
from arka_tui.check import Check, Learnt, Stage, Verdict, check_to_json
from arka_tui.errors import ArkaError, ConfigError, VaultError
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import last_resort
from arka_tui.store.document import LaterFormat, NotOurs, parse
from arka_tui.store.envelope import Damaged
from arka_tui.store.slots import CHEAPEST, RecoveryCode
from arka_tui.store.state import unlock_document
from arka_tui.store.vault import Vault
from arka_tui.telling import brief as telling
from tests.attack.figures import Figures, Sweep
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft

KEYS = {
    "openai/work": "sk-proj-one-aaaaaaaaaaaaaaaaaaaa-1111",
    "anthropic/ci": "sk-ant-two-bbbbbbbbbbbbbbbbbbbbb-2222",
}
REPLACED = {**KEYS, "openai/work": "sk-proj-one-anew-dddddddddddddddd-4444"}
MALLORYS_CODE = Secret("0000-1111-2222-3333-4444-5555-6666-7777")

Values = dict[str, str] | None
Change = tuple[str, bytes]
"""What was done, and the file that it gave."""


# ---------------------------------------------------------------------- the readers


def by_arka(raw: bytes, code: Secret = RECOVERY_CODE) -> Values:
    try:
        state = unlock_document(raw, parse(raw), RecoveryCode(code), {})
        return {entry.credential.name: state.open_record(entry).reveal() for entry in state.entries}
    except (Damaged, NotOurs, LaterFormat, VaultError):
        return None


def by_last_resort(raw: bytes, code: Secret = RECOVERY_CODE) -> Values:
    try:
        keys = last_resort.read_store(raw, last_resort.by_recovery_code(code.reveal()))
    except last_resort.Refused:
        return None
    return None if any(key.trouble for key in keys) else {key.name: key.secret for key in keys}


READERS: dict[str, Callable[[bytes, Secret], Values]] = {"arka": by_arka, "last resort": by_last_resort}


def judged(changes: Iterable[Change], values: dict[str, str], code: Secret = RECOVERY_CODE) -> Figures:
    """Each change opens with `values` or not at all."""
    broken: list[str] = []
    tried = opened = 0
    for what, raw in changes:
        for reader, look in READERS.items():
            tried += 1
            try:
                found = look(raw, code)
            except Exception as error:  # noqa: BLE001  # whatever it is, it broke the promise
                broken.append(f"{reader}: {what}: failed with {error!r}")
                continue
            opened += found is not None
            if found not in (None, values):
                broken.append(f"{reader}: {what}: opened with other values")
    return Figures(tried, tuple(broken), f"{opened} opened, with the values they had")


def combined(*figures: Figures) -> Figures:
    return Figures(
        sum(each.tried for each in figures),
        tuple(line for each in figures for line in each.broken),
        "; ".join(dict.fromkeys(each.told for each in figures)),
    )


# ---------------------------------------------------------------------- the vault that is changed


def vault_at(folder: Path, code: Secret = RECOVERY_CODE, keys: dict[str, str] = KEYS) -> tuple[Vault, Path]:
    paths = Paths.under(folder)
    vault = Vault(paths, cost=lambda: CHEAPEST)
    vault.create(PASSPHRASE, code)
    for name, secret in keys.items():
        vault.add(draft(name, secret))
    return vault, paths.vault


def one_file(folder: Path) -> bytes:
    return vault_at(folder)[1].read_bytes()


def tables_of(raw: bytes) -> list[bytes]:
    return [table.strip(b"\n") for table in raw.split(b"\n\n")]


def joined(tables: Iterable[bytes]) -> bytes:
    return b"\n\n".join(tables) + b"\n"


# ---------------------------------------------------------------------- bytes and lines


def byte_changes(raw: bytes, step: int) -> Iterator[Change]:
    dice = random.Random(20261124)
    for at in range(0, len(raw), step):
        for difference in (1, 0x20, dice.choice([n for n in range(2, 256) if n != 0x20])):
            changed = bytearray(raw)
            changed[at] ^= difference
            yield f"byte {at} ^ {difference:#04x}", bytes(changed)


def changed_bytes(folder: Path, step: int = 1) -> Figures:
    """Every byte changed in three ways: its lowest bit, its case, and by chance."""
    return judged(byte_changes(one_file(folder), step), KEYS)


def cuts(raw: bytes, step: int) -> Iterator[Change]:
    for at in range(0, len(raw), step):
        yield f"cut at {at}", raw[:at]
        yield f"zeros from {at}", raw[:at] + bytes(len(raw) - at)
        yield f"without byte {at}", raw[:at] + raw[at + 1 :]
        yield f"byte {at} twice", raw[:at] + raw[at : at + 1] + raw[at:]


def line_changes(raw: bytes, step: int) -> Iterator[Change]:
    lines = raw.splitlines(keepends=True)
    for at, line in enumerate(lines):
        rest = lines[:at] + lines[at + 1 :]
        yield f"without line {at}", b"".join(rest)
        yield f"line {at} twice", b"".join([*lines[:at], line, *lines[at:]])
        yield f"line {at} as a comment", b"".join([*lines[:at], b"#" + line, *lines[at + 1 :]])
        for to in range(at % step, len(lines), step):
            yield f"line {at} moved to {to}", b"".join([*rest[:to], line, *rest[to:]])


def cuts_and_lines(folder: Path, step: int = 1) -> Figures:
    """Every truncation, with and without zeros behind it; every byte and line left out and doubled; lines moved."""
    raw = one_file(folder)
    return judged(itertools.chain(cuts(raw, step), line_changes(raw, step)), KEYS)


# ---------------------------------------------------------------------- tables, and older states


def table_changes(tables: list[bytes]) -> Iterator[Change]:
    for at, table in enumerate(tables):
        yield f"without table {at}", joined(tables[:at] + tables[at + 1 :])
        for to in range(len(tables) + 1):
            yield f"table {at} again at {to}", joined([*tables[:to], table, *tables[to:]])
    for order in itertools.permutations(range(1, len(tables)), 2):
        swapped = [*tables]
        swapped[order[0]], swapped[order[1]] = tables[order[1]], tables[order[0]]
        yield f"tables {order} swapped", joined(swapped)
    for first, second in itertools.permutations(range(len(tables)), 2):
        for name in (b"id", b"salt", b"box", b"check"):
            mixed = [*tables]
            mixed[first] = with_field(tables[first], name, field(tables[second], name))
            if b"" not in (field(tables[first], name), field(tables[second], name)):
                yield f"{name.decode()} of table {second} in table {first}", joined(mixed)


def field(table: bytes, name: bytes) -> bytes:
    """The line that sets it, or nothing."""
    return next((line for line in table.split(b"\n") if line.startswith(name + b" = ")), b"")


def with_field(table: bytes, name: bytes, line: bytes) -> bytes:
    return b"\n".join(line if each.startswith(name + b" = ") else each for each in table.split(b"\n"))


def mixtures(one: list[bytes], other: list[bytes]) -> Iterator[Change]:
    """Each table from the one file or from the other, in every way but all from the same."""
    for choice in itertools.product((0, 1), repeat=len(one)):
        mixed = joined((one, other)[which][at] for at, which in enumerate(choice))
        if mixed not in (joined(one), joined(other)):
            yield f"tables of two states: {''.join(map(str, choice))}", mixed


def moved_tables(folder: Path) -> Figures:
    """Every table left out, doubled, moved, swapped, and with fields of each other."""
    return judged(table_changes(tables_of(one_file(folder))), KEYS)


def rollbacks(folder: Path, step: int = 1) -> Figures:
    """Two states of one vault, and two vaults with the same recovery code, mixed table by table.

    The later state has another secret in one record and another passphrase slot; a mixture opens as neither.
    """
    vault, path = vault_at(folder / "one")
    older = tables_of(path.read_bytes())
    seen = vault.get("openai/work")
    vault.update(seen, draft("openai/work", REPLACED["openai/work"]))
    newer = tables_of(path.read_bytes())
    other = tables_of(vault_at(folder / "other")[1].read_bytes())
    never: dict[str, str] = {}
    return combined(*(judged(itertools.islice(mixtures(newer, each), 0, None, step), never) for each in (older, other)))


# ---------------------------------------------------------------------- slots


def slot_edits(tables: list[bytes], mallory: list[bytes]) -> Iterator[Change]:
    """`tables[1]` is the passphrase slot, `tables[2]` the recovery slot; `mallory` are those of her own vault."""
    for costs in (
        (b"m = 19456", b"m = 19457"),
        (b"t = 1", b"t = 2"),
        (b"p = 1", b"p = 2"),
        (b"m = 19456", b"m = 65536"),
    ):
        yield f"costs {costs}", joined([tables[0], tables[1].replace(*costs), *tables[2:]])
    for at, kind in itertools.product((1, 2), (b"passphrase", b"recovery", b"keyfile", b"ssh-agent", b"tpm2", b"")):
        retyped = with_field(tables[at], b"type", b'type = "%s"' % kind)
        yield f"type {kind!r} in slot {at}", joined([*tables[:at], retyped, *tables[at + 1 :]])
    for at in (1, 2):
        for name, length in ((b"salt", 16), (b"check", 32), (b"box", 60)):
            zeros = b'%s = "%s"' % (name, base64.b64encode(bytes(length)))
            for line in (zeros, field(mallory[at], name)):
                yield (
                    f"{line!r} in slot {at}",
                    joined([*tables[:at], with_field(tables[at], name, line), *tables[at + 1 :]]),
                )
    for slots in itertools.permutations([*tables[1:3], *mallory[1:3]], 2):
        yield "slots of two vaults", joined([tables[0], *slots, *tables[3:]])
        yield "slots of two vaults under her store id", joined([mallory[0], *slots, *tables[3:]])
    for hers in mallory[1:3]:
        for to in (1, 2, 3):
            yield f"her slot added at {to}", joined([*tables[:to], hers, *tables[to:]])
    for at in range(len(tables)):
        yield f"table {at} is hers", joined([*tables[:at], mallory[at], *tables[at + 1 :]])


def edited_slots(folder: Path) -> Figures:
    """Costs weakened, types changed, slots of an attacker's own vault planted: none opens it, neither with the owner's
    recovery code nor with hers."""
    tables = tables_of(one_file(folder / "owner"))
    mallory = tables_of(vault_at(folder / "mallory", MALLORYS_CODE)[1].read_bytes())
    original = joined(tables)
    edits = [edit for edit in slot_edits(tables, mallory) if edit[1] != original]
    never: dict[str, str] = {}
    return combined(*(judged(edits, never, code) for code in (RECOVERY_CODE, MALLORYS_CODE)))


# ---------------------------------------------------------------------- the vault itself


def refused_in_place(folder: Path, step: int = 37) -> Figures:
    """The vault's own files changed, without a mirror: what is refused stays on the disk as it was."""
    path = vault_at(folder)[1]
    raw, mirror = path.read_bytes(), path.with_name("store.toml.bak")
    broken: list[str] = []
    changes = [*byte_changes(raw, step), *cuts(raw, step)]
    for what, changed in changes:
        mirror.unlink(missing_ok=True)
        path.write_bytes(changed)
        vault = Vault(Paths.under(folder), cost=lambda: CHEAPEST)
        try:
            vault.unlock_with_recovery_code(RECOVERY_CODE)
        except VaultError:
            if path.read_bytes() != changed or mirror.exists():
                broken.append(f"{what}: refused, and written over")
        else:
            if by_arka(changed) != KEYS or len(vault.list()) != len(KEYS):
                broken.append(f"{what}: opened with other values")
    return Figures(len(changes), tuple(broken))


# ---------------------------------------------------------------------- what lies beside the vault


def past_check(number: int) -> Check:
    stages = (Stage("key", Verdict.OK, f"GET /models {number}", 200, 120),)
    return Check(f"{number:032x}", f"openai/{number}", "1111", NOW, Verdict.OK, stages, Learnt(models=number))


def changed_journals(folder: Path, step: int = 9) -> Figures:
    """Bytes, cuts and lines of the journal, and lines of another vault's: what is read of it was written by this one.

    Its lines stand for themselves, so that one can be lost, or stand twice, and no more.
    """
    vault, path = vault_at(folder / "one", keys={})
    other, other_path = vault_at(folder / "other", keys={})
    for number in range(3):
        vault.record_checks([past_check(number)])
        other.record_checks([past_check(number + 10)])
    journal = path.with_name("journal")
    raw, foreign = journal.read_bytes(), other_path.with_name("journal").read_bytes()
    written = {str(check_to_json(each)) for each in vault.history.checks}
    changes = [*byte_changes(raw, step), *cuts(raw, step), *line_changes(raw, 1), ("another vault's", foreign + raw)]
    changes.append(("the vault's own text", raw + path.read_bytes() + raw))

    broken: list[str] = []
    store, way = path.read_bytes(), last_resort.by_recovery_code(RECOVERY_CODE.reveal())
    reader = Vault(Paths.under(folder / "one"), cost=lambda: CHEAPEST)
    for what, changed in changes:
        journal.write_bytes(changed)
        try:
            reader.unlock_with_recovery_code(RECOVERY_CODE)
            seen = {str(check_to_json(each)) for each in reader.history.checks}
            seen_by_last_resort = {str(each) for each in last_resort.read_journal(changed, store, way)}
        except Exception as error:  # noqa: BLE001  # whatever it is, it took the vault down
            broken.append(f"{what}: failed with {error!r}")
            continue
        if not seen <= written or not seen_by_last_resort <= written:
            broken.append(f"{what}: showed what was never written")
    return Figures(len(changes), tuple(broken))


SEEN_AND_SETTINGS = (
    b"",
    b"null",
    b"[]",
    b"[[[",
    b"{",
    b'{"a": 1}',
    b'{"a": [1]}',
    b'{"a": [1e999, ""]}',
    b"\xff",
    b"\0" * 99,
)


def changed_seen_and_settings(folder: Path, step: int = 3) -> Figures:
    """seen.json damaged opens the vault all the same; config.toml damaged is a `ConfigError` that names the file."""
    vault_at(folder, keys={})
    paths = Paths.under(folder)
    seen = paths.high_water.read_bytes()
    settings = b'theme = "arka"\nlock_after_minutes = 20\nproxy = "http://host:3128"\npaid_test = false\n'
    paths.config.mkdir()
    broken: list[str] = []
    seen_changes = [*byte_changes(seen, step), *cuts(seen, step), *((repr(raw), raw) for raw in SEEN_AND_SETTINGS)]
    for what, raw in seen_changes:
        paths.high_water.write_bytes(raw)
        try:
            Vault(paths, cost=lambda: CHEAPEST).unlock_with_recovery_code(RECOVERY_CODE)
        except Exception as error:  # noqa: BLE001  # whatever it is, it took the vault down
            broken.append(f"seen.json: {what}: failed with {error!r}")
    settings_changes = [*byte_changes(settings, step), *cuts(settings, step)]
    for what, raw in settings_changes:
        paths.settings.write_bytes(raw)
        try:
            config.load(paths.settings)
        except ConfigError:
            pass
        except Exception as error:  # noqa: BLE001  # whatever it is, it took the program down
            broken.append(f"config.toml: {what}: failed with {error!r}")
    return Figures(len(seen_changes) + len(settings_changes), tuple(broken))


def changed_summaries(folder: Path, step: int = 1) -> Figures:
    """brief.json damaged is refused in our words, or says what it would say in arka's hand too: numbers and dates."""
    folder.mkdir(exist_ok=True)
    file = folder / "brief.json"
    told = Brief(5, 2, 1, 1, 3, 4, date(2026, 12, 1), datetime(2026, 11, 23, tzinfo=UTC), brief.version(bytes(16), 7))
    good = brief.dump(told)
    broken: list[str] = []
    changes = [*byte_changes(good, step), *cuts(good, step), *((repr(raw), raw) for raw in SEEN_AND_SETTINGS)]
    for what, raw in changes:
        file.write_bytes(raw)
        file.chmod(0o600)
        try:
            found = brief.load(file)
            said = telling.line(found, datetime(2026, 11, 23, tzinfo=UTC), changed=False) if found else ""
            if found is None or not re.fullmatch(r"arka: [a-z0-9 ,]+", said):
                broken.append(f"brief.json: {what}: told as {said!r}")
        except ArkaError as refused:
            if str(refused) != f"the summary {file} is not what arka writes":
                broken.append(f"brief.json: {what}: refused with {refused}")
        except Exception as error:  # noqa: BLE001  # whatever it is, it took the prompt down
            broken.append(f"brief.json: {what}: failed with {error!r}")
    return Figures(len(changes), tuple(broken))


SWEEPS = (
    Sweep(2, "every byte of the vault changed", changed_bytes),
    Sweep(2, "bytes and lines cut, left out, doubled, moved", cuts_and_lines),
    Sweep(2, "tables dropped, doubled, moved, swapped", moved_tables),
    Sweep(2, "two states of a vault mixed", rollbacks),
    Sweep(2, "slots edited, costs weakened, slots planted", edited_slots),
    Sweep(2, "a refused vault is left as it is", refused_in_place),
    Sweep(2, "the journal changed", changed_journals),
    Sweep(2, "seen.json and config.toml changed", changed_seen_and_settings),
    Sweep(2, "brief.json changed", changed_summaries),
)
