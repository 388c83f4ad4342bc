"""What a person should hear of without asking: from what the last tests of their keys learnt, and nothing else."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum

from arka_tui.check import Check, Learnt, Mood, Verdict
from arka_tui.credential import Credential
from arka_tui.insight.money import is_sensible, money
from arka_tui.insight.rate import Rate, next_reset, rate_of
from arka_tui.text import safe

EXPIRES_SOON = timedelta(days=14)
NEARLY_OUT_SHARE = Decimal("0.1")
NEARLY_OUT_AMOUNT = Decimal(1)
"""Where no limit is known; in the account's currency."""
OUT_SOON = timedelta(days=30)
NOT_TESTED = timedelta(days=30)
STILL_TRUE = timedelta(days=7)
"""Amounts of an older test say nothing about how long they will last."""
FRESH = timedelta(days=1)
"""What is older is told with its date."""
CLOCK_SKEW_S = 300
_NAMES = 3
"""Of keys with the same secret, told by name."""
_SAID_BY_VERDICT = frozenset({Verdict.NO_CREDITS, Verdict.KEY_LIMIT_REACHED, Verdict.SPEND_LIMIT_REACHED})


class Kind(IntEnum):
    """Worst first."""

    EXPIRED = 0
    NEARLY_OUT = 1
    EXPIRES_SOON = 2
    OUT_SOON = 3
    SAME_SECRET = 4
    CLOCK_SKEW = 5
    NOT_TESTED = 6


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - in this program a warning is for the person at the screen
    kind: Kind
    text: str
    """A sentence without capital and full stop; safe to show."""


def warnings(
    credentials: Sequence[Credential], checks: Sequence[Check], now: datetime
) -> Mapping[str, tuple[Warning, ...]]:
    """By credential id, worst first; keys with nothing to say are not in it. `checks` are all, oldest first."""
    history: defaultdict[str, list[Check]] = defaultdict(list)
    for check in checks:
        history[check.credential_id].append(check)
    own = {credential.id: _of_this_secret(credential, history[credential.id]) for credential in credentials}
    twins = same_secret(credentials, {each: checks[-1] for each, checks in own.items() if checks})
    found = {
        credential.id: tuple(sorted(_found(credential, own[credential.id], twins, now), key=lambda each: each.kind))
        for credential in credentials
    }
    return {credential_id: each for credential_id, each in found.items() if each}


def _found(
    credential: Credential, checks: Sequence[Check], twins: Mapping[str, Sequence[Credential]], now: datetime
) -> Iterator[Warning]:
    if not checks:
        yield Warning(Kind.NOT_TESTED, "never tested")
        return
    last = checks[-1]
    if told := _last_told(checks):
        yield from _expiry(told.learnt, now)
        if last.verdict not in _SAID_BY_VERDICT and last.verdict.meaning.mood is not Mood.BAD:
            yield from _money(told, checks, now)
    if len(same := twins.get(last.fingerprint, ())) > 1:
        yield Warning(Kind.SAME_SECRET, f"the same secret is stored as {_others(credential, same)} too")
    if last.learnt.clock_skew_s is not None and abs(last.learnt.clock_skew_s) > CLOCK_SKEW_S:
        yield Warning(Kind.CLOCK_SKEW, _clock(last.learnt.clock_skew_s))
    if now - last.at > NOT_TESTED:
        yield Warning(Kind.NOT_TESTED, f"not tested for {(now - last.at).days} days")


def next_expiry(credentials: Sequence[Credential], checks: Sequence[Check], now: datetime) -> datetime | None:
    """The soonest that is still ahead, of keys that are not bad. `checks` are all, oldest first."""
    history: defaultdict[str, list[Check]] = defaultdict(list)
    for check in checks:
        history[check.credential_id].append(check)
    ahead = []
    for credential in credentials:
        own = _of_this_secret(credential, history[credential.id])
        if own and own[-1].verdict.meaning.mood is not Mood.BAD and (told := _last_told(own)):
            ahead += [told.learnt.expires_at] if told.learnt.expires_at and told.learnt.expires_at > now else []
    return min(ahead, default=None)


def _of_this_secret(credential: Credential, checks: Sequence[Check]) -> list[Check]:
    """Without the tests of a secret that has been replaced since."""
    of_hint = [check for check in checks if credential.is_told_by(check)]
    last = of_hint[-1].fingerprint if of_hint else ""
    return [check for check in of_hint if check.fingerprint == last or not check.fingerprint or not last]


