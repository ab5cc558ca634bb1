"""The starter profiles that come with pinboot: read-only, found in a wheel and in an editable install alike."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def folder() -> Path:
    """Where the starters are. A wheel carries them inside the package; an editable install has the checkout's folder
    beside it (hatchling's force-include leaves no copy there)."""
    packaged = Path(str(resources.files("builder"))) / "data" / "profiles"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "profiles"


def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder().glob("*.toml")))


def path(name: str) -> Path | None:
    """The starter called `name`, or None."""
    found = folder() / f"{name}.toml"
    return found if name in names() else None


def is_starter(candidate: Path) -> bool:
    return candidate.resolve().parent == folder().resolve()
