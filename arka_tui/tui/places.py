"""Where bindings work together, and all that can be remapped. Imports every screen: for when the settings are about
keys, or a text names one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding
from textual.dom import DOMNode

from arka_tui.tui.app import ArkaApp
from arka_tui.tui.screens.agent_keys import AgentKeysScreen
from arka_tui.tui.screens.arka_screen import ArkaModal, ReadModal
from arka_tui.tui.screens.authorize import Authorize
from arka_tui.tui.screens.confirm import Confirm
from arka_tui.tui.screens.create import CreateScreen
from arka_tui.tui.screens.detail import DetailScreen
from arka_tui.tui.screens.help import HelpScreen
from arka_tui.tui.screens.key_form import KeyForm
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.log import LogScreen
from arka_tui.tui.screens.model_detail import ModelDetail
from arka_tui.tui.screens.models import ModelsScreen
from arka_tui.tui.screens.passphrase import PassphraseScreen
from arka_tui.tui.screens.pick_detail import PickDetail, RulesScreen
from arka_tui.tui.screens.picks import PicksScreen
from arka_tui.tui.screens.recovery_code import RecoveryCodeScreen
from arka_tui.tui.screens.slots import SlotsScreen
from arka_tui.tui.screens.trouble import TroubleScreen
from arka_tui.tui.screens.unlock import UnlockScreen
from arka_tui.tui.widgets.field import FilterField
from arka_tui.tui.widgets.key_list import KeyList
from arka_tui.tui.widgets.line_list import LineList


@dataclass(frozen=True, slots=True)
class Place:
    title: str
    nodes: tuple[type[DOMNode], ...]
    """Whose bindings work there; the first one is the place itself."""
    in_fields: bool = False
    """Its keys work while something is typed."""


def _place(title: str, *nodes: type[DOMNode], in_fields: bool = False) -> Place:
    return Place(title, (*nodes, ArkaApp), in_fields)


PLACES = (
    Place("everywhere", (ArkaApp,), in_fields=True),
    _place("lists", LineList),
    _place("keys", KeysScreen, KeyList, FilterField),
    _place("selecting keys", KeyList),
    _place("details of a key", DetailScreen),
    _place("add and edit", KeyForm, in_fields=True),
    _place("test log", LogScreen, LineList, FilterField),
    _place("models", ModelsScreen, LineList, FilterField),
    _place("details of a model", ModelDetail),
    _place("picks", PicksScreen, LineList),
    _place("details of a pick", PickDetail),
    _place("rules of the picks", RulesScreen),
    _place("filters", FilterField, in_fields=True),
    _place("ways to open the vault", SlotsScreen, LineList),
    _place("keys of the ssh-agent", AgentKeysScreen, LineList),
    _place("unlock", UnlockScreen, in_fields=True),
    _place("first start", CreateScreen, in_fields=True),
    _place("recovery code", RecoveryCodeScreen, in_fields=True),
    _place("passphrase", PassphraseScreen, in_fields=True),
    _place("asking for the passphrase", Authorize, in_fields=True),
    _place("questions", Confirm),
    _place("help", HelpScreen),
    _place("trouble with the vault", TroubleScreen),
    _place("dialogs that are read", ReadModal),
    _place("dialogs", ArkaModal),
)


@dataclass(frozen=True, slots=True)
class Default:
    keys: tuple[str, ...]
    told: str
    place: str
    in_fields: bool


def _defaults() -> dict[str, Default]:
    """One id may be that of two bindings of which one works at a time."""
    found: dict[str, Default] = {}
    for place in PLACES:
        for each in place.nodes[0].__dict__.get("BINDINGS", ()):
            assert isinstance(each, Binding)  # noqa: S101  # all of ours are
            if not each.id:
                continue
            keys = tuple(binding.key for binding in Binding.make_bindings([each]))
            told = each.tooltip or each.description
            if each.id in found:
                told = f"{found[each.id].told}; or {told[:1].lower()}{told[1:]}"
            found[each.id] = Default(keys, told, place.title, place.in_fields)
    return found


DEFAULTS: Mapping[str, Default] = _defaults()
"""By id; in the order of the places."""
