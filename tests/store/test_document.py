"""The text of the vault: one spelling of every value, and nothing that FORMAT.md §2 and §4 do not name."""

import base64
import json
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.credential import Credential
from arka_tui.store import document, index
from arka_tui.store.document import CutShort, Document, LaterFormat, NotOurs, Record, parse, render
from arka_tui.store.envelope import Damaged, pae
from arka_tui.store.index import Entry
from arka_tui.store.slots import Argon2Cost, Slot, UnknownSlot
from tests.conftest import NOW

PASSPHRASE_SLOT = Slot("00112233445566aa", "passphrase", b"s" * 16, b"c" * 32, b"b" * 60, Argon2Cost(65536, 3, 4))
RECOVERY_SLOT = Slot("00112233445566bb", "recovery", b"r" * 16, b"d" * 32, b"e" * 60)
TPM_SLOT = UnknownSlot(
    "00112233445566cc",
    "tpm2",
    (("id", "00112233445566cc"), ("type", "tpm2"), ("pcr_7", 16), ("note", "a-b_c 1.0:x"), ("big", 10**18)),
)
DOCUMENT = Document(
    store_id=bytes(range(16)),
    generation=7,
    slots=(PASSPHRASE_SLOT, RECOVERY_SLOT, TPM_SLOT),
    index_salt=b"i" * 32,
    index_box=b"x" * 1052,
    records=(Record.of(b"1" * 16, b"y" * 284), Record.of(b"2" * 16, b"z" * 284)),
    mac=b"m" * 32,
)
TEXT = render(DOCUMENT).decode()
LINES = TEXT.splitlines()
SAYING = [at for at, line in enumerate(LINES) if " = " in line]
KNOWN_SAYING = [at for at in SAYING if LINES[at].split()[0] not in ("pcr_7", "note", "big")]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def changed(old: str, new: str) -> bytes:
    """TEXT with the first `old` turned into `new`."""
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


def with_line(at: int, *lines: str) -> bytes:
    return "\n".join([*LINES[:at], *lines, *LINES[at + 1 :], ""]).encode()


def refused(raw: bytes) -> None:
    with pytest.raises((Damaged, NotOurs)):
        parse(raw)


# ---------------------------------------------------------------------- what is written


def test_a_document_is_written_in_the_layout_that_the_format_shows() -> None:
    assert TEXT.startswith(
        'format = "arka-store/1"\n'
        'store_id = "AAECAwQFBgcICQoLDA0ODw=="\n'
        "generation = 7\n"
        "\n"
        "[[slot]]\n"
        'id = "00112233445566aa"\n'
        'type = "passphrase"\n'
        "m = 65536\n"
        "t = 3\n"
        "p = 4\n"
    )
    assert TEXT.endswith(f'\n[seal]\nmac = "{b64(b"m" * 32)}"\n')


def test_a_document_comes_back_as_it_was_written() -> None:
    assert parse(TEXT.encode()) == DOCUMENT
    assert render(parse(TEXT.encode())).decode() == TEXT


def test_a_vault_without_keys_has_no_record_table() -> None:
    empty = replace(DOCUMENT, records=())
    assert b"record" not in render(empty)
    assert parse(render(empty)) == empty


