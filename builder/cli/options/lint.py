"""Options of the commands that judge what others wrote: ks, cmdline."""

from __future__ import annotations

from builder.cli.options.shared import Row

COMMANDS: tuple[Row, ...] = ()
