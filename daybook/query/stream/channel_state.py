"""One channel, for all of its clients: what is known of it, and who listens."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Literal

import structlog

from daybook.query.stream import sse
from daybook.query.stream.client_queue import ClientQueue
from daybook.query.stream.sse import Row

Load = Callable[[], Awaitable[list[Row]]]
"""The totals of today as they are kept. Raises Unavailable, and Problem (404)."""

_log = structlog.get_logger()


class ChannelState:
    """`rows` are the newest of each ticketed event and funnel, all of one day: totals never go
    back, neither in a stream nor from one client to the next."""

    def __init__(self, address: str, kind: Literal["event", "dashboard"], load: Load) -> None:
        self.address = address
        self.users = 0
        self.subscribed = asyncio.Event()
        self.loading = asyncio.Lock()
        self.loaded_at: float | None = None
        self._kind = kind
        self._load = load
        self._rows: dict[str, Row] = {}
        self._marks: dict[str, tuple[str, int]] = {}
        self._today = ""
        self._at = 0
        self._whole: list[bytes] | None = None
        self._feeds: set[ClientQueue] = set()

    def join(self) -> ClientQueue:
        feed = ClientQueue(self._snapshot, lambda: self._at)
        self._feeds.add(feed)
        return feed

    def leave(self, feed: ClientQueue) -> None:
        self._feeds.discard(feed)

    @property
    def feeds(self) -> list[ClientQueue]:
        return list(self._feeds)

    async def load(self, at: float) -> None:
        """What is kept, and is not older than what was heard meanwhile. Raises Unavailable."""
        self._take(await self._load())
        self.loaded_at = at

    def hear(self, message: bytes) -> None:
        """Tells everybody what is news in it."""
        try:
            said = json.loads(message)
            news = self._take(said["totals"] if self._kind == "dashboard" else [said])
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("a message of Redis cannot be read", channel=self.address)
            return
        if news:
            told = sse.totals(self._kind, news, self._at)
            for feed in self._feeds:
                feed.put(told)

    def _take(self, rows: Iterable[Row]) -> list[Row]:
        """Those that are newer than what is known. Nothing is taken of what cannot be read."""
        news = []
        for key, mark, at_ms, row in [_read(row) for row in rows]:
            known = self._marks.get(key)
            if mark[0] >= self._today and (known is None or mark > known):
                self._marks[key], self._rows[key] = mark, row
                self._today, self._at = mark[0], max(self._at, at_ms)
                news.append(row)
        if news:
            self._whole = None
            self._rows = {k: row for k, row in self._rows.items() if row["date"] == self._today}
            self._marks = {key: self._marks[key] for key in self._rows}
        return [row for row in news if row["date"] == self._today]

    def _snapshot(self) -> list[bytes]:
        if self._whole is None:
            self._whole = sse.totals(self._kind, list(self._rows.values()), self._at)
        return self._whole


def _read(row: Row) -> tuple[str, tuple[str, int], int, Row]:
    """Whose it is, its day and revision, and when it was written. Raises KeyError and the like."""
    name = "funnel_id" if "funnel_id" in row else "event_id"
    date, revision, updated_at = row["date"], row["revision"], row["updated_at"]
    if not isinstance(date, str) or not isinstance(revision, int):
        raise TypeError(row)
    at = round(datetime.fromisoformat(updated_at).timestamp() * 1_000) if updated_at else 0
    return f"{name} {row[name]}", (date, revision), at, row
