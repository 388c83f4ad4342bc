"""What the import contracts say statically holds at run time too."""

import subprocess
import sys

import pytest

CORE = [
    "arka_tui.controller",
    "arka_tui.brief_deeds",
    "arka_tui.store.vault",
    "arka_tui.providers.checker",
    "arka_tui.providers.transport",
    "arka_tui.simulator",
    "arka_tui.demo",
    "arka_tui.cli.doctor",
    "arka_tui.cli.exec",
    "arka_tui.cli.restore",
    "arka_tui.cli.keys",
    "arka_tui.cli.session",
    "arka_tui.cli.exec",
    "arka_tui.cli.testing",
    "arka_tui.cli.models",
    "arka_tui.cli.passphrase",
    "arka_tui.cli.export",
    "arka_tui.cli.scan",
    "arka_tui.cli.env_check",
    "arka_tui.cli.importing",
    "arka_tui.__main__",
]


def _loaded_by(module: str) -> set[str]:
    script = f"import {module}, sys; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.parametrize("module", CORE)
def test_the_core_loads_neither_textual_nor_httpx_nor_the_word_lists(module: str) -> None:
    assert _loaded_by(module).isdisjoint({"textual", "rich", "httpx", "zxcvbn"})


def test_the_entry_point_loads_no_cryptography_before_it_is_needed() -> None:
    assert "cryptography" not in _loaded_by("arka_tui.__main__")