salts = st.binary(min_size=16, max_size=16)
record_boxes = st.sampled_from([284, 540]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
index_boxes = st.binary(min_size=1052, max_size=1052)
costs = st.builds(Argon2Cost, st.integers(19_456, 262_144), st.integers(1, 4), st.integers(1, 16))
checks, slot_boxes = st.binary(min_size=32, max_size=32), st.binary(min_size=60, max_size=60)
slot_ids = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)
extra_fields = st.dictionaries(
    st.from_regex(r"[a-z_0-9]{1,8}", fullmatch=True).filter(lambda name: name not in ("id", "type")),
    st.one_of(st.integers(0, 10**19 - 1), st.from_regex(r"[A-Za-z0-9+/=:._ -]{0,20}", fullmatch=True)),
    max_size=4,
)
known_slots = st.one_of(
    st.builds(Slot, slot_ids, st.just("passphrase"), salts, checks, slot_boxes, costs),
    st.builds(Slot, slot_ids, st.just("recovery"), salts, checks, slot_boxes),
)
some_slots = st.lists(
    st.one_of(
        known_slots,
        st.builds(
            lambda slot_id, more: UnknownSlot(slot_id, "fido2", (("id", slot_id), ("type", "fido2"), *more.items())),
            slot_ids,
            extra_fields,
        ),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda slot: slot.id,
).filter(lambda slots: any(isinstance(slot, Slot) for slot in slots))
documents = st.builds(
    Document,
    store_id=salts,
    generation=st.integers(1, 2**63 - 1),
    slots=some_slots.map(tuple),
    index_salt=checks,
    index_box=index_boxes,
    records=st.lists(st.builds(Record.of, salts, record_boxes), max_size=5, unique_by=lambda record: record.id).map(
        tuple
    ),
    mac=checks,
)


@settings(deadline=None, max_examples=50)
@given(documents)
def test_any_document_comes_back_as_it_was_written(any_document: Document) -> None:
    assert parse(render(any_document)) == any_document


@settings(deadline=None, max_examples=50)
@given(documents)
def test_what_is_written_without_the_toml_library_is_what_the_library_writes(any_document: Document) -> None:
    text = render(any_document).decode()
    assert tomli_w.dumps(tomllib.loads(text)) == text


@settings(deadline=None, max_examples=50)
@given(documents)
def test_the_seal_is_over_the_tables_as_the_format_says(any_document: Document) -> None:
    tree = tomllib.loads(render(any_document).decode())

    def table(fields: dict[str, str | int]) -> bytes:
        parts = ((name, f"i{fields[name]}" if isinstance(fields[name], int) else f"s{fields[name]}") for name in fields)
        return pae(*(each for part in sorted(parts) for each in part))

    slots, records = (pae(*map(table, tree.get(name, []))) for name in ("slot", "record"))
    head = table({name: tree[name] for name in ("format", "store_id", "generation")})
    assert any_document.sealed_bytes() == pae("arka-store/1 seal", head, slots, table(tree["index"]), records)


# ---------------------------------------------------------------------- freedoms


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "# moved here by hand\n\n" + text,
        lambda text: re.sub(r"^", "# é ✓ \t comment\n\n", text, flags=re.MULTILINE),
        lambda text: text.removesuffix("\n"),
        lambda text: text + "\n\n# the end",
    ],
    ids=["CRLF", "a comment first", "comments everywhere", "no last line end", "a comment last"],
)
def test_line_ends_comments_and_blank_lines_carry_no_meaning(rewrite: Callable[[str], str]) -> None:
    assert parse(rewrite(TEXT).encode()) == DOCUMENT


RECORDS = TEXT[TEXT.index("[[record]]") : TEXT.index("[seal]")]
FIRST, SECOND = (f"[[record]]{each}" for each in RECORDS.split("[[record]]")[1:])
SEAL = TEXT[TEXT.index("[seal]") :]


@pytest.mark.parametrize(
    "records",
    [
        "# the first\n" + FIRST + SECOND,
        FIRST + "# the second\n" + SECOND,
        FIRST.rstrip("\n") + "\n" + SECOND,
        RECORDS.replace("\n", "\r\n"),
        re.sub(r"(id = .*)\n(box = .*)", r"\2\n\1", RECORDS),
        FIRST + re.sub(r"(id = .*)\n(box = .*)", r"\2\n\1", SECOND),
    ],
    ids=["a comment before", "a comment between", "no blank line", "CRLF", "box before id", "one box before its id"],
)
def test_records_written_in_another_way_than_arka_does_are_the_same(records: str) -> None:
    assert parse(TEXT.replace(RECORDS, records).encode()) == DOCUMENT


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace(RECORDS, "").replace("[[slot]]", f"{RECORDS}[[slot]]", 1),
        TEXT.replace(SECOND, "") + "\n" + SECOND,
        TEXT.replace(RECORDS, "") + "\n" + RECORDS,
    ],
    ids=["before the slots", "one after the seal", "all after the seal"],
)
def test_records_in_other_places_are_the_same(text: str) -> None:
    assert parse(text.encode()) == DOCUMENT


