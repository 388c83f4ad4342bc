"""What import, scan and env-check share: where keys lie in plaintext, whose they are, and what to do about them."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from arka_tui.cli.desk import Desk
from arka_tui.cli.output import Output, Sign
from arka_tui.credential import origin_of, tidy_base_url
from arka_tui.errors import UsageError
from arka_tui.plaintext.places import Kind, Place
from arka_tui.plaintext.reading import Assignment, Text, Unread, assignments, is_placeholder, is_reference, read
from arka_tui.providers import variables
from arka_tui.providers.catalog import Catalog
from arka_tui.providers.provider import Provider
from arka_tui.providers.variables import UNKNOWN
from arka_tui.secret import PIECE_CHARS, Secret, redact
from arka_tui.telling import words

_KEY_TAILS = ("_API_KEY", "_KEY", "_TOKEN")
_ADDRESS_TAILS = ("_BASE_URL", "_API_BASE", "_API_BASE_URL", "_ENDPOINT")
_SECRET_SOUNDING = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+(?:[a-z]{2,18}|xn--[a-z0-9-]{2,59})\.?")
"""With a dot, and an end that is a word: unlike most keys."""
NO_ADDRESS = "an address that arka makes no sense of"
_LOGIN = {"ACCESS", "REFRESH", "ACCESS_TOKEN", "REFRESH_TOKEN", "ID_TOKEN"}
"""What a tool's own login left there: short-lived, and no API key whatever its shape."""
ENVIRONMENT = "environment"


# ---------------------------------------------------------------------- what lies where


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read. In the order of the places."""

    texts: Sequence[Text]
    assignments: Sequence[Assignment]
    unread: Sequence[Unread]


def home(desk: Desk) -> Path:
    return Path(desk.environ.get("HOME") or Path.home())


def gather(places: Iterable[Place]) -> Gathered:
    """Each file once, whatever names it has. What is not there is passed over."""
    texts: dict[tuple[int, int], Text] = {}
    unread: list[Unread] = []
    for place in places:
        match read(place):
            case Text() as text:
                texts.setdefault(text.identity, text)
            case Unread() as trouble:
                unread.append(trouble)
            case None:
                pass
    return Gathered([*texts.values()], [each for text in texts.values() for each in assignments(text)], unread)


def in_environment(environ: Mapping[str, str]) -> list[Assignment]:
    return [Assignment(None, 0, name, Secret(value)) for name, value in environ.items() if value]


# ---------------------------------------------------------------------- whose it is


@dataclass(frozen=True, slots=True)
class Whose:
    provider: Provider | None
    """None: no provider's that is known."""
    stranger: str = ""
    """Whose it is then, as far as that shows."""
    label: str = ""
    """What the variable calls it: `ci` of OPENAI_API_KEY_CI."""


class Known:
    """A catalog, and which variables are whose: made once, for there may be thousands to look at."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        first: dict[str, Provider] = {}
        for each in catalog.providers.values():
            first.setdefault(each.env, each)
        # Of several with one variable the first: OPENAI_API_KEY is OpenAI's.
        with_variable = [each for variable, each in first.items() if variable]
        self.keys = [(name, each) for each in with_variable for name in _key_variables(each)]
        self.addresses = {name: each for each in reversed(with_variable) for name in _address_variables(each)}
        self._of: dict[str, frozenset[str]] = {}

    def addresses_of(self, provider: Provider) -> frozenset[str]:
        if provider.id not in self._of:
            self._of[provider.id] = frozenset(_address_variables(provider))
        return self._of[provider.id]


class Addresses:
    """Where the variables of one source say that requests go."""

    def __init__(self, known: Known, beside: Iterable[Assignment]) -> None:
        self._known = known
        self._first: dict[str, tuple[int, str]] = {}
        for at, each in enumerate(beside):
            self._first.setdefault(_words(each.variable)[-1], (at, each.value.reveal()))
        self._found: dict[str, tuple[Provider, str]] = {}

    def of(self, provider: Provider) -> tuple[Provider, str]:
        """Whose its keys are there, and the address to bind them to; nothing where that is the provider's own."""
        if provider.id not in self._found:
            self._found[provider.id] = self._look(provider)
        return self._found[provider.id]

    def _look(self, provider: Provider) -> tuple[Provider, str]:
        named = [self._first[name] for name in self._known.addresses_of(provider) if name in self._first]
        address = min(named)[1] if named else ""
        if address and host_elsewhere(provider, address):
            provider = provider_at(self._known.catalog, provider, address)
        at_home = address and not host_elsewhere(provider, address) and provider.base_url
        return provider, "" if at_home else address


