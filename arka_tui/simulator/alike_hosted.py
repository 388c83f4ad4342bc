"""The providers that speak OpenAI's dialect: what each answers in its own way.

Texts of refusals are real ones where a comment does not say "ours".
"""

from arka_tui.simulator.alike import HEX, LETTERS, LOWER, Alike, Facts, flat_error, openai_error, provider_of
from arka_tui.simulator.situations import Reply, Request, Situation, everywhere

# ---------------------------------------------------------------------- Groq

_GROQ_RESTRICTED = "Organization has been restricted. Please reach out to support if you believe this was in error."
_GROQ_SLOWER = {
    "message": (
        "Rate limit reached for model `llama-3.1-8b-instant` in organization `org_demo` service tier `on_demand` on "
        "tokens per minute (TPM): Limit 6000, Used 5421, Requested 1109. Please try again in 5.289s."
    ),
    "type": "tokens",
    "code": "rate_limit_exceeded",
}

GROQ = provider_of(
    Alike(
        "/groq/openai/v1",
        {
            "llama-3.1-8b-instant": {"active": True, "context_window": 131_072, "max_completion_tokens": 131_072},
            "llama-3.3-70b-versatile": {"active": True, "context_window": 131_072, "max_completion_tokens": 32_768},
            "openai/gpt-oss-20b": {"active": True, "context_window": 131_072, "max_completion_tokens": 65_536},
            "whisper-large-v3": {"active": True, "context_window": 448, "max_completion_tokens": 448},
        },
        openai_error,
        lambda _: Reply(
            401,
            {"error": {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"}},
        ),
        ("gsk_", LETTERS, 52),
        {
            "blocked": everywhere(openai_error(400, _GROQ_RESTRICTED, "organization_restricted")),
            # The codes are documented, the texts ours, down to the end of this provider.
            "restricted": Situation(paid=openai_error(403, "The key may not do this.", None, "permissions_error")),
            "plan": Situation(paid=openai_error(403, "The plan does not include this.", "not_available_for_plan")),
            "spend_limit": Situation(paid=openai_error(400, "The spend limit is reached.", "blocked_api_access")),
            "rate_limited": Situation(paid=Reply(429, {"error": _GROQ_SLOWER}, {"retry-after": "6"})),
            "flex_full": Situation(paid=openai_error(498, "Flex tier is at its capacity.", "capacity_exceeded")),
        },
        limits={
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-limit-tokens": "6000",
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-remaining-tokens": "5997",
            "x-ratelimit-reset-requests": "2m59.56s",
            "x-ratelimit-reset-tokens": "7.66s",
        },
    )
)

# ---------------------------------------------------------------------- Mistral


def _mistral_error(status: int, message: str, code: str | None = None) -> Reply:
    return Reply(status, {"object": "error", "message": message, "type": "error", "param": None, "code": code})


def _mistral_model(
    name: str, context: int, *, chats: bool = True, tools: bool = True, ends: str | None = None
) -> Facts:
    able = {"completion_chat": chats, "function_calling": tools}
    described = {"name": name, "max_context_length": context, "capabilities": able, "aliases": []}
    return {**described, "deprecation": ends, "deprecation_replacement_model": None, "type": "base"}


def _mistral_me(facts: Facts) -> object:
    owner = {"id": "0f3a-demo", "email": "demo@example.org", "organization": {"id": "71c2-demo", "name": "Demo Org"}}
    return {**owner, "workspace": {"name": "Default"}, "api_key": {"id": "5d9e-demo", "name": "arka"}, **facts}


MISTRAL = provider_of(
    Alike(
        "/mistral/v1",
        {
            "ministral-3b-latest": _mistral_model("ministral-3b-2410", 131_072),
            "mistral-small-latest": _mistral_model("mistral-small-2506", 131_072),
            "open-mistral-nemo": _mistral_model("open-mistral-nemo", 131_072, ends="2027-02-28T12:00:00Z"),
            "mistral-embed": _mistral_model("mistral-embed", 8_192, chats=False),
        },
        _mistral_error,
        lambda _: Reply(401, {"detail": "Unauthorized"}),
        ("", LETTERS, 32),
        {
            "invalid_now": everywhere(Reply(401, {"detail": "Invalid API Key"})),
            # These texts are ours.
            "no_credit": Situation(paid=_mistral_error(402, "Payment is required.")),
            "restricted": Situation(paid=_mistral_error(403, "The tier does not include this.")),
            "not_processable": Situation(paid=Reply(422, {"detail": [{"loc": ["body"], "msg": "Field required"}]})),
        },
        free={"/users/me": _mistral_me},
        limits={
            "x-ratelimit-limit-req-minute": "60",
            "x-ratelimit-remaining-req-minute": "59",
            "x-ratelimit-reset-req-minute": "48",
            "x-ratelimit-limit-tokens-minute": "500000",
            "x-ratelimit-remaining-tokens-minute": "499990",
            "x-ratelimit-reset-tokens-minute": "48",
        },
    )
)

# ---------------------------------------------------------------------- DeepSeek


def _deepseek_balance(facts: Facts) -> object:
    parts = {"granted_balance": "10.00", "topped_up_balance": "100.00"}
    of_china = {"currency": "CNY", "total_balance": "110.00", **parts}
    return {"is_available": True, "balance_infos": [of_china], **facts}


def _deepseek_dollars(amount: str) -> list[object]:
    return [{"currency": "USD", "total_balance": amount, "granted_balance": "0.00", "topped_up_balance": amount}]


_NO_BALANCE = openai_error(402, "Insufficient Balance", "invalid_request_error", "unknown_error")

DEEPSEEK = provider_of(
    Alike(
        "/deepseek",
        {"deepseek-chat": {}, "deepseek-reasoner": {}},
        openai_error,
        lambda key: openai_error(
            401,
            f"Authentication Fails, Your api key: ****{key[-4:]} is invalid",  # it does send part of the key back
            "invalid_request_error",
            "authentication_error",
        ),
        ("sk-", LOWER, 32),
        {
            "dollars": Situation(facts={"balance_infos": _deepseek_dollars("12.40")}),
            "nearly_out": Situation(facts={"balance_infos": _deepseek_dollars("0.35")}),
            "no_credit": Situation(
                facts={"is_available": False, "balance_infos": _deepseek_dollars("0.00")}, paid=_NO_BALANCE
            ),
            # The balance is late: only the model tells.
            "no_credit_yet_available": Situation(paid=_NO_BALANCE),
        },
        free={"/user/balance": _deepseek_balance},
    )
)

# ---------------------------------------------------------------------- xAI

_XAI_TEAM = "3c1f0f4e-7d57-4f6e-9a55-6d1f5b8d0000"
_XAI_SPENT = (
    f"Your team {_XAI_TEAM} has either used all available credits or reached its monthly "
    "spending limit. To continue making API requests, please purchase more credits or raise your spending limit."
)


def _xai_error(status: int, message: str, code: str | None = None) -> Reply:
    """The codes are ours."""
    return Reply(status, {"code": code or "request_refused", "error": message})


def _xai_refusal(key: str) -> Reply:
    told = f"{key[:2]}***{key[-2:]}"  # xAI does send part of the key back
    return _xai_error(400, f"Incorrect API key provided: {told}. You can obtain an API key from https://console.x.ai.")


def _xai_key(facts: Facts) -> object:
    times = {"create_time": "2026-03-01T09:30:00Z", "modify_time": "2026-03-01T09:30:00Z", "modified_by": "user-demo"}
    named = {"redacted_api_key": "xai-...demo", "user_id": "user-demo", "name": "arka", "api_key_id": "key-demo"}
    able = {"team_id": "team-demo", "acls": ["api-key:model:*", "api-key:endpoint:*"]}
    flags = {"team_blocked": False, "api_key_blocked": False, "api_key_disabled": False}
    return {**named, **times, **able, **flags, **facts}


def _xai_model(price_in: int, price_out: int, *, images: bool = False) -> Facts:
    """Prices in US cents per 100 million tokens."""
    inputs = ["text", "image"] if images else ["text"]
    prices = {"prompt_text_token_price": price_in, "completion_text_token_price": price_out}
    return {"input_modalities": inputs, "output_modalities": ["text"], **prices}


XAI = provider_of(
    Alike(
        "/xai/v1",
        {
            "grok-4-fast-non-reasoning": _xai_model(2_000, 5_000, images=True),
            "grok-3-mini": _xai_model(3_000, 5_000),
            "grok-4": _xai_model(30_000, 150_000, images=True),
        },
        _xai_error,
        _xai_refusal,
        ("xai-", LETTERS + "_", 80),
        {
            "no_credit": Situation(facts={"team_id": _XAI_TEAM}, paid=_xai_error(429, _XAI_SPENT)),
            "no_credit_403": Situation(facts={"team_id": _XAI_TEAM}, paid=_xai_error(403, _XAI_SPENT)),
            "team_blocked": Situation(facts={"team_blocked": True}),
            "blocked": Situation(facts={"api_key_blocked": True}),
            "disabled": Situation(facts={"api_key_disabled": True}),
            # The text is ours.
            "restricted": Situation(
                facts={"acls": ["api-key:model:grok-4", "api-key:endpoint:embed"]},
                paid=_xai_error(403, "The key may not use this endpoint."),
            ),
        },
        "/language-models",
        lambda entries, _: {"models": entries},
        {"/api-key": _xai_key},
    )
)

# ---------------------------------------------------------------------- Together


def _together_model(name: str, context: int, price_in: float, price_out: float, kind: str = "chat") -> Facts:
    """Prices in USD per million tokens."""
    prices = {"hourly": 0, "input": price_in, "output": price_out, "base": 0, "finetune": 0}
    return {"type": kind, "display_name": name, "context_length": context, "organization": "demo", "pricing": prices}


def _together_me(facts: Facts) -> object:
    owner = {"organization": {"id": "org_demo", "name": "Demo Org"}, "project": {"id": "proj_demo", "name": "Main"}}
    return {"type": "project_api_key", "api_key": {"id": "key_demo"}, **owner, **facts}


TOGETHER = provider_of(
    Alike(
        "/together/v1",
        {
            "meta-llama/Llama-3.2-3B-Instruct-Turbo": _together_model("Llama 3.2 3B", 131_072, 0.06, 0.06),
            "openai/gpt-oss-20b": _together_model("GPT-OSS 20B", 131_072, 0.05, 0.2),
            "deepseek-ai/DeepSeek-V3.1": _together_model("DeepSeek V3.1", 131_072, 0.6, 1.7),
            "black-forest-labs/FLUX.1-schnell": _together_model("FLUX.1 schnell", 0, 0, 0, "image"),
        },
        openai_error,
        lambda _: openai_error(
            401,
            "Invalid API key provided. You can find your API key at https://api.together.xyz/settings/api-keys.",
            "invalid_api_key",
        ),
        ("tgp_v1_", LETTERS, 43),
        {
            # These texts are ours.
            "no_credit": Situation(paid=openai_error(429, "The credit limit is exceeded.", None, "credit_limit")),
            "spend_limit": Situation(
                facts={"organization": {"id": "org_other", "name": "Hackathon"}},
                paid=openai_error(402, "The spending limit is reached."),
            ),
            "too_long": Situation(paid=openai_error(403, "Input and max_tokens are over the context length.")),
        },
        listed=lambda entries, _: entries,
        free={"/v3/whoami": _together_me},
        limits={"x-ratelimit-limit": "600", "x-ratelimit-remaining": "599", "x-ratelimit-reset": "1"},
    )
)

# ---------------------------------------------------------------------- Fireworks

_SUSPENDED = (
    "Account demo is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices. "
    "Please go to https://fireworks.ai/account/billing"
)


def _fireworks_error(status: int, message: str, code: str | None = None) -> Reply:
    error = {"message": message, "param": None, "code": code, "type": "error"}
    return Reply(status, {"error": error, "request_id": "req-demo"})


FIREWORKS = provider_of(
    Alike(
        "/fireworks/inference/v1",
        {
            "accounts/fireworks/models/llama-v3p1-8b-instruct": {"supports_chat": True, "context_length": 131_072},
            "accounts/fireworks/models/gpt-oss-20b": {"supports_chat": True, "context_length": 131_072},
            "accounts/fireworks/models/flux-1-schnell-fp8": {"supports_chat": False},
        },
        _fireworks_error,
        lambda _: _fireworks_error(401, "The API key is not known.", "UNAUTHORIZED"),  # ours
        ("fw_", LETTERS, 24),
        {
            "blocked": everywhere(_fireworks_error(412, _SUSPENDED, "PRECONDITION_FAILED")),
            # These texts are ours.
            "no_credit": Situation(paid=_fireworks_error(402, "The account has no credit.")),
            "restricted": Situation(paid=_fireworks_error(403, "The key may not do this.")),
        },
    )
)

# ---------------------------------------------------------------------- Cerebras


def _cerebras_models(entries: list[object], request: Request) -> object:
    if request.query.get("format") == "openrouter":
        return {"data": entries}
    plain = ("id", "object", "created", "owned_by")
    return {"object": "list", "data": [{k: e[k] for k in plain if k in e} for e in entries if isinstance(e, dict)]}


def _cerebras_model(name: str, context: int, price_in: str, price_out: str) -> Facts:
    """Prices in USD per token."""
    return {"name": name, "context_length": context, "pricing": {"prompt": price_in, "completion": price_out}}


_WRONG_KEY = {"message": "Wrong API Key", "type": "invalid_request_error", "param": "api_key", "code": "wrong_api_key"}

CEREBRAS = provider_of(
    Alike(
        "/cerebras/v1",
        {
            "llama3.1-8b": _cerebras_model("Llama 3.1 8B", 32_768, "0.0000001", "0.0000001"),
            "gpt-oss-120b": _cerebras_model("GPT-OSS 120B", 131_072, "0.00000035", "0.00000075"),
        },
        flat_error,
        lambda _: Reply(401, _WRONG_KEY),
        ("csk-", LOWER, 48),
        {
            # These texts are ours.
            "no_credit": Situation(paid=flat_error(402, "Payment is required.")),
            "restricted": Situation(paid=flat_error(403, "The key may not do this.")),
        },
        listed=_cerebras_models,
        limits={
            "x-ratelimit-limit-requests-day": "14400",
            "x-ratelimit-remaining-requests-day": "14399",
            "x-ratelimit-reset-requests-day": "33011.38",
            "x-ratelimit-limit-tokens-minute": "60000",
            "x-ratelimit-remaining-tokens-minute": "59984",
            "x-ratelimit-reset-tokens-minute": "11.38",
        },
    )
)

# ---------------------------------------------------------------------- Moonshot

_EXCEEDED = "exceeded_current_quota_error"

MOONSHOT = provider_of(
    Alike(
        "/moonshot/v1",
        {"moonshot-v1-8k": {}, "kimi-latest": {}},
        openai_error,
        lambda _: Reply(401, {"error": {"message": "Invalid Authentication", "type": "invalid_authentication_error"}}),
        ("sk-", LETTERS, 48),
        # The text is ours.
        {"no_credit": Situation(facts={"available_balance": 0}, paid=openai_error(429, "No quota.", None, _EXCEEDED))},
        free={"/users/me/balance": lambda facts: {"data": {"available_balance": 49.58, **facts}, "status": True}},
    )
)

# ---------------------------------------------------------------------- Z.ai


def _zai_error(status: int, message: str, code: str | None = None) -> Reply:
    return Reply(status, {"error": {"code": code or str(status), "message": message}})


ZAI = provider_of(
    Alike(
        "/zai/api/paas/v4",
        {"glm-4.6": {}, "glm-4.5-air": {}},
        _zai_error,
        lambda _: _zai_error(401, "token expired or incorrect"),
        ("", HEX, 32),
        # The text is ours.
        {"no_credit": Situation(paid=_zai_error(402, "The account has no credit."))},
        joint=".",
    )
)
