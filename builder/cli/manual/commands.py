"""The commands and their options as values, taken from the parser that reads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from builder.cli.options.shared import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`words` are its spellings, or the name of an argument; `value` is what follows it, or empty."""

    words: tuple[str, ...]
    value: str
    text: str

    @property
    def spelled(self) -> str:
        """As one writes it: `-o FILE, --output FILE`."""
        return ", ".join(f"{word} {self.value}".rstrip() for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`name` are the words behind pinboot, `arguments` what stands without a dash. The actions of a command follow
    it as commands of their own."""

    name: str
    text: str
    arguments: tuple[Option, ...]
    options: tuple[Option, ...]
    note: str = ""

    @property
    def usage(self) -> str:
        """The command with its arguments, without options."""
        return " ".join(("pinboot", self.name, *(each.value for each in self.arguments)))


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[Command]:
    """Every command below `parser`, and the actions of commands that have some, in the order of the help."""
    for name, text, inner in children(parser):
        words = f"{before} {name}".strip()
        yield _command(words, text, inner)
        yield from commands(inner, words)


def children(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """The commands right below: name, what it does, its parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
            yield from ((name, texts.get(name, ""), inner) for name, inner in action.choices.items())


def _command(name: str, text: str, parser: argparse.ArgumentParser) -> Command:
    actions = [each for each in parser._actions if not isinstance(each, argparse._SubParsersAction)]
    return Command(name=name, text=sentence(text),
                   arguments=(*(_argument(each) for each in actions if not each.option_strings), *_actions(parser)),
                   options=tuple(_option(each) for each in actions if each.option_strings and each.dest != "help"),
                   note=" ".join((parser.epilog or "").split()))


def _actions(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    names = [name for name, _, _ in children(parser)]
    return (Option(words=("ACTION",), value="ACTION", text=", ".join(names)),) if names else ()


def _argument(action: argparse.Action) -> Option:
    name = _value(action)
    spelled = {"?": f"[{name}]", "*": f"[{name}...]", "+": f"{name}..."}.get(str(action.nargs), name)
    return Option(words=(name,), value=spelled, text=_help(action))


def _option(action: argparse.Action) -> Option:
    value = "" if action.nargs == 0 else f"[{_value(action)}]" if action.nargs == "?" else _value(action)
    return Option(words=tuple(action.option_strings), value=value, text=_help(action))


def _value(action: argparse.Action) -> str:
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()


def _help(action: argparse.Action) -> str:
    text = action.help or ""
    return "" if text == argparse.SUPPRESS else text % vars(action)
