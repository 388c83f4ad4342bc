"""`arka-tui exec`: which key goes into which variable, and when it is refused. What is started is only noted here;
tests/e2e/test_exec.py starts it.
"""

import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from arka_tui.check import Check, Learnt, Verdict
from arka_tui.cli import child
from arka_tui.credential import Draft
from arka_tui.paths import Paths
from arka_tui.providers import variables
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.key_file import make_key_file, read_key_file
from arka_tui.store.vault import Vault
from tests.cli.conftest import Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, open_vault

SHIPPED = variables.shipped()


@dataclass
class Started:
    command: Sequence[str] = ()
    environ: Mapping[str, str] | None = None
    secrets: Sequence[bytes] = ()
    keeps_session: bool = False

    def __getitem__(self, variable: str) -> str:
        assert self.environ is not None, "nothing was started"
        return self.environ[variable]

    def __contains__(self, variable: str) -> bool:
        return variable in (self.environ or {})


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    noted = Started()

    def start(
        command: Sequence[str],
        environ: Mapping[str, str],
        secrets: Sequence[bytes],
        on_masked: Callable[[], None],
        *,
        keeps_session: bool,
    ) -> int:
        noted.command, noted.environ, noted.secrets, noted.keeps_session = command, environ, secrets, keeps_session
        return 42

    monkeypatch.setattr(child, "start", start)
    return noted


@pytest.fixture(scope="session")
def key_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("with-key-file")
    vault = open_vault(Paths.under(root))
    vault.create(PASSPHRASE, RECOVERY_CODE)
    vault.add_slot(make_key_file(root / "key-file"))
    return root


