"""%post sections: what the profile needs done in the installed system, and the scripts of the user."""

from __future__ import annotations

import re
from collections.abc import Iterable

from builder.boot.kickstart import access, quoting, template
from builder.boot.kickstart.quoting import Ready
from builder.boot.kickstart.repositories import VaultFile
from builder.boot.line.cmdline import Machine
from builder.catalog.generation import Generation
from builder.errors import UsageError
from builder.profile.values import Host, Profile, TextFile

# Anaconda runs --interpreter as one program without arguments, so a shebang's flags become `set`.
SHEBANG = re.compile(r"#! ?(?:/usr)?/bin/(?:env )?(?P<shell>sh|bash)(?: -(?P<flags>[a-zA-Z]+))?\s*")


def own(profile: Profile, generation: Generation, machine: Machine, vault: VaultFile | None) -> Iterable[Ready]:
    """The sections that pinboot writes by itself; none where the installer's commands can say it all."""
    keys = access.script_keys(profile, generation)
    administrators = access.administrators_without_password(profile)
    if keys or administrators:
        yield _ours("post-access.sh.j2", "access", accounts=keys, administrators=administrators)
    if vault:
        yield _ours("post-repositories.sh.j2", "repositories", vault=vault)
    if machine == "xen-pv" and profile.xen.run == "pvgrub":
        if generation.boot_menu == "grub.conf":
            raise UsageError("xen.run: pvgrub reads grub.cfg, which EL6 does not write", 'set run = "pygrub"')
        yield _ours("post-pvgrub.sh.j2", "pvgrub")


def users(profile: Profile, host: Host) -> Iterable[Ready]:
    """The user's scripts, each with the host's facts as assignments at its top.

    Raises UsageError naming file and line.
    """
    for number, file in enumerate(profile.post, 1):
        found = SHEBANG.fullmatch(file.text.split("\n", 1)[0]) if file.text.startswith("#!") else None
        if file.text.startswith("#!") and not found:
            raise UsageError(f"{file.path} line 1: a post script is run by sh or bash, not by "
                             f"{file.text.splitlines()[0][2:].strip()}",
                             "write a shell script that calls the other program")
        if "\r" in file.text:
            raise UsageError(f"{file.path}: lines end in CR LF; the shell takes the CR as part of each last word",
                             f"dos2unix {file.path}")
        flags = [f"set -{found['flags']}"] if found and found["flags"] else []
        lines = [*_facts(host), *flags, file.text.rstrip("\n")]
        yield section("\n".join(lines), f"post-{number}", file, shift=len(lines) - 1,
                      shell=found["shell"] if found else "sh")


def section(body: str, log: str, file: TextFile | None = None, *, shift: int = 0, shell: str = "sh") -> Ready:
    """`body` as a %post that stops the installation where it fails: a machine that was set up by half is worse than
    none. `file` and `shift` (lines of ours before the file's first) say where a bad line stands. Raises UsageError."""
    for number, word in quoting.section_lines(body):
        place = f"{file.path} line {number - shift}" if file else f"the generated script {log} line {number}"
        raise UsageError(f"{place}: a line that starts with {word} is read by the installer, not by the shell",
                         "put another word in front, or write the line in another way")
    interpreter = () if shell == "sh" else (f"--interpreter=/bin/{shell}",)  # /bin/sh is the default
    head = quoting.words(("%post", *interpreter, f"--log=/root/pinboot-{log}.log", "--erroronfail"))
    return Ready(f"{head}\n{body}\n%end\n")


def _ours(name: str, log: str, **values: object) -> Ready:
    return section(template.shell(name)(**values).rstrip("\n"), log)


def _facts(host: Host) -> list[str]:
    """Shell assignments: PINBOOT_NAME, PINBOOT_HOST, PINBOOT_DISK and a fact_NAME for each fact of the host."""
    named = {"PINBOOT_NAME": host.name, "PINBOOT_HOST": host.hostname, "PINBOOT_DISK": host.disk.name}
    named |= {f"fact_{name}": value for name, value in sorted(host.facts.items())}
    lines = []
    for name, value in named.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(f"host.{host.name}.facts.{name.removeprefix('fact_')}: is no name of a shell variable",
                             "use letters, digits and _")
        try:
            lines.append(f"{name}={quoting.shell_word(value)}")
        except ValueError as reason:
            raise UsageError(f"host.{host.name}.facts.{name.removeprefix('fact_')}: {reason}") from None
    return lines
