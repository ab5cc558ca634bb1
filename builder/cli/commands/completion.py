"""`pinboot completion`: a script for the shell, on stdout."""

from __future__ import annotations

import argparse

from builder.cli import printing
from builder.cli.manual import completion
from builder.cli.options import parse
from builder.errors import OK


def run(chosen: argparse.Namespace) -> int:
    made = completion.script(parse.parser(), chosen.shell)
    if chosen.json:
        printing.as_json({"shell": chosen.shell, "script": made})
    else:
        printing.exactly(made)
    return OK
