"""The kernel keeps the key that opens the vault: for one session, for a time, and for nobody else.

Each test is a script in a process of its own, for a session keyring is joined by a whole process.
"""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from arka_tui.errors import SessionFailed
from arka_tui.store import session
from arka_tui.store.session import KernelKeyring

STORE = bytes(range(16))
PRELUDE = f"""
import os, subprocess, sys, time
from arka_tui.store.session import KernelKeyring
keyring, store, key = KernelKeyring(), {STORE!r}, bytes(range(100, 132))
keyring.join_new()
def elsewhere(script, *wrap):
    begin = "from arka_tui.store.session import KernelKeyring as K\\nk = K()\\n"
    program = [*wrap, sys.executable, "-c", begin + script]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()
FIND = f"print(k.find({{store!r}}))"
"""


def _works() -> bool:
    return subprocess.run([sys.executable, "-c", PRELUDE + "keyring.keep(store, key, 60)"], check=False).returncode == 0


@pytest.fixture(scope="module")
def kernel() -> None:
    if not _works():
        pytest.skip("needs a Linux kernel that keeps keys, and is allowed to")


def said(script: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PRELUDE + script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.usefixtures("kernel")
def test_what_is_kept_is_found_by_the_programs_of_the_same_session_until_it_is_forgotten() -> None:
    assert said(
        "keyring.keep(store, key, 60)\n"
        "print(keyring.find(store).master_key == key)\n"
        "print(elsewhere(FIND).startswith('Kept(until='))\n"
        "print(keyring.forget(store), keyring.find(store), elsewhere(FIND), keyring.forget(store))\n"
    ) == ["True", "True", "True None None False"]


@pytest.mark.usefixtures("kernel")
def test_another_session_of_the_same_user_finds_nothing_and_may_not_read_the_key_by_its_number() -> None:
    found, read = said(
        "keyring.keep(store, key, 60)\n"
        "print(elsewhere('k.join_new()\\n' + FIND))\n"
        "number = keyring._search(store)\n"
        "print(elsewhere(f'''k.join_new()\n"
        "import ctypes\n"
        "buffer = ctypes.create_string_buffer(99)\n"
        "try:\n"
        "    k._keyctl(11, {number}, buffer, 99)\n"
        "except OSError as error:\n"
        "    print(error.errno)'''))\n"
    )
    assert found == "None"
    assert read == "13", "permission denied, also for root"


@pytest.mark.slow
@pytest.mark.usefixtures("kernel")
def test_it_is_gone_when_its_time_is_over() -> None:
    assert said(
        "keyring.keep(store, key, 1)\n"
        "number = keyring._search(store)\n"
        "import ctypes\n"
        "buffer = ctypes.create_string_buffer(99)\n"
        "deadline = time.monotonic() + 30\n"
        "while time.monotonic() < deadline:\n"
        "    try:\n"
        "        keyring._keyctl(11, number, buffer, 99)\n"
        "    except OSError:\n"
        "        break\n"
        "print(keyring.find(store), time.monotonic() < deadline)\n"
    ) == ["None True"]


@pytest.mark.usefixtures("kernel")
def test_one_whose_timeout_was_never_set_counts_no_longer_than_it_said() -> None:
    assert said(
        "keyring._add(b'arka:' + store.hex().encode(), (1).to_bytes(8, 'little') + key)\n"
        "print(keyring.find(store), keyring._search(store))\n"
    ) == ["None 0"]


@pytest.mark.usefixtures("kernel")
def test_keeping_again_takes_the_place_of_what_was_kept() -> None:
    assert said(
        "keyring.keep(store, bytes(32), 60)\n"
        "keyring.keep(store, key, 60)\n"
        "print(keyring.find(store).master_key == key, keyring.find(bytes(16)))\n"
    ) == ["True None"]


@pytest.mark.usefixtures("kernel")
def test_what_somebody_else_put_under_the_name_is_not_taken_for_a_key() -> None:
    assert said(
        "keyring._add(b'arka:' + store.hex().encode(), b'short')\n"
        "print(keyring.find(store))\n"
        "keyring._add(b'arka:' + store.hex().encode(), bytes(99))\n"
        "print(keyring.find(store))\n"
    ) == ["None", "None"]


@pytest.mark.usefixtures("kernel")
def test_a_session_that_all_logins_of_the_user_share_is_not_used() -> None:
    told = said(
        "import ctypes\n"
        "shared = keyring._keyctl(0, -5, 1)\n"  # KEY_SPEC_USER_SESSION_KEYRING
        "class Shared(KernelKeyring):\n"
        "    def _described(self, number): return super()._described(shared)\n"
        "print(Shared().trouble())\n"
    )
    assert told == ["this login has no session keyring of its own: arka-tui unlock --shell starts a shell that has one"]


@pytest.mark.usefixtures("kernel")
def test_a_program_that_leaves_the_session_finds_nothing_and_ends_nothing() -> None:
    assert said(
        "keyring.keep(store, key, 60)\n"
        "print(elsewhere('k.leave()\\n' + FIND + f'; print(k.forget({store!r}), k.trouble())'))\n"
        "print(keyring.find(store).master_key == key)\n"
    ) == ["None", "False", "True"]


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("kept", [True, False])
def test_where_no_other_session_can_be_had_the_kept_key_decides(kept: bool) -> None:
    keep = "keyring.keep(store, key, 60)\n" if kept else ""
    (told,) = said(
        f"{keep}"
        "from arka_tui.errors import SessionFailed\n"
        "class Full(KernelKeyring):\n"
        "    def _keyctl(self, number, *rest):\n"
        "        if number == 1: raise OSError(122, '')\n"
        "        return super()._keyctl(number, *rest)\n"
        "keyring._add(b'of-others', b'x')\n"
        "try:\n"
        "    print(Full().leave())\n"
        "except SessionFailed as failure:\n"
        "    print(failure)\n"
    )
    assert ("the command would reach the key of this session: the kernel holds too many" in told) is kept
    assert kept or told == "None"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_where_the_kernel_keeps_nothing_there_is_no_session_to_leave(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: KernelKeyring, *arguments: object) -> int:
        raise OSError(number, "")

    monkeypatch.setattr(KernelKeyring, "_call", refuse)
    KernelKeyring().leave()


def test_a_master_key_is_not_in_what_is_printed() -> None:
    from datetime import UTC, datetime

    kept = session.Kept(b"m" * 32, datetime(2026, 11, 30, tzinfo=UTC))
    assert "mmm" not in repr(kept)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (38, "this kernel keeps no keys"),
        (1, "as in most containers"),
        (13, "as in most containers"),
        (122, "too many keys"),
        (5, "EIO"),
    ],
)
def test_each_refusal_of_the_kernel_is_told_in_words(number: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: KernelKeyring, *arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(KernelKeyring, "_call", refuse)
    keyring = KernelKeyring()
    assert words in keyring.trouble()
    assert keyring.find(STORE) is None
    with pytest.raises(SessionFailed, match=f"the session cannot be ended: .*{words}"):
        keyring.forget(STORE)
    with pytest.raises(SessionFailed, match="the vault cannot be kept open: "):
        keyring.keep(STORE, bytes(32), 60)


@pytest.mark.parametrize("number", [errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED])
def test_only_of_a_key_that_the_kernel_knows_to_be_gone_is_nothing_kept(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: KernelKeyring, *arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(KernelKeyring, "_call", refuse)
    assert "the login in which this shell was started has ended" in KernelKeyring().trouble()
    assert KernelKeyring().find(STORE) is None
    assert KernelKeyring().forget(STORE) is False


def test_on_an_unknown_machine_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_SYSCALLS", {})
    keyring = KernelKeyring()
    assert keyring.trouble() == "unknown kind of machine"
    assert keyring.find(STORE) is None


def test_nothing_of_a_session_is_on_disk(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    subprocess.run(
        [sys.executable, "-c", PRELUDE + "keyring.trouble() or keyring.keep(store, key, 60)"], cwd=tmp_path, check=False
    )
    assert sorted(tmp_path.rglob("*")) == before
