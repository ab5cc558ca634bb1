"""From the words of the command line to a command and its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from builder import __version__
from builder.cli.options import jobs, lint, looking, small
from builder.cli.options.shared import Parser, common, network, sentence

COMMANDS = (*jobs.COMMANDS, *looking.COMMANDS, *lint.COMMANDS, *small.COMMANDS)
DESCRIPTION = """\
pinboot prepares unattended installs of CentOS and its family: it checks the
install tree, pins every byte that will boot, and packs a bundle with kernel,
initrd, kickstart and Xen configs that cannot fall out of step.

  pinboot init web1        write a profile: profiles/web1.toml
  pinboot check web1       is the tree what the profile names, and one build?
  pinboot lock web1        pin it: profiles/web1.lock
  pinboot build web1       pack it: out/web1
  pinboot verify out/web1  every byte again
  pinboot demo             all of it, on a tree made on the spot
"""
EXIT_CODES = """\
exit codes: 0 as wanted, 1 a check failed, 2 usage or profile, 3 the outside
changed, 4 bytes differ, 5 a tool or the network is missing
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises UsageError for a command line that makes no sense."""
    return parser().parse_args(arguments)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    made = Parser(prog="pinboot", description=DESCRIPTION, epilog=EXIT_CODES, allow_abbrev=False,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--version", action="version", version=f"pinboot {__version__}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    shared, fetching = common(), network()
    for name, text, fetches, fill in COMMANDS:
        parents = [shared, fetching] if fetches else [shared]
        fill(commands.add_parser(name, help=text, description=sentence(text), parents=parents,
                                 allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter))
    return made
