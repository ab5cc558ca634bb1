"""Every address that a machine asks by itself, with what protects the answer."""

import dataclasses
import hashlib
from types import MappingProxyType

import pytest

from builder.digest import Digest
from builder.lock.model import Pin
from builder.media.papers import fetches
from builder.profile.secrets import Secret
from builder.profile.values import Encryption, Rhsm, Storage, TextFile
from tests.machines import lock, profile

URL = "https://vault.example/7.9.2009/os/x86_64"
LOCK = lock(b"kernel", b"initrd")
APPSTREAM = Pin(role="repository", name="AppStream", path="../../../AppStream/x86_64/os/repodata/repomd.xml", size=7,
                digest=Digest("sha256", hashlib.sha256(b"repomd2").hexdigest()), evidence="signed", key="6341ab27" * 5)
PATCH = Pin(role="patch", path="images/updates.img", size=7, digest=Digest("sha256", "ab" * 32), evidence="first-use")


def listed(folder, of=LOCK, url=URL, lines=(), release="rocky-9", **changes):
    made = dataclasses.replace(profile(folder, release=release), **changes)
    return {each.url: each for each in fetches.listed(made, of, url, lines)}


def test_they_stand_in_the_order_in_which_they_are_asked(tmp_path):
    assert [url.removeprefix(URL) for url in listed(tmp_path)] == [
        "/.treeinfo", "/LiveOS/squashfs.img", "/images/updates.img", "/images/product.img", ""]


@pytest.mark.parametrize("path", [".treeinfo", "LiveOS/squashfs.img"])
def test_what_is_pinned_and_not_checked_there_says_both(tmp_path, path):
    found = listed(tmp_path)[f"{URL}/{path}"].protection
    digest = next(pin.digest.short for pin in LOCK.pins if pin.path == path)
    assert found == f"pinned here as {digest} (treeinfo), but the machine does not check it; https"


def test_a_patch_is_pinned_or_known_to_be_absent_or_not_known(tmp_path):
    known = dataclasses.replace(LOCK, pins=(*LOCK.pins, PATCH), absent=("images/product.img",))
    found = listed(tmp_path, known)
    assert found[f"{URL}/images/updates.img"].protection == (
        "pinned here as abababab... (first-use), but the machine does not check it; https")
    assert found[f"{URL}/images/product.img"].protection == (
        "it was not there when this was locked; whoever controls the mirror can add one; https")
    assert listed(tmp_path)[f"{URL}/images/product.img"].protection == (
        "the lock does not know whether there is one; whoever controls the mirror can add one; https")


def test_every_repository_has_its_own_address_and_the_key_that_signed_its_list(tmp_path):
    url = "https://mirror.example/9/BaseOS/x86_64/os"
    found = listed(tmp_path, dataclasses.replace(LOCK, pins=(*LOCK.pins, APPSTREAM)), url=url)
    there = found["https://mirror.example/9/AppStream/x86_64/os"]
    assert there.what == "packages of AppStream"
    assert there.protection == (f"repomd.xml pinned here as {APPSTREAM.digest.short} (signed, key {APPSTREAM.key}), but the "
                                "installer checks neither that nor any package's signature; https")
    assert found[url].what == "packages"


def test_plain_http_and_an_unchecked_certificate_are_told_everywhere(tmp_path):
    plain = listed(tmp_path, url="http://mirror.example/9")
    assert all(each.protection.endswith("; plain http: whoever is on the way can change it") for each in plain.values())
    unchecked = listed(tmp_path, lines=[("inst.noverifyssl", f"inst.repo={URL}")])
    assert all(each.protection.endswith("https, but noverifyssl: whoever is on the way can change it")
               for each in unchecked.values())


