"""What the installers make of a kernel as its loader would start it."""

from __future__ import annotations

from collections.abc import Sequence

from builder.finding import Finding
from builder.lint.line import judge
from builder.lint.line.judge import Verdict
from builder.lint.line.rules import error, note
from builder.lint.line.targets import TARGETS, Target
from builder.lint.media.entry import Entry


def verdict(entry: Entry, targets: Sequence[Target] = TARGETS) -> Verdict:
    more: dict[Finding, Sequence[Target]] = dict.fromkeys(entry.findings, targets)
    if entry.adds_ip:
        # ip=CLIENT:SERVER:GATEWAY:MASK (syslinux doc/pxelinux.txt, IPAPPEND 1); EL6 reads that form (REFERENCE 1.6).
        more[error("loader-sysappend", "SYSAPPEND 1 adds ip=CLIENT:SERVER:GATEWAY:MASK, at which dracut stops the boot",
                   "write SYSAPPEND 2, for BOOTIF= alone")] = [t for t in targets if t.backend == "legacy"]
        more[note("loader-sysappend", "SYSAPPEND 1 adds ip=CLIENT:SERVER:GATEWAY:MASK: the address stays as it was "
                  "leased to pxelinux", "write SYSAPPEND 2, for BOOTIF= alone")] = [
                      t for t in targets if t.backend == "nm"]
    return judge.judge(entry.text, targets, medium=entry.medium, adds=entry.adds, more=more)
