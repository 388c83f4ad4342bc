"""The rules of a name and of an address: one spelling each, and no address to which a key must not go."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arka_tui.credential import (
    Credential,
    Draft,
    fold_name,
    origin_of,
    same_name,
    tidy_base_url,
    tidy_label,
    tidy_setting,
)
from arka_tui.errors import UsageError
from arka_tui.secret import Secret
from arka_tui.text import safe

modest = settings(max_examples=150)


# ---------------------------------------------------------------------- labels and names


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("work", "work"),
        ("  work\n", "work"),
        ("CI-2_b.1", "CI-2_b.1"),
        ("ключ", "ключ"),
        ("cafe\u0301", "café"),
        ("漢字", "漢字"),
        ("[bold]x[]", "[bold]x[]"),
        ("x" * 40, "x" * 40),
    ],
)
def test_a_label_is_any_short_word(typed: str, label: str) -> None:
    assert tidy_label(typed) == label


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "the label is empty"),
        ("   ", "the label is empty"),
        ("x" * 41, "longer than 40 characters"),
        ("my key", "a label has no spaces"),
        ("my\u00a0key", "a label has no spaces"),
        ("my\u3000key", "a label has no spaces"),
        ("my\tkey", "control or invisible"),
        ("my\nkey", "control or invisible"),
        ("a/b", "a label has no slash"),
        ("\x1b[31mred", "control or invisible"),
        ("a\x00b", "control or invisible"),
        ("a\u200bb", "control or invisible"),
        ("a\u202eb", "control or invisible"),
        ("a\ufeffb", "control or invisible"),
        ("a\u00adb", "control or invisible"),
        ("a\ue000b", "control or invisible"),
        ("a\ud800b", "control or invisible"),
        ("a\U000e0041", "control or invisible"),
        ("a\U000e0100", "control or invisible"),
        ("work\u3164", "control or invisible"),
        ("work\u115f", "control or invisible"),
        ("work\u1160", "control or invisible"),
        ("work\uffa0", "control or invisible"),
        ("work\u2800", "control or invisible"),
        ("work\u034f", "control or invisible"),
        ("work\ufe0f", "control or invisible"),
        ("work\U0001d159", "control or invisible"),
    ],
)
def test_what_is_no_label_is_refused_with_a_reason(typed: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tidy_label(typed)


def test_a_label_with_spaces_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        tidy_label(" my  new key ")
    assert caught.value.hint == "try my-new-key"


@modest
@given(st.text(st.characters(), max_size=50))
def test_a_label_that_passes_stays_as_it_is_and_is_safe_to_show(typed: str) -> None:
    try:
        label = tidy_label(typed)
    except UsageError:
        return
    assert tidy_label(label) == label
    assert unicodedata.is_normalized("NFC", label)
    assert 1 <= len(label) <= 40
    assert label.encode()
    if sum(unicodedata.category(char) in ("Mn", "Me") for char in label) < 3:
        assert safe(label) == label


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("openai/work", "OpenAI/WORK", True),
        ("openai/café", "openai/CAFE\u0301", True),
        ("openai/straße", "openai/STRASSE", True),
        ("openai/work", "openai/work2", False),
        ("openai/work", "anthropic/work", False),
        ("openai/ｗork", "openai/work", False),
    ],
)
def test_names_are_the_same_whatever_their_case_and_composition(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert (fold_name(one) == fold_name(other)) is same


@pytest.mark.parametrize("typed", ["", "  ", "org-Ab_1", " org-1\n", "a" * 200, "!~"])
def test_a_setting_is_printable_ascii_without_spaces(typed: str) -> None:
    assert tidy_setting("organization", typed) == typed.strip()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("a b", "organization has characters"),
        ("a\r\nX-Evil: 1", "organization has characters"),
        ("é", "organization has characters"),
        ("a\x00", "organization has characters"),
        ("a" * 201, "organization is longer than 200"),
    ],
)
def test_a_setting_that_could_break_a_header_is_refused(typed: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tidy_setting("organization", typed)


# ---------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("typed", "address", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1", "https://api.openai.com:443"),
        ("  https://api.openai.com/v1/ \n", "https://api.openai.com/v1", "https://api.openai.com:443"),
        ("https://api.openai.com", "https://api.openai.com", "https://api.openai.com:443"),
        ("https://api.openai.com///", "https://api.openai.com", "https://api.openai.com:443"),
        ("api.openai.com/v1", "https://api.openai.com/v1", "https://api.openai.com:443"),
        ("HTTPS://API.OpenAI.com/V1", "https://api.openai.com/V1", "https://api.openai.com:443"),
        ("https://api.openai.com:443/v1", "https://api.openai.com/v1", "https://api.openai.com:443"),
        ("https://api.openai.com:8443/v1", "https://api.openai.com:8443/v1", "https://api.openai.com:8443"),
        ("https://api.openai.com:0443", "https://api.openai.com", "https://api.openai.com:443"),
        ("https://api.openai.com:", "https://api.openai.com", "https://api.openai.com:443"),
        ("https://api.openai.com:80", "https://api.openai.com:80", "https://api.openai.com:80"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example:443"),
        ("https://аpple.com", "https://xn--pple-43d.com", "https://xn--pple-43d.com:443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "https://xn--bcher-kva.example:443"),
        ("https://ｅxample.com", "https://example.com", "https://example.com:443"),
        ("https://10.0.0.5:8000/v1", "https://10.0.0.5:8000/v1", "https://10.0.0.5:8000"),
        ("https://[2001:DB8:0:0::1]/v1", "https://[2001:db8::1]/v1", "https://[2001:db8::1]:443"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://gpu01/v1", "https://gpu01/v1", "https://gpu01:443"),
        ("https://host/a%20b/c~d_e-f.g", "https://host/a%20b/c~d_e-f.g", "https://host:443"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1", "http://localhost:11434"),
        ("http://LOCALHOST", "http://localhost", "http://localhost:80"),
        ("http://localhost:80", "http://localhost", "http://localhost:80"),
        ("http://localhost:443", "http://localhost:443", "http://localhost:443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.9.9.9", "http://127.9.9.9", "http://127.9.9.9:80"),
        ("http://[::1]:8000/v1/", "http://[::1]:8000/v1", "http://[::1]:8000"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]", "http://[::1]:80"),
    ],
)
def test_an_address_has_one_spelling_and_one_origin(typed: str, address: str, origin: str) -> None:
    assert tidy_base_url(typed) == address
    assert tidy_base_url(address) == address
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        # Not https, and not this machine.
        ("http://api.openai.com", "would send the key in clear"),
        ("http://192.168.1.5:8000", "would send the key in clear"),
        ("http://10.0.0.1", "would send the key in clear"),
        ("http://localhost.evil.example", "would send the key in clear"),
        ("http://evil-localhost", "would send the key in clear"),
        ("http://[2001:db8::2]", "would send the key in clear"),
        ("http://[::ffff:127.0.0.1]", "would send the key in clear"),
        ("ftp://host", "starts with https://"),
        ("file:///etc/passwd", "starts with https://"),
        ("javascript://host", "starts with https://"),
        ("httpss://host", "starts with https://"),
        ("://host", "starts with https://"),
        # A part that does not belong there.
        ("https://user@host", "user name or password"),
        ("https://user:pass@host/v1", "user name or password"),
        ("user:pass@host", "user name or password"),
        ("https://api.openai.com@evil.example", "user name or password"),
        ("https://@host", "user name or password"),
        ("https://host/v1?key=abc", "query or fragment"),
        ("https://host/v1?", "query or fragment"),
        ("https://host/v1#top", "query or fragment"),
        ("https://host#", "query or fragment"),
        # Metadata services, and nobody's addresses.
        ("https://169.254.169.254/latest/meta-data", "no provider is at this address"),
        ("https://169.254.0.1", "no provider is at this address"),
        ("https://[fe80::1]", "no provider is at this address"),
        ("https://[fe80::1%25eth0]", "no provider is at this address"),
        ("https://[febf::1]", "no provider is at this address"),
        ("https://[fd00:ec2::254]", "no provider is at this address"),
        ("https://[::ffff:169.254.169.254]", "no provider is at this address"),
        ("https://[::ffff:a9fe:a9fe]", "no provider is at this address"),
        ("https://[::ffff:0.0.0.0]", "no provider is at this address"),
        ("https://0.0.0.0:8000", "no provider is at this address"),
        ("https://[::]", "no provider is at this address"),
        ("https://224.0.0.1", "no provider is at this address"),
        ("https://[ff02::1]", "no provider is at this address"),
        ("https://[fd00::1%25eth0]", "no provider is at this address"),
        ("http://[::1%25<script>]", "no provider is at this address"),
        ("https://0.1.2.3", "no provider is at this address"),
        ("https://100.100.100.200/latest/meta-data", "no provider is at this address"),
        ("https://168.63.129.16", "no provider is at this address"),
        ("https://192.0.0.192", "no provider is at this address"),
        ("https://[fd20:ce::254]", "no provider is at this address"),
        ("https://[fd00:42::42]", "no provider is at this address"),
        ("https://metadata.google.internal/computeMetadata/v1", "no provider is at this address"),
        ("https://METADATA.Google.Internal", "no provider is at this address"),
        ("https://metadata.goog", "no provider is at this address"),
        ("https://metadata", "no provider is at this address"),
        ("https://instance-data", "no provider is at this address"),
        # The same in IPv6 clothes: mapped, compatible, NAT64, 6to4, Teredo.
        ("https://[::ffff:100.100.100.200]", "no provider is at this address"),
        ("https://[::169.254.169.254]", "no provider is at this address"),
        ("https://[64:ff9b::169.254.169.254]", "no provider is at this address"),
        ("https://[64:ff9b::6464:64c8]", "no provider is at this address"),
        ("https://[64:ff9b:1::a9fe:a9fe]", "no provider is at this address"),
        ("https://[64:ff9b:1:2:3:4:a9fe:a9fe]", "no provider is at this address"),
        ("https://[2002:a9fe:a9fe::1]", "no provider is at this address"),
        ("https://[2001:0:a9fe:a9fe::1]", "no provider is at this address"),
        ("https://[2001:0:1:2:3:4:5601:5601]", "no provider is at this address"),
        # Numbers that a resolver reads as an address of four bytes.
        ("https://2852039166", "names no host"),
        ("https://0xa9fea9fe", "names no host"),
        ("https://0xA9.0xFE.0xA9.0xFE", "names no host"),
        ("https://0xa9.254.43518", "names no host"),
        ("https://169.254.43518", "names no host"),
        ("https://0251.0376.0251.0376", "names no host"),
        ("https://169.254.169.254.", "names no host"),
        ("https://１６９.254.169.254", "names no host"),
        ("http://0x7f.1", "names no host"),
        ("https://1.2.3.4.5", "names no host"),
        ("https://host.0x", "names no host"),
        # No host at all.
        ("", "names no host"),
        ("https://", "names no host"),
        ("https:///v1", "names no host"),
        ("https://:443", "names no host"),
        ("https://a..b", "names no host"),
        ("https://.host", "names no host"),
        ("https://-host", "names no host"),
        ("https://ho_st", "names no host"),
        ("https://ho%2est", "names no host"),
        ("https://host\\@evil.example", "user name or password"),
        ("https://evil.example\\.host", "names no host"),
        ("https://host;evil", "names no host"),
        (f"https://{'x' * 64}.example", "names no host"),
        # No address at all.
        ("https://[::1", "not an address"),
        ("https://[abc]", "not an address"),
        ("https://host:99999", "not an address"),
        ("https://host:0", "not an address"),
        ("https://host:-1", "not an address"),
        ("https://host:port", "not an address"),
        ("https://host:٤٤٣", "not an address"),
        # White space and control characters.
        ("https://ho st/v1", "spaces or control characters"),
        ("https://host/v1\nevil", "spaces or control characters"),
        ("https://host/\tv1", "spaces or control characters"),
        ("https://host/\x00", "spaces or control characters"),
        ("https://host/\x1b[31m", "spaces or control characters"),
        ("https://host/\u202ev1", "spaces or control characters"),
        ("https://ho\u200bst/v1", "spaces or control characters"),
        # Paths.
        ("https://host/v1/../admin", "path of the address"),
        ("https://host/..", "path of the address"),
        ("https://host/./v1", "path of the address"),
        ("https://host//v1", "path of the address"),
        ("https://host/v1/é", "path of the address"),
        ("https://host/v1;x", "path of the address"),
        ("https://host/v1\\x", "path of the address"),
        ('https://host/"v1"', "path of the address"),
    ],
)
def test_an_address_to_which_no_key_should_go_is_refused(typed: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        tidy_base_url(typed)
    assert "pass" not in str(caught.value).replace("password", "")


@modest
@given(
    st.text(st.characters(), max_size=40), st.sampled_from(["", "https://", "http://", "https://host/", "https://h:"])
)
def test_any_address_is_refused_or_has_one_spelling(typed: str, start: str) -> None:
    try:
        address = tidy_base_url(start + typed)
    except UsageError:
        return
    assert tidy_base_url(address) == address
    assert address.isascii()
    assert address.startswith(("https://", "http://"))
    scheme, _, rest = address.partition("://")
    assert tidy_base_url(origin_of(address)) == f"{scheme}://{rest.partition('/')[0]}"


# ---------------------------------------------------------------------- the values themselves


def test_a_credential_knows_its_name_and_origin() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    credential = Credential("a" * 32, "openai", "work", "wxyz", "https://h.example/v1", (), now, now, 1)
    assert credential.name == "openai/work"
    assert credential.origin == "https://h.example:443"


def test_a_draft_does_not_print_its_secret() -> None:
    draft = Draft("openai", "work", "https://h.example/v1", (), Secret("sk-proj-CANARY-aaaaaaaaaa"))
    assert draft.name == "openai/work"
    assert "CANARY" not in f"{draft} {draft!r}"
