"""`pinboot render`: one generated text, without building."""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime

from builder.cli import printing, profiles
from builder.errors import OK, CheckFailed
from builder.finding import Finding, Severity
from builder.jobs import building
from builder.jobs.looking import choosing, ground, locks, rendering
from builder.jobs.looking.choosing import Found
from builder.jobs.looking.ground import Ground
from builder.jobs.looking.rendering import Rendering, Text
from builder.profile.values import Host, Profile


def run(chosen: argparse.Namespace) -> int:
    path = profiles.find(chosen.profile)
    profile, layers = profiles.read(path, chosen.settings)
    beside = locks.beside(profile, profiles.shown(locks.lock_path(profile)))
    found = ground.of(profile, layers, beside.usable, environment=os.environ,
                      today=datetime.fromtimestamp(time.time(), UTC).date())
    made = Rendering(found)
    host = building.hosts(profile, [chosen.host])[0] if chosen.host else None
    if chosen.list or chosen.what is None:
        return _list(chosen, made, host, beside.reason)
    answer = choosing.find(made, chosen.what, host)
    findings = (*profile.findings, *made.planner.about(), *answer.findings)
    if answer.text is None:
        raise _cannot(profile, findings)
    if not chosen.quiet:
        _assumed(found, beside.reason)
        _say(findings)
    return _print(chosen, found, answer)


def _assumed(found: Ground, reason: str) -> None:
    if found.lock is None:
        printing.story(f"{reason}; assumed instead:")
        for line in found.assumed:
            printing.story(f"  {line}")


def _say(findings: tuple[Finding, ...]) -> None:
    """What is to be known before it is used; an error keeps `build` from writing it."""
    for finding in findings:
        if finding.severity is Severity.WARNING:
            printing.story(f"warning: {finding.text}")
        elif finding.severity is Severity.ERROR:
            printing.story(f"warning: build refuses this: {finding.text}")


def _cannot(profile: Profile, findings: tuple[Finding, ...]) -> CheckFailed:
    bad = [finding for finding in findings if finding.severity is Severity.ERROR]
    lines = [line for finding in bad for line in (finding.text, *(f"  {more}" for more in finding.detail))]
    return CheckFailed("\n  ".join((f"{profile.path.name}: there is no such text", *lines)),
                       "\n".join(dict.fromkeys(finding.hint for finding in bad if finding.hint)))


def _print(chosen: argparse.Namespace, found: Ground, answer: Found) -> int:
    assert answer.text is not None
    text = answer.text if chosen.secrets else rendering.redacted(found.profile, answer.text)
    hidden = text.text != answer.text.text
    if hidden and not chosen.quiet:
        printing.story("secrets are shown as (redacted); --secrets prints them")
    if chosen.json:
        printing.as_json({**_entry(text), "text": text.text, "redacted": hidden, "locked": found.lock is not None,
                          "assumed": list(found.assumed),
                          "findings": [printing.finding_json(each) for each in answer.findings]})
    else:
        printing.exactly(text.text)
    return OK


def _list(chosen: argparse.Namespace, made: Rendering, host: Host | None, reason: str) -> int:
    hosts = made.ground.profile.hosts
    whose = host or hosts[0]
    listed = choosing.listed(made, whose)
    if chosen.json:
        printing.as_json({"host": whose.name, "locked": made.ground.lock is not None,
                          "assumed": list(made.ground.assumed),
                          "texts": [{"word": word, **_entry(text)} for word, text in listed]})
        return OK
    if not chosen.quiet:
        _assumed(made.ground, reason)
        if len(hosts) > 1 and not host:
            printing.story(f"of {whose.name}, the first of {len(hosts)} hosts, and of all; --host NAME for another")
    for word, text in sorted(listed, key=lambda each: not each[0]):
        line = f"{word or '-':<16}{text.path}"
        about = f"{line:<48}  {choosing.about(word)}"
        printing.out(about.rstrip() if len(about) <= printing.WIDTH else line)
    return OK


def _entry(text: Text) -> dict[str, str]:
    return {"path": text.path, "host": text.host, "mode": f"{text.mode:04o}"}
