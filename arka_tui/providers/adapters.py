"""The wire dialects: how a request is described and an answer judged. Pure: no I/O, no clock of its own.

How dialects and providers differ is data of the catalog; what all answers have in common is here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import quote

from arka_tui.check import Learnt, Verdict
from arka_tui.providers.listing import next_path, page_of
from arka_tui.providers.provider import Decision, ErrorRules, FreeProbe, KeyProbe, PaidProbe, Provider, ScopeProbe
from arka_tui.providers.reading import all_at, amount_of, at, mentions, moment_of, plain_text, texts, tree_of
from arka_tui.secret import Secret

MOST_SKEW_S = 120
"""Beyond it a clock is wrong, not a request slow."""
_DATES = frozenset({"expires_at"})
_AMOUNTS = frozenset({"limit", "remaining", "balance", "usage", "usage_daily", "usage_weekly", "usage_monthly"})
_FLAGS = frozenset({"free_tier", "management"})

_HTTP_ERRORS = range(400, 600)
MAX_WORDS = 20
"""Of a list that is told as one text."""
_CODE_PLACES = (
    # why a model is not served says more than the kind of error that this makes
    *("code", "availability.code", "metadata.availability.code", "metadata.error_type", "error_type"),
    *("details.error_code", "status"),
)

_STATUS: Mapping[int, Verdict] = {
    401: Verdict.INVALID_KEY,
    402: Verdict.NO_CREDITS,
    403: Verdict.RESTRICTED_SCOPE,
    408: Verdict.PROVIDER_DOWN,
    429: Verdict.RATE_LIMITED,
}
"""Where nothing in the body says better."""


class Addressed(Protocol):
    """A credential or a draft: where its requests go."""

    @property
    def base_url(self) -> str: ...
    @property
    def settings(self) -> tuple[tuple[str, str], ...]: ...


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    secret_header: tuple[str, Secret]
    """Apart, so that printing a request shows dots."""
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Everything in it is the provider's, and hostile until it went through `redact` and `safe`."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    latency_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What one response comes to."""

    verdict: Verdict
    message: str = ""
    """The provider's words, raw: redact and clean them before they are shown."""
    retry_after_s: int | None = None
    learnt: Learnt = field(default_factory=Learnt)
    next_step: str = ""
    """Where it is another than the verdict's."""


def key_probe_at(provider: Provider, target: Addressed) -> KeyProbe:
    """The one that this address answers: nothing but a list of models where the question is for another address."""
    probe = provider.key_probe
    if probe.at_account and not provider.is_home(target.base_url):
        return KeyProbe(provider.models_list.path, False, (), "GET", "", True, True, ())
    return probe


def key_request(provider: Provider, target: Addressed, secret: Secret) -> Request:
    probe = key_probe_at(provider, target)
    body = probe.body.encode() if probe.body else None
    return _request(provider, probe.method, _address(provider, probe, target) + probe.path, target, secret, body)


def info_request(provider: Provider, probe: FreeProbe, target: Addressed, secret: Secret) -> Request:
    return _request(provider, "GET", _address(provider, probe, target) + probe.path, target, secret)


def models_request(provider: Provider, target: Addressed, secret: Secret, token: str = "") -> Request:
    """`token` asks for a page after the first."""
    shape = provider.models_list
    path = next_path(shape, token) if token else shape.path
    return _request(provider, "GET", target.base_url + path, target, secret)


def paid_request(provider: Provider, probe: PaidProbe, model: str, target: Addressed, secret: Secret) -> Request:
    body = probe.body.replace("{model}", json.dumps(model)[1:-1]).encode()
    path = probe.path.replace("{model}", quote(model, safe=""))
    return _request(provider, "POST", target.base_url + path, target, secret, body)


def scope_request(provider: Provider, probe: ScopeProbe, target: Addressed, secret: Secret) -> Request:
    return _request(provider, "POST", target.base_url + probe.path, target, secret, probe.body.encode())


def judge_key(provider: Provider, probe: KeyProbe, response: Response, now: datetime) -> Answer:
    """The answer to the free request."""
    tree = tree_of(response.body)
    skew_s = _clock_skew_s(response.headers, now)
    if trouble := _trouble(provider, response, tree, inference=False):
        return replace(trouble, learnt=Learnt(clock_skew_s=skew_s))
    if not _is_key_answer(provider, probe, response.status, tree):
        return Answer(Verdict.UNKNOWN, plain_text(response.body))
    theirs = now - timedelta(seconds=skew_s or 0)
    verdict = next((each.verdict for each in probe.decides if _holds(each, tree, theirs)), Verdict.OK)
    return Answer(verdict, learnt=replace(learnt_from(probe, tree), clock_skew_s=skew_s))


