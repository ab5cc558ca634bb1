"""Clear-signed text taken apart (RFC 9580 7): the lines that the signature covers, and the signature.

Stricter than the RFC: nothing may stand outside the block, and no header but Hash, for a reader could take such text
for signed. The Hash header itself is not believed; the signature packet says which digest it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
MIDDLE = b"-----BEGIN PGP SIGNATURE-----"
END = b"-----END PGP SIGNATURE-----"
BLANKS = b" \t\r"


@dataclass(frozen=True, slots=True)
class ClearText:
    """`text` has LF line ends, no blanks at the ends of lines, no last line end; `signature` is the armored block."""

    text: bytes
    signature: bytes


def canonical(text: bytes) -> bytes:
    """Text with LF line ends as a signature of type 1 covers it: CRLF (RFC 9580 5.2.1.2)."""
    return text.replace(b"\n", b"\r\n")


def read(data: bytes) -> ClearText:
    """Raises ValueError with what is wrong."""
    lines = [line.rstrip(BLANKS) for line in data.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    if not lines or lines[0] != BEGIN:
        raise ValueError("text before the signed block" if BEGIN in lines else "no clear-signed text")
    if MIDDLE not in lines or lines[-1] != END:
        raise ValueError("text behind the signed block" if END in lines else "a clear-signed text that is cut off")
    start, middle = _start(lines), lines.index(MIDDLE)
    if END in lines[:-1] or BEGIN in lines[middle:] or middle < start:
        raise ValueError("a second block behind the signed one")
    text = b"\n".join(_plain(line) for line in lines[start:middle])
    if b"\r" in text:
        # Some readers end a line there, others do not: nobody knows which text was signed.
        raise ValueError("a carriage return inside a line of the signed text")
    return ClearText(text, b"\n".join(lines[middle:]))


def _start(lines: Sequence[bytes]) -> int:
    """The first line of the text: behind the headers and one empty line."""
    for number, line in enumerate(lines[1:], 1):
        if not line:
            return number + 1
        if not line.startswith(b"Hash: "):
            raise ValueError("a line between the headers and the text that no signature covers")
    raise ValueError("a clear-signed text that is cut off")


def _plain(line: bytes) -> bytes:
    """Without the escape that stands before every dash (RFC 9580 7.2)."""
    if line.startswith(b"- "):
        return line[2:]
    if line.startswith(b"-"):
        raise ValueError("a line of the signed text that begins with a bare dash: a second block?")
    return line
