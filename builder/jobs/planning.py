"""What one host will be: guest type, kernel command line, kickstart, and whether anything stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.boot import cmdline, kickstart, memory, network, validate
from builder.boot.cmdline import CommandLine, Machine
from builder.errors import PinbootError, UsageError
from builder.finding import Finding, Severity
from builder.lock.model import KernelFacts
from builder.outputs import dom0, xen
from builder.profile.values import Host, Profile

MACHINES: dict[xen.Kind, Machine] = {"pv": "xen-pv", "hvm": "xen-hvm"}
# stock EL and Fedora kernels have the Xen disk and network drivers as modules (XEN 3)
DRIVERS = ("xen-blkfront", "xen-netfront")


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


def plan(profile: Profile, host: Host, boot: Boot) -> HostPlan:
    """Raises UsageError: a value that cannot be carried, a command line over the limit, xen.run against the type."""
    generation = profile.release.generation
    kind, _ = xen.choose_type(generation, boot.kernel, profile.xen.run)
    machine = MACHINES[kind]
    line = cmdline.compose(host, generation, install_url=boot.install_url, machine=machine,
                           kickstart_location=f"file:/{kickstart_path(host)}")
    cmdline.fit(line, cmdline.limit(generation, machine, boot.kernel.cmdline_size), f"host.{host.name}")
    text = kickstart.render(profile, host, install_url=boot.install_url, machine=machine)
    return HostPlan(host=host, kind=kind, cmdline=line, kickstart=text)


def judge(profile: Profile, host: Host, boot: Boot) -> tuple[HostPlan | None, tuple[Finding, ...]]:
    """The plan and every finding about the host; without a plan where one cannot be made, for the reason found."""
    findings = list(xen_findings(profile, host, boot.kernel))
    if boot.stage2_size is not None:
        findings.append(memory.check(host, profile.release.generation, boot.initrd_size, boot.stage2_size))
    try:
        made = plan(profile, host, boot)
    except UsageError as reason:
        findings.append(_refused(reason))
        return None, tuple(findings)
    findings.extend(validate.check(made.kickstart, profile.release.generation, host, where=_where(profile, host),
                                   command_line=made.cmdline))
    findings.extend(network.reach(host, boot.install_url))
    return made, tuple(findings)


def _where(profile: Profile, host: Host) -> str:
    given = profile.kickstart or profile.template
    return given.path if given else f"the kickstart of {host.name}"


def _refused(reason: PinbootError) -> Finding:
    first, *more = reason.message.splitlines()
    return Finding(topic="host", severity=Severity.ERROR, text=first, detail=tuple(more), hint=reason.hint)


def xen_findings(profile: Profile, host: Host, kernel: KernelFacts) -> tuple[Finding, ...]:
    """Which type of guest, by the kernel's own notes; and whether the installer will find disk and network."""
    kind, reason = xen.choose_type(profile.release.generation, kernel, profile.xen.run)
    blocked = xen.obstacle(profile.xen.run, kind, dom0.ROWS[profile.xen.dom0])
    able = f"PV {_yes(kernel.xen_pv)}, Xen PVH {_yes(kernel.xen_pvh)}; type = \"{kind}\""
    if blocked:
        return (Finding(topic="xen", severity=Severity.ERROR, text=f"{able}; {blocked[0]}", detail=(reason,),
                        hint=blocked[1]),)
    lacking = [driver for driver in DRIVERS if driver not in kernel.initrd_xen_drivers]
    if lacking:
        return (Finding(topic="xen", severity=Severity.WARNING, text=f"{able}; the initrd has no {', '.join(lacking)}",
                        hint="the installer would find no disk or network, unless they are built into the kernel"),)
    return (Finding(topic="xen", severity=Severity.OK, text=f"{able}; netfront and blkfront in initrd"),)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.severity is Severity.ERROR)
