"""The file behind an entry of `inventory`: which kind it is by the end of its name, and its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from builder.errors import UsageError
from builder.names import shown

PIECE = 1 << 20
# The most bytes of each kind: 100,000 rows of CSV are 10 MB, 10,000 hosts with all that NetBox says of them 50.
MOST = {".csv": 32 << 20, ".tsv": 32 << 20, ".json": 128 << 20}


def read(path: Path, entry: str, profile: str) -> bytes:
    """The bytes at `path`, which `entry` of the file `profile` names. Raises UsageError."""
    where, kind = f"{profile}: inventory: {shown(entry)}", path.suffix.lower()
    if kind == ".toml":
        raise UsageError(f"{where} is a profile, not an inventory",
                         f'a TOML file with [host.NAME] tables goes into extends = ["{entry}"]')
    if kind not in MOST:
        raise UsageError(f"{where} is no kind of inventory that is known by its name",
                         "hosts.csv (or .tsv) for a table, hosts.json for what ansible-inventory --list prints")
    try:
        with path.open("rb") as stream:
            data = _capped(stream, MOST[kind])
    except (OSError, ValueError) as reason:
        said = reason.strerror if isinstance(reason, OSError) else "holds a NUL"
        raise UsageError(f"{where}: {said} (looked for {path})",
                         "paths in inventory start at the folder of the file that says them") from None
    if len(data) > MOST[kind]:
        raise UsageError(f"{where} is larger than {MOST[kind] >> 20} MiB; that is no inventory",
                         "leave out what pinboot does not need, or divide it among profiles")
    return data


def _capped(stream: BinaryIO, most: int) -> bytes:
    """All that is there, or a byte more than `most`; asked for at once, so much memory would be taken for any file."""
    made = bytearray()
    while len(made) <= most and (piece := stream.read(min(PIECE, most + 1 - len(made)))):
        made += piece
    return bytes(made)
