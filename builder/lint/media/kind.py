"""Which kind of file it is, by its name and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from builder.lint.line.words import known
from builder.lint.media import grub, ipxe, libvirt, plain, pxelinux
from builder.lint.media.entry import Reader
from builder.lint.media.xl import guest

READERS: Mapping[str, Reader] = {
    "line": plain.lines,
    "pxelinux": pxelinux.pxelinux,
    "isolinux": pxelinux.isolinux,
    "grub": grub.read,
    "grub-legacy": plain.grub_legacy,
    "ipxe": ipxe.read,
    "xl": guest.read,
    "libvirt": libvirt.read,
    "bls": plain.bls,
}
# Scripts, TOML, JSON and kickstarts, whose lines look like those of xl, of pxelinux or like words of a command line.
OTHERS = re.compile(r"\A#!(?![ig]pxe\b)|^\[{1,2}[A-Za-z_][\w.\"' -]*\]{1,2}[ \t]*$|\A\s*[{\[]\s*\""
                    r"|^%(?:packages|pre|post|end)\b", re.MULTILINE)
# The first of which all patterns are found; each looks for what no other kind has.
CONTENT = (
    ("ipxe", r"\A#!(?:ipxe|gpxe)\b"),
    ("libvirt", r"\A\ufeff?\s*<(?:\?xml|!--|domain\b)"),
    ("grub", r"^[ \t]*(?:(?:menuentry|submenu)[ \t]|(?:linux|linux16|linuxefi)[ \t]+\S+[ \t]+\S+=)"),
    ("grub-legacy", r"^[ \t]*title[ \t]", r"^[ \t]*kernel[ \t]+\S"),
    ("xl", r"^[ \t]*(?:name|memory|kernel|ramdisk|extra|cmdline|root|bootloader|builder|type|disk|vif)[ \t]*\+?=[ \t]*"
           r"[\"'\[0-9]"),
    ("pxelinux", r"(?i)^[ \t]*(?:label[ \t]+\S|(?:append|kernel)[ \t]+\S)"),
    ("bls", r"^options[ \t]+\S"),
)
# What stands in command lines without an installer.
COMMON = frozenset({"root", "console", "BOOT_IMAGE"})
ISOLINUX = re.compile(r"(?i)(?:isolinux|syslinux|extlinux)(?:\.cfg|\.conf)?(?:\.\w+)?$")


def of(name: str, text: str) -> str:
    """One of READERS; `name` is the file's own name. A file that is none of the others holds lines if it has but one,
    or if one of its words is an installer's; else nobody knows it: empty."""
    if re.search(r"/loader/entries/[^/]+\.conf$", name):
        return "bls"
    for kind, *patterns in CONTENT:
        if all(re.search(pattern, text, re.MULTILINE) for pattern in patterns):
            if kind in ("xl", "pxelinux") and OTHERS.search(text):
                return ""
            return "isolinux" if kind == "pxelinux" and ISOLINUX.search(name) else kind
    if OTHERS.search(text):
        return ""
    rows = [row for row in text.split("\n") if row.strip() and not row.lstrip().startswith("#")]
    return "line" if len(rows) == 1 or any(_is_told(word) for row in rows for word in row.split()) else ""


def _is_told(word: str) -> bool:
    """Whether a word stands in command lines alone, not in prose."""
    name, equals, _ = word.partition("=")
    return name.startswith("inst.") or bool(equals and (name in known.INDEX or name in COMMON))
