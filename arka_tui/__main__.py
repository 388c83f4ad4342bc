"""The one place that builds the parts and joins them; picks the front end."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from arka_tui import hygiene
from arka_tui.errors import ArkaError

USAGE = 2
FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 left by the user, 1 failed, 2 used wrongly or in no fit terminal, 128+n ended by signal n."""
    hygiene.harden_process()
    hygiene.hush_reports()
    arguments = _parser().parse_args(argv)
    hygiene.scrub_textual_variables(os.environ)
    try:
        return _demo() if arguments.command == "demo" else _tui()
    except ArkaError as error:
        return _complain(error)
    except KeyboardInterrupt:
        return 130
    finally:
        _let_go_of_vanished_terminal()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arka-tui",
        description="Keep, test and use the API keys of your AI providers, in a terminal, over SSH.",
        epilog="Without a command it opens your vault. ARKA_HOME=FOLDER keeps everything in FOLDER.",
    )
    parser.add_argument("--version", action="version", version=f"arka-tui {version('arka-tui')}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser(
        "demo",
        help="try it without a key: a throw-away vault against a built-in simulator",
        description="A throw-away vault with keys in every state, against a simulator on this machine. "
        "Nothing is sent anywhere, and nothing is kept.",
    )
    return parser


def _tui() -> int:
    _refuse_unfit_terminal()
    from arka_tui import config
    from arka_tui.controller import Controller
    from arka_tui.paths import Paths
    from arka_tui.providers.catalog import load_catalog
    from arka_tui.store.vault import Vault
    from arka_tui.tui.app import run

    paths = Paths.find(os.environ)
    controller = Controller(paths, Vault(paths), load_catalog(), config.load(paths.settings))
    ignored = [name for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE") if os.environ.get(name)]
    notices = [f"{', '.join(ignored)} in the environment is ignored; say it in {paths.settings}"] if ignored else []
    return run(controller, notices)


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
