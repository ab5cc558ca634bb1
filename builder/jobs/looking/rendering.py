"""The texts of a bundle without the bundle: what `build` would write, byte for byte where there is a lock.

No network and no store is touched. Files of the tree, the initrd that carries kickstarts, and the papers that list the
digests of all files are bytes of a built bundle and are not made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from builder.finding import Finding
from builder.jobs.looking.ground import Ground
from builder.jobs.planning import Planner
from builder.jobs.routes.route import HostPlan
from builder.media import checksums
from builder.media.bundle import Entry
from builder.media.papers import fetches, nextsteps
from builder.profile import secrets
from builder.profile.values import Host, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of the bundle at `path`; `host` is whose it is, empty where it belongs to all."""

    host: str
    path: str
    text: str
    mode: int


class Rendering:
    """The texts of one profile, for all of its hosts or for some."""

    def __init__(self, found: Ground) -> None:
        self.ground = found
        self.planner = Planner(found.profile, found.boot, found.route)

    def all(self) -> Iterator[Text]:
        """Every text: those of the hosts in the order of the profile, then what all share. Of ten thousand hosts one
        kickstart is held at a time. Raises UsageError where a host cannot be planned, or an output cannot carry a
        value."""
        bare: list[HostPlan] = []
        for host in self.ground.profile.hosts:
            plan = self.planner.plan(host)
            yield from self._own(plan)
            bare.append(replace(plan, kickstart=""))
        yield from self._shared(bare)

    def of(self, host: Host) -> tuple[tuple[Text, ...], tuple[Finding, ...]]:
        """The texts of one host, none where it cannot be planned; and what is to be said of it. Raises UsageError
        where an output cannot carry a value."""
        plan, findings = self.planner.judge(host)
        return tuple(self._own(plan)) if plan else (), findings

    def bare(self, host: Host) -> Iterator[Text]:
        """The texts of one host for the sake of their paths: no kickstart is made, and what would hold it is empty.
        Raises UsageError."""
        return self._own(self._line(host))

    def shared(self) -> Iterator[Text]:
        """What all hosts share, no kickstart made for it. Raises UsageError."""
        return self._shared([self._line(host) for host in self.ground.profile.hosts])

    def _line(self, host: Host) -> HostPlan:
        return HostPlan(host=host, cmdline=self.planner.line(host), kickstart="")

    def _own(self, plan: HostPlan) -> Iterator[Text]:
        return (_text(plan.host.name, entry) for entry in self.ground.route.own(plan))

    def _shared(self, plans: Sequence[HostPlan]) -> Iterator[Text]:
        for entry in (*self.ground.route.shared(plans), checksums.script(), *self._page(plans)):
            yield _text("", entry)

    def _page(self, plans: Sequence[HostPlan]) -> Iterator[Entry]:
        """NEXT-STEPS.txt, which tells what the lock knows of each address."""
        profile, lock, route = self.ground.profile, self.ground.lock, self.ground.route
        if lock is None:
            return
        listed = fetches.listed(profile, lock, self.ground.boot.install_url,
                                (plan.cmdline.parameters for plan in plans),
                                own=profile.serve.url if profile.serve else "")
        yield nextsteps.entry(profile, lock, f"{profile.name}.lock", listed, steps=route.steps(),
                              contents=route.contents())


def redacted(profile: Profile, text: Text) -> Text:
    """The text as people get to see it: without what is or could be a secret."""
    of = next((host for host in profile.hosts if host.name == text.host), None)
    known = [*(of.secrets if of else ()), *([profile.serve.secret] if profile.serve else [])]
    return replace(text, text=secrets.redacted(text.text, known))


def _text(host: str, entry: Entry) -> Text:
    return Text(host=host, path=entry.path, text=b"".join(entry.chunks()).decode(), mode=entry.mode)