def same_secret(
    credentials: Sequence[Credential], last_checks: Mapping[str, Check]
) -> Mapping[str, Sequence[Credential]]:
    """By fingerprint, the keys that share it, as far as they were tested. `last_checks` are by credential id."""
    same: defaultdict[str, list[Credential]] = defaultdict(list)
    for credential in credentials:
        if (check := last_checks.get(credential.id)) and check.fingerprint:
            same[check.fingerprint].append(credential)
    return same


def _others(credential: Credential, same: Sequence[Credential]) -> str:
    """By name, or by number where there are many."""
    told = [safe(other.name) for other in same[: _NAMES + 1] if other.id != credential.id][:_NAMES]
    if more := len(same) - 1 - len(told):
        told.append(f"{more} more")
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _last_told(checks: Sequence[Check]) -> Check | None:
    """The newest in which the provider described the key. What that one does not say is no longer so."""
    return next((each for each in reversed(checks) if _describes_key(each.learnt)), None)


def _describes_key(learnt: Learnt) -> bool:
    said = (learnt.expires_at, learnt.limit, learnt.remaining, learnt.balance, learnt.usage, learnt.key_label)
    return any(each is not None for each in said)


def _expiry(learnt: Learnt, now: datetime) -> Iterator[Warning]:
    expires = learnt.expires_at
    if expires is None or expires - now > EXPIRES_SOON:
        return
    if expires <= now:
        yield Warning(Kind.EXPIRED, f"expired on {expires:%Y-%m-%d}")
    else:
        yield Warning(Kind.EXPIRES_SOON, f"expires {_within(expires - now)}, on {expires:%Y-%m-%d}")


def _money(told: Check, checks: Sequence[Check], now: datetime) -> Iterator[Warning]:
    lefts = _left_of(told.learnt)
    if (reset := next_reset(told.learnt.reset, told.at)) and reset <= now:
        lefts.pop("remaining", None)  # it is full again
    nearly = [(amount, what) for what, amount in lefts.items() if _is_nearly_out(amount, told.learnt.limit)]
    if nearly:
        dated = f", as of {told.at:%Y-%m-%d}" if now - told.at > FRESH else ""
        yield Warning(Kind.NEARLY_OUT, f"{_nearly_out(min(nearly), told.learnt)}{dated}")
        return
    rate = rate_of([each for each in checks if each.at <= told.at]) if now - told.at <= STILL_TRUE else None
    if rate:
        yield from _out_soon(lefts, reset, rate, told, now)


def _left_of(learnt: Learnt) -> dict[str, Decimal]:
    said = {"remaining": learnt.remaining, "balance": learnt.balance}
    return {what: amount for what, amount in said.items() if amount is not None and is_sensible(amount)}


def _is_nearly_out(amount: Decimal, limit: Decimal | None) -> bool:
    if amount <= 0:
        return True
    if limit is not None and is_sensible(limit) and limit > 0:
        return amount < limit * NEARLY_OUT_SHARE
    return amount < NEARLY_OUT_AMOUNT


def _nearly_out(least: tuple[Decimal, str], learnt: Learnt) -> str:
    amount, what = least
    limit = learnt.limit if learnt.limit is not None and is_sensible(learnt.limit) else None
    of = "of the balance" if what == "balance" else f"of its {money(limit, learnt.currency)} limit" if limit else ""
    told = "nothing" if amount <= 0 else f"only {money(amount, learnt.currency)}"
    return " ".join(part for part in (told, "left", of) if part)


def _out_soon(
    lefts: Mapping[str, Decimal], reset: datetime | None, rate: Rate, told: Check, now: datetime
) -> Iterator[Warning]:
    ends = []
    for what, amount in lefts.items():
        days = amount / rate.per_day
        if days > OUT_SOON.days * 2:
            continue
        end = told.at + timedelta(days=float(days))
        if not (what == "remaining" and reset and reset <= end):
            ends.append((end, amount))
    if not ends:
        return
    end, amount = min(ends)
    if end - now > OUT_SOON:
        return
    currency = told.learnt.currency
    spent = f"{money(rate.per_day, currency)} a day {rate.basis}"
    yield Warning(
        Kind.OUT_SOON,
        f"at this rate out {_about(end - now)}: {money(amount, currency)} left on {told.at:%Y-%m-%d}, {spent}",
    )


def _within(left: timedelta) -> str:
    return "within a day" if left < timedelta(days=1) else "in 1 day" if left.days == 1 else f"in {left.days} days"


def _about(left: timedelta) -> str:
    days = round(left / timedelta(days=1))
    return "by now" if left <= timedelta(0) else "within a day" if days <= 1 else f"in about {days} days"


def _clock(skew_s: int) -> str:
    minutes = abs(skew_s) // 60
    size = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return f"this machine's clock is {size} {'ahead of' if skew_s > 0 else 'behind'} the provider's"
