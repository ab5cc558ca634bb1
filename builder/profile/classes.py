"""Classes: what a host has from the class that it picked, where it says nothing itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from builder.finding import Finding, Severity
from builder.names import shown, some
from builder.profile.file import layers, schema, walk
from builder.profile.file.mistakes import Mistakes

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def apply(raw: schema.Profile, table: Mapping[str, Any], mistakes: Mistakes) -> tuple[Finding, ...]:
    """Complete the hosts of `raw`: tables of host and class join, packages of both are wanted, and of everything else
    the host's own counts. `table` is what `raw` was fitted from. Findings name classes that no host picked."""
    for name in raw.class_:
        if not NAME.fullmatch(name):
            mistakes.add(f"class.{name}", f"{shown(name)} is no name of a class (letters, digits, _ . -)")
    used = set()
    for word, host in raw.host.items():
        if host.class_ is None:
            continue
        if host.class_ not in raw.class_:
            mistakes.add(f"host.{word}.class", _unknown(host.class_, raw))
            continue
        used.add(host.class_)
        mistakes.classes[word] = host.class_
        _complete(host, table["host"][word], raw.class_[host.class_], table["class"][host.class_], f"host.{word}",
                  mistakes)
    return tuple(_idle(raw, used))


def _complete(host: schema.Host, own: Mapping[str, Any], of_class: schema.Class, below: Mapping[str, Any], key: str,
              mistakes: Mistakes) -> None:
    """`own` and `below` are the tables that host and class were fitted from: only they tell what was said."""
    for name, value in below.items():
        if name not in walk.fields(schema.Class):
            continue  # told when the class was fitted
        if name == "packages":
            host.packages = (*of_class.packages, *host.packages)
        elif name not in own:
            setattr(host, name, getattr(of_class, name))
        elif isinstance(value, dict) and isinstance(own[name], dict):
            both: dict[str, Any] = {}
            layers.join(both, value)
            layers.join(both, own[name])
            walk.refit(host, name, both, key, mistakes)


def _unknown(name: str, raw: schema.Profile) -> str:
    close = difflib.get_close_matches(name, raw.class_, 1)
    if close:
        return f"there is no class {shown(name)}; did you mean {close[0]}?"
    return f"there is no class {shown(name)}; " + (f"classes: {some(raw.class_)}" if raw.class_ else
                                                   f"a class is a table [class.{name}]")


def _idle(raw: schema.Profile, used: set[str]) -> Iterator[Finding]:
    idle = [name for name in raw.class_ if name not in used]
    if idle:
        yield Finding(topic="classes", severity=Severity.NOTE, text=f"no host is of class {some(idle)}")
