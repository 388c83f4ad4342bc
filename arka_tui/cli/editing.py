"""`arka-tui add`, `update`, `rename` and `rm`. A key comes in hidden, or from standard input; no argument takes one."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arka_tui.check import Check, Mood, Stage, Verdict
from arka_tui.cli.arguments import Command, Parser, Ways
from arka_tui.cli.chosen import one
from arka_tui.cli.control import asking, controlled
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import OPENING, Exit
from arka_tui.cli.keys import SIGNS
from arka_tui.cli.opening import confirmed, open_vault
from arka_tui.cli.output import Sign
from arka_tui.cli.prompt import Terminal
from arka_tui.controller import Controller
from arka_tui.credential import Credential, Draft, same_name, tidy_label
from arka_tui.errors import Conflict, NameTaken, TerminalUnfit, UsageError
from arka_tui.secret import SECRET_MAX_CHARS, SECRET_MIN_CHARS, Secret, tidy_paste
from arka_tui.store import Saved
from arka_tui.telling import records, words
from arka_tui.telling.revocation import revocation, still_used

_SAVING = (*OPENING, Exit.CONFLICT, Exit.NO_TERMINAL, Exit.NOT_SAVED)
_TESTED = (*_SAVING, Exit.TEST_FAILED, Exit.NETWORK)
_NOTHING_FOUND_OUT = (Verdict.UNREACHABLE, Verdict.PROVIDER_DOWN, Verdict.UNKNOWN)
_MOST_BYTES = SECRET_MAX_CHARS * 4
_SAY_THEIR_NAME = ("provider", "label", "secret", "base_url")
"""Fields whose errors name them; settings have names of their own."""


# ---------------------------------------------------------------------- add


@dataclass(frozen=True, slots=True)
class AddOptions:
    name: str | None
    stdin: bool
    base_url: str
    settings: Sequence[tuple[str, str]]
    again: bool
    test: bool
    json: bool
    ways: Ways


def _add_parser() -> Parser:
    parser = Parser(
        "add",
        "[--stdin] [PROVIDER[/LABEL]]",
        "Stores a key: sealed before it touches the disk, then tested by a small request. It is asked for hidden, on "
        "the terminal; there is no argument that takes one, since arguments stand in histories and process lists.",
        "Without PROVIDER it is told by the key's shape; without LABEL it is main, or the next free one.\n\n"
        "    arka-tui add openai/work\n\n"
        "    pass show openai | arka-tui add openai/ci --stdin --set organization=org-abc\n\n"
        "A key that fails its test is stored all the same, and the exit code tells.",
        _TESTED,
    )
    parser.add_argument("name", metavar="PROVIDER[/LABEL]", nargs="?", help="such as openai/work; arka-tui providers")
    _add_source(parser)
    parser.add_argument("--again", action="store_true", help="also where the same key is stored already")
    return parser


def _add_source(parser: Parser) -> None:
    parser.add_argument("--stdin", action="store_true", help="read the key from standard input")
    parser.add_argument("--base-url", metavar="URL", default="", help="where it is sent, if not to the provider's own")
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_setting,
        help="what the provider needs beside the key, such as organization=org-…",
    )
    parser.add_argument("--no-test", dest="test", action="store_false", help="send nothing")
    parser.add_json()
    parser.add_ways()


def _add(options: AddOptions, desk: Desk) -> int:
    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        provider, _, label = (options.name or "").partition("/")
        provider = provider.lower()
        if provider:
            label = label or controller.suggested_label(provider)
            _refuse_early(controller, provider, label, options)
        secret = _asked_key(desk, options.stdin, f"Key for {provider}/{label}" if provider else "Key")
        owner = controller.owner(secret, provider) if secret else None
        if not provider:
            if owner is None or not owner.provider_id:
                raise UsageError("this key has no shape that arka knows", "name its provider: arka-tui add PROVIDER")
            provider, label = owner.provider_id, controller.suggested_label(owner.provider_id)
        elif owner and owner.sure and owner.provider_id != provider and not options.base_url:
            hint = f"arka-tui add {owner.provider_id}" if owner.provider_id else "arka knows no such provider"
            raise UsageError(f"this is a key of {owner.name}, not of {controller.catalog[provider].name}", hint)
        draft = _drafted(controller, provider, label, options.base_url, dict(options.settings), secret)
        if draft.secret and (holders := controller.insight.all_holders(draft.secret)) and not options.again:
            raise Conflict(f"this key is stored already, as {words.named(holders)}", "--again stores it once more")
        credential, saved = controller.add(draft)
        _confirm(desk, f"{credential.name} is stored", saved)
        check = asking(controller, controller.check_saved(credential, _no_stages)) if options.test else None
        if check:
            _tell_check(desk, controller, credential, check)
        return _ended(desk, credential, check, saved, json=options.json)


def _refuse_early(controller: Controller, provider: str, label: str, options: AddOptions) -> None:
    """What can be known before a key is typed. Raises: as `_drafted`."""
    stand_in = Secret("x" * SECRET_MIN_CHARS)
    _drafted(controller, provider, label, options.base_url, dict(options.settings), stand_in)


ADD = Command(_add_parser, AddOptions, _add)


# ---------------------------------------------------------------------- update


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    name: str
    stdin: bool
    keep_key: bool
    base_url: str
    settings: Sequence[tuple[str, str]]
    anyway: bool
    test: bool
    json: bool
    ways: Ways


def _update_parser() -> Parser:
    parser = Parser(
        "update",
        "[--stdin | --keep-key] NAME",
        "Replaces a key by a new one, under its name. The new one is tested first: if it does not work, the old one "
        "stays as it was, also where its provider cannot be reached, and the exit code tells.",
        "    arka-tui update openai/work\n\n"
        "    arka-tui update openai/work --keep-key --set project=proj_abc\n\n"
        "A setting is cleared by NAME= with nothing behind it. A stored key is bound to its provider and address: for "
        "another address it must be typed again.",
        _TESTED,
    )
    parser.add_argument("name", metavar="NAME", help="provider/label")
    parser.add_argument("--keep-key", action="store_true", help="change its settings only")
    parser.add_argument("--anyway", action="store_true", help="also a key that fails its test, or cannot be tested")
    _add_source(parser)
    return parser


def _update(options: UpdateOptions, desk: Desk) -> int:
    if options.stdin and options.keep_key:
        raise UsageError("--stdin and --keep-key do not go together")
    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        seen = one(vault, options.name)
        secret = None if options.keep_key else _asked_key(desk, options.stdin, f"New key for {seen.name}")
        if secret is None and not options.keep_key:
            raise UsageError("no new key was given", "--keep-key changes the settings only")
        if options.keep_key and not (options.settings or options.base_url):
            raise UsageError("nothing is to be changed", "--set NAME=VALUE, or a new key without --keep-key")
        settings = dict(seen.settings) | dict(options.settings)
        draft = _drafted(
            controller, seen.provider, seen.label, options.base_url or seen.base_url, settings, secret, editing=seen
        )
        check = asking(controller, controller.try_draft(draft, seen, _no_stages)) if options.test else None
        if check:
            _tell_check(desk, controller, seen, check)
            if _code_of(check) and secret and not options.anyway:
                desk.notes.say(f"{seen.name} stays as it was. --anyway replaces it all the same.")
                return _code_of(check)
        updated, saved = controller.update(seen, draft)
        if check:
            controller.record(check)
        _confirm(desk, f"{seen.name} is updated", saved)
        return _ended(desk, updated, check, saved, json=options.json)


UPDATE = Command(_update_parser, UpdateOptions, _update)


# ---------------------------------------------------------------------- rename


@dataclass(frozen=True, slots=True)
class RenameOptions:
    name: str
    label: str
    json: bool
    ways: Ways


def _rename_parser() -> Parser:
    parser = Parser(
        "rename",
        "NAME LABEL",
        "Gives a key another label; its provider stays. The key named main is the one that exec takes where only the "
        "provider is named.",
        "    arka-tui rename openai/work main",
        _SAVING,
    )
    parser.add_argument("name", metavar="NAME", help="provider/label")
    parser.add_argument("label", metavar="LABEL", help="the new label, or provider/label with the same provider")
    parser.add_json()
    parser.add_ways()
    return parser


def _rename(options: RenameOptions, desk: Desk) -> int:
    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        seen = one(vault, options.name)
        label = options.label.removeprefix(f"{seen.provider}/")
        if "/" in label:
            raise UsageError("a key stays with its provider", "name the new label alone")
        if f"{seen.provider}/{label}" == seen.name:
            desk.notes.say(f"{seen.name} has that name already.")
            return Exit.DONE
        if seen.provider not in controller.catalog.providers:  # saved by another arka
            draft = Draft(seen.provider, tidy_label(label), seen.base_url, seen.settings)
        else:
            draft = _drafted(controller, seen.provider, label, seen.base_url, dict(seen.settings), None, editing=seen)
        renamed, saved = controller.update(seen, draft)
        _confirm(desk, f"{seen.name} is now {renamed.name}", saved)
        return _ended(desk, renamed, controller.last_checks().get(renamed.id), saved, json=options.json, tested=False)


RENAME = Command(_rename_parser, RenameOptions, _rename)


# ---------------------------------------------------------------------- rm


@dataclass(frozen=True, slots=True)
class RmOptions:
    names: Sequence[str]
    yes: bool
    json: bool
    ways: Ways


def _rm_parser() -> Parser:
    parser = Parser(
        "rm",
        "[--yes] NAME…",
        "Deletes keys from the vault and its second copy, at once. The provider's own copy still has to be revoked, "
        "and this says where.",
        "On a terminal it asks first. Without one it needs --yes.",
        _SAVING,
    )
    parser.add_argument("names", metavar="NAME", nargs="+", help="provider/label")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_json()
    parser.add_ways()
    return parser


def _rm(options: RmOptions, desk: Desk) -> int:
    vault = open_vault(desk, options.ways)
    with controlled(desk, vault) as controller:
        gone = list(dict.fromkeys(controller.get(name) for name in options.names))
        told = words.named([each.name for each in gone], len(gone))  # whoever says yes has seen them all
        if not options.yes:
            answer = confirmed(f"Delete {told}?")
            if answer is None:
                raise TerminalUnfit("there is no terminal to ask on", "--yes deletes without asking")
            if not answer:
                desk.notes.say("Nothing was deleted.")
                return Exit.FAILED
        revoked = revocation(controller, gone, tested_or_not=True)
        saved = controller.remove(gone)
        _confirm(desk, f"{told} deleted", saved)
        for page in revoked.pages:
            desk.notes.say(f"Still to be revoked at {page}", 2, pages=revoked.addresses)
        for line in still_used(revoked):
            desk.notes.say(line, 2)
        if options.json:
            names = [each.name for each in gone]
            desk.output.json({"deleted": names, "revoke_at": revoked.pages, "still_in_use": revoked.in_use})
        return _done(saved)


RM = Command(_rm_parser, RmOptions, _rm)


# ---------------------------------------------------------------------- what they share


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError("this is not NAME=VALUE")
    return name, value


def _asked_key(desk: Desk, stdin: bool, question: str) -> Secret | None:
    """None where only Enter was pressed, for a server that needs no key. Raises: TerminalUnfit, UsageError."""
    if stdin:
        if sys.stdin is None:
            raise UsageError("standard input is closed: no key came")
        if sys.stdin.isatty():
            raise UsageError("standard input is the terminal, which would show the key", "leave --stdin away")
        pasted = sys.stdin.buffer.read(_MOST_BYTES + 1)
        if len(pasted) > _MOST_BYTES:
            raise UsageError(f"standard input has more than {_MOST_BYTES:,} bytes: that is no key")
        text = pasted.decode(errors="replace")
    else:
        terminal = Terminal.find()
        if terminal is None:
            raise TerminalUnfit("there is no terminal to ask for the key on", "--stdin takes it from standard input")
        try:
            text = terminal.ask_secret(f"{question} (not shown): ").reveal()
        finally:
            terminal.close()
    secret, removed = tidy_paste(text)
    told = [each for each in removed if each != "white space"]  # every line has an end
    if told and secret:
        desk.notes.tell(Sign.NOTE, f"removed around the key: {', '.join(told)}")
    if stdin and not secret:
        raise UsageError("standard input is empty: no key came", "did the command before the pipe fail?")
    return secret or None


def _drafted(
    controller: Controller,
    provider: str,
    label: str,
    base_url: str,
    settings: Mapping[str, str],
    secret: Secret | None,
    *,
    editing: Credential | None = None,
) -> Draft:
    """Raises: UsageError for the first thing that is wrong, NameTaken."""
    name = f"{provider}/{label}"
    if any(same_name(each.name, name) for each in controller.credentials() if each != editing):
        raise NameTaken(f"there is a key named {name!r} already", "choose another label, or arka-tui update")
    known = [each.name for each in controller.catalog[provider].settings]
    for name in settings:
        if name not in known:
            hint = f"it has {', '.join(known)}" if known else "it has none"
            raise UsageError(f"{controller.catalog[provider].name} has no setting {name!r}", hint)
    draft = controller.draft(provider, label, base_url, settings, secret, editing=editing)
    if isinstance(draft, Draft):
        return draft
    wrong = draft[0]
    said = wrong.message if wrong.field in _SAY_THEIR_NAME else f"{wrong.field}: {wrong.message}"
    raise UsageError(said, "" if wrong.field == "secret" else wrong.hint)


def _no_stages(stage: Stage) -> None:
    """The test is quick: its end is told, not its way."""


def _tell_check(desk: Desk, controller: Controller, shown: Credential, check: Check) -> None:
    meaning = check.verdict.meaning
    said = words.said_of(check.verdict, controller.provider(shown.provider), shown)
    desk.notes.mark(meaning.sign, f"{meaning.word}: {said}", SIGNS[meaning.mood])
    if meaning.mood is not Mood.GOOD and check.next_step:
        desk.notes.say(f"→ {words.sentence(check.next_step)} {check.page}".rstrip(), 2, pages=[check.page])


def _confirm(desk: Desk, told: str, saved: Saved) -> None:
    """Only where somebody looks; what is wrong is always said."""
    if desk.notes.watched:
        desk.notes.tell(Sign.GOOD, told)
    if saved.incomplete:
        desk.notes.tell(Sign.BAD, saved.incomplete)


def _done(saved: Saved) -> int:
    return Exit.NOT_SAVED if saved.incomplete else Exit.DONE


def _code_of(check: Check) -> Exit:
    """Not done: the key does not work, or nothing was found out about it."""
    if check.verdict.meaning.mood in (Mood.BAD, Mood.CARE):
        return Exit.TEST_FAILED
    return Exit.NETWORK if check.verdict in _NOTHING_FOUND_OUT else Exit.DONE


def _ended(
    desk: Desk, credential: Credential, check: Check | None, saved: Saved, *, json: bool, tested: bool = True
) -> int:
    """The exit code. `tested`: `check` was made just now, and counts."""
    if json:
        desk.output.json(records.key_record(credential, check))
    return (_code_of(check) if tested and check else Exit.DONE) or _done(saved)
