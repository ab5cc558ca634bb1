"""The pages of the manual in Markdown: keys of a profile and commands (docs/reference), and docs/glossary.md."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from typing import Any

from builder.cli.manual import commands, glossary, keys, schema
from builder.cli.manual.commands import Command, Option
from builder.cli.manual.glossary import Word
from builder.cli.manual.keys import Key, Table


def profile_keys() -> str:
    """The reference of profile keys: a section for each table, with all examples of the table as one piece of TOML."""
    document = schema.document()
    shapes = {"Profile": document, **document["$defs"]}
    parts = ["# The keys of a profile\n",
             "Made from builder/cli/manual/keys.toml and the schema; [profiles.md](../profiles.md) tells the story.",
             "`pinboot explain KEY` says the same in a terminal, `pinboot schema` to an editor. NAME stands for a name "
             "that you choose.", ""]
    for table in keys.tables().values():
        parts += _table(table, shapes[table.name]["properties"])
    return _page(parts)


def _table(table: Table, shapes: Mapping[str, Any]) -> Iterable[str]:
    yield f"## {table.title}\n"
    where = ", ".join(f"`[{path}]`" for path in table.paths if path)
    yield f"{f'{where}. ' if where else ''}More: [{table.page}](../{table.page}).\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    for key in table.keys:
        yield f"| `{key.name}` | {_cell(schema.kinds(shapes[key.name]))} | {_default(key)} | {_cell(key.text)} |"
    yield f"\n```toml\n{f'[{_chosen(table.paths[0])}]' + chr(10) if table.paths[0] else ''}{_examples(table.keys)}```\n"


def _chosen(path: str) -> str:
    """A path in which a name was chosen: NAME is none that a user, host or interface could have."""
    return path.replace(keys.NAME, "name1")


def _examples(found: Iterable[Key]) -> str:
    return "".join(f"{key.example}\n" for key in found)


def _default(key: Key) -> str:
    return f"`{key.default}`" if re.match(r'["\[]|(true|false|[0-9]+)$', key.default) else _cell(key.default)


def command_line(parser: argparse.ArgumentParser) -> str:
    """The reference of commands. `parser` is that of the whole command line."""
    found = list(commands.commands(parser))
    shared = _shared(found)
    parts = ["# Commands\n", "Made from the options themselves; `pinboot COMMAND --help` says the same.\n",
             *_options("| every command | |", shared[:2]), *_options("| every command that fetches | |", shared[2:]),
             "| exit code | |\n|---|---|",
             *(f"| {code} | {_cell(glossary.words()[f'exit {code}'].text)} |" for code in range(6)), ""]
    for command in found:
        parts += _command(command, shared)
    return _page(parts)


def _shared(found: Iterable[Command]) -> tuple[Option, ...]:
    """--quiet and --json, and what the commands that fetch have in common."""
    by_name = {command.name: command for command in found}
    fetching = [option for option in by_name["check"].options if option in by_name["lock"].options
                and option in by_name["build"].options and "--set" not in option.words]
    return tuple(fetching)


def _command(command: Command, shared: tuple[Option, ...]) -> Iterable[str]:
    yield f"## {command.name}\n"
    yield f"`{command.usage}`\n"
    yield f"{_cell(command.text)}{f' {_cell(command.note)}' if command.note else ''}\n"
    own = [option for option in command.options if option not in shared]
    rows = [*command.arguments, *own]
    if rows:
        yield from _options("| | |", rows)


def _options(head: str, found: Iterable[Option]) -> Iterable[str]:
    yield f"{head}\n|---|---|"
    yield from (f"| `{option.spelled if option.words[0].startswith('-') else option.words[0]}` | {_cell(option.text)} |"
                for option in found)
    yield ""


def words() -> str:
    """The glossary."""
    parts = ["# Words\n", "Made from builder/cli/manual/glossary.toml; `pinboot explain WORD` says the same.\n"]
    for word in glossary.words().values():
        parts += [f"## {word.name}\n", f"{_cell(word.text)}\n", *_more(word)]
    return _page(parts)


def _more(word: Word) -> Iterable[str]:
    links = ", ".join(f"[{name}](#{_anchor(name)})" for name in word.see)
    page = f"More: [{word.page}]({word.page})." if word.page else ""
    line = f"{f'See also {links}.' if links else ''} {page}".strip()
    if line:
        yield f"{line}\n"


def _anchor(name: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-")


def _cell(text: str) -> str:
    """Plain text as it may stand in a table: nothing in it is Markdown."""
    return re.sub(r"([|*_<>`\\])", r"\\\1", text)


def _page(parts: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip("\n") + "\n"
