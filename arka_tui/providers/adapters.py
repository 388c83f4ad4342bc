"""The wire dialects: how a request is described and an answer judged. Pure: no I/O, no clock of its own.

One dialect so far, OpenAI's, which OpenRouter speaks too; what they do not share is data of the catalog.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any, Protocol

from arka_tui.check import Learnt, Verdict
from arka_tui.providers.catalog import Decision, ErrorRules, ModelsList, PaidProbe, Provider
from arka_tui.secret import Secret

MAX_MODELS = 20_000
_LIST_KEYS = ("data", "models")
_DATES = frozenset({"expires_at"})
_AMOUNTS = frozenset({"limit", "remaining", "usage", "usage_daily", "usage_weekly", "usage_monthly"})
_FLAGS = frozenset({"free_tier", "management"})
_RESULTS = ("data", "choices", "output")
"""One of these is in every answer of a model, as a list with something in it."""
_CALM = Context(prec=28, traps=[])
"""Arithmetic on numbers that providers send: what cannot be is NaN or infinite, and raises nothing."""
_SMALLEST = Decimal("1e-12")
"""USD. Beyond it an amount is noise, and would be a million digits long on the screen."""

_HTTP_ERRORS = range(400, 600)

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


@dataclass(frozen=True, slots=True)
class Model:
    id: str
    price: Decimal | None
    """USD for one of our paid requests, or None where the provider names no price."""


def key_request(provider: Provider, target: Addressed, secret: Secret) -> Request:
    return _request(provider, "GET", provider.key_probe.path, target, secret)


def models_request(provider: Provider, target: Addressed, secret: Secret) -> Request:
    return _request(provider, "GET", provider.models_list.path, target, secret)


def paid_request(provider: Provider, probe: PaidProbe, model: str, target: Addressed, secret: Secret) -> Request:
    body = probe.body.replace("{model}", json.dumps(model)[1:-1]).encode()
    return _request(provider, "POST", probe.path, target, secret, body)


def judge_key(provider: Provider, response: Response, now: datetime) -> Answer:
    """The answer to the free request."""
    tree = _tree(response.body)
    if trouble := _trouble(provider, response, tree, inference=False):
        return trouble
    if not _is_key_answer(provider, response, tree, now):
        return Answer(Verdict.UNKNOWN, _plain_text(response.body))
    learnt = _learnt(provider, tree)
    verdict = next((each.verdict for each in provider.key_probe.decides if _holds(each, tree, now)), Verdict.OK)
    return Answer(verdict, learnt=learnt)


def judge_paid(provider: Provider, response: Response) -> Answer:
    """The answer to the paid request. `model_unavailable` says that the key is fine, and another model may serve."""
    tree = _tree(response.body)
    trouble = _trouble(provider, response, tree, inference=True)
    rates: dict[str, Any] = {name: response.headers.get(at) for name, at in provider.rate_headers}
    learnt = Learnt(**rates)
    if trouble:
        return replace(trouble, learnt=learnt)
    results = [tree.get(name) for name in _RESULTS] if isinstance(tree, dict) else []
    if not any(isinstance(each, list) and each for each in results):
        return Answer(Verdict.UNKNOWN, _plain_text(response.body), learnt=learnt)
    return Answer(Verdict.OK, learnt=learnt)


def models_of(provider: Provider, response: Response, now: datetime) -> list[Model] | None:
    """The models in a list that are alive and answer with text; None where it is no such list."""
    tree = _tree(response.body)
    lists = [tree.get(key) for key in _LIST_KEYS] if isinstance(tree, dict) else [tree or None]
    entries = next((each for each in lists if isinstance(each, list)), None)
    if entries is None or response.status != 200:
        return None
    if entries and not any(isinstance(entry, dict) and isinstance(entry.get("id"), str) for entry in entries):
        return None
    found = [_model(provider.models_list, entry, now) for entry in entries[:MAX_MODELS] if isinstance(entry, dict)]
    return list({model.id: model for model in found if model}.values())


def pick_model(probe: PaidProbe, models: list[Model] | None, tried: set[str]) -> str | None:
    """The first preferred model that the key reaches, else the cheapest with a price, else None.

    Without a list the first preferred one is a guess worth a request.
    """
    if models is None:
        return next((model for model in probe.models if model not in tried), None)
    reached = {model.id: model for model in models if model.id not in tried}
    if preferred := next((model for model in probe.models if model in reached), None):
        return preferred
    priced = [model for model in reached.values() if model.price]
    cheapest = min(priced, key=lambda model: (model.price, model.id), default=None) if probe.cheapest else None
    affordable = cheapest is not None and cheapest.price is not None and cheapest.price <= probe.cost_usd
    return cheapest.id if cheapest and affordable else None


# ---------------------------------------------------------------------- judging


@dataclass(frozen=True, slots=True)
class _Said:
    codes: tuple[str, ...]
    types: tuple[str, ...]
    message: str
    status: int | None
    """Some providers name the HTTP status as the code, also inside an answer of 200."""


def _trouble(provider: Provider, response: Response, tree: object, *, inference: bool) -> Answer | None:
    """None where the answer is a success. Asked in this order: code, type, message, status.

    A page of HTML is shown as evidence, but not searched: "expired" in it may be anybody's.
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
        or (_by_status(rules, status, inference=inference) if told else _by_stranger(status))
    )
    if verdict is Verdict.OK and not (inference and status == 400):
        verdict = _by_status(rules, status, inference=inference)  # only a model's own refusal shows that the key passed
    message = said.message or _plain_text(response.body)
    return Answer(verdict, message, _retry_after_s(response.headers, said.message))


