"""Sections of a kickstart: scripts of the user with their logs, add-ons, registration, repositories, Xen guests."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.boot.kickstart import render
from builder.boot.line.cmdline import Machine
from builder.boot.review import parsed
from builder.errors import UsageError
from builder.profile import resolve
from builder.profile.secrets import Secret
from builder.profile.values import Addon, Disk, Profile, Rhsm, Root, Xen
from tests.unit import presets, samples

Write = Callable[[str], Path]
RHSM = Rhsm(organization=Secret("1234567"), activation_key=Secret("web servers"))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        for name in ("a.sh", "b.sh"):
            (tmp_path / name).write_text("echo\n")
        (tmp_path / "key").write_text("web servers\n")
        (tmp_path / "key").chmod(0o600)
        (tmp_path / "web.toml").write_text(text + '\ndisk = { size = "20 GiB" }\n[host.h1]\n' if "[host" not in text else text)
        return tmp_path / "web.toml"

    return write


def read(path: Path, **environment: str) -> Profile:
    return resolve.read(path, path.name, environment)[0]


def refused(path: Path, **environment: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(path, **environment)
    return caught.value.message


def made(profile: Profile, machine: Machine = "pc", url: str = "http://192.0.2.5/tree") -> str:
    return render.render(profile, profile.hosts[0], install_url=url, machine=machine)


def logs(text: str) -> list[str]:
    """Section and log of each script, in order."""
    return [" ".join((found[1], found[2])) for found in re.finditer(r"(?m)^(%\w+).*--log=(\S+)", text)]


def body(text: str, log: str) -> str:
    found = re.search(rf"(?ms)^%\w+[^\n]*{log}\.log[^\n]*\n(.*?)^%end$", text)
    assert found, text
    return found[1]


# Scripts of the user


def test_scripts_of_the_profile_are_read_beside_it(write: Write) -> None:
    profile = read(write('release = "rocky-9"\npre = ["a.sh"]\npost = ["b.sh"]\nonerror = ["a.sh", "b.sh"]'))
    assert [file.path for file in (*profile.pre, *profile.post, *profile.onerror)] == ["a.sh", "b.sh", "a.sh", "b.sh"]
    assert "no.sh: No such file" in refused(write('release = "rocky-9"\nonerror = ["no.sh"]'))


def test_every_script_has_a_log_and_ends_the_installation_where_it_fails_but_for_onerror() -> None:
    file = samples.text_file("s.sh", "#!/bin/bash -eu\ntrue\n")
    text = made(presets.profile("rocky-9.6", "rule", pre=(file, file), post=(file,), onerror=(file,)))
    heads = [line for line in text.splitlines() if re.match(r"%(pre|post|onerror) ", line)]
    assert heads == [
        "%pre --interpreter=/bin/bash --log=/tmp/pinboot-pre-1.log --erroronfail",
        "%pre --interpreter=/bin/bash --log=/tmp/pinboot-pre-2.log --erroronfail",
        "%pre --log=/tmp/pinboot-pre-disk.log --erroronfail",
        "%post --nochroot --log=/tmp/pinboot-carry.log --erroronfail",
        "%post --log=/root/pinboot-bootorder.log --erroronfail",
        "%post --interpreter=/bin/bash --log=/root/pinboot-post-1.log --erroronfail",
        "%onerror --interpreter=/bin/bash --log=/tmp/pinboot-onerror-1.log",
    ]


def test_logs_of_scripts_before_the_disk_end_in_the_installed_system() -> None:
    text = made(samples.profile("rocky-9.6", pre=(samples.text_file("s.sh", "true\n"),)))
    assert 'for log in /tmp/pinboot-*.log; do\n  if [ -f "$log" ]; then cp "$log" "$root/root/"; fi' in body(text, "carry")
    assert "pinboot-carry" not in made(samples.profile("rocky-9.6"))


def test_el6_runs_no_onerror() -> None:
    with pytest.raises(UsageError, match="onerror: the installer of EL6 runs no %onerror"):
        made(samples.profile("centos-6.10", onerror=(samples.text_file("s.sh", "true\n"),)))


@pytest.mark.parametrize("field", ["pre", "post", "onerror"])
def test_a_line_that_the_installer_would_read_is_refused_in_every_kind(field: str) -> None:
    file = samples.text_file("x.sh", "echo\n%include /etc/shadow\n")
    with pytest.raises(UsageError, match=r"x\.sh line 2: a line that starts with %include"):
        made(samples.profile("rocky-9.6", **{field: (file,)}))


# Add-ons


def test_an_addon_is_a_section_with_options_and_lines(write: Write) -> None:
    profile = read(write('release = "rocky-9"\ndisk = { size = "20 GiB" }\n[addon.com_redhat_kdump]\n'
                         'options = ["--enable", "--reserve-mb=auto"]\n[addon.org_fedora_oscap]\n'
                         'lines = ["profile = standard"]\n[host.h1]\n'))
    assert profile.addons == (Addon(name="com_redhat_kdump", options=("--enable", "--reserve-mb=auto")),
                              Addon(name="org_fedora_oscap", lines=("profile = standard",)))
    text = made(samples.profile("rocky-9.6", addons=profile.addons))
    assert "\n%addon com_redhat_kdump --enable --reserve-mb=auto\n%end\n" in text
    assert "\n%addon org_fedora_oscap\nprofile = standard\n%end\n" in text


@pytest.mark.parametrize(("release", "table", "reason"), [
    ("centos-6.10", "[addon.com_redhat_kdump]", "the installer of EL6 has no modules"),
    ("rocky-9", '[addon."a b"]', '"a b" is no name of an installer module'),
    ("rocky-9", '[addon.abc]\noptions = ["enable"]', '"enable" is no option'),
    ("rocky-9", '[addon.abc]\nlines = ["%end"]', '"%end" would end the section'),
])
def test_an_addon_that_cannot_be_is_refused(write: Write, release: str, table: str, reason: str) -> None:
    assert reason in refused(write(f'release = "{release}"\ndisk = {{ size = "20 GiB" }}\n{table}\n[host.h1]\n'))


# Registration of RHEL


def test_rhsm_is_a_command_since_el8_and_a_script_before() -> None:
    host = samples.host(rhsm=RHSM)
    new = made(samples.profile("rhel-9.6", hosts=(host,)))
    assert '\nrhsm --organization=1234567 --activation-key="web servers"\n' in new
    assert "subscription-manager" not in new
    old = made(samples.profile("rhel-7.9", hosts=(host,)))
    assert "\nrhsm " not in old and "\nsubscription-manager\n" in old
    assert "# pinboot-secret activation-key web servers\n" in old
    assert "web servers" not in "".join(parsed.parse_back(old, samples.profile("rhel-7.9").release.generation, "x").scripts)


def test_rhsm_takes_references_only_and_rhel_only(write: Write) -> None:
    rest = '\ndisk = { size = "20 GiB" }\n[rhsm]\norganization = "env:ORG"\nactivation_key = "file:key"\n[host.h1]\n'
    profile = read(write(f'release = "rhel-9.6"{rest}'), ORG="1234567")
    assert profile.hosts[0].rhsm == RHSM
    assert "Rocky Linux has no subscriptions" in refused(write(f'release = "rocky-9"{rest}'), ORG="1")
    assert '"ORG" is not set' in refused(write(f'release = "rhel-9.6"{rest}'))
    plain = refused(write(f'release = "rhel-9.6"{rest}'.replace("file:key", "hunter2")), ORG="1")
    assert "rhsm.activation_key" in plain and "plain text" in plain and "hunter2" not in plain
    missing = refused(write(f'release = "rhel-9.6"{rest}'.replace('organization = "env:ORG"\n', "")))
    assert 'rhsm.organization  missing; organization = "env:NAME" or "file:PATH"' in missing


# Repositories of the installed system

CENTOS8 = "https://vault.centos.org/8.5.2111/BaseOS/x86_64/os"


@pytest.mark.parametrize(("release", "wanted", "url", "baseurls"), [
    ("rocky-9.6", "", "http://m/9/BaseOS/x86_64/os", []),
    ("rocky-9.6", "mirror", "http://m/9/BaseOS/x86_64/os",
     ["http://m/9/BaseOS/x86_64/os/", "http://m/9/AppStream/x86_64/os/"]),
    ("rocky-9.6", "mirror", "http://m/tree", ["http://m/tree/"]),
    ("centos-7.9.2009", "keep", "http://m/os/x86_64", []),
    ("centos-7.9.2009", "mirror", "http://m/c7/os/x86_64", ["http://m/c7/os/x86_64/"]),
    ("centos-8.5.2111", "", CENTOS8, [f"{CENTOS8}/", f"{CENTOS8}/".replace("BaseOS", "AppStream")]),
    ("centos-8.5.2111", "", "http://m/BaseOS/x86_64/os", [f"{CENTOS8}/", f"{CENTOS8}/".replace("BaseOS", "AppStream")]),
])
def test_the_installed_system_asks_where_the_profile_says(release: str, wanted: str, url: str, baseurls: list[str]) -> None:
    text = made(samples.profile(release, installed_repos=wanted), url=url)
    assert re.findall(r"baseurl=([^ ']+)", text) == baseurls
    assert text.count("gpgcheck=1") == len(baseurls)


def test_a_release_without_a_vault_has_none_to_point_at(write: Write) -> None:
    assert "RHEL 9.6 has no vault here" in refused(write('release = "rhel-9.6"\ninstalled_repos = "vault"')).replace(
        "Red Hat Enterprise Linux", "RHEL")


def test_the_word_for_the_repositories_is_one_of_three(write: Write) -> None:
    assert read(write('release = "rocky-9"\ninstalled_repos = "mirror"')).installed_repos == "mirror"
    assert 'wants one of "keep", "vault", "mirror"' in refused(write('release = "rocky-9"\ninstalled_repos = "none"'))


# Guests of Xen


@pytest.mark.parametrize(("release", "getty"), [
    ("centos-6.10", "exec /sbin/agetty /dev/hvc0"), ("centos-7.9.2009", "systemctl enable serial-getty@hvc0.service"),
])
@pytest.mark.parametrize("run", ["pygrub", "kept-kernel"])
def test_a_pv_guest_has_a_login_on_its_console_and_the_drivers_in_its_initramfs(release: str, getty: str, run: str) -> None:
    profile = samples.profile(release, xen=samples.changed(Xen(), run=run), root=Root(ssh_keys=(samples.RSA,)))
    script = body(made(profile, "xen-pv"), "xen")
    assert getty in script
    assert 'add_drivers+=" xen-blkfront xen-netfront "' in script
    assert 'dracut -f "/boot/initramfs-$version.img" "$version"' in script
    assert "BLSCFG" not in script


def test_an_hvm_guest_and_a_machine_get_no_such_thing() -> None:
    for machine in ("xen-hvm", "kvm", "pc"):
        assert "pinboot-xen" not in made(samples.profile("rocky-9.6"), machine)  # type: ignore[arg-type]


def test_a_pvh_guest_has_ext4_boot_and_a_menu_without_bls_where_grub_of_dom0_looks() -> None:
    text = made(samples.profile("fedora-44", xen=Xen(run="pvgrub")), "xen-pvh")
    assert "\npart /boot --fstype=ext4 --size=1024 --ondisk=xvda\n" in text
    assert "GRUB_ENABLE_BLSCFG=false" in body(text, "xen")
    assert "/etc/kernel/install.d/95-pinboot-pvgrub.install" in body(text, "pvgrub")
    assert text.index("pinboot-xen.log") < text.index("pinboot-pvgrub.log")


def test_pvgrub_on_el6_is_refused() -> None:
    profile = samples.profile("centos-6.10", xen=Xen(run="pvgrub"), root=Root(ssh_keys=(samples.RSA,)))
    with pytest.raises(UsageError, match="pvgrub reads grub.cfg, which EL6 does not write"):
        made(profile, "xen-pv")


# UEFI


@pytest.mark.parametrize(("machine", "firmware", "there"), [
    ("pc", "", True), ("pc", "uefi", True), ("pc", "bios", False), ("kvm", "", True), ("xen-hvm", "", False),
    ("xen-hvm", "uefi", True), ("xen-pv", "uefi", False),
])
def test_the_boot_order_is_changed_where_the_firmware_may_have_one(machine: Machine, firmware: str, there: bool) -> None:
    host = samples.host(firmware=firmware, disk=Disk(name="xvda"))
    assert ("efibootmgr" in made(samples.profile("centos-7.9.2009", hosts=(host,)), machine)) is there


def test_hosts_that_share_their_shape_share_their_sections_and_others_do_not() -> None:
    many = render.Kickstarts(samples.profile("rocky-9.6"), install_url="http://192.0.2.5/t", machine="pc")
    for number in range(5):
        many.of(samples.host(name=f"h{number}", firmware="bios"))
    assert len(many._own) == 1
    assert "efibootmgr" in many.of(samples.host(firmware="uefi"))
    assert len(many._own) == 2
