"""A mirror list: the addresses of a repository, one a line, as yum and dnf read it (dnf.conf(5), mirrorlist)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from builder import names
from builder.names import shown
from builder.tree import border

MAX_BYTES = 1 << 20
# Nobody asks more mirrors than this; what a list holds beyond it is not looked at.
MOST = 20
HINT = "take another list of mirrors, or name a mirror: tree.url"
VARIABLE = re.compile(r"\$(?:\{([a-z_]{1,20})\}|([a-z_]{1,20}))")


def read(data: bytes, where: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The http(s) addresses of a list in its order, each once, at most MOST; `where` names the list in messages.

    `variables` (basearch, releasever) take the place of $basearch, which AlmaLinux leaves in its lists. A line that is
    no address of ours (ftp, rsync, an unknown variable) is passed over. Raises HostileInput where none is left.
    """
    text = border.text(data, where, "a list of mirrors", MAX_BYTES)
    if text.lstrip().startswith(("<?xml", "<metalink")):
        raise border.refusal(where, "not a list of mirrors", "XML", "an address a line",
                             "if it is a metalink, write it as tree.metalink")
    found: list[str] = []
    reasons: list[str] = []
    for line in _lines(text):
        try:
            found.append(address(line, variables))
        except ValueError as reason:
            reasons.append(str(reason))
    if not found:
        raise border.refusal(where, "no mirror in the list", reasons[0] if reasons else _remark(text),
                             "an http or https address a line", HINT)
    return once(found)


def address(text: str, variables: Mapping[str, str]) -> str:
    """A mirror's address in canonical form, its variables filled in. Raises ValueError."""
    unknown = next((name for name in named(text) if name not in variables), None)
    if unknown:
        raise ValueError(f"{shown(text)} holds ${unknown}, which is not known here")
    return names.url(filled(text, variables))


def named(text: str) -> tuple[str, ...]:
    """The variables in `text`."""
    return tuple(first or second for first, second in VARIABLE.findall(text))


def filled(text: str, variables: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: variables[found[1] or found[2]], text)


def once(urls: Iterable[str]) -> tuple[str, ...]:
    """Each mirror once, at most MOST, in order: of an http address and its https twin only the latter."""
    kept: dict[str, str] = {}
    for url in urls:
        parts = urlsplit(url)
        place = f"{parts.netloc}{parts.path}"
        if place not in kept or parts.scheme == "https":
            kept[place] = url
    return tuple(kept.values())[:MOST]


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def _remark(text: str) -> str:
    """What an empty list says of itself: MirrorManager writes its errors as comments."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"only comments: {shown(first)}" if first else "nothing"
