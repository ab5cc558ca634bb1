"""Options of the commands that do the work: init, check, lock, build, verify, store, demo."""

from __future__ import annotations

import argparse

from builder.cli.options.shared import Row, common, profile, sentence


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="profiles/NAME.toml is written; or a path that ends "
                                                                "in .toml")
    parser.add_argument("--preset", metavar="STARTER", nargs="?", const="",
                        help="the starter profile to copy (default: centos-7-xen-netbsd); without a name they are "
                             "listed")
    parser.add_argument("--list", action="store_true", help="name the starter profiles")


def _lock(parser: argparse.ArgumentParser) -> None:
    parser.epilog = ("Without a lock one is written beside the profile. With one, the tree is\nverified against it: "
                     "drift ends with exit code 3 and changes nothing.\n")
    profile(parser)
    parser.add_argument("--update", action="store_true", help="show old and new, and write")
    parser.add_argument("--allow-downgrade", action="store_true", help="with --update: take an older compose")
    parser.add_argument("--relocate", action="store_true", help="change the address, and no pin")


def _build(parser: argparse.ArgumentParser) -> None:
    profile(parser)
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
    again = common(fill=False)
    again.add_argument("--store", metavar="DIR", help="the store (default: ~/.cache/pinboot)")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {name: actions.add_parser(name, help=text, description=sentence(text), parents=[again],
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


COMMANDS: tuple[Row, ...] = (
    ("init", "write a profile to start from", False, _init),
    ("check", "is the tree what the profile names, and is it one build?", True, profile),
    ("lock", "pin what the tree serves, or hold the tree against the lock", True, _lock),
    ("build", "pack the bundle: from profile and lock", True, _build),
    ("verify", "every byte of a bundle against its manifest and lock", False, _verify),
    ("store", "the verified files: list, verify, clear up, carry elsewhere", False, _store),
    ("demo", "the whole job on a small tree made on the spot, and four attacks caught", False, _demo),
)
