"""The key file: made once, never over anything, and read only where it is what it should be."""

import errno
import os
import stat
from pathlib import Path

import pytest

from arka_tui.errors import UsageError, WrongPassphrase
from arka_tui.store.key_file import make_key_file, read_key_file
from arka_tui.store.slots import CHEAPEST, KEY_FILE, KeyFile, new_slot, unwrap

STORE_ID, MASTER_KEY = bytes(range(16)), bytes(range(100, 132))


def test_a_key_file_opens_the_slot_made_with_it_and_another_does_not(tmp_path: Path) -> None:
    make_key_file(tmp_path / "arka.key")
    slot = new_slot(STORE_ID, MASTER_KEY, read_key_file(tmp_path / "arka.key"), CHEAPEST)
    assert slot.type == KEY_FILE
    assert unwrap(STORE_ID, slot, read_key_file(tmp_path / "arka.key")) == MASTER_KEY
    with pytest.raises(WrongPassphrase, match="this is not the key file of this vault"):
        unwrap(STORE_ID, slot, make_key_file(tmp_path / "other.key"))


def test_a_new_key_file_is_random_and_the_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o777)
    try:
        one, other = (make_key_file(tmp_path / name) for name in "ab")
    finally:
        os.umask(old)
    assert one.content != other.content
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_nothing_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / "arka.key"
    file.write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path in (file, tmp_path / "link"):
        with pytest.raises(UsageError, match="is there already"):
            make_key_file(path)
    assert file.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


def test_where_it_cannot_be_written_whole_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="the disk is full"):
        make_key_file(tmp_path / "arka.key")
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_made_it_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be made"):
        make_key_file(tmp_path / "no-folder" / "arka.key")


@pytest.mark.parametrize("size", [0, 31, 33, 100])
def test_a_file_of_another_size_is_not_a_key_file(size: int, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xff" * size)
    (tmp_path / "f").chmod(0o600)
    with pytest.raises(UsageError, match="is not a key file"):
        read_key_file(tmp_path / "f")


def test_a_folder_or_a_pipe_is_not_a_key_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(UsageError, match="is not a key file"):
            read_key_file(path)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key_file(tmp_path / "f")
    for mode in (0o640, 0o604, 0o620, 0o666):
        (tmp_path / "f").chmod(mode)
        with pytest.raises(UsageError, match="others may read") as caught:
            read_key_file(tmp_path / "f")
        assert "chmod 600" in caught.value.hint


def test_a_missing_key_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no key file"):
        read_key_file(tmp_path / "gone")


def test_a_key_file_in_memory_does_not_print_itself() -> None:
    assert "secretsecret" not in repr(KeyFile(b"secretsecret"))


def test_32_characters_of_text_are_not_a_key_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0" * 32)
    (tmp_path / "f").chmod(0o600)
    with pytest.raises(UsageError, match="is text, not a key file"):
        read_key_file(tmp_path / "f")


def test_where_modes_cannot_be_set_no_key_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a FAT stick that everybody may read."""

    def refuse(fd: int, mode: int) -> None:
        raise PermissionError(errno.EPERM, "")

    real = os.open
    monkeypatch.setattr(os, "fchmod", refuse)
    monkeypatch.setattr(os, "open", lambda path, flags, mode=0o777: real(path, flags, 0o644 if mode == 0o600 else mode))
    with pytest.raises(UsageError, match="others could read") as caught:
        make_key_file(tmp_path / "arka.key")
    assert "umask=077" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
