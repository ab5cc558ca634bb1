"""Command lines of the field: no crash, and every finding on them was read by a person; what changes is read again.

Of 147 lines that are no templates none gets a false alarm: what is said of it is true of each release named (REFERENCE
1.1 to 1.8, and the recorded answers of nm-initrd-generator). One record is Ruby code that a search for `ip=` brought in.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from builder.lint.line import targets
from builder.lint.line.judge import Verdict, judge
from builder.lint.media import judged, kind
from tests.corpus import corpus

RUBY = "ip=@connection.servers.all("
# Findings by rule and severity, over all releases: on whole lines, and on templates.
WHOLE = {
    "bond error": 6, "bootif-form error": 6, "bootif-second warning": 2, "console-order note": 2,
    "deprecated note": 27, "ethtool warning": 2, "ip-any-device warning": 2, "ip-brackets error": 2,
    "ip-device-mac error": 2, "ip-form error": 52, "ip-method error": 13, "ip-no-mask error": 2,
    "ip-no-mask warning": 2, "ip-no-method error": 3, "ip-no-method note": 4, "ip-prefix error": 2,
    "ip-same-device error": 1, "nameserver-brackets error": 1, "never-read warning": 6, "no-value error": 1,
    "no-value warning": 2, "not-yet error": 37, "not-yet warning": 20, "open-password warning": 1,
    "prefixed error": 20, "removed error": 3, "removed warning": 2, "several-ip error": 1, "several-ip warning": 2,
    "source error": 2, "source-slash note": 1, "static-ip note": 1, "typo error": 3, "unknown-option warning": 6,
    "unprefixed error": 11, "unprefixed warning": 4, "vlan error": 5,
}
TEMPLATES = {
    "deprecated note": 15, "never-read warning": 2, "not-yet error": 9, "not-yet warning": 2, "placeholder note": 80,
    "prefixed error": 58, "prefixed warning": 3, "removed warning": 1, "source-slash note": 14,
    "unknown-option warning": 1, "unprefixed error": 8, "unprefixed warning": 3,
}
FILES = {
    "bootif-second warning": 2, "console-order note": 4, "deprecated note": 21, "ip-form error": 2,
    "loader-syntax error": 2, "never-read warning": 7, "not-yet error": 12, "not-yet warning": 12,
    "placeholder note": 26, "prefixed error": 28, "prefixed warning": 1, "removed warning": 4, "typo warning": 1,
    "unprefixed error": 7, "unprefixed warning": 6,
}
# What NetworkManager's generator reads otherwise than it was written, without a word; and what it says only when it
# writes a connection, which it did not for the recording.
SILENT = {"ip-method", "ip-form", "vlan", "bootif-form"}


@cache
def lines() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((corpus() / "cmdline/cmdlines.share.json").read_text()))


def counted(verdicts: list[Verdict]) -> dict[str, int]:
    return dict(sorted(Counter(f"{each.finding.rule} {each.finding.severity.value}"
                               for verdict in verdicts for each in verdict.judged).items()))


def files() -> list[Path]:
    folder = corpus()
    return sorted(path for name in ("pxe", "pxe-other", "xl-cfg", "xl-cfg-expected") for path in (folder / name).rglob("*")
                  if path.is_file())


def test_the_findings_on_whole_lines_are_those_that_were_read() -> None:
    assert counted([judge(each["cmdline"]) for each in lines() if not each["template"]]) == WHOLE


def test_the_findings_on_templates_are_those_that_were_read() -> None:
    assert counted([judge(each["cmdline"]) for each in lines() if each["template"] and RUBY not in each["cmdline"]]) == TEMPLATES


def test_the_findings_on_files_are_those_that_were_read() -> None:
    found: Counter[str] = Counter()
    for path in files():
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        name = kind.of(str(path), text)
        reading = kind.READERS[name or "line"](text) if name else None
        for each in reading.findings if reading else ():
            found[f"{each.rule} {each.severity.value}"] += 1
        found.update(counted([judged.verdict(entry) for entry in (reading.entries if reading else ())]))
    assert dict(sorted(found.items())) == FILES


def test_networkmanager_s_recorded_answers_are_those_of_the_rules() -> None:
    """The recorded answers of 1.42.4: silence, or a complaint that is shared here."""
    count = 0
    for each in lines():
        recorded = each.get("nm_initrd_generator_1_42")
        if not recorded:
            continue
        count += 1
        verdict = judge(each["cmdline"], targets.of("el9"))
        errors = {one.finding.rule for one in verdict.judged if one.finding.severity.value == "error"
                  and one.finding.rule.startswith(("ip-", "vlan", "bond", "bridge", "route", "nameserver", "bootif", "team"))}
        if recorded["rc"] == 0 and not recorded["stderr"].strip():
            assert errors <= SILENT, (each["cmdline"], errors)
        elif "iscsi_ibft" not in recorded["stderr"]:
            assert errors, each["cmdline"]
    assert count == 68