def test_records_in_two_places_keep_their_order() -> None:
    turned = TEXT.replace(FIRST, "").replace("[[slot]]", f"# moved\n{FIRST}[[slot]]", 1)
    assert parse(turned.encode()) == DOCUMENT
    both = TEXT.replace(FIRST, "") + "\n" + FIRST
    assert parse(both.encode()) == replace(DOCUMENT, records=DOCUMENT.records[::-1])


def test_a_slot_of_unknown_type_is_kept_as_it_was() -> None:
    assert parse(TEXT.encode()).slots[2] == TPM_SLOT
    assert (
        '[[slot]]\nid = "00112233445566cc"\ntype = "tpm2"\n'
        'pcr_7 = 16\nnote = "a-b_c 1.0:x"\nbig = 1000000000000000000\n'
    ) in render(parse(TEXT.encode())).decode()


# ---------------------------------------------------------------------- strictness


@pytest.mark.parametrize("at", KNOWN_SAYING, ids=lambda at: f"{at} {LINES[at].split()[0]}")
def test_a_file_without_one_of_its_values_is_refused(at: int) -> None:
    refused(with_line(at))


@pytest.mark.parametrize("at", [at for at, line in enumerate(LINES) if line.startswith("[")], ids=lambda at: LINES[at])
def test_a_file_without_one_of_its_table_headers_is_refused(at: int) -> None:
    refused(with_line(at))


def test_a_file_that_says_a_value_twice_is_refused() -> None:
    for at in SAYING:
        refused(with_line(at, LINES[at], LINES[at]))


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "1.5",
        "-1",
        "+1",
        "0x1F",
        "1_0",
        "01",
        "1e3",
        "[1]",
        "{}",
        "2026-11-23",
        "nan",
        "x",
        '"',
        "''",
        "'x'",
        "",
    ],
)
def test_a_value_that_is_neither_a_plain_text_nor_a_plain_number_is_refused(value: str) -> None:
    for at in SAYING:
        refused(with_line(at, f"{LINES[at].split()[0]} = {value}"))


def test_a_value_of_another_type_is_refused() -> None:
    for at in KNOWN_SAYING:
        name, _, value = LINES[at].partition(" = ")
        refused(with_line(at, f"{name} = 1" if value.startswith('"') else f'{name} = "{value}"'))


def test_an_empty_text_is_refused_or_reads_as_another_document() -> None:
    for at in KNOWN_SAYING:
        name = LINES[at].split()[0]
        raw = with_line(at, f'{name} = ""')
        if name == "type":
            assert parse(raw) != DOCUMENT  # a slot of unknown type, which opens nothing
        else:
            refused(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("generation = 7\n", "generation = 7\nextra = 1\n"),
        ("generation = 7\n", 'generation = 7\nmac = "x"\n'),
        ("[index]\n", "[index]\nextra = 1\n"),
        ("[[record]]\n", "[[record]]\nextra = 1\n"),
        ("[seal]\n", "[seal]\nextra = 1\n"),
        ("p = 4\n", "p = 4\nextra = 1\n"),
        ('type = "recovery"\n', 'type = "recovery"\nm = 65536\n'),
        ("[index]\n", "[extra]\nx = 1\n\n[index]\n"),
        ("[index]\n", "[[extra]]\nx = 1\n\n[index]\n"),
        ("[index]\n", "[[index]]\n"),
        ("[seal]\n", "[[seal]]\n"),
        ("[seal]\n", f'[index]\nsalt = "{b64(b"i" * 32)}"\n\n[seal]\n'),
        ("[seal]\n", f'[seal]\nmac = "{b64(b"m" * 32)}"\n\n[seal]\n'),
        ("[[record]]\n", "[record]\n"),
    ],
    ids=lambda text: text.replace("\n", " ").strip(),
)
def test_a_key_or_table_that_the_format_does_not_name_is_refused(old: str, new: str) -> None:
    refused(changed(old, new))


