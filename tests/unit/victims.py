"""A mirror in memory that a test bends into lies, and the profile that is at its mercy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builder.demo import profiles, tree
from builder.demo.openpgp import Signer
from builder.digest import Digest
from builder.errors import NotFound, PinbootError
from builder.fetch import limits, relative
from builder.fetch.beginning import Beginning
from builder.fetch.source import Source
from builder.fetch.store.incoming import Incoming
from builder.fetch.store.intake import Intake, Memory, Wanted
from builder.fetch.store.objects import Fetched, Store
from builder.fetch.web.session import Options
from builder.finding import Finding
from builder.jobs import checking, locking
from builder.jobs.context import Context
from builder.jobs.locking import Locked
from builder.profile import resolve
from builder.progress import Silent

KERNEL, INITRD, REPOMD = tree.KERNEL, tree.INITRD, "repodata/repomd.xml"
STAGE2 = {"centos": "LiveOS/squashfs.img", "rocky": "images/install.img"}
DAY = 86_400
COMPOSED = {"centos": 1603729576, "rocky": 1748459316}
NOW = 1780000000
HTML = b"<!DOCTYPE html>\n<html><head><title>Hotel Wi-Fi</title></head><body>Please log in</body></html>"
Bytes = bytes | Iterator[bytes]


class Mirror:
    """A Source that serves what a test puts into `files`, an endless iterator too; `plan` are the states of the mirror
    after each read of .treeinfo."""

    def __init__(self, url: str, store: Store, files: dict[str, Bytes], folder: tuple[str, ...]) -> None:
        self.url = "/".join([url, *folder])
        self.store = store
        self.files = files
        self.folder = folder
        self.root = url
        self.plan: list[dict[str, Bytes]] = []

    def read(self, path: str, cap: int) -> bytes:
        memory = Memory()
        intake = Intake(Wanted(where=f"{self.url}/{path}", cap=cap), memory)
        self._pour(path, intake)
        intake.check()
        if path == ".treeinfo" and self.plan:
            self.files.update(self.plan.pop(0))
        return bytes(memory.data)

    def fetch(self, path: str, *, kind: str, expected: Digest | None = None, size: int | None = None,
              what: str = "", fresh: bool = False) -> Fetched:
        where = f"{self.url}/{path}"
        wanted = Wanted(where=where, cap=limits.CAPS[kind], expected=expected, size=size)

        def pull(coming: Incoming) -> str:
            coming.intake.restart()
            self._pour(path, coming.intake)
            return where

        return self.store.bring(wanted, what or path, Silent(), pull, fresh=fresh)

    def start(self, path: str, length: int, *, what: str = "") -> bytes:
        beginning = Beginning(f"{self.url}/{path}", length)
        found = self._found(path)
        for piece in [found] if isinstance(found, bytes) else found:
            beginning.write(memoryview(piece))
            if not beginning.left:
                break
        return beginning.whole()

    def size(self, path: str) -> int | None:
        found = self._found(path)
        return len(found) if isinstance(found, bytes) else None

    def child(self, relative_path: str) -> Source:
        return Mirror(self.root, self.store, self.files, relative.resolve(self.folder, relative_path, self.url))

    def _found(self, path: str) -> Bytes:
        name = "/".join([*self.folder, relative.inside(path, self.url)])
        if name not in self.files:
            raise NotFound(f"{self.url}/{path}: the server answered 404 Not Found")
        return self.files[name]

    def _pour(self, path: str, intake: Intake) -> None:
        found = self._found(path)
        for piece in [found] if isinstance(found, bytes) else found:
            intake.write(memoryview(piece))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lied(Context):
    """A context whose every address is the one mirror."""

    mirrors: list[Mirror] = field(default_factory=list)

    def source(self, address: str) -> Source:
        return self.mirrors[0]


class Victim:
    """A profile, its lock, and the mirror that both are at the mercy of."""

    def __init__(self, family: str, folder: Path) -> None:
        self.family = family
        text = profiles.centos("http://mirror.example") if family == "centos" else profiles.rocky("http://mirror.example")
        (folder / "web.toml").write_text(text)
        self.profile, _ = resolve.read(folder / "web.toml", "web.toml", {})
        self.lock_path = folder / "web.lock"
        self.folder = () if family == "centos" else tuple(tree.BASEOS.split("/"))
        self.store = Store(folder / "store")
        self.mirror = self._mirror(self.compose())

    def compose(self, **changes: str | int) -> dict[str, Bytes]:
        return dict(tree.centos7(**changes) if self.family == "centos" else tree.el9(**changes))  # type: ignore[arg-type]

    def composed(self, when: int, **changes: str) -> dict[str, Bytes]:
        told: dict[str, str | int] = {"treeinfo": str(when)} if self.family == "centos" else {"composed": when}
        return self.compose(**told, **changes)

    def serves(self, files: dict[str, Bytes]) -> None:
        self.mirror = self._mirror(files)

    def puts(self, path: str, data: Bytes) -> None:
        self.mirror.files["/".join([*self.folder, path])] = data

    def of(self, path: str, files: dict[str, Bytes]) -> Bytes:
        return files["/".join([*self.folder, path])]

    def text(self) -> str:
        found = self.of(".treeinfo", self.mirror.files)
        assert isinstance(found, bytes)
        return found.decode()

    def locks(self, *, update: bool = False) -> Locked:
        return locking.lock(self.profile, self.context(NOW), shown="web.lock", update=update)

    def checks(self, now: int = NOW) -> tuple[Finding, ...]:
        return checking.check(self.profile, self.context(now))

    def context(self, now: int) -> Context:
        return Lied(store=self.store, progress=Silent(), now=now, environment={}, network=Options(),
                    mirrors=[self.mirror])

    def refuses(self, kind: type[PinbootError], said: str, *, update: bool = False) -> None:
        """The attack fails: this class of error (and so this exit code), in these words, and no lock is touched."""
        before = self.lock_path.read_bytes() if self.lock_path.exists() else None
        with pytest.raises(PinbootError) as caught:
            self.locks(update=update)
        assert type(caught.value) is kind, caught.value.message
        assert said in caught.value.message
        assert caught.value.hint
        assert (self.lock_path.read_bytes() if self.lock_path.exists() else None) == before

    def _mirror(self, files: dict[str, Bytes]) -> Mirror:
        return Mirror("http://mirror.example", self.store, files, self.folder)


PREFIX = {"centos": ("centos", "7"), "rocky": ("rocky", "9.6")}


class Signed(Victim):
    """The same with a mirror whose tree is signed as the family signs it, by `signer`: the key that the profile pins.

    `more` is added to the profile. Files lie at their places below the root of the server, with keys and images.
    """

    def __init__(self, family: str, folder: Path, more: str = "") -> None:
        self.signer = Signer("the distribution")
        super().__init__(family, folder)
        home = folder / "web.toml"
        trust = f'[trust]\nkeys = ["{self.signer.fingerprint}"]\n{more}\n'
        home.write_text(f"{home.read_text()}\n{trust}")
        self.profile, _ = resolve.read(home, "web.toml", {})
        tail = ("os", "x86_64") if family == "centos" else tuple(tree.BASEOS.split("/"))
        self.folder = (*PREFIX[family], *tail)
        self.serves(self.compose())

    def compose(self, signer: Signer | None = None, **changes: str | int) -> dict[str, Bytes]:
        """The whole server. Another `signer` signs everything and brings its own key."""
        who = signer or self.signer
        above = "/".join(PREFIX[self.family])
        if self.family == "centos":
            made = tree.centos7(signer=who, **changes)  # type: ignore[arg-type]
            isos = tree.isos(made, "CentOS", "7.9.2009", who)
            placed = {f"{above}/os/x86_64/{path}": data for path, data in made.items()}
            placed |= {f"{above}/isos/x86_64/{path}": data for path, data in isos.items()}
            return dict(placed)
        made = tree.el9(signer=who, **changes)  # type: ignore[arg-type]
        placed = {f"{above}/{path}": data for path, data in made.items()}
        placed |= {f"rocky/{path}": data for path, data in tree.keys("Rocky Linux", "9.6", who).items()}
        return dict(placed)

    def evidence(self) -> dict[str, str]:
        """What the lock says of each file, by its last name."""
        return {pin.path.rpartition("/")[2]: pin.evidence for pin in self.locks().lock.pins}

    def isos(self, name: str) -> str:
        return f"centos/7/isos/x86_64/{name}"
