"""iPXE: a script per host, a pointer per MAC, and the menu for all other machines.

iPXE splits a line at blanks, has no quotes, and expands ${...} wherever it stands (core/exec.c, image/script.c); so a
word is carried as it is, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from builder.boot.line import cmdline
from builder.names import shown
from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import layout
from builder.outputs.loaders.layout import State, carried
from builder.outputs.rendered import Rendered

FILE = "boot.ipxe"
OPERATORS = ("||", "&&", ";")
# Nearly every text: words of letters that never mean anything else.
PLAIN = re.compile(r"[A-Za-z0-9._/:=,@%+-]+( [A-Za-z0-9._/:=,@%+-]+)*")
# UEFI goes on with its next boot entry when a loader ends with an error, and opens its menu when it ends well
# (UEFI 2.10, 3.1.1; netboot.xyz#1276); on a BIOS the status means nothing, and the next device is tried.
LOCAL = ("exit 1",)
TRIES = 5


def quote(text: str) -> str:
    """Words of a line, a blank between them. Raises ValueError for what iPXE would read otherwise: ${ anywhere, a word
    that is an operator or begins a comment, a backslash at the end, other blanks, and what is not printable ASCII."""
    if PLAIN.fullmatch(text):
        return text
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"{shown(text)} is not printable ASCII, and iPXE has no way to write it")
    words = text.split(" ")
    if not all(words):
        raise ValueError(f"{shown(text)} is empty or has a blank at an end or two in a row, which iPXE drops")
    for word in words:
        if "${" in word:
            raise ValueError(f"{shown(text)} holds ${{, which iPXE always expands")
        if word in OPERATORS or word.startswith("#"):
            raise ValueError(f"{shown(word)} is an operator or a comment to iPXE")
    if text.endswith("\\"):
        raise ValueError(f"{shown(text)} ends with a backslash, which joins the next line to it")
    return text


def host(boot: Boot, served: Served) -> Rendered:
    """The host's own script: it installs. Raises UsageError for what iPXE cannot carry."""
    line = _arguments(boot)
    base = f"{served.http}/{boot.folder}"
    words = [carried(boot.name, "ipxe", "arguments", quote, word) for word in line]
    commands = [f"kernel {_url(boot, 'kernel', f'{base}/{boot.kernel}')} {' '.join(words)}"]
    commands += [f"initrd --name {name} {_url(boot, 'initrds', f'{base}/{name}')}" for name in boot.initrds]
    title = carried(boot.name, "ipxe", "title", quote, boot.title)
    return _file(f"http/{layout.host_file(boot, served, FILE)}", [
        f"# {boot.name}: installs. ERASES its disk.",
        "set attempt:int32 0",
        ":load",
        "inc attempt",
        f"echo pinboot: {boot.name}: installs {title}, attempt ${{attempt}} of {TRIES}",
        *(f"{command} || goto failed" for command in commands),
        "boot || goto failed",
        ":failed",
        "imgfree",
        f"iseq ${{attempt}} {TRIES} && goto end ||",
        f"echo pinboot: {boot.name}: could not load from {served.http}: again in 10 seconds",
        "sleep 10",
        "goto load",
        ":end",
        *_give_up(boot, f"could not load from {served.http}"),
    ])


def pointers(boot: Boot, served: Served, state: State = "install") -> tuple[Rendered, ...]:
    """mac/MAC/boot.ipxe of every card: it goes to the host's own script, or, once it is installed, to its local disk.
    Raises UsageError."""
    if state == "local":
        lines = [f"# {boot.name}: starts from its local disk.", *LOCAL]
    else:
        own = f"{served.root}/{layout.host_file(boot, served, FILE)}"
        lines = [f"# {boot.name}: installs. ERASES its disk.",
                 f"chain --replace {_url(boot, 'name', own)} || goto failed",
                 ":failed", *_give_up(boot, f"could not load {own}")]
    return tuple(_file(place, lines) for place in places(boot))


def places(boot: Boot) -> tuple[str, ...]:
    """The paths of `pointers`."""
    return tuple(f"http/mac/{layout.dashed(mac)}/{FILE}" for mac in boot.macs)


def menus(boots: Sequence[Boot], served: Served) -> tuple[Rendered, ...]:
    """boot.ipxe of the web root, to which DHCP sends every iPXE: it goes to the machine's pointer by the MAC of the
    card that was opened last, and where there is none, to a menu that starts the local disk unless a person chooses.
    The file of that name by TFTP goes there. Raises UsageError."""
    start = f"{served.root}/{FILE}"
    lines = [
        "# A machine that has a pointer goes there. Any other starts from its local disk, unless a person chooses.",
        # --replace ends this script, so a pointer that exits does not come back to the menu (ipxe.org/cmd/chain).
        f"chain --replace {served.root}/mac/${{netX/mac:hexhyp}}/{FILE} || goto choose",
        ":choose",
        "menu pinboot: this machine, ${netX/mac}, has no file of its own",
        "item local Start from the local disk",
        *(f"item {boot.name}-install {boot.name}: install {carried(boot.name, 'ipxe', 'title', quote, boot.title)} "
          "(ERASES its disk)" for boot in boots),
        "choose --default local --timeout 10000 target || goto local",
        "goto ${target}",
        ":local",
        *LOCAL,
    ]
    for boot in boots:
        own = _url(boot, "name", f"{served.root}/{layout.host_file(boot, served, FILE)}")
        lines += [f":{boot.name}-install", f"chain --replace {own} || goto choose"]
    found = [_file(f"http/{FILE}", lines)]
    if served.tftp:
        found.append(_file(f"tftp/{FILE}", [
            f"chain --replace {start} || echo pinboot: could not load {start}: local disk", *LOCAL]))
    return tuple(found)


def _arguments(boot: Boot) -> tuple[str, ...]:
    """The whole line. Kernels before 5.7, so those of EL7 and EL8, find an initrd under UEFI only by an initrd= that
    names it (iPXE interface/efi/efi_file.c); on a BIOS it does no harm. Under UEFI iPXE puts the kernel's name in front
    (seen in a guest's /proc/cmdline)."""
    card = layout.bootif(boot)
    line = cmdline.CommandLine((*(f"initrd={name}" for name in boot.initrds), *layout.arguments(boot, "ipxe"),
                                *([card] if card else [])))
    bound = replace(cmdline.limit(boot.generation, "ipxe"), adds="" if boot.firmware == "bios" else boot.kernel)
    cmdline.fit(line, bound, f"host.{boot.name}: ipxe: arguments")
    return line.parameters


def _url(boot: Boot, field: str, url: str) -> str:
    return carried(boot.name, "ipxe", field, quote, url)


def _give_up(boot: Boot, why: str) -> list[str]:
    return [f"echo pinboot: {boot.name}: {why}: local disk in 30 seconds", "sleep 30", *LOCAL]


def _file(path: str, lines: Sequence[str]) -> Rendered:
    return Rendered(path, "\n".join(("#!ipxe", *lines)) + "\n")
