"""All that is behind the door, imported by whoever goes through it and not before: see `loading`."""

from arka_tui.telling import words
from arka_tui.tui.screens.authorize import Authorize
from arka_tui.tui.screens.create import CreateScreen
from arka_tui.tui.screens.key_form import throw_away
from arka_tui.tui.screens.keys import KeysScreen
from arka_tui.tui.screens.passphrase import PassphraseScreen
from arka_tui.tui.screens.slots import SlotsScreen
from arka_tui.tui.screens.trouble import TroubleScreen

__all__ = [
    "Authorize",
    "CreateScreen",
    "KeysScreen",
    "PassphraseScreen",
    "SlotsScreen",
    "TroubleScreen",
    "throw_away",
    "words",
]
