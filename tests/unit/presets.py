"""Storage presets as hosts, and which release has to refuse which, for tests that go through all of them."""

from __future__ import annotations

from typing import Any

from builder.profile.secrets import Secret
from builder.profile.values import Disk, Encryption, Host, Profile, Root, Storage, Volume
from tests.unit import samples

RELEASES = ("centos-6.10", "centos-7.9.2009", "rocky-8", "rocky-9.6", "rocky-10", "fedora-44")
PASSPHRASE = 'correct "horse" #1 $battery'
THUMBPRINT = "3ZWS6-cDrCG61UPJS2BMmPU4I54ieVHb8nM2qXBYLHk"
VOLUMES = (Volume(mount="/", size=20480), Volume(mount="/home", size=None), Volume(mount="/var/log", size=10240))
LUKS = Encryption(passphrase=Secret(PASSPHRASE))
TANG = Encryption(passphrase=Secret(PASSPHRASE), tang="http://10.0.0.9", thumbprint=THUMBPRINT)
SDA, MIRROR = Disk(name="sda"), Disk(name="sda", others=("sdb",))

PRESETS: dict[str, dict[str, Any]] = {
    "plain": {"storage": Storage(), "disk": SDA},
    "plain-uefi": {"storage": Storage(), "disk": SDA, "firmware": "uefi"},
    "plain-volumes": {"storage": Storage(swap=0, volumes=VOLUMES), "disk": SDA},
    "lvm": {"storage": Storage(layout="lvm"), "disk": SDA},
    "lvm-volumes": {"storage": Storage(layout="lvm", volumes=VOLUMES), "disk": SDA},
    "lvm-thin": {"storage": Storage(layout="lvm-thin", volumes=VOLUMES), "disk": SDA},
    "raid1-bios": {"storage": Storage(layout="raid1"), "disk": MIRROR, "firmware": "bios"},
    "raid1-uefi": {"storage": Storage(layout="raid1", volumes=VOLUMES), "disk": MIRROR, "firmware": "uefi"},
    "luks-plain": {"storage": Storage(encrypt=LUKS), "disk": SDA},
    "luks-lvm-fips": {"storage": Storage(layout="lvm", encrypt=LUKS), "disk": SDA, "kernel_arguments": ("fips=1",)},
    "luks-raid1-tang": {"storage": Storage(layout="raid1", encrypt=TANG), "disk": MIRROR, "firmware": "bios"},
    "rule": {"storage": Storage(layout="lvm", encrypt=LUKS),
             "disk": Disk(name="smallest nvme", order="smallest", kind="nvme")},
    "lines": {"storage": Storage(lines=("part /boot --fstype=ext4 --size=1024 --ondisk=@disk@",
                                        "part / --fstype=ext4 --size=1 --grow --ondisk=@disk@")), "disk": SDA},
}
REFUSED = {
    ("centos-6.10", "lvm-thin"): "the installer of EL6 has thin pools only from 6.4",
    ("centos-6.10", "raid1-uefi"): "EL6 cannot mirror /boot/efi",
    ("centos-6.10", "luks-raid1-tang"): "EL6 has no clevis",
}
TAKEN = [(release, preset) for release in RELEASES for preset in PRESETS if (release, preset) not in REFUSED]


def host(preset: str) -> Host:
    return samples.host(**PRESETS[preset])


def profile(release: str, preset: str, **changes: Any) -> Profile:
    """A profile of the release whose host has the preset, and whose root comes in by a key that its sshd knows."""
    key = samples.RSA if release.startswith("centos-6") else samples.KEY
    return samples.profile(release, hosts=(host(preset),), root=Root(ssh_keys=(key,)), **changes)
