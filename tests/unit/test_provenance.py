"""provenance.intoto.json and sbom.cdx.json: held to the published fields, and the same bytes in every process."""

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from types import MappingProxyType

import pytest

import builder
from builder.digest import Digest
from builder.lock import text as lock_text
from builder.lock.model import Pin
from builder.media import inject
from builder.media.bundle import text_entry
from builder.media.papers import provenance, sbom
from builder.outputs import xen
from tests.machines import EPOCH, large, lock

KERNEL, INITRD = b"kernel" * 100, b"\x1f\x8binitrd" * 100
APPSTREAM = Pin(role="repository", name="AppStream", path="../../../AppStream/x86_64/os/repodata/repomd.xml", size=7,
                digest=Digest("sha256", hashlib.sha256(b"repomd2").hexdigest()), evidence="signed",
                detail="repomd.xml.asc", key="6341ab2753d78a78a7c27bb124c6a8a7f4a80eb5")
PATCH = Pin(role="patch", path="images/updates.img", size=7, digest=Digest("sha256", "ab" * 32), evidence="first-use")
LOCK = dataclasses.replace(lock(KERNEL, INITRD), overrides=MappingProxyType({"initrd": "the profile accepts first-use"}))
LOCK = dataclasses.replace(LOCK, pins=(*LOCK.pins, APPSTREAM, PATCH))
COPY = text_entry("web.lock", lock_text.write(LOCK), origin="copied")
SOURCES = [text_entry("profile.toml", "release = 1\n", mode=0o600), text_entry("layers/1-site.toml", "", mode=0o600)]
# RFC 3986: scheme and host in lower case, and no segments that go up.
URI = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.:-]*/(?!.*\.\./)[A-Za-z0-9._~%/+-]*")


def entries():
    initrd = large("boot/initrd.img", INITRD)
    archive = inject.member({"ks/web1.cfg": (b"ks", 0o600)}, EPOCH)
    return [COPY, *SOURCES, large("boot/vmlinuz", KERNEL), initrd, inject.injected(initrd, archive, path=xen.INITRD),
            text_entry("hosts/web1/ks.cfg", "ks", mode=0o600)]


def statement(of=LOCK, copy=COPY):
    made = provenance.build(entries(), of, copy, sources=SOURCES, hosts=["web2", "web1"], epoch=EPOCH)
    assert made.path == "provenance.intoto.json" and made.mode == 0o644
    return json.loads(made.data)


def descriptor(found):
    """A ResourceDescriptor (in-toto/attestation spec/v1/resource_descriptor.md) that names bytes by sha256."""
    assert set(found) <= {"name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"}
    assert set(found["digest"]) == {"sha256"} and re.fullmatch(r"[0-9a-f]{64}", found["digest"]["sha256"])
    assert "uri" not in found or URI.fullmatch(found["uri"]), found["uri"]
    # Annotations are named as extension fields are: vendor, underscore, field.
    assert all(re.fullmatch(r"pinboot_[a-z]+", name) for name in found.get("annotations", {}))
    return found


def test_it_is_an_in_toto_statement_with_slsa_provenance_and_nothing_else():
    found = statement()
    assert set(found) == {"_type", "subject", "predicateType", "predicate"}
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "https://slsa.dev/provenance/v1"
    assert set(found["predicate"]) == {"buildDefinition", "runDetails"}
    definition, run = found["predicate"]["buildDefinition"], found["predicate"]["runDetails"]
    assert set(definition) == {"buildType", "externalParameters", "resolvedDependencies"}
    assert URI.fullmatch(definition["buildType"]) and URI.fullmatch(run["builder"]["id"])
    assert run == {"builder": {"id": run["builder"]["id"], "version": {"pinboot": builder.__version__}}}
    for each in (*found["subject"], *definition["resolvedDependencies"]):
        descriptor(each)


