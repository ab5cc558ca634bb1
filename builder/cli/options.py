"""The command line: commands, their options and the help, in 80 columns."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from builder import __version__
from builder.errors import UsageError

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


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"{self.prog} --help")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises UsageError for a command line that makes no sense."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pinboot", description=DESCRIPTION, epilog=EXIT_CODES, allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"pinboot {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    common, network = _common(), _network()
    for name, text, fetches, fill in COMMANDS:
        parents = [common, network] if fetches else [common]
        fill(commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=parents,
                                 allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter))
    return parser


def _common() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("-q", "--quiet", action="store_true", help="no story, no progress bars; errors still show")
    parent.add_argument("--json", action="store_true", help="the result as JSON on stdout")
    return parent


def _network() -> _Parser:
    parent = _Parser(add_help=False)
    group = parent.add_argument_group("fetching")
    group.add_argument("--store", metavar="DIR", help="where verified files are kept (default: ~/.cache/pinboot)")
    group.add_argument("--ca-file", metavar="FILE", help="certificates to trust for https, instead of the system's")
    group.add_argument("--connect-timeout", type=_seconds, default=10.0, metavar="SEC", help="default 10")
    group.add_argument("--read-timeout", type=_seconds, default=30.0, metavar="SEC", help="default 30")
    group.add_argument("--low-speed", type=_speed, default=1000.0, metavar="BYTES",
                       help="fewer bytes a second, for 30 seconds, are too slow: the fetch is begun anew, or another "
                            "mirror asked (default 1000; 0: any speed will do)")
    return parent


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds (up to 3600)")
    return value


def _speed(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of bytes a second")
    return float(text)


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE",
                        help="a .toml file, a name in profiles/, or a starter profile")


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="profiles/NAME.toml is written; or a path that ends "
                                                                "in .toml")
    parser.add_argument("--preset", metavar="STARTER", default="centos-7-xen-netbsd",
                        help="the starter profile to copy (default: centos-7-xen-netbsd)")
    parser.add_argument("--list", action="store_true", help="name the starter profiles")


def _lock(parser: argparse.ArgumentParser) -> None:
    parser.epilog = ("Without a lock one is written beside the profile. With one, the tree is\nverified against it: "
                     "drift ends with exit code 3 and changes nothing.\n")
    _profile(parser)
    parser.add_argument("--update", action="store_true", help="show old and new, and write")
    parser.add_argument("--allow-downgrade", action="store_true", help="with --update: take an older compose")
    parser.add_argument("--relocate", action="store_true", help="change the address, and no pin")


def _build(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    parser.add_argument("--host", metavar="NAME", action="append", default=[], help="only this host (repeatable)")
    parser.add_argument("-o", "--output", metavar="DIR", help="where (default: out/PROFILE); a name that ends in "
                                                              ".tar or .tar.zst makes one file")
    parser.add_argument("--locked", action="store_true", help="refuse to build without a lock")
    parser.add_argument("--offline", action="store_true", help="touch no network: everything from the store")
    parser.add_argument("--sign", metavar="KEY", help="sign SHA256SUMS: an ssh private key, a .pub whose other half an "
                                                      "agent has, or an OpenPGP secret key")


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="a directory, a .tar or a .tar.zst")
    parser.add_argument("--key", metavar="FILE", help="demand a signature by a key of FILE: ssh public keys, allowed "
                                                      "signers, or OpenPGP public keys")
    parser.add_argument("--revoked", metavar="FILE", help="with --key: ssh keys that no longer count (a KRL or public "
                                                          "keys)")


def _store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", metavar="DIR", help="the store (default: ~/.cache/pinboot)")
    # Said before or after the action; a default here would undo what was said before it.
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("-q", "--quiet", action="store_true", help="no story, no progress bars; errors still show")
    common.add_argument("--json", action="store_true", help="the result as JSON on stdout")
    common.add_argument("--store", metavar="DIR", help="the store (default: ~/.cache/pinboot)")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {name: actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[common],
                                     allow_abbrev=False) for name, text in STORE_ACTIONS}
    for name in ("ls", "gc"):
        made[name].add_argument("locks", metavar="LOCK", nargs="*",
                                help="the locks that count (default: profiles/*.lock and *.lock)")
    made["gc"].add_argument("--dry-run", action="store_true", help="only show what would go")
    made["gc"].add_argument("--all", action="store_true", help="keep nothing, whatever the locks name")
    made["export"].add_argument("lock", metavar="LOCK", help="the lock whose files go along")
    made["export"].add_argument("-o", "--output", metavar="FILE", required=True, help="the tar to write")
    made["import"].add_argument("file", metavar="FILE", help="a tar that export wrote")
    made["import"].add_argument("-o", "--output", metavar="LOCK", help="also write the lock that is in it, here")


STORE_ACTIONS = (
    ("ls", "what is in the store, and which locks name it"),
    ("verify", "hash every object again; bad ones are moved aside (exit 4)"),
    ("gc", "remove what no lock names, and what is left over"),
    ("export", "write one tar with everything that a lock needs"),
    ("import", "take such a tar into the store, every object verified"),
)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep", metavar="DIR", help="keep what the demo made in DIR")


# name, what it does, does it fetch, its own options
COMMANDS = (
    ("init", "write a profile to start from", False, _init),
    ("check", "is the tree what the profile names, and is it one build?", True, _profile),
    ("lock", "pin what the tree serves, or hold the tree against the lock", True, _lock),
    ("build", "pack the bundle: from profile and lock", True, _build),
    ("verify", "every byte of a bundle against its manifest and lock", False, _verify),
    ("store", "the verified files: list, verify, clear up, carry elsewhere", False, _store),
    ("demo", "the whole job on a small tree made on the spot, and four attacks caught", False, _demo),
)
