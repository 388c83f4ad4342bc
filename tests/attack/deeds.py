"""Every kind of commit: the vault it starts from, the deed, and what a fresh session may find afterwards.

The sweeps of faults and of power loss share it: they differ only in how they strike.
"""

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from unittest import mock

from arka_tui import config
from arka_tui.check import Check, Verdict
from arka_tui.credential import Credential
from arka_tui.errors import ArkaError
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import backup, journal
from arka_tui.store import vault as vault_module
from arka_tui.store.slots import RecoveryCode
from arka_tui.store.vault import Vault
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store.contract import edited

NEW_PASSPHRASE, NEW_CODE = Secret("another horse"), Secret("0000-1111-2222-3333-4444-5555-6666-7777")
SECRETS = {label: f"sk-proj-aaaaaaaaaaaaaaaaaaaa-{label}" for label in ("one", "two", "three")}
NEXT = draft("openai/next", "sk-proj-bbbbbbbbbbbbbbbbbbbb-next")

SAVED, INCOMPLETE, NOT_SAVED, CRASHED = "saved", "incomplete", "not saved", "crashed"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a fresh session finds: the keys by label, the checks in the log, the settings."""

    secrets: dict[str, str] | None
    """None where there is no vault."""
    checks: frozenset[str] = frozenset()
    theme: str = ""
    notes: tuple[str, ...] = ()
    older_copy: str = ""
    code: str = ""
    """Which recovery code opened it: "old" or "new"."""

    @property
    def state(self) -> object:
        """Without the log, which fails softly."""
        return self.secrets, self.code, self.theme


@dataclass(frozen=True, slots=True)
class Deed:
    name: str
    do: Callable[[Vault, Paths], str]
    """Returns what is incomplete, or nothing. Raises: ArkaError where nothing was saved."""
    template: str = "filled"
    """The folder it starts from, one of those that `make_templates` makes."""
    locked: bool = False
    """Whether it starts from a vault that is not opened."""
    must_fail: bool = False
    verified: bool = True
    """Whether it reads back what it wrote, so that a disk that lies about a write is found out."""
    back: bool = False
    """Whether it goes back to an older state, which may be noticed where it is cut off."""
    forbidden: Callable[[Path], list[bytes]] = field(default=lambda folder: [])
    """What of the folder it starts from no file may hold once it was said to be done."""


def check_of(credential: Credential, seconds: int) -> Check:
    return Check(credential.id, credential.name, credential.hint, NOW + timedelta(seconds=seconds), Verdict.OK)


@contextmanager
def unsynced() -> Iterator[None]:
    """For what need not outlive a power failure of this machine: thousands of vaults are made and looked at."""
    with mock.patch.object(os, "fsync", lambda _fd: None):
        yield


# ---------------------------------------------------------------------- where deeds start from


@unsynced()
def make_templates(folder: Path) -> None:
    """Below `folder`: "empty"; "filled" with three keys, a log of three lines and a temporary that a kill left; "torn",
    where a delete did not reach the mirror; "unlogged", without a log; "single", without a mirror; "backed", with a
    backup of the first two keys.
    """
    (folder / "empty").mkdir(mode=0o700, parents=True)
    paths = Paths.under(folder / "filled")
    session = open_vault(paths)
    session.create(PASSPHRASE, RECOVERY_CODE)
    added = [session.add(draft(f"openai/{label}", secret))[0] for label, secret in SECRETS.items()]
    for seconds in range(2):
        session.record_checks([check_of(credential, seconds) for credential in added])
    session.record_checks([check_of(added[0], 2)])
    config.save(paths.settings, config.Config(), theme="first")
    (paths.data / ".store.toml.tmp-0011223344556677").write_bytes(paths.vault.read_bytes())
    torn = Paths.under(folder / "torn")
    shutil.copytree(folder / "filled", folder / "torn")
    opened(torn).remove([added[1]])
    shutil.copy(paths.vault, torn.data / "store.toml.bak")
    (shutil.copytree(folder / "filled", folder / "unlogged") / "data" / "journal").unlink()
    (shutil.copytree(folder / "filled", folder / "single") / "data" / "store.toml.bak").unlink()
    backed = shutil.copytree(folder / "filled", folder / "backed")
    shutil.copytree(folder / "filled", folder / "before")
    before = Paths.under(folder / "before")
    session = opened(before)
    session.remove([session.get("openai/three")])
    before.vault.rename(backed / "backup.toml")
    shutil.rmtree(folder / "before")
    later = opened(Paths.under(backed))
    later.add(NEXT)
    later.remove([later.get(NEXT.name)])


def opened(paths: Paths, code: Secret = RECOVERY_CODE) -> Vault:
    session = open_vault(paths)
    session.unlock_with_recovery_code(code)
    return session


# ---------------------------------------------------------------------- the deeds


def _create(session: Vault, _paths: Paths) -> str:
    return session.create(PASSPHRASE, RECOVERY_CODE).incomplete


def _add(session: Vault, _paths: Paths) -> str:
    return session.add(draft("openai/four", "sk-proj-aaaaaaaaaaaaaaaaaaaa-four"))[1].incomplete


def _update(session: Vault, _paths: Paths) -> str:
    seen = session.get("openai/two")
    return session.update(seen, edited(seen, "sk-proj-aaaaaaaaaaaaaaaaaaaa-changed"))[1].incomplete


def _delete(session: Vault, _paths: Paths) -> str:
    return session.remove([session.get("openai/two")]).incomplete


def _change_passphrase(session: Vault, _paths: Paths) -> str:
    return session.change_passphrase(NEW_PASSPHRASE, NEW_CODE).incomplete


def _log(session: Vault, _paths: Paths) -> str:
    return session.record_checks([check_of(session.get("openai/two"), 9)])


def _log_anew(session: Vault, paths: Paths) -> str:
    with _small_log():
        return _log(session, paths)


@contextmanager
def _small_log() -> Iterator[None]:
    """So that the next check makes the log be written anew."""
    with mock.patch.object(journal, "KEEP_CHECKS", 4), mock.patch.object(vault_module, "SLACK", 0):
        yield


def _restore(_session: Vault, paths: Paths) -> str:
    state = backup.verify(backup.read(paths.data.parent / "backup.toml"), RecoveryCode(RECOVERY_CODE))
    return backup.restore(paths, state, backup.present(paths)).incomplete


def _settings(_session: Vault, paths: Paths) -> str:
    config.save(paths.settings, config.load(paths.settings), theme="second")
    return ""


def _open(session: Vault, _paths: Paths) -> str:
    return "; ".join(session.unlock_with_recovery_code(RECOVERY_CODE).notes)


def _boxes_of_two(folder: Path) -> list[bytes]:
    """Its record as it stands in the file, and as bytes."""
    state = opened(Paths.under(_copy(folder)))._state
    assert state is not None
    record_id = state.entry("openai/two").record_id
    box = next(record.box for record in state.document.records if record.id == record_id)
    return [base64.b64encode(box), box]


def _boxes_and_log_of_two(folder: Path) -> list[bytes]:
    return _boxes_of_two(folder) + _log_lines(folder)[:2]


def _everything(folder: Path) -> list[bytes]:
    """All that the old passphrase opens: slots, index, records, log."""
    text = Paths.under(folder).vault.read_bytes()
    boxes = [line.split(b'"')[1] for line in text.splitlines() if line.startswith(b"box = ")]
    return boxes + _log_lines(folder)


def _log_lines(folder: Path) -> list[bytes]:
    return (Paths.under(folder).data / "journal").read_bytes().split()


def _copy(folder: Path) -> Path:
    """Looked at in a copy, because looking heals."""
    copy = folder.with_name(folder.name + "-looked-at")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    return copy


CREATE = Deed("create", _create, template="empty", locked=True)
CREATE_OVER = Deed("create over a vault", _create, template="single", locked=True, must_fail=True)
ADD = Deed("add", _add)
UPDATE = Deed("update", _update, forbidden=_boxes_of_two)
DELETE = Deed("delete", _delete, forbidden=_boxes_and_log_of_two)
CHANGE_PASSPHRASE = Deed("change passphrase", _change_passphrase, forbidden=_everything)
LOG = Deed("log", _log)
LOG_FIRST = Deed("first log", _log, template="unlogged")
LOG_ANEW = Deed("log anew", _log_anew)
HEAL = Deed("open after a cut-off delete", _open, template="torn", locked=True)
RESTORE = Deed("restore a backup", _restore, template="backed", locked=True, back=True)
SETTINGS = Deed("settings", _settings, verified=False)

_ALL = (CREATE, CREATE_OVER, ADD, UPDATE, DELETE, CHANGE_PASSPHRASE, LOG, LOG_FIRST, LOG_ANEW, HEAL, RESTORE, SETTINGS)
DEEDS = {deed.name: deed for deed in _ALL}


def start(deed: Deed, paths: Paths) -> Vault:
    return open_vault(paths) if deed.locked else opened(paths)


def tell(deed: Deed, session: Vault, paths: Paths) -> str:
    """Does it, and says what the person would be told: one of the four words, and why."""
    try:
        incomplete = deed.do(session, paths)
    except ArkaError as failure:
        return f"{NOT_SAVED}: {failure}"
    except Exception as failure:  # noqa: BLE001  # whatever else comes out would end the program
        return f"{CRASHED}: {type(failure).__name__} {failure}"
    return f"{INCOMPLETE}: {incomplete}" if incomplete else SAVED


# ---------------------------------------------------------------------- what is found afterwards


def look(folder: Path) -> Seen:
    """With a fresh session, in the folder itself. Raises: ArkaError where there is a vault that does not open."""
    paths = Paths.under(folder)
    session = open_vault(paths)
    theme = config.load(paths.settings).theme
    if not session.exists():
        return Seen(None, theme=theme)
    try:
        told, code = session.unlock_with_recovery_code(RECOVERY_CODE), "old"
    except ArkaError:
        told, code = session.unlock_with_recovery_code(NEW_CODE), "new"
    secrets = {credential.label: session.secret(credential.name).reveal() for credential in session.list()}
    checks = frozenset(f"{check.name} {check.at}" for check in session.history.checks)
    return Seen(secrets, checks, theme, told.notes, told.older_copy, code)


@dataclass(frozen=True, slots=True)
class Judge:
    """Holds what a deed may lead to, measured once on copies without any fault."""

    deed: Deed
    old: Seen
    new: Seen
    forbidden: tuple[bytes, ...]

    @classmethod
    @unsynced()
    def of(cls, deed: Deed, templates: Path, scratch: Path) -> "Judge":
        """Raises: AssertionError where the deed does not succeed without a fault, or proves nothing."""
        template = templates / deed.template
        old = look(shutil.copytree(template, scratch / "old"))
        paths = Paths.under(shutil.copytree(template, scratch / "new"))
        said = tell(deed, start(deed, paths), paths)
        assert said.startswith(NOT_SAVED if deed.must_fail else SAVED), said
        forbidden = tuple(deed.forbidden(shutil.copytree(template, scratch / "before")))
        judge = cls(deed, old, look(paths.data.parent), forbidden)
        assert not judge.broken(paths.data.parent, said)
        for left in ("old", "new", "before", "before-looked-at"):
            shutil.rmtree(scratch / left, ignore_errors=True)
        return judge

    @unsynced()
    def broken(self, folder: Path, said: str, *, healing: bool = True) -> list[str]:
        """What of the promises does not hold there, where this was said; "" where nobody could say anything.

        `healing` tries the next commit too.
        """
        files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        try:
            seen = look(folder)
        except ArkaError as failure:
            return [f"does not open: {failure}"]
        found = [*self._lost(seen), *self._lies(seen, said, files)]
        return found or (self._unhealed(folder, seen) if healing else [])

    def _lost(self, seen: Seen) -> Iterator[str]:
        if seen.secrets not in (self.old.secrets, self.new.secrets):
            yield f"keys are lost: {seen.secrets}"
        if not self.old.checks & self.new.checks <= seen.checks <= self.old.checks | self.new.checks:
            yield f"checks are lost: {len(seen.checks)} of {len(self.old.checks)} are left"
        if seen.theme not in (self.old.theme, self.new.theme):
            yield f"settings are lost: {seen.theme}"
        if seen.older_copy and not self.deed.back:
            yield f"taken for an older copy: {seen.older_copy}"

    def _lies(self, seen: Seen, said: str, files: dict[Path, bytes]) -> Iterator[str]:
        word = said.partition(":")[0]
        if word == CRASHED:
            yield said
        if word in (SAVED, INCOMPLETE) and self.deed.must_fail:
            yield "saved what had to be refused"
        log_only = self.deed in (LOG, LOG_FIRST, LOG_ANEW)
        if word == NOT_SAVED and seen.state != self.old.state:
            yield f"said {said!r}, but it is"
        if word in (SAVED, INCOMPLETE) and not log_only:
            if seen.state != self.new.state:
                yield f"said {said!r}, but it is not"
            if seen.notes and self.deed is not HEAL:
                yield f"said {said!r}, but {seen.notes}"
        if "there is no second copy now" in said and any(path.name == "store.toml.bak" for path in files):
            yield f"said {said!r}, but there is one"
        if word == SAVED:
            if seen.checks != self.new.checks and not (self.deed is LOG_ANEW and seen.checks > self.new.checks):
                yield f"said {said!r}, but the log holds {len(seen.checks)} checks, not {len(self.new.checks)}"
            for path, data in files.items():
                if any(each in data for each in self.forbidden):
                    yield f"said {said!r}, but {path.name} still holds it"

    def _unhealed(self, folder: Path, seen: Seen) -> list[str]:
        """After the next commit of a fresh session."""
        paths = Paths.under(folder)
        try:
            if seen.secrets is None:
                session = open_vault(paths)
                session.create(PASSPHRASE, RECOVERY_CODE)
            else:
                session = opened(paths, NEW_CODE if seen.code == "new" else RECOVERY_CODE)
            saved = session.add(NEXT)[1]
        except ArkaError as failure:
            return [f"the next commit failed: {failure}"]
        again = look(folder)
        found = []
        if saved.incomplete:
            found.append(f"the next commit is incomplete: {saved.incomplete}")
        if again.secrets != {**(seen.secrets or {}), "next": NEXT.secret.reveal() if NEXT.secret else ""}:
            found.append(f"the next commit lost keys: {again.secrets}")
        if paths.vault.read_bytes() != (paths.data / "store.toml.bak").read_bytes():
            found.append("the copies differ after the next commit")
        if left := [path.name for path in paths.data.iterdir() if ".tmp-" in path.name]:
            found.append(f"left behind: {left}")
        return found
