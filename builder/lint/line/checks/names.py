"""The names of parameters: options that are gone or not there yet, the prefix inst., and slips of the pen."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator

from builder.finding import Finding, Severity
from builder.lint.line import line as lines
from builder.lint.line.line import Line, Placed
from builder.lint.line.net import ksdevice
from builder.lint.line.rules import error, finding, note, warning
from builder.lint.line.targets import TARGETS, Target, places
from builder.lint.line.tokens import Word
from builder.lint.line.words import known
from builder.lint.line.words.row import Row, Standing, standing
from builder.names import shown

EL8 = places("el8")
# Words with which a slip is looked for beside those with inst.; each is far from every parameter of the kernel.
NEAR = ("nameserver", "ifname", "bootdev", "ksdevice", "netmask", "rd.neednet", "BOOTIF")
NONES = frozenset({"none", "null", "undefined", "nil"})
# Beginnings that were meant to be inst.
ALMOST = re.compile(r"(?:ins?t?|isnt|ints|nist|instl|install)[._,-]", re.IGNORECASE)


def check(line: Line, target: Target) -> Iterator[Placed]:
    for place, word in enumerate(line.words):
        if lines.PLACEHOLDER.search(word.name):
            continue
        row = known.find(word.name, target)
        found = _known(row, word, target) if row else _unknown(word, target)
        yield from ((place, each) for each in found)


def _known(row: Row, word: Word, target: Target) -> Iterator[Finding]:
    name = row.own(word.name)
    stands = standing(row, name, target)
    if stands in (Standing.READ, Standing.FADING):
        yield from _read(row, name, word, target, fading=stands is Standing.FADING)
        return
    if row.kernel and not name.startswith("inst."):
        return
    yield _not_read(row, name, stands, target)


def _not_read(row: Row, name: str, stands: Standing, target: Target) -> Finding:
    nobody = "nobody reads it"
    if stands is Standing.UNPREFIXED:
        return finding("unprefixed", row.loss, f"{nobody}: since EL9 an option of the installer begins with inst.",
                       f"write {row.prefixed}")
    if stands is Standing.PREFIXED:
        return finding("prefixed", row.loss, f"{nobody}: options of EL6 have no prefix", f"write {row.bare}")
    if stands is Standing.NOT_YET:
        first = TARGETS[min(span.start for span in (row.known, row.inst) if span)]
        since = "EL8" if first.name == "el8.2" else first.label
        return finding("not-yet", row.loss, f"{nobody}: it came with {since}", row.instead)
    if stands is Standing.NEVER:
        return warning("never-read", "no installer reads it", row.instead)
    return finding("removed", row.loss, f"{nobody}: it is gone", row.instead)


def _read(row: Row, name: str, word: Word, target: Target, *, fading: bool) -> Iterator[Finding]:
    if fading:
        yield note("deprecated", "read, but on its way out", _instead(row, word))
    elif target.order in EL8 and row.prefixed and name == row.bare and row.known.stop == EL8.stop and not row.kernel:
        yield note("deprecated", "read with a warning; EL9 ignores it", f"write {row.prefixed}")
    if lines.is_open(word):
        return
    if not word.argument and row.kind not in ("flag", "kickstart") and name not in FLAGS:
        yield _empty(row, name)
    elif row.kind not in ("flag", "network") and word.argument.lower() in NONES:
        yield error("none-value", f"{shown(word.argument)} looks like what a template had no value for",
                    "leave the option out where there is nothing to say")


def _instead(row: Row, word: Word) -> str:
    if row.bare != "ksdevice" or lines.is_open(word) or not word.argument:
        return row.instead
    other = ksdevice.spelled(word.argument)
    return f"write {other}" if other else "leave it out"


# Network words that mean something alone.
FLAGS = frozenset({"bond", "bridge", "team", "rd.neednet", "rd.bootif", "rd.peerdns", "rd.znet", "dd", "inst.dd",
                   "proxy", "inst.proxy", "inst.nosave", "updates"})


def _empty(row: Row, name: str) -> Finding:
    if row.kind == "tree":
        return error("no-value", "no place: the installer looks for a disc", f"write {name}=http://...")
    severity = Severity.ERROR if row.loss is Severity.ERROR and row.kind != "network" else Severity.WARNING
    return finding("no-value", severity, "it needs a value, and does nothing without", "give it one, or leave it out")


def _unknown(word: Word, target: Target) -> Iterator[Finding]:
    name = word.name
    if not name:
        yield error("typo", "a blank stands before or after =, so the name has no value",
                    "write NAME=VALUE, without blanks")
        return
    if re.match(r"(?:https?|ftp|nfs):/", name):
        yield warning("typo", "a URL alone is read by nobody", "write inst.repo= or inst.ks= in front of it")
        return
    if f"inst.{name}" in known.INDEX and "." in name:
        row = known.INDEX[f"inst.{name}"]
        if row.reads(f"inst.{name}", target):
            yield finding("unprefixed", row.loss, "nobody reads it", f"write inst.{name}")
        return
    near = _slip(name)
    if near:
        rule = "letter-case" if near.lower() == name.lower() else "typo"
        if rule != "letter-case" or target.backend != "loader":
            yield error(rule, "nobody reads it", f"did you mean {near}?")
        return
    if name.startswith("inst."):
        found = difflib.get_close_matches(name, _readable(target), 1, 0.8)
        if found:
            yield error("unknown-option", "the installer has no such option", f"did you mean {found[0]}?")
        else:
            yield warning("unknown-option", "no list of installer options has it; an add-on may read it",
                          "look it up in the installation guide of the release")


def _readable(target: Target) -> list[str]:
    return [name for name, row in known.INDEX.items() if name.startswith("inst.") and row.reads(name, target)]


@functools.lru_cache(maxsize=1024)  # each release asks again
def _slip(name: str) -> str:
    """The known name that `name` was meant to be: other letter case, another separator, a colon in place of =, one
    letter more or less."""
    for each in known.INDEX:
        if each.lower() == name.lower() and ("." in each or each == "BOOTIF"):
            return each
    before = name.partition(":")[0]
    if ":" in name and before in known.INDEX:
        return f"{before}={name[len(before) + 1:]}"
    almost = ALMOST.match(name)
    rest = name[almost.end():] if almost else name[4:] if name.startswith("inst") else ""
    if rest and f"inst.{rest.lower()}" in known.INDEX and not name.startswith("inst."):
        return f"inst.{rest.lower()}"
    if almost and "." in name and not name.startswith("inst."):
        options = [each for each in known.INDEX if each.startswith("inst.")]
        near = difflib.get_close_matches(name.lower(), options, 1, 0.85)
        if near:
            return near[0]
    near = difflib.get_close_matches(name, NEAR, 1, 0.88)
    return near[0] if near else ""
