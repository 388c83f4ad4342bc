"""`arka-tui providers`: the catalog as a table, without a vault."""

import json

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.providers.catalog import load_catalog
from tests.cli.conftest import Shell

OWN = """
[acme]
name = "Acme"
dialect = "openai"
base_url = "https://api.acme.example/v1"
"""


@pytest.fixture
def own(paths: Paths) -> Paths:
    paths.providers.parent.mkdir(parents=True)
    paths.providers.write_text(OWN)
    return paths


def test_every_provider_is_a_line_with_all_that_is_known_of_it(shell: Shell) -> None:
    assert shell.run("providers") == Exit.DONE
    rows = [line.split("\t") for line in shell.lines()]
    assert [row[0] for row in rows] == list(load_catalog().providers)
    assert rows[0] == [
        "openai",
        "OpenAI",
        "OPENAI_API_KEY",
        "general tasks, coding, reasoning",
        "$0.00000002",
        "GPT-5, GPT-4o, o-series",
        "GET /models",
        "https://platform.openai.com/api-keys",
    ]
    assert {len(row) for row in rows} == {8}


def test_it_needs_no_vault_and_asks_nobody(shell: Shell, paths: Paths) -> None:
    shell.person.there = False
    assert shell.run("providers") == Exit.DONE
    assert not paths.data.exists()


def test_on_a_terminal_each_line_fits(shell: Shell, watched: None) -> None:
    assert shell.run("providers") == Exit.DONE
    assert shell.lines()[0].split() == ["ID", "NAME", "VARIABLE", "BEST", "FOR"]
    assert max(map(len, shell.lines())) < 80


def test_json_says_null_where_no_paid_request_is_sent(shell: Shell) -> None:
    assert shell.run("providers", "--json") == Exit.DONE
    told = {each["id"]: each for each in json.loads(shell.out)["providers"]}
    assert told["perplexity"]["paid_request_usd"] is None
    assert told["xai"]["paid_request_usd"] == 0.0003
    assert (told["openai"]["env"], told["openai"]["own"]) == ("OPENAI_API_KEY", False)


def test_a_provider_of_ones_own_is_marked(shell: Shell, own: Paths) -> None:
    assert shell.run("providers") == Exit.DONE
    assert shell.lines()[-1].startswith("acme\tAcme (yours)\t")
    assert shell.run("providers", "--json") == Exit.DONE
    assert json.loads(shell.out)["providers"][-1]["own"] is True


def test_a_mistake_in_ones_own_file_is_told_beside_the_catalog(shell: Shell, own: Paths) -> None:
    own.providers.write_text(OWN + "colour = 'red'\n")
    assert shell.run("providers") == Exit.DONE
    assert len(shell.lines()) == len(load_catalog().providers)
    assert "acme.colour is not known" in shell.err
