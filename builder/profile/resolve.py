"""From a profile file to a Profile: layers joined, shape checked, values parsed; all mistakes told in one error."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from builder import names
from builder.catalog import load
from builder.catalog.family import Release
from builder.catalog.generation import GENERATIONS, Generation
from builder.profile import additions, kinds, secrets, serving
from builder.profile.file import layers, schema, walk
from builder.profile.file.layers import Joined, Layer
from builder.profile.file.mistakes import Mistakes
from builder.profile.hosts import Hosts, packages
from builder.profile.kinds import Kind
from builder.profile.values import (
    Firewall,
    Profile,
    Root,
    Services,
    TextFile,
    TreeSource,
    Trust,
    User,
    Xen,
)

MAX_TEXT = 1 << 20
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?(\.[A-Za-z0-9-]+)?(@[a-z]+)?")
WORD = re.compile(r"[A-Za-z0-9_+/.-]{1,64}")
SERVICE = re.compile(r"[A-Za-z0-9@_.:-]{1,128}")
PORT = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?:(tcp|udp)")
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
    mistakes = Mistakes(shown, joined.origins)
    raw = walk.fit(schema.Profile, joined.table, "", mistakes)
    profile = _Resolver(path, raw, joined, mistakes, environment).profile()
    if mistakes.found:
        raise mistakes.error()
    return profile, tuple(joined.layers)


class _Resolver:
    def __init__(self, path: Path, raw: schema.Profile, joined: Joined, mistakes: Mistakes,
                 environment: Mapping[str, str]) -> None:
        self.path = path
        self.raw = raw
        self.joined = joined
        self.mistakes = mistakes
        self.environment = environment

    def profile(self) -> Profile:
        release = self._release()
        # Where the release itself is wrong, go on with some generation so that all other mistakes are told too.
        generation = release.generation if release else GENERATIONS["el9"]
        xen, kvm = self._xen(), serving.kvm(self.raw.kvm, self.mistakes)
        raw = self.raw
        kind = self._kind()
        users = tuple(self._user(name, table, generation) for name, table in sorted(raw.user.items()))
        return Profile(
            name=self.path.stem,
            path=self.path,
            release=release,  # type: ignore[arg-type]  # never seen: read() raises where it is None
            outputs=raw.outputs,
            tree=self._tree(),
            trust=self._trust(),
            xen=xen,
            kvm=kvm,
            serve=serving.serve(raw.serve, kind == "network", self.mistakes,
                                self._path_secret, self._place),
            dhcp=serving.dhcp(raw.dhcp, bool({"dnsmasq", "kea"} & set(raw.outputs)), self.mistakes),
            root=self._root(generation),
            users=users,
            language=self._matched("language", raw.language, LANGUAGE, "a locale such as cs_CZ.UTF-8"),
            keyboard=self._matched("keyboard", raw.keyboard, WORD, "a keyboard layout such as us or cz"),
            timezone=self._matched("timezone", raw.timezone, WORD, "a time zone such as Europe/Prague"),
            ntp=self._each("ntp", raw.ntp, _server),
            packages=packages(self.mistakes, "packages", raw.packages),
            weak_dependencies=raw.weak_dependencies,
            services=self._services(),
            firewall=self._firewall(),
            selinux=raw.selinux,
            finish=raw.finish,
            post=self._texts("post", raw.post),
            kickstart=self._text("kickstart", raw.kickstart) if raw.kickstart else None,
            template=self._template(),
            hosts=Hosts(raw, generation, {"xen": xen.disks, "kvm": kvm.disks}, self.path.stem, self.mistakes,
                        additions.rhsm(raw.rhsm, release, self.mistakes, self._secret),
                        lambda key, text: self._secret(key, text, least=8)).all(),
            origins=MappingProxyType(dict(self.joined.origins)),
            pre=self._texts("pre", raw.pre),
            onerror=self._texts("onerror", raw.onerror),
            addons=additions.addons(raw.addon, generation, self.mistakes),
            installed_repos=additions.installed_repos(raw.installed_repos, release, self.mistakes),
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

    def _tree(self) -> TreeSource:
        raw = self.raw.tree or schema.Tree()
        listed = "mirrorlist" if raw.mirrorlist else "metalink"
        if raw.iso and (raw.url or raw.mirrors or raw.mirrorlist or raw.metalink):
            self.mistakes.add("tree.iso", "an image is the whole tree: no other address of tree goes with it")
        elif (raw.mirrorlist or raw.metalink) and (raw.url or (raw.mirrorlist and raw.metalink)):
            self.mistakes.add(f"tree.{listed}",
                              "one of tree.url, tree.mirrorlist and tree.metalink says where the tree is")
        certificate, key = self._client(raw)
        return TreeSource(
            iso=self.mistakes.parsed("tree.iso", self._image, raw.iso) if raw.iso else None,
            client_cert=certificate, client_key=key,
            url=self.mistakes.parsed("tree.url", self._source, raw.url) if raw.url else None,
            mirrors=self._each("tree.mirrors", raw.mirrors, self._source),
            mirrorlist=self.mistakes.parsed("tree.mirrorlist", _list_url, raw.mirrorlist) if raw.mirrorlist else None,
            metalink=self.mistakes.parsed("tree.metalink", _list_url, raw.metalink) if raw.metalink else None,
            install_url=self.mistakes.parsed("tree.install_url", names.url, raw.install_url)
            if raw.install_url else None,
        )

    def _image(self, text: str) -> str:
        place = self._place("tree.iso", text)
        if place.exists() and not place.is_file():
            raise ValueError(f"{place} is no file; name an ISO image, or write tree.url for a directory")
        return str(place)  # where it is gone, a build may still find all it needs in the store

    def _client(self, raw: schema.Tree) -> tuple[str | None, str | None]:
        """Certificate and key; without a key of its own the certificate's file holds both, and is as private."""
        if not raw.client_cert:
            if raw.client_key:
                self.mistakes.add("tree.client_key", "a key without tree.client_cert is of no use")
            return None, None
        if not (raw.url or "").lower().startswith("https://"):
            self.mistakes.add("tree.client_cert", "goes with an https tree.url; nobody else may see it")
        certificate = self.mistakes.parsed("tree.client_cert", lambda text: self._pem("tree.client_cert", text, False),
                                           raw.client_cert)
        key, text = ("tree.client_key", raw.client_key) if raw.client_key else ("tree.client_cert", raw.client_cert)
        private = self.mistakes.parsed(key, lambda word: self._pem(key, word, True), text) if certificate else None
        return certificate, private

    def _pem(self, key: str, text: str, private: bool) -> str:
        """The place of a PEM file, which for a key is readable by its owner alone."""
        place = self._place(key, text)
        secrets.reference(f"file:{place}", place.parent, self.environment, private=private)
        return str(place)

    def _place(self, key: str, text: str) -> Path:
        """A file of this machine; relative paths start at the folder of the profile that names them."""
        if "\0" in text:
            raise ValueError("holds a NUL")
        try:
            return Path(os.path.normpath((self.joined.folder(key) / Path(text).expanduser()).absolute()))
        except RuntimeError:
            raise ValueError(f"{names.shown(text)}: there is no such user") from None

    def _source(self, text: str) -> str:
        """A URL, a file: URL, or a directory (relative ones start at the profile's folder)."""
        if text.startswith("file:"):
            if not re.fullmatch(r"file://(/[^\x00-\x20\x7f]*)", text):
                raise ValueError(f"{names.shown(text)} is no file URL; write file:///srv/tree")
            return text.rstrip("/")
        if "://" in text:
            return names.url(text)
        place = Path(text).expanduser()
        return str((place if place.is_absolute() else self.joined.folder("tree.url") / place).resolve())

    def _trust(self) -> Trust:
        raw = self.raw.trust or schema.Trust()
        minimum = raw.minimum or schema.Minimum()
        words = {role: getattr(minimum, role) for role in ("kernel", "initrd", "stage2", "repository")}
        return Trust(minimum=MappingProxyType({role: word for role, word in words.items() if word}),
                     quorum=self._each("trust.quorum", raw.quorum, self._source), quorum_stage2=raw.quorum_stage2,
                     keys=self._each("trust.keys", raw.keys, _fingerprint),
                     key_files=self._each("trust.key_files", raw.key_files,
                                          lambda text: self._proof("trust.key_files", text)),
                     checksums=self.mistakes.parsed(
                         "trust.checksums", lambda text: self._proof("trust.checksums", text), raw.checksums)
                     if raw.checksums else None,
                     iso=raw.iso, accept=self._each("trust.accept", raw.accept, names.tree_path))

    def _proof(self, key: str, text: str) -> str:
        """A file that proves others: a URL, `file:` and a path of this machine, or a path in the tree."""
        if text.startswith("file:"):
            return self._place(key, text.removeprefix("file:").removeprefix("//")).as_uri()
        if "://" in text:
            return names.url(text)
        return names.tree_path(text)

    def _root(self, generation: Generation) -> Root:
        raw = self.raw.root or schema.Root()
        return Root(password_hash=self._password("root.password", raw.password, generation),
                    ssh_keys=self._ssh_keys("root.ssh_keys", raw.ssh_keys))

    def _user(self, word: str, raw: schema.User, generation: Generation) -> User:
        key = f"user.{word}"
        name = self.mistakes.parsed(key, names.user, word) or "invalid"
        if name == "root":
            self.mistakes.add(key, "root is no user table; write root = { password = ..., ssh_keys = [...] }")
        if not raw.gecos.isprintable() or ":" in raw.gecos:
            self.mistakes.add(f"{key}.gecos", f"{names.shown(raw.gecos)} holds a colon or control characters")
        shell = self.mistakes.parsed(f"{key}.shell", names.absolute_path, raw.shell) if raw.shell else ""
        return User(name=name, groups=self._each(f"{key}.groups", raw.groups, names.user), gecos=raw.gecos,
                    shell=shell or "", password_hash=self._password(f"{key}.password", raw.password, generation),
                    ssh_keys=self._ssh_keys(f"{key}.ssh_keys", raw.ssh_keys))

    def _secret(self, key: str, text: str, *, least: int = 1) -> secrets.Secret | None:
        folder = self.joined.folder(key)
        return self.mistakes.parsed(
            key, lambda word: secrets.clear(word, folder, self.environment, least=least), text)

    def _path_secret(self, key: str, text: str) -> secrets.Secret | None:
        folder = self.joined.folder(key)
        return self.mistakes.parsed(key, lambda word: serving.path_secret(word, folder, self.environment), text)

    def _texts(self, key: str, entries: tuple[str, ...]) -> tuple[TextFile, ...]:
        return tuple(text for i, entry in enumerate(entries) if (text := self._text(f"{key}[{i}]", entry)))

    def _password(self, key: str, text: str | None, generation: Generation) -> str | None:
        if text is None:
            return None
        folder = self.joined.folder(key)

        def parse(found: str) -> str:
            secret = secrets.reference(found, folder, self.environment, private=True)
            return secrets.password_hash(secret, generation)

        return self.mistakes.parsed(key, parse, text)

    def _ssh_keys(self, key: str, entries: tuple[str, ...]) -> tuple[str, ...]:
        folder = self.joined.folder(key)
        found: list[str] = []
        for entry in entries:
            text = self.mistakes.parsed(
                key, lambda word: secrets.reference(word, folder, self.environment, private=False), entry)
            lines = [line for line in (text or "").splitlines() if line.strip() and not line.startswith("#")]
            parsed = (self.mistakes.parsed(key, secrets.ssh_key, line) for line in lines)
            found.extend(line for line in parsed if line)
        return tuple(dict.fromkeys(found))

    def _services(self) -> Services:
        raw = self.raw.services or schema.Services()
        return Services(enabled=self._each("services.enabled", raw.enabled, _service),
                        disabled=self._each("services.disabled", raw.disabled, _service))

    def _firewall(self) -> Firewall:
        raw = self.raw.firewall or schema.Firewall()
        return Firewall(enabled=raw.enabled, services=self._each("firewall.services", raw.services, _service),
                        ports=self._each("firewall.ports", raw.ports, _port))

    def _template(self) -> TextFile | None:
        if self.raw.template and self.raw.kickstart:
            self.mistakes.add("template", "kickstart and template are both set; a kickstart is copied, a template is "
                                          "rendered: choose one")
        return self._text("template", self.raw.template) if self.raw.template else None

    def _text(self, key: str, entry: str) -> TextFile | None:
        """A user's text file; relative paths start at the folder of the profile that names them."""
        place = self.joined.folder(key) / Path(entry).expanduser()
        try:
            with place.open("rb") as stream:
                data = stream.read(MAX_TEXT + 1)
        except OSError as reason:
            self.mistakes.add(key, f"{entry}: {reason.strerror}")
            return None
        if len(data) > MAX_TEXT or b"\0" in data:
            self.mistakes.add(key, f"{entry}: longer than 1 MiB or not text")
            return None
        try:
            return TextFile(path=entry, text=data.decode())
        except UnicodeDecodeError:
            self.mistakes.add(key, f"{entry}: not UTF-8 text")
            return None

    def _matched(self, key: str, text: str, pattern: re.Pattern[str], wanted: str) -> str:
        if not pattern.fullmatch(text):
            self.mistakes.add(key, f"{names.shown(text)} is not {wanted}")
        return text

    def _each(self, key: str, entries: tuple[str, ...], parse: Callable[[str], str]) -> tuple[str, ...]:
        parsed = (self.mistakes.parsed(key, parse, entry) for entry in entries)
        return tuple(dict.fromkeys(text for text in parsed if text is not None))


