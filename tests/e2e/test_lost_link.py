"""What becomes of the program and of the vault when the connection is lost, by ssh through a link of our own."""

import fcntl
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arka_tui.credential import Draft
from arka_tui.secret import Secret
from arka_tui.simulator import Simulator
from arka_tui.store.slots import CHEAPEST
from arka_tui.store.vault import Vault
from arka_tui.tui.lifeline import GRACE_S
from tests.e2e.canary import Canary
from tests.e2e.home import LAUNCHER, PASSPHRASE, Home
from tests.e2e.relay import Relay
from tests.e2e.remote import Remote, fill, name_of, unlock
from tests.e2e.remote import remote as remote
from tests.e2e.tmux import Tmux, needs_tmux
from tests.sshd import Sshd, is_alive, needs_sshd, wait_gone

pytestmark = [pytest.mark.pty, needs_sshd, needs_tmux]

SSHD_GIVES_UP_S = 2
SOON_S = GRACE_S + 20


@pytest.fixture
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """One that asks every second whether its client is still there."""
    sshd = Sshd(tmp_path_factory.mktemp("sshd"), ClientAliveInterval="1", ClientAliveCountMax=str(SSHD_GIVES_UP_S))
    yield sshd
    sshd.close()


@pytest.fixture
def relay(sshd: Sshd) -> Iterator[Relay]:
    with Relay(sshd.port, delay_s=0) as relay:
        yield relay


def kill_client(window: Tmux, relay: Relay) -> None:
    os.kill(window.pid, signal.SIGKILL)


LOSSES: dict[str, Callable[[Tmux, Relay], None]] = {
    "client killed": kill_client,
    "link reset": lambda window, relay: relay.cut(),
    "link frozen": lambda window, relay: relay.freeze(),
    "window closed": lambda window, relay: window.close(),
}
each_loss = pytest.mark.parametrize(
    "loss", [pytest.param(loss, marks=[] if loss == "client killed" else pytest.mark.slow) for loss in LOSSES]
)


def vault_is_whole(home: Home) -> Vault:
    """Opens, its lock is free, both copies are the same, and nothing lies beside them or in a folder for scraps."""
    paths = home.paths
    with (paths.data / "store.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert {path.name for path in paths.data.iterdir()} <= {"store.toml", "store.toml.bak", "store.lock", "journal"}
    assert paths.vault.read_bytes() == paths.vault.with_name("store.toml.bak").read_bytes()
    for scraps in ("TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        assert list(Path(home.env[scraps]).iterdir()) == []
    return _opened(home)


def _opened(home: Home) -> Vault:
    vault = Vault(home.paths, cost=lambda: CHEAPEST)
    assert vault.unlock(Secret(PASSPHRASE)).notes == ()
    return vault


@each_loss
def test_a_lost_link_ends_the_program_and_leaves_the_vault_whole(remote: Remote, relay: Relay, loss: str) -> None:
    fill(remote.home, 2)
    window = remote.open(port=relay.port)
    unlock(window)
    window.wait_for(name_of(1))
    pid = remote.pid
    LOSSES[loss](window, relay)
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)
    assert [key.name for key in vault_is_whole(remote.home).list()] == [name_of(0), name_of(1)]


@pytest.mark.slow
@each_loss
def test_a_link_lost_before_the_vault_is_open_ends_the_program(remote: Remote, relay: Relay, loss: str) -> None:
    fill(remote.home, 1)
    window = remote.open(port=relay.port)
    window.wait_for("type it, then Enter")
    pid = remote.pid
    LOSSES[loss](window, relay)
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)


@pytest.mark.slow
@each_loss
def test_a_link_lost_during_a_test_ends_the_program(
    remote: Remote, relay: Relay, loss: str, simulator: Simulator
) -> None:
    """The provider takes its time: whoever waits for it must not hold the program up."""
    key = Canary()
    simulator.accept("openai", "slow", key.key)
    remote.home.new_vault().add(Draft("openai", "main", simulator.base_url("openai"), (), Secret(key.key)))
    window = remote.open(port=relay.port)
    unlock(window)
    window.press("t")
    window.wait_for("testing")
    pid = remote.pid
    LOSSES[loss](window, relay)
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)
    assert vault_is_whole(remote.home).secret("openai/main").reveal() == key.key


