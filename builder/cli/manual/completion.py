"""Scripts that let bash, zsh and fish complete pinboot's command line: made by shtab from the parser, and told here
what each kind of value may be.

Names of files and hosts come from the folder that the shell is in, so they are never handed to anything that expands
them (`compgen -W` would run $(...) in a file's name).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from builder.catalog import load
from builder.catalog.family import NEWER
from builder.cli.manual import commands, glossary, keys
from builder.profile import starters

# What a metavar stands for, wherever it is said; any other one is left to the shell.
VALUES: Mapping[str, str] = {
    "PROFILE": "profiles", "STARTER": "starters", "NAME": "hosts", "LOCK": "locks", "BUNDLE": "files", "FILE": "files",
    "HASH": "files", "KEY": "files", "LINE|FILE": "files", "DIR": "folders", "WORD": "words", "RELEASE": "releases",
    "R": "releases", "PROFILE|LOCK|BUNDLE": "sides", "OLD": "sides", "NEW": "sides",
}
# A name that is yet to be chosen.
NEW = {("init", "NAME")}

_BASH = r"""
_pinboot_matching() {
  local name
  while IFS= read -r name; do
    case $name in "$1"*) printf '%s\n' "$name" ;; esac
  done
}
_pinboot_plain() {
  local name path
  for path in profiles/*.toml; do
    name=${path##*/} name=${name%.toml}
    case $name in *[!A-Za-z0-9._-]* | '*') ;; *) printf '%s\n' "$name" ;; esac
  done
}
_pinboot_profiles() {
  { _pinboot_plain; printf '%s\n' @starters@; } | _pinboot_matching "$1"
  compgen -f -X '!*.toml' -- "$1"
  compgen -d -- "$1"
}
_pinboot_sides_file() {
  _pinboot_plain | _pinboot_matching "$1"
  compgen -f -- "$1"
}
_pinboot_starters() { printf '%s\n' @starters@ | _pinboot_matching "$1"; }
_pinboot_hosts() {
  command sed -n 's/^\[host\.\([A-Za-z0-9-]*\)\].*/\1/p' ./*.toml profiles/*.toml 2> /dev/null | _pinboot_matching "$1"
}
_pinboot_locks_glob() {
  compgen -f -X '!*.lock' -- "$1"
  compgen -d -- "$1"
}
_pinboot_files() { compgen -f -- "$1"; }
_pinboot_folders_dir() { compgen -d -- "$1"; }
_pinboot_words() { printf '%s\n' @words@ | _pinboot_matching "$1"; }
_pinboot_releases() { printf '%s\n' @releases@ | _pinboot_matching "$1"; }
"""
_ZSH = r"""
_pinboot_profiles() {
  local -a names
  names=(profiles/*.toml(N:t:r) @starters@)
  compadd -a names
  _files -g '*.toml'
}
_pinboot_sides() {
  local -a names
  names=(profiles/*.toml(N:t:r))
  compadd -a names
  _files
}
_pinboot_starters() { compadd - @starters@ }
_pinboot_hosts() {
  local -a names
  names=(${(f)"$(command sed -n 's/^\[host\.\([A-Za-z0-9-]*\)\].*/\1/p' ./*.toml(N) profiles/*.toml(N) < /dev/null)"})
  compadd -a names
}
_pinboot_words() { compadd - @words@ }
_pinboot_releases() { compadd - @releases@ }
"""
_FISH = r"""
function _pinboot_suffix
  for candidate in (__fish_complete_path (commandline -ct))
    set -l path (string split -m1 \t -- $candidate)[1]
    string match -q -- "*$argv" $path; or string match -q -- '*/' $path; and printf '%s\n' $candidate
  end
end
function _pinboot_plain
  for path in profiles/*.toml
    string replace -r '^.*/(.*)\.toml$' '$1' -- $path
  end
end
function _pinboot_sides
  _pinboot_plain
  __fish_complete_path (commandline -ct)
end
function _pinboot_profiles
  _pinboot_plain
  printf '%s\n' @starters@
  _pinboot_suffix .toml
end
function _pinboot_hosts
  for path in *.toml profiles/*.toml
    string replace -r -f '^\[host\.([A-Za-z0-9-]+)\].*' '$1' < $path
  end
end
"""
# By shell: what each kind of value is completed by.
_BY: Mapping[str, Mapping[str, str]] = {
    "bash": {kind: f"_pinboot_{kind}" for kind in ("profiles", "starters", "hosts", "files", "words", "releases")}
    | {"locks": "_pinboot_locks_glob", "folders": "_pinboot_folders_dir", "sides": "_pinboot_sides_file"},
    "zsh": {kind: f"_pinboot_{kind}" for kind in ("profiles", "sides", "starters", "hosts", "words", "releases")}
    | {"locks": "_files -g '*.lock'", "files": "_files", "folders": "_files -/"},
    "fish": {"profiles": "(_pinboot_profiles)", "sides": "(_pinboot_sides)", "hosts": "(_pinboot_hosts)",
             "starters": "@starters@", "words": "@words@", "releases": "@releases@", "locks": "(_pinboot_suffix .lock)",
             "files": "(__fish_complete_path (commandline -ct))", "folders": "(__fish_complete_directories)"},
}
_PREAMBLE = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script for `shell`; the same bytes each time. `parser` is that of the whole command line; what its values are
    is noted in it."""
    import shtab  # 25 ms, for one command

    filled = _filled()
    _note(parser, "", {kind: _fill(text, filled) for kind, text in _BY[shell].items()}, shell)
    made = shtab.complete(parser, shell, preamble=_fill(_PREAMBLE[shell], filled))
    return made if made.endswith("\n") else f"{made}\n"


def _note(parser: argparse.ArgumentParser, name: str, by: Mapping[str, str], shell: str) -> None:
    for action in parser._actions:
        kind = VALUES.get(str(action.metavar))
        if kind and (name, action.metavar) not in NEW and not action.choices:
            action.complete = {shell: by[kind]}  # type: ignore[attr-defined]  # as shtab asks
    for word, _, inner in commands.children(parser):
        _note(inner, f"{name} {word}".strip(), by, shell)


def _fill(text: str, filled: Mapping[str, str]) -> str:
    for word, names in filled.items():
        text = text.replace(f"@{word}@", names)
    return text


def _filled() -> Mapping[str, str]:
    return {"starters": " ".join(starters.names()), "words": " ".join(_words()), "releases": " ".join(_releases())}


def _words() -> Iterator[str]:
    """What `explain` knows and is one word to every shell: words of the glossary, keys at the top of a profile."""
    yield from (name for name in glossary.words() if " " not in name)
    yield from (table.path(key.name) for table in keys.tables().values() for key in table.keys)


def _releases() -> Iterator[str]:
    for family in load.families().values():
        yield from (f"{family.id}-{major}" for major in family.series if major != NEWER)
