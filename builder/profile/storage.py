"""The disk and storage keys of a profile as values: which disks, how they are divided, what is encrypted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, cast

from builder import names
from builder.catalog.generation import GENERATIONS, MIB, Generation
from builder.names import shown
from builder.profile.file import schema
from builder.profile.file.mistakes import Mistakes
from builder.profile.secrets import Secret
from builder.profile.values import Disk, Encryption, Storage, Volume

Layout = Literal["plain", "lvm", "lvm-thin", "raid1"]
LAYOUTS = ("plain", "lvm", "lvm-thin", "raid1")
ORDERS = ("smallest", "largest", "first")
KINDS = ("nvme", "sata", "virtio", "scsi")
RULE = re.compile(rf"({'|'.join(ORDERS)})(?: ({'|'.join(KINDS)}))?")
REST = "rest"
# In the user's own lines: the disk of the host, which a rule finds out only when the machine runs.
DISK_WORD = "@disk@"
# Kickstart commands that divide a disk (REFERENCE 3.2); what is erased and where the boot loader goes stays ours.
COMMANDS = ("part", "partition", "raid", "volgroup", "logvol", "autopart", "btrfs", "mount", "reqpart", "snapshot")
BOOT_MIB = 1024
ESP_MIB = 600  # the most that the installer itself would make (REFERENCE 3.7)
ROOT_MIB = 3072  # a minimal EL9 fills about 1.5 GiB; the root file system grows over what the disk has
LEAST_MIB = 512  # xfs of EL10 wants 300 MiB (xfsprogs 5.19, mkfs.xfs(8))
LEAST = {"/": 2048, "/boot": LEAST_MIB, "/usr": 2048, "/var": 1024}
# What LVM, md and the header of LUKS2 (16 MiB, cryptsetup(8)) take beside the volumes.
OVERHEAD_MIB = 64
MOUNT = re.compile(r"/|(?:/[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,62})+")
# The installer refuses these on a file system of their own ("must be on the root file system").
ON_ROOT = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/mnt", "/proc", "/root", "/run", "/sbin", "/sys")
TANG = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?")
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{27}|[A-Za-z0-9_-]{43}")  # SHA-1 or SHA-256 in base64url (RFC 7638)


def disk(raw: str | tuple[str, ...] | schema.Disk | None, where: str, mistakes: Mistakes, *, guest: str,
         image: str) -> Disk:
    """A name, a list of names, a rule or a table, as a Disk. `guest` is what a guest's first disk is called (empty: a
    machine with disks of its own), `image` where its image is made by default."""
    table = raw if isinstance(raw, schema.Disk) else schema.Disk(name=raw)
    words = (table.name,) if isinstance(table.name, str) else table.name or ()
    if not guest and not words:
        mistakes.add(where, "missing name; which disk of the machine may be erased (vda, sda, by-id/...)?")
    if guest and not table.size and not table.file:
        mistakes.add(where, 'missing size; how large shall the disk be? disk = { size = "20 GiB" }')
    size = mistakes.parsed(where, names.size, table.size) if table.size else None
    if size is not None and size < 4 << 30:
        mistakes.add(where, f'"{table.size}" is too small for an installation (at least 4 GiB)')
    file = mistakes.parsed(where, names.absolute_path, table.file or image) if table.file or guest else None
    rule = RULE.fullmatch(words[0]) if len(words) == 1 else None
    if rule:
        if guest:
            mistakes.add(where, f"{shown(words[0])}: a guest has no disks to choose from; name it {guest}")
        return Disk(name=words[0], size=size, file=file, order=rule[1], kind=rule[2] or "")  # type: ignore[arg-type]
    found = [mistakes.parsed(where, _device, word) or "xvda" for word in words or (guest or "xvda",)]
    if len(set(found)) < len(found):
        mistakes.add(where, "one disk twice")
    if guest and len(found) > 1:
        mistakes.add(where, "several disks; a guest gets one here, and a mirror belongs under it, into its host")
    return Disk(name=found[0], size=size, file=file, others=tuple(found[1:]))


def _device(word: str) -> str:
    if " " in word or word in ORDERS:
        raise ValueError(f"{shown(word)} is no disk and no rule; a rule is one of {', '.join(ORDERS)}, and then, where "
                         f"it matters, one of {', '.join(KINDS)}")
    return names.device(word)


def storage(raw: str | schema.Storage | None, where: str, mistakes: Mistakes,
            secret: Callable[[str, str], Secret | None]) -> Storage:
    """A preset or a table, as a Storage; `secret` reads a reference found under a key."""
    if isinstance(raw, str) and raw not in LAYOUTS:
        wanted = ", ".join(f'"{layout}"' for layout in LAYOUTS)
        mistakes.add(where, f"{shown(raw)} is no layout; wants {wanted}")
    if raw is None or isinstance(raw, str):
        return Storage(layout=cast(Layout, raw) if raw in LAYOUTS else "plain")
    if raw.lines:
        return _own(raw, where, mistakes)
    swap = 1024
    if raw.swap == "0":
        swap = 0
    elif raw.swap is not None:
        swap = mistakes.parsed(f"{where}.swap", _mebibytes, raw.swap) or 1
    return Storage(layout=raw.layout, swap=swap, volumes=_volumes(raw.volumes, f"{where}.volumes", mistakes),
                   encrypt=_encrypt(raw.encrypt, f"{where}.encrypt", mistakes, secret) if raw.encrypt else None)


def _mebibytes(text: str) -> int:
    size = names.size(text)
    if size % MIB:
        raise ValueError(f"{shown(text)} is no whole number of MiB")
    return size // MIB


def _own(raw: schema.Storage, where: str, mistakes: Mistakes) -> Storage:
    if raw.layout != "plain" or raw.volumes or raw.encrypt or raw.swap:
        mistakes.add(f"{where}.lines", "lines of your own stand in place of layout, swap, volumes and encrypt")
    for line in raw.lines:
        mistakes.parsed(f"{where}.lines", own_line, line)
    return Storage(lines=raw.lines)


def own_line(line: str) -> tuple[str, ...]:
    """The words of a kickstart command that divides a disk. Raises ValueError: another command, a secret in it."""
    if not line.isprintable():
        raise ValueError("a line holds a control character")
    try:
        words = tuple(shlex.split(line, comments=True))
    except ValueError:
        raise ValueError("a line with an open quote") from None
    if not words or words[0] not in COMMANDS:
        raise ValueError(f"{shown(words[0] if words else line)} divides no disk; a line starts with one of "
                         f"{', '.join(COMMANDS)}")
    if any(word.startswith("--passphrase") for word in words):
        raise ValueError("--passphrase in clear; encrypt = { passphrase = \"file:...\" } with a layout keeps it out of "
                         "the profile")
    return words


def _volumes(raw: Mapping[str, str], where: str, mistakes: Mistakes) -> tuple[Volume, ...]:
    found = [volume for mount, text in raw.items() if (volume := _volume(mount, text, where, mistakes))]
    if raw and "/" not in raw:
        mistakes.add(where, 'no "/"; the root file system needs a size, or "rest"')
    greedy = [volume.mount for volume in found if volume.size is None]
    if len(greedy) > 1:
        mistakes.add(where, f"{' and '.join(greedy)} both want the rest")
    by_name: dict[str, str] = {}
    for volume in found:
        first = by_name.setdefault(volume_name(volume.mount), volume.mount)
        if first != volume.mount:
            mistakes.add(where, f"{first} and {volume.mount} would be volumes of the same name")
    return tuple(sorted(found, key=lambda volume: volume.mount))


def _volume(mount: str, text: str, where: str, mistakes: Mistakes) -> Volume | None:
    key = f"{where}.{mount}"
    if mount == "swap":
        mistakes.add(key, 'swap has its own key: storage = { swap = "2 GiB" }')
    elif mount == "/boot/efi":
        mistakes.add(key, 'is made by firmware = "uefi"')
    elif not MOUNT.fullmatch(mount) or ".." in mount.split("/"):
        mistakes.add(key, f"{shown(mount)} is no place for a file system; write /, /home, /var/log")
    elif any(mount == path or mount.startswith(f"{path}/") for path in ON_ROOT):
        mistakes.add(key, f"{mount} must be on the root file system")
    elif text == REST:
        if mount == "/boot":
            mistakes.add(key, "/boot takes no rest; give it a size")
        return Volume(mount=mount, size=None)
    else:
        size = mistakes.parsed(key, _mebibytes, text)
        least = LEAST.get(mount, LEAST_MIB)
        if size is not None and size < least:
            mistakes.add(key, f"{shown(text)} is too small for {mount} (at least {least} MiB)")
        return Volume(mount=mount, size=size or least)
    return None


def volume_name(mount: str) -> str:
    """The name of a logical volume: root, home, var_log."""
    return mount.strip("/").replace("/", "_") or "root"


def _encrypt(raw: schema.Encrypt, where: str, mistakes: Mistakes,
             secret: Callable[[str, str], Secret | None]) -> Encryption | None:
    if raw.passphrase is None:
        mistakes.add(f"{where}.passphrase", 'missing; the installer needs one: passphrase = "file:secrets/luks"')
    if raw.tang is not None and not TANG.fullmatch(raw.tang):
        mistakes.add(f"{where}.tang", f"{shown(raw.tang)} is no plain http URL of a tang server")
    if raw.thumbprint is not None and not THUMBPRINT.fullmatch(raw.thumbprint):
        mistakes.add(f"{where}.thumbprint", f"{shown(raw.thumbprint)} is no thumbprint; tang-show-keys prints it")
    if raw.thumbprint and not raw.tang:
        mistakes.add(f"{where}.thumbprint", "is that of a tang server, which encrypt.tang names")
    passphrase = secret(f"{where}.passphrase", raw.passphrase) if raw.passphrase else None
    return Encryption(passphrase=passphrase or Secret("none"), tang=raw.tang or "", thumbprint=raw.thumbprint or "")


def conflicts(chosen: Disk, wanted: Storage, firmware: str, generation: Generation) -> Iterator[tuple[str, str]]:
    """(key, reason) for everything that this generation's installer cannot make of these three together."""
    name = generation.name.upper()
    old = generation is GENERATIONS["el6"]
    if wanted.layout == "raid1" and not chosen.others:
        yield "storage", 'raid1 wants two disks: disk = ["sda", "sdb"]'
    if wanted.layout != "raid1" and chosen.others and not wanted.lines:
        yield "disk", 'several disks are for storage = "raid1"; else one disk is erased and used'
    if wanted.layout == "raid1" and not firmware:
        yield "firmware", 'raid1 must know it, for every disk gets its own boot partition: firmware = "uefi" or "bios"'
    if old and wanted.layout == "raid1" and firmware == "uefi":
        yield "firmware", f"{name} cannot mirror /boot/efi; storage = \"lvm\", or firmware = \"bios\""
    if old and wanted.layout == "lvm-thin":
        yield "storage", f"the installer of {name} has thin pools only from 6.4, and its initramfs no tools for them"
    if wanted.encrypt and wanted.encrypt.tang and old:
        yield "storage.encrypt.tang", f"{name} has no clevis; the passphrase must be typed at boot"
    if wanted.encrypt and wanted.encrypt.tang and generation.name == "el7" and not wanted.encrypt.thumbprint:
        yield "storage.encrypt.thumbprint", ("missing; clevis of EL7 would stop and ask whether to trust the server's "
                                             "key: thumbprint = what tang-show-keys prints")
    if chosen.size is not None and wanted.volumes and least(wanted, firmware) > chosen.size // MIB:
        yield "storage.volumes", (f"/boot, swap and the volumes take {least(wanted, firmware)} MiB; the disk has "
                                  f"{chosen.size // MIB} MiB")


def boot_size(wanted: Storage) -> int:
    """MiB of /boot."""
    return next((volume.size for volume in wanted.volumes if volume.mount == "/boot" and volume.size), BOOT_MIB)


def volumes(wanted: Storage) -> tuple[Volume, ...]:
    """The file systems beside /boot; the whole disk is the root's where the profile says nothing."""
    return tuple(v for v in wanted.volumes if v.mount != "/boot") or (Volume(mount="/", size=None),)


def least_of(volume: Volume) -> int:
    """MiB that a volume takes before anything grows."""
    return volume.size if volume.size is not None else ROOT_MIB if volume.mount == "/" else LEAST_MIB


def least(wanted: Storage, firmware: str) -> int:
    """MiB that the layout takes before anything grows; for lines of the user, a system without swap."""
    if wanted.lines:
        return BOOT_MIB + ROOT_MIB
    total = boot_size(wanted) + wanted.swap + sum(least_of(volume) for volume in volumes(wanted))
    total += ESP_MIB if firmware == "uefi" else 0
    return total + (OVERHEAD_MIB if wanted.volumes or wanted.encrypt else 0)
