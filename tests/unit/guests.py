"""Guests as values for the tests of their renderers, and shells that run the scripts with tools that only take notes."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from xml.etree import ElementTree

from builder.catalog.generation import GENERATIONS
from builder.outputs.boot import Boot
from builder.outputs.guests.machine import Guest

SHELLS = {"dash": ["dash"], "bash": ["bash"], "ksh": ["ksh"], "mksh": ["mksh"], "busybox": ["busybox", "sh"]}
MAC = "52:54:00:12:34:56"
ARGUMENTS = ("inst.repo=http://192.0.2.5/el9", "inst.ks=file:/ks/web1.cfg", "bond=bond0:ens3,ens4:mode=802.3ad,miimon=100",
             "inst.ks.x=http://192.0.2.5/ks?a=1&b=2", "console=tty0", "console=ttyS0,115200n8")
# Names of the cases under tests/golden/guests, too.
CASES = {
    "el6-bios": {"generation": "el6"},
    "el7-bios-bridge": {"generation": "el7", "bridge": "br0"},
    "el8-uefi-qcow2": {"generation": "el8", "firmware": "uefi", "disk": "/srv/vm/web1.qcow2"},
    "el9-two-cards": {"generation": "el9", "bridge": "br0", "macs": (MAC, "52:54:00:12:34:57"), "vcpus": 4},
    "el10-uefi-device": {"generation": "el10", "firmware": "uefi", "disk": "/dev/vg0/web1", "disk_size": None},
    "fedora-display": {"generation": "fedora", "display": True, "network": "lab net"},
}


def boot(generation="el9", **changes):
    values = {
        "name": "web1", "title": "Rocky Linux 9.6 x86_64", "macs": (MAC,), "addresses": (), "folder": "boot",
        "kernel": "vmlinuz", "initrds": ("initrd-ks.img",), "arguments": ARGUMENTS, "generation": GENERATIONS[generation],
        "arch": "x86_64", "disk": "/srv/vm/web1.img", "disk_size": 20 << 30, **changes,
    }
    return Boot(**values)


def guest(generation="el9", bundle="/srv/pinboot", **changes):
    own = {key: changes.pop(key) for key in ("network", "display") if key in changes}
    return Guest(boot=boot(generation, **changes), bundle=bundle, **own)


def replaced(of, **changes):
    return dataclasses.replace(of, **changes)


def values(text):
    """Every element of an XML text with its path, text and attributes, in order: its structure and all it says."""
    found = []

    def walk(element, path):
        here = f"{path}/{element.tag}"
        found.append((here, (element.text or "") if not len(element) else "", dict(element.attrib)))
        for child in element:
            walk(child, here)

    walk(ElementTree.fromstring(text), "")
    return found


def substituted(found, old, new):
    """`found` of values() with `old` replaced in every text and attribute."""
    return [(path, text.replace(old, new), {key: each.replace(old, new) for key, each in attributes.items()})
            for path, text, attributes in found]


NOTE = """#!/bin/sh
printf '%s\\0' "$@" >>"{folder}/{name}.calls"
printf '\\n' >>"{folder}/{name}.calls"
"""
# qemu-img notes, and makes what it was asked for.
MAKE = NOTE + """for word; do
	case $word in /*) : >"$word" ;; esac
done
"""


class Host:
    """A host in a folder: a PATH of tools that take notes, a bundle, and a place for disks."""

    def __init__(self, folder, bundle="bundle"):
        self.folder, self.tools = folder, folder / "bin"
        self.tools.mkdir()
        self.bundle = folder / bundle
        (self.bundle / "boot").mkdir(parents=True)
        for name in ("vmlinuz", "initrd-ks.img"):
            (self.bundle / "boot" / name).write_bytes(b"boot")
        self.disk = folder / "web1.img"
        self.tool("qemu-system-x86_64")
        self.tool("virt-install")
        self.tool("qemu-img", MAKE)

    def tool(self, name, text=NOTE):
        (self.tools / name).write_text(text.format(folder=self.folder, name=name))
        (self.tools / name).chmod(0o755)

    def guest(self, generation="el9", **changes):
        return guest(generation, **{"bundle": str(self.bundle), "disk": str(self.disk), **changes})

    def run(self, rendered, *arguments, shell="dash", **environment):
        """Writes the script into its place in the bundle and runs it."""
        path = self.bundle / rendered.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered.text)
        path.chmod(rendered.mode)
        return subprocess.run([*SHELLS[shell], str(path), *arguments], text=True, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL, cwd=self.folder,
                              env={**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", **environment})

    def calls(self, name):
        """Arguments of every call of a tool."""
        path = self.folder / f"{name}.calls"
        return [call.split("\0") for call in path.read_text().split("\0\n")[:-1]] if path.exists() else []

