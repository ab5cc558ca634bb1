"""How each network backend of the installer is told about the network of a host: one function per generation.

Each takes the plan and the host name ("": say none) and returns parameters in order, or raises UsageError for what its
dialect cannot say. The forms are those which every parser of the dialect reads alike (REFERENCE 1.5, 1.6).
"""

from __future__ import annotations

from collections.abc import Callable

from builder.boot.line import legacy, loader, nm
from builder.boot.line.forms import Arguments
from builder.profile.network.plan import NetworkPlan

DIALECTS: dict[str, Callable[[NetworkPlan, str], Arguments]] = {
    "el6": loader.arguments,
    "el7": legacy.el7,
    "el8": legacy.el8,
    "el9": nm.arguments,
    "el10": nm.el10,
    "fedora": nm.arguments,
}