class Box:
    """A vault that a key file opens, and the command that is tried on it."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.root = shell.paths.data.parent
        self.vault = Vault(shell.paths)
        self.vault.unlock_with(read_key_file(self.root / "key-file"))

    def add(
        self, name: str, base_url: str | None = None, secret: str = "", settings: tuple[tuple[str, str], ...] = ()
    ) -> None:
        provider, label = name.split("/")
        home = SHIPPED[provider].home if provider in SHIPPED else ""
        secret = secret or secret_of(name)
        self.vault.add(Draft(provider, label, base_url or home, settings, Secret(secret)))

    def note(self, name: str, verdict: Verdict, ago: timedelta = timedelta(), learnt: Learnt | None = None) -> None:
        """A test of the key."""
        key = self.vault.get(name)
        check = Check(key.id, name, key.hint, datetime.now(UTC) - ago, verdict, learnt=learnt or Learnt())
        assert not self.vault.record_checks([check])

    def exec(self, *arguments: str | Path) -> int:
        return self.shell.run("exec", "--key-file", self.root / "key-file", *arguments)

    def env_file(self, *lines: str) -> Path:
        file = self.root / ".env"
        file.write_text("\n".join(lines))
        return file


def secret_of(name: str) -> str:
    return f"secret-of-{name.replace('/', '-')}-{'0' * 20}"


@pytest.fixture
def box(shell: Shell, key_root: Path, paths: Paths) -> Box:
    shutil.copytree(key_root, paths.data.parent)
    return Box(shell)


# ---------------------------------------------------------------------- where a key goes


@pytest.mark.parametrize("provider", [name for name, each in SHIPPED.items() if each.home])
def test_a_key_is_where_programs_of_its_provider_look_and_nowhere_else(
    provider: str, box: Box, started: Started
) -> None:
    box.add(f"{provider}/work")
    assert box.exec("-k", f"{provider}/work", "--", "prog", "--flag", "--", "x") == 42
    known = SHIPPED[provider]
    assert started[known.keys[0]] == secret_of(f"{provider}/work")
    assert known.every & (started.environ or {}).keys() == {known.keys[0]}
    assert started.command == ["prog", "--flag", "--", "x"]
    assert started.secrets == [secret_of(f"{provider}/work").encode()]
    assert started["ARKA_EXEC"] == f"{provider}/work"


def test_organization_and_project_go_with_the_key(box: Box, started: Started) -> None:
    box.add("openai/work", settings=(("organization", "org-1"), ("project", "proj_1")))
    box.exec("-k", "openai/work", "--", "prog")
    assert (started["OPENAI_ORG_ID"], started["OPENAI_PROJECT_ID"]) == ("org-1", "proj_1")


def test_a_key_for_an_address_of_its_own_brings_the_address(box: Box, started: Started) -> None:
    box.add("anthropic/proxied", "https://proxy.example/anthropic/v1")
    box.add("azure/prod", "https://us.openai.azure.com", settings=(("deployment", "gpt"),))
    assert box.exec("-k", "anthropic", "-k", "azure", "--", "prog") == 42
    assert started["ANTHROPIC_BASE_URL"] == "https://proxy.example/anthropic"
    assert started["AZURE_OPENAI_ENDPOINT"] == "https://us.openai.azure.com"
    assert started["AZURE_OPENAI_DEPLOYMENT_NAME"] == "gpt"
    assert started["ARKA_EXEC"] == "anthropic/proxied azure/prod"


def test_a_key_is_not_given_to_programs_that_would_send_it_elsewhere(box: Box, started: Started) -> None:
    box.add("mistral/eu", "https://api.eu.mistral.ai/v1")
    assert box.exec("-k", "mistral/eu", "--", "prog") == 2
    assert "mistral/eu is for https://api.eu.mistral.ai/v1, and programs have no variable for that" in box.shell.err
    assert "--env MISTRAL_API_KEY=mistral/eu gives the key alone" in box.shell.err
    assert started.environ is None


def test_the_address_is_the_one_that_answered_in_the_last_test(box: Box, started: Started) -> None:
    box.add("openai/gateway", "https://gateway.example")
    box.note("openai/gateway", Verdict.OK, learnt=Learnt(works_at="https://gateway.example/v1"))
    box.exec("-k", "openai", "--", "prog")
    assert started["OPENAI_BASE_URL"] == "https://gateway.example/v1"


def test_an_address_that_an_earlier_test_found_for_another_one_does_not_count(box: Box, started: Started) -> None:
    box.add("openai/gateway", "https://new.example")
    box.note("openai/gateway", Verdict.OK, learnt=Learnt(works_at="https://old.example/v1"))
    box.exec("-k", "openai", "--", "prog")
    assert started["OPENAI_BASE_URL"] == "https://new.example"


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("openai/work", "https://api.openai.com/v1"),
        ("groq/work", "https://api.groq.com/openai/v1"),
        ("gemini/work", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ],
)
def test_as_openai_programs_find_the_key_and_its_address_where_openais_are(
    name: str, base: str, box: Box, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-key")
    box.add(name)
    assert box.exec("-k", name, "--as", "openai", "--", "prog") == 42
    assert (started["OPENAI_API_KEY"], started["OPENAI_BASE_URL"]) == (secret_of(name), base)
    assert "OPENAI_ORG_ID" not in started
    assert "GROQ_API_KEY" not in started


def test_variables_of_other_keys_are_cleared_away_and_the_rest_stays(
    box: Box, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GROQ_API_KEY", "MY_VARIABLE"):
        monkeypatch.setenv(name, "from before")
    box.add("gemini/work")
    box.exec("-k", "gemini/work", "--", "prog")
    assert "GOOGLE_API_KEY" not in started
    assert "GOOGLE_GEMINI_BASE_URL" not in started
    assert (started["GROQ_API_KEY"], started["MY_VARIABLE"]) == ("from before", "from before")


# ---------------------------------------------------------------------- which key is meant


def test_a_provider_alone_means_its_only_key(box: Box, started: Started) -> None:
    box.add("openai/whatever")
    box.add("groq/other")
    box.exec("-k", "OpenAI", "--", "prog")
    assert started["ARKA_EXEC"] == "openai/whatever"


def test_a_provider_alone_means_its_main_key_where_it_has_several(box: Box, started: Started) -> None:
    for label in ("alpha", "main", "zeta"):
        box.add(f"openai/{label}")
    box.exec("-k", "openai", "--", "prog")
    assert started["ARKA_EXEC"] == "openai/main"


def test_a_provider_with_several_keys_and_no_main_one_is_refused_and_its_keys_are_named(
    box: Box, started: Started
) -> None:
    box.add("openai/work")
    box.add("openai/ci")
    assert box.exec("-k", "openai", "--", "prog") == 2
    assert box.shell.err.splitlines() == [
        "arka-tui: error: openai has 2 keys, and none is called main",
        "arka-tui: hint: say which: openai/ci, openai/work",
    ]
    assert started.environ is None


@pytest.mark.parametrize(
    ("name", "hint"), [("openai/wrok", "did you mean 'openai/work'?"), ("opneai", "there are keys of openai")]
)
def test_a_key_that_is_not_there_is_told_with_a_hint(name: str, hint: str, box: Box, started: Started) -> None:
    box.add("openai/work")
    assert box.exec("-k", name, "--", "prog") == 5
    assert hint in box.shell.err
    assert started.environ is None


def test_a_key_that_was_typed_in_place_of_its_name_is_not_repeated(box: Box) -> None:
    for key in ("a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "a1b2c3d4/e5f6a7b8c9d0e1f2a3b4c5d6"):
        for arguments in (("-k", key), ("--env", f"A={key}")):
            assert box.exec(*arguments, "--", "prog") == 5
            assert re.search(r"no key of (a provider of )?that name", box.shell.err)
            assert "a1b2c3d4" not in box.shell.err


def test_a_key_of_ones_own_provider_goes_where_providers_toml_says(box: Box, started: Started) -> None:
    box.add("acme/work", "https://api.acme.example/v1")
    own = box.shell.paths.providers
    own.parent.mkdir()
    table = '[acme]\nname = "Acme"\ndialect = "{}"\nbase_url = "https://api.acme.example/v1"\n'
    own.write_text(table.format("openai"))
    assert box.exec("-k", "acme", "--", "prog") == 2
    assert 'in providers.toml say env = "SOME_API_KEY", or here --env SOME_API_KEY=acme/work' in box.shell.err
    own.write_text(table.format("openai") + 'env = "ACME_API_KEY"\n')
    assert box.exec("-k", "acme", "--", "prog") == 42
    assert started["ACME_API_KEY"] == secret_of("acme/work")
    assert box.exec("-k", "acme", "--as", "openai", "--", "prog") == 42
    assert started["OPENAI_BASE_URL"] == "https://api.acme.example/v1"
    own.write_text(table.format("cohere"))
    assert box.exec("-k", "acme", "--as", "openai", "--", "prog") == 2
    assert "acme does not speak OpenAI's dialect" in box.shell.err


# ---------------------------------------------------------------------- variables of one's choice


def test_a_key_can_be_put_in_any_variable(box: Box, started: Started) -> None:
    box.add("openai/work")
    box.add("openai/ci")
    assert box.exec("--env", "ONE=openai/work", "--env", "OTHER=openai/ci", "--", "prog") == 42
    assert (started["ONE"], started["OTHER"]) == (secret_of("openai/work"), secret_of("openai/ci"))
    assert "OPENAI_API_KEY" not in started


@pytest.mark.parametrize(
    "variable",
    [
        *("PATH", "LD_PRELOAD", "PYTHONPATH", "DYLD_INSERT_LIBRARIES", "ARKA_HOME", "PERL5OPT", "RUBYOPT"),
        *("JAVA_TOOL_OPTIONS", "GIT_SSH_COMMAND"),
    ],
)
def test_a_key_is_not_put_where_it_would_change_how_programs_run(variable: str, box: Box, started: Started) -> None:
    box.add("openai/work")
    for arguments in (
        ("--env", f"{variable}=openai/work"),
        ("--env-file", box.env_file(f"{variable}=arka://openai/work")),
    ):
        assert box.exec(*arguments, "--", "prog") == 2
        assert f"{variable} says how programs run, and is no place for a key" in box.shell.err
    assert started.environ is None


@pytest.mark.parametrize(
    "variable",
    ["HTTPS_PROXY", "https_proxy", "ACME_BASE_URL", *sorted({each.base_url for each in SHIPPED.values()} - {""})],
)
def test_a_key_is_not_put_where_an_address_belongs(variable: str, box: Box, started: Started) -> None:
    box.add("openai/work")
    box.add("acme/work", "https://api.acme.example/v1")
    own = box.shell.paths.providers
    own.parent.mkdir()
    own.write_text(f'[acme]\nname = "Acme"\nbase_url = "https://api.acme.example/v1"\nenv = "{variable}"\n')
    for arguments in (("--env", f"{variable}=openai/work"), ("-k", "acme")):
        assert box.exec(*arguments, "--", "prog") == 2
        assert f"{variable} says where programs send things, and is no place for a key" in box.shell.err
    assert started.environ is None


@pytest.mark.parametrize("env", ["A=B", "A B", "A\\u0000B", "1A"])
def test_what_is_no_name_of_a_variable_is_not_set(env: str, box: Box, started: Started) -> None:
    box.add("acme/work", "https://api.acme.example/v1")
    own = box.shell.paths.providers
    own.parent.mkdir()
    own.write_text(f'[acme]\nname = "Acme"\nbase_url = "https://api.acme.example/v1"\nenv = "{env}"\n')
    assert box.exec("-k", "acme", "--", "prog") == 2
    assert "acme.env is no name of a variable" in box.shell.err
    assert started.environ is None


@pytest.mark.parametrize("renamed", ["openai/work", "=openai/work", "A-B=openai/work", "1A=openai/work", "A="])
def test_what_is_no_variable_and_key_is_refused(renamed: str, box: Box) -> None:
    assert box.exec("--env", renamed, "--", "prog") == 2
    assert "it looks like NAME=provider/label" in box.shell.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "openai/work", "-k", "openai/ci"),
        ("-k", "openai/work", "--env", "OPENAI_API_KEY=openai/ci"),
        ("-k", "openai/work", "-k", "groq/work", "--as", "openai"),
    ],
)
def test_two_keys_for_one_variable_are_refused(arguments: tuple[str, ...], box: Box, started: Started) -> None:
    for name in ("openai/work", "openai/ci", "groq/work"):
        box.add(name)
    assert box.exec(*arguments, "--", "prog") == 2
    assert "would both be OPENAI_API_KEY" in box.shell.err
    assert started.environ is None


def test_a_file_may_refer_to_keys_and_its_other_lines_go_along(box: Box, started: Started) -> None:
    box.add("openai/work")
    file = box.env_file("OPENAI_API_KEY=arka://openai/work", "OPENAI_BASE_URL='https://proxy.example'", "LEVEL=debug")
    assert box.exec("--env-file", file, "--", "prog") == 42
    assert started["OPENAI_API_KEY"] == secret_of("openai/work")
    assert (started["OPENAI_BASE_URL"], started["LEVEL"]) == ("https://proxy.example", "debug")
    assert started.secrets == [secret_of("openai/work").encode()]


def test_a_files_address_does_not_lead_a_key_astray_that_was_asked_for_by_name(box: Box, started: Started) -> None:
    box.add("openai/work")
    box.add("openai/ci")
    file = box.env_file("OPENAI_API_KEY=arka://openai/ci", "OPENAI_BASE_URL=https://evil.example", "LEVEL=debug")
    assert box.exec("--env-file", file, "-k", "openai/work", "--", "prog") == 42
    assert started["OPENAI_API_KEY"] == secret_of("openai/work")
    assert "OPENAI_BASE_URL" not in started
    assert (started["LEVEL"], started["ARKA_EXEC"]) == ("debug", "openai/work")


@pytest.mark.parametrize("reference", ["openai/wrok", "groq/work", "acme/wrok"])
def test_a_reference_to_no_key_is_told_by_its_line(reference: str, box: Box) -> None:
    box.add("openai/work")
    box.add("acme/work", "https://api.acme.example")
    assert box.exec("--env-file", box.env_file("", f"A=arka://{reference}"), "--", "prog") == 5
    found = re.search(
        r"/\.env, line 2: the vault has no key '(.*)'\n.*did you mean '(openai|acme)/work'", box.shell.err
    )
    assert found
    assert found[1] == reference


@pytest.mark.parametrize("reference", ["a1b2c3d4e5f6", "a1b2c3d4e5f6/a7b8c9d0", "openai/a1b2c3d4/e5f6", "openai/"])
def test_a_reference_that_does_not_look_like_one_is_not_quoted(reference: str, box: Box) -> None:
    box.add("openai/work")
    assert box.exec("--env-file", box.env_file("", f"A=arka://{reference}"), "--", "prog") == 5
    assert "/.env, line 2: the vault has no key of that name\n" in box.shell.err
    assert "a1b2c3d4" not in box.shell.err


# ---------------------------------------------------------------------- what is started


def test_without_a_command_it_is_the_users_shell(box: Box, started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/some-shell")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    box.add("openai/work")
    assert box.exec("-k", "openai") == 42
    assert started.command == ["/bin/some-shell"]


@pytest.mark.parametrize("nothing", [("--",), ("--", ""), ("",)])
def test_a_command_that_came_out_empty_is_no_shell(
    nothing: tuple[str, ...], box: Box, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    box.add("openai/work")
    assert box.exec("-k", "openai", *nothing) == 2
    assert "nothing follows --" in box.shell.err
    assert started.environ is None


def test_without_a_command_and_a_terminal_nothing_is_started(
    box: Box, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    box.add("openai/work")
    assert box.exec("-k", "openai") == 2
    assert "no command is named, and there is no terminal for a shell" in box.shell.err
    assert started.environ is None


def test_without_a_key_nothing_is_started(box: Box, started: Started) -> None:
    assert box.exec("--", "prog") == 2
    assert box.shell.err.startswith("arka-tui: error: no key is named\narka-tui: hint: -k openai/work")
    assert started.environ is None


def test_another_dialect_is_for_keys_that_are_asked_for_by_name(box: Box, started: Started) -> None:
    box.add("groq/work")
    assert box.exec("--env", "A=groq/work", "--as", "openai", "--", "prog") == 2
    assert "--as says where keys of -k go, and there is no -k" in box.shell.err
    assert started.environ is None


def test_within_another_exec_it_is_refused_unless_it_is_meant(
    box: Box, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARKA_EXEC", "groq/outer")
    box.add("openai/work")
    assert box.exec("-k", "openai", "--", "prog") == 2
    assert "this runs under arka-tui exec already, with groq/outer" in box.shell.err
    assert box.exec("-k", "openai", "--nested", "--", "prog") == 42
    assert started["ARKA_EXEC"] == "openai/work"


def test_without_masking_no_secret_is_looked_for(box: Box, started: Started) -> None:
    box.add("openai/work")
    assert box.exec("-k", "openai", "--no-masking", "--", "prog") == 42
    assert started.secrets == []


def test_the_other_name_of_the_command_does_the_same(box: Box, started: Started) -> None:
    box.add("openai/work")
    assert box.shell.run("run", "--key-file", box.root / "key-file", "-k", "openai", "prog", "-x") == 42
    assert started.command == ["prog", "-x"]


# ---------------------------------------------------------------------- demands


REFUSED = {
    Verdict.NO_CREDITS: "no credit",
    Verdict.KEY_LIMIT_REACHED: "key cap reached",
    Verdict.SPEND_LIMIT_REACHED: "spend cap",
    Verdict.INVALID_KEY: "invalid",
    Verdict.DISABLED_OR_EXPIRED: "expired",
    Verdict.ACCOUNT_BLOCKED: "account blocked",
    Verdict.UNKNOWN: "could not tell",
}


@pytest.mark.parametrize("verdict", REFUSED)
def test_a_key_that_does_not_work_is_refused_where_that_is_demanded(
    verdict: Verdict, box: Box, started: Started
) -> None:
    box.add("openai/work")
    box.note("openai/work", verdict, timedelta(minutes=59))
    assert box.exec("-k", "openai", "--require-ok", "--", "prog") == 11
    assert f"openai/work: {REFUSED[verdict]}" in box.shell.err
    assert "arka-tui test openai/work asks again" in box.shell.err
    assert started.environ is None
    assert box.exec("-k", "openai", "--", "prog") == 42


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.ACCEPTED, Verdict.RATE_LIMITED, Verdict.NOT_VERIFIABLE])
def test_a_key_that_works_passes(verdict: Verdict, box: Box, started: Started) -> None:
    box.add("openai/work")
    box.note("openai/work", verdict)
    assert box.exec("-k", "openai", "--require-ok", "--", "prog") == 42


def test_the_test_of_a_short_key_says_nothing_of_the_one_that_took_its_place(box: Box, started: Started) -> None:
    box.add("openai/work", "http://127.0.0.1:1/v1", secret="too-short")
    box.note("openai/work", Verdict.OK, timedelta(minutes=10))
    assert box.exec("-k", "openai", "--require-ok", "--as", "openai", "--", "prog") == 42
    key = box.vault.get("openai/work")
    box.vault.update(key, Draft("openai", "work", key.base_url, (), Secret("as-short")))
    assert box.shell.run("list", "--json", "--key-file", box.root / "key-file") == 0
    assert box.shell.json()["keys"][0]["check"] is None
    assert box.exec("-k", "openai", "--require-ok", "--as", "openai", "--", "prog") == 10, "nobody answers there"


@pytest.mark.parametrize(("left", "code"), [(timedelta(hours=-1), 11), (timedelta(hours=23), 11), (timedelta(2), 42)])
def test_a_key_that_ends_within_a_day_is_refused(left: timedelta, code: int, box: Box, started: Started) -> None:
    box.add("openrouter/work")
    box.note("openrouter/work", Verdict.OK, learnt=Learnt(expires_at=datetime.now(UTC) + left))
    assert box.exec("-k", "openrouter", "--require-ok", "--", "prog") == code


@pytest.mark.parametrize(
    ("learnt", "told"),
    [
        (Learnt(remaining=Decimal(5)), ""),
        (Learnt(balance=Decimal("5.01"), currency="usd"), ""),
        (Learnt(remaining=Decimal("4.99")), "openrouter/work has $4.99 left, not $5.00"),
        (Learnt(remaining=Decimal(9), balance=Decimal(2)), "openrouter/work has $2.00 left, not $5.00"),
        (Learnt(balance=Decimal(99), currency="CNY"), "tells the credit in CNY, not in USD"),
        (Learnt(), "does not tell how much credit is left"),
    ],
)
def test_so_much_credit_must_be_known_to_be_left(learnt: Learnt, told: str, box: Box, started: Started) -> None:
    box.add("openrouter/work")
    box.note("openrouter/work", Verdict.OK, learnt=learnt)
    assert box.exec("-k", "openrouter", "--min-credit", "5", "--", "prog") == (11 if told else 42)
    assert told in box.shell.err


@pytest.mark.parametrize("amount", ["-1", "five", "nan", "inf"])
def test_what_is_no_amount_is_refused(amount: str, box: Box) -> None:
    assert box.exec("-k", "openai", "--min-credit", amount, "--", "prog") == 2


@pytest.mark.parametrize("ago", [None, timedelta(hours=2)])
def test_without_a_test_of_the_last_hour_the_provider_is_asked(
    ago: timedelta | None, box: Box, started: Started
) -> None:
    with Simulator() as simulator:
        box.add("openrouter/rich", simulator.base_url("openrouter"), simulator.issue("openrouter", "valid"))
        box.add("openrouter/poor", simulator.base_url("openrouter"), simulator.issue("openrouter", "no_credit"))
        if ago:
            box.note("openrouter/rich", Verdict.NO_CREDITS, ago)
            box.note("openrouter/poor", Verdict.OK, ago)
        as_openai = ("--as", "openai", "--require-ok", "--", "prog")
        assert box.exec("-k", "openrouter/rich", *as_openai) == 42
        assert box.exec("-k", "openrouter/poor", *as_openai) == 11
        asked = len(simulator.requests)
        assert box.exec("-k", "openrouter/poor", *as_openai) == 11
        assert len(simulator.requests) == asked, "what was found out counts for an hour"


@pytest.mark.parametrize("demand", [("--require-ok",), ("--min-credit", "0")])
def test_where_nothing_can_be_found_out_that_is_told_apart(demand: tuple[str, ...], box: Box, started: Started) -> None:
    box.add("openai/work", "http://127.0.0.1:1/v1")
    assert box.exec("-k", "openai", *demand, "--", "prog") == 10
    assert "nothing is known about openai/work: unreachable" in box.shell.err
    assert started.environ is None
