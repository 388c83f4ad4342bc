"""FORMAT.md is complete: a reader written from it alone opens what arka writes, and nothing that was tampered with."""

import ast
import base64
import getpass
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from arka_tui.check import Check, Learnt, Stage, Verdict, check_to_json
from arka_tui.credential import Draft, tidy_base_url
from arka_tui.paths import Paths
from arka_tui.secret import Secret
from arka_tui.store import envelope, slots
from arka_tui.store.document import Document, Record, UnknownSlot, render
from arka_tui.store.vault import Vault
from tests.conftest import NOW, PASSPHRASE, RECOVERY_CODE, draft, open_vault
from tests.store import second_reader
from tests.store.second_reader import Refused, read_journal, read_store

Found = list[dict[str, object]]

STORE_ID, MASTER_KEY = bytes(range(16)), bytes(range(32))
RECORD_ID, OTHER_ID, RECORD_KEY = b"i" * 16, b"j" * 16, b"k" * 32
WAY_IN = slots.recovery_slot(STORE_ID, MASTER_KEY, RECOVERY_CODE)
LATER_SLOT = b'\n[[slot]]\nid = "00112233aabbccdd"\ntype = "fido2"\nuv = 1\n'
ENTRY: dict[str, object] = {
    "id": base64.b64encode(RECORD_ID).decode(),
    "provider": "openai",
    "label": "work",
    "hint": "",
    "base_url": "https://api.openai.com/v1",
    "origin": "https://api.openai.com:443",
    "settings": {},
    "created_at": "2026-11-23T10:00:00+00:00",
    "updated_at": "2026-11-23T10:00:00+00:00",
    "rev": 3,
    "sealed_rev": 2,
    "key": base64.b64encode(RECORD_KEY).decode(),
}


def by_passphrase(paths: Paths, passphrase: Secret = PASSPHRASE) -> Found:
    return read_store(paths.vault.read_bytes(), passphrase=passphrase.reveal())


def by_code(raw: bytes) -> Found:
    """The cheap way: no Argon2id, so that a sweep over many changed files is quick."""
    return read_store(raw, recovery=RECOVERY_CODE.reveal())


def secrets(found: Found) -> dict[str, object]:
    return {f"{key['provider']}/{key['label']}": key["secret"] for key in found}


def stored(vault: Vault) -> dict[str, object]:
    return {credential.name: vault.secret(credential.name).reveal() for credential in vault.list()}


def check_of(vault: Vault, name: str, verdict: Verdict = Verdict.OK) -> Check:
    credential = vault.get(name)
    stages = (Stage("key", verdict, "an ordinary answer", 200, 120),)
    return Check(credential.id, name, credential.hint, NOW, verdict, stages, Learnt(models=3), "“ça va”")


def tables(raw: bytes, head: bytes) -> Iterator[bytes]:
    """Every table of the file that begins with this line."""
    for part in raw.split(b"\n\n"):
        if part.startswith(head):
            yield part.rstrip(b"\n")


def resized(raw: bytes, head: bytes, length: int) -> bytes:
    """The file with a box of another length in the first of these tables."""
    table = next(tables(raw, head))
    box = b'box = "' + base64.b64encode(bytes(length)) + b'"'
    return raw.replace(table, re.sub(rb'box = "[^"]*"', box, table))


def slots_of_later_kinds(count: int) -> bytes:
    return b"".join(LATER_SLOT.replace(b"00", b"%02x" % number) for number in range(count))


def index_of(*entries: dict[str, object]) -> bytes:
    return envelope.pad(json.dumps({"entries": entries}).encode(), 1024)


