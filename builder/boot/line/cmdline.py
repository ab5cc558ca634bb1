"""The kernel command line that starts an installation: ordered parameters that every parser of the chain reads alike,
and the limit of whoever boots it (REFERENCE 1.1, 1.8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.boot.line import network, options
from builder.catalog.generation import Generation
from builder.errors import UsageError, several
from builder.names import safe_token, shown
from builder.profile.values import Host

Machine = Literal["xen-pv", "xen-pvh", "xen-hvm", "kvm", "pc"]
# Where the kernel writes; the installer's own screen goes to the last one (REFERENCE 1.7). A bare machine: its screen.
CONSOLES: dict[Machine, tuple[str, ...]] = {
    "xen-pv": ("hvc0",),
    "xen-pvh": ("hvc0",),
    "xen-hvm": ("tty0", "ttyS0,115200n8"),
    "kvm": ("tty0", "ttyS0,115200n8"),
    "pc": (),
}
# Options of which a second one would win or lose without a word.
SINGLE = frozenset({"inst.repo", "repo", "inst.ks", "ks", "inst.stage2", "stage2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """Who hands the command line over: its own limit in bytes without the final NUL (0: none), and what it adds."""

    who: str
    limit: int = 0
    adds: str = ""


MEDIA: dict[str, Medium] = {
    # Cut in silence: MAX_GUEST_CMDLINE 1024 (xen/include/public/xen.h), strncpy in xg_dom_x86.c; seen in XEN 1.
    "xen-pv": Medium(who="Xen for a PV guest (MAX_GUEST_CMDLINE)", limit=1023),
    "xen-pvh": Medium(who="Xen for a PVH guest"),
    "xen-hvm": Medium(who="Xen for an HVM guest"),
    "qemu": Medium(who="QEMU"),
    "libvirt": Medium(who="libvirt"),
    # The loaders put the names of kernel and initrd in front, pxelinux the card as well (IPAPPEND 2).
    "pxelinux": Medium(who="pxelinux", limit=2047,
                       adds="BOOT_IMAGE=vmlinuz initrd=initrd.img BOOTIF=01-00-00-00-00-00-00"),
    "grub": Medium(who="GRUB", adds="BOOT_IMAGE=/vmlinuz"),
    "ipxe": Medium(who="iPXE", adds="initrd=initrd.img"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`size` in bytes, set by `who`; `adds` is what the loader puts beside our text."""

    size: int
    who: str
    adds: str = ""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Parameters in order. Raises ValueError for one that parsers would read differently, or a second inst.ks."""

    parameters: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for parameter in self.parameters:
            name = options.key(safe_token(parameter))
            if name in SINGLE and name in seen:
                raise ValueError(f"a second {name}= ({shown(parameter)}); the installer takes one and drops the other")
            seen.add(name)

    def text(self) -> str:
        return " ".join(self.parameters)

    def value(self, name: str) -> str | None:
        """The value of the last parameter called `name` (the one that wins), or None."""
        found = [p.partition("=")[2] for p in self.parameters if options.key(p) == name]
        return found[-1] if found else None


def limit(generation: Generation, medium: str, header_cmdline_size: int = 0) -> Limit:
    """The smallest of the generation's, the medium's and the kernel's own limit (its setup header; 0: not told)."""
    row = MEDIA[medium]
    own = "the EL6 installer's loader" if generation.network == "loader" else "the kernel (COMMAND_LINE_SIZE)"
    candidates = [(generation.cmdline_max, own)]
    if row.limit:
        candidates.append((row.limit, row.who))
    if header_cmdline_size:
        candidates.append((header_cmdline_size, "this kernel (cmdline_size of its setup header)"))
    size, who = min(candidates)
    return Limit(size=size, who=who, adds=row.adds)


def fit(line: CommandLine, bound: Limit, where: str) -> None:
    """Raises UsageError, naming the longest parameters, where `line` is longer than whoever boots it takes."""
    length = len(line.text()) + (len(bound.adds) + 1 if bound.adds else 0)
    if length <= bound.size:
        return
    longest = sorted(line.parameters, key=len, reverse=True)[:3]
    added = f", {len(bound.adds) + 1} of them added by the loader" if bound.adds else ""
    raise several(
        f"{where}: the command line has {length} bytes{added}; {bound.who} takes {bound.size} and drops the rest",
        [f"{len(parameter):4} bytes  {parameter if len(parameter) <= 90 else parameter[:87] + '...'}"
         for parameter in longest],
        "shorten kernel_arguments or the URL of the tree")


def consoles(machine: Machine, console: str | None) -> tuple[str, ...]:
    """console= parameters, the one with the installer's screen last. A console that the profile names comes beside the
    machine's VGA screen, where it has one."""
    if console is None:
        return tuple(f"console={name}" for name in CONSOLES[machine])
    screen = ("tty0",) if machine not in ("xen-pv", "xen-pvh") and not console.startswith(("tty0", "hvc")) else ()
    return tuple(f"console={name}" for name in (*screen, console))


def user_arguments(host: Host, generation: Generation) -> tuple[str, ...]:
    """The host's kernel_arguments as this generation reads them. Raises UsageError with every mistake among them."""
    found: list[str] = []
    mistakes: list[str] = []
    for argument in host.kernel_arguments:
        try:
            found.extend(options.translate(argument, generation))
        except ValueError as reason:
            mistakes.append(str(reason))
    if mistakes:
        raise several(f"host.{host.name}.kernel_arguments: the {generation.name.upper()} installer cannot take "
                      f"{'this' if len(mistakes) == 1 else 'these'}", mistakes,
                      "take them out of kernel_arguments, or write what stands beside each")
    return tuple(found)


def compose(host: Host, generation: Generation, *, install_url: str, kickstart_location: str,
            machine: Machine, extra: Sequence[str] = ()) -> CommandLine:
    """The whole line: source, kickstart, network, consoles, the user's arguments, then `extra` of the tool itself.

    `kickstart_location` is what inst.ks= says, as in file:/ks/NAME.cfg. Raises UsageError naming the host.
    """
    where = f"host.{host.name}"
    try:
        net = network.arguments(host.network, host.hostname, generation)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", error.hint) from error
    source = (f"{generation.option('repo')}={install_url}", f"{generation.option('ks')}={kickstart_location}")
    for parameter in source:
        try:
            safe_token(parameter)
        except ValueError as reason:
            raise UsageError(f"{where}: {reason}", "write odd characters of a URL as %XX") from None
    parameters = _joined(source, net, consoles(machine, host.console), user_arguments(host, generation), extra)
    try:
        return CommandLine(parameters)
    except ValueError as reason:
        raise UsageError(f"{where}.kernel_arguments: {reason}",
                         "pinboot sets source and kickstart itself: tree.url, install_url, kickstart") from None


def _joined(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(parameter for group in groups for parameter in group)
