"""Keys and checks as the members of JSON objects: stable, described in cli/JSON.md, and never with a secret."""

from dataclasses import fields

from arka_tui.check import Check, Learnt
from arka_tui.credential import Credential
from arka_tui.insight.offers import Offer, blended, sensible

Record = dict[str, object]


def key_record(credential: Credential, check: Check | None) -> Record:
    """`check` is the last one of this secret, if there is one."""
    return {
        "name": credential.name,
        "provider": credential.provider,
        "label": credential.label,
        "hint": credential.hint,
        "base_url": credential.base_url,
        "settings": dict(credential.settings),
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
        "check": check_record(check) if check else None,
    }


def check_record(check: Check) -> Record:
    meaning = check.verdict.meaning
    return {
        "name": check.name,
        "at": check.at,
        "verdict": check.verdict.value,
        "told": meaning.word,
        "mood": meaning.mood.value,
        "latency_ms": check.latency_ms,
        "next_step": check.next_step,
        "page": check.page,
        "evidence": check.evidence,
        "retry_after_s": check.retry_after_s,
        "learnt": {f.name: value for f in fields(Learnt) if (value := getattr(check.learnt, f.name)) is not None},
        "stages": [
            {
                "name": stage.name,
                "verdict": stage.verdict.value,
                "detail": stage.detail,
                "status": stage.status,
                "latency_ms": stage.latency_ms,
            }
            for stage in check.stages
        ],
    }


def offer_record(offer: Offer) -> Record:
    """What a provider did not say is null, a price that depends too: its `kind` tells the two apart."""
    model, kind = offer.model, blended(offer.model.price)[0]
    return {
        "key": offer.key_name,
        "provider": offer.provider_id,
        "id": model.id,
        "verified": offer.verified,
        "price": {
            "kind": kind.name.lower(),
            "input_usd": sensible(model.price.input),
            "output_usd": sensible(model.price.output),
            "as_of": model.price.as_of,
        },
        "context": model.context,
        "max_output": model.max_output,
        "inputs": list(model.inputs),
        "outputs": list(model.outputs),
        "capabilities": sorted(model.capabilities),
        "retires": model.retires,
    }
