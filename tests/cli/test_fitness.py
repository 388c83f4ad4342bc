"""What `--require-ok` makes of past tests."""

from datetime import UTC, datetime, timedelta

import pytest

from arka_tui.check import Check, Stage, Verdict
from arka_tui.cli import child
from arka_tui.cli.exits import Exit
from arka_tui.paths import Paths
from arka_tui.simulator import Simulator
from tests.cli.conftest import Shell
from tests.conftest import RECOVERY_CODE, open_vault

PAID = (Stage("paid", Verdict.OK, "POST /embeddings", 200, 9),)


@pytest.mark.parametrize(
    ("past", "code"),
    [
        ([(Verdict.NO_CREDITS, ()), (Verdict.ACCEPTED, ())], Exit.REFUSED),
        ([(Verdict.OK, PAID), (Verdict.ACCEPTED, ())], 42),
        ([(Verdict.NO_CREDITS, ()), (Verdict.OK, PAID), (Verdict.ACCEPTED, ())], 42),
        ([(Verdict.ACCEPTED, ())], 42),
    ],
)
def test_a_free_test_does_not_hide_that_there_was_no_credit(
    shell: Shell,
    unlocked: Paths,
    simulated: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    past: list[tuple[Verdict, tuple[Stage, ...]]],
    code: int,
) -> None:
    """Where the settings allow no paid request, nothing newer can be known."""
    unlocked.config.mkdir(parents=True)
    unlocked.settings.write_text("paid_test = false\n")
    key = simulated.issue("openai", "no_credit")
    assert shell.run("add", "openai/old", "--no-test", answers=(key,)) == Exit.DONE
    vault = open_vault(unlocked)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    old, start = vault.get("openai/old"), datetime.now(UTC) - timedelta(minutes=10)
    vault.record_checks(
        [
            Check(old.id, old.name, old.hint, start + timedelta(minutes=number), verdict, stages)
            for number, (verdict, stages) in enumerate(past)
        ]
    )
    monkeypatch.setattr(child, "start", lambda *_, **__: 42)
    assert shell.run("exec", "-k", "openai/old", "--require-ok", "--", "prog") == code