def forged(
    index: bytes,
    secret: bytes = envelope.pad(b"sk-secret", 256),
    *,
    ids: tuple[bytes, ...] = (RECORD_ID,),
    others: tuple[UnknownSlot, ...] = (),
    sealed_rev: int = 2,
) -> bytes:
    """A file with an intact seal whose index and secrets, padding included, are these bytes: what no writer makes."""
    salt, bound_to = b"s" * 32, (sealed_rev, "openai", "https://api.openai.com:443")
    index_key = envelope.hkdf(MASTER_KEY, salt, b"arka-store/1 index")
    aads = [(id_, envelope.pae("arka-store/1 record", STORE_ID, id_, *bound_to)) for id_ in ids]
    document = Document(
        store_id=STORE_ID,
        generation=1,
        slots=(WAY_IN, *others),
        index_salt=salt,
        index_box=envelope.seal(index_key, index, envelope.pae("arka-store/1 index", STORE_ID, salt)),
        records=tuple(Record(id_, envelope.seal(RECORD_KEY, secret, aad)) for id_, aad in aads),
    )
    mac_key = envelope.hkdf(MASTER_KEY, STORE_ID, b"arka-store/1 mac")
    return render(replace(document, mac=envelope.mac(mac_key, document.sealed_bytes())))


@pytest.fixture
def raw(vault: Vault, paths: Paths) -> bytes:
    """The file of a vault with two keys."""
    vault.add(draft("openai/work"))
    vault.add(draft("mistral/work", "mistral-bbbbbbbbbbbbbbbbbbbb"))
    return paths.vault.read_bytes()


# What arka writes


