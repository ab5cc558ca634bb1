"""What the scripts of guests have in common: a head that says what they erase, settings, and checks before the command.

POSIX sh; the last line is one command that takes the caller's own options after ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from builder.outputs.guests.machine import Guest, refused
from builder.outputs.rendered import Rendered
from builder.outputs.shell import assignment

# Exit codes as those of pinboot itself: 1 a check failed, 5 something is missing here.
_FAIL = """\
fail() { # exit code, what is wrong, the cure
	printf 'error: %s\\n' "$2" >&2
	printf 'hint:  %s\\n' "$3" >&2
	exit "$1"
}
"""
# An image that is there may be a machine that somebody needs: it is erased only where the caller says so.
ERASE = """\
erase=''
if [ "${1-}" = --erase ]; then
	erase=yes
	shift
fi
if [ -e "$disk" ] && [ -z "$erase" ]; then
	fail 1 "$disk is there already, and would be erased" "if that is meant, say so first: sh $0 --erase"
fi
"""
BUNDLE = """\
for file in "$kernel" "$initrd"; do
	[ -r "$file" ] || fail 5 "$file is not there, or not for you to read" "copy the whole bundle to $bundle"
done
"""


def script(guest: Guest, name: str, *, words: Iterable[str], settings: Mapping[str, str], checks: Iterable[str],
           command: Sequence[str]) -> Rendered:
    """`hosts/NAME/name`: comments, settings, checks, and `command`, a line each.

    Raises UsageError for a setting that no shell word can carry.
    """
    lines = ["#!/bin/sh", *(f"# {line}".rstrip() for line in words),
             "# Made by pinboot: change the profile and build again, not this file.", "", "set -u", "umask 077", ""]
    for key, value in settings.items():
        try:
            lines.append(assignment(key, value))
        except ValueError as reason:
            raise refused(guest.boot, key, str(reason)) from None
    body = "\n".join([_FAIL, *checks])
    return Rendered(guest.file(name), "\n".join(lines) + "\n\n" + body + "\n" + " \\\n\t".join(command) + "\n", 0o755)

