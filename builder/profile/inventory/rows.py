"""What an inventory says: a row for each host, and what became of the words that are no keys of a host."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.profile.file import schema, walk
from builder.profile.values import Origin

MOST_HOSTS = 200_000
TOO_MANY = f"more than {MOST_HOSTS} hosts; divide them among profiles"
KEYS = tuple(walk.fields(schema.Host))
# What others call the keys of a host.
OTHERS = {"ip": "address", "ipv4": "address", "ip_address": "address", "ipaddr": "address", "cidr": "address",
          "mac_address": "mac", "macaddress": "mac", "hwaddr": "mac", "ram": "memory", "mem": "memory",
          "cpu": "vcpus", "cpus": "vcpus", "cores": "vcpus", "gw": "gateway", "dns": "nameservers",
          "dns_servers": "nameservers", "fqdn": "hostname"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One host: `table` is what would stand below [host.NAME], `keys` are the dotted keys in it, tables among them;
    `groups` are those of Ansible that it is in."""

    name: str
    origin: Origin
    table: dict[str, Any]
    keys: frozenset[str]
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """`facts` are the words that became facts, each with the key that may have been meant (or nothing); `left` those
    that were left out, by the reason. `data` is the copy that goes along with a bundle."""

    rows: tuple[Row, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    data: bytes = b""


def meant(word: str) -> str:
    """The key of a host that `word` may have been meant for, or an empty text."""
    close = difflib.get_close_matches(word, KEYS, 1, 0.75)
    return OTHERS.get(word) or (close[0] if close else "")
