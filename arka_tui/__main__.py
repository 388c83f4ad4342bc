"""The one place that builds the parts and joins them; picks the front end."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from arka_tui import hygiene
from arka_tui.cli.arguments import USAGE, Options, parse
from arka_tui.errors import ArkaError

FAILED = 1
_NETWORK_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
_TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, or left by the user; 1 failed, or trouble found; 2 used wrongly, or in no fit terminal; 128+n
    ended by signal n."""
    hygiene.harden_process()
    hygiene.hush_reports()
    options = parse(argv)
    hygiene.scrub_textual_variables(os.environ)
    try:
        return _run(options)
    except ArkaError as error:
        return _complain(error)
    except BrokenPipeError:
        return FAILED
    except KeyboardInterrupt:
        return 130
    finally:
        _let_go_of_vanished_terminal()


def _run(options: Options) -> int:
    match options.command:
        case None:
            return _tui()
        case "demo":
            return _demo()
        case command:
            return _command(command, options)


def _command(name: str, options: Options) -> int:
    from arka_tui.cli import backup, doctor, restore
    from arka_tui.cli.output import Output
    from arka_tui.paths import Paths

    run = {"doctor": doctor.run, "backup": backup.run, "restore": restore.run}[name]
    return run(options, Paths.find(os.environ), Output.standard())


def _tui() -> int:
    _refuse_unfit_terminal()
    from arka_tui import config
    from arka_tui.controller import Controller
    from arka_tui.paths import Paths
    from arka_tui.providers.catalog import load_catalog, with_own_providers
    from arka_tui.store.ssh_agent import Agent
    from arka_tui.store.vault import Vault
    from arka_tui.tui.app import run

    paths = Paths.find(os.environ)
    catalog = with_own_providers(load_catalog(), paths.providers)
    controller = Controller(
        paths, Vault(paths), catalog, config.load(paths.settings), agent=lambda: Agent.find(os.environ)
    )
    return run(controller, [*_notices(os.environ, paths.settings), *catalog.troubles])


def _notices(environ: Mapping[str, str], settings: Path) -> list[str]:
    """What somebody may have set in vain, so that nobody wonders where the requests went."""
    notices: list[str] = []
    ignored = [name for name in (*_NETWORK_VARIABLES, *_TRUST_VARIABLES) if environ.get(name)]
    if ignored:
        notices.append(f"{', '.join(ignored)} in the environment is ignored; say it in {settings}")
    if environ.get("SSLKEYLOGFILE"):
        notices.append("SSLKEYLOGFILE in the environment is ignored: TLS keys are never written down")
    return notices


def _demo() -> int:
    _refuse_unfit_terminal()
    from arka_tui.demo import demo_controller
    from arka_tui.tui.app import run

    with demo_controller() as controller:
        return run(controller)


def _refuse_unfit_terminal() -> None:
    from arka_tui.tui.lifeline import refuse_unfit_terminal

    refuse_unfit_terminal(os.environ.get("TERM"))


def _let_go_of_vanished_terminal() -> None:
    """Python turns the exit code into 120 where the last bytes cannot be written."""
    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _complain(error: ArkaError) -> int:
    from arka_tui.errors import TerminalUnfit
    from arka_tui.text import safe

    sys.stderr.write(f"arka-tui: error: {safe(str(error), 500)}\n")
    if error.hint:
        sys.stderr.write(f"arka-tui: hint: {safe(error.hint, 500)}\n")
    return USAGE if isinstance(error, TerminalUnfit) else FAILED


if __name__ == "__main__":
    sys.exit(main())
