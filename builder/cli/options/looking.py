"""Options of the commands that show and compare: show, render, diff."""

from __future__ import annotations

from builder.cli.options.shared import Row

COMMANDS: tuple[Row, ...] = ()
