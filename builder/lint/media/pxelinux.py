"""pxelinux and isolinux (syslinux com32/elflink/ldlinux/readconfig.c, doc/config.txt): APPEND is the rest of its line
as it stands, a label's own replaces the global one, and INITRD and SYSAPPEND are put behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from builder.finding import Finding
from builder.lint.line.rules import warning
from builder.lint.media.entry import Entry, Reading

# Files that are no Linux kernel though KERNEL starts them.
OTHER = re.compile(r"(?i)\.(?:c32|com|cbt|0|bs|bss|bin|img|lkrn|efi)$|memdisk$|memtest")
KERNELS = ("kernel", "linux")
# What SYSAPPEND 2 puts there: the card by its MAC, for which this one stands.
CARD = "BOOTIF=01-00-00-00-00-00-00"


@dataclass(slots=True)
class _Label:
    name: str
    line: int
    sysappend: int
    kernel: str = ""
    append: str | None = None
    initrd: str = ""
    shown: str = ""
    findings: list[Finding] = field(default_factory=list)


def isolinux(text: str) -> Reading:
    """The same grammar; there is no card to tell of."""
    return Reading(tuple(_entry(replace(label, sysappend=0), everywhere) for label, everywhere in _labels(text)))


def pxelinux(text: str) -> Reading:
    return Reading(tuple(_entry(label, everywhere) for label, everywhere in _labels(text)))


def _labels(text: str) -> list[tuple[_Label, str]]:
    """Labels that start a kernel, each with the APPEND that stands above all of them."""
    labels: list[_Label] = []
    everywhere, sysappend, in_help = "", 0, False
    for number, line in enumerate(text.split("\n"), 1):
        word, _, rest = line.rstrip("\r").strip(" \t").partition(" ")
        word, rest = _cut(word, rest)
        if in_help or word == "text":
            in_help = word != "endtext"
            continue
        label = labels[-1] if labels else None
        if word == "label":
            labels.append(_Label(rest.split()[0] if rest.split() else "", number, sysappend))
        elif word == "append":
            if label:
                label.append = rest
            else:
                everywhere = rest
        elif word in ("ipappend", "sysappend") and rest:
            bits = _number(rest)
            if label:
                label.sysappend = bits
            else:
                sysappend = bits
        elif label:
            _of_label(label, word, rest)
    return [(label, everywhere) for label in labels if _is_linux(label)]


def _cut(word: str, rest: str) -> tuple[str, str]:
    """A keyword in lower case, and what follows; a tab parts them as a blank does."""
    first, tab, behind = word.partition("\t")
    return first.lower(), (f"{behind} {rest}" if tab else rest).strip(" \t")


def _of_label(label: _Label, word: str, rest: str) -> None:
    if word in KERNELS:
        label.kernel = rest
    elif word == "initrd":
        label.initrd = rest
    elif word == "menu" and rest.lower().startswith("label"):
        label.shown = rest[5:].strip().replace("^", "")
    elif word in ("localboot", "com32", "boot", "bss", "pxe", "fdimage", "comboot", "config"):
        label.kernel = ""


def _number(text: str) -> int:
    """strtoul(text, 0, 0) of what stands first."""
    found = re.match(r"0[xX][0-9a-fA-F]{1,8}|[0-9]{1,9}", text)
    return int(found[0], 16 if found[0][:2].lower() == "0x" else 10) if found else 0


def _is_linux(label: _Label) -> bool:
    first = label.kernel.split()
    return bool(first) and not OTHER.search(first[0])


def _entry(label: _Label, everywhere: str) -> Entry:
    kernel, _, options = label.kernel.partition(" ")
    append = everywhere if label.append is None else label.append
    text = " ".join(part for part in (options.strip(), "" if append == "-" else append,
                                      f"initrd={label.initrd}" if label.initrd else "",
                                      CARD if label.sysappend & 2 else "") if part)
    if len(re.findall(r"(?:^|\s)initrd=", text)) > 1:
        label.findings.append(warning("loader-initrd", "two initrd=: pxelinux loads the last one",
                                      "name all of them in one, joined by commas"))
    return Entry(title=label.shown or label.name, line=label.line, kernel=kernel, text=text, medium="pxelinux",
                 adds=f"BOOT_IMAGE={kernel}", adds_ip=bool(label.sysappend & 1), findings=tuple(label.findings))
