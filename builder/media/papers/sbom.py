"""sbom.cdx.json: what boots, as a CycloneDX 1.6 bill of materials: kernel, initrd, stage2, and the kernel's package.

Formats: ECMA-424 (CycloneDX 1.6); Package URL of type rpm (package-url/purl-spec).
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder.digest import Digest
from builder.lock.model import Lock, Pin
from builder.media.entry import Entry, text_entry
from builder.media.listing import listing
from builder.media.papers import provenance

PATH = "sbom.cdx.json"
BOOT = "boot/"
# What the machine runs though the bundle does not carry it.
FETCHED = ("stage2", "patch")
# Serial numbers are made from what the bill lists, below this one (RFC 9562 5.5); it is a random number of no meaning.
NAMESPACE = uuid.UUID("6f2f1cf6-33f5-4a55-9f2c-8f0d3b1c7d51")
# purl's rpm type: the namespace is the vendor; these are not called as we call the family.
VENDORS = {"centos-stream": "centos", "rhel": "redhat", "alma": "almalinux"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file that boots; `told` are properties, in the order of their names."""

    ref: str
    digest: Digest
    told: dict[str, str] = field(default_factory=dict)


def build(name: str, entries: Iterable[Entry], lock: Lock, copy: Entry, *, epoch: int) -> Entry:
    """The bill for the files in boot/ among `entries` and for what the machine fetches and runs; `copy` is the entry
    that holds the lock."""
    files = sorted((*_carried(listing.of(entries).given.values(), lock), *_fetched(lock)), key=lambda each: each.ref)
    # One number for one bill: a bundle for other hosts of the same lock is another bill.
    told = (copy.digest.hex, name, str(epoch), *(f"{each.ref} {each.digest.hex}" for each in files))
    return text_entry(PATH, _written(name, files, lock, uuid.uuid5(NAMESPACE, "\n".join(told)), epoch))


def _carried(entries: Iterable[Entry], lock: Lock) -> Iterator[_File]:
    for entry in entries:
        if not entry.path.startswith(BOOT):
            continue
        pin = next((pin for pin in lock.pins if pin.digest == entry.digest), None)
        told = _why(pin, lock) if pin else {"from": "boot/initrd.img and the kickstarts of the hosts"}
        yield _File(ref=entry.path, digest=entry.digest, told={"origin": entry.origin, **told})


def _fetched(lock: Lock) -> Iterator[_File]:
    for pin in lock.pins:
        if pin.role in FETCHED:
            yield _File(ref=pin.path, digest=pin.digest, told={"origin": "fetched by the machine", **_why(pin, lock)})


def _why(pin: Pin, lock: Lock) -> dict[str, str]:
    told = {"role": pin.role, "source": provenance.address(lock, pin), "evidence": pin.evidence, "detail": pin.detail,
            "key": pin.key}
    return {key: value for key, value in told.items() if value}


def _written(name: str, files: Sequence[_File], lock: Lock, serial: uuid.UUID, epoch: int) -> str:
    # cyclonedx costs 110 ms to import, so only a bundle that is written pays.
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    bom = Bom(serial_number=serial)
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(epoch, datetime.UTC)
    # Every bom_ref is ours: the library makes random ones where it gets none.
    bom.metadata.component = Component(name=name, type=ComponentType.FILE, bom_ref="bundle")
    system = Component(name=lock.family, version=lock.version, type=ComponentType.OPERATING_SYSTEM, bom_ref="release")
    parts = {each.ref: _component(each) for each in files}
    package = _package(lock)
    for component in (system, *parts.values(), *package):
        bom.components.add(component)
    bom.register_dependency(bom.metadata.component, [system, *parts.values()])
    if f"{BOOT}vmlinuz" in parts:
        bom.register_dependency(parts[f"{BOOT}vmlinuz"], package)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def _component(of: _File) -> Any:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    return Component(name=of.ref, type=ComponentType.FILE, bom_ref=of.ref,
                     hashes=[HashType(alg=HashAlgorithm.SHA_256, content=of.digest.hex)],
                     properties=[Property(name=f"pinboot:{key}", value=value) for key, value in of.told.items()])


def _package(lock: Lock) -> list[Any]:
    """The RPM that the kernel is from; none where the kernel's format does not tell its version."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    version = lock.kernel.version.removesuffix(f".{lock.arch}")
    if not version:
        return []
    # Oracle's own kernel has its own package; a version of it has uek for a word (5.15.0-206.153.7.el9uek).
    name = "kernel-uek" if re.search(r"el\d+uek", version) else "kernel"
    vendor = VENDORS.get(lock.family, lock.family)
    where = {"arch": lock.arch, "distro": f"{lock.family}-{lock.version}"}
    return [Component(name=name, version=version, type=ComponentType.LIBRARY, bom_ref="kernel-package",
                      purl=PackageURL("rpm", vendor, name, version, where))]