def judge_info(provider: Provider, probe: FreeProbe, response: Response) -> Learnt:
    """What a question about the account taught; nothing where it was refused."""
    tree = tree_of(response.body)
    refused = _trouble(provider, response, tree, inference=False)
    return Learnt() if refused else learnt_from(probe, tree)


def judge_paid(provider: Provider, response: Response) -> Answer:
    """The answer to the paid request. `model_unavailable` says that the key is fine, and another model may serve."""
    tree = tree_of(response.body)
    trouble = _trouble(provider, response, tree, inference=True)
    rates: dict[str, Any] = {name: response.headers.get(header) for name, header in provider.rate_headers}
    learnt = Learnt(**rates)
    if trouble:
        return replace(trouble, learnt=learnt)
    results = [at(tree, place) for place in provider.results] if isinstance(tree, dict) else []
    if not any(isinstance(each, list) and each for each in results):
        return Answer(Verdict.UNKNOWN, plain_text(response.body), learnt=learnt)
    return Answer(Verdict.OK, learnt=learnt)


def judge_scope(provider: Provider, response: Response) -> bool | None:
    """Whether the key may use an endpoint, by how it refused nonsense; None where that does not tell."""
    if response.status in (400, 404, 415, 422):
        return True
    trouble = _trouble(provider, response, tree_of(response.body), inference=False)
    return False if trouble and trouble.verdict is Verdict.RESTRICTED_SCOPE else None


def learnt_from(probe: FreeProbe, tree: object) -> Learnt:
    found: dict[str, Any] = {name: _fact(name, at(tree, place)) for name, place in probe.learn}
    return Learnt(**found)


# ---------------------------------------------------------------------- judging


@dataclass(frozen=True, slots=True)
class _Said:
    codes: tuple[str, ...]
    types: tuple[str, ...]
    message: str
    status: int | None
    """Some providers name the HTTP status as the code, also inside an answer of 200."""
    delay: str = ""
    """Until it may be tried again, as Google tells it."""


def _trouble(provider: Provider, response: Response, tree: object, *, inference: bool) -> Answer | None:
    """None where the answer is a success. Asked in this order: code, type, message, status.

    A page of HTML is shown as evidence, but not searched: "expired" in it may be anybody's. Only a page that the
    catalog knows as the provider's own is judged.
    """
    said = _said(tree)
    if 200 <= response.status < 300 and said is None:
        return None
    told = said is not None
    said = said or _Said((), (), "", None)
    rules, lowered = provider.errors, said.message.lower()
    status = said.status if said.status and 200 <= response.status < 300 else response.status
    verdict = (
        next((rules.code[code] for code in said.codes if code in rules.code), None)
        or next((rules.type[kind] for kind in said.types if kind in rules.type), None)
        or next((verdict for piece, verdict in rules.message.items() if piece in lowered), None)
        or (_by_status(rules, status, inference=inference) if told else _by_page(rules, response))
    )
    if verdict is Verdict.OK and not (inference and status == 400):
        verdict = _by_status(rules, status, inference=inference)  # only a model's own refusal shows that the key passed
    if verdict is Verdict.MODEL_UNAVAILABLE and not inference:
        verdict = Verdict.UNKNOWN  # no model was asked for
    message = said.message or plain_text(response.body)
    return Answer(verdict, message, _retry_after_s(response.headers, said))


def _by_page(rules: ErrorRules, response: Response) -> Verdict:
    """Nothing in the body is a provider's: it may come from a proxy or a portal, which know nothing of the key."""
    title = plain_text(response.body).lower()
    for piece, verdict in rules.page.items():
        if piece in title:
            return verdict
    return Verdict.PROVIDER_DOWN if 500 <= response.status <= 599 else Verdict.UNKNOWN


def _by_status(rules: ErrorRules, status: int, *, inference: bool) -> Verdict:
    if status in rules.status:
        return rules.status[status]
    if status == 404 and inference:
        return Verdict.MODEL_UNAVAILABLE
    return Verdict.PROVIDER_DOWN if 500 <= status <= 599 else _STATUS.get(status, Verdict.UNKNOWN)


