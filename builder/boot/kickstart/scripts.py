"""Script sections of a kickstart: those of the user, each with a log and the facts of its host, and how one is written.

Logs of what runs before there is a disk lie in /tmp, and sections.py carries them into the installed system's /root.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from builder.boot.kickstart import quoting
from builder.boot.kickstart.quoting import Ready
from builder.errors import UsageError
from builder.profile.values import Host, Profile, TextFile

# Anaconda runs --interpreter as one program without arguments, so a shebang's flags become `set`.
SHEBANG = re.compile(r"#! ?(?:/usr)?/bin/(?:env )?(?P<shell>sh|bash)(?: -(?P<flags>[a-zA-Z]+))?\s*")
# Where a disk that was chosen by a rule is told to scripts of the installed system.
CHOSEN = "/root/pinboot-disk"
# Options of the section by its kind. What runs because of a failure must not fail the installation a second time.
LOGS: Mapping[str, str] = {"pre": "/tmp", "post": "/root", "onerror": "/tmp"}  # noqa: S108  (the installer's own /tmp)
ENDS = frozenset({"pre", "post"})


# A section, and the groups of keys that made it, as the comment above it names them (origins.py).
Part = tuple[tuple[str, ...], Ready]


def before(profile: Profile, host: Host) -> Iterable[Part]:
    """The user's %pre scripts. Raises UsageError naming file and line."""
    return _users(profile.pre, "pre", host)


def after(profile: Profile, host: Host) -> Iterable[Part]:
    """The user's %post scripts, and those that run where the installation fails. Raises UsageError naming file and
    line, or the release that has no %onerror."""
    if profile.onerror and profile.release.generation.name == "el6":
        raise UsageError(f"{profile.origin('onerror')}: onerror: the installer of EL6 runs no %onerror",
                         "leave it out for EL6; the installer's own logs are in /tmp while it runs")
    return (*_users(profile.post, "post", host), *_users(profile.onerror, "onerror", host))


def _users(files: Iterable[TextFile], kind: str, host: Host) -> Iterable[Part]:
    for number, file in enumerate(files, 1):
        head, rest = _frame(file, kind, number)
        yield (kind,), Ready("\n".join((head, *_facts(host, kind), rest)))


@functools.lru_cache
def _frame(file: TextFile, kind: str, number: int) -> tuple[str, str]:
    """A user's script as a section: its first line, and what stands behind the facts of a host. Raises UsageError."""
    found = SHEBANG.fullmatch(file.text.split("\n", 1)[0]) if file.text.startswith("#!") else None
    if file.text.startswith("#!") and not found:
        raise UsageError(f"{file.path} line 1: a {kind} script is run by sh or bash, not by "
                         f"{file.text.splitlines()[0][2:].strip()}",
                         "write a shell script that calls the other program")
    if "\r" in file.text:
        raise UsageError(f"{file.path}: lines end in CR LF; the shell takes the CR as part of each last word",
                         f"dos2unix {file.path}")
    flags = [f"set -{found['flags']}"] if found and found["flags"] else []
    made = section("\n".join((*flags, file.text.rstrip("\n"))), f"{kind}-{number}", file, kind=kind, shift=len(flags),
                   shell=found["shell"] if found else "sh")
    head, _, rest = made.partition("\n")
    return head, rest


def section(body: str, log: str, file: TextFile | None = None, *, kind: str = "post", shift: int = 0,
            shell: str = "sh", chroot: bool = True) -> Ready:
    """`body` as a section that stops the installation where it fails: a machine that was set up by half is worse than
    none. `file` and `shift` (lines of ours before the file's first) say where a bad line stands; without `chroot` a
    %post runs in the installer's own system. Raises UsageError."""
    for number, word in quoting.section_lines(body):
        place = f"{file.path} line {number - shift}" if file else f"the generated script {log} line {number}"
        raise UsageError(f"{place}: a line that starts with {word} is read by the installer, not by the shell",
                         "put another word in front, or write the line in another way")
    interpreter = () if shell == "sh" else (f"--interpreter=/bin/{shell}",)  # /bin/sh is the default
    outside = () if chroot else ("--nochroot",)
    folder = LOGS[kind] if chroot else LOGS["pre"]
    ends = ("--erroronfail",) if kind in ENDS else ()
    head = quoting.words((f"%{kind}", *outside, *interpreter, f"--log={folder}/pinboot-{log}.log", *ends))
    return Ready(f"{head}\n{body}\n%end\n")


def _facts(host: Host, kind: str) -> list[str]:
    """Shell assignments: PINBOOT_NAME, PINBOOT_HOST, PINBOOT_DISK and a fact_NAME for each fact of the host."""
    named = {"PINBOOT_NAME": host.name, "PINBOOT_HOST": host.hostname, "PINBOOT_DISK": " ".join(host.disk.names)}
    named |= {f"fact_{name}": value for name, value in sorted(host.facts.items())}
    lines = []
    for name, value in named.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(f"host.{host.name}.facts.{name.removeprefix('fact_')}: is no name of a shell variable",
                             "use letters, digits and _")
        if name == "PINBOOT_DISK" and host.disk.order and kind == "post":
            lines.append(f"PINBOOT_DISK=$(cat {CHOSEN})")
            continue
        try:
            lines.append(f"{name}={quoting.shell_word(value)}")
        except ValueError as reason:
            raise UsageError(f"host.{host.name}.facts.{name.removeprefix('fact_')}: {reason}") from None
    return lines