def whose(assignment: Assignment, known: Known) -> Whose | None:
    """By the variable's name and by the shape of its value; None where nothing says that it is a secret at all.

    A sure shape weighs more than the name: many an OPENAI_API_KEY holds a key of OpenRouter.
    """
    value, last = assignment.value, _words(assignment.variable)[-1]
    if value.problem or is_reference(value) or is_placeholder(value):
        return None
    if last in _LOGIN:
        return Whose(None, "a tool’s own login")
    named, label = _named(assignment, known)
    catalog = known.catalog
    owner = catalog.owner(value, named.id if named else "")
    if owner and owner.sure and owner.provider_id:
        return Whose(catalog.providers[owner.provider_id], label=label)
    if owner and owner.sure and (not named or named.key_shapes):
        return Whose(None, f"a key of {owner.name}")
    if named:
        return Whose(named, label=label)
    return Whose(None) if _SECRET_SOUNDING.search(last) else None


def sounds_like_a_key(assignment: Assignment, known: Known) -> bool:
    """By the variable's name alone, where the value is not plainly one."""
    if is_reference(assignment.value) or is_placeholder(assignment.value):
        return False
    last = _words(assignment.variable)[-1]
    return bool(_named(assignment, known)[0] or _SECRET_SOUNDING.search(last))


def addressed(assignment: Assignment, known: Known) -> Provider | None:
    """Whose requests the variable points somewhere, as OPENAI_BASE_URL does."""
    return known.addresses.get(_words(assignment.variable)[-1])


def host_elsewhere(provider: Provider, address: str) -> str:
    """The host that an address names, where it is none of the provider's own; else nothing."""
    try:
        tidied = tidy_base_url(address)
    except UsageError:
        return _host(address)
    own = [origin_of(each) for each in (provider.base_url, provider.account_url) if each]
    if origin_of(tidied) in own or provider.is_home(tidied) or not provider.base_url:
        return ""
    return urlsplit(tidied).netloc if _host(address) != NO_ADDRESS else NO_ADDRESS


def _host(address: str) -> str:
    """To be shown, so it must be none but a host: somebody may have put a key where an address belongs."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host = parts.hostname or ""
    except ValueError:
        return NO_ADDRESS
    named = parts.netloc.rpartition("@")[2]
    if redact(named) != named or not _is_host(host):
        return NO_ADDRESS
    return host


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return text == "localhost" or bool(_HOST.fullmatch(text))
    return True


def provider_at(catalog: Catalog, provider: Provider, address: str) -> Provider:
    """Whose key it is where requests are pointed to another address: a key is bound to where it is sent."""
    try:
        tidied = tidy_base_url(address)
    except UsageError:
        return provider
    for each in catalog.providers.values():
        if each.is_home(tidied) or (each.base_url and not each.local and origin_of(each.base_url) == origin_of(tidied)):
            return each
    return catalog.providers.get("compatible", provider) if provider.dialect == "openai" else provider


def _named(assignment: Assignment, known: Known) -> tuple[Provider | None, str]:
    """And what else the name says: AZURE_OPENAI_API_KEY is Azure's, and no OPENAI_API_KEY of something azure."""
    words = _words(assignment.variable)
    last = words[-1]
    for rest in (_exactly, _after, _before):
        for name, provider in known.keys:
            if (label := rest(last, name)) is not None:
                return provider, label.lower().replace("_", "-")
    if assignment.place and assignment.place.kind is Kind.TOOL:
        # A tool's file names the provider, or has a key under its name.
        for word in reversed(words if _SECRET_SOUNDING.search(last) else words[-1:]):
            if found := known.catalog.providers.get(word.lower().replace("_", "-")):
                return found, ""
    return None, ""


