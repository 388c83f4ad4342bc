"""`arka-tui import`: keys that lie in plaintext, and those of another vault, into this one."""

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from arka_tui.check import Check
from arka_tui.cli import env_file
from arka_tui.cli.arguments import Command, Parser, Ways, at_most_one, descriptor, file
from arka_tui.cli.candidates import Candidate, Item, Outcome, labelled, planned
from arka_tui.cli.control import asking, controlled
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.keys import SIGNS
from arka_tui.cli.lying import (
    ENVIRONMENT,
    Addresses,
    Gathered,
    Known,
    Masker,
    advise,
    brief,
    gather,
    home,
    in_environment,
    kind_of,
    not_read,
    remedy,
    sounds_like_a_key,
    source,
    told,
    unread_record,
    where,
    whose,
)
from arka_tui.cli.opening import confirmed, open_vault
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import Terminal, open_with
from arka_tui.cli.testing import code_of
from arka_tui.controller import Controller
from arka_tui.credential import tidy_label
from arka_tui.errors import Conflict, NotSaved, TerminalUnfit, UsageError
from arka_tui.plaintext import replacing
from arka_tui.plaintext.exposure import is_tracked
from arka_tui.plaintext.places import Kind, Place, known_places, place_of
from arka_tui.plaintext.reading import Assignment, Text, unclear
from arka_tui.secret import Secret
from arka_tui.store import backup
from arka_tui.store.glance import Condition, glance
from arka_tui.store.vault import Vault
from arka_tui.telling import records, words


@dataclass(frozen=True, slots=True)
class Options:
    files: Sequence[Path]
    env: bool
    dry_run: bool
    test: bool
    replace: bool
    label: str
    yes: bool
    bundle_passphrase_fd: int | None
    json: bool
    ways: Ways


_USE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_UNCLEAR = "where its value ends is not sure"
_MOST_NAMED = 6
"""Keys in the line that tests them; of more it says --all."""


_MARKS = {
    Outcome.NEW: ("+", Sign.GOOD),
    Outcome.IMPORTED: ("✓", Sign.GOOD),
    Outcome.STORED: ("✓", None),
    Outcome.TWICE: ("·", None),
    Outcome.LEFT_ALONE: ("·", None),
    Outcome.UNUSABLE: ("!", Sign.NOTE),
}


@dataclass
class _Report:
    """What --json tells at the end."""

    dry_run: bool
    items: list[Item] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    replaced: list[dict[str, object]] = field(default_factory=list)
    left: int = 0
    """Files in which nothing can be replaced."""
    not_saved: int = 0
    """Files that were to be replaced, and were not."""
    gathered: Gathered = field(default_factory=lambda: Gathered((), (), ()))

    def record(self) -> dict[str, object]:
        return {
            "dry_run": self.dry_run,
            "keys": [self._key(each) for each in self.items],
            "replaced": self.replaced,
            "not_read": unread_record(self.gathered.unread),
        }

    def _key(self, item: Item) -> dict[str, object]:
        found = item.candidate.assignment
        check = self.checks.get(item.name) if item.outcome is Outcome.IMPORTED else None
        return {
            "name": item.name or None,
            "provider": item.name.partition("/")[0] or None,
            "source": told(item.candidate.source, item.candidate.secret),
            "line": found.line if found and found.place else None,
            "variable": told(item.candidate.variable, item.candidate.secret) or None,
            "base_url": told(item.base_url, item.candidate.secret) or None,
            "outcome": item.outcome.value,
            "told": item.finding,
            "check": records.check_record(check) if check else None,
        }


