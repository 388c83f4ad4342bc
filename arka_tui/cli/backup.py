"""`arka-tui backup FILE`."""

from dataclasses import dataclass
from pathlib import Path

from arka_tui.cli.arguments import Command, Parser, Ways, file
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import open_with
from arka_tui.store.backup import look_ahead, source, write
from arka_tui.store.glance import count


@dataclass(frozen=True, slots=True)
class Options:
    file: Path
    force: bool
    json: bool
    ways: Ways


def _parser() -> Parser:
    parser = Parser(
        "backup",
        "[--force] FILE",
        "Copies the vault to FILE, encrypted as it is, byte for byte. In a folder it makes a file that is named by "
        "date and generation.",
        "A backup opens with the passphrase and the recovery code of the day it was made, also after you change "
        "them. A key that you delete later lives on in it.\n\n"
        "On a terminal it asks for the passphrase, and verifies the backup by opening every key in it; Enter skips "
        "that. Without a terminal it asks nothing, so it works from cron:\n\n"
        "    arka-tui backup --force /mnt/backup/arka.toml\n\n"
        "arka-tui doctor FILE verifies a backup at any time; arka-tui restore FILE puts it back.",
        (Exit.WRONG_PASSPHRASE, Exit.NOT_FOUND, Exit.DAMAGED, Exit.NOT_SAVED),
    )
    parser.add_argument("file", metavar="FILE", type=file, help="a file that is not there yet, or a folder")
    parser.add_argument("--force", action="store_true", help="replace FILE, if it is an older backup of this vault")
    parser.add_json()
    parser.add_ways()
    return parser


def _run(options: Options, desk: Desk) -> int:
    """Raises: as `source` and `write`."""
    paths, output, now = desk.paths, Output.nowhere() if options.json else desk.output, desk.now()
    look_ahead(paths, options.file, now, force=options.force)
    opened = open_with(lambda way: source(paths, way), options.ways, why=", to verify (Enter skips)")
    data = opened or source(paths, None)
    for note in data.notes:
        output.tell(Sign.NOTE, note)
    done = write(paths, data, options.file, now, force=options.force)
    output.tell(Sign.GOOD, f"{done.path}{' holds it already' if done.already else ''}")
    output.say(f"Generation {data.generation}, {count(data.keys, 'key')}.", 2)
    if data.state:
        output.say("Verified: it was read back, and every key in it opens.", 2)
    else:
        output.say("Not verified: arka-tui doctor FILE does that.", 2)
    output.say(
        "It opens with today’s passphrase and recovery code, also after you change them; "
        "keys that you delete later live on in it.",
        2,
    )
    if done.incomplete:
        output.tell(Sign.BAD, done.incomplete)
    if options.json:
        known = {"file": str(done.path), "generation": data.generation, "keys": data.keys}
        desk.output.json({**known, "verified": data.state is not None, "was_there": done.already})
    return Exit.NOT_SAVED if done.incomplete else Exit.DONE


BACKUP = Command(_parser, Options, _run)
