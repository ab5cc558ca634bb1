"""The few packages that the demo's repositories list: names, versions and bonds of the real ones."""

from __future__ import annotations

from builder.demo.repodata import Package

LIBC = "libc.so.6()(64bit)"
SHELL = "/bin/sh"


def el7(kernel: str, point: str) -> tuple[Package, ...]:
    """CentOS 7: one kernel package. `kernel` is what `uname -r` says, `point` 7.9.2009."""
    version, release, arch = split(kernel)
    major, _, minor = point.partition(".")
    return (
        Package(name="centos-release", version=major, release=f"{minor}.0.el7.centos", summary="CentOS release file",
                files=("/etc/centos-release", "/etc/os-release")),
        Package(name="glibc", version="2.17", release="317.el7", summary="The GNU libc libraries", provides=(LIBC,)),
        Package(name="bash", version="4.2.46", release="34.el7", summary="The GNU Bourne Again shell",
                provides=(SHELL, "/bin/bash"), requires=(LIBC,), files=("/usr/bin/bash", "/usr/bin/sh")),
        Package(name="openssh-server", version="7.4p1", release="21.el7", summary="An open source SSH server daemon",
                requires=(LIBC, SHELL), files=("/etc/ssh/sshd_config", "/usr/sbin/sshd")),
        Package(name="kernel", version=version, release=release, arch=arch, summary="The Linux kernel",
                provides=(f"kernel-uname-r = {version}-{release}.{arch}",), requires=(SHELL,)),
    )


def el9_baseos(kernel: str) -> tuple[Package, ...]:
    """BaseOS of EL9: the kernel is in kernel-core, its modules in kernel-modules-core."""
    version, release, arch = split(kernel)
    same = f"{version}-{release}"
    uname = f"kernel-uname-r = {same}.{arch}"
    modules = f"kernel-modules-core-uname-r = {same}.{arch}"
    return (
        Package(name="glibc", version="2.34", release="168.el9", summary="The GNU libc libraries", provides=(LIBC,)),
        Package(name="bash", version="5.1.8", release="9.el9", summary="The GNU Bourne Again shell",
                provides=(SHELL, "/bin/bash"), requires=(LIBC,), files=("/usr/bin/bash", "/usr/bin/sh")),
        Package(name="openssh-server", version="8.7p1", release="45.el9", summary="An open source SSH server daemon",
                requires=(LIBC, SHELL), files=("/etc/ssh/sshd_config", "/usr/sbin/sshd")),
        Package(name="kernel", version=version, release=release, arch=arch, summary="The Linux kernel",
                requires=(f"kernel-core = {same}", f"kernel-modules-core = {same}")),
        Package(name="kernel-core", version=version, release=release, arch=arch, summary="The Linux kernel",
                provides=(uname,), requires=(modules, SHELL)),
        Package(name="kernel-modules-core", version=version, release=release, arch=arch,
                summary="Core kernel modules to match the kernel-core", provides=(modules,), requires=(uname, SHELL)),
    )


def el9_appstream() -> tuple[Package, ...]:
    return (
        Package(name="tmux", version="3.2a", release="5.el9", summary="A terminal multiplexer", requires=(LIBC,),
                files=("/usr/bin/tmux",)),
        Package(name="vim-enhanced", version="8.2.2637", release="22.el9_6", summary="A version of the VIM editor",
                requires=(LIBC,), files=("/usr/bin/vim",)),
    )


def split(kernel: str) -> tuple[str, str, str]:
    """`3.10.0-1160.el7.x86_64` as version, release and architecture of its package."""
    label, _, arch = kernel.rpartition(".")
    version, _, release = label.partition("-")
    return version, release, arch
