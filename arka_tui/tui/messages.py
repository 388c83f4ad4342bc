"""What workers tell screens. Workers never touch a widget."""

from dataclasses import dataclass

from textual.message import Message

from arka_tui.check import Check


@dataclass
class CheckStarted(Message):
    name: str


@dataclass
class Checked(Message):
    check: Check


@dataclass
class ChecksDone(Message):
    names: set[str]
    """All that were asked for, tested or not."""
