"""FORMAT.md is complete: a reader written from it alone opens what arka writes, and nothing that was tampered with."""

import ast
import base64
import errno
import getpass
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from arka_tui.check import Check, Learnt, Stage, Verdict, check_to_json
from arka_tui.credential import Draft, tidy_base_url
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import last_resort, slots
from arka_tui.store.last_resort import (
    Key,
    Refused,
    Wrong,
    by_keyfile,
    by_passphrase,
    by_recovery_code,
    read_journal,
    read_store,
)
from arka_tui.store.vault import Vault
from tests.attack.corpus import read
from tests.attack.make_corpus import CORPUS, SECRETS
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault

WITH_PASSPHRASE, WITH_CODE = by_passphrase(PASSPHRASE.reveal()), by_recovery_code(RECOVERY_CODE.reveal())


def with_passphrase(paths: Paths, passphrase: Secret = PASSPHRASE) -> list[Key]:
    return read_store(paths.vault.read_bytes(), by_passphrase(passphrase.reveal()))


def with_code(raw: bytes) -> list[Key]:
    """The cheap way: no Argon2id, so that a sweep over many changed files is quick."""
    return read_store(raw, WITH_CODE)


def secrets(found: list[Key]) -> dict[str, str]:
    return {key.name: key.secret for key in found}


def stored(vault: Vault) -> dict[str, str]:
    return {credential.name: vault.secret(credential.name).reveal() for credential in vault.list()}


def check_of(vault: Vault, name: str, verdict: Verdict = Verdict.OK) -> Check:
    credential = vault.get(name)
    stages = (Stage("key", verdict, "an ordinary answer", 200, 120),)
    return Check(credential.id, name, credential.hint, NOW, verdict, stages, Learnt(models=3), "“ça va”")


@pytest.fixture
def raw(vault: Vault, paths: Paths) -> bytes:
    """The file of a vault with two keys."""
    vault.add(draft("openai/work"))
    vault.add(draft("mistral/work", "mistral-bbbbbbbbbbbbbbbbbbbb"))
    return paths.vault.read_bytes()


# What arka writes


