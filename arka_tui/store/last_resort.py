"""Gets your keys out of an arka vault without arka. This one file is enough, wherever you put it.

You need your vault (the file `store.toml`, its second copy `store.toml.bak`, or any backup of it), your passphrase, and
Python 3.11 or newer. Put this file and the vault into one folder, open a terminal there, and type these lines:

    python3 -m venv rescue
    rescue/bin/pip install argon2-cffi pycryptodomex
    rescue/bin/python last_resort.py store.toml                      shows the names of your keys, to see that it works
    rescue/bin/python last_resort.py store.toml --write keys.txt     writes the keys into the new file keys.txt

The words that may follow `store.toml`:

    --recovery        asks for the recovery code, where you do not have the passphrase
    --keyfile FILE    opens with your key file, and asks for nothing
    --write FILE      writes a line `provider/label = key` for each key into a new file that only you can read
    --show            prints these lines on the screen
    --journal         prints the past tests of your keys, from the file `journal` beside the vault

It reads and never changes the vault. Where it says "damaged", take `store.toml.bak`, then a backup. arka keeps the
vault in ~/.local/share/arka-tui/ or in the folder `data` of ARKA_HOME. Delete keys.txt when you no longer need it.

It ends with 0 where all is well, 1 where the file is not, 2 where it was called wrongly, 3 where nothing opens.
For programmers: it is written from FORMAT.md alone and shares no line with arka, so that each proves the other. The
numbers in the comments are the sections of that page. It checks all that the page says, and what the page does not
allow is `Refused`.
"""

import argparse
import base64
import getpass
import hmac
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import urlsplit

try:
    import tomllib

    from argon2.exceptions import Argon2Error
    from argon2.low_level import Type, hash_secret_raw
    from Cryptodome.Cipher import AES
    from Cryptodome.Hash import SHA256
    from Cryptodome.Protocol.KDF import HKDF
except ImportError as missing:
    if __name__ != "__main__":
        raise
    if missing.name == "tomllib":
        sys.stderr.write("refused: this needs Python 3.11 or newer\n")
    else:
        sys.stderr.write("refused: two libraries are missing; install them: pip install argon2-cffi pycryptodomex\n")
    sys.exit(2)

Rule = Callable[[object], bytes]  # gives the bytes that stand for a value in a PAE, or raises Refused
Parts = dict[str, bytes]  # a table whose values have passed their rules


class Refused(Exception):
    """The file is not accepted. The text says why, for the owner."""


class Wrong(Refused):
    """The passphrase, recovery code or key file is not the one that opens it."""


def need(holds: bool, why: str) -> None:
    if not holds:
        raise Refused(why)


@contextmanager
def or_refused(why: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError):
        raise Refused(why) from None


# 1. Notation


def pae(*parts: bytes) -> bytes:
    return len(parts).to_bytes(8, "little") + b"".join(len(part).to_bytes(8, "little") + part for part in parts)


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return cast("bytes", HKDF(ikm, length, salt, SHA256, context=info))


def unbase64(data: bytes) -> bytes:
    with or_refused("damaged: not base64"):
        plain = base64.b64decode(data, validate=True)
    need(base64.b64encode(plain) == data, "damaged: base64 that is not canonical")
    return plain


def open_box(key: bytes, box: bytes, aad: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=box[:12], mac_len=16).update(aad)
    with or_refused("damaged: a box does not open"):
        return cipher.decrypt_and_verify(box[12:-16], box[-16:])


def unpad(padded: bytes, block: int) -> bytes:
    end = 4 + int.from_bytes(padded[:4], "little")
    need(4 <= end <= len(padded) and len(padded) % block == 0, "damaged: a length that does not fit")
    need(len(padded) - end < block and not any(padded[end:]), "damaged: padding")
    return padded[4:end]


# 2 and 4. The shapes of the tables of the file and of the entries of the index


