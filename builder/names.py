"""Names from outside, parsed by fullmatch into one canonical form at the border.

Every parser raises ValueError with a reason fit for a user; none keeps a spelling that a second parser could read
otherwise (RELIABILITY J01-J04, I14).
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOSTNAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")
# A path part of the tree: no leading dot but for known dot files, no dash first (it would read as an option).
PATH_PART = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+~^@-]*")
DOT_FILES = frozenset({".treeinfo", ".discinfo", ".composeinfo"})
# Tokens that the kernel, dracut, NetworkManager, anaconda and GRUB all read alike (REFERENCE 1.1).
SAFE_TOKEN = re.compile(r"[A-Za-z0-9._/:=,@%+?&\[\]~#-]+")
DEVICE = re.compile(r"[a-z][a-z0-9]{1,30}|by-(?:id|path|uuid|label)/[A-Za-z0-9._:+-]{1,200}")
INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")  # 15 characters: IFNAMSIZ - 1 (REFERENCE 1.5); enX0 on Xen
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def shown(text: str) -> str:
    """`text` as it may stand in a message: quoted, control and bidi characters escaped, cut at 80 (RELIABILITY J16)."""
    cut = text if len(text) <= 80 else text[:77] + "..."
    return f'"{escaped(cut)}"'


def escaped(text: str) -> str:
    """`text` with escapes for the characters that are not printable."""
    return text if text.isprintable() else "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def some(words: Iterable[str], most: int = 8) -> str:
    """The first few of `words`, and how many there are beside them."""
    listed = list(words)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def hostname(text: str) -> str:
    """RFC 1123 host name, lower-cased; at most 64 characters (Linux HOST_NAME_MAX)."""
    lower = text.lower()
    if len(lower) > 64 or not HOSTNAME.fullmatch(lower) or not text.isascii():
        raise ValueError(f"{shown(text)} is no host name (letters, digits, dashes, parts joined by dots, at most 64)")
    if re.fullmatch(r"[0-9.]+", lower):
        raise ValueError(f"{shown(text)} is a number or an address, not a host name")
    return lower


def mac(text: str) -> str:
    """A unicast MAC address as aa:bb:cc:dd:ee:ff; takes colons, dashes, Cisco dots or none."""
    if not text.isascii():
        raise ValueError(f"{shown(text)} is no MAC address")
    parts = re.split(r"[:.-]", text)
    digits = "".join(parts).lower()
    if len(parts) > 1 and len({len(p) for p in parts}) == 1 and len(parts[0]) == 2 and len(parts) != 6:
        raise ValueError(f"{len(parts)} bytes, wants 6: {shown(text)}")
    shape = {(2,) * 6, (4,) * 3, (12,)}
    if tuple(len(p) for p in parts) not in shape or not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise ValueError(f"{shown(text)} is no MAC address (six bytes, as in 00:16:3e:12:34:56)")
    if digits == "0" * 12 or int(digits[:2], 16) & 1:
        raise ValueError(f"{shown(text)} is a multicast or empty MAC address; a card has a unicast one")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def xen_mac(*seed: str) -> str:
    """A MAC made from `seed`: always the same for the same words, under Xen's own OUI 00:16:3e."""
    tail = hashlib.sha256("\0".join(seed).encode()).digest()[:3]
    return ":".join(["00", "16", "3e", *(f"{b:02x}" for b in (tail[0] & 0x7F, tail[1], tail[2]))])


def kvm_mac(*seed: str) -> str:
    """The same under 52:54:00, which QEMU and libvirt give to their guests (locally administered)."""
    return f"52:54:00{xen_mac(*seed)[8:]}"


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network


@functools.lru_cache(maxsize=256)  # all hosts of a fleet have the same few gateways and name servers
def address(text: str) -> Address:
    """An IPv4 or IPv6 address; octal parts, zones, blanks and non-ASCII digits are refused."""
    try:
        if not text.isascii() or "%" in text:
            raise ValueError
        return ipaddress.ip_address(text)
    except ValueError:
        kind = "IPv4 address" if re.fullmatch(r"[0-9.]+", text) else "IPv6 address" if ":" in text else "IP address"
        raise ValueError(f"{shown(text)} is no {kind}") from None


def interface_address(text: str) -> Interface:
    """`address/prefix length` of a host: 192.0.2.10/24 or 2001:db8::10/64."""
    host, slash, length = text.partition("/")
    found = address(host)
    if not slash:
        raise ValueError(f"{shown(text)} has no prefix length; write {host}/24" if found.version == 4 else
                         f"{shown(text)} has no prefix length; write {host}/64")
    if not re.fullmatch(r"[0-9]{1,3}", length) or int(length) > found.max_prefixlen or int(length) == 0:
        raise ValueError(f"{shown(length)} is no prefix length of IPv{found.version} (1 to {found.max_prefixlen})")
    kind = ipaddress.IPv4Interface if found.version == 4 else ipaddress.IPv6Interface
    made = kind((int(found), int(length)))
    if found.is_multicast or found.is_unspecified or found.is_loopback:
        raise ValueError(f"{shown(text)} is no address of a machine")
    if made.network.prefixlen < made.max_prefixlen - 1:
        if found == made.network.network_address:
            raise ValueError(f"{shown(text)} is the network itself, not a host in it")
        if found.version == 4 and found == made.network.broadcast_address:
            raise ValueError(f"{shown(text)} is the broadcast address of its network")
    return made


