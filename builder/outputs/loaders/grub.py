"""GRUB 2: a host's own file, pointers by every name that GRUB asks for, and the menu for all other machines.

Words are written as GRUB's lexer reads them (script/yylex.l): bare where nothing in them is special, else in single
quotes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from builder.boot.line import cmdline
from builder.names import shown
from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import layout
from builder.outputs.loaders.layout import EFI, GRUB_FOLDERS, Root, State, carried
from builder.outputs.rendered import Rendered

FILE = "grub.cfg"
# What GRUB reads as it stands: no metacharacter of its lexer, no wildcard (script/execute.c expands * ? and brackets),
# no start of a comment.
BARE = re.compile(r"[A-Za-z0-9._/:=,@%+~()-]+")
# Red Hat's GRUB for UEFI and x86: until EL10 its own media say linuxefi, and the shims of EL7 and EL8 need it; Fedora's
# and all others say linux (REFERENCE 4.2).
LINUXEFI = frozenset({"el7", "el8", "el9", "el10"})
# Folders that the families' loaders have on an EFI partition.
VENDORS = ("rocky", "almalinux", "centos", "redhat", "fedora")


def quote(text: str) -> str:
    """`text` as one word. A single quote is written outside of the quotes, with a backslash.

    Raises ValueError for control characters: GRUB drops a line that begins with # even inside of quotes (its
    normal/main.c), so no word of ours holds a line end.
    """
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character, which no word of grub.cfg may")
    if BARE.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def host(boot: Boot, served: Served) -> tuple[Rendered, ...]:
    """The host's own file below each root: it installs. Raises UsageError for what GRUB cannot carry."""
    title, path = _title(boot), layout.host_file(boot, served, FILE)
    kernel, _ = layout.boot_files(boot, served)
    words = [carried(boot.name, "grub", "arguments", quote, each) for each in _arguments(boot, served, kernel)]
    return tuple(_file(f"{root}/{path}", [
        f"# {boot.name}: installs. ERASES its disk.",
        *_local_disk(boot.arch),
        "set timeout=5",
        "set default=0",
        "",
        *_entry(title, _start(boot, served, root, words)),
        "",
        *_entry(quote("Start from the local disk"), ["local_disk"]),
    ]) for root in layout.roots(served))


def pointers(boot: Boot, served: Served, state: State = "install") -> tuple[Rendered, ...]:
    """The files that GRUB asks for by the host's cards and addresses: by TFTP in the folder of its release, where Red
    Hat's GRUB looks for grub.cfg-01-MAC and grub.cfg-ADDRESS, and the GNU manual has grub.cfg-MAC; and mac/MAC/grub.cfg
    below each root, to which the menu sends every GRUB, because by HTTP none looks for a MAC (its normal/main.c)."""
    found = []
    for root in layout.roots(served):
        if state == "local":
            lines = [f"# {boot.name}: starts from its local disk.", *_local_disk(boot.arch), "local_disk"]
        else:
            lines = [f"# {boot.name}: installs. ERASES its disk.", *_local_disk(boot.arch),
                     *_turn_to(boot, served, root)]
        text = _text(lines)
        found += [Rendered(place, text) for place in places(boot, root)]
    return tuple(found)


def places(boot: Boot, root: Root) -> tuple[str, ...]:
    """The paths of `pointers` below one root."""
    names = [f"mac/{layout.dashed(mac)}/{FILE}" for mac in boot.macs]
    if root == "tftp":
        suffixes = [f"{kind}{layout.dashed(mac)}" for mac in boot.macs for kind in ("01-", "")]
        suffixes += [layout.address_name(address) for address in boot.addresses]
        names += [f"{boot.folder}/{FILE}-{suffix}" for suffix in suffixes]
    return tuple(f"{root}/{name}" for name in names)


def menus(boots: Sequence[Boot], served: Served) -> tuple[Rendered, ...]:
    """grub.cfg of every folder in which a GRUB may stand: it goes to the machine's own pointer by its MAC, and where
    there is none, to a menu that starts the local disk unless a person chooses. Raises UsageError."""
    folders = dict.fromkeys((*(boot.folder for boot in boots), *GRUB_FOLDERS))
    found = []
    for root in layout.roots(served):
        text = _text(_menu(boots, served, root))
        found += [Rendered(f"{root}/{folder}/{FILE}", text) for folder in folders]
    return tuple(found)


def _menu(boots: Sequence[Boot], served: Served, root: Root) -> list[str]:
    groups = "".join(f"--set={n}:m{n} " for n in range(1, 7))
    own = "-".join(f"$m{n}" for n in range(1, 7))
    lines = [
        "# A machine that has a pointer goes there. Any other starts from its local disk, unless a person chooses.",
        *_local_disk(*sorted({boot.arch for boot in boots})),
        "set timeout=10",
        "set default=0",
        f"regexp {groups}'^(..):(..):(..):(..):(..):(..)$' \"$net_default_mac\"",
        # Not tested with -f first: that lists a folder, and nothing can be listed by TFTP or HTTP (net/net.c).
        f'configfile "{_place(served, root)}/mac/{own}/{FILE}"',
        "",
        *_entry(quote("Start from the local disk"), ["local_disk"]),
    ]
    for boot in boots:
        lines += ["", *_entry(_title(boot), _turn_to(boot, served, root))]
    return lines


