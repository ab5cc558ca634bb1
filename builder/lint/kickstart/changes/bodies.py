"""Sections: their names, flags and, in %packages, their lines."""

from __future__ import annotations

from builder.lint.kickstart.changes import lines, names
from builder.lint.kickstart.changes.rows import FROM7, FROM8, FROM9, FROM10, TO7, TO8, Row

HEADERS: tuple[Row, ...] = (
    Row("%packages", "--nobase", FROM8, "is gone: @base comes only where it is named", lines.without("--nobase")),
    Row("%packages", "--nobase", ("el7",), "has no effect: @base comes only where it is named",
        lines.without("--nobase")),
    *(Row("%packages", option, FROM7, "is gone: dependencies are always resolved", lines.without(option))
      for option in ("--resolvedeps", "--ignoredeps")),
    Row("%packages", "--instLangs", FROM9, "is written --inst-langs", lines.renamed("--instLangs", "--inst-langs")),
    Row("%packages", "--excludeWeakdeps", FROM9, "is written --exclude-weakdeps",
        lines.renamed("--excludeWeakdeps", "--exclude-weakdeps")),
    Row("%packages", "--inst-langs", TO8, "is written --instLangs", lines.renamed("--inst-langs", "--instLangs")),
    Row("%packages", "--exclude-weakdeps", ("el8",), "is written --excludeWeakdeps",
        lines.renamed("--exclude-weakdeps", "--excludeWeakdeps")),
    Row("%packages", "--exclude-weakdeps", TO7, "is unknown: yum has no weak dependencies",
        lines.without("--exclude-weakdeps")),
    Row("%packages", "--excludeWeakdeps", TO7, "is unknown: yum has no weak dependencies",
        lines.without("--excludeWeakdeps")),
    Row("%traceback", "", FROM9, "is written %onerror, which runs at every error", lines.first_word("%onerror")),
    Row("%onerror", "", ("el6",), "is unknown to EL6: %traceback", lines.first_word("%traceback")),
)
# Sections that go as a whole, with their bodies.
GONE: tuple[Row, ...] = (
    Row("%anaconda", "", FROM10, "is gone; it held rules for passwords that are typed in the installer", lines.dropped),
    Row("%anaconda", "", ("el6",), "is unknown to EL6; it holds rules for passwords that are typed in the installer",
        lines.dropped),
)


def package(text: str, source: str, target: str) -> tuple[list[str], str] | None:
    """(lines in place of a line of %packages, why); no lines where a person must decide; None where it stays."""
    name = text.partition("#")[0].strip()
    environment = name.startswith("@^")
    bare = name.removeprefix("@^")
    if not bare or bare.startswith(("-", "@")):
        return None
    found = names.moved(names.ENVIRONMENTS if environment else names.PACKAGES, bare, source, target)
    if found is None:
        return None
    return ([text.replace(bare, found.new, 1)] if found.new else []), f"{name}: {found.why}"


