"""What one host will be: kernel command line, kickstart, and whether anything stands in the way."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from builder.boot.line import cmdline, network
from builder.boot.line.cmdline import CommandLine
from builder.boot.review import memory, unsaid
from builder.errors import PinbootError, UsageError
from builder.finding import Finding, Severity
from builder.jobs.routes.route import HostPlan, Route
from builder.lock.model import KernelFacts
from builder.profile.values import Host, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What boots: the facts of the pinned pair, sizes in bytes (stage2 None: not known), and what inst.repo= says."""

    kernel: KernelFacts
    initrd_size: int
    stage2_size: int | None
    install_url: str


class Planner:
    """Plans the hosts of one profile (settled), which come to their installer by one route."""

    def __init__(self, profile: Profile, boot: Boot, route: Route) -> None:
        # With the review below 35 ms, which a build with nothing to do need not pay.
        from builder.boot.kickstart.render import Kickstarts

        self.profile = profile
        self.boot = boot
        self.route = route
        self.generation = profile.release.generation
        self._sound: dict[Hashable, tuple[Finding, ...]] = {}
        self._bound = cmdline.limit(self.generation, route.medium, boot.kernel.cmdline_size)
        self.kickstarts = Kickstarts(profile, install_url=boot.install_url, machine=route.machine)

    def plan(self, host: Host) -> HostPlan:
        """Raises UsageError: a value that cannot be carried, a command line over the limit."""
        return self._plan(host)[0]

    def _plan(self, host: Host) -> tuple[HostPlan, Hashable]:
        """The plan, and the shape of its kickstart."""
        line, made = self.line(host), self.kickstarts.made(host)
        return HostPlan(host=host, cmdline=line, kickstart=made.text), made.shape

    def line(self, host: Host) -> CommandLine:
        """The kernel command line alone. Raises UsageError."""
        line = cmdline.compose(host, self.generation, install_url=self.boot.install_url, machine=self.route.machine,
                               kickstart_location=self.route.kickstart(host), extra=self.route.extra())
        cmdline.fit(line, self._bound, f"host.{host.name}")
        return line

    def about(self) -> tuple[Finding, ...]:
        """What holds for all hosts: the kind of machine, the kernel, what the profile says and its release ignores.
        With an error among them no host can be planned."""
        return (*self.route.findings(), *unsaid.check(self.profile))

    def judge(self, host: Host) -> tuple[HostPlan | None, tuple[Finding, ...]]:
        """The plan and every finding about the host; without a plan where one cannot be made, for the reason found."""
        findings: list[Finding] = []
        if self.boot.stage2_size is not None:
            findings.append(memory.check(host, self.generation, self.boot.initrd_size, self.boot.stage2_size))
        try:
            made, shape = self._plan(host)
        except UsageError as reason:
            return None, (*findings, _refused(reason))
        findings.extend(self._unattended(made, shape))
        findings.extend(network.reach(host, self.boot.install_url))
        return made, tuple(findings)

    def _unattended(self, made: HostPlan, shape: Hashable) -> tuple[Finding, ...]:
        """What the check of the kickstart found. Parsing costs a hundred times what rendering does, so a good verdict
        holds for all hosts whose kickstarts have one shape and whose disks are alike."""
        host = made.host
        if shape not in self._sound:
            from builder.boot.review import unattended

            found = unattended.check(made.kickstart, self.generation, host, where=_where(self.profile, host),
                                     loader=self.route.loader,
                                     command_line=made.cmdline)
            if any(f.severity in (Severity.WARNING, Severity.ERROR) for f in found):
                return found
            self._sound[shape] = found
        return self._sound[shape]


def _where(profile: Profile, host: Host) -> str:
    given = profile.kickstart or profile.template
    return given.path if given else f"the kickstart of {host.name}"


def _refused(reason: PinbootError) -> Finding:
    first, *more = reason.message.splitlines()
    return Finding(topic="host", severity=Severity.ERROR, text=first, detail=tuple(more), hint=reason.hint)


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.severity is Severity.ERROR)
