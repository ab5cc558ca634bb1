"""A kickstart in which nothing is to be found, for tests that spoil one thing."""

from __future__ import annotations

from builder.finding import Finding
from builder.lint.kickstart import check as checking
from builder.lint.kickstart import target
from builder.lint.kickstart.text import letters
from tests.unit import samples

GOOD = f"""\
text --non-interactive
lang en_US.UTF-8
keyboard us
timezone Etc/UTC --utc
rootpw --allow-ssh --iscrypted {samples.HASH}
url --url=https://192.0.2.5/el9
network --bootproto=dhcp --device=link
ignoredisk --only-use=vda
zerombr
clearpart --all --initlabel --drives=vda
reqpart
part / --size=4096 --grow --ondisk=vda
bootloader --location=mbr --boot-drive=vda
reboot
%packages
@core
%end
"""
OLD = GOOD.replace("text --non-interactive", "cmdline").replace(" --allow-ssh", "").replace(
    "ignoredisk --only-use=vda\n", "").replace("reqpart\n", "part /boot/efi --size=200 --fstype=efi --ondisk=vda\n")
# For each generation one in which nothing is to be found.
CLEAN = {
    "el6": OLD.replace(" --boot-drive=vda", " --driveorder=vda"), "el7": OLD,
    "el8": GOOD.replace(" --allow-ssh", ""), "el9": GOOD, "el10": GOOD, "fedora": GOOD,
}


def check(text: str | bytes, release: str = "el9") -> tuple[Finding, ...]:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return checking.check(letters.read(data, "my.ks"), target.parse(release), "my.ks")


def rules(text: str | bytes, release: str = "el9") -> list[tuple[str, int]]:
    return [(found.rule, found.line) for found in check(text, release)]


def line_of(text: str, line: str) -> int:
    """The number of the first line that begins so."""
    return next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith(line))


def without(word: str, text: str = GOOD) -> str:
    """`text` without the lines that begin with `word`."""
    kept = [line for line in text.splitlines(True) if not line.startswith(word)]
    assert len(kept) < len(text.splitlines())
    return "".join(kept)


def instead(word: str, line: str, text: str = GOOD) -> str:
    """`text` with `line` in place of the one that begins with `word`."""
    lines = text.splitlines(True)
    at = next(index for index, each in enumerate(lines) if each.startswith(word))
    lines[at] = f"{line}\n"
    return "".join(lines)


def script(body: str, header: str = "%post", text: str = GOOD) -> str:
    return f"{text}{header}\n{body}\n%end\n"
