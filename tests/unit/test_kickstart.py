"""Generated kickstarts: every release's parser takes them without a word and reads what the profile said."""

from __future__ import annotations

import os
import re
import subprocess
from configparser import RawConfigParser
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builder.boot.kickstart import render as kickstart
from builder.boot.kickstart import storage
from builder.boot.line.cmdline import Machine
from builder.boot.review import parsed
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.profile.network.plan import NetworkPlan
from builder.profile.values import Disk, Firewall, Host, Origin, Profile, Root, Services, Storage, Xen
from tests.unit import plans, presets, samples

RELEASES = ("centos-6.10", "centos-7.0.1406", "centos-7.9.2009", "rocky-8", "rocky-9.6", "centos-stream-9", "rocky-10",
            "fedora-42")
URL = "https://vault.centos.org/7.9.2009/os/x86_64"


def key_for(release: str) -> str:
    """EL6's sshd knows no Ed25519 keys."""
    return samples.RSA if release.startswith("centos-6") else samples.KEY


def render(profile: Profile, host: Host | None = None, machine: Machine = "xen-pv", url: str = URL) -> str:
    return kickstart.render(profile, host or profile.hosts[0], install_url=url, machine=machine)


def read(text: str, profile: Profile) -> parsed.ParsedKickstart:
    return parsed.parse_back(text, profile.release.generation, "ks.cfg")


def body(text: str, log: str) -> str:
    """The script of the %post section that writes `log`."""
    found = re.search(rf"(?ms)^%post[^\n]*{log}\.log[^\n]*\n(.*?)^%end$", text)
    assert found, text
    return found[1]


@pytest.mark.parametrize("machine", ["xen-pv", "xen-hvm", "kvm", "pc"])
@pytest.mark.parametrize("layout", ["plain", "lvm"])
@pytest.mark.parametrize("release", RELEASES)
def test_every_release_takes_its_kickstart_without_error_or_warning(
        release: str, layout: str, machine: Machine) -> None:
    key = key_for(release)
    profile = samples.profile(
        release, users=(samples.user(ssh_keys=(key,)),
                        samples.user("ops", groups=(), password_hash=samples.HASH, gecos='Ops "X"', ssh_keys=(key,))),
        root=Root(password_hash=samples.HASH, ssh_keys=(key, key + "2")), ntp=("192.0.2.123",),
        packages=("tuned", "-postfix"), services=Services(enabled=("sshd",), disabled=("postfix",)),
        firewall=Firewall(services=("ssh", "http"), ports=("8080:tcp",)))
    host = samples.host(storage=Storage(layout=layout), network=samples.network(mac=samples.MAC, interface=None))
    found = read(render(profile, host, machine), profile)
    assert found.warnings == ()
    assert found.hostname == "h1.example.com"
    assert found.disks == ("xvda",)
    assert {"tuned"} <= set(found.packages)
    assert found.excluded == ("postfix",)
    assert [user.name for user in found.users] == ["admin", "ops"]
    assert found.users[1].gecos == 'Ops "X"'


def test_a_root_account_without_password_is_locked_everywhere() -> None:
    for release in RELEASES:
        profile = samples.profile(release, root=Root(), users=(samples.user(ssh_keys=(key_for(release),)),))
        root = read(render(profile), profile).root
        assert root is not None
        assert root.locked


@pytest.mark.parametrize(("release", "kind", "taken"), [
    ("centos-6.10", "ssh-ed25519", False), ("centos-6.10", "ssh-rsa", True), ("centos-6.10", "ecdsa-sha2-nistp256", True),
    ("centos-7.9.2009", "ssh-ed25519", True), ("centos-7.9.2009", "sk-ssh-ed25519@openssh.com", False),
    ("rocky-8", "sk-ecdsa-sha2-nistp256@openssh.com", False), ("rocky-9.6", "sk-ssh-ed25519@openssh.com", True),
    ("fedora-44", "sk-ssh-ed25519@openssh.com", True),
])
def test_a_key_that_the_installed_sshd_does_not_know_would_lock_everybody_out(
        release: str, kind: str, taken: bool) -> None:
    profile = samples.profile(release, root=Root(ssh_keys=(f"{kind} AAAA ops@example",)))
    if taken:
        assert f"{kind} AAAA" in render(profile)
        return
    with pytest.raises(UsageError, match=rf"root\.ssh_keys: the sshd of EL\d knows no {re.escape(kind)} keys"):
        render(profile)

