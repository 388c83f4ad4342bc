"""The staged check of one key: its shape, free requests, the paid request. Stops where the answer is settled."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.model import Model, ModelsReached
from arka_tui.providers import adapters
from arka_tui.providers.adapters import Answer, Request, Response
from arka_tui.providers.catalog import Catalog
from arka_tui.providers.evidence import Cleaner
from arka_tui.providers.listing import MAX_MODELS, Page, alive, page_of, pick_model
from arka_tui.providers.provider import PaidProbe, Provider
from arka_tui.providers.reading import tree_of
from arka_tui.providers.transport import Failure
from arka_tui.secret import Secret
from arka_tui.text import safe

SHAPE, KEY, MODELS, ACCOUNT, SCOPES, PAID = "shape", "key", "models", "account", "scopes", "paid"
MAX_PAID_TRIES = 3
MAX_PAGES = 50
NOBODYS_KEY = Secret("arka-tui-asks-whether-keys-are-looked-at")

_GO_ON = (Verdict.OK, Verdict.RESTRICTED_SCOPE, Verdict.PROVIDER_DOWN)
"""After these the paid request still tells something: a key that may not list models may well run one, and where the
lists are down the models may be up."""
_NOTHING_SAID = (Verdict.PROVIDER_DOWN, Verdict.UNREACHABLE)
_ON_THE_LOOP_BYTES = 200_000
"""A larger list is read in a thread: it takes longer than a frame."""
_MODELS_ON_THE_LOOP = 300
"""More are searched for the key in a thread, likewise."""


class Sender(Protocol):
    async def send(self, request: Request) -> Response | Failure: ...


class Subject(adapters.Addressed, Protocol):
    """A credential, or a draft that is tried before it is saved."""

    @property
    def provider(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the requests go: the subject's address, or the one beside it that answers."""

    base_url: str
    settings: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Run:
    """One check under way: what it found so far."""

    provider: Provider
    target: _Target
    secret: Secret
    clean: Cleaner
    on_stage: Callable[[Stage], None]
    before_send: Callable[[], None]
    stages: list[Stage] = field(default_factory=list)
    learnt: Learnt = field(default_factory=Learnt)
    reached: ModelsReached | None = None
    restricted: bool = False

    @property
    def at_home(self) -> bool:
        """At the provider's own address, not at one that the user gave."""
        return self.provider.is_home(self.target.base_url)

    def tell(self, name: str, answer: Answer, result: Response | Failure | None = None, did: str = "") -> None:
        response = result if isinstance(result, Response) else None
        stage = Stage(
            name=name,
            verdict=answer.verdict,
            detail=self.clean(did or answer.message),
            status=response.status if response else None,
            latency_ms=response.latency_ms if response else None,
        )
        self.stages.append(stage)
        self.restricted |= answer.verdict is Verdict.RESTRICTED_SCOPE
        self.on_stage(stage)


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
        on_models: Callable[[ModelsReached], None] = lambda reached: None,
        before_send: Callable[[], None] = lambda: None,
    ) -> Check:
        """`open_secret` is called once, when the first request is due. `paid` allows the request that costs something.

        `before_send` may end the check before each request by raising. `on_models` is told what the key reaches, where
        it was listed. Raises: UsageError where the provider is not in the catalog, and what `open_secret` raises.
        """
        provider = self._catalog[subject.provider]
        run = _run(provider, subject, open_secret(), on_stage, before_send)
        answer = self._shape(run)
        run.tell(SHAPE, answer)
        if answer.verdict is Verdict.OK:
            answer = await self._key(run)
            if answer.verdict in _GO_ON and run.stages[-1].status is not None:
                answer = await self._beyond(run, answer, paid=paid)
            if run.restricted and run.at_home:
                await self._scopes(run)
            if reached := await _without_key(run):
                on_models(reached)
        meaning = answer.verdict.meaning
        host = urlsplit(subject.base_url).netloc
        step = answer.next_step or provider.next_steps.get(answer.verdict) or meaning.next_step
        return Check(
            credential_id=credential_id,
            name=subject.name,
            hint=run.secret.hint,
            at=self._clock().replace(microsecond=0),
            verdict=answer.verdict,
            stages=tuple(run.stages),
            learnt=run.learnt.with_texts(run.clean),
            evidence=run.clean(answer.message),
            next_step=step.format(provider=provider.name, host=host),
            page=provider.console.get(meaning.page, "") if run.at_home else "",
            retry_after_s=answer.retry_after_s,
        )

    async def list_models(
        self, subject: Subject, open_secret: Callable[[], Secret], before_send: Callable[[], None] = lambda: None
    ) -> ModelsReached | None:
        """What the key reaches, by free requests only; None where it was not told. Raises: as `check`."""
        run = _run(self._catalog[subject.provider], subject, open_secret(), lambda stage: None, before_send)
        if self._shape(run).verdict is Verdict.OK:
            await self._list(run, None)
            if run.reached is None and not run.at_home:
                run.target = replace(run.target, base_url=_other_address(run.target.base_url))
                await self._list(run, None)
        return await _without_key(run)

    async def _send(self, run: _Run, request: Request) -> Response | Failure:
        run.before_send()
        return await self._sender.send(request)

    # ------------------------------------------------------------------ stages

    def _shape(self, run: _Run) -> Answer:
        """Offline. Stops only what must not be sent: a key that is certainly somebody else's, or manages accounts."""
        if run.secret.problem:
            return Answer(Verdict.INVALID_KEY, run.secret.problem)
        owner = self._catalog.owner(run.secret, run.provider.id)
        if owner and owner.provider_id != run.provider.id and owner.sure and run.at_home and not run.provider.local:
            return Answer(Verdict.WRONG_PROVIDER, f"it has the shape of a key of {owner.name}")
        if owner and owner.management:
            return Answer(Verdict.MANAGEMENT_KEY, f"it has the shape of a management key of {owner.name}")
        return Answer(Verdict.OK, f"looks like a key of {owner.name}" if owner else "no shape that is known")

    async def _key(self, run: _Run) -> Answer:
        """The free request. A server of the user's own may have its /v1 where nobody said so."""
        answer, result = await self._ask_key(run, run.target)
        if not run.at_home and isinstance(result, Response) and result.status in (404, 405):
            other = replace(run.target, base_url=_other_address(run.target.base_url))
            there, its_result = await self._ask_key(run, other)
            if there.verdict is not Verdict.UNKNOWN and isinstance(its_result, Response):
                answer, result, run.target = there, its_result, other
                run.learnt = replace(run.learnt, works_at=other.base_url)
        probe = adapters.key_probe_at(run.provider, run.target)
        if probe.is_models_list and isinstance(result, Response) and answer.verdict is Verdict.OK:
            await self._list(run, result if probe.path == run.provider.models_list.path else None)
        looked_at_keys = run.at_home and not probe.compare and not run.provider.local
        if answer.verdict is Verdict.OK and not looked_at_keys and await self._answers_anybody(run):
            answer = replace(answer, verdict=Verdict.NOT_VERIFIABLE)
        run.learnt = run.learnt.merged(answer.learnt)
        moved = f" at {run.learnt.works_at}" if run.learnt.works_at else ""
        run.tell(KEY, answer, result, f"{probe.method} {probe.path}{moved}")
        return answer

    async def _ask_key(self, run: _Run, target: _Target) -> tuple[Answer, Response | Failure]:
        result = await self._send(run, adapters.key_request(run.provider, target, run.secret))
        if isinstance(result, Failure):
            return _unanswered(result), result
        probe = adapters.key_probe_at(run.provider, target)
        return adapters.judge_key(run.provider, probe, result, self._clock()), result

    async def _answers_anybody(self, run: _Run) -> bool:
        """Whether a server looks at keys at all: the same request with a key that nobody has."""
        result = await self._send(run, adapters.key_request(run.provider, run.target, NOBODYS_KEY))
        if not isinstance(result, Response):
            return False
        probe = adapters.key_probe_at(run.provider, run.target)
        return adapters.judge_key(run.provider, probe, result, self._clock()).verdict is Verdict.OK

    async def _beyond(self, run: _Run, answer: Answer, *, paid: bool) -> Answer:
        """What the free request left open: the models where they are listed elsewhere, the account, then credit."""
        asked_already = adapters.key_probe_at(run.provider, run.target).path == run.provider.models_list.path
        if run.reached is None and not asked_already and answer.verdict is not Verdict.PROVIDER_DOWN:
            await self._list(run, None)
            if run.reached is None:
                run.tell(MODELS, Answer(Verdict.UNKNOWN, "no list of models"))
        if answer.verdict is Verdict.OK:
            await self._account(run)
        if not paid:
            return _accepted(run, answer)
        return await self._paid(run, answer)

    async def _list(self, run: _Run, first: Response | None) -> None:
        """All pages, as far as they bring something new. `first` is the first one where it was fetched already."""
        models: dict[str, Model] = {}
        tokens: set[str] = set()
        page: Page | None = None
        token = ""
        for number in range(MAX_PAGES):
            page = await self._page(run, token, first if number == 0 else None)
            if page is None:
                break
            fresh = {model.id: model for model in page.models if model.id not in models}
            models |= fresh
            token = page.next_token
            if not token or token in tokens or not fresh or len(models) >= MAX_MODELS:
                break
            tokens.add(token)
        if page is None and not models:
            return
        living = tuple(alive(list(models.values())[:MAX_MODELS], self._clock().date()))
        run.reached = ModelsReached(living, complete=page is not None and not page.next_token)
        run.learnt = replace(run.learnt, models=len(living))

    async def _page(self, run: _Run, token: str, response: Response | None) -> Page | None:
        result: Response | Failure = response or await self._send(
            run, adapters.models_request(run.provider, run.target, run.secret, token)
        )
        if isinstance(result, Failure) or result.status != 200:
            return None
        shape, body = run.provider.models_list, result.body
        if len(body) > _ON_THE_LOOP_BYTES:
            return await asyncio.to_thread(lambda: page_of(shape, tree_of(body)))
        return page_of(shape, tree_of(body))

    async def _account(self, run: _Run) -> None:
        """What else the provider tells for free. That it does not is no verdict."""
        for probe in run.provider.info_probes:
            if probe.at_account and not run.at_home:
                continue
            result = await self._send(run, adapters.info_request(run.provider, probe, run.target, run.secret))
            if isinstance(result, Response):
                learnt = adapters.judge_info(run.provider, probe, result)
                run.learnt = run.learnt.merged(learnt)
                told = Verdict.OK if learnt != Learnt() else Verdict.UNKNOWN
                run.tell(ACCOUNT, Answer(told), result, f"GET {probe.path}")

    async def _paid(self, run: _Run, answer: Answer) -> Answer:
        tried: set[str] = set()
        settings = dict(run.target.settings)
        models = run.reached.models if run.reached else None
        for probe in run.provider.unasked_probes:
            while len(tried) < MAX_PAID_TRIES and (model := pick_model(probe, models, tried, settings)):
                tried.add(model)
                paid = await self._run_model(run, probe, model)
                if paid.verdict is not Verdict.MODEL_UNAVAILABLE:
                    run.learnt = replace(run.learnt, probe_model=model)
                    return _of_both(answer, paid)
                answer = answer if answer.verdict is Verdict.PROVIDER_DOWN else paid
        if tried:
            return answer
        if not run.at_home or not run.provider.unasked_probes or not _may_choose(run.provider):
            return _accepted(run, answer)  # what its models cost is not known, so none is tried
        nothing = Answer(Verdict.MODEL_UNAVAILABLE, "none of the models that this key reaches is known to be cheap")
        if answer.verdict is Verdict.PROVIDER_DOWN:
            return answer
        run.tell(PAID, nothing)
        return nothing

    async def _run_model(self, run: _Run, probe: PaidProbe, model: str) -> Answer:
        result = await self._send(run, adapters.paid_request(run.provider, probe, model, run.target, run.secret))
        paid = _unanswered(result) if isinstance(result, Failure) else adapters.judge_paid(run.provider, result)
        path = probe.path.replace("{model}", "…")
        run.tell(PAID, paid, result, f"POST {path} with {safe(model, 60)}")
        run.learnt = run.learnt.merged(paid.learnt)
        return paid

    async def _scopes(self, run: _Run) -> None:
        """What a restricted key may do: nonsense is refused as nonsense where it may, and as forbidden where not."""
        may: dict[bool, list[str]] = {True: [], False: []}
        for probe in run.provider.scope_probes:
            result = await self._send(run, adapters.scope_request(run.provider, probe, run.target, run.secret))
            if isinstance(result, Response) and (allowed := adapters.judge_scope(run.provider, result)) is not None:
                may[allowed].append(probe.scope)
        told = [f"{word} {', '.join(may[which])}" for which, word in ((True, "may"), (False, "may not")) if may[which]]
        if told:
            run.learnt = replace(run.learnt, scopes="; ".join(told))
            run.tell(SCOPES, Answer(Verdict.OK), did=run.learnt.scopes or "")


