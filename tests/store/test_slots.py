"""Wrapping the master key: by a passphrase, by a recovery code, and by nothing else."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arka_tui.errors import UsageError, VaultUnsafe, WrongPassphrase
from arka_tui.secret import Secret
from arka_tui.store import slots
from arka_tui.store.envelope import Damaged
from arka_tui.store.slots import (
    CHEAPEST,
    PASSPHRASE_KDF,
    SMALL_KDF,
    Argon2Cost,
    Passphrase,
    RecoveryCode,
    Slot,
    Way,
    kdf_cost,
    new_recovery_code,
    new_slot,
    recovery_groups,
    tidy_recovery_code,
    unwrap,
)
from tests.conftest import PASSPHRASE, RECOVERY_CODE

STORE_ID, MASTER_KEY = bytes(range(16)), bytes(range(100, 132))
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
modest = settings(deadline=None, max_examples=60)


@pytest.fixture(scope="module")
def by_passphrase() -> Slot:
    return new_slot(STORE_ID, MASTER_KEY, Passphrase(PASSPHRASE), CHEAPEST)


@pytest.fixture(scope="module")
def by_code() -> Slot:
    return new_slot(STORE_ID, MASTER_KEY, RecoveryCode(RECOVERY_CODE), CHEAPEST)


# ---------------------------------------------------------------------- passphrases


def test_a_passphrase_opens_its_slot(by_passphrase: Slot) -> None:
    assert unwrap(STORE_ID, by_passphrase, Passphrase(PASSPHRASE)) == MASTER_KEY


@pytest.mark.parametrize("typed", ["wrong", f"{PASSPHRASE.reveal()} ", f" {PASSPHRASE.reveal()}", "Correct Horse"])
def test_any_other_passphrase_is_a_wrong_one(by_passphrase: Slot, typed: str) -> None:
    with pytest.raises(WrongPassphrase, match="this is not the passphrase of this vault"):
        unwrap(STORE_ID, by_passphrase, Passphrase(Secret(typed)))


def test_a_damaged_box_is_told_apart_from_a_wrong_passphrase(by_passphrase: Slot) -> None:
    for i in (0, 12, 59):
        box = bytearray(by_passphrase.box)
        box[i] ^= 1
        with pytest.raises(Damaged):
            unwrap(STORE_ID, replace(by_passphrase, box=bytes(box)), Passphrase(PASSPHRASE))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 16},
        {"salt": bytes(16)},
        {"check": bytes(32)},
        {"cost": replace(CHEAPEST, iterations=2)},
        {"cost": replace(CHEAPEST, lanes=2)},
        {"cost": replace(CHEAPEST, memory_kib=19_457)},
        {"type": "recovery"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_slot_opens_only_as_it_was_written(by_passphrase: Slot, change: dict[str, str | bytes | Argon2Cost]) -> None:
    with pytest.raises(WrongPassphrase):
        unwrap(STORE_ID, replace(by_passphrase, **change), Passphrase(PASSPHRASE))  # type: ignore[arg-type]


def test_a_slot_opens_only_in_its_own_vault(by_passphrase: Slot, by_code: Slot) -> None:
    ways: list[tuple[Slot, Way]] = [(by_passphrase, Passphrase(PASSPHRASE)), (by_code, RecoveryCode(RECOVERY_CODE))]
    for slot, way in ways:
        with pytest.raises(WrongPassphrase):
            unwrap(bytes(16), slot, way)


def test_composed_and_decomposed_accents_are_one_passphrase() -> None:
    slot = new_slot(STORE_ID, MASTER_KEY, Passphrase(Secret("caf\u00e9 \u1e69")), CHEAPEST)
    assert unwrap(STORE_ID, slot, Passphrase(Secret("cafe\u0301 s\u0307\u0323"))) == MASTER_KEY


def test_compatibility_forms_are_different_passphrases() -> None:
    slot = new_slot(STORE_ID, MASTER_KEY, Passphrase(Secret("ﬁne")), CHEAPEST)
    with pytest.raises(WrongPassphrase):
        unwrap(STORE_ID, slot, Passphrase(Secret("fine")))


@pytest.mark.parametrize("passphrase", ["x", " ", "k" * 1024, "é" * 512, "\x00\x1b"])
def test_any_passphrase_of_1_to_1024_bytes_will_do(passphrase: str) -> None:
    slot = new_slot(STORE_ID, MASTER_KEY, Passphrase(Secret(passphrase)), CHEAPEST)
    assert unwrap(STORE_ID, slot, Passphrase(Secret(passphrase))) == MASTER_KEY


def test_a_passphrase_that_is_no_text_is_refused_for_no_other_reader_could_open_it() -> None:
    with pytest.raises(UsageError, match="no text"):
        new_slot(STORE_ID, MASTER_KEY, Passphrase(Secret("caf\udce9")), CHEAPEST)


@pytest.mark.parametrize("passphrase", ["", "k" * 1025, "é" * 513])
def test_a_passphrase_out_of_bounds_is_refused_before_any_derivation(
    passphrase: str, by_passphrase: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "Argon2id", None)
    with pytest.raises(UsageError, match="1 to 1,024 bytes"):
        new_slot(STORE_ID, MASTER_KEY, Passphrase(Secret(passphrase)), CHEAPEST)
    with pytest.raises(UsageError, match="1 to 1,024 bytes"):
        unwrap(STORE_ID, by_passphrase, Passphrase(Secret(passphrase)))


def test_two_slots_of_one_passphrase_share_nothing() -> None:
    one, other = (new_slot(STORE_ID, MASTER_KEY, Passphrase(PASSPHRASE), CHEAPEST) for _ in range(2))
    assert one.type == other.type == "passphrase"
    assert {one.id, one.salt, one.check, one.box}.isdisjoint({other.id, other.salt, other.check, other.box})


def test_the_master_key_is_not_in_the_slot_that_wraps_it(by_passphrase: Slot, by_code: Slot) -> None:
    for slot in (by_passphrase, by_code):
        assert MASTER_KEY[:8] not in slot.box + slot.check + slot.salt


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_box_that_holds_anything_but_32_bytes_is_damaged(length: int) -> None:
    slot = new_slot(STORE_ID, bytes(length), RecoveryCode(RECOVERY_CODE), CHEAPEST)
    with pytest.raises(Damaged):
        unwrap(STORE_ID, slot, RecoveryCode(RECOVERY_CODE))


# ---------------------------------------------------------------------- the cost of a passphrase


def test_what_new_slots_cost_is_never_less_than_rfc_9106_recommends() -> None:
    for cost, memory_mib in ((PASSPHRASE_KDF, 256), (SMALL_KDF, 64)):
        assert (cost.memory_kib, cost.iterations, cost.lanes) == (memory_mib * 1024, 3, 4)


@pytest.mark.parametrize(
    ("meminfo", "cost"),
    [
        ("MemTotal: 9 kB\nMemAvailable:    1048576 kB\n", PASSPHRASE_KDF),
        ("MemTotal: 9999999 kB\nMemAvailable:    1048575 kB\n", SMALL_KDF),
        ("MemTotal: 9 kB\n", PASSPHRASE_KDF),
        (None, PASSPHRASE_KDF),
    ],
    ids=["1 GiB is free", "less than 1 GiB is free", "an old kernel", "no such file"],
)
def test_only_a_machine_without_a_free_gigabyte_gets_the_smaller_cost(
    meminfo: str | None, cost: Argon2Cost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "meminfo"
    if meminfo is not None:
        file.write_text(meminfo)
    monkeypatch.setattr(slots, "Path", lambda _: file)
    assert kdf_cost() == cost


def test_too_little_memory_to_open_is_said_with_a_way_out(by_passphrase: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    class Starved:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr(slots, "Argon2id", Starved)
    with pytest.raises(VaultUnsafe, match="needs 19 MiB of memory") as caught:
        unwrap(STORE_ID, by_passphrase, Passphrase(PASSPHRASE))
    assert "recovery code" in caught.value.hint


# ---------------------------------------------------------------------- recovery codes


def test_a_new_recovery_code_is_eight_groups_of_four_and_never_the_same() -> None:
    codes = [new_recovery_code().reveal() for _ in range(50)]
    assert len(set(codes)) == 50
    for code in codes:
        assert re.fullmatch(rf"[{ALPHABET}]{{4}}(-[{ALPHABET}]{{4}}){{7}}", code)


def test_every_character_of_the_alphabet_turns_up_in_every_place() -> None:
    codes = [new_recovery_code().reveal().replace("-", "") for _ in range(600)]
    for place in range(32):
        assert {code[place] for code in codes} == set(ALPHABET)


def test_a_new_recovery_code_opens_the_slot_that_was_made_with_it() -> None:
    code = new_recovery_code()
    slot = new_slot(STORE_ID, MASTER_KEY, RecoveryCode(code), CHEAPEST)
    assert slot.cost is None
    assert unwrap(STORE_ID, slot, RecoveryCode(code)) == MASTER_KEY


@modest
@given(st.binary(min_size=20, max_size=20))
@example(bytes(20))
@example(b"\xff" * 20)
@example(b"\x80" + bytes(19))
def test_a_code_is_its_20_bytes_in_crockfords_base32_most_significant_bit_first(data: bytes) -> None:
    bits = "".join(f"{byte:08b}" for byte in data)
    code = "".join(ALPHABET[int(bits[i : i + 5], 2)] for i in range(0, 160, 5))
    assert slots._recovery_bytes(Secret(code)) == data


@pytest.mark.parametrize(
    "typed",
    [
        "abcd-efgh-jkmn-pqrs-tvwx-yz01-2345-6789",
        "ABCDEFGHJKMNPQRSTVWXYZ0123456789",
        "  ABCD EFGH JKMN PQRS TVWX YZ01 2345 6789\n",
        "ABCD-EFGH-JKMN-PQRS\nTVWX-YZ01-2345-6789",
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZO1-2345-6789",
        "abcd-efgh-jkmn-pqrs-tvwx-yzol-2345-6789",
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZoI-2345-6789",
        "A-B-C-D-EFGHJ--KMNPQRSTVWXYZ01 2345 67 89",
    ],
)
def test_a_recovery_code_may_be_typed_sloppily(by_code: Slot, typed: str) -> None:
    assert unwrap(STORE_ID, by_code, RecoveryCode(Secret(typed))) == MASTER_KEY
    assert recovery_groups(tidy_recovery_code(typed)) == RECOVERY_CODE.reveal().split("-")


def test_another_code_is_a_wrong_one(by_code: Slot) -> None:
    with pytest.raises(WrongPassphrase, match="this is not the recovery code of this vault"):
        unwrap(STORE_ID, by_code, RecoveryCode(Secret("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6788")))


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ABCD",
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-678",
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-67890",
        "UUUU-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789",
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-678é",
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-678９",
        PASSPHRASE.reveal(),
    ],
)
def test_what_cannot_be_a_recovery_code_is_said_so(by_code: Slot, typed: str) -> None:
    with pytest.raises(WrongPassphrase, match="eight groups of four"):
        unwrap(STORE_ID, by_code, RecoveryCode(Secret(typed)))


@pytest.mark.parametrize("code", ["ſ" * 32, "ı" * 32, "٣" * 32])
def test_only_ascii_makes_a_recovery_code(code: str, by_code: Slot) -> None:
    with pytest.raises(WrongPassphrase, match="eight groups of four"):
        unwrap(STORE_ID, by_code, RecoveryCode(Secret(code)))


def test_which_groups_of_a_recovery_code_are_asked_for_is_left_to_chance() -> None:
    drawn = {slots.two_groups(8) for _ in range(2000)}
    assert drawn == {(first, second) for first in range(1, 9) for second in range(first + 1, 9)}