@pytest.mark.parametrize(("users", "keys", "allowed"), [((), (), True), ((samples.user(),), (), False),
                                                        ((), (samples.KEY,), False)])
def test_root_may_use_its_password_over_ssh_only_where_nobody_else_could_come_in(
        users: tuple[object, ...], keys: tuple[str, ...], allowed: bool) -> None:
    profile = samples.profile("rocky-9.6", users=users, root=Root(password_hash=samples.HASH, ssh_keys=keys))
    assert ("rootpw --allow-ssh --iscrypted" in render(profile)) is allowed


def test_the_same_profile_gives_the_same_bytes_whatever_folder_it_lies_in() -> None:
    one = samples.profile(path=samples.Path("/one/web.toml"), origins=MappingProxyType(
        {"timezone": Origin("/one/web.toml", 4), "host.h1.address": Origin("hosts.toml", 7)}))
    two = samples.changed(one, path=samples.Path("/two/web.toml"), origins=MappingProxyType(
        {"timezone": Origin("/two/web.toml", 4), "host.h1.address": Origin("hosts.toml", 7)}))
    assert render(one) == render(two)
    assert "/one" not in render(one)


def test_lines_name_the_profile_key_that_made_them() -> None:
    profile = samples.profile(origins=MappingProxyType({
        "timezone": Origin("web.toml", 4), "host.h1.address": Origin("web.toml", 13),
        "network.gateway": Origin("base.toml", 2), "disk": Origin("base.toml", 9)}))
    lines = render(profile).splitlines()
    assert lines[lines.index("# timezone (web.toml line 4)") + 1].startswith("timezone Europe/Prague")
    above = "# host.h1.address (web.toml line 13), network.gateway (base.toml line 2)"
    assert lines[lines.index(above) + 1].startswith("network ")
    assert lines[lines.index("# disk (base.toml line 9)") + 1] == "ignoredisk --only-use=xvda"
    assert "# selinux (default)" in lines


def test_an_origin_with_a_line_end_in_its_file_name_stays_a_comment() -> None:
    profile = samples.profile(origins=MappingProxyType({"timezone": Origin("a\nrootpw --plaintext x\n", 4)}))
    assert r"# timezone (a\nrootpw --plaintext x\n line 4)" in render(profile).splitlines()


@pytest.mark.parametrize(("machine", "run", "boot"), [
    ("xen-pv", "pygrub", "ext4"),
    ("xen-pv", "pvgrub", "ext4"),
    ("xen-pv", "kept-kernel", "xfs"),
    ("xen-hvm", "disk", "xfs"),
])
@pytest.mark.parametrize("layout", ["plain", "lvm"])
def test_boot_is_ext4_outside_lvm_where_dom0_reads_it(machine: Machine, run: str, boot: str, layout: str) -> None:
    profile = samples.profile(xen=samples.changed(Xen(), run=run))
    text = render(profile, samples.host(storage=Storage(layout=layout)), machine)
    assert f"part /boot --fstype={boot} --size=1024 --ondisk=xvda" in text.splitlines()


@pytest.mark.parametrize(("release", "machine", "there"), [
    ("centos-7.9.2009", "xen-pv", False), ("centos-7.9.2009", "xen-hvm", True), ("centos-7.0.1406", "xen-hvm", False),
    ("rocky-9.6", "xen-hvm", True), ("centos-6.10", "xen-hvm", False),
])
def test_the_firmware_gets_its_partitions_where_there_is_one(release: str, machine: Machine, there: bool) -> None:
    assert ("reqpart" in render(samples.profile(release), machine=machine).splitlines()) is there


