"""Sealed bytes: the standards' own vectors, and everything that must not open."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arka_tui.store.envelope import Damaged, equal, hkdf, mac, pad, pae, random_key, seal, unpad, unseal, wipe

KEY, AAD = bytes(range(32)), b"where the box belongs"
modest = settings(deadline=None, max_examples=60)


def parts_of(encoded: bytes) -> list[bytes]:
    """Decodes a PAE by the words of FORMAT.md §1; it must come out even."""
    count, rest, parts = int.from_bytes(encoded[:8], "little"), encoded[8:], []
    while rest:
        length = int.from_bytes(rest[:8], "little")
        parts.append(rest[8 : 8 + length])
        rest = rest[8 + length :]
    assert len(parts) == count
    return parts


# ---------------------------------------------------------------------- PAE


@pytest.mark.parametrize(
    ("parts", "encoded"),
    [
        ((), b"\0\0\0\0\0\0\0\0"),
        (("",), b"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        (("test",), b"\1\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0test"),
    ],
)
def test_pae_is_encoded_as_paseto_says(parts: tuple[str, ...], encoded: bytes) -> None:
    assert pae(*parts) == encoded


@modest
@given(st.lists(st.binary(max_size=40), max_size=8))
@example([b"", b""])
@example([pae("a", "b"), b"\0" * 16])
def test_pae_can_be_taken_apart_so_no_two_lists_share_their_bytes(parts: list[bytes]) -> None:
    assert parts_of(pae(*parts)) == parts


@modest
@given(st.binary(max_size=20), st.integers(min_value=0, max_value=20))
def test_moving_the_border_between_two_parts_changes_the_pae(text: bytes, border: int) -> None:
    border = min(border, len(text))
    assert (pae(text[:border], text[border:]) == pae(text, b"")) == (border == len(text))


def test_whole_numbers_and_texts_are_encoded_as_their_digits_and_utf_8() -> None:
    assert pae(0, 262144, "é") == pae(b"0", b"262144", b"\xc3\xa9")


# ---------------------------------------------------------------------- primitives


def test_unseal_opens_the_gcm_specifications_test_case_16() -> None:
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    ciphertext = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    )
    tag = bytes.fromhex("76fc6ece0f4e1768cddf8853bb2d551b")
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert unseal(key, nonce + ciphertext + tag, aad).hex() == (
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )


def test_hkdf_is_rfc_5869_with_sha_256() -> None:
    okm = hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)
    assert okm.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"


def test_the_mac_is_rfc_4231_hmac_sha_256() -> None:
    assert mac(b"Jefe", b"what do ya want for nothing?").hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_equal_compares_whole_values() -> None:
    assert equal(b"abc", b"abc")
    assert not equal(b"abc", b"abd")
    assert not equal(b"abc", b"ab")


def test_random_keys_are_32_bytes_and_differ() -> None:
    keys = {random_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {32}


# ---------------------------------------------------------------------- seal and unseal


@modest
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_was_sealed_opens_again(plaintext: bytes, aad: bytes) -> None:
    box = seal(KEY, plaintext, aad)
    assert len(box) == 12 + len(plaintext) + 16
    assert unseal(KEY, box, aad) == plaintext


def test_two_boxes_of_the_same_plaintext_have_nothing_in_common() -> None:
    one, other = (seal(KEY, bytes(64), AAD) for _ in range(2))
    assert one[:12] != other[:12]
    assert one[12:76] != other[12:76]
    assert one[76:] != other[76:]


def test_a_box_does_not_open_with_another_key() -> None:
    box = seal(KEY, b"secret", AAD)
    for i in range(32):
        other = bytes(byte ^ (i == at) for at, byte in enumerate(KEY))
        with pytest.raises(Damaged):
            unseal(other, box, AAD)


@pytest.mark.parametrize("aad", [b"", AAD + b"\0", AAD[:-1], AAD.upper()])
def test_a_box_does_not_open_anywhere_but_where_it_belongs(aad: bytes) -> None:
    with pytest.raises(Damaged):
        unseal(KEY, seal(KEY, b"secret", AAD), aad)


def test_a_box_with_one_flipped_bit_in_nonce_text_or_tag_does_not_open() -> None:
    box = seal(KEY, b"secret", AAD)
    for i in range(len(box)):
        for bit in (1, 0x80):
            flipped = bytearray(box)
            flipped[i] ^= bit
            with pytest.raises(Damaged):
                unseal(KEY, bytes(flipped), AAD)


def test_a_box_that_was_cut_or_lengthened_does_not_open() -> None:
    box = seal(KEY, b"secret", AAD)
    for end in range(len(box)):
        with pytest.raises(Damaged):
            unseal(KEY, box[:end], AAD)
        with pytest.raises(Damaged):
            unseal(KEY, box[end + 1 :], AAD)
    with pytest.raises(Damaged):
        unseal(KEY, box + b"\0", AAD)


def test_a_plaintext_comes_in_a_buffer_that_can_be_wiped() -> None:
    plaintext = unseal(KEY, seal(KEY, b"secret", AAD), AAD)
    wipe(plaintext)
    assert plaintext == bytes(6)


# ---------------------------------------------------------------------- padding


@modest
@given(st.binary(max_size=700), st.sampled_from([256, 1024]))
@example(bytes(252), 256)
@example(bytes(253), 256)
def test_padding_comes_off_again_and_hides_the_length(data: bytes, block: int) -> None:
    framed = pad(data, block)
    assert unpad(framed, block) == data
    assert len(framed) % block == 0
    assert len(framed) - len(data) - 4 < block


def test_all_keys_of_ordinary_length_have_the_same_padded_size() -> None:
    assert {len(pad(bytes(length), 256)) for length in range(253)} == {256}


@pytest.mark.parametrize(
    "framed",
    {
        "nothing": b"",
        "no whole length": b"\0\0\0",
        "no whole block": b"\0\0\0\0",
        "a length beyond the end": (253).to_bytes(4, "little") + bytes(252),
        "the greatest length": b"\xff" * 256,
        "a byte in the padding": pad(b"abc", 256)[:-1] + b"\1",
        "a byte right behind the data": pad(b"abc", 256)[:7] + b"\1" + bytes(248),
        "a whole block too many": pad(b"abc", 256) + bytes(256),
        "half a block too many": pad(b"abc", 256) + bytes(128),
        "nothing but a block of zeros too many": bytes(512),
    }.items(),
    ids=lambda case: case[0],
)
def test_padding_that_was_not_made_by_pad_is_damage(framed: tuple[str, bytes]) -> None:
    with pytest.raises(Damaged):
        unpad(framed[1], 256)
