"""Jinja2 for kickstarts: our own templates, an environment per target grammar, and the templates of users in a sandbox.

An environment's `finalize` quotes every value for its grammar, so that a forgotten filter cannot become an injection;
text that is already quoted is a `Ready`. Values are never rendered a second time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from builder.boot.kickstart import quoting
from builder.boot.kickstart.quoting import Ready
from builder.errors import UsageError
from builder.profile.values import TextFile

Quote = Callable[[object], Ready]
FOLDER = Path(__file__).parent / "templates"
EXPRESSION = re.compile(r"\{\{.*?\}\}")
COMMON: Mapping[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}


@functools.cache
def kickstart(name: str) -> Callable[..., str]:
    """The renderer of one of our templates whose values become words of kickstart command lines."""
    return _ours(name, quoting.word)


@functools.cache
def shell(name: str) -> Callable[..., str]:
    """The renderer of one of our templates whose values become words of a POSIX shell."""
    return _ours(name, quoting.shell_word)


def _ours(name: str, quote: Quote) -> Callable[..., str]:
    import jinja2  # 60 ms, so only where something is rendered

    environment = jinja2.Environment(  # noqa: S701  (kickstarts and shell, not HTML)
        loader=jinja2.FileSystemLoader(FOLDER), finalize=_finalize(quote), undefined=jinja2.StrictUndefined,
        auto_reload=False, **COMMON)
    return environment.get_template(name).render


def _finalize(quote: Quote) -> Callable[[object], str]:
    def finalize(value: object) -> str:
        return value if isinstance(value, Ready) else quote(value)

    return finalize


def users(file: TextFile, values: Mapping[str, Any]) -> str:
    """A user's template with `values`. Each value is quoted so that a kickstart line and a shell read it alike; the
    filter `bare` writes one without quotes.

    Templates are code that the user chose to run; the sandbox only keeps them from reaching into Python.
    Raises UsageError with file and line.
    """
    import jinja2  # 60 ms
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    _no_value_in_quotes(file)
    environment = ImmutableSandboxedEnvironment(
        finalize=_finalize(quoting.shell_word), undefined=jinja2.StrictUndefined, **COMMON)
    environment.filters["bare"] = lambda value: Ready(quoting.printable(str(value)))
    try:
        return environment.from_string(file.text).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise UsageError(f"{file.path} line {error.lineno}: {error.message}",
                         "the template language is Jinja2: https://jinja.palletsprojects.com") from None
    except (jinja2.TemplateError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        raise UsageError(f"{file.path} line {_line(error)}: {error}",
                         f"a template may use: {', '.join(sorted(values))}") from None


def _line(error: BaseException) -> int:
    """The template's line in which `error` arose: Jinja2 rewrites tracebacks to lines of `<template>`."""
    found = 0
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _no_value_in_quotes(file: TextFile) -> None:
    """Refuse "{{ value }}": the value brings its own quotes, and inside another pair they mean nothing to a shell."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for found in EXPRESSION.finditer(line):
            if "bare" not in found[0] and _open_quote(EXPRESSION.sub("", line[: found.start()])):
                raise UsageError(f"{file.path} line {number}: {found[0]} stands inside quotes",
                                 "take the quotes away, values come quoted; or write {{ value|bare }}")


def _open_quote(text: str) -> str:
    """The quote in which `text` ends, or an empty string."""
    quote = ""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
    return quote