def test_no_swap_is_no_swap_and_a_disk_by_id_keeps_its_folder() -> None:
    host = samples.host(storage=Storage(layout="lvm", swap=0), disk=Disk(name="by-id/ata-X_1"))
    text = render(samples.profile(), host)
    assert "swap" not in text
    assert "clearpart --all --initlabel --drives=disk/by-id/ata-X_1" in text


def test_who_boots_the_root_file_system_from_outside_can_name_it() -> None:
    assert storage.root_device(samples.host()) == "LABEL=root"
    assert storage.root_device(samples.host(storage=Storage(layout="lvm"))) == "/dev/mapper/system-root"


def test_the_boot_loader_gets_the_consoles_and_the_users_own_arguments() -> None:
    host = samples.host(kernel_arguments=("net.ifnames=0", "inst.sshd"))
    assert 'bootloader --location=mbr --boot-drive=xvda --append="console=hvc0 net.ifnames=0"' in \
        render(samples.profile(), host)


def test_an_environment_of_the_user_replaces_ours() -> None:
    text = render(samples.profile("rocky-9.6", packages=("@^server-product-environment", "tuned")))
    assert "@^minimal-environment" not in text
    assert "\n@^server-product-environment\ntuned\n%end" in text


@pytest.mark.parametrize("packages", [("a", "-a"), ("@^one", "@^two")])
def test_package_lines_that_undo_each_other_are_refused(packages: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="packages: "):
        render(samples.profile(packages=packages))


# What is written into the installed system


def test_yum_of_an_ended_release_is_pointed_at_the_vault_it_was_installed_from() -> None:
    script = body(render(samples.profile(), url="https://archive.kernel.org/centos-vault/7.9.2009/os/x86_64"),
                  "repositories")
    assert "baseurl=https://archive.kernel.org/centos-vault/7.9.2009/updates/$basearch/" in script


def test_another_tree_may_hold_no_updates_so_the_catalogs_vault_stands_for_it() -> None:
    script = body(render(samples.profile(), url="http://mirror.lan/c7/os/x86_64"), "repositories")
    assert "baseurl=https://vault.centos.org/7.9.2009/updates/$basearch/" in script


@pytest.mark.parametrize("release", ["rocky-9.6", "centos-stream-9", "rhel-7.9"])
def test_a_release_with_mirrors_keeps_its_own_repositories(release: str) -> None:
    assert "/etc/yum.repos.d" not in render(samples.profile(release), machine="xen-hvm")


def test_the_repository_file_is_what_yum_reads(tmp_path: object) -> None:
    script = body(render(samples.profile()), "repositories").replace("/etc/yum.repos.d", str(tmp_path))
    subprocess.run(["sh", "-c", script], check=True)
    file = RawConfigParser()
    file.read(f"{tmp_path}/CentOS-Base.repo")
    assert file.sections() == ["base", "updates", "extras"]
    assert dict(file["extras"]) == {
        "name": "CentOS-7 - Extras", "baseurl": "https://vault.centos.org/7.9.2009/extras/$basearch/", "enabled": "1",
        "gpgcheck": "1", "gpgkey": "file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7"}