def test_it_shares_no_line_with_arka() -> None:
    tree = ast.parse(Path(last_resort.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names | {"argon2", "Cryptodome"}


def test_it_opens_an_empty_vault(vault: Vault, paths: Paths) -> None:
    assert with_passphrase(paths) == with_code(paths.vault.read_bytes()) == []


def test_it_opens_several_keys_in_their_order(vault: Vault, paths: Paths) -> None:
    for number in range(5):
        vault.add(draft(f"openai/work-{number}", f"sk-{number}" * 20))
    assert secrets(with_passphrase(paths)) == stored(vault)
    assert [key.entry["label"] for key in with_passphrase(paths)] == [f"work-{number}" for number in range(5)]


def test_it_gives_all_that_the_index_holds(vault: Vault, paths: Paths) -> None:
    settings = (("organization", "org-1"), ("project", "proj_2"))
    saved, _ = vault.add(replace(draft("openai/work", "sk-proj-0123456789abcdef"), settings=settings))
    (key,) = with_passphrase(paths)
    box_key = key.entry.pop("key")
    assert isinstance(box_key, str) and len(base64.b64decode(box_key)) == 32
    assert (key.name, key.secret, key.trouble) == ("openai/work", "sk-proj-0123456789abcdef", "")
    assert key.entry == {
        "id": base64.b64encode(bytes.fromhex(saved.id)).decode(),
        "provider": "openai",
        "label": "work",
        "hint": "cdef",
        "base_url": "https://api.openai.example/v1",
        "origin": "https://api.openai.example:443",
        "settings": {"organization": "org-1", "project": "proj_2"},
        "created_at": "2026-11-23T10:00:00+00:00",
        "updated_at": "2026-11-23T10:00:00+00:00",
        "rev": 1,
        "sealed_rev": 1,
    }


@pytest.mark.parametrize("label", ["büro", "работа", "仕事", "👩‍💻", "o\u0308", "İ", "straße", 'a"b\\c', "\u2028"])
def test_it_opens_keys_with_labels_in_any_script(vault: Vault, paths: Paths, label: str) -> None:
    vault.add(draft(f"openai/{label}"))
    assert secrets(with_passphrase(paths)) == stored(vault)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://API.Example.com/", "https://api.example.com:443"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example:443"),
        ("https://api.example.com:8443/v1", "https://api.example.com:8443"),
        ("http://localhost/v1", "http://localhost:80"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
    ],
)
def test_it_finds_the_origin_that_a_key_is_bound_to(vault: Vault, paths: Paths, address: str, origin: str) -> None:
    vault.add(Draft("custom", "here", tidy_base_url(address), (), Secret("sk-aaaaaaaaaaaa")))
    assert [key.entry["origin"] for key in with_passphrase(paths)] == [origin]


def test_it_opens_secrets_and_indexes_of_every_padded_length(vault: Vault, paths: Paths) -> None:
    for length in (8, 251, 252, 253, 4096):
        vault.add(draft(f"openai/of-{length}", "x" * length))
    assert secrets(with_passphrase(paths)) == stored(vault)


def test_it_opens_the_new_secret_after_an_update(vault: Vault, paths: Paths) -> None:
    saved, _ = vault.add(draft())
    vault.update(saved, Draft("mistral", "home", "https://api.mistral.example/v1", (), Secret("mistral-cccccc")))
    (key,) = with_passphrase(paths)
    assert secrets([key]) == {"mistral/home": "mistral-cccccc"}
    assert (key.entry["rev"], key.entry["sealed_rev"]) == (2, 2)


def test_it_opens_the_old_secret_after_an_update_that_kept_it(vault: Vault, paths: Paths) -> None:
    saved, _ = vault.add(draft())
    vault.update(saved, replace(draft("openai/home"), base_url="https://api.openai.example/v2", secret=None))
    (key,) = with_passphrase(paths)
    assert secrets([key]) == stored(vault)
    assert (key.entry["label"], key.entry["rev"], key.entry["sealed_rev"]) == ("home", 2, 1)


def test_it_no_longer_finds_a_removed_key(vault: Vault, paths: Paths) -> None:
    vault.add(draft("openai/stays"))
    gone, _ = vault.add(draft("openai/goes"))
    vault.remove([gone])
    assert secrets(with_passphrase(paths)) == stored(vault)
    assert [key.entry["label"] for key in with_passphrase(paths)] == ["stays"]


def test_it_opens_the_vault_after_a_change_of_passphrase_by_the_new_ones_only(vault: Vault, paths: Paths) -> None:
    vault.add(draft())
    new, code = Secret("another passphrase"), slots.new_recovery_code()
    vault.change_passphrase(new, code)
    assert secrets(with_passphrase(paths, new)) == stored(vault)
    assert secrets(read_store(paths.vault.read_bytes(), by_recovery_code(code.reveal()))) == stored(vault)
    with pytest.raises(Refused, match="wrong passphrase"):
        with_passphrase(paths)
    with pytest.raises(Refused, match="wrong recovery"):
        with_code(paths.vault.read_bytes())


def test_it_opens_the_mirror_as_well(raw: bytes, paths: Paths) -> None:
    mirror = paths.vault.with_name("store.toml.bak").read_bytes()
    assert with_code(mirror) == with_code(raw)


@pytest.mark.parametrize("typed", ["cafe\u0301 \u212b", "caf\u00e9 \u00c5"])
@pytest.mark.parametrize("chosen", ["cafe\u0301 \u212b", "caf\u00e9 \u00c5"])
def test_it_takes_a_passphrase_however_its_accents_are_composed(paths: Paths, chosen: str, typed: str) -> None:
    open_vault(paths).create(Secret(chosen), RECOVERY_CODE)
    assert with_passphrase(paths, Secret(typed)) == []


@pytest.mark.parametrize("length", [1, 1024])
def test_it_takes_the_shortest_and_the_longest_passphrase(paths: Paths, length: int) -> None:
    open_vault(paths).create(Secret("x" * length), RECOVERY_CODE)
    assert with_passphrase(paths, Secret("x" * length)) == []


@pytest.mark.parametrize(
    "typed",
    [
        "ABCDEFGHJKMNPQRSTVWXYZ0123456789",
        "abcd-efgh-jkmn-pqrs-tvwx-yz01-2345-6789",
        "abcd efgh jkmn pqrs tvwx yzOI 2345 6789",
        " ABCD--EFGH-JKMN-PQRS-TVWX-yzol-2345-6789 ",
    ],
)
def test_it_takes_a_recovery_code_that_was_typed_sloppily(raw: bytes, typed: str) -> None:
    assert read_store(raw, by_recovery_code(typed)) == with_code(raw)


def test_line_ends_comments_and_blank_lines_mean_nothing(raw: bytes) -> None:
    noted = b"# mine\n\n" + raw.replace(b"\n", b"\r\n").replace(b"[index]", "# “[x]”\r\n\r\n[index]".encode())
    assert with_code(noted) == with_code(raw)


# What it refuses


@pytest.mark.parametrize("passphrase", ["correct horse battery stapl", " correct horse battery staple"])
def test_it_refuses_a_wrong_passphrase(raw: bytes, passphrase: str) -> None:
    with pytest.raises(Wrong, match="wrong passphrase"):
        read_store(raw, by_passphrase(passphrase))


@pytest.mark.parametrize("passphrase", ["", "x" * 1025, "é" * 513])
def test_it_refuses_a_passphrase_that_cannot_be_one(passphrase: str) -> None:
    with pytest.raises(Wrong, match="1 to 1024 bytes"):
        by_passphrase(passphrase)


def test_it_refuses_a_passphrase_that_is_no_text() -> None:
    with pytest.raises(Wrong, match="no text"):
        by_passphrase("\udce9")


def test_it_refuses_a_wrong_recovery_code(raw: bytes) -> None:
    with pytest.raises(Wrong, match="wrong recovery code"):
        read_store(raw, by_recovery_code("A" * 32))


@pytest.mark.parametrize("code", ["", "ABCD", "A" * 31, "A" * 33, "U" * 32, "\u017f" * 32, "A" * 31 + "="])
def test_it_refuses_a_recovery_code_that_cannot_be_one(code: str) -> None:
    with pytest.raises(Wrong, match="not a recovery code"):
        by_recovery_code(code)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_it_refuses_a_key_file_that_cannot_be_one(length: int) -> None:
    with pytest.raises(Wrong, match="not a key file"):
        by_keyfile(bytes(length))


def test_it_refuses_a_key_file_where_the_vault_has_no_such_slot(raw: bytes) -> None:
    with pytest.raises(Wrong, match="wrong key file"):
        read_store(raw, by_keyfile(bytes(32)))


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        (b"m = 19456", b"m = 2097153"),
        (b"m = 19456", b"m = 19455"),
        (b"t = 1", b"t = 65"),
        (b"p = 1", b"p = 17"),
    ],
)
def test_it_refuses_the_costs_of_an_attack_before_it_pays_them(
    raw: bytes, line: bytes, changed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(last_resort, "hash_secret_raw")  # to derive anything would be a NameError
    with pytest.raises(Refused, match="integer"):
        read_store(raw.replace(line, changed), WITH_PASSPHRASE)


# The journal


def journal_of(paths: Paths) -> bytes:
    return paths.vault.with_name("journal").read_bytes()


def test_it_reads_the_past_checks_oldest_first(vault: Vault, paths: Paths, raw: bytes) -> None:
    checks = [check_of(vault, "openai/work"), check_of(vault, "mistral/work", Verdict.INVALID_KEY)]
    assert vault.record_checks(checks) == vault.record_checks(checks[:1]) == ""
    found = read_journal(journal_of(paths), raw, WITH_PASSPHRASE)
    assert found == [check_to_json(check) for check in [*checks, checks[0]]]
    assert read_journal(b"", raw, WITH_CODE) == []


def test_it_passes_over_journal_lines_that_do_not_open(vault: Vault, paths: Paths, raw: bytes) -> None:
    check = check_of(vault, "openai/work")
    vault.record_checks([check])
    line = journal_of(paths).rstrip(b"\n")
    flipped = line[:80] + (b"A" if line[80:81] != b"A" else b"B") + line[81:]
    journal = b"\n".join([b"not base64", b"", b"QUJD", line[:100], flipped, line, line[: len(line) // 2]])
    assert read_journal(journal, raw, WITH_CODE) == [check_to_json(check)]


def test_it_reads_the_past_checks_after_a_change_of_passphrase(vault: Vault, paths: Paths, raw: bytes) -> None:
    check, new = check_of(vault, "openai/work"), by_passphrase("another passphrase")
    vault.record_checks([check])
    before = journal_of(paths)
    vault.change_passphrase(Secret("another passphrase"), RECOVERY_CODE)
    after = paths.vault.read_bytes()
    assert read_journal(journal_of(paths), after, new) == [check_to_json(check)]
    assert read_journal(before, after, new) == []
    assert read_journal(before, raw, WITH_PASSPHRASE) == [check_to_json(check)]


def test_it_does_not_read_a_journal_without_the_passphrase(vault: Vault, paths: Paths, raw: bytes) -> None:
    vault.record_checks([check_of(vault, "openai/work")])
    with pytest.raises(Wrong, match="wrong passphrase"):
        read_journal(journal_of(paths), raw, by_passphrase("wrong"))


# As the owner runs it


FOUND = "openai/büro = sk-aaaaaaaa\nmistral/work = mistral-bbbbbbbbbbbbbbbbbbbb\n"


@pytest.fixture
def folder(vault: Vault, paths: Paths, tmp_path: Path) -> Path:
    """What an owner has left: the script and a copy of the vault, and nothing of arka beside them."""
    vault.add(draft("openai/büro", "sk-aaaaaaaa"))
    vault.add(draft("mistral/work", "mistral-bbbbbbbbbbbbbbbbbbbb"))
    folder = tmp_path / "rescue"
    folder.mkdir()
    shutil.copy(last_resort.__file__, folder)
    shutil.copy(paths.vault, folder)
    return folder


def run(folder: Path, *words: str, typed: str = "") -> tuple[int, str]:
    """The script as a process on a terminal of its own, where `typed` is typed. Gives its exit code and what showed.

    It is isolated: arka could not be imported even if it tried to.
    """
    terminal, its_side = os.openpty()
    command = ["setsid", "--wait", "--ctty", sys.executable, "-I", "last_resort.py", *words]
    with subprocess.Popen(command, cwd=folder, stdin=its_side, stdout=its_side, stderr=its_side) as process:
        os.close(its_side)
        shown = b""
        with os.fdopen(terminal, "rb+", buffering=0) as screen:
            asked = False
            with suppress(OSError):  # Linux ends the reading of a closed terminal with EIO
                while piece := screen.read(4096):
                    shown += piece
                    if typed and not asked and shown.endswith(b": "):
                        asked = True
                        screen.write(f"{typed}\n".encode())
    return process.returncode, shown.decode().replace("\r\n", "\n")


def test_it_asks_for_the_passphrase_and_shows_names_and_no_key(folder: Path) -> None:
    assert run(folder, "store.toml", typed=PASSPHRASE.reveal()) == (
        0,
        "Passphrase: \n"
        "openai/büro  -  https://api.openai.example/v1\n"
        "mistral/work  …bbbb  https://api.mistral.example/v1\n"
        "2 of 2 keys can be read; --write FILE gets them out\n",
    )


def test_it_shows_the_keys_when_it_is_told_to_and_says_what_that_means(folder: Path) -> None:
    code, shown = run(folder, "store.toml", "--recovery", "--show", typed=RECOVERY_CODE.reveal())
    assert (code, shown) == (0, f"Recovery code: \nthese are your keys: whoever sees this screen has them\n{FOUND}")


def test_it_writes_the_keys_to_a_new_file_of_the_owners_and_never_over_anything(folder: Path) -> None:
    words, keys = ("store.toml", "--recovery", "--write", "keys.txt"), folder / "keys.txt"
    code, shown = run(folder, *words, typed=RECOVERY_CODE.reveal())
    assert (code, keys.read_text(), keys.stat().st_mode & 0o777) == (0, FOUND, 0o600)
    assert "wrote 2 of 2 keys to keys.txt, readable by you alone" in shown and "bbbb" not in shown

    keys.write_text("my diary")
    (folder / "link.txt").symlink_to("nowhere.txt")
    for taken in ("keys.txt", "link.txt"):
        code, shown = run(folder, *words[:-1], taken, typed=RECOVERY_CODE.reveal())
        assert (code, shown.splitlines()[-1]) == (1, f"refused: {taken}: File exists")
    assert keys.read_text() == "my diary"
    assert not (folder / "nowhere.txt").exists()


def test_it_opens_the_second_copy_where_the_vault_is_damaged(folder: Path) -> None:
    main = folder / "store.toml"
    shutil.copy(main, folder / "store.toml.bak")
    main.write_bytes(main.read_bytes()[:-60])
    code, shown = run(folder, "store.toml")
    assert (code, shown.count("\n"), shown.startswith("refused: damaged: ")) == (1, 1, True)
    code, shown = run(folder, "store.toml.bak", "--recovery", typed=RECOVERY_CODE.reveal())
    assert (code, shown.splitlines()[-1]) == (0, "2 of 2 keys can be read; --write FILE gets them out")


@pytest.mark.parametrize(
    ("words", "typed", "code", "says"),
    [
        (["store.toml"], "wrong", 3, "refused: wrong passphrase"),
        (["store.toml"], "", 3, "refused: a passphrase has 1 to 1024 bytes"),
        (["store.toml", "--recovery"], "A" * 32, 3, "refused: wrong recovery code"),
        (["store.toml", "--recovery"], None, 3, "refused: nothing was typed"),
        (["store.toml", "--keyfile", "right.key"], None, 3, "refused: wrong key file"),
        (["store.toml", "--keyfile", "short.key"], None, 3, "refused: this is not a key file: it has exactly 32 bytes"),
        (["store.toml", "--keyfile", "none.key"], None, 1, "refused: none.key: No such file or directory"),
        (["none.toml"], None, 1, "refused: none.toml: No such file or directory"),
        (["."], None, 1, "refused: .: Is a directory"),
        (["last_resort.py"], None, 1, "refused: not a file of arka"),
        (["later.toml"], None, 1, "refused: of a later format than this reader knows"),
        (["/dev/zero"], None, 1, "refused: damaged: larger than 16 MiB, or 262,144 lines"),
    ],
)
def test_it_says_in_one_line_why_it_opens_nothing(
    folder: Path,
    words: list[str],
    typed: str | None,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def at_the_prompt(prompt: str) -> str:
        if typed is None:
            raise EOFError
        return typed

    monkeypatch.chdir(folder)
    monkeypatch.setattr(getpass, "getpass", at_the_prompt)
    Path("right.key").write_bytes(bytes(32))
    Path("short.key").write_bytes(bytes(31))
    Path("later.toml").write_bytes(b'format = "arka-store/2"\n')
    assert last_resort.main(words) == code
    out, err = capsys.readouterr()
    assert (out, err.lstrip("\n")) == ("", f"{says}\n")


def test_it_opens_with_a_key_file_and_asks_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = read(CORPUS / "3-keyfile.arka")
    store, key = tmp_path / "store.toml", tmp_path / "my.key"
    store.write_bytes(example.raw)
    key.write_bytes(bytes.fromhex(example.opener[1]))
    assert last_resort.main([str(store), "--keyfile", str(key), "--show"]) == 0
    assert capsys.readouterr().out == "".join(f"{name} = {secret.decode()}\n" for name, secret in SECRETS.items())


def test_it_gives_the_other_keys_out_where_one_is_damaged_and_names_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = read(CORPUS / "6-padding-not-zero.arka")
    (tmp_path / "store.toml").write_bytes(example.raw)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: example.opener[1])
    assert last_resort.main([str(tmp_path / "store.toml"), "--recovery", "--write", str(tmp_path / "keys.txt")]) == 1
    out, err = capsys.readouterr()
    assert (tmp_path / "keys.txt").read_text() == f"mistral/home = {SECRETS['mistral/home'].decode()}\n"
    assert out == ""
    assert err.startswith("wrote 1 of 2 keys") and err.endswith("\nnot read: openai/work: damaged: padding\n")


@pytest.mark.parametrize("words", [[], ["store.toml", "--show", "--write", "x"], ["store.toml", "--key", "sk-aaaa"]])
def test_it_ends_with_2_where_it_is_called_wrongly(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        last_resort.main(words)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_it_says_what_to_install_where_a_library_or_a_later_python_is_missing(folder: Path) -> None:
    for module, says in (
        ("argon2", "pip install argon2-cffi pycryptodomex"),
        ("Cryptodome", "pip install argon2-cffi pycryptodomex"),
        ("tomllib", "this needs Python 3.11 or newer"),
    ):
        without = (
            f"import runpy, sys; sys.modules[{module!r}] = None; runpy.run_path('last_resort.py', None, '__main__')"
        )
        ended = subprocess.run([sys.executable, "-I", "-c", without], cwd=folder, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert ended.stderr.startswith("refused: ") and ended.stderr.endswith(f"{says}\n")


def test_it_prints_the_past_checks_as_json(
    vault: Vault, paths: Paths, raw: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = check_of(vault, "openai/work")
    vault.record_checks([check])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: PASSPHRASE.reveal())
    assert last_resort.main([str(paths.vault), "--journal"]) == 0
    assert json.loads(capsys.readouterr().out) == [check_to_json(check)]


def test_a_name_or_key_that_cannot_stand_in_a_line_stands_there_as_json(
    vault: Vault, paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.add(draft("openai/a\x1b]0;b\nc = d", "sk-aaaaaaaa"))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: RECOVERY_CODE.reveal())
    assert last_resort.main([str(paths.vault), "--recovery", "--show"]) == 0
    assert capsys.readouterr().out == '"openai/a\\u001b]0;b\\nc = d" = sk-aaaaaaaa\n'


def test_a_file_that_could_not_be_written_whole_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        last_resort.write_new(tmp_path / "keys.txt", FOUND)
    assert list(tmp_path.iterdir()) == []
