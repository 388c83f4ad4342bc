"""Providers from the user's own file: one table is enough, and a mistake costs only the table that has it."""

import asyncio
from pathlib import Path

import pytest

from arka_tui.check import Verdict
from arka_tui.credential import Draft
from arka_tui.providers.catalog import Catalog, load_catalog, with_own_providers
from arka_tui.providers.checker import Checker
from arka_tui.providers.transport import Transport
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator

SHIPPED = load_catalog()
ACME = """
[acme]
name = "Acme AI"
dialect = "openai"
base_url = "https://api.acme.example/v1"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "providers.toml"


def read(file: Path, text: str | bytes) -> Catalog:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return with_own_providers(SHIPPED, file)


def test_without_the_file_there_are_the_providers_we_ship(file: Path) -> None:
    assert with_own_providers(SHIPPED, file) is SHIPPED


def test_a_compatible_provider_costs_one_table_of_three_lines(file: Path) -> None:
    catalog = read(file, ACME)
    acme = catalog["acme"]
    assert (acme.name, acme.base_url, acme.own) == ("Acme AI", "https://api.acme.example/v1", True)
    assert (acme.key_probe.path, acme.key_probe.is_models_list) == ("/models", True)
    assert not catalog.troubles
    assert not SHIPPED["openai"].own


def test_a_key_of_an_own_provider_is_tested_as_any_other(file: Path) -> None:
    with Simulator() as simulator:
        address = simulator.gateway_url
        probe = '[[acme.paid_probes]]\nmodels = ["gpt-4o-mini"]\ncost_usd = "0.00001"\n'
        catalog = read(file, ACME.replace("https://api.acme.example/v1", address) + probe)

        async def check(key: str) -> Verdict:
            transport = Transport()
            draft = Draft("acme", "work", address, (), Secret(key))
            try:
                found = await Checker(catalog, transport).check(draft, "id", lambda: Secret(key), paid=True)
            finally:
                await transport.close()
            return found.verdict

        key = "acme-0123456789abcdefghij"
        simulator.accept("openai", "valid", key)
        assert asyncio.run(check(key)) is Verdict.MODEL_UNAVAILABLE, "its list names another model only"
        assert asyncio.run(check("nobodys-key-0123456789")) is Verdict.INVALID_KEY
        seen = len(simulator.requests)
        assert asyncio.run(check(simulator.issue("openai", "valid"))) is Verdict.WRONG_PROVIDER
        assert len(simulator.requests) == seen, "another provider's key is not sent there"


MISTAKES = [
    ('[acme]\nname = "Acme"\ndialect = "openai"\n', "acme.address_example is missing"),
    (ACME.replace("openai", "klingon"), "acme.dialect must be openai"),
    (ACME.replace("https://", "http://"), "acme.base_url is wrong: http:// would send the key in clear"),
    (ACME + 'colour = "red"\n', "acme.colour is not known"),
    (ACME + 'account_url = "https://evil.example"\n', "acme.account_url is not for own providers"),
    (ACME + '[acme.errors.code]\nbroke = "poor"\n', "acme.errors.code.broke is not a verdict"),
    (ACME + '[[acme.settings]]\nname = "label"\ntitle = "Label"\n', "acme.settings[0].name is the name of a field"),
    (ACME.replace("[acme]", "[openai]"), "openai is taken"),
    (ACME.replace("[acme]", "[dialects]"), "dialects is taken"),
    (ACME.replace("[acme]", '["a b"]'), "'a b' is no name for a provider"),
    ("acme = 7\n", "acme must be a table"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_names_its_key_and_the_rest_still_works(file: Path, text: str, said: str) -> None:
    other = ACME.replace("[acme]", "[other]")
    catalog = read(file, text + other)
    (trouble,) = catalog.troubles
    assert trouble.startswith(f"providers.toml: {said}")
    assert trouble.endswith("the rest of it works")
    assert list(catalog.providers) == [*SHIPPED.providers, "other"]
    assert catalog["openai"] == SHIPPED["openai"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[acme\n", "providers.toml is not TOML, at line 1, column 6"),
        (b'[acme]\nname = "\xff"\n', "providers.toml cannot be read"),
        (b"# x\n" * 20_000, "providers.toml is larger than 64 KiB"),
        (b"a" + 3000 * b".a" + b" = 1\n", "providers.toml has a line of more than 1000 characters"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_quotes_nothing(file: Path, raw: bytes, said: str) -> None:
    catalog = read(file, raw)
    assert catalog.troubles == (said,)
    assert catalog.providers == SHIPPED.providers


def test_a_folder_in_its_place_is_no_reason_to_stop(file: Path) -> None:
    file.mkdir()
    assert with_own_providers(SHIPPED, file).troubles == ("providers.toml cannot be read",)