def test_a_file_with_a_single_slot_table_is_refused() -> None:
    text = TEXT[: TEXT.index('[[slot]]\nid = "00112233445566bb"')] + TEXT[TEXT.index("[index]") :]
    assert parse(text.encode()).slots == (PASSPHRASE_SLOT,)
    refused(text.replace("[[slot]]", "[slot]").encode())


@pytest.mark.parametrize(
    "line",
    [
        "slot.extra = 1",
        '"generation" = 7',
        "generation=7",
        "generation = 7 ",
        " generation = 7",
        "generation = 7 # a comment behind",
        "generation = 7\t",
        "Generation = 7",
        "generation = 7, 8",
        "[a.b]",
        "[ index ]",
        "[index] # behind",
        'note = """',
        "note = '''",
        'note = "\\u0041"',
        'note = "a" "b"',
        "[[slot]",
    ],
)
def test_a_line_outside_the_grammar_is_refused(line: str) -> None:
    refused(changed("generation = 7", line))
    refused(changed("generation = 7\n", f"generation = 7\n{line}\n"))


def test_the_grammar_is_checked_before_a_toml_parser_sees_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(text: str) -> dict[str, object]:
        raise AssertionError(f"the parser got {len(text)} characters")

    monkeypatch.setattr(tomllib, "loads", out_of_memory)
    for hostile in ("a." * 100_000 + "a = 1", "a = " + "[" * 100_000, "a = " + "{b=" * 100_000):
        refused(changed("generation = 7\n", f"generation = 7\n{hostile}\n"))


@pytest.mark.parametrize("name", ["store_id", "salt", "check", "box", "id", "mac"])
def test_base64_has_one_spelling(name: str) -> None:
    value = {"id": b64(b"1" * 16)}.get(name) or re.findall(rf'^{name} = "(.+)"$', TEXT, re.MULTILINE)[-1]
    if name == "box":
        value = b64(b"b" * 60)
    spellings = [value.rstrip("=") + "=" * 3, f" {value}", f"{value} ", value.replace("=", "") + "-", f"{value}===="]
    if value.endswith("="):
        body, padding = value.rstrip("="), value[len(value.rstrip("=")) :]
        following = chr(ord(body[-1]) + 1)
        assert base64.b64decode(body[:-1] + following + padding) == base64.b64decode(value)
        spellings += [body[:-1] + following + padding, body, body + padding[:-1]]
    for spelling in spellings:
        refused(changed(f'"{value}"', f'"{spelling}"'))


@pytest.mark.parametrize(
    "value",
    [b"\0" * 16, b"s" * 16, b"c" * 32, b"b" * 60, b"r" * 16, b"d" * 32, b"e" * 60, b"i" * 32, b"1" * 16, b"m" * 32],
    ids=["store id", "salt", "check", "box", "recovery salt", "check", "box", "index salt", "record id", "mac"],
)
def test_a_value_of_another_length_is_refused(value: bytes) -> None:
    value = DOCUMENT.store_id if value == b"\0" * 16 else value
    refused(changed(f'"{b64(value)}"', f'"{b64(value[:-1])}"'))
    refused(changed(f'"{b64(value)}"', f'"{b64(value + b"0")}"'))


@pytest.mark.parametrize(
    "slot_id", ["00112233445566A", "00112233445566AA", "00112233445566aa0", "00112233445566ag", ""]
)
def test_a_slot_id_is_sixteen_lower_case_hex_digits(slot_id: str) -> None:
    refused(changed("00112233445566aa", slot_id))
    refused(changed("00112233445566cc", slot_id))


def test_two_slots_or_two_records_of_one_id_are_refused() -> None:
    refused(changed("00112233445566aa", "00112233445566bb"))
    refused(changed("00112233445566cc", "00112233445566bb"))
    refused(changed(b64(b"1" * 16), b64(b"2" * 16)))


