"""TOML text to typed document and back, strictly: FORMAT.md §2 and §5. Knows no keys."""

import re
import tomllib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from arka_tui.store.envelope import Damaged, b64, check_box, length, pae, unb64
from arka_tui.store.slots import (
    CHALLENGE_BYTES,
    CHEAPEST,
    CHECK_BYTES,
    DEAREST,
    KEY_FILE,
    KEY_MARK_BYTES,
    PASSPHRASE,
    RECOVERY,
    SALT_BYTES,
    SSH_AGENT,
    AgentKey,
    Argon2Cost,
    Slot,
)
from arka_tui.store.slots import UnknownSlot as UnknownSlot

FORMAT = "arka-store/1"
MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 262_144
"""Room for 35,000 keys. A TOML parser takes up to a kilobyte and ten microseconds for a line."""
STORE_ID_BYTES = 16
RECORD_ID_BYTES = 16
INDEX_SALT_BYTES = 32
MAC_BYTES = 32
INDEX_PAD_BYTES = 1024
SECRET_PAD_BYTES = 256
SLOT_BOX_BYTES = 60
MAX_SLOTS = 16
MAX_WORK_KIB = 16 * 1024 * 1024
"""Memory times iterations of all passphrase slots: to try them all takes a minute, not hours. arka makes 786,432."""
MAX_GENERATION = 2**63 - 1

_FORMAT_LINE = re.compile(rb'^format = "arka-store/([0-9]{1,9})"\r?$', re.MULTILINE)
_STORE_ID_LINE = re.compile(rb'^store_id = "([A-Za-z0-9+/=]+)"\r?$', re.MULTILINE)
_SLOT_TYPE_LINE = re.compile(rb'^type = "([a-z0-9-]+)"\r?$', re.MULTILINE)
_LINE = r'(?:\[\[(?:slot|record)\]\]|\[(?:index|seal)\]|[a-z_0-9]+ = (?:"[A-Za-z0-9+/=:._ -]*"|[0-9]{1,19})|#.*|)\r?'
_LINES = re.compile(rf"(?:{_LINE}\n)*+{_LINE}")  # all in one, and `*+`: a list of lines takes more memory than the text
_RECORD = re.compile(rb'\[\[record\]\]\nid = "([A-Za-z0-9+/=]+)"\nbox = "([A-Za-z0-9+/=]+)"\n\n')
"""One, as arka writes it."""
_ID_CHARS = len(b64(bytes(RECORD_ID_BYTES)))
_SLOT_FIELDS: Mapping[str, Set[str]] = {
    PASSPHRASE: {"m", "t", "p"},
    RECOVERY: frozenset(),
    KEY_FILE: frozenset(),
    SSH_AGENT: {"challenge", "key"},
}
"""What a slot of that type has beside id, type, salt, check and box."""
_SLOT_ID = re.compile(r"[0-9a-f]{16}")


class NotOurs(Exception):
    """The text is no arka store at all."""


class LaterFormat(Exception):
    """`str()` is the format's name."""


class CutShort(Damaged):
    """The text ends before its seal."""


@dataclass(frozen=True, slots=True)
class Record:
    """With its texts as they stand in the file: a commit writes and seals all records, and changes one."""

    id: bytes
    id_text: bytes
    box_text: bytes

    @classmethod
    def of(cls, record_id: bytes, box: bytes) -> "Record":
        return cls(record_id, b64(record_id).encode(), b64(box).encode())

    @classmethod
    def read(cls, id_text: bytes, box_text: bytes) -> "Record":
        """Raises: Damaged."""
        check_box(unb64(box_text.decode()), SECRET_PAD_BYTES)
        return cls(unb64(id_text.decode(), RECORD_ID_BYTES), id_text, box_text)

    @property
    def box(self) -> bytes:
        return unb64(self.box_text.decode())


@dataclass(frozen=True, slots=True)
class Document:
    store_id: bytes
    generation: int
    slots: tuple[Slot | UnknownSlot, ...]
    index_salt: bytes
    index_box: bytes
    records: tuple[Record, ...]
    mac: bytes = b""

    def sealed_bytes(self) -> bytes:
        """What the MAC is over."""
        return pae(
            "arka-store/1 seal",
            _table_bytes(_head_table(self)),
            pae(*(_table_bytes(_slot_table(slot)) for slot in self.slots)),
            _table_bytes({"salt": b64(self.index_salt), "box": _index_text(self.index_box)}),
            len(self.records).to_bytes(8, "little") + b"".join(map(_record_part, self.records)),
        )