def test_keys_land_in_the_home_of_the_account_with_the_right_modes(tmp_path: object) -> None:
    """The script is run as it is, with getent, chown and restorecon of our own that need no root."""
    home = f"{tmp_path}/home"
    profile = samples.profile(users=(samples.user(ssh_keys=(samples.KEY, "ssh-rsa AAAA it's me")),))
    script = body(render(profile), "access")
    tools = (f"getent() {{ echo \"admin:x:1000:1000::{home}:/bin/bash\"; }}\n"
             f"chown() {{ echo \"$@\" >> {tmp_path}/chown; }}\n"
             f"restorecon() {{ :; }}\nmkdir -p {home} {tmp_path}/sudoers.d\n")
    subprocess.run(["sh", "-c", tools + script.replace("/etc/sudoers.d", f"{tmp_path}/sudoers.d")], check=True)
    keys = samples.Path(home) / ".ssh" / "authorized_keys"
    assert keys.read_text() == f"{samples.KEY}\nssh-rsa AAAA it's me\n"
    assert (keys.stat().st_mode & 0o777, keys.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (samples.Path(str(tmp_path)) / "chown").read_text() == f"-R admin: {home}/.ssh\n"
    sudo = samples.Path(str(tmp_path)) / "sudoers.d" / "pinboot-admin"
    assert sudo.read_text() == "admin ALL=(ALL) NOPASSWD: ALL\n"
    assert sudo.stat().st_mode & 0o777 == 0o440


def test_an_administrator_with_a_password_is_asked_for_it() -> None:
    profile = samples.profile("rocky-9.6", users=(samples.user(password_hash=samples.HASH),))
    assert "sudoers" not in render(profile)


def test_pvgrub_finds_its_menu_with_the_newest_kernel_first(tmp_path: object) -> None:
    root = samples.Path(str(tmp_path))
    for number, version in enumerate(["3.10.0-1160.el7.x86_64", "3.10.0-1160.119.1.el7.x86_64", "0-rescue-abc"]):
        for name in (f"vmlinuz-{version}", f"initramfs-{version}.img"):
            path = root / "boot" / name
            path.parent.mkdir(exist_ok=True)
            path.touch()
            os.utime(path, (1000 + number, 1000 + number))
    (root / "etc" / "default").mkdir(parents=True)
    (root / "etc/default/grub").write_text('GRUB_CMDLINE_LINUX="crashkernel=auto console=hvc0"\n')
    (root / "etc/fstab").write_text("# / comment\nUUID=abc-1 / xfs defaults 0 0\n/dev/xvda1 /boot ext4 defaults 1 2\n")
    script = body(render(samples.profile(xen=Xen(run="pvgrub"))), "pvgrub")
    local = re.sub(r"(?<![\w/])/(boot|etc)\b", rf"{root}/\1", script)
    subprocess.run(["sh", "-c", local], check=True)
    assert (root / "boot/grub/grub.cfg").read_text().split("\n", 2)[2] == """\
menuentry '3.10.0-1160.119.1.el7.x86_64' {
  linux /vmlinuz-3.10.0-1160.119.1.el7.x86_64 root=UUID=abc-1 ro crashkernel=auto console=hvc0
  initrd /initramfs-3.10.0-1160.119.1.el7.x86_64.img
}
menuentry '3.10.0-1160.el7.x86_64' {
  linux /vmlinuz-3.10.0-1160.el7.x86_64 root=UUID=abc-1 ro crashkernel=auto console=hvc0
  initrd /initramfs-3.10.0-1160.el7.x86_64.img
}
"""


@pytest.mark.parametrize("run", ["pygrub", "kept-kernel"])
def test_other_ways_to_start_a_pv_guest_need_no_menu(run: str) -> None:
    assert "grub.cfg" not in render(samples.profile(xen=samples.changed(Xen(), run=run)))


# Scripts of the user


def test_a_post_script_knows_its_host_and_facts_and_ends_the_installation_where_it_fails() -> None:
    host = samples.host(facts=MappingProxyType({"rack": "A1's $(id)", "row": "7"}))
    file = samples.text_file("setup.sh", "echo $PINBOOT_NAME $fact_row \"$fact_rack\"\n")
    text = render(samples.profile(post=(file,)), host)
    assert "\n%post --log=/root/pinboot-post-1.log --erroronfail\n" in text
    done = subprocess.run(["sh", "-c", body(text, "post-1")], capture_output=True, text=True, check=True)
    assert done.stdout == "h1 7 A1's $(id)\n"


def test_the_shebang_of_a_post_script_chooses_its_shell_and_flags() -> None:
    text = render(samples.profile(post=(samples.text_file("s.sh", "#!/bin/bash -eu\nfalse\necho no\n"),)))
    assert "\n%post --interpreter=/bin/bash --log=/root/pinboot-post-1.log --erroronfail\n" in text
    assert subprocess.run(["bash", "-c", body(text, "post-1")], capture_output=True).stdout == b""


@pytest.mark.parametrize("line", ["%end", "  %post", "%include /tmp/x", "%ksappend http://192.0.2.5/x"])
def test_a_line_that_the_installer_would_read_is_refused_by_file_and_line(line: str) -> None:
    file = samples.text_file("scripts/setup.sh", f"echo one\n{line}\necho two\n")
    with pytest.raises(UsageError, match=r"^scripts/setup\.sh line 2: a line that starts with %\w+ is read by"):
        render(samples.profile(post=(file,)), samples.host(facts=MappingProxyType({"rack": "A1"})))


@pytest.mark.parametrize(("text", "said"), [
    ("#!/usr/bin/python3\nprint()\n", "line 1: a post script is run by sh or bash, not by /usr/bin/python3"),
    ("echo one\r\necho two\r\n", "lines end in CR LF"),
])
def test_a_post_script_that_no_shell_could_run_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        render(samples.profile(post=(samples.text_file("setup.sh", text),)))


# Kickstarts and templates of the user


def test_a_users_kickstart_is_taken_byte_for_byte() -> None:
    text = "text\nlang en_US\n\n%packages\n@core\n%end\n# \u00e9nd"
    assert render(samples.profile(kickstart=samples.text_file("my.ks", text))) == text


def test_a_users_kickstart_that_the_release_refuses_is_told_with_every_line() -> None:
    file = samples.text_file("my.ks", "text\nfoo\nlang en_US\nsshkey --username=root \"x\"\n")
    with pytest.raises(UsageError) as caught:
        render(samples.profile(kickstart=file))
    assert caught.value.message.splitlines() == [
        "my.ks: RHEL7 refuses lines of it", "  line 2: Unknown command: foo", "  line 4: Unknown command: sshkey"]


@pytest.mark.parametrize(("text", "said"), [
    ('text\nuser --gecos="a\n', "line 2: no closing quotation"), ('text\n""\n', "line 2: an empty command"),
    ("text\n%post\necho\n", "does not end with %end"),
])
def test_a_broken_kickstart_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        render(samples.profile(kickstart=samples.text_file("my.ks", text)))


TEMPLATE = """\
text
lang {{ profile.language }}
{{ network }}
rootpw --iscrypted {{ root.password_hash }}
{% for user in users %}
user --name={{ user.name }} --gecos={{ user.gecos }}
{% endfor %}
%packages
{% for package in host.packages %}
{{ package }}
{% endfor %}
%end
%post
echo {{ fact.note }}
echo {{ host.name|bare }}.log
%end
"""


def test_a_template_gets_quoted_values_that_kickstart_and_shell_read_alike() -> None:
    profile = samples.profile(template=samples.text_file("x.ks.j2", TEMPLATE),
                              users=(samples.user(gecos="A \"B\" $(id)"),))
    text = render(profile, samples.host(facts=MappingProxyType({"note": "it's $(id)"}), packages=("tuned",)))
    found = read(text, profile)
    assert found.users[0].gecos == 'A "B" $(id)'
    assert found.cards[0].ip == "192.0.2.10"
    assert found.packages == ("tuned",)
    done = subprocess.run(["sh", "-c", found.scripts[0]], capture_output=True, text=True, check=True)
    assert done.stdout == "it's $(id)\nh1.log\n"


@pytest.mark.parametrize(("text", "said"), [
    ("text\nlang {{ profile.lang }}\n", r"x\.ks\.j2 line 2: 'dict object' has no attribute 'lang'"),
    ("text\n{% if %}\n", r"x\.ks\.j2 line 2: Expected an expression"),
    ('text\n\nuser --gecos="{{ host.name }}"\n', r"x\.ks\.j2 line 3: \{\{ host\.name \}\} stands inside quotes"),
    ("text\n{{ host.__class__ }}\n", r"x\.ks\.j2 line 2: .*unsafe"),
    ("text\n{{ 1 // 0 }}\n", r"x\.ks\.j2 line 2: "),
    ("text\nlang {{ fact.note }}\n", r"x\.ks\.j2 line 2: .*control character"),
    ("text\n{{ release.family }} on\n", r"x\.ks\.j2 for h1: RHEL7 refuses a line of it\n  line 2: Unknown command"),
])
def test_a_mistake_of_a_template_is_told_with_file_and_line(text: str, said: str) -> None:
    host = samples.host(facts=MappingProxyType({"note": "a\nb"}))
    with pytest.raises(UsageError, match=said):
        render(samples.profile(template=samples.text_file("x.ks.j2", text)), host)


def test_values_are_never_templates() -> None:
    profile = samples.profile(users=(samples.user(gecos="{{ 7*7 }}{% raw %}"),))
    assert read(render(profile), profile).users[0].gecos == "{{ 7*7 }}{% raw %}"


# Whatever the values

NASTY = ["a\nrootpw --plaintext x", "a #b", 'a" --lock', "$(reboot)", "%end", "--lock", "-x", "a,b", "a:b", "{{ x }}",
         "\u017elu\u0165ou\u010dk\u00fd", "a\u2028b", "x\\", "'", '"']


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans.networks(), hostname=plans.HOSTNAMES, release=st.sampled_from(RELEASES))
def test_any_network_reads_back_as_it_was_meant(plan: NetworkPlan, hostname: str, release: str) -> None:
    # The command line of EL6 refuses a static IPv6 address before there is a kickstart (test_vectors).
    assume(not release.startswith("centos-6") or all(address.version == 4 for address in plan.addresses))
    host = samples.host(hostname=hostname, network=plan)
    profile = samples.profile(release, hosts=(host,))
    card = read(render(profile), profile).cards[0]
    assert card.hostname == hostname
    assert [a for a in (card.ip, card.ipv6.partition("/")[0]) if a not in ("", "dhcp", "auto")] == \
        [str(a.ip) for a in plan.addresses]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=30) | st.text("aZ0-_/.:@^*\"'\\#$`%{}; ", max_size=20) | st.sampled_from(NASTY),
       field=st.sampled_from(["gecos", "shell", "timezone", "language", "keyboard", "ntp", "package", "service", "key",
                              "hash", "group", "fact"]),
       release=st.sampled_from(RELEASES))
