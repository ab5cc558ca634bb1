"""Options of the commands that judge what others wrote: ks, cmdline."""

from __future__ import annotations

import argparse

from builder.cli.options.shared import Row, common, sentence

MEDIA = ("line", "pxelinux", "isolinux", "grub", "grub-legacy", "ipxe", "xl", "libvirt", "bls")


def _cmdline(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    text = "what installers make of a line, or of the lines in a loader's file"
    check = actions.add_parser("check", help=text, description=sentence(text), allow_abbrev=False,
                               parents=[common(fill=False)], formatter_class=argparse.RawDescriptionHelpFormatter,
                               epilog="A LINE that begins with a dash, or stands in several words, comes behind --:\n"
                                      "  pinboot cmdline check --release el9 -- ip=dhcp inst.ks=http://10.0.0.5/ks\n")
    check.add_argument("--release", metavar="R", help="a release (rocky-9, centos-7.9) or a generation (el6 to el10, "
                                                      "fedora); without it all are asked")
    check.add_argument("--medium", choices=MEDIA, metavar="KIND",
                       help=f"what a file is, where its content does not tell: {', '.join(MEDIA)}")
    check.add_argument("--brief", action="store_true", help="only what was found, not who reads each parameter")
    check.add_argument("lines", metavar="LINE|FILE", nargs="+", help="a command line, a file, or - for standard input")


def _ks(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {name: actions.add_parser(name, help=text, description=sentence(text), epilog=epilog,
                                     parents=[common(fill=False)], allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
            for name, text, epilog in KS_ACTIONS}
    check, diff = made["check"], made["diff"]
    check.add_argument("files", metavar="FILE", nargs="+", help="kickstarts; - is standard input")
    check.add_argument("--release", metavar="R", help="a release (rocky-9, centos-7.9) or a generation (el6 to el10, "
                                                      "fedora); without it a #version line in the file must say")
    check.add_argument("--strict", action="store_true", help="warnings fail too")
    diff.add_argument("file", metavar="FILE", help="a kickstart; - is standard input")
    diff.add_argument("--from", dest="source", metavar="R", required=True, help="the release that it was written for")
    diff.add_argument("--to", dest="target", metavar="R", required=True, help="the release that it should be for")
    diff.add_argument("--write", metavar="FILE", help="write the changed kickstart there")
    diff.add_argument("--patch", action="store_true", help="print the change as patch(1) applies it")


KS_ACTIONS = (
    ("check", "what a release's installer makes of a kickstart, and what would go wrong",
     "Nothing is fetched, and no file that a kickstart names is opened. Exit code 1\nwhere an error is found.\n"),
    ("diff", "what must change in a kickstart for another release",
     "Exit code 0 where nothing must change, 3 where something does, 1 where a person\nmust do it.\n"),
)
COMMANDS: tuple[Row, ...] = (
    ("ks", "check a kickstart, or carry it to another release", False, _ks),
    ("cmdline", "check a kernel command line before an installer reads it", False, _cmdline),
)
