"""The rules by which a command line is judged: stable names, and what each one says."""

from __future__ import annotations

from builder.finding import Finding, Severity

TOPIC = "cmdline"
RULES: dict[str, str] = {
    # Words
    "unprefixed": "an installer option without inst., which EL9 and later ignore in silence",
    "prefixed": "inst. in front of an option on EL6, which knows none",
    "removed": "an option that this release no longer reads",
    "not-yet": "an option that a later release reads",
    "deprecated": "an option that is still read, with a warning or to no effect",
    "never-read": "an option that no release reads",
    "unknown-option": "an inst. option that is in no list; with the nearest known one",
    "typo": "a word that nobody reads, one slip away from one that is read",
    "letter-case": "a known word in other letters: names are compared letter by letter",
    "no-value": "an option that needs a value and has none",
    "none-value": "a value such as None or null, which a template left where it had nothing",
    "placeholder": "a part that a template or loader fills in later; what it belongs to is judged no further",
    "repeated": "an option given twice: the last one wins",
    # Quotes, blanks, length
    "open-quote": "a quote without its pair",
    "kept-quote": "a quote that a reader takes as part of the value",
    "split-quote": "blanks inside quotes, at which a reader cuts the word",
    "backslash": "a backslash that readers do not take alike",
    "odd-blank": "a no-break space or control character inside the line",
    "el6-comment": "a word that begins with #: EL6 drops the rest of the line",
    "after-dashes": "parameters behind --, which the kernel hands to init unread",
    "too-long": "a line longer than the loader, the hypervisor or the kernel takes",
    # Where things come from
    "source": "a place of a kind that this option does not take, or with parts missing",
    "source-file": "inst.repo=file: without inst.stage2: nothing tells where stage2 is",
    "source-list": "a mirror list or metalink where an install tree is due",
    "source-nfsiso": "nfsiso:, which is old, and gone since EL9",
    "source-slash": "a URL with a slash at its end, which EL6 to EL8 keep",
    "label-x20": "\\x20 in the label of inst.repo=hd:, which stage2 reads as an underscore",
    "ks-nfs4": "inst.ks=nfs4:, for which the installer does not wait",
    "ks-path": "the old path: in place of file:",
    "unverified-tls": "noverifyssl with something fetched by https: anybody on the way can change it",
    "open-password": "a password in the line: everyone on the machine reads it in /proc/cmdline",
    "rdp-login": "inst.rdp without its user and password: the installer stops and asks for them",
    # Screen
    "console-order": "the last console= is a screen, so that is where the installer draws, not on the serial port",
    "console-name": "a console= that starts with /dev/, which the kernel does not find",
    # Network
    "ip-form": "a form of ip= that this release does not read",
    "ip-method": "a method that this release does not know, or not there",
    "ip-no-method": "no method in the long form of ip=",
    "ip-address": "an address that is none",
    "ip-brackets": "an IPv6 address without brackets: its colons end the field",
    "ip-prefix": "a prefix length on the address, which only NetworkManager reads",
    "ip-mask": "a netmask that is none",
    "ip-no-mask": "no netmask",
    "ip-gateway": "a gateway that is no address, or of the other IP version",
    "ip-far-gateway": "a gateway outside of the network of the address",
    "ip-peer": "the second field of ip=, which NetworkManager ignores",
    "ip-hostname": "a host name that NetworkManager drops in silence",
    "ip-mixed": "an address and DHCP in one ip=",
    "ip-device": "a name that no interface can have",
    "ip-device-mac": "a MAC where an interface is named",
    "ip-any-device": "an address without an interface: the first card that comes up gets it",
    "ip-bootif": "the word bootif where an interface is named",
    "ip-mtu": "an MTU that is none",
    "ip-mac": "a MAC address that is none",
    "ip-dns": "a name server in ip= that is none, or of an IP version that is off",
    "ip-extra": "more fields than this release reads",
    "ip-same-device": "two ip= for one interface",
    "several-ip": "several ip= without bootdev=, or one of them without an interface",
    "static-ip": "the words netmask= and gateway= beside ip=, or one of them missing",
    "nameserver-list": "a list of name servers in one parameter",
    "nameserver": "a name server that is no address",
    "nameserver-brackets": "a name server in brackets, which dracut writes to resolv.conf with them",
    "nameserver-unused": "a name server of an IP version that is off on every interface",
    "route": "a route that is not read",
    "ethtool": "an rd.ethtool= that NetworkManager ignores",
    "vlan": "a VLAN without an id or a parent that is read",
    "bond": "a bond with parts or options that are not read",
    "bridge": "a bridge with more or fewer parts than two",
    "team-runner": "a team's runner, which NetworkManager does not read",
    "ifname": "an interface name and MAC that are not read",
    "bootif-form": "a BOOTIF= that holds no MAC",
    "bootif-second": "BOOTIF= beside an ip=, bond= or vlan= that names a card: NetworkManager brings up both",
    # The loader's own file
    "loader-initrd": "two initrd= for one kernel: the loader takes one",
    "loader-sysappend": "the ip= that pxelinux adds (SYSAPPEND 1), which dracut does not take",
    "loader-syntax": "a line of the file that its loader cannot read",
    "loader-cut": "a character that ends the command in this loader's language",
    "loader-quote": "a quote or backslash that this loader changes on the way to the kernel",
    "xl-lost": "a setting that xl drops for another one",
}


def finding(rule: str, severity: Severity, text: str, hint: str = "") -> Finding:
    """A finding of `rule`, which must be one of RULES."""
    if rule not in RULES:
        raise KeyError(rule)
    return Finding(topic=TOPIC, rule=rule, severity=severity, text=text, hint=hint)


def error(rule: str, text: str, hint: str = "") -> Finding:
    return finding(rule, Severity.ERROR, text, hint)


def warning(rule: str, text: str, hint: str = "") -> Finding:
    return finding(rule, Severity.WARNING, text, hint)


def note(rule: str, text: str, hint: str = "") -> Finding:
    return finding(rule, Severity.NOTE, text, hint)