def _fingerprint(text: str) -> str:
    """A whole fingerprint (RFC 9580 5.5.4: 20 bytes of a version 4 key, 32 of a version 6 one) in lower-case hex."""
    found = re.sub(r"[ :]", "", text).removeprefix("0x").lower()
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", found):
        return found
    if re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{16}", found):
        raise ValueError(f"{names.shown(text)} is a key ID, which anybody can copy; write the whole fingerprint of 40 "
                         "or 64 hex digits")
    raise ValueError(f"{names.shown(text)} is no fingerprint of 40 or 64 hex digits")


def _list_url(text: str) -> str:
    """The address of a list of mirrors, which has its query: ?repo=BaseOS-9&arch=x86_64."""
    base, mark, query = text.partition("?")
    if mark and not re.fullmatch(r"[A-Za-z0-9._~%+&=$-]{1,500}", query):
        raise ValueError(f"{names.shown(text)}: a query of letters, digits and . _ ~ % + & = - only")
    return names.url(base) + mark + query


def _server(text: str) -> str:
    """An NTP server: a host name or an address."""
    try:
        return str(names.address(text))
    except ValueError:
        return names.hostname(text)


def _service(text: str) -> str:
    if not SERVICE.fullmatch(text):
        raise ValueError(f"{names.shown(text)} is no service name")
    return text


def _port(text: str) -> str:
    if not PORT.fullmatch(text):
        raise ValueError(f"{names.shown(text)} is no port (8080:tcp, 5000-5010:udp)")
    return text
