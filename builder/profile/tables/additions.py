"""What an installation does beside the packages: modules of the installer, registration, repositories for later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from builder.catalog import load
from builder.catalog.family import Release
from builder.catalog.generation import Generation
from builder.names import shown
from builder.profile.file import schema
from builder.profile.file.mistakes import Mistakes
from builder.profile.secrets import Secret
from builder.profile.values import Addon, Rhsm

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,63}")
OPTION = re.compile(r"--[a-z][a-z0-9-]*(=[^\"'\\\x00-\x20\x7f]*)?")


def rhsm(raw: schema.Rhsm | None, release: Release | None, mistakes: Mistakes,
         secret: Callable[[str, str], Secret | None]) -> Rhsm | None:
    """`secret` reads the reference that was found under a key."""
    if raw is None:
        return None
    if release and release.family.id != "rhel":
        mistakes.add("rhsm", f"{release.family.title} has no subscriptions; rhsm registers RHEL")
    found = {}
    for name, text in (("organization", raw.organization), ("activation_key", raw.activation_key)):
        if text is None:
            mistakes.add(f"rhsm.{name}", f'missing; {name} = "env:NAME" or "file:PATH"')
        found[name] = (secret(f"rhsm.{name}", text) if text else None) or Secret("none")
    return Rhsm(**found)


def addons(raw: Mapping[str, schema.Addon], generation: Generation, mistakes: Mistakes) -> tuple[Addon, ...]:
    found = []
    for name, table in sorted(raw.items()):
        key = f"addon.{name}"
        if generation.name == "el6":
            mistakes.add(key, "the installer of EL6 has no modules; %addon came with EL7")
        if not NAME.fullmatch(name):
            mistakes.add(key, f"{shown(name)} is no name of an installer module (com_redhat_kdump)")
        for option in table.options:
            if not OPTION.fullmatch(option):
                mistakes.add(f"{key}.options", f"{shown(option)} is no option (--enable, --reserve-mb=auto)")
        for line in table.lines:
            if not line.isprintable() or line.lstrip().startswith("%"):
                mistakes.add(f"{key}.lines", f"{shown(line)} would end the section")
        found.append(Addon(name=name, options=table.options, lines=table.lines))
    return tuple(found)


def installed_repos(wanted: Literal["keep", "vault", "mirror"] | None, release: Release | None,
                    mistakes: Mistakes) -> Literal["", "keep", "vault", "mirror"]:
    if wanted == "vault" and release and not load.vaults(release):
        mistakes.add("installed_repos", f"{release.family.title} {release.version} has no vault here; "
                                        '"keep" or "mirror"')
    return wanted or ""
