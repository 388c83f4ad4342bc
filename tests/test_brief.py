"""The summary on disk: what is written is read, and nothing else ever is; nor does looking at it wait."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arka_tui import brief
from arka_tui.brief import Brief, Unfit, Version
from arka_tui.errors import ArkaError
from arka_tui.paths import Paths
from arka_tui.store.document import parse
from arka_tui.store.envelope import b64
from arka_tui.store.vault import Vault
from tests.conftest import draft

STORE = "AAECAwQFBgcICQoLDA0ODw=="
TOLD = Brief(5, 2, 1, 1, 3, 4, date(2026, 12, 1), datetime(2026, 11, 23, 9, 30, tzinfo=UTC), Version(STORE, 7))

counts = st.integers(0, 100_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "brief.json"


def put(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    file.chmod(0o600)


@given(
    st.tuples(counts, counts, counts, counts, counts),
    st.none() | st.dates(),
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)),
    st.integers(1, 2**63 - 1),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    moods: tuple[int, int, int, int, int],
    expires_on: date | None,
    at: datetime,
    generation: int,
) -> None:
    tested = sum(moods[:4])
    told = Brief(*moods, tested // 2, expires_on, at if tested else None, Version(STORE, generation))
    file = tmp_path_factory.getbasetemp() / "brief.json"
    put(file, brief.dump(told))
    assert brief.load(file) == told


def test_there_may_be_none(file: Path) -> None:
    assert brief.load(file) is None


def test_it_has_numbers_dates_and_the_state_of_the_vault_and_no_other_member() -> None:
    assert json.loads(brief.dump(TOLD)) == {
        "format": 1,
        "store": STORE,
        "generation": 7,
        "good": 5,
        "care": 2,
        "bad": 1,
        "unsure": 1,
        "untested": 3,
        "warned": 4,
        "expires_on": "2026-12-01",
        "tested_at": "2026-11-23T09:30:00+00:00",
    }


def with_member(name: str, value: object) -> bytes:
    return json.dumps({**json.loads(brief.dump(TOLD)), name: value}, indent=1).encode() + b"\n"


HOSTILE = {
    "nothing": b"",
    "no text": b"\xff\xfe\0",
    "a number": b"1",
    "a list": b"[1]",
    "null": b"null",
    "cut short": brief.dump(TOLD)[:-2],
    "more behind it": brief.dump(TOLD) + b"\n",
    "other white space": json.dumps(json.loads(brief.dump(TOLD))).encode(),
    "a member twice": brief.dump(TOLD).replace(b' "bad": 1,', b' "bad": 1,\n "bad": 1,'),
    "a member more": with_member("name", "openai/work"),
    "a member less": brief.dump(TOLD).replace(b' "unsure": 1,\n', b""),
    "a later format": with_member("format", 2),
    "a text for a count": with_member("bad", "\x1b[31m1"),
    "yes for a count": with_member("bad", True),
    "a fraction": with_member("bad", 1.0),
    "below zero": with_member("bad", -1),
    "a great count": with_member("bad", 10**900),
    "no number": brief.dump(TOLD).replace(b'"bad": 1', b'"bad": NaN'),
    "more warned than tested": with_member("warned", 10),
    "escapes for a date": with_member("expires_on", "\x1b]0;harm\x07"),
    "a day there is not": with_member("expires_on", "2026-02-30"),
    "another way to write a day": with_member("expires_on", "20261201"),
    "a moment for a day": with_member("expires_on", "2026-12-01T00:00:00"),
    "a number for a day": with_member("expires_on", 20261201),
    "a moment nowhere": with_member("tested_at", "2026-11-23T09:30:00"),
    "a moment with fractions": with_member("tested_at", "2026-11-23T09:30:00.5+00:00"),
    "tested, but never": with_member("tested_at", None),
    "another id": with_member("store", "AAAA"),
    "escapes for an id": with_member("store", "\x1b[2J" + STORE[4:]),
    "a number for an id": with_member("store", 1),
    "no generation": with_member("generation", 0),
    "a great generation": with_member("generation", 2**63),
    "nested": b"[" * 900,
    "too large": brief.dump(TOLD) + b" " * 1_024,
    "a great file": b"9" * 10_000_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_anything_else_is_refused_and_nothing_of_it_told(what: str, file: Path) -> None:
    put(file, HOSTILE[what])
    with pytest.raises(ArkaError) as caught:
        brief.load(file)
    assert str(caught.value) in (f"the summary {file} is not what arka writes", f"the summary {file} is too large")
    assert caught.value.hint == "delete it; arka writes it anew when the vault is next open"


def linked(file: Path) -> None:
    put(file.with_name("target"), brief.dump(TOLD))
    file.symlink_to("target")


def opened_to_others(file: Path) -> None:
    put(file, brief.dump(TOLD))
    file.chmod(0o620)


UNFIT: dict[str, Callable[[Path], None]] = {
    "is a link": linked,
    "is no regular file": os.mkfifo,
    "could be written by others": opened_to_others,
}


@pytest.mark.parametrize("why", UNFIT)
def test_what_is_no_file_of_the_users_own_is_not_read(why: str, file: Path) -> None:
    UNFIT[why](file)
    with pytest.raises(ArkaError, match=f"the summary {file} {why}"):
        brief.load(file)


def test_a_folder_is_no_file(file: Path) -> None:
    file.mkdir()
    with pytest.raises(ArkaError, match="is no regular file"):
        brief.load(file)


def test_another_users_file_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(file, brief.dump(TOLD))
    somebody_else = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
    with pytest.raises(ArkaError, match="could be written by others"):
        brief.load(file)


# ---------------------------------------------------------------------- the vault's first lines


def test_the_state_of_a_vault_is_what_the_store_reads(vault: Vault, paths: Paths) -> None:
    assert brief.version_of(paths.vault) == brief.version(*vault.version())
    vault.add(draft())
    document = parse(paths.vault.read_bytes())
    assert brief.version_of(paths.vault) == Version(b64(document.store_id), document.generation)
    assert brief.version_of(paths.vault) == brief.version(*vault.version())


def test_of_a_vault_behind_a_link_it_is_read_too(vault: Vault, paths: Paths) -> None:
    moved = paths.vault.rename(paths.data / "elsewhere")
    paths.vault.symlink_to(moved)
    assert brief.version_of(paths.vault) == brief.version(*vault.version())


def test_where_there_is_no_vault_there_is_no_state(paths: Paths) -> None:
    assert brief.version_of(paths.vault) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 9_999,
        b'store_id = "%b"\ngeneration = 1\n' % STORE.encode(),
        b'format = "arka-store/1"\ngeneration = 1\n',
        b'format = "arka-store/1"\nstore_id = "%b"\ngeneration = -1\n' % STORE.encode(),
        b'format = "arka-store/1"\nstore_id = "%b"\ngeneration = 99999999999999999999\n' % STORE.encode(),
        b'format = "arka-store/1"\n%bstore_id = "%b"\ngeneration = 1\n' % (b"\n" * 5_000, STORE.encode()),
    ],
)
def test_what_does_not_begin_as_a_vault_is_none(raw: bytes, file: Path) -> None:
    file.write_bytes(raw)
    with pytest.raises(Unfit):
        brief.version_of(file)


def test_a_pipe_in_the_vaults_place_is_not_waited_for(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(Unfit):
        brief.version_of(file)


# ---------------------------------------------------------------------- whether it is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", False),
        ('theme = "nord"\n', False),
        ("# status_cache = true\n", False),
        ("status_cache = false\n", False),
        ("status_cache = true\n", True),
        ('"status_cache"=true # yes\n', True),
        ("[table]\nstatus_cache = true\n", False),
        ("status_cache = 1\n", None),
        ('status_cache = "true"\n', None),
        ("status_cache = \n", None),
        ("status_cache = true\nstatus_cache = true\n", None),
        ("status_cache = true\n#" + "x" * 9_000, None),
    ],
)
def test_it_is_wanted_where_the_settings_say_so_and_nowhere_else(text: str, wanted: bool | None, file: Path) -> None:
    file.write_text(text)
    assert brief.wanted(file) is wanted


def test_without_settings_it_is_not_wanted(file: Path) -> None:
    assert brief.wanted(file) is False


def test_settings_may_be_a_link_but_no_pipe(file: Path) -> None:
    file.with_name("target").write_text("status_cache = true\n")
    file.symlink_to("target")
    assert brief.wanted(file) is True
    file.unlink()
    os.mkfifo(file)
    assert brief.wanted(file) is None
