"""What every parser of options shares: its errors, and the options that many commands have."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from builder.errors import UsageError

# A command: its name, what it does, whether it fetches, and what adds its own options.
Row = tuple[str, str, bool, Callable[[argparse.ArgumentParser], None]]
QUIET = "no story, no progress bars; errors still show"
JSON = "the result as JSON on stdout"


class Parser(argparse.ArgumentParser):
    """An argparse parser whose mistakes are UsageErrors. `late` is an optional argument that may stand behind options:
    up to 3.12.6 argparse takes it for left out where another argument stands before them (python/cpython#59317)."""

    late: str = ""

    def parse_known_args(  # type: ignore[override]  # argparse's own overloads differ only in the namespace's type
            self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        found, rest = super().parse_known_args(args, namespace)
        if self.late and getattr(found, self.late) is None and rest and not rest[0].startswith("-"):
            setattr(found, self.late, rest.pop(0))
        return found, rest

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"{self.prog} --help")


def sentence(text: str) -> str:
    """What a command does, as its help begins."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"


def common(*, fill: bool = True) -> Parser:
    """--quiet and --json. Without `fill` they set nothing where they are not given, as an action below a command must
    not undo what was said before it."""
    parent = Parser(add_help=False, argument_default=None if fill else argparse.SUPPRESS)
    parent.add_argument("-q", "--quiet", action="store_true", help=QUIET)
    parent.add_argument("--json", action="store_true", help=JSON)
    return parent


def network() -> Parser:
    parent = Parser(add_help=False)
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


def profile(parser: argparse.ArgumentParser) -> None:
    """The argument PROFILE, and --set for its keys."""
    named(parser)
    settings(parser)


def settings(parser: argparse.ArgumentParser) -> None:
    """--set KEY=VALUE, as `settings` of what was chosen."""
    parser.add_argument("--set", metavar="KEY=VALUE", dest="settings", action="append", default=[],
                        help="a key of the profile, over all its files (repeatable); the value is TOML, or a bare word")


def named(parser: argparse.ArgumentParser) -> None:
    """The argument PROFILE alone."""
    parser.add_argument("profile", metavar="PROFILE",
                        help="a .toml file, a name in profiles/, or a starter profile")
