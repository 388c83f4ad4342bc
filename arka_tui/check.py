"""The words of a test: what a provider said about a key, as the store, the providers and the screens tell it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any


class Mood(Enum):
    GOOD = "good"
    CARE = "care"
    """The key is alive, but something needs the user."""
    BAD = "bad"
    UNSURE = "unsure"
    """Nothing is known about the key."""


class Verdict(StrEnum):
    """What a check comes to. The value is what the journal stores; never rename one."""

    OK = "ok"
    ACCEPTED = "accepted"
    NO_CREDITS = "no_credits"
    KEY_LIMIT_REACHED = "key_limit_reached"
    SPEND_LIMIT_REACHED = "spend_limit_reached"
    RATE_LIMITED = "rate_limited"
    RESTRICTED_SCOPE = "restricted_scope"
    MODEL_UNAVAILABLE = "model_unavailable"
    WRONG_ORG_OR_PROJECT = "wrong_org_or_project"
    REGION_OR_IP_BLOCKED = "region_or_ip_blocked"
    MANAGEMENT_KEY = "management_key"
    INVALID_KEY = "invalid_key"
    DISABLED_OR_EXPIRED = "key_disabled_or_expired"
    ACCOUNT_BLOCKED = "account_blocked"
    WRONG_PROVIDER = "wrong_provider"
    PROVIDER_DOWN = "provider_down"
    UNREACHABLE = "unreachable"
    NOT_VERIFIABLE = "not_verifiable"
    UNKNOWN = "unknown"

    @property
    def meaning(self) -> "Meaning":
        return MEANINGS[self]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a verdict is told. `{provider}` and `{host}` stand for names; `page` is a console page of the catalog."""

    sign: str
    word: str
    """At most 15 characters: the list's column."""
    mood: Mood
    sentence: str
    next_step: str
    page: str = ""


def _good(word: str, sentence: str, next_step: str, page: str = "") -> Meaning:
    return Meaning("✓", word, Mood.GOOD, sentence, next_step, page)


def _care(word: str, sentence: str, next_step: str, page: str = "") -> Meaning:
    return Meaning("!", word, Mood.CARE, sentence, next_step, page)


def _bad(word: str, sentence: str, next_step: str, page: str = "") -> Meaning:
    return Meaning("✗", word, Mood.BAD, sentence, next_step, page)


def _unsure(word: str, sentence: str, next_step: str, page: str = "") -> Meaning:
    return Meaning("?", word, Mood.UNSURE, sentence, next_step, page)


