"""Options of a bond: names and values that the kernel's bonding module takes, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterator

from builder.finding import Finding
from builder.lint.line.net import fields
from builder.lint.line.rules import error, warning
from builder.lint.line.targets import Target
from builder.names import shown

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
# Documentation/networking/bonding.rst; a tuple lists the words that stand beside their numbers, empty: any value.
OPTIONS: dict[str, tuple[str, ...]] = {
    "mode": MODES, "miimon": (), "updelay": (), "downdelay": (), "arp_interval": (), "arp_ip_target": (),
    "arp_validate": ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"),
    "arp_all_targets": ("any", "all"), "arp_missed_max": (), "primary": (), "active_slave": (),
    "primary_reselect": ("always", "better", "failure"), "fail_over_mac": ("none", "active", "follow"),
    "use_carrier": ("0", "1"), "ad_select": ("stable", "bandwidth", "count"), "ad_actor_sys_prio": (),
    "ad_actor_system": (), "ad_user_port_key": (), "lacp_rate": ("slow", "fast"), "lacp_active": ("off", "on"),
    "xmit_hash_policy": ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"),
    "num_grat_arp": (), "num_unsol_na": (), "num_peer_notif": (), "all_slaves_active": ("0", "1"), "min_links": (),
    "lp_interval": (), "packets_per_slave": (), "resend_igmp": (), "tlb_dynamic_lb": ("0", "1"), "queue_id": (),
    "peer_notif_delay": (), "ns_ip6_target": (), "balance_slb": ("0", "1"), "max_bonds": (), "debug": (),
}
LISTS = frozenset({"arp_ip_target", "ns_ip6_target"})
# An option that is refused without another one, or outside of some modes (libnm nm-setting-bond.c, verify()).
NEEDS = {"arp_interval": ("arp_ip_target", "ns_ip6_target"), "arp_ip_target": ("arp_interval",)}
DELAYS = frozenset({"updelay", "downdelay"})
WITHIN = {"lacp_rate": ("802.3ad",), "primary": ("active-backup", "balance-tlb", "balance-alb"),
          "arp_interval": ("balance-rr", "active-backup", "balance-xor", "broadcast")}


def bond_options(text: str, target: Target) -> Iterator[Finding]:
    """NAME=VALUE joined by commas. A list in a value is joined by semicolons, which NetworkManager takes since 1.54
    alone (REFERENCE 1.6)."""
    lost = "NetworkManager drops it" if target.backend == "nm" else "the kernel refuses it"
    yield from _together(text, target)
    for option in text.split(",") if text else ():
        name, equals, value = option.partition("=")
        words = OPTIONS.get(name)
        if words is None or not equals or not value:
            yield error("bond", f"{shown(option)} is no option of a bond: {lost}",
                        "options are NAME=VALUE, joined by commas: mode=802.3ad,miimon=100")
        elif ";" in value and name not in LISTS:
            yield error("bond", f"{shown(option)}: options are joined by commas, not semicolons: {lost}",
                        f"write {option.replace(';', ',')}")
        elif ";" in value and target.backend == "nm":
            yield error("bond", f"{name} with several values: NetworkManager before 1.54 drops it", "give one value")
        elif words and not _word(value, words):
            yield error("bond", f"{shown(value)} is no {name}: {lost}", f"known are {', '.join(words)}")


def _word(text: str, words: tuple[str, ...]) -> str:
    """The one of `words` that `text` is, or of which it is the place; empty where there is none."""
    place = fields.number(text)
    if place is not None and place < len(words):
        return words[place]
    return text if text in words else ""


def _together(text: str, target: Target) -> Iterator[Finding]:
    """Options that do not go with the others."""
    given = dict(option.partition("=")[::2] for option in text.split(","))
    word = given.get("mode", "0")
    mode = _word(word, MODES) or word
    lost = "NetworkManager drops the whole bond" if target.backend == "nm" else "the kernel refuses it"
    for name, value in given.items():
        if not value or value in ("0", "slow"):
            continue
        if mode in MODES and mode not in WITHIN.get(name, (mode,)):
            refused = "the kernel refuses it" if name == "arp_interval" else lost
            yield error("bond", f"{name} does not go with mode={mode}: {refused}",
                        f"leave it out, or take mode={WITHIN[name][0]}")
        elif name in NEEDS and not any(given.get(other, "0") != "0" for other in NEEDS[name]):
            yield error("bond", f"{name} needs {NEEDS[name][0]} beside it: {lost}", f"add {NEEDS[name][0]}=")
        elif name in DELAYS and given.get("miimon", "0") == "0":
            yield warning("bond", f"{name} has no effect without miimon", "add miimon=100")
