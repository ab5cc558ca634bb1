"""Packages, groups and services that a later release has under another name, or not at all.

Sources: Considerations in adopting RHEL 8 (A.2 package replacements, A.3 removed), RHEL 9 and RHEL 10; RHEL 7 Migration
planning guide; REFERENCE 3.8 (kdump-utils) and 3.9 (environments).
"""

from __future__ import annotations

from typing import NamedTuple

from builder.catalog.generation import GENERATIONS


class Moved(NamedTuple):
    """From generation `since` on `old` is `new` (empty: nothing took its place, `why` says what to do)."""

    old: str
    since: str
    new: str
    why: str


PACKAGES = (
    Moved("util-linux-ng", "el7", "util-linux", "its name since EL7"),
    Moved("grub", "el7", "grub2", "GRUB 2 since EL7"),
    Moved("mysql-server", "el7", "mariadb-server", "MariaDB took MySQL's place with EL7"),
    Moved("ntp", "el8", "chrony", "chrony is the only time service since EL8"),
    Moved("ntpdate", "el8", "chrony", "chrony is the only time service since EL8"),
    Moved("authconfig", "el8", "authselect", "authselect took its place with EL8"),
    Moved("libselinux-python", "el8", "python3-libselinux", "Python 3 since EL8"),
    Moved("policycoreutils-python", "el8", "policycoreutils-python-utils", "Python 3 since EL8"),
    Moved("yum-cron", "el8", "dnf-automatic", "dnf since EL8"),
    Moved("dhclient", "el8", "dhcp-client", "its name since EL8"),
    Moved("docker", "el8", "podman", "podman took its place with EL8"),
    Moved("python", "el8", "", "no package of that name: python3, or the version that your programs want"),
    Moved("yum-plugin-fastestmirror", "el8", "", "dnf does it by itself: fastestmirror in dnf.conf"),
    Moved("network-scripts", "el9", "", "NetworkManager alone since EL9"),
    Moved("redhat-lsb-core", "el9", "", "no LSB since EL9: name the packages that you need"),
    Moved("python2", "el9", "", "no Python 2 since EL9"),
    Moved("kexec-tools", "el10", "kdump-utils", "the dump service has a package of its own since EL10"),
    Moved("dhcp-client", "el10", "", "NetworkManager brings its own client; ISC DHCP is gone with EL10"),
    Moved("dhcp-server", "el10", "kea", "Kea took its place with EL10"),
    Moved("redis", "el10", "valkey", "Valkey took its place with EL10"),
    Moved("teamd", "el10", "", "no teams since EL10: a bond"),
)
ENVIRONMENTS = (Moved("minimal", "el8", "minimal-environment", "its id since EL8"),)
SERVICES = (
    Moved("ntpd", "el8", "chronyd", "chrony since EL8"),
    Moved("ntpdate", "el8", "chronyd", "chrony since EL8"),
    Moved("network", "el9", "NetworkManager", "NetworkManager alone since EL9"),
)
ORDER = tuple(GENERATIONS)


def moved(table: tuple[Moved, ...], name: str, source: str, target: str) -> Moved | None:
    """What became of `name` on the way from one generation to the other, through all steps in between."""
    start, end = ORDER.index(source), ORDER.index(target)
    found = None
    for row in sorted(table, key=lambda row: ORDER.index(row.since)):
        step = ORDER.index(row.since)
        if row.old == (found.new if found else name) and start < step <= end:
            found = row if found is None else row._replace(old=name, why=f"{found.why}; {row.why}")
    return found