def test_it_shares_no_line_with_arka() -> None:
    tree = ast.parse(Path(second_reader.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names | {"argon2", "Cryptodome"}


def test_it_opens_an_empty_vault(vault: Vault, paths: Paths) -> None:
    assert by_passphrase(paths) == by_code(paths.vault.read_bytes()) == []


def test_it_opens_several_keys_in_their_order(vault: Vault, paths: Paths) -> None:
    for number in range(5):
        vault.add(draft(f"openai/work-{number}", f"sk-{number}" * 20))
    assert secrets(by_passphrase(paths)) == stored(vault)
    assert [key["label"] for key in by_passphrase(paths)] == [f"work-{number}" for number in range(5)]


def test_it_gives_all_that_the_index_holds(vault: Vault, paths: Paths) -> None:
    settings = (("organization", "org-1"), ("project", "proj_2"))
    saved, _ = vault.add(replace(draft("openai/work", "sk-proj-0123456789abcdef"), settings=settings))
    (key,) = by_passphrase(paths)
    box_key = key.pop("key")
    assert isinstance(box_key, str) and len(base64.b64decode(box_key)) == 32
    assert key == {
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
        "secret": "sk-proj-0123456789abcdef",
    }


@pytest.mark.parametrize("label", ["büro", "работа", "仕事", "👩‍💻", "o\u0308", "İ", "straße", 'a"b\\c', "\u2028"])
def test_it_opens_keys_with_labels_in_any_script(vault: Vault, paths: Paths, label: str) -> None:
    vault.add(draft(f"openai/{label}"))
    assert secrets(by_passphrase(paths)) == stored(vault)


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
    assert [key["origin"] for key in by_passphrase(paths)] == [origin]


def test_it_opens_secrets_and_indexes_of_every_padded_length(vault: Vault, paths: Paths) -> None:
    for length in (8, 251, 252, 253, 4096):
        vault.add(draft(f"openai/of-{length}", "x" * length))
    assert secrets(by_passphrase(paths)) == stored(vault)


def test_it_opens_the_new_secret_after_an_update(vault: Vault, paths: Paths) -> None:
    saved, _ = vault.add(draft())
    vault.update(saved, Draft("mistral", "home", "https://api.mistral.example/v1", (), Secret("mistral-cccccc")))
    (key,) = by_passphrase(paths)
    assert secrets([key]) == {"mistral/home": "mistral-cccccc"}
    assert (key["rev"], key["sealed_rev"]) == (2, 2)


def test_it_opens_the_old_secret_after_an_update_that_kept_it(vault: Vault, paths: Paths) -> None:
    saved, _ = vault.add(draft())
    vault.update(saved, replace(draft("openai/home"), base_url="https://api.openai.example/v2", secret=None))
    (key,) = by_passphrase(paths)
    assert secrets([key]) == stored(vault)
    assert (key["label"], key["rev"], key["sealed_rev"]) == ("home", 2, 1)


def test_it_no_longer_finds_a_removed_key(vault: Vault, paths: Paths) -> None:
    vault.add(draft("openai/stays"))
    gone, _ = vault.add(draft("openai/goes"))
    vault.remove([gone])
    assert secrets(by_passphrase(paths)) == stored(vault)
    assert [key["label"] for key in by_passphrase(paths)] == ["stays"]


def test_it_opens_the_vault_after_a_change_of_passphrase_by_the_new_ones_only(vault: Vault, paths: Paths) -> None:
    vault.add(draft())
    new, code = Secret("another passphrase"), slots.new_recovery_code()
    vault.change_passphrase(new, code)
    assert secrets(by_passphrase(paths, new)) == stored(vault)
    assert secrets(read_store(paths.vault.read_bytes(), recovery=code.reveal())) == stored(vault)
    with pytest.raises(Refused, match="wrong passphrase"):
        by_passphrase(paths)
    with pytest.raises(Refused, match="wrong recovery"):
        by_code(paths.vault.read_bytes())


def test_it_opens_the_mirror_as_well(raw: bytes, paths: Paths) -> None:
    mirror = paths.vault.with_name("store.toml.bak").read_bytes()
    assert by_code(mirror) == by_code(raw)


@pytest.mark.parametrize("typed", ["cafe\u0301 \u212b", "caf\u00e9 \u00c5"])
@pytest.mark.parametrize("chosen", ["cafe\u0301 \u212b", "caf\u00e9 \u00c5"])
def test_it_takes_a_passphrase_however_its_accents_are_composed(paths: Paths, chosen: str, typed: str) -> None:
    open_vault(paths).create(Secret(chosen), RECOVERY_CODE)
    assert by_passphrase(paths, Secret(typed)) == []


@pytest.mark.parametrize("length", [1, 1024])
def test_it_takes_the_shortest_and_the_longest_passphrase(paths: Paths, length: int) -> None:
    open_vault(paths).create(Secret("x" * length), RECOVERY_CODE)
    assert by_passphrase(paths, Secret("x" * length)) == []


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
    assert read_store(raw, recovery=typed) == by_code(raw)


def test_it_reads_past_a_slot_of_a_later_kind() -> None:
    later = UnknownSlot("00112233aabbccdd", "fido2", (("id", "00112233aabbccdd"), ("type", "fido2"), ("uv", 1)))
    written = forged(index_of(ENTRY), others=(later,))
    assert secrets(by_code(written)) == {"openai/work": "sk-secret"}
    with pytest.raises(Refused, match="seal"):
        by_code(written.replace(b"uv = 1", b"uv = 2"))


def test_line_ends_comments_and_blank_lines_mean_nothing(raw: bytes) -> None:
    noted = b"# mine\n\n" + raw.replace(b"\n", b"\r\n").replace(b"[index]", "# “[x]”\r\n\r\n[index]".encode())
    assert by_code(noted) == by_code(raw)


# What it refuses


@pytest.mark.parametrize("passphrase", ["correct horse battery stapl", " correct horse battery staple"])
def test_it_refuses_a_wrong_passphrase(raw: bytes, passphrase: str) -> None:
    with pytest.raises(Refused, match="wrong passphrase"):
        read_store(raw, passphrase=passphrase)


@pytest.mark.parametrize("passphrase", ["", "x" * 1025, "é" * 513])
def test_it_refuses_a_passphrase_that_cannot_be_one(raw: bytes, passphrase: str) -> None:
    with pytest.raises(Refused, match="1 to 1024 bytes"):
        read_store(raw, passphrase=passphrase)


def test_it_refuses_a_wrong_recovery_code(raw: bytes) -> None:
    with pytest.raises(Refused, match="wrong recovery"):
        read_store(raw, recovery="A" * 32)


@pytest.mark.parametrize("code", ["", "ABCD", "A" * 31, "A" * 33, "U" * 32, "\u017f" * 32, "A" * 31 + "="])
def test_it_refuses_a_recovery_code_that_cannot_be_one(raw: bytes, code: str) -> None:
    with pytest.raises(Refused, match="not a recovery code"):
        read_store(raw, recovery=code)


def test_it_wants_either_a_passphrase_or_a_code(raw: bytes) -> None:
    for passphrase, recovery in ((None, None), (PASSPHRASE.reveal(), RECOVERY_CODE.reveal())):
        with pytest.raises(Refused, match="either"):
            read_store(raw, passphrase, recovery)


@pytest.mark.parametrize("flip", [0x01, 0x04, 0x20, 0x80])
def test_no_changed_byte_changes_a_value(raw: bytes, flip: int) -> None:
    whole = by_code(raw)
    for position in range(flip % 5, len(raw), 5):
        changed = bytearray(raw)
        changed[position] ^= flip
        try:
            found = by_code(bytes(changed))
        except Refused:
            continue
        assert found == whole, position


def test_it_refuses_a_file_that_is_cut(raw: bytes) -> None:
    for length in [*range(0, len(raw) - 1, 11), len(raw) - 2]:
        with pytest.raises(Refused):
            by_code(raw[:length])


def test_it_refuses_a_file_without_one_of_its_lines(raw: bytes) -> None:
    lines = raw.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.strip():
            with pytest.raises(Refused):
                by_code(b"".join(lines[:number] + lines[number + 1 :]))


def test_it_refuses_records_that_are_swapped_left_out_or_doubled(raw: bytes) -> None:
    one, other = tables(raw, b"[[record]]")
    swapped = raw.replace(one, b"?").replace(other, one).replace(b"?", other)
    for changed in (swapped, raw.replace(one, b""), raw.replace(one, one + b"\n" + one)):
        assert changed != raw
        with pytest.raises(Refused, match="damaged"):
            by_code(changed)


def test_it_refuses_an_older_index_in_a_newer_file(vault: Vault, paths: Paths, raw: bytes) -> None:
    saved = vault.get("openai/work")
    vault.update(saved, replace(draft("openai/home"), secret=None))
    newer = paths.vault.read_bytes()
    (old,), (new,) = tables(raw, b"[index]"), tables(newer, b"[index]")
    with pytest.raises(Refused, match="seal"):
        by_code(newer.replace(new, old))


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw, id="a byte order mark"),
        pytest.param(lambda raw: raw + b"# \xff\n", id="no UTF-8"),
        pytest.param(lambda raw: raw + b"[extra]\n", id="a further table"),
        pytest.param(lambda raw: raw + b"[index.more]\n", id="a nested table"),
        pytest.param(lambda raw: raw + b"a.b = 1\n", id="a dotted key"),
        pytest.param(lambda raw: raw + b"more = []\n", id="a list"),
        pytest.param(lambda raw: raw + b"more = 1\n", id="a further key"),
        pytest.param(lambda raw: raw.replace(b"[seal]", b"[seal] # a"), id="a comment behind a table's name"),
        pytest.param(lambda raw: raw + b"# a \r b\n", id="a carriage return inside a line"),
        pytest.param(lambda raw: raw.replace(b"generation = 3", b"generation = 03"), id="a leading zero"),
        pytest.param(lambda raw: raw.replace(b"generation = 3", b"generation = 0"), id="generation 0"),
        pytest.param(lambda raw: raw.replace(b"tion = 3", b"tion = 9223372036854775808"), id="generation 2^63"),
        pytest.param(lambda raw: raw.replace(b"generation = 3", b'generation = "3"'), id="an integer as a text"),
        pytest.param(lambda raw: raw.replace(b"[index]", b"[[index]]"), id="a list of one index"),
        pytest.param(lambda raw: raw.replace(b"[[slot]]", b"[[record]]"), id="no slot"),
        pytest.param(
            lambda raw: raw.replace(b'type = "passphrase"', b'type = "recovery"'), id="a recovery slot with costs"
        ),
        pytest.param(lambda raw: raw + LATER_SLOT.replace(b"00", b"0A"), id="the id of a slot in capitals"),
        pytest.param(
            lambda raw: raw.replace(b"store/1", b"store/1.0") + LATER_SLOT + b'format = "arka-store/1"\n',
            id="the format in a slot only",
        ),
        pytest.param(lambda raw: raw + LATER_SLOT * 2, id="two slots with one id"),
        pytest.param(lambda raw: raw + slots_of_later_kinds(15), id="17 slots"),
        pytest.param(lambda raw: raw + next(tables(raw, b"[[record]]")), id="two records with one id"),
        pytest.param(lambda raw: resized(raw, b"[[record]]", 28), id="a record's box of no block"),
        pytest.param(lambda raw: resized(raw, b"[[record]]", 28 + 255), id="a record's box of half a block"),
        pytest.param(lambda raw: resized(raw, b"[index]", 28 + 256), id="an index's box of half a block"),
        pytest.param(lambda raw: resized(raw, b"[[slot]]", 61), id="a slot's box that is too long"),
        pytest.param(lambda raw: raw + b"# " + b"x" * (64 << 20), id="more than 64 MiB"),
    ],
)
def test_it_refuses_without_any_key_what_the_rules_of_the_text_leave_out(
    raw: bytes, tamper: Callable[[bytes], bytes]
) -> None:
    changed = tamper(raw)
    assert changed != raw
    with pytest.raises(Refused):
        second_reader.parse(changed)


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
    monkeypatch.delattr(second_reader, "hash_secret_raw")  # to derive anything would be a NameError
    with pytest.raises(Refused, match="integer"):
        read_store(raw.replace(line, changed), passphrase=PASSPHRASE.reveal())


