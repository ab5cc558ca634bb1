"""A signed checksum file names a boot image; what lies in that image is signed with it: kernel, initrd and stage2.

The one way to prove initrd and stage2, which are in no package. The image is fetched by its signed digest, so where it
comes from does not matter, and once it is in the store it is not fetched again.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.catalog import load
from builder.catalog.family import SignedChecksums
from builder.digest import Digest
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, PinbootError
from builder.fetch import limits
from builder.fetch.iso import Image
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey.places import reach, served
from builder.jobs.survey.places.locate import Located
from builder.jobs.survey.proofs import metadata
from builder.jobs.survey.proofs.keyring import Keyring
from builder.jobs.survey.proofs.ledger import Attempt, Ledger, Proof
from builder.lock.model import Pin
from builder.profile.values import Profile
from builder.trust import checksums
from builder.trust.evidence import Evidence
from builder.trust.openpgp import verify
from builder.trust.openpgp.verify import Verified

# Beside a checksum file that is not signed in itself, where the catalog does not say.
SIGNATURES = ("asc", "sig", "gpg")
# The boot image as trees carry it; where .treeinfo gives it the signed digest, it is the nearest copy.
IN_TREE = "images/boot.iso"
CHUNK = 1 << 20
CLEAR = b"-----BEGIN PGP SIGNED MESSAGE-----"
# Where media keep what a tree has at another place.
ELSEWHERE = {"images/pxeboot/vmlinuz": "isolinux/vmlinuz", "images/pxeboot/initrd.img": "isolinux/initrd.img"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The digests that a checksum file names, by file name, believed because of `proof`; `source` is its folder."""

    source: Source
    file: str
    digests: Mapping[str, Digest]
    proof: Proof
    iso: str


def prove(profile: Profile, context: Context, located: Located, version: str, pins: Sequence[Pin], ring: Keyring,
          ledger: Ledger, findings: list[Finding]) -> None:
    """Raise what the boot image holds to signed. Whatever stands in the way becomes an attempt; an image that holds
    other bytes than the tree a warning."""
    wanted = [pin for pin in pins if pin.role in ("kernel", "initrd", "stage2", "loader")]
    signed = _signed(profile, context, located, version, ring, wanted, ledger, findings)
    if signed is None:
        return
    if profile.tree.iso:
        _whole_medium(profile, context, signed, pins, ledger)
        return
    name = _boot_image(signed)
    if not name:
        _all(ledger, wanted, f"{signed.file} names no boot image ({signed.iso or '*boot*.iso'})")
        return
    if not profile.trust.iso:
        _all(ledger, wanted, f"{name} is not fetched: trust.iso = false")
        return
    image = _fetched(context, located, signed, name)
    if isinstance(image, Attempt):
        _all(ledger, wanted, image.why)
        return
    for pin in wanted:
        _compare(image, name, pin, signed.proof, ledger, findings)


def _signed(profile: Profile, context: Context, located: Located, version: str, ring: Keyring, wanted: Sequence[Pin],
            ledger: Ledger, findings: list[Finding]) -> _Signed | None:
    """The first checksum file whose signature is good, of the profile's and then the catalog's."""
    places = load.checksums(profile.release, version)
    if profile.trust.checksums:
        pattern = places[0].iso if places else ""
        places = (SignedChecksums(file=profile.trust.checksums, iso=pattern), *places)
    if not places:
        _all(ledger, wanted, "no signed checksum file is known for this release (trust.checksums)")
    for place in places:
        try:
            found = _verified(place, located.source, context, ring, findings)
        except (Missing, HostileInput) as reason:
            _all(ledger, wanted, _why(place.file.rpartition("/")[2], reason))
            continue
        if isinstance(found, _Signed):
            return found
        _all(ledger, wanted, found.why)
    return None


def _verified(place: SignedChecksums, source: Source, context: Context, ring: Keyring,
              findings: list[Finding]) -> _Signed | Attempt:
    """Only the bytes that the verifier returns are parsed."""
    folder, name = reach.at(place.file, source, served.hasty(context))
    data = folder.read(name, limits.CAPS["checksum"])
    where = f"{folder.url}/{name}"
    if not ring.keys:
        return _short(f"{name} is there, but {ring.lacking}")
    if data.lstrip().startswith(CLEAR):
        found = verify.clear(data, ring.keys, ring.now, where)
    else:
        found = verify.detached(data, _signature(place, folder, name), ring.keys, ring.now, where)
    if isinstance(found, Verified):
        return _Signed(source=folder, file=name, digests=checksums.parse(found.data, where), iso=place.iso,
                       proof=metadata.proof(found, name))
    told = metadata.said(found, where, name)
    wrong = metadata.refusal(found, told)
    if wrong:
        findings.append(wrong)
    return _short(told)


