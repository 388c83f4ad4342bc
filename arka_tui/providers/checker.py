"""The staged check of one key: its shape, the free request, the paid request. Stops where the answer is settled."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.providers import adapters
from arka_tui.providers.adapters import Answer, Model, Request, Response
from arka_tui.providers.catalog import Catalog, Provider
from arka_tui.providers.evidence import Cleaner
from arka_tui.providers.transport import Failure
from arka_tui.secret import Secret
from arka_tui.text import safe

SHAPE, KEY, PAID = "shape", "key", "paid"
MAX_PAID_TRIES = 3
NOBODYS_KEY = Secret("arka-tui-asks-whether-keys-are-looked-at")

_GO_ON = (Verdict.OK, Verdict.RESTRICTED_SCOPE)
"""After these the paid request still tells something: a key that may not list models may well run one."""


class Sender(Protocol):
    async def send(self, request: Request) -> Response | Failure: ...


class Subject(adapters.Addressed, Protocol):
    """A credential, or a draft that is tried before it is saved."""

    @property
    def provider(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Run:
    provider: Provider
    subject: Subject
    secret: Secret
    clean: Cleaner
    on_stage: Callable[[Stage], None]

    @property
    def at_home(self) -> bool:
        """At the provider's own address, not at one that the user gave."""
        return self.subject.base_url == self.provider.base_url


