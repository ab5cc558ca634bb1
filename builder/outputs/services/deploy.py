"""deploy.sh: carries a bundle to where it is served, and turns machines from installing to their own disks and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from builder import names
from builder.names import shown
from builder.outputs.rendered import Rendered
from builder.outputs.shell import assignment

PATH = "deploy.sh"
PLACE = "#@SETTINGS@\n"
# What a pointer to the machine's own disk says in a comment (loaders); deploy.sh leaves such a one as it is.
MARK = ": starts from its local disk."
HTTP, TFTP = "/srv/pinboot/http", "/srv/pinboot/tftp"
# Words of a line in the script's table and of SHA256SUMS alike.
PLAIN = re.compile(r"(?:http|tftp)(?:/[A-Za-z0-9_+@%=:~][A-Za-z0-9._+@%=:~-]*)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A small file that tells one machine what to do next: `path` in the bundle is below http/ or tftp/, outside of
    b/. `install` and `local` are its two texts, of which `local` holds MARK. Raises ValueError."""

    host: str
    path: str
    install: str
    local: str

    def __post_init__(self) -> None:
        if names.hostname(self.host) != self.host:
            raise ValueError(f"host: {shown(self.host)} is not in lower case")
        if not PLAIN.fullmatch(self.path) or self.path.split("/")[1] == "b":
            raise ValueError(f"path: {shown(self.path)} is no place for a pointer (below http/ or tftp/, not in b/)")
        if not _marked(self.local) or _marked(self.install):
            raise ValueError(f"{self.path}: only the text for the own disk says {shown(MARK)}, in its first two lines")


def _marked(text: str) -> bool:
    return any(MARK in line for line in text.split("\n")[:2])


def files(bundle: str, pointers: Sequence[Pointer], *, http: str = HTTP, tftp: str = TFTP) -> tuple[Rendered, ...]:
    """deploy.sh, and each pointer twice: at its path, and below local/ as it is when the machine is installed.

    `bundle` is the id in b/ID; `http` and `tftp` are the roots on the server, which options of the script change.
    Raises ValueError: an id that is no plain word, a path twice, or a root that is no plain absolute path.
    """
    if len({pointer.path for pointer in pointers}) != len(pointers):
        raise ValueError("two pointers have one path")
    ordered = sorted(pointers, key=lambda pointer: (pointer.host, pointer.path))
    return (script(bundle, ordered, http=http, tftp=tftp),
            *(Rendered(pointer.path, pointer.install) for pointer in ordered),
            *(Rendered(f"local/{pointer.path}", pointer.local) for pointer in ordered))


def script(bundle: str, pointers: Sequence[Pointer], *, http: str, tftp: str) -> Rendered:
    """deploy.sh alone. Raises ValueError."""
    if not re.fullmatch(r"[a-z0-9]{8,64}", bundle):
        raise ValueError(f"{shown(bundle)} is no id of a bundle")
    values = {"bundle": bundle, "mark": MARK, "http": names.absolute_path(http), "tftp": names.absolute_path(tftp)}
    lines = [*(assignment(name, value) for name, value in values.items()), "",
             "# Machine and path of each pointer.", "pointers() {", "\tcat <<'END'",
             *(f"{pointer.host} {pointer.path}" for pointer in pointers), "END", "}"]
    frame = resources.files(__package__).joinpath("deploy.sh.in").read_text(encoding="utf-8")
    return Rendered(PATH, frame.replace(PLACE, "\n".join(lines) + "\n", 1), 0o755)
