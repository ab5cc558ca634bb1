"""Where packages come from: by whom, over what, and of which release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from builder.boot.review.parsed import SOURCES
from builder.catalog import load
from builder.finding import Finding
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.rules import found
from builder.lint.kickstart.target import Target
from builder.lint.kickstart.text.outline import Command

URLS = ("--url", "--baseurl", "--mirrorlist", "--metalink")
# Switched off on 2024-07-01, with CentOS 7 (centos.org: CentOS Linux EOL).
GONE = frozenset({"mirrorlist.centos.org", "mirror.centos.org"})
# A family's folder in a path, and the version behind it: /centos/7/os, /rocky/9.4/BaseOS, /fedora/linux/releases/42.
PLACE = re.compile(r"/(centos|centos-stream|rocky|almalinux|scientific|fedora|epel|fedora/epel|fedora/linux/releases)"
                   r"/([0-9]{1,2})(?:\.[0-9]{1,2}){0,3}(?:-stream)?(?:/|$)", re.IGNORECASE)
FEDORA = frozenset({"fedora", "fedora/linux/releases"})
CREDENTIALS = re.compile(r"://[^/@:\s]{0,256}:[^/@\s]{1,256}@")


class Place(NamedTuple):
    url: str
    option: str
    command: Command


def check(case: Case) -> Iterator[Finding]:
    places = [Place(url, option, command) for command in case.outline.named("url", "repo", "liveimg")
              for option in URLS for url in command.values(option)]
    yield from _commands(case)
    yield from _scripts(case)
    yield from _places(case, places)
    yield from _trust(case, places)


def _commands(case: Case) -> Iterator[Finding]:
    named = {command.name: command for command in case.outline.named(*SOURCES)}
    if len(named) > 1:
        last = max(named.values(), key=lambda command: command.line)
        others = ", ".join(name for name in named if name != last.name)
        yield found("two-sources", last.line, f"{last.name} and {others} both name the source: the first stage and the "
                    "installer may take one each", "keep one")
    for command in case.outline.named("url"):
        if command.has("--mirrorlist", "--metalink") and not command.has("--url") and case.generation.name != "el6":
            # REFERENCE 3.4: the first stage writes inst.repo=None of it.
            yield found("mirrorlist-alone", command.line, "of --mirrorlist and --metalink the first stage makes "
                        "inst.repo=None: it finds no stage2", "boot with inst.stage2=TREE, or url --url=TREE")


def _scripts(case: Case) -> Iterator[Finding]:
    """The first stage of EL7 and later reads source and network before %pre has run (REFERENCE 3.4)."""
    if case.generation.name == "el6":
        return
    hidden = sorted(case.written & {"url", "nfs", "network"} - {command.name for command in case.outline.commands})
    if hidden:
        line = next((script.line for script in case.outline.scripts("%pre")), 0)
        yield found("source-by-script", line, f"{' and '.join(hidden)} written by %pre: the first stage reads the "
                    "kickstart before, and takes nothing of it", "say it on the boot line too: inst.repo=, ip=")


def _places(case: Case, places: list[Place]) -> Iterator[Finding]:
    release = case.target.release
    for url, _, command in places:
        host = urlsplit(url).hostname if "[" not in url else ""
        if host in GONE:
            vault = load.vault_for(url, release) if release is not None else None
            yield found("source-gone", command.line, f"{host} is no more: it was switched off with CentOS 7",
                        vault or "https://vault.centos.org/...")
        place = PLACE.search(url)
        if place is None:
            continue
        if not fits(place, case.target):
            yield found("other-release", command.line, f"{place[0].strip('/')} in the address of {command.name}: that "
                        f"is not {case.target.label}", "the tree or repository of this release")


def fits(place: re.Match[str], target: Target) -> bool:
    """Whether the release that a PLACE names is the target's."""
    family, major, release = place[1].lower(), place[2], target.release
    if family in FEDORA or target.generation.name == "fedora":
        return family in FEDORA and target.generation.name == "fedora" and (release is None or release.major == major)
    return f"el{int(major)}" == target.generation.name


def _trust(case: Case, places: list[Place]) -> Iterator[Finding]:
    for command in case.outline.named("url", "repo", "liveimg"):
        if command.has("--noverifyssl"):
            yield found("tls-not-verified", command.line, f"{command.name} --noverifyssl: anybody on the way can put "
                        "other packages in place", "url --sslcacert=FILE (EL8 and later), or a known certificate")
    for command in case.outline.commands:
        if CREDENTIALS.search(command.text) and "--proxy" not in command.text:
            yield found("credentials-in-url", command.line, f"{command.name}: a user and a password inside the URL",
                        "a server that knows the machine by its address or certificate")
    plain = next((place for place in places if place.url.lower().startswith(("http://", "ftp://"))), None)
    if plain is not None:
        # The installer turns gpgcheck off (REFERENCE 6.4).
        yield found("unprotected-source", plain.command.line, "packages over plain http are not verified by anybody",
                    "https, or a tree that is verified beforehand: pinboot lock")
