"""The most bytes that a file of each kind may have: a cap for every stream from outside (RELIABILITY N17).

Caps are some ten times the largest real file of the kind, so that they stop an endless body and nothing else.
"""

from __future__ import annotations

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

CAPS: dict[str, int] = {
    "treeinfo": 1 * MIB,  # real ones: at most 20 KiB
    "discinfo": 64 * KIB,  # four lines
    "composeinfo": 1 * MIB,  # an INI file of a dozen variants
    "metalink": 1 * MIB,  # a few hundred mirrors
    "checksum": 1 * MIB,  # CHECKSUM, sha256sum.txt.asc: a line per ISO
    "signature": 1 * MIB,  # a detached signature is 1 KiB
    "key": 1 * MIB,  # RPM-GPG-KEY-*: a few KiB, more with many signatures
    "repomd": 16 * MIB,  # 3 to 10 KiB; the cap of the reference list
    "comps": 64 * MIB,  # Fedora's group file: 2 MiB unpacked
    "modules": 64 * MIB,  # EL8's modules.yaml: 1 MiB unpacked
    "primary": 512 * MIB,  # Fedora Everything: 20 MiB packed
    "metadata": 2 * GIB,  # filelists and other of a big repository
    "kernel": 256 * MIB,  # vmlinuz: 4 to 15 MiB
    "initrd": 1 * GIB,  # EL10: 170 MiB
    "stage2": 4 * GIB,  # install.img: 0.1 to 1 GiB
    "image": 4 * GIB,  # boot.iso, efiboot.img, updates.img, product.img
    "header": 64 * MIB,  # a package up to the end of its header: 5 MiB in EL9, where every file has an IMA signature
    "loader": 64 * MIB,  # shim: 1 MiB, GRUB: 2 to 4 MiB
    "rpm": 8 * GIB,  # the largest packages of the field are some 3 GiB
    "iso": 64 * GIB,  # EL9 DVD: 12 GiB
    "file": 4 * GIB,  # anything else that a tree holds: EULA, release notes
}

# Kinds of which a file may rightly be empty or an HTML page.
LOOSE = frozenset({"file"})