def _by_stranger(status: int) -> Verdict:
    """Nothing in the body is a provider's: it may come from a proxy or a portal, which know nothing of the key."""
    return Verdict.PROVIDER_DOWN if 500 <= status <= 599 else Verdict.UNKNOWN


def _by_status(rules: ErrorRules, status: int, *, inference: bool) -> Verdict:
    if status in rules.status:
        return rules.status[status]
    if status == 404 and inference:
        return Verdict.MODEL_UNAVAILABLE
    return Verdict.PROVIDER_DOWN if 500 <= status <= 599 else _STATUS.get(status, Verdict.UNKNOWN)


def _said(tree: object) -> _Said | None:
    """The error in any of the shapes that providers use, or None. Tolerates everything."""
    if isinstance(tree, list) and len(tree) == 1 and _at(tree, "0.error"):
        tree = tree[0]
    if not isinstance(tree, dict):
        return None
    choice = _at(tree, "choices.0.error")
    error = tree.get("error") or (choice if isinstance(choice, dict) else None)
    if isinstance(error, str):
        return _Said(tuple(_texts(tree.get("code"))), (), error, None)
    if not isinstance(error, dict):
        told = any(name in tree for name in ("detail", "message")) and "data" not in tree and "choices" not in tree
        if not error and not told:
            return None
        error = tree
    # why a model is not served says more than the kind of error that this makes
    places = ("code", "availability.code", "metadata.availability.code", "metadata.error_type", "error_type", "status")
    codes = tuple(text for place in places for text in _texts(_at(error, place)))
    number = error.get("code")
    message = next(iter([*_texts(error.get("message")), *_texts(error.get("detail"))]), "")
    return _Said(
        codes,
        tuple(_texts(error.get("type"))),
        message,
        number if type(number) is int and number in _HTTP_ERRORS else None,
    )


def _is_key_answer(provider: Provider, response: Response, tree: object, now: datetime) -> bool:
    """A success, and of the shape that this provider's has: any web server may answer 200."""
    if provider.key_probe.is_models_list:
        return models_of(provider, response, now) is not None
    learn = provider.key_probe.learn
    return any(value is None or _fact(name, value) is not None for name, at in learn for value in _all_at(tree, at))


def _learnt(provider: Provider, tree: object) -> Learnt:
    found: dict[str, Any] = {name: _fact(name, _at(tree, place)) for name, place in provider.key_probe.learn}
    return Learnt(**found)