def _start(boot: Boot, served: Served, root: Root, words: Sequence[str]) -> list[str]:
    """The commands that load kernel and initrds, by the names that this machine's GRUB has for them; `words` are the
    kernel's arguments."""
    kernel, initrds = layout.boot_files(boot, served)
    line = " ".join((_path(boot, "kernel", served, root, kernel), *words))
    files = " ".join(_path(boot, "initrds", served, root, initrd) for initrd in initrds)
    plain, of_efi = ([f"linux{suffix} {line}", f"initrd{suffix} {files}"] for suffix in ("", "efi"))
    efi = boot.arch == "x86_64" and boot.generation.name in LINUXEFI
    if efi and boot.firmware == "uefi":
        return of_efi
    if not efi or boot.firmware == "bios":
        return plain
    return ['if [ "$grub_platform" = efi ]; then', *_indented(of_efi), "else", *_indented(plain), "fi"]


def _arguments(boot: Boot, served: Served, kernel: str) -> tuple[str, ...]:
    """The whole line, with BOOTIF=, which of the loaders only pxelinux adds by itself."""
    card = layout.bootif(boot)
    line = cmdline.CommandLine((*layout.arguments(boot, "grub"), *([card] if card else [])))
    # Some GRUBs put the device in front of the path.
    server = max((served.tftp, urlsplit(served.root).netloc), key=len)
    bound = replace(cmdline.limit(boot.generation, "grub"), adds=f"BOOT_IMAGE=(http,{server})/{kernel}")
    cmdline.fit(line, bound, f"host.{boot.name}: grub: arguments")
    return line.parameters


def _turn_to(boot: Boot, served: Served, root: Root) -> list[str]:
    """Go to the host's own file; where it cannot be read, GRUB comes back to the next command."""
    own = _path(boot, "name", served, root, layout.host_file(boot, served, FILE))
    said = f"pinboot: {boot.name}: its file was left or could not be read: local disk in 10 seconds"
    return [f"configfile {own}", f"echo {quote(said)}", "sleep --interruptible 10", "local_disk"]


@functools.cache
def _local_disk(*arches: str) -> tuple[str, ...]:
    """A function that starts the local disk.

    `exit 1` makes Red Hat's GRUB end with an error (its commands/minicmd.c), at which UEFI goes on with its next boot
    entry; success would open the menu of the firmware (UEFI 2.10, 3.1.1; netbootxyz/netboot.xyz#1276). Other GRUBs
    report success whatever one says, so there a loader on the disks is looked for first; fw_path is a variable that
    only Red Hat's has (its normal/main.c). On a BIOS, exit goes to the next device.
    """
    files = [f"/EFI/{vendor}/{EFI[arch].shim}" for arch in arches if arch in EFI for vendor in VENDORS]
    files += [f"/{layout.FALLBACK}/{EFI[arch].fallback}" for arch in arches if arch in EFI]
    found = ["unset disk", 'search --no-floppy --file --set=disk "$file"',
             'if [ -n "$disk" ]; then', *_indented(['chainloader "($disk)$file"', "boot"]), "fi"]
    search = [f"for file in {' '.join(files)}; do", *_indented(found), "done"]
    vanilla = ['if [ "$grub_platform" = efi -a -z "$fw_path" ]; then', *_indented(search), "fi"]
    return ("function local_disk {", *_indented([*(vanilla if files else []), "exit 1"]), "}")


def _entry(title: str, commands: Iterable[str]) -> list[str]:
    return [f"menuentry {title} {{", *_indented(commands), "}"]


def _title(boot: Boot) -> str:
    return carried(boot.name, "grub", "title", quote, f"{boot.name}: install {boot.title} (ERASES its disk)")


@functools.lru_cache
def _place(served: Served, root: Root) -> str:
    """What stands before a path below the root. By TFTP nothing: GRUB's own root is the server it came from. By HTTP
    the server by name, so that a GRUB from elsewhere reads it too. GRUB up to 2.06 takes no port there (net/net.c)."""
    if root == "tftp":
        return ""
    parts = urlsplit(served.root)
    return f"({parts.scheme},{parts.netloc}){parts.path}"


def _path(boot: Boot, field: str, served: Served, root: Root, path: str) -> str:
    return carried(boot.name, "grub", field, quote, f"{_place(served, root)}/{path}")


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"\t{line}" for line in lines]


def _file(path: str, lines: Iterable[str]) -> Rendered:
    return Rendered(path, _text(lines))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
