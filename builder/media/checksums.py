"""SHA256SUMS and verify.sh: a bundle proves itself on a machine that has no pinboot."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from importlib import resources

from builder.media.entry import Entry, long_text, text_entry
from builder.media.listing import listing
from builder.media.listing.listing import Line, encoded

PATH = "SHA256SUMS"
# Who signs, signs this list: an ssh signature (OpenSSH PROTOCOL.sshsig), a detached OpenPGP one (RFC 9580 10.4).
SSH, OPENPGP = f"{PATH}.sig", f"{PATH}.asc"
SIGNATURES = (SSH, OPENPGP)
# Names that coreutils write without escapes and that verify.sh reads as one word of a line.
PLAIN = re.compile(r"[A-Za-z0-9._+@%=:~/-]+")
LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._+@%=:~/-]+)")


def build(entries: Iterable[Entry]) -> Entry:
    """SHA256SUMS of every entry, in the words of sha256sum(1). Raises ValueError for a name that is not plain."""
    files = listing.of(entries)
    return long_text(PATH, (files.spool.take(encoded(map(_line, files.lines()))),))


def _line(file: Line) -> str:
    if not PLAIN.fullmatch(file.path) or file.path in (PATH, *SIGNATURES):
        raise ValueError(f"{file.path!r} is no name for a file of a bundle")
    return f"{file.sha256}  {file.path}\n"


def parse(data: bytes) -> dict[str, str]:
    """Path to hex digest. Raises ValueError as `lines` does."""
    return dict(lines(io.BytesIO(data)))


def lines(file: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Path and hex digest, line by line. Raises ValueError for a line of another shape, and for a path that stands
    twice or out of order."""
    last = ""
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            raise ValueError("its last line is cut")
        match = LINE.fullmatch(line[:-1].decode("ascii"))
        if not match or match[2] <= last:
            raise ValueError(f"line {number} is no new checksum")
        last = match[2]
        yield last, match[1]


def script() -> Entry:
    """verify.sh."""
    return text_entry("verify.sh", resources.files(__package__).joinpath("verify.sh").read_bytes(), mode=0o755)
