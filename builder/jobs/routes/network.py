"""Machines that boot over the network: loaders' files and pointers, a web root and a TFTP root, DHCP, deploy.sh.

What is served lies apart from what is private; every served path holds the id of the bundle and only thin pointers
change (UX 3). The id is made from the inputs, because it stands in the kernel's arguments too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

from builder.boot.line.cmdline import Machine
from builder.catalog import loaders
from builder.errors import UsageError, several
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.routes import route
from builder.jobs.routes.route import Plan
from builder.lock.model import KernelFacts, Lock, Pin
from builder.media.entry import Entry, text_entry
from builder.media.listing.spool import Spool
from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import files, layout
from builder.outputs.loaders.files import GRUB, LOADERS
from builder.outputs.rendered import Rendered
from builder.outputs.services import deploy, dnsmasq, kea, nginx, token
from builder.outputs.services.deploy import Pointer
from builder.outputs.services.dhcp import Dhcp, Loaders
from builder.profile.hosting import Serve
from builder.profile.values import Host, Profile

# deploy.sh gives it to the web server's group; here it is its owner's alone.
KICKSTART_MODE = 0o600
KERNEL, INITRD = "vmlinuz", "initrd.img"
# So many characters of the digest over all inputs; served paths begin with them (UX 3).
ID_LENGTH = 8
UNBUILT = "0" * ID_LENGTH


class NetworkRoute:
    """`ident` is the id in served paths; before a build any of the same length does."""

    roles: tuple[str, ...] = ("kernel", "initrd", "stage2", "loader", "patch")
    machine: Machine = "pc"
    loader = ""

    def __init__(self, profile: Profile, kernel: KernelFacts, stage2: str, version: str, ident: str = UNBUILT) -> None:
        assert profile.serve is not None  # resolve: an output of this kind needs the table
        self.profile = profile
        self.serve: Serve = profile.serve
        self.stage2 = stage2
        self.version = version
        self.outputs = frozenset(profile.outputs)
        self.ident = ident[:ID_LENGTH]
        self.folder = f"{profile.release.family.id}-{version}-{profile.release.arch}"
        self.served = Served(http=f"{self.serve.url}/b/{self.ident}", root=self.serve.url, tftp=self.serve.tftp)
        self.faults = loaders.faults(profile.release.generation.name, version) if GRUB & self.outputs else ()
        # Asked twice for each host.
        self._private = functools.lru_cache(maxsize=1)(self._below)
        self.medium = "pxelinux" if "pxelinux" in self.outputs else "grub"

    def kickstart(self, host: Host) -> str:
        return f"{self.served.http}/{self._private(host.name)}"

    def _below(self, name: str) -> str:
        secret = self.serve.secret.text.encode()
        return f"ks/{token.token(secret, self.profile.name, name)}/ks.cfg"

    def extra(self) -> tuple[str, ...]:
        """The bundle's own stage2: EL6 wants the file, later ones the tree that holds it (REFERENCE 1.3)."""
        generation = self.profile.release.generation
        tree = f"{self.served.http}/{self.folder}"
        place = f"{tree}/{self.stage2}" if generation.network == "loader" else tree
        return (f"{generation.option('stage2')}={place}",)

    def findings(self) -> tuple[Finding, ...]:
        known = (Finding(topic="loaders", severity=Severity.WARNING, text=fault.text, hint=fault.cure)
                 for fault in self.faults)
        return (*route.cpu(self.profile), *self._plain(), *self._tftp(), *known)

    def _plain(self) -> tuple[Finding, ...]:
        if self.serve.url.startswith("https://"):
            return ()
        return (Finding(
            topic="serve", severity=Severity.NOTE, text=f"{self.serve.url}: kickstarts go over plain http",
            detail=("whoever is on the way can read them, and change what the machines boot",)),)

    def _tftp(self) -> tuple[Finding, ...]:
        if "pxelinux" not in self.outputs or self.serve.tftp:
            return ()
        return (Finding(topic="serve", severity=Severity.ERROR, text="pxelinux fetches by TFTP, and no server is named",
                        hint='serve = { url = "...", tftp = "10.0.0.5" }'),)

    def images(self, plans: Sequence[Plan], lock: Lock, context: Context, stamp: int,
               spool: Spool) -> list[Entry]:
        first = next((plan.host for plan in plans if plan.host.firmware != "bios"), plans[0].host)
        return [*self._images(lock, context), *self._loaders(lock, self._boot(first, ()), context)]

    def own(self, plan: Plan) -> Iterable[Entry]:
        boot = self._boot(plan.host, plan.cmdline.parameters)
        pointers = [text for pointer in self._pointers(boot) for text in deploy.texts(pointer)]
        return [*route.rendered(files.immutable(boot, self.served, self.outputs)), *self._host(plan),
                *route.rendered(pointers)]

    def shared(self, plans: Iterable[Plan]) -> Iterable[Entry]:
        hosts = [plan.host for plan in plans]
        # What all share names no kernel's arguments, which are most of a machine.
        boots = [self._boot(host, ()) for host in hosts]
        yield from self._lead()
        yield from route.rendered(files.menus(boots, self.served, self.outputs))
        yield from route.rendered(self._services(boots))
        places = ((boot.name, path) for boot in boots for path in files.places(boot, self.served, self.outputs))
        yield from route.rendered((deploy.script(self.ident, places, http=f"{self.serve.folder}/http",
                                                 tftp=f"{self.serve.folder}/tftp"),))
        yield _table(map(self._row, hosts))

    def _boot(self, host: Host, arguments: tuple[str, ...]) -> Boot:
        return route.boot(self.profile, host, arguments, folder=self.folder, kernel=KERNEL, initrd=INITRD)

    def _images(self, lock: Lock, context: Context) -> list[Entry]:
        """Kernel and initrd below each root, stage2 below the web root."""
        made = [route.pinned(pin, f"{root}/{layout.within(self.served, self.folder, name)}", context)
                for root in layout.roots(self.served)
                for pin, name in ((lock.pin("kernel"), KERNEL), (lock.pin("initrd"), INITRD))]
        tree = f"http/{layout.within(self.served, self.folder)}"
        # The installer takes its patches from where stage2 is (anaconda-lib.sh, anaconda_net_root).
        return [*made, *(route.pinned(pin, f"{tree}/{pin.path}", context)
                         for pin in (lock.pin("stage2"), *lock.of_role("patch")))]

    def _lead(self) -> list[Entry]:
        """What leads the installer to stage2."""
        told = (f"[general]\nfamily = {self.profile.release.family.title}\nversion = {self.version}\n"
                f"arch = {self.profile.release.arch}\n\n[stage2]\nmainimage = {self.stage2}\n")
        return [text_entry(f"http/{layout.within(self.served, self.folder)}/.treeinfo", told)]

    def _loaders(self, lock: Lock, boot: Boot, context: Context) -> list[Entry]:
        """shim and GRUB of the tree, and the loaders of this machine that the profile names."""
        own = [text_entry(f"tftp/{each.path}", each.data, origin="copied") for each in self.serve.loaders]
        if not GRUB & self.outputs:
            return own
        pins: dict[str, Pin] = {pin.path: pin for pin in lock.of_role("loader")}
        copies = layout.copies(boot, self.served, fallback=True)
        needed = {copy.source for copy in copies} - {copy.source for copy in copies if "/mm" in copy.source}
        lacking = sorted(needed - pins.keys())
        if lacking:
            raise several(f"{self.profile.path.name}: outputs: the lock has no UEFI loaders of this tree", lacking,
                          "pinboot lock --update looks for them; a tree without EFI/BOOT boots by pxelinux and iPXE")
        if self.served.tftp and any(fault.at_root for fault in self.faults):
            copies = (*copies, *(copy._replace(path=f"tftp/{copy.path.rpartition('/')[2]}") for copy in copies
                                 if copy.path == f"tftp/{self.folder}/{layout.EFI[lock.arch].grub}"))
        return [*own, *(route.pinned(pins[copy.source], copy.path, context) for copy in copies if copy.source in pins)]

    def _pointers(self, boot: Boot) -> list[Pointer]:
        if not boot.macs and self.outputs & LOADERS:
            raise UsageError(f"host.{boot.name}.mac: missing; a boot loader finds a machine by its MAC address",
                             'mac = "52:54:00:12:34:56"')
        both = zip(files.pointers(boot, self.served, "install", self.outputs),
                   files.pointers(boot, self.served, "local", self.outputs), strict=True)
        return [Pointer(host=boot.name, path=install.path, install=install.text, local=local.text)
                for install, local in both]

    def _services(self, boots: Sequence[Boot]) -> Iterable[Rendered]:
        makers: dict[str, Callable[..., Rendered]] = {"dnsmasq": dnsmasq.config, "kea": kea.config}
        for output, make in makers.items():
            if output in self.outputs:
                yield make(boots, self.served, self._dhcp(serves_tftp=output == "dnsmasq"), self._first())
        if "nginx" in self.outputs:
            yield nginx.site(self.served, f"{self.serve.folder}/http")

    def _dhcp(self, *, serves_tftp: bool) -> Dhcp:
        told = self.profile.dhcp
        assert told is not None  # resolve: these outputs need the table
        root = f"{self.serve.folder}/tftp" if serves_tftp and self.serve.tftp else ""
        try:
            return Dhcp(subnet=told.subnet, router=told.router, dns=told.nameservers, mode=told.mode,
                        interface=told.interface, pool=told.pool, lease=told.lease, tftp_root=root)
        except ValueError as reason:
            raise UsageError(f"{self.profile.path.name}: dhcp.{reason}") from None

    def _first(self) -> Loaders:
        """The first file of each kind of firmware, of the loaders that this bundle has."""
        bios = "bios/pxelinux.0" if "pxelinux" in self.outputs else next(
            (each.path for each in self.serve.loaders if each.path.endswith((".kpxe", ".0"))), "")
        efi = next((each.path for each in self.serve.loaders if each.path.endswith(".efi")), "")
        shim = "{folder}/shimx64.efi" if GRUB & self.outputs else efi
        return Loaders(bios=bios, x64=shim, arm64="{folder}/shimaa64.efi" if GRUB & self.outputs else "",
                       ipxe="boot.ipxe" if "ipxe" in self.outputs else "")

    def _host(self, plan: Plan) -> list[Entry]:
        return [text_entry(f"http/{layout.within(self.served, self._private(plan.host.name))}", plan.kickstart,
                           mode=KICKSTART_MODE),
                text_entry(f"private/hosts/{plan.host.name}/cmdline", route.cmdline_text(plan), mode=route.PRIVATE)]

    def _row(self, host: Host) -> str:
        network = host.network
        return "\t".join((host.name, network.mac or "-", ",".join(str(each) for each in network.addresses) or "-",
                          self._private(host.name)))

    def injected(self, plans: Sequence[Plan]) -> list[str]:
        return []

    def after(self, how: str, target: str) -> str:
        return f"sh {target}/deploy.sh root@SERVER   (NEXT-STEPS.txt has it in full)" if how == "copy" else (
            f"unpack {target}, then: sh deploy.sh root@SERVER")

    def steps(self) -> Iterable[str]:
        name = self.profile.hosts[0].name
        yield "\n".join((
            "1. Carry it to the server, data first and pointers last:",
            "       sh deploy.sh root@SERVER",
            f"   http/ goes to {self.serve.folder}/http, which is {self.serve.url}",
            *((f"   tftp/ goes to {self.serve.folder}/tftp, which {self.serve.tftp} serves",)
              if self.serve.tftp else ())))
        yield "\n".join(("2. Let the web, TFTP and DHCP servers know (files that this bundle has):",
                         *(f"       {path:<28}{words}" for path, words in self._configs())))
        yield "\n".join((f"3. Start {name} from its network card: it installs, and ERASES its disk.",
                         "   When it is done, turn it to its own disk, or it installs again at the next",
                         "   start:",
                         f"       sh deploy.sh --retire {name} root@SERVER",
                         f"   and to install it once more: sh deploy.sh --arm {name} root@SERVER"))
        yield "Hosts\n" + "\n".join(f"  {host.name:<24}{host.network.mac or '-'}" for host in self.profile.hosts)

    def _configs(self) -> Iterable[tuple[str, str]]:
        listed = {"dnsmasq": (dnsmasq.PATH, "DHCP and TFTP"), "kea": (kea.PATH, "DHCP"), "nginx": (nginx.PATH, "web")}
        found = [line for output, line in listed.items() if output in self.outputs]
        return found or [("(none)", "name dnsmasq, kea or nginx in outputs for one")]

    def contents(self) -> Iterable[tuple[str, str]]:
        return (
            ("deploy.sh", "to the server and back; POSIX sh"),
            (f"http/b/{self.ident}/", "what never changes: kernel, initrd, stage2, ..."),
            (f"http/b/{self.ident}/ks/", "kickstarts, at paths that nobody can guess"),
            ("http/, tftp/ (the rest)", "loaders, menus and pointers by MAC"),
            ("local/", "the pointers as they are after the install"),
            ("private/hosts/NAME/cmdline", "its kernel arguments"),
        )


def _table(rows: Iterable[str]) -> Entry:
    """hosts.tsv: what to grep first."""
    return text_entry("private/hosts.tsv", "\n".join(("name\tmac\taddress\tkickstart", *rows)) + "\n",
                      mode=route.PRIVATE)
