"""Every rule for command lines: a line that breaks it and the same mended, as the release reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.line import cmdline
from builder.finding import Severity
from builder.lint.line import targets
from builder.lint.line.judge import Verdict, judge
from builder.lint.line.rules import RULES
from builder.lint.line.words import known
from builder.lint.media import judged, kind

SERVED = "http://10.0.0.5/tree"
STATIC = "ip=192.0.2.10::192.0.2.1:255.255.255.0:web1:eth0:none"
LONG = " ".join(f"a{number}=b" for number in range(400))
# Rule, severity, release, a line that breaks it, the line mended.
LINES = [
    ("unprefixed", "error", "el9", f"ks={SERVED}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("unprefixed", "error", "el10", f"repo={SERVED}", f"inst.repo={SERVED}"),
    ("unprefixed", "warning", "fedora", "text", "inst.text"),
    ("unprefixed", "warning", "el9", "ks.sendmac", "inst.ks.sendmac"),
    ("unprefixed", "error", "el9", "rescue", "inst.rescue"),
    ("prefixed", "error", "el6", f"inst.ks={SERVED}/ks.cfg", f"ks={SERVED}/ks.cfg"),
    ("removed", "error", "el10", "inst.vnc", "inst.rdp inst.rdp.username=u inst.rdp.password=p"),
    ("removed", "error", "el9", f"method={SERVED}", f"inst.repo={SERVED}"),
    ("removed", "warning", "el7", "noipv6", "ipv6.disable=1"),
    ("removed", "warning", "el9", "inst.loglevel=debug", "quiet"),
    ("removed", "error", "el10", "team=team0:eth0,eth1", "bond=bond0:eth0,eth1:mode=active-backup"),
    ("not-yet", "error", "el9", "inst.rdp", "inst.vnc"),
    ("not-yet", "error", "el6", "nameserver=192.0.2.53", "dns=192.0.2.53"),
    ("not-yet", "error", "el7", "inst.addrepo=x,http://192.0.2.5/x", "quiet"),
    ("deprecated", "note", "el8", f"ks={SERVED}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("deprecated", "note", "el10", "inst.gpt", "inst.disklabel=gpt"),
    ("deprecated", "note", "el7", "ksdevice=eth0", "bootdev=eth0"),
    ("never-read", "warning", "el7", "inst.ksdevice=eth0", "bootdev=eth0"),
    ("unknown-option", "error", "el9", "inst.stge2=http://192.0.2.5/x", "inst.stage2=http://192.0.2.5/x"),
    ("unknown-option", "warning", "el9", "inst.zzzzzz=1", "zzzzzz=1"),
    ("typo", "error", "el9", f"int.ks={SERVED}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("typo", "error", "el9", f"inst_repo={SERVED}", f"inst.repo={SERVED}"),
    ("typo", "error", "el9", f"instks={SERVED}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("typo", "error", "el9", "ip:dhcp", "ip=dhcp"),
    ("typo", "error", "el9", "ip=dhcp nameservers=192.0.2.53", "ip=dhcp nameserver=192.0.2.53"),
    ("typo", "error", "el9", "console = ttyS0", "console=ttyS0"),
    ("typo", "warning", "el9", f"{SERVED}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("letter-case", "error", "el9", f"INST.KS={SERVED}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("letter-case", "error", "el7", "bootif=01-52-54-00-12-34-56", "BOOTIF=01-52-54-00-12-34-56"),
    ("no-value", "error", "el9", "inst.repo", f"inst.repo={SERVED}"),
    ("no-value", "warning", "el9", "ip=dhcp nameserver=", "ip=dhcp nameserver=192.0.2.53"),
    ("none-value", "error", "el9", "inst.repo=None", f"inst.repo={SERVED}"),
    ("none-value", "error", "el9", "inst.proxy=null", "inst.proxy=http://192.0.2.8:3128"),
    ("placeholder", "note", "el9", "inst.ks=http://{{ .HTTPIP }}:{{ .HTTPPort }}/ks.cfg", f"inst.ks={SERVED}/ks.cfg"),
    ("repeated", "warning", "el9", "inst.ks=http://a/1 inst.ks=http://a/2", "inst.ks=http://a/1 inst.ks=http://a/2 inst.ks.all"),
    ("repeated", "note", "el9", "inst.lang=cs_CZ inst.lang=cs_CZ", "inst.lang=cs_CZ"),
    ("repeated", "warning", "el7", "inst.ks=http://a/1 ks=http://a/2", "inst.ks=http://a/1"),
    ("open-quote", "error", "el6", f"ks={SERVED}/ks.cfg title=it's", f"ks={SERVED}/ks.cfg title=its"),
    ("open-quote", "error", "el6", "text \\", "text"),
    ("open-quote", "error", "el9", 'inst.text x="y', 'inst.text x="y"'),
    ("open-quote", "error", "el9", "inst.text x=it's", "inst.text x=its"),
    ("kept-quote", "error", "el7", f'inst.ks="{SERVED}/ks.cfg"', f"inst.ks={SERVED}/ks.cfg"),
    ("kept-quote", "error", "el9", f"inst.ks='{SERVED}/ks.cfg'", f'inst.ks="{SERVED}/ks.cfg"'),
    ("kept-quote", "error", "el9", 'ip="dhcp"', "ip=dhcp"),
    ("split-quote", "error", "el7", 'banner="a ks=x b"', 'banner="a word b"'),
    ("split-quote", "error", "el8.2", 'inst.ks="http://a/b c"', "inst.ks=http://a/b%20c"),
    ("backslash", "warning", "el9", "inst.proxy=http://a\\b/", "inst.proxy=http://ab/"),
    ("odd-blank", "error", "el9", "inst.text\u00a0inst.sshd", "inst.text inst.sshd"),
    ("el6-comment", "error", "el6", f"quiet #1 ks={SERVED}/ks.cfg", f"quiet no#1 ks={SERVED}/ks.cfg"),
    ("after-dashes", "warning", "el9", "inst.text -- rd.debug", "inst.text rd.debug --"),
    ("too-long", "error", "el6", LONG[:1024], LONG[:1023]),
    ("too-long", "error", "el9", LONG[:2048], LONG[:2047]),
    ("source", "error", "el9", "inst.ks=/dev/sr1:/ks.cfg", "inst.ks=hd:sr1:/ks.cfg"),
    ("source", "error", "el9", "inst.repo=http:/10.0.0.5/tree", f"inst.repo={SERVED}"),
    ("source", "error", "el9", "inst.repo=nfs:server", "inst.repo=nfs:server:/path"),
    ("source", "error", "el9", "inst.addrepo=http://192.0.2.5/x", "inst.addrepo=x,http://192.0.2.5/x"),
    ("source", "error", "el7", "inst.ks=floppy", "inst.ks=hd:sdb1"),
    ("source", "error", "el9", "inst.stage2=file:/x", "inst.stage2=hd:LABEL=X"),
    ("source-file", "error", "el9", "inst.repo=file:///x", "inst.repo=file:///x inst.stage2=hd:LABEL=X"),
    ("source-list", "error", "el9", "inst.repo=https://mirrors.example/mirrorlist?repo=x", f"inst.repo={SERVED}"),
    ("source-nfsiso", "error", "el9", "inst.repo=nfsiso:h:/x.iso", "inst.repo=nfs:h:/x.iso"),
    ("source-nfsiso", "note", "el7", "inst.repo=nfsiso:h:/x.iso", "inst.repo=nfs:nolock:h:/x.iso"),
    ("source-slash", "note", "el7", f"inst.repo={SERVED}/", f"inst.repo={SERVED}"),
    ("label-x20", "warning", "el9", "inst.repo=hd:LABEL=A\\x20B", "inst.stage2=hd:LABEL=A\\x20B"),
    ("ks-nfs4", "warning", "el9", "inst.ks=nfs4:h:/ks.cfg", "inst.ks=nfs:nfsvers=4:h:/ks.cfg"),
    ("ks-path", "note", "el7", "inst.ks=path:/ks.cfg", "inst.ks=file:/ks.cfg"),
    ("unverified-tls", "warning", "el9", "inst.noverifyssl inst.ks=https://h/ks", "inst.noverifyssl inst.ks=http://h/ks"),
    ("open-password", "warning", "el9", "inst.vnc inst.vncpassword=secret", "inst.vnc"),
    ("open-password", "warning", "el9", "inst.repo=http://user:secret@h/x", "inst.repo=http://h/x"),
    ("rdp-login", "warning", "el10", "inst.rdp", "inst.rdp inst.rdp.username=u inst.rdp.password=p"),
    ("console-order", "note", "el9", "console=ttyS0 console=tty0", "console=tty0 console=ttyS0"),
    ("console-name", "warning", "el9", "console=/dev/ttyS0", "console=ttyS0"),
    ("ip-form", "error", "el6", STATIC, "ip=192.0.2.10 netmask=255.255.255.0 gateway=192.0.2.1"),
    ("ip-form", "error", "el9", "ip=192.0.2.10", STATIC),
    ("ip-method", "error", "el9", "ip=eth0:dchp", "ip=eth0:dhcp"),
    ("ip-method", "error", "el9", "ip=eth0:either6", "ip=eth0:auto"),
    ("ip-method", "error", "el7", "ip=either6", "ip=auto6"),
    ("ip-method", "error", "el7", "ip=eth0:none", "ip=eth0:dhcp"),
    ("ip-method", "error", "el8.2", "ip=eth0:dhcp,dhcp6", "ip=eth0:either6"),
    ("ip-no-method", "error", "el7", "ip=192.0.2.10::192.0.2.1:255.255.255.0:web1:eth0:", STATIC),
    ("ip-no-method", "note", "el9", "ip=192.0.2.10::192.0.2.1:255.255.255.0:web1:eth0:", STATIC),
    ("ip-address", "error", "el9", "ip=192.0.2.300::192.0.2.1:24:web1:eth0:none", STATIC),
    ("ip-address", "error", "el7", "ip=192.0.2.300::192.0.2.1:24:web1:eth0:none", STATIC),
    ("ip-brackets", "error", "el9", "ip=2001:db8::10::2001:db8::1:64::eth0:none", "ip=[2001:db8::10]::[2001:db8::1]:64::eth0:none"),
    ("ip-brackets", "error", "el7", "ip=2001:db8::10::2001:db8::1:64::eth0:none", "ip=[2001:db8::10]::[2001:db8::1]:64::eth0:none"),
    ("ip-prefix", "error", "el7", "ip=192.0.2.10/24::192.0.2.1::web1:eth0:none", STATIC),
    ("ip-mask", "error", "el9", STATIC.replace("255.255.255.0", "255.255.0.255"), STATIC),
    ("ip-mask", "error", "el7", STATIC.replace("255.255.255.0", "33"), STATIC),
    ("ip-mask", "error", "el6", "ip=192.0.2.10 netmask=24", "ip=192.0.2.10 netmask=255.255.255.0"),
    ("ip-mask", "warning", "el9", "ip=:::24::eth0:dhcp", "ip=:::::eth0:dhcp"),
    ("ip-no-mask", "error", "el7", "ip=192.0.2.10::192.0.2.1::web1:eth0:none", STATIC),
    ("ip-no-mask", "error", "el6", "ip=192.0.2.10", "ip=dhcp"),
    ("ip-no-mask", "warning", "el9", "ip=192.0.2.10::192.0.2.1::web1:eth0:none", "ip=192.0.2.10/24::192.0.2.1::web1:eth0:none"),
    ("ip-gateway", "error", "el9", "ip=192.0.2.10::router:24:web1:eth0:none", STATIC),
    ("ip-gateway", "error", "el9", "ip=192.0.2.10::[fe80::1]:24:web1:eth0:none", STATIC),
    ("ip-gateway", "error", "el7", "ip=192.0.2.10::router:24:web1:eth0:none", STATIC),
    ("ip-far-gateway", "warning", "el9", "ip=192.0.2.10::198.51.100.1:24:web1:eth0:none", "ip=[2001:db8::9]::[fe80::1]:64::eth0:none"),
    ("ip-peer", "warning", "el9", "ip=192.0.2.10:192.0.2.2:192.0.2.1:24:web1:eth0:none", STATIC),
    ("ip-hostname", "warning", "el9", STATIC.replace("web1", "web_1"), STATIC),
    ("ip-mixed", "error", "el7", STATIC.replace("none", "dhcp"), STATIC),
    ("ip-mixed", "warning", "el9", STATIC.replace("none", "dhcp"), STATIC),
    ("ip-device", "error", "el9", "ip=averylongname0000:dhcp", "ip=alongname000000:dhcp"),
    ("ip-device-mac", "error", "el9", "ip=52:54:00:12:34:56:dhcp", "ip=52-54-00-12-34-56:dhcp"),
    ("ip-device-mac", "error", "el7", "ip=52-54-00-12-34-56:dhcp", "ifname=net0:52:54:00:12:34:56 ip=net0:dhcp"),
    ("ip-any-device", "warning", "el9", STATIC.replace("eth0", ""), f"BOOTIF=01-52-54-00-12-34-56 {STATIC.replace('eth0', '')}"),
    ("ip-bootif", "error", "el9", "ip=bootif:dhcp", "ip=dhcp BOOTIF=01-52-54-00-12-34-56"),
    ("ip-mtu", "error", "el9", f"{STATIC}:jumbo", f"{STATIC}:9000"),
    ("ip-mtu", "error", "el7", "ip=eth0:dhcp:jumbo", "ip=eth0:dhcp:1400"),
    ("ip-mac", "error", "el9", f"{STATIC}:9000:x", f"{STATIC}:9000:52-54-00-12-34-56"),
    ("ip-mac", "error", "el9", f"{STATIC}:2001:db8::53", f"{STATIC}:192.0.2.53"),
    ("ip-dns", "error", "el9", f"{STATIC}:[2001:db8::53]", f"{STATIC}:192.0.2.53:192.0.2.54"),
    ("ip-dns", "error", "el7", f"{STATIC}:192.0.2.53:x", f"{STATIC}:192.0.2.53"),
    ("ip-extra", "warning", "el9", f"{STATIC}:192.0.2.53:192.0.2.54:192.0.2.55", f"{STATIC}:192.0.2.53:192.0.2.54"),
    ("ip-same-device", "error", "el7", "ip=eth0:dhcp ip=eth0:auto6 bootdev=eth0", "ip=eth0:dhcp ip=eth1:auto6 bootdev=eth0"),
    ("several-ip", "warning", "el7", "ip=eth0:dhcp ip=eth1:dhcp", "ip=eth0:dhcp ip=eth1:dhcp bootdev=eth0"),
    ("several-ip", "error", "el8.2", "ip=eth0:dhcp ip=dhcp", "ip=eth0:dhcp"),
    ("static-ip", "note", "el7", "ip=192.0.2.10 netmask=255.255.255.0 gateway=192.0.2.1 ksdevice=eth0", STATIC),
    ("nameserver-list", "error", "el9", "ip=dhcp nameserver=192.0.2.53,192.0.2.54", "ip=dhcp nameserver=192.0.2.53 nameserver=192.0.2.54"),
    ("nameserver-list", "error", "el7", "dns=192.0.2.53,192.0.2.54", "nameserver=192.0.2.53"),
    ("nameserver", "error", "el9", "ip=dhcp nameserver=ns1.example", "ip=dhcp nameserver=192.0.2.53"),
    ("nameserver", "error", "el6", "dns=192.0.2.53,x", "dns=192.0.2.53,192.0.2.54"),
    ("nameserver-brackets", "error", "el7", "nameserver=[2001:db8::53]", "nameserver=2001:db8::53"),
    ("nameserver-unused", "warning", "el9", f"{STATIC} nameserver=2001:db8::53", f"{STATIC} nameserver=192.0.2.53"),
    ("route", "error", "el9", "ip=dhcp rd.route=2001:db8::/48:fe80::1:eth0", "ip=dhcp rd.route=[2001:db8::/48]:[fe80::1]:eth0"),
    ("ethtool", "warning", "el9", "ip=eth0:dhcp rd.ethtool=eth0:off", "ip=eth0:dhcp rd.ethtool=eth0:off:100"),
    ("ethtool", "error", "el9", "ip=eth0:dhcp rd.ethtool=eth0:yes:fast", "ip=eth0:dhcp rd.ethtool=eth0:yes"),
    ("route", "error", "el7", "rd.route=198.51.100.0/24", "rd.route=198.51.100.0/24:192.0.2.1"),
    ("vlan", "error", "el9", "vlan=mgmt:eth0", "vlan=vlan20:eth0"),
    ("vlan", "error", "el9", "vlan=vlan4095:eth0", "vlan=eth0.4094:eth0"),
    ("vlan", "error", "el7", "vlan=lan20:eth0", "vlan=eth0.20:eth0"),
    ("vlan", "error", "el9", "vlan=", "quiet"),
    ("vlan", "error", "el9", "vlan=eth0.20:52-54-00-12-34-56", "vlan=eth0.20:eth0"),
    ("bond", "error", "el9", "bond=bond0:eth0,eth1:mode=active-backup;miimon=100", "bond=bond0:eth0,eth1:mode=active-backup,miimon=100"),
    ("bond", "error", "el9", "bond=bond0:eth0,eth1:mode=lacp", "bond=bond0:eth0,eth1:mode=802.3ad,lacp_rate=fast:9000"),
    ("bond", "error", "el7", "bond=bond0:eth0:mode=1:9000:x", "bond=bond0:eth0:mode=1:9000"),
    ("bond", "error", "el7", "bond=bond0:52-54-00-12-34-56:mode=1", "bond=bond0:eth0:mode=1"),
    ("bond", "error", "el9", "bond=bond0:eth0:lacp_rate=fast", "bond=bond0:eth0:mode=4,lacp_rate=fast"),
    ("bridge", "error", "el7", "bridge=br0", "bridge=br0:eth0"),
    ("bridge", "error", "el9", "bridge=br0:eth0:stp=on", "bridge=br0:eth0,eth1"),
    ("team-runner", "error", "el9", "team=team0:eth0,eth1:lacp", "team=team0:eth0,eth1"),
    ("ifname", "error", "el7", "ifname=net0:52-54-00-12-34-56", "ifname=net0:52:54:00:12:34:56"),
    ("ifname", "warning", "el7", "ifname=eth0:52:54:00:12:34:56", "ifname=net0:52:54:00:12:34:56"),
    ("bootif-form", "error", "el9", "BOOTIF=20-52-54-00-12-34-56", "BOOTIF=01-52-54-00-12-34-56"),
    ("bootif-form", "error", "el9", "ip=dhcp BOOTIF=", "ip=dhcp"),
    ("bootif-second", "warning", "el9", f"BOOTIF=01-52-54-00-12-34-56 {STATIC}", f"BOOTIF=01-52-54-00-12-34-56 {STATIC} rd.bootif=0"),
]
# Rules about files, with a file that breaks one and the file mended.
FILES = [
    ("too-long", "error", "el7", "xl", f'type = "pv"\nextra = "{LONG[:1024]}"\n', f'type = "pv"\nextra = "{LONG[:1023]}"\n'),
    ("loader-initrd", "warning", "el9", "pxelinux", "label a\n kernel k\n initrd i\n append initrd=j\n", "label a\n kernel k\n initrd i\n append quiet\n"),
    ("loader-sysappend", "error", "el7", "pxelinux", "label a\n kernel k\n append x\n ipappend 3\n", "label a\n kernel k\n append x\n ipappend 2\n"),
    ("loader-sysappend", "note", "el9", "pxelinux", "label a\n kernel k\n append x\n sysappend 1\n", "label a\n kernel k\n append x\n"),
    ("loader-syntax", "error", "el9", "xl", "name = web1\n", 'name = "web1"\n'),
    ("loader-syntax", "error", "el9", "grub", "menuentry 'a {\n linux /k a=b\n}\n", "menuentry 'a' {\n linux /k a=b\n}\n"),
    ("loader-syntax", "error", "el9", "libvirt", "<domain><os></domain>", "<domain><os/></domain>"),
    ("loader-syntax", "warning", "el9", "ipxe", "kernel k quiet\n", "#!ipxe\nkernel k quiet\n"),
    ("loader-cut", "error", "el9", "grub", "linux /k ds=nocloud;s=http://h/ quiet\n", "linux /k 'ds=nocloud;s=http://h/' quiet\n"),
    ("loader-cut", "error", "el9", "grub", "linux /k inst.ks=http://h/?a=1&b=2\n", 'linux /k "inst.ks=http://h/?a=1&b=2"\n'),
    ("loader-quote", "warning", "el9", "grub", "linux /k 'x=\"a b\"'\n", 'linux /k x="a b"\n'),
    ("xl-lost", "warning", "el9", "xl", 'extra = "a"\nextra = "b"\n', 'extra = "a"\nextra += " b"\n'),
    ("xl-lost", "warning", "el9", "xl", 'root = "/dev/xvda1"\ncmdline = "b"\n', 'root = "/dev/xvda1"\nextra = "b"\n'),
    ("xl-lost", "warning", "el9", "xl", 'extra = ["a"]\ncmdline = "b"\n', 'cmdline = "b"\n'),
]


def found(verdict: Verdict) -> set[tuple[str, str]]:
    return {(each.finding.rule, each.finding.severity.value) for each in verdict.judged}


def of_file(text: str, medium: str, release: str) -> set[tuple[str, str]]:
    reading = kind.READERS[medium](text)
    verdicts = [judged.verdict(entry, targets.of(release)) for entry in reading.entries]
    return {(each.rule, each.severity.value) for each in reading.findings}.union(*map(found, verdicts))


@pytest.mark.parametrize(("rule", "severity", "release", "wrong", "right"), LINES)
def test_a_line_that_breaks_a_rule_is_told_so_and_the_mended_one_is_not(
        rule: str, severity: str, release: str, wrong: str, right: str) -> None:
    assert (rule, severity) in found(judge(wrong, targets.of(release)))
    assert {name for name, grave in found(judge(right, targets.of(release))) if grave != "note" or name == rule} <= {
        "open-password"}


@pytest.mark.parametrize(("rule", "severity", "release", "medium", "wrong", "right"), FILES)
def test_a_file_that_breaks_a_rule_is_told_so_and_the_mended_one_is_not(
        rule: str, severity: str, release: str, medium: str, wrong: str, right: str) -> None:
    assert (rule, severity) in of_file(wrong, medium, release)
    assert of_file(right, medium, release) == set()


def test_every_rule_has_a_line_or_a_file_that_breaks_it() -> None:
    assert {rule for rule, *_ in (*LINES, *FILES)} == set(RULES)


@pytest.mark.parametrize("line", [
    "quiet rhgb nomodeset", "rd.debug rd.lvm.lv=vg/root systemd.unit=multi-user.target", "module.param=1 nvme_core.x=y",
    "root=UUID=8176c7bf ro crashkernel=1G-4G:192M,4G-64G:256M", 'dyndbg="file drivers/usb/* +p"', "init=/bin/sh mem=4G",
    "loglevel=3 selinux=0 fips=1 nousb audit=0", "isolcpus=1-3,5 hugepages=16 default_hugepagesz=1G", "panic=30 -- single",
    "net.ifnames=0 biosdevname=0", "mitigations=off;x", "video=efifb:off,HDMI-A-1:1920x1080@60", "netconsole=6665@10.0.0.1/",
    "proxy.url=http://foreman.example.com proxy.type=foreman", "hostnamectl=1 consoleblank=0", "fsck.mode=skip",
])
@pytest.mark.parametrize("target", targets.TARGETS, ids=str)
def test_what_is_the_kernels_or_the_systems_raises_no_alarm(line: str, target: targets.Target) -> None:
    assert found(judge(line, (target,))) <= {("after-dashes", "warning")}


def test_a_finding_tells_for_which_releases_it_holds() -> None:
    verdict = judge(f"ks={SERVED}/ks.cfg")
    assert [(each.finding.rule, targets.label(each.targets)) for each in verdict.judged] == [
        ("deprecated", "EL8"), ("unprefixed", "EL9+")]
    assert targets.label(verdict.fits) == "EL6-EL8"
    (_, meanings), = verdict.meanings
    assert [(targets.label(holds), text) for text, holds in meanings] == [
        ("EL6", "loader: the kickstart"), ("EL7-EL8", "dracut and anaconda: the kickstart"), ("EL9+", "nobody")]


@pytest.mark.parametrize(("word", "names"), [
    ("el9", ["el9"]), ("EL8", ["el8.2", "el8.3"]), ("rocky-9.6", ["el9"]), ("rhel-8.1", ["el8.2"]), ("rhel-8.3", ["el8.3"]),
    ("centos-7.9.2009", ["el7"]), ("fedora-42", ["fedora"]), ("centos-stream-10", ["el10"]), ("alma-8", ["el8.2", "el8.3"]),
])
def test_a_release_is_said_in_the_words_of_the_catalog_or_by_its_generation(word: str, names: list[str]) -> None:
    assert [target.name for target in targets.of(word)] == names


@pytest.mark.parametrize(("names", "label"), [
    ("el6", "EL6"), ("el7 el8.2", "EL7-EL8.2"), ("el8.2", "EL8.0-8.2"), ("el8.3", "EL8.3-8.10"), ("el8.2 el8.3", "EL8"),
    ("el6 el7 el8.2 el8.3", "EL6-EL8"), ("el8.3 el9 el10 fedora", "EL8.3+"), ("el6 el9 el10 fedora", "EL6, EL9+"),
    ("fedora", "Fedora"), ("el9 el10", "EL9-EL10"), ("el6 el7 el8.2 el8.3 el9 el10 fedora", "EL6+"),
])
def test_releases_are_named_in_runs(names: str, label: str) -> None:
    assert targets.label([target for target in targets.TARGETS if target.name in names.split()]) == label


@pytest.mark.parametrize(("value", "means", "hint"), [
    ("link", "nothing, for it is the rule", "leave it out"), ("bootif", "nothing, for it is the rule", "leave it out"),
    ("ibft", "ip=ibft", "write ip=ibft"), ("eth0", "bootdev=eth0", "write bootdev=eth0"),
    ("52:54:00:00:00:01", "BOOTIF=01-52-54-00-00-00-01", "write BOOTIF=01-52-54-00-00-00-01"),
])
def test_ksdevice_is_told_as_the_word_that_stands_for_it_since_el7(value: str, means: str, hint: str) -> None:
    verdict = judge(f"ksdevice={value}", targets.of("el9"))
    (_, meanings), = verdict.meanings
    assert [text for text, _ in meanings] == [f"dracut: {means}"]
    assert [each.finding.hint for each in verdict.judged] == [hint]


@pytest.mark.parametrize("device", ["eth0", "52:54:00:00:00:01"])
def test_an_address_has_its_card_by_ksdevice_too(device: str) -> None:
    line = "ip=192.0.2.10::192.0.2.1:24:web1::none"
    for target in targets.TARGETS[1:]:
        assert ("ip-any-device", "warning") in found(judge(line, (target,)))
        assert ("ip-any-device", "warning") not in found(judge(f"{line} ksdevice={device}", (target,)))


def test_the_length_counts_bytes_and_what_the_loader_adds() -> None:
    line = "a=" + "\u010d" * 1000  # two bytes each
    adds = cmdline.MEDIA["pxelinux"].adds
    assert found(judge(line, targets.of("el9"), medium="pxelinux")) == set()
    verdict = judge(line, targets.of("el9"), medium="pxelinux", adds=adds)
    text = verdict.judged[0].finding.text
    assert text.startswith(f"{2002 + len(adds) + 1} bytes, {len(adds) + 1} of them added by the loader; ")


def test_options_of_the_installer_are_named_once() -> None:
    names = [name for row in known.ROWS for name in (row.bare, row.prefixed) if name]
    assert len(names) == len(set(names)) and len(names) > 150


TEXT = st.text(st.sampled_from("ip=:[]./,;\"'\\ \t\nainstk0123456789${}<>%@#-_\u00a0\x01\u010d\udcff"), max_size=200) | st.text()


@pytest.mark.parametrize(("line", "rule", "release"), [
    (f"ip=eth0:dhcp:{'9' * 5000}", "ip-mtu", "el7"), (f"ip=eth0:dhcp:{'9' * 5000}", "ip-mtu", "el9"),
    ("ip=eth0:dhcp:²", "ip-mtu", "el9"), ("ip=192.0.2.1/²::::h:eth0:none", "ip-prefix", "el7"),
    (f"vlan=a{'1' * 5000}:eth0", "vlan", "el9"), ("bond=bond0:eth0:mode=²", "bond", "el9"),
    ("bond=bond0:eth0:mode=1:²", "bond", "el9"), (f"rd.ethtool=eth0:off:{'9' * 5000}", "ethtool", "el9"),
])
def test_a_number_without_end_or_in_other_digits_is_told_as_none(line: str, rule: str, release: str) -> None:
    assert rule in {each.finding.rule for each in judge(line, targets.of(release)).judged}


@given(TEXT)
def test_no_line_breaks_the_judges(text: str) -> None:
    verdict = judge(text)
    for each in verdict.judged:
        assert each.finding.rule in RULES and each.targets and each.finding.severity is not Severity.OK
        assert each.place is None or 0 <= each.place < len(verdict.line.words)


@given(st.sampled_from(sorted(kind.READERS)), TEXT)
def test_no_file_breaks_its_reader(name: str, text: str) -> None:
    for entry in kind.READERS[name](text).entries:
        judged.verdict(entry)
    kind.of("grub.cfg", text)
