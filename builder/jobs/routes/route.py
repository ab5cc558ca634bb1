"""What the jobs ask of a kind of machine, and what they hand to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from builder.boot.line.cmdline import CommandLine, Machine
from builder.errors import UsageError
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.lock.model import Lock, Pin
from builder.media import inject
from builder.media.entry import Entry, Part, text_entry
from builder.media.listing.spool import Spool
from builder.outputs.boot import Boot
from builder.outputs.rendered import Rendered
from builder.profile.values import Host, Profile

PRIVATE = 0o600
INITRD, INJECTED, KERNEL = "boot/initrd.img", "boot/initrd-ks.img", "boot/vmlinuz"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    host: Host
    cmdline: CommandLine
    kickstart: str


class Plan(Protocol):
    """A HostPlan, or one that is kept where it takes less room."""

    @property
    def host(self) -> Host: ...
    @property
    def cmdline(self) -> CommandLine: ...
    @property
    def kickstart(self) -> str: ...


class Route(Protocol):
    """`machine` decides consoles and the words of the kickstart, `medium` is the row of cmdline.MEDIA whose limit
    counts, `roles` are the pins whose bytes go into the bundle, `loader` what will read /boot of a PV guest."""

    machine: Machine
    medium: str
    roles: tuple[str, ...]
    loader: str

    def kickstart(self, host: Host) -> str:
        """What inst.ks= says."""
        ...

    def extra(self) -> tuple[str, ...]:
        """Parameters of the tool itself."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """About the kind of machine and the pinned kernel; an error means that no host can be planned."""
        ...

    def images(self, plans: Sequence[Plan], lock: Lock, context: Context, stamp: int, spool: Spool) -> list[Entry]:
        """The files that are no texts of ours: those of the tree, the initrd with kickstarts, loaders. What is made for
        them is set down in `spool`."""
        ...

    def own(self, plan: Plan) -> Iterable[Entry]:
        """The texts of one host. Nothing is read for them. Raises UsageError where an output cannot carry a value."""
        ...

    def shared(self, plans: Iterable[Plan]) -> Iterable[Entry]:
        """The texts that all hosts share, of which none holds a kickstart. Nothing is read for them. Raises
        UsageError."""
        ...

    def injected(self, plans: Sequence[Plan]) -> list[str]:
        """The paths inside the initrd that carries kickstarts."""
        ...

    def steps(self) -> Iterable[str]:
        """Blocks of NEXT-STEPS.txt: what to do."""
        ...

    def contents(self) -> Iterable[tuple[str, str]]:
        """Paths and what they are, for NEXT-STEPS.txt."""
        ...

    def after(self, how: str, target: str) -> str:
        """What to do with the bundle at `target`, in a line or two for the terminal; `how` is copy or unpack."""
        ...


def kickstart_path(host: Host) -> str:
    """Where the kickstart lies inside the initrd that all guests of one hypervisor share."""
    return f"ks/{host.name}.cfg"


def pinned(pin: Pin, path: str, context: Context, mode: int = 0o644) -> Entry:
    part = Part(size=pin.size, open=lambda: context.store.open(pin.digest))
    return Entry(path=path, mode=mode, size=pin.size, digest=pin.digest, parts=(part,), origin="pinned")


def shared_boot(lock: Lock, plans: Sequence[Plan], context: Context, stamp: int, spool: Spool) -> list[Entry]:
    """Kernel and initrd as pinned, and the initrd that carries every host's kickstart: one for all of a hypervisor."""
    kernel = pinned(lock.pin("kernel"), KERNEL, context)
    initrd = pinned(lock.pin("initrd"), INITRD, context)
    archive = spool.take(inject.pieces(map(_kickstart, plans), stamp))
    return [kernel, initrd, inject.injected(initrd, archive, path=INJECTED)]


def _kickstart(plan: Plan) -> inject.File:
    def read() -> bytes:
        return plan.kickstart.encode()

    return inject.File(kickstart_path(plan.host), PRIVATE, read)


def rendered(files: Iterable[Rendered]) -> Iterator[Entry]:
    return (text_entry(file.path, file.text, mode=file.mode) for file in files)


def host_files(made: Plan, folder: str) -> list[Entry]:
    """The kickstart and the command line."""
    return [text_entry(f"{folder}/ks.cfg", made.kickstart, mode=PRIVATE),
            text_entry(f"{folder}/cmdline", cmdline_text(made))]


def cmdline_text(made: Plan) -> str:
    """The command line, one parameter a line and then whole."""
    return "\n".join((*made.cmdline.parameters, "", made.cmdline.text())) + "\n"


def cpu(profile: Profile, what: str = "") -> tuple[Finding, ...]:
    """The x86-64 level of the release's packages, and what comes of it; the first one is every 64-bit processor."""
    level = profile.release.generation.cpu
    text = f"needs x86-64-v{level}" + (f"; {what}" if what else "")
    return (Finding(topic="cpu", severity=Severity.NOTE, text=text),) if level > 1 else ()


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def boot(profile: Profile, host: Host, arguments: tuple[str, ...], *, folder: str, kernel: str, initrd: str,
         disk: str = "", disk_size: int | None = None, bridge: str = "") -> Boot:
    """The machine for a loader or hypervisor; any of its MACs finds it. Raises UsageError naming the host."""
    try:
        return Boot(
            name=host.name, title=f"{profile.release} on {host.name}"[:80],
            macs=tuple(card.mac for card in host.network.cards if card.mac),
            addresses=tuple(address.ip for address in host.network.addresses), folder=folder, kernel=kernel,
            initrds=(initrd,), arguments=arguments, generation=profile.release.generation,
            arch=profile.release.arch, firmware=host.firmware or "any", memory=host.memory, vcpus=host.vcpus, disk=disk,
            disk_size=disk_size, bridge=bridge)
    except ValueError as reason:
        raise UsageError(f"host.{host.name}: {reason}") from None
