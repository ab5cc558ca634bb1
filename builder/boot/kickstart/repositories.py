"""Where the installed system finds packages later: as its release says, in the vault, or on the tree it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from builder.catalog import load
from builder.catalog.family import Release
from builder.errors import UsageError
from builder.profile.values import Profile

Section = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repositories:
    """A file of /etc/yum.repos.d: its name, the sections as (id, title, base URL), and the key that packages are
    checked with; without one, the key of the release's own files is taken, and those are switched off."""

    name: str
    sections: tuple[Section, ...]
    why: str
    key: str = ""


# Directories of a CentOS 6 or 7 release beside os/, enabled by default in its own CentOS-Base.repo.
PARTS = (("base", "Base", "os"), ("updates", "Updates", "updates"), ("extras", "Extras", "extras"))
# Variants of a tree since EL8 that a minimal system needs; extras brings the keys of CentOS SIGs.
VARIANTS = (("baseos", "BaseOS"), ("appstream", "AppStream"))
BASE = re.compile(r"(?P<top>.*)/BaseOS/(?P<tail>[^/]+/os)")
FILE = "pinboot.repo"
ENDED = "The release has ended and its mirror list is gone: packages are in the vault from here on."
ASKED = "As the profile asks (installed_repos): packages come from the tree that this machine was installed from."


def of(profile: Profile, install_url: str) -> Repositories | None:
    """What must be written, or None where the installed system keeps what its release brings.

    Raises UsageError where the profile asks for a vault whose layout is not known.
    """
    wanted = profile.installed_repos
    if wanted == "keep":
        return None
    if wanted == "mirror":
        return Repositories(name=FILE, sections=_sections(install_url, profile.release), why=ASKED)
    if not wanted and profile.release.series.mirrors:
        return None
    found = vault(profile.release, install_url)
    if found is None and wanted == "vault":
        raise UsageError(f'{profile.origin("installed_repos")}: installed_repos = "vault": {profile.release} has none '
                         "that is known here", '"keep", or "mirror" with a tree.install_url that lasts')
    return found


def vault(release: Release, install_url: str) -> Repositories | None:
    """The file that keeps yum working, or None where the release has no vault.

    Where the machine installs from one of the vaults, that one is named; any other tree may be without updates, so the
    catalog's first vault is.
    """
    known = load.vaults(release)
    classic = [url.removesuffix(_tail(release)) for url in known if url.endswith(_tail(release))]
    if not classic or not release.series.repository_file:
        chosen = install_url if install_url in known else next(iter(known), "")
        # A vault in which BaseOS has no neighbours would leave yum without half of its packages.
        whole = BASE.fullmatch(chosen)
        return Repositories(name=FILE, sections=_sections(chosen, release), why=ENDED) if whole else None
    own = install_url.removesuffix(_tail(release))
    base = own if own in classic else classic[0]
    title = release.family.title
    sections = tuple((part, f"{title}-{release.major} - {word}", f"{base}/{folder}/$basearch/")
                     for part, word, folder in PARTS)
    return Repositories(name=release.series.repository_file, sections=sections, why=ENDED,
                        key=f"file:///etc/pki/rpm-gpg/RPM-GPG-KEY-{title}-{release.major}")


def _tail(release: Release) -> str:
    return f"/os/{release.arch}"


def _sections(url: str, release: Release) -> tuple[Section, ...]:
    """The repositories of one tree: BaseOS and its neighbour since EL8, else the tree itself."""
    found = BASE.fullmatch(url)
    title = f"{release.family.title}-{release.major}"
    if found is None:
        return (("pinboot", f"{title} - install tree", f"{url}/"),)
    return tuple((f"pinboot-{part}", f"{title} - {word}", f"{found['top']}/{word}/{found['tail']}/")
                 for part, word in VARIANTS)
