"""What a command finds in its environment: which key in which variable, and what is cleared away first."""

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from arka_tui.cli.chosen import one, tellable
from arka_tui.cli.env_file import Line
from arka_tui.credential import Credential, last_checks
from arka_tui.errors import CredentialNotFound, UsageError
from arka_tui.providers import variables
from arka_tui.providers.variables import UNKNOWN, Variables
from arka_tui.secret import redact
from arka_tui.store.vault import Vault

MARKER = "ARKA_EXEC"
"""Set for every command, to the names of its keys."""
_NEVER_A_KEY = re.compile(
    r"PATH|HOME|SHELL|TERM|IFS|ENV|BASH_ENV|NODE_OPTIONS|RUBYOPT|RUBYLIB|(?:_JAVA|JAVA_TOOL|JDK_JAVA)_OPTIONS"
    r"|(?:LD_|DYLD_|PYTHON|PERL5|GIT_|ARKA_).*"
)
"""These say how programs run. A key in one of them is a slip."""
_AN_ADDRESS = re.compile(r".*_(?:PROXY|BASE_URL|API_BASE|ENDPOINT)", re.IGNORECASE)


class Environment:
    """Built up from what is asked for: first the lines of a file, then keys by name, which go before them.

    Holds names only; whoever starts the command opens the keys.
    """

    def __init__(self, vault: Vault, own_providers: Path) -> None:
        self.keys: dict[str, Credential] = {}
        """By variable."""
        self._vault = vault
        self._own_providers = own_providers
        self._plain: dict[str, str] = {}
        self._stale: set[str] = set()
        self._asked: set[str] = set()

    def add_line(self, line: Line) -> None:
        """In place of an earlier one of that name. Raises: UsageError, CredentialNotFound."""
        self._drop({line.name})
        if not line.reference:
            self._plain[line.name] = line.value
            return
        try:
            self._put(line.name, one(self._vault, line.reference))
        except CredentialNotFound as missing:
            told = repr(line.reference) if tellable(self._vault, line.reference) else "of that name"
            raise CredentialNotFound(redact(f"{line.place}: the vault has no key {told}"), missing.hint) from None
        except UsageError as wrong:
            raise UsageError(f"{line.place}: {wrong}", wrong.hint) from None

    def add_key(self, name: str, *, as_openai: bool = False) -> None:
        """In the variables where programs look for it; `as_openai`: where OpenAI clients do.

        Raises: UsageError, CredentialNotFound.
        """
        key = one(self._vault, name)
        own = self._variables(key)
        read = self._shipped["openai"] if as_openai else own
        if not read.keys:
            hint = f'in {self._own_providers.name} say env = "SOME_API_KEY", or here --env SOME_API_KEY={key.name}'
            raise UsageError(f"no variable is known for keys of {key.provider}", hint)
        beside = self._as_openai(key, own, read) if as_openai else self._beside(key, own)
        # A file's lines on this provider go with another key; its address would lead this one astray.
        self._drop(read.every - self._asked)
        self._stale |= read.every
        self._ask(read.keys[0], key)
        self._plain |= beside

    def astray(self) -> list[str]:
        """Warnings: a key that was saved for an address of its own, where nothing says so to the command."""
        values = {*self._plain.values()}
        return [
            f"{key.name} is for {key.base_url}, and nothing tells the command so"
            for key in dict.fromkeys(self.keys.values())
            if (home := self._variables(key).home) and key.base_url != home and not self._told(key, values)
        ]

    def _told(self, key: Credential, values: Collection[str]) -> bool:
        address, own = self._address(key), self._variables(key)
        return not {address, own.address_for_sdk(address), own.openai_base(address) or address}.isdisjoint(values)

    def add_renamed(self, variable: str, name: str) -> None:
        """Raises: UsageError, CredentialNotFound."""
        self._ask(variable, one(self._vault, name))

    def plain(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """All variables but those with a key."""
        kept = {name: value for name, value in inherited.items() if name not in self._stale | self.keys.keys()}
        names = dict.fromkeys(key.name for key in self.keys.values())
        return {**kept, **self._plain, MARKER: " ".join(names)}

    def _ask(self, variable: str, key: Credential) -> None:
        if variable in self._asked and self.keys[variable] != key:
            hint = "--env OTHER_NAME=KEY puts one of them elsewhere"
            raise UsageError(f"{self.keys[variable].name} and {key.name} would both be {variable}", hint)
        self._drop({variable})
        self._put(variable, key)
        self._asked.add(variable)

    def _put(self, variable: str, key: Credential) -> None:
        if _NEVER_A_KEY.fullmatch(variable):
            raise UsageError(f"{variable} says how programs run, and is no place for a key")
        if _AN_ADDRESS.fullmatch(variable) or any(variable == each.base_url for each in self._shipped.values()):
            raise UsageError(f"{variable} says where programs send things, and is no place for a key")
        self.keys[variable] = key
        self._stale |= self._variables(key).every

    def _drop(self, names: Collection[str]) -> None:
        for name in names:
            self._plain.pop(name, None)
            self.keys.pop(name, None)

    def _beside(self, key: Credential, own: Variables) -> dict[str, str]:
        address = self._address(key)
        beside = own.of_settings(dict(key.settings))
        if address == own.home:
            return beside
        if not own.base_url:
            raise UsageError(
                f"{key.name} is for {address}, and programs have no variable for that",
                f"--as openai is for OpenAI clients; --env {own.keys[0]}={key.name} gives the key alone",
            )
        return {**beside, own.base_url: own.address_for_sdk(address)}

    def _as_openai(self, key: Credential, own: Variables, openai: Variables) -> dict[str, str]:
        base = own.openai_base(self._address(key))
        if base is None:
            raise UsageError(f"{key.provider} does not speak OpenAI's dialect")
        settings = own.of_settings(dict(key.settings))
        return {openai.base_url: base} | {name: settings[name] for name in settings.keys() & openai.every}

    def _address(self, key: Credential) -> str:
        """The saved one, with or without /v1 as the last test found it to answer."""
        last = last_checks([key], self._vault.history.checks).get(key.id)
        spellings = (f"{key.base_url}/v1", key.base_url.removesuffix("/v1"))
        works_at = last.learnt.works_at if last else None
        return works_at if works_at in spellings else key.base_url

    def _variables(self, key: Credential) -> Variables:
        return self._shipped.get(key.provider) or self._own.get(key.provider, UNKNOWN)

    @cached_property
    def _shipped(self) -> Mapping[str, Variables]:
        return variables.shipped()

    @cached_property
    def _own(self) -> Mapping[str, Variables]:
        return variables.own(self._own_providers)