def _signature(place: SignedChecksums, folder: Source, name: str) -> bytes:
    """The detached signature; empty where there is none."""
    names = (place.signature,) if place.signature else tuple(f"{name}.{ending}" for ending in SIGNATURES)
    for each in names:
        try:
            return folder.read(each, limits.CAPS["signature"])
        except NotFound:
            continue
    return b""


def _boot_image(signed: _Signed) -> str:
    """The image that is made for booting alone: by the catalog's pattern, else by what all families call theirs."""
    patterns = (signed.iso,) if signed.iso else ("*netinst*.iso", "*boot*.iso", "*NetInstall*.iso")
    fitting = sorted(name for name in signed.digests for each in patterns if fnmatch.fnmatchcase(name, each))
    return fitting[0] if fitting else ""


def _fetched(context: Context, located: Located, signed: _Signed, name: str) -> Image | Attempt:
    expected = signed.digests[name]
    near = located.treeinfo.checksums.get(IN_TREE) == expected
    places = [(located.source, IN_TREE)] if near else []
    reasons = []
    for source, path in (*places, (signed.source, name)):
        try:
            size = None if expected.algorithm == "sha256" and source.store.has(expected) else source.size(path)
            if size is not None:
                context.progress.say(f"evidence: fetching {name}, {size / 1e6:.0f} MB, to prove initrd and stage2; "
                                     "trust.iso = false does without")
            got = source.fetch(path, kind="iso", expected=expected, size=size, what=name)
            return Image(source.store.path(got.digest))
        except (Missing, HostileInput, BytesDiffer) as reason:
            reasons.append(_why(name, reason))
    return _short("; ".join(reasons))


def _compare(image: Image, name: str, pin: Pin, proof: Proof, ledger: Ledger, findings: list[Finding]) -> None:
    """Does the image hold these very bytes?"""
    try:
        files = image.files()
        path = next((each for each in (pin.path, ELSEWHERE.get(pin.path, "")) if each in files), "")
        found = _hashed(image, path) if path else None
    except (Missing, HostileInput) as reason:
        ledger.note(pin.path, _short(f"{name}: {' '.join(reason.message.split())}"))
        return
    if found is None:
        ledger.note(pin.path, _short(f"{name} holds no {pin.path}"))
    elif found == pin.digest.hex:
        ledger.note(pin.path, Proof(evidence=Evidence.SIGNED, detail=f"in {name}, by {proof.detail}", key=proof.key))
    else:
        ledger.note(pin.path, _short(f"{name} holds another {path}"))
        findings.append(Finding(
            topic="signature", severity=Severity.WARNING, text=f"{pin.path} is not the one in {name}",
            detail=(f"in the signed image  sha256:{found}", f"in the tree          {pin.digest}"),
            hint="image and tree are of two composes, or the tree's file was changed: compare with another mirror"))


def _hashed(image: Image, path: str) -> str:
    made = hashlib.sha256()
    for piece in image.pieces(image.files()[path], f"{image.url}/{path}"):
        made.update(piece)
    return made.hexdigest()


def _whole_medium(profile: Profile, context: Context, signed: _Signed, pins: Sequence[Pin], ledger: Ledger) -> None:
    """The tree is a medium on this disk: where its digest is among the signed ones, all that lies in it is signed."""
    medium = Path(profile.tree.iso or "")
    made = {algorithm: hashlib.new(algorithm) for algorithm in sorted({d.algorithm for d in signed.digests.values()})}
    with medium.open("rb", buffering=0) as stream, \
            context.progress.start(f"hashing {medium.name}", medium.stat().st_size) as meter:
        while piece := stream.read(CHUNK):
            meter.advance(len(piece))
            for state in made.values():
                state.update(piece)
    found = {state.hexdigest() for state in made.values()}
    known = next((each for each, digest in sorted(signed.digests.items()) if digest.hex in found), "")
    for pin in pins:
        if known:
            detail = f"in {known}, by {signed.proof.detail}"
            ledger.note(pin.path, Proof(evidence=Evidence.SIGNED, detail=detail, key=signed.proof.key))
        else:
            ledger.note(pin.path, _short(f"{medium.name} is none of the images in {signed.file}"))


def _all(ledger: Ledger, pins: Sequence[Pin], why: str) -> None:
    for pin in pins:
        ledger.note(pin.path, _short(why))


def _why(name: str, reason: PinbootError) -> str:
    return f"{name} is not there" if isinstance(reason, NotFound) else " ".join(reason.message.split())


def _short(why: str) -> Attempt:
    return Attempt(evidence=Evidence.SIGNED, why=why)
