"""What the program can do, one method a deed. Knows no screen.

Deeds of the vault block (key derivation, fsync): call them from a thread. Deeds of the network are async.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread

from arka_tui import config as settings
from arka_tui.brief_deeds import keep_brief
from arka_tui.check import Check, Stage, Verdict
from arka_tui.config import Config
from arka_tui.credential import Credential, Draft, origin_of, tidy_base_url, tidy_label, tidy_setting
from arka_tui.errors import ArkaError, ConfigError, Conflict, CredentialNotFound, UsageError, VaultLocked
from arka_tui.insight_deeds import InsightDeeds
from arka_tui.overrides import variable
from arka_tui.pace import is_due, retry_wait_s
from arka_tui.paths import Paths
from arka_tui.providers.catalog import Catalog, Owner
from arka_tui.providers.checker import Checker
from arka_tui.providers.provider import Provider
from arka_tui.providers.transport import Transport
from arka_tui.secret import KEYLESS, Secret
from arka_tui.slot_deeds import SlotDeeds
from arka_tui.store import Saved
from arka_tui.store.journal import History
from arka_tui.store.slots import new_recovery_code
from arka_tui.store.ssh_agent import Agent
from arka_tui.store.vault import Opened, Vault

CHECKS_AT_ONCE = 20
START_APART_S = 0.005
"""Between the starts of two checks: twenty answers in the same moment would keep the screen from the user's keys."""
JOURNAL_EVERY = 20
"""Checks that are gathered before they are written to the log together."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a form; `field` is provider, label, secret, base_url or a setting's name."""

    field: str
    message: str
    hint: str = ""


