"""Makes the kept corpus: `python -m tests.attack.make_corpus` writes tests/attack/corpus/*.arka anew.

Frozen: written once from FORMAT.md with other libraries than arka's, and from a fixed seed, so that every run makes the
same bytes. A file breaks one rule, and only that one: wherever the seal speaks for what is broken, it is sealed as it
stands, so that a reader which forgets the rule opens the file.

Not for secrets: the keys come from the seed, and nonces are used again.
"""

import base64
import copy
import functools
import hashlib
import hmac
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from argon2.low_level import Type, hash_secret_raw
from Cryptodome.Cipher import AES
from Cryptodome.Hash import SHA256
from Cryptodome.Protocol.KDF import HKDF

CORPUS = Path(__file__).with_name("corpus")

Table = dict[str, str | int]
Entry = dict[str, object]
Order = Literal["little", "big"]


# ---------------------------------------------------------------------- the primitives


def seeded(name: str, length: int) -> bytes:
    return hashlib.shake_256(f"arka corpus 1: {name}".encode()).digest(length)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pae(*parts: bytes | str | int, order: Order = "little") -> bytes:
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"".join([len(encoded).to_bytes(8, order), *(len(p).to_bytes(8, order) + p for p in encoded)])


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return cast("bytes", HKDF(ikm, length, salt, SHA256, context=info))


def box(key: bytes, plaintext: bytes, aad: bytes, name: str) -> bytes:
    nonce = seeded(f"{name} nonce", 12)
    ciphertext, tag = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=16).update(aad).encrypt_and_digest(plaintext)
    return nonce + ciphertext + tag


def pad(data: bytes, block: int) -> bytes:
    framed = len(data).to_bytes(4, "little") + data
    return framed + bytes(-len(framed) % block)


@functools.cache
def argon2(passphrase: bytes, salt: bytes, m: int, t: int, p: int, kind: Type = Type.ID, version: int = 0x13) -> bytes:
    return hash_secret_raw(passphrase, salt, t, m, p, 32, kind, version)


# ---------------------------------------------------------------------- what the files have in common


STORE_ID, MASTER_KEY = seeded("store id", 16), seeded("master key", 32)
PASSPHRASE, CODE = "correct horse battery staple", "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789"
KEY_FILE = seeded("key file", 32)
SECRETS = {"openai/work": b"sk-proj-aaaaaaaaaaaaaaaaaaaa-work", "mistral/home": b"mistral-bbbbbbbbbbbbbbbb-home"}


def code_bytes(code: str) -> bytes:
    number = 0
    for character in code.replace("-", ""):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character)
    return number.to_bytes(20, "big")


def slot(
    kind: str,
    ikm: bytes,
    name: str = "",
    *,
    salt: bytes = b"",
    costs: tuple[int, int, int] | None = None,
    store_id: bytes = STORE_ID,
    aad: bytes | None = None,
    **more: str | int,
) -> Table:
    name = name or kind
    slot_id, salt = seeded(f"{name} id", 8).hex(), salt or seeded(f"{name} salt", 16)
    info = pae("arka-store/1 slot", store_id, slot_id, kind, *(costs or (0, 0, 0)), salt)
    keys = hkdf(ikm, salt, info, 64)
    sealed = box(keys[:32], MASTER_KEY, info if aad is None else aad, name)
    cost_table: Table = dict(zip("mtp", costs, strict=True)) if costs else {}
    boxes: Table = {"salt": b64(salt), "check": b64(keys[32:]), "box": b64(sealed)}
    return {"id": slot_id, "type": kind, **cost_table, **boxes, **more}


def passphrase_slot(
    passphrase: str = PASSPHRASE,
    name: str = "passphrase",
    *,
    costs: tuple[int, int, int] = (19456, 1, 1),
    salt: bytes = b"",
    kind: Type = Type.ID,
    version: int = 0x13,
) -> Table:
    salt = salt or seeded(f"{name} salt", 16)
    ikm = argon2(unicodedata.normalize("NFC", passphrase).encode(), salt, *costs, kind, version)
    return slot("passphrase", ikm, name, salt=salt, costs=costs)


def recovery_slot() -> Table:
    return slot("recovery", code_bytes(CODE))


def agent_slot(name: str = "ssh-agent") -> Table:
    """Opens with nothing here: the signature it was made with is not kept."""
    challenge, key = b64(seeded("challenge", 32)), b64(seeded("public key", 8))
    return slot("ssh-agent", seeded("signature", 64), name, challenge=challenge, key=key)


def later_slot(name: str = "later") -> Table:
    return {"id": seeded(f"{name} id", 8).hex(), "type": "tpm2", "pcrs": "0 7", "policy": 7}


def entry(name: str, **changes: object) -> Entry:
    provider, label = name.split("/", 1)
    address = f"https://api.{provider}.example"
    made: Entry = {
        "id": b64(seeded(f"{name} id", 16)),
        "provider": provider,
        "label": label,
        "hint": SECRETS.get(name, b"").decode()[-4:],
        "base_url": f"{address}/v1",
        "origin": f"{address}:443",
        "settings": {},
        "created_at": "2026-11-23T10:00:00+00:00",
        "updated_at": "2026-11-24T11:30:00+01:00",
        "rev": 3,
        "sealed_rev": 2,
        "key": b64(seeded(f"{name} record key", 32)),
    }
    return {**made, **changes}


def record_aad(of: Entry, store_id: bytes = STORE_ID) -> bytes:
    bound = (str(of["sealed_rev"]), str(of["provider"]), str(of["origin"]))
    return pae("arka-store/1 record", store_id, base64.b64decode(str(of["id"])), *bound)


def record(of: Entry, secret: bytes, *, padded: bytes | None = None, aad: bytes | None = None) -> Table:
    plaintext = pad(secret, 256) if padded is None else padded
    aad = record_aad(of) if aad is None else aad
    return {"id": str(of["id"]), "box": b64(box(base64.b64decode(str(of["key"])), plaintext, aad, str(of["id"])))}


ENTRIES = [entry(name) for name in SECRETS]


def json_of(entries: object) -> bytes:
    return json.dumps({"entries": entries}, separators=(",", ":")).encode()


def index(
    entries: object = None, *, padded: bytes | None = None, aad: bytes | None = None, salt: bytes = b"", info: str = ""
) -> Table:
    plaintext = pad(json_of(ENTRIES if entries is None else entries), 1024) if padded is None else padded
    salt = salt or seeded("index salt", 32)
    key = hkdf(MASTER_KEY, salt, (info or "arka-store/1 index").encode())
    aad = pae("arka-store/1 index", STORE_ID, salt) if aad is None else aad
    return {"salt": b64(salt), "box": b64(box(key, plaintext, aad, "index"))}


