"""The file behind an entry of `inventory`: which kind it is by the end of its name, and its bytes."""

from __future__ import annotations

from pathlib import Path

from builder.errors import UsageError
from builder.names import shown

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
            data = stream.read(MOST[kind] + 1)
    except (OSError, ValueError) as reason:
        said = reason.strerror if isinstance(reason, OSError) else "holds a NUL"
        raise UsageError(f"{where}: {said} (looked for {path})",
                         "paths in inventory start at the folder of the file that says them") from None
    if len(data) > MOST[kind]:
        raise UsageError(f"{where} is larger than {MOST[kind] >> 20} MiB; that is no inventory",
                         "leave out what pinboot does not need, or divide it among profiles")
    return data