def test_any_text_reads_back_as_it_was_or_is_refused(text: str, field: str, release: str) -> None:
    user = samples.user(ssh_keys=(key_for(release),))
    changes = {
        "gecos": {"users": (samples.changed(user, gecos=text),)},
        "shell": {"users": (samples.changed(user, shell=text),)},
        "group": {"users": (samples.changed(user, groups=(text,)),)}, "key": {"root": Root(ssh_keys=(text,))},
        "hash": {"root": Root(password_hash=text)}, "timezone": {"timezone": text}, "language": {"language": text},
        "keyboard": {"keyboard": text}, "ntp": {"ntp": (text,)}, "package": {"packages": (text,)},
        "service": {"services": Services(enabled=(text,))}, "fact": {},
    }[field]
    host = samples.host(facts=MappingProxyType({"note": text} if field == "fact" else {}))
    profile = samples.profile(release, post=(samples.text_file("s.sh", "echo\n"),), **changes)
    try:
        made = render(profile, host)
    except UsageError:
        return
    found = read(made, profile)
    if field in ("gecos", "shell"):
        assert getattr(found.users[0], field) == text
    if field in ("timezone", "language"):
        assert getattr(found, field) == text
    assert found.root is not None
    assert found.erase.drives == ("xvda",)
    assert len(found.scripts) == made.count("\n%post ")