# ---------------------------------------------------------------------- a file


def t(table: Table, order: Order = "little") -> bytes:
    said = ((name, f"i{value}" if isinstance(value, int) else f"s{value}") for name, value in sorted(table.items()))
    return pae(*(part for pair in said for part in pair), order=order)


def lines_of(head: str, table: Table) -> list[str]:
    said = [f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"' for name, value in table.items()]
    return [*([head] if head else []), *said, ""]


@dataclass
class File:
    head: Table = field(default_factory=lambda: {"format": "arka-store/1", "store_id": b64(STORE_ID), "generation": 42})
    slots: list[Table] = field(default_factory=lambda: [passphrase_slot(), recovery_slot()])
    index: Table = field(default_factory=index)
    records: list[Table] = field(
        default_factory=lambda: [record(each, secret) for each, secret in zip(ENTRIES, SECRETS.values(), strict=True)]
    )
    mac: str = ""
    """As it stands in the file. Empty: the right one."""

    def sealed(self, order: Order = "little") -> bytes:
        slots, records = (pae(*(t(each, order) for each in some), order=order) for some in (self.slots, self.records))
        return pae("arka-store/1 seal", t(self.head, order), slots, t(self.index, order), records, order=order)

    def seal(self, message: bytes | None = None, info: str = "arka-store/1 mac") -> str:
        key = hkdf(MASTER_KEY, STORE_ID, info.encode())
        return b64(hmac.digest(key, self.sealed() if message is None else message, "sha256"))

    def tables(self) -> list[list[str]]:
        return [
            lines_of("", self.head),
            *(lines_of("[[slot]]", each) for each in self.slots),
            lines_of("[index]", self.index),
            *(lines_of("[[record]]", each) for each in self.records),
            lines_of("[seal]", {"mac": self.mac or self.seal()})[:-1],
        ]

    def raw(self) -> bytes:
        return "".join(f"{line}\n" for table in self.tables() for line in table).encode()


def made(edit: Callable[[File], object]) -> bytes:
    """The ordinary file after `edit`, sealed as it then stands."""
    file = File()
    edit(file)
    return file.raw()


def broken(edit: Callable[[File], object]) -> bytes:
    """The ordinary file after `edit`, under the seal that it had before."""
    file = File()
    file.mac = file.seal()
    edit(file)
    return file.raw()


def put(old: bytes, new: bytes, raw: bytes | None = None) -> bytes:
    """The ordinary file with other text in one place; the seal does not know of it, or does not mind."""
    raw = File().raw() if raw is None else raw
    assert old in raw, old
    return raw.replace(old, new, 1)


def with_index(entries: object = None, *, padded: bytes | None = None) -> bytes:
    return made(lambda file: setattr(file, "index", index(entries, padded=padded)))


def with_entry(**changes: object) -> bytes:
    """The first key's entry changed, and its record sealed for the changed one where that can be."""
    changed = entry("openai/work", **changes)

    def edit(file: File) -> None:
        file.index = index([changed, ENTRIES[1]])
        if isinstance(changed["id"], str) and isinstance(changed["key"], str):
            file.records[0] = record(changed, SECRETS["openai/work"])

    return made(edit)


def without(table: str, name: str, nth: int = 0) -> Callable[[File], object]:
    return lambda file: table_of(file, table, nth).pop(name)


def table_of(file: File, table: str, nth: int = 0) -> Table:
    found: dict[str, Table] = {"head": file.head, "index": file.index}
    return found[table] if table in found else cast("list[Table]", getattr(file, table))[nth]


def setting(table: str, name: str, value: str | int, nth: int = 0) -> Callable[[File], object]:
    return lambda file: table_of(file, table, nth).update({name: value})


# ---------------------------------------------------------------------- the cases


@dataclass(frozen=True)
class Case:
    name: str
    expect: str
    comment: str
    raw: bytes
    opener: tuple[str, str] = ("recovery", CODE)
    secrets: dict[str, bytes | None] = field(default_factory=lambda: dict(SECRETS))
    """What a file that opens gives; None for a secret that alone does not open."""

    def text(self) -> bytes:
        lines = [f"expect: {self.expect}", f"comment: {self.comment}", ": ".join(self.opener)]
        if self.expect in (OPENS, SPOILT):
            digests = {
                name: secret if secret is None else hashlib.sha256(secret).hexdigest()
                for name, secret in self.secrets.items()
            }
            lines.append(f"secrets: {json.dumps(digests)}")
        return "".join(f"{line}\n" for line in [*lines, ""]).encode() + self.raw


OPENS, SPOILT, WRONG, DAMAGED = "success", "damaged-secret", "wrong-passphrase", "damaged"
FOREIGN, LATER = "not-arka", "later-format"

BY_PASSPHRASE, BY_KEY_FILE = ("passphrase", PASSPHRASE), ("keyfile", KEY_FILE.hex())


def loose(text: str) -> str:
    """Base64 with a bit set that decoders drop: other text, the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = len(text.rstrip("=")) - 1
    changed = text[:last] + alphabet[alphabet.index(text[last]) + 1] + text[last + 1 :]
    assert base64.b64decode(changed) == base64.b64decode(text) and changed != text
    return changed


def notation() -> Iterator[Case]:
    def case(name: str, comment: str, raw: bytes) -> Case:
        return Case(f"1-{name}", DAMAGED, comment, raw)

    plain = File()
    mac = plain.seal()
    yield case("base64-with-loose-bits", "1: b64 is canonical", made(lambda f: setattr(f, "mac", loose(mac))))
    yield case(
        "base64-with-loose-bits-under-the-seal",
        "1: b64 is canonical; the seal is over the text as it stands",
        made(lambda f: f.records[0].update(id=loose(str(f.records[0]["id"])))),
    )
    yield case("base64-without-padding", "1: b64 has padding", made(lambda f: setattr(f, "mac", mac.rstrip("="))))
    yield case("base64-with-a-space", "1: b64 has no white space", made(setting("head", "store_id", spaced(STORE_ID))))
    yield case(
        "base64-url-alphabet",
        "1: b64 is of the standard alphabet",
        made(setting("index", "box", str(File().index["box"]).replace("+", "-").replace("/", "_"))),
    )
    entries = json_of(ENTRIES)
    short, framed = len(entries), pad(entries, 1024)
    yield case("padding-not-zero", "1: the padding is zero bytes", with_index(padded=framed[:-1] + b"\x01"))
    yield case("padding-of-a-block-more", "1: less than B zero bytes follow", with_index(padded=framed + bytes(1024)))
    yield case(
        "padding-length-beyond-the-end",
        "1: the length fits",
        with_index(padded=len(framed).to_bytes(4, "little") + framed[4:]),
    )
    yield case(
        "padding-length-big-endian",
        "1: the length is 4 bytes little-endian",
        with_index(padded=short.to_bytes(4, "big") + framed[4:]),
    )
    yield case(
        "pae-lengths-big-endian",
        "1: PAE has its lengths as 8 bytes little-endian",
        made(lambda f: setattr(f, "mac", f.seal(f.sealed("big")))),
    )


def spaced(data: bytes) -> str:
    return f"{b64(data)[:8]} {b64(data)[8:]}"


def grammar() -> Iterator[Case]:
    """The text: what carries no meaning, and what the lines leave out."""

    def case(name: str, comment: str, raw: bytes, expect: str = DAMAGED) -> Case:
        return Case(f"2-{name}", expect, f"2: {comment}", raw)

    plain = File().raw()
    yield case("ordinary", "an ordinary file with two keys", plain, OPENS)
    yield case("crlf", "line ends carry no meaning", plain.replace(b"\n", b"\r\n"), OPENS)
    yield case("crlf-in-one-line", "one \\r is taken from the end of each line", put(b"\n", b"\r\n"), OPENS)
    yield case("comments", "comments and blank lines carry no meaning", noted(plain), OPENS)
    yield case("no-last-line-end", "the last line needs no end", plain.rstrip(b"\n"), OPENS)
    yield case(
        "other-order", "the order of keys and of tables of different kinds carries no meaning", shuffled(), OPENS
    )
    yield case("format-not-first", "the format may stand behind a comment", b"# mine\n" + plain, OPENS)
    yield case("generation-least", "generation is 1 or more", made(setting("head", "generation", 1)), OPENS)
    yield case(
        "generation-most", "generation is at most 2^63 - 1", made(setting("head", "generation", 2**63 - 1)), OPENS
    )

    yield case("bom", "no byte order mark", b"\xef\xbb\xbf" + plain, FOREIGN)
    yield case("bom-later", "no byte order mark", b"# mine\n\xef\xbb\xbf" + plain, FOREIGN)
    yield case("not-utf-8", "UTF-8", plain + b"# \xff\n")
    yield case("surrogate", "UTF-8 has no surrogates", plain + b"# \xed\xa0\x80\n")
    yield case("control-in-a-comment", "TOML: a comment has no control characters", plain + b"# \x07\n")
    yield case("return-in-a-comment", "TOML: a \\r stands before \\n only", plain + b"# a\rb\n")
    yield case("two-returns", "one \\r is taken, not two", put(b"generation = 42\n", b"generation = 42\r\r\n"))
    yield case("indented", "a line begins with its key", put(b"generation", b" generation"))
    yield case("space-at-the-end", "a line ends with its value", put(b"generation = 42", b"generation = 42 "))
    yield case("no-spaces", "one space on each side of =", put(b"generation = 42", b"generation=42"))
    yield case("comment-behind-a-value", "a comment has its own line", put(b"tion = 42", b"tion = 42 # mine"))
    yield case("comment-behind-a-table", "a comment has its own line", put(b"[index]", b"[index] # mine"))
    yield case("quoted-key", "keys are bare", put(b"generation =", b'"generation" ='))
    yield case("literal-text", "texts have double quotes", put(b'type = "recovery"', b"type = 'recovery'"))
    yield case("escape-in-a-text", "a text has no escapes", put(b'type = "recovery"', b'type = "\\u0072ecovery"'))
    yield case("text-of-many-lines", "a text has one line", put(b'mac = "', b'mac = """\n')[:-1] + b'""\n')
    mac = plain[plain.index(b"mac = ") : -1]
    unsealed = plain[: plain.index(b"[seal]")]
    yield case("dotted-key", "no dotted keys", put(b"\n", b"\nseal." + mac + b"\n", unsealed))
    yield case("inline-table", "no inline tables", put(b"\n", b"\nseal = { " + mac + b" }\n", unsealed))
    yield case("spaces-in-a-table-name", "a table's name stands alone in its brackets", put(b"[seal]", b"[ seal ]"))
    yield case("quoted-table-name", "a table's name is bare", put(b"[seal]", b'["seal"]'))
    for name, value in {
        "plus": b"+42", "hex": b"0x2a", "underscore": b"4_2", "float": b"42.0", "true": b"true", "leading-zero": b"042",
    }.items():  # fmt: skip
        yield case(f"integer-{name}", "an integer is 1 to 19 digits", put(b"= 42", b"= " + value))
    yield case("generation-zero", "generation is 1 or more", made(setting("head", "generation", 0)))
    yield case("generation-too-high", "generation is at most 2^63 - 1", made(setting("head", "generation", 2**63)))
    yield case("generation-text", "generation is an integer", made(setting("head", "generation", "42")))

    yield case("empty", "a file of no byte is a cut one", b"")
    yield case("cut-in-the-first-line", "a beginning of the first line is a cut file", plain[:12])
    yield case("cut-behind-the-first-line", "all tables are there", plain[:22])
    yield case("cut-before-the-seal", "all tables are there", plain[: plain.index(b"[seal]")])
    yield case("cut-in-the-seal", "the seal is whole", plain[:-10])
    yield case("zeros", "a file of zeros is not arka's", bytes(512), FOREIGN)
    yield case("diary", "a file without a format line is not arka's", b"dear diary\n", FOREIGN)
    yield case("format-indented", "the format is a line of its own", b" " + plain, FOREIGN)
    yield case("format-10-digits", "the number has 1 to 9 digits", put(b"store/1", b"store/1000000000"), FOREIGN)
    yield case("format-no-digit", "the number has 1 to 9 digits", put(b"store/1", b"store/"), FOREIGN)
    late = b"#" * 4095 + b"\n" + plain
    yield case("format-behind-4-kib", "the format stands in the first 4 KiB", late, FOREIGN)
    yield case("format-2", "another number is a later format", put(b"store/1", b"store/2") + b"x = { y = 1 }\n", LATER)
    yield case("format-0", "another number is a later format", put(b"store/1", b"store/0"), LATER)
    yield case("format-2-then-1", "the first such line counts", b'format = "arka-store/2"\n' + plain, LATER)
    yield case("format-1-then-2", "no key stands twice", put(b"\n", b'\nformat = "arka-store/2"\n'))
    in_a_slot = plain.replace(b'format = "arka-store/1"\n', b"").replace(
        b'type = "passphrase"', b'type = "passphrase"\nformat = "arka-store/1"'
    )
    yield case("format-in-a-slot", "the format is one of the keys at the top", in_a_slot)
    elsewhere = File(head={**File().head, "format": "arka-store/one"}, slots=[*File().slots, formatted_slot()])
    yield case("format-in-a-later-slot", "the format at the top is arka-store/1", elsewhere.raw())


def formatted_slot() -> Table:
    return {**later_slot(), "format": "arka-store/1"}


def noted(raw: bytes) -> bytes:
    """With a comment of every kind of character behind each blank line."""
    return "# a – “b” [c] d = 1\n\n#\n".encode() + raw.replace(b"\n\n", "\n\n\n#\t#é\n".encode()) + b"# the end\n\n"


def shuffled() -> bytes:
    """Keys backwards, seal and index before the rest; the order of slots and of records stays."""
    file = File()
    tables = [[line for line in table if line] for table in file.tables()]
    head, *slots = tables[: 1 + len(file.slots)]
    ix, *records, seal = tables[1 + len(file.slots) :]
    order = [seal, records[0], slots[0], ix, *records[1:], *slots[1:]]
    backwards = [head[::-1], *([table[0], *table[:0:-1]] for table in order)]
    return "".join(f"{line}\n" for table in backwards for line in table).encode()


def tables() -> Iterator[Case]:
    """Exactly these tables, in each exactly these keys, with exactly these types, lengths and ranges."""

    def case(name: str, comment: str, raw: bytes, expect: str = DAMAGED) -> Case:
        return Case(f"2-{name}", expect, f"2: {comment}", raw)

    plain = File().raw()
    yield case("table-unknown", "exactly these tables", plain + b"[more]\n")
    yield case("table-twice", "no table stands twice", plain + b"[seal]\n")
    yield case("index-list", "index is one table", put(b"[index]", b"[[index]]"))
    one_record = File(index=index(ENTRIES[:1]))
    one_record.records.pop()
    yield case("record-not-list", "record is a list of tables", put(b"[[record]]", b"[record]", one_record.raw()))
    one_slot = File(slots=[recovery_slot()])
    yield case("slot-not-list", "slot is a list of tables", put(b"[[slot]]", b"[slot]", one_slot.raw()))
    yield case("no-slot", "1 to 16 slots", made(lambda f: f.slots.clear()))
    full = [*(later_slot(str(number)) for number in range(14)), passphrase_slot(), recovery_slot()]
    yield case("16-slots", "1 to 16 slots", made(lambda f: setattr(f, "slots", full)), OPENS)
    yield case("17-slots", "1 to 16 slots", made(lambda f: setattr(f, "slots", [later_slot(), *full])))
    yield Case("2-no-record", OPENS, "2: none or more records", File(index=index([]), records=[]).raw(), secrets={})
    yield case("no-index", "exactly these tables", "".join(
        f"{line}\n" for table in File().tables() if table[0] != "[index]" for line in table).encode())  # fmt: skip
    yield case("key-unknown-at-the-top", "exactly these keys", made(setting("head", "more", 1)))
    yield case("key-twice", "no key stands twice", put(b"generation = 42\n", b"generation = 42\n" * 2))
    for table, name in (("head", "store_id"), ("index", "salt")):
        yield case(f"{table}-without-{name}", "exactly these keys", made(without(table, name)))
    for table in ("slots", "records", "index"):
        yield case(f"key-unknown-in-{table}", "exactly these keys", made(setting(table, "more", 1)))
    yield case("key-unknown-in-seal", "exactly these keys", plain + b"more = 1\n")
    yield case("passphrase-without-m", "exactly these keys", made(without("slots", "m")))
    yield case("recovery-with-t", "a recovery slot has no m, t, p", made(setting("slots", "t", 1, 1)))
    yield case("type-integer", "a type is a text", made(lambda f: f.slots.append({**later_slot(), "type": 7})))
    yield case("salt-integer", "a salt is a text", made(setting("index", "salt", 7)))
    yield case("m-text", "m is an integer", made(setting("slots", "m", "19456")))
    for costs, rule in (
        ((19455, 1, 1), "m is 19456 or more"), ((19456, 1, 17), "p is at most 16"), ((19456, 65, 1), "t is at most 64"),
    ):  # fmt: skip
        weak = passphrase_slot(costs=costs) if costs[1] == 1 else {**passphrase_slot(), "t": 65}
        name = "-".join(map(str, costs))
        opener = BY_PASSPHRASE if costs[1] == 1 else ("recovery", CODE)
        raw = made(functools.partial(set_slot, nth=0, slot=weak))
        yield Case(f"2-costs-{name}", DAMAGED, f"2: {rule}", raw, opener)
    for name, value, rule in (
        ("m", 2097153, "m is at most 2097152"), ("m", 2**63, "m is at most 2097152"), ("t", 0, "t is 1 or more"),
        ("p", 0, "p is 1 or more"), ("t", 2**63 - 1, "t is at most 64"),
    ):  # fmt: skip
        yield Case(
            f"2-costs-{name}-{value}", DAMAGED, f"2: {rule}; a bomb where it is paid before it is checked",
            made(setting("slots", name, value)), BY_PASSPHRASE,
        )  # fmt: skip

    dear: Table = {**passphrase_slot("other", "other"), "m": 1_048_576, "t": 16}
    too_much = File(slots=[passphrase_slot(), dear, recovery_slot()]).raw()
    yield Case("2-costs-that-add-up", DAMAGED, "2: m · t of all slots is at most 2^24", too_much, BY_PASSPHRASE)

    for length in (15, 17):
        salt = seeded("odd salt", length)
        odd = passphrase_slot(salt=salt)
        raw = made(functools.partial(set_slot, nth=0, slot=odd))
        yield Case(f"2-salt-of-{length}", DAMAGED, "2: the salt of a slot has 16 bytes", raw, BY_PASSPHRASE)
    for table, name, length in (
        ("head", "store_id", 15), ("slots", "check", 31), ("slots", "box", 59), ("slots", "box", 61),
        ("records", "id", 17), ("records", "box", 28), ("records", "box", 28 + 255),
        ("index", "box", 28), ("index", "box", 28 + 256), ("index", "salt", 31),
    ):  # fmt: skip
        raw = made(setting(table, name, b64(bytes(length))))
        yield case(f"{table}-{name}-of-{length}", f"{name} has its length", raw)
    yield case("mac-of-31", "mac has 32 bytes", made(lambda f: setattr(f, "mac", b64(bytes(31)))))
    salt31 = seeded("odd index salt", 31)
    yield case("index-salt-short-but-used", "the salt of the index has 32 bytes",
               made(lambda f: setattr(f, "index", index(salt=salt31))))  # fmt: skip

    yield case("slot-id-capitals", "a slot's id is 16 lower-case hex digits", renamed_slot("0123456789ABCDEF"))
    yield case("slot-id-short", "a slot's id is 16 lower-case hex digits", renamed_slot("0123456789abcde"))
    yield case("slot-id-twice", "a slot's id is unique in the file", renamed_slot(str(recovery_slot()["id"])))
    yield case("record-id-twice", "a record's id is unique in the file", made(lambda f: f.records.append(f.records[0])))

    yield case("slot-of-a-later-type", "a slot of unknown type opens nothing and is no fault",
               made(lambda f: f.slots.append(later_slot())), OPENS)  # fmt: skip
    for name, policy in (("20-digits", 10**19), ("negative", -7)):
        odd_slot: Table = {**later_slot(), "policy": policy}
        raw = made(functools.partial(add_slot, slot=odd_slot))
        yield case(f"slot-of-a-later-type-with-{name}", "an integer is 1 to 19 digits, without a sign", raw)
    unnamed: Table = {"id": seeded("later id", 8).hex(), "type": "tpm2"}
    yield case("slot-of-a-later-type-with-no-more-keys", "a slot of unknown type has any further keys",
               made(lambda f: f.slots.insert(0, unnamed)), OPENS)  # fmt: skip
    yield case("slot-of-a-later-type-without-id", "a slot of unknown type has an id",
               made(lambda f: f.slots.append({"type": "tpm2"})))  # fmt: skip
    yield case("slot-without-type", "a slot has a type", made(without("slots", "type")))
    keyed = [passphrase_slot(), recovery_slot(), slot("keyfile", KEY_FILE), agent_slot()]
    yield case("all-kinds-of-slots", "slots of all four types", File(slots=keyed).raw(), OPENS)
    agent_rules: tuple[tuple[int, str, str | int, str], ...] = (
        (2, "m", 19456, "a keyfile slot has no m, t, p"), (2, "key", "AAAAAAAAAAA=", "a keyfile slot has no key"),
        (3, "p", 1, "an ssh-agent slot has no m, t, p"), (3, "challenge", b64(bytes(31)), "challenge has 32 bytes"),
        (3, "key", b64(bytes(7)), "key has 8 bytes"), (3, "key", 8, "key is a text"),
        (3, "box", b64(bytes(61)), "box has 60 bytes"), (2, "salt", b64(bytes(15)), "salt has 16 bytes"),
    )  # fmt: skip
    for nth, name, broken_value, rule in agent_rules:
        file = File(slots=copy.deepcopy(keyed))
        file.slots[nth][name] = broken_value
        kind = str(file.slots[nth]["type"])
        yield case(f"{kind}-{name}-{str(broken_value)[:5].rstrip('=')}", rule, file.raw())
    for nth, name in ((2, "check"), (3, "challenge"), (3, "key")):
        file = File(slots=copy.deepcopy(keyed))
        del file.slots[nth][name]
        yield case(f"{file.slots[nth]['type']}-without-{name}", "exactly these keys", file.raw())


def set_slot(file: File, nth: int, slot: Table) -> None:
    file.slots[nth] = slot


def add_slot(file: File, slot: Table) -> None:
    file.slots.append(slot)


def renamed_slot(slot_id: str) -> bytes:
    """An unknown slot of this id beside the others: nothing else than the id can be wrong with it."""
    return made(lambda file: file.slots.append({**later_slot(), "id": slot_id}))


def keys() -> Iterator[Case]:
    def case(name: str, expect: str, comment: str, raw: bytes, opener: tuple[str, str] = ("recovery", CODE)) -> Case:
        return Case(f"3-{name}", expect, f"3: {comment}", raw, opener)

    def opened_by(slots: list[Table]) -> bytes:
        return File(slots=slots).raw()

    plain, recovery = File().raw(), recovery_slot()
    yield case("passphrase", OPENS, "a passphrase slot", plain, BY_PASSPHRASE)
    yield case("passphrase-wrong", WRONG, "no check is equal", plain, ("passphrase", "correct horse battery stapl"))
    yield case("passphrase-not-trimmed", WRONG, "a passphrase is not trimmed", plain, ("passphrase", f"{PASSPHRASE} "))
    for name, typed in (("empty", ""), ("1025", "é" * 512 + "x")):
        unlikely = opened_by([passphrase_slot(typed, name), recovery])
        yield case(f"passphrase-{name}", WRONG, "a passphrase has 1 to 1024 bytes", unlikely, ("passphrase", typed))
    composed, decomposed = "caf\u00e9 \u00c5", "cafe\u0301 \u212b"
    accents = opened_by([passphrase_slot(composed, "accents"), recovery])
    yield case("passphrase-composed", OPENS, "a passphrase is brought to NFC", accents, ("passphrase", decomposed))
    longest = "é" * 512
    yield case("passphrase-1024", OPENS, "a passphrase has 1 to 1024 bytes",
               opened_by([passphrase_slot(longest, "longest"), recovery]), ("passphrase", longest))  # fmt: skip
    yield case("passphrase-short", OPENS, "a passphrase has 1 to 1024 bytes",
               opened_by([passphrase_slot("x", "short"), recovery]), ("passphrase", "x"))  # fmt: skip
    several = opened_by([passphrase_slot("another", "other"), passphrase_slot(), recovery])
    yield case("passphrase-second-slot", OPENS, "a reader tries each slot of a type", several, BY_PASSPHRASE)
    yield case("passphrase-lanes", OPENS, "m, t and p are those of the slot",
               opened_by([passphrase_slot(costs=(19456, 2, 3)), recovery]), BY_PASSPHRASE)  # fmt: skip
    yield case("argon2i", WRONG, "Argon2id, not Argon2i",
               opened_by([passphrase_slot(kind=Type.I), recovery]), BY_PASSPHRASE)  # fmt: skip
    yield case("argon2-version-16", WRONG, "Argon2 of version 0x13",
               opened_by([passphrase_slot(version=0x10), recovery]), BY_PASSPHRASE)  # fmt: skip

    sloppy = " abcd efgh--jkmn pqrs tvwx yzoi 2345\t6789"
    yield case("recovery-typed-sloppily", OPENS, "case, white space and hyphens are ignored; O is 0, I is 1", plain,
               ("recovery", sloppy))  # fmt: skip
    yield case("recovery-l-is-1", OPENS, "L is 1", plain, ("recovery", CODE.replace("1", "l")))
    for name, typed in (
        ("wrong", CODE.replace("9", "8")), ("with-a-zero-in-front", f"0{CODE}"), ("short", CODE[:-1]),
        ("u", CODE.replace("D", "U")), ("long-s", CODE.replace("S", "\u017f")),
    ):  # fmt: skip
        yield case(f"recovery-{name}", WRONG, "32 characters of Crockford's base32; others are an error", plain,
                   ("recovery", typed))  # fmt: skip

    keyed = [passphrase_slot(), recovery, slot("keyfile", KEY_FILE)]
    yield case("keyfile", OPENS, "a keyfile slot", opened_by(keyed), BY_KEY_FILE)
    yield case("keyfile-wrong", WRONG, "no check is equal", opened_by(keyed), ("keyfile", seeded("other", 32).hex()))
    for name, content in (("with-a-line-end", KEY_FILE + b"\n"), ("short", KEY_FILE[:31])):
        odd = opened_by([passphrase_slot(), recovery, slot("keyfile", content, name)])
        yield case(f"keyfile-{name}", WRONG, "32 bytes are the whole of the file", odd, ("keyfile", content.hex()))
    yield case("keyfile-not-of-this-vault", WRONG, "no slot of that type", plain, BY_KEY_FILE)
    as_recovery = slot("recovery", KEY_FILE, "keyfile")
    yield case("keyfile-does-not-open-a-recovery-slot", WRONG, "a way opens slots of its own type",
               opened_by([passphrase_slot(), as_recovery]), BY_KEY_FILE)  # fmt: skip

    moved = slot("recovery", code_bytes(CODE), store_id=seeded("other store", 16))
    yield case("slot-of-another-store", WRONG, "I names the store", opened_by([passphrase_slot(), moved]))
    yield case("slot-of-another-id", WRONG, "I names the id",
               made(setting("slots", "id", seeded("x", 8).hex(), 1)))  # fmt: skip
    yield case("slot-of-another-salt", WRONG, "I names the salt",
               made(setting("slots", "salt", b64(seeded("x", 16)), 1)))  # fmt: skip
    yield case("slot-of-another-type", WRONG, "I names the type",
               made(lambda f: f.slots.append({**slot("recovery", KEY_FILE, "x"), "type": "keyfile"})),
               BY_KEY_FILE)  # fmt: skip
    salt = seeded("passphrase salt", 16)
    cheap = slot("passphrase", argon2(PASSPHRASE.encode(), salt, 19456, 1, 1), salt=salt, costs=(65536, 3, 4))
    yield case("slot-that-says-other-costs", WRONG, "m, t and p are those that were paid",
               opened_by([{**cheap, "m": 19456, "t": 1, "p": 1}, recovery]), BY_PASSPHRASE)  # fmt: skip
    other_check = {**recovery, "check": b64(seeded("check", 32))}
    yield case("check-not-equal", WRONG, "the check is compared before the box is opened, which would open",
               opened_by([passphrase_slot(), other_check]))  # fmt: skip
    yield case("check-equal-and-box-without-aad", DAMAGED, "the AAD of a slot's box is I",
               opened_by([passphrase_slot(), slot("recovery", code_bytes(CODE), aad=b"")]))  # fmt: skip
    other_box = {**recovery, "box": passphrase_slot()["box"]}
    yield case("check-equal-and-box-of-another-slot", DAMAGED, "the KEK seals MK",
               opened_by([passphrase_slot(), other_box]))  # fmt: skip
    yield case("store-id-changed", WRONG, "I names the store, so nothing opens; the seal would not either",
               broken(setting("head", "store_id", b64(seeded("x", 16)))))  # fmt: skip


def the_index() -> Iterator[Case]:
    def case(name: str, comment: str, raw: bytes, expect: str = DAMAGED) -> Case:
        return Case(f"4-{name}", expect, f"4: {comment}", raw)

    salt = seeded("index salt", 32)
    for name, aad in {
        "empty": b"",
        "without-the-store": pae("arka-store/1 index", salt),
        "of-another-store": pae("arka-store/1 index", seeded("x", 16), salt),
        "of-another-salt": pae("arka-store/1 index", STORE_ID, seeded("x", 32)),
    }.items():
        raw = made(functools.partial(set_index, table=index(aad=aad)))
        yield case(f"aad-{name}", "the AAD names the purpose, the store and the salt", raw)
    yield case("key-of-another-purpose", "the index key has its own info",
               made(lambda f: setattr(f, "index", index(info="arka-store/1 mac"))))  # fmt: skip

    good = json_of(ENTRIES)
    for name, plaintext, rule in (
        ("not-json", b"entries", "JSON"),
        ("json-cut", good[:-1], "JSON"),
        ("json-and-more", good + b" {}", "one JSON text"),
        ("utf-16", good.decode().encode("utf-16"), "UTF-8"),
        ("bom", b"\xef\xbb\xbf" + good, "UTF-8 without a byte order mark"),
        ("not-utf-8", good.replace(b'"work"', b'"w\xffrk"'), "UTF-8"),
        ("surrogate", good.replace(b'"work"', b'"w\xed\xa0\x80rk"'), "UTF-8 has no surrogates"),
        ("list-of-entries", json.dumps(ENTRIES).encode(), "an object with the member entries"),
        ("member-more", good[:-1] + b',"more":1}', "exactly these members"),
        ("member-twice", b'{"entries":[],' + good[1:], "no member stands twice"),
        ("no-entries", b"{}", "exactly these members"),
        ("bomb-of-brackets", b"[" * 20_000, "JSON; a bomb for a reader that calls itself"),
    ):
        yield case(name, rule, with_index(padded=pad(plaintext, 1024)))
    emptied = File(records=[])
    for name, entries in (("entries-object", {}), ("entries-text", "")):
        emptied.index = index(padded=pad(json_of(entries), 1024))
        yield case(name, "entries is a list", emptied.raw())
    yield case("entry-list", "an entry is an object", with_index([list(ENTRIES[0]), ENTRIES[1]]))
    for name in ("id", "hint", "settings", "sealed_rev"):
        fewer = {member: value for member, value in ENTRIES[0].items() if member != name}
        yield case(f"entry-without-{name}", "exactly these members", with_index([fewer, ENTRIES[1]]))
    yield case("entry-with-more", "exactly these members", with_entry(more=1))
    twice = good.replace(b'"hint"', b'"label":"other","hint"', 1)
    yield case("entry-member-twice", "no member stands twice", with_index(padded=pad(twice, 1024)))
    in_settings = good.replace(b'"settings":{}', b'"settings":{"a":"1","a":"2"}', 1)
    yield case("settings-member-twice", "no member stands twice", with_index(padded=pad(in_settings, 1024)))

    for name, changes, rule in (
        ("label-null", {"label": None}, "label is a text"),
        ("label-surrogate", {"label": "w\ud800rk"}, "a text without a UTF-8 form is refused"),
        ("rev-0", {"rev": 0, "sealed_rev": 0}, "rev starts at 1"),
        ("rev-float", {"rev": 3.0}, "rev is an integer"),
        ("rev-true", {"rev": True, "sealed_rev": 1}, "rev is an integer"),
        ("sealed-rev-0", {"sealed_rev": 0}, "sealed_rev is 1 or more"),
        ("sealed-rev-above-rev", {"sealed_rev": 4}, "sealed_rev is at most rev"),
        ("settings-list", {"settings": []}, "settings is an object"),
        ("settings-integer", {"settings": {"organization": 1}}, "settings holds texts only"),
        ("created-at-without-offset", {"created_at": "2026-11-23T10:00:00"}, "a moment has an offset"),
        ("updated-at-no-moment", {"updated_at": "yesterday"}, "a moment is ISO 8601"),
        ("key-of-31", {"key": b64(bytes(31))}, "key has 32 bytes"),
        ("key-loose", {"key": loose(str(ENTRIES[0]["key"]))}, "b64 is canonical"),
        ("origin-of-another-host", {"origin": "https://evil.example:443"}, "origin is that of base_url"),
        ("origin-without-port", {"origin": "https://api.openai.example"}, "the port is always said"),
        ("origin-of-http", {"origin": "http://api.openai.example:80"}, "origin is that of base_url"),
        ("base-url-no-port-number", {"base_url": "https://a.example:x/"}, "base_url is an address"),
    ):  # fmt: skip
        odd = "key" in changes and len(base64.b64decode(str(changes["key"]))) != 32
        raw = with_index([{**ENTRIES[0], **changes}, ENTRIES[1]]) if odd else with_entry(**changes)
        yield case(name, rule, raw)
    huge = good.replace(b'"rev":3', b'"rev":' + b"9" * 5000, 1)
    yield case("rev-of-5000-digits", "rev is an integer; a bomb for a reader that counts in squares",
               with_index(padded=pad(huge, 1024)))  # fmt: skip

    yield case("entry-of-another-id", "entries and records have one set of ids",
               with_index([{**ENTRIES[0], "id": b64(seeded("x", 16))}, ENTRIES[1]]))  # fmt: skip
    yield case("entry-id-of-15", "an id has 16 bytes",
               with_index([{**ENTRIES[0], "id": b64(bytes(15))}, ENTRIES[1]]))  # fmt: skip
    yield case("entry-missing", "one entry for each record", with_index(ENTRIES[:1]))
    yield case("entry-twice", "one entry for each record", with_index([*ENTRIES, ENTRIES[0]]))
    yield case("entry-id-twice", "one entry for each record",
               with_index([*ENTRIES, {**ENTRIES[0], "label": "other"}]))  # fmt: skip
    yield case("record-missing", "one record for each entry", made(lambda f: f.records.pop()))
    for name, first, second in (("case", "WORK", "work"), ("accents", "cafe\u0301", "caf\u00e9"), ("ss", "ß", "SS")):
        raw = two_keys(first, second)
        yield case(f"names-equal-but-for-{name}", "no two entries have one name, NFC and case folded", raw)

    secret = SECRETS["openai/work"]
    for name, address, origin in (
        ("port", "https://a.example:8443/v1", "https://a.example:8443"), ("http", "http://localhost", "http://localhost:80"),
        ("ipv6", "http://[::1]:8080/v1", "http://[::1]:8080"),
        ("default-port", "https://a.example:443", "https://a.example:443"),
    ):  # fmt: skip
        yield Case(f"4-origin-{name}", OPENS, "4: origin is that of base_url, the port always said",
                   one_key(entry("openai/work", base_url=address, origin=origin), secret),
                   secrets={"openai/work": secret})  # fmt: skip
    scripts = "работа-仕事-👩\u200d💻"
    yield Case("4-label-in-any-script", OPENS, "4: JSON in UTF-8",
               one_key(entry(f"openai/{scripts}", settings={"organization": "örg"}), secret),
               secrets={f"openai/{scripts}": secret})  # fmt: skip


def set_index(file: File, table: Table) -> None:
    file.index = table


def two_keys(first: str, second: str) -> bytes:
    both = [entry(f"openai/{label}") for label in (first, second)]
    return File(index=index(both), records=[record(each, b"sk-aaaaaaaa") for each in both]).raw()


def one_key(of: Entry, secret: bytes, *, padded: bytes | None = None, aad: bytes | None = None) -> bytes:
    return File(index=index([of]), records=[record(of, secret, padded=padded, aad=aad)]).raw()


def the_seal() -> Iterator[Case]:
    def case(name: str, comment: str, raw: bytes) -> Case:
        return Case(f"5-{name}", DAMAGED, f"5: {comment}", raw)

    def sealed_over(name: str, comment: str, message: Callable[[File], bytes]) -> Case:
        return case(f"sealed-{name}", comment, made(lambda f: setattr(f, "mac", f.seal(message(f)))))

    yield case("mac-changed", "the MAC is compared", broken(lambda f: setattr(f, "mac", flipped(f.mac))))
    yield case("mac-key-of-another-purpose", "the MAC key has its own info",
               made(lambda f: setattr(f, "mac", f.seal(info="arka-store/1 index"))))  # fmt: skip
    yield case("generation-raised", "H holds the generation", broken(setting("head", "generation", 43)))
    yield case("slot-dropped", "S holds every slot", broken(lambda f: f.slots.pop(0)))
    yield case("slot-added", "S holds every slot", broken(lambda f: f.slots.append(later_slot())))
    yield case("slots-swapped", "S holds the slots in file order", broken(lambda f: f.slots.reverse()))
    yield case("costs-weakened", "S holds m, t and p", broken(setting("slots", "t", 2)))
    yield case("slot-turned-into-a-later-one", "S holds the type", broken(setting("slots", "type", "tpm2")))
    yield case("slot-of-another-passphrase", "S holds the box", broken(
        functools.partial(set_slot, nth=0, slot=passphrase_slot("mallory"))))  # fmt: skip
    later = File(slots=[*File().slots, later_slot()])
    later.mac = later.seal()
    for name, field_name, value in (("value", "policy", 8), ("type", "policy", "7"), ("key", "more", 1)):
        changed = copy.deepcopy(later)
        changed.slots[2][field_name] = value
        yield case(f"later-slot-{name}", "S holds every key of a slot of unknown type, and its type", changed.raw())
    yield case("record-dropped-with-its-entry-kept", "R holds every record", broken(lambda f: f.records.pop()))
    yield case("records-swapped", "R holds the records in file order", broken(lambda f: f.records.reverse()))
    yield case("record-added", "R holds every record", broken(
        lambda f: f.records.append(record(entry("openai/evil"), b"sk-evil-evil"))))  # fmt: skip
    yield case("record-boxes-swapped", "R holds the boxes", broken(swap_boxes))
    older = record(entry("openai/work", sealed_rev=1), b"sk-proj-the-older-secret-aaaaaaaaaa")
    yield case("record-rolled-back", "R holds the boxes", broken(lambda f: f.records.__setitem__(0, older)))
    older_index = index([entry("openai/work", label="older"), ENTRIES[1]], salt=seeded("older index salt", 32))
    yield case("index-rolled-back", "X holds the index", broken(lambda f: setattr(f, "index", older_index)))
    yield case("index-salt-changed", "X holds the salt",
               broken(setting("index", "salt", b64(seeded("x", 32)))))  # fmt: skip

    def rest(f: File) -> tuple[bytes, bytes, bytes, bytes]:
        return t(f.head), pae(*map(t, f.slots)), t(f.index), pae(*map(t, f.records))

    yield sealed_over("without-its-name", "the PAE begins with the purpose", lambda f: pae(*rest(f)))
    yield sealed_over("without-the-head", "H", lambda f: pae("arka-store/1 seal", *rest(f)[1:]))
    yield sealed_over("without-the-slots", "S",
                      lambda f: pae("arka-store/1 seal", t(f.head), t(f.index), pae(*map(t, f.records))))  # fmt: skip
    yield sealed_over("over-a-plain-join", "PAE, so that no two lists of parts have the same bytes",
                      lambda f: b"".join((b"arka-store/1 seal", *rest(f))))  # fmt: skip
    yield sealed_over("in-file-order", "T has the keys in ascending byte order",
                      lambda f: f.sealed().replace(t(f.head), unsorted(f.head)))  # fmt: skip
    yield sealed_over("with-an-integer-as-text", "T tells integers from texts",
                      lambda f: f.sealed().replace(t(f.head), t({**f.head, "generation": "42"})))  # fmt: skip


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return b64(bytes(data))


def swap_boxes(file: File) -> None:
    first, second = file.records
    first["box"], second["box"] = second["box"], first["box"]


def unsorted(table: Table) -> bytes:
    said = ((name, f"i{value}" if isinstance(value, int) else f"s{value}") for name, value in table.items())
    return pae(*(part for pair in said for part in pair))


def records() -> Iterator[Case]:
    work, secret = ENTRIES[0], SECRETS["openai/work"]
    spoilt: dict[str, bytes | None] = {**SECRETS, "openai/work": None}

    def case(name: str, comment: str, raw: bytes, secrets: dict[str, bytes | None] = spoilt) -> Case:
        return Case(f"6-{name}", SPOILT, f"6: {comment}", raw, secrets=secrets)

    def with_record(*, padded: bytes | None = None, aad: bytes | None = None) -> bytes:
        return made(lambda f: f.records.__setitem__(0, record(work, secret, padded=padded, aad=aad)))

    for name, aad in {
        "store": record_aad(work, seeded("x", 16)),
        "id": record_aad({**work, "id": b64(seeded("x", 16))}),
        "sealed-rev": record_aad({**work, "sealed_rev": 1}),
        "provider": record_aad({**work, "provider": "mistral"}),
        "origin": record_aad({**work, "origin": "https://evil.example:443"}),
    }.items():
        yield case(f"aad-of-another-{name}", "the AAD names store, id, sealed_rev, provider and origin",
                   with_record(aad=aad))  # fmt: skip
    text_id = pae("arka-store/1 record", STORE_ID, str(work["id"]), "2", "openai", str(work["origin"]))
    yield case("aad-of-the-id-as-text", "id as its 16 bytes", with_record(aad=text_id))
    yield case("boxes-swapped-under-a-right-seal", "a box opens for its own record only", made(swap_boxes),
               {"openai/work": None, "mistral/home": None})  # fmt: skip
    moved = entry("openai/work", base_url="https://evil.example/v1", origin="https://evil.example:443")
    redirected = File(index=index([moved, ENTRIES[1]])).raw()
    yield case("address-changed-under-a-right-seal", "a secret opens for the address it was saved for", redirected)
    other_key = entry("openai/work", key=b64(seeded("x", 32)))
    yield case("record-key-of-another", "the record key seals the secret",
               with_index([other_key, ENTRIES[1]]))  # fmt: skip
    framed = pad(secret, 256)
    for name, padded in {
        "not-zero": framed[:-1] + b"\x01",
        "length-beyond-the-end": (253).to_bytes(4, "little") + framed[4:],
    }.items():
        yield case(f"padding-{name}", "the secret is padded to 256", with_record(padded=padded))
    yield case("secret-not-utf-8", "text is UTF-8", with_record(padded=pad(b"sk-\xff", 256)))

    for length in (252, 253, 4096):
        secret = (b"sk-" + b"a" * length)[:length]
        yield Case(f"6-secret-of-{length}", OPENS, "6: the secret is padded to 256", one_key(work, secret),
                   secrets={"openai/work": secret})  # fmt: skip
    older = File(head={**File().head, "generation": 41}, index=index(ENTRIES[:1]))
    older.records.pop()
    yield Case("6-older-whole-state", OPENS, "6: a whole older state authenticates",
               older.raw(), secrets={"openai/work": SECRETS["openai/work"]})  # fmt: skip


def cases() -> Iterator[Case]:
    for section in (notation, grammar, tables, keys, the_index, the_seal, records):
        yield from section()


def write(folder: Path) -> int:
    written = {f"{case.name}.arka": case.text() for case in cases()}
    for name, text in written.items():
        (folder / name).write_bytes(text)
    return len(written)


if __name__ == "__main__":
    CORPUS.mkdir(exist_ok=True)
    sys.stdout.write(f"{write(CORPUS)} files in {CORPUS}\n")
