"""An ssh-agent opens the vault: a real one, and such as refuse, lie or sign differently each time."""

import base64
import itertools
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from arka_tui.errors import AgentFailed, UsageError, WrongPassphrase
from arka_tui.store import ssh_agent
from arka_tui.store.slots import CHEAPEST, SSH_AGENT, Slot, SshAgent, new_slot, unwrap
from arka_tui.store.ssh_agent import Agent, PublicKey, enrol, signed_data
from tests.ssh import RealAgent, lying_agent, needs_ssh_agent
from tests.ssh import real_agent as real_agent

STORE_ID, MASTER_KEY = bytes(range(16)), bytes(range(100, 132))
ED25519 = PublicKey(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32), "made up")


def string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value


def framed(message: bytes) -> bytes:
    return string(message)


def identities(*keys: tuple[bytes, bytes]) -> bytes:
    body = b"".join(string(blob) + string(comment) for blob, comment in keys)
    return framed(bytes([12]) + len(keys).to_bytes(4) + body)


def signature(algorithm: bytes, value: bytes) -> bytes:
    return framed(bytes([14]) + string(string(algorithm) + string(value)))


def only_key(agent: RealAgent) -> PublicKey:
    (key,) = Agent(str(agent.socket)).public_keys()
    return key


def agent_slot(agent: Agent, key: PublicKey) -> Slot:
    return new_slot(STORE_ID, MASTER_KEY, SshAgent(agent, key), CHEAPEST)


# ---------------------------------------------------------------------- a real one


@needs_ssh_agent
@pytest.mark.parametrize(("kind", "bits"), [("ed25519", 0), ("rsa", 2048)])
def test_a_key_of_the_agent_opens_the_slot_made_with_it(real_agent: RealAgent, kind: str, bits: int) -> None:
    real_agent.add(kind, bits=bits)
    agent = Agent(str(real_agent.socket))
    slot = agent_slot(agent, only_key(real_agent))
    assert slot.type == SSH_AGENT
    assert unwrap(STORE_ID, slot, SshAgent(agent)) == MASTER_KEY
    assert unwrap(STORE_ID, slot, SshAgent(Agent(str(real_agent.socket)))) == MASTER_KEY


@needs_ssh_agent
def test_the_right_key_is_found_among_others_and_no_other_is_asked_to_sign(real_agent: RealAgent) -> None:
    for kind in ("ecdsa", "ed25519", "rsa"):
        real_agent.add(kind, kind)
    agent = Agent(str(real_agent.socket))
    key = next(key for key in agent.public_keys() if key.comment == "ed25519")
    assert unwrap(STORE_ID, agent_slot(agent, key), SshAgent(agent)) == MASTER_KEY


@needs_ssh_agent
def test_without_its_key_the_agent_does_not_open_the_slot(real_agent: RealAgent) -> None:
    real_agent.add()
    agent = Agent(str(real_agent.socket))
    slot = agent_slot(agent, only_key(real_agent))
    real_agent.tell("ssh-add", "-D")
    real_agent.add(comment="another one")
    with pytest.raises(WrongPassphrase, match="no key that opens this vault"):
        unwrap(STORE_ID, slot, SshAgent(agent))


@needs_ssh_agent
def test_a_slot_opens_in_no_other_vault(real_agent: RealAgent) -> None:
    real_agent.add()
    agent = Agent(str(real_agent.socket))
    with pytest.raises(WrongPassphrase):
        unwrap(bytes(16), agent_slot(agent, only_key(real_agent)), SshAgent(agent))


