"""The words that may follow `arka-tui`, and the page that lists them."""

import difflib
import importlib
import textwrap
from dataclasses import dataclass

from arka_tui.cli.arguments import Command, page_width
from arka_tui.errors import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    module: str
    """Within `arka_tui.cli`; imported when it is used."""
    name: str
    """Of the `Command` in it."""
    told: str
    """In the list of all."""


GROUPS: dict[str, dict[str, Entry]] = {
    "Keys": {
        "list": Entry("keys", "LIST", "all keys, and how each fared in its last test"),
        "show": Entry("keys", "SHOW", "all that is known of one key, but the key"),
        "test": Entry("testing", "TEST", "ask providers whether keys work, and what is left"),
        "log": Entry("log", "LOG", "what every test found, newest first"),
        "add": Entry("editing", "ADD", "store a key, typed hidden or from standard input"),
        "update": Entry("editing", "UPDATE", "replace a key, or change what is said of it"),
        "rename": Entry("editing", "RENAME", "give a key another label"),
        "rm": Entry("editing", "RM", "delete keys from the vault"),
    },
    "Use": {
        "exec": Entry("exec", "EXEC", "run a command with keys in its environment"),
        "env-check": Entry("env_check", "ENV_CHECK", "tell which variables override or duplicate your keys"),
        "scan": Entry("scan", "SCAN", "find your keys where they lie in plaintext"),
    },
    "Vault": {
        "unlock": Entry("session", "UNLOCK", "open the vault for this login, for a time"),
        "lock": Entry("session", "LOCK", "close it at once"),
        "status": Entry("session", "STATUS", "whether it is open, and what needs you"),
        "passphrase": Entry("passphrase", "PASSPHRASE", "change it, and get a new recovery code"),
        "doctor": Entry("doctor", "DOCTOR", "tell what state the vault or a backup is in, and repair"),
    },
    "Import, export, backup": {
        "import": Entry("importing", "IMPORT", "take keys in from files, the environment, another vault"),
        "export": Entry("export", "EXPORT", "put chosen keys in a file of their own, encrypted"),
        "backup": Entry("backup", "BACKUP", "copy the vault to a file, encrypted as it is"),
        "restore": Entry("restore", "RESTORE", "put a backup in the vault's place"),
    },
    "Reference": {
        "models": Entry("models", "MODELS", "which models your keys reach, and what those cost"),
        "providers": Entry("providers", "PROVIDERS", "whose keys arka-tui can test, and how"),
        "completion": Entry("completion", "COMPLETION", "let bash, zsh or fish complete what you type"),
    },
}
"""In the order in which the first page lists them. `demo` and `keyboard` are not here: they are about screens."""

DEMO = "try it without a key: a throw-away vault against a built-in simulator"
KEYBOARD = "what each key of the keyboard does in the screens, and its name for the settings"
OF_SCREENS = {"demo": DEMO, "keyboard": KEYBOARD}

COMMANDS = {word: entry for group in GROUPS.values() for word, entry in group.items()}


ALIASES = {"ls": "list", "remove": "rm", "delete": "rm", "run": "exec"}

_START = {
    "arka-tui": "makes your vault",
    "arka-tui add openai/work": "stores a key",
    "arka-tui exec -k openai/work -- COMMAND": "runs a command with it",
}


def command(word: str) -> "Command[object]":
    """Raises: UsageError."""
    entry = COMMANDS.get(ALIASES.get(word, word))
    if entry is None:
        near = difflib.get_close_matches(word, [*COMMANDS, *OF_SCREENS], n=1)
        hint = f"did you mean {near[0]}?" if near else "arka-tui --help lists the commands"
        raise UsageError(f"there is no command {word!r}", hint)
    found: Command[object] = getattr(importlib.import_module(f"arka_tui.cli.{entry.module}"), entry.name)
    return found


def first_page() -> str:
    width = page_width()

    def entry(word: str, told: str) -> str:
        return textwrap.fill(told, width, initial_indent=f"  {word:<12}", subsequent_indent=" " * 14)

    paragraphs = [
        "usage: arka-tui [COMMAND] [OPTIONS]",
        "Keep, test and use the API keys of your AI providers, in a terminal, over SSH.",
        "Without a command it opens your vault, in screens.",
    ]
    pages = [textwrap.fill(each, width) for each in paragraphs]
    pages.append("\n".join(["Getting started:", *(_start(typed, told, width) for typed, told in _START.items())]))
    for heading, entries in GROUPS.items():
        pages.append("\n".join([f"{heading}:", *(entry(word, each.told) for word, each in entries.items())]))
    pages[-1] += "".join(f"\n{entry(word, told)}" for word, told in OF_SCREENS.items())
    pages.append(textwrap.fill(f"Also: {', '.join(f'{alias} for {word}' for alias, word in ALIASES.items())}.", width))
    pages.append(
        textwrap.fill(
            "arka-tui COMMAND --help tells more of each; arka-tui --version its version. The short name arka does the "
            "same. ARKA_HOME=FOLDER keeps everything in FOLDER; with ARKA_NO_ASK=1 a command fails where it would ask "
            "on the terminal, as under cron; ARKA_ and a setting in capitals goes before the settings file.",
            width,
        )
    )
    return "\n\n".join(pages)


def _start(typed: str, told: str, width: int) -> str:
    column = max(map(len, _START)) + 4
    if column + len(told) <= width:
        return f"  {typed}".ljust(column) + told
    return f"{textwrap.fill(typed, width, initial_indent='  ', subsequent_indent='      ')}\n      {told}"