def test_it_refuses_base64_that_is_not_canonical(raw: bytes) -> None:
    (seal,) = tables(raw, b"[seal]")
    mac = seal.split(b'"')[1]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # 32 bytes leave the two lowest bits of the last character unused: Python decodes this to the same bytes.
    loose = mac[:-2] + alphabet[alphabet.index(mac[-2]) + 1 :][:1] + b"="
    assert base64.b64decode(loose) == base64.b64decode(mac)
    with pytest.raises(Refused, match="canonical"):
        by_code(raw.replace(mac, loose))


@pytest.mark.parametrize("other", [b"", b"# nothing", b'format = "else/1"', b"\n" * 4096 + b'format = "arka-store/1"'])
def test_it_says_of_a_foreign_file_that_it_is_not_arkas(other: bytes) -> None:
    with pytest.raises(Refused, match="not a file of arka"):
        by_code(other)


def test_it_says_of_a_later_format_that_it_is_later(raw: bytes) -> None:
    with pytest.raises(Refused, match="later format"):
        by_code(raw.replace(b"arka-store/1", b"arka-store/2") + b"what = { ever = true }\n")


# What it refuses behind an intact seal


def test_it_reads_a_file_with_16_slots(raw: bytes) -> None:
    assert len(second_reader.parse(raw + slots_of_later_kinds(14)).slots) == 16


