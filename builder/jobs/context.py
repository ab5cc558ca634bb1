"""What a job is handed by the door: the store, the progress, the time, the environment."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.fetch.web.session import Options
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

    def source(self, address: str) -> Source:
        return open_source(address, store=self.store, options=self.network, progress=self.progress)
