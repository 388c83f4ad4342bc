"""A second reader of an arka vault, written from FORMAT.md alone. It shares no line with arka itself.

The tests use it to prove that FORMAT.md is complete. An owner can use it when arka is gone:

    pip install argon2-cffi pycryptodomex
    python second_reader.py store.toml               asks for the passphrase, prints every key with its secret
    python second_reader.py store.toml --recovery    asks for the recovery code instead
    python second_reader.py store.toml --journal     prints the past checks as JSON

It only reads. Where `store.toml` is missing or refused as damaged, give it the mirror `store.toml.bak`.
Whatever the page does not allow is `Refused`. The numbers in the comments are the sections of the page.
"""

import argparse
import base64
import getpass
import hmac
import json
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw
from Cryptodome.Cipher import AES
from Cryptodome.Hash import SHA256
from Cryptodome.Protocol.KDF import HKDF

Rule = Callable[[object], bytes]  # gives the bytes that stand for a value in a PAE, or raises Refused
Parts = dict[str, bytes]  # a table whose values have passed their rules


class Refused(Exception):
    """The file, the passphrase or the recovery code is not accepted. The text says why, for the owner."""


def need(holds: bool, why: str) -> None:
    if not holds:
        raise Refused(why)


@contextmanager
def or_refused(why: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError, Argon2Error):
        raise Refused(why) from None


# 1. Notation


def pae(*parts: bytes) -> bytes:
    return len(parts).to_bytes(8, "little") + b"".join(len(part).to_bytes(8, "little") + part for part in parts)


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    key = HKDF(ikm, length, salt, SHA256, context=info)
    assert isinstance(key, bytes)  # a tuple only where several keys are asked for
    return key


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


def texts(value: object) -> bytes:
    return b"".join(map(text(), table(value).values()))


BOX = 12 + 16  # what a box is longer than its plaintext
TOP = {"format": text("arka-store/1"), "store_id": b64(16), "generation": integer(1, 2**63 - 1)}
RECOVERY = {"id": text("[0-9a-f]{16}"), "type": text(), "salt": b64(16), "check": b64(32), "box": b64(BOX + 32)}
PASSPHRASE = RECOVERY | {"m": integer(19456, 2097152), "t": integer(1, 64), "p": integer(1, 16)}
INDEX = {"salt": b64(32), "box": b64(BOX, 1024)}
RECORD = {"id": b64(16), "box": b64(BOX, 256)}
SEAL = {"mac": b64(32)}
ENTRY = dict.fromkeys(("provider", "label", "hint", "base_url", "origin", "created_at", "updated_at"), text())
ENTRY |= dict.fromkeys(("rev", "sealed_rev"), integer(1, 2**63 - 1))
ENTRY |= {"id": b64(16), "key": b64(32), "settings": texts}

LINE = re.compile(r'(\[\[?[a-z_]+\]\]?|[a-z_0-9]+ = ("[A-Za-z0-9+/=:._ -]*"|[0-9]{1,19})|#.*|)')


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
    unknown = dict.fromkeys(slot, lambda value: b"") | {"id": RECOVERY["id"], "type": text()}
    return fit(slot, {"passphrase": PASSPHRASE, "recovery": RECOVERY}.get(str(slot.get("type")), unknown))


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
    need(len(raw) <= 64 << 20, "larger than 64 MiB")
    versions = re.findall(rb'^format = "arka-store/([0-9]+)"\r?$', raw[:4096], re.MULTILINE)
    need(len(versions) > 0, "not a file of arka")
    need(versions[0] == b"1", "of a later format than this reader knows")
    with or_refused("damaged: not UTF-8, or not TOML"):
        lines = raw.decode().split("\n")
        need(all(LINE.fullmatch(line.removesuffix("\r")) for line in lines), "damaged: a line that is not allowed")
        file: dict[str, object] = {"record": []} | tomllib.loads(raw.decode())
    table(file, {*TOP, "slot", "index", "record", "seal"})
    head = {key: value for key, value in file.items() if key in TOP}
    slots, records, index = tables(file["slot"]), tables(file["record"]), table(file["index"])
    ways, boxes, ix = [*map(fit_slot, slots)], [fit(record, RECORD) for record in records], fit(index, INDEX)
    need(1 <= len(ways) <= 16, "damaged: no slot, or more than 16")
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


# 3 and 5. From what the owner knows to the master key of a file whose seal has been verified


def stretched(passphrase: str, slot: Parts) -> bytes:
    with or_refused("the passphrase is no text, or Argon2id lacks memory"):
        secret = unicodedata.normalize("NFC", passphrase).encode()
        need(1 <= len(secret) <= 1024, "a passphrase has 1 to 1024 bytes")
        return hash_secret_raw(secret, slot["salt"], int(slot["t"]), int(slot["m"]), int(slot["p"]), 32, Type.ID, 0x13)