def test_addresses_in_kernel_arguments_are_listed_once(tmp_path):
    lines = [(f"inst.repo={URL}", "inst.ks=file:/ks/a.cfg", "inst.updates=http://x.example/u.img", "ip=dhcp"),
             (f"inst.repo={URL}", "inst.updates=http://x.example/u.img", "inst.dd=nfs:h.example:/dd.iso")]
    found = listed(tmp_path, lines=lines)
    assert [url for url in found if not url.startswith(URL)] == ["nfs:h.example:/dd.iso", "http://x.example/u.img"]
    there = found["http://x.example/u.img"]
    assert there.what == "what inst.updates= of kernel_arguments asks for"
    assert there.protection == "not known here; plain http: whoever is on the way can change it"
    assert found["nfs:h.example:/dd.iso"].protection.endswith("plain nfs: whoever is on the way can change it")


def test_repositories_that_the_kickstart_leaves_on_the_machine_are_listed(tmp_path):
    found = listed(tmp_path, release="centos-7.9.2009")
    there = found["https://vault.centos.org/7.9.2009/updates/$basearch/"]
    assert there.what == "packages (updates), when yum is run on the installed system"
    assert there.protection == "yum checks the signature of each by the key on its disk; https"
    mirror = listed(tmp_path, release="centos-7.9.2009", installed_repos="mirror")
    assert f"{URL}/" in mirror and not [url for url in mirror if "vault.centos.org" in url]
    own = listed(tmp_path, release="centos-7.9.2009", kickstart=TextFile(path="my.ks", text=""))
    assert not [url for url in own if "vault.centos.org" in url]


def with_host(folder, **changes):
    return {"hosts": tuple(dataclasses.replace(host, **changes) for host in profile(folder, release="rocky-9").hosts)}


def test_the_server_that_opens_the_disk_is_listed_with_what_makes_it_known(tmp_path):
    def tang(thumbprint):
        secret = Encryption(passphrase=Secret("long enough"), tang="http://10.0.0.9", thumbprint=thumbprint)
        return with_host(tmp_path, storage=Storage(encrypt=secret))

    known = listed(tmp_path, **tang("3ZWS6-cDrCG61UPJS2BMmPU4I54"))["http://10.0.0.9"].protection
    assert known == ("clevis knows its signing key by the thumbprint 3ZWS6-cDrCG61UPJS2BMmPU4I54; plain http: whoever is "
                     "on the way can change it")
    assert "give its thumbprint" in listed(tmp_path, **tang(""))["http://10.0.0.9"].protection
    assert "http://10.0.0.9" not in listed(tmp_path, **tang(""), kickstart=TextFile(path="my.ks", text=""))
    typed = with_host(tmp_path, storage=Storage(encrypt=Encryption(passphrase=Secret("long enough"))))
    assert listed(tmp_path, **typed).keys() == listed(tmp_path).keys()


def test_the_server_where_a_machine_registers_is_listed(tmp_path):
    found = listed(tmp_path, **with_host(tmp_path, rhsm=Rhsm(organization=Secret("1234"), activation_key=Secret("web"))))
    there = found["https://subscription.rhsm.redhat.com/subscription"]
    assert there.what.startswith("registration with Red Hat") and there.protection.endswith("; https")
    assert fetches.RHSM not in listed(tmp_path)


def test_what_is_the_user_s_own_is_named_as_such(tmp_path):
    scripts = {key: (TextFile(path=f"{key}.sh", text=""),) for key in ("pre", "post", "onerror")}
    found = listed(tmp_path, kickstart=TextFile(path="my.ks", text=""), **scripts)
    assert found["what my.ks names"].what == "packages, and what its scripts ask for"
    assert [url for url in found if "asks for" in url] == [f"what {key}.sh asks for" for key in scripts]
    assert "what my.j2 names" in listed(tmp_path, template=TextFile(path="my.j2", text=""))


def test_a_lock_with_overrides_lists_the_same_addresses(tmp_path):
    of = dataclasses.replace(LOCK, overrides=MappingProxyType({"kernel": "x"}))
    assert listed(tmp_path, of).keys() == listed(tmp_path).keys()
