"""A domain of libvirt: <os><kernel/><initrd/><cmdline/></os> (libvirt docs/formatdomain.rst, direct kernel boot)."""

from __future__ import annotations

from builder.errors import HostileInput
from builder.lint.line.rules import error
from builder.lint.media.entry import Entry, Reading
from builder.tree import guarded

# The machine of <os><type>, for guests of Xen.
XEN = {"xenpv": "xen-pv", "xenpvh": "xen-pvh", "xenfv": "xen-hvm", "linux": "xen-pv", "xen": "xen-pv",
       "hvm": "xen-hvm"}


class _Domain:
    """Takes the events of one file."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.found: dict[str, str] = {}
        self.kind = self.machine = ""

    def start(self, name: str, attributes: dict[str, str], depth: int) -> None:
        self.path.append(name)
        if depth == 1:
            self.kind = attributes.get("type", "")
        if self.path[1:] == ["os", "type"]:
            self.machine = attributes.get("machine", "")

    def text(self, text: str) -> None:
        if self.path[1:2] == ["os"] or self.path[1:] == ["name"]:
            self.found[self.path[-1]] = self.found.get(self.path[-1], "") + text

    def end(self, name: str, depth: int) -> None:
        self.path.pop()


def read(text: str) -> Reading:
    domain = _Domain()
    try:
        guarded.read([text.encode("utf-8", "surrogateescape")], "the file", "a domain of libvirt", "domain", domain)
    except HostileInput as reason:
        return Reading((), (error("loader-syntax", reason.message.replace("\n", " "), reason.hint),))
    found = domain.found
    if "cmdline" not in found:
        return Reading(())
    medium = "libvirt"
    if domain.kind == "xen":
        medium = XEN.get(domain.machine) or XEN.get(found.get("type", "").strip(), "xen-hvm")
    line = " ".join(found.get("cmdline", "").split("\n")).strip()
    return Reading((Entry(title=found.get("name", "").strip(), line=1, kernel=found.get("kernel", "").strip(),
                          text=line, medium=medium),))
