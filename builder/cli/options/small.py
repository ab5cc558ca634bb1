"""Options of the small commands: hash-password, doctor, schema, explain, completion."""

from __future__ import annotations

from builder.cli.options.shared import Row

COMMANDS: tuple[Row, ...] = ()
