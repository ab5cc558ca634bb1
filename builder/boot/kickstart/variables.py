"""What a user's template may use: plain texts, numbers and lists, no objects of ours."""

from __future__ import annotations

from typing import Any

from builder.boot.kickstart import network, quoting, storage
from builder.boot.kickstart.quoting import Ready
from builder.boot.line.cmdline import Machine, consoles
from builder.profile.values import Host, Profile


def of(profile: Profile, host: Host, *, install_url: str, machine: Machine) -> dict[str, Any]:
    """`release`, `profile`, `host` and `fact` are tables; `network` and `console` are what pinboot itself would
    write."""
    net = host.network
    return {
        "release": {"family": profile.release.family.id, "version": profile.release.version,
                    "major": profile.release.major, "arch": profile.release.arch, "title": str(profile.release)},
        "install_url": install_url,
        "profile": {"name": profile.name, "language": profile.language, "keyboard": profile.keyboard,
                    "timezone": profile.timezone, "ntp": list(profile.ntp), "packages": list(profile.packages),
                    "selinux": profile.selinux, "finish": profile.finish},
        "root": {"password_hash": profile.root.password_hash or "", "ssh_keys": list(profile.root.ssh_keys)},
        "users": [{"name": u.name, "groups": list(u.groups), "gecos": u.gecos, "shell": u.shell,
                   "password_hash": u.password_hash or "", "ssh_keys": list(u.ssh_keys)} for u in profile.users],
        "host": {"name": host.name, "hostname": host.hostname, "disk": storage.device(host.disk.name),
                 "disks": [storage.device(name) for name in host.disk.names], "firmware": host.firmware,
                 "memory": host.memory, "vcpus": host.vcpus, "packages": list(host.packages), "mac": net.mac or "",
                 "interface": net.boot.name, "addresses": [str(a) for a in net.addresses],
                 "gateways": [str(g) for g in net.gateways], "nameservers": [str(s) for s in net.nameservers]},
        "fact": dict(host.facts),
        "secret": _secrets(host),
        "network": Ready("\n".join(quoting.words(line) for line in network.lines(net, host.hostname, profile.release))),
        "console": quoting.words(consoles(machine, host.console)),
    }


def _secrets(host: Host) -> dict[str, str]:
    found = {"luks": host.storage.encrypt.passphrase} if host.storage.encrypt else {}
    if host.rhsm:
        found |= {"organization": host.rhsm.organization, "activation_key": host.rhsm.activation_key}
    return {name: secret.text for name, secret in found.items()}
