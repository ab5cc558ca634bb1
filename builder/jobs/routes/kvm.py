"""Guests of KVM: libvirt XML, a QEMU command, a virt-install command, variables for Packer; one initrd for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from builder.boot.line.cmdline import Machine
from builder.finding import Finding
from builder.jobs.context import Context
from builder.jobs.routes import route
from builder.jobs.routes.route import Plan
from builder.lock.model import KernelFacts, Lock
from builder.media.entry import Entry
from builder.media.listing.spool import Spool
from builder.outputs.guests import libvirt, packer, qemu, virtinstall
from builder.outputs.guests.machine import Guest
from builder.outputs.rendered import Rendered
from builder.profile.values import Host, Profile

RENDERERS: dict[str, Callable[[Guest], tuple[Rendered, ...]]] = {
    "libvirt": libvirt.configs,
    "qemu": lambda guest: (qemu.install_script(guest), qemu.run_script(guest)),
    "virt-install": lambda guest: (virtinstall.install_script(guest),),
    "packer": lambda guest: (packer.variables(guest),),
}
FILES = {
    "libvirt": (("hosts/NAME/NAME.xml", "virsh define: the installed machine"),
                ("hosts/NAME/NAME-install.xml", "virsh create: installs, ERASES the disk")),
    "qemu": (("hosts/NAME/qemu-run.sh", "starts the machine"),
             ("hosts/NAME/qemu-install.sh", "installs: ERASES the disk")),
    "virt-install": (("hosts/NAME/virt-install.sh", "installs: ERASES the disk"),),
    "packer": (("hosts/NAME/*.pkrvars.json", "variables for a template of your own"),),
}


class KvmRoute:
    roles: tuple[str, ...] = ("kernel", "initrd")
    machine: Machine = "kvm"
    medium = "libvirt"
    loader = ""

    def __init__(self, profile: Profile, kernel: KernelFacts) -> None:
        self.profile = profile
        self.kernel = kernel

    def kickstart(self, host: Host) -> str:
        return f"file:/{route.kickstart_path(host)}"

    def extra(self) -> tuple[str, ...]:
        return ()

    def findings(self) -> tuple[Finding, ...]:
        return route.cpu(self.profile, "the guests are given a processor of that level")

    def images(self, plans: Sequence[Plan], lock: Lock, context: Context, stamp: int,
               spool: Spool) -> list[Entry]:
        return route.shared_boot(lock, plans, context, stamp, spool)

    def own(self, plan: Plan) -> Iterable[Entry]:
        guest = self._guest(plan)
        made = (file for output in self.profile.outputs for file in RENDERERS[output](guest))
        return [*route.rendered(made), *route.host_files(plan, f"hosts/{plan.host.name}")]

    def shared(self, plans: Iterable[Plan]) -> Iterable[Entry]:
        return ()

    def _guest(self, plan: Plan) -> Guest:
        host, kvm = plan.host, self.profile.kvm
        kernel, initrd = PurePosixPath(route.KERNEL), PurePosixPath(route.INJECTED)
        boot = route.boot(self.profile, host, plan.cmdline.parameters, folder=str(kernel.parent), kernel=kernel.name,
                          initrd=initrd.name, disk=host.disk.file or "", disk_size=host.disk.size,
                          bridge=host.bridge or kvm.bridge)
        return Guest(boot=boot, bundle=kvm.path, network=kvm.network, display=kvm.display)

    def injected(self, plans: Sequence[Plan]) -> list[str]:
        return [route.kickstart_path(plan.host) for plan in plans]

    def after(self, how: str, target: str) -> str:
        return f"{how} {target} to {self.profile.kvm.path} on the host of the guests; NEXT-STEPS.txt there goes on"

    def steps(self) -> Iterable[str]:
        path, name = self.profile.kvm.path, self.profile.hosts[0].name
        yield "\n".join((
            "1. Copy this folder to the host of the guests, owned by root, for example:",
            f"       rsync -rpt --delete ./ root@HOST:{path}/",
            f"   and there: sh {path}/verify.sh"))
        erases = f"2. Install {name}; this ERASES {self.profile.hosts[0].disk.file}"
        ways = [[f"       {line}" for line in self._installs(output, path, name)] for output in self.profile.outputs]
        yield "\n".join((f"{erases}:" if len(ways) == 1 else f"{erases}. One of:",
                         "\n   or\n".join("\n".join(way) for way in ways)))
        yield "Hosts\n" + "\n".join(
            f"  {host.name}: {host.memory} MiB of memory, {route.count(host.vcpus, 'processor')}\n"
            f"    disk  {host.disk.file}" for host in self.profile.hosts)

    def _installs(self, output: str, path: str, name: str) -> Iterable[str]:
        """The lines to type for the first machine, with one of the outputs."""
        host = self.profile.hosts[0]
        if output == "packer":
            return ("packer build with -var-file= of the variables",)
        make = (f"qemu-img create {host.disk.file} {host.disk.size}",) if host.disk.size else ()
        lines = {"libvirt": (*make, f"virsh create --console {name}-install.xml", f"virsh define {name}.xml",
                             f"virsh start {name}"),
                 "qemu": ("sh qemu-install.sh", "sh qemu-run.sh"),
                 "virt-install": ("sh virt-install.sh",)}
        return (f"cd {path}/hosts/{name}", *lines[output])

    def contents(self) -> Iterable[tuple[str, str]]:
        return (
            (route.KERNEL, "as pinned"),
            (route.INJECTED, "the pinned initrd with the kickstarts"),
            *(line for output in self.profile.outputs for line in FILES[output]),
            ("hosts/NAME/ks.cfg", "the kickstart"),
        )