def test_it_opens_the_forged_file_that_the_next_tests_spoil() -> None:
    assert by_code(forged(index_of(ENTRY))) == [ENTRY | {"secret": "sk-secret"}]


@pytest.mark.parametrize(
    "index",
    [
        index_of(),
        index_of(ENTRY, ENTRY),
        index_of(ENTRY | {"id": base64.b64encode(OTHER_ID).decode()}),
        index_of(ENTRY | {"more": 1}),
        index_of({name: value for name, value in ENTRY.items() if name != "hint"}),
        index_of(ENTRY | {"rev": 1.0}),
        index_of(ENTRY | {"rev": 1}),
        index_of(ENTRY | {"sealed_rev": 1}),
        index_of(ENTRY | {"provider": "mistral"}),
        index_of(ENTRY | {"label": "\ud800"}),
        index_of(ENTRY | {"label": None}),
        index_of(ENTRY | {"settings": {"organization": 1}}),
        index_of(ENTRY | {"settings": []}),
        index_of(ENTRY | {"base_url": "https://evil.example/v1"}),
        index_of(ENTRY | {"base_url": "https://evil.example", "origin": "https://evil.example:443"}),
        index_of(ENTRY | {"base_url": "https://api.openai.com:x", "origin": "https://api.openai.com:x"}),
        index_of(ENTRY | {"key": base64.b64encode(b"l" * 32).decode()}),
        index_of(ENTRY | {"key": "k" * 44}),
        envelope.pad(b'{"entries": [],' + json.dumps({"entries": [ENTRY]}).encode()[1:], 1024),
        envelope.pad(b'{"entries": {}}', 1024),
        envelope.pad(b"[" * 100_000, 1024),
        envelope.pad(b"\xff", 1024),
        envelope.pad(b"", 1024),
        index_of(ENTRY)[:-1] + b"\x01",
        index_of(ENTRY) + bytes(1024),
        b"\xff\xff\xff\xff" + index_of(ENTRY)[4:],
        index_of(ENTRY)[:-256],
        b"",
    ],
)
def test_it_refuses_an_index_that_the_page_does_not_allow(index: bytes) -> None:
    with pytest.raises(Refused, match="damaged"):
        by_code(forged(index))