# Many hosts


def test_kickstarts_of_many_hosts_are_read_back_once_and_yet_each_is_right() -> None:
    profile = samples.profile(users=(samples.user(),))
    many = kickstart.Kickstarts(profile, install_url=URL, machine="xen-pv")
    for number in range(2, 30):
        host = samples.host(name=f"n{number}", hostname=f"n{number}.example.com",
                            network=samples.network(addresses=(f"192.0.2.{number + 10}/24",)))
        assert many.of(host) == render(profile, host)
    assert len(many._read) < 5


@pytest.mark.parametrize("limit", [256, 1])
def test_hosts_of_every_kind_in_one_fleet_get_what_each_gets_alone(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kickstart, "FRAMES", limit)
    kinds: list[dict[str, Any]] = [
        {}, {"disk": Disk(name="xvdb")}, {"disk": Disk(name="smallest nvme", order="smallest", kind="nvme")},
        {"storage": Storage(layout="lvm")}, {"storage": Storage(layout="lvm", encrypt=presets.TANG)},
        {"disk": Disk(name="largest", order="largest"), "storage": Storage(layout="lvm", encrypt=presets.TANG)},
        {"firmware": "uefi"}, {"console": "ttyS0,115200n8"}, {"kernel_arguments": ("quiet",)}, {"packages": ("tuned",)},
        {"facts": MappingProxyType({"role": "web"})}, {"facts": MappingProxyType({"role": "db", "rack": "4"})}]
    hosts = [samples.host(name=f"n{number}", hostname=f"n{number}.example.com", **kind, network=samples.network(
                 addresses=(f"192.0.2.{number + 10}/24",))) for number, kind in enumerate(kinds * 2)]
    origins = {f"host.{host.name}.{key}": Origin("fleet.toml", line) for line, host in enumerate(hosts)
               for key in ("address", "disk", "console")[: line % 4]}
    profile = samples.profile("rocky-9.6", users=(samples.user(),), origins=MappingProxyType(origins),
                              post=(samples.text_file("s.sh", "#!/bin/bash -x\necho $fact_role\n"),))
    many = kickstart.Kickstarts(profile, install_url=URL, machine="pc")
    assert [many.of(host) for host in hosts] == [render(profile, host, "pc") for host in hosts]
    assert len(many._frames) <= limit


