"""Two readers and one script agree on every file of the kept corpus."""

from pathlib import Path

import pytest

from tests.attack import corpus
from tests.attack.corpus import READERS, examples, read, walk
from tests.attack.make_corpus import CORPUS, write


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_finds_in_every_kept_file_what_its_header_says(reader: str, tmp_path: Path) -> None:
    figures = walk(reader, tmp_path)
    assert not figures.broken
    assert figures.tried >= 250


def test_the_kept_files_are_what_the_script_makes(tmp_path: Path) -> None:
    write(tmp_path)
    kept, made = ({path.name: path.read_bytes() for path in folder.glob("*.arka")} for folder in (CORPUS, tmp_path))
    assert made.keys() == kept.keys()
    assert [name for name in kept if kept[name] != made[name]] == []


def test_the_corpus_expects_every_outcome_and_covers_every_section() -> None:
    files = examples()
    assert {each.expected.word for each in files} == {
        "success", "damaged-secret", "wrong-passphrase", "damaged", "not-arka", "later-format",
    }  # fmt: skip
    assert {each.name[0] for each in files} == set("123456")
    assert {each.opener[0] for each in files} == {"passphrase", "recovery", "keyfile"}


@pytest.mark.parametrize("reader", READERS)
def test_a_walk_notices_a_reader_that_finds_something_else(
    reader: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ("2-ordinary.arka", "5-mac-changed.arka", "6-aad-of-another-origin.arka")
    monkeypatch.setattr(corpus, "examples", lambda: [read(CORPUS / name) for name in names])
    ordinary = read(CORPUS / "2-ordinary.arka").expected
    monkeypatch.setitem(READERS, reader, lambda example: ordinary)
    assert [line.partition(":")[0] for line in walk(reader, tmp_path).broken] == list(names[1:])
