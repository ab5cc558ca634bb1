"""A kickstart fed to pykickstart's handler of a release: everything that it refuses or warns of, with the lines.

Each reading gets a new handler, because pykickstart's keep state from one file to the next. Nothing is fetched or
opened: %include and %ksappend are noted, never followed (RELIABILITY J20).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from builder.profile import secrets

# Each disk of a mirror has its own, and the parser takes them for one (pykickstart/commands/partition.py).
EXPECTED_WARNING = "A partition with the mountpoint biosboot has already been defined."
# What pykickstart's own code raises on input that its authors did not think of.
FAULTS = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
# From here on lines of %packages are handed over by the hundred: pykickstart sorts all that it has for each.
MANY, HUNDREDS = 1000, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What the parser says of a line (0: it does not say which). `deprecated`: it works, and will not for ever."""

    line: int
    text: str
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`handler` is pykickstart's, with what it took; `commands` the first words of all command lines with their lines,
    those too that are refused."""

    handler: Any
    mistakes: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    commands: tuple[tuple[str, int], ...]


def read(text: str, version: str) -> Reading:
    """`text` as far as the handler of `version` (RHEL9, F42) takes it; after a mistake it goes on where it can."""
    from pykickstart.version import makeVersion  # 130 ms with the parser below

    handler = makeVersion(version)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mistakes, said, commands = _feed(text, handler, caught)
    return Reading(handler=handler, mistakes=tuple(mistakes), commands=tuple(commands),
                   warnings=tuple(remark for remark in dict.fromkeys(said) if remark.text != EXPECTED_WARNING))


def _feed(text: str, handler: Any, caught: list[warnings.WarningMessage]
          ) -> tuple[list[Remark], list[Remark], list[tuple[str, int]]]:
    from pykickstart.errors import KickstartDeprecationWarning, KickstartError
    from pykickstart.parser import KickstartParser
    from pykickstart.sections import PackageSection

    mistakes: list[Remark] = []
    said: list[Remark] = []
    commands: list[tuple[str, int]] = []

    def note(line: int) -> None:
        """Warnings since the last time are of this line."""
        said.extend(Remark(line=line, text=str(warning.message).strip(),
                           deprecated=issubclass(warning.category, KickstartDeprecationWarning))
                    for warning in caught[len(said):])

    places: dict[str, int] = {}

    def place(line: str) -> int:
        """Where the text first has `line`, for what the parser tells without a number."""
        if not places:
            places.update((each, number) for number, each in reversed([*enumerate(text.splitlines(True), 1)]))
        return places.get(line, 0)

    class Packages(PackageSection):  # type: ignore[misc]
        """Takes a long list in seconds, not in hours, and goes on after a line that it cannot take."""

        seen_lines = 0
        waiting: tuple[str, ...] = ()

        def handleLine(self, line: str) -> None:
            self.seen_lines += 1
            self.waiting = (*self.waiting, line)
            if self.seen_lines < MANY or len(self.waiting) == HUNDREDS:
                self.finalize()

        def finalize(self) -> None:
            waiting, self.waiting = self.waiting, ()
            lines = [bare for line in waiting if (bare := line.partition("#")[0].rstrip())]
            try:
                self.handler.packages.add(lines)
            except (KickstartError, IndexError) as error:
                said = error.message if isinstance(error, KickstartError) else "no name of a package or group"
                mistakes.append(Remark(line=place(waiting[0]), text=_one_line(said)))

    class Reader(KickstartParser):  # type: ignore[misc]  # pykickstart has no types
        """Goes on after a line that is refused, so that one run tells all mistakes."""

        def setupSections(self) -> None:
            super().setupSections()
            self.registerSection(Packages(self.handler))

        def handleCommand(self, lineno: int, args: list[str]) -> Any:
            commands.append((args[0], lineno))
            try:
                return super().handleCommand(lineno, args)
            except KickstartError as error:
                mistakes.append(Remark(line=error.lineno or lineno, text=_one_line(error.message)))
            except FAULTS as error:
                mistakes.append(Remark(line=lineno, text=f"cannot be read ({type(error).__name__})"))
            finally:
                note(lineno)
            return None

        def _tryFunc(self, fn: Any) -> None:
            """Without this the header of a section that is refused would be the end of the reading."""
            try:
                fn()
            except KickstartError as error:
                mistakes.append(Remark(line=error.lineno or place(self._line), text=_one_line(error.message)))
            finally:
                if len(caught) > len(said):
                    note(place(self._line))

    reader = Reader(handler, followIncludes=False, unknownSectionIsFatal=False)
    try:
        reader.readKickstartFromString(text)
    except KickstartError as error:
        mistakes.append(Remark(line=error.lineno or 0, text=_one_line(error.message)))
    except (ValueError, IndexError) as error:
        # shlex meets an open quote (ValueError), or the parser an empty first word (IndexError): neither is told with a
        # line number, but the parser remembers the line.
        mistakes.append(Remark(line=place(reader._line),
                               text="no closing quotation" if isinstance(error, ValueError) else "an empty command"))
    finally:
        note(0)
    return mistakes, said, commands


def _one_line(message: object) -> str:
    """The parser repeats what it does not understand, and that may be a password."""
    return secrets.redacted(" ".join(str(message).split())) or "refused"