MEANINGS: dict[Verdict, Meaning] = {
    Verdict.OK: _good(
        "works",
        "{provider} accepts the key and answered a paid request",
        "nothing to do",
    ),
    Verdict.ACCEPTED: _good(
        "accepted",
        "{provider} accepts the key; whether it has credit was not tested",
        "switch the paid request on and test again to know about credit",
    ),
    Verdict.NO_CREDITS: _care(
        "no credit",
        "the key is valid, but its account has no credit left",
        "add credit, then test again",
        "billing",
    ),
    Verdict.KEY_LIMIT_REACHED: _care(
        "key cap reached",
        "the key is valid, but has used up the limit set for this key",
        "raise or reset the key's limit",
        "keys",
    ),
    Verdict.SPEND_LIMIT_REACHED: _care(
        "spend cap",
        "the key is valid, but a spending limit of its account or project is reached",
        "raise the spending limit, or wait until it resets",
        "limits",
    ),
    Verdict.RATE_LIMITED: _care(
        "rate limited",
        "the key is valid; {provider} asks to slow down",
        "wait, then test again",
        "limits",
    ),
    Verdict.RESTRICTED_SCOPE: _care(
        "limited scope",
        "the key is valid, but lacks a permission that the test needs",
        "give the key the missing permission, or keep it for what it may do",
        "keys",
    ),
    Verdict.MODEL_UNAVAILABLE: _care(
        "no test model",
        "the key is valid, but may not use the models that the test tried",
        "allow the key another cheap model, or use it as it is",
        "limits",
    ),
    Verdict.WRONG_ORG_OR_PROJECT: _care(
        "wrong org",
        "the key does not belong to the organization or project saved with it",
        "edit the key: correct or clear organization and project",
        "organization",
    ),
    Verdict.REGION_OR_IP_BLOCKED: _care(
        "blocked here",
        "{provider} does not serve this address or country; the key may be fine",
        "allow this machine's IP address, or test from another machine",
        "organization",
    ),
    Verdict.MANAGEMENT_KEY: _care(
        "management key",
        "it manages an account and cannot run models, so it was not tried on one",
        "keep it for administration; add an ordinary key to run models",
        "keys",
    ),
    Verdict.INVALID_KEY: _bad(
        "invalid",
        "{provider} does not know this key: it is mistyped, revoked or deleted",
        "make a new key and replace this one",
        "keys",
    ),
    Verdict.DISABLED_OR_EXPIRED: _bad(
        "expired",
        "{provider} says that the key is disabled or expired",
        "enable it, or make a new key and replace this one",
        "keys",
    ),
    Verdict.ACCOUNT_BLOCKED: _bad(
        "account blocked",
        "{provider} has deactivated or blocked the account of this key",
        "look into the account's billing and status",
        "billing",
    ),
    Verdict.WRONG_PROVIDER: _bad(
        "wrong provider",
        "this is another provider's key, so it was not sent to {host}",
        "add it under its own provider",
    ),
    Verdict.PROVIDER_DOWN: _unsure(
        "provider down",
        "{provider} has trouble of its own; nothing is known about the key",
        "test again later",
        "status",
    ),
    Verdict.UNREACHABLE: _unsure(
        "unreachable",
        "no connection to {host}; nothing is known about the key",
        "check the network, the address and a proxy, then test again",
    ),
    Verdict.NOT_VERIFIABLE: _unsure(
        "not verifiable",
        "the server answers without looking at the key",
        "nothing to do; the key is kept as it is",
    ),
    Verdict.UNKNOWN: _unsure(
        "could not tell",
        "{provider} gave an answer unknown to arka; the key may well be fine",
        "read the evidence in the log, then test again",
    ),
}

ALIVE = frozenset(v for v, m in MEANINGS.items() if m.mood in (Mood.GOOD, Mood.CARE)) - {Verdict.REGION_OR_IP_BLOCKED}
"""The verdicts that prove the provider knows the key."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a check. `name`: shape, key, models, account, scopes or paid."""

    name: str
    verdict: Verdict
    detail: str
    """Safe to show."""
    status: int | None = None
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Learnt:
    """What providers told about a key; None is "not said", which is not zero. Money in `currency`, or else in USD."""

    organization: str | None = None
    project: str | None = None
    account: str | None = None
    """Whose it is: a user or team."""
    key_label: str | None = None
    """What the key is called at the provider."""
    scopes: str | None = None
    """What it may do and what not."""
    models: int | None = None
    balance: Decimal | None = None
    """What the account has left; `remaining` is what this key may still spend."""
    currency: str | None = None
    limit: Decimal | None = None
    remaining: Decimal | None = None
    reset: str | None = None
    """daily, weekly or monthly."""
    usage: Decimal | None = None
    usage_daily: Decimal | None = None
    usage_weekly: Decimal | None = None
    usage_monthly: Decimal | None = None
    expires_at: datetime | None = None
    free_tier: bool | None = None
    management: bool | None = None
    probe_model: str | None = None
    requests_limit: str | None = None
    requests_remaining: str | None = None
    requests_reset: str | None = None
    tokens_limit: str | None = None
    tokens_remaining: str | None = None
    tokens_reset: str | None = None
    works_at: str | None = None
    """The address that answered, where it is not the one that was saved: with or without /v1."""
    clock_skew_s: int | None = None
    """How far this machine's clock is ahead of the provider's, where that is more than a request's delay."""

    def merged(self, newer: "Learnt") -> "Learnt":
        said: dict[str, Any] = {f.name: value for f in fields(newer) if (value := getattr(newer, f.name)) is not None}
        return replace(self, **said)

    def with_texts(self, clean: Callable[[str], str]) -> "Learnt":
        """Every text in it as `clean` returns it."""
        texts = {f.name: getattr(self, f.name) for f in fields(self) if f.type == str | None}
        cleaned: dict[str, Any] = {name: clean(text) for name, text in texts.items() if text is not None}
        return replace(self, **cleaned)


