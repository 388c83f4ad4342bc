"""`arka-tui scan`: where the vault's own keys lie in plaintext."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from arka_tui import config, links, overrides
from arka_tui.cli.arguments import Command, Parser, Ways, file
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.lying import advise, brief, home, not_read, remedy, told, unread_record
from arka_tui.cli.opening import open_vault
from arka_tui.cli.output import Sign
from arka_tui.credential import Credential
from arka_tui.errors import ConfigError, UsageError
from arka_tui.plaintext.exposure import is_readable, is_tracked
from arka_tui.plaintext.matching import Matcher
from arka_tui.plaintext.places import Place, known_places, place_of, walk, working_tree
from arka_tui.plaintext.reading import Text, Unread, read
from arka_tui.providers.catalog import Catalog, load_catalog, with_own_providers
from arka_tui.secret import KEYLESS
from arka_tui.store.vault import Vault
from arka_tui.telling import words


@dataclass(frozen=True, slots=True)
class Options:
    paths: Sequence[Path]
    json: bool
    ways: Ways


@dataclass(frozen=True, slots=True)
class Found:
    name: str
    place: Place
    line: int
    tracked: bool | None
    """By git; None where that cannot be told."""
    readable: bool
    """By other users."""

    @property
    def exposed(self) -> bool:
        """Others may have it by now."""
        return bool(self.tracked) or self.readable

    @property
    def risk(self) -> str:
        risks = ["in git"] if self.tracked else []
        return ", ".join(risks + (["others can read"] if self.readable else [])) or "plaintext, private to you"


@dataclass(frozen=True, slots=True)
class Seen:
    found: Sequence[Found]
    files: int
    unread: Sequence[Unread]


def _parser() -> Parser:
    parser = Parser(
        "scan",
        "[--json] [PATH…]",
        "Finds your own keys where they lie in plaintext: it compares what it reads with the fingerprints of the keys "
        "in your vault, so that nothing is missed for its shape, and nothing is reported that is not yours. It shows "
        "where, never the key, and sends nothing.",
        "Without PATH it looks into shell profiles and histories, .env files, the files of AI tools, and the git "
        "working tree you are in. With PATH it looks there, in folders all the way down:\n\n"
        "    arka-tui scan ~\n\n"
        "It does not look into files of more than 1 MiB (histories: 16 MiB), binary files, packed git objects, and "
        "folders of installed packages such as node_modules and virtual environments; what else it could not read it "
        "tells.\n\n"
        "A key that git tracks, or that other users may read, is best replaced at its provider: deleting the line does "
        "not take it back.",
        (Exit.FAILED, *OPENING),
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=file, help="a file or a folder")
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Exit code: 0 nothing was found, 1 something was. Raises: as `open_vault`, and UsageError."""
    if missing := next((path for path in options.paths if not os.path.lexists(path)), None):
        raise UsageError(f"there is no file {told(str(missing))}")
    vault = open_vault(desk, options.ways)
    matcher = _matcher(vault)
    seen = _look(_places(options, desk), matcher)
    catalog = with_own_providers(load_catalog(), desk.paths.providers) if seen.found else None
    keys = {each.name: each for each in vault.list()}
    vault.lock()
    if options.json:
        found = [_record(each, keys[each.name], catalog) for each in seen.found]
        desk.output.json({"found": found, "files_read": seen.files, "not_read": unread_record(seen.unread)})
    else:
        _tell(desk, seen, keys, catalog)
    return Exit.FAILED if seen.found else Exit.DONE


def _matcher(vault: Vault) -> Matcher:
    """Of all keys but that which stands for none: the same word for everybody."""
    marks, keyless = vault.fingerprints(), vault.fingerprint(KEYLESS)
    keys = [(each.name, each.hint, marks[each.id]) for each in vault.list() if marks[each.id] != keyless]
    return Matcher(keys, vault.fingerprint)


def _places(options: Options, desk: Desk) -> Iterator[Place]:
    if options.paths:
        return chain.from_iterable(_below(path) for path in options.paths)
    folder = Path.cwd()
    tree = working_tree(folder)
    # A home folder that is itself under git would be all of it: that is for who asks for it.
    below = _below(tree) if tree and tree != home(desk) else iter(())
    return chain(known_places(home(desk), folder, desk.environ), below)


