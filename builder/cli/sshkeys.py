"""The public ssh key that a new profile names: the user's own, of a kind that the sshd of the release knows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from builder.boot.kickstart.fields import KEY_SINCE
from builder.catalog import load
from builder.catalog.generation import GENERATIONS, Generation
from builder.profile import secrets

# As starters name a key; ssh-keygen(1) has the names.
NAMED = re.compile(r"file:~/\.ssh/(id_[a-z0-9_]+\.pub)")
USUAL = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub", "id_ed25519_sk.pub", "id_ecdsa_sk.pub")
_ORDER = tuple(GENERATIONS)


def fitted(text: str, home: Path | None = None) -> str:
    """A starter's text with a key that this user has and that works on its release, where there is one."""
    key = usable(text, home)
    return NAMED.sub(f"file:~/.ssh/{key}", text) if key else text


def usable(text: str, home: Path | None = None) -> str:
    """The name of the file in ~/.ssh that fits the profile's text; empty where there is none."""
    generation = _generation(text)
    kinds = _kinds(home or Path.home())
    return next((name for name, kind in kinds.items() if knows(generation, kind)), "")


def unknown(text: str, home: Path | None = None) -> tuple[str, ...]:
    """Kinds of keys that the user has, of which the release knows none; empty where it knows one, or there is none."""
    generation = _generation(text)
    kinds = tuple(dict.fromkeys(_kinds(home or Path.home()).values()))
    return () if any(knows(generation, kind) for kind in kinds) else kinds


def knows(generation: Generation, kind: str) -> bool:
    """Does the sshd of this generation take keys of this kind?"""
    return _ORDER.index(generation.name) >= _ORDER.index(KEY_SINCE.get(kind, "el6"))


def _generation(text: str) -> Generation:
    return load.release(tomllib.loads(text)["release"], "x86_64", load.families()).generation


def _kinds(home: Path) -> dict[str, str]:
    """The public keys in ~/.ssh and their kinds, the usual names first. What is no key is passed over."""
    found = {}
    for name in USUAL:
        try:
            line = secrets.reference(f"file:{home / '.ssh' / name}", home, {}, private=False)
            found[name] = secrets.ssh_key(line.splitlines()[0]).split()[0]
        except ValueError:
            continue
    return found
