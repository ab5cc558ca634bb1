"""Machines and servers for tests of the boot loaders, and how a hostile string is put into each of their fields."""

import contextlib
import dataclasses
import ipaddress

from hypothesis import strategies as st

from builder.boot.line import options
from builder.boot.line.cmdline import SINGLE
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.outputs.boot import Boot, Served

MAC, SECOND = "52:54:00:12:34:56", "52:54:00:12:34:57"
REPO, KS = "inst.repo=http://192.0.2.5/el9", "inst.ks=http://192.0.2.5/ks?a=1&b=2"
SERVED = Served(http="http://192.0.2.5/b/5f2c91ab", root="http://192.0.2.5", tftp="192.0.2.5")
WEB = Served(http="http://boot.example:8080/pin/b/5f2c91ab", root="http://boot.example:8080/pin")


def boot(generation="el9", **changes):
    values = {
        "name": "web1", "title": "Rocky Linux 9.6 x86_64", "macs": (MAC,),
        "addresses": (ipaddress.ip_address("192.0.2.10"),), "folder": "rocky-9.6-x86_64", "kernel": "vmlinuz",
        "initrds": ("initrd.img",), "arguments": (REPO, KS), "generation": GENERATIONS[generation], "arch": "x86_64",
        **changes}
    return Boot(**values)


# What stands in a field before a hostile string takes its place, and how a value is put there.
MARK = "placeholder"
FIELDS = {
    "title": lambda text: {"title": text},
    "folder": lambda text: {"folder": text},
    "kernel": lambda text: {"kernel": text},
    "initrds": lambda text: {"initrds": ("initrd.img", text)},
    "arguments": lambda text: {"arguments": ("quiet", text, "ro")},
    "name": lambda text: {"name": text},
}
# These a Boot may hold by force, past its own checks: each renderer refuses or carries them by itself.
FORCED = ("title", "arguments")


def attempts(field, text):
    """The Boots that hold `text` in `field`: one that was checked, where it passes, and one that was not."""
    changes = FIELDS[field](text)
    with contextlib.suppress(ValueError):
        yield boot(**changes)
    if field in FORCED:
        forced = dataclasses.replace(boot())
        for key, value in changes.items():
            object.__setattr__(forced, key, value)
        yield forced


def put(structure, text):
    """`structure` with `text` in the place of the mark."""
    if isinstance(structure, str):
        return structure.replace(MARK, text)
    if isinstance(structure, dict):
        return {put(key, text): put(value, text) for key, value in structure.items()}
    made = [put(each, text) for each in structure]
    return made if isinstance(structure, list) else type(structure)(*made) if hasattr(structure, "_fields") else tuple(made)


def holds(structure_of, field, text):
    """True where every attempt to put `text` there was refused, or reads back as itself in the same structure."""
    expected = put(structure_of(boot(**FIELDS[field](MARK))), text)
    for made in attempts(field, text):
        try:
            found = structure_of(made)
        except (UsageError, ValueError):
            continue
        if found != expected:
            return False
    return True


def _legal(token):
    return token != "--" and not token.startswith("#") and options.key(token) not in {*SINGLE, "initrd", "BOOT_IMAGE",
                                                                                      "BOOTIF"}


TOKENS = st.text(st.sampled_from(sorted(set(map(chr, range(33, 127))) - set("\"'\\$;*(){}<>|!^`"))), min_size=1,
                 max_size=30).filter(_legal)
LINES = st.lists(TOKENS, min_size=1, max_size=8).filter(lambda line: line != ["-"])
