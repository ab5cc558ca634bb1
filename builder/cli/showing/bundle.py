"""A bundle as `show` prints it: what it is, what is in it, what its machines will ask the network for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from builder.cli import printing
from builder.cli.showing import page
from builder.jobs.looking.showing import grouped
from builder.jobs.looking.showing.grouped import Group, Line
from builder.media.account import Account
from builder.names import escaped, some

# More lines of one group than this are counted, not listed.
MOST = 40


def report(found: Account, path: Path) -> None:
    hosts, size = grouped.hosts(found.files), sum(file.size for file in found.files)
    printing.prose(escaped(f"{path}: bundle {found.name}, id {found.ident}, {printing.size(size)} "
                           f"({found.form})"))
    compose = page.compose(found.release["compose"], found.lock.epoch) if found.lock else found.release["compose"]
    release = page.release(found.release["family"], found.release["version"], found.release["arch"])
    page.topic("release", f"{release}, compose {compose or 'not named'}")
    page.topic("kernel", _kernel(found))
    page.topic("source", found.source)
    page.topic("hosts", f"{len(hosts)}: {some(hosts)}")
    page.topic("outputs", ", ".join(grouped.outputs(found.files)) or "none that is known here")
    page.topic("made by", f"{found.tool} from {found.lock_path}; files are of {page.day(found.epoch)}")
    page.topic("signature", _signature(found))
    for what, reason in found.overrides.items():
        page.topic(page.LOUD, f"{what}: {reason}")
    for group in grouped.groups(found.files):
        _group(group)
    _fetches(found)
    printing.out()
    page.topic("", "This is what the bundle says of itself; whether it is so is another question:", room=0)
    printing.out(escaped(f"pinboot verify {path}"))


def _kernel(found: Account) -> str:
    if found.lock is None:
        return f"not known: {found.lock_path} is not there, or no lock"
    return found.lock.kernel.version or "its version is not told"


def _signature(found: Account) -> str:
    if not found.signatures:
        return "none"
    return f"{' and '.join(found.signatures)} there, not checked (pinboot verify --key FILE)"


def _group(group: Group) -> None:
    files = printing.count(group.count, "file")
    printing.out()
    printing.out(f"{group.name}: {files}, {printing.size(group.size)}"
                 + (" (mode 0600: keep them so)" if group.name == "private" else ""))
    for line in group.lines[:MOST]:
        _line(line)
    if len(group.lines) > MOST:
        printing.out(f"  and {len(group.lines) - MOST} more names; --json has them all")


def _line(line: Line) -> None:
    words = [printing.size(line.size)]
    if line.count > 1:
        words.insert(0, f"{line.count} files")
    if line.origin == "pinned":
        words.append(f"as pinned, {line.evidence}")
    elif line.origin == "injected":
        words.append("pinned initrd with kickstarts")
    text = ", ".join(words)
    if len(line.path) <= 34 and len(text) <= 42:
        printing.out(f"  {line.path:<34}  {text}")
    else:
        printing.out(f"  {line.path}")
        printing.out(f"  {'':<34}  {text}")


def _fetches(found: Account) -> None:
    printing.out()
    if found.fetches is None:
        printing.out("What its machines fetch by themselves is not known: it has no NEXT-STEPS.txt.")
    elif not found.fetches:
        printing.out("Its machines fetch nothing from the network by themselves.")
    else:
        printing.out("Its machines will fetch by themselves:")
    for each in found.fetches or ():
        printing.out(f"  {escaped(each.url)}")
        page.topic("", f"{each.what}: {each.protection}", room=4)


def table(found: Account) -> dict[str, Any]:
    """The same for programs (docs/looking.md)."""
    return {
        "form": found.form, "name": found.name, "id": found.ident, "epoch": found.epoch, "tool": found.tool,
        "release": dict(found.release), "source": found.source, "lock": found.lock_path,
        "kernel": found.lock.kernel.version if found.lock else None,
        "hosts": list(grouped.hosts(found.files)), "outputs": list(grouped.outputs(found.files)),
        "signatures": list(found.signatures), "overrides": dict(found.overrides),
        "size": sum(file.size for file in found.files), "files": _files(found),
        "fetches": None if found.fetches is None else [
            {"url": each.url, "what": each.what, "protection": each.protection} for each in found.fetches],
        "verified": False,
    }


def _files(found: Account) -> Sequence[dict[str, Any]]:
    return [{"path": file.path, "mode": file.mode, "size": file.size, "sha256": file.sha256, "origin": file.origin,
             "private": file.private, "role": file.role, "evidence": file.evidence} for file in found.files]
