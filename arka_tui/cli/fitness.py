"""Whether keys are as `--require-ok` and `--min-credit` want them, by their last tests or fresh ones."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from arka_tui.check import ALIVE, Check, Verdict
from arka_tui.cli.desk import Desk
from arka_tui.credential import Credential, last_checks
from arka_tui.errors import Refused, Unreachable
from arka_tui.insight.money import is_sensible, money
from arka_tui.pace import BILLING
from arka_tui.store.vault import Vault

_STILL_COUNTS = timedelta(hours=1)
_EXPIRES_SOON = timedelta(days=1)
_NOTHING_KNOWN = frozenset({Verdict.UNREACHABLE, Verdict.PROVIDER_DOWN})
_OF_NO_USE = BILLING | {Verdict.WRONG_ORG_OR_PROJECT, Verdict.REGION_OR_IP_BLOCKED}
_FIT = (ALIVE - _OF_NO_USE) | {Verdict.NOT_VERIFIABLE}
"""A rate limit passes, a missing permission may not matter, and a server of one's own may look at no key."""


@dataclass(frozen=True, slots=True)
class Demand:
    ok: bool = False
    credit: Decimal | None = None
    """In USD, at least."""

    def refuse(self, name: str, check: Check, now: datetime) -> None:
        """Raises: Unreachable, Refused."""
        meaning, expires = check.verdict.meaning, check.learnt.expires_at
        again = f"arka-tui test {name} asks again"
        if check.verdict in _NOTHING_KNOWN:
            raise Unreachable(f"nothing is known about {name}: {meaning.word}", meaning.next_step)
        if self.ok and check.verdict not in _FIT:
            raise Refused(f"{name}: {meaning.word}", f"{meaning.next_step}; {again}")
        if self.ok and expires and expires - now <= _EXPIRES_SOON:
            ends = "expired" if expires <= now else "expires"
            raise Refused(f"{name} {ends} at {expires:%Y-%m-%d %H:%M} UTC", f"make a new key; {again}")
        if self.credit is not None and (left := _usd_left(name, check)) < self.credit:
            raise Refused(f"{name} has {money(left)} left, not {money(self.credit)}", f"add credit; {again}")


@contextmanager
def fit(desk: Desk, vault: Vault, keys: Sequence[Credential], demand: Demand) -> Iterator[None]:
    """The vault is open within; where a provider had to be asked, it is locked afterwards.

    Raises: Refused, Unreachable where nothing could be found out.
    """
    if demand == Demand():
        yield
        return
    last = last_checks(keys, vault.history.checks)
    was_dry = {key.id: dry for key in keys if (dry := _dry_when_asked(vault.history.checks, key))}
    known = {
        each: check
        for each, check in last.items()
        if _counts(check, desk.now()) and not (check.verdict is Verdict.ACCEPTED and each in was_dry)
    }
    unknown = [key.name for key in keys if key.id not in known]
    tested: AbstractContextManager[dict[str, Check]] = _tested(desk, vault, unknown) if unknown else nullcontext({})
    with tested as fresh:
        for key in keys:
            check = known.get(key.id) or fresh.get(key.id)
            if check is None:
                raise Unreachable(f"{key.name} was changed while it was tested", "try again")
            dry = was_dry.get(key.id) if check.verdict is Verdict.ACCEPTED else None
            demand.refuse(key.name, dry or check, desk.now())
        yield


@contextmanager
def _tested(desk: Desk, vault: Vault, names: Sequence[str]) -> Iterator[dict[str, Check]]:
    """By credential id. What speaks to the network is loaded only now."""
    from arka_tui.cli.control import asking, controlled

    with controlled(desk, vault) as controller:

        async def ask() -> dict[str, Check]:
            return {check.credential_id: check async for check in controller.check(names)}

        if desk.notes.watched:
            desk.notes.say(f"testing {', '.join(names)} …")
            desk.notes.flush()
        yield asking(controller, ask())


def _dry_when_asked(checks: Sequence[Check], key: Credential) -> Check | None:
    """Its last test that asked about money, if that found none: a free one since then says nothing of that."""
    asked = [
        check
        for check in checks
        if key.is_told_by(check) and (check.verdict in BILLING or any(stage.name == "paid" for stage in check.stages))
    ]
    return asked[-1] if asked and asked[-1].verdict in BILLING else None


def _counts(check: Check | None, now: datetime) -> bool:
    return check is not None and timedelta() <= now - check.at < _STILL_COUNTS and check.verdict not in _NOTHING_KNOWN


def _usd_left(name: str, check: Check) -> Decimal:
    """The least of what was told. Raises: Refused."""
    learnt = check.learnt
    told = [each for each in (learnt.remaining, learnt.balance) if each is not None and is_sensible(each)]
    if not told:
        raise Refused(f"the provider of {name} does not tell how much credit is left", "without --min-credit it runs")
    if (learnt.currency or "USD").upper() != "USD":
        raise Refused(f"the provider of {name} tells the credit in {learnt.currency}, not in USD")
    return min(told)
