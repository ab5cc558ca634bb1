"""What counts in a generated text: secrets struck out, ids made plain, comments that only say where a key stands told
apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from builder.jobs.comparing.texts import lines
from builder.profile import secrets
from builder.profile.secrets import Secret

# As builder/boot/kickstart/templates/kickstart.ks.j2 begins a kickstart.
GENERATED = re.compile(r"# Kickstart of [^\n]*\n# Above each group stand the profile keys ")
SCRIPT = re.compile(r"%(?:pre|pre-install|post|onerror|traceback)\b")
# `# KEY (FILE line N), KEY (default)`: what boot/kickstart/origins.py writes above each group.
_PLACE = r" \([^()\n]*\)"
ORIGIN = re.compile(rf"# (?:default: [^\n]*|[^ \n]+{_PLACE}(?:, [^ \n]+{_PLACE})*)\n?")
PLACE = re.compile(_PLACE)
# An option of the command rhsm (pykickstart, commands/rhsm.py): a secret of the profile, and a bundle says not which.
ORGANIZATION = re.compile(r"""(--organization=)(?:"[^"\n]*"|'[^'\n]*'|[^\s"']+)""")
# A shorter secret (an organization may be "1") is struck out where it is a word, or little would be left of a text.
LEAST = 8
# The digest over all inputs that served paths begin with, and the unguessable part of a kickstart's (UX 3).
TOKEN = re.compile(r"\bks/[a-z2-7]{32}(?=/ks\.cfg)")


@dataclass(frozen=True, slots=True)
class Marked:
    """A text as it may be shown, by lines. `keys` are what is compared: a line, or of a comment about where keys stand
    only the keys. `comments` are the numbers (from 0) of such comments; `secret` are the lines (as shown and as they
    are) that hold one."""

    lines: list[str]
    keys: list[str]
    comments: frozenset[int]
    secret: frozenset[tuple[str, str]]


def plain(text: str, ident: str) -> str:
    """`text` without the id of its bundle, which every change changes."""
    if not ident or ident not in text:
        return text
    text = text.replace(f"/b/{ident}", "/b/ID")  # nearly all of them, and ten times as fast
    return re.sub(rf"\b{re.escape(ident)}", "ID", text) if ident in text else text


def mark(text: str, known: Iterable[Secret]) -> Marked:
    """`text` (plain) as it may be shown; `known` secrets are struck out wherever they stand."""
    every = tuple(known)
    shown = secrets.redacted(text, (secret for secret in every if len(secret.text) >= LEAST))
    for short in (secret.text for secret in every if len(secret.text) < LEAST):
        shown = re.sub(rf"(?<![A-Za-z0-9]){re.escape(short)}(?![A-Za-z0-9])", secrets.REDACTED, shown)
    shown = TOKEN.sub("ks/TOKEN", shown)
    shown = ORGANIZATION.sub(rf"\1{secrets.REDACTED}", shown)
    told, raw = lines.split(shown), lines.split(text)
    keys, comments = _keys(told)
    # A pattern may have joined two lines of an odd text; then the whole of it counts as one.
    pairs = zip(told, raw, strict=True) if len(told) == len(raw) else [(shown, text)]
    return Marked(told, keys, comments, frozenset(pair for pair in pairs if pair[0] != pair[1]))


def bare(text: str) -> str:
    """`text` without the comments about where keys stand: two texts with one `bare` install the same machine."""
    found = lines.split(text)
    _, comments = _keys(found)
    return "".join(line for number, line in enumerate(found) if number not in comments)


def key(line: str) -> str:
    """What counts of a changed line (`-` or `+` in front)."""
    return PLACE.sub("", line) if ORIGIN.fullmatch(line, 1) else line


def _keys(found: Sequence[str]) -> tuple[list[str], frozenset[int]]:
    """A script has comments of its own, which look as they like; those of pinboot stand outside."""
    keys = list(found)
    if not GENERATED.match("".join(found[:2])):
        return keys, frozenset()
    comments, inside = [0], False
    keys[0] = "# Kickstart\n"
    for number, line in enumerate(found):
        if line.startswith("%"):
            inside = bool(SCRIPT.match(line))
        elif not inside and line.startswith("# ") and ORIGIN.fullmatch(line):
            keys[number] = PLACE.sub("", line)
            comments.append(number)
    return keys, frozenset(comments)