def test_a_vault_has_one_to_sixteen_slots() -> None:
    slots = tuple(replace(RECOVERY_SLOT, id=f"{n:016x}") for n in range(17))
    assert len(parse(render(replace(DOCUMENT, slots=slots[:16]))).slots) == 16
    refused(render(replace(DOCUMENT, slots=slots)))
    refused(TEXT[: TEXT.index("[[slot]]")].encode() + TEXT[TEXT.index("[index]") :].encode())


@pytest.mark.parametrize(
    ("name", "least", "most"), [("m", 19_456, 2_097_152), ("t", 1, 64), ("p", 1, 16), ("generation", 1, 2**63 - 1)]
)
def test_a_number_out_of_its_bounds_is_refused(name: str, least: int, most: int) -> None:
    line = next(line for line in LINES if line.startswith(f"{name} = "))
    for within in (least, most):
        assert parse(changed(line, f"{name} = {within}")) != DOCUMENT
    for beyond in (0, least - 1, most + 1, 10**19 - 1, 10**19):
        refused(changed(line, f"{name} = {beyond}"))


def test_a_slot_of_a_known_type_with_unknown_fields_is_not_passed_off_as_an_unknown_one() -> None:
    refused(changed('type = "tpm2"', 'type = "recovery"'))
    refused(changed('type = "tpm2"', 'type = "passphrase"'))
    refused(changed('type = "tpm2"', "type = 2"))


def test_a_file_over_64_mib_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", len(TEXT))
    assert parse(TEXT.encode()) == DOCUMENT
    refused(TEXT.encode() + b"\n")
    assert document.MAX_BYTES < 64 * 1024 * 1024


@pytest.mark.parametrize(
    "junk", [b"# \xff\xfe\n", b"# \x00\n", b"# \x1b[2J\n", b"# \r \n", b"\xed\xa0\x80\n"], ids=lambda junk: repr(junk)
)
def test_bytes_that_are_no_text_are_refused_even_in_comments(junk: bytes) -> None:
    with pytest.raises(Damaged):
        parse(TEXT.encode() + junk)


# ---------------------------------------------------------------------- foreign, later, cut


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\x89PNG\r\n\x1a\n",
        b'[tool.poetry]\nname = "x"\n',
        b'{"format": "arka-store/1"}',
        b"format = 'arka-store/1'\n",
        b' format = "arka-store/1"\n',
        b'# format = "arka-store/1"\n',
        b'format = "arka-store/one"\n',
        b'format = "arka-store/1.1"\n',
        b'format = "sops/1"\n',
        b"\n",
        b"\0" * 4096,
        b"#" * 4096 + b"\n" + TEXT.encode(),
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_does_not_say_that_it_is_arkas_is_foreign(raw: bytes) -> None:
    with pytest.raises(NotOurs):
        parse(raw)


@pytest.mark.parametrize("number", ["2", "10", "11", "999999999"])
def test_a_later_format_is_named_whatever_follows(number: str) -> None:
    for rest in ("", '\nsecrets = { a = "b" }\n', "\n\xff\xfe"):
        with pytest.raises(LaterFormat, match=f"^arka-store/{number}$"):
            parse(f'format = "arka-store/{number}"{rest}'.encode("latin-1"))


def test_the_format_is_said_at_the_top_and_nowhere_else() -> None:
    said_below = changed("pcr_7 = 16", 'format = "arka-store/1"')
    assert isinstance(parse(said_below).slots[2], UnknownSlot)
    refused(said_below.replace(b"arka-store/1", b"arka-store/x", 1))


def test_a_file_cut_between_two_lines_is_cut_short() -> None:
    raw = TEXT.encode()
    for end in [0, *(at + 1 for at, byte in enumerate(raw[:-1]) if byte == 0x0A)]:
        with pytest.raises(CutShort):
            parse(raw[:end])