class Checker:
    def __init__(
        self, catalog: Catalog, sender: Sender, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._catalog = catalog
        self._sender = sender
        self._clock = clock

    async def check(
        self,
        subject: Subject,
        credential_id: str,
        open_secret: Callable[[], Secret],
        *,
        paid: bool,
        on_stage: Callable[[Stage], None] = lambda stage: None,
    ) -> Check:
        """`open_secret` is called once, when the first request is due. `paid` allows the request that costs something.

        Raises: UsageError where the provider is not in the catalog, and what `open_secret` raises.
        """
        provider = self._catalog[subject.provider]
        secret = open_secret()
        run = _Run(provider, subject, secret, Cleaner(secret), on_stage)
        stages: list[Stage] = []
        learnt = Learnt()
        answer = self._shape(run)
        stages.append(self._tell(run, SHAPE, answer, None, None))
        if answer.verdict is Verdict.OK:
            answer, models = await self._key(run, stages)
            learnt = learnt.merged(answer.learnt)
            if answer.verdict in _GO_ON:
                answer, learnt = await self._beyond(run, stages, answer, models, learnt, paid=paid)
        meaning = answer.verdict.meaning
        host = urlsplit(subject.base_url).netloc
        return Check(
            credential_id=credential_id,
            name=subject.name,
            hint=secret.hint,
            at=self._clock().replace(microsecond=0),
            verdict=answer.verdict,
            stages=tuple(stages),
            learnt=learnt.with_texts(run.clean),
            evidence=run.clean(answer.message),
            next_step=meaning.next_step.format(provider=provider.name, host=host),
            page=provider.console.get(meaning.page, ""),
            retry_after_s=answer.retry_after_s,
        )

    def _shape(self, run: _Run) -> Answer:
        """Offline. Stops only what must not be sent: a key that is certainly somebody else's, or manages accounts."""
        if run.secret.problem:
            return Answer(Verdict.INVALID_KEY, run.secret.problem)
        owner = self._catalog.owner(run.secret)
        if owner and owner.provider_id != run.provider.id and run.at_home:
            return Answer(Verdict.WRONG_PROVIDER, f"it has the shape of a key of {owner.name}")
        if owner and owner.management:
            return Answer(Verdict.MANAGEMENT_KEY, f"it has the shape of a management key of {owner.name}")
        return Answer(Verdict.OK, f"looks like a key of {owner.name}" if owner else "no shape that is known")

    async def _key(self, run: _Run, stages: list[Stage]) -> tuple[Answer, list[Model] | None]:
        result = await self._sender.send(adapters.key_request(run.provider, run.subject, run.secret))
        models: list[Model] | None = None
        if isinstance(result, Failure):
            answer = _unanswered(result)
        else:
            answer = adapters.judge_key(run.provider, result, self._clock())
            if run.provider.key_probe.is_models_list and answer.verdict is Verdict.OK:
                models = adapters.models_of(run.provider, result, self._clock())
                answer = replace(answer, learnt=replace(answer.learnt, models=len(models or ())))
            if answer.verdict is Verdict.OK and not run.at_home and await self._answers_anybody(run):
                answer = replace(answer, verdict=Verdict.NOT_VERIFIABLE)
        stages.append(self._tell(run, KEY, answer, result, f"GET {run.provider.key_probe.path}"))
        return answer, models

    async def _answers_anybody(self, run: _Run) -> bool:
        """Whether a server of the user's own looks at keys at all: the same request with a key that nobody has."""
        result = await self._sender.send(adapters.key_request(run.provider, run.subject, NOBODYS_KEY))
        accepted = isinstance(result, Response) and adapters.judge_key(run.provider, result, self._clock())
        return accepted is not False and accepted.verdict is Verdict.OK

    async def _beyond(
        self, run: _Run, stages: list[Stage], answer: Answer, models: list[Model] | None, learnt: Learnt, *, paid: bool
    ) -> tuple[Answer, Learnt]:
        """What the free request left open: the models where they are listed elsewhere, then credit."""
        if not run.provider.key_probe.is_models_list:
            result = await self._sender.send(adapters.models_request(run.provider, run.subject, run.secret))
            if isinstance(result, Response):
                models = adapters.models_of(run.provider, result, self._clock())
                learnt = replace(learnt, models=None if models is None else len(models))
        if not paid:
            return _accepted(answer), learnt
        return await self._paid(run, stages, answer, models, learnt)

    async def _paid(
        self, run: _Run, stages: list[Stage], answer: Answer, models: list[Model] | None, learnt: Learnt
    ) -> tuple[Answer, Learnt]:
        tried: set[str] = set()
        for probe in run.provider.paid_probes:
            while len(tried) < MAX_PAID_TRIES and (model := adapters.pick_model(probe, models, tried)):
                tried.add(model)
                request = adapters.paid_request(run.provider, probe, model, run.subject, run.secret)
                result = await self._sender.send(request)
                paid = _unanswered(result) if isinstance(result, Failure) else adapters.judge_paid(run.provider, result)
                stages.append(self._tell(run, PAID, paid, result, f"POST {probe.path} with {safe(model, 60)}"))
                learnt = learnt.merged(paid.learnt)
                if paid.verdict is not Verdict.MODEL_UNAVAILABLE:
                    return paid, replace(learnt, probe_model=model)
                answer = paid
        if tried:
            return answer, learnt
        if not run.at_home:  # what its models cost is not known, so none is tried
            return _accepted(answer), learnt
        nothing = Answer(Verdict.MODEL_UNAVAILABLE, "none of the models that this key reaches is known to be cheap")
        stages.append(self._tell(run, PAID, nothing, None, None))
        return nothing, learnt

    def _tell(self, run: _Run, name: str, answer: Answer, result: Response | Failure | None, did: str | None) -> Stage:
        response = result if isinstance(result, Response) else None
        stage = Stage(
            name=name,
            verdict=answer.verdict,
            detail=run.clean(did or answer.message),
            status=response.status if response else None,
            latency_ms=response.latency_ms if response else None,
        )
        run.on_stage(stage)
        return stage


def _accepted(answer: Answer) -> Answer:
    """Without a paid request; a refusal stays one."""
    return replace(answer, verdict=Verdict.ACCEPTED) if answer.verdict is Verdict.OK else answer


def _unanswered(failure: Failure) -> Answer:
    if failure.never_arrived:
        return Answer(Verdict.UNREACHABLE, failure.value)
    return Answer(Verdict.PROVIDER_DOWN if failure is Failure.TIMEOUT else Verdict.UNKNOWN, failure.value)