@pytest.mark.slow
@each_loss
def test_a_link_lost_during_a_save_loses_nothing(remote: Remote, relay: Relay, loss: str, simulator: Simulator) -> None:
    """The disk is slow, but not slower than a program that leaves may be: the save is finished."""
    key = Canary()
    simulator.accept("openai", "valid", key.key)
    fill(remote.home, 1)
    window = remote.open(remote.home.launcher(simulator, "--slow-disk", "0.3"), port=relay.port)
    start_save(window, remote.home, key)
    pid = remote.pid
    LOSSES[loss](window, relay)
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)
    assert vault_is_whole(remote.home).secret("openai/main").reveal() == key.key


@pytest.mark.slow
def test_a_save_too_slow_to_be_waited_for_leaves_the_old_vault(
    remote: Remote, relay: Relay, simulator: Simulator
) -> None:
    key = Canary()
    fill(remote.home, 1)
    before = remote.home.paths.vault.read_bytes()
    window = remote.open(remote.home.launcher(simulator, "--slow-disk", "60"), port=relay.port)
    start_save(window, remote.home, key)
    pid = remote.pid
    kill_client(window, relay)
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)
    assert remote.home.paths.vault.read_bytes() == before
    _opened(remote.home).add(Draft("openai", "next", simulator.base_url("openai"), (), Secret(key.key)))
    assert [each.name for each in vault_is_whole(remote.home).list()] == [name_of(0), "openai/next"]


def start_save(window: Tmux, home: Home, key: Canary) -> None:
    """Until its first bytes are on disk, under a name of their own."""
    unlock(window)
    window.press("a")
    window.wait_for("paste it here")
    window.paste(key.key)
    window.wait_for(f"ends in …{key.hint}")
    window.press("C-s")
    window.wait_until(lambda _: any(home.paths.data.glob(".store.toml.tmp-*")), "a save has begun")


@pytest.mark.slow
def test_the_demo_leaves_nothing_when_the_link_is_lost(remote: Remote, relay: Relay) -> None:
    window = remote.open([*remote.home.command, "demo"], port=relay.port)
    window.wait_for("l Log")
    pid = remote.sshd.process("demo")
    assert list(Path(remote.home.env["TMPDIR"]).iterdir()) != []
    kill_client(window, relay)
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)
    assert list(Path(remote.home.env["TMPDIR"]).iterdir()) == []


@pytest.mark.slow
def test_a_client_that_gives_up_on_a_frozen_link_gives_the_users_shell_back(remote: Remote, relay: Relay) -> None:
    """Ours cannot restore the user's terminal then: ssh says so, and its exit code is 255."""
    fill(remote.home, 1)
    window = remote.open((), "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2", port=relay.port)
    unlock(window)
    pid = remote.pid
    relay.freeze()
    assert window.wait_exit() == 255
    wait_gone(pid, SOON_S)
    remote.sshd.wait_idle(SOON_S)
    vault_is_whole(remote.home)


@pytest.mark.slow
def test_a_link_that_thaws_finds_the_program_where_it_was(
    home: Home, tmp_path_factory: pytest.TempPathFactory, remote: Remote
) -> None:
    """What was typed meanwhile is done then. Meanwhile another login can work."""
    fill(home, 3)
    patient = Sshd(tmp_path_factory.mktemp("sshd"))
    try:
        with Relay(patient.port, delay_s=0) as relay:
            command = patient.ssh(remote.program, home.remote_env, port=relay.port)
            with Tmux(tmp_path_factory.mktemp("tmux"), command, home.env) as window:
                unlock(window)
                window.wait_for(f"{name_of(0)} was never tested")
                pid = patient.process(LAUNCHER.name)
                relay.freeze()
                window.press("Down", "Down")
                _opened(home).add(
                    Draft("openai", "meanwhile", "https://api.openai.com/v1", (), Secret("sk-" + "b" * 40))
                )
                relay.settle(2.0)
                window.wait_for(f"{name_of(0)} was never tested")
                assert is_alive(pid)
                relay.thaw()
                window.wait_for(f"{name_of(2)} was never tested")
                window.wait_for("openai/meanwhile")
                assert re.match(r" arka-tui  4 keys ", window.text)
                assert patient.process(LAUNCHER.name) == pid
                window.press("q")
                assert window.wait_exit() == 0
    finally:
        patient.close()
