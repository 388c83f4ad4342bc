"""`arka-tui models`: what is asked, and that nothing unknown is told as a number."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.insight.offers import Offer
from arka_tui.model import Model, Price
from arka_tui.providers import catalog
from arka_tui.simulator import Simulator, unreachable_url
from arka_tui.store.vault import Vault
from arka_tui.telling.records import offer_record
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE, draft

WORD = PASSPHRASE.reveal()
Keep = Callable[..., str]


@pytest.fixture
def at_home(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's addresses are the providers' own, for which the dated list has prices."""
    moved = catalog.load_catalog().with_base_urls(simulator.addresses)
    monkeypatch.setattr(catalog, "load_catalog", lambda: moved)


def test_each_model_is_a_line_with_the_keys_that_run_it(shell: Shell, keep: Keep, simulator: Simulator) -> None:
    secrets = [keep("openai/work"), keep("openai/ci")]
    assert shell.run("models", answers=(WORD,)) == Exit.DONE
    rows = {line.split("\t")[0]: line.split("\t") for line in shell.lines()}
    assert rows["gpt-4o"] == ["gpt-4o", "openai/ci?, openai/work?", "–", "–", "–", "–"]
    assert rows["gpt-5-nano"][-1] == "2026-12-11"
    assert {request.method for request in simulator.requests} == {"GET"}, "nothing that costs"
    assert not any(secret in shell.out for secret in secrets)
    assert shell.err == ""


@pytest.mark.slow
def test_the_order_and_the_filter_are_those_of_the_screens(shell: Shell, keep: Keep) -> None:
    keep("openrouter/main")
    assert shell.run("test", "--all", answers=(WORD,)) == Exit.DONE
    assert shell.run("models", "--sort", "price", "--json", answers=(WORD,)) == Exit.DONE
    prices = [each["offers"][0]["price"] for each in json.loads(shell.out)["models"]]
    known = [each["input_usd"] * 3 + each["output_usd"] for each in prices if each["kind"] == "known"]
    assert len(known) > 2
    assert known == sorted(known)
    assert "known" not in [each["kind"] for each in prices[len(known) :]], "what is not known comes last"
    assert shell.run("models", "claude", "openrouter", answers=(WORD,)) == Exit.DONE
    assert shell.lines()
    assert all("claude" in line for line in shell.lines())


def test_only_the_keys_of_one_provider_are_asked(shell: Shell, keep: Keep, simulator: Simulator) -> None:
    keep("openai/work")
    keep("openrouter/main")
    assert shell.run("models", "--provider", "openrouter", answers=(WORD,)) == Exit.DONE
    assert {request.provider for request in simulator.requests} == {"openrouter"}
    assert shell.run("models", "--provider", "opnai", answers=(WORD,)) == Exit.USAGE
    assert "known: openai" in shell.err


def test_a_price_of_the_dated_list_is_marked_and_said_to_be_one(shell: Shell, keep: Keep, at_home: None) -> None:
    keep("openai/work")
    assert shell.run("models", "gpt-4o-mini", answers=(WORD,)) == Exit.DONE
    (row,) = (line.split("\t") for line in shell.lines())
    assert row[2:4] == ["$0.15*", "$0.60*"]
    assert "Prices marked * are of 20" in " ".join(shell.err.split())
    assert shell.run("models", "gpt-4o-mini", "--json", answers=(WORD,)) == Exit.DONE
    price = json.loads(shell.out)["models"][0]["offers"][0]["price"]
    assert (price["kind"], price["input_usd"], price["output_usd"]) == ("known", 0.15, 0.6)
    assert price["as_of"].startswith("20")


@pytest.mark.parametrize(
    ("price", "told"),
    [
        (Price(), ("unknown", None, None)),
        (Price(variable=True), ("variable", None, None)),
        (Price(Decimal(-1), Decimal(-1)), ("variable", None, None)),
        (Price(Decimal("NaN"), Decimal("1e12")), ("unknown", None, None)),
        (Price(Decimal("0.25")), ("unknown", Decimal("0.25"), None)),
        (Price(Decimal(0), Decimal(0)), ("known", Decimal(0), Decimal(0))),
    ],
)
def test_json_has_a_number_only_where_the_price_is_known(
    price: Price, told: tuple[str, Decimal | None, Decimal | None]
) -> None:
    record = offer_record(Offer("id", "openai/work", "openai", "OpenAI", True, Model("gpt-4o", price=price)))
    assert record["price"] == dict(zip(("kind", "input_usd", "output_usd", "as_of"), (*told, None), strict=True))


def test_a_key_that_gives_no_list_is_named(shell: Shell, keep: Keep) -> None:
    keep("openai/work")
    keep("openrouter/down", "down")
    assert shell.run("models", "--json", answers=(WORD,)) == Exit.DONE
    assert json.loads(shell.out)["without_list"] == ["openrouter/down"]
    assert "no list of openrouter/down; arka-tui test tells why" in shell.err


def test_where_not_one_key_gave_a_list_that_is_no_success(shell: Shell, vault: Vault) -> None:
    vault.add(replace(draft("openai/work"), base_url=unreachable_url()))
    assert shell.run("models", answers=(WORD,)) == Exit.NETWORK
    assert shell.out == ""
    assert "not one key gave a list" in shell.err


def test_on_a_terminal_it_is_a_table_and_the_progress_is_gone(shell: Shell, keep: Keep, watched: None) -> None:
    keep("openai/work")
    assert shell.run("models", "gpt-4o-mini", answers=(WORD,)) == Exit.DONE
    head, row = shell.lines()
    assert head.split() == ["MODEL", "KEYS", "IN/1M", "OUT/1M", "CONTEXT", "RETIRES"]
    assert row.split()[:2] == ["gpt-4o-mini", "openai/work?"]
    assert shell.err.split("\r")[1].startswith("asking 1 key …")
    assert shell.err.rstrip("\r").rsplit("\r", 1)[1].strip() == ""


def test_where_no_model_matches_there_is_no_table(shell: Shell, keep: Keep, watched: None) -> None:
    keep("openai/work")
    assert shell.run("models", "zzz", "tools", answers=(WORD,)) == Exit.DONE
    assert shell.out == ""
    assert shell.err.rsplit("\r", 1)[1] == "No model matches zzz tools.\n"


def test_without_a_terminal_it_is_locked_and_nothing_is_sent(shell: Shell, keep: Keep, simulator: Simulator) -> None:
    keep("openai/work")
    shell.person.there = False
    assert shell.run("models") == Exit.LOCKED
    assert simulator.requests == []
