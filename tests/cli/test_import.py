"""`arka-tui import`: what lies in plaintext, into the vault."""

import json
import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arka_tui.check import Check, Verdict
from arka_tui.cli.exits import Exit
from arka_tui.controller import Controller
from arka_tui.credential import Credential
from arka_tui.errors import NotSaved
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import disk
from tests.cli.conftest import KEY, Shell
from tests.conftest import PASSPHRASE, RECOVERY_CODE, draft, open_vault

WORD = PASSPHRASE.reveal()
ONE = f"{KEY}-one"
NEW = "sk-proj-" + "Zy9" * 9
CLAUDE = "sk-ant-api03-" + "Qw8" * 9
ROUTER = "sk-or-v1-" + "0a" * 32
GEMINI = "AIza" + "Gm5-_" * 7

pytestmark = pytest.mark.usefixtures("filled")


def stored(paths: Paths) -> dict[str, str]:
    """What is in the vault beside the three that were there, by name."""
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    names = [each.name for each in vault.list() if each.label not in ("one", "two", "three")]
    return {name: vault.secret(name).reveal() for name in names}


def credential(paths: Paths, name: str) -> Credential:
    vault = open_vault(paths)
    vault.unlock_with_recovery_code(RECOVERY_CODE)
    return vault.get(name)


def findings(shell: Shell) -> list[tuple[str, ...]]:
    """Name and finding of each row."""
    rows = [line.split("\t") for line in shell.lines() if line.count("\t") == 3]
    return [(name, finding) for name, _, finding, _ in rows]


def test_it_shows_asks_and_stores(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".bashrc").write_text(f"export OPENAI_API_KEY={NEW}\n")
    assert shell.run("import", answers=(WORD, "y")) == 0
    assert shell.person.asked[1] == "Import 1 key? (y/N) "
    assert shell.lines() == [
        f"openai/main\t{home}/.bashrc:1\tnew\tOPENAI_API_KEY",
        "✓ 1 key imported",
    ]
    assert f"{home}/.bashrc: Delete the line." in shell.err
    assert shell.err.endswith("use instead: arka-tui exec -k openai/main -- COMMAND\nnext: arka-tui test openai/main\n")
    assert stored(paths) == {"openai/main": NEW}


@pytest.mark.parametrize("answer", ["", "no"])
def test_anything_but_yes_changes_nothing(shell: Shell, paths: Paths, home: Path, answer: str) -> None:
    (home / ".bashrc").write_text(f"export OPENAI_API_KEY={NEW}\n")
    before = paths.vault.read_bytes()
    assert shell.run("import", answers=(WORD, answer)) == 1
    assert shell.lines()[-1] == "Nothing was changed."
    assert paths.vault.read_bytes() == before


def test_a_dry_run_shows_all_and_changes_nothing(shell: Shell, paths: Paths, home: Path) -> None:
    file = home / ".env"
    file.write_text(f"OPENAI_API_KEY={NEW}\n")
    before = paths.vault.read_bytes()
    assert shell.run("import", "--dry-run", "--replace", answers=(WORD,)) == 0
    assert shell.lines()[1:] == [
        "1 key would be imported. Nothing was changed.",
        "",
        str(file),
        "- 1: OPENAI_API_KEY=••••",
        "+ 1: OPENAI_API_KEY=arka://openai/main",
    ]
    assert paths.vault.read_bytes() == before
    assert NEW in file.read_text()


def test_without_a_terminal_it_needs_yes_or_a_dry_run(shell: Shell, home: Path) -> None:
    shell.person.there = False
    assert shell.run("import") == 9
    assert shell.err.endswith("arka-tui: hint: --dry-run shows it, --yes does not ask\n")


