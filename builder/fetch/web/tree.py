"""An install tree on a web server."""

from __future__ import annotations

from urllib.parse import urlsplit

from builder.digest import Digest
from builder.fetch import limits, relative
from builder.fetch.beginning import Beginning
from builder.fetch.store.incoming import Incoming
from builder.fetch.store.intake import Intake, Memory, Wanted
from builder.fetch.store.objects import Fetched, Store
from builder.fetch.web import start
from builder.fetch.web.fault import Fault
from builder.fetch.web.patience import Patience
from builder.fetch.web.session import Session
from builder.fetch.web.transfer import Transfer
from builder.progress import Progress, SilentMeter


class HttpSource:
    """The tree at `url` (names.url: canonical, no trailing slash)."""

    def __init__(self, url: str, *, store: Store, session: Session, progress: Progress) -> None:
        self.url = url
        self.store = store
        self._session = session
        self._progress = progress

    def read(self, path: str, cap: int) -> bytes:
        """A small text. Raises NotFound, Missing, HostileInput."""
        url = self._at(path)
        memory = Memory()
        transfer = Transfer(self._session, url, Intake(Wanted(where=url, cap=cap), memory))
        transfer.run(path, self._progress, SilentMeter())  # too small to be measured
        return bytes(memory.data)

    def fetch(self, path: str, *, kind: str, expected: Digest | None = None, size: int | None = None,
              what: str = "", fresh: bool = False) -> Fetched:
        """The file, in the store. Raises NotFound, Missing, BytesDiffer, HostileInput."""
        url = self._at(path)
        wanted = Wanted(where=url, cap=limits.CAPS[kind], expected=expected, size=size, loose=kind in limits.LOOSE)
        wanted.refuse_too_big(size or 0)
        told = what or path

        def pull(coming: Incoming) -> str:
            etag = coming.note.etag if coming.note.url == url else ""
            transfer = Transfer(self._session, url, coming.intake, etag=etag, remember=coming.remember)
            with self._progress.start(told, size) as meter:
                return transfer.run(told, self._progress, meter)

        return self.store.bring(wanted, told, self._progress, pull, fresh=fresh)

    def start(self, path: str, length: int, *, what: str = "") -> bytes:
        """The first bytes, by one Range request. Raises NotFound, Missing, HostileInput."""
        url, told = self._at(path), what or path
        beginning = Beginning(url, length)
        with self._progress.start(told, length) as meter:
            return start.bring(self._session, url, beginning, told, self._progress, meter)

    def size(self, path: str) -> int | None:
        """The size that a HEAD tells; None when it does not. Raises NotFound, Missing."""
        url = self._at(path)
        patience = Patience(self._session.options.terms, url, path, self._progress)
        while True:
            try:
                return self._told_size(url)
            except Fault as problem:
                patience.endure(problem)

    def child(self, relative_path: str) -> HttpSource:
        """The tree of a variant: `relative_path` may climb, on the same server. Raises HostileInput."""
        parts = urlsplit(self.url)
        found = relative.resolve([part for part in parts.path.split("/") if part], relative_path, self.url)
        url = "/".join([f"{parts.scheme}://{parts.netloc}", *found])
        return HttpSource(_quoted(url), store=self.store, session=self._session, progress=self._progress)

    def _at(self, path: str) -> str:
        return f"{self.url}/{_quoted(relative.inside(path, self.url))}"

    def _told_size(self, url: str) -> int | None:
        with self._session.exchange("HEAD", url, {}) as answer:
            if answer.status in (405, 501):
                return None  # no HEAD there (RFC 9110 15.5.6, 15.6.2)
            if answer.status != 200:
                raise answer.refusal()
            return None if answer.coded() else answer.length


def _quoted(path: str) -> str:
    """The circumflex of RPM versions is the one character of names.tree_path that RFC 3986 has written as %XX."""
    return path.replace("^", "%5E")
