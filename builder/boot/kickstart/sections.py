"""The sections that pinboot writes by itself, where the installer's commands cannot say it all."""

from __future__ import annotations

import json
from collections.abc import Iterable

from builder.boot import points
from builder.boot.kickstart import access, scripts, storage, template
from builder.boot.kickstart.quoting import Ready
from builder.boot.kickstart.repositories import Repositories
from builder.boot.kickstart.scripts import Part
from builder.boot.line.cmdline import Machine
from builder.catalog.generation import Generation
from builder.errors import UsageError
from builder.profile.secrets import Secret
from builder.profile.values import Encryption, Host, Profile

# Machines whose firmware may be UEFI without anybody saying so.
MAY_BE_UEFI: tuple[Machine, ...] = ("kvm", "pc")
# Groups of keys, as the comment above a section names them.
DISK, STORAGE, RHSM, RUN = ("@disk|disk",), ("@storage|storage",), ("rhsm.organization",), ("xen.run",)
# What clevis unlocks while the initramfs runs, and what comes later (RHEL 9 Security hardening, 10.8).
CLEVIS = ("clevis", "clevis-luks", "clevis-dracut", "clevis-systemd")
# What runs for each new kernel: by whom, the folder, our file in it (new-kernel-pkg(8), kernel-install(8)).
MENU_HOOKS = {"grub.cfg": ("new-kernel-pkg", "postinst.d", "90-pinboot-pvgrub"),
              "bls": ("kernel-install", "install.d", "95-pinboot-pvgrub.install")}


def carried(profile: Profile, host: Host) -> tuple[tuple[str, Secret], ...]:
    """Secrets that scripts of the end need, by name. They stand in a comment of the kickstart, not in a script: the
    installer may keep scripts in /root/anaconda-ks.cfg, comments never."""
    encrypt = host.storage.encrypt
    found = [("luks", encrypt.passphrase)] if encrypt and encrypt.tang else []
    if host.rhsm and not registers_by_command(profile.release.generation):
        found += [("organization", host.rhsm.organization), ("activation-key", host.rhsm.activation_key)]
    return tuple(found)


def registers_by_command(generation: Generation) -> bool:
    """The `rhsm` command came with EL8 (REFERENCE 3.2)."""
    return generation.name not in ("el6", "el7")


def packages(profile: Profile, host: Host) -> tuple[str, ...]:
    """What the sections need in the installed system."""
    tang = CLEVIS if host.storage.encrypt and host.storage.encrypt.tang else ()
    register = host.rhsm and not registers_by_command(profile.release.generation)
    return (*tang, *(("subscription-manager",) if register else ()))


def own(profile: Profile, host: Host, machine: Machine, repositories: Repositories | None) -> Iterable[Part]:
    """Of the host only disk, storage, firmware and rhsm matter here: hosts that share them share the sections.

    Raises UsageError for a guest that its loader could not start.
    """
    generation = profile.release.generation
    secrets = carried(profile, host)
    logs = bool(profile.pre or host.disk.order)
    if logs or host.secrets:
        yield _carrying(profile, host), _ours(
            "post-carry.sh.j2", "carry", chroot=False, logs=logs, chosen=bool(host.disk.order),
            private=bool(host.secrets), secrets=[Ready(name) for name, _ in secrets])
    keys = access.script_keys(profile, generation)
    administrators = access.administrators_without_password(profile)
    if keys or administrators:
        named = ("root.ssh_keys" if name == "root" else f"user.{name}.ssh_keys" for name, _ in keys)
        yield (*named, *(f"user.{name}.groups" for name in administrators)), _ours(
            "post-access.sh.j2", "access", accounts=keys, administrators=administrators)
    if host.rhsm and not registers_by_command(generation):
        yield RHSM, _ours("post-rhsm.sh.j2", "rhsm")
    if repositories:
        yield ("installed_repos",), _ours("post-repositories.sh.j2", "repositories", repositories=repositories,
                                          why=Ready(repositories.why))
    yield from _loaders(profile, host, machine)
    if host.storage.encrypt and host.storage.encrypt.tang:
        if not points.knows("clevis", profile.release):
            raise UsageError(f"host.{host.name}.storage.encrypt.tang: clevis came with EL7.4, and this is "
                             f"{profile.release}", "leave tang out, or install a later release")
        yield STORAGE, _clevis(host.storage.encrypt, generation)


def _carrying(profile: Profile, host: Host) -> tuple[str, ...]:
    """The keys for which something is carried from the installer into the installed system."""
    return (*(("pre",) if profile.pre else ()), *(DISK if host.disk.order else ()),
            *(STORAGE if host.storage.encrypt else ()), *(RHSM if host.rhsm else ()))


def _loaders(profile: Profile, host: Host, machine: Machine) -> Iterable[Part]:
    generation = profile.release.generation
    if machine in storage.NO_FIRMWARE:
        yield RUN, _ours("post-xen.sh.j2", "xen", upstart=generation.name == "el6", bls=generation.boot_menu == "bls")
        if profile.xen.run in ("pvgrub", "pvh-grub"):  # both look in the same places (XEN 1)
            if generation.boot_menu == "grub.conf":
                raise UsageError(f"xen.run: {profile.xen.run} reads grub.cfg, which EL6 does not write",
                                 'set run = "pygrub"')
            runner, folder, file = MENU_HOOKS[generation.boot_menu]
            yield RUN, _ours("post-pvgrub.sh.j2", "pvgrub", runner=Ready(runner), folder=Ready(folder),
                             file=Ready(file))
    elif host.firmware == "uefi" or (machine in MAY_BE_UEFI and not host.firmware):
        yield ("@firmware|firmware",), _ours("post-bootorder.sh.j2", "bootorder")


def _clevis(encrypt: Encryption, generation: Generation) -> Ready:
    """-f of EL7's clevis takes LUKS1 devices without asking, -y of later ones a key without a thumbprint."""
    config = {"url": encrypt.tang, **({"thp": encrypt.thumbprint} if encrypt.thumbprint else {})}
    return _ours("post-clevis.sh.j2", "clevis", flags=Ready("-f" if generation.name == "el7" else "-y"),
                 config=json.dumps(config, separators=(",", ":")))


def _ours(name: str, log: str, *, chroot: bool = True, **values: object) -> Ready:
    return scripts.section(template.shell(name)(**values).rstrip("\n"), log, chroot=chroot)
