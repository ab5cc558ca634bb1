"""Which text of a bundle is meant by a short word, a path, or the end of a path."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from builder import names
from builder.errors import UsageError
from builder.finding import Finding
from builder.jobs.looking.rendering import Rendering, Text
from builder.lock.model import Lock
from builder.media import checksums
from builder.media.papers import manifest, nextsteps, provenance, sbom
from builder.profile.values import Host

IMAGES = frozenset({"kernel", "initrd", "stage2", "vmlinuz", "initrd.img", "initrd-ks.img"})
LISTS = frozenset({manifest.PATH, checksums.PATH, provenance.PATH, sbom.PATH, *checksums.SIGNATURES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`places` are patterns of paths, {name} for the host's; the first that fits counts. `shared`: it is no host's."""

    about: str
    places: tuple[str, ...]
    shared: bool = False


WORDS = {
    "ks": Word(about="the kickstart", places=("*/ks.cfg",)),
    "cmdline": Word(about="kernel arguments, to install", places=("*hosts/{name}/cmdline",)),
    "xen": Word(about="xl: starts the machine", places=("hosts/{name}/{name}.cfg",)),
    "xen-install": Word(about="xl: installs, ERASES the disk", places=("hosts/{name}/{name}-install.cfg",)),
    "libvirt": Word(about="virsh define: the machine", places=("hosts/{name}/{name}.xml",)),
    "libvirt-install": Word(about="virsh create: installs, ERASES", places=("hosts/{name}/{name}-install.xml",)),
    "qemu": Word(about="starts the machine", places=("hosts/{name}/qemu-run.sh",)),
    "qemu-install": Word(about="installs, ERASES the disk", places=("hosts/{name}/qemu-install.sh",)),
    "virt-install": Word(about="installs, ERASES the disk", places=("hosts/{name}/virt-install.sh",)),
    "packer": Word(about="variables for Packer", places=("hosts/{name}/*.pkrvars.json",)),
    "pxelinux": Word(about="installs, ERASES the disk", places=("tftp/*hosts/{name}/pxelinux.cfg",)),
    "grub": Word(about="installs, ERASES the disk", places=("tftp/*hosts/{name}/grub.cfg",
                                                            "http/*hosts/{name}/grub.cfg")),
    "http-boot": Word(about="the same by HTTP", places=("http/*hosts/{name}/grub.cfg",)),
    "ipxe": Word(about="installs, ERASES the disk", places=("http/*hosts/{name}/boot.ipxe",)),
    "dnsmasq": Word(about="DHCP and TFTP", places=("dhcp/dnsmasq.conf",), shared=True),
    "kea": Word(about="DHCP", places=("dhcp/kea-dhcp4.json",), shared=True),
    "nginx": Word(about="the web server's site", places=("nginx/*.conf",), shared=True),
    "up": Word(about="brings guests up in dom0", places=("up.sh",), shared=True),
    "deploy": Word(about="carries it to the server", places=("deploy.sh",), shared=True),
    "hosts": Word(about="name, mac, address, kickstart", places=("private/hosts.tsv",), shared=True),
    "verify": Word(about="is every file as built?", places=("verify.sh",), shared=True),
    "next-steps": Word(about="what to do with the bundle", places=(nextsteps.PATH,), shared=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`findings` are about the text's host; `text` is None where they say why it cannot be made."""

    text: Text | None
    findings: tuple[Finding, ...] = ()


def find(made: Rendering, what: str, host: Host | None) -> Found:
    """The text that `what` means, of `host` where it is one host's; without a host the only one of the profile, or the
    one whose path it is.

    Raises UsageError: no such text, several, one of a host that nobody named, or bytes that are no text of ours.
    """
    hosts = made.ground.profile.hosts
    host = host or (hosts[0] if len(hosts) == 1 else None)
    word = WORDS.get(what)
    if word and (word.shared or host):
        return _word(made, what, word, None if word.shared else host)
    if word:
        raise UsageError(f"{what}: {made.ground.profile.name} has {len(hosts)} hosts: whose?",
                         f"--host NAME; hosts: {names.some(each.name for each in hosts)}")
    _no_text(what, made.ground.lock)
    return _path(made, what, host)


def listed(made: Rendering, host: Host) -> tuple[tuple[str, Text], ...]:
    """Every text of a host and those of all, each with its word, or an empty one; kickstarts are empty in it. Raises
    UsageError."""
    texts = (*made.bare(host), *made.shared())
    named = _named(texts)
    return tuple((named.get(text.path, ""), text) for text in texts)


def about(word: str) -> str:
    return WORDS[word].about if word else ""


def _word(made: Rendering, what: str, word: Word, host: Host | None) -> Found:
    texts, findings = made.of(host) if host else (tuple(made.shared()), ())
    if host and not texts:
        return Found(text=None, findings=findings)
    text = _first(word, texts)
    if text is None:
        raise _unknown(made, what, host, f"is not made for outputs = [{', '.join(made.ground.profile.outputs)}]"
                       if what != "next-steps" else "tells what a lock knows of each address, and there is no lock")
    return Found(text=text, findings=findings)


def _first(word: Word, texts: Sequence[Text]) -> Text | None:
    for place in word.places:
        for text in texts:
            if word.shared is (not text.host) and fnmatchcase(text.path, place.replace("{name}", text.host)):
                return text
    return None


def _named(texts: Sequence[Text]) -> dict[str, str]:
    """The word of each path that has one; where two mean one text, the first."""
    found: dict[str, str] = {}
    for name, word in WORDS.items():
        if text := _first(word, texts):
            found.setdefault(text.path, name)
    return found


def _path(made: Rendering, what: str, host: Host | None) -> Found:
    """A whole path, else the end of one, that only one text has. Looking for it makes no kickstart."""
    hosts = (host,) if host else made.ground.profile.hosts
    named = [each for each in hosts if f"/{each.name}/" in f"/{what}"]
    for some in (named, hosts):
        there = [text for each in some for text in made.bare(each) if _ends(text.path, what)]
        if there:
            break
    there += [text for text in made.shared() if _ends(text.path, what)]
    # What a pointer is after the installation lies below local/ at the same path again.
    exact = [text for text in there if text.path == what] or [
        text for text in there if not text.path.startswith("local/")] or there
    if len(exact) > 1:
        raise UsageError(f"{what}: {len(exact)} texts have this name",
                         f"--host NAME, or a whole path: {names.some((each.path for each in exact), 4)}")
    if not exact:
        raise _unknown(made, what, host, "is no text of this bundle")
    if not exact[0].host:
        return Found(text=exact[0])
    whose = next(each for each in hosts if each.name == exact[0].host)
    texts, findings = made.of(whose)
    return Found(text=next((text for text in texts if text.path == exact[0].path), None), findings=findings)


def _ends(path: str, what: str) -> bool:
    return f"/{path}".endswith(f"/{what}")


def _no_text(what: str, lock: Lock | None) -> None:
    """Refuse what a bundle holds and render does not make."""
    name = what.rpartition("/")[2]
    pinned = () if lock is None else (pin.path for pin in lock.pins if pin.role in ("stage2", "loader", "patch"))
    if what in IMAGES or name in IMAGES or any(_ends(what, path) or what == path for path in pinned):
        raise UsageError(f"{what}: bytes of the install tree, no text; render prints texts",
                         "pinboot build puts them into the bundle; pinboot store ls lists them")
    if name in LISTS:
        raise UsageError(f"{what}: lists the digests of a whole bundle, so it is written with it", "pinboot build")
    if name == "profile.toml" or name.endswith(".lock") or what.startswith("layers/"):
        raise UsageError(f"{what}: a copy of what the bundle is made from, not rendered",
                         "pinboot show says what it holds")


def _unknown(made: Rendering, what: str, host: Host | None, why: str) -> UsageError:
    words = _there(made, host)
    close = difflib.get_close_matches(what, words, 1) or difflib.get_close_matches(what, WORDS, 1)
    mean = f"; did you mean {close[0]}?" if close and close[0] != what else ""
    return UsageError(f"{what[:80]}: {why}{mean}", f"to print: {', '.join(words)}; all paths: --list")


def _there(made: Rendering, host: Host | None) -> list[str]:
    """The words that mean something here."""
    return [word for word, _ in listed(made, host or made.ground.profile.hosts[0]) if word]
