"""Every failure that a user can cure: what is wrong, how to cure it, and the exit code that says who must act."""

from __future__ import annotations

from collections.abc import Sequence

OK = 0
CHECK_FAILED = 1
USAGE = 2
OUTSIDE_CHANGED = 3
BYTES_DIFFER = 4
MISSING = 5


class PinbootError(Exception):
    """A failure with a message, a hint (the cure) and an exit code.

    The message may hold several lines: the first says what and where, indented ones give found and wanted.
    """

    exit_code = CHECK_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CheckFailed(PinbootError):
    """Something that was asked for is not so: wrong release, two builds in one tree, evidence below the minimum."""

    exit_code = CHECK_FAILED


class UsageError(PinbootError):
    """The command line, a profile, a lock or a catalog file is wrong; the user edits it."""

    exit_code = USAGE


class OutsideChanged(PinbootError):
    """The mirror is not what the lock remembers: drift, a newer or older compose, a dead address."""

    exit_code = OUTSIDE_CHANGED


class BytesDiffer(PinbootError):
    """Bytes are not what a digest says they must be."""

    exit_code = BYTES_DIFFER


class Missing(PinbootError):
    """A tool, a library, a file of the outside or the network is not there."""

    exit_code = MISSING


class NotFound(Missing):
    """The source answered, and has no such file (404, 403, 410, no such path)."""


class HostileInput(CheckFailed):
    """A file of the outside (treeinfo, repomd, initrd ...) breaks its own format or tries to lead us astray."""


def several(subject: str, lines: Sequence[str], hint: str = "") -> UsageError:
    """One UsageError for all mistakes of one file: `subject` is the first line, `lines` follow, indented."""
    body = "".join(f"\n  {line}" for line in lines)
    return UsageError(f"{subject}{body}", hint)
