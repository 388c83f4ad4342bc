"""`arka-tui doctor`: what state the vault, or a backup, is in; and `--repair`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arka_tui import config, overrides
from arka_tui.cli.arguments import Command, Parser, Ways, file
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import open_with
from arka_tui.errors import ConfigError, VaultCorrupt
from arka_tui.insight.rules import load_rules
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog, with_own_providers
from arka_tui.store import backup
from arka_tui.store.examine import (
    Finding,
    Inside,
    Part,
    Repair,
    Severity,
    examine,
    examine_backup,
    examine_inside,
    examine_state,
    worst,
)
from arka_tui.store.glance import Condition, Glance, count, glance
from arka_tui.store.mend import mend
from arka_tui.store.slots import Way, kdf_cost

_SIGNS = {Severity.OK: Sign.GOOD, Severity.NOTE: Sign.NOTE, Severity.TROUBLE: Sign.BAD}
_NOT_OPENED = Finding(Part.KEYS, "not examined", Severity.NOTE, "that needs the passphrase")


@dataclass(frozen=True, slots=True)
class Options:
    file: Path | None
    repair: bool
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "doctor",
        "[--repair | FILE]",
        "Tells what state the vault is in, and all that belongs to it: its second copy, lock, test log, settings, and "
        "who may read and write them. With the passphrase it opens every key, to see that it opens, and shows none. "
        "Without --repair it changes nothing.\n\n"
        "With FILE, it verifies that backup, or any vault file, by decrypting all of it.",
        "The passphrase is asked for on the terminal; Enter skips it. Without a terminal it tells what can be seen "
        "without the passphrase, and says so.\n\n"
        "--repair does what loses nothing: file modes, left-overs of saves that were cut off, and a copy that is "
        "missing, damaged or outdated, from the other one, which the passphrase must prove good. A damaged vault is "
        "kept beside the new one.",
        (Exit.FAILED, Exit.WRONG_PASSPHRASE),
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("file", metavar="FILE", type=file, nargs="?", help="a backup, or any vault file")
    either.add_argument("--repair", action="store_true", help="mend what can be mended without losing anything")
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Exit code: 0 nothing is wrong, 1 something is. Raises: WrongPassphrase, UsageError."""
    output = Output.nowhere() if options.json else desk.output
    findings = _verify_file(options, desk.paths, output) if options.file else _examine_vault(options, desk, output)
    if options.json:
        desk.output.json({"findings": [_record(each) for each in findings]})
    return 1 if worst(findings) is Severity.TROUBLE else 0


def _record(finding: Finding) -> dict[str, object]:
    return {
        "part": finding.part.value,
        "state": finding.state,
        "severity": finding.severity.name.lower(),
        "detail": finding.detail,
        "remedy": finding.remedy,
        "repairable": finding.repair is not None,
    }


def _examine_vault(options: Options, desk: Desk, output: Output) -> Sequence[Finding]:
    paths = desk.paths
    seen = examine(paths)
    output.say(str(seen.main.path.parent))
    findings, inside, way = [*seen.findings, *_variables(paths, desk.environ), *_own_files(paths)], None, None
    _show(findings, output)
    if seen.can_be_opened:
        output.flush()
        inside, way = open_with(
            lambda way: (examine_inside(paths, way, kdf_cost()), way), options.ways, why=" (Enter skips)"
        ) or (None, None)
        further = inside.findings if inside else (_NOT_OPENED,)
        _show(further, output)
        findings += further
    if options.repair:
        findings = _repair(paths, inside, way, output)
    output.say()
    _conclude(findings, output, repaired=options.repair)
    return findings


def _variables(paths: Paths, environ: Mapping[str, str]) -> list[Finding]:
    """Nothing where the environment says nothing of the settings."""
    try:
        on_disk = config.load(paths.settings)
    except ConfigError:  # told already
        on_disk = config.Config()
    try:
        told = overrides.notices(on_disk, environ)
        names = ", ".join(map(overrides.variable, overrides.overridden(environ)))
    except ConfigError as mistake:
        return [Finding(Part.VARIABLES, "a mistake", Severity.TROUBLE, str(mistake), mistake.hint)]
    found = [Finding(Part.VARIABLES, f"in force: {names}")] if names else []
    return [*found, *(Finding(Part.VARIABLES, each, Severity.NOTE) for each in told)]


