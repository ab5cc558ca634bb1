"""The rules by which a kickstart is judged: stable names, how grave each is, and what it says."""

from __future__ import annotations

from typing import NamedTuple

from builder.finding import Finding, Severity
from builder.names import escaped
from builder.profile import secrets

TOPIC = "kickstart"
LONGEST = 400


class Rule(NamedTuple):
    """`severity` is the usual one; `other` what it may be besides."""

    severity: Severity
    sentence: str
    other: Severity | None = None


ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
RULES: dict[str, Rule] = {
    # Letters and lines
    "not-utf8": Rule(ERROR, "bytes that are no UTF-8, which the installer of EL8 and later stops at", NOTE),
    "byte-order-mark": Rule(ERROR, "a byte order mark, which becomes part of the first command"),
    "odd-line-end": Rule(WARNING, "a character that ends a line for the installer and for no editor", ERROR),
    "windows-line-ends": Rule(ERROR, "lines that end in CR LF: scripts get a CR at each line's end", NOTE),
    "odd-letter": Rule(ERROR, "a no-break space or a typographic quote in a command"),
    "continuation": Rule(ERROR, "a backslash at a line's end: commands do not go on in the next line"),
    "cut-by-comment": Rule(WARNING, "an unquoted # inside a word: what follows is a comment"),
    "template-text": Rule(NOTE, "what a template should have filled in; the finished file is to be checked"),
    # What the release's parser says
    "refused": Rule(ERROR, "a line that the release's own parser refuses"),
    "open-quote": Rule(ERROR, "a quote without its pair"),
    "no-end": Rule(ERROR, "a section without %end"),
    "stray-end": Rule(ERROR, "a %end where no section is open"),
    "unknown-section": Rule(ERROR, "a section that the release's installer does not know"),
    "deprecated": Rule(WARNING, "what still works, or is passed over, and goes with a later release"),
    "parser-warning": Rule(WARNING, "another warning of the release's own parser"),
    "repeated-command": Rule(WARNING, "a command given twice where the last one counts alone"),
    # What stops and asks
    "asks-by-command": Rule(ERROR, "a command that is there to make the installer ask"),
    "asks-language": Rule(ERROR, "no lang", WARNING),
    "asks-keyboard": Rule(ERROR, "no keyboard", WARNING),
    "asks-timezone": Rule(ERROR, "no timezone", WARNING),
    "asks-root-password": Rule(ERROR, "no rootpw, and no user who could do without"),
    "asks-partitioning": Rule(ERROR, "nothing says where to install"),
    "asks-passphrase": Rule(ERROR, "encryption without a passphrase"),
    "asks-zerombr": Rule(WARNING, "neither zerombr nor --initlabel: an empty disk is asked about, or is an error"),
    "asks-network": Rule(WARNING, "no network line on EL6, where the source is on the network"),
    "asks-in-script": Rule(WARNING, "a script that reads from the terminal"),
    "waits-at-end": Rule(ERROR, "no reboot, poweroff, shutdown or halt"),
    "can-ask": Rule(NOTE, "no non-interactive mode"),
    "firstboot-asks": Rule(WARNING, "a setup agent at the first start"),
    "no-source": Rule(NOTE, "no url, nfs, cdrom or the like: the boot line must name the source"),
    # Who can log in
    "nobody-can-log-in": Rule(ERROR, "no password, no key, and no script that gives either", NOTE),
    "nobody-is-root": Rule(WARNING, "accounts that can log in, none of which can become root"),
    "root-ssh-off": Rule(WARNING, "root alone has a password, and EL9 and later refuse it over ssh"),
    "not-a-hash": Rule(ERROR, "--iscrypted before what is no hash that the release can check", WARNING),
    "weak-hash": Rule(WARNING, "an MD5 or DES hash"),
    "account-name": Rule(ERROR, "an account name that useradd refuses"),
    "sudo-without-password": Rule(NOTE, "a script that allows sudo without a password"),
    # Secrets
    "plain-secret": Rule(WARNING, "a secret in clear in a command", NOTE),
    "secret-in-script": Rule(WARNING, "a secret in clear in a script"),
    "credentials-in-url": Rule(WARNING, "a user and a password inside a URL"),
    # Disks
    "erases-every-disk": Rule(WARNING, "clearpart over every disk that is found"),
    "no-clearpart": Rule(WARNING, "partitions are made and nothing is cleared"),
    "no-bootloader": Rule(WARNING, "no bootloader line"),
    "boot-disk-elsewhere": Rule(WARNING, "a boot loader on a disk that gets no partition"),
    "disk-name": Rule(ERROR, "a disk name that the release's kernel gives to nothing"),
    "partition-for-disk": Rule(ERROR, "a partition where a disk is due", WARNING),
    "disk-hidden": Rule(ERROR, "a disk that ignoredisk takes away and another command uses"),
    "duplicate-mount": Rule(WARNING, "a mount point given twice: the installer drops the first"),
    "no-root": Rule(ERROR, "partitions, and none of them /"),
    "no-firmware-partition": Rule(NOTE, "partitions that fit a BIOS machine with an MBR disk only"),
    "undefined-part": Rule(ERROR, "a member, volume group or pool that no earlier line makes"),
    # What is read otherwise than it looks
    "mirrorlist-alone": Rule(WARNING, "url --mirrorlist or --metalink: the boot line must name stage2"),
    "two-sources": Rule(WARNING, "two commands that name the source"),
    "source-by-script": Rule(WARNING, "a source or network that %pre writes: the first stage never sees it"),
    "source-gone": Rule(WARNING, "a server that is no more"),
    "other-release": Rule(WARNING, "a tree or repository of another release"),
    "tls-not-verified": Rule(WARNING, "--noverifyssl"),
    "unprotected-source": Rule(NOTE, "packages over plain http, which the installer does not verify"),
    "not-expanded": Rule(WARNING, "a shell variable in a command"),
    "network-address": Rule(ERROR, "an address, netmask, gateway or name server that is none"),
    "gateway-outside": Rule(WARNING, "a gateway that is in no network of its line"),
    "static-incomplete": Rule(ERROR, "--bootproto=static without address or netmask"),
    "mac-with-dashes": Rule(ERROR, "--device with a MAC address written with dashes"),
    "too-new": Rule(ERROR, "a word that came with a later point release"),
    "service-name": Rule(ERROR, "a service name with a blank inside"),
    "authselect-words": Rule(ERROR, "words of authconfig behind authselect"),
    "selinux-half-off": Rule(NOTE, "selinux --disabled, which EL9 and later do only half"),
    "module-gone": Rule(ERROR, "module streams where the release has none"),
    "package-line": Rule(ERROR, "a line of %packages that names no package", WARNING),
    # What comes from outside, and scripts
    "included-later": Rule(WARNING, "%include or %ksappend: decided when the machine boots", NOTE),
    "included-without-tls": Rule(WARNING, "%include or %ksappend over http: anybody on the way decides"),
    "include-in-script": Rule(WARNING, "%include in a script, which the parser takes for itself"),
    "here-document-cut": Rule(ERROR, "a %end, or the start of a section, inside a here-document of a script"),
    "interpreter-gone": Rule(WARNING, "an interpreter that the release has not"),
    "shebang-ignored": Rule(WARNING, "#! for another language: only --interpreter counts"),
}


def printable(text: str) -> str:
    """`text` with what stood in a file of others, as a terminal may show it: nothing that moves the cursor, and no end
    of letters."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return escaped(cut.replace("\t", " "))


def line_shown(text: str) -> str:
    """A line of the file as a message may show it: without the secrets that commands hold."""
    return printable(secrets.redacted(text.strip()))


def found(rule: str, line: int, text: str, hint: str = "", severity: Severity | None = None) -> Finding:
    """A finding with the rule's own severity, or another that the rule may have."""
    return Finding(topic=TOPIC, rule=rule, line=line, text=text, hint=hint, severity=severity or RULES[rule].severity)