def test_it_refuses_a_truth_where_an_integer_belongs() -> None:
    assert by_code(forged(index_of(ENTRY | {"sealed_rev": 1}), sealed_rev=1))
    with pytest.raises(Refused, match="integer"):
        by_code(forged(index_of(ENTRY | {"sealed_rev": True}), sealed_rev=1))


def test_it_refuses_two_entries_whose_names_differ_in_case_only() -> None:
    other = ENTRY | {"id": base64.b64encode(OTHER_ID).decode()}
    for label, same in (("home", False), ("WORK", True)):
        written = forged(index_of(ENTRY, other | {"label": label}), ids=(OTHER_ID, RECORD_ID))
        if same:
            with pytest.raises(Refused, match="one name"):
                by_code(written)
        else:
            assert [key["label"] for key in by_code(written)] == ["work", label]


@pytest.mark.parametrize(
    "secret",
    [
        envelope.pad(b"\xff", 256),
        envelope.pad(b"sk-secret", 256)[:-1] + b"\x01",
        envelope.pad(b"sk-secret", 256) + bytes(256),
        envelope.pad(b"sk-secret", 128),
        b"\xff\xff\xff\xff" + envelope.pad(b"sk-secret", 256)[4:],
        b"",
    ],
)
def test_it_refuses_a_secret_that_the_page_does_not_allow(secret: bytes) -> None:
    with pytest.raises(Refused, match="damaged"):
        by_code(forged(index_of(ENTRY), secret))


# The journal


def journal_of(paths: Paths) -> bytes:
    return paths.vault.with_name("journal").read_bytes()


def test_it_reads_the_past_checks_oldest_first(vault: Vault, paths: Paths, raw: bytes) -> None:
    checks = [check_of(vault, "openai/work"), check_of(vault, "mistral/work", Verdict.INVALID_KEY)]
    assert vault.record_checks(checks) == vault.record_checks(checks[:1]) == ""
    found = read_journal(journal_of(paths), raw, passphrase=PASSPHRASE.reveal())
    assert found == [check_to_json(check) for check in [*checks, checks[0]]]
    assert read_journal(b"", raw, recovery=RECOVERY_CODE.reveal()) == []