def text(pattern: str = "(?s:.*)") -> Rule:
    def rule(value: object) -> bytes:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Refused("damaged: a text is not as it must be")
        with or_refused("damaged: a text has no UTF-8"):
            return value.encode()

    return rule


def integer(low: int, high: int) -> Rule:
    def rule(value: object) -> bytes:
        if type(value) is not int or not low <= value <= high:
            raise Refused(f"damaged: not an integer from {low} to {high}")
        return b"%d" % value

    return rule


def b64(length: int, block: int = 0) -> Rule:
    """Base64 of `length` bytes; where `block` is given, of these and one or more blocks."""

    def rule(value: object) -> bytes:
        plain = unbase64(text()(value))
        more = len(plain) - length
        need(more > 0 and more % block == 0 if block else more == 0, "damaged: base64 of a wrong length")
        return plain

    return rule


def moment(value: object) -> bytes:
    with or_refused("damaged: not a moment"):
        need(datetime.fromisoformat(text()(value).decode()).tzinfo is not None, "damaged: a moment without an offset")
    return b""


def texts(value: object) -> bytes:
    return b"".join(map(text(), [*table(value), *table(value).values()]))


BOX = 12 + 16  # what a box is longer than its plaintext
TOP = {"format": text("arka-store/1"), "store_id": b64(16), "generation": integer(1, 2**63 - 1)}
SLOT = {"id": text("[0-9a-f]{16}"), "type": text(), "salt": b64(16), "check": b64(32), "box": b64(BOX + 32)}
SLOTS = {
    "passphrase": SLOT | {"m": integer(19456, 2097152), "t": integer(1, 64), "p": integer(1, 16)},
    "recovery": SLOT,
    "keyfile": SLOT,
    "ssh-agent": SLOT | {"challenge": b64(32), "key": b64(8)},
}
INDEX = {"salt": b64(32), "box": b64(BOX, 1024)}
RECORD = {"id": b64(16), "box": b64(BOX, 256)}
SEAL = {"mac": b64(32)}
ENTRY = dict.fromkeys(("provider", "label", "hint", "base_url", "origin"), text())
ENTRY |= dict.fromkeys(("rev", "sealed_rev"), integer(1, 2**63 - 1))
ENTRY |= {"id": b64(16), "key": b64(32), "settings": texts, "created_at": moment, "updated_at": moment}


LINE = r'(\[\[(slot|record)\]\]|\[(index|seal)\]|[a-z_0-9]+ = ("[A-Za-z0-9+/=:._ -]*"|[0-9]{1,19})|#.*|)\r?'
LINES = re.compile(rf"(?:{LINE}\n)*+{LINE}")  # `*+` never goes back, so it needs no memory for a way back


def table(value: object, keys: set[str] | None = None) -> dict[str, object]:
    if not isinstance(value, dict) or value.keys() != (keys or value.keys()):
        raise Refused("damaged: a table is missing, or has other keys than it must have")
    return value


