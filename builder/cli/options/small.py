"""Options of the small commands: hash-password, doctor, schema, explain, completion."""

from __future__ import annotations

import argparse

from builder.cli.options.shared import Row

SHELLS = ("bash", "zsh", "fish")

# A slow machine still checks so many within a few seconds.
MOST_ROUNDS = 1_000_000


def _hash_password(parser: argparse.ArgumentParser) -> None:
    parser.epilog = ("It is asked for twice on a terminal, and read from standard input elsewhere. A\n"
                     'profile names the file: [root] password = "file:secrets/root.hash".\n')
    parser.add_argument("-o", "--output", metavar="FILE", help="write it to FILE, which only its owner can read")
    parser.add_argument("--force", action="store_true", help="with -o: FILE may be there, and is replaced")
    parser.add_argument("--rounds", type=_rounds, metavar="N",
                        help="how often SHA-512 is applied (default 5000, up to 1000000): more makes guessing dearer, "
                             "and each login slower")
    parser.add_argument("--check", metavar="HASH", help="ask nothing: which releases take this hash? A hash, a file "
                                                        "that holds one, or - for standard input")
    parser.add_argument("--release", metavar="RELEASE", help="with --check: does this one? (rocky-9)")


def _rounds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 5000 <= int(text) <= MOST_ROUNDS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 5000 to {MOST_ROUNDS}")
    return int(text)


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit code 5 where something is missing without which pinboot does not work.\n"
    parser.add_argument("--store", metavar="DIR", help="the store (default: ~/.cache/pinboot)")


def _schema(parser: argparse.ArgumentParser) -> None:
    parser.epilog = ("Editors read it where the first line of a profile says\n"
                     "#:schema ../pinboot.schema.json (taplo, Even Better TOML).\n")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it to FILE")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("word", metavar="WORD", nargs="*",
                        help="a word of pinboot, a key of a profile (storage.layout), or an exit code; without one all "
                             "words are listed")


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.epilog = ("bash:  pinboot completion bash \\\n"
                     "           > ~/.local/share/bash-completion/completions/pinboot\n"
                     "zsh:   pinboot completion zsh > a folder of $fpath, as _pinboot\n"
                     "fish:  pinboot completion fish > ~/.config/fish/completions/pinboot.fish\n")
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


COMMANDS: tuple[Row, ...] = (
    ("hash-password", "turn a password into the hash that a profile takes", False, _hash_password),
    ("doctor", "what is on this machine, what for, and how to get what is not", False, _doctor),
    ("schema", "the JSON Schema of profiles, for editors", False, _schema),
    ("explain", "what a word or a key of a profile means", False, _explain),
    ("completion", "print a script that lets the shell complete commands and options", False, _completion),
)
