"""Disks and storage: what a profile may say of them, what a release cannot make, and what the kickstart makes of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.boot.kickstart import disks, render
from builder.boot.kickstart import storage as words
from builder.boot.line.cmdline import Machine
from builder.boot.review import parsed, unattended
from builder.errors import UsageError
from builder.finding import Severity
from builder.profile import resolve
from builder.profile import storage as plan
from builder.profile.secrets import Secret
from builder.profile.values import Disk, Encryption, Host, Profile, Storage, Volume, Xen
from tests.unit import presets, samples

Write = Callable[..., Path]
# No outputs: what a profile for real machines will have, as far as disks are concerned.
BARE = "outputs = []\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, release: str = "rocky-9") -> Path:
        (tmp_path / "luks").write_text(presets.PASSPHRASE + "\n")
        (tmp_path / "luks").chmod(0o600)
        (tmp_path / "web.toml").write_text(f'release = "{release}"\n' + BARE + textwrap.dedent(text))
        return tmp_path / "web.toml"

    return write


def read(path: Path) -> Profile:
    return resolve.read(path, path.name, {})[0]


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read(path)
    assert presets.PASSPHRASE not in caught.value.message
    return caught.value.message


def host(write: Write, storage: str, disk: str = '"sda"', release: str = "rocky-9", more: str = "") -> Host:
    return read(write(f"storage = {storage}\ndisk = {disk}\n{more}\n[host.h1]\n", release)).hosts[0]


def made(profile: Profile, machine: Machine = "pc") -> str:
    return render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/t", machine=machine)


# What a profile says


def test_a_whole_storage_table_becomes_values(write: Write) -> None:
    found = host(write, """{ layout = "lvm", swap = "4 GiB", encrypt = { passphrase = "file:luks", tang = "http://10.0.0.9" },
        volumes = { "/" = "20 GiB", "/var/log" = "10 GiB", "/home" = "rest", "/boot" = "2 GiB" } }""".replace("\n", " "))
    assert found.storage == Storage(
        layout="lvm", swap=4096, encrypt=Encryption(passphrase=Secret(presets.PASSPHRASE), tang="http://10.0.0.9"),
        volumes=(Volume(mount="/", size=20480), Volume(mount="/boot", size=2048), Volume(mount="/home", size=None),
                 Volume(mount="/var/log", size=10240)))


@pytest.mark.parametrize(("text", "expected"), [
    ('"sda"', Disk(name="sda")), ('"/dev/disk/by-id/nvme-eui.0025"', Disk(name="by-id/nvme-eui.0025")),
    ('"smallest nvme"', Disk(name="smallest nvme", order="smallest", kind="nvme")),
    ('"largest"', Disk(name="largest", order="largest")),
    ('{ name = "first sata", size = "100 GiB" }', Disk(name="first sata", size=100 << 30, order="first", kind="sata")),
])
def test_a_disk_is_a_name_an_id_or_a_rule(write: Write, text: str, expected: Disk) -> None:
    assert host(write, '"plain"', text).disk == expected


def test_a_mirror_has_a_list_of_disks(write: Write) -> None:
    found = host(write, '"raid1"', '["sda", "/dev/sdb"]', more='firmware = "bios"')
    assert (found.disk.names, found.firmware) == (("sda", "sdb"), "bios")


def test_a_host_overrides_firmware_disk_and_storage_of_the_profile(write: Write) -> None:
    profile = read(write("""\
        firmware = "uefi"
        storage = "lvm"
        [host.a]
        disk = "sda"
        [host.b]
        disk = ["sda", "sdb"]
        storage = "raid1"
        firmware = "bios"
        """))
    assert [(h.firmware, h.storage.layout) for h in profile.hosts] == [("uefi", "lvm"), ("bios", "raid1")]


@pytest.mark.parametrize(("storage", "key", "reason"), [
    ('"zfs"', "storage", '"zfs" is no layout; wants "plain", "lvm", "lvm-thin", "raid1"'),
    ('{ volumes = { "/home" = "rest" } }', "storage.volumes", 'no "/"; the root file system needs a size, or "rest"'),
    ('{ volumes = { "/" = "rest", "/home" = "rest" } }', "storage.volumes", "/ and /home both want the rest"),
    ('{ volumes = { "/" = "10 GB" } }', "storage.volumes./", '"10 GB" is no size'),
    ('{ volumes = { "/" = "1 GiB" } }', "storage.volumes./", '"1 GiB" is too small for / (at least 2048 MiB)'),
    ('{ volumes = { "/" = "rest", "/srv" = "100 MiB" } }', "storage.volumes./srv", "too small for /srv"),
    ('{ volumes = { "/" = "rest", "/srv" = "1048577 KiB" } }', "storage.volumes./srv", "is no whole number of MiB"),
    ('{ volumes = { "/" = "rest", "srv" = "1 GiB" } }', "storage.volumes.srv", "is no place for a file system"),
    ('{ volumes = { "/" = "rest", "/a/../etc" = "1 GiB" } }', "storage.volumes./a/../etc", "is no place"),
    ('{ volumes = { "/" = "rest", "/etc" = "1 GiB" } }', "storage.volumes./etc", "must be on the root file system"),
    ('{ volumes = { "/" = "rest", "/boot" = "rest" } }', "storage.volumes./boot", "/boot takes no rest"),
    ('{ volumes = { "/" = "rest", "swap" = "1 GiB" } }', "storage.volumes.swap", "swap has its own key"),
    ('{ volumes = { "/" = "rest", "/boot/efi" = "1 GiB" } }', "storage.volumes./boot/efi", 'made by firmware = "uefi"'),
    ('{ volumes = { "/" = "rest", "/a/b" = "1 GiB", "/a_b" = "1 GiB" } }', "storage.volumes",
     "/a/b and /a_b would be volumes of the same name"),
    ('{ encrypt = { passphrase = "hunter2hunter2" } }', "storage.encrypt.passphrase", "plain text; only file:PATH or env:"),
    ('{ encrypt = { passphrase = "env:NOPE" } }', "storage.encrypt.passphrase", '"NOPE" is not set'),
    ('{ encrypt = { tang = "http://10.0.0.9" } }', "storage.encrypt.passphrase", "missing; the installer needs one"),
    ('{ encrypt = { passphrase = "file:luks", tang = "tang.lan" } }', "storage.encrypt.tang", "is no plain http URL"),
    ('{ encrypt = { passphrase = "file:luks", tang = "http://t", thumbprint = "x" } }', "storage.encrypt.thumbprint",
     '"x" is no thumbprint; tang-show-keys prints it'),
    ('{ encrypt = { passphrase = "file:luks", thumbprint = "3ZWS6-cDrCG61UPJS2BMmPU4I54" } }',
     "storage.encrypt.thumbprint", "is that of a tang server"),
    ('{ lines = ["rootpw s3cret"] }', "storage.lines", '"rootpw" divides no disk; a line starts with one of part, '),
    ('{ lines = ["part / --size=1 --encrypted --passphrase=hunter2"] }', "storage.lines", "--passphrase in clear"),
    ('{ lines = ["part \\"/"] }', "storage.lines", "a line with an open quote"),
    ('{ lines = ["autopart"], layout = "lvm" }', "storage.lines", "stand in place of layout"),
])
def test_a_storage_that_cannot_be_is_told_by_key(write: Write, storage: str, key: str, reason: str) -> None:
    said = refused(write(f'storage = {storage}\ndisk = "sda"\n[host.h1]\n'))
    assert any(key in row and reason in row for row in said.splitlines()), said
    assert "hunter2" not in said and "s3cret" not in said


@pytest.mark.parametrize(("disk", "reason"), [
    ('"smallest usb"', '"smallest usb" is no disk and no rule; a rule is one of smallest, largest, first, and then'),
    ('"nvme smallest"', "is no disk and no rule"), ('["sda", "first sata"]', "is no disk and no rule"),
    ('["sda", "sda"]', "one disk twice"), ('["sda", "sdb"]', 'several disks are for storage = "raid1"'),
    ('{ size = "20 GiB" }', "which disk of the machine may be erased"),
])
def test_a_disk_that_cannot_be_is_told(write: Write, disk: str, reason: str) -> None:
    assert reason in refused(write(f"disk = {disk}\n[host.h1]\n"))


def test_a_guest_of_xen_has_no_disks_to_choose_from(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('release = "centos-7"\ndisk = { name = "smallest", size = "20 GiB" }\n[host.h1]\n')
    assert "a guest has no disks to choose from; name it xvda" in refused(path)
    path.write_text('release = "centos-7"\ndisk = { name = ["xvda", "xvdb"], size = "20 GiB" }\n[host.h1]\n')
    assert "a mirror belongs under it, into its host" in refused(path)


@pytest.mark.parametrize(("release", "storage", "more", "reason"), [
    ("centos-6.10", '"lvm-thin"', "", "storage  "),
    ("centos-6.10", '"lvm-thin"', "", "the installer of EL6 has thin pools only from 6.4"),
    ("rocky-9", '"raid1"', "", 'raid1 wants two disks: disk = ["sda", "sdb"]'),
    ("centos-6.10", '{ encrypt = { passphrase = "file:luks", tang = "http://t" } }', "", "EL6 has no clevis"),
    ("centos-7", '{ encrypt = { passphrase = "file:luks", tang = "http://t" } }', "", "clevis of EL7 would stop and ask"),
    ("rocky-9", '{ volumes = { "/" = "90 GiB", "/home" = "20 GiB" } }', "", "take 114752 MiB; the disk has 102400 MiB"),
])
def test_what_a_release_or_a_disk_cannot_make_is_refused(write: Write, release: str, storage: str, more: str,
                                                         reason: str) -> None:
    said = refused(write(f'storage = {storage}\ndisk = {{ name = "sda", size = "100 GiB" }}\n{more}\n[host.h1]\n', release))
    assert reason in said


def test_a_mistake_of_the_whole_profile_is_told_once_and_not_for_every_host(write: Write) -> None:
    said = refused(write('storage = "raid1"\ndisk = "sda"\n[host.a]\n[host.b]\n[host.c]\n'))
    assert said.count("raid1 wants two disks") == 1


def test_a_passphrase_file_that_others_can_read_is_refused(write: Write, tmp_path: Path) -> None:
    path = write('storage = { encrypt = { passphrase = "file:luks" } }\ndisk = "sda"\n[host.h1]\n')
    (tmp_path / "luks").chmod(0o640)
    assert "can be read by others (mode 0640); chmod 600" in refused(path)


@pytest.mark.parametrize(("text", "reason"), [
    ("short", "must have 8 to 512 characters"), (" padded passphrase", "no blank at either end"),
    ("žluťoučký kůň", "beyond printable ASCII"),
])
def test_a_passphrase_that_nobody_could_type_at_boot_is_refused(write: Write, tmp_path: Path, text: str,
                                                               reason: str) -> None:
    path = write('storage = { encrypt = { passphrase = "file:luks" } }\ndisk = "sda"\n[host.h1]\n')
    (tmp_path / "luks").write_text(text + "\n")
    assert reason in refused(path)


# What the kickstart makes of it


@pytest.mark.parametrize(("release", "preset"), presets.TAKEN, ids=lambda word: word)
def test_every_release_installs_every_preset_without_anybody_at_the_screen(release: str, preset: str) -> None:
    profile = presets.profile(release, preset)
    one = profile.hosts[0]
    found = unattended.check(made(profile), profile.release.generation, one, where="ks.cfg")
    assert [finding.severity for finding in found] == [Severity.OK], found
    assert found[0].text.startswith("nothing will stop and ask; root can log in; only ")


@pytest.mark.parametrize(("release", "preset"), list(presets.REFUSED), ids=lambda word: word)
def test_a_preset_that_a_release_cannot_make_is_refused_at_the_kickstart_too(release: str, preset: str) -> None:
    with pytest.raises(UsageError, match=presets.REFUSED[release, preset]):
        made(presets.profile(release, preset))


def lines(release: str, preset: str, *first: str) -> list[str]:
    text = disks.expanded(made(presets.profile(release, preset)))
    head = text.partition("%packages")[0]
    return [line for line in head.splitlines() if line.split(" ", 1)[0] in first]


def test_each_disk_of_a_mirror_can_start_the_machine() -> None:
    assert [line for line in lines("rocky-9.6", "raid1-bios", "part", "clearpart") if "biosboot" in line or "clear" in line] == [
        "clearpart --all --initlabel --drives=sda,sdb --disklabel=gpt",
        "part biosboot --fstype=biosboot --size=1 --ondisk=sda", "part biosboot --fstype=biosboot --size=1 --ondisk=sdb"]
    assert "raid /boot/efi --device=boot_efi --level=RAID1 --fstype=efi raid.efi1 raid.efi2" in \
        lines("rocky-9.6", "raid1-uefi", "raid")


def test_arrays_of_el6_have_numbers_and_its_boot_loader_both_disks() -> None:
    assert [line.split()[2] for line in lines("centos-6.10", "raid1-bios", "raid")] == ["--device=md0", "--device=md1"]
    assert lines("centos-6.10", "raid1-bios", "bootloader") == ["bootloader --location=mbr --driveorder=sda,sdb"]


@pytest.mark.parametrize(("release", "size"), [("centos-6.10", 200), ("centos-7.9.2009", 600), ("rocky-10", 600)])
def test_a_machine_that_is_said_to_have_uefi_gets_its_partition(release: str, size: int) -> None:
    found = lines(release, "plain-uefi", "part", "reqpart")
    assert found[0] == f"part /boot/efi --fstype=efi --size={size} --ondisk=sda"
    assert "reqpart" not in found


@pytest.mark.parametrize(("release", "there"), [("centos-6.10", False), ("centos-7.9.2009", True), ("fedora-44", True)])
def test_without_a_word_on_firmware_the_installer_makes_what_the_machine_wants(release: str, there: bool) -> None:
    assert (lines(release, "plain", "reqpart") == ["reqpart"]) is there


@pytest.mark.parametrize(("release", "options"), [
    ("centos-6.10", ""), ("centos-7.9.2009", ""), ("rocky-8", " --luks-version=luks2 --pbkdf=pbkdf2"),
    ("fedora-44", " --luks-version=luks2 --pbkdf=pbkdf2"),
])
def test_encryption_is_written_as_the_release_knows_it(release: str, options: str) -> None:
    (pv,) = [line for line in lines(release, "luks-lvm-fips", "part") if "pv.01" in line]
    assert pv == f'part pv.01 --size=1 --grow --ondisk=sda --encrypted --passphrase="correct \\"horse\\" #1 $battery"{options}'


def test_plain_file_systems_are_encrypted_one_by_one_and_boot_is_not() -> None:
    found = lines("rocky-9.6", "luks-plain", "part")
    assert [("--encrypted" in line) for line in found] == [False, True, True]


def test_a_tang_server_is_asked_by_the_initramfs_through_the_same_network() -> None:
    text = made(presets.profile("rocky-9.6", "luks-raid1-tang"))
    assert '--append="rd.neednet=1 ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:enp1s0:none nameserver=' in text
    assert f"""-y -k - -d "$device" tang '{{"url":"http://10.0.0.9","thp":"{presets.THUMBPRINT}"}}'""" in text
    assert "\nclevis-dracut\n" in text


def test_a_release_before_clevis_cannot_ask_a_tang_server() -> None:
    with pytest.raises(UsageError, match=r"storage\.encrypt\.tang: clevis came with EL7\.4, and this is CentOS 7\.2\.1511"):
        made(presets.profile("centos-7.2.1511", "luks-raid1-tang"))


def test_the_passphrase_stands_in_commands_and_a_comment_but_in_no_script() -> None:
    text = made(presets.profile("rocky-9.6", "luks-raid1-tang"))
    with_it = [line for line in text.splitlines() if presets.PASSPHRASE in line.replace("\\", "")]
    assert [line.split()[0] for line in with_it] == ["#", "raid"]


def test_a_layout_that_fits_by_itself_needs_the_disk_that_it_needs() -> None:
    small = samples.host(disk=Disk(name="sda", size=30 << 30), storage=Storage(layout="lvm", volumes=presets.VOLUMES))
    assert words.too_small(small) == "sda has 30720 MiB; /boot, swap and the volumes take 33344 MiB"


def test_lines_of_the_user_get_the_disk_and_are_judged_by_the_release() -> None:
    assert lines("rocky-9.6", "lines", "part") == ["part /boot --fstype=ext4 --size=1024 --ondisk=sda",
                                                   "part / --fstype=ext4 --size=1 --grow --ondisk=sda"]
    bad = samples.profile("centos-6.10", hosts=(samples.host(storage=Storage(lines=("autopart --type=thinp",))),))
    with pytest.raises(UsageError, match=r"host\.h1\.storage\.lines: .*RHEL6 refuses a line"):
        made(bad)


def test_lines_of_the_user_may_name_no_other_disk() -> None:
    bad = samples.profile(hosts=(samples.host(storage=Storage(lines=("part / --size=4096 --ondisk=sdq",))),))
    with pytest.raises(UsageError, match="sdq is no disk of this host") as caught:
        made(bad)
    assert "@disk@" in caught.value.hint


@pytest.mark.parametrize(("run", "lines", "reason"), [
    ("pygrub", ("autopart --type=plain",), "autopart makes /boot xfs, and pygrub reads ext4 only"),
    ("pygrub", ("part /boot --fstype=xfs --size=500", "part / --size=4096"), "/boot is xfs, and pygrub reads ext4 only"),
    ("pvgrub", ("part pv.1 --size=9000", "volgroup g pv.1", "logvol / --vgname=g --name=r --size=8000 --fstype=ext4"),
     "/ is on LVM, which pvgrub cannot read"),
    ("pygrub", ("part / --fstype=ext4 --size=4096 --encrypted",), "/ is encrypted, and pygrub has no passphrase"),
])
def test_a_pv_guest_whose_loader_could_not_read_its_boot_is_refused(run: str, lines: tuple[str, ...], reason: str) -> None:
    profile = samples.profile(xen=samples.changed(Xen(), run=run), hosts=(samples.host(storage=Storage(lines=lines)),))
    with pytest.raises(UsageError, match=reason) as caught:
        made(profile, "xen-pv")
    assert caught.value.hint == "part /boot --fstype=ext4 --size=1024, a partition of its own"


def test_a_kickstart_of_the_user_for_a_pv_guest_is_judged_alike() -> None:
    text, generation = "text\nautopart\n%packages\n%end\n", samples.profile().release.generation
    for loader, there in (("pygrub", True), ("kept-kernel", False), ("", False)):
        found = unattended.check(text, generation, samples.host(), where="my.ks", loader=loader)
        said = [f for f in found if f.text.startswith("h1: autopart makes /boot xfs, and pygrub reads ext4 only")]
        assert [f.severity for f in said] == [Severity.ERROR] * there


# A rule


def test_a_rule_leaves_no_disk_in_the_kickstart_but_the_one_that_it_includes() -> None:
    text = made(presets.profile("rocky-9.6", "rule"))
    assert text.count("%include /tmp/pinboot-disk.ks") == 1
    assert not [line for line in text.partition("%packages")[0].splitlines() if line.startswith(("part", "clearpart"))]
    read = parsed.parse_back(disks.expanded(text), samples.profile("rocky-9.6").release.generation, "ks")
    assert read.disks == (disks.STANDIN,)


def test_text_of_others_is_never_expanded() -> None:
    text = "%include /tmp/pinboot-disk.ks\n"
    assert disks.expanded(text) == text


def test_scripts_of_the_user_learn_which_disk_it_became() -> None:
    text = made(presets.profile("rocky-9.6", "rule", post=(samples.text_file("a.sh", "echo $PINBOOT_DISK\n"),)))
    assert "\nPINBOOT_DISK=$(cat /root/pinboot-disk)\n" in text


@pytest.mark.parametrize("field", ["kickstart", "template"])
def test_a_kickstart_of_the_user_chooses_its_disk_by_itself(field: str) -> None:
    profile = presets.profile("rocky-9.6", "rule", **{field: samples.text_file("my.ks", "text\n")})
    with pytest.raises(UsageError, match='the rule "smallest nvme" is for kickstarts that pinboot makes; my.ks says'):
        made(profile)


# Whatever the sizes

MOUNTS = st.sampled_from(["/home", "/var", "/var/log", "/srv", "/opt/x", "/usr", "/a-b.c", "/tmp"])


@st.composite
def storages(draw: st.DrawFn) -> Storage:
    mounts = ["/", *draw(st.lists(MOUNTS, max_size=4, unique=True))]
    greedy = draw(st.sampled_from([None, *mounts]))
    sizes: dict[str, Any] = {mount: None if mount == greedy else draw(st.integers(2048, 50000)) for mount in mounts}
    return Storage(layout=draw(st.sampled_from(["plain", "lvm", "lvm-thin", "raid1"])), swap=draw(st.integers(0, 9000)),
                   volumes=tuple(Volume(mount=mount, size=size) for mount, size in sorted(sizes.items())),
                   encrypt=draw(st.none() | st.builds(Encryption, passphrase=st.builds(Secret, st.from_regex(
                       r"[!-~]{8,20}", fullmatch=True)))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(storage=storages(), release=st.sampled_from(presets.RELEASES), firmware=st.sampled_from(["bios", "uefi"]))
def test_any_volumes_read_back_with_their_sizes_and_fit_what_was_said_to_be_enough(
        storage: Storage, release: str, firmware: Any) -> None:
    least = plan.least(storage, firmware)
    disk = Disk(name="sda", size=least << 20, others=("sdb",) if storage.layout == "raid1" else ())
    one = samples.host(storage=storage, disk=disk, firmware=firmware)
    profile = samples.profile(release, hosts=(one,))
    if list(plan.conflicts(disk, storage, firmware, profile.release.generation)):
        return
    found = parsed.parse_back(made(profile), profile.release.generation, "ks")
    sizes = {mount.point: (mount.size, mount.grows) for mount in found.mounts}
    for volume in storage.volumes:
        assert sizes[volume.mount] == (plan.least_of(volume), volume.size is None)
    assert sum(size for size, _ in sizes.values()) <= least
    if storage.encrypt:
        assert {secret.text for secret in found.secrets} == {storage.encrypt.passphrase.text}


@given(text=st.text(max_size=30))
def test_any_word_is_a_disk_a_rule_or_a_reason(text: str) -> None:
    try:
        name = plan._device(text)
    except ValueError as reason:
        assert str(reason)
    else:
        assert name == text.removeprefix("/dev/").removeprefix("disk/")
