"""What concerns the line as a whole: repeated options, open places, what stands behind --, and its length."""

from __future__ import annotations

from collections.abc import Iterator

from builder.boot.line import cmdline
from builder.lint.line import line as lines
from builder.lint.line.line import Line, Placed
from builder.lint.line.rules import error, note, warning
from builder.lint.line.targets import Target
from builder.lint.line.words import known
from builder.lint.line.words.row import Row

# Of these the last counts; `all` in the name of another option makes all of them count.
SEVERAL = {"inst.ks": "inst.ks.all", "inst.stage2": "inst.stage2.all"}
# Any number of them is meant.
MANY = frozenset({"image", "addrepo", "network"})


def check(line: Line, target: Target) -> Iterator[Placed]:
    yield from _repeated(line, target)
    opened = [word.name for word in line.words if lines.is_open(word)]
    if opened:
        count = f"{len(opened)} parameters have" if len(opened) > 1 else "one parameter has"
        yield None, note("placeholder", f"{count} a place that is filled in later, and is judged by name alone",
                         "judge the line again once it is filled")
    yield from _dashes(line, target)


def _repeated(line: Line, target: Target) -> Iterator[Placed]:
    seen: dict[int, tuple[Row, str, str]] = {}
    for place, word in enumerate(line.words):
        row = known.read(word.name, target)
        if row is None or row.kind in MANY or word.value is None:
            continue
        previous = seen.get(id(row))
        seen[id(row)] = (row, word.name, word.argument)
        if previous is None or row.kind == "flag" or (row.prefixed in SEVERAL and line.has(SEVERAL[row.prefixed])):
            continue
        if previous[1] != word.name:
            old = min(previous[1], word.name, key=len)
            yield place, warning("repeated", f"dracut takes {old}=, wherever it stands", "give one of them")
        elif previous[2] == word.argument:
            yield place, note("repeated", "the same a second time", "leave one out")
        else:
            yield place, warning("repeated", "the last one wins; those before it are lost", "give one of them")


def _dashes(line: Line, target: Target) -> Iterator[Placed]:
    for place, word in enumerate(line.words):
        if word.text == "--":
            behind = [each.name for each in line.words[place + 1 :] if known.find(each.name, target) is None]
            if behind:
                yield place, warning("after-dashes", f"the kernel does not read {', '.join(behind[:3])} behind it",
                                     "put -- at the end, or leave it out")
            return


def length(line: Line, target: Target, medium: str, adds: str) -> Iterator[Placed]:
    """Whether all of it arrives; `medium` is one of cmdline.MEDIA, or empty for the kernel's own limit alone, and
    `adds` what the loader puts beside the line."""
    bound = cmdline.limit(target.generation, medium or "qemu")
    size = line.size + (len(adds.encode(errors="replace")) + 1 if adds else 0)
    if size > bound.size:
        added = f", {size - line.size} of them added by the loader" if adds else ""
        yield None, error("too-long", f"{size} bytes{added}; {bound.who} takes {bound.size}: the last "
                          f"{size - bound.size} are lost", "shorten URLs, or put options into the kickstart")
