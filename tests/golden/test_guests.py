"""Every file of every kind of guest. `PINBOOT_BLESS=1` writes them anew for a person to read."""

from pathlib import Path

import pytest

from builder.digest import Digest
from builder.outputs.guests import libvirt, packer, qemu, virtinstall
from tests.golden import expected
from tests.unit import guests

FOLDER = Path(__file__).parent / "guests"
ISO = ("https://mirror.example/rocky/9.6/isos/x86_64/Rocky-9.6-x86_64-boot.iso", Digest("sha256", "5e" * 32))


def rendered(case):
    guest = guests.guest(**guests.CASES[case])
    files = [*libvirt.configs(guest), qemu.install_script(guest), qemu.run_script(guest), virtinstall.install_script(guest),
             packer.variables(guest, iso=ISO if case.startswith("el9") else None)]
    return {Path(file.path).name: file.text for file in files}


@pytest.mark.parametrize("case", guests.CASES)
def test_the_files_of_a_guest_are_what_was_expected(case):
    expected.same_files(FOLDER / case, rendered(case))


def test_every_expected_folder_is_of_a_case():
    assert {path.name for path in FOLDER.iterdir()} == set(guests.CASES)