def test_a_file_cut_anywhere_never_reads_as_another_document() -> None:
    raw = TEXT.encode()
    for end in range(len(raw) - 1):
        with pytest.raises(Damaged):
            parse(raw[:end])
    assert parse(raw[:-1]) == DOCUMENT


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_input_makes_the_parser_fail_in_any_other_way(junk: bytes) -> None:
    for raw in (junk, b'format = "arka-store/1"\n' + junk, TEXT.encode() + junk):
        with suppress(Damaged, NotOurs, LaterFormat):
            parse(raw)


# ---------------------------------------------------------------------- what the MAC is over


def test_every_value_but_the_mac_is_under_the_seal() -> None:
    one, two, tpm = DOCUMENT.slots
    first, second = DOCUMENT.records
    others = [
        replace(DOCUMENT, store_id=bytes(16)),
        replace(DOCUMENT, generation=8),
        replace(DOCUMENT, slots=(one, two)),
        replace(DOCUMENT, slots=(two, one, tpm)),
        replace(DOCUMENT, slots=(replace(PASSPHRASE_SLOT, cost=Argon2Cost(65537, 3, 4)), two, tpm)),
        replace(DOCUMENT, slots=(replace(PASSPHRASE_SLOT, cost=Argon2Cost(65536, 4, 3)), two, tpm)),
        replace(DOCUMENT, slots=(replace(PASSPHRASE_SLOT, check=bytes(32)), two, tpm)),
        replace(DOCUMENT, slots=(replace(PASSPHRASE_SLOT, box=bytes(60)), two, tpm)),
        replace(DOCUMENT, slots=(one, two, replace(TPM_SLOT, fields=(*TPM_SLOT.fields[:-1], ("big", 1))))),
        replace(DOCUMENT, slots=(one, two, replace(TPM_SLOT, fields=(*TPM_SLOT.fields[:-1], ("big", str(10**18)))))),
        replace(DOCUMENT, slots=(one, two, replace(TPM_SLOT, fields=(*TPM_SLOT.fields[:-1], ("gib", 10**18))))),
        replace(DOCUMENT, index_salt=bytes(32)),
        replace(DOCUMENT, index_box=bytes(1052)),
        replace(DOCUMENT, records=()),
        replace(DOCUMENT, records=(first,)),
        replace(DOCUMENT, records=(second, first)),
        replace(DOCUMENT, records=(Record.of(first.id, second.box), Record.of(second.id, first.box))),
        replace(DOCUMENT, records=(first, second, second)),
    ]
    sealed = {other.sealed_bytes() for other in [DOCUMENT, *others]}
    assert len(sealed) == len(others) + 1
    assert replace(DOCUMENT, mac=bytes(32)).sealed_bytes() == DOCUMENT.sealed_bytes()


def test_the_order_of_keys_within_a_table_is_not_under_the_seal() -> None:
    raw = changed("t = 3\np = 4\n", "p = 4\nt = 3\n")
    assert parse(raw).sealed_bytes() == DOCUMENT.sealed_bytes()


# ---------------------------------------------------------------------- the index, which is sealed


ENTRY = Entry(
    Credential(
        id="0" * 31 + "1",
        provider="openai",
        label="café",
        hint="wxyz",
        base_url="https://api.openai.com/v1",
        settings=(("organization", "org-1"), ("project", "proj-1")),
        created_at=NOW,
        updated_at=datetime(2026, 11, 24, 9, 30, tzinfo=timezone(timedelta(hours=2))),
        rev=3,
    ),
    sealed_rev=1,
    record_key=bytes(range(32)),
)
OTHER = replace(ENTRY, credential=replace(ENTRY.credential, id="0" * 31 + "2", label="other"))


def spoilt(**changes: object) -> bytes:
    """The index of ENTRY and OTHER, in which the first says this; `...` leaves a member out."""
    tree = json.loads(index.to_json((ENTRY, OTHER)))
    first = {**tree["entries"][0], **changes}
    tree["entries"][0] = {name: value for name, value in first.items() if value is not ...}
    return json.dumps(tree).encode()


