"""What one host will be: guest type, kernel command line, kickstart, and whether anything stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.boot.kickstart.render import Kickstarts, shape
from builder.boot.line import cmdline, network
from builder.boot.line.cmdline import CommandLine, Machine
from builder.boot.review import memory, unattended, unsaid
from builder.errors import PinbootError, UsageError
from builder.finding import Finding, Severity
from builder.lock.model import KernelFacts
from builder.outputs import dom0, xen
from builder.probe.initrd import XEN_DRIVERS
from builder.profile.values import Host, Profile

# A guest has the architecture of its dom0, and both rows of dom0 are x86.
ARCH = "x86_64"
MACHINES: dict[xen.Kind, Machine] = {"pv": "xen-pv", "hvm": "xen-hvm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What boots: the facts of the pinned pair, sizes in bytes (stage2 None: not known), and what inst.repo= says."""

    kernel: KernelFacts
    initrd_size: int
    stage2_size: int | None
    install_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    host: Host
    kind: xen.Kind
    cmdline: CommandLine
    kickstart: str


def kickstart_path(host: Host) -> str:
    """Where the kickstart lies inside the initrd that all guests of one dom0 share."""
    return f"ks/{host.name}.cfg"


class Planner:
    """Plans the hosts of one profile (xen.run settled): they share the kernel, and so the type of guest."""

    def __init__(self, profile: Profile, boot: Boot) -> None:
        self.profile = profile
        self.boot = boot
        self.generation = profile.release.generation
        self.kind, self.reason = xen.choose_type(self.generation, boot.kernel, profile.xen.run)
        self.machine = MACHINES[self.kind]
        self._sound: dict[tuple[object, ...], tuple[Finding, ...]] = {}
        self.kickstarts = Kickstarts(profile, install_url=boot.install_url, machine=self.machine)

    def plan(self, host: Host) -> HostPlan:
        """Raises UsageError: a value that cannot be carried, a command line over the limit."""
        line = cmdline.compose(host, self.generation, install_url=self.boot.install_url, machine=self.machine,
                               kickstart_location=f"file:/{kickstart_path(host)}")
        bound = cmdline.limit(self.generation, self.machine, self.boot.kernel.cmdline_size)
        cmdline.fit(line, bound, f"host.{host.name}")
        return HostPlan(host=host, kind=self.kind, cmdline=line, kickstart=self.kickstarts.of(host))

    def judge(self, host: Host) -> tuple[HostPlan | None, tuple[Finding, ...]]:
        """The plan and every finding about the host; without a plan where one cannot be made, for the reason found."""
        foreign = self._foreign()
        if foreign:
            return None, (foreign,)
        findings = [self._xen(), *self._unpacking(), *self._cpu(), *unsaid.check(self.profile)]
        if self.boot.stage2_size is not None:
            findings.append(memory.check(host, self.generation, self.boot.initrd_size, self.boot.stage2_size))
        try:
            made = self.plan(host)
        except UsageError as reason:
            return None, (*findings, _refused(reason))
        findings.extend(self._unattended(made))
        findings.extend(network.reach(host, self.boot.install_url))
        return made, tuple(findings)

    def _unattended(self, made: HostPlan) -> tuple[Finding, ...]:
        """What the check of the kickstart found. Parsing costs a hundred times what rendering does, so a good verdict
        holds for all hosts whose kickstarts have one shape and whose disks are alike."""
        host, text = made.host, made.kickstart
        given = self.profile.kickstart or self.profile.template
        key = (text if given else shape(text, host), host.disk.name, host.disk.size, host.storage)
        if key not in self._sound:
            found = unattended.check(text, self.generation, host, where=_where(self.profile, host),
                                     loader=self.profile.xen.run if self.kind == "pv" else "",
                                     command_line=made.cmdline)
            if any(f.severity in (Severity.WARNING, Severity.ERROR) for f in found):
                return found
            self._sound[key] = found
        return self._sound[key]

    def _foreign(self) -> Finding | None:
        """Another architecture has other consoles and firmware, which this output does not describe."""
        arch = self.profile.release.arch
        if arch == ARCH:
            return None
        return Finding(
            topic="xen", severity=Severity.ERROR, expected=ARCH, found=arch,
            text=f"output xen makes {ARCH} guests only, and this profile is for {arch}",
            hint=f'set arch = "{ARCH}"; a tree of another architecture can be checked and locked, but not built')

    def _unpacking(self) -> tuple[Finding, ...]:
        """Whether dom0 can unpack the kernel of a PV guest (XEN 3)."""
        row = dom0.ROWS[self.profile.xen.dom0]
        hindered = xen.unpacking(self.boot.kernel, self.kind, self.profile.xen.run, row)
        if not hindered:
            return ()
        surely, why = hindered
        return (Finding(
            topic="xen", severity=Severity.ERROR if surely else Severity.WARNING, text=why,
            hint='xen.run = "disk" makes an HVM guest, whose firmware unpacks nothing; or update the Xen tools of dom0',
        ),)

    def _cpu(self) -> tuple[Finding, ...]:
        """The x86-64 level of the release's packages; the first one is every 64-bit processor."""
        level = self.generation.cpu
        if level < 2:
            return ()
        return (Finding(topic="cpu", severity=Severity.NOTE, text=f"needs x86-64-v{level}; up.sh checks it on dom0"),)

    def _xen(self) -> Finding:
        """Which type of guest, by the kernel's own notes; and whether the installer will find disk and network."""
        kernel, row = self.boot.kernel, dom0.ROWS[self.profile.xen.dom0]
        able = f"PV {_yes(kernel.xen_pv)}, Xen PVH {_yes(kernel.xen_pvh)}; type = \"{self.kind}\""
        blocked = xen.obstacle(self.profile.xen.run, self.kind, row)
        if blocked:
            return Finding(topic="xen", severity=Severity.ERROR, text=f"{able}; {blocked[0]}", detail=(self.reason,),
                           hint=blocked[1])
        lacking = sorted(XEN_DRIVERS - set(kernel.initrd_xen_drivers))
        if lacking:
            return Finding(topic="xen", severity=Severity.WARNING, text=f"{able}; initrd without {', '.join(lacking)}",
                           hint="the installer would find no disk or network, unless they are built into the kernel")
        return Finding(topic="xen", severity=Severity.OK, text=f"{able}; netfront and blkfront in initrd")


def _where(profile: Profile, host: Host) -> str:
    given = profile.kickstart or profile.template
    return given.path if given else f"the kickstart of {host.name}"


def _refused(reason: PinbootError) -> Finding:
    first, *more = reason.message.splitlines()
    return Finding(topic="host", severity=Severity.ERROR, text=first, detail=tuple(more), hint=reason.hint)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.severity is Severity.ERROR)
