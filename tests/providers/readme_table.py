"""The README's table of providers, made from the catalog: `python -m tests.providers.readme_table` writes it anew."""

from pathlib import Path

from arka_tui.providers.catalog import load_catalog
from arka_tui.providers.provider import Provider

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- providers: made by tests/providers/readme_table.py -->\n", "<!-- end of providers -->\n"


def table() -> str:
    rows = [_row(provider) for provider in load_catalog().providers.values()]
    heads = ("provider", "models", "best for", "free question", "paid request", "told of limits and money", "facts of")
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + len(heads) * "---|", *rows]) + "\n"


def with_table(readme: str) -> str:
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def _row(provider: Provider) -> str:
    probe = provider.key_probe
    told = sorted({_FACTS[name] for each in (probe, *provider.info_probes) for name, _ in each.learn if name in _FACTS})
    told += ["rate limits"] if provider.rate_headers and provider.paid_probes else []
    cells = (
        provider.name,
        provider.models,
        provider.best_for,
        f"`{probe.method} {probe.path.partition('?')[0]}`"
        + (", compared with a false key" if _compared(provider) else ""),
        _paid(provider),
        ", ".join(told) or "–",
        max((str(fact.date) for fact in provider.facts), default="–"),
    )
    return "| " + " | ".join(cells) + " |"


def _compared(provider: Provider) -> bool:
    return provider.key_probe.compare or provider.local


def _paid(provider: Provider) -> str:
    if not provider.paid_probes:
        return "none"
    if not provider.unasked_probes:
        return f"not sent: ${provider.paid_probes[0].cost_usd.normalize():f}"
    return f"about ${provider.usual_cost_usd.normalize():f}"


_FACTS = {
    "limit": "key limit",
    "remaining": "key limit",
    "balance": "balance",
    "usage": "usage",
    "usage_daily": "usage",
    "expires_at": "expiry",
    "organization": "whose it is",
    "project": "whose it is",
    "account": "whose it is",
    "key_label": "its name there",
    "scopes": "what it may do",
}

if __name__ == "__main__":
    README.write_text(with_table(README.read_text("utf-8")), "utf-8")
