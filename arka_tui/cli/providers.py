"""`arka-tui providers`: the catalog. Opens no vault, and sends nothing."""

from dataclasses import dataclass

from arka_tui.cli.arguments import Command, Parser
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.cli.output import Sign
from arka_tui.providers.catalog import load_catalog, with_own_providers
from arka_tui.providers.provider import Provider
from arka_tui.telling import words

_HEADS = ("ID", "NAME", "VARIABLE", "BEST FOR", "PAID TEST", "MODELS", "FREE TEST", "KEYS ARE MADE AT")
_ON_A_TERMINAL = 5


@dataclass(frozen=True, slots=True)
class Options:
    json: bool


def _parser() -> Parser:
    parser = Parser(
        "providers",
        "[--json]",
        "Whose keys arka-tui can test: the name to type, the variable in which programs look for the key, what the "
        "paid request of a test costs at most, and what the provider is good for. Needs no vault, and sends nothing.",
        "In a pipe each provider is a line, with three things more: its models, the free request, and the page where "
        "its keys are made; all separated by tabs:\n\n"
        "    arka-tui providers | cut -f1,8\n\n"
        "Providers of your own, from providers.toml, are marked. A mistake in that file is told on standard error.",
    )
    parser.add_json()
    return parser


def _run(options: Options, desk: Desk) -> int:
    catalog = with_own_providers(load_catalog(), desk.paths.providers)
    for mistake in catalog.troubles:
        desk.notes.tell(Sign.NOTE, mistake)
    providers = list(catalog.providers.values())
    if options.json:
        desk.output.json({"providers": [_record(each) for each in providers]})
    else:
        columns = slice(_ON_A_TERMINAL if desk.output.watched else None)
        desk.output.table(_HEADS[columns], [_row(each)[columns] for each in providers])
    return Exit.DONE


def _row(provider: Provider) -> tuple[str, ...]:
    cost = provider.usual_cost_usd
    return (
        provider.id,
        f"{provider.name}{' (yours)' if provider.own else ''}",
        provider.env or words.NOTHING,
        provider.best_for or words.NOTHING,
        words.dollars(cost) if cost else "not sent",
        provider.models or words.NOTHING,
        _free_request(provider),
        provider.console.get("keys", words.NOTHING),
    )


def _record(provider: Provider) -> dict[str, object]:
    return {
        "id": provider.id,
        "name": provider.name,
        "own": provider.own,
        "models": provider.models,
        "best_for": provider.best_for,
        "base_url": provider.base_url,
        "env": provider.env,
        "free_request": _free_request(provider),
        "paid_request_usd": provider.usual_cost_usd or None,
        "keys_page": provider.console.get("keys"),
    }


def _free_request(provider: Provider) -> str:
    return f"{provider.key_probe.method} {provider.key_probe.path}"


PROVIDERS = Command(_parser, Options, _run)