def subnet(text: str) -> Subnet:
    """A network with its prefix length: 198.51.100.0/24. The default route is no route of its own: that is gateway."""
    host, slash, length = text.partition("/")
    found = address(host)
    if not slash or not re.fullmatch(r"[0-9]{1,3}", length) or not 1 <= int(length) <= found.max_prefixlen:
        raise ValueError(f"{shown(text)} is no network; write {host}/{24 if found.version == 4 else 64} "
                         "(the default route is gateway)")
    made = ipaddress.ip_network(f"{found}/{int(length)}", strict=False)
    if made.network_address != found:
        raise ValueError(f"{shown(text)} is a host in {made}; a route is to a network")
    return made


def url(text: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """An absolute URL in canonical form: no trailing slash, query, fragment or user; lower-case scheme and host.

    The trailing slash goes because only EL9 and later strip it (REFERENCE 1.3).
    """
    if not re.fullmatch(r"[!-~]+", text) or re.search(r"[\s\"'\\<>`{}|^$;*()]", text):
        raise ValueError(f"{shown(text)} holds a blank, quote or other character that a URL must write as %XX")
    parts = urlsplit(text)
    scheme = parts.scheme.lower()
    if scheme == "ftp":
        raise ValueError(f"{shown(text)}: ftp is not fetched; most mirrors serve the same tree by https")
    if scheme not in schemes:
        raise ValueError(f"{shown(text)} is no {' or '.join(schemes)} URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{parts.scheme}://...@{parts.hostname} carries a password; it would end up in files and logs")
    if parts.query or parts.fragment:
        raise ValueError(f"{shown(text)} has a query or fragment; an install tree is a plain path")
    try:
        port = parts.port
        host = parts.hostname or ""
        bracketed = f"[{ipaddress.IPv6Address(host)}]" if ":" in host else hostname(host) if not re.fullmatch(
            r"[0-9.]+", host) else str(ipaddress.IPv4Address(host))
    except ValueError:
        raise ValueError(f"{shown(text)} has no usable host and port") from None
    if any(part in (".", "..") for part in parts.path.split("/")):
        raise ValueError(f"{shown(text)} holds . or .. in its path")
    default = {"http": 80, "https": 443}.get(scheme)
    netloc = bracketed if port in (None, default) else f"{bracketed}:{port}"
    return f"{scheme}://{netloc}{re.sub('/+', '/', parts.path).rstrip('/')}"


def tree_path(text: str) -> str:
    """A path inside a tree (RELIABILITY I14): relative, forward slashes, no .., no scheme, ASCII, at most 255 bytes."""
    parts = text.split("/")
    if len(text) > 255 or not all(PATH_PART.fullmatch(p) or p in DOT_FILES for p in parts):
        raise ValueError(f"{shown(text)} is no path inside a tree (relative, plain ASCII, no .. and no leading - or /)")
    return text


def device(text: str) -> str:
    """A disk: xvda, vda, sda, nvme0n1, or by-id/...; a leading /dev/ or /dev/disk/ is dropped."""
    short = re.sub(r"^/dev/(disk/)?", "", text)
    if not DEVICE.fullmatch(short):
        raise ValueError(f"{shown(text)} is no disk name (xvda, vda, sda, nvme0n1, by-id/...)")
    return short


def user(text: str) -> str:
    if not USER.fullmatch(text):
        raise ValueError(f"{shown(text)} is no user name (a-z, 0-9, _ and -, a letter first, at most 32)")
    return text


def interface(text: str) -> str:
    if not INTERFACE.fullmatch(text):
        raise ValueError(f"{shown(text)} is no interface name (at most 15 letters, digits, dots and dashes)")
    return text


def absolute_path(text: str) -> str:
    """An absolute path on another machine (dom0), safe in xl.cfg disk lines and sh without quoting."""
    if not re.fullmatch(r"(/[A-Za-z0-9_+@%=:~][A-Za-z0-9._+@%=:~-]*)+", text) or len(text) > 255:
        raise ValueError(f"{shown(text)} is no plain absolute path (letters, digits, . _ + - and slashes)")
    return text


SIZE_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def size(text: str) -> int:
    """`20 GiB` to bytes. Only binary units, so that nobody has to guess."""
    found = re.fullmatch(r"([1-9][0-9]{0,11}) ?(KiB|MiB|GiB|TiB)", text)
    if not found:
        raise ValueError(f"{shown(text)} is no size; write a whole number and KiB, MiB, GiB or TiB, as in 20 GiB")
    return int(found[1]) * SIZE_UNITS[found[2]]


def safe_token(text: str) -> str:
    """A kernel parameter that every parser of the chain reads alike (REFERENCE 1.1)."""
    if not SAFE_TOKEN.fullmatch(text) or text == "--":
        raise ValueError(f"{shown(text)} is no kernel parameter that all installers read alike "
                         "(no blanks, quotes, backslashes, $ ; * ( ) { } < > |)")
    return text