def render(document: Document) -> bytes:
    """As TOML, in the one layout that arka writes. No text in it has a character that TOML would escape; a library
    would look at each of them.
    """
    head = [_lines(_head_table(document)), *(f"[[slot]]\n{_lines(_slot_table(slot))}" for slot in document.slots)]
    index = f'[index]\nsalt = "{b64(document.index_salt)}"\nbox = "{_index_text(document.index_box)}"\n'
    records = [b'[[record]]\nid = "%b"\nbox = "%b"\n\n' % (each.id_text, each.box_text) for each in document.records]
    seal = f'[seal]\nmac = "{b64(document.mac)}"\n'
    return b"".join(["\n".join([*head, index, ""]).encode(), *records, seal.encode()])


def _lines(table: Mapping[str, str | int]) -> str:
    return "".join(
        f"{name} = {value}\n" if isinstance(value, int) else f'{name} = "{value}"\n' for name, value in table.items()
    )


def sniff(raw: bytes) -> bool:
    """True where the first and last lines are those of a vault. Raises: NotOurs, LaterFormat, CutShort."""
    if not raw:
        raise CutShort
    found = _FORMAT_LINE.search(raw[:4096])
    if not found:
        whole_first_line = f'format = "{FORMAT}"'.encode()
        raise CutShort if whole_first_line.startswith(raw) else NotOurs
    if found[1] != b"1":
        raise LaterFormat(f"arka-store/{int(found[1])}")
    if b"\n[seal]" not in raw:
        raise CutShort
    return True


def slot_kinds(raw: bytes) -> frozenset[str]:
    """The types of slots that a whole file names, without parsing its records. Nothing of it is authenticated."""
    return frozenset(kind.decode() for kind in _SLOT_TYPE_LINE.findall(raw))


def store_ids(raw: bytes) -> frozenset[bytes]:
    """As `slot_kinds`, of the vault's id; one, where it is a vault."""
    found = _STORE_ID_LINE.search(raw[:4096])
    try:
        return frozenset({unb64(found[1].decode(), STORE_ID_BYTES)}) if found else frozenset()
    except Damaged:
        return frozenset()


def parse(raw: bytes) -> Document:
    """Raises: NotOurs, LaterFormat, CutShort, Damaged. Nothing in the result is authenticated yet."""
    sniff(raw)
    if len(raw) > MAX_BYTES or raw.count(b"\n") > MAX_LINES:
        raise Damaged
    bare, records = _without_records(raw)
    try:
        rest = bare.decode()
    except UnicodeDecodeError:
        raise Damaged from None
    if not _LINES.fullmatch(rest) or not re.search(r'^mac = "[A-Za-z0-9+/=]{44}"\r?$', rest, re.MULTILINE):
        raise Damaged if rest.rstrip("\r\n").endswith('"') else CutShort
    try:
        tree = tomllib.loads(rest)
        if records and "record" in tree:  # in two places: their order matters
            tree, records = tomllib.loads(raw.decode()), []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise Damaged from None
    return _document(tree, records)


def _without_records(raw: bytes) -> tuple[bytes, list[Record]]:
    """The file up to its records and from its seal on, and the records between; all of it, where they are written in
    any other way than arka writes them. Spares the TOML parser nearly all lines of a large vault.

    Raises: Damaged.
    """
    start = end = raw.find(b"\n[[record]]\n") + 1
    records = []
    while start and (found := _RECORD.match(raw, end)):
        records.append(Record.read(found[1], found[2]))
        end = found.end()
    if not raw.startswith(b"[seal]", end):
        return raw, []
    return raw[:start] + raw[end:], records


def _document(tree: Mapping[str, object], records: Sequence[Record]) -> Document:
    """`records` where they are not in the tree."""
    _exact_keys(tree, {"format", "store_id", "generation", "slot", "index", "seal"}, optional={"record"})
    if tree["format"] != FORMAT:
        raise Damaged
    index, seal = _table(tree["index"], {"salt", "box"}), _table(tree["seal"], {"mac"})
    slots = tuple(_slot(fields) for fields in _array(tree["slot"]))
    tables = (_table(fields, {"id", "box"}) for fields in _array(tree.get("record", [])))
    if not records:
        records = [Record.read(_text(each["id"]).encode(), _text(each["box"]).encode()) for each in tables]
    if not 1 <= len(slots) <= MAX_SLOTS:
        raise Damaged
    costs = [slot.cost for slot in slots if isinstance(slot, Slot) and slot.cost]
    if sum(cost.memory_kib * cost.iterations for cost in costs) > MAX_WORK_KIB:
        raise Damaged
    if len({slot.id for slot in slots}) != len(slots) or len({record.id for record in records}) != len(records):
        raise Damaged
    return Document(
        store_id=unb64(tree["store_id"], STORE_ID_BYTES),
        generation=_whole(tree["generation"], 1, MAX_GENERATION),
        slots=slots,
        index_salt=unb64(index["salt"], INDEX_SALT_BYTES),
        index_box=check_box(unb64(index["box"]), INDEX_PAD_BYTES),
        records=tuple(records),
        mac=unb64(seal["mac"], MAC_BYTES),
    )