def test_hosts_that_differ_in_more_than_names_have_another_shape() -> None:
    profile = samples.profile()
    one, two = samples.host(), samples.host(disk=Disk(name="xvdb"))
    assert kickstart.shape(render(profile, one), one) != kickstart.shape(render(profile, two), two)


def test_every_generation_has_a_kickstart_here() -> None:
    seen = {samples.profile(release).release.generation.name for release in RELEASES}
    assert seen == set(GENERATIONS)


@pytest.mark.parametrize(("user", "said"), [
    (samples.user(gecos="a:b"), r'user\.admin\.gecos: "a:b" holds a colon'),
    (samples.user("root"), r'user\.root: "root" is no name of a user'),
    (samples.user(groups=("a,b",)), r'user\.admin\.groups: "a,b" is not a group'),
    (samples.user(password_hash="s3cret"), r"user\.admin\.password: plain text"),
])
def test_a_value_that_the_installed_system_could_not_hold_is_refused_by_key(user: object, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        render(samples.profile(users=(user,)))
    assert "s3cret" not in caught.value.message


def test_all_values_that_cannot_be_held_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        render(samples.profile(timezone="-x", packages=("a b",)))
    assert caught.value.message.splitlines() == [
        "web: 2 values that no kickstart can hold", '  timezone: "-x" is not a time zone such as Europe/Prague',
        '  packages: "a b" is not a package, @group or @^environment']
