"""What must change in a kickstart between two releases, line by line, and the text in which it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from builder.boot.review import reading
from builder.lint.kickstart import case
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.changes import bodies, lines, meaning, names, places, replace
from builder.lint.kickstart.changes.replace import Change, State
from builder.lint.kickstart.target import SECTIONS, Target
from builder.lint.kickstart.text import outline
from builder.lint.kickstart.text.letters import Text
from builder.lint.kickstart.text.outline import Command, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`text` is the file with every change that is done."""

    changes: tuple[Change, ...]
    text: str

    def having(self, state: State) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.state == state)


class _Rewriting:
    """The new text as it grows: for each of the parser's lines what stands in its place."""

    def __init__(self, made: Case, source: Target, target: Target) -> None:
        self.made, self.source, self.target = made, source, target
        self.lines: dict[int, list[str]] = {}
        self.after: dict[int, list[str]] = {}
        self.changes: list[Change] = []

    def all(self) -> None:
        self._mended()
        for found in self.made.outline.commands:
            self._command(found)
        for section in self.made.outline.sections:
            self._section(section)
        self._looks()

    def _take(self, change: Change) -> None:
        self.changes.append(change)
        if change.state == "done" or change.new:
            self.lines[change.line] = list(change.new)

    def _mended(self) -> None:
        for section in self.made.outline.sections:
            if section.line in self.made.cut:
                opened, word = self.made.cut[section.line]
                # The section's own %end, or the next section's start, stands inside the here-document.
                self.changes.append(Change(
                    line=opened, old=self.made.outline.text(opened), new=(), state="hand",
                    why=(f"the parser cuts the here-document {word} off, in every release",)))
            elif not section.end:
                last = next((line for line, text in reversed(section.body) if text.strip()), section.line)
                self.after[last] = ["%end"]
                self.changes.append(Change(line=section.line, old=section.text, new=(section.text, "...", "%end"),
                                           why=(f"{section.name} must end with %end since EL6",), state="done"))

    def _command(self, found: Command) -> None:
        change = replace.command(found, self.target.generation.name)
        change = self._place(found, change)
        change = self._services(found, change)
        change = self._hash(found, change)
        if change is None:
            return
        if change.new and change.new[0].startswith("authselect") and any(
                change.new[0] in written for written in self.lines.values()):
            change = dataclasses.replace(change, new=change.new[1:])
        self._take(change)

    def _place(self, found: Command, change: Change | None) -> Change | None:
        if found.name not in ("url", "repo", "liveimg") or self.source.generation is self.target.generation:
            return change
        edited = places.edit(found, self.target)
        if edited is None:
            return change
        new, why = edited
        before = change.why if change else ()
        return Change(line=found.line, old=found.text, new=tuple(new) or (change.new if change else ()),
                      why=(*before, why), state="done" if new else "hand")

    def _services(self, found: Command, change: Change | None) -> Change | None:
        if found.name != "services":
            return change
        text, why = found.text, []
        for value in found.values("--enabled"):
            given = [name.strip() for name in value.split(",")]
            moved = {name: row for name in given if (row := names.moved(
                names.SERVICES, name, self.source.generation.name, self.target.generation.name))}
            if moved:
                new = dict.fromkeys(moved[name].new if name in moved else name for name in given)
                text = lines.with_value(text, "--enabled", value, ",".join(new))
                why += [f"{name}: {row.why}" for name, row in moved.items()]
        return Change(line=found.line, old=found.text, new=(text,), why=tuple(why), state="done") if why else change

    def _hash(self, found: Command, change: Change | None) -> Change | None:
        """Only EL9 and later check yescrypt (REFERENCE 3.6): nobody could log in."""
        if self.target.generation.yescrypt or found.name not in ("rootpw", "user", "sshpw"):
            return change
        if not any(word.text.startswith("$y$") or word.value.startswith("$y$") for word in found.words[1:]):
            return change
        why = f"{self.target.label} cannot check a yescrypt hash: make a sha512 one with pinboot hash-password"
        return Change(line=found.line, old=found.text, new=change.new if change else (), state="hand",
                      why=(*(change.why if change else ()), why))

    def _section(self, section: Section) -> None:
        target = self.target.generation.name
        gone = next((row for row in bodies.GONE if row.command == section.name and target in row.where), None)
        if gone:
            self._drop(section, f"{section.name} {gone.why}")
            return
        change = replace.command(section, target)
        if change is not None:
            self._take(change)
        name = change.new[0].split()[0] if change is not None and change.new else section.name
        if name not in SECTIONS[target]:
            self._take(Change(line=section.line, old=section.text, new=(), state="hand",
                              why=(f"{name} is unknown to {self.target.label}: what it does must be done otherwise",)))
        if section.name == "%packages":
            self._packages(section)

    def _drop(self, section: Section, why: str) -> None:
        for line in range(section.line, section.last + 1):
            self.lines[line] = []
            self.after.pop(line, None)
        self.changes.append(Change(line=section.line, old=f"{section.text} ... %end", new=(), why=(why,), state="done"))

    def _packages(self, section: Section) -> None:
        source, target = self.source.generation.name, self.target.generation.name
        for line, text in section.body:
            found = bodies.package(text, source, target)
            if found is not None:
                new, why = found
                self._take(Change(line=line, old=text, new=tuple(new), why=(why,), state="done" if new else "hand"))

    def _looks(self) -> None:
        changed = {change.line for change in self.changes}
        for look in meaning.between(self.made.outline, self.source.generation.name, self.target.generation.name):
            state: State = "note" if look.default else "look"
            if look.line in changed and self.lines.get(look.line) == []:
                continue
            self.changes.append(Change(line=look.line, old=look.old, new=tuple(look.new.splitlines()), why=(look.why,),
                                       state=state))

    def text(self) -> tuple[str, list[int]]:
        """The new text, and for each of its lines the old one that it came from."""
        written: list[str] = []
        origins: list[int] = []
        for number, line in enumerate(self.made.outline.lines, 1):
            ending = line[len(line.rstrip("\r\n")):] or "\n"
            new = self.lines.get(number)
            put = [line] if new is None else [f"{text}{ending}" for text in new]
            more = [f"{text}{ending}" for text in self.after.get(number, ())]
            if more and put and not put[-1].endswith("\n"):
                put[-1] += ending
            written += [*put, *more]
            origins += [number] * (len(put) + len(more))
        return "".join(written), origins


