"""From a profile file to a Profile: layers joined, shape checked, values parsed; all mistakes told in one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from builder import names
from builder.catalog import load
from builder.catalog.family import Release
from builder.catalog.generation import GENERATIONS
from builder.profile import classes, kinds
from builder.profile.file import layers, schema, walk
from builder.profile.file.layers import Joined, Layer
from builder.profile.file.mistakes import Mistakes
from builder.profile.file.origins import Origins
from builder.profile.hosts import Hosts, packages
from builder.profile.inventory import joining
from builder.profile.kinds import Kind
from builder.profile.tables import access, additions, serving, sources, system, trust
from builder.profile.tables.reading import Reading
from builder.profile.values import Host, Profile, TextFile, Xen

DEFAULTS = {
    "linux": {"path": "/var/lib/xen/pinboot", "disks": "/var/lib/xen/images", "bridge": "xenbr0"},
    "netbsd": {"path": "/var/xen/pinboot", "disks": "/var/xen", "bridge": "bridge0"},
}


def read(path: Path, shown: str, environment: Mapping[str, str],
         settings: Sequence[str] = ()) -> tuple[Profile, tuple[Layer, ...]]:
    """The profile at `path` and what it was made from; `shown` is its name in messages, `settings` are the KEY=VALUE of
    the command line.

    Raises UsageError with every mistake of all its layers.
    """
    joined = layers.read(path, shown, settings)
    return of(joined, path, shown, environment), tuple(joined.layers)


def of(joined: Joined, path: Path, shown: str, environment: Mapping[str, str]) -> Profile:
    """The profile of layers that were read before. Raises UsageError with every mistake of all of them."""
    mistakes = Mistakes(shown, Origins(joined.origins, joined.rows))
    profile = _Resolver(path, joined, mistakes, environment).profile()
    if mistakes.found:
        raise mistakes.error()
    return profile


def hosts(joined: Joined, name: str) -> tuple[Host, ...]:
    """The hosts of the profile `name`, whatever else in it is wrong or names files that are not here. Raises
    UsageError."""
    mistakes = Mistakes(name, Origins(joined.origins, joined.rows))
    return _Resolver(Path(f"{name}.toml"), joined, mistakes, {}).profile().hosts


class _Resolver:
    def __init__(self, path: Path, joined: Joined, mistakes: Mistakes, environment: Mapping[str, str]) -> None:
        self.path = path
        self.joined = joined
        self.mistakes = mistakes
        found = joining.add(joined, mistakes)
        self.raw = walk.fit(schema.Profile, joined.table, "", mistakes)
        self.findings = (*found, *classes.apply(self.raw, joined.table, mistakes))
        self.reading = Reading(joined, mistakes, environment)

    def profile(self) -> Profile:
        release = self._release()
        # Where the release itself is wrong, go on with some generation so that all other mistakes are told too.
        generation = release.generation if release else GENERATIONS["el9"]
        raw, mistakes, reading = self.raw, self.mistakes, self.reading
        xen, kvm = self._xen(), serving.kvm(raw.kvm, mistakes)
        kind = self._kind()
        users = access.users(raw.user, generation, reading)
        return Profile(
            name=self.path.stem,
            path=self.path,
            release=release,  # type: ignore[arg-type]  # never seen: read() raises where it is None
            outputs=raw.outputs,
            tree=sources.tree(raw.tree, reading),
            trust=trust.trust(raw.trust, reading),
            xen=xen,
            kvm=kvm,
            serve=serving.serve(raw.serve, kind == "network", reading),
            dhcp=serving.dhcp(raw.dhcp, bool({"dnsmasq", "kea"} & set(raw.outputs)), mistakes),
            root=access.root(raw.root, generation, reading),
            users=users,
            language=system.language(raw.language, reading),
            keyboard=system.keyboard(raw.keyboard, reading),
            timezone=system.timezone(raw.timezone, reading),
            ntp=reading.each("ntp", raw.ntp, system.server),
            packages=packages(mistakes, "packages", raw.packages),
            weak_dependencies=raw.weak_dependencies,
            services=system.services(raw.services, reading),
            firewall=system.firewall(raw.firewall, reading),
            selinux=raw.selinux,
            finish=raw.finish,
            post=reading.texts("post", raw.post),
            kickstart=reading.text("kickstart", raw.kickstart) if raw.kickstart else None,
            template=self._template(),
            hosts=Hosts(raw, generation, {"xen": xen.disks, "kvm": kvm.disks}, self.path.stem, mistakes,
                        additions.rhsm(raw.rhsm, release, mistakes, reading.secret),
                        lambda key, text: reading.secret(key, text, least=8)).all(),
            origins=mistakes.origins,
            pre=reading.texts("pre", raw.pre),
            onerror=reading.texts("onerror", raw.onerror),
            addons=additions.addons(raw.addon, generation, mistakes),
            installed_repos=additions.installed_repos(raw.installed_repos, release, mistakes),
            findings=self.findings,
        )

    def _kind(self) -> Kind | None:
        found = kinds.kinds(self.raw.outputs)
        if len(found) > 1:
            named = {each: ", ".join(w for w in self.raw.outputs if kinds.OUTPUTS[w] == each) for each in found}
            self.mistakes.add("outputs", f"machines of {len(found)} kinds: {'; '.join(named.values())}; a profile "
                                         "makes one kind: write one for each, with what they share in extends")
        return kinds.kind(self.raw.outputs)

    def _release(self) -> Release | None:
        extra = [self.joined.folder("catalog") / entry for entry in self.raw.catalog]
        families = load.families(extra)
        if self.raw.release is None:
            if not any(m.key == "release" or m.text.endswith("mean release?") for m in self.mistakes.found):
                self.mistakes.add("release", 'missing; which system? for example release = "rocky-9"')
            return None
        text, arch = self.raw.release, self.raw.arch
        return self.mistakes.parsed("release", lambda word: load.release(word, arch, families), text)

    def _xen(self) -> Xen:
        raw = self.raw.xen or schema.Xen()
        default = DEFAULTS[raw.dom0]
        path = self.mistakes.parsed("xen.path", names.absolute_path, raw.path or default["path"])
        disks = self.mistakes.parsed("xen.disks", names.absolute_path, raw.disks or default["disks"])
        bridge = self.mistakes.parsed("xen.bridge", names.interface, raw.bridge or default["bridge"])
        return Xen(dom0=raw.dom0, path=path or default["path"], disks=disks or default["disks"],
                   bridge=bridge or default["bridge"], run=raw.run or "")

    def _template(self) -> TextFile | None:
        if self.raw.template and self.raw.kickstart:
            self.mistakes.add("template", "kickstart and template are both set; a kickstart is copied, a template is "
                                          "rendered: choose one")
        return self.reading.text("template", self.raw.template) if self.raw.template else None
