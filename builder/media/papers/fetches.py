"""What a machine asks the network for by itself while it boots and installs, and what protects each answer.

The installer verifies nothing (RELIABILITY I29): what is pinned here is known here, not there. dracut and anaconda read
.treeinfo, take stage2 from where it says, then images/updates.img and product.img if there are any (REFERENCE 1.3 and
2.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from builder.boot.kickstart import repositories
from builder.lock.model import PATCHES, Lock, Pin
from builder.profile.values import Profile

REPOMD = "repodata/repomd.xml"
# hostname and prefix as /etc/rhsm/rhsm.conf comes (rhsm.conf(5)); a kickstart of ours changes neither.
RHSM = "https://subscription.rhsm.redhat.com/subscription"
UNCHECKED = "but the machine does not check it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An address that a machine asks by itself: `what` it gets there, and how the bytes are protected."""

    url: str
    what: str
    protection: str


def listed(profile: Profile, lock: Lock, install_url: str, lines: Iterable[Sequence[str]], *,
           own: str = "") -> tuple[Fetched, ...]:
    """Every address, in the order in which it is asked; `lines` are the parameters of each host's command line, `own`
    the URL where the bundle itself is served, or empty."""
    parameters = sorted({parameter for line in lines for parameter in line})
    checked = not {"inst.noverifyssl", "noverifyssl"} & set(parameters)
    foreign = [p for p in parameters if not (own and p.partition("=")[2].startswith(f"{own}/"))]
    return (*_served(lock, own, checked), *_tree(lock, install_url, checked, stage2=not own),
            *_arguments(foreign, install_url, checked),
            *_services(profile), *_installed(profile, install_url), *_users(profile))


def _served(lock: Lock, own: str, checked: bool) -> Iterator[Fetched]:
    """What the bundle's own server gives: the bytes that are pinned, over a connection that may not be."""
    if own:
        yield Fetched(url=f"{own}/b/", what="kernel, initrd, the installer itself (stage2) with its patches, if the "
                      "tree had any, the kickstart",
                      protection=f"the bytes of this bundle, {UNCHECKED}; {_way(own, checked)}")


def _tree(lock: Lock, install_url: str, checked: bool, *, stage2: bool) -> Iterator[Fetched]:
    way = _way(install_url, checked)
    treeinfo, image = lock.pin("treeinfo"), lock.pin("stage2")
    yield Fetched(url=f"{install_url}/{treeinfo.path}", what="what the tree says of itself: where stage2 and the "
                  "repositories are", protection=f"{_pinned(treeinfo)}, {UNCHECKED}; {way}")
    if stage2:
        yield Fetched(url=f"{install_url}/{image.path}", what="the installer itself (stage2)",
                      protection=f"{_pinned(image)}, {UNCHECKED}; {way}")
    patches = {pin.path: pin for pin in lock.of_role("patch")}
    for path in PATCHES if stage2 else ():
        if path in patches:
            known = f"{_pinned(patches[path])}, {UNCHECKED}"
        elif path in lock.absent:
            known = "it was not there when this was locked; whoever controls the mirror can add one"
        else:
            known = "the lock does not know whether there is one; whoever controls the mirror can add one"
        yield Fetched(url=f"{install_url}/{path}", what="a patch to the installer, if it is there",
                      protection=f"{known}; {way}")
    for pin in lock.of_role("repository"):
        name = f" of {pin.name}" if pin.name else ""
        yield Fetched(url=urljoin(f"{install_url}/", pin.path).removesuffix(f"/{REPOMD}"), what=f"packages{name}",
                      protection=f"repomd.xml {_pinned(pin)}, but the installer checks neither that nor any package's "
                                 f"signature; {way}")


def _arguments(parameters: Iterable[str], install_url: str, checked: bool) -> Iterator[Fetched]:
    """Addresses in kernel arguments of the user's: driver disks, updates, further repositories, proxies."""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if value != install_url and ("://" in value or value.startswith("nfs")):
            yield Fetched(url=value, what=f"what {key}= of kernel_arguments asks for",
                          protection=f"not known here; {_way(value, checked)}")


def _services(profile: Profile) -> Iterator[Fetched]:
    """Servers that a kickstart of ours makes the machine ask: what unlocks its disk, and where it registers."""
    if profile.kickstart or profile.template:
        return
    unlocks = {(encrypt.tang, encrypt.thumbprint) for host in profile.hosts if (encrypt := host.storage.encrypt)}
    for url, thumbprint in sorted(unlocks - {("", "")}):
        known = (f"clevis knows its signing key by the thumbprint {thumbprint}" if thumbprint
                 else "clevis takes the signing key that it meets while it installs: give its thumbprint")
        yield Fetched(url=url, what="half of the key that opens the disk, once while it installs and at each start",
                      protection=f"{known}; {_way(url, True)}")
    if any(host.rhsm for host in profile.hosts):
        yield Fetched(url=RHSM, what="registration with Red Hat, then its packages from cdn.redhat.com",
                      protection="subscription-manager checks the server by Red Hat's own authority; https")


def _installed(profile: Profile, install_url: str) -> Iterator[Fetched]:
    """The repositories that a kickstart of ours leaves on the installed system."""
    kept = None if profile.kickstart or profile.template else repositories.of(profile, install_url)
    for part, _, url in kept.sections if kept else ():
        yield Fetched(url=url, what=f"packages ({part}), when yum is run on the installed system",
                      protection=f"yum checks the signature of each by the key on its disk; {_way(url, True)}")


def _users(profile: Profile) -> Iterator[Fetched]:
    given = profile.kickstart or profile.template
    if given:
        yield Fetched(url=f"what {given.path} names", what="packages, and what its scripts ask for",
                      protection="its own")
    for script in (*profile.pre, *profile.post, *profile.onerror):
        yield Fetched(url=f"what {script.path} asks for", what="a script of yours", protection="its own")


def _pinned(pin: Pin) -> str:
    by = f", key {pin.key}" if pin.key else ""
    return f"pinned here as {pin.digest.short} ({pin.evidence}{by})"


def _way(url: str, checked: bool) -> str:
    if url.startswith("https://"):
        return "https" if checked else "https, but noverifyssl: whoever is on the way can change it"
    kind = url.partition(":")[0]
    return f"plain {kind}: whoever is on the way can change it"