def compare(text: Text, source: Target, target: Target, where: str) -> Comparison:
    """Raises UsageError for what is no kickstart by its size."""
    made = case.make(text, source, where)
    work = _Rewriting(made, source, target)
    work.all()
    new, origins = work.text()
    changes = [*work.changes, *_refused(new, origins, made, work.changes, target)]
    placed = [dataclasses.replace(change, line=made.outline.place(change.line)) for change in changes]
    return Comparison(changes=tuple(sorted(placed, key=lambda change: (change.line, change.state))), text=new)


def _refused(new: str, origins: list[int], made: Case, known: list[Change], target: Target) -> Iterator[Change]:
    """Lines that the new release refuses, or warns of, and of which the table says nothing."""
    told = {change.line for change in known if change.state == "hand"}
    fed = case.mended(outline.read(new))
    found = reading.read(fed.text, target.generation.handler)
    remarks = [*found.mistakes, *(said for said in found.warnings if said.deprecated)]
    for remark in remarks:
        at = fed.line(remark.line)
        line = origins[at - 1] if 0 < at <= len(origins) else 0
        if line not in told:
            told.add(line)
            old = made.outline.text(line) if line else ""
            yield Change(line=line, old=old, new=(), state="hand",
                         why=(f"{target.label} {'warns of' if remark.deprecated else 'refuses'} it: "
                              f"{case.short(remark.text)}",))
    for line in made.outline.strays:
        yield Change(line=line, old="%end", new=(), state="hand", why=("no section is open: no release reads it",))
    for line in made.outline.broken:
        yield Change(line=line, old=made.outline.text(line), new=(), state="hand",
                     why=("a quote without its pair: no release reads it",))