def _fact(name: str, value: object) -> Decimal | datetime | bool | str | None:
    """As the field of `Learnt` has it; None where it is absent or of another type."""
    if name in _AMOUNTS:
        return _amount(value)
    if name in _DATES:
        return _moment(value)
    if name in _FLAGS:
        return value if isinstance(value, bool) else None
    return value if isinstance(value, str) else None


def _holds(decision: Decision, tree: object, now: datetime) -> bool:
    for value in _all_at(tree, decision.field):
        if decision.equals is not None and value is decision.equals:
            return True
        amount = _amount(value)
        if decision.at_most is not None and amount is not None and amount <= decision.at_most:
            return True
        moment = _moment(value)
        if decision.past and moment is not None and moment <= now:
            return True
    return False


def _model(shape: ModelsList, entry: Mapping[str, object], now: datetime) -> Model | None:
    model_id = entry.get("id")
    if not isinstance(model_id, str) or not model_id.isprintable() or not 0 < len(model_id) <= 200:
        return None
    if shape.retires and _retired(_at(entry, shape.retires), now.date()):
        return None
    outputs = _at(entry, shape.outputs) if shape.outputs else None
    if isinstance(outputs, list) and "text" not in outputs:
        return None
    price_in = _amount(_at(entry, shape.price_in)) if shape.price_in else None
    price_out = _amount(_at(entry, shape.price_out)) if shape.price_out else None
    if price_in is None or price_out is None or price_in < 0 or price_out < 0:
        return Model(model_id, None)
    return Model(model_id, 8 * price_in + 16 * price_out)


def _retired(value: object, today: date) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value[:10]) <= today
    except ValueError:
        return False


# ---------------------------------------------------------------------- reading hostile JSON


def _tree(body: bytes) -> object:
    try:
        return json.loads(body, parse_float=_CALM.create_decimal)
    except (ValueError, RecursionError):
        return None


def _at(tree: object, place: str) -> object:
    return next(_all_at(tree, place), None)


def _all_at(tree: object, place: str) -> Iterator[object]:
    """What is at a path such as `data.budgets.*.remaining_usd`."""
    head, _, rest = place.partition(".")
    if isinstance(tree, dict):
        found = [tree[head]] if head in tree else []
    elif isinstance(tree, list) and head == "*":
        found = tree[:1000]
    else:
        found = tree[int(head) : int(head) + 1] if isinstance(tree, list) and head.isdigit() else []
    for each in found:
        if rest:
            yield from _all_at(each, rest)
        else:
            yield each


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    amount = _CALM.create_decimal(value[:40] if isinstance(value, str) else value)
    if not amount.is_finite() or amount.adjusted() >= 12:
        return None
    exponent = amount.as_tuple().exponent
    return amount.quantize(_SMALLEST) if isinstance(exponent, int) and exponent < -12 else amount


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _plain_text(body: bytes) -> str:
    """Something readable of a body that says no error that we know: an HTML title, or its first words."""
    text = body[:4096].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
    return title[1] if title else re.sub(r"<[^>]{0,200}>", " ", text)


def _retry_after_s(headers: Mapping[str, str], message: str) -> int | None:
    header = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,6}", header):
        return int(header)
    said = re.search(r"try again in ([0-9]{1,6})(?:\.[0-9]+)?s\b", message)
    return int(said[1]) + 1 if said else None


def _request(
    provider: Provider, method: str, path: str, target: Addressed, secret: Secret, body: bytes | None = None
) -> Request:
    headers = {setting.name: setting.header for setting in provider.settings}
    sent = tuple((headers[name], value) for name, value in target.settings if value and name in headers)
    kind = (("Content-Type", "application/json"),) if body is not None else ()
    bearer = ("Authorization", Secret(f"Bearer {secret.reveal()}"))
    return Request(method, target.base_url + path, (("Accept", "application/json"), *kind, *sent), bearer, body)
