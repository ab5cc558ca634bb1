"""`pinboot check`: is the tree what the profile names, and is it one build?"""

from __future__ import annotations

import argparse

from builder.cli import context, printing, profiles
from builder.errors import CHECK_FAILED, OK
from builder.finding import Severity
from builder.jobs.checking import check


def run(chosen: argparse.Namespace) -> int:
    path = profiles.find(chosen.profile)
    profile, _ = profiles.read(path, chosen.settings)
    found = check(profile, context.make(chosen))
    failed = any(f.severity is Severity.ERROR for f in found)
    if chosen.json:
        printing.as_json({"profile": profiles.shown(path), "release": str(profile.release), "ok": not failed,
                          "findings": [printing.finding_json(f) for f in found]})
        return CHECK_FAILED if failed else OK
    hosts = printing.count(len(profile.hosts), "host")
    printing.prose(f"{profile.name}: {profile.release}, {hosts}, output {', '.join(profile.outputs)}")
    printing.out()
    for line in printing.findings(found):
        printing.out(line)
    printing.out()
    after = "" if failed else f" Next: pinboot lock {profiles.shown(path)}"
    printing.prose(f"{printing.counts(found)}.{after}")
    return CHECK_FAILED if failed else OK