def _words(variable: str) -> list[str]:
    """`env.openai-api-key`, as the environment would spell it: ENV, OPENAI_API_KEY."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", variable)
    return [part.replace("-", "_").upper() for part in apart.split(".")]


def _exactly(variable: str, name: str) -> str | None:
    return "" if variable == name else None


def _after(variable: str, name: str) -> str | None:
    return variable[len(name) + 1 :] or None if variable.startswith(f"{name}_") else None


def _before(variable: str, name: str) -> str | None:
    return variable[: -len(name) - 1] or None if variable.endswith(f"_{name}") else None


def _key_variables(provider: Provider) -> tuple[str, ...]:
    known = variables.shipped().get(provider.id, UNKNOWN).keys or (provider.env,)
    return (*known, f"{provider.id.upper()}_API_KEY")


def _address_variables(provider: Provider) -> set[str]:
    tail = next((each for each in _KEY_TAILS if provider.env.endswith(each)), "")
    derived = {provider.env.removesuffix(tail) + each for each in _ADDRESS_TAILS}
    own = variables.shipped().get(provider.id, UNKNOWN).base_url
    return derived | {own} if own else derived


# ---------------------------------------------------------------------- what is told


def source(assignment: Assignment) -> str:
    return str(assignment.place.path) if assignment.place else ENVIRONMENT


def where(assignment: Assignment) -> str:
    return f"{assignment.place.path}:{assignment.line}" if assignment.place else ENVIRONMENT


def told(text: str, *secrets: Secret) -> str:
    """A path or a variable's name: somebody may have put a key there too."""
    return redact(text, *secrets)


class Masker:
    """`told`, of many texts and many secrets: each eight characters of a secret are looked up, not looked for."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = [secret.reveal() for secret in secrets]
        self._pieces = {value[at : at + PIECE_CHARS] for value in values for at in range(len(value) - PIECE_CHARS + 1)}
        self._short = [Secret(value) for value in values if value and len(value) < PIECE_CHARS]

    def told(self, text: str) -> str:
        windows = {text[at : at + PIECE_CHARS] for at in range(len(text) - PIECE_CHARS + 1)}
        return redact(text, *map(Secret, windows & self._pieces), *self._short)


def brief(output: Output, desk: Desk, place: str) -> str:
    """`app/.env:3` and `~/.bashrc:3` where somebody looks, and the whole path for a program."""
    if not output.watched:
        return place
    for folder, instead in ((_working_folder(), ""), (str(home(desk)), "~/")):
        if folder and place.startswith(f"{folder}/"):
            return instead + place.removeprefix(f"{folder}/")
    return place


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # somebody deleted it meanwhile
        return ""


def kind_of(assignment: Assignment) -> Kind:
    return assignment.place.kind if assignment.place else Kind.ENVIRONMENT


def remedy(place: Place | None, *variables: str) -> str:
    """What to do about a key of the vault that lies there, as a sentence. `variables`: of the environment."""
    match place.kind if place else Kind.ENVIRONMENT:
        case Kind.ENVIRONMENT:
            where_set = "it where it is" if len(variables) == 1 else "them where they are"
            return f"Unset {' '.join(variables)}, and remove {where_set} set."
        case Kind.PROFILE:
            return "Delete the line."
        case Kind.HISTORY:
            return "Delete the line, with every other shell closed: each writes its history back."
        case Kind.DOTENV:
            return "arka-tui import --replace FILE puts a reference in its place."
        case Kind.TOOL:
            return f"Log out of {place.tool if place else ''}, or delete the key there."
        case Kind.FILE:
            return "Delete it there."


def advise(desk: Desk, advised: Mapping[str, Sequence[str]], names: Sequence[str], pages: Sequence[str] = ()) -> None:
    """Each sentence once, with what it is about; to standard error, so that a pipe gets rows only.

    `names`: of the vault's keys that were found. `pages` in the sentences become links.
    """
    desk.notes.say()
    for advice, about in advised.items():
        desk.notes.tell(Sign.NOTE, f"{words.named([*dict.fromkeys(about)])}: {advice}", pages=pages)
    if names:
        desk.notes.say(f"use instead: arka-tui exec -k {shlex.quote(names[0])} -- COMMAND")


def not_read(desk: Desk, unread: Sequence[Unread], most: int = 5) -> None:
    """To standard error: a reader must know what was not looked at."""
    for each in unread[:most]:
        desk.notes.say(f"Not read: {told(str(each.path))}: {each.why}.")
    if len(unread) > most:
        desk.notes.say(f"Not read: {len(unread) - most} more; --json lists them.")


def unread_record(unread: Sequence[Unread]) -> list[dict[str, object]]:
    return [{"path": told(str(each.path)), "why": each.why} for each in unread]
