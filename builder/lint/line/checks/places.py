"""Where the install tree, the kickstart and other files come from (REFERENCE 1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from builder.finding import Finding, Severity
from builder.lint.line import line as lines
from builder.lint.line.line import Line, Placed
from builder.lint.line.rules import error, finding, note, warning
from builder.lint.line.targets import Target
from builder.lint.line.targets import places as span
from builder.lint.line.tokens import Word
from builder.lint.line.words import known
from builder.names import shown

WEB = frozenset({"http", "https", "ftp"})
NFS = frozenset({"nfs", "nfs4", "nfsiso"})
# What parse-anaconda-repo.sh and parse-anaconda-kickstart.sh have a case for; EL6: loader/method.c, kickstart.c.
TREES = WEB | {"nfs", "nfs4", "hd", "cd", "cdrom", "hmc"}
KICKSTARTS = WEB | {"nfs", "nfs4", "hd", "cd", "cdrom", "file", "path"}
OLD = {"tree": WEB | {"nfs", "nfsiso", "hd", "cd", "cdrom"},
       "kickstart": WEB | {"nfs", "hd", "bd", "cdrom", "file", "floppy"}}
NFSISO = span("el6-el8")
# EL9 and later strip a slash at the end (anaconda-lib.sh:114).
SLASHES = span("el6-el8")


def check(line: Line, target: Target) -> Iterator[Placed]:
    for place, word in enumerate(line.words):
        row = known.read(word.name, target)
        if row is None or not word.argument or lines.is_open(word):
            continue
        if row.kind == "tree":
            yield from ((place, each) for each in _tree(word, line, target))
        elif row.kind == "kickstart":
            yield from ((place, each) for each in _kickstart(word, target))
        elif row.kind == "addrepo":
            yield from ((place, each) for each in _addrepo(word))


def _tree(word: Word, line: Line, target: Target) -> Iterator[Finding]:
    value = word.argument
    kind = value.partition(":")[0].lower()
    allowed = OLD["tree"] if target.backend == "loader" else TREES | ({"nfsiso"} if target.order in NFSISO else set())
    if kind == "file" and word.name != "inst.stage2" and target.backend != "loader":
        if not line.has("inst.stage2", "stage2"):
            yield error("source-file", "dracut finds no stage2 by file:", "give inst.stage2= as well")
    elif kind == "nfsiso":
        old = kind in allowed
        yield finding("source-nfsiso", Severity.NOTE if old else Severity.ERROR,
                      "an old word for nfs:, which finds the ISO itself" if old else "dracut takes no nfsiso:",
                      f"write nfs{value[6:]}")
    elif kind not in allowed:
        yield error("source", f"{shown(value)} is no place of an install tree",
                    "write http://, https://, ftp://, nfs:SERVER:/PATH, hd:DISK:/PATH or cdrom")
    else:
        yield from _whole(value, kind, "tree", target)
        if kind in WEB and re.search(r"mirrorlist|metalink", value):
            yield error("source-list", "a list of mirrors is no install tree: stage2 is looked for below it",
                        "take one address from it")


def _kickstart(word: Word, target: Target) -> Iterator[Finding]:
    value = word.argument
    if word.off:
        return
    kind = value.partition(":")[0].lower()
    allowed = OLD["kickstart"] if target.backend == "loader" else KICKSTARTS
    if kind not in allowed:
        gone = "floppies are gone" if kind == "floppy" else f"{shown(value)} is no place of a kickstart"
        yield error("source", gone, "write http://, https://, ftp://, nfs:SERVER:/PATH, hd:DISK:/PATH, cdrom:/PATH or "
                                    "file:/PATH")
        return
    if kind == "nfs4":
        yield warning("ks-nfs4", "the installer begins without waiting for it (kickstart-genrules.sh)",
                      f"write nfs:nfsvers=4:{value[5:]}")
    if kind == "path":
        yield note("ks-path", "an old word for file:", f"write file{value[4:]}")
    yield from _whole(value, kind, "kickstart", target)


def _whole(value: str, kind: str, what: str, target: Target) -> Iterator[Finding]:
    """Whether all parts are there."""
    rest = value.partition(":")[2]
    if kind in WEB:
        yield from _url(value, kind, what, target)
    elif kind in NFS and not rest.startswith("//") and not re.search(r"[^:]:[^:]*/", rest):
        yield error("source", f"{shown(value)} names no server and path", f"write {kind}:SERVER:/PATH")
    elif kind in ("hd", "bd") and not rest.partition(":")[0]:
        yield error("source", f"{shown(value)} names no disk", f"write {kind}:LABEL=NAME:/PATH or {kind}:sda1:/PATH")


def _url(value: str, kind: str, what: str, target: Target) -> Iterator[Finding]:
    try:
        parts = urlsplit(value)
        whole = bool(parts.hostname) and value[len(kind) : len(kind) + 3] == "://"
    except ValueError:
        whole = False
    if not whole:
        yield error("source", f"{shown(value)} is no whole URL",
                    f"write {kind}://SERVER/PATH, IPv6 addresses in brackets")
    elif what == "tree" and value.endswith("/") and target.order in SLASHES:
        yield note("source-slash", "the slash at the end stays, and URLs below it get two",
                   f"write {value.rstrip('/')}")


def _addrepo(word: Word) -> Iterator[Finding]:
    name, comma, place = word.argument.partition(",")
    kind = place.partition(":")[0].lower()
    if not comma or not name:
        yield error("source", "a repository has a name and a place: anaconda ends with an error before it begins",
                    "write inst.addrepo=NAME,URL")
    elif kind not in WEB | {"nfs", "file", "hd"}:
        yield error("source", f"{shown(place)} is no place of a repository", "write http://, https://, ftp://, "
                    "nfs://SERVER:/PATH, file:///PATH or hd:DISK:/PATH")