def _said(tree: object) -> _Said | None:
    """The error in any of the shapes that providers use, or None. Tolerates everything."""
    if isinstance(tree, list) and len(tree) == 1 and at(tree, "0.error"):
        tree = tree[0]
    if not isinstance(tree, dict):
        return None
    choice = at(tree, "choices.0.error")
    error = tree.get("error") or (choice if isinstance(choice, dict) else None)
    if isinstance(error, str):
        return _Said(tuple(texts(tree.get("code"))), (), error, None)
    if not isinstance(error, dict):
        told = isinstance(tree.get("message"), str) or isinstance(tree.get("detail"), str | list)
        if not error and (not told or "data" in tree or "choices" in tree):
            return None
        error = tree
    codes = tuple(text for place in _CODE_PLACES for text in texts(at(error, place)))
    codes += tuple(text for value in all_at(error, "details.*.reason") for text in texts(value))
    number = error.get("code")
    message = next(
        iter([*texts(error.get("message")), *texts(error.get("detail")), *texts(at(error, "detail.0.msg"))]), ""
    )
    return _Said(
        codes=codes,
        types=tuple(texts(error.get("type"))),
        message=message,
        status=number if type(number) is int and number in _HTTP_ERRORS else None,
        delay=next((text for value in all_at(error, "details.*.retryDelay") for text in texts(value)), ""),
    )


def _is_key_answer(provider: Provider, probe: KeyProbe, status: int, tree: object) -> bool:
    """Of the shape that this provider's has: any web server may answer 200. A text alone may be anybody's."""
    if probe.is_models_list:
        return status == 200 and page_of(provider.models_list, tree) is not None
    telling = [each for each in probe.learn if each[0] in _AMOUNTS | _DATES | _FLAGS] or probe.learn
    flags = [each.field for each in probe.decides if each.equals is not None]
    if any(isinstance(value, bool) for place in flags for value in all_at(tree, place)):
        return True
    return any(
        value is None or _fact(name, value) is not None for name, place in telling for value in all_at(tree, place)
    )


def _fact(name: str, value: object) -> Decimal | datetime | bool | str | None:
    """As the field of `Learnt` has it; None where it is absent or of another type."""
    if name in _AMOUNTS:
        return amount_of(value)
    if name in _DATES:
        return moment_of(value)
    if name in _FLAGS:
        return value if isinstance(value, bool) else None
    return ", ".join(texts(value)[:MAX_WORDS]) or None


def _holds(decision: Decision, tree: object, now: datetime) -> bool:
    for value in all_at(tree, decision.field):
        if decision.equals is not None and value is decision.equals:
            return True
        if decision.lacks and not mentions(value, decision.lacks):
            return True
        amount = amount_of(value)
        if decision.at_most is not None and amount is not None and amount <= decision.at_most:
            return True
        moment = moment_of(value)
        if decision.past and moment is not None and moment <= now:
            return True
    return False


def _retry_after_s(headers: Mapping[str, str], said: _Said) -> int | None:
    """By the header, else by what the error says: a delay such as 34s, or a sentence."""
    header = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,6}", header):
        return int(header)
    told = re.fullmatch(r"([0-9]{1,6})(?:\.[0-9]+)?s", said.delay) or re.search(
        r"try again in ([0-9]{1,6})(?:\.[0-9]+)?s\b", said.message
    )
    return int(told[1]) + 1 if told else None


def _clock_skew_s(headers: Mapping[str, str], now: datetime) -> int | None:
    """How far our clock is ahead of the provider's, where one of them is wrong."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    skew_s = (now - theirs.replace(tzinfo=UTC)).total_seconds() if theirs.tzinfo in (None, UTC) else 0
    return round(skew_s) if abs(skew_s) > MOST_SKEW_S else None


def _address(provider: Provider, probe: FreeProbe, target: Addressed) -> str:
    """The account address is for keys that are kept at the provider's own one."""
    return provider.account_url if probe.at_account and provider.is_home(target.base_url) else target.base_url


def _request(
    provider: Provider, method: str, url: str, target: Addressed, secret: Secret, body: bytes | None = None
) -> Request:
    names = {setting.name: setting.header for setting in provider.settings}
    sent = tuple((names[name], value) for name, value in target.settings if value and names.get(name))
    kind = (("Content-Type", "application/json"),) if body is not None else ()
    key = (provider.secret_header, Secret(f"{provider.secret_prefix}{secret.reveal()}"))
    return Request(method, url, (("Accept", "application/json"), *provider.headers, *kind, *sent), key, body)
