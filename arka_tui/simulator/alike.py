"""A server that speaks OpenAI's dialect, as most providers do. What differs from one to another is data of theirs."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_letters, ascii_lowercase, digits
from typing import TypeAlias

from arka_tui.simulator.situations import (
    ANY_SERVER,
    Provider,
    Reply,
    Request,
    Situation,
    everywhere,
    hostile,
    hostile_models,
)

HEX = "0123456789abcdef"
LOWER = digits + ascii_lowercase
LETTERS = digits + ascii_letters
_CREATED = 1_795_392_000

Shape: TypeAlias = Callable[[int, str, str | None], Reply]
"""(status, message, code) to an error as this provider words them."""
Facts: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Alike:
    base: str
    models: Mapping[str, Facts]
    """By id, what the list says beside what all lists say."""
    error: Shape
    refusal: Callable[[str], Reply]
    """To a key that nobody has; empty where none was sent."""
    key: tuple[str, str, int] = ("sk-", LETTERS, 32)
    """Its prefix, then so many of these letters."""
    situations: Mapping[str, Situation] = field(default_factory=dict)
    """Beside those that every such server has, or in place of them."""
    list_path: str = "/models"
    listed: Callable[[list[object], Request], object] = lambda entries, _: {"object": "list", "data": entries}
    """What the list of models is wrapped in."""
    free: Mapping[str, Callable[[Facts], object]] = field(default_factory=dict)
    """Further paths that may be asked for nothing: facts of the situation to the body of the answer."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """Headers of a model's answer."""
    looks_at_keys: bool = True
    joint: str = ""
    """Between the two halves of a key, where it has two."""


def provider_of(alike: Alike) -> Provider:
    situations = {**_usual(alike), **alike.situations, **ANY_SERVER}
    return Provider(
        alike.base,
        situations,
        lambda seed, _: _make_key(alike, seed),
        lambda request, situation: _answer(alike, request, situation),
    )


def openai_error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> Reply:
    return Reply(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})


def flat_error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> Reply:
    """Without `error` around it."""
    return Reply(status, {"message": message, "type": kind, "param": None, "code": code})


def text_error(status: int, message: str, code: str | None = None) -> Reply:
    return Reply(status, {"error": message})


def _usual(alike: Alike) -> dict[str, Situation]:
    """What can be the matter at any of them. The texts are ours."""
    slower = replace(alike.error(429, "Too many requests. Slow down.", None), headers={"Retry-After": "7"})
    return {
        "valid": Situation(),
        "invalid": everywhere(lambda request: alike.refusal(request.key or "")),
        "rate_limited": Situation(paid=slower) if alike.looks_at_keys else everywhere(slower),
        "no_model": Situation(paid=lambda request: _no_model(alike, request)),
        "down": everywhere(alike.error(503, "The service is not available at the moment.", None)),
        "hostile": everywhere(lambda request: alike.error(401, hostile(request.key or ""), None)),
        "hostile_models": Situation(free=lambda request: _hostile_list(alike, request)),
    }


def _hostile_list(alike: Alike, request: Request) -> Reply | None:
    if request.path != alike.list_path:
        return None
    return Reply(200, alike.listed(hostile_models(request.key or ""), request))


def _no_model(alike: Alike, request: Request) -> Reply:
    return alike.error(404, f"The model `{request.param('model')}` does not exist.", "model_not_found")


def _make_key(alike: Alike, seed: str) -> str:
    prefix, letters, length = alike.key
    end = alike.joint and alike.joint + _drawn(LETTERS, 16, f"{seed}/end")
    return f"{prefix}{_drawn(letters, length, seed)}{end}"


def _drawn(letters: str, length: int, seed: str) -> str:
    return "".join(letters[byte % len(letters)] for byte in hashlib.shake_256(seed.encode()).digest(length))


def _answer(alike: Alike, request: Request, situation: Situation | None) -> Reply:
    asked = (request.method, request.path)
    free = {("GET", path) for path in (alike.list_path, "/models", *alike.free)}
    if asked not in free | {("POST", "/chat/completions")}:
        return alike.error(404, "Not found", None)
    if situation is None and alike.looks_at_keys:
        return alike.refusal(request.key or "")
    situation = situation or alike.situations.get("valid", Situation())
    facts = situation.facts
    return situation.reply(request, lambda request: _as_valid(alike, request, facts))


def _as_valid(alike: Alike, request: Request, facts: Facts) -> Reply:
    if request.method == "POST":
        return _chat(alike, request)
    if request.path in alike.free:
        return Reply(200, alike.free[request.path](facts))
    if request.path == alike.list_path:
        entries = [_entry(model, more) for model, more in alike.models.items()]
        return Reply(200, alike.listed(entries, request))
    return Reply(200, {"object": "list", "data": [_entry(model, {}) for model in alike.models]})


def _entry(model: str, more: Facts) -> object:
    return {"id": model, "object": "model", "created": _CREATED, "owned_by": "demo", **more}


def _chat(alike: Alike, request: Request) -> Reply:
    model = request.param("model")
    if not isinstance(model, str) or model not in alike.models:
        return _no_model(alike, request)
    if not request.param("messages"):
        return alike.error(400, "messages: field required", None)
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
    done = {"id": "chatcmpl-demo", "object": "chat.completion", "created": _CREATED, "model": model}
    return Reply(200, {**done, "choices": [choice], "usage": usage}, alike.limits)