def _below(path: Path) -> Iterator[Place]:
    return map(place_of, walk(path)) if path.is_dir() else iter([place_of(path)])


def _look(places: Iterable[Place], matcher: Matcher) -> Seen:
    found: list[Found] = []
    unread: list[Unread] = []
    looked_at: set[tuple[int, int]] = set()
    for place in places:
        text = read(place)
        if isinstance(text, Unread) and text.why != "binary" and not _is_expected(text):
            unread.append(Unread(Path(matcher.masked(str(place.path))), text.why))
        if not isinstance(text, Text) or text.identity in looked_at:
            continue
        looked_at.add(text.identity)
        matches = matcher.matches(text.raw)
        if not matches.complete:
            shown_path = Path(matcher.masked(str(place.path)))
            unread.append(Unread(shown_path, "too much of it looks like a key: only its beginning was looked at"))
        if matches.found:
            lines = {(text.raw.count(b"\n", 0, m.start) + 1, name) for m in matches.found for name in m.names}
            tracked, readable = is_tracked(place.path), is_readable(text)
            shown = Place(Path(matcher.masked(str(place.path))), place.kind, place.tool)
            found += [Found(name, shown, line, tracked, readable) for line, name in sorted(lines)]
    return Seen(found, len(looked_at), unread)


def _is_expected(text: Unread) -> bool:
    """A tree has links to folders, sockets and such: none of them holds a text."""
    return text.why in ("a folder", "not a regular file")


# ---------------------------------------------------------------------- telling it


def _advice(found: Found) -> str:
    if found.exposed:
        return "Others may have it by now: make a new key, store it by arka-tui update, and revoke the old one."
    return remedy(found.place)


def _page(found: Found, key: Credential, catalog: Catalog | None) -> str:
    """Where keys are made and revoked; nothing where that is not needed."""
    provider = catalog.providers.get(key.provider) if catalog and found.exposed else None
    return provider.console.get("keys", "") if provider else ""


def _record(found: Found, key: Credential, catalog: Catalog | None) -> dict[str, object]:
    return {
        "name": found.name,
        "path": told(str(found.place.path)),
        "line": found.line,
        "kind": found.place.kind.value,
        "tracked_by_git": found.tracked,
        "readable_by_others": found.readable,
        "rotate": found.exposed,
        "advice": _advice(found),
        "page": _page(found, key, catalog),
    }


def _tell(desk: Desk, seen: Seen, keys: dict[str, Credential], catalog: Catalog | None) -> None:
    not_read(desk, seen.unread)
    looked = f"{words.counted(len(keys), 'key')}, {words.counted(seen.files, 'file')}"
    if not seen.found:
        desk.notes.tell(Sign.GOOD, f"none of your keys lies there in plaintext ({looked})")
        return
    signs = [Sign.BAD if each.exposed else Sign.NOTE for each in seen.found]
    rows = [
        (each.name, brief(desk.output, desk, f"{told(str(each.place.path))}:{each.line}"), each.risk)
        for each in seen.found
    ]
    marks = [sign.value[0] for sign in signs]
    desk.output.table(("KEY", "WHERE", "RISK"), rows, signs, marks=marks, cut_left={"WHERE"})
    desk.output.flush()
    advised: dict[str, list[str]] = {}
    pages: list[str] = []
    for each in seen.found:
        page = _page(each, keys[each.name], catalog)
        advice = f"{_advice(each)} {page}".rstrip()
        pages.append(page)
        advised.setdefault(advice, []).append(each.name)
    if catalog and desk.notes.watched and _links_wanted(desk):
        desk.notes.link(catalog.pages)
    advise(desk, advised, [each.name for each in seen.found], pages)


def _links_wanted(desk: Desk) -> bool:
    """No where the settings have a mistake: what was found is told all the same."""
    try:
        settings = overrides.in_force(config.load(desk.paths.settings), desk.environ)
    except ConfigError:
        return False
    return links.wanted(settings.links, desk.environ)


SCAN = Command(_parser, Options, _run)
