"""What the installer lays over itself: images/updates.img and product.img, pinned as these bytes or as not there."""

from __future__ import annotations

from builder.errors import BytesDiffer, NotFound
from builder.finding import Finding, Severity
from builder.jobs.survey.places.locate import Located
from builder.lock.model import PATCHES, Pin
from builder.trust.evidence import Evidence

TOPIC = "patches"


def read(located: Located, findings: list[Finding]) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
    """The pins of those that are there, and the paths of those that are not.

    Only the server's own `not found` counts as absent; a network that fails is an error like any other (Missing).
    """
    pins: list[Pin] = []
    absent: list[str] = []
    for path in PATCHES:
        expected = located.treeinfo.checksums.get(path)
        try:
            got = located.source.fetch(path, kind="image", expected=expected, what=path, fresh=True)
        except NotFound:
            absent.append(path)
            continue
        except BytesDiffer as reason:
            findings.append(Finding(topic=TOPIC, severity=Severity.ERROR, text=f"{path} is not what .treeinfo names",
                                    detail=tuple(line.strip() for line in reason.message.splitlines()),
                                    hint="the installer would run it as root: take another mirror"))
            continue
        word = Evidence.TREEINFO if expected else Evidence.FIRST_USE
        pins.append(Pin(role="patch", path=path, size=got.size, digest=got.digest, evidence=word.value,
                        detail=f"named in {located.path} as {expected.algorithm}" if expected else ""))
    if pins:
        there = ", ".join(pin.path for pin in pins)
        findings.append(Finding(
            topic=TOPIC, severity=Severity.WARNING, text=f"{there}: the installer lays this over itself, as root",
            hint="a distribution's own tree seldom has one; if it is yours, well: it is pinned with the rest"))
    else:
        findings.append(Finding(topic=TOPIC, severity=Severity.OK, text="none in the tree; one that appears is drift"))
    return tuple(pins), tuple(absent)