@needs_ssh_agent
def test_ecdsa_is_refused_by_name_and_would_be_found_out_by_its_signatures(
    real_agent: RealAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_agent.add("ecdsa")
    key, agent = only_key(real_agent), Agent(str(real_agent.socket))
    with pytest.raises(UsageError, match="ECDSA signs differently each time"):
        agent_slot(agent, key)
    monkeypatch.setitem(ssh_agent._ALGORITHMS, b"ecdsa-sha2-nistp256", (b"ecdsa-sha2-nistp256", 0))
    monkeypatch.setattr(PublicKey, "problem", "")
    with pytest.raises(UsageError, match="this key signs differently each time"):
        agent_slot(agent, key)


@needs_ssh_agent
def test_a_locked_agent_holds_nothing_that_opens_the_vault(real_agent: RealAgent) -> None:
    real_agent.add()
    agent = Agent(str(real_agent.socket))
    key = only_key(real_agent)
    slot = agent_slot(agent, key)
    with real_agent_locked(real_agent):
        with pytest.raises(WrongPassphrase):
            unwrap(STORE_ID, slot, SshAgent(agent))
        with pytest.raises(AgentFailed, match="the ssh-agent refused"):
            unwrap(STORE_ID, slot, SshAgent(agent, key))


@needs_ssh_agent
def test_a_signature_for_another_purpose_is_another_one(real_agent: RealAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    real_agent.add()
    agent = Agent(str(real_agent.socket))
    slot = agent_slot(agent, only_key(real_agent))
    monkeypatch.setattr(ssh_agent, "NAMESPACE", "file")
    with pytest.raises(WrongPassphrase):
        unwrap(STORE_ID, slot, SshAgent(agent))


@needs_ssh_agent
def test_what_is_signed_is_what_ssh_keygen_signs(real_agent: RealAgent, tmp_path: Path) -> None:
    """So any tool that knows PROTOCOL.sshsig can make the signature again, should this program be lost."""
    private = real_agent.add()
    message = tmp_path / "message"
    message.write_bytes(b"\0challenge\xff")
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-f", private, "-n", ssh_agent.NAMESPACE, message], check=True, capture_output=True
    )
    armoured = Path(f"{message}.sig").read_text().split("\n", 1)[1].rsplit("-----BEGIN", 1)[0].rsplit("\n-----", 1)[0]
    theirs = base64.b64decode(armoured)
    ours = Agent(str(real_agent.socket)).sign(only_key(real_agent), signed_data(message.read_bytes()))
    assert theirs.endswith(ours)


def test_an_rsa_signature_is_as_long_as_its_modulus_whichever_agent_made_it(tmp_path: Path) -> None:
    """gpg-agent leaves leading zeros out; OpenSSH does not."""
    key = PublicKey(string(b"ssh-rsa") + string(b"\1\0\1") + string(b"\0" + b"\xff" * 256), "rsa")
    made = []
    for value in (b"\0" + b"s" * 255, b"s" * 255):
        path = tmp_path / str(len(value))
        with lying_agent(path, lambda _, value=value: signature(b"rsa-sha2-512", value)):  # type: ignore[misc]
            made.append(Agent(str(path)).sign(key, b"data"))
    assert made[0] == made[1]


# ---------------------------------------------------------------------- keys that cannot open a vault


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (string(b"sk-ssh-ed25519@openssh.com") + string(bytes(32)) + string(b"ssh:"), "a hardware key"),
        (string(b"sk-ecdsa-sha2-nistp256@openssh.com") + bytes(40), "a hardware key"),
        (string(b"ecdsa-sha2-nistp384") + bytes(40), "ECDSA"),
        (string(b"ssh-dss") + bytes(40), "DSA"),
        (string(b"ssh-ed25519-cert-v01@openssh.com") + bytes(40), "only ed25519 and RSA"),
        (string(b"ssh-rsa") + string(b"\1\0\1") + string(b"\0" + b"\xff" * 128), "at least 2048 bits"),
        (string(b"ssh-rsa") + string(b"\1\0\1"), "at least 2048 bits"),
        (string(b"\x1b[2Jssh"), "only ed25519 and RSA"),
    ],
)
def test_unfit_keys_say_why_and_are_never_asked_to_sign(blob: bytes, why: str, tmp_path: Path) -> None:
    with lying_agent(tmp_path / "a", lambda _: identities((blob, b"c"))) as heard:
        agent = Agent(str(tmp_path / "a"))
        (key,) = agent.public_keys()
        assert why in key.problem
        with pytest.raises(UsageError, match="cannot open a vault"):
            agent_slot(agent, key)
    assert [request[0] for request in heard] == [11]


# ---------------------------------------------------------------------- agents that lie


