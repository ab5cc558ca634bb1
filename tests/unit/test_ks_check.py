"""Each rule of `ks check`, on a kickstart in which nothing else is to be found: what it finds, where, and where not."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.finding import Severity
from builder.lint.kickstart import target
from builder.lint.kickstart.rules import RULES
from builder.lint.kickstart.text import letters
from tests.unit import samples
from tests.unit.kickstarts import CLEAN, GOOD, check, instead, line_of, rules, script, without

MD5 = "$1$rtd8Ub7R$5Ohzuy8WXlkaK9cA2T1wb0"
YESCRYPT = "$y$j9T$" + "a" * 22 + "$" + "b" * 43
LVM = GOOD.replace("part / --size=4096 --grow --ondisk=vda\n",
                   "part pv.01 --size=1 --grow --ondisk=vda\nvolgroup vg pv.01\n"
                   "logvol / --vgname=vg --name=root --size=4096\n")
# (rule, spoiled kickstart, release, start of the line where it is found; "" for the whole file).
FOUND = [
    ("not-utf8", GOOD.replace("reboot", "reboot # caf\udce9"), "el9", "reboot"),
    ("not-utf8", GOOD.replace("reboot", "reboot # caf\udce9"), "el6", "reboot"),
    ("byte-order-mark", "\ufeff" + GOOD, "el9", "\ufefftext"),
    ("odd-line-end", GOOD.replace("keyboard us", "# us\x0crootpw x"), "el9", "# us"),
    ("odd-line-end", GOOD.replace("keyboard us", "keyboard us # a\u2028b"), "el9", "keyboard"),
    ("windows-line-ends", script("echo").replace("echo\n", "echo\r\n"), "el9", "%post"),
    ("windows-line-ends", GOOD.replace("\n", "\r\n"), "el9", "text"),
    ("odd-letter", instead("network", "network --bootproto=dhcp\u00a0--device=link"), "el9", "network"),
    ("odd-letter", instead("bootloader", "bootloader --location=mbr --append=\u201cquiet\u201d"), "el9", "bootloader"),
    ("continuation", instead("keyboard", "keyboard us \\"), "el9", "keyboard"),
    ("cut-by-comment", instead("timezone", "timezone Etc/UTC#x --utc"), "el9", "timezone"),
    ("template-text", instead("url", "url --url=https://192.0.2.5/{{ tree }}"), "el9", "url"),
    ("refused", instead("keyboard", "keybord us"), "el9", "keybord"),
    ("refused", GOOD + "install\n", "el9", "install"),
    ("refused", GOOD.replace("%packages", "%packages --nobase"), "el8", "%packages"),
    ("refused", GOOD + "autopart\n", "el9", "autopart"),
    ("open-quote", instead("bootloader", 'bootloader --append="quiet'), "el9", "bootloader"),
    ("no-end", GOOD.removesuffix("%end\n"), "el9", "%packages"),
    ("stray-end", instead("keyboard", "%end"), "el9", "%end"),
    ("unknown-section", GOOD + "%certificate --dir=/x --filename=y\nx\n%end\n", "el8", "%certificate"),
    ("unknown-section", GOOD + "%onerror\nx\n%end\n", "el6", "%onerror"),
    ("unknown-section", GOOD + "%anaconda\nx\n%end\n", "el10", "%anaconda"),
    ("unknown-section", GOOD + "%pakages\nx\n%end\n", "el9", "%pakages"),
    ("deprecated", GOOD.replace("--utc", "--isUtc"), "el9", "timezone"),
    ("deprecated", script("x", "%traceback"), "el9", "%traceback"),
    ("parser-warning", GOOD + "sshkey --username=a \"x y\"\nsshkey --username=a \"x z\"\n", "el9", "sshkey"),
    ("repeated-command", GOOD + "keyboard de\n", "el9", "keyboard de"),
    ("asks-by-command", GOOD + "network --bootproto=query\n", "el9", "network --bootproto=query"),
    ("asks-language", without("lang"), "el9", ""),
    ("asks-keyboard", without("keyboard"), "el9", ""),
    ("asks-timezone", without("timezone"), "el9", ""),
    ("asks-root-password", without("rootpw"), "el9", ""),
    ("asks-partitioning", without("part", without("reqpart")), "el9", ""),
    ("asks-passphrase", GOOD.replace("--grow", "--grow --encrypted"), "el9", "part /"),
    ("asks-zerombr", without("zerombr").replace(" --initlabel", ""), "el9", ""),
    ("asks-network", without("network"), "el6", ""),
    ("asks-in-script", script("exec < /dev/tty3\nread -p 'Disk? ' disk", "%pre"), "el9", "%pre"),
    ("waits-at-end", without("reboot"), "el9", ""),
    ("can-ask", instead("text", "text"), "el9", ""),
    ("firstboot-asks", GOOD + "firstboot --enable\n", "el9", "firstboot"),
    ("no-source", without("url"), "el9", ""),
    ("nobody-can-log-in", instead("rootpw", "rootpw --lock"), "el9", ""),
    ("nobody-is-root", instead("rootpw", f"rootpw --lock\nuser --name=a --iscrypted --password={samples.HASH}"), "el9",
     "user"),
    ("root-ssh-off", GOOD.replace(" --allow-ssh", ""), "el9", "rootpw"),
    ("not-a-hash", instead("rootpw", "rootpw --allow-ssh --iscrypted nope"), "el9", "rootpw"),
    ("not-a-hash", instead("rootpw", f"rootpw --iscrypted {YESCRYPT}"), "el8", "rootpw"),
    ("weak-hash", instead("rootpw", f"rootpw --allow-ssh --iscrypted {MD5}"), "el9", "rootpw"),
    ("account-name", GOOD + f'user --name="a b" --groups=wheel --iscrypted --password={samples.HASH}\n', "el9", "user"),
    ("sudo-without-password", script("echo 'a ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/a"), "el9", "echo"),
    ("plain-secret", instead("rootpw", "rootpw --allow-ssh --plaintext s3cret"), "el9", "rootpw"),
    ("plain-secret", GOOD.replace("--grow", "--grow --encrypted --passphrase=s3cret"), "el9", "part /"),
    ("secret-in-script", script("echo s3cret | passwd --stdin root"), "el9", "echo"),
    ("secret-in-script", script('echo "root:s3cret" | chpasswd'), "el9", "echo"),
    ("secret-in-script", script("subscription-manager register --username=a --password=s3cret"), "el9", "subscription"),
    ("credentials-in-url", instead("url", "url --url=https://me:s3cret@192.0.2.5/el9"), "el9", "url"),
    ("erases-every-disk", without("ignoredisk").replace(" --drives=vda", ""), "el9", "clearpart"),
    ("no-clearpart", without("clearpart"), "el9", ""),
    ("no-bootloader", without("bootloader"), "el9", ""),
    ("boot-disk-elsewhere", without("ignoredisk").replace("--boot-drive=vda", "--boot-drive=vdb"), "el9", "bootloader"),
    ("disk-name", GOOD.replace("vda", "hda"), "el9", "bootloader"),
    ("partition-for-disk", GOOD.replace("vda", "vda1"), "el9", "clearpart"),
    ("partition-for-disk", GOOD.replace("vda", "nvme0n1p1"), "el9", "clearpart"),
    ("disk-hidden", GOOD.replace("--drives=vda", "--drives=vdb"), "el9", "clearpart"),
    ("duplicate-mount", GOOD + "part / --size=1\n", "el9", "part / --size=1"),
    ("no-root", GOOD.replace("part / ", "part /home "), "el9", "part /home"),
    ("no-firmware-partition", without("reqpart"), "el9", "part /"),
    ("undefined-part", LVM.replace("--vgname=vg", "--vgname=vgg"), "el9", "logvol"),
    ("undefined-part", LVM.replace("volgroup vg pv.01", "volgroup vg pv.02"), "el9", "volgroup"),
    ("undefined-part", GOOD + "raid /x --device=x --level=1 raid.1 raid.2\n", "el9", "raid"),
    ("undefined-part", LVM + "logvol /x --vgname=vg --name=x --size=1 --thin --poolname=p\n", "el9", "logvol /x"),
    ("mirrorlist-alone", instead("url", "url --mirrorlist=https://192.0.2.5/list"), "el9", "url"),
    ("two-sources", GOOD + "cdrom\n", "el9", "cdrom"),
    ("source-by-script", script("echo 'url --url=https://192.0.2.5/x' > /tmp/u", "%pre", without("url"))
     + "%include /tmp/u\n", "el9", "%pre"),
    ("source-gone", instead("url", "url --url=https://mirror.centos.org/altarch"), "el9", "url"),
    ("other-release", instead("url", "url --url=https://192.0.2.5/rocky/8.10/BaseOS/x86_64/os"), "el9", "url"),
    ("other-release", GOOD + "repo --name=e --baseurl=https://192.0.2.5/epel/7/x86_64\n", "el9", "repo"),
    ("other-release", instead("url", "url --url=https://192.0.2.5/fedora/linux/releases/41/x"), "fedora-42", "url"),
    ("tls-not-verified", instead("url", "url --url=https://192.0.2.5/el9 --noverifyssl"), "el9", "url"),
    ("unprotected-source", instead("url", "url --url=http://192.0.2.5/el9"), "el9", "url"),
    ("not-expanded", instead("network", "network --bootproto=dhcp --hostname=$NAME"), "el9", "network"),
    ("network-address", instead("network", "network --bootproto=dhcp --nameserver=192.0.2.1,8.8.8"), "el9", "network"),
    ("network-address", instead("network", "network --bootproto=static --ip=192.0.2.2 --netmask=255.0.255.0"), "el9",
     "network"),
    ("gateway-outside", instead("network", "network --bootproto=static --ip=192.0.2.2 --netmask=255.255.255.0 "
                                           "--gateway=198.51.100.1"), "el9", "network"),
    ("static-incomplete", instead("network", "network --bootproto=static --ip=192.0.2.2"), "el9", "network"),
    ("mac-with-dashes", instead("network", "network --bootproto=dhcp --device=00-16-3e-00-00-01"), "el9", "network"),
    ("too-new", instead("network", "network --bootproto=dhcp --device=link --bindto=mac", CLEAN["el7"]), "centos-7.4",
     "network"),
    ("service-name", GOOD + 'services --enabled="sshd chronyd"\n', "el9", "services"),
    ("authselect-words", GOOD + "authselect --useshadow --passalgo=sha512\n", "el9", "authselect"),
    ("selinux-half-off", GOOD + "selinux --disabled\n", "el9", "selinux"),
    ("module-gone", GOOD.replace("@core", "@core\n@nodejs:18"), "el10", "@nodejs"),
    ("package-line", GOOD.replace("@core", "@core\nvim emacs"), "el9", "vim"),
    ("package-line", GOOD.replace("@core", "@core\n- vim"), "el9", "- vim"),
    ("package-line", GOOD.replace("@core", "@core\n--nocore"), "el9", "--nocore"),
    ("included-later", GOOD + "%include /run/local.ks\n", "el9", "%include"),
    ("included-later", GOOD + "%ksappend https://192.0.2.5/more.ks\n", "el9", "%ksappend"),
    ("included-without-tls", GOOD + "%include http://192.0.2.5/more.ks\n", "el9", "%include"),
    ("included-without-tls", GOOD + "%ksappend http://192.0.2.5/more.ks\n", "el9", "%ksappend"),
    ("include-in-script", script("%include /run/part.sh"), "el9", "%include"),
    ("here-document-cut", script("cat > /root/ks <<'EOF'\n%packages2\n%end\nEOF"), "el9", "%end"),
    ("here-document-cut", script("cat > /root/ks <<-EOF\n\t%post\n\tEOF"), "el9", "\t%post"),
    ("interpreter-gone", script("print", "%post --interpreter=/usr/bin/python"), "el8", "%post"),
    ("interpreter-gone", script("print", "%post --interpreter /usr/bin/python"), "el8", "%post"),
    ("shebang-ignored", script("#!/usr/bin/python3\nprint('x')"), "el9", "%post"),
]


@pytest.mark.parametrize("release", list(CLEAN))
def test_in_a_good_kickstart_nothing_is_found(release: str) -> None:
    assert check(CLEAN[release], release) == ()


@pytest.mark.parametrize(("rule", "text", "release", "line"), FOUND,
                         ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(FOUND)])
def test_a_rule_finds_its_case_in_the_line_where_it_is(rule: str, text: str, release: str, line: str) -> None:
    found = [each for each in check(text, release) if each.rule == rule]
    assert found, rules(text, release)
    numbers = [number for number, each in enumerate(text.replace("\u2028", "\x0c").split("\n"), 1) if line and
               each.startswith(line)]
    assert {each.line for each in found} & set(numbers or [0]), (found, numbers)
    for each in found:
        assert each.severity in (RULES[rule].severity, RULES[rule].other)
        assert "s3cret" not in each.text + each.hint


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in FOUND} == set(RULES)


def test_every_rule_is_on_the_page_with_what_it_finds() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/checking-kickstarts.md").read_text()
    assert re.findall(r"(?m)^\| `([a-z0-9-]+)` \| (.+) \| (.+) \|$", text) == [
        (name, ", ".join(each.value for each in (rule.severity, rule.other) if each), rule.sentence)
        for name, rule in RULES.items()]


def test_every_severity_that_a_rule_may_have_is_met() -> None:
    met = {(each.rule, each.severity) for _, text, release, _ in [*FOUND, *MILD] for each in check(text, release)}
    for name, rule in RULES.items():
        assert (name, rule.severity) in met, name
        assert rule.other is None or (name, rule.other) in met, name


# The same with another severity: (rule, kickstart, release, "").
MILD = [
    ("odd-line-end", GOOD.replace("lang", "# a\x0c# b\nlang"), "el9", ""),
    ("asks-language", instead("text", "graphical", without("lang")), "el9", ""),
    ("asks-keyboard", without("keyboard", CLEAN["el6"]), "el6", ""),
    ("asks-timezone", without("timezone", CLEAN["el7"]), "el7", ""),
    ("nobody-can-log-in", instead("rootpw", "rootpw --lock") + "%include /run/x\n", "el9", ""),
    ("not-a-hash", instead("rootpw", f"rootpw --iscrypted nope\nuser --name=a --groups=wheel --iscrypted "
                                     f"--password={samples.HASH}"), "el9", ""),
    ("partition-for-disk", GOOD.replace("vda", "xvda1"), "el9", ""),
    ("included-later", GOOD + "%include /usr/share/anaconda/interactive-defaults.ks\n", "el9", ""),
]


@pytest.mark.parametrize(("rule", "text", "release"), [
    # What looks like a rule's case, and is none
    ("erases-every-disk", GOOD.replace(" --drives=vda", ""), "el9"),
    ("no-clearpart", without("clearpart", instead("part /", "part / --onpart=vda3")), "el9"),
    ("asks-zerombr", without("zerombr"), "el9"),
    ("nobody-can-log-in", GOOD.replace("@core", "@core\ncloud-init").replace("rootpw --allow-ssh --iscrypted "
                                                                            f"{samples.HASH}", "rootpw --lock"), "el9"),
    ("nobody-can-log-in", script("echo key >> /root/.ssh/authorized_keys", text=instead("rootpw", "rootpw --lock")),
     "el9"),
    ("root-ssh-off", script("echo PermitRootLogin yes > /etc/ssh/sshd_config.d/1.conf",
                            text=GOOD.replace(" --allow-ssh", "")), "el9"),
    ("root-ssh-off", GOOD.replace(" --allow-ssh", ""), "el8"),
    ("template-text", GOOD + "user --name=a --iscrypted --password='$6$a$b'\n", "el9"),
    ("plain-secret", instead("rootpw", "rootpw --allow-ssh %ROOTPW%"), "el9"),
    ("not-expanded", GOOD + "repo --name=a --baseurl=https://192.0.2.5/$releasever\n", "el9"),
    ("not-expanded", instead("bootloader", "bootloader --location=mbr --boot-drive=vda --append=x=$y"), "el9"),
    ("secret-in-script", script("echo $PASSWORD | passwd --stdin root"), "el9"),
    ("secret-in-script", script(f"echo 'root:{samples.HASH}' | chpasswd -e"), "el9"),
    ("secret-in-script", script("# echo geheim | passwd --stdin root"), "el9"),
    ("here-document-cut", script("cat <<EOF\nx\nEOF\ncat <<-E2\n\tx\n\tE2\necho $((1<<2)) <<< y"), "el9"),
    ("shebang-ignored", script("#!/bin/bash\necho"), "el9"),
    ("shebang-ignored", script("#!/usr/bin/env bash\necho"), "el9"),
    ("shebang-ignored", script("#!/usr/bin/python3\nx", "%post --interpreter=/usr/bin/python3"), "el9"),
    ("shebang-ignored", script("#!/usr/bin/python3\nx", "%post --interpreter /usr/bin/python3"), "el9"),
    ("asks-in-script", script("while read -r line; do echo; done < /etc/passwd", "%pre"), "el9"),
    ("asks-in-script", script("exec < /dev/tty3 > /dev/tty3\nchvt 3"), "el9"),
    ("included-later", script("echo 'part / --size=1' > /tmp/parts", "%pre", without("part /")) + "%include /tmp/parts\n",
     "el9"),
    ("asks-partitioning", script("cat > /tmp/p <<E\nautopart\nE", "%pre", without("part", without("reqpart")))
     + "%include /tmp/p\n", "el9"),
    ("repeated-command", GOOD + "keyboard us\n", "el9"),
    ("duplicate-mount", GOOD + "part swap --size=1\npart swap --size=1\n", "el9"),
    ("undefined-part", LVM, "el9"),
    ("undefined-part", GOOD + "logvol /x --vgname=old --name=x --useexisting --noformat\n", "el9"),
    ("module-gone", GOOD.replace("@core", "@core\n@nodejs:18/common"), "el9"),
    ("package-line", GOOD.replace("@core", "@Core Server  # x\n-@x\n-*firmware\ngcc-c++\nvim*\n@^minimal"), "el9"),
    ("other-release", instead("url", "url --url=https://192.0.2.5/rocky/9.6/BaseOS/x86_64/os"), "el9"),
    ("other-release", instead("url", "url --url=https://192.0.2.5/7/tree"), "el9"),
    ("cut-by-comment", GOOD.replace("reboot", "reboot # then"), "el9"),
    ("disk-name", GOOD.replace("vda", "hdisk"), "el9"),
    ("partition-for-disk", GOOD.replace("vda", "nvme0n1"), "el9"),
    ("static-incomplete", instead("network", "network --bootproto=static --ipv6=2001:db8::2/64"), "el9"),
    ("gateway-outside", instead("network", "network --bootproto=static --ip=192.0.2.2 --netmask=255.255.255.255 "
                                           "--gateway=192.0.2.1"), "el9"),
    ("too-new", instead("network", "network --bootproto=dhcp --bindto=mac", CLEAN["el7"]), "centos-7.9"),
    ("refused", CLEAN["el6"].replace("%packages", "%packages --nocore"), "el6"),
    ("unknown-section", GOOD + "%certificate --dir=/x --filename=y\nx\n%end\n", "el9"),
    ("byte-order-mark", "# \ufeff\n" + GOOD, "el9"),
])
def test_a_rule_leaves_alone_what_only_looks_like_its_case(rule: str, text: str, release: str) -> None:
    assert rule not in [found for found, _ in rules(text, release)]


def test_a_refused_line_is_not_told_as_missing_too() -> None:
    assert rules(instead("timezone", "timezone Etc/UTC --utcc")) == [("refused", line_of(GOOD, "timezone"))]


def test_after_a_quote_that_does_not_close_the_rest_is_read_all_the_same() -> None:
    text = instead("lang", 'lang "en_US.UTF-8').replace("reboot", "rebooot")
    found = rules(text)
    assert ("open-quote", 2) in found
    assert ("refused", line_of(text, "rebooot")) in found


def test_after_a_section_without_end_the_rest_is_read_all_the_same() -> None:
    text = GOOD.replace("%end\n", "%post\necho\n%end\nkeybord\n")
    assert ("no-end", line_of(text, "%packages")) in rules(text)
    assert ("refused", line_of(text, "keybord")) in rules(text)


def test_a_script_that_ends_with_the_file_inside_a_here_document_has_no_end() -> None:
    assert ("no-end", line_of(GOOD, "%end") + 1) in rules(GOOD + "%post\ncat <<EOF\nx\n")


def test_lines_are_those_of_the_file_where_other_letters_end_lines_for_the_parser() -> None:
    text = GOOD.replace("lang", "# a\x0c# b\u2028# c\nlang").replace("reboot", "rebooot")
    assert ("refused", line_of(text.replace("\x0c", " ").replace("\u2028", " "), "rebooot")) in rules(text)


def test_what_an_included_file_may_settle_is_a_note() -> None:
    found = {each.rule: each for each in check(without("lang") + "%include /run/x\n")}
    assert found["asks-language"].severity is Severity.NOTE
    assert found["asks-language"].text.endswith("; unless what is included does")


def test_a_message_moves_no_cursor_and_has_an_end() -> None:
    text = GOOD + "part /x --ondisk=\x1b[2J" + "y" * 5000 + "\u202ehda\n"
    for each in check(text):
        assert (each.text + each.hint).isprintable()
        assert len(each.text) < 500


def test_nothing_is_fetched_or_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"{arguments} {options}")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    opened = [(word, where) for word in ("%include", "%ksappend")
              for where in ("http://192.0.2.5/x", "https://192.0.2.5/x", "/etc/passwd", "x.ks")]
    text = GOOD + "".join(f"{word} {where}\n" for word, where in opened)
    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", refuse)
        found = check(text)
    assert len([each for each in found if each.rule.startswith("included")]) == len(opened)


@pytest.mark.parametrize(("data", "said"), [
    (b"\x7fELF\0\0", "holds a NUL byte in line 1"), (b"a\n\0", "line 2"), (b"a" * (letters.MAX_BYTES + 1), "4 MiB"),
    (b"a\n" * 5_001, "5001 commands"), (b"%include /x\n" * 1_001, "1001 includes"), (b"%packages\n" + b"a\n" * 20_001, "20001 lines of %packages"),
    (b"%post\n%end\n" * 2_001, "2001 sections"), (b"text\nurl --url=" + b"a" * 20_000, "line 2 is no command"),
])
def test_what_is_no_kickstart_is_said_at_once(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        check(data)


@pytest.mark.parametrize("data", [
    b"", b"\n", b"%", b"%end", b"%packages", b"%packages\n-\n@\n%end", b"-", b'""', b"%include", b"%ksappend", b"#",
    b"\xff\xfe" + GOOD.encode("utf-16-le"), b"\xfe\xff" + GOOD.encode("utf-16-be"), b"\xff", b"\\", b"rootpw", b"%post\n",
    b"part\nlogvol\nraid\nvolgroup\nuser\nbtrfs", b"network --device=\xc2\xa0", b"\r", b"a\rb\r",
])
def test_odd_bytes_are_findings_and_no_crash(data: bytes) -> None:
    for release in ("el6", "el7", "el10", "fedora"):
        assert check(data, release)


def test_a_file_of_garbage_is_told_in_short() -> None:
    found = [each for each in check("nonsense line\n" * 500) if each.rule == "refused"]
    assert len(found) == 51
    assert found[-1].text == "450 more lines are refused: is this a kickstart?"


# The release that is asked for


@pytest.mark.parametrize(("word", "label", "handler"), [
    ("el9", "EL9", "RHEL9"), ("EL6", "EL6", "RHEL6"), ("fedora", "Fedora", "F45"), ("rocky-9", "Rocky Linux 9", "RHEL9"),
    ("centos-7.9", "CentOS 7.9.2009", "RHEL7"), ("fedora-42", "Fedora 42", "F42"), ("fedora-99", "Fedora 99", "F45"),
])
def test_releases_and_bare_generations_name_the_installer(word: str, label: str, handler: str) -> None:
    found = target.parse(word)
    assert (found.label, found.generation.handler) == (label, handler)


@pytest.mark.parametrize("word", ["el5", "rocky", "rocky-7", "", "9", "x" * 500])
def test_an_unknown_release_is_refused_with_those_that_are_known(word: str) -> None:
    with pytest.raises(UsageError) as refused:
        target.parse(word)
    assert "el6, el7, el8, el9, el10, fedora" in refused.value.hint


@pytest.mark.parametrize(("text", "word"), [
    ("#version=RHEL9\n", "el9"), ("# made by\n#version=RHEL10  \ntext\n", "el10"), ("#version=F42\n", "fedora-42"),
    ("#version=DEVEL\n", ""), ("# version=RHEL9\n", ""), ("#version=RHEL4\n", ""), ("text\n", ""),
])
def test_the_release_is_read_from_what_the_installer_left_behind(text: str, word: str) -> None:
    found = target.guess(text)
    assert (found.word if found else "") == word
