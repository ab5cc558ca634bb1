"""The job `check`: the tree, then what would become of each host on it. Nothing is written."""

from __future__ import annotations

from dataclasses import replace

from builder.errors import UsageError
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.planning import Boot, Planner
from builder.jobs.routes import choose
from builder.jobs.survey import survey
from builder.jobs.survey.places import addresses
from builder.jobs.survey.survey import Survey
from builder.lock.model import KernelFacts
from builder.profile.values import Profile


def check(profile: Profile, context: Context) -> tuple[Finding, ...]:
    """All findings, in the order of the report. Raises Missing where there is no tree at all."""
    found = survey.survey(profile, context, fetch_stage2=False, fresh=True)
    if found.kernel is None:
        return (*found.findings, *profile.findings)
    return (*found.findings, *profile.findings, *_hosts(profile, found, found.kernel))


def _hosts(profile: Profile, found: Survey, kernel: KernelFacts) -> tuple[Finding, ...]:
    try:
        address = addresses.install_url(profile, found.located.source.url)
    except UsageError as reason:
        return (Finding(topic="install", severity=Severity.ERROR, text=reason.message, hint=reason.hint),)
    boot = Boot(kernel=kernel, initrd_size=found.initrd_size, stage2_size=found.stage2_size, install_url=address)
    findings: list[Finding] = []
    known = choose.settled(profile, kernel)
    try:
        route = choose.route(known, kernel, stage2=found.located.treeinfo.stage2 or "", version=found.version)
    except UsageError as reason:
        return (Finding(topic="outputs", severity=Severity.ERROR, text=reason.message, hint=reason.hint),)
    planner = Planner(known, boot, route)
    findings.extend(planner.about())
    if any(f.severity is Severity.ERROR and f.expected for f in findings):
        return tuple(findings)  # another architecture: nothing else would hold
    for host in profile.hosts:
        _, about = planner.judge(host)
        many = len(profile.hosts) > 1
        findings.extend(replace(f, text=f"{host.name}: {f.text}") if many else f for f in about)
    return tuple(findings)
