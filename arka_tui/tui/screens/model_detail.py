"""One model: every key that runs it, cheapest first."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from arka_tui.controller import Controller
from arka_tui.insight.offers import ModelGroup, Offer
from arka_tui.telling import model_rows, words
from arka_tui.tui import clipboard, onscreen
from arka_tui.tui.screens.arka_screen import ReadModal
from arka_tui.tui.widgets.key_footer import KeyFooter
from arka_tui.tui.widgets.pairs import Pairs

if TYPE_CHECKING:
    from arka_tui.tui.app import ArkaApp

MOST = 40
"""More offers of one model are counted, not told."""
MOST_IDS = 6


class ModelDetail(ReadModal[None]):
    BINDINGS = [
        Binding("escape,q,enter", "dismiss(None)", "Close", key_display="Esc", id="model.close"),
        Binding("y", "copy", "Copy name", id="model.copy", tooltip="The model's name to your terminal's clipboard"),
    ]

    def __init__(self, controller: Controller, group: ModelGroup, offer: Offer) -> None:
        """`offer` is the one that it was opened at."""
        super().__init__()
        self._controller = controller
        self._group = group
        self._offer = offer

    def compose(self) -> ComposeResult:
        controller = self._controller
        with VerticalScroll(classes="dialog", can_focus=False):
            yield from known_of(self._group, controller.now().date(), controller.insight.prices_of)
        yield KeyFooter()

    def action_copy(self) -> None:
        copy_name(self.arka, self._controller, self._offer.model.id)


def copy_name(app: "ArkaApp", controller: Controller, name: str) -> None:
    """As a request needs it: as the provider of the key that would run it calls it."""
    app.send_to_terminal(clipboard.model_name(name, controller), instead="Not sent: that name may hold a key.")


def known_of(group: ModelGroup, today: date, price_note: str) -> Iterator[Widget]:
    offers = model_rows.alike(group.offers)
    name = onscreen.plain(group.name).stylize("bold")
    yield Static(Content("\n").join([name, onscreen.plain(heading(group)).stylize("dim")]))
    for alike in offers[:MOST]:
        yield from _told(alike, today)
    if len(offers) > MOST:
        yield Static(onscreen.plain(f"and {len(offers) - MOST:,} more"), classes="section")
    notes = ["prices are compared as three tokens in to one out"]
    notes += [price_note] if any(each.model.price.as_of for each in group.offers) else []
    yield Static(onscreen.plain(words.sentence("; ".join(notes))), classes="dim foot")


def _told(alike: Sequence[Offer], today: date) -> Iterator[Widget]:
    offer = alike[0]
    yield Static(onscreen.plain(f"{keys_of(alike)} · {offer.provider_name}"), classes="section")
    if not offer.verified:
        yield Static("? not verified: the last test did not show that it works", classes="unsure")
    yield Pairs(told(alike, today))
    retires = model_rows.retirement_told(offer.model.retires, today) if offer.model.retires else ""
    if retires.startswith("!"):
        yield Static(onscreen.plain(retires), classes="care")


def heading(group: ModelGroup) -> str:
    """ "3 of your keys run it, cheapest first"."""
    verified = {offer.credential_id for offer in group.offers if offer.verified}
    others = {offer.credential_id for offer in group.offers} - verified
    count = "1 of your keys runs it" if len(verified) == 1 else f"{len(verified)} of your keys run it"
    count += ", cheapest first" if group.cheapest else ""
    if not verified:
        return "No verified key runs it; " + ("1 that is not" if len(others) == 1 else f"{len(others)} that are not")
    return count + (f"; {len(others)} more not verified" if others else "")


def keys_of(alike: Sequence[Offer]) -> str:
    return words.named(list(dict.fromkeys(offer.key_name for offer in alike)), 3)


def told(alike: Sequence[Offer], today: date) -> list[tuple[str, str]]:
    """What is known of the model at these keys; what was not said is left out, but the price."""
    model = alike[0].model
    _, care = model_rows.retirement(model.retires, today)
    inout = model_rows.modalities(model)
    context, out = model_rows.context(model.context), model_rows.context(model.max_output)
    room = [
        f"{context} tokens" if context != words.NOTHING else "",
        f"at most {out} out" if out != words.NOTHING else "",
    ]
    found = [
        ("id", words.named(list(dict.fromkeys(offer.model.id for offer in alike)), MOST_IDS)),
        ("price", model_rows.price_told(model.price).removeprefix("price ")),
        ("context", ", ".join(part for part in room if part)),
        ("takes", inout if inout != words.NOTHING else ""),
        ("can", model_rows.capabilities(model)),
        ("retires", f"{model.retires}" if model.retires and not care else ""),
    ]
    return [(name, value) for name, value in found if value]