def _own_files(paths: Paths) -> list[Finding]:
    """What the user added to what we ship; nothing where nothing was added."""
    catalog, rules = with_own_providers(load_catalog(), paths.providers), load_rules(paths.picks)
    own = sum(provider.own for provider in catalog.providers.values())
    told = [Finding(Part.PROVIDERS, f"{own} of your own")] if own else []
    told += [Finding(Part.PROVIDERS, "a mistake", Severity.TROUBLE, mistake) for mistake in catalog.troubles]
    told += [Finding(Part.PICKS, "a mistake", Severity.TROUBLE, mistake) for mistake in rules.mistakes]
    return told + ([Finding(Part.PICKS, "rules of your own")] if paths.picks.exists() and not rules.mistakes else [])


def _repair(paths: Paths, inside: Inside | None, way: Way | None, output: Output) -> list[Finding]:
    """Does it, tells it, and looks again. Returns what is so now, and what could not be done."""
    done = mend(paths, inside.state if inside else None)
    seen = examine(paths)
    left = [*seen.findings]
    if way:
        left += examine_inside(paths, way, kdf_cost()).findings
    elif seen.can_be_opened:
        left.append(_NOT_OPENED)
    failed = [Finding(Part.REPAIR, each.what, Severity.TROUBLE, each.trouble) for each in done if each.trouble]
    output.say()
    for each in done:
        if not each.trouble:
            output.row(Sign.GOOD, Part.REPAIR.value, each.what)
        if each.kept:
            output.row(Sign.NOTE, Part.KEPT.value, f"what it was before: {each.kept}")
    if not done:
        output.row(Sign.GOOD, Part.REPAIR.value, "there was nothing to do")
    _show([*failed, *(finding for finding in left if finding.severity is Severity.TROUBLE)], output)
    return [*left, *failed]


def _verify_file(options: Options, paths: Paths, output: Output) -> Sequence[Finding]:
    assert options.file  # noqa: S101  # `run` looked
    seen = glance(options.file, anyones=True)
    if seen.condition in (Condition.MISSING, Condition.IRREGULAR, Condition.UNREADABLE):
        backup.read(options.file)
    output.say(str(options.file))
    findings = examine_backup(seen, paths)
    _show(findings, output)
    if seen.condition is Condition.WHOLE:
        output.flush()
        further = open_with(lambda way: _verified(seen, way), options.ways, why=", to verify (Enter skips)")
        further = further or [_NOT_OPENED]
        _show(further, output)
        findings += further
    output.say()
    _conclude(findings, output, repaired=False)
    return findings


def _verified(seen: Glance, way: Way) -> list[Finding]:
    try:
        state = backup.open_backup(seen, way)
    except VaultCorrupt as damage:
        return [Finding(Part.BACKUP, "damaged", Severity.TROUBLE, "it does not match its seal", damage.hint)]
    return [Finding(Part.BACKUP, "authentic"), *examine_state(state, kdf_cost())]


def _show(findings: Sequence[Finding], output: Output) -> None:
    for finding in findings:
        told = ", ".join(filter(None, [finding.state, finding.detail]))
        output.row(_SIGNS[finding.severity], finding.part.value, told, finding.remedy)


def _conclude(findings: Sequence[Finding], output: Output, *, repaired: bool) -> None:
    troubles = sum(finding.severity is Severity.TROUBLE for finding in findings)
    repairable = [finding for finding in findings if finding.repair]
    opened = not any(finding is _NOT_OPENED for finding in findings)
    if troubles:
        told = f"{count(troubles, 'trouble')}{' left' if repaired else ''}."
    elif not opened:
        told = f"{'Nothing is broken' if repairable else 'Nothing wrong was seen'}; the keys were not examined."
    elif any((finding.part, finding.state) == (Part.VAULT, "none yet") for finding in findings):
        told = "There is no vault here yet."
    else:
        told = "All is well."
    if repairable and not repaired:
        told += f" arka-tui doctor --repair mends {len(repairable)} of these."
    elif not opened and any(finding.repair is Repair.COPIES for finding in repairable):
        told += " Only with the passphrase can the copies be mended."
    output.say(told)


DOCTOR = Command(_parser, Options, _run)
