"""What workers tell screens. Workers never touch a widget."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.message import Message

from arka_tui.check import Check
from arka_tui.insight.warnings import Warning as Caution


@dataclass
class CheckStarted(Message):
    name: str


@dataclass
class Checked(Message):
    check: Check


@dataclass
class CheckWaits(Message):
    """The next `Checked` of this name is not the last: it is tried again."""

    name: str
    seconds: int


@dataclass
class ChecksDone(Message):
    names: set[str]
    """All that were asked for, tested or not."""


@dataclass
class Cautioned(Message):
    """By credential id, what to beware of."""

    cautions: Mapping[str, tuple[Caution, ...]]
