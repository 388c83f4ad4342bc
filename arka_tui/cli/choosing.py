"""Choosing a passphrase at the terminal, and taking down a recovery code: by the rules of the screens."""

from collections.abc import Iterator
from contextlib import contextmanager

from arka_tui.cli.prompt import TRIES, Terminal
from arka_tui.errors import TerminalUnfit, UsageError
from arka_tui.secret import Secret
from arka_tui.store.slots import recovery_groups, tidy_recovery_code, two_groups
from arka_tui.strength import MIN_CHARS, Strength, estimate

_IN_A_ROW = 4


@contextmanager
def at_the_terminal(deed: str) -> Iterator[Terminal]:
    """Raises: TerminalUnfit."""
    terminal = Terminal.find()
    if terminal is None:
        raise TerminalUnfit(f"there is no terminal to {deed} on", "over ssh use ssh -t")
    try:
        yield terminal
    finally:
        terminal.close()


def strength_of(passphrase: Secret) -> Strength:
    """Raises: UsageError where it is too short to be taken."""
    if len(passphrase) < MIN_CHARS:
        raise UsageError(f"a passphrase needs at least {MIN_CHARS} characters", "four or more random words are best")
    return estimate(passphrase)


def new_passphrase(terminal: Terminal, of: str = "") -> Secret | None:
    """Typed twice, and its strength told. None where only Enter is pressed, or it never comes out right."""
    for _ in range(TRIES):
        first = terminal.ask_secret(f"New passphrase{of}: ")
        if not first:
            return None
        try:
            strength = strength_of(first)
        except UsageError as refused:
            terminal.say(f"{refused}; {refused.hint}")
            continue
        terminal.say(f"{strength.word}: {strength.advice}")
        if terminal.ask_secret("The same again: ") == first:
            return first
        terminal.say("the two are not the same; try again")
    return None


def written_down(terminal: Terminal, code: Secret) -> bool:
    """Shows it, this once, and has two groups of it typed. False where only Enter is pressed, or they are not right."""
    groups = recovery_groups(code.reveal())
    first, second = two_groups(len(groups))
    terminal.say("Recovery code, shown only this once. It opens the vault when the passphrase")
    terminal.say("is forgotten; without both, nobody can. Write it down now, and keep it apart")
    terminal.say("from this machine. It stays in the scrollback of this terminal: clear that.")
    numbered = [f"{number} {group}" for number, group in enumerate(groups, 1)]
    for at in range(0, len(numbered), _IN_A_ROW):
        terminal.say(" · ".join(numbered[at : at + _IN_A_ROW]))
    for _ in range(TRIES):
        typed = tidy_recovery_code(terminal.ask(f"To confirm, type groups {first} and {second}: "))
        if typed == groups[first - 1] + groups[second - 1]:
            return True
        if not typed:
            return False
        terminal.say(f"that is not groups {first} and {second} of the code above")
    return False
