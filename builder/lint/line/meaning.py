"""Who reads a parameter, and what it means there."""

from __future__ import annotations

from builder.lint.line import line as lines
from builder.lint.line.checks import network
from builder.lint.line.line import Line
from builder.lint.line.net import ksdevice
from builder.lint.line.net.fields import Ip
from builder.lint.line.targets import Target
from builder.lint.line.tokens import Word
from builder.lint.line.words import known


def meaning(word: Word, line: Line, target: Target) -> str:
    """As `dracut and anaconda: the kickstart`, or `nobody`."""
    row = known.find(word.name, target)
    if row is None:
        return known.other(word.name, target)
    if not row.reads(row.own(word.name), target):
        return "the kernel alone" if row.kernel and not word.name.startswith("inst.") else "nobody"
    said = row.means
    if word.name == "ip" and word.argument and not lines.is_open(word):
        said = _ip(network.read(word, line, target))
    elif word.name == "ksdevice" and word.argument and not lines.is_open(word) and target.backend != "loader":
        said = ksdevice.spelled(word.argument) or "nothing, for it is the rule"
    return f"{' and '.join(row.by(target))}: {said}"


def _ip(ip: Ip) -> str:
    if ip.dropped:
        return "not understood"
    where = f" on {ip.device}" if ip.device else ""
    if ip.address:
        asks = " and DHCP" if ip.method == "dhcp" else ""
        return f"{ip.address}{asks}{where}"
    if ip.method in ("none", "off"):
        return f"{ip.device or 'the network'} stays off"
    return f"{ip.method}{where or ' on every card'}"