def test_it_tells_no_time_but_the_epoch():
    text = provenance.build(entries(), LOCK, COPY, sources=SOURCES, hosts=["web1"], epoch=EPOCH).data.decode()
    assert "startedOn" not in text and "finishedOn" not in text and "metadata" not in text
    assert json.loads(text)["predicate"]["buildDefinition"]["externalParameters"]["epoch"] == EPOCH


def test_every_file_is_a_subject_in_order():
    found = statement()["subject"]
    assert [each["name"] for each in found] == sorted(entry.path for entry in entries())
    assert {each["name"]: each["digest"]["sha256"] for each in found}["boot/vmlinuz"] == hashlib.sha256(KERNEL).hexdigest()


def test_what_the_user_decided_stands_in_the_parameters():
    found = statement()["predicate"]["buildDefinition"]["externalParameters"]
    digest = hashlib.sha256(b"release = 1\n").hexdigest()
    assert found["release"] == "centos-7.9.2009" and found["arch"] == "x86_64" and found["hosts"] == ["web1", "web2"]
    assert found["profile"][0] == {"name": "profile.toml", "digest": {"sha256": digest}}
    assert found["profile"][1]["name"] == "layers/1-site.toml"


def test_every_pin_is_a_dependency_with_its_address_and_evidence():
    found = statement()["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [each["name"] for each in found] == ["web.lock", "kernel", "initrd", "stage2", "treeinfo", "repository",
                                                "repository AppStream", "patch"]
    named = {each["name"]: each for each in found}
    assert named["web.lock"]["digest"]["sha256"] == COPY.digest.hex
    assert named["stage2"]["uri"] == "https://vault.example/7.9.2009/os/x86_64/LiveOS/squashfs.img"
    assert named["repository AppStream"] == {
        "name": "repository AppStream", "uri": "https://vault.example/AppStream/x86_64/os/repodata/repomd.xml",
        "digest": {"sha256": APPSTREAM.digest.hex}, "annotations": {
            "pinboot_evidence": "signed", "pinboot_detail": "repomd.xml.asc", "pinboot_key": APPSTREAM.key,
            "pinboot_path": APPSTREAM.path}}
    assert named["initrd"]["annotations"]["pinboot_override"] == "the profile accepts first-use"
    assert "pinboot_override" not in named["kernel"]["annotations"]


def test_a_file_that_was_accepted_by_name_carries_its_own_reason():
    accepted = dataclasses.replace(LOCK, overrides=MappingProxyType({"images/pxeboot/vmlinuz": "accepted by the profile"}))
    found = statement(accepted)["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {e["name"]: e["annotations"].get("pinboot_override") for e in found if "annotations" in e} == {
        "kernel": "accepted by the profile", "initrd": None, "stage2": None, "treeinfo": None, "repository": None,
        "repository AppStream": None, "patch": None}


def test_a_tree_in_a_directory_has_a_file_uri():
    found = statement(dataclasses.replace(LOCK, source="file:///srv/c7"))
    assert found["predicate"]["buildDefinition"]["resolvedDependencies"][1]["uri"] == "file:///srv/c7/images/pxeboot/vmlinuz"


# The bill of materials

def bill(of=LOCK, files=None, name="web"):
    made = sbom.build(name, files or entries(), of, COPY, epoch=EPOCH)
    assert made.path == "sbom.cdx.json" and made.mode == 0o644 and made.data.endswith(b"}\n")
    return json.loads(made.data)


def component(ref, **more):
    return next(each for each in bill(**more)["components"] if each["bom-ref"] == ref)


def properties(ref, **more):
    return {each["name"]: each["value"] for each in component(ref, **more)["properties"]}


def test_the_bill_is_valid_cyclonedx_1_6():
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = sbom.build("web", entries(), LOCK, COPY, epoch=EPOCH).data.decode()
    # Raises where the extra json-validation is not installed: no check that passes for want of a checker.
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"type": "file"', '"type": "boat"'))


