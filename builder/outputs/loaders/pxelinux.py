"""pxelinux: a file per MAC and per IPv4 address, and `default`, which starts the local disk unless a person chooses.

The grammar is a keyword and the rest of the line (syslinux: com32/elflink/ldlinux/readconfig.c). Nothing can be quoted
in it, so what would end a line, be stripped or mean something else is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import replace

from builder.boot.line import cmdline
from builder.errors import UsageError
from builder.names import shown
from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import layout
from builder.outputs.loaders.layout import PXELINUX_FOLDER, State, carried
from builder.outputs.rendered import Rendered

FILE = "pxelinux.cfg"
# pxelinux.txt: "full file pathnames are 127 characters or shorter in length".
MAX_PATH = 127
# As many machines as a text screen of 25 lines shows; the labels of all are there with Tab.
LISTED = 12
# 0 is the only type with a meaning on pxelinux beside two that keep PXE in memory (syslinux.cfg.txt, LOCALBOOT): the
# ROM gives the machine back, and the BIOS tries its next device. chain.c32 hd0 would need more modules, and the first
# disk of the BIOS need not be the one that was installed.
LOCAL = ("LABEL local", "  LOCALBOOT 0")


def quote(text: str) -> str:
    """`text` as the rest of a line. Raises ValueError for what the line cannot hold: control characters, blanks at its
    ends, what is not ASCII, nothing at all, and a lone dash, which on APPEND means nothing (syslinux.cfg.txt)."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"{shown(text)} is not printable ASCII, and pxelinux has no way to write it")
    if text != text.strip() or text in ("", "-"):
        raise ValueError(f"{shown(text)} is empty, a lone dash or has a blank at an end, which pxelinux drops")
    return text


def serves(boot: Boot, served: Served) -> bool:
    """pxelinux starts PCs with a BIOS, and comes by TFTP."""
    return bool(served.tftp) and boot.firmware != "uefi" and boot.arch in layout.PXELINUX_ARCHES


def host(boot: Boot, served: Served) -> Rendered:
    """The host's own file: it installs. Raises UsageError for a value or length that pxelinux cannot carry."""
    kernel, initrds = layout.boot_files(boot, served)
    line = layout.arguments(boot, "pxelinux")
    _check_length(boot, served)
    sets_bootif = bool(layout.bootif(boot)) or not boot.macs
    append = [f"  APPEND {carried(boot.name, 'pxelinux', 'arguments', quote, ' '.join(line))}"] if line else []
    return _file(f"tftp/{layout.host_file(boot, served, FILE)}", [
        f"# {boot.name}: installs. ERASES its disk.",
        f"SAY {boot.name}: installs {_title(boot)}. ERASES its disk.",
        "SAY Type local and press Enter to start from the disk instead.",
        "DEFAULT install",
        # Said again, because the menu that a person may come from says local.
        "ONTIMEOUT install",
        "PROMPT 1",
        "TIMEOUT 50",
        "",
        "LABEL install",
        # Not KERNEL, which goes by the file name's ending (syslinux.cfg.txt, KERNEL).
        f"  LINUX {_path(boot, 'kernel', kernel)}",
        f"  INITRD {','.join(_path(boot, 'initrds', initrd) for initrd in initrds)}",
        *append,
        # 2 alone: bit 1 would add an ip= whose second field EL7 and later take for something else (REFERENCE 4.1).
        *(["  IPAPPEND 2"] if sets_bootif else []),
        "",
        *LOCAL])


def pointers(boot: Boot, served: Served, state: State = "install") -> tuple[Rendered, ...]:
    """The files that pxelinux asks for by the host's cards and IPv4 addresses: a line that includes the host's own
    file, or, once it is installed, its local disk. Raises UsageError."""
    if state == "local":
        lines = [f"# {boot.name}: starts from its local disk.", "DEFAULT local", "PROMPT 0", "", *LOCAL]
    else:
        lines = [f"# {boot.name}: installs. ERASES its disk.",
                 f"INCLUDE {_path(boot, 'name', layout.host_file(boot, served, FILE))}"]
    return tuple(_file(place, lines) for place in places(boot))


def places(boot: Boot) -> tuple[str, ...]:
    """The paths of `pointers`."""
    names = [f"01-{layout.dashed(mac)}" for mac in boot.macs]
    names += [layout.address_name(a) for a in boot.addresses if isinstance(a, ipaddress.IPv4Address)]
    return tuple(f"tftp/{PXELINUX_FOLDER}/pxelinux.cfg/{name}" for name in names)


def menu(boots: Sequence[Boot], served: Served) -> Rendered:
    """`default`: for machines that have no file of their own. Raises UsageError."""
    listed = [f"SAY   {boot.name}-install: {_title(boot)} (ERASES its disk)" for boot in boots]
    lines = [
        "# Every machine without a file of its own comes here.",
        "SAY Starts from the local disk. To install, type a label and press Enter;",
        "SAY Tab shows all labels.",
        *(listed if len(boots) <= LISTED else ()),
        "DEFAULT local",
        "ONTIMEOUT local",
        "PROMPT 1",
        # The second one runs on when a key was pressed and nobody chose (syslinux.cfg.txt, TOTALTIMEOUT).
        "TIMEOUT 100",
        "TOTALTIMEOUT 3000",
        # Only labels, never a file name that somebody types.
        "IMPLICIT 0",
        "",
        *LOCAL,
    ]
    for boot in boots:
        path = _path(boot, "name", layout.host_file(boot, served, FILE))
        lines += ["", f"LABEL {boot.name}-install", f"  CONFIG {path}"]
    return _file(f"tftp/{PXELINUX_FOLDER}/pxelinux.cfg/default", lines)


def _title(boot: Boot) -> str:
    return carried(boot.name, "pxelinux", "title", quote, boot.title)


def _path(boot: Boot, field: str, path: str) -> str:
    """A path from the TFTP root: `::` keeps the folder of pxelinux.0 away (pxelinux.txt, Filename syntax)."""
    if len(path) > MAX_PATH:
        raise UsageError(f"host.{boot.name}: pxelinux: {field}: the path {shown(path)} has {len(path)} characters; "
                         f"pxelinux takes {MAX_PATH}", "shorten the names of the release's folder and of its files")
    return f"::{carried(boot.name, 'pxelinux', field, quote, path)}"


def _check_length(boot: Boot, served: Served) -> None:
    kernel, initrds = layout.boot_files(boot, served)
    added = f"BOOT_IMAGE=::{kernel} initrd={','.join(f'::{initrd}' for initrd in initrds)} BOOTIF=01-00-00-00-00-00-00"
    bound = replace(cmdline.limit(boot.generation, "pxelinux"), adds=added)
    cmdline.fit(cmdline.CommandLine(boot.arguments), bound, f"host.{boot.name}: pxelinux: arguments")


def _file(path: str, lines: Sequence[str]) -> Rendered:
    return Rendered(path, "\n".join(lines) + "\n")
