"""What the line gives away, and what it lets others change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.lint.line.line import Line, Placed
from builder.lint.line.rules import warning
from builder.lint.line.targets import Target
from builder.lint.line.words import known

PASSWORDS = frozenset({"vncpassword", "inst.vncpassword", "inst.rdp.password", "inst.webui.remote.pin"})
LOGIN = re.compile(r"[a-z0-9]{2,8}://[^/@:]{1,100}:[^/@]{1,200}@")
OPEN = ("noverifyssl", "inst.noverifyssl", "rd.noverifyssl")
FETCHED = ("tree", "kickstart", "image", "addrepo")


def check(line: Line, target: Target) -> Iterator[Placed]:
    fetched = False
    for place, word in enumerate(line.words):
        row = known.read(word.name, target)
        if row is None:
            continue
        fetched |= row.kind in FETCHED and "https://" in word.argument
        if (word.name in PASSWORDS and word.argument) or LOGIN.search(word.argument):
            yield place, warning("open-password", "everyone on the machine reads it in /proc/cmdline, and it stays in "
                                 "the loader's files", "take one that opens nothing else, or put it into the kickstart")
    for place, word in line.all(*OPEN):
        row = known.find(word.name, target)
        if fetched and not word.off and (row is None or row.reads(word.name, target)):
            yield place, warning("unverified-tls", "what is fetched by https is not protected: anybody on the way can "
                                 "change it", "give the installer the CA's certificate, or pin the files")
    for place, word in line.all("inst.rdp"):
        missing = [name for name in ("inst.rdp.username", "inst.rdp.password") if not line.value(name)]
        if known.read(word.name, target) and not word.off and missing:
            yield place, warning("rdp-login", f"without {' and '.join(missing)} the installer stops and asks",
                                 "give both, with a password that opens nothing else")