def _parser() -> Parser:
    parser = Parser(
        "import",
        "[--env | FILE…] [--dry-run] [--test] [--replace] [--label LABEL] [--yes] [--json]",
        "Takes keys into the vault from where they lie in plaintext: the environment, .env files, shell profiles, and "
        "the files of llm, Codex, opencode, aider and others; or from another vault of arka’s, whose passphrase it "
        "asks for. It shows what it found, never a key, and asks before it stores anything.",
        "Without FILE and --env it looks at the environment, your shell profiles, the .env files of this folder, and "
        "the known tools’ files; not into histories, where old keys lie: arka-tui scan finds yours there.\n\n"
        "A key is taken where the variable’s name or the shape of the key tells its provider. Secrets of others are "
        "left alone, and named. A key that is stored already is not stored twice.\n\n"
        "Afterwards it offers to put references such as arka://openai/main in the place of the keys in .env files, "
        "and shows the difference first. From then on programs get the keys by\n\n"
        "    arka-tui exec --env-file .env -- COMMAND\n\n"
        "In a script: arka-tui import --yes FILE. It does not replace anything, unless --replace says so.",
        (Exit.FAILED, Exit.TEST_FAILED, Exit.CONFLICT, Exit.NO_TERMINAL, Exit.NETWORK, Exit.NOT_SAVED, *OPENING),
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=file, help="a file with keys, or another vault")
    parser.add_argument("--env", action="store_true", help="only the environment of this command")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
    parser.add_argument("--test", action="store_true", help="test each key that was imported")
    parser.add_argument("--replace", action="store_true", help="put references in the place of the keys in .env files")
    parser.add_argument("--label", metavar="LABEL", default="", help="what to call the key, where it is just one")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--bundle-passphrase-fd",
        metavar="N",
        type=descriptor,
        help="where FILE is another vault: its passphrase is the first line of this file descriptor",
    )
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: as `open_vault` and `backup.verify`; UsageError, TerminalUnfit, NotSaved, Conflict."""
    at_most_one(dry_run=options.dry_run, test=options.test)
    if options.env and options.files:
        raise UsageError("--env and FILE do not go together")
    if options.label:
        tidy_label(options.label)
    if not options.yes and not options.dry_run:
        _refuse_without_terminal()
    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        gathered, candidates = _sources(options, desk, controller)
        items = list(planned(candidates, vault, controller))
        if options.label:
            items = labelled(items, options.label, controller)
        report = _Report(options.dry_run, items, gathered=gathered)
        told_to = desk.notes if options.json else desk.output
        code = _imported(options, desk, told_to, vault, controller, report)
        if options.json:
            desk.output.json(report.record())
    return code


def _refuse_without_terminal() -> None:
    terminal = Terminal.find()
    if terminal is None:
        raise TerminalUnfit("there is no terminal to ask on what to import", "--dry-run shows it, --yes does not ask")
    terminal.close()


# ---------------------------------------------------------------------- what there is


def _sources(options: Options, desk: Desk, controller: Controller) -> tuple[Gathered, list[Candidate]]:
    environment = [] if options.files else in_environment(desk.environ)
    vaults = [path for path in options.files if glance(path, anyones=True).condition is Condition.WHOLE]
    if options.files:
        missing = next((path for path in options.files if not path.exists()), None)
        if missing:
            raise UsageError(f"there is no file {told(str(missing))}")
        places = [place_of(path) for path in options.files if path not in vaults]
    elif options.env:
        places = []
    else:
        usual = known_places(home(desk), Path.cwd(), desk.environ)
        places = [place for place in usual if place.kind is not Kind.HISTORY]
    gathered = gather(places)
    known = Known(controller.catalog)
    candidates = [*_assigned(environment, known)]
    of_file: defaultdict[Place | None, list[Assignment]] = defaultdict(list)
    for each in gathered.assignments:
        of_file[each.place].append(each)
    for text in gathered.texts:
        candidates += _assigned(of_file[text.place], known)
        candidates += [
            Candidate(source(each), each.variable, Secret(""), each, stranger=f"{_UNCLEAR}, write it plainly")
            for each in unclear(text)
            if sounds_like_a_key(each, known)
        ]
    if options.bundle_passphrase_fd is not None and len(vaults) != 1:
        raise UsageError("--bundle-passphrase-fd is for one FILE that is another vault", "name that file alone")
    for path in vaults:
        candidates += _of_vault(path, Ways(passphrase_fd=options.bundle_passphrase_fd))
    return gathered, candidates


def _assigned(assigned: Sequence[Assignment], known: Known) -> Iterator[Candidate]:
    """`assigned`: all of one source."""
    addresses = Addresses(known, assigned)
    for each in assigned:
        owner = whose(each, known)
        if owner is None:
            continue
        candidate = Candidate(source(each), each.variable, each.value, each, stranger=owner.stranger)
        if owner.provider:
            provider, base_url = addresses.of(owner.provider)
            label = owner.label or _label_of_file(each)
            candidate = replace(candidate, provider_id=provider.id, label=label, base_url=base_url)
        yield candidate


def _label_of_file(assignment: Assignment) -> str:
    """`production` of .env.production."""
    name = assignment.place.path.name if assignment.place else ""
    return name.removeprefix(".env.").replace(".", "-") if name.startswith(".env.") else ""


def _of_vault(path: Path, ways: Ways) -> Iterator[Candidate]:
    """Raises: as `backup.verify`, TerminalUnfit; UsageError where no passphrase was typed."""
    seen = backup.read(path)
    why = f" of {told(str(path))}"
    state = open_with(lambda way: backup.verify(seen, way), ways, why=why, needed=True)
    if state is None:
        raise UsageError(f"nothing was imported: {told(str(path))} was not opened")
    for draft in backup.drafts(state):
        assert draft.secret  # noqa: S101  # it was opened just now
        yield Candidate(
            str(path),
            draft.name,
            draft.secret,
            provider_id=draft.provider,
            label=draft.label,
            base_url=draft.base_url,
            settings=draft.settings,
        )


# ---------------------------------------------------------------------- what is done with it


def _imported(
    options: Options, desk: Desk, told_to: Output, vault: Vault, controller: Controller, report: _Report
) -> int:
    new = [item for item in report.items if item.draft]
    not_read(desk, report.gathered.unread)
    _tell_plan(desk, told_to, report.items)
    if not report.items:
        told_to.say("No keys were found.")
    elif not new:
        told_to.say("There is nothing to import.")
    elif options.dry_run:
        told_to.say(f"{words.counted(len(new), 'key')} would be imported. Nothing was changed.")
    elif options.yes or confirmed(f"Import {words.counted(len(new), 'key')}?"):
        _store(report, controller, desk, told_to)
    else:
        told_to.say("Nothing was changed.")
        return Exit.FAILED
    code = Exit.DONE
    if options.test and new:
        code = _test(controller, desk, report)
    _replace(options, desk, told_to, vault, report)
    if report.not_saved:
        code = Exit.NOT_SAVED
    elif code == Exit.DONE and options.replace and not options.dry_run and report.left:
        code = Exit.FAILED
    untested = [item.name for item in report.items if item.outcome is Outcome.IMPORTED and not options.test]
    if untested:
        named = shlex.join(untested) if len(untested) <= _MOST_NAMED else "--all"
        desk.notes.say(f"next: arka-tui test {named}")
    return code


def _tell_plan(desk: Desk, output: Output, items: Sequence[Item]) -> None:
    masker = Masker(item.candidate.secret for item in items)
    rows = []
    for item in items:
        found = item.candidate.assignment
        cells = (
            item.name or words.NOTHING,
            brief(output, desk, where(found) if found else item.candidate.source),
            item.finding,
            found.variable if found else words.NOTHING,
        )
        rows.append([masker.told(cell) for cell in cells])
    if rows:
        marks = [_MARKS[item.outcome][0] for item in items]
        signs = [_MARKS[item.outcome][1] for item in items]
        output.table(("KEY", "WHERE", "FINDING", "VARIABLE"), rows, signs, marks=marks, cut_left={"WHERE"})
        output.flush()
    abroad: defaultdict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.abroad:
            abroad[masker.told(item.base_url)].append(masker.told(item.name))
    for address, names in abroad.items():
        is_are = "is" if len(names) == 1 else "are"
        output.tell(Sign.NOTE, f"{words.named(names)} {is_are} for {address}, and will be sent there")


def _store(report: _Report, controller: Controller, desk: Desk, told_to: Output) -> None:
    """All of them or none. Raises: NameTaken, NotSaved."""
    added, saved = controller.add_all([item.draft for item in report.items if item.draft])
    report.items = [
        replace(item, outcome=Outcome.IMPORTED, draft=None) if item.draft else item for item in report.items
    ]
    told_to.tell(Sign.GOOD, f"{words.counted(len(added), 'key')} imported")
    if saved.incomplete:
        desk.notes.tell(Sign.NOTE, saved.incomplete)


async def _tested(controller: Controller, names: Sequence[str], desk: Desk, report: _Report) -> None:
    async with aclosing(controller.check(names)) as checks:
        async for check in checks:
            report.checks[check.name] = check
            meaning = check.verdict.meaning
            desk.notes.mark(meaning.sign, f"{check.name}: {meaning.word}", SIGNS[meaning.mood])


def _test(controller: Controller, desk: Desk, report: _Report) -> Exit:
    """As `arka-tui test` of these."""
    names = [item.name for item in report.items if item.outcome is Outcome.IMPORTED]
    desk.notes.say(f"testing {words.counted(len(names), 'key')} …")
    asking(controller, _tested(controller, names, desk, report))
    if trouble := controller.log_trouble():
        desk.notes.tell(Sign.NOTE, trouble)
    untested = [each for each in controller.credentials() if each.name in names and each.name not in report.checks]
    for each in untested:
        desk.notes.tell(Sign.BAD, f"{each.name} was not tested: it was changed meanwhile, or does not open")
    return code_of([*report.checks.values()], untested)


# ---------------------------------------------------------------------- references in their place


def _replace(options: Options, desk: Desk, told_to: Output, vault: Vault, report: _Report) -> None:
    """Offers it for each .env file; and says what to do where keys lie elsewhere. Raises: NotSaved, Conflict."""
    named = [item for item in report.items if item.name and item.candidate.assignment]
    held = set(vault.fingerprints().values())
    stored = [item for item in named if vault.fingerprint(item.candidate.secret) in held]
    if options.replace or not (options.yes or options.dry_run or options.json):
        of_file: defaultdict[Place | None, list[tuple[Assignment, str]]] = defaultdict(list)
        for item in named if options.dry_run else stored:
            if (found := item.candidate.assignment) and (put := replacing.reference(item.name)):
                of_file[found.place].append((found, put))
        for text in report.gathered.texts:
            if text.place.kind is Kind.DOTENV and of_file[text.place]:
                _replace_in(text, of_file[text.place], options, desk, told_to, report)
    _advise(desk, stored)


def _advise(desk: Desk, stored: Sequence[Item]) -> None:
    """Where keys lie of which no reference takes the place."""
    found = [(item.name, item.candidate.assignment) for item in stored if item.candidate.assignment]
    lying = [(name, each) for name, each in found if kind_of(each) is not Kind.DOTENV]
    in_environment = [told(each.variable, each.value) for _, each in lying if not each.place]
    advised: dict[str, list[str]] = {remedy(None, *in_environment): [ENVIRONMENT]} if in_environment else {}
    for _, each in lying:
        if each.place:
            advised.setdefault(remedy(each.place), []).append(told(source(each)))
    if advised:
        advise(desk, advised, [name for name, _ in lying])


def _replace_in(
    text: Text, found: Sequence[tuple[Assignment, str]], options: Options, desk: Desk, told_to: Output, report: _Report
) -> None:
    path = told(str(text.path))
    told_to.say()
    told_to.say(path)
    if why := _hindrance(text, found):
        told_to.tell(Sign.NOTE, f"nothing is replaced here: {why}")
        report.left += 1
        report.replaced.append({"path": path, "lines": [], "done": False, "why": why})
        return
    edit = replacing.edit(text, found)
    for line in edit.diff:
        told_to.mark(line[0], told(line[2:]), Sign.BAD if line[0] == "-" else Sign.GOOD)
    told_to.flush()
    done = not options.dry_run and (options.yes or bool(confirmed(f"Replace in {path}?")))
    if not done and not options.dry_run:
        told_to.say(f"{brief(told_to, desk, path)} stays as it is.")
    why = ""
    if done:
        try:
            incomplete = replacing.write(edit)
        except (NotSaved, Conflict) as trouble:
            done, why, incomplete = False, told(str(trouble)), ""
            report.not_saved += 1
            told_to.tell(Sign.BAD, f"{why}; {trouble.hint}" if trouble.hint else why)
        if incomplete:
            told_to.tell(Sign.NOTE, f"{path}: {told(incomplete)}")
    if done:
        told_to.tell(Sign.GOOD, f"replaced; use it by: arka-tui exec --env-file {path} -- COMMAND")
        if is_tracked(text.path):
            told_to.tell(Sign.NOTE, "git’s history still has the keys: replace them at their providers too")
    report.replaced.append({"path": path, "lines": list(edit.lines), "done": done, "why": why})


def _hindrance(text: Text, found: Sequence[tuple[Assignment, str]]) -> str:
    """Why references in this file would not do what the keys did; or nothing."""
    try:
        before = {line.number: line for line in env_file.parse(text.path, text.raw)}
        after = {line.number: line for line in env_file.parse(text.path, replacing.edit(text, found).raw)}
    except UsageError as wrong:
        return f"arka-tui exec could not read it: {told(str(wrong).removeprefix(str(text.path)).lstrip(', :'))}"
    for each, put in found:
        was, becomes = before.get(each.line), after.get(each.line)
        if not was or not becomes or (was.value, becomes.value) != (each.value.reveal(), put):
            return f"line {each.line} reads differently for arka-tui exec"
    names = {each.variable for each, _ in found}
    for number, line in enumerate(text.text().split("\n"), 1):
        used = names & set(_USE.findall(line)) if not line.lstrip().startswith("#") else set()
        if used:
            return f"line {number} uses ${told(min(used))}, and would get the reference instead of the key"
    return ""


IMPORT = Command(_parser, Options, _run)