def _slot(fields: object) -> Slot | UnknownSlot:
    if not isinstance(fields, dict):
        raise Damaged
    kind, slot_id = _text(fields.get("type")), _text(fields.get("id"))
    if not _SLOT_ID.fullmatch(slot_id):
        raise Damaged
    if kind not in _SLOT_FIELDS:
        if not all(type(value) in (str, int) for value in fields.values()):
            raise Damaged
        return UnknownSlot(slot_id, kind, tuple(fields.items()))
    _exact_keys(fields, {"id", "type", "salt", "check", "box"} | _SLOT_FIELDS[kind])
    cost = agent_key = None
    if kind == PASSPHRASE:
        cost = Argon2Cost(
            memory_kib=_whole(fields["m"], CHEAPEST.memory_kib, DEAREST.memory_kib),
            iterations=_whole(fields["t"], CHEAPEST.iterations, DEAREST.iterations),
            lanes=_whole(fields["p"], CHEAPEST.lanes, DEAREST.lanes),
        )
    elif kind == SSH_AGENT:
        agent_key = AgentKey(unb64(fields["challenge"], CHALLENGE_BYTES), unb64(fields["key"], KEY_MARK_BYTES))
    salt, check = unb64(fields["salt"], SALT_BYTES), unb64(fields["check"], CHECK_BYTES)
    return Slot(slot_id, kind, salt, check, unb64(fields["box"], SLOT_BOX_BYTES), cost, agent_key)


def _head_table(document: Document) -> dict[str, str | int]:
    return {"format": FORMAT, "store_id": b64(document.store_id), "generation": document.generation}


def _slot_table(slot: Slot | UnknownSlot) -> dict[str, str | int]:
    if isinstance(slot, UnknownSlot):
        return dict(slot.fields)
    cost = {"m": slot.cost.memory_kib, "t": slot.cost.iterations, "p": slot.cost.lanes} if slot.cost else {}
    boxes = {"salt": b64(slot.salt), "check": b64(slot.check), "box": b64(slot.box)}
    agent = {"challenge": b64(slot.agent_key.challenge), "key": b64(slot.agent_key.mark)} if slot.agent_key else {}
    return {"id": slot.id, "type": slot.type, **cost, **boxes, **agent}


def _table_bytes(table: Mapping[str, object]) -> bytes:
    parts: list[str] = []
    for name in sorted(table):
        value = table[name]
        parts += [name, f"i{value}" if isinstance(value, int) else f"s{value}"]
    return pae(*parts)


@lru_cache(maxsize=1)
def _index_text(box: bytes) -> str:
    """The seal and the file want the same one, one after the other."""
    return b64(box)


def _record_part(record: Record) -> bytes:
    """`_table_bytes` of it, and before that its length, as a PAE of all records has them."""
    before, between = _around_box(len(record.box_text))
    return b"%b%b%b%b" % (before, record.box_text, between, record.id_text)


@lru_cache
def _around_box(box_chars: int) -> tuple[bytes, bytes]:
    """What stands before the box, and between it and the id: the same for all boxes of that length."""
    table = _table_bytes({"box": "b" * box_chars, "id": "i" * _ID_CHARS})
    between = len(length(b"id") + b"id" + length(b"") + b"s")
    box_end = len(table) - _ID_CHARS - between
    return length(table) + table[: box_end - box_chars], table[box_end:-_ID_CHARS]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Damaged
    return value


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Damaged
    return value


def _array(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Damaged
    return value


def _table(value: object, names: set[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Damaged
    _exact_keys(value, names)
    return value


def _exact_keys(table: Mapping[str, object], names: Set[str], optional: Set[str] = frozenset()) -> None:
    if not names <= set(table) <= names | optional:
        raise Damaged
