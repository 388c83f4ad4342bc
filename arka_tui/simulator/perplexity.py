"""What Perplexity answers. The page of HTML is real; texts in JSON are as others report them."""

import hashlib
from collections.abc import Callable

from arka_tui.simulator.situations import (
    ANY_SERVER,
    ESCAPES,
    Provider,
    Reply,
    Request,
    Situation,
    everywhere,
    hostile,
    hostile_models,
)

_MODELS = ("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research")
_CREATED = 1_775_001_600


def _page(status: int, title: str, note: str = "") -> Reply:
    """As the server in front of the service writes it."""
    html = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>openresty/1.27.4</center>\r\n"
        f"{note}</body>\r\n</html>\r\n"
    )
    return Reply(status, html.encode("utf-8", "surrogatepass"), {"Content-Type": "text/html"})


def _error(status: int, kind: str, message: str) -> Reply:
    return Reply(status, {"error": {"message": message, "type": kind, "code": status}})


_REFUSED = _page(401, "Authorization Required")
_INVALID = "Invalid API key provided. You can find your API key at https://www.perplexity.ai/settings/api."
_TOO_FAST = "Request rate limit exceeded, please try again later."
_NO_MODEL = (
    "Invalid model '{}'. Permitted models can be found in the documentation at "
    "https://docs.perplexity.ai/guides/model-cards."
)


def _no_model(request: Request) -> Reply:
    return _error(400, "invalid_model", _NO_MODEL.format(request.param("model")))


_SITUATIONS: dict[str, Situation] = {
    "valid": Situation(),
    # A key without credit is refused as an unknown one is, until credit is added.
    "no_credit": everywhere(_REFUSED),
    "invalid": everywhere(_REFUSED),
    "invalid_json": everywhere(_error(401, "invalid_api_key", _INVALID)),
    "rate_limited": everywhere(_error(429, "request_rate_limit_exceeded", _TOO_FAST)),
    "no_model": Situation(paid=_no_model),
    "down": everywhere(_page(502, "Bad Gateway")),
    "hostile": everywhere(lambda r: _error(401, ESCAPES, hostile(r.key or ""))),
    "hostile_page": everywhere(lambda r: _page(401, f"Authorization Required {hostile(r.key or '')}", ESCAPES)),
    "hostile_models": Situation(free=lambda r: Reply(200, {"object": "list", "data": hostile_models(r.key or "")})),
    **ANY_SERVER,
}


def _make_key(seed: str, _: str) -> str:
    return f"pplx-{hashlib.shake_256(seed.encode()).hexdigest(24)}"


def _answer(request: Request, situation: Situation | None) -> Reply:
    endpoint = _ENDPOINTS.get((request.method, request.path))
    if endpoint is None:
        return _page(404, "Not Found")
    if request.key is None or situation is None:
        return _REFUSED
    return situation.reply(request, endpoint)


def _list_models(_: Request) -> Reply:
    data = [{"id": model, "object": "model", "created": _CREATED, "owned_by": "perplexity"} for model in _MODELS]
    return Reply(200, {"object": "list", "data": data})


def _ask(request: Request) -> Reply:
    model = request.param("model")
    if model not in _MODELS:
        return _no_model(request)
    if not request.param("messages"):
        return _error(400, "invalid_request", "messages: field required")
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello!"}}
    cost = {"input_tokens_cost": 0.000002, "output_tokens_cost": 0.000002, "request_cost": 0.005, "total_cost": 0.005}
    usage = {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4, "search_context_size": "low", "cost": cost}
    done = {"id": "8c5f-demo", "object": "chat.completion", "created": _CREATED, "model": model}
    return Reply(200, {**done, "choices": [choice], "usage": usage, "search_results": []})


_ENDPOINTS: dict[tuple[str, str], Callable[[Request], Reply]] = {
    ("GET", "/v1/models"): _list_models,
    ("POST", "/v1/sonar"): _ask,
}

PERPLEXITY = Provider("/perplexity", _SITUATIONS, _make_key, _answer)
