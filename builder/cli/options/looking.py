"""Options of the commands that show and compare: show, render, diff."""

from __future__ import annotations

import argparse
import re

from builder.cli.options.shared import Parser, Row, settings


def _show(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Of a profile: every key with its value and the file and line that set it, the\nhosts, and whether the lock "
        "beside it fits. Of a lock: what is pinned, and why\nit is believed. Of a bundle: what is in it, by its own "
        "manifest, which\nverify proves. Secrets are never shown.\n")
    parser.add_argument("what", metavar="PROFILE|LOCK|BUNDLE", help="which of the three it is, is looked up: a .toml "
                        "or a name, a .lock, or a directory, .tar or .tar.zst")
    parser.add_argument("--host", metavar="NAME", help="of a profile: every key of this host")
    settings(parser)


def _render(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "WHAT is a word or a path of the bundle: ks, cmdline, up, deploy, hosts,\nnext-steps, or an output (xen, "
        "libvirt, qemu, packer, grub, ipxe, dnsmasq, ...).\nWithout WHAT all that can be printed is listed. No "
        "network and no store is\ntouched; with a lock the text is what build writes, to the byte.\n")
    parser.add_argument("profile", metavar="PROFILE", help="a .toml file, a name in profiles/, or a starter profile")
    parser.add_argument("what", metavar="WHAT", nargs="?", help="the text to print")
    parser.add_argument("--host", metavar="NAME", help="whose text; a profile of one host needs no name")
    parser.add_argument("--list", action="store_true", help="list all that can be printed")
    parser.add_argument("--secrets", action="store_true",
                        help="print passphrases, keys and password hashes too, as build writes them")
    settings(parser)
    if isinstance(parser, Parser):
        parser.late = "what"


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "A profile is compared with the lock beside it, and its texts are rendered as a\nbuild would do it; no network "
        "and no store is touched. Exit code 3 where there\nis a difference, 0 where there is none.\n")
    parser.add_argument("old", metavar="OLD", nargs="?", help="what it was: a lock, profile or bundle")
    parser.add_argument("new", metavar="NEW", nargs="?", help="what it is")
    parser.add_argument("--last", metavar="LOCK", help="this lock, and what git has as the version before it")
    parser.add_argument("--from-lock", metavar="BUNDLE",
                        help="this bundle, and what its own profile and lock make: what was changed by hand?")
    parser.add_argument("--markdown", action="store_true", help="for a merge request: tables, and changes to unfold")
    parser.add_argument("--full", action="store_true", help="every host by name, every change, every line of it")
    parser.add_argument("--context", metavar="N", type=_few, default=3,
                        help="lines around each change (default 3)")
    if isinstance(parser, Parser):
        parser.late = "new"


def _few(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines (up to 999)")
    return int(text)


COMMANDS: tuple[Row, ...] = (
    ("show", "what a profile, a lock or a bundle says", False, _show),
    ("render", "print one generated text without building", False, _render),
    ("diff", "what differs between two locks, profiles or bundles", False, _diff),
)
