"""The variables that programs look for keys in."""

import re

import pytest

from arka_tui.providers import variables
from arka_tui.providers.catalog import load_catalog

CATALOG = load_catalog()
SHIPPED = variables.shipped()


def test_every_provider_has_variables_and_they_are_those_of_the_catalog() -> None:
    assert {name: each.keys[0] for name, each in SHIPPED.items()} == {
        name: each.env for name, each in CATALOG.providers.items()
    }


def test_the_ordinary_addresses_are_those_of_the_catalog() -> None:
    assert {name: each.home for name, each in SHIPPED.items()} == {
        name: each.base_url for name, each in CATALOG.providers.items()
    }


@pytest.mark.parametrize("provider", SHIPPED)
def test_names_are_variables_and_settings_are_those_of_the_form(provider: str) -> None:
    known = SHIPPED[provider]
    assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in known.every)
    assert known.settings.keys() <= {setting.name for setting in CATALOG[provider].settings}
    assert known.home.endswith(known.lacks) or not known.home


@pytest.mark.parametrize(
    ("provider", "ours", "theirs"),
    [
        ("openai", "https://proxy.example/v1", "https://proxy.example/v1"),
        ("anthropic", "https://proxy.example/v1", "https://proxy.example"),
        ("gemini", "https://proxy.example/v1beta", "https://proxy.example"),
        ("groq", "https://proxy.example/openai/v1", "https://proxy.example"),
        ("groq", "https://proxy.example/else", "https://proxy.example/else"),
        ("azure", "https://us.openai.azure.com", "https://us.openai.azure.com"),
        ("azure", "https://us.openai.azure.com/openai/v1", "https://us.openai.azure.com"),
        ("ollama", "http://127.0.0.1:9/v1", "http://127.0.0.1:9"),
    ],
)
def test_an_address_loses_what_the_sdk_adds_by_itself(provider: str, ours: str, theirs: str) -> None:
    assert SHIPPED[provider].address_for_sdk(ours) == theirs


@pytest.mark.parametrize(
    ("provider", "base"),
    [
        ("groq", "https://api.groq.com/openai/v1"),
        ("anthropic", "https://api.anthropic.com/v1"),
        ("gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("cohere", "https://api.cohere.com/compatibility/v1"),
    ],
)
def test_an_openai_client_is_led_to_where_the_provider_speaks_its_dialect(provider: str, base: str) -> None:
    assert SHIPPED[provider].openai_base(SHIPPED[provider].home) == base
    assert SHIPPED[provider].openai_base(base) == base
