"""The installers that can be told by their boot arguments: one for each generation, and two for EL8, where
NetworkManager took the place of dracut's own network module with 8.3 (REFERENCE 1.4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.catalog import load
from builder.catalog.generation import GENERATIONS, Generation

Backend = Literal["loader", "legacy", "nm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`name` is what --release says; `backend` reads ip=: anaconda's loader, dracut's own module, NetworkManager."""

    name: str
    label: str
    generation: Generation
    backend: Backend

    def __str__(self) -> str:
        return self.label

    @property
    def order(self) -> int:
        """The place among all, oldest first."""
        return TARGETS.index(self)


TARGETS = (
    Target(name="el6", label="EL6", generation=GENERATIONS["el6"], backend="loader"),
    Target(name="el7", label="EL7", generation=GENERATIONS["el7"], backend="legacy"),
    Target(name="el8.2", label="EL8.2", generation=GENERATIONS["el8"], backend="legacy"),
    Target(name="el8.3", label="EL8.3", generation=GENERATIONS["el8"], backend="nm"),
    Target(name="el9", label="EL9", generation=GENERATIONS["el9"], backend="nm"),
    Target(name="el10", label="EL10", generation=GENERATIONS["el10"], backend="nm"),
    Target(name="fedora", label="Fedora", generation=GENERATIONS["fedora"], backend="nm"),
)
# Every word that names a target alone, beside a release of the catalog.
NAMES = (*GENERATIONS, "el8.2", "el8.3")


def of(word: str) -> tuple[Target, ...]:
    """Targets of `el9`, `rocky-9.6`, `centos-7.9.2009`: one, or both of EL8 where no point release tells them apart.

    Raises ValueError with the nearest known words.
    """
    lower = word.lower()
    if lower in NAMES:
        return tuple(target for target in TARGETS if lower in (target.name, target.generation.name))
    try:
        release = load.release(lower, "x86_64", load.families())
    except ValueError as reason:
        raise ValueError(f"{reason}; or a generation: {', '.join(GENERATIONS)}") from None
    found = tuple(target for target in TARGETS if target.generation == release.generation)
    minor = release.version.partition(".")[2].partition(".")[0]
    if len(found) > 1 and minor.isdigit():
        return found[:1] if int(minor) < 3 else found[1:]
    return found


def places(text: str) -> range:
    """Places of the targets that `text` spans: `el6-el8`, `el7-` (to the newest), `el8.2`, or empty for none."""
    if not text:
        return range(0)
    start, dash, end = text.partition("-")
    first = [target.order for target in of(start)]
    last = [target.order for target in of(end)] if end else [len(TARGETS) - 1] if dash else first
    return range(first[0], last[-1] + 1)


def label(targets: Collection[Target], among: Sequence[Target] = TARGETS) -> str:
    """`EL6, EL8.3+`: runs of targets joined, as far as `among` goes."""
    chosen = [target for target in among if target in targets]
    runs: list[list[Target]] = []
    for target in chosen:
        if runs and among.index(target) == among.index(runs[-1][-1]) + 1:
            runs[-1].append(target)
        else:
            runs.append([target])
    return ", ".join(_run(run, among) for run in runs)


def _run(run: Sequence[Target], among: Sequence[Target]) -> str:
    first, last = run[0], run[-1]
    start = _whole(first, run, "EL8", "el8.2", "el8.3") if len(run) > 1 else first.label
    end = _whole(last, run, "EL8", "el8.3", "el8.2") if len(run) > 1 else last.label
    if first == last:
        return {"el8.2": "EL8.0-8.2", "el8.3": "EL8.3-8.10"}.get(first.name, first.label)
    if last == TARGETS[-1] and last == among[-1]:
        return f"{start}+"
    return start if start == end else f"{start}-{end}"


def _whole(target: Target, run: Sequence[Target], word: str, name: str, other: str) -> str:
    """`word` where the run has both halves of EL8 and `target` is the one that stands at its end."""
    both = any(each.name == other for each in run)
    return word if target.name == name and both else target.label
