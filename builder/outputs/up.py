"""up.sh: what a dom0 needs to bring the guests of a bundle up, as one POSIX shell script."""

from __future__ import annotations

from importlib import resources

from builder.catalog.generation import MIB
from builder.errors import UsageError
from builder.outputs import dom0, xen
from builder.outputs.rendered import Rendered
from builder.outputs.shell import assignment, quote
from builder.profile.values import Host, Profile

PLACE = "#@SETTINGS@\n"


def script(profile: Profile) -> Rendered:
    """up.sh of the bundle, with the values of every host. Raises UsageError for a disk that is no whole MiB."""
    frame = resources.files(__package__).joinpath("up.sh.in").read_text(encoding="utf-8")
    return Rendered("up.sh", frame.replace(PLACE, _settings(profile), 1), 0o755)


def _settings(profile: Profile) -> str:
    row = dom0.ROWS[profile.xen.dom0]
    generation = profile.release.generation
    values = {
        "bundle": profile.xen.path,
        "title": str(profile.release),
        "names": " ".join(host.name for host in profile.hosts),
        "package": row.package,
        "more_path": row.path,
        "pygrubs": row.pygrubs,
        "level": str(generation.cpu),
        "level_words": row.levels.get(generation.cpu, ""),
        "run": profile.xen.run,
    }
    lines = [assignment(name, value) for name, value in values.items()]
    lines += [
        "",
        f"fill_disk() {{\n\t{row.sh_disk}\n}}",
        "",
        f"bridge_there() {{\n\t{row.sh_bridge}\n}}",
        "",
        f"cpu_words() {{\n\t{row.sh_flags}\n}}",
        "",
        "settings() { # host name",
        "\tcase $1 in",
        *(line for host in profile.hosts for line in _host(host, profile)),
        "\t*) return 1 ;;",
        "\tesac",
        f'\tbridge_hint="{row.bridge_hint}"',
        "}",
    ]
    return "\n".join(lines) + "\n"


def _host(host: Host, profile: Profile) -> list[str]:
    size = host.disk.size
    if size is not None and size % MIB:
        raise UsageError(f"host.{host.name}.disk.size: {size} bytes are no whole MiB", "write the size in MiB or GiB")
    values = {
        "disk": xen.target(host, profile),
        # Both, because mksh counts in 32 bits.
        "mib": "" if size is None else str(size // MIB),
        "bytes": "" if size is None else str(size),
        "bridge": host.bridge or profile.xen.bridge,
        "kept": xen.kept(host, profile),
    }
    return [f"\t{quote(host.name)})", *(f"\t\t{assignment(name, value)}" for name, value in values.items()), "\t\t;;"]