class Controller:
    """One vault, one catalog, one way to the network."""

    def __init__(
        self,
        paths: Paths,
        vault: Vault,
        catalog: Catalog,
        config: Config,
        *,
        demo: bool = False,
        overridden: Collection[str] = (),
        agent: Callable[[], Agent | None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._paths = paths
        self._vault = vault
        self.catalog = catalog
        self.config = config
        self._overridden = overridden
        """Settings that variables choose."""
        self.demo = demo
        if not demo:
            keep_brief(vault, paths, clock)
        self.now = clock
        self.slots = SlotDeeds(vault, agent, lambda: self.config.key_file)
        self._transport = Transport(config.proxy, config.ca_bundle)
        self._checker = Checker(catalog, self._transport, clock)
        self.insight = InsightDeeds(
            vault, catalog, self._checker, lambda each: self._stored_secret(each, each), paths.picks, clock
        )
        self._unrecorded: list[Check] = []
        self._log_trouble = ""
        self._writing: Thread | None = None
        """What was finished before the last lock, on its way into the log."""

    # ------------------------------------------------------------------ the vault

    @property
    def vault_path(self) -> Path:
        return self._vault.path

    @property
    def unlocked(self) -> bool:
        return self._vault.unlocked

    @property
    def read_only(self) -> bool:
        return self._vault.read_only

    def vault_exists(self) -> bool:
        """Raises: VaultForeign, VaultNewer, VaultCorrupt, VaultUnsafe."""
        return self._vault.exists()

    def new_recovery_code(self) -> Secret:
        return new_recovery_code()

    def create(self, passphrase: Secret, recovery_code: Secret) -> Saved:
        """Blocks. Raises: VaultExists, NotSaved, UsageError."""
        return self._vault.create(passphrase, recovery_code)

    def look_ahead(self) -> None:
        """Blocks, while a person types; spares `unlock` what needs no passphrase."""
        self._vault.look_ahead()

    def unlock(self, passphrase: Secret) -> Opened:
        """Blocks. Raises: WrongPassphrase, StalePassphrase, VaultError."""
        return self._vault.unlock(passphrase)

    def unlock_with_recovery_code(self, code: Secret) -> Opened:
        """Raises: as `unlock`."""
        return self._vault.unlock_with_recovery_code(code)

    def accept_older_copy(self) -> None:
        self._vault.accept_older_copy()

    def lock(self) -> None:
        """At once, whoever holds the files. Checks under way end; those that are done are sealed before, and written
        by a thread that has no key; `close` waits for it.
        """
        line = b""
        try:
            line = self._sealed(self._finished())
        finally:
            self._vault.lock()
            self.insight.forget()
        if line:
            self._writing = Thread(target=self._write, args=(line,), name="arka-log")
            self._writing.start()

    def refresh(self) -> bool:
        """True where another session changed something. Raises: Superseded, VaultError."""
        return self._vault.unlocked and self._vault.refresh()

    # ------------------------------------------------------------------ credentials

    def credentials(self) -> tuple[Credential, ...]:
        return self._vault.list()

    def get(self, name: str) -> Credential:
        """Raises: CredentialNotFound."""
        return self._vault.get(name)

    def add(self, draft: Draft) -> tuple[Credential, Saved]:
        """Blocks. Raises: NameTaken, NotSaved."""
        return self._vault.add(draft)

    def add_all(self, drafts: Sequence[Draft]) -> tuple[tuple[Credential, ...], Saved]:
        """All of them or none. Blocks. Raises: as `add`."""
        return self._vault.add_all(drafts)

    def update(self, seen: Credential, draft: Draft) -> tuple[Credential, Saved]:
        """Blocks. Raises: Conflict, CredentialNotFound, NameTaken, NotSaved, UsageError."""
        return self._vault.update(seen, draft)

    def remove(self, seen: Iterable[Credential]) -> Saved:
        """Blocks. Raises: Conflict, NotSaved."""
        return self._vault.remove(seen)

    def draft(
        self,
        provider_id: str,
        label: str,
        base_url: str,
        typed_settings: Mapping[str, str],
        secret: Secret | None,
        *,
        editing: Credential | None = None,
    ) -> Draft | list[FieldError]:
        """What was typed, as a draft; or everything that is wrong with it at once.

        Raises: UsageError where the provider is not in the catalog.
        """
        errors: list[FieldError] = []

        def tidy(field: str, rule: Callable[[], str]) -> str:
            try:
                return rule()
            except UsageError as wrong:
                errors.append(FieldError(field, str(wrong), wrong.hint))
                return ""

        provider = self.catalog[provider_id]
        tidied_label = tidy("label", lambda: tidy_label(label))
        address = tidy("base_url", lambda: tidy_base_url(base_url)) if base_url.strip() else provider.base_url
        if not address and not base_url.strip():
            hint = f"it looks like {provider.address_example}"
            errors.append(FieldError("base_url", f"{provider.name} has no address of its own", hint))
        if secret is None and editing is None and provider.local:
            secret = KEYLESS
        values = {
            setting.name: tidy(setting.name, lambda s=setting: tidy_setting(s.title, typed_settings.get(s.name, "")))  # type: ignore[misc]
            for setting in provider.settings
        }
        own = [(each.name, typed_settings.get(each.name, "")) for each in provider.settings]
        for name, text in (("label", label), *own):
            if (owner := self.catalog.owner(Secret(text.strip()))) and owner.sure:
                errors.append(FieldError(name, "this looks like a key", "it belongs in the field for the key"))
        if tidied_label:
            self._refuse_taken_name(f"{provider_id}/{tidied_label}", editing, errors)
        if secret is None:
            if editing is None:
                errors.append(FieldError("secret", "there is no key yet", "paste it here"))
        elif secret.problem:
            errors.append(FieldError("secret", secret.problem))
        elif "://" in secret.reveal():
            errors.append(FieldError("secret", "this looks like an address", "it belongs in the field for the address"))
        draft = Draft(provider_id, tidied_label, address, tuple(sorted((k, v) for k, v in values.items() if v)), secret)
        moved = editing and address and (editing.provider, editing.origin) != (provider_id, origin_of(address))
        if moved and secret is None:
            errors.append(
                FieldError("secret", "the stored key is bound to its provider and address", "paste the key again")
            )
        return errors or draft

    def suggested_label(self, provider_id: str) -> str:
        """`main`, or the first free `main-2`, `main-3` …"""
        taken = {credential.name.casefold() for credential in (self._vault.list() if self.unlocked else ())}
        names = ("main" if n == 1 else f"main-{n}" for n in range(1, len(taken) + 2))
        return next(name for name in names if f"{provider_id}/{name}" not in taken)

    def owner(self, secret: Secret, at: str = "") -> Owner | None:
        """Whose key it looks like, by its shape; nothing is sent. The shapes of the provider `at` come first."""
        return self.catalog.owner(secret, at)

    def _refuse_taken_name(self, name: str, editing: Credential | None, errors: list[FieldError]) -> None:
        with suppress(CredentialNotFound):
            holder = self._vault.get(name)
            if editing is None or holder.id != editing.id:
                hint = "choose another label, or edit that key"
                errors.append(FieldError("label", f"there is a key named {name!r} already", hint))

    # ------------------------------------------------------------------ checks

    @property
    def paid(self) -> bool:
        return self.config.paid_test

    def provider(self, provider_id: str) -> Provider | None:
        """None where a credential's provider is not in the catalog: it was saved by another arka."""
        return self.catalog.providers.get(provider_id)

    def cost_usd(self, provider_ids: Iterable[str]) -> Decimal:
        """What testing one key of each of these costs, as a rule."""
        known = [each for each in map(self.provider, provider_ids) if each]
        return sum((each.usual_cost_usd for each in known), Decimal(0)) if self.paid else Decimal(0)

    async def expect_checks(self) -> None:
        """Does what only the first check would wait for."""
        await self._transport.prepare()

    async def check(
        self,
        names: Sequence[str],
        on_start: Callable[[str], None] = lambda name: None,
        *,
        patient: bool = False,
        on_wait: Callable[[str, int], None] = lambda name, seconds: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> AsyncGenerator[Check, None]:
        """Each as it is done, at most 20 at a time; written to the log in batches. Secrets are opened at send time.

        `patient`: a key whose provider is down or asks to slow down is told, and tried again when that said, at most
        twice; so it may come more than once, and `on_wait` is told before each time but the last. A provider that asked
        once gets one request at a time from then on.
        A credential that is gone or changed meanwhile is passed over. Stops when the vault is locked. What a
        provider does is a verdict, never an exception.
        """
        gate = asyncio.Semaphore(CHECKS_AT_ONCE)
        one_by_one: dict[str, asyncio.Lock] = {}
        may_start = asyncio.get_running_loop().time()
        done: asyncio.Queue[Check | None] = asyncio.Queue()

        async def in_turn() -> None:
            nonlocal may_start
            now = asyncio.get_running_loop().time()
            wait_s, may_start = may_start - now, max(may_start, now) + START_APART_S
            if wait_s > 0:
                await asyncio.sleep(wait_s)

        async def once(name: str) -> Check | None:
            async with gate:
                await in_turn()
                on_start(name)
                try:
                    credential = self._vault.get(name)
                    async with one_by_one.get(credential.origin, asyncio.Lock()):
                        check = await self._checked(credential, credential.id)
                    if self._vault.get(name) != credential:
                        return None
                except ArkaError:
                    return None
            if check.verdict is Verdict.RATE_LIMITED:
                one_by_one.setdefault(credential.origin, asyncio.Lock())
            self._unrecorded.append(check)
            return check

        async def one(name: str) -> None:
            retries = 0
            try:
                while check := await once(name):
                    wait_s = retry_wait_s(check, retries) if patient else None
                    if wait_s is not None:
                        on_wait(name, wait_s)
                    done.put_nowait(check)
                    if wait_s is None:
                        break
                    await pause(wait_s)
                    retries += 1
            finally:
                done.put_nowait(None)

        tasks = [asyncio.create_task(one(name)) for name in names]
        try:
            left = len(tasks)
            while left:
                check = await done.get()
                if check is None:
                    left -= 1
                    continue
                if len(self._unrecorded) >= JOURNAL_EVERY:
                    await self._log(self._finished())
                yield check
            await asyncio.gather(*tasks)  # raises what is a fault of ours
        finally:
            for unfinished in tasks:
                unfinished.cancel()
            await self._log(self._finished())

    async def _checked(
        self, credential: Credential, credential_id: str, on_stage: Callable[[Stage], None] = lambda stage: None
    ) -> Check:
        """Raises: CredentialNotFound, Conflict, VaultLocked."""

        mark = ""

        def open_secret() -> Secret:
            nonlocal mark
            secret = self._stored_secret(credential, credential)
            mark = self._vault.fingerprint(secret)
            return secret

        check = await self._checker.check(
            credential,
            credential_id,
            open_secret,
            paid=self.paid,
            on_stage=on_stage,
            before_send=self._end_when_locked,
            on_models=lambda reached: self.insight.remember(credential, reached),
        )
        return replace(check, fingerprint=mark)

    def due(self) -> tuple[str, ...]:
        """Names of the keys that a scheduled run tests now; none where no schedule is set."""
        if not self.config.test_every_minutes or not self.unlocked:
            return ()
        every = timedelta(minutes=self.config.test_every_minutes)
        past: dict[str, list[Check]] = defaultdict(list)
        for check in self._vault.history.checks:
            past[check.credential_id].append(check)
        now = self.now()
        return tuple(
            credential.name
            for credential in self._vault.list()
            if is_due([check for check in past[credential.id] if credential.is_told_by(check)], every, now)
        )

    async def try_draft(self, draft: Draft, editing: Credential | None, on_stage: Callable[[Stage], None]) -> Check:
        """Checks a key before it replaces the stored one; nothing is written.

        Raises: where the stored key is used, CredentialNotFound, Conflict, VaultLocked.
        """
        secret = draft.secret

        mark = ""

        def open_secret() -> Secret:
            nonlocal mark
            opened = self._stored_secret(editing, draft) if secret is None and editing else secret or Secret("")
            mark = self._vault.fingerprint(opened)
            return opened

        check = await self._checker.check(
            draft,
            editing.id if editing else "",
            open_secret,
            paid=self.paid,
            on_stage=on_stage,
            before_send=self._end_when_locked,
        )
        return replace(check, fingerprint=mark)

    async def check_saved(self, credential: Credential, on_stage: Callable[[Stage], None]) -> Check:
        """One credential, stage by stage, written to the log. Raises: CredentialNotFound, Conflict, VaultLocked."""
        check = await self._checked(credential, credential.id, on_stage)
        await self._log([check])
        return check

    def record(self, check: Check) -> str:
        """Blocks. Writes a check of `try_draft` to the log, once its key is saved. Returns what went wrong."""
        line = self._sealed([check])
        return self._write(line) if line else ""

    @property
    def history(self) -> History:
        return self._vault.history

    def last_checks(self) -> Mapping[str, Check]:
        """By credential id; none of a key that was replaced since."""
        return self.insight.last_checks()

    def log_trouble(self) -> str:
        """Why the test log could not be written, once; or nothing."""
        trouble, self._log_trouble = self._log_trouble, ""
        return trouble

    def _stored_secret(self, seen: Credential, target: Credential | Draft) -> Secret:
        """What is under the name of `seen`, if it still is that credential, and may go where `target` is.

        Raises: CredentialNotFound, Conflict, VaultLocked, VaultCorrupt.
        """
        secret = self._vault.secret(seen.name)
        now = self._vault.get(seen.name)  # after the secret: another session's change may come between the two
        if (now.id, now.provider, now.origin) != (seen.id, target.provider, origin_of(target.base_url)):
            raise Conflict(f"{seen.name!r} was changed in another session", "look at its new state, then try again")
        return secret

    def _end_when_locked(self) -> None:
        """Raises: VaultLocked, which ends a check between two requests."""
        if not self._vault.unlocked:
            raise VaultLocked("the vault was locked during the test", "unlock it, then test again")

    def _finished(self) -> list[Check]:
        """Takes what is not in the log yet, without the checks of credentials that were deleted since."""
        finished, self._unrecorded = self._unrecorded, []
        held = {credential.id for credential in self._vault.list()} if self.unlocked else set()
        return [check for check in finished if check.credential_id in held]

    def _sealed(self, checks: Sequence[Check]) -> bytes:
        """A line of the log; nothing where there are none, or where the vault is locked."""
        try:
            return self._vault.seal_checks(checks) if checks else b""
        except VaultLocked:
            return b""

    def _write(self, line: bytes) -> str:
        trouble = self._vault.write_sealed(line)
        self._log_trouble = trouble or self._log_trouble
        return trouble

    async def _log(self, checks: Sequence[Check]) -> None:
        """Sealed now, so that a lock loses none; written without holding the screen."""
        if line := self._sealed(checks):
            await asyncio.to_thread(self._write, line)

    def _wait_for_log(self) -> None:
        if self._writing:
            self._writing.join()

    async def close(self) -> None:
        await asyncio.to_thread(self._wait_for_log)
        await self._transport.close()

    # ------------------------------------------------------------------ settings

    def change_setting(self, **changes: str | bool | int) -> str:
        """For this session, and in the settings file; there nothing goes that only a variable chose.

        Returns what a variable will make of it, or nothing. Raises: NotSaved, when only the session has it.
        """
        self.config = replace(self.config, **changes)  # type: ignore[arg-type]  # names and types are Config's own
        if not self.demo:
            with suppress(ConfigError):  # a mistake made meanwhile is told at the next start
                on_disk = settings.load(self._paths.settings)
                settings.save(self._paths.settings, on_disk, **changes)
        names = ", ".join(variable(name) for name in changes if name in self._overridden)
        return f"Until you leave: then {names} in the environment decides again." if names else ""
