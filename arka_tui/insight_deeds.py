"""What the keys are worth: the models they reach, what those cost, picks for a task, and what to warn of.

The other half of the controller: what is known of keys, where that one has what is done with them.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from arka_tui.check import Check, Mood
from arka_tui.credential import Credential, last_checks
from arka_tui.errors import ArkaError, VaultCorrupt, VaultLocked
from arka_tui.insight import warnings
from arka_tui.insight.offers import Offer
from arka_tui.insight.warnings import Warning as Caution
from arka_tui.model import ModelsReached
from arka_tui.providers.catalog import Catalog
from arka_tui.providers.checker import Checker
from arka_tui.secret import Secret
from arka_tui.store.vault import Vault

if TYPE_CHECKING:  # what only the screens of models need takes 20 ms to import
    from arka_tui.insight.prices import Snapshot
    from arka_tui.insight.rules import Rules

FRESH = timedelta(hours=1)
"""So long a list of models is not asked for again by itself."""
LISTS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class _Listed:
    reached: ModelsReached
    of: Credential
    """As it was: of a key that was changed since, the list says nothing."""
    at: datetime


class InsightDeeds:
    """Of a locked vault nothing is known: then all that is told here is empty, for what was under way may still ask."""

    def __init__(
        self,
        vault: Vault,
        catalog: Catalog,
        checker: Checker,
        open_secret: Callable[[Credential], Secret],
        rules_file: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._vault = vault
        self._catalog = catalog
        self._checker = checker
        self._open_secret = open_secret
        self.rules_file = rules_file
        """Where the user's own rules of picks are, or can be put."""
        self._clock = clock
        self._listed: dict[str, _Listed] = {}
        """By credential id; this session's."""

    # ------------------------------------------------------------------ models

    def remember(self, credential: Credential, reached: ModelsReached) -> None:
        if self._vault.unlocked:
            self._listed[credential.id] = _Listed(reached, credential, self._clock())

    def forget(self) -> None:
        """At the lock: which models a key reaches tells whose it is."""
        self._listed = {}

    def unlisted(self, *, again: bool = False, provider_id: str = "") -> tuple[Credential, ...]:
        """The credentials whose models are not known, or too long ago; `again` for all. None that certainly fail.

        `provider_id`: of that provider only.
        """
        oldest = self._clock() - FRESH
        last = self.last_checks()
        return tuple(
            credential
            for credential in self._credentials()
            if credential.provider in self._catalog.providers
            and provider_id in ("", credential.provider)
            and not ((check := last.get(credential.id)) and check.verdict.meaning.mood is Mood.BAD)
            and (again or not (listed := self._list_of(credential)) or listed.at < oldest)
        )

    def _credentials(self) -> Sequence[Credential]:
        try:
            return self._vault.list()
        except VaultLocked:
            return ()

    def _list_of(self, credential: Credential) -> _Listed | None:
        listed = self._listed.get(credential.id)
        return listed if listed and listed.of.rev == credential.rev else None

    async def list_models(
        self, *, again: bool = False, provider_id: str = ""
    ) -> AsyncGenerator[tuple[Credential, bool], None]:
        """Asks each that is `unlisted` for its models, by free requests; tells of each, as it is done, whether there is
        a list now.

        A credential that is gone meanwhile is passed over. Stops when the vault is locked.
        """
        gate = asyncio.Semaphore(LISTS_AT_ONCE)

        async def one(credential: Credential) -> tuple[Credential, bool]:
            async with gate:
                try:
                    reached = await self._checker.list_models(
                        credential, lambda: self._open_secret(credential), before_send=self._end_when_locked
                    )
                except ArkaError:
                    return credential, False
                if reached is not None:
                    self.remember(credential, reached)
                return credential, reached is not None

        wanted = self.unlisted(again=again, provider_id=provider_id)
        tasks = [asyncio.create_task(one(credential)) for credential in wanted]
        try:
            for task in asyncio.as_completed(tasks):
                yield await task
        finally:
            for unfinished in tasks:
                unfinished.cancel()

    def _end_when_locked(self) -> None:
        """Raises: VaultLocked, which ends a check between two requests."""
        if not self._vault.unlocked:
            raise VaultLocked("the vault was locked meanwhile", "unlock it, then try again")

    def offers(self) -> list[Offer]:
        """Every model of every key whose list is known, with the snapshot's prices where the provider names none."""
        last, found = self.last_checks(), []
        for credential in self._credentials():
            listed = self._list_of(credential)
            provider = self._catalog.providers.get(credential.provider)
            if listed is None or provider is None:
                continue
            check = last.get(credential.id)
            verified = check is not None and check.verdict.meaning.mood is Mood.GOOD
            for model in listed.reached.models:
                priced = self._prices.completed(provider.id, model) if provider.is_home(credential.base_url) else model
                found.append(Offer(credential.id, credential.name, provider.id, provider.name, verified, priced))
        return found

    def incomplete_lists(self) -> tuple[str, ...]:
        """Names of the keys whose list had no end, or broke off."""
        lists = [(credential.name, self._list_of(credential)) for credential in self._credentials()]
        return tuple(name for name, listed in lists if listed and not listed.reached.complete)

    @property
    def _prices(self) -> "Snapshot":
        from arka_tui.insight.prices import load_snapshot

        return load_snapshot()

    @property
    def prices_of(self) -> str:
        """Where prices come from that no provider named, as a note for the screen."""
        return f"prices marked * are of {self._prices.as_of}, from {self._prices.source}"

    # ------------------------------------------------------------------ picks

    def rules(self) -> "Rules":
        """Ours, with the user's changes; its `mistakes` tell those in them."""
        from arka_tui.insight.rules import load_rules

        return load_rules(self.rules_file)

    # ------------------------------------------------------------------ what is known of keys

    def checks_of(self, credential: Credential) -> tuple[Check, ...]:
        """Oldest first; none of a key that was replaced since."""
        return tuple(check for check in self._vault.history.checks if credential.is_told_by(check))

    def last_checks(self) -> Mapping[str, Check]:
        """By credential id; none of a key that was replaced since."""
        return last_checks(self._credentials(), self._vault.history.checks)

    def warnings(self) -> Mapping[str, tuple[Caution, ...]]:
        """By credential id, worst first; only of those that have one."""
        return warnings.warnings(self._credentials(), self._vault.history.checks, self._clock())

    def twins(self) -> Mapping[str, tuple[str, ...]]:
        """By credential id, the names of the others that hold the same secret, as far as they were tested."""
        same = warnings.same_secret(self._credentials(), self.last_checks())
        return {
            each.id: tuple(other.name for other in group if other.id != each.id)
            for group in same.values()
            if len(group) > 1
            for each in group
        }

    def holders(self, secret: Secret) -> tuple[str, ...]:
        """Names of the keys that are this very secret, as far as they were tested."""
        same = warnings.same_secret(self._credentials(), self.last_checks())
        try:
            return tuple(each.name for each in same.get(self._vault.fingerprint(secret), ()))
        except VaultLocked:
            return ()

    def all_holders(self, secret: Secret) -> tuple[str, ...]:
        """As `holders`, tested or not: it opens every key, within the store. For a deed, not for a screen."""
        try:
            mark, marks = self._vault.fingerprint(secret), self._marks()
        except VaultLocked:
            return ()
        return tuple(each.name for each in self._credentials() if marks.get(each.id) == mark)

    def copies(self, credentials: Sequence[Credential]) -> Mapping[str, tuple[str, ...]]:
        """As `twins`, of these only, and tested or not: see `all_holders`."""
        try:
            marks = self._marks()
        except VaultLocked:
            return {}
        same: defaultdict[str, list[Credential]] = defaultdict(list)
        for each in self._credentials():
            if each.id in marks:
                same[marks[each.id]].append(each)
        return {
            each.id: tuple(other.name for other in same[marks[each.id]] if other.id != each.id)
            for each in credentials
            if each.id in marks
        }

    def _marks(self) -> Mapping[str, str]:
        """Of every key its fingerprint; where one is damaged, of those that were tested. Raises: VaultLocked."""
        try:
            return self._vault.fingerprints()
        except VaultCorrupt:
            return {each: check.fingerprint for each, check in self.last_checks().items() if check.fingerprint}

    def account_mates(self, credential: Credential) -> Sequence[str]:
        """Names of the other keys of the same account, as far as the provider told whose they are."""
        last = self.last_checks()

        def account(check: Check | None) -> tuple[str | None, str | None]:
            return (check.learnt.organization, check.learnt.account) if check else (None, None)

        mine = account(last.get(credential.id))
        return [
            other.name
            for other in self._credentials()
            if any(mine)
            and other.id != credential.id
            and other.provider == credential.provider
            and account(last.get(other.id)) == mine
        ]
