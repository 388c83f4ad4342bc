"""A reference in a key's place."""

import os
import struct
from pathlib import Path

import pytest

from arka_tui.errors import Conflict, NotSaved
from arka_tui.plaintext import replacing
from arka_tui.plaintext.places import place_of
from arka_tui.plaintext.reading import Text, assignments, read
from arka_tui.plaintext.replacing import Edit, edit, reference

KEY = "sk-proj-" + "Kq7" * 9
CONTENT = f"# mine\nA='{KEY}'  # note\r\nB={KEY}\nPASSWORD=hunter2hunter2\n".encode() + b"C=\xff\xfe\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_bytes(CONTENT)
    path.chmod(0o640)
    return path


def edited(path: Path, *variables: str) -> Edit:
    text = read(place_of(path))
    assert isinstance(text, Text)
    wanted = [each for each in assignments(text) if each.variable in (variables or ("A", "B"))]
    return edit(text, [(each, f"arka://openai/{each.variable.lower()}") for each in wanted])


def test_only_the_values_are_replaced_byte_for_byte(file: Path) -> None:
    assert replacing.write(edited(file)) == ""
    expected = b"# mine\nA='arka://openai/a'  # note\r\nB=arka://openai/b\nPASSWORD=hunter2hunter2\nC=\xff\xfe\n"
    assert file.read_bytes() == expected


def test_the_difference_shows_names_and_references_and_nothing_else_of_the_file(file: Path) -> None:
    shown = edited(file)
    assert shown.lines == (2, 3)
    assert shown.diff == ("- 2: A=••••", "+ 2: A=arka://openai/a", "- 3: B=••••", "+ 3: B=arka://openai/b")
    assert KEY not in repr(shown)


def test_mode_owner_and_links_stay(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.env"
    link.symlink_to(file)
    before = file.stat()
    replacing.write(edited(link))
    after = file.stat()
    assert link.is_symlink()
    assert b"arka://" in file.read_bytes()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_file_that_was_changed_meanwhile_is_left_as_it_is(file: Path) -> None:
    change = edited(file)
    file.write_bytes(CONTENT + b"D=new\n")
    with pytest.raises(Conflict, match="was changed meanwhile"):
        replacing.write(change)
    assert file.read_bytes() == CONTENT + b"D=new\n"


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("by_rename", [True, False])
def test_what_is_saved_at_the_very_moment_is_put_back(
    file: Path, monkeypatch: pytest.MonkeyPatch, by_rename: bool, at_once: bool
) -> None:
    change, put = edited(file), replacing._put_in_place
    theirs = CONTENT + b"D=new\n"

    def late(new: Path, target: Path) -> Path:
        if by_rename:
            (file.parent / "saved").write_bytes(theirs)
            (file.parent / "saved").rename(file)
        else:
            file.write_bytes(theirs)
        return put(new, target)

    monkeypatch.setattr(replacing, "_put_in_place", late)
    if not at_once:
        monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
    with pytest.raises(Conflict, match="was changed meanwhile"):
        replacing.write(change)
    assert file.read_bytes() == theirs
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def test_where_names_cannot_be_exchanged_the_file_is_replaced_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
    assert replacing.write(edited(file)) == ""
    assert b"arka://openai/a" in file.read_bytes()
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def access_list(group: int, mask: int) -> bytes:
    """Of owner rw, user 12345 read, group, mask, others nothing; as the kernel keeps it."""
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, 4, 12345), (4, group, nobody), (16, mask, nobody), (32, 0, nobody)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


def set_or_skip(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError:
        pytest.skip("this disk keeps no such attributes")


def test_an_access_list_stays_and_gives_the_group_nothing_new(file: Path) -> None:
    set_or_skip(file, "system.posix_acl_access", access_list(group=0, mask=4))
    before = os.getxattr(file, "system.posix_acl_access")
    replacing.write(edited(file))
    assert os.getxattr(file, "system.posix_acl_access") == before


def test_the_folders_access_list_gives_nobody_rights_to_the_file(file: Path) -> None:
    set_or_skip(file.parent, "system.posix_acl_default", access_list(group=4, mask=4))
    replacing.write(edited(file))
    assert "system.posix_acl_access" not in os.listxattr(file)
    assert file.stat().st_mode & 0o777 == 0o640


def test_other_attributes_stay(file: Path) -> None:
    set_or_skip(file, "user.note", b"mine")
    replacing.write(edited(file))
    assert os.getxattr(file, "user.note") == b"mine"


def test_an_access_list_that_cannot_be_kept_is_a_reason_to_leave_the_file_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "")

    monkeypatch.setattr(replacing, "_attributes", lambda _: {"system.posix_acl_access": b"x"})
    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(NotSaved):
        replacing.write(edited(file))
    assert file.read_bytes() == CONTENT
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def test_a_file_that_is_gone_does_not_come_back(file: Path) -> None:
    change = edited(file)
    file.unlink()
    with pytest.raises(Conflict):
        replacing.write(change)
    assert list(file.parent.iterdir()) == []


def test_a_second_name_would_keep_the_key_and_is_refused(file: Path, tmp_path: Path) -> None:
    os.link(file, tmp_path / "second")
    with pytest.raises(NotSaved, match="has a second name"):
        replacing.write(edited(file))
    assert file.read_bytes() == CONTENT


def test_a_disk_that_fails_changes_nothing_and_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = edited(file)

    def full(fd: int) -> None:
        raise OSError(28, "")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotSaved, match="no space left on device"):
        replacing.write(change)
    assert file.read_bytes() == CONTENT
    assert [path.name for path in file.parent.iterdir()] == [".env"]


def test_a_name_that_would_need_quotes_has_no_reference() -> None:
    assert reference("openai/main-2") == "arka://openai/main-2"
    assert reference("openai/büro") == "arka://openai/büro"
    for name in ("openai/a#b", "openai/a'b", "openai/$HOME", 'openai/"'):
        assert reference(name) == ""
