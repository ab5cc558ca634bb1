"""shim and GRUB of the tree, as its own media start by UEFI: pinned with the kernel, because shim trusts only the GRUB
and the kernels that its distribution signed (REFERENCE 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from builder.catalog.generation import EFI_LOADERS
from builder.errors import BytesDiffer, NotFound, PinbootError
from builder.fetch import parallel
from builder.fetch.store.objects import Fetched
from builder.finding import Finding, Severity
from builder.jobs.survey.places.locate import Located
from builder.lock.model import Pin
from builder.trust.evidence import Evidence


def read(located: Located, arch: str, findings: list[Finding]) -> tuple[Pin, ...]:
    """The pins of those that the tree has; EL6 trees have none that start over a network, and no other arch does."""
    paths = EFI_LOADERS.get(arch, ())
    checksums = located.treeinfo.checksums
    jobs: list[Callable[[], Fetched]] = [
        partial(located.source.fetch, path, kind="loader", expected=checksums.get(path), what=path) for path in paths]
    located.source.store.use(create=True)  # before there are threads that would each do it
    pins = []
    for path, got in zip(paths, parallel.fetch_all(jobs), strict=True):
        if isinstance(got, NotFound):
            continue
        if isinstance(got, BytesDiffer):
            findings.append(Finding(topic="images", severity=Severity.ERROR, text=f"{path} is not what .treeinfo names",
                                    detail=tuple(line.strip() for line in got.message.splitlines()), hint=got.hint))
        elif isinstance(got, PinbootError):
            raise got
        else:
            expected = checksums.get(path)
            word = Evidence.TREEINFO if expected else Evidence.FIRST_USE
            pins.append(Pin(role="loader", path=path, size=got.size, digest=got.digest, evidence=word.value,
                            detail=f"named in {located.path} as {expected.algorithm}" if expected else ""))
    return tuple(pins)
