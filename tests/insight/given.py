"""Small makers of what the insight is drawn from."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from arka_tui.check import Check, Learnt, Stage, Verdict
from arka_tui.credential import Credential
from arka_tui.insight.offers import Offer
from arka_tui.model import Model, Price
from tests.conftest import NOW

TODAY = date(2026, 11, 23)


def price(amount_in: str | None, amount_out: str | None) -> Price:
    """USD per 1M tokens."""
    into, out = (Decimal(each) if each is not None else None for each in (amount_in, amount_out))
    return Price(into, out)


def offer(
    model_id: str,
    key: str = "openai/work",
    cost: Price | None = None,
    *,
    verified: bool = True,
    context: int | None = None,
    capabilities: frozenset[str] = frozenset(),
    retires: date | None = None,
    chats: bool | None = True,
    outputs: tuple[str, ...] = (),
) -> Offer:
    provider = key.partition("/")[0]
    model = Model(
        model_id,
        context=context,
        price=cost or Price(),
        capabilities=capabilities,
        retires=retires,
        chats=chats,
        outputs=outputs,
    )
    return Offer(f"id of {key}", key, provider, provider.title(), verified, model)


def credential(name: str = "openrouter/work", hint: str = "wxyz") -> Credential:
    provider, label = name.split("/")
    return Credential(f"id of {name}", provider, label, hint, f"https://{provider}.example", (), NOW, NOW, 1)


def check(
    name: str = "openrouter/work",
    ago: timedelta = timedelta(0),
    verdict: Verdict = Verdict.OK,
    learnt: Learnt | None = None,
    *,
    hint: str = "wxyz",
    fingerprint: str = "",
    latency_ms: int | None = None,
) -> Check:
    stages = (Stage("key", verdict, "", 200, latency_ms),)
    at: datetime = NOW - ago
    return Check(f"id of {name}", name, hint, at, verdict, stages, learnt or Learnt(), fingerprint=fingerprint)