def _run(
    provider: Provider,
    subject: Subject,
    secret: Secret,
    on_stage: Callable[[Stage], None],
    before_send: Callable[[], None],
) -> _Run:
    return _Run(provider, _Target(subject.base_url, subject.settings), secret, Cleaner(secret), on_stage, before_send)


async def _without_key(run: _Run) -> ModelsReached | None:
    """What may be shown of the list: no model that is named after the key, in whatever dress."""
    reached = run.reached
    if reached is None:
        return None

    def clean() -> tuple[Model, ...]:
        return tuple(model for model in reached.models if not run.clean.finds_key(_texts_of(model)))

    models = await asyncio.to_thread(clean) if len(reached.models) > _MODELS_ON_THE_LOOP else clean()
    return replace(reached, models=models)


def _texts_of(model: Model) -> str:
    return "\n".join((model.id, model.name, *model.inputs, *model.outputs))


def _other_address(base_url: str) -> str:
    """Of the same server: with /v1 where it had none, without where it had."""
    return base_url.removesuffix("/v1") if base_url.endswith("/v1") else f"{base_url}/v1"


def _may_choose(provider: Provider) -> bool:
    """Whether the check picks the model; else a setting names it, and none is no fault of the key."""
    return any(not probe.model_setting for probe in provider.unasked_probes)


def _of_both(free: Answer, paid: Answer) -> Answer:
    """Where a model did not answer, what the free request said still holds."""
    if paid.verdict not in _NOTHING_SAID or free.verdict in _NOTHING_SAID:
        return paid
    if free.verdict is not Verdict.OK:
        return free
    step = "test again later: its models did not answer, so nothing is known of its credit"
    return replace(paid, verdict=Verdict.ACCEPTED, next_step=step)


def _accepted(run: _Run, answer: Answer) -> Answer:
    """Without a paid request; a refusal stays one."""
    if answer.verdict is not Verdict.OK:
        return answer
    never = not run.at_home or not run.provider.unasked_probes
    step = "nothing to do; no paid request is sent there, so nothing is known of its credit" if never else ""
    return replace(answer, verdict=Verdict.ACCEPTED, next_step=step)


def _unanswered(failure: Failure) -> Answer:
    if failure.never_arrived:
        return Answer(Verdict.UNREACHABLE, failure.value)
    return Answer(Verdict.PROVIDER_DOWN if failure is Failure.TIMEOUT else Verdict.UNKNOWN, failure.value)
