"""One small file, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from builder.errors import Missing
from builder.media.pack import place


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Temp file beside `path`, fsync, rename, fsync of the directory (RELIABILITY L09). Raises Missing."""
    try:
        with place.hidden(path, folder=False) as (partial, descriptor):
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                stream.write(data)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            place.replace_file(partial, path)
    except OSError as reason:
        raise Missing(f"{path}: cannot be written: {reason.strerror}", "nothing half-written is left") from reason
