"""deploy.sh: carries a bundle to where it is served, and turns machines from installing to their own disks and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
        _check_place(self.host, self.path)
        if not _marked(self.local) or _marked(self.install):
            raise ValueError(f"{self.path}: only the text for the own disk says {shown(MARK)}, in its first two lines")


def _marked(text: str) -> bool:
    return any(MARK in line for line in text.split("\n", 2)[:2])


def _check_place(host: str, path: str) -> None:
    if names.hostname(host) != host:
        raise ValueError(f"host: {shown(host)} is not in lower case")
    if not PLAIN.fullmatch(path) or path.split("/")[1] == "b":
        raise ValueError(f"path: {shown(path)} is no place for a pointer (below http/ or tftp/, not in b/)")


def texts(pointer: Pointer) -> tuple[Rendered, Rendered]:
    """A pointer twice: at its path, and below local/ as it is when the machine is installed."""
    return Rendered(pointer.path, pointer.install), Rendered(f"local/{pointer.path}", pointer.local)


def script(bundle: str, places: Iterable[tuple[str, str]], *, http: str = HTTP, tftp: str = TFTP) -> Rendered:
    """deploy.sh. `places` are the host and the path of every pointer, `bundle` is the id in b/ID; `http` and `tftp` are
    the roots on the server, which options of the script change.

    Raises ValueError: an id that is no plain word, a place that is none or stands twice, or a root that is no plain
    absolute path.
    """
    table = []
    for host, path in places:
        _check_place(host, path)
        table.append(f"{host} {path}")
    if len({line.partition(" ")[2] for line in table}) != len(table):
        raise ValueError("two pointers have one path")
    if not re.fullmatch(r"[a-z0-9]{8,64}", bundle):
        raise ValueError(f"{shown(bundle)} is no id of a bundle")
    values = {"bundle": bundle, "mark": MARK, "http": names.absolute_path(http), "tftp": names.absolute_path(tftp)}
    lines = [*(assignment(name, value) for name, value in values.items()), "",
             "# Machine and path of each pointer.", "pointers() {", "\tcat <<'END'",
             *sorted(table), "END", "}"]
    frame = resources.files(__package__).joinpath("deploy.sh.in").read_text(encoding="utf-8")
    return Rendered(PATH, frame.replace(PLACE, "\n".join(lines) + "\n", 1), 0o755)
