"""Words that the parser takes and the installer, or the system, does not take as meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.finding import Finding, Severity
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.checks.letters import MARKUP
from builder.lint.kickstart.rules import found
from builder.names import shown

VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*|\$\(|`")
# dnf and yum fill these in themselves; passwords, hashes and parameters of the kernel may hold anything.
EXPANDED = frozenset({"url", "repo", "liveimg"})
FREE = ("--password", "--append", "--passphrase", "--gecos", "--leavebootorder", "--fsoptions", "--bondopts")
SECRET = frozenset({"rootpw", "sshpw", "sshkey"})
HASH = re.compile(r"\$[0-9a-z]{1,6}\$")
# authselect(8), COMMANDS.
AUTHSELECT = frozenset({"select", "apply-changes", "list", "list-features", "show", "requirements", "current", "check",
                        "test", "enable-feature", "disable-feature", "create-profile", "opt-out", "backup-list",
                        "backup-remove", "backup-restore"})
PACKAGE = re.compile(r"-?[^\s#@%-][^\s#]*")
GROUP = re.compile(r"-?@\^?[^#]+")
MODULE = re.compile(r"-?@[A-Za-z0-9_.+-]+:[^\s/]+(?:/\S+)?")
NO_MODULES = frozenset({"el6", "el7", "el10"})


def check(case: Case) -> Iterator[Finding]:
    yield from _variables(case)
    yield from _services(case)
    yield from _authselect(case)
    yield from _selinux(case)
    yield from _packages(case)


def _variables(case: Case) -> Iterator[Finding]:
    for command in case.outline.commands:
        if command.name in EXPANDED | SECRET:
            continue
        for word in command.words[1:]:
            seen = VARIABLE.search(word.text)
            if seen and word.option not in FREE and not HASH.search(word.text) and not MARKUP.search(word.text):
                yield found("not-expanded", command.line, f"{shown(seen[0])} in {command.name}: no shell reads "
                            "commands, it stays as it is", "%pre may write the line, and %include take it in")
                break


def _services(case: Case) -> Iterator[Finding]:
    for command in case.outline.named("services"):
        for value in command.values("--enabled", "--disabled"):
            for name in value.split(","):
                if re.search(r"\s", name.strip()):
                    yield found("service-name", command.line, f"services: {shown(name.strip())} is one name to the "
                                "installer; commas separate names", ",".join(value.replace(",", " ").split()))


def _authselect(case: Case) -> Iterator[Finding]:
    for command in case.outline.named("authselect"):
        first = next((word.text for word in command.words[1:]), "")
        if first not in AUTHSELECT and not MARKUP.search(command.text):
            yield found("authselect-words", command.line, "the words behind authselect are handed to authselect, which "
                        f"knows no {shown(first)}", "authselect select sssd with-mkhomedir")


def _selinux(case: Case) -> Iterator[Finding]:
    if not case.generation.allow_root_ssh:
        return
    for command in case.outline.named("selinux"):
        if command.has("--disabled"):
            # Considerations in adopting RHEL 9, SELinux: SELINUX=disabled no longer switches it off in the kernel.
            yield found("selinux-half-off", command.line, "selinux --disabled: since EL9 the kernel starts with "
                        "SELinux on and without a policy", "selinux --permissive, or selinux=0 in bootloader --append")


def _packages(case: Case) -> Iterator[Finding]:
    for section in case.outline.sections:
        if section.name != "%packages":
            continue
        for line, text in section.body:
            name = text.partition("#")[0].strip()
            if not name or name.startswith("%"):
                continue
            if MODULE.fullmatch(name) and case.generation.name in NO_MODULES:
                yield found("module-gone", line, f"{name}: {case.target.label} has no module streams",
                            "the package itself, in the version that the release has")
            elif name.startswith("--"):
                yield found("package-line", line, f"{name.split()[0]}: options stand behind %packages, not below it",
                            f"%packages {name}")
            elif not GROUP.fullmatch(name) and not PACKAGE.fullmatch(name):
                yield _not_a_package(line, name)


def _not_a_package(line: int, name: str) -> Finding:
    if re.fullmatch(r"-\s+\S+", name):
        return found("package-line", line, f"{shown(name)}: with the blank in its name, nothing is left out",
                     f"-{name[1:].strip()}", Severity.WARNING)
    if re.search(r"\s", name):
        return found("package-line", line, f"{shown(name)} is one name to the installer: it finds no such package",
                     "one package, one line")
    return found("package-line", line, f"{shown(name)} is no name of a package")
