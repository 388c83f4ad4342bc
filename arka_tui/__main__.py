"""The one place that builds the parts and joins them; picks the front end."""

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arka_tui import hygiene
from arka_tui.errors import ArkaError

if TYPE_CHECKING:
    from arka_tui.config import Config
    from arka_tui.controller import Controller
    from arka_tui.paths import Paths

_HAND_OVER = ("exec", "run", "unlock")
"""The commands that may end as another program."""
_NETWORK_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
_TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: `cli/exits.py`; 128+n ended by signal n."""
    argv = sys.argv[1:] if argv is None else argv
    hygiene.harden_process(hands_over=bool(argv) and argv[0] in _HAND_OVER)
    hygiene.hush_reports()
    try:
        code = _run(argv)
        if sys.stdout:
            sys.stdout.flush()  # here a full disk can still be told
        return code
    except ArkaError as error:
        return _complain(error)
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as failure:
        if failure.errno not in (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF):
            raise
        return _complain(ArkaError(f"the output cannot be written: {os.strerror(failure.errno).lower()}"))
    except KeyboardInterrupt:
        return 130
    finally:
        _let_go_of_vanished_terminal()


def _run(argv: Sequence[str]) -> int:
    if not argv:
        return _tui()
    word, rest = argv[0], argv[1:]
    if word in ("-h", "--help", "help") and not rest:
        from arka_tui.cli.commands import first_page

        sys.stdout.write(f"{first_page()}\n")
        return 0
    if word == "help":
        word, rest = rest[0], ["--help"]
    if word in ("-V", "--version"):
        from importlib.metadata import version

        sys.stdout.write(f"arka-tui {version('arka-tui')}\n")
        return 0
    if [word, *rest] == ["status", "--brief"]:  # it runs at each prompt: not by way of what takes long to import
        from arka_tui.cli import brief
        from arka_tui.paths import Paths

        return brief.tell(Paths.find(os.environ))
    from arka_tui.cli.commands import command
    from arka_tui.cli.desk import Desk

    if word == "demo":
        return _demo(rest)
    if word == "keyboard":
        return _keyboard(rest)
    return command(word).run(rest, Desk.standard())


def _tui() -> int:
    hygiene.hush_logs()
    _refuse_unfit_terminal()
    from arka_tui import config, overrides
    from arka_tui.paths import Paths

    paths = Paths.find(os.environ)
    on_disk = config.load(paths.settings)
    settings = overrides.in_force(on_disk, os.environ)
    _tell_textual(settings)
    from arka_tui.tui.app import run
    from arka_tui.tui.loading import Loading

    def load() -> "Controller":
        from arka_tui.tui import rooms  # noqa: F401  # for whoever goes through the door next

        return _controller(paths, settings)

    notices = [*overrides.notices(on_disk, os.environ), *_notices(os.environ, paths.settings)]
    vault = Path(os.path.realpath(paths.vault))
    return run(Loading(vault, settings, load) if vault.is_file() else load(), notices)


def _controller(paths: "Paths", settings: "Config") -> "Controller":
    from arka_tui import overrides
    from arka_tui.controller import Controller
    from arka_tui.providers.catalog import load_catalog, with_own_providers
    from arka_tui.store.ssh_agent import Agent
    from arka_tui.store.vault import Vault

    return Controller(
        paths,
        Vault(paths),
        with_own_providers(load_catalog(), paths.providers),
        settings,
        overridden=overrides.overridden(os.environ),
        agent=lambda: Agent.find(os.environ),
    )


def _tell_textual(settings: "Config") -> None:
    """What it reads from the environment when it is imported, and nothing else of what is there."""
    hygiene.scrub_textual_variables(os.environ)
    os.environ["TEXTUAL_FPS"] = str(settings.frames_per_second)
    os.environ["TEXTUAL_SMOOTH_SCROLL"] = "1" if settings.animations else "0"  # by pixels of the mouse


def _notices(environ: Mapping[str, str], settings: Path) -> list[str]:
    """What somebody may have set in vain, so that nobody wonders where the requests went."""
    notices: list[str] = []
    ignored = [name for name in (*_NETWORK_VARIABLES, *_TRUST_VARIABLES) if environ.get(name)]
    if ignored:
        are = "is" if len(ignored) == 1 else "are"
        notices.append(f"{', '.join(ignored)} in the environment {are} ignored; say it in {settings}")
    if environ.get("SSLKEYLOGFILE"):
        notices.append("SSLKEYLOGFILE in the environment is ignored: TLS keys are never written down")
    return notices


def _demo(argv: Sequence[str]) -> int:
    from arka_tui.cli.arguments import Parser

    Parser(
        "demo",
        "",
        "A throw-away vault with keys in every state, against a simulator on this machine. "
        "Nothing is sent anywhere, and nothing is kept.",
    ).parse_args(argv)
    hygiene.hush_logs()
    _refuse_unfit_terminal()
    from arka_tui import overrides
    from arka_tui.config import Config

    settings = overrides.in_force(Config(), os.environ)
    _tell_textual(settings)
    from arka_tui.demo import demo_controller
    from arka_tui.tui.app import run

    with demo_controller(settings) as controller:
        return run(controller, overrides.notices(Config(), os.environ))


def _keyboard(argv: Sequence[str]) -> int:
    from arka_tui.cli.arguments import Parser
    from arka_tui.cli.commands import KEYBOARD

    Parser(
        "keyboard",
        "",
        f"{KEYBOARD.capitalize()}. The lines are those of the settings file, in which each can be changed.",
    ).parse_args(argv)
    hygiene.scrub_textual_variables(os.environ)
    from arka_tui import config
    from arka_tui.paths import Paths
    from arka_tui.tui.keymap import Keymap

    for line in Keymap(config.load(Paths.find(os.environ).settings).keys).listed():
        sys.stdout.write(f"{line}\n")
    return 0


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
    from arka_tui.cli.exits import exit_of
    from arka_tui.cli.output import complain

    complain(str(error), error.hint)
    return exit_of(error)


if __name__ == "__main__":
    sys.exit(main())
