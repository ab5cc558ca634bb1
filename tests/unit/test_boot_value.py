"""What loaders and hypervisors are told: a Boot or Served that exists can be written into every output."""

import pytest

from builder.outputs.boot import Served
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.loaderboots import KS, MAC, SERVED, WEB, boot


@pytest.mark.parametrize(("changes", "reason"), [
    ({"name": "Web1"}, 'name: "Web1" is not in lower case'),
    ({"name": "web 1"}, "is no host name"),
    ({"title": " "}, 'title: " " is empty, longer than 80 characters or not printable'),
    ({"title": "a\nb"}, "title: .* not printable"),
    ({"title": "a" * 81}, "title: .* longer than 80 characters"),
    ({"macs": ("52-54-00-12-34-56",)}, 'macs: "52-54-00-12-34-56" is not in the canonical form'),
    ({"macs": ("01:00:5e:00:00:01",)}, "is a multicast or empty MAC address"),
    ({"macs": (MAC, MAC)}, "macs: one is there twice"),
    ({"folder": "../el9"}, r'folder: "\.\./el9" is no plain part of a path'),
    ({"folder": "el9/os"}, "folder: .* is no plain part of a path"),
    ({"kernel": "a" * 101}, "kernel: .* at most 100"),
    ({"initrds": ("initrd.img", "a,b")}, 'initrds: "a,b" is no plain part of a path'),
    ({"initrds": ()}, "initrds: one at least, and none twice"),
    ({"initrds": ("initrd.img", "initrd.img")}, "initrds: one at least, and none twice"),
    ({"arguments": ("quiet ro",)}, 'arguments: "quiet ro" is no kernel parameter that all installers read alike'),
    ({"arguments": (KS, KS)}, "arguments: a second inst.ks="),
    ({"arch": "x86-64"}, 'arch: "x86-64" is no architecture'),
    ({"memory": 0}, "memory: 0 is no size of a machine"), ({"vcpus": -1}, "vcpus: -1 is no size"),
    ({"disk_size": 0}, "disk_size: 0 is no size"),
    ({"disk": "images/a.img"}, "is no plain absolute path"), ({"bridge": "a b"}, "is no interface name"),
])
def test_a_field_that_no_output_can_carry_is_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        boot(**changes)


@pytest.mark.parametrize(("changes", "reason"), [
    ({"http": "http://192.0.2.5/b/5f2c91ab/"}, "http: .* is not in the canonical form http://192.0.2.5/b/5f2c91ab"),
    ({"root": "HTTP://192.0.2.5"}, "root: .* is not in the canonical form"),
    ({"http": "http://192.0.2.6/b/5f2c91ab"}, 'http: "http://192.0.2.6/b/5f2c91ab" does not lie below root'),
    ({"http": "http://192.0.2.50/b"}, "does not lie below root"),
    ({"http": "http://192.0.2.5/b/5f~2c%20"}, 'http: "5f~2c%20" is no plain part of a path'),
    ({"tftp": "192.0.2.5/x"}, 'tftp: "192.0.2.5/x" is no address and no host name'),
    ({"tftp": "TFTP.example"}, "tftp: .* is no address and no host name"),
])
def test_a_place_that_a_loader_cannot_reach_is_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        Served(**{"http": SERVED.http, "root": SERVED.root, "tftp": SERVED.tftp, **changes})


def test_the_immutable_part_is_known_by_its_place_below_the_root():
    assert (SERVED.place, WEB.place) == ("b/5f2c91ab", "b/5f2c91ab")
    assert Served(http="http://192.0.2.5", root="http://192.0.2.5").place == ""


def test_every_odd_parameter_makes_a_boot_and_no_hostile_one_with_a_blank_or_quote_does():
    for text in ODD:
        assert boot(arguments=("quiet", text)).arguments == ("quiet", text)
    for text in HOSTILE:
        if set(text) & set(" \n\t'\"\\$;{}<>|"):
            with pytest.raises(ValueError, match="arguments: "):
                boot(arguments=("quiet", text))
