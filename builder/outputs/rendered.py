"""A file that a renderer made: where it belongs in the bundle, its text and its mode."""

from __future__ import annotations

from typing import NamedTuple


class Rendered(NamedTuple):
    """`path` is relative to the bundle with forward slashes; `text` becomes UTF-8; `mode` is 0o644, 0o755 or 0o600."""

    path: str
    text: str
    mode: int = 0o644
