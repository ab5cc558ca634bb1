"""The plan of a host whose texts are in the listing: ten thousand of them take three megabytes."""

from __future__ import annotations

import hashlib

from builder.boot.line.cmdline import CommandLine
from builder.jobs.routes.route import PRIVATE, Plan, kickstart_path
from builder.media.listing.listing import Line, Listing


class Kept:
    """A Plan. Its kickstart is read again when it is asked for."""

    __slots__ = ("_kickstart", "_line", "_listing", "host")

    def __init__(self, made: Plan, listing: Listing) -> None:
        """Raises CheckFailed, UsageError: the spool of the listing cannot be written."""
        data = made.kickstart.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        self.host = made.host
        self._line = made.cmdline.text()
        self._listing = listing
        self._kickstart = Line(kickstart_path(made.host), f"{PRIVATE:o}", str(len(data)), sha256, "rendered",
                               str(listing.keep(data, sha256)))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Of its command line, none of which holds a blank."""
        return tuple(self._line.split(" "))

    @property
    def cmdline(self) -> CommandLine:
        return CommandLine(self.parameters)

    @property
    def kickstart(self) -> str:
        """Raises BytesDiffer: the disk gives back another."""
        return self._listing.text(self._kickstart).decode()
