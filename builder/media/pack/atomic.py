"""One small file, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from builder.errors import Missing


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Temp file beside `path`, fsync, rename, fsync of the directory (RELIABILITY R1). Raises Missing."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, mode)
                stream.write(data)
                stream.flush()
                os.fsync(descriptor)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        sync_directory(path.parent)
    except OSError as reason:
        raise Missing(f"{path}: cannot be written: {reason.strerror}", "nothing half-written is left") from reason


def sync_directory(folder: Path) -> None:
    """Make a rename in `folder` last through a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
