"""Files with little grammar: lines alone, boot loader entries (BLS), and GRUB legacy's grub.conf."""

from __future__ import annotations

import re

from builder.lint.media.entry import Entry, Reading


def lines(text: str) -> Reading:
    """One command line a line; one parameter a line, with or without the whole line behind; or a single line.

    Lines that begin with # are comments.
    """
    rows = [(number, row.strip()) for number, row in enumerate(text.split("\n"), 1)]
    full = [(number, row) for number, row in rows if row and not row.startswith("#")]
    if not full:
        return Reading(())
    *before, (last, whole) = full
    singles = [row for _, row in before]
    if before and whole.split() == singles:
        return Reading((_line(whole, last),))
    if len(full) > 1 and all(len(row.split()) == 1 for _, row in full):
        return Reading((_line(" ".join(row for _, row in full), full[0][0]),))
    return Reading(tuple(_line(row, number) for number, row in full))


def _line(text: str, number: int) -> Entry:
    return Entry(title="", line=number, kernel="", text=text)


def bls(text: str) -> Reading:
    """A boot loader entry (Boot Loader Specification): keys and values; options may stand several times."""
    found: dict[str, list[str]] = {}
    first = 1
    for number, row in enumerate(text.split("\n"), 1):
        key, _, value = row.strip().partition(" ")
        if key and not key.startswith("#"):
            found.setdefault(key, []).append(value.strip())
            first = number if key == "options" and len(found[key]) == 1 else first
    kernel = found.get("linux", [""])[-1]
    if not kernel and "options" not in found:
        return Reading(())
    return Reading((Entry(title=found.get("title", [""])[-1], line=first, kernel=kernel, medium="grub",
                          text=" ".join(found.get("options", [])), adds=f"BOOT_IMAGE={kernel}"),))


def grub_legacy(text: str) -> Reading:
    """grub.conf of EL6 and earlier: title, and kernel with the rest of its line as it stands."""
    entries, title = [], ""
    for number, row in enumerate(text.split("\n"), 1):
        key, rest = (*re.split(r"[ \t=]+", row.strip(), maxsplit=1), "")[:2]
        if key == "title":
            title = rest
        elif key == "kernel" and rest:
            words = [word for word in rest.split() if not re.match(r"--(?:type=|no-mem-option)", word)]
            kernel, *options = words or [""]
            entries.append(Entry(title=title, line=number, kernel=kernel, text=" ".join(options), medium="grub"))
    return Reading(tuple(entries))