def test_it_passes_over_journal_lines_that_do_not_open(vault: Vault, paths: Paths, raw: bytes) -> None:
    check = check_of(vault, "openai/work")
    vault.record_checks([check])
    line = journal_of(paths).rstrip(b"\n")
    flipped = line[:80] + (b"A" if line[80:81] != b"A" else b"B") + line[81:]
    journal = b"\n".join([b"not base64", b"", b"QUJD", line[:100], flipped, line, line[: len(line) // 2]])
    assert read_journal(journal, raw, recovery=RECOVERY_CODE.reveal()) == [check_to_json(check)]


def test_it_reads_the_past_checks_after_a_change_of_passphrase(vault: Vault, paths: Paths, raw: bytes) -> None:
    check, old = check_of(vault, "openai/work"), PASSPHRASE.reveal()
    vault.record_checks([check])
    before = journal_of(paths)
    vault.change_passphrase(Secret("another passphrase"), RECOVERY_CODE)
    after = paths.vault.read_bytes()
    assert read_journal(journal_of(paths), after, passphrase="another passphrase") == [check_to_json(check)]
    assert read_journal(before, after, passphrase="another passphrase") == []
    assert read_journal(before, raw, passphrase=old) == [check_to_json(check)]


def test_it_does_not_read_a_journal_without_the_passphrase(vault: Vault, paths: Paths, raw: bytes) -> None:
    vault.record_checks([check_of(vault, "openai/work")])
    with pytest.raises(Refused, match="wrong passphrase"):
        read_journal(journal_of(paths), raw, passphrase="wrong")


# As the owner runs it


Typing = Callable[[Secret], list[str]]


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Says what is typed at the prompt; returns the list that the prompts go to."""

    def at_the_prompt(secret: Secret) -> list[str]:
        prompts: list[str] = []

        def ask(prompt: str) -> str:
            prompts.append(prompt)
            return secret.reveal()

        monkeypatch.setattr(getpass, "getpass", ask)
        return prompts

    return at_the_prompt


@pytest.mark.parametrize(
    ("flags", "secret", "prompt"),
    [([], PASSPHRASE, "Passphrase: "), (["--recovery"], RECOVERY_CODE, "Recovery code: ")],
)
def test_it_asks_and_then_prints_every_key(
    vault: Vault,
    paths: Paths,
    typing: Typing,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    secret: Secret,
    prompt: str,
) -> None:
    vault.add(draft("openai/büro", "sk-aaaaaaaa"))
    vault.add(draft("mistral/work", "mistral-bbbb"))
    prompts = typing(secret)
    assert second_reader.main([str(paths.vault), *flags]) == 0
    assert prompts == [prompt]
    assert capsys.readouterr().out == (
        "openai/büro\n  https://api.openai.example/v1\n  sk-aaaaaaaa\n"
        "mistral/work\n  https://api.mistral.example/v1\n  mistral-bbbb\n"
    )


def test_it_prints_the_past_checks_as_json(
    vault: Vault, paths: Paths, raw: bytes, typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    check = check_of(vault, "openai/work")
    vault.record_checks([check])
    typing(PASSPHRASE)
    assert second_reader.main([str(paths.vault), "--journal"]) == 0
    assert json.loads(capsys.readouterr().out) == [check_to_json(check)]


def test_it_prints_a_reason_and_no_key_where_it_refuses(
    paths: Paths, raw: bytes, typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    typing(Secret("wrong"))
    assert second_reader.main([str(paths.vault)]) == 1
    assert second_reader.main([str(paths.vault.with_name("missing.toml"))]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "wrong passphrase" in err and "missing.toml" in err
