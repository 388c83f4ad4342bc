"""`arka-tui backup FILE`."""

from datetime import UTC, datetime

from arka_tui.cli.arguments import Options
from arka_tui.cli.output import Output, Sign
from arka_tui.cli.prompt import open_with
from arka_tui.paths import Paths
from arka_tui.store.backup import look_ahead, source, write
from arka_tui.store.glance import count


def run(options: Options, paths: Paths, output: Output) -> int:
    """Raises: as `source` and `write`. Exit code 1 where the disk did not confirm it."""
    assert options.file  # noqa: S101  # the parser wants one
    now = datetime.now(UTC)
    look_ahead(paths, options.file, now, force=options.force)
    opened = open_with(lambda way: source(paths, way), options, why=", to verify (Enter skips)")
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
    return 1 if done.incomplete else 0
