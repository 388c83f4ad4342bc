"""`arka-tui env-check`: which variables override or duplicate a key of the vault."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from arka_tui.cli.arguments import Command, Parser, Ways
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.lying import (
    ENVIRONMENT,
    NO_ADDRESS,
    Known,
    addressed,
    advise,
    brief,
    gather,
    home,
    host_elsewhere,
    in_environment,
    kind_of,
    not_read,
    remedy,
    told,
    unread_record,
    where,
    whose,
)
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Sign
from arka_tui.credential import Credential
from arka_tui.plaintext.places import Kind, known_places
from arka_tui.plaintext.reading import Assignment, is_reference
from arka_tui.providers.catalog import Catalog, load_catalog, with_own_providers
from arka_tui.providers.provider import Provider
from arka_tui.store.vault import Vault
from arka_tui.telling import words


@dataclass(frozen=True, slots=True)
class Options:
    json: bool
    ways: Ways


class Trouble(Enum):
    DUPLICATES = "duplicates"
    ANOTHER = "another_key"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Found:
    trouble: Trouble
    assignment: Assignment
    provider: Provider
    names: tuple[str, ...] = ()
    """Of the vault's keys that it duplicates."""
    host: str = ""
    """Where it points requests."""

    @property
    def finding(self) -> str:
        match self.trouble:
            case Trouble.DUPLICATES:
                return f"duplicates {words.named(self.names)}"
            case Trouble.ANOTHER:
                return f"{self.provider.name} key, not in the vault"
            case Trouble.ELSEWHERE:
                return f"points {self.provider.name} requests to {self.host}"

    @property
    def advice(self) -> str:
        place = self.assignment.place
        match self.trouble:
            case Trouble.DUPLICATES:
                return remedy(place, told(self.assignment.variable))
            case Trouble.ANOTHER:
                return "arka-tui import stores it; if it is an old one, delete it where it is."
            case Trouble.ELSEWHERE:
                return f"Unset it, unless you mean your {self.provider.name} keys to go there."


def _parser() -> Parser:
    parser = Parser(
        "env-check",
        "[--json]",
        "Tells which keys your programs find before those of the vault: in the environment, shell profiles, .env files "
        "of this folder, and the files of AI tools. Of each it says whether it is one of your keys or another one, and "
        "which variables, such as OPENAI_BASE_URL, send requests elsewhere. It shows no key, and sends nothing.",
        exits=(Exit.FAILED, *OPENING),
    )
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Exit code: 0 nothing was found, 1 something was. Raises: as `open_vault`."""
    vault = open_vault(desk, options.ways)
    catalog = with_own_providers(load_catalog(), desk.paths.providers)
    places = known_places(home(desk), Path.cwd(), desk.environ)
    gathered = gather(place for place in places if place.kind is not Kind.HISTORY)
    found = list(_found([*in_environment(desk.environ), *gathered.assignments], vault, catalog))
    vault.lock()
    if options.json:
        not_told = unread_record(gathered.unread)
        desk.output.json({"found": [_record(each) for each in found], "not_read": not_told})
        return Exit.FAILED if found else Exit.DONE
    not_read(desk, gathered.unread)
    if found:
        _tell(desk, found)
    else:
        desk.notes.tell(Sign.GOOD, "nothing overrides or duplicates your keys")
    return Exit.FAILED if found else Exit.DONE


def _found(assigned: Sequence[Assignment], vault: Vault, catalog: Catalog) -> Iterator[Found]:
    known, marks = Known(catalog), vault.fingerprints()
    holders: defaultdict[str, list[Credential]] = defaultdict(list)
    for key in vault.list():
        holders[marks[key.id]].append(key)
    for each in assigned:
        if (provider := addressed(each, known)) and not _is_reference(each):
            if host := host_elsewhere(provider, each.value.reveal()):
                is_key = vault.fingerprint(each.value) in holders or catalog.owner(each.value)
                yield Found(Trouble.ELSEWHERE, each, provider, host=NO_ADDRESS if is_key else host)
            continue
        owner = whose(each, known)
        if owner is None:
            continue
        held = holders.get(vault.fingerprint(each.value), [])
        provider = owner.provider or (catalog.providers.get(held[0].provider) if held else None)
        if provider:
            names = tuple(key.name for key in held)
            yield Found(Trouble.DUPLICATES if held else Trouble.ANOTHER, each, provider, names)


def _is_reference(assignment: Assignment) -> bool:
    """`$OTHER` says nothing of where requests go; an address begins like a reference, and is none."""
    return is_reference(assignment.value) and not assignment.value.reveal().startswith(("http://", "https://"))


def _record(found: Found) -> dict[str, object]:
    place = found.assignment.place
    return {
        "variable": told(found.assignment.variable),
        "provider": found.provider.id,
        "path": told(str(place.path)) if place else None,
        "line": found.assignment.line if place else None,
        "kind": kind_of(found.assignment).value,
        "finding": found.trouble.value,
        "names": list(found.names),
        "host": found.host or None,
        "told": found.finding,
        "advice": found.advice,
    }


def _tell(desk: Desk, found: Sequence[Found]) -> None:
    rows = [
        (
            told(each.assignment.variable),
            brief(desk.output, desk, told(where(each.assignment))),
            each.finding,
        )
        for each in found
    ]
    signs = [Sign.NOTE] * len(rows)
    marks = [sign.value[0] for sign in signs]
    desk.output.table(("VARIABLE", "WHERE", "FINDING"), rows, signs, marks=marks, cut_left={"WHERE"})
    desk.output.flush()
    _advise(desk, found)


def _advise(desk: Desk, found: Sequence[Found]) -> None:
    duplicates = [each for each in found if each.trouble is Trouble.DUPLICATES]
    in_environment = [told(each.assignment.variable) for each in duplicates if not each.assignment.place]
    advised: dict[str, list[str]] = {remedy(None, *in_environment): [ENVIRONMENT]} if in_environment else {}
    for each in found:
        if each.assignment.place or each not in duplicates:
            advised.setdefault(each.advice, []).append(told(each.assignment.variable))
    advise(desk, advised, [name for each in duplicates for name in each.names])


ENV_CHECK = Command(_parser, Options, _run)
