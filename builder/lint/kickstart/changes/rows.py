"""What became of commands and options, a row each: in which installers a word is no longer good, what stands in its
place, and why.

Sources: pykickstart's handlers; REFERENCE 3.2 and 3.3; Red Hat's kickstart reference for RHEL 8 and 9 (Kickstart
changes); anaconda's release notes remove-kickstart-commands, deprecate-modularity, remove-nvdimm-support.
"""

from __future__ import annotations

from dataclasses import dataclass

from builder.boot.kickstart import quoting
from builder.lint.kickstart.changes import auth, lines
from builder.lint.kickstart.changes.lines import Edit, dropped, renamed, without
from builder.lint.kickstart.text import words

FROM7, FROM8 = ("el7", "el8", "el9", "el10", "fedora"), ("el8", "el9", "el10", "fedora")
FROM9, FROM10 = ("el9", "el10", "fedora"), ("el10", "fedora")
TO8, TO7 = ("el6", "el7", "el8"), ("el6", "el7")
EVERY = ("el6", *FROM7)


@dataclass(frozen=True, slots=True)
class Row:
    """`option` is empty where the command itself is meant, `value` where any value of the option is. `edit` is None
    where a person must decide; `why` ends the sentence that begins with the word itself."""

    command: str
    option: str
    where: tuple[str, ...]
    why: str
    edit: Edit | None
    value: str = ""


def _servers(text: str) -> list[str]:
    given = words.values(words.split(text).words, "--ntpservers")
    servers = [name.strip() for value in given for name in value.split(",")]
    return [*without("--ntpservers", takes=True)(text),
            *(f"timesource {quoting.word(f'--ntp-server={name}')}" for name in servers if name)]


def _no_ntp(text: str) -> list[str]:
    return [*without("--nontp")(text), "timesource --ntp-disable"]


def _locked(text: str) -> list[str]:
    """EL6 wants a password beside --lock; * is no hash of anything."""
    found = words.split(text).words
    if any(not word.option for word in found[1:]):
        return [text]
    return [f"{text[: found[-1].end]} --iscrypted *{text[found[-1].end:]}"]