def test_an_agent_that_signs_differently_each_time_is_refused_after_four(tmp_path: Path) -> None:
    count = itertools.count()

    def answer(_: bytes) -> bytes:
        return signature(b"ssh-ed25519", bytes([next(count) // 3]) * 64)  # the fourth differs

    with lying_agent(tmp_path / "a", answer) as heard, pytest.raises(UsageError, match="differently each time"):
        enrol(Agent(str(tmp_path / "a")), ED25519, b"data")
    assert len(heard) == 4


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0\x05\x0e",
        b"\xff\xff\xff\xff\x0e",
        (ssh_agent.MAX_MESSAGE_BYTES + 1).to_bytes(4) + b"\x0e",
        framed(b"\x05"),
        framed(b"\x06"),
        framed(b"\x0e"),
        framed(b"\x0e\0\0\0\x09short"),
        framed(b"\x0e" + string(b"no strings within")),
        framed(b"\x0e" + string(string(b"ssh-ed25519"))),
        signature(b"ssh-ed25519", b""),
        signature(b"rsa-sha2-256", b"x" * 64),
        signature(b"ssh-rsa", b"x" * 64),
        framed(bytes([14]) + string(string(b"ssh-ed25519") + string(b"x" * 64) + b"more")),
        framed(bytes([14]) + string(string(b"ssh-ed25519") + string(b"x" * 64)) + b"more"),
    ],
)
def test_an_answer_that_is_no_signature_fails_calmly(answer: bytes, tmp_path: Path) -> None:
    with lying_agent(tmp_path / "a", lambda _: answer), pytest.raises(AgentFailed):
        Agent(str(tmp_path / "a")).sign(ED25519, b"data")


@pytest.mark.parametrize(
    "answer",
    [
        framed(b"\x05"),
        framed(b"\x0c"),
        framed(b"\x0c\xff\xff\xff\xff"),
        framed(b"\x0c\0\0\0\x02" + string(b"blob") + string(b"comment")),
        framed(b"\x0c\0\0\0\x01" + string(b"blob") + b"\xff\xff\xff\xff"),
    ],
)
def test_a_list_of_keys_that_is_none_fails_calmly(answer: bytes, tmp_path: Path) -> None:
    with lying_agent(tmp_path / "a", lambda _: answer):
        agent = Agent(str(tmp_path / "a"))
        if answer == framed(b"\x0c"):
            assert agent.public_keys() == []
        else:
            with pytest.raises(AgentFailed):
                agent.public_keys()


def test_a_key_that_is_no_key_is_unfit_and_shown_safely(tmp_path: Path) -> None:
    with lying_agent(tmp_path / "a", lambda _: identities((b"\xff" * 3, b"\x1b]52;c;x\x07\xff"))):
        (key,) = Agent(str(tmp_path / "a")).public_keys()
    assert key.problem
    assert "\x1b" not in key.comment + key.type


def test_an_agent_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_agent, "LISTING_PATIENCE_S", 0.05)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "a"))
        silent.listen()
        with pytest.raises(AgentFailed, match="did not answer within"):
            Agent(str(tmp_path / "a")).public_keys()


def test_an_agent_that_drips_is_given_up_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        right.sendall(b"\0")
        clock = itertools.count(0.0, 0.15)
        monkeypatch.setattr(ssh_agent.time, "monotonic", lambda: next(clock))  # type: ignore[attr-defined]
        with pytest.raises(TimeoutError):
            ssh_agent._read_exactly(left, 4, 0.2)


@pytest.mark.parametrize("path", ["nothing", "folder", "x" * 300])
def test_where_no_agent_listens_it_says_so(path: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(AgentFailed, match="cannot be reached"):
        Agent(str(tmp_path / path)).public_keys()


def test_an_agent_is_found_by_its_variable_only_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert Agent.find({"SSH_AUTH_SOCK": str(tmp_path / "a")})
    for environ in ({}, {"SSH_AUTH_SOCK": ""}, {"SSH_AUTH_SOCK": str(tmp_path / "b")}):
        assert Agent.find(environ) is None


# ---------------------------------------------------------------------- inside


class real_agent_locked:  # noqa: N801  # reads as a phrase
    """`ssh-add -x` asks on a terminal; the protocol does not."""

    def __init__(self, agent: RealAgent) -> None:
        self._say: Callable[[int], bytes] = lambda kind: Agent(str(agent.socket))._ask(bytes([kind]) + string(b"pw"), 6)

    def __enter__(self) -> None:
        self._say(22)

    def __exit__(self, *_: object) -> None:
        self._say(23)
