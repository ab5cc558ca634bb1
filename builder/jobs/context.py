"""What a job is handed by the door: the store, the progress, the time, the environment."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.fetch.web import session
from builder.fetch.web.session import Client, Options
from builder.profile.values import TreeSource
from builder.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`now` is the clock in seconds, read once at the door; no room below reads it again."""

    store: Store
    progress: Progress
    now: int
    environment: Mapping[str, str]
    network: Options

    @property
    def today(self) -> datetime.date:
        return datetime.datetime.fromtimestamp(self.now, datetime.UTC).date()

    def of(self, tree: TreeSource) -> Self:
        """This context for the tree of one profile: its client certificate goes to the host of tree.url, no other."""
        if not (tree.client_cert and tree.client_key and tree.url) or urlsplit(tree.url).scheme != "https":
            return self
        client = Client(origin=session.origin(tree.url), certificate=tree.client_cert, key=tree.client_key)
        return replace(self, network=replace(self.network, client=client))

    def source(self, address: str) -> Source:
        return open_source(address, store=self.store, options=self.network, progress=self.progress)