@dataclass(frozen=True, slots=True)
class Check:
    """One finished test of one credential. Holds no secret."""

    credential_id: str
    name: str
    """provider/label as it was at the time."""
    hint: str
    at: datetime
    verdict: Verdict
    stages: tuple[Stage, ...] = ()
    learnt: Learnt = field(default_factory=Learnt)
    evidence: str = ""
    """The provider's own words, redacted and safe to show; empty where it gave none."""
    next_step: str = ""
    page: str = ""
    """Address of the console page where the next step is done, or empty."""
    retry_after_s: int | None = None
    fingerprint: str = ""
    """Equal for equal secrets of one vault, and of no use without it. Empty where the vault made none."""

    @property
    def latency_ms(self) -> int | None:
        """Of the free request, which is the one that all keys share."""
        return next((s.latency_ms for s in self.stages if s.latency_ms is not None), None)


def check_to_json(check: Check) -> dict[str, object]:
    """For the journal: JSON values only; absent is left out."""
    learnt = {f.name: value for f in fields(Learnt) if (value := getattr(check.learnt, f.name)) is not None}
    return {
        "credential": check.credential_id,
        "name": check.name,
        "hint": check.hint,
        "at": check.at.isoformat(),
        "verdict": check.verdict.value,
        "stages": [[s.name, s.verdict.value, s.detail, s.status, s.latency_ms] for s in check.stages],
        "learnt": {name: _plain(value) for name, value in learnt.items()},
        "evidence": check.evidence,
        "next_step": check.next_step,
        "page": check.page,
        "retry_after_s": check.retry_after_s,
        "fingerprint": check.fingerprint,
    }


def check_from_json(data: Mapping[str, object]) -> Check:
    """Raises: KeyError, TypeError, ValueError, ArithmeticError where `data` is not what `check_to_json` makes."""
    learnt, stages = data["learnt"], data["stages"]
    if not isinstance(learnt, dict) or not isinstance(stages, list):
        raise TypeError
    return Check(
        credential_id=_text(data["credential"]),
        name=_text(data["name"]),
        hint=_text(data["hint"]),
        at=_moment(data["at"]),
        verdict=Verdict(_text(data["verdict"])),
        stages=tuple(
            Stage(_text(name), Verdict(_text(verdict)), _text(detail), _whole(status), _whole(latency))
            for name, verdict, detail, status, latency in stages
        ),
        learnt=Learnt(**{name: _LEARNT_READERS[name](value) for name, value in learnt.items()}),
        evidence=_text(data["evidence"]),
        next_step=_text(data["next_step"]),
        page=_text(data["page"]),
        retry_after_s=_whole(data["retry_after_s"]),
        fingerprint=_text(data.get("fingerprint", "")),  # logs of 0.2 have none
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _amount(value: object) -> Decimal:
    return Decimal(_text(value))


_READERS: dict[object, Callable[[object], Any]] = {
    int | None: _whole,
    Decimal | None: _amount,
    datetime | None: _moment,
    bool | None: _flag,
    str | None: _text,
}
_LEARNT_READERS = {f.name: _READERS[f.type] for f in fields(Learnt)}
