"""At the border: bytes of a mirror become text and digests, or a refusal that names what came instead."""

from __future__ import annotations

import re

from builder.digest import HEX_LENGTH, Digest
from builder.errors import HostileInput
from builder.names import shown

# Digests that are known but never count (RELIABILITY I03); repomd spells sha1 as `sha`, productmd takes bare hex.
WEAK = {"md5": 32, "sha": 40, "sha1": 40, "sha224": 56}
BARE = {32: "md5", 40: "sha1", 64: "sha256"}
# C0 and C1 controls, and the invisible and direction marks that make a text look like another (RELIABILITY J16).
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
HTML = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
TITLE = re.compile(rb"<title[^>]*>([^<]{1,80})", re.IGNORECASE)
MAGIC = {b"\x1f\x8b": "gzip data", b"BZh": "bzip2 data", b"\xfd7zXZ": "xz data", b"\x28\xb5\x2f\xfd": "zstd data",
         b"PK\x03\x04": "a zip archive", b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text",
         b"\xef\xbb\xbf": "text with a byte order mark"}
LOGIN = "open the address in a browser: a login page, a proxy or an error page answers there instead of the mirror"


def refusal(where: str, problem: str, found: str, wanted: str, hint: str = "") -> HostileInput:
    """The one shape of a refusal: the file and the place in it, then both sides."""
    return HostileInput(f"{where}: {problem}\n  found   {found}\n  wanted  {wanted}", hint)


def text(data: bytes, where: str, what: str, limit: int) -> str:
    """`data` as UTF-8 text without control characters; line ends stay as they are.

    `what` names what is due (a .treeinfo), `limit` is its longest size in bytes. Raises HostileInput.
    """
    if len(data) > limit:
        raise refusal(where, f"too long for {what}", f"{len(data)} bytes", f"at most {limit} bytes")
    if not data.strip():
        raise refusal(where, f"empty where {what} is due", f"{len(data)} bytes, none of them text", what)
    page = html(data)
    if page:
        raise refusal(where, f"HTML where {what} is due (a login page?)", page, what, LOGIN)
    kind = next((name for magic, name in MAGIC.items() if data.startswith(magic)), "")
    if not kind and b"\0" in data:
        kind = "binary data"
    if kind:
        raise refusal(where, f"not {what}", kind, "UTF-8 text without a byte order mark")
    try:
        decoded = data.decode()
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise refusal(where, f"line {line} is not UTF-8", f"the byte {data[e.start]:#04x}, as in latin-1",
                      "UTF-8 text") from e
    bad = CONTROLS.search(decoded)
    if bad:
        line = decoded.count("\n", 0, bad.start()) + 1
        raise refusal(where, f"line {line} holds a control character", shown(bad[0]), "printable text")
    return decoded


def html(data: bytes) -> str:
    """What the page calls itself where `data` is HTML, else empty."""
    head = data[:4096]
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or not HTML.search(head):
        return ""
    title = TITLE.search(head)
    if title is None:
        return "an HTML page"
    return f"an HTML page with the title {shown(' '.join(title[1].decode('utf-8', 'replace').split()))}"


def digest(algorithm: str, value: str) -> Digest | str:
    """A digest of a mirror's file, or the reason why it does not count (md5, sha1).

    Raises ValueError where it is no digest at all: unknown algorithm, wrong length, not hex.
    """
    name, hexadecimal = algorithm.strip().lower(), value.strip().lower()
    if name in HEX_LENGTH:
        return Digest(name, hexadecimal)
    if name not in WEAK:
        raise ValueError(f"{shown(algorithm)} is no digest algorithm that is known ({', '.join(HEX_LENGTH)})")
    if not re.fullmatch(rf"[0-9a-f]{{{WEAK[name]}}}", hexadecimal):
        raise ValueError(f"{shown(value)} is no {name} digest of {WEAK[name]} hex digits")
    return f"{'sha1' if name == 'sha' else name} is weak and never counts"
