"""What the texts of a bundle stand on besides the profile: the facts of its lock, else what can be assumed of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.catalog import load
from builder.errors import UsageError
from builder.jobs import building
from builder.jobs.planning import Boot
from builder.jobs.routes import choose
from builder.jobs.routes.route import Route
from builder.jobs.survey.places import addresses
from builder.lock.model import KernelFacts, Lock
from builder.outputs import xen
from builder.probe.initrd import XEN_DRIVERS
from builder.profile import kinds
from builder.profile.file.layers import Layer
from builder.profile.values import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`profile` is settled; `lock` is None where there is none: then `assumed` says what was taken for granted, a line
    each."""

    profile: Profile
    boot: Boot
    route: Route
    lock: Lock | None
    assumed: tuple[str, ...] = ()


def of(profile: Profile, layers: Sequence[Layer], lock: Lock | None, *, environment: Mapping[str, str],
       today: datetime.date) -> Ground:
    """From the lock, else what is assumed. Raises UsageError."""
    return assumed(profile, today) if lock is None else locked(profile, layers, lock, environment)


def locked(profile: Profile, layers: Sequence[Layer], lock: Lock, environment: Mapping[str, str]) -> Ground:
    """As a build of all hosts would take it. Raises UsageError: no output, a tree that only this machine can read."""
    settled = choose.settled(profile, lock.kernel)
    return built(settled, lock, building.build_key(settled, layers, lock, environment))


def built(settled: Profile, lock: Lock, ident: str) -> Ground:
    """As the build took it whose inputs have the digest `ident`, or one that begins so. Raises UsageError."""
    stage2 = lock.pin("stage2")
    route = choose.route(settled, lock.kernel, stage2=stage2.path, version=lock.version, ident=ident)
    boot = Boot(kernel=lock.kernel, initrd_size=lock.pin("initrd").size, stage2_size=stage2.size,
                install_url=addresses.install_url(settled, lock.source))
    return Ground(profile=settled, boot=boot, route=route, lock=lock)


def assumed(profile: Profile, today: datetime.date) -> Ground:
    """The address that the profile or the catalog names, and the kernel that the generation usually has. Raises
    UsageError, also where nobody names an address."""
    kernel = _kernel(profile)
    settled = choose.settled(profile, kernel)
    route = choose.route(settled, kernel, stage2=profile.release.generation.stage2, version=profile.release.version)
    address, said = _address(profile, today)
    boot = Boot(kernel=kernel, initrd_size=0, stage2_size=None, install_url=addresses.install_url(settled, address))
    return Ground(profile=settled, boot=boot, route=route, lock=None,
                  assumed=(f"{boot.install_url} is the tree ({said})", *_words(settled, kernel)))


def _kernel(profile: Profile) -> KernelFacts:
    """Where the profile asks for GRUB in a PVH guest, its kernel is taken for one that can be that."""
    return KernelFacts(version="", xen_pv=profile.release.generation.xen == "pv",
                       xen_pvh=profile.xen.run == xen.PVH_RUN, cmdline_size=0, payload="",
                       initrd_xen_drivers=tuple(sorted(XEN_DRIVERS)))


def _address(profile: Profile, today: datetime.date) -> tuple[str, str]:
    """Where the tree is, and who says so."""
    tree = profile.tree
    if tree.install_url:
        return tree.install_url, profile.origin("tree.install_url")
    if tree.address:
        return tree.address, profile.origin("tree.url" if tree.url else "tree.iso")
    if tree.mirrors:
        return tree.mirrors[0], profile.origin("tree.mirrors")
    known = load.addresses(profile.release, today)
    if not known:
        raise UsageError(
            f"{profile.path.name}: tree.url: missing; {profile.release.family.title} has no public install tree",
            'say where yours is: tree.url = "https://..."')
    return known[0], "the catalog's first address"


def _words(profile: Profile, kernel: KernelFacts) -> tuple[str, ...]:
    generation = profile.release.generation
    found = []
    kind = kinds.kind(profile.outputs)
    if kind == "xen":
        guest, _ = xen.choose_type(generation, kernel, profile.xen.run)
        found.append(f"guests are of type {guest}, as {generation.name.upper()}'s kernel usually has it; a lock knows")
    if kind == "network":
        found.append("served paths hold zeros where the digest of all inputs will be")
        found.append(f"the release is {profile.release.version}; a lock knows the point release of its tree")
    return tuple(found)