def test_the_index_comes_back_as_it_was_written() -> None:
    assert index.from_json(index.to_json(())) == ()
    assert index.from_json(index.to_json((ENTRY, OTHER))) == (ENTRY, OTHER)
    assert index.from_json(spoilt()) == (ENTRY, OTHER)


def test_the_index_is_written_with_the_members_that_the_format_names() -> None:
    (entry,) = json.loads(index.to_json((ENTRY,)))["entries"]
    assert entry == {
        "id": b64(bytes(15) + b"\1"),
        "provider": "openai",
        "label": "café",
        "hint": "wxyz",
        "base_url": "https://api.openai.com/v1",
        "origin": "https://api.openai.com:443",
        "settings": {"organization": "org-1", "project": "proj-1"},
        "created_at": "2026-11-23T10:00:00+00:00",
        "updated_at": "2026-11-24T09:30:00+02:00",
        "rev": 3,
        "sealed_rev": 1,
        "key": b64(bytes(range(32))),
    }


MEMBERS = ["id", "provider", "label", "hint", "base_url", "origin", "settings", "created_at", "updated_at", "rev"]
MEMBERS += ["sealed_rev", "key"]


@pytest.mark.parametrize("member", MEMBERS)
def test_an_index_with_a_missing_or_mistyped_member_is_damaged(member: str) -> None:
    values: list[object] = [..., None, True, 1.5, [], -1]
    if member not in ("provider", "label", "hint"):
        values.append("any text")
    for value in values:
        with pytest.raises(Damaged):
            index.from_json(spoilt(**{member: value}))


@pytest.mark.parametrize(
    "changes",
    {
        "a further member": {"note": "x"},
        "the address of one host and the origin of another": {"origin": "https://evil.example:443"},
        "an origin without its port": {"origin": "https://api.openai.com"},
        "an address of no scheme": {"base_url": "api.openai.com", "origin": "api.openai.com"},
        "an id that is too short": {"id": b64(bytes(15))},
        "an id spelled otherwise": {"id": b64(bytes(15) + b"\1").replace("Q==", "R==")},
        "an id that is another's": {"id": b64(bytes(15) + b"\2")},
        "a name that is another's": {"label": "OTHER"},
        "a key that is too long": {"key": b64(bytes(33))},
        "a key with white space": {"key": " " + b64(bytes(32))},
        "a date without its zone": {"created_at": "2026-11-23T10:00:00"},
        "a date that is none": {"updated_at": "yesterday"},
        "rev 0": {"rev": 0},
        "sealed at rev 0": {"sealed_rev": 0},
        "a setting that is no text": {"settings": {"organization": 5}},
    }.items(),
    ids=lambda case: case[0],
)
def test_an_index_that_breaks_a_rule_of_the_format_is_damaged(changes: tuple[str, dict[str, object]]) -> None:
    with pytest.raises(Damaged):
        index.from_json(spoilt(**changes[1]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"entries"',
        b"{}",
        b'{"entries": {}, "more": 1}',
        b'{"entries": 5}',
        b'{"entries": "ab"}',
        b'{"entries": [[]]}',
        b'{"entries": [null]}',
        b'{"entries": []',
        b'{"entries": [\xff]}',
        b"[" * 100_000,
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_an_index_of_another_shape_is_damaged(raw: bytes) -> None:
    with pytest.raises(Damaged):
        index.from_json(raw)


def test_neither_an_entry_nor_a_listing_shows_its_record_key() -> None:
    assert repr((ENTRY,)) == "(Entry(openai/café),)"
    assert ENTRY.credential.updated_at.astimezone(UTC).hour == 7


@pytest.mark.parametrize("size", [0, 5, 27, 28, 283, 285, 1051])
def test_a_box_whose_length_no_padded_text_has_is_refused_before_any_key(size: int) -> None:
    refused(render(replace(DOCUMENT, index_box=bytes(size))))
    refused(render(replace(DOCUMENT, records=(Record.of(b"1" * 16, bytes(size)),))))