PARTS = ("part", "partition")
BTRFS = "is no file system of this release's kernel: choose xfs or ext4"
ROWS: tuple[Row, ...] = (
    # Commands that say what the installer does anyway, or does no more
    Row("install", "", FROM8, "says what the installer does anyway", dropped),
    Row("interactive", "", FROM7, "is gone, and would have made the installer ask", dropped),
    Row("key", "", FROM7, "asked for an installation number, which no release has any more", dropped),
    Row("langsupport", "", EVERY, "is gone since EL6; lang --addsupport adds languages", dropped),
    Row("mouse", "", EVERY, "is gone since EL6: the mouse is found", dropped),
    Row("lilocheck", "", EVERY, "is gone with LILO", dropped),
    Row("monitor", "", EVERY, "has had no effect since EL6: the monitor is found", dropped),
    Row("autostep", "", FROM9, "has no effect without a graphical installation", dropped),
    Row("device", "", FROM8, "has no effect: modules are loaded as hardware is found (inst.dd= for others)", dropped),
    Row("deviceprobe", "", FROM8, "has no effect: devices are found", dropped),
    Row("dmraid", "", FROM8, "has no effect: firmware RAID is found", dropped),
    Row("multipath", "", FROM8, "has no effect: multipath devices are found", dropped),
    Row("unsupported_hardware", "", FROM8, "is gone: the installer no longer warns of hardware", dropped),
    Row("eula", "", ("el6",), "is unknown to EL6, which has no licence to agree to", dropped),
    # Commands that another one replaces
    *(Row(name, "", ("el8",), auth.WHY, auth.profile) for name in ("auth", "authconfig")),
    *(Row(name, "", FROM9, auth.WHY, auth.features) for name in ("auth", "authconfig")),
    Row("authselect", "", TO7, "came with EL8; authconfig was before it",
        lambda text: ["authconfig --enableshadow --passalgo=sha512"]),
    Row("method", "", FROM9, "is gone: url, nfs, cdrom or harddrive stand alone", None),
    Row("module", "", FROM10, "is gone with module streams: what is installed is the release's own version", dropped),
    Row("timesource", "", ("el6",), "is unknown to EL6, which has no word for time servers", None),
    Row("timesource", "", ("el7", "el8"), "came with EL9: timezone --ntpservers=A,B on one line", None),
    Row("sshkey", "", TO7, "came with EL8: a %post script writes authorized_keys", None),
    Row("vnc", "", FROM10, "is gone: rdp --username=NAME --password=..., or nothing where nobody watches", None),
    Row("rdp", "", ("el6", "el7", "el8", "el9"), "came with EL10: vnc, or nothing where nobody watches", None),
    Row("upgrade", "", FROM7, "is gone: this installer only installs anew", None),
    Row("nvdimm", "", FROM10, "is gone: set namespaces up beforehand (ndctl); in sector mode they are disks", None),
    Row("btrfs", "", ("el8", "el9", "el10"), f"makes btrfs, which {BTRFS}", None),
    Row("rhsm", "", TO7, "came with EL8: subscription-manager register in %post", None),
    Row("rhsm", "", ("fedora",), "is for Red Hat Enterprise Linux only", dropped),
    Row("syspurpose", "", TO7, "came with EL8: subscription-manager in %post", None),
    Row("syspurpose", "", ("fedora",), "is for Red Hat Enterprise Linux only", dropped),
    Row("text", "--non-interactive", TO7, "is written cmdline", lambda text: ["cmdline"]),
    # Options
    Row("zerombr", "yes", EVERY, "takes no words", lines.only_first),
    Row("ignoredisk", "--interactive", FROM8, "is gone, and would have made the installer ask",
        without("--interactive", bare=False)),
    Row("bootloader", "--upgrade", FROM8, "is gone: this installer only installs anew", None),
    Row("bootloader", "--lba32", FROM7, "is gone: every loader does it", without("--lba32")),
    Row("harddrive", "--biospart", FROM9, "is gone: --partition=NAME", None),
    Row("logging", "--level", FROM9, "is gone: everything is logged", without("--level", takes=True, bare=False)),
    Row("repo", "--ignoregroups", FROM9, "is gone: it had no effect since EL8", without("--ignoregroups", takes=True)),
    Row("timezone", "--isUtc", FROM9, "is --utc, which every release knows", renamed("--isUtc", "--utc")),
    Row("timezone", "--ntpservers", FROM9, "is a command of its own, timesource", _servers),
    Row("timezone", "--nontp", FROM9, "is a command of its own, timesource", _no_ntp),
    Row("timezone", "--ntpservers", ("el6",), "is unknown to EL6", without("--ntpservers", takes=True)),
    Row("timezone", "--nontp", ("el6",), "is unknown to EL6", without("--nontp")),
    Row("network", "--teamslaves", ("el10",), "makes a team, and EL10 has no teamd: --bondslaves, --bondopts", None),
    Row("network", "--teamconfig", ("el10",), "makes a team, and EL10 has no teamd: --bondslaves, --bondopts", None),
    Row("rootpw", "--allow-ssh", TO8, "came with EL9; before it, root may log in over ssh anyway",
        without("--allow-ssh")),
    Row("autopart", "--type", ("el6",), "is what EL6 does anyway", without("--type", takes=True), "lvm"),
    Row("autopart", "--type", ("el8", "el9", "el10"), BTRFS, None, "btrfs"),
    Row("rootpw", "--lock", ("el6",), "wants a password beside it on EL6, and * is none", _locked),
    *(Row(name, "--active", FROM8, "is gone: the loader needs no active partition", without("--active"))
      for name in PARTS),
    *(Row(name, "--fstype", ("el8", "el9", "el10"), BTRFS, None, "btrfs") for name in (*PARTS, "logvol", "raid")),
    *(Row("xconfig", option, EVERY, "is gone: X finds out by itself", without(option, takes=True))
      for option in ("--depth", "--resolution", "--videoram", "--driver", "--card", "--monitor", "--server", "--hsync",
                     "--vsync")),
    Row("xconfig", "--noprobe", EVERY, "is gone: X finds out by itself", without("--noprobe")),
)
