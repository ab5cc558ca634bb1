"""One word that an installer reads, and which ones read it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

from builder.finding import Severity
from builder.lint.line import targets
from builder.lint.line.targets import Target

Reader = Literal["loader", "dracut", "anaconda", "NetworkManager"]
# What a value is: a place with an installation tree, a kickstart, an image; a flag needs none; any: one is needed.
Kind = Literal["tree", "kickstart", "image", "addrepo", "flag", "any", "network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`bare` is its name without prefix and `known` when that is read; `prefixed` is its name with inst. in front, and
    `inst` when that is read. `readers` read it where it is read. `loss` is how bad it is that nobody reads it;
    `instead` is what to write since it is gone, `fading` when it is still read, with a warning or for show."""

    bare: str = ""
    known: range
    prefixed: str = ""
    inst: range
    kind: Kind
    readers: tuple[Reader, ...]
    means: str
    loss: Severity
    instead: str = ""
    fading: range
    kernel: bool = False

    def spelled(self, target: Target) -> str:
        """The name that the target reads, empty where it reads none."""
        if target.order in self.inst:
            return self.prefixed
        return self.bare if target.order in self.known else ""

    def own(self, name: str) -> str:
        """`name` in the letters of this row, which EL6 does not heed."""
        return name if name in (self.bare, self.prefixed) else name.lower()

    def reads(self, name: str, target: Target) -> bool:
        return (name == self.bare and target.order in self.known) or (
            name == self.prefixed and target.order in self.inst)

    def by(self, target: Target) -> tuple[Reader, ...]:
        """Who reads it there, where it is read: EL6 has its loader alone; NetworkManager came with EL8.3."""
        if target.backend == "loader":
            return ("loader",)
        plain: Reader = "NetworkManager" if target.backend == "nm" else "dracut"
        return tuple(dict.fromkeys(plain if reader == "NetworkManager" else reader for reader in self.readers))


class Standing(enum.Enum):
    """How a name stands with one installer."""

    READ = "read"
    FADING = "fading"
    UNPREFIXED = "unprefixed"
    PREFIXED = "prefixed"
    GONE = "gone"
    NOT_YET = "not yet"
    NEVER = "never"


def standing(row: Row, name: str, target: Target) -> Standing:
    """How `name`, one of the row's two, stands with `target`."""
    order = target.order
    span = row.known if name == row.bare else row.inst
    if order in span:
        return Standing.FADING if order in row.fading else Standing.READ
    other = row.spelled(target)
    if other:
        return Standing.UNPREFIXED if other == row.prefixed else Standing.PREFIXED
    both = [each for each in (row.known, row.inst) if each]
    if not both:
        return Standing.NEVER
    return Standing.NOT_YET if all(order < each.start for each in both) else Standing.GONE


def row(bare: str, known: str, prefixed: str, inst: str, kind: Kind, readers: str, means: str, *,
        loss: Severity = Severity.WARNING, instead: str = "", fading: str = "", kernel: bool = False) -> Row:
    """A row from its short form; `readers` are d(racut), a(naconda), n(etwork)."""
    named: dict[str, Reader] = {"d": "dracut", "a": "anaconda", "n": "NetworkManager"}
    return Row(bare=bare, known=targets.places(known), prefixed=f"inst.{prefixed}" if prefixed else "",
               inst=targets.places(inst), kind=kind, readers=tuple(named[letter] for letter in readers), means=means,
               loss=loss, instead=instead, fading=targets.places(fading), kernel=kernel)
