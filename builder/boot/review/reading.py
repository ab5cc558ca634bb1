"""A kickstart fed to pykickstart's handler of a release: everything that it refuses or warns of, with the lines.

Each reading gets a new handler, because pykickstart's keep state from one file to the next. Nothing is fetched or
opened: %include and %ksappend are noted, never followed (RELIABILITY J20).
"""

from __future__ import annotations

import functools
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
        heard = _Heard(text, caught)
        _feed(handler, heard)
    return Reading(handler=handler, mistakes=tuple(heard.mistakes), commands=tuple(heard.commands),
                   warnings=tuple(remark for remark in dict.fromkeys(heard.said) if remark.text != EXPECTED_WARNING))


class _Heard:
    """What a reading of `text` has brought so far; `caught` grows by Python's warnings, `said` tells their lines."""

    def __init__(self, text: str, caught: list[warnings.WarningMessage]) -> None:
        self.text, self.caught = text, caught
        self.mistakes: list[Remark] = []
        self.said: list[Remark] = []
        self.commands: list[tuple[str, int]] = []

    def refused(self, line: int, why: object) -> None:
        """The parser repeats what it does not understand, and that may be a password."""
        self.mistakes.append(Remark(line=line, text=secrets.redacted(" ".join(str(why).split())) or "refused"))

    def warned(self, line: int) -> None:
        """Warnings since the last time are of this line."""
        from pykickstart.errors import KickstartDeprecationWarning

        self.said.extend(Remark(line=line, text=str(warning.message).strip(),
                                deprecated=issubclass(warning.category, KickstartDeprecationWarning))
                         for warning in self.caught[len(self.said):])

    def place(self, line: str) -> int:
        """Where the text first has `line`, for what the parser tells without a number."""
        return self._places.get(line, 0)

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {line: number for number, line in reversed([*enumerate(self.text.splitlines(True), 1)])}


def _feed(handler: Any, heard: _Heard) -> None:
    from pykickstart.errors import KickstartError

    reader = _reader()(handler, heard)
    try:
        reader.readKickstartFromString(heard.text)
    except KickstartError as error:
        heard.refused(error.lineno or 0, error.message)
    except (ValueError, IndexError) as error:
        # shlex meets an open quote (ValueError), or the parser an empty first word (IndexError): neither is told with a
        # line number, but the parser remembers the line.
        heard.refused(heard.place(reader._line),
                      "no closing quotation" if isinstance(error, ValueError) else "an empty command")
    finally:
        heard.warned(0)


@functools.cache
def _reader() -> Any:
    """pykickstart's parser, which must be imported late."""
    from pykickstart.errors import KickstartError
    from pykickstart.parser import KickstartParser

    class Reader(KickstartParser):  # type: ignore[misc]  # pykickstart has no types
        """Goes on after a line that is refused, so that one run tells all mistakes."""

        def __init__(self, handler: Any, heard: _Heard) -> None:
            self.heard = heard
            super().__init__(handler, followIncludes=False, unknownSectionIsFatal=False)

        def setupSections(self) -> None:
            super().setupSections()
            self.registerSection(_packages()(self.handler, self.heard))

        def handleCommand(self, lineno: int, args: list[str]) -> Any:
            self.heard.commands.append((args[0], lineno))
            try:
                return super().handleCommand(lineno, args)
            except KickstartError as error:
                self.heard.refused(error.lineno or lineno, error.message)
            except FAULTS as error:
                self.heard.refused(lineno, f"cannot be read ({type(error).__name__})")
            finally:
                self.heard.warned(lineno)
            return None

        def _tryFunc(self, fn: Any) -> None:
            """Without this the header of a section that is refused would be the end of the reading."""
            try:
                fn()
            except KickstartError as error:
                self.heard.refused(error.lineno or self.heard.place(self._line), error.message)
            finally:
                if len(self.heard.caught) > len(self.heard.said):
                    self.heard.warned(self.heard.place(self._line))

    return Reader


@functools.cache
def _packages() -> Any:
    """pykickstart's %packages, which must be imported late."""
    from pykickstart.errors import KickstartError
    from pykickstart.sections import PackageSection

    class Packages(PackageSection):  # type: ignore[misc]
        """Takes a long list in seconds, not in hours, and goes on after a line that it cannot take."""

        def __init__(self, handler: Any, heard: _Heard) -> None:
            super().__init__(handler)
            self.heard = heard
            self.seen_lines = 0
            self.waiting: list[str] = []

        def handleLine(self, line: str) -> None:
            self.seen_lines += 1
            self.waiting.append(line)
            if self.seen_lines < MANY or len(self.waiting) == HUNDREDS:
                self.finalize()

        def finalize(self) -> None:
            waiting, self.waiting = self.waiting, []
            lines = [bare for line in waiting if (bare := line.partition("#")[0].rstrip())]
            try:
                self.handler.packages.add(lines)
            except (KickstartError, IndexError) as error:
                self.heard.refused(self.heard.place(waiting[0]), error.message if isinstance(error, KickstartError)
                                   else "no name of a package or group")

    return Packages
