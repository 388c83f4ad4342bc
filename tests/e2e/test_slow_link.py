"""Over a link that takes 200 ms each way: typing, holding an arrow, and leaving."""

import re
from collections.abc import Iterator

import pytest

from tests.e2e.relay import Relay
from tests.e2e.remote import PROMPT, Remote, fill, name_of, unlock
from tests.e2e.remote import remote as remote
from tests.e2e.remote import sshd as sshd
from tests.e2e.tmux import SHELL_LIKE, Tmux, needs_tmux
from tests.sshd import Sshd, needs_sshd

pytestmark = [pytest.mark.pty, pytest.mark.slow, needs_sshd, needs_tmux]

KEYS = 300
HELD, HELD_PER_S, TYPED_PER_S = 60, 30, 8
MOST_BYTES_A_KEY = 1_000
"""On the wire, with what ssh adds; a list painted whole would be five times that."""
MOST_BYTES_A_LETTER = 8_000
"""All rows are other ones then."""
LIST_ROWS = slice(2, 20)
_ROW = re.compile(r"  · not tested      (openai/key-\d{3})      …aaaa  –             never      –.*")
_CURSOR_ROW = re.compile(r"^(?:\x1b\[[\d;]*m)*" + _ROW.pattern)
"""Painted in one style, the others in several."""


@pytest.fixture
def relay(sshd: Sshd) -> Iterator[Relay]:
    with Relay(sshd.port) as relay:
        yield relay


@pytest.fixture
def window(remote: Remote, relay: Relay) -> Tmux:
    """The list of many keys, the link silent."""
    fill(remote.home, KEYS)
    window = remote.open(port=relay.port)
    unlock(window)
    relay.settle()
    return window


def names(styled: str) -> list[str]:
    """In the list, top down. Raises: AssertionError where a row is not whole."""
    rows = re.sub(r"\x1b\[[\d;]*m", "", styled).split("\n")[LIST_ROWS]
    rows = [row for row in rows if row.strip() and "VERDICT" not in row]
    found = [_ROW.fullmatch(row) for row in rows]
    assert all(found), "\n".join(rows)
    return [row[1] for row in found if row]


def at_cursor(styled: str) -> list[str]:
    return [found[1] for row in styled.split("\n") if (found := _CURSOR_ROW.match(row))]


def test_a_held_arrow_moves_before_the_eyes_and_stops_where_it_was_let_go(window: Tmux, relay: Relay) -> None:
    before = relay.down_bytes
    pictures: list[str] = []
    window.press_paced(["Down"] * HELD, HELD_PER_S, lambda: pictures.append(window.styled))
    window.wait_for(f"{name_of(HELD)} was never tested")
    relay.settle()
    used = relay.down_bytes - before
    seen = [cursor[0] for picture in pictures if len(cursor := at_cursor(picture)) == 1]
    assert at_cursor(window.styled) == [name_of(HELD)]
    assert used <= MOST_BYTES_A_KEY * HELD
    assert seen == sorted(seen)
    assert len(set(seen)) >= HELD // 6, "it stood, or jumped"
    assert seen[-1] > name_of(HELD // 3), "it lagged behind"
    assert all(len(names(picture)) == LIST_ROWS.stop - LIST_ROWS.start for picture in pictures)


def test_what_is_typed_into_the_filter_arrives_in_order_and_is_answered_unasked(window: Tmux, relay: Relay) -> None:
    """Nobody waits for the field: what follows the slash in the same moment is no key of the list."""
    before = relay.down_bytes
    window.press("/")
    window.press_paced(["k", "e", "y"], TYPED_PER_S)
    window.wait_until(lambda _: field_of(window) == "key", "what was typed so far")
    window.press_paced(["-", "1", "Space", "2", "7"], TYPED_PER_S)
    window.wait_for(f"1 of {KEYS} keys")
    window.wait_for(f"{name_of(127)} was never tested")
    relay.settle()
    assert field_of(window) == "key-1 27"
    assert names(window.styled) == [name_of(127)]
    assert relay.down_bytes - before <= MOST_BYTES_A_LETTER * len("key-1 27")


def field_of(window: Tmux) -> str:
    return window.text.split("\n")[1].strip()


MOUSE_MOVED = "\x1b[<35;5;5M"


@pytest.mark.parametrize("way", ["q", "C-z"])
def test_what_the_mouse_reports_before_the_terminal_hears_is_not_typed_into_the_shell(
    remote: Remote, relay: Relay, way: str
) -> None:
    fill(remote.home, 1)
    window = remote.open_in_shell(port=relay.port)
    unlock(window)
    relay.settle()
    window.press(way)
    while window.flags.mouse:
        window.type(MOUSE_MOVED)
    window.wait_until(lambda picture: picture.rstrip().endswith(PROMPT), "a prompt with nothing behind it")
    relay.settle()
    assert window.text.rstrip().endswith(PROMPT)
    assert ";5;5" not in window.text
    assert window.flags == SHELL_LIKE
    window.type("echo $((6*7))")
    window.press("Enter")
    window.wait_for("\n42\n")
