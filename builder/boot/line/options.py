"""A user's kernel arguments in the spelling that the installer of a generation reads, or a refusal that says why.

Unprefixed installer options died with EL9 (anaconda argument_parsing.py, require_prefix); prefixed ones are unknown to
EL6. Neither is reported by the installer: the machine boots and does something else (BOOTLAB).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from builder.catalog.generation import GENERATIONS, Generation
from builder.names import safe_token, shown

# Installer options that EL6 knows without a prefix and EL7 and later with inst. (REFERENCE 1.2). Words that mean
# something to the kernel or systemd as well (selinux, fips, nousb) are not in it: they pass as they are.
PREFIXED = {
    "repo": "repo", "method": "repo", "ks": "ks", "stage2": "stage2", "kssendmac": "ks.sendmac",
    "kssendsn": "ks.sendsn", "text": "text", "cmdline": "cmdline", "graphical": "graphical", "vnc": "vnc",
    "vncpassword": "vncpassword", "vncconnect": "vncconnect", "sshd": "sshd", "syslog": "syslog",
    "noverifyssl": "noverifyssl", "proxy": "proxy", "updates": "updates", "dd": "dd", "rescue": "rescue",
    "lang": "lang", "keymap": "keymap", "loglevel": "loglevel", "gpt": "gpt", "singlelang": "singlelang",
}
UNPREFIXED = {new: old for old, new in PREFIXED.items() if old != "method"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """From generation `since` on, `name` does nothing or harm; `advice` is what to use."""

    since: str
    advice: str


_PROFILE = "the profile makes the network arguments: set address, gateway, nameservers, mac or interface of the host"
_RDP = "removed; use inst.rdp inst.rdp.username=... inst.rdp.password=..."
REFUSED = {
    "ip": Refusal(since="el6", advice=_PROFILE),
    "ipv6": Refusal(since="el6", advice=_PROFILE),
    "ifname": Refusal(since="el6", advice=_PROFILE),
    "ksdevice": Refusal(since="el6", advice=_PROFILE),
    "netmask": Refusal(since="el6", advice=_PROFILE),
    "gateway": Refusal(since="el6", advice=_PROFILE),
    "hostname": Refusal(since="el6", advice="set hostname in the host's table"),
    "askmethod": Refusal(since="el7", advice="removed; the install tree is set by the profile (tree.url)"),
    "asknetwork": Refusal(since="el7", advice="removed; " + _PROFILE),
    "serial": Refusal(since="el7", advice="removed; set console in the host's table"),
    "ethtool": Refusal(since="el7", advice="removed; use rd.ethtool= where NetworkManager runs"),
    "noipv6": Refusal(since="el7", advice="removed; use ipv6.disable=1"),
    "inst.singlelang": Refusal(since="el9", advice="removed; %packages lists the languages"),
    "inst.loglevel": Refusal(since="el9", advice="removed; the log is always complete"),
    "inst.zram": Refusal(since="el9", advice="removed; zram is set up by itself"),
    "mediacheck": Refusal(since="el9", advice="removed; use rd.live.check"),
    "inst.vnc": Refusal(since="el10", advice=_RDP),
    "inst.vncpassword": Refusal(since="el10", advice=_RDP),
    "inst.vncconnect": Refusal(since="el10", advice=_RDP),
    "inst.gpt": Refusal(since="el10", advice="removed; use inst.disklabel=gpt"),
    "inst.product": Refusal(since="el10", advice="removed; use inst.profile="),
    "inst.variant": Refusal(since="el10", advice="removed; use inst.profile="),
    "inst.nompath": Refusal(since="el10", advice="removed; leave it out"),
    "inst.nodmraid": Refusal(since="el10", advice="removed; leave it out"),
}
# Arguments that make network devices or routes at boot; they are not for the installed system's loader.
NETWORK = frozenset({
    "bond", "bridge", "team", "vlan", "nameserver", "rd.route", "rd.peerdns", "rd.neednet", "rd.bootif", "bootdev",
    "BOOTIF", "ifname", "ip", "ksdevice", "dns", "rd.ethtool",
})
# Devices that the generated kickstart does not describe.
VIRTUAL = frozenset({"bond", "bridge", "team", "vlan"})
_ORDER = tuple(GENERATIONS)


def key(argument: str) -> str:
    """The name of a parameter: what stands before the first `=`."""
    return argument.partition("=")[0]


def translate(argument: str, generation: Generation) -> tuple[str, ...]:
    """One kernel argument of a user as this generation's installer reads it.

    Raises ValueError with what to use instead.
    """
    name, equals, value = safe_token(argument).partition("=")
    name = _spelled(name, generation)
    _refuse(name, generation)
    if name in ("nameserver", "dns"):
        return _name_servers(name, value, generation)
    if name == "vlan":
        _check_vlan(value)
    return (f"{name}{equals}{value}",)


def installed(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a user's arguments that the installed system's boot loader keeps: no installer option, no network."""
    return tuple(argument for argument in arguments
                 if key(argument) not in NETWORK and key(argument) not in PREFIXED
                 and not argument.startswith("inst."))


def _spelled(name: str, generation: Generation) -> str:
    if generation.prefix:
        return f"{generation.prefix}{PREFIXED[name]}" if name in PREFIXED else name
    bare = name.removeprefix("inst.")
    return UNPREFIXED.get(bare, bare) if name.startswith("inst.") else name


def _refuse(name: str, generation: Generation) -> None:
    refusal = REFUSED.get(name)
    if refusal and _ORDER.index(generation.name) >= _ORDER.index(refusal.since):
        raise ValueError(f"{name}: {refusal.advice}")


def _name_servers(name: str, value: str, generation: Generation) -> tuple[str, ...]:
    """One parameter a server: a comma list is refused by NetworkManager and taken whole by dracut (REFERENCE 1.6)."""
    servers = value.split(",")
    for server in servers:
        try:
            ipaddress.ip_address(server.strip("[]"))
        except ValueError:
            raise ValueError(f"{name}: {shown(server)} is no address of a name server") from None
    if generation.network == "loader":
        return ("dns=" + ",".join(servers),)
    return tuple(f"nameserver={server}" for server in servers)


def _check_vlan(value: str) -> None:
    """The id of a VLAN is the number at the end of its name; without one nm-initrd-generator makes an id up."""
    name = value.partition(":")[0]
    digits = re.search(r"[0-9]+$", name)
    if not digits or int(digits[0]) > 4094:
        raise ValueError(f"vlan: {shown(name)} does not end in a VLAN id (0 to 4094), as vlan20 and eth0.20 do")
