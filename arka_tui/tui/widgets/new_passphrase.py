"""Choosing a passphrase: twice, with its strength said."""

import asyncio
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from arka_tui.secret import Secret
from arka_tui.strength import MIN_CHARS, Strength, estimate
from arka_tui.tui import onscreen
from arka_tui.tui.widgets.secret_input import SecretInput


class NewPassphrase(Vertical):
    @dataclass
    class Chosen(Message):
        passphrase: Secret

    def compose(self) -> ComposeResult:
        yield Static("New passphrase")
        yield SecretInput("four or more random words are best", id="first")
        yield Static("", id="strength")
        yield Static("The same again")
        yield SecretInput("", id="second")
        yield Static("", id="wrong", classes="error")

    def on_mount(self) -> None:
        self.query_one("#first").focus()

    @on(SecretInput.Edited, "#first")
    def _first_edited(self, event: SecretInput.Edited) -> None:
        self._complain("")
        self._judge(event.field.secret)

    @on(SecretInput.Edited, "#second")
    def _second_edited(self) -> None:
        self._complain("")

    @on(SecretInput.Submitted, "#first")
    def _first_done(self) -> None:
        self.query_one("#second").focus()

    @on(SecretInput.Submitted, "#second")
    def submit(self) -> None:
        first, second = self.query_one("#first", SecretInput), self.query_one("#second", SecretInput)
        if len(first.secret) < MIN_CHARS:
            self._complain(f"The passphrase needs at least {MIN_CHARS} characters.")
            first.focus()
        elif first.secret != second.secret:
            self._complain("The two are not the same. Type the second again.")
            second.replace_on_type = True
            second.focus()
        else:
            self.post_message(self.Chosen(first.secret))

    @work(description="estimate strength", exclusive=True)
    async def _judge(self, passphrase: Secret) -> None:
        strength = await asyncio.to_thread(estimate, passphrase) if passphrase else Strength("", "")
        label = self.query_one("#strength", Static)
        label.set_classes(strength.word.replace(" ", "-"))
        label.update(onscreen.plain(f"{strength.word}: {strength.advice}" if strength.word else ""))

    def _complain(self, text: str) -> None:
        self.query_one("#wrong", Static).update(onscreen.plain(text))
