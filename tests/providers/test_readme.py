"""What the README says of providers is what the catalog says, and the table it shows works."""

import re
from pathlib import Path

from arka_tui.providers.catalog import load_catalog, with_own_providers
from tests.providers.readme_table import BEGIN, END, README, with_table


def test_the_table_of_providers_is_made_from_the_catalog() -> None:
    readme = README.read_text("utf-8")
    assert readme.count(BEGIN) == readme.count(END) == 1
    assert readme == with_table(readme), "python -m tests.providers.readme_table writes it anew"


def test_the_readmes_own_provider_is_read_without_a_mistake(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(\[acme\].*?)```", README.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "providers.toml"
    file.write_text(block)
    catalog = with_own_providers(load_catalog(), file)
    assert not catalog.troubles
    acme = catalog["acme"]
    assert (acme.name, acme.own, acme.paid_probes[0].models) == ("Acme AI", True, ("acme-small",))
    file.write_text(block.replace("# All that follows", 'colour = "red" #'))
    assert with_own_providers(load_catalog(), file).troubles == (
        "providers.toml: acme.colour is not known; the rest of it works",
    )
