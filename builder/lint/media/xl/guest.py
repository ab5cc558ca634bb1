"""A guest of xl: its type, and the command line that its kernel gets (xen tools/xl/xl_parse.c parse_cmdline; XEN 2)."""

from __future__ import annotations

from builder.finding import Finding
from builder.lint.line.rules import error, warning
from builder.lint.media.entry import Entry, Reading
from builder.lint.media.xl import grammar
from builder.lint.media.xl.grammar import Config

LINE = ("cmdline", "root", "extra")


def read(text: str) -> Reading:
    config = grammar.parse(text)
    wrong = tuple(error("loader-syntax", f"line {each.line}: {each.text}: xl refuses the whole file", "mend this line")
                  for each in config.mistakes[:20])
    line = command_line(config)
    if line is None:
        return Reading((), wrong)
    first = next(found.line for name in LINE if (found := config.setting(name)))
    entry = Entry(title=config.string("name") or "", line=first, kernel=config.string("kernel") or "",
                  text=" ".join(line.split("\n")), medium=f"xen-{kind(config)}", findings=tuple(_lost(config)))
    return Reading((entry,), wrong)


def kind(config: Config) -> str:
    """pv, pvh or hvm: `type` by its beginning (strncmp), or the old builder=; pv where neither says so."""
    word = config.string("type")
    if word is not None:
        return next((each for each in ("hvm", "pv", "pvh") if each.startswith(word)), "pv")
    return "hvm" if config.string("builder") == "hvm" else "pv"


def command_line(config: Config) -> str | None:
    """cmdline= as it is, else root= and extra= joined; None where there is none of them."""
    whole, root, extra = (config.string(name) for name in LINE)
    if whole is not None:
        return whole
    parts = ([f"root={root}"] if root is not None else []) + ([extra] if extra is not None else [])
    return " ".join(parts) if parts else None


def _lost(config: Config) -> list[Finding]:
    found = []
    for name in LINE:
        each = [setting for setting in config.settings if setting.name == name and not setting.added]
        if len(each) > 1:
            found.append(warning("xl-lost", f"{name} in line {each[0].line} is lost: the one in line "
                                 f"{each[-1].line} counts", f"give {name} once, or add to it with +="))
        if any(not isinstance(setting.value, str) for setting in each):
            found.append(warning("xl-lost", f"{name} is a list: xl leaves it out", "write one string"))
    if config.string("cmdline") is not None and any(config.string(name) is not None for name in ("root", "extra")):
        found.append(warning("xl-lost", "cmdline is there, so xl ignores root and extra", "put all of it into cmdline"))
    return found