def test_it_lists_what_boots_and_what_is_fetched_to_run():
    assert [each["bom-ref"] for each in bill()["components"] if each["type"] == "file"] == [
        "LiveOS/squashfs.img", "boot/initrd-ks.img", "boot/initrd.img", "boot/vmlinuz", "images/updates.img"]
    for path, data in (("boot/vmlinuz", KERNEL), ("LiveOS/squashfs.img", b"stage2")):
        assert component(path)["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]
    assert properties("LiveOS/squashfs.img")["pinboot:origin"] == "fetched by the machine"


def test_each_file_says_where_it_is_from_and_why_it_is_believed():
    assert properties("boot/vmlinuz") == {
        "pinboot:origin": "pinned", "pinboot:role": "kernel", "pinboot:evidence": "treeinfo",
        "pinboot:detail": ".treeinfo [checksums]",
        "pinboot:source": "https://vault.example/7.9.2009/os/x86_64/images/pxeboot/vmlinuz"}
    assert properties("boot/initrd-ks.img")["pinboot:from"] == "boot/initrd.img and the kickstarts of the hosts"


@pytest.mark.parametrize(("family", "version", "arch", "purl"), [
    ("centos", "3.10.0-1160.el7.x86_64", "x86_64",
     "pkg:rpm/centos/kernel@3.10.0-1160.el7?arch=x86_64&distro=centos-7.9.2009"),
    ("rhel", "4.18.0-553.el8_10.aarch64", "aarch64",
     "pkg:rpm/redhat/kernel@4.18.0-553.el8_10?arch=aarch64&distro=rhel-7.9.2009"),
    ("oracle", "5.15.0-206.153.7.el9uek.x86_64", "x86_64",
     "pkg:rpm/oracle/kernel-uek@5.15.0-206.153.7.el9uek?arch=x86_64&distro=oracle-7.9.2009"),
])
def test_the_kernel_s_package_has_a_package_url(family, version, arch, purl):
    from packageurl import PackageURL

    of = dataclasses.replace(LOCK, family=family, arch=arch, kernel=dataclasses.replace(LOCK.kernel, version=version))
    found = component("kernel-package", of=of)
    assert found["purl"] == purl and PackageURL.from_string(purl).version == found["version"]
    assert {"ref": "boot/vmlinuz", "dependsOn": ["kernel-package"]} in bill(of=of)["dependencies"]


def test_a_kernel_of_unknown_version_names_no_package():
    of = dataclasses.replace(LOCK, kernel=dataclasses.replace(LOCK.kernel, version=""))
    assert "kernel-package" not in {each["bom-ref"] for each in bill(of=of)["components"]}


def test_its_time_is_the_epoch_and_its_number_changes_with_what_it_lists():
    found = bill()
    assert found["metadata"]["timestamp"] == "2020-10-29T20:02:36+00:00"
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", found["serialNumber"])
    others = [entry for entry in entries() if entry.path != "boot/initrd-ks.img"]
    numbers = {found["serialNumber"], bill(files=others)["serialNumber"], bill(name="web2")["serialNumber"]}
    assert len(numbers) == 3 and bill()["serialNumber"] == found["serialNumber"]


def test_both_are_the_same_bytes_whatever_the_hash_seed_and_the_order():
    code = ("import sys; from tests.unit.test_provenance import *\n"
            "e = entries()[::int(sys.argv[1])]\n"
            "sys.stdout.buffer.write(sbom.build('web', e, LOCK, COPY, epoch=EPOCH).data)\n"
            "sys.stdout.buffer.write(provenance.build(e, LOCK, COPY, sources=SOURCES, hosts=set('abcdefgh'), epoch=EPOCH).data)")
    outcomes = {subprocess.run([sys.executable, "-c", code, order], check=True, capture_output=True,
                               env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}).stdout
                for seed, order, zone in (("1", "1", "UTC"), ("4242", "-1", "Pacific/Kiritimati"))}
    assert len(outcomes) == 1 and b"CycloneDX" in outcomes.pop()


def test_the_library_is_loaded_only_where_a_bill_is_written():
    code = ("import sys; import builder.jobs.building, builder.media.papers.sbom\n"
            "print(*sorted({'cyclonedx', 'packageurl', 'pysequoia'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
