"""Keys that were found in plaintext, and what becomes of each: stored, known already, or left alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from arka_tui.controller import Controller
from arka_tui.credential import Draft, fold_name, tidy_label
from arka_tui.errors import NameTaken, UsageError
from arka_tui.plaintext.reading import Assignment
from arka_tui.secret import Secret
from arka_tui.store.vault import Vault


class Outcome(Enum):
    NEW = "new"
    IMPORTED = "imported"
    STORED = "stored_already"
    TWICE = "twice"
    LEFT_ALONE = "left_alone"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that was found, and what is known of it before it is looked at closely."""

    source: str
    variable: str
    secret: Secret
    assignment: Assignment | None = None
    provider_id: str = ""
    stranger: str = ""
    label: str = ""
    base_url: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """What becomes of a candidate."""

    candidate: Candidate
    outcome: Outcome
    name: str = ""
    """Of the key that it is, or will be."""
    why: str = ""
    draft: Draft | None = None
    base_url: str = ""
    """Where the key will be sent."""
    abroad: bool = False
    """That is not its provider's own address."""

    @property
    def finding(self) -> str:
        match self.outcome:
            case Outcome.NEW:
                return "new"
            case Outcome.IMPORTED:
                return "imported"
            case Outcome.STORED:
                return "stored already"
            case Outcome.TWICE:
                return "the same key again"
            case Outcome.LEFT_ALONE | Outcome.UNUSABLE:
                return self.why


@dataclass
class _Labels:
    """Hands out free names."""

    taken: set[str]
    handed_out: dict[str, int] = field(default_factory=dict)
    """By the first name of its kind, the number of the last."""

    def free(self, provider_id: str, wanted: str) -> str:
        label = wanted or "main"
        first = fold_name(f"{provider_id}/{label}")
        number = self.handed_out.get(first, 0) + 1
        while fold_name(f"{provider_id}/{_numbered(label, number)}") in self.taken:
            number += 1
        self.handed_out[first] = number
        found = _numbered(label, number)
        self.taken.add(fold_name(f"{provider_id}/{found}"))
        return found


def _numbered(label: str, number: int) -> str:
    return label if number == 1 else f"{label}-{number}"


def planned(candidates: Sequence[Candidate], vault: Vault, controller: Controller) -> Iterator[Item]:
    stored = vault.fingerprints()
    held = {stored[key.id]: key.name for key in reversed(vault.list())}
    new: dict[str, str] = {}
    labels = _Labels({fold_name(key.name) for key in vault.list()})
    for each in candidates:
        mark = vault.fingerprint(each.secret)
        if mark in held:
            yield Item(each, Outcome.STORED, held[mark])
        elif mark in new:
            yield Item(each, Outcome.TWICE, new[mark])
        elif not each.provider_id:
            whose_else = each.stranger or "unknown"
            yield Item(each, Outcome.LEFT_ALONE, why=f"left alone: {whose_else}")
        else:
            item = _new(each, labels, controller)
            if item.draft:
                new[mark] = item.name
            yield item


def labelled(items: Sequence[Item], typed: str, controller: Controller) -> list[Item]:
    """With the new key so called. Raises: UsageError where there are several; NameTaken."""
    new = [item for item in items if item.draft]
    if len(new) > 1:
        raise UsageError(f"--label is for one key, and {len(new)} would be imported", "name the file that has it")
    if not new:
        return [*items]
    label = tidy_label(typed)
    name = f"{new[0].candidate.provider_id}/{label}"
    if fold_name(name) in {fold_name(key.name) for key in controller.credentials()}:
        raise NameTaken(f"there is a key named {name!r} already", "choose another label")
    called = _drafted(new[0].candidate, label, controller)
    again = [item.name == new[0].name and item.outcome is Outcome.TWICE for item in items]
    return [
        called if item is new[0] else replace(item, name=called.name) if is_again else item
        for item, is_again in zip(items, again, strict=True)
    ]


def _new(candidate: Candidate, labels: _Labels, controller: Controller) -> Item:
    try:
        label = tidy_label(candidate.label) if candidate.label else ""
    except UsageError as wrong:
        return Item(candidate, Outcome.UNUSABLE, why=f"not taken: {wrong}")
    return _drafted(candidate, labels.free(candidate.provider_id, label), controller)


def _drafted(candidate: Candidate, label: str, controller: Controller) -> Item:
    try:
        draft = controller.draft(
            candidate.provider_id, label, candidate.base_url, dict(candidate.settings), candidate.secret
        )
    except UsageError as wrong:
        return Item(candidate, Outcome.UNUSABLE, why=f"not taken: {wrong}")
    if isinstance(draft, Draft):
        abroad = not controller.catalog[draft.provider].is_home(draft.base_url)
        return Item(candidate, Outcome.NEW, draft.name, draft=draft, base_url=draft.base_url, abroad=abroad)
    return Item(candidate, Outcome.UNUSABLE, why=f"not taken: {draft[0].message}")
