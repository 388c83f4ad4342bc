"""`arka unlock` in a real login: what the kernel keeps for it, for how long, and for whom."""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from arka_tui.cli.exits import Exit
from arka_tui.store.key_file import make_key_file
from arka_tui.store.session import KernelKeyring
from tests.conftest import draft
from tests.e2e.home import Home
from tests.e2e.remote import PROMPT, Remote
from tests.e2e.remote import remote as remote
from tests.e2e.remote import sshd as sshd
from tests.e2e.tmux import Tmux, needs_tmux
from tests.sshd import Sshd, is_alive, needs_sshd

pytestmark = [
    pytest.mark.pty,
    pytest.mark.slow,
    needs_sshd,
    needs_tmux,
    pytest.mark.skipif(
        KernelKeyring().trouble().startswith(("only", "unknown", "this kernel", "the kernel's")),
        reason="needs a kernel that keeps keys, and is allowed to",
    ),
]

_number = itertools.count()
PAM = Path("/etc/pam.d/sshd")


def pam_makes_a_keyring() -> bool:
    return PAM.exists() and re.search(r"^session\s.*pam_keyinit", PAM.read_text(), re.MULTILINE) is not None


needs_pam = pytest.mark.skipif(
    os.geteuid() != 0 or not pam_makes_a_keyring(), reason="needs root, and a PAM that makes session keyrings for sshd"
)


@pytest.fixture
def pam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """With the session that the machine's own PAM gives to logins by ssh."""
    sshd = Sshd(tmp_path_factory.mktemp("sshd"), UsePAM="yes")
    yield sshd
    sshd.close()


@pytest.fixture
def key_file(home: Home) -> Path:
    file = home.root / "key"
    vault = home.new_vault()
    vault.add(draft())
    vault.add_slot(make_key_file(file))
    vault.lock()
    home.env["ARKA"] = " ".join(home.command)
    return file


def asked(window: Tmux, command: str) -> str:
    """What the shell answers to it, and its exit code in a line `code N`."""
    mark = f" #{next(_number)}"
    window.type(f"clear; {command}; echo code $?{mark!r}")
    window.press("Enter")
    window.wait_until(lambda picture: re.search(rf"^code \d+{mark}$", picture, re.MULTILINE) is not None, command)
    return window.text.replace(mark, "")


@needs_pam
def test_in_a_login_nothing_is_asked_after_unlock_and_another_login_finds_it_locked(
    remote: Remote, pam: Sshd, key_file: Path
) -> None:
    here = remote.at(pam)
    window = here.open_shell()
    assert "open for this login until" in asked(window, f"$ARKA unlock --key-file {key_file}")
    assert re.search(r"openai/work(?s:.*)code 0\n", asked(window, "ARKA_NO_ASK=1 $ARKA list"))
    other = here.run("sh", "-c", "$ARKA list")
    assert other.returncode == Exit.LOCKED
    third = here.open_shell()
    assert f"code {Exit.LOCKED}\n" in asked(third, "ARKA_NO_ASK=1 $ARKA list")
    assert "It was not open" in asked(third, "$ARKA lock")
    assert "code 0\n" in asked(window, "ARKA_NO_ASK=1 $ARKA list")


@needs_pam
def test_at_logout_it_is_locked_even_for_what_was_left_running(remote: Remote, pam: Sshd, key_file: Path) -> None:
    """PAM revokes the keyring, which the program that stayed still has."""
    gate, before, after = (remote.home.root / name for name in ("gate", "before", "after"))
    os.mkfifo(gate)
    stays = remote.home.root / "stays.sh"
    stays.write_text(
        f"$ARKA list >{before} 2>&1; read -r line <{gate}\n"
        f"($ARKA list; echo code $?) >{after}.part 2>&1; mv {after}.part {after}\n"
    )
    window = remote.at(pam).open_shell()
    assert "open for this login until" in asked(window, f"$ARKA unlock --key-file {key_file}")
    asked(window, f"{{ ARKA_NO_ASK=1 nohup sh {stays} </dev/null >/dev/null 2>&1 & }}")
    pid = pam.process("stays.sh")
    window.wait_until(lambda _: before.exists() and "openai/work" in before.read_text(), "a list while it is open")
    window.type("exit")
    window.press("Enter")
    assert window.wait_exit() == 0
    pam.wait_logged_out()
    assert is_alive(pid)
    with gate.open("w") as line:
        line.write("go on\n")
    window.wait_until(lambda _: after.exists(), "an answer of the program that stayed")
    assert after.read_text().endswith(f"\ncode {Exit.LOCKED}\n")


def test_a_login_without_a_keyring_says_so_and_a_shell_that_has_one_helps(remote: Remote, key_file: Path) -> None:
    """This sshd runs without PAM."""
    window = remote.open_shell()
    told = re.sub(r"\s+", " ", asked(window, f"$ARKA unlock --key-file {key_file}"))
    assert "this login has no session keyring of its own" in told
    assert f"code {Exit.FAILED}" in told
    window.type(f"clear; $ARKA unlock --shell --key-file {key_file}")
    window.press("Enter")
    window.wait_for("open for this shell until")
    assert "code 0\n" in asked(window, "ARKA_NO_ASK=1 $ARKA list")
    assert remote.run("sh", "-c", "$ARKA list").returncode == Exit.LOCKED
    window.type("exit")
    window.press("Enter")
    window.wait_for(PROMPT)
    assert f"code {Exit.LOCKED}\n" in asked(window, "ARKA_NO_ASK=1 $ARKA list")
