"""A named API key with what may be shown of it, and the rules of its name and address."""

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arka_tui.errors import UsageError
from arka_tui.secret import Secret
from arka_tui.text import UNSAFE, UNSEEN

if TYPE_CHECKING:
    from arka_tui.check import Check

LABEL_MAX_CHARS = 40
SETTING_MAX_CHARS = 200

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~%-]+)*")
_SETTING = re.compile(r"[!-~]*")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_NEVER = (
    ipaddress.ip_network("0.0.0.0/8"),
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("100.100.100.200/32"),
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("192.0.0.192/32"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::254/128"),
    ipaddress.ip_network("fd20:ce::254/128"),
    ipaddress.ip_network("fd00:42::42/128"),
)
"""Link-local addresses, and those where clouds tell a machine its secrets: AWS, Alibaba, Azure, Oracle, Google and
Scaleway. No provider is there, and what is there answers to anybody."""
_NEVER_NAMED = frozenset(
    {
        *("metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal"),
        *("instance-data", "instance-data.ec2.internal", "metadata.tencentyun.com"),
    }
)
_WITH_IPV4_LAST = tuple(map(ipaddress.ip_network, ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv6 addresses that a network or the system translates into the IPv4 address in their last four bytes."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What may be shown. The secret stays in the store, under `id`."""

    id: str
    provider: str
    label: str
    hint: str
    """The last four characters of the secret, or empty where it is too short to spare them."""
    base_url: str
    """Where its requests go: scheme, host, port and path, without a trailing slash."""
    settings: tuple[tuple[str, str], ...]
    """What the provider needs beside the key, such as organization and project; sorted by name."""
    created_at: datetime
    updated_at: datetime
    rev: int
    """Grows with each change by the user: what another session must not have changed meanwhile."""

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.label}"

    @property
    def origin(self) -> str:
        return origin_of(self.base_url)

    def is_told_by(self, check: "Check") -> bool:
        """Whether it is a test of this secret: by the hint, and where a short one has none, by when it was changed.

        A change of something else then makes it untested too.
        """
        if (check.credential_id, check.hint) != (self.id, self.hint):
            return False
        return bool(self.hint) or self.rev == 1 or check.at >= self.updated_at


def last_checks(credentials: Sequence[Credential], checks: Sequence["Check"]) -> dict[str, "Check"]:
    """By credential id; none of a key that was replaced since. `checks` are oldest first."""
    keys = {credential.id: credential for credential in credentials}
    return {key.id: check for check in checks if (key := keys.get(check.credential_id)) and key.is_told_by(check)}


@dataclass(frozen=True, slots=True)
class Draft:
    """What the user typed for a credential, already checked by the rules below."""

    provider: str
    label: str
    base_url: str
    settings: tuple[tuple[str, str], ...] = ()
    secret: Secret | None = None
    """None keeps the one that is stored."""

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.label}"


def same_name(one: str, other: str) -> bool:
    return fold_name(one) == fold_name(other)


def fold_name(name: str) -> str:
    """Two names that fold alike are one name: case and composed or decomposed accents do not tell them apart."""
    return unicodedata.normalize("NFC", name).casefold()


def tidy_label(text: str) -> str:
    """Raises: UsageError."""
    label = unicodedata.normalize("NFC", text.strip())
    if not label:
        raise UsageError("the label is empty", "a short word for what the key is for: work, ci, laptop")
    if UNSAFE.search(label) or UNSEEN.search(label) or any(unicodedata.category(c)[0] == "C" for c in label):
        raise UsageError("the label has control or invisible characters")
    if len(label) > LABEL_MAX_CHARS:
        raise UsageError(f"the label is longer than {LABEL_MAX_CHARS} characters")
    if re.search(r"\s", label):
        raise UsageError("a label has no spaces", "try " + re.sub(r"\s+", "-", label))
    if "/" in label:
        raise UsageError("a label has no slash", "the slash stands between provider and label")
    return label


def tidy_setting(title: str, text: str) -> str:
    """A header value such as an organization id. Raises: UsageError."""
    value = text.strip()
    if not _SETTING.fullmatch(value):
        raise UsageError(f"{title} has characters that no identifier has")
    if len(value) > SETTING_MAX_CHARS:
        raise UsageError(f"{title} is longer than {SETTING_MAX_CHARS} characters")
    return value


def tidy_base_url(text: str) -> str:
    """The address in its one spelling: lower-case host, punycode, no default port, no trailing slash.

    https anywhere; http only to this machine. Raises: UsageError.
    """
    address = text.strip()
    if "://" not in address:
        address = f"https://{address}"
    if UNSAFE.search(address) or re.search(r"\s", address):
        raise UsageError("the address has spaces or control characters")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        if port == 0:
            raise ValueError
    except ValueError:
        raise UsageError("this is not an address", "it looks like https://host/v1") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise UsageError("an address starts with https://", "http:// works for this machine only")
    if "@" in parts.netloc:
        raise UsageError("the address holds a user name or password", "leave out what stands before the @")
    if parts.query or parts.fragment or "?" in address or "#" in address:
        raise UsageError("the address has a query or fragment", "leave out what follows the ? or #")
    host = _plain_host(host)
    if scheme == "http" and not _is_loopback(host):
        raise UsageError("http:// would send the key in clear", "use https://; http:// works for this machine only")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or "/../" in f"{path}/" or "/./" in f"{path}/":
        raise UsageError("the path of the address has characters that do not belong there")
    shown_host = f"[{host}]" if ":" in host else host
    shown_port = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{shown_host}{shown_port}{path}"


@lru_cache(maxsize=1024)
def origin_of(base_url: str) -> str:
    """scheme://host:port with the port always said: what a stored secret is bound to."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"


def _plain_host(host: str) -> str:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        if "%" in host or any(_is_never(each) for each in (ip, *_ipv4_within(ip))):
            raise UsageError("no provider is at this address")
        return ip.compressed
    try:
        plain = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    if plain in _NEVER_NAMED:
        raise UsageError("no provider is at this address")
    # A last label that is a number makes the system's resolver read the whole as an IPv4 address: 0xa9.254.43518.
    if not _HOST.fullmatch(plain) or ".." in plain or _NUMBER.fullmatch(plain.rpartition(".")[2]):
        raise UsageError("the address names no host", "it looks like https://host/v1")
    return plain


def _is_never(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(ip in network for network in _NEVER) or ip.is_unspecified or ip.is_multicast


def _ipv4_within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """What the packets of an IPv6 address may end at: mapped, compatible, NAT64, 6to4, Teredo."""
    if isinstance(ip, ipaddress.IPv4Address) or ip.is_loopback:
        return []
    last = [ipaddress.IPv4Address(ip.packed[-4:])] if any(ip in network for network in _WITH_IPV4_LAST) else []
    return [*last, *(each for each in (ip.sixtofour, *(ip.teredo or ())) if each)]


def _is_loopback(host: str) -> bool:
    try:
        ip = ipaddress.ip_address(host)
        return ip.is_loopback and getattr(ip, "ipv4_mapped", None) is None  # Python 3.13 and earlier ones disagree
    except ValueError:
        return host == "localhost"