def tables(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise Refused("damaged: a list is missing")
    return [table(item) for item in value]


def fit(value: object, shape: Mapping[str, Rule]) -> Parts:
    return {key: shape[key](item) for key, item in table(value, set(shape)).items()}


def fit_slot(slot: dict[str, object]) -> Parts:
    """The line grammar leaves only texts and integers in a slot of unknown type. It opens nothing, but is sealed."""
    unknown = dict.fromkeys(slot, lambda value: b"") | {"id": SLOT["id"], "type": SLOT["type"]}
    return fit(slot, SLOTS.get(str(slot.get("type")), unknown))


def canonical(values: dict[str, object]) -> bytes:
    """`T` of section 5."""
    pairs = ((key, f"i{value}" if isinstance(value, int) else f"s{value}") for key, value in sorted(values.items()))
    return pae(*(part.encode() for pair in pairs for part in pair))


class Store(NamedTuple):
    """A file that has the right shape; nothing is decrypted yet. `sealed` is what `mac` speaks for."""

    store_id: bytes
    slots: list[Parts]
    index_salt: bytes
    index_box: bytes
    boxes: dict[bytes, bytes]
    sealed: bytes
    mac: bytes


def parse(raw: bytes) -> Store:
    """Check all that can be checked without a key. Raises Refused."""
    need(len(raw) <= 16 << 20 and raw.count(b"\n") <= 262_144, "damaged: larger than 16 MiB, or 262,144 lines")
    need(not b'format = "arka-store/1"'.startswith(raw), "damaged: cut short")
    versions = re.findall(rb'^format = "arka-store/([0-9]{1,9})"\r?$', raw[:4096], re.MULTILINE)
    need(len(versions) > 0, "not a file of arka")
    need(int(versions[0]) == 1, "of a later format than this reader knows")
    with or_refused("damaged: not UTF-8, or not TOML"):
        whole = raw.decode()
        need(LINES.fullmatch(whole) is not None, "damaged: a line that is not allowed")
        file: dict[str, object] = {"record": []} | tomllib.loads(whole)
    table(file, {*TOP, "slot", "index", "record", "seal"})
    head = {key: value for key, value in file.items() if key in TOP}
    slots, records, index = tables(file["slot"]), tables(file["record"]), table(file["index"])
    ways, boxes, ix = [*map(fit_slot, slots)], [fit(record, RECORD) for record in records], fit(index, INDEX)
    need(1 <= len(ways) <= 16, "damaged: no slot, or more than 16")
    work = sum(int(way["m"]) * int(way["t"]) for way in ways if way["type"] == b"passphrase")
    need(work <= 2**24, "damaged: passphrase slots that cost too much")
    need(len({way["id"] for way in ways}) == len(ways), "damaged: two slots have one id")
    need(len({box["id"] for box in boxes}) == len(boxes), "damaged: two records have one id")
    parts = canonical(head), pae(*map(canonical, slots)), canonical(index), pae(*map(canonical, records))
    return Store(
        store_id=fit(head, TOP)["store_id"],
        slots=ways,
        index_salt=ix["salt"],
        index_box=ix["box"],
        boxes={box["id"]: box["box"] for box in boxes},
        sealed=pae(b"arka-store/1 seal", *parts),
        mac=fit(file["seal"], SEAL)["mac"],
    )


# 3 and 5. From what the owner has to the master key of a file whose seal has been verified


class Way(NamedTuple):
    """What the owner has: the type of the slots that it may open, and the `ikm` that it gives for one of them."""

    kind: str
    ikm: Callable[[Parts], bytes]


def by_passphrase(typed: str) -> Way:
    try:
        secret = unicodedata.normalize("NFC", typed).encode()
    except UnicodeEncodeError:
        raise Wrong("the passphrase is no text: set the terminal to UTF-8") from None
    if not 1 <= len(secret) <= 1024:
        raise Wrong("a passphrase has 1 to 1024 bytes")

    def stretched(slot: Parts) -> bytes:
        m, t, p = (int(slot[cost]) for cost in ("m", "t", "p"))
        try:
            return hash_secret_raw(secret, slot["salt"], t, m, p, 32, Type.ID, 0x13)
        except (Argon2Error, MemoryError):
            raise Refused(f"this passphrase needs {m >> 10} MiB of free memory; a recovery code needs none") from None

    return Way("passphrase", stretched)


def by_recovery_code(typed: str) -> Way:
    crockford, rfc4648 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    code = re.sub(r"[\s-]", "", typed)
    plain = code.upper().translate(str.maketrans("OIL", "011"))
    if not code.isascii() or not re.fullmatch(f"[{crockford}]{{32}}", plain):
        raise Wrong("this is not a recovery code: it has eight groups of four letters or digits")
    ikm = base64.b32decode(plain.translate(str.maketrans(crockford, rfc4648)))
    return Way("recovery", lambda slot: ikm)


def by_keyfile(content: bytes) -> Way:
    if len(content) != 32:
        raise Wrong("this is not a key file: it has exactly 32 bytes")
    return Way("keyfile", lambda slot: content)


def master_key(store: Store, way: Way) -> bytes:
    """The key for all the rest. Raises Refused where nothing opens, or where the seal is broken."""
    kind = way.kind.encode()
    for slot in (slot for slot in store.slots if slot["type"] == kind):
        costs = (slot.get(name, b"0") for name in ("m", "t", "p"))
        info = pae(b"arka-store/1 slot", store.store_id, slot["id"], kind, *costs, slot["salt"])
        keys = hkdf(way.ikm(slot), slot["salt"], info, 64)
        if hmac.compare_digest(keys[32:], slot["check"]):
            mk = open_box(keys[:32], slot["box"], info)
            mac = hmac.digest(hkdf(mk, store.store_id, b"arka-store/1 mac"), store.sealed, "sha256")
            need(hmac.compare_digest(mac, store.mac), "damaged: the seal is broken")
            return mk
    raise Wrong({"recovery": "wrong recovery code", "keyfile": "wrong key file"}.get(way.kind, "wrong passphrase"))


# 4, 6 and 7. What the master key opens


class Key(NamedTuple):
    """`entry` is its entry in the index as it stands there. Where `trouble` says something, there is no secret."""

    entry: dict[str, object]
    secret: str
    trouble: str = ""

    @property
    def name(self) -> str:
        return f"{self.entry['provider']}/{self.entry['label']}"


def unjson(data: bytes) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        need(len(dict(pairs)) == len(pairs), "damaged: a JSON member stands twice")
        return dict(pairs)

    with or_refused("damaged: not JSON"):
        value: object = json.loads(data.decode(), object_pairs_hook=once)
    return value


def origin_of(base_url: str) -> bytes:
    with or_refused("damaged: base_url is not an address"):
        url = urlsplit(base_url)
        port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    host = f"[{url.hostname}]" if ":" in str(url.hostname) else url.hostname
    return f"{url.scheme}://{host}:{port}".encode()


def fit_entry(entry: dict[str, object]) -> Parts:
    parts = fit(entry, ENTRY)
    need(parts["origin"] == origin_of(parts["base_url"].decode()), "damaged: origin is not that of base_url")
    need(int(parts["sealed_rev"]) <= int(parts["rev"]), "damaged: sealed_rev is later than rev")
    return parts


def key_of(store: Store, entry: dict[str, object], parts: Parts) -> Key:
    bound = (parts[name] for name in ("id", "sealed_rev", "provider", "origin"))
    aad = pae(b"arka-store/1 record", store.store_id, *bound)
    try:
        padded = open_box(parts["key"], store.boxes[parts["id"]], aad)
        with or_refused("damaged: not UTF-8"):
            return Key(entry, unpad(padded, 256).decode())
    except Refused as refused:
        return Key(entry, "", str(refused))


def read_store(raw: bytes, way: Way) -> list[Key]:
    """Every key, in the order of the index. Raises Refused; a secret that alone does not open is its key's trouble."""
    store = parse(raw)
    index_key = hkdf(master_key(store, way), store.index_salt, b"arka-store/1 index")
    aad = pae(b"arka-store/1 index", store.store_id, store.index_salt)
    index = unjson(unpad(open_box(index_key, store.index_box, aad), 1024))
    entries = tables(table(index, {"entries"})["entries"])
    found = [fit_entry(entry) for entry in entries]
    need(sorted(parts["id"] for parts in found) == sorted(store.boxes), "damaged: entries do not match records")
    names = {unicodedata.normalize("NFC", f"{entry['provider']}/{entry['label']}").casefold() for entry in entries}
    need(len(names) == len(found), "damaged: two entries have one name")
    return [key_of(store, *both) for both in zip(entries, found, strict=True)]


def read_journal(raw: bytes, store_raw: bytes, way: Way) -> list[dict[str, object]]:
    """The past checks in the order of the file; a line that does not open is passed over. Raises Refused."""
    store = parse(store_raw)
    mk = master_key(store, way)
    checks: list[dict[str, object]] = []
    for line in raw[: 32 << 20].split(b"\n"):
        with suppress(Refused):
            data = unbase64(line)
            salt, box = data[:32], data[32:]
            need(len(box) > BOX, "too short")
            aad = pae(b"arka-journal/1 line", store.store_id, salt)
            checks += tables(unjson(unpad(open_box(hkdf(mk, salt, b"arka-journal/1 line"), box, aad), 256)))
    return checks


# As the owner runs it


def one_line(value: object) -> str:
    """A text as it may stand in a line of the screen or of keys.txt; JSON where it has a character that may not."""
    return str(value) if str(value).isprintable() else json.dumps(value)


def listed(key: Key) -> str:
    hint = f"…{key.entry['hint']}" if key.entry["hint"] else "-"
    return "  ".join(map(one_line, [key.name, hint, key.entry["base_url"]]))


def write_new(path: Path, content: str) -> None:
    """Raises FileExistsError rather than write over anything; a file that cannot be written whole does not stay."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Gets the keys out of an arka vault.", allow_abbrev=False)
    parser.add_argument("store", type=Path, help="store.toml, its second copy store.toml.bak, or a backup")
    ways, outputs = parser.add_mutually_exclusive_group(), parser.add_mutually_exclusive_group()
    ways.add_argument("--recovery", action="store_true", help="ask for the recovery code, not for the passphrase")
    ways.add_argument("--keyfile", type=Path, metavar="FILE", help="open with this key file")
    outputs.add_argument("--write", type=Path, metavar="FILE", help="write the keys to this new file")
    outputs.add_argument("--show", action="store_true", help="print the keys")
    outputs.add_argument("--journal", action="store_true", help="print the past tests from the journal beside it")
    return parser.parse_args(argv)


def read_at_most(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit + 1)


def way_of(args: argparse.Namespace) -> Way:
    if args.keyfile:
        return by_keyfile(read_at_most(args.keyfile, 32))
    if args.recovery:
        return by_recovery_code(getpass.getpass("Recovery code: "))
    return by_passphrase(getpass.getpass("Passphrase: "))


def run(args: argparse.Namespace) -> int:
    raw = read_at_most(args.store, 16 << 20)
    parse(raw)  # before anything is asked
    if args.journal:
        journal = read_at_most(args.store.with_name("journal"), 32 << 20)
        sys.stdout.write(json.dumps(read_journal(journal, raw, way_of(args)), indent=2) + "\n")
        return 0
    keys = read_store(raw, way_of(args))
    whole = [key for key in keys if not key.trouble]
    lines = "".join(f"{one_line(key.name)} = {one_line(key.secret)}\n" for key in whole)
    if args.write:
        write_new(args.write, lines)
        sys.stderr.write(f"wrote {len(whole)} of {len(keys)} keys to {args.write}, readable by you alone\n")
    elif args.show:
        sys.stderr.write("these are your keys: whoever sees this screen has them\n")
        sys.stdout.write(lines)
    else:
        sys.stdout.write("".join(f"{listed(key)}\n" for key in whole))
        sys.stderr.write(f"{len(whole)} of {len(keys)} keys can be read; --write FILE gets them out\n")
    for key in keys:
        if key.trouble:
            sys.stderr.write(f"not read: {one_line(key.name)}: {key.trouble}\n")
    return 0 if whole == keys else 1


def main(argv: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 shows a name as it can
    args = arguments(argv)
    try:
        return run(args)
    except Wrong as wrong:
        why, code = str(wrong), 3
    except Refused as refused:
        why, code = str(refused), 1
    except OSError as error:
        why, code = f"{error.filename or args.store}: {error.strerror}", 1
    except MemoryError:
        why, code = "there is not enough memory", 1
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\n")  # the prompt still stands in this line
        why, code = "nothing was typed", 3
    sys.stderr.write(f"refused: {why}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
