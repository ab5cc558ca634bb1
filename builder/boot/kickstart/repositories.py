"""Where the installed system of a release that has ended finds packages: its mirrors are gone, its vault stays."""

from __future__ import annotations

from dataclasses import dataclass

from builder.catalog import load
from builder.catalog.family import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultFile:
    """A file of /etc/yum.repos.d: its name, the sections as (id, title, base URL) and the key they are checked with."""

    name: str
    sections: tuple[tuple[str, str, str], ...]
    key: str


# Directories of a CentOS 6 or 7 release beside os/, enabled by default in its own CentOS-Base.repo.
PARTS = (("base", "Base", "os"), ("updates", "Updates", "updates"), ("extras", "Extras", "extras"))


def vault(release: Release, install_url: str) -> VaultFile | None:
    """The repository file that keeps yum working, or None where the release has mirrors, no vault, or another layout.

    Where the machine installs from one of the vaults, that one is named; any other tree may be without updates, so the
    catalog's first vault is.
    """
    series = release.series
    if series.mirrors or not series.repository_file:
        return None
    tail = f"/os/{release.arch}"
    known = [url.removesuffix(tail) for url in load.vaults(release) if url.endswith(tail)]
    if not known:
        return None
    own = install_url.removesuffix(tail)
    base = own if own in known else known[0]
    title = release.family.title
    sections = tuple((part, f"{title}-{release.major} - {word}", f"{base}/{folder}/$basearch/")
                     for part, word, folder in PARTS)
    return VaultFile(name=series.repository_file, sections=sections,
                     key=f"file:///etc/pki/rpm-gpg/RPM-GPG-KEY-{title}-{release.major}")
