"""The row of a name, and what is known of the names that installers leave to others."""

from __future__ import annotations

from builder.lint.line.targets import Target
from builder.lint.line.words import installer, network
from builder.lint.line.words.row import Row

ROWS = (*installer.ROWS, *network.ROWS)
INDEX: dict[str, Row] = {name: row for row in ROWS for name in (row.bare, row.prefixed) if name}
# Who reads other words, by their beginning; the longest first.
OTHERS = (
    ("BOOT_IMAGE", "the loader's mark: which kernel it was"),
    ("initrd", "the loader: which initrd goes along"),
    ("console", "kernel: where it writes"),
    ("fips", "kernel, dracut and anaconda: FIPS mode"),
    ("rd.", "dracut"),
    ("systemd.", "systemd"),
    ("luks.", "systemd"),
    ("udev.", "udev"),
    ("net.ifnames", "udev: names of cards"),
    ("biosdevname", "udev: names of cards"),
    ("modprobe.blacklist", "modprobe: modules that are not loaded"),
    ("netroot", "dracut"),
    ("root", "kernel and dracut: the root file system"),
)


def find(name: str, target: Target) -> Row | None:
    """The row of `name`; EL6's loader compares without regard to letter case (strcasecmp), but for BOOTIF."""
    found = INDEX.get(name)
    if found is None and target.backend == "loader":
        return INDEX.get(name.lower())
    return found


def read(name: str, target: Target) -> Row | None:
    """The row of `name`, where the target reads it as it is written here."""
    row = find(name, target)
    return row if row is not None and row.reads(name, target) else None


def other(name: str, target: Target) -> str:
    """Who reads a word that is in no row."""
    if name.startswith("inst."):
        return "nobody known"
    if target.backend == "loader" and name.startswith("rd."):
        return "nobody: this installer has no dracut"
    for beginning, who in OTHERS:
        if name == beginning or (beginning.endswith(".") and name.startswith(beginning)):
            return who
    module, dot, _ = name.partition(".")
    return f"the module {module}" if dot and module else "kernel, or init"
