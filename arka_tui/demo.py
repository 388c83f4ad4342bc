"""`arka-tui demo`: a throw-away vault with keys in every state, against the built-in simulator."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arka_tui.config import Config
from arka_tui.controller import Controller
from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from arka_tui.secret import Secret
from arka_tui.simulator import SITUATIONS, Simulator, unreachable_url
from arka_tui.simulator.azure import DEPLOYMENT
from arka_tui.store.slots import CHEAPEST, new_recovery_code
from arka_tui.store.vault import Vault

PASSPHRASE = Secret("demo")
"""Known to everybody, with the cheapest key derivation: the demo's keys are not real."""

KEYS: tuple[tuple[str, str, str], ...] = (
    ("openai", "work", "valid"),
    ("openai", "laptop", "no_credit"),
    ("openai", "ci-restricted", "restricted"),
    ("openai", "old-intern", "revoked"),
    ("openai", "shared-team", "rate_limited"),
    ("openai", "side-project", "spend_limit"),
    ("openai", "eu-server", "ip_blocked"),
    ("openai", "no-models", "no_model_access"),
    ("openai", "closed-account", "deactivated"),
    ("openai", "other-org", "wrong_org"),
    ("openai", "admin", "admin"),
    ("openai", "hostile", "hostile"),
    ("openai", "outage", "down"),
    ("openai", "slow", "slow"),
    ("openai", "teapot", "teapot"),
    ("openrouter", "main", "capped"),
    ("openrouter", "writing", "valid"),
    ("openrouter", "trial", "expires_soon"),
    ("openrouter", "bot", "key_limit"),
    ("openrouter", "empty", "no_credit"),
    ("openrouter", "budget", "guardrail"),
    ("openrouter", "provisioning", "management"),
    ("openrouter", "gone", "expired"),
    ("openrouter", "lapsed", "lapsed"),
    ("openrouter", "free", "privacy"),
    ("anthropic", "work", "valid"),
    ("anthropic", "side-project", "no_credit"),
    ("anthropic", "agency", "on_hold"),
    ("gemini", "studio", "valid"),
    ("gemini", "leaked", "leaked"),
    ("groq", "fast", "valid"),
    ("groq", "chat-bot", "rate_limited"),
    ("groq", "old-team", "blocked"),
    ("mistral", "paris", "valid"),
    ("mistral", "classroom", "restricted"),
    ("deepseek", "work", "valid"),
    ("deepseek", "nightly-jobs", "nearly_out"),
    ("deepseek", "trial", "no_credit"),
    ("xai", "research", "valid"),
    ("xai", "paused", "disabled"),
    ("xai", "team", "no_credit"),
    ("together", "main", "valid"),
    ("together", "laptop", "valid"),
    ("together", "hackathon", "spend_limit"),
    ("fireworks", "prod", "valid"),
    ("fireworks", "unpaid", "blocked"),
    ("cohere", "trial", "rate_limited"),
    ("cohere", "search", "key_limit"),
    ("perplexity", "web", "valid"),
    ("cerebras", "bench", "valid"),
    ("cerebras", "mistyped", "invalid"),
    ("huggingface", "hub", "valid"),
    ("huggingface", "read-only", "restricted"),
    ("azure", "company", "valid"),
    ("moonshot", "agents", "valid"),
    ("zai", "coding", "valid"),
    ("ollama", "laptop", "valid"),
    ("lmstudio", "desktop", "valid"),
    ("vllm", "gpu-box", "valid"),
    ("compatible", "house-gateway", "valid"),
)

SETTINGS = {
    ("openai", "wrong_org"): (("organization", "org-other"),),
    ("azure", "valid"): (("deployment", DEPLOYMENT),),
}

TYPED_KEYS = {"demo-{provider}-that-works": "valid", "demo-{provider}-no-credit": "no_credit"}
"""What the form suggests to type: the simulator knows them beside the ones it made."""


@contextmanager
def demo_controller(config: Config) -> Iterator[Controller]:
    """Unlocked, its keys not yet tested, its files gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="arka-demo-") as folder, Simulator() as simulator:
        paths = Paths.under(Path(folder))
        vault = Vault(paths, cost=lambda: CHEAPEST)
        vault.create(PASSPHRASE, new_recovery_code())
        catalog = load_catalog()
        catalog = catalog.with_base_urls(simulator.addresses)
        for key, situation in TYPED_KEYS.items():
            for provider in SITUATIONS:
                if situation in SITUATIONS[provider]:
                    simulator.accept(provider, situation, key.format(provider=provider))
        for provider, label, situation in KEYS:
            key = simulator.issue(provider, "valid" if situation == "revoked" else situation, label)
            if situation == "revoked":
                simulator.revoke(key)
            settings = SETTINGS.get((provider, situation), ())
            vault.add(Draft(provider, label, catalog[provider].base_url, settings, Secret(key)))
        own = Secret("a-key-for-a-server-of-my-own-7b1e")
        vault.add(Draft("openai", "home-server", unreachable_url(), (), own))
        vault.add(Draft("openai", "open-server", simulator.open_url, (), own))
        gateway = Secret(simulator.issue("openai", "valid", "gateway"))
        vault.add(Draft("openai", "gateway", simulator.gateway_url, (), gateway))
        twice = Secret(simulator.issue("groq", "valid", "fast"))
        vault.add(Draft("groq", "fast-copy", catalog["groq"].base_url, (), twice))
        mixed_up = Secret(simulator.issue("openrouter", "valid", "mixed-up"))
        vault.add(Draft("openai", "mixed-up", catalog["openai"].base_url, (), mixed_up))
        yield Controller(paths, vault, catalog, config, demo=True)
