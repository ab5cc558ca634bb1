"""The few packages that the demo's repositories list: names, versions and bonds of the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builder.demo.repodata import Package

LIBC = "libc.so.6()(64bit)"
SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """VERSION-RELEASE of what every system has, and of two packages of AppStream."""

    glibc: str
    bash: str
    openssh: str
    tmux: str = ""
    vim: str = ""


LABELS: Mapping[str, Labels] = {
    "el6": Labels(glibc="2.12-1.212.el6", bash="4.1.2-48.el6", openssh="5.3p1-123.el6_9"),
    "el7": Labels(glibc="2.17-317.el7", bash="4.2.46-34.el7", openssh="7.4p1-21.el7"),
    "el8": Labels(glibc="2.28-251.el8", bash="4.4.20-5.el8", openssh="8.0p1-24.el8", tmux="2.7-3.el8",
                  vim="8.0.1763-19.el8"),
    "el9": Labels(glibc="2.34-168.el9", bash="5.1.8-9.el9", openssh="8.7p1-45.el9", tmux="3.2a-5.el9",
                  vim="8.2.2637-22.el9_6"),
    "el10": Labels(glibc="2.39-37.el10", bash="5.2.26-6.el10", openssh="9.9p1-7.el10", tmux="3.3a-13.el10",
                   vim="9.1.083-5.el10"),
    "fedora": Labels(glibc="2.41-1.fc42", bash="5.2.37-1.fc42", openssh="9.9p1-10.fc42", tmux="3.5a-3.fc42",
                     vim="9.1.1275-1.fc42"),
}


def repositories(generation: str, kernel: str) -> Mapping[str, tuple[Package, ...]]:
    """Every repository that a variant of this generation may have: its name and its packages."""
    if generation == "el7":
        return {"Server": (*_base(generation), *_one_kernel(kernel))}
    base = (*_base(generation), *_split_kernel(kernel))
    return {"BaseOS": base, "AppStream": _desk(generation), "Everything": (*base, *_desk(generation))}


def el6(kernel: str, version: str) -> tuple[Package, ...]:
    """CentOS 6: `kernel` is what `uname -r` says."""
    major, _, minor = version.partition(".")
    return (*_release(major, f"{minor}.el6.centos.12.3"), *_base("el6"), *_one_kernel(kernel))


def el7(kernel: str, point: str) -> tuple[Package, ...]:
    """CentOS 7: one kernel package. `kernel` is what `uname -r` says, `point` 7.9.2009."""
    major, _, minor = point.partition(".")
    return (*_release(major, f"{minor}.0.el7.centos"), *_base("el7"), *_one_kernel(kernel))


def _release(major: str, release: str) -> tuple[Package, ...]:
    return (Package(name="centos-release", version=major, release=release, summary="CentOS release file",
                    files=("/etc/centos-release", "/etc/os-release") if major == "7" else ("/etc/centos-release",)),)


def _package(name: str, label: str, summary: str, *, provides: tuple[str, ...] = (), requires: tuple[str, ...] = (),
             files: tuple[str, ...] = ()) -> Package:
    version, _, release = label.partition("-")
    return Package(name=name, version=version, release=release, summary=summary, provides=provides, requires=requires,
                   files=files)


def _base(generation: str) -> tuple[Package, ...]:
    labels = LABELS[generation]
    folder = "/bin" if generation == "el6" else "/usr/bin"
    return (
        _package("glibc", labels.glibc, "The GNU libc libraries", provides=(LIBC,)),
        _package("bash", labels.bash, "The GNU Bourne Again shell", provides=(SHELL, "/bin/bash"), requires=(LIBC,),
                 files=(f"{folder}/bash", f"{folder}/sh")),
        _package("openssh-server", labels.openssh, "An open source SSH server daemon", requires=(LIBC, SHELL),
                 files=("/etc/ssh/sshd_config", "/usr/sbin/sshd")),
    )


def _one_kernel(kernel: str) -> tuple[Package, ...]:
    """EL6 and EL7: image and modules in one package."""
    version, release, arch = split(kernel)
    return (Package(name="kernel", version=version, release=release, arch=arch, summary="The Linux kernel",
                    provides=(f"kernel-uname-r = {version}-{release}.{arch}",), requires=(SHELL,)),)


def _split_kernel(kernel: str) -> tuple[Package, ...]:
    """EL8 and later: the kernel is in kernel-core, its modules beside it (kernel-modules-core since EL9)."""
    version, release, arch = split(kernel)
    same = f"{version}-{release}"
    core = "kernel-modules" if ".el8" in release else "kernel-modules-core"
    uname = f"kernel-uname-r = {same}.{arch}"
    modules = f"{core}-uname-r = {same}.{arch}"
    return (
        Package(name="kernel", version=version, release=release, arch=arch, summary="The Linux kernel",
                requires=(f"kernel-core = {same}", f"{core} = {same}")),
        Package(name="kernel-core", version=version, release=release, arch=arch, summary="The Linux kernel",
                provides=(uname,), requires=(modules, SHELL)),
        Package(name=core, version=version, release=release, arch=arch,
                summary="Core kernel modules to match the kernel-core", provides=(modules,), requires=(uname, SHELL)),
    )


def _desk(generation: str) -> tuple[Package, ...]:
    labels = LABELS[generation]
    return (
        _package("tmux", labels.tmux, "A terminal multiplexer", requires=(LIBC,), files=("/usr/bin/tmux",)),
        _package("vim-enhanced", labels.vim, "A version of the VIM editor", requires=(LIBC,), files=("/usr/bin/vim",)),
    )


def split(kernel: str) -> tuple[str, str, str]:
    """`3.10.0-1160.el7.x86_64` as version, release and architecture of its package."""
    label, _, arch = kernel.rpartition(".")
    version, _, release = label.partition("-")
    return version, release, arch
