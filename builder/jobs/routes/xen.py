"""Guests of Xen: an xl config to install and one to run, the kickstart inside the initrd, up.sh for dom0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from builder.boot.line.cmdline import Machine
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.routes import route
from builder.jobs.routes.route import Plan
from builder.lock.model import KernelFacts, Lock
from builder.media.entry import Entry
from builder.media.listing.spool import Spool
from builder.outputs import dom0, up, xen
from builder.probe.initrd import XEN_DRIVERS
from builder.profile.values import Host, Profile

# A guest has the architecture of its dom0, and both rows of dom0 are x86.
ARCH = "x86_64"
MACHINES: dict[xen.Kind, Machine] = {"pv": "xen-pv", "pvh": "xen-pvh", "hvm": "xen-hvm"}


class XenRoute:
    """`profile` has its xen.run settled: all hosts share the kernel, and so the type of guest."""

    roles: tuple[str, ...] = ("kernel", "initrd")

    def __init__(self, profile: Profile, kernel: KernelFacts) -> None:
        self.profile = profile
        self.kernel = kernel
        self.kind, self.reason = xen.choose_type(profile.release.generation, kernel, profile.xen.run)
        self.machine: Machine = MACHINES[self.kind]
        self.medium: str = self.machine
        self.loader: str = "" if self.kind == "hvm" else profile.xen.run

    def kickstart(self, host: Host) -> str:
        return f"file:/{route.kickstart_path(host)}"

    def extra(self) -> tuple[str, ...]:
        return ()

    def findings(self) -> tuple[Finding, ...]:
        foreign = self._foreign()
        if foreign:
            return (foreign,)
        return (self._able(), *self._unpacking(), *route.cpu(self.profile, "up.sh checks it on dom0"))

    def images(self, plans: Sequence[Plan], lock: Lock, context: Context, stamp: int,
               spool: Spool) -> list[Entry]:
        return route.shared_boot(lock, plans, context, stamp, spool)

    def own(self, plan: Plan) -> Iterable[Entry]:
        made = xen.configs(plan.host, self.profile, kind=self.kind, cmdline=plan.cmdline.text())
        return [*route.rendered(made), *route.host_files(plan, f"hosts/{plan.host.name}")]

    def shared(self, plans: Iterable[Plan]) -> Iterable[Entry]:
        return route.rendered([up.script(self.profile)])

    def injected(self, plans: Sequence[Plan]) -> list[str]:
        return [route.kickstart_path(plan.host) for plan in plans]

    def after(self, how: str, target: str) -> str:
        return (f"{how} {target} to dom0:{self.profile.xen.path}, then there:\n"
                f"      sh up.sh {self.profile.hosts[0].name}")

    def steps(self) -> Iterable[str]:
        path, run = self.profile.xen.path, self.profile.xen.run
        first = self.profile.hosts[0]
        yield "\n".join((
            "1. Copy this folder to dom0, with its modes and owned by root, for example:",
            f"       rsync -rpt --delete ./ root@DOM0:{path}/"))
        yield "\n".join((
            "2. In dom0, as root:",
            f"       sh {path}/up.sh {first.name}",
            "   It verifies the bundle, makes the disk, installs, and starts the guest. To",
            "   watch the installer, add --console. A disk that exists is never touched",
            "   without --erase."))
        yield "\n".join(("3. The guest's console:", f"       xl console {first.name}"))
        if run == "kept-kernel":
            yield "\n".join((
                "4. After a kernel update in the guest, shut it down and take the new kernel:",
                f"       sh {path}/up.sh --keep {first.name}",
                f"       xl create {xen.kept(first, self.profile)}/{first.name}.cfg"))
        yield "Hosts\n" + "\n".join(line for host in self.profile.hosts for line in self._host(host))

    def contents(self) -> Iterable[tuple[str, str]]:
        return (
            ("up.sh", "verify, disk, install, run; POSIX sh"),
            (xen.KERNEL, "as pinned"),
            (xen.INITRD, "the pinned initrd with the kickstarts"),
            ("hosts/NAME/NAME.cfg", "starts the machine; erases nothing"),
            ("hosts/NAME/NAME-install.cfg", "installs: ERASES the disk"),
            ("hosts/NAME/ks.cfg", "the kickstart"),
        )

    def _host(self, host: Host) -> Iterable[str]:
        size = "" if host.disk.size is None else f", {host.disk.size >> 20} MiB"
        yield f"  {host.name}: {host.memory} MiB of memory, {route.count(host.vcpus, 'processor')}, {host.disk.name}"
        yield f"    disk  {xen.target(host, self.profile)}{size}"
        kept = f"{xen.kept(host, self.profile)}/{host.name}.cfg"
        yield f"    run   {kept if self.profile.xen.run == 'kept-kernel' else xen.run_config(host)}"

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
        hindered = xen.unpacking(self.kernel, self.kind, self.profile.xen.run, row)
        if not hindered:
            return ()
        surely, why = hindered
        return (Finding(
            topic="xen", severity=Severity.ERROR if surely else Severity.WARNING, text=why,
            hint='xen.run = "disk" makes an HVM guest, whose firmware unpacks nothing; or update the Xen tools of dom0',
        ),)

    def _able(self) -> Finding:
        """Which type of guest, by the kernel's own notes; and whether the installer will find disk and network."""
        kernel, row = self.kernel, dom0.ROWS[self.profile.xen.dom0]
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


def _yes(value: bool) -> str:
    return "yes" if value else "no"