def test_each_known_place_is_read_and_each_provider_known(
    shell: Shell, paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", CLAUDE)
    for name, content in {
        ".config/io.datasette.llm/keys.json": json.dumps({"gemini": GEMINI}),
        ".codex/auth.json": json.dumps({"OPENAI_API_KEY": NEW, "tokens": {"access_token": "eyJ" + "a" * 30}}),
        ".local/share/opencode/auth.json": json.dumps({"openrouter": {"type": "api", "key": ROUTER}}),
        ".aider.conf.yml": "api-key:\n- groq=gsk_" + "Gq7x" * 12 + "\n",
        ".config/fish/config.fish": "set -gx MISTRAL_API_KEY " + "Ms4x" * 8 + "\n",
        ".env.staging": "XAI_API_KEY=xai-" + "Xa3" * 25 + "\n",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert {*stored(paths)} == {
        *("anthropic/main", "gemini/main", "openai/main", "openrouter/main", "groq/main", "mistral/main"),
        "xai/staging",
    }
    assert ("–", "left alone: a tool’s own login") in findings(shell)


def test_only_the_environment_is_looked_at_where_that_is_wanted(
    shell: Shell, paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY_CI", NEW)
    (home / ".bashrc").write_text(f"export ANTHROPIC_API_KEY={CLAUDE}\n")
    assert shell.run("import", "--env", "--yes", answers=(WORD,)) == 0
    assert stored(paths) == {"openai/ci": NEW}
    assert shell.run("import", "--env", home / ".bashrc") == 2


def test_secrets_of_others_are_named_and_left_alone(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(
        "DATABASE_PASSWORD=hunter2hunter2\nGITHUB_TOKEN=ghp_" + "a" * 36 + "\nMISTRAL_API_KEY=your-key-here\n"
        "OPENAI_API_KEY=arka://openai/one\nDEBUG=certainly\n"
    )
    assert shell.run("import", home / ".env", "--yes", answers=(WORD,)) == 0
    assert findings(shell) == [
        ("–", "left alone: unknown"),
        ("–", "left alone: a key of GitHub"),
    ]
    assert stored(paths) == {}


def test_a_key_that_is_stored_or_comes_twice_is_taken_once(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(f"A_KEY={ONE}\nOPENAI_API_KEY={NEW}\nOPENAI_API_KEY_2={NEW}\n")
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert findings(shell) == [
        ("openai/one", "stored already"),
        ("openai/main", "new"),
        ("openai/main", "the same key again"),
    ]
    assert stored(paths) == {"openai/main": NEW}
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert shell.lines()[-1] == "There is nothing to import."


def test_a_sure_shape_weighs_more_than_the_name_of_the_variable(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(f"OPENAI_API_KEY={ROUTER}\n")
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert stored(paths) == {"openrouter/main": ROUTER}


def test_a_key_that_is_used_at_another_address_is_bound_to_that(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text("OPENAI_API_KEY=my-relays-own-key-0001\nOPENAI_BASE_URL=https://relay.example/v1\n")
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert credential(paths, "compatible/main").base_url == "https://relay.example/v1"


def test_where_a_key_will_be_sent_is_told_unless_it_is_its_providers_home(shell: Shell, home: Path) -> None:
    (home / ".env").write_text("OPENAI_API_KEY=my-relays-own-key-0001\nOPENAI_BASE_URL=https://relay.example/v1\n")
    (home / ".env.at-home").write_text(f"OPENAI_API_KEY={NEW}\nOPENAI_BASE_URL=https://api.openai.com/v1\n")
    assert shell.run("import", "--dry-run", answers=(WORD,)) == 0
    told = [line for line in shell.lines() if "will be sent there" in line]
    assert told == ["! compatible/main is for https://relay.example/v1, and will be sent there"]
    assert shell.run("import", "--dry-run", "--json", answers=(WORD,)) == 0
    addresses = [each["base_url"] for each in shell.json()["keys"]]
    assert addresses == ["https://relay.example/v1", "https://api.openai.com/v1"]
    assert shell.run("import", "--yes", "--json", answers=(WORD,)) == 0
    assert [each["base_url"] for each in shell.json()["keys"]] == addresses


@pytest.mark.slow
def test_many_keys_of_one_file_take_no_longer_than_they_must(shell: Shell, home: Path) -> None:
    lines = [f"OPENAI_API_KEY_{n}=sk-proj-{n:027d}\n" for n in range(1000)]
    (home / ".env").write_text("".join(lines))
    start = time.process_time()
    assert shell.run("import", "--dry-run", answers=(WORD,)) == 0
    assert "1,000 keys would be imported" in shell.out or "1000 keys would be imported" in shell.out
    assert time.process_time() - start < 10  # 2,000 took 130 s when it grew with the square


def test_a_provider_without_an_address_needs_it_beside_the_key(shell: Shell, paths: Paths, home: Path) -> None:
    key = "0123456789abcdef" * 2
    (home / ".env").write_text(f"AZURE_OPENAI_API_KEY={key}\n")
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert findings(shell) == [("–", "not taken: Azure OpenAI has no address of its own")]
    (home / ".env").write_text(f"AZURE_OPENAI_API_KEY={key}\nAZURE_OPENAI_ENDPOINT=https://mine.openai.azure.com/\n")
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert credential(paths, "azure/main").base_url == "https://mine.openai.azure.com"


def test_on_a_terminal_the_sign_tells_what_becomes_of_a_key(shell: Shell, home: Path, watched: None) -> None:
    (home / ".env").write_text(f"A_KEY={ONE}\nOPENAI_API_KEY={NEW}\nPASSWORD=hunter2hunter2\n")
    assert shell.run("import", answers=(WORD, "y", "no")) == 0
    head, *rows = shell.lines()[:4]
    assert head.split() == ["KEY", "WHERE", "FINDING", "VARIABLE"]
    assert [row.split()[:3] for row in rows] == [
        ["✓", "openai/one", ".env:1"],
        ["+", "openai/main", ".env:2"],
        ["·", "–", ".env:3"],
    ]
    assert shell.lines()[-1] == ".env stays as it is."


# ---------------------------------------------------------------------- a label


def test_the_one_key_that_is_new_gets_the_label(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(f"A_KEY={ONE}\nOPENAI_API_KEY={NEW}\nOPENAI_API_KEY_2={NEW}\n")
    assert shell.run("import", "--yes", "--label", "work", answers=(WORD,)) == 0
    assert findings(shell) == [
        ("openai/one", "stored already"),
        ("openai/work", "new"),
        ("openai/work", "the same key again"),
    ]
    assert stored(paths) == {"openai/work": NEW}


def test_a_label_is_not_for_several_keys(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(f"OPENAI_API_KEY={NEW}\nANTHROPIC_API_KEY={CLAUDE}\n")
    assert shell.run("import", "--yes", "--label", "work", answers=(WORD,)) == 2
    assert "--label is for one key, and 2 would be imported" in shell.err
    assert stored(paths) == {}


def test_a_label_that_is_taken_or_none_is_refused(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(f"OPENAI_API_KEY={NEW}\n")
    assert shell.run("import", "--yes", "--label", "ONE", answers=(WORD,)) == Exit.CONFLICT
    assert "there is a key named 'openai/ONE' already" in shell.err
    assert shell.run("import", "--yes", "--label", "a/b") == Exit.USAGE
    assert stored(paths) == {}


# ---------------------------------------------------------------------- another vault


def test_another_vault_is_opened_with_its_own_passphrase(shell: Shell, paths: Paths, tmp_path: Path) -> None:
    other = open_vault(Paths.under(tmp_path / "other"))
    other.create(Secret("another passphrase"), RECOVERY_CODE)
    other.add(draft("openai/one", NEW))
    other.add(draft("groq/ci", "gsk_" + "Gq7x" * 12))
    other.add(draft("openai/again", ONE))
    assert shell.run("import", other.path, answers=(WORD, "another passphrase", "y")) == 0
    assert shell.person.asked[1] == f"Passphrase of {other.path}: "
    assert findings(shell) == [("openai/one-2", "new"), ("groq/ci", "new"), ("openai/one", "stored already")]
    assert stored(paths) == {"openai/one-2": NEW, "groq/ci": "gsk_" + "Gq7x" * 12}
    assert credential(paths, "groq/ci").base_url == "https://api.groq.example/v1"


def test_another_vault_that_is_not_opened_imports_nothing(shell: Shell, paths: Paths, tmp_path: Path) -> None:
    other = open_vault(Paths.under(tmp_path / "other"))
    other.create(Secret("another passphrase"), RECOVERY_CODE)
    assert shell.run("import", other.path, answers=(WORD, "")) == 2
    assert stored(paths) == {}


def test_another_vaults_passphrase_is_read_from_a_descriptor(
    shell: Shell, paths: Paths, tmp_path: Path, home: Path
) -> None:
    other = open_vault(Paths.under(tmp_path / "other"))
    other.create(Secret("another passphrase"), RECOVERY_CODE)
    other.add(draft("groq/ci", NEW))
    (home / ".env").write_text("A=1\n")

    def given(*words: str | Path) -> int:
        out, into = os.pipe()
        os.write(into, b"another passphrase\n")
        os.close(into)
        try:
            return shell.run("import", "--bundle-passphrase-fd", str(out), *words, answers=(WORD,))
        finally:
            with suppress(OSError):
                os.close(out)

    assert given("--yes", other.path) == 0
    assert stored(paths) == {"groq/ci": NEW}
    assert given("--yes", home / ".env") == Exit.USAGE


# ---------------------------------------------------------------------- references


def test_after_yes_a_reference_is_in_the_keys_place(shell: Shell, paths: Paths, home: Path) -> None:
    file = home / ".env"
    file.write_text(f'# mine\nOPENAI_API_KEY="{NEW}" # note\nOTHER={ONE}\nDEBUG=1\n')
    file.chmod(0o640)
    assert shell.run("import", file, answers=(WORD, "y", "y")) == 0
    assert shell.person.asked[2] == f"Replace in {file}? (y/N) "
    assert file.read_text() == '# mine\nOPENAI_API_KEY="arka://openai/main" # note\nOTHER=arka://openai/one\nDEBUG=1\n'
    assert file.stat().st_mode & 0o777 == 0o640
    assert shell.lines()[-1] == f"✓ replaced; use it by: arka-tui exec --env-file {file} -- COMMAND"


def test_after_no_the_key_stays_where_it_was(shell: Shell, paths: Paths, home: Path) -> None:
    (home / ".env").write_text(f"OPENAI_API_KEY={NEW}\n")
    assert shell.run("import", answers=(WORD, "y", "no")) == 0
    assert shell.lines()[-1] == f"{home}/.env stays as it is."
    assert (home / ".env").read_text() == f"OPENAI_API_KEY={NEW}\n"
    assert stored(paths) == {"openai/main": NEW}


def test_yes_alone_replaces_nothing_and_with_replace_all(shell: Shell, home: Path) -> None:
    shell.person.there = False
    (home / "word").write_text(WORD)
    for words, left in ((["--yes"], NEW), (["--yes", "--replace"], "arka://openai/main")):
        (home / ".env").write_text(f"OPENAI_API_KEY={NEW}\n")
        with (home / "word").open() as word:
            fd = os.dup(word.fileno())
            assert shell.run("import", *words, "--passphrase-fd", str(fd)) == 0
        assert (home / ".env").read_text() == f"OPENAI_API_KEY={left}\n"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('B="two\nlines"', "line 2: this is no NAME=value"),
        ("some words", "line 2: this is no NAME=value"),
        (
            "HEADER=Bearer $OPENAI_API_KEY",
            "line 2 uses $OPENAI_API_KEY, and would get the reference instead of the key",
        ),
        (
            'H="x-${OPENAI_API_KEY:-none}"',
            "line 2 uses $OPENAI_API_KEY, and would get the reference instead of the key",
        ),
    ],
)
def test_a_file_that_would_not_work_with_references_is_left_alone_and_said_why(
    shell: Shell, home: Path, paths: Paths, line: str, why: str
) -> None:
    file, other = home / ".env", home / ".env.local"
    content = f"OPENAI_API_KEY={NEW}\n{line}\n"
    file.write_text(content)
    other.write_text(f"A_KEY={ONE}\n# $A_KEY\n")
    assert shell.run("import", file, other, "--yes", "--replace", answers=(WORD,)) == Exit.FAILED
    assert why in shell.out
    assert file.read_text() == content
    assert other.read_text() == "A_KEY=arka://openai/one\n# $A_KEY\n"
    assert stored(paths) == {"openai/main": NEW}
    assert shell.run("import", file, "--yes", "--replace", "--json", answers=(WORD,)) == Exit.FAILED
    (told,) = shell.json()["replaced"]
    assert (told["done"], told["lines"], why in told["why"]) == (False, [], True)


def test_a_file_with_a_byte_order_mark_keeps_it(shell: Shell, home: Path, paths: Paths) -> None:
    (home / ".env").write_text(f"\ufeffOPENAI_API_KEY={NEW}\n")
    assert shell.run("import", "--yes", "--replace", answers=(WORD,)) == 0
    assert (home / ".env").read_text() == "\ufeffOPENAI_API_KEY=arka://openai/main\n"
    assert stored(paths) == {"openai/main": NEW}


@pytest.mark.parametrize("value", [f'"{NEW}\\"x"', f"{NEW} & more", f'"{NEW}"tail'])
def test_a_part_of_a_value_is_neither_stored_nor_replaced(shell: Shell, home: Path, paths: Paths, value: str) -> None:
    (home / ".env").write_text(f"OPENAI_API_KEY={value}\n")
    assert shell.run("import", "--yes", "--replace", answers=(WORD,)) == 0
    assert findings(shell) == [("–", "left alone: where its value ends is not sure, write it plainly")]
    assert NEW not in shell.out + shell.err
    assert (home / ".env").read_text() == f"OPENAI_API_KEY={value}\n"
    assert stored(paths) == {}


def test_other_lines_of_several_words_are_passed_over(shell: Shell, home: Path) -> None:
    lines = (
        "GREETING=hello there",
        'A_KEY=""',
        "B_KEY=# none",
        "C_KEY=your key here",
        "D_KEY=$(pass show x)",
        "E_KEY=",
    )
    (home / ".env").write_text("\n".join(lines))
    assert shell.run("import", "--yes", answers=(WORD,)) == 0
    assert shell.lines() == ["No keys were found."]


def test_a_file_that_cannot_be_replaced_does_not_hold_up_the_others(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".env").write_text(f"OPENAI_API_KEY={NEW}\n")
    os.link(home / ".env", home / "second")
    (home / ".env.local").write_text(f"A_KEY={ONE}\n")
    assert shell.run("import", "--yes", "--replace", "--json", answers=(WORD,)) == Exit.NOT_SAVED
    first, last = shell.json()["replaced"]
    assert (first["done"], first["lines"]) == (False, [1])
    assert "has a second name" in first["why"]
    assert (last["done"], last["why"]) == (True, "")
    assert (home / ".env.local").read_text() == "A_KEY=arka://openai/one\n"


def test_a_profile_is_never_rewritten(shell: Shell, home: Path) -> None:
    (home / ".bashrc").write_text(f"export OPENAI_API_KEY={NEW}\n")
    assert shell.run("import", "--yes", "--replace", answers=(WORD,)) == 0
    assert NEW in (home / ".bashrc").read_text()


# ---------------------------------------------------------------------- tests, JSON


def answering(verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(self: Controller, names: Sequence[str]) -> AsyncGenerator[Check, None]:
        for name in names:
            yield Check("id", name, "", datetime(2026, 11, 23, tzinfo=UTC), verdict)

    monkeypatch.setattr(Controller, "check", check)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.OK, 0),
        (Verdict.NO_CREDITS, 6),
        (Verdict.NOT_VERIFIABLE, 0),
        (Verdict.INVALID_KEY, 6),
        (Verdict.UNREACHABLE, 10),
    ],
)
def test_what_was_imported_is_tested(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, code: int
) -> None:
    answering(verdict, monkeypatch)
    (home / ".bashrc").write_text(f"export OPENAI_API_KEY={NEW}\nexport B_KEY={ONE}\n")
    assert shell.run("import", "--yes", "--test", answers=(WORD,)) == code
    assert f"openai/main: {verdict.meaning.word}" in shell.err
    assert "openai/one:" not in shell.err
    assert "testing 1 key …" in shell.err
    assert "next:" not in shell.err


def test_json_tells_what_became_of_each_and_shows_no_key(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(Verdict.OK, monkeypatch)
    file = home / ".env"
    file.write_text(f"OPENAI_API_KEY={NEW}\nPASSWORD=hunter2hunter2\n")
    assert shell.run("import", "--yes", "--test", "--replace", "--json", answers=(WORD,)) == 0
    told = json.loads(shell.out)
    assert told["keys"][0].pop("check")["verdict"] == "ok"
    assert told == {
        "dry_run": False,
        "keys": [
            {
                "name": "openai/main",
                "provider": "openai",
                "source": str(file),
                "line": 1,
                "variable": "OPENAI_API_KEY",
                "base_url": "https://api.openai.com/v1",
                "outcome": "imported",
                "told": "imported",
            },
            {
                "name": None,
                "provider": None,
                "source": str(file),
                "line": 2,
                "variable": "PASSWORD",
                "base_url": None,
                "outcome": "left_alone",
                "told": "left alone: unknown",
                "check": None,
            },
        ],
        "replaced": [{"path": str(file), "lines": [1], "done": True, "why": ""}],
        "not_read": [],
    }


# ---------------------------------------------------------------------- no key, whatever happens

CANARY = "sk-proj-" + "Cn4Ry" * 8
PLACES = {
    ".bashrc": "export OPENAI_API_KEY={}",
    ".zshenv": "OPENAI_API_KEY='{}'",
    ".config/fish/config.fish": "set -gx OPENAI_API_KEY {}",
    ".bash_history": "curl -H 'Authorization: Bearer {}'",
    ".zsh_history": ": 1700000000:0;OPENAI_API_KEY={} python",
    ".python_history": "client = OpenAI(api_key='{}')",
    ".local/share/fish/fish_history": "- cmd: set -x A {}",
    ".env": "OPENAI_API_KEY={}",
    ".env.local": 'export X_TOKEN="{}"  # {}',
    ".config/io.datasette.llm/keys.json": '{{"openai": "{}", "{}": "x"}}',
    ".codex/auth.json": '{{"OPENAI_API_KEY": "{}"}}',
    ".local/share/opencode/auth.json": '{{"openai": {{"type": "api", "key": "{}"}}}}',
    ".aider.conf.yml": "openai-api-key: {}",
    ".continue/config.yaml": "models:\n  - apiKey: {}",
    ".claude/settings.json": '{{"env": {{"OPENAI_API_KEY": "{}", "OPENAI_BASE_URL": "https://{}@x.example/{}"}}}}',
}


@pytest.mark.slow
def test_a_key_in_each_kind_of_place_is_found_by_scan_and_shown_by_none(
    shell: Shell, paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in PLACES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content.format(CANARY, CANARY, CANARY) + "\n")
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    pieces = {CANARY[at : at + 12] for at in range(len(CANARY) - 11)}

    def run(*words: str, code: int, answers: tuple[str, ...] = (WORD,)) -> None:
        assert shell.run(*words, answers=answers) == code
        told = shell.out + shell.err + "".join(shell.person.asked + shell.person.told)
        assert not [piece for piece in pieces if piece in told], words

    run("import", "--dry-run", "--replace", code=0)
    run("import", "--dry-run", "--json", code=0)
    run("import", "--dry-run", *(str(home / name) for name in PLACES), code=0)
    run("env-check", code=1)
    run("env-check", "--json", code=1)
    run("import", "--yes", code=0)
    assert stored(paths) == {"openai/main": CANARY}
    run("scan", code=1)
    assert {line.split("\t")[1].rsplit(":", 1)[0] for line in shell.lines()} == {str(home / name) for name in PLACES}
    run("scan", "--json", code=1)
    run("scan", str(home), code=1)
    run("env-check", code=1)
    run("env-check", "--json", code=1)
    run("import", code=0, answers=(WORD, "", ""))
    run("import", "--yes", "--replace", "--json", code=0)
    run("scan", code=1)
    left = {line.split("\t")[1].rsplit(":", 1)[0] for line in shell.lines()}
    assert str(home / ".env") not in left


def test_where_the_disk_fails_nothing_is_imported_and_nothing_replaced(
    shell: Shell, filled: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"GROQ_API_KEY=gsk_{'a' * 52}\nXAI_API_KEY=xai-{'b' * 80}\n")
    files = {path: path.read_bytes() for path in (file, filled.vault)}

    def fail(path: Path, data: bytes) -> str:
        raise NotSaved("not saved: the disk is full")

    monkeypatch.setattr(disk, "replace_file", fail)
    answers = (PASSPHRASE.reveal(),)
    assert shell.run("import", "--yes", "--replace", file, answers=answers) == Exit.NOT_SAVED
    assert "the disk is full" in shell.err
    assert "imported" not in shell.out + shell.err
    assert {path: path.read_bytes() for path in files} == files
