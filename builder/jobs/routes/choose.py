"""The route of a profile, by the kind of machine that its outputs are for."""

from __future__ import annotations

from builder.errors import UsageError
from builder.jobs.routes.kvm import KvmRoute
from builder.jobs.routes.network import UNBUILT, NetworkRoute
from builder.jobs.routes.route import Route
from builder.jobs.routes.xen import XenRoute
from builder.lock.model import KernelFacts
from builder.outputs import xen
from builder.profile import kinds
from builder.profile.values import Profile


def settled(profile: Profile, kernel: KernelFacts) -> Profile:
    """The profile with all said that only the pinned kernel decides."""
    return xen.settled(profile, kernel) if kinds.kind(profile.outputs) == "xen" else profile


def route(profile: Profile, kernel: KernelFacts, *, stage2: str, version: str, ident: str = UNBUILT) -> Route:
    """`profile` is settled; `stage2` the path of the pin and `version` of the release, `ident` the digest over all
    inputs. Raises UsageError for a profile without outputs."""
    kind = kinds.kind(profile.outputs)
    if kind == "xen":
        return XenRoute(profile, kernel)
    if kind == "kvm":
        return KvmRoute(profile, kernel)
    if kind == "network":
        return NetworkRoute(profile, kernel, stage2, version, ident)
    raise UsageError(f"{profile.path.name}: outputs: empty; what shall be made?",
                     f'outputs = ["libvirt"], or others of {", ".join(kinds.OUTPUTS)}')
