"""What the sealed index holds: all that may be shown of each credential, and the key of its record. FORMAT.md §4."""

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from arka_tui.credential import Credential, fold_name, origin_of
from arka_tui.store.document import RECORD_ID_BYTES
from arka_tui.store.envelope import KEY_BYTES, Damaged, b64, unb64


@dataclass(frozen=True)
class Entry:
    credential: Credential
    sealed_rev: int
    """The rev at which the secret was set: part of what the record is bound to."""
    record_key: bytes

    @property
    def record_id(self) -> bytes:
        return bytes.fromhex(self.credential.id)

    @cached_property
    def json(self) -> str:
        """Made once: a commit writes all entries, and changes one."""
        return json.dumps(_entry_to_json(self), ensure_ascii=False)

    @cached_property
    def folded_name(self) -> str:
        return fold_name(self.credential.name)

    def __repr__(self) -> str:
        return f"Entry({self.credential.name})"


def to_json(entries: tuple[Entry, ...]) -> bytes:
    return f'{{"entries": [{", ".join([entry.json for entry in entries])}]}}'.encode()


def from_json(raw: bytes) -> tuple[Entry, ...]:
    """Raises: Damaged."""
    try:
        tree = json.loads(raw.decode(), object_pairs_hook=_object)  # of bytes, json would guess the encoding
        if set(tree) != {"entries"} or not isinstance(tree["entries"], list):
            raise Damaged
        entries = tuple(tree["entries"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Damaged from None
    if not all(isinstance(entry, Entry) for entry in entries):
        raise Damaged
    if len({entry.credential.id for entry in entries}) != len(entries):
        raise Damaged
    if len({entry.folded_name for entry in entries}) != len(entries):
        raise Damaged
    return entries


_MEMBERS = {"id", "provider", "label", "hint", "base_url", "origin", "settings", "created_at", "updated_at"} | {
    "rev",
    "sealed_rev",
    "key",
}


def _entry_to_json(entry: Entry) -> dict[str, object]:
    shown = entry.credential
    return {
        "id": b64(entry.record_id),
        "provider": shown.provider,
        "label": shown.label,
        "hint": shown.hint,
        "base_url": shown.base_url,
        "origin": shown.origin,
        "settings": dict(shown.settings),
        "created_at": shown.created_at.isoformat(),
        "updated_at": shown.updated_at.isoformat(),
        "rev": shown.rev,
        "sealed_rev": entry.sealed_rev,
        "key": b64(entry.record_key),
    }


def _object(pairs: list[tuple[str, object]]) -> object:
    """An entry as soon as it is read, so that a large index is not held twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Damaged
    return _entry_from_json(members) if members.keys() == _MEMBERS else members


def _entry_from_json(fields: dict[str, object]) -> Entry:
    settings = fields["settings"]
    if not isinstance(settings, dict):
        raise Damaged
    base_url = sys.intern(_text(fields["base_url"]))
    credential = Credential(
        id=unb64(fields["id"], RECORD_ID_BYTES).hex(),
        provider=sys.intern(_text(fields["provider"])),
        label=_text(fields["label"]),
        hint=_text(fields["hint"]),
        base_url=base_url,
        settings=tuple(sorted((_text(name), _text(value)) for name, value in settings.items())),
        created_at=_moment(fields["created_at"]),
        updated_at=_moment(fields["updated_at"]),
        rev=_rev(fields["rev"]),
    )
    if origin_of(base_url) != fields["origin"]:
        raise Damaged
    if _rev(fields["sealed_rev"]) > credential.rev:
        raise Damaged
    return Entry(credential, _rev(fields["sealed_rev"]), unb64(fields["key"], KEY_BYTES))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Damaged
    value.encode()  # JSON can name half a character; that has no UTF-8, which is a ValueError
    return value


def _rev(value: object) -> int:
    if type(value) is not int or value < 1:
        raise Damaged
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise Damaged
    return moment
