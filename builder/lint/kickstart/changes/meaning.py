"""What both releases read, and the later one takes otherwise; and what it does otherwise where nothing is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from builder.lint.kickstart.changes.names import ORDER
from builder.lint.kickstart.text.outline import Outline

ETHERNET = re.compile(r"eth[0-9]+(?:\.[0-9]+)?")


class Look(NamedTuple):
    """What a person should look at: `new` is a proposal, or empty; a `default` is no more than a note."""

    line: int
    old: str
    new: str
    why: str
    default: bool = False


Teller = Callable[[Outline], Iterator[Look]]


def _root_ssh(outline: Outline) -> Iterator[Look]:
    for command in outline.named("rootpw"):
        if not command.has("--allow-ssh", "--lock"):
            yield Look(command.line, command.text, f"rootpw --allow-ssh{command.text.strip()[6:]}",
                       "since EL9 root may log in over ssh with a key only, unless --allow-ssh says otherwise")


def _selinux(outline: Outline) -> Iterator[Look]:
    for command in outline.named("selinux"):
        if command.has("--disabled"):
            yield Look(command.line, command.text, "selinux --permissive",
                       "since EL9 the kernel starts with SELinux on and without a policy; selinux=0 on the boot line "
                       "switches it off")


def _cards(outline: Outline) -> Iterator[Look]:
    kept = any("net.ifnames=0" in command.text for command in outline.named("bootloader"))
    for command in outline.named("network"):
        name = next((value for value in command.values("--device") if ETHERNET.fullmatch(value)), "")
        if name and not kept:
            yield Look(command.line, command.text, command.text.replace(name, "link", 1),
                       f"since EL7 cards are named by their place (ens3, eno1): {name} may be none of them; link is "
                       "the first with a cable, a MAC address is always right")


def _base(outline: Outline) -> Iterator[Look]:
    for section in outline.sections:
        if section.name == "%packages" and not any(word.option == "--nobase" for word in section.words):
            yield Look(section.line, section.text, "", "EL6 adds @base by itself, later releases only @core: add "
                       "@base, or @^minimal, as far as you miss it", True)


def _filesystem(outline: Outline) -> Iterator[Look]:
    for command in outline.named("autopart", "part", "partition", "logvol"):
        if not command.has("--fstype", "--onpart", "--noformat") and "swap" not in command.bare and not any(
                word.startswith(("pv.", "raid.")) for word in command.bare):
            yield Look(command.line, command.text, "", "where no --fstype is said, EL7 and later make xfs, which does "
                       "not shrink; EL6 made ext4", True)
            return


def _label(outline: Outline) -> Iterator[Look]:
    parts = outline.named("part", "partition")
    made = {word for command in parts for word in command.bare}
    if parts and not made & {"biosboot", "/boot/efi", "prepboot"} and not outline.named("reqpart", "autopart"):
        yield Look(parts[0].line, parts[0].text, f"reqpart\n{parts[0].text}",
                   "the installer makes a GPT on BIOS machines too, where GRUB needs a biosboot partition: reqpart "
                   "adds what the firmware wants")


def _luks(outline: Outline) -> Iterator[Look]:
    for command in outline.named("autopart", "part", "partition", "logvol", "raid"):
        if command.has("--encrypted") and not command.has("--luks-version"):
            yield Look(command.line, command.text, "", "LUKS2 with Argon2 since EL8, which wants up to 1 GiB of memory "
                       "to unlock; --luks-version=luks1 as before", True)
            return


# The first generation that takes it otherwise, and who tells. GPT on BIOS: anaconda release notes,
# default_disk_label_type; LUKS2: REFERENCE 3.2 and RHEL 8 Security hardening.
MEANINGS: tuple[tuple[str, Teller], ...] = (
    ("el7", _cards), ("el7", _base), ("el7", _filesystem), ("el8", _luks), ("el9", _root_ssh), ("el9", _selinux),
    ("el10", _label),
)


def between(outline: Outline, source: str, target: str) -> list[Look]:
    start, end = ORDER.index(source), ORDER.index(target)
    return [look for since, tell in MEANINGS if start < ORDER.index(since) <= end for look in tell(outline)]