def recovery_bytes(typed: str) -> bytes:
    crockford, rfc4648 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    code = typed.upper().translate(str.maketrans("OIL", "011", " -"))
    need(typed.isascii() and re.fullmatch(f"[{crockford}]{{32}}", code) is not None, "not a recovery code")
    return base64.b32decode(code.translate(str.maketrans(crockford, rfc4648)))


def master_key(store: Store, passphrase: str | None, recovery: str | None) -> bytes:
    """The key for all the rest. Raises Refused where nothing opens, or where the seal is broken."""
    need((passphrase is None) != (recovery is None), "either a passphrase or a recovery code is needed")
    kind = b"recovery" if passphrase is None else b"passphrase"
    for slot in (slot for slot in store.slots if slot["type"] == kind):
        ikm = recovery_bytes(recovery or "") if passphrase is None else stretched(passphrase, slot)
        costs = (slot.get(name, b"0") for name in ("m", "t", "p"))
        info = pae(b"arka-store/1 slot", store.store_id, slot["id"], kind, *costs, slot["salt"])
        keys = hkdf(ikm, slot["salt"], info, 64)
        if hmac.compare_digest(keys[32:], slot["check"]):
            mk = open_box(keys[:32], slot["box"], info)
            mac = hmac.digest(hkdf(mk, store.store_id, b"arka-store/1 mac"), store.sealed, "sha256")
            need(hmac.compare_digest(mac, store.mac), "damaged: the seal is broken")
            return mk
    raise Refused(f"wrong {kind.decode()}")


# 4, 6 and 7. What the master key opens


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


def secret_of(store: Store, entry: Parts) -> str:
    need(entry["origin"] == origin_of(entry["base_url"].decode()), "damaged: origin is not that of base_url")
    need(int(entry["sealed_rev"]) <= int(entry["rev"]), "damaged: sealed_rev is later than rev")
    bound = (entry[name] for name in ("id", "sealed_rev", "provider", "origin"))
    aad = pae(b"arka-store/1 record", store.store_id, *bound)
    with or_refused("damaged: a secret is not UTF-8"):
        return unpad(open_box(entry["key"], store.boxes[entry["id"]], aad), 256).decode()


def read_store(raw: bytes, passphrase: str | None = None, recovery: str | None = None) -> list[dict[str, object]]:
    """Every key: the members of its entry in the index, and its `secret`. Raises Refused."""
    store = parse(raw)
    key = hkdf(master_key(store, passphrase, recovery), store.index_salt, b"arka-store/1 index")
    aad = pae(b"arka-store/1 index", store.store_id, store.index_salt)
    index = unjson(unpad(open_box(key, store.index_box, aad), 1024))
    found = [(entry, fit(entry, ENTRY)) for entry in tables(table(index, {"entries"})["entries"])]
    need(sorted(parts["id"] for _, parts in found) == sorted(store.boxes), "damaged: entries do not match records")
    names = {unicodedata.normalize("NFC", f"{entry['provider']}/{entry['label']}").casefold() for entry, _ in found}
    need(len(names) == len(found), "damaged: two entries have one name")
    return [{**entry, "secret": secret_of(store, parts)} for entry, parts in found]


def read_journal(
    raw: bytes, store_raw: bytes, passphrase: str | None = None, recovery: str | None = None
) -> list[dict[str, object]]:
    """The past checks in the order of the file; a line that does not open is passed over. Raises Refused."""
    store = parse(store_raw)
    mk = master_key(store, passphrase, recovery)
    checks: list[dict[str, object]] = []
    for line in raw.split(b"\n"):
        with suppress(Refused):
            data = unbase64(line)
            salt, box = data[:32], data[32:]
            need(len(box) > BOX, "too short")
            aad = pae(b"arka-journal/1 line", store.store_id, salt)
            checks += tables(unjson(unpad(open_box(hkdf(mk, salt, b"arka-journal/1 line"), box, aad), 256)))
    return checks


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Print the keys of an arka vault, with their secrets.")
    parser.add_argument("store", type=Path, help="store.toml, or its mirror store.toml.bak")
    parser.add_argument("--recovery", action="store_true", help="ask for the recovery code, not for the passphrase")
    parser.add_argument(
        "--journal", action="store_true", help="print the past checks from the journal beside the store"
    )
    args = parser.parse_args(argv)
    store: Path = args.store
    try:
        raw, journal = store.read_bytes(), store.with_name("journal").read_bytes() if args.journal else b""
        typed = getpass.getpass("Recovery code: " if args.recovery else "Passphrase: ")
        known = {"recovery": typed} if args.recovery else {"passphrase": typed}
        if args.journal:
            shown = [json.dumps(read_journal(journal, raw, **known), indent=2)]
        else:
            keys = read_store(raw, **known)
            shown = [f"{key['provider']}/{key['label']}\n  {key['base_url']}\n  {key['secret']}" for key in keys]
    except (OSError, Refused) as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    sys.stdout.write("".join(f"{item}\n" for item in shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
